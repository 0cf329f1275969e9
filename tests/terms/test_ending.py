"""Art. 14(2), 18, 28, 34(1): a contract's whole way out, with the penalty of all its lines to the yen."""

from datetime import datetime
from typing import Any

import pytest

from terms.citation import Refused
from terms.ending import (
    Departure,
    OrderedLine,
    RescissionGround,
    end_before_start,
    end_by_notice,
    end_by_rescission,
    end_specially,
    monthly_of,
)
from terms.notice import InPlace
from terms.periods import JST, at
from tests.terms.oracles import ONE, TERMS, day

AFTERNOON = datetime(2027, 1, 20, 14, 5, tzinfo=JST)


def line(code: str = "VM-S2", quantity: int = 1, **more: Any) -> OrderedLine:  # noqa: ANN401 (fields of any type)
    """Return an ordered line; without more it is metered, has no cap and no history."""
    told: dict[str, Any] = {"charge_type": "capped", "monthly_fee": None, "monthly_cap": None}
    term: dict[str, Any] = {"min_term_months": 1, "min_term_ends_on": None}
    return OrderedLine(code=code, quantity=quantity, **told | term | more)


def fixed(code: str, fee: int, quantity: int = 1, *, months: int = 36, ends_on: str | None = None) -> OrderedLine:
    """Return a line with a monthly fee, under a minimum term."""
    until = None if ends_on is None else day(ends_on)
    return line(code, quantity, charge_type="monthly", monthly_fee=fee, min_term_months=months, min_term_ends_on=until)


def by_paper(*lines: OrderedLine, arrived_at: datetime = AFTERNOON) -> Departure:
    """Return what follows from a paper notice."""
    return end_by_notice(TERMS, lines, arrived_at=arrived_at, form="paper")


class TestTheMonthlyAmountOfALine:
    """A12: what a line costs a month, for Art. 28."""

    @pytest.mark.parametrize(
        ("ordered", "monthly"),
        [
            pytest.param(fixed("DC-HOST", 280_000, 2), 560_000, id="fee-times-quantity"),
            pytest.param(fixed("SGW", 0), 0, id="free"),
            pytest.param(line("VM-S2", 3, monthly_cap="2880"), 8_640, id="cap-times-quantity"),
            # 33 GB at 9.6 yen are 316.8 yen.
            pytest.param(line("SNAP", 33, monthly_cap="9.6"), 316, id="cut-off-after-the-quantity"),
            pytest.param(
                line("VM-S2", 3, monthly_cap="2880", recent_full_months=(6_000, 7_000)), 6_500, id="mean-below-the-cap"
            ),
            pytest.param(
                line("VM-S2", 1, monthly_cap="2880", recent_full_months=(9_000,)), 2_880, id="mean-above-the-cap"
            ),
            pytest.param(line("NW-OUT"), 0, id="metered-without-a-full-month"),
            pytest.param(line("NW-OUT", recent_full_months=(100, 200, 301)), 200, id="metered-mean"),
        ],
    )
    def test_fee_cap_or_mean(self, ordered: OrderedLine, monthly: int) -> None:
        """The fixed fee; the cap or the mean of full months if that is lower; the mean alone, or nothing."""
        assert monthly_of(TERMS, ordered) == monthly

    def test_a_line_whose_fee_nobody_wrote_down_costs_nothing(self) -> None:
        """Nothing is made up."""
        assert monthly_of(TERMS, line("SGW", charge_type="monthly")) == 0


