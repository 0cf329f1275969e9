"""Which days are closed: three calendars on one list of national holidays.

- `business` (12(1), answers, business days of the dunning ladder): Saturday, Sunday, holiday, 12-29…01-03.
- `bank` (25(1), 27(2); 銀行法施行令5): Saturday, Sunday, holiday, 12-31…01-03.
- `post` (42(2)): ordinary mail Saturday, Sunday, holiday; registered mail is delivered on any day.

Civil Code 142 moves the last day of a period only for acts that are due; periods that merely run
(minimum term, end of a contract, retention) are never moved.
"""

from collections.abc import Callable
from datetime import date
from typing import Protocol

from terms.citation import Article, implements
from terms.periods import ONE_DAY
from terms.settings import BANKS_CLOSE_ON, BUSINESS_CLOSES_ON, LAST_KNOWN_DAY, NEW_YEAR_ENDS_ON

_SATURDAY = 5


class CalendarUnknown(Exception):
    """A day lies beyond the last one whose holidays are known."""

    def __init__(self, day: date) -> None:
        super().__init__(day)
        self.day = day

    def __str__(self) -> str:
        return f"the holidays of {self.day.isoformat()} are not known (last day: {LAST_KNOWN_DAY.isoformat()})"


class Calendars(Protocol):
    """The three calendars of the terms; whoever knows the national holidays supplies `is_holiday`.

    Every question about a day after 2099-12-31 raises CalendarUnknown.
    """

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day is a national, substitute (振替休日) or citizens' (国民の休日) holiday."""
        ...

    def is_business_day(self, day: date) -> bool:
        """Tell whether business is usually done on a day (民142): not at a weekend, holiday, 12-29…01-03."""
        return not (_is_turn_of_year(day, BUSINESS_CLOSES_ON) or self._is_day_off(day))

    def is_bank_day(self, day: date) -> bool:
        """Tell whether banks are open on a day: not at a weekend, holiday, 12-31…01-03."""
        return not (_is_turn_of_year(day, BANKS_CLOSE_ON) or self._is_day_off(day))

    def is_delivery_day(self, day: date, *, registered: bool) -> bool:
        """Tell whether the post delivers letters on a day; registered ones come on any day."""
        return registered or not self._is_day_off(day)

    def _is_day_off(self, day: date) -> bool:
        if day > LAST_KNOWN_DAY:
            raise CalendarUnknown(day)
        return day.weekday() >= _SATURDAY or self.is_holiday(day)


def _is_turn_of_year(day: date, closes_on: tuple[int, int]) -> bool:
    if day > LAST_KNOWN_DAY:
        raise CalendarUnknown(day)
    return (day.month, day.day) >= closes_on or (day.month, day.day) <= NEW_YEAR_ENDS_ON


def on_or_after(day: date, is_open: Callable[[date], bool]) -> date:
    """Return the first open day from `day` on, `day` itself included."""
    while not is_open(day):
        day += ONE_DAY
    return day


def on_or_before(day: date, is_open: Callable[[date], bool]) -> date:
    """Return the last open day up to `day`, `day` itself included."""
    while not is_open(day):
        day -= ONE_DAY
    return day


@implements(Article(142, law="Civil Code"))
def next_business_day(calendars: Calendars, day: date) -> date:
    """Return the first business day from `day` on, `day` itself included."""
    return on_or_after(day, calendars.is_business_day)


def next_bank_day(calendars: Calendars, day: date) -> date:
    """Return the first bank business day from `day` on, `day` itself included."""
    return on_or_after(day, calendars.is_bank_day)


def previous_bank_day(calendars: Calendars, day: date) -> date:
    """Return the last bank business day up to `day`, `day` itself included."""
    return on_or_before(day, calendars.is_bank_day)


def previous_business_day(calendars: Calendars, day: date) -> date:
    """Return the last business day up to `day`, `day` itself included."""
    return on_or_before(day, calendars.is_business_day)


def next_delivery_day(calendars: Calendars, day: date, *, registered: bool) -> date:
    """Return the first day from `day` on, itself included, on which the post delivers."""
    return on_or_after(day, lambda each: calendars.is_delivery_day(each, registered=registered))


def add_business_days(calendars: Calendars, day: date, days: int) -> date:
    """Return the `days`-th business day after `day`, which itself is not counted (民140)."""
    return _count(day, days, calendars.is_business_day)


def add_bank_days(calendars: Calendars, day: date, days: int) -> date:
    """Return the `days`-th bank business day after `day`, which itself is not counted."""
    return _count(day, days, calendars.is_bank_day)


def _count(day: date, days: int, is_open: Callable[[date], bool]) -> date:
    for _ in range(days):
        day = on_or_after(day + ONE_DAY, is_open)
    return day
