"""The rules told a second time, day by day or by their wording, for tests to compare with."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

from activities.gateways.calendars import JapanCalendars
from terms.settings import TERMS_1_0

CALENDARS = JapanCalendars()
TERMS = TERMS_1_0

ONE = timedelta(days=1)
SUNDAY, MONDAY = 6, 0


def day(text: str) -> date:
    """Read a day, YYYY-MM-DD."""
    return date.fromisoformat(text)


def each_day(first: str = "2026-03-01", last: str = "2032-12-31") -> Iterator[date]:
    """Walk over days, both ends included."""
    yield from _walk(day(first), day(last))


def last_of_month(of: date) -> date:
    """Walk to the last day of a month."""
    while (of + ONE).month == of.month:
        of += ONE
    return of


def month_number(of: date) -> int:
    """Number the months, so that they can be counted on."""
    return of.year * 12 + of.month


def is_end_of_period(first: date, last: date, months: int) -> bool:
    """Tell by the words of 民143 whether a period of months that starts with `first` ends with `last`."""
    following = last + ONE
    if month_number(following) == month_number(first) + months and following.day == first.day:
        return True
    in_last_month = month_number(last) == month_number(first) + months
    return in_last_month and following.day == 1 and first.day > last.day


@cache
def japanese_holidays(year: int) -> frozenset[date]:
    """Work out the holidays of a year by the law on them (祝日法) and the formula for the equinoxes, 1980-2099."""
    passed = year - 1980
    shift = 0.242194 * passed - passed // 4
    fixed = {(1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (8, 11), (11, 3), (11, 23)}
    moving = {(1, 2), (7, 3), (9, 3), (10, 2)}  # the n-th Monday of a month
    named = {date(year, month, number) for month, number in fixed}
    named |= {date(year, 3, int(20.8431 + shift)), date(year, 9, int(23.2488 + shift))}
    named |= {_nth_monday(year, month, nth) for month, nth in moving}
    substitutes = set()
    for each in named:
        if each.weekday() == SUNDAY:
            while each in named:
                each += ONE  # noqa: PLW2901 (walks to the next day that is no holiday)
            substitutes.add(each)
    between = {each + ONE for each in named if each + 2 * ONE in named and (each + ONE).weekday() != SUNDAY}
    return frozenset(named | substitutes | (between - named))


def _nth_monday(year: int, month: int, nth: int) -> date:
    here = date(year, month, 1)
    while here.weekday() != MONDAY:
        here += ONE
    return here + (nth - 1) * timedelta(weeks=1)


def is_closed(here: date, days_off: set[tuple[int, int]]) -> bool:
    """Tell whether a day is a weekend, a holiday or one of the days off, (month, day)."""
    return here.weekday() > 4 or here in japanese_holidays(here.year) or (here.month, here.day) in days_off


BUSINESS_DAYS_OFF = {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
BANK_DAYS_OFF = {(12, 31), (1, 1), (1, 2), (1, 3)}


def moved_on(here: date, days_off: set[tuple[int, int]]) -> date:
    """Walk to the next open day."""
    while is_closed(here, days_off):
        here += ONE
    return here


def moved_back(here: date, days_off: set[tuple[int, int]]) -> date:
    """Walk to the previous open day."""
    while is_closed(here, days_off):
        here -= ONE
    return here


def years_of_interest(due_on: date, paid_on: date) -> Fraction:
    """Count whole years by anniversary, then every further day over the length of its own calendar year."""
    years, last_of_years = 0, due_on
    for last in _walk(due_on + 365 * ONE, paid_on):
        near = (last - due_on).days % 365 < 5  # no year ends elsewhere
        if near and is_end_of_period(due_on + ONE, last, 12 * (years + 1)):
            years, last_of_years = years + 1, last
    rest = [_is_leap(each.year) for each in _walk(last_of_years + ONE, paid_on)]
    return years + Fraction(rest.count(True), 366) + Fraction(rest.count(False), 365)


def _walk(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
