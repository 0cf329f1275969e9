"""Penalty (違約金) for a contract that ends before its time.

- 5(2): who leaves before the minimum term is over pays for its rest at once: the general statement of 28.
- 28(1): withdrawal, or rescission for the customer's fault, before service starts: the monthly fee for the whole term.
- 28(2): after it: from the day after the end to the last day of the minimum term, by months and days.
- 28, A49: a lower sum than the formula's, or none, is for two people to decide; a higher one has no ground.
- 28(2) s2, 14(2), 18(2), 18(3): no penalty where the customer could not use the service or it is discontinued.
- 37: each month's part is cut off below one yen.

An undivided lump sum for lost profit lies outside consumption tax (不課税). Letter `penalty_invoice`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from terms.citation import Article, InvalidRule, Refused, implements
from terms.derivation import Derived, ja_day, ja_month, ja_yen
from terms.money import floor_yen, mean_floor
from terms.periods import ONE_DAY, days_in_month, month_of, month_spans
from terms.settings import TaxClass, Terms

Ground = Literal["18(1)", "12(2)", "14(2)", "17(1)", "17(2)", "18(2)", "18(3)", "28(1)", "43(2)"]
ChargeKind = Literal["fixed", "capped", "metered"]

PENALTY = ("28(1)", "28(2)", "5(2)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyPart:
    """One calendar month's part: `days` charged `of` the month's days, in yen."""

    month: str
    days: int
    of: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty(Derived):
    """The penalty in yen; `from_on` to `to_on` are the days charged by 28(2), if any."""

    from_on: date | None = None
    to_on: date | None = None
    parts: tuple[PenaltyPart, ...]
    penalty: int
    tax_class: TaxClass


@implements(Article(28, 1), Article(28, 2), Article(5, 2))
def penalty(
    terms: Terms,
    *,
    ground: Ground,
    monthly: int,
    min_term_ends_on: date | None = None,
    ends_on: date | None = None,
    term_months: int | None = None,
) -> Penalty:
    """Work out the penalty for an end on a ground, from the monthly amount in yen (`penalty_basis`).

    Raises:
        InvalidRule: a value is missing that the ground needs: `term_months` for 28(1), both days for 28(2).
    """
    if ground in terms.penalty_exempt:
        return _none(terms, f"{Article.parse(ground).ja}による終了のため、違約金はかかりません。")
    if ground == "28(1)":
        if term_months is None:
            raise InvalidRule(pointer="/term_months", message="required for ground 28(1)")
        return _before_start(terms, monthly=monthly, term_months=term_months)
    if min_term_ends_on is None:
        raise InvalidRule(pointer="/min_term_ends_on", message=f"required for ground {ground}")
    if ends_on is None:
        raise InvalidRule(pointer="/ends_on", message=f"required for ground {ground}")
    if ends_on >= min_term_ends_on:
        return _none(
            terms,
            f"終了日{ja_day(ends_on)}は最低利用期間満了日{ja_day(min_term_ends_on)}以後のため、違約金はかかりません。",
        )
    return _for_the_rest(terms, from_on=ends_on + ONE_DAY, to_on=min_term_ends_on, monthly=monthly)


def _none(terms: Terms, why: str) -> Penalty:
    return Penalty(parts=(), penalty=0, tax_class=terms.tax_class.penalty, articles=PENALTY, settings={}, steps=(why,))


def _before_start(terms: Terms, *, monthly: int, term_months: int) -> Penalty:
    """28(1): the whole term is left, so its months are multiplied and nothing is prorated."""
    amount = monthly * term_months
    return Penalty(
        parts=(),
        penalty=amount,
        tax_class=terms.tax_class.penalty,
        articles=PENALTY,
        settings={},
        steps=(
            f"提供開始前の終了のため、月額{ja_yen(monthly)}に残余期間{term_months}か月を乗じます。",
            f"違約金は{ja_yen(amount)}です。",
        ),
    )


def _for_the_rest(terms: Terms, *, from_on: date, to_on: date, monthly: int) -> Penalty:
    """28(2): whole months and days over the month's days, each part cut off below one yen."""
    parts = tuple(_parts(from_on, to_on, monthly))
    total = sum(part.amount for part in parts)
    return Penalty(
        from_on=from_on,
        to_on=to_on,
        parts=parts,
        penalty=total,
        tax_class=terms.tax_class.penalty,
        articles=PENALTY,
        settings={},
        steps=(
            f"違約金の対象は{ja_day(from_on)}から最低利用期間満了日{ja_day(to_on)}までです。",
            *_worded(parts, monthly),
            f"違約金は合計{ja_yen(total)}です。",
        ),
    )


