"""What every answer of a rule carries besides its own fields, and how its steps are worded.

Steps are short Japanese sentences with the dates and amounts on the way, fit to be quoted by a letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from terms.periods import JST, first_of
from terms.settings import SettingValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """An answer that can be explained: the clauses, the readings used with their values, and the way to it."""

    articles: tuple[str, ...]
    settings: Mapping[str, SettingValue]
    steps: tuple[str, ...]


def ja_day(day: date) -> str:
    """Word a day as letters do, 2026年8月31日."""
    return f"{day.year}年{day.month}月{day.day}日"


def ja_month(month: str | date) -> str:
    """Word a month, given as `YYYY-MM` or by one of its days, 2026年8月."""
    day = first_of(month) if isinstance(month, str) else month
    return f"{day.year}年{day.month}月"


def ja_time(instant: datetime) -> str:
    """Word an instant by the time of Japan, 2026年8月31日 9時05分00秒."""
    there = instant.astimezone(JST)
    return f"{ja_day(there.date())} {there.hour}時{there.minute:02d}分{there.second:02d}秒"


def ja_yen(amount: int) -> str:
    """Word an amount as letters do, ¥12,345."""
    return f"¥{amount:,}"
