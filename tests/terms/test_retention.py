"""Art. 34, 38, 44(6) and statutes: when data are deleted, contracts closed, records erased."""

from dataclasses import replace
from datetime import date

import pytest

from terms.citation import Refused
from terms.retention import (
    CaseKind,
    Leftovers,
    Retention,
    Waiting,
    closing_waits_for,
    erasable_by_decision_from,
    fiscal_year_end,
    must_close,
    must_delete,
    must_delete_early,
    must_erase,
    must_erase_by_decision,
    retention,
)
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


NOTHING = Leftovers(principal=0, interest=0, held=0, billed=True, deleted=True, restored=True, proposals=0, cases=0)
CASES: tuple[CaseKind, ...] = ("hold", "violation", "claim", "disclosure", "dispute")
ALLOWED = replace(TERMS, allow_34_2=True)


class TestArticle34Paragraph1:
    """Data are deleted when the grace period is over, unless a hold or an open case stands."""

    def test_not_the_day_before(self) -> None:
        """The day is named."""
        with pytest.raises(Refused, match="2026年6月30日") as refused:
            must_delete(delete_from_on=day("2026-06-30"), today=day("2026-06-29"), blocked_by=[])
        assert refused.value.article == "34(1)"

    @pytest.mark.parametrize("today", ["2026-06-30", "2027-06-30"])
    def test_from_the_day_on(self, today: str) -> None:
        """The day itself counts, and every later one."""
        must_delete(delete_from_on=day("2026-06-30"), today=day(today), blocked_by=[])

    @pytest.mark.parametrize("kind", CASES)
    def test_a_hold_or_an_open_case_blocks(self, kind: CaseKind) -> None:
        """Each kind does, whatever the day (A94)."""
        with pytest.raises(Refused) as refused:
            must_delete(delete_from_on=day("2026-06-30"), today=day("2030-01-01"), blocked_by=[kind])
        assert refused.value.article == "34(1)"


class TestArticle34Paragraph2:
    """Deletion without notice while the contract lives (A61)."""

    def test_it_is_off(self) -> None:
        """Nobody can propose it."""
        with pytest.raises(Refused) as refused:
            must_delete_early(TERMS, in_force=True, blocked_by=[])
        assert refused.value.article == "34(2)"

    def test_where_it_is_on_a_living_contract_without_a_hold_allows_it(self) -> None:
        """The setting alone changes the answer."""
        must_delete_early(ALLOWED, in_force=True, blocked_by=[])

    @pytest.mark.parametrize(("in_force", "blocked_by"), [(False, ()), (True, ("hold",)), (True, ("claim",))])
    def test_it_never_meets_what_is_over_or_held(self, *, in_force: bool, blocked_by: tuple[CaseKind, ...]) -> None:
        """What has ended goes by paragraph 1; a hold blocks it too."""
        with pytest.raises(Refused) as refused:
            must_delete_early(ALLOWED, in_force=in_force, blocked_by=blocked_by)
        assert refused.value.article == "34(2)"


class TestClosing:
    """Art. 27, 34, 38: an ended contract is closed when nothing is left."""

    def test_with_nothing_left_it_is_closed(self) -> None:
        """Nothing is waited for."""
        assert closing_waits_for(NOTHING) == ()
        must_close(NOTHING)

    @pytest.mark.parametrize(
        ("left", "waiting", "article"),
        [
            pytest.param(replace(NOTHING, principal=1), "debt", "27(2)", id="one yen of principal"),
            pytest.param(replace(NOTHING, interest=1), "debt", "27(2)", id="one yen of interest"),
            pytest.param(replace(NOTHING, held=1), "money_held", "27(2)", id="one yen that is the customer's"),
            pytest.param(replace(NOTHING, billed=False), "last_bill", "27(1)", id="the last bill"),
            pytest.param(replace(NOTHING, deleted=False), "deletion", "34(1)", id="data on the platform"),
            pytest.param(replace(NOTHING, restored=False), "restoration", "38(1)", id="something stands"),
            pytest.param(replace(NOTHING, proposals=1), "proposal", "27(2)", id="an undecided proposal"),
            pytest.param(replace(NOTHING, cases=1), "case", "34(1)", id="a hold or a case"),
        ],
    )
    def test_each_thing_left_keeps_it_open(self, left: Leftovers, waiting: Waiting, article: str) -> None:
        """It is named, and refused with its article."""
        assert closing_waits_for(left) == (waiting,)
        with pytest.raises(Refused) as refused:
            must_close(left)
        assert refused.value.article == article


