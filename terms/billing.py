"""Charges (料金等) of a month and the sum of an invoice.

- 24(2): usage is counted by calendar months of Japan.
- 24(4): consumption tax is added at the rate of the day of supply.
- 26(1): usage time × hourly price, for each item, resource and month.
- 26(2): from the cap hours (上限時間) on the monthly cap (月額上限料金) is due; below, what has accrued, never more.
- 26(3): charged from the day charging starts to the day of the end, both included.
- 37: each line is cut off below one yen, tax once for each rate of an invoice (消令70の10).

Workflow `billing`; letters `usage_statement`, `invoice`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Self

from terms.calendars import Calendars, add_bank_days
from terms.citation import Article, InvalidRule, implements
from terms.derivation import Derived, ja_day, ja_month, ja_time, ja_yen
from terms.money import exact, floor_yen, percent_of
from terms.periods import (
    ONE_SECOND,
    SECONDS_OF_HOUR,
    at,
    day_of,
    days_in_month,
    first_of,
    first_of_next_month,
    last_of,
    month_of,
)
from terms.settings import TaxClass, Terms


@implements(Article(27, 1))
def billed_from(terms: Terms, calendars: Calendars, *, month: str) -> date:
    """Return the day on which the use of a month (`YYYY-MM`) is closed and billed: a bank day of the next month."""
    return add_bank_days(calendars, last_of(month), terms.close_freeze_bank_day)


METERED = ("26(1)", "26(2)", "37")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageMonth:
    """Seconds of use in one calendar month of Japan."""

    month: str
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSplit(Derived):
    """A stretch of use cut at the month ends of Japan."""

    months: tuple[UsageMonth, ...]


@implements(Article(24, 2))
def usage_split(terms: Terms, *, from_at: datetime, to_at: datetime) -> UsageSplit:  # noqa: ARG001 (as below)
    """Cut a stretch of use, `to_at` itself not used, at the month ends of Japan; exact seconds.

    Raises:
        InvalidRule: the stretch ends before it begins.
    """
    if from_at > to_at:
        raise InvalidRule(pointer="/to_at", message="must not lie before from_at")
    months = []
    start = from_at
    while start < to_at:
        first = day_of(start)
        stop = min(to_at, at(first_of_next_month(first)))
        months.append(UsageMonth(month=month_of(first), seconds=(stop - start) // ONE_SECOND))
        start = stop
    return UsageSplit(
        months=tuple(months),
        articles=("24(2)",),
        settings={},
        steps=(
            f"ご利用は{ja_time(from_at)}から{ja_time(to_at)}までです。",
            *(f"{ja_month(each.month)}分は{each.seconds:,}秒です。" for each in months),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """An hourly price in yen and, together or not at all, the cap of a month and the hours that reach it."""

    rate: Fraction
    cap_hours: int | None = None
    monthly_cap: Fraction | None = None

    @classmethod
    def of(cls, *, rate: str | Fraction, cap_hours: int | None, monthly_cap: int | str | Fraction | None) -> Self:
        """Read a price from decimal text.

        Raises:
            InvalidRule: a cap without its hours, or the other way round.
        """
        if cap_hours is None and monthly_cap is not None:
            raise InvalidRule(pointer="/cap_hours", message="goes together with monthly_cap")
        if cap_hours is not None and monthly_cap is None:
            raise InvalidRule(pointer="/monthly_cap", message="goes together with cap_hours")
        cap = None if monthly_cap is None else exact(monthly_cap)
        return cls(rate=exact(rate), cap_hours=cap_hours, monthly_cap=cap)


def metered_amount(price: Price, *, hours: Fraction, quantity: Fraction) -> tuple[int, bool]:
    """Return the yen for the hours of a month and whether the cap is reached (26(2)); one floor at the end."""
    accrued = price.rate * hours
    if price.cap_hours is None or price.monthly_cap is None:
        return floor_yen(accrued * quantity), False
    capped = hours >= price.cap_hours or accrued >= price.monthly_cap
    return floor_yen((price.monthly_cap if capped else accrued) * quantity), capped


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredCharge(Derived):
    """A metered line in yen without tax; `capped` where the monthly cap was reached."""

    amount: int
    capped: bool


@implements(Article(26, 1), Article(26, 2), Article(37))
def metered_charge(
    terms: Terms,  # noqa: ARG001 (every rule takes the terms first; this one has no reading of its own)
    *,
    rate: str | Fraction,
    seconds: int,
    quantity: int | str | Fraction = 1,
    cap_hours: int | None = None,
    monthly_cap: int | str | Fraction | None = None,
) -> MeteredCharge:
    """Work out one metered line: an item, a resource, a month.

    Args:
        terms: the version in force.
        rate: yen per hour, exact.
        seconds: use in the month.
        quantity: units of the resource, such as GB.
        cap_hours: hours of a month from which the cap is due; goes together with `monthly_cap`.
        monthly_cap: the most one unit can cost in a month, in yen.

    Raises:
        InvalidRule: a cap without its hours, or the other way round.
    """
    price = Price.of(rate=rate, cap_hours=cap_hours, monthly_cap=monthly_cap)
    hours = Fraction(seconds, SECONDS_OF_HOUR)
    amount, capped = metered_amount(price, hours=hours, quantity=exact(quantity))
    whole, rest = divmod(seconds, SECONDS_OF_HOUR)
    return MeteredCharge(
        amount=amount,
        capped=capped,
        articles=METERED,
        settings={},
        steps=(
            f"ご利用時間は{whole:,}時間{rest:,}秒です。",
            "上限に達したため、月額上限料金を適用します。" if capped else "時間単価にご利用時間を乗じます。",
            f"料金は{ja_yen(amount)}です（1円未満切捨て）。",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCharge(Derived):
    """A fixed monthly line in yen without tax for `days` charged `of` the month's days."""

    days: int
    of: int
    amount: int


