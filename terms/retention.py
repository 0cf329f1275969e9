"""Retention (保存) and erasure (消去).

- 29(3): usage records are never erased, not even at the customer's wish.
- 34(1): data on the service are deleted after the end, at the end of the grace period; every end counts (A60).
- 34(2): deletion without notice while the contract lives is switched off (A61).
- 44(6): personal data are erased when their period of retention is over; longer only where a statute obliges.
- 法人税法施行規則59, 消令70の13: vouchers 7 years (10 for a loss year) from two months after the fiscal year.
- 会社法432(2): books 10 years from the closing of the fiscal year.

A legal hold or an open case (A94) stops deletion and erasure, an unpaid debt stops closing and erasure only.

Workflows `deletion`, `erasure`; letters `data_erasure_certificate`,
`personal_data_erasure_record`, `usage_record_erasure_refusal`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from terms.citation import Article, Refused, implements
from terms.derivation import Derived, ja_day
from terms.periods import MONTHS_OF_YEAR, ONE_DAY, first_of, first_of_month_after, month_end
from terms.settings import Terms

CaseKind = Literal["hold", "violation", "claim", "disclosure", "dispute"]
"""What blocks a deletion: a legal hold or an open case."""

Waiting = Literal["debt", "money_held", "last_bill", "deletion", "restoration", "proposal", "case"]
"""What keeps an ended contract from being closed."""

_FORBIDS: dict[Waiting, tuple[Article, str]] = {
    "debt": (Article(27, 2), "未払いの料金等が残っています。"),
    "money_held": (Article(27, 2), "充当も返金もされていないお預かり金が残っています。"),
    "last_bill": (Article(27, 1), "最終のご利用月の請求が済んでいません。"),
    "deletion": (Article(34, 1), "データ等の削除が済んでいません。"),
    "restoration": (Article(38, 1), "撤去及び原状回復が済んでいません。"),
    "proposal": (Article(27, 2), "決定されていない提案が残っています。"),
    "case": (Article(34, 1), "リーガルホールド又は未了の案件が残っています。"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Derived):
    """The last day of each period of retention, and the first day on which everything may be erased."""

    company_until_on: date
    tax_until_on: date
    companies_act_until_on: date
    erasable_from_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What may be left of an ended contract; yen. `held` is money that no debt has taken and nobody got back."""

    principal: int
    interest: int
    held: int
    billed: bool
    deleted: bool
    restored: bool
    proposals: int
    cases: int


@implements(Article(34, 1), Article(38, 1), Article(27, 2))
def closing_waits_for(left: Leftovers) -> tuple[Waiting, ...]:
    """Say what an ended contract still waits for before it is closed; nothing: it can be."""
    open_ones: dict[Waiting, bool] = {
        "debt": left.principal > 0 or left.interest > 0,
        "money_held": left.held > 0,
        "last_bill": not left.billed,
        "deletion": not left.deleted,
        "restoration": not left.restored,
        "proposal": left.proposals > 0,
        "case": left.cases > 0,
    }
    return tuple(name for name, still in open_ones.items() if still)


def must_close(left: Leftovers) -> None:
    """Refuse to close a contract of which something is left.

    Raises:
        Refused: with the article of the first thing left.
    """
    for each in closing_waits_for(left):
        raise Refused(*_FORBIDS[each])


@implements(Article(34, 1))
def must_delete(*, delete_from_on: date, today: date, blocked_by: Collection[CaseKind]) -> None:
    """Refuse a deletion of data before its day, or while a legal hold or an open case stands (A62, A94).

    Raises:
        Refused: 34(1).
    """
    if today < delete_from_on:
        raise Refused(Article(34, 1), f"データ等は{ja_day(delete_from_on)}以降に削除します。")
    if blocked_by:
        raise Refused(*_FORBIDS["case"])


@implements(Article(34, 2))
def must_delete_early(terms: Terms, *, in_force: bool, blocked_by: Collection[CaseKind]) -> None:
    """Refuse a deletion without notice: always unless the setting allows it, and then while anything blocks it (A61).

    Raises:
        Refused: 34(2).
    """
    if not terms.allow_34_2:
        raise Refused(Article(34, 2), "契約期間中の通知によらない削除は行いません。")
    if not in_force:
        raise Refused(Article(34, 2), "契約期間中の利用契約だけが対象です。")
    if blocked_by:
        raise Refused(Article(34, 2), _FORBIDS["case"][1])