class TestErasure:
    """Art. 44(6): personal data go when their time is over and nothing needs them."""

    @pytest.mark.parametrize(
        ("today", "owed", "blocked_by"),
        [
            pytest.param("2037-03-31", 0, (), id="the day before"),
            pytest.param("2037-04-01", 1, (), id="one yen is owed"),
            pytest.param("2037-04-01", 0, ("hold",), id="a legal hold"),
        ],
    )
    def test_not_yet(self, today: str, owed: int, blocked_by: tuple[CaseKind, ...]) -> None:
        """Each of the three is enough."""
        with pytest.raises(Refused) as refused:
            must_erase(erasable_from_on=day("2037-04-01"), today=day(today), owed=owed, blocked_by=blocked_by)
        assert refused.value.article == "44(6)"

    @pytest.mark.parametrize("today", ["2037-04-01", "2040-01-01"])
    def test_from_the_day_on(self, today: str) -> None:
        """The day itself counts, and every later one."""
        must_erase(erasable_from_on=day("2037-04-01"), today=day(today), owed=0, blocked_by=())


class TestErasureByDecision:
    """People may waive what is left of our own period, never a day of a statute (44(6), A68)."""

    LONG = retention(
        TERMS.with_overrides({"retention_years": 15}),
        ended_on=day("2026-05-31"),
        last_invoice_month="2026-06",
        loss_year=False,
    )

    @pytest.mark.parametrize(
        ("own", "loss_year", "first"),
        [
            pytest.param(15, False, "2037-04-01", id="our-period-is-longer"),
            pytest.param(10, False, "2037-04-01", id="as-long-as-the-companies-act's"),
            pytest.param(0, False, "2037-04-01", id="shorter"),
            pytest.param(15, True, "2037-06-01", id="of-a-loss-year"),
        ],
    )
    def test_the_first_day(self, own: int, first: str, *, loss_year: bool) -> None:
        """The day after the last period of a statute."""
        terms = TERMS.with_overrides({"retention_years": own})
        found = retention(terms, ended_on=day("2026-05-31"), last_invoice_month="2026-06", loss_year=loss_year)
        assert erasable_by_decision_from(found) == day(first)
        assert erasable_by_decision_from(found) <= found.erasable_from_on

    def test_from_that_day_on(self) -> None:
        """Years before it would come by itself."""
        assert self.LONG.erasable_from_on == day("2042-04-01")
        must_erase_by_decision(self.LONG, today=day("2037-04-01"), closed=True, owed=0, blocked_by=())

    @pytest.mark.parametrize(
        ("today", "closed", "owed", "blocked_by"),
        [
            pytest.param("2037-03-31", True, 0, (), id="the-last-day-of-a-statute"),
            pytest.param("2037-04-01", False, 0, (), id="not-closed"),
            pytest.param("2037-04-01", True, 1, (), id="a-debt"),
            pytest.param("2037-04-01", True, 0, ("hold",), id="a-hold"),
        ],
    )
    def test_not_yet(self, today: str, owed: int, blocked_by: tuple[CaseKind, ...], *, closed: bool) -> None:
        """Each of the four is enough."""
        with pytest.raises(Refused) as refused:
            must_erase_by_decision(self.LONG, today=day(today), closed=closed, owed=owed, blocked_by=blocked_by)
        assert refused.value.article == "44(6)"

    def test_the_last_day_is_named(self) -> None:
        """Kept through 31 March, erased from 1 April."""
        with pytest.raises(Refused, match="2037年3月31日まで"):
            must_erase_by_decision(self.LONG, today=day("2036-01-01"), closed=True, owed=0, blocked_by=())


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