@implements(Article(26), Article(37))
def fixed_charge(
    terms: Terms,  # noqa: ARG001 (every rule takes the terms first; this one has no reading of its own)
    *,
    monthly_fee: int,
    month: str,
    prorated: bool,
    from_on: date | None = None,
    to_on: date | None = None,
) -> FixedCharge:
    """Work out a fixed fee for the days of a month on which the item stood, first and last day counted (A78).

    Raises:
        InvalidRule: the stretch ends before it begins.
    """
    if from_on is not None and to_on is not None and from_on > to_on:
        raise InvalidRule(pointer="/to_on", message="must not lie before from_on")
    first, last = first_of(month), last_of(month)
    begins = first if from_on is None else max(first, from_on)
    stops = last if to_on is None else min(last, to_on)
    days, of = max((stops - begins).days + 1, 0), days_in_month(first)
    amount = floor_yen(Fraction(monthly_fee * days, of)) if prorated or not days else monthly_fee
    counted = f"{ja_month(month)}の{of}日のうち{days}日が対象です。"
    how = "日割りで計算します。" if prorated else "日割りはいたしません。"
    return FixedCharge(
        days=days,
        of=of,
        amount=amount,
        articles=("26", "37"),
        settings={},
        steps=(counted, how, f"料金は{ja_yen(amount)}です（1円未満切捨て）。"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """An unrounded line amount in yen without tax, and its tax class."""

    amount: str | int | Fraction
    tax_class: TaxClass


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxOfRate:
    """The taxable base at one rate and the tax on it, in yen."""

    rate_percent: int
    base: int
    tax: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTotal(Derived):
    """An invoice in yen: its lines cut off, tax by rate, what bears no tax, and the sum."""

    lines: tuple[int, ...]
    rates: tuple[TaxOfRate, ...]
    non_taxed: int
    total: int


@implements(Article(24, 4), Article(37))
def invoice_total(terms: Terms, *, lines: Sequence[InvoiceLine], supplied_on: date) -> InvoiceTotal:
    """Add up an invoice: lines cut off first, then one cut of the tax for each rate, never one per line."""
    amounts = tuple(floor_yen(exact(line.amount)) for line in lines)
    taxable = [amount for amount, line in zip(amounts, lines, strict=True) if line.tax_class == "taxable"]
    base, non_taxed = sum(taxable), sum(amounts) - sum(taxable)
    percent = terms.tax_percent(supplied_on)
    tax = percent_of(base, percent)
    total = base + tax + non_taxed
    steps = [f"税抜明細{len(amounts)}件をそれぞれ1円未満切捨てで計算します。"]
    if taxable:
        steps.append(f"{percent}%対象は{ja_yen(base)}、消費税は{ja_yen(tax)}です（{ja_day(supplied_on)}時点の税率）。")
    if len(taxable) < len(amounts):
        steps.append(f"消費税のかからないものは{ja_yen(non_taxed)}です。")
    steps.append(f"合計は{ja_yen(total)}です。")
    return InvoiceTotal(
        lines=amounts,
        rates=(TaxOfRate(rate_percent=percent, base=base, tax=tax),) if taxable else (),
        non_taxed=non_taxed,
        total=total,
        articles=("24(4)", "37"),
        settings={},
        steps=tuple(steps),
    )
