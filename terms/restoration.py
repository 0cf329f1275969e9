"""Removal and restoration (撤去, 原状回復) after an end.

- 38(1): the customer removes its equipment and restores ours without delay.
- 38(2) s1: what is not done by the day that we name (A59) we may do ourselves.
- 38(2) s2: what it costs to delete resources left behind is charged.
- 38(2) s3: damages equal to the metered and capped charges, from the day after the end to the day of completion.
- 37: each month is cut off below one yen, as in metering.

Only ends under Art. 17 and 18 are named (A60). Fixed monthly fees are not named in 38(2) s3 and stay out (A80).
Letters `restoration_request`, `restoration_invoice`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from terms.billing import Price, metered_amount
from terms.citation import Article, Refused, implements
from terms.derivation import Derived, ja_day, ja_month, ja_yen
from terms.periods import HOURS_OF_DAY, ONE_DAY, month_of, month_spans
from terms.settings import Terms

RESTORING = frozenset({17, 18})
"""The articles whose ends 38(1) names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration(Derived):
    """By when what is left over has to be gone: OCF resources by one day, equipment by another.

    Without `resources_by_on` the deletion of OCF resources was no duty of the customer's; where `deletion_charged` it
    is charged in full, else a person decides (A91).
    """

    resources_by_on: date | None
    equipment_by_on: date
    deletion_charged: bool


def asks_for_restoration(ground: str) -> bool:
    """Tell whether an end on a ground obliges the customer to restore: those under Art. 17 and 18 do (38(1), A60)."""
    return Article.parse(ground).number in RESTORING


@implements(Article(38, 1), Article(38, 2))
def restoration(terms: Terms, *, ground: str, ended_on: date) -> Restoration:
    """Work out by when a customer whose contract ended on a ground has to remove and restore (A59).

    38(1) only says without delay, and 38(2) calls that a period: it is the one that our letter names.

    Raises:
        Refused: 38(1): an end on this ground does not oblige to it.
    """
    if not asks_for_restoration(ground):
        raise Refused(Article(38, 1), "第17条及び第18条による終了だけが、撤去及び原状回復の対象です。")
    equipment_by_on = ended_on + timedelta(days=terms.restore_days)
    charged = ground in terms.deletion_charge_on
    steps = [f"設備の撤去及び原状回復の期限は、契約終了日の{terms.restore_days}日後の{ja_day(equipment_by_on)}です。"]
    if charged:
        steps.insert(0, f"OCFリソースの削除の期限は、契約終了日の{ja_day(ended_on)}でした。")
    return Restoration(
        resources_by_on=ended_on if charged else None,
        equipment_by_on=equipment_by_on,
        deletion_charged=charged,
        articles=("38(1)", "38(2)"),
        settings=terms.used("restore_days", "deletion_charge_on"),
        steps=tuple(steps),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagesMonth:
    """One calendar month's damages in yen for the hours in it."""

    month: str
    hours: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorationDamages(Derived):
    """Damages in yen without tax for the days on which the equipment stood though the contract had ended."""

    days: int
    months: tuple[DamagesMonth, ...]
    amount: int


@implements(Article(38, 2))
def restoration_damages(
    terms: Terms,  # noqa: ARG001 (every rule takes the terms first; this one has no reading of its own)
    *,
    ended_on: date,
    restored_on: date,
    rate: str | Fraction,
    cap_hours: int | None = None,
    monthly_cap: int | str | Fraction | None = None,
) -> RestorationDamages:
    """Work out the damages of 38(2) s3: 24 hours a day, each month metered and capped by itself.

    Args:
        terms: the version in force.
        ended_on: last day of the contract.
        restored_on: day on which removal and restoration were complete, itself counted.
        rate: yen per hour, exact.
        cap_hours: hours of a month from which the cap is due; goes together with `monthly_cap`.
        monthly_cap: the most a month can cost, in yen.

    Raises:
        InvalidRule: a cap without its hours, or the other way round.
    """
    price = Price.of(rate=rate, cap_hours=cap_hours, monthly_cap=monthly_cap)
    months = []
    for first, last in month_spans(ended_on + ONE_DAY, restored_on):
        hours = ((last - first).days + 1) * HOURS_OF_DAY
        amount, _ = metered_amount(price, hours=Fraction(hours), quantity=Fraction(1))
        months.append(DamagesMonth(month=month_of(first), hours=hours, amount=amount))
    days = max((restored_on - ended_on).days, 0)
    total = sum(each.amount for each in months)
    return RestorationDamages(
        days=days,
        months=tuple(months),
        amount=total,
        articles=("38(2)",),
        settings={},
        steps=(
            f"契約終了日{ja_day(ended_on)}の翌日から完了日{ja_day(restored_on)}までの{days}日間が対象です。",
            *(f"{ja_month(each.month)}分は{each.hours}時間で{ja_yen(each.amount)}です。" for each in months),
            f"損害金は合計{ja_yen(total)}です。",
        ),
    )