@implements(Article(44, 6))
def must_erase(*, erasable_from_on: date, today: date, owed: int, blocked_by: Collection[CaseKind]) -> None:
    """Refuse to erase personal data whose time is not over, that a claim still needs, or that a hold keeps (A94).

    Args:
        erasable_from_on: first day after the periods of retention.
        today: day in Japan.
        owed: yen of principal, interest and held money that are open either way.
        blocked_by: legal holds and open cases.

    Raises:
        Refused: 44(6).
    """
    if today < erasable_from_on:
        raise Refused(Article(44, 6), f"個人情報は{ja_day(erasable_from_on - ONE_DAY)}まで保存します。")
    if owed:
        raise Refused(Article(44, 6), "債権債務が残っているため、個人情報を消去できません。")
    if blocked_by:
        raise Refused(Article(44, 6), _FORBIDS["case"][1])


@implements(Article(44, 6))
def erasable_by_decision_from(kept: Retention) -> date:
    """Return the first day on which people may decide to erase: the day after the last period of a statute.

    44(6) has us erase when *our* period is over, and allows to keep longer only what a statute obliges to keep. Our
    period is a reading (A68), so people may waive what is left of it; those of the statutes nobody can waive.
    """
    return max(kept.tax_until_on, kept.companies_act_until_on) + ONE_DAY


def must_erase_by_decision(
    kept: Retention, *, today: date, closed: bool, owed: int, blocked_by: Collection[CaseKind]
) -> None:
    """Refuse an erasure by decision before closing, while a statute keeps the data, or for what `must_erase` does.

    Raises:
        Refused: 44(6).
    """
    if not closed:
        raise Refused(Article(44, 6), "契約に関する手続きが完了していないため、個人情報を消去できません。")
    must_erase(erasable_from_on=erasable_by_decision_from(kept), today=today, owed=owed, blocked_by=blocked_by)


@implements(Article(44, 6))
def retention(
    terms: Terms,
    *,
    ended_on: date,
    last_invoice_month: str,
    loss_year: bool,
    fiscal_year_end_month: int | None = None,
) -> Retention:
    """Work out how long the records of an ended contract are kept; all periods end with a month.

    Args:
        terms: the version in force.
        ended_on: last day of the contract.
        last_invoice_month: month in which the last invoice was issued, `YYYY-MM`.
        loss_year: whether the fiscal year of that invoice closed with a loss.
        fiscal_year_end_month: last month of the fiscal year, 1 to 12; the terms' own setting if None.
    """
    closing_month = terms.fiscal_year_end_month if fiscal_year_end_month is None else fiscal_year_end_month
    contract_year = fiscal_year_end(ended_on, closing_month)
    invoice_year = fiscal_year_end(first_of(last_invoice_month), closing_month)
    tax_years = terms.tax_loss_retention_years if loss_year else terms.tax_retention_years
    company = _months_on(contract_year, terms.retention_years * MONTHS_OF_YEAR)
    tax = _months_on(invoice_year, terms.tax_filing_months + tax_years * MONTHS_OF_YEAR)
    companies_act = _months_on(invoice_year, terms.companies_act_years * MONTHS_OF_YEAR)
    erasable_from_on = max(company, tax, companies_act) + ONE_DAY
    return Retention(
        company_until_on=company,
        tax_until_on=tax,
        companies_act_until_on=companies_act,
        erasable_from_on=erasable_from_on,
        articles=("44(6)",),
        settings=terms.used("retention_years"),
        steps=(
            f"契約終了日{ja_day(ended_on)}の属する事業年度の末日は{ja_day(contract_year)}です。",
            f"当社の保存期間はそれから{terms.retention_years}年、{ja_day(company)}までです。",
            f"最終請求の属する事業年度の末日は{ja_day(invoice_year)}です。",
            f"税法上の保存期間は{terms.tax_filing_months}か月経過後から{tax_years}年、{ja_day(tax)}までです。",
            f"会社法上の保存期間は{terms.companies_act_years}年、{ja_day(companies_act)}までです。",
            f"{ja_day(erasable_from_on)}から消去できます。",
        ),
    )


def fiscal_year_end(day: date, closing_month: int) -> date:
    """Return the last day of the fiscal year in which a day lies; it closes with the end of `closing_month`."""
    closing = month_end(date(day.year, closing_month, 1))
    return closing if day <= closing else month_end(date(day.year + 1, closing_month, 1))


def _months_on(closing_on: date, months: int) -> date:
    return month_end(first_of_month_after(closing_on, months))
