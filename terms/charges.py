"""The charges of a month by the thousand (料金): the rules of `terms.billing` in whole numbers.

- 24(1), 26: what is charged by quantity, time or month; each line is cut off below one yen once (37).
- 26(1), 26(2): hourly price up to the monthly cap, which is never prorated (A45, A46).
- 26(3): fixed fees for the days on which an item stood, both ends counted (A78).
- 24(2), A104: prices that change inside a month split it; each part has its own cap and its own floor.

A month's end prices a hundred thousand lines. Prices are read once and kept as whole numbers over a power of ten;
amounts of use are in ten-thousandths. Each answer equals that of `metered-charge` and `fixed-charge`.

Workflow `billing`; letters `invoice`, `usage_statement`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from terms.citation import Article, implements
from terms.periods import ONE_DAY, SECONDS_OF_HOUR

E4 = 10_000
"""Amounts of use and sizes are kept in ten-thousandths."""


@dataclass(frozen=True, slots=True)
class Decimal4:
    """A decimal number as digits over a power of ten."""

    digits: int
    scale: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Read plain decimal text from 0, `9.6`."""
        whole, _, rest = text.partition(".")
        return cls(int(whole + rest), 10 ** len(rest))


def decimal_text(value_e4: int) -> str:
    """Write an amount in ten-thousandths as decimal text without needless zeros, `131.455`."""
    whole, rest = divmod(value_e4, E4)
    return f"{whole}.{rest:04d}".rstrip("0") if rest else str(whole)


def measured_text(value_e4: int) -> str:
    """Write what was measured, such as GB sent, with the three decimals in which it is reported, `149.530`."""
    text = f"{value_e4 // E4}.{value_e4 % E4:04d}"
    return text.removesuffix("0")


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyPrice:
    """Yen per hour and, together or not at all, the cap of a month and the seconds that reach it."""

    rate: Decimal4
    cap_seconds: int | None = None
    cap: Decimal4 | None = None

    @classmethod
    def of(cls, *, rate: str, cap_hours: int | None = None, monthly_cap: str | None = None) -> Self:
        """Read a price from decimal text."""
        return cls(
            rate=Decimal4.of(rate),
            cap_seconds=None if cap_hours is None else cap_hours * SECONDS_OF_HOUR,
            cap=None if monthly_cap is None else Decimal4.of(monthly_cap),
        )


@implements(Article(26, 1), Article(26, 2), Article(37))
def hourly_charge(price: HourlyPrice, seconds: int, quantity_e4: int) -> tuple[int, bool]:
    """Return yen for the seconds of a month and whether the cap is reached; one floor at the end."""
    rate, cap = price.rate, price.cap
    if (
        cap is not None
        and price.cap_seconds is not None
        and (
            seconds >= price.cap_seconds
            or rate.digits * seconds * cap.scale >= cap.digits * rate.scale * SECONDS_OF_HOUR
        )
    ):
        return cap.digits * quantity_e4 // (cap.scale * E4), True
    return rate.digits * seconds * quantity_e4 // (rate.scale * SECONDS_OF_HOUR * E4), False


@implements(Article(24, 1), Article(37))
def quantity_charge(rate: Decimal4, amount_e4: int) -> int:
    """Return yen for an amount of use, such as GB sent (その他料金); one floor."""
    return rate.digits * amount_e4 // (rate.scale * E4)


@implements(Article(26, 3), Article(37))
def fixed_part(monthly_fee: int, days: int, of: int, *, prorated: bool) -> int:
    """Return yen of a fixed fee for some of a month's days; what is not prorated is due whole for a single day."""
    if not days:
        return 0
    return monthly_fee * days // of if prorated else monthly_fee


@implements(Article(26, 3))
def days_within(first: date, last: date, *, from_on: date, to_on: date | None) -> int:
    """Count the days of a stretch that lie between two days, all ends included (A78)."""
    begins = max(first, from_on)
    stops = last if to_on is None else min(last, to_on)
    return max((stops - begins).days + 1, 0)


@implements(Article(24, 2))
def parts_of_month(first: date, last: date, starts: Sequence[date]) -> list[tuple[date, date]]:
    """Cut a month at the days on which new prices begin (A104); without one inside, it is a single part."""
    cuts = [first, *sorted(day for day in starts if first < day <= last)]
    return [(begin, (after - ONE_DAY)) for begin, after in zip(cuts, [*cuts[1:], last + ONE_DAY], strict=True)]