class TestArticle18Paragraph1:
    """By notice: the end with a month, the rest of each minimum term, the day of deletion."""

    def test_a_contract_without_a_term_left(self) -> None:
        """Notice on 20 January: gone on 28 February, 24:00, free of charge; data deleted from 30 days later on."""
        out = by_paper(fixed("SGW", 10_000, months=1, ends_on="2027-02-28"))
        assert (out.runs_out_on, out.ends_on, out.ends_at) == (
            day("2027-02-20"),
            day("2027-02-28"),
            at(day("2027-03-01")),
        )
        assert (out.penalty, out.delete_from_on) == (0, day("2027-03-30"))
        assert (out.ground, out.articles) == ("18(1)", ("18(1)", "28(2)", "34(1)"))
        assert out.settings == {"cancel_notice_rule": "EOM_PREV", "delete_grace_days": 30}

    def test_a_day_before_the_term_is_over(self) -> None:
        """The term ends on 1 March, the contract on 28 February: 1/31 of March is charged."""
        assert by_paper(fixed("SGW", 31_000, months=1, ends_on="2027-03-01")).penalty == 1_000

    def test_a_cluster_in_its_first_year(self) -> None:
        """One cluster and two more hosts until 13 April 2029: 25 months and 13 of 30 days of ¥1,460,000.

        25 × 1,460,000 = 36,500,000; 1,460,000 × 13 / 30 = 632,666.67, cut off.
        """
        term = "2029-04-13"
        out = by_paper(
            fixed("DC-STD", 900_000, ends_on=term),
            fixed("DC-HOST", 280_000, 2, ends_on=term),
            line("VM-S2", 8, monthly_cap="2880", min_term_ends_on=day("2026-05-13")),
        )
        assert out.penalty == 36_500_000 + 632_666
        assert any("¥37,132,666" in step for step in out.steps)

    def test_lines_of_one_term_are_one_amount(self) -> None:
        """100 and 101 yen for 1/31: together 6 yen, each by itself 3 and 3; the floor falls once a month's part."""
        one = by_paper(fixed("A", 100, months=1, ends_on="2027-03-01"), fixed("B", 101, months=1, ends_on="2027-03-01"))
        assert one.penalty == 201 // 31 == 6
        together = [fixed("A", 30, months=1, ends_on="2027-03-01"), fixed("B", 1, months=1, ends_on="2027-03-01")]
        assert by_paper(*together).penalty == 1 > 30 // 31 + 1 // 31

    def test_each_term_is_computed_by_itself(self) -> None:
        """Two clusters that began apart: each pays until its own last day, and the letter says the sum."""
        out = by_paper(fixed("DC-STD", 31_000, ends_on="2027-03-31"), fixed("DC-STD", 30_000, ends_on="2027-04-30"))
        assert out.penalty == 31_000 + (30_000 + 30_000)
        assert out.steps[-2] == "違約金の合計は¥91,000です。"

    def test_lines_that_never_began_pay_nothing(self) -> None:
        """Without a minimum term there is no rest of one."""
        assert by_paper(fixed("DC-STD", 900_000)).penalty == 0

    def test_the_day_of_arrival_is_japans(self) -> None:
        """15:30 in Greenwich on the 31st is the 1st of February in Japan, and a month later."""
        late = datetime.fromisoformat("2027-01-31T15:30:00+00:00")
        assert by_paper(arrived_at=late).ends_on == day("2027-03-31")

    def test_a_wish_is_kept(self) -> None:
        """A later month end moves the end, the penalty and the deletion."""
        term = fixed("DC-STD", 30_000, ends_on="2027-04-30")
        out = end_by_notice(TERMS, [term], arrived_at=AFTERNOON, form="e-signature", requested_end_on=day("2027-03-31"))
        assert (out.ends_on, out.penalty, out.delete_from_on) == (day("2027-03-31"), 30_000, day("2027-04-30"))

    def test_an_email_ends_nothing(self) -> None:
        """Not in writing."""
        with pytest.raises(Refused) as refused:
            end_by_notice(TERMS, [], arrived_at=AFTERNOON, form="email")
        assert refused.value.article == "18(1)"


class TestArticles14And18Paragraph2:
    """Special cancellation: 24:00 of the day of arrival, without penalty (A15, A106)."""

    @pytest.mark.parametrize("form", ["paper", "e-signature"])
    @pytest.mark.parametrize("ground", ["14(2)", "18(2)"])
    def test_in_writing_both_end_the_contract(self, ground: Any, form: Any) -> None:  # noqa: ANN401
        """The same day at 24:00; nothing to pay, whatever terms are left."""
        out = end_specially(TERMS, ground=ground, arrived_at=AFTERNOON, form=form)
        assert (out.ground, out.arrived_on, out.ends_on) == (ground, day("2027-01-20"), day("2027-01-20"))
        assert (out.runs_out_on, out.ends_at, out.penalty) == (None, at(day("2027-01-21")), 0)
        assert out.delete_from_on == day("2027-02-19")
        assert out.articles == (ground, "28(2)", "34(1)")

    @pytest.mark.parametrize("form", ["console", "email", "telephone"])
    def test_14_takes_any_record_and_18_wants_writing(self, form: Any) -> None:  # noqa: ANN401
        """A24: 通知 in the one clause, 書面 in the other."""
        assert end_specially(TERMS, ground="14(2)", arrived_at=AFTERNOON, form=form).penalty == 0
        with pytest.raises(Refused) as refused:
            end_specially(TERMS, ground="18(2)", arrived_at=AFTERNOON, form=form)
        assert refused.value.article == "18(2)"

    def test_the_last_minute_of_a_day(self) -> None:
        """Arrived at 23:59, over a minute later; arrived at 0:00, over a day later."""
        midnight = at(day("2027-01-21"))
        last = end_specially(
            TERMS, ground="18(2)", arrived_at=midnight.replace(day=20, hour=23, minute=59), form="paper"
        )
        first = end_specially(TERMS, ground="18(2)", arrived_at=midnight, form="paper")
        assert (last.ends_at, first.ends_at) == (midnight, midnight + ONE)