def _parts(from_on: date, to_on: date, monthly: int) -> Iterator[PenaltyPart]:
    for first, last in month_spans(from_on, to_on):
        days, of = (last - first).days + 1, days_in_month(first)
        amount = floor_yen(Fraction(monthly * days, of))
        yield PenaltyPart(month=month_of(first), days=days, of=of, amount=amount)


def _worded(parts: Sequence[PenaltyPart], monthly: int) -> Iterator[str]:
    """Word each partial month; whole months in one sentence, or a three-year term would fill a page."""
    whole = [part for part in parts if part.days == part.of]
    for part in parts:
        if part.days < part.of:
            yield f"{ja_month(part.month)}分は{part.of}日のうち{part.days}日で{ja_yen(part.amount)}です。"
        elif part is whole[0]:
            total = ja_yen(monthly * len(whole))
            yield f"全日が対象となる月は{len(whole)}か月で、月額{ja_yen(monthly)}を乗じて{total}です。"


@implements(Article(28), Article(5, 2))
def must_lower_penalty(*, due: int, amount: int) -> None:
    """Refuse another sum than the formula's that is not below it: 28 fixes the most that can be asked.

    Args:
        due: yen of the penalty as it stands, by the formula or after earlier credits.
        amount: yen that it is to come to; 0 waives it.

    Raises:
        Refused: 28.
    """
    if amount >= due:
        raise Refused(Article(28), f"違約金は、現在の額{ja_yen(due)}を下回る額にのみ変更できます。")


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyBasis(Derived):
    """The monthly amount in yen on which a penalty is computed."""

    monthly: int


@implements(Article(28))
def penalty_basis(
    terms: Terms,
    *,
    kind: ChargeKind,
    recent_full_months: Sequence[int],
    monthly_fee: int | None = None,
    monthly_cap: int | None = None,
) -> PenaltyBasis:
    """Work out the monthly amount of a charge for 28 (A12), in yen without tax.

    Args:
        terms: the version in force.
        kind: a fixed fee, a metered charge with a monthly cap, or a metered one without.
        recent_full_months: what full months cost, newest last; the last few count.
        monthly_fee: fee of a fixed charge.
        monthly_cap: cap of a capped charge, for its quantity.

    Raises:
        InvalidRule: the fee or the cap is missing where the kind needs it.
    """
    recent = recent_full_months[-terms.penalty_mean_months :]
    monthly, why = _basis(kind, recent, monthly_fee, monthly_cap)
    return PenaltyBasis(
        monthly=monthly,
        articles=("28",),
        settings={},
        steps=(f"違約金の算定の基礎となる月額は{why}{ja_yen(monthly)}です。",),
    )


def _basis(
    kind: ChargeKind, recent: Sequence[int], monthly_fee: int | None, monthly_cap: int | None
) -> tuple[int, str]:
    """Return the amount and how it came about: the fee; the mean, for a capped charge at most the cap."""
    mean, of_recent = (mean_floor(recent) if recent else None), f"直近{len(recent)}か月の平均"
    if kind == "fixed":
        return _given("/monthly_fee", monthly_fee), "固定の月額費用"
    if kind == "capped":
        cap = _given("/monthly_cap", monthly_cap)
        return (cap, "月額上限料金") if mean is None else (min(cap, mean), f"月額上限料金と{of_recent}の低い方、")
    return (0, "満了した月の実績がないため") if mean is None else (mean, of_recent)


def _given(pointer: str, amount: int | None) -> int:
    if amount is None:
        raise InvalidRule(pointer, "required for this kind")
    return amount
