"""How days, months and years are counted (Civil Code 138-143), always by the time of Japan.

- 民140: the first day is left out unless the period starts at 0:00; callers pass the first day that counts.
- 民141: a period ends with the end (24:00) of its last day.
- 民143: months and years go by the calendar and end on the day before the corresponding day (応当日);
  where the last month has no such day, on that month's last day.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone

from terms.citation import Article, implements

JST = timezone(timedelta(hours=9), "JST")
ONE_DAY = timedelta(days=1)
MONTHS_OF_YEAR = 12
HOURS_OF_DAY = 24
SECONDS_OF_HOUR = 3600
ONE_SECOND = timedelta(seconds=1)

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """Return an instant of a day in Japan; 24:00 of a day is `at(day + ONE_DAY)`."""
    return datetime.combine(day, time(hour, minute), JST)


def day_of(instant: datetime) -> date:
    """Return the day in Japan on which an instant lies.

    Raises:
        ValueError: the instant has no offset, so nobody knows which day it means.
    """
    if instant.tzinfo is None:
        message = "an instant needs an offset"
        raise ValueError(message)
    return instant.astimezone(JST).date()


def days_in_month(day: date) -> int:
    """Return how many days the month of `day` has."""
    return monthrange(day.year, day.month)[1]


def first_of_month(day: date) -> date:
    """Return the first day of the month of `day`."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Return the last day of the month of `day`."""
    return day.replace(day=days_in_month(day))


def first_of_next_month(day: date) -> date:
    """Return the first day of the month after that of `day`."""
    return month_end(day) + ONE_DAY


def first_of_month_after(day: date, months: int) -> date:
    """Return the first day of the month that lies `months` after (before, if negative) that of `day`."""
    years, month = divmod(day.year * MONTHS_OF_YEAR + day.month - 1 + months, MONTHS_OF_YEAR)
    return date(years, month + 1, 1)


def add_months(day: date, months: int) -> date:
    """Return the same-numbered day `months` later, or that month's last day if it has none."""
    first = first_of_month_after(day, months)
    return first.replace(day=min(day.day, days_in_month(first)))


@implements(Article(143, 2, law="Civil Code"))
def end_of_months(first_on: date, months: int) -> date:
    """Return the last day of a period of months whose first counted day is `first_on`.

    It is the day before the corresponding day; without such a day, the last month's last day
    (31 January counted as the first day: 28 February; 28 February: 27 March, never "sticky").
    """
    last_month = first_of_month_after(first_on, months)
    if first_on.day > days_in_month(last_month):
        return month_end(last_month)
    return last_month.replace(day=first_on.day) - ONE_DAY


def end_of_years(first_on: date, years: int) -> date:
    """Return the last day of a period of years whose first counted day is `first_on`."""
    return end_of_months(first_on, years * MONTHS_OF_YEAR)


def month_of(day: date) -> str:
    """Return the month of a day as `YYYY-MM`."""
    return f"{day:%Y-%m}"


def first_of(month: str) -> date:
    """Return the first day of a month given as `YYYY-MM`.

    Raises:
        ValueError: the text is no month.
    """
    found = _MONTH.fullmatch(month)
    if found is None:
        message = f"not a month: {month!r}"
        raise ValueError(message)
    return date(int(found[1]), int(found[2]), 1)


def last_of(month: str) -> date:
    """Return the last day of a month given as `YYYY-MM`."""
    return month_end(first_of(month))


def month_spans(from_on: date, to_on: date) -> Iterator[tuple[date, date]]:
    """Cut a stretch of days, both ends counted, into one `(first, last)` for each calendar month."""
    first = from_on
    while first <= to_on:
        last = min(month_end(first), to_on)
        yield first, last
        first = last + ONE_DAY


def year_end(day: date) -> date:
    """Return the last day of the calendar year of `day`."""
    return date(day.year, MONTHS_OF_YEAR, 31)


def days_in_year(day: date) -> int:
    """Return how many days the calendar year of `day` has."""
    return year_end(day).timetuple().tm_yday
