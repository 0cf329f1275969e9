"""The national holidays of Japan, from the `holidays` package.

Holidays of a year are official only from the February before it; later ones are computed, the equinoxes
by formula, and so provisional. The package ends in 2099 without a word: `terms.calendars` asks no further.
"""

from datetime import date
from functools import cache

import holidays

from terms.calendars import Calendars


@cache
def holidays_of(year: int) -> frozenset[date]:
    """Return the national, substitute and citizens' holidays of a year."""
    return frozenset(holidays.country_holidays("JP", years=year, expand=False))


class JapanCalendars(Calendars):
    """The calendars of the terms on the holidays of Japan; one instance may serve all threads."""

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day is a national, substitute or citizens' holiday."""
        return day in holidays_of(day.year)
