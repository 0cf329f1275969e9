"""Art. 44(6) and statutes: how long records are kept."""

from datetime import date

import pytest

from terms.retention import Retention, fiscal_year_end, retention
from tests.terms.oracles import ONE, TERMS, day, each_day, last_of_month


def kept(ended_on: str, last_invoice_month: str, *, loss_year: bool = False, month: int | None = None) -> Retention:
    """Return the periods of retention."""
    return retention(
        TERMS,
        ended_on=day(ended_on),
        last_invoice_month=last_invoice_month,
        loss_year=loss_year,
        fiscal_year_end_month=month,
    )


class TestArticle44Paragraph6:
    """The company's own period and those of the statutes; erasable the day after the latest."""

    def test_the_example_of_the_specification(self) -> None:
        """Ended 2028-04-30, last invoice in May: fiscal year to 2029-03-31."""
        found = kept("2028-04-30", "2028-05")
        assert found.company_until_on == day("2039-03-31")
        assert found.tax_until_on == day("2036-05-31")
        assert found.companies_act_until_on == day("2039-03-31")
        assert found.erasable_from_on == day("2039-04-01")

    def test_a_loss_year_is_kept_longer(self) -> None:
        """Ten years from two months after the fiscal year outlast the others."""
        found = kept("2028-04-30", "2028-05", loss_year=True)
        assert (found.tax_until_on, found.erasable_from_on) == (day("2039-05-31"), day("2039-06-01"))

    @pytest.mark.parametrize(
        ("ended_on", "company_until_on"),
        [
            pytest.param("2028-03-30", "2038-03-31", id="the-day-before-the-fiscal-years-end"),
            pytest.param("2028-03-31", "2038-03-31", id="the-fiscal-years-end"),
            pytest.param("2028-04-01", "2039-03-31", id="the-day-after"),
        ],
    )
    def test_the_fiscal_year_of_the_end(self, ended_on: str, company_until_on: str) -> None:
        """The company's period runs from its end."""
        assert kept(ended_on, "2028-03").company_until_on == day(company_until_on)

    @pytest.mark.parametrize(
        ("last_invoice_month", "companies_act_until_on"),
        [("2028-02", "2038-03-31"), ("2028-03", "2038-03-31"), ("2028-04", "2039-03-31")],
    )
    def test_the_fiscal_year_of_the_last_invoice(self, last_invoice_month: str, companies_act_until_on: str) -> None:
        """The statutes' periods run from that."""
        found = kept("2028-01-31", last_invoice_month)
        assert found.companies_act_until_on == day(companies_act_until_on)

    def test_a_late_invoice_outlasts_the_companys_period(self) -> None:
        """The latest of all counts."""
        assert kept("2027-02-28", "2027-04").erasable_from_on == day("2038-04-01")
        longer = retention(
            TERMS.with_overrides({"retention_years": 100}),
            ended_on=day("2027-02-28"),
            last_invoice_month="2027-04",
            loss_year=False,
        )
        assert longer.erasable_from_on == day("2127-04-01")
        assert longer.settings == {"retention_years": 100}

    @pytest.mark.parametrize("month", range(1, 13))
    def test_every_day_under_every_fiscal_year(self, month: int) -> None:
        """Walked to: the first month end of that number on or after the day; all periods are month ends."""
        for ended_on in each_day("2026-03-01", "2028-12-31"):
            assert fiscal_year_end(ended_on, month) == _walked(ended_on, month), ended_on
            if ended_on.day in {1, 28, 29}:
                found = kept(ended_on.isoformat(), f"{ended_on:%Y-%m}", month=month)
                latest = max(found.company_until_on, found.tax_until_on, found.companies_act_until_on)
                assert found.erasable_from_on == latest + ONE
                for end in (found.company_until_on, found.tax_until_on, found.companies_act_until_on):
                    assert end == last_of_month(end)


def _walked(here: date, month: int) -> date:
    while not (here.month == month and (here + ONE).day == 1):
        here += ONE
    return here
