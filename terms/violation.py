"""Violation (違反): surcharge, and the screening against anti-social forces (反社会的勢力).

- 19(1), 23: what the customer must not do; 16(1)(2)-(9): what follows.
- 35: who avoided charges by not reporting a change pays them and twice as much again (割増金), each with tax.
- 37: the tax is cut off below one yen, once.
- 43(1)(1): who left such a group less than five years ago counts as one of it; the day of leaving is not counted.
- 43(2): whoever breaks the declaration of 43(1) or acts as 43(2)(2) says is rescinded without any notice or demand.

Workflow `violation`; letters `violation_warning`, `surcharge_invoice`, `antisocial_rescission_notice`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from terms.citation import Article, Refused, implements
from terms.derivation import Derived, ja_day, ja_yen
from terms.money import percent_of
from terms.periods import ONE_DAY, end_of_years
from terms.settings import Terms

AntisocialItem = Literal[
    "43(1)(1)", "43(1)(2)", "43(1)(3)", "43(1)(4)", "43(1)(5)",
    "43(2)(1)", "43(2)(2)①", "43(2)(2)②", "43(2)(2)③", "43(2)(2)④", "43(2)(2)⑤",
]  # fmt: skip
"""What the customer falls under: an item of the declaration that is broken (43(2)(1)), or an act of 43(2)(2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge(Derived):
    """Avoided fee, surcharge, their sum, the tax on it and the total, in yen."""

    fee: int
    surcharge: int
    subtotal: int
    tax: int
    total: int


@implements(Article(35))
def surcharge(terms: Terms, *, avoided: int, supplied_on: date | None = None) -> Surcharge:
    """Work out what avoided charges (yen without tax) cost; the tax rate is today's unless a day is given."""
    extra = terms.surcharge_multiple * avoided
    subtotal = avoided + extra
    percent = terms.tax_percent(supplied_on or date.max)
    tax = percent_of(subtotal, percent)
    return Surcharge(
        fee=avoided,
        surcharge=extra,
        subtotal=subtotal,
        tax=tax,
        total=subtotal + tax,
        articles=("35",),
        settings={},
        steps=(
            f"免れた料金は{ja_yen(avoided)}、割増金はその{terms.surcharge_multiple}倍の{ja_yen(extra)}です。",
            f"合計{ja_yen(subtotal)}に消費税{percent}%、{ja_yen(tax)}を加えます（1円未満切捨て）。",
            f"お支払額は{ja_yen(subtotal + tax)}です。",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AntiSocialLookback(Derived):
    """The last day on which a former member still counts as one."""

    barred_through_on: date


@implements(Article(43, 1, 1))
def anti_social_lookback(terms: Terms, *, left_on: date) -> AntiSocialLookback:
    """Work out until when somebody who left such a group is barred; the period merely runs, no holiday moves it."""
    barred_through_on = end_of_years(left_on + ONE_DAY, terms.anti_social_years)
    return AntiSocialLookback(
        barred_through_on=barred_through_on,
        articles=("43(1)(1)",),
        settings={},
        steps=(
            f"離脱の日は{ja_day(left_on)}で、期間はその翌日から起算して{terms.anti_social_years}年です。",
            f"{ja_day(barred_through_on)}までは反社会的勢力に該当するものとして扱います。",
        ),
    )


@implements(Article(43, 2, 1), Article(43, 2, 2))
def antisocial_item(stated: AntisocialItem | None, *, has_hit: bool) -> AntisocialItem:
    """Say by which item of 43 the contract is to be rescinded: legal's statement, else what a screening has found.

    Raises:
        Refused: 43(2): nothing is stated, and the screening has found nothing.
    """
    if stated is not None:
        return stated
    if not has_hit:
        raise Refused(Article(43, 2), "照会による一致の記録がないため、第43条のどの号に該当するかを示してください。")
    return "43(2)(1)"
