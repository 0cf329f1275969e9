"""Retention (保存) and erasure (消去).

- 29(3): usage records are never erased, not even at the customer's wish.
- 34(1): data on the service are deleted after the end, at the end of the grace period.
- 44(6): personal data are erased when their period of retention is over; longer only where a statute obliges.
- 法人税法施行規則59, 消令70の13: vouchers 7 years (10 for a loss year) from two months after the fiscal year.
- 会社法432(2): books 10 years from the closing of the fiscal year.

Workflow `deletion`; letters `data_erasure_certificate`, `personal_data_erasure_record`, `usage_record_erasure_refusal`.
"""

from dataclasses import dataclass
from datetime import date

from terms.citation import Article, implements
from terms.derivation import Derived, ja_day
from terms.periods import MONTHS_OF_YEAR, ONE_DAY, first_of, first_of_month_after, month_end
from terms.settings import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Derived):
    """The last day of each period of retention, and the first day on which everything may be erased."""

    company_until_on: date
    tax_until_on: date
    companies_act_until_on: date
    erasable_from_on: date


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