class TestArticle28Paragraph1:
    """Withdrawal before the start: the whole minimum term, at the instant of arrival (A11, A89)."""

    def test_36_months_for_the_cluster_and_one_for_the_rest(self) -> None:
        """36 × (900,000 + 280,000) and 1 × (10,000 + 8 × 2,880)."""
        out = end_before_start(
            TERMS,
            [
                line("VM-S2", 8, monthly_cap="2880"),
                fixed("DC-STD", 900_000),
                fixed("SGW", 10_000, months=1),
                fixed("DC-HOST", 280_000),
            ],
            arrived_at=AFTERNOON,
        )
        assert out.penalty == 36 * 1_180_000 + 33_040
        assert (out.ends_on, out.ends_at) == (day("2027-01-20"), AFTERNOON)
        assert out.articles == ("28(1)", "34(1)")
        assert out.steps[-2] == "違約金の合計は¥42,513,040です。"

    def test_a_contract_without_a_cluster_pays_a_month(self) -> None:
        """One term, one computation: no sum has to be named beside it."""
        out = end_before_start(TERMS, [fixed("SGW", 10_000, months=1)], arrived_at=AFTERNOON)
        assert out.penalty == 10_000
        assert not any("合計" in step for step in out.steps)


class TestArticle17Paragraph3:
    """By the provider's letter: at the instant of its arrival, that day inclusive, the rest of each term."""

    def test_a_cluster_in_its_first_year(self) -> None:
        """Arrived on 20 January 2027 at 14:05; the term runs until 19 February: 11 of 31 and 19 of 28 days."""
        out = end_by_rescission(
            TERMS, [fixed("DC-STD", 900_000, ends_on="2027-02-19")], ground="17(1)", arrived_at=AFTERNOON
        )
        assert (out.ends_on, out.ends_at) == (day("2027-01-20"), AFTERNOON)
        assert out.penalty == 900_000 * 11 // 31 + 900_000 * 19 // 28
        assert (out.ground, out.articles) == ("17(1)", ("17(1)", "28(2)", "34(1)"))
        assert out.delete_from_on == day("2027-02-19")
        assert "2027年1月20日" in out.steps[0]

    def test_after_the_term(self) -> None:
        """Nothing is left of it, so nothing is charged."""
        lines = [fixed("SGW", 10_000, months=1, ends_on="2027-01-20")]
        assert end_by_rescission(TERMS, lines, ground="17(1)", arrived_at=AFTERNOON).penalty == 0

    def test_a_successor(self) -> None:
        """12(2): the same moment and the same penalty, by its own clause."""
        lines = [fixed("DC-STD", 900_000, ends_on="2027-02-19")]
        out = end_by_rescission(TERMS, lines, ground="12(2)", arrived_at=AFTERNOON)
        assert (out.ground, out.articles) == ("12(2)", ("12(2)", "28(2)", "34(1)"))
        assert out.penalty == end_by_rescission(TERMS, lines, ground="17(1)", arrived_at=AFTERNOON).penalty
        assert "第12条第2項" in out.steps[0]

    @pytest.mark.parametrize(("ground", "clause"), [("17(2)", "第17条第3項"), ("43(2)", "第43条第2項")])
    def test_without_a_suspension(self, ground: RescissionGround, clause: str) -> None:
        """Art. 17(2), 43(2): the same moment and the same penalty."""
        lines = [fixed("DC-STD", 900_000, ends_on="2027-02-19")]
        out = end_by_rescission(TERMS, lines, ground=ground, arrived_at=AFTERNOON)
        assert (out.ground, out.articles, out.ends_at) == (ground, (ground, "28(2)", "34(1)"), AFTERNOON)
        assert out.penalty == end_by_rescission(TERMS, lines, ground="17(1)", arrived_at=AFTERNOON).penalty
        assert clause in out.steps[0]

    @pytest.mark.parametrize(
        ("ground", "in_place", "words"),
        [
            pytest.param("17(1)", "normal_time", "到達したものとみなし（第42条第2項）", id="normal-time"),
            pytest.param("43(2)", "decision", "解除は決定の時に効力を生じ", id="decision"),
        ],
    )  # fmt: skip
    def test_what_people_put_in_the_place_of_the_arrival(
        self, ground: RescissionGround, in_place: InPlace, words: str
    ) -> None:
        """The same end, in words that claim no real arrival (A35, A67)."""
        lines = [fixed("SGW", 10_000, months=1, ends_on="2027-01-20")]
        out = end_by_rescission(TERMS, lines, ground=ground, arrived_at=AFTERNOON, in_place=in_place)
        assert words in out.steps[0]
        assert (out.ends_at, out.penalty) == (AFTERNOON, 0)

    def test_before_service_starts(self) -> None:
        """28(1): no minimum term runs yet, so the whole of it is due (A10)."""
        lines = [fixed("DC-STD", 900_000, months=36), fixed("SGW", 10_000, months=1)]
        out = end_by_rescission(TERMS, lines, ground="43(2)", arrived_at=AFTERNOON)
        assert (out.articles, out.ends_on) == (("43(2)", "28(1)", "34(1)"), day("2027-01-20"))
        assert out.penalty == 36 * 900_000 + 10_000
