"""Art. 28, 5(2): the penalty and the monthly amount it rests on."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.citation import InvalidRule, Refused
from terms.penalty import ChargeKind, Ground, must_lower_penalty, penalty, penalty_basis
from tests.terms.oracles import ONE, TERMS, day, last_of_month

DAYS = st.dates(min_value=date(2026, 3, 1), max_value=date(2033, 12, 31))
CHARGED: tuple[Ground, ...] = ("18(1)", "12(2)", "17(1)", "17(2)", "43(2)")
EXEMPT: tuple[Ground, ...] = ("14(2)", "18(2)", "18(3)")


def amount(ends_on: str, min_term_ends_on: str, monthly: int = 300_000, ground: Ground = "18(1)") -> int:
    """Return a penalty in yen."""
    found = penalty(TERMS, ground=ground, ends_on=day(ends_on), min_term_ends_on=day(min_term_ends_on), monthly=monthly)
    return found.penalty


class TestALowerSum:
    """28 fixes the most that can be asked; less, or nothing, is for people to decide."""

    @pytest.mark.parametrize("amount", [0, 1, 749_999])
    def test_below_the_formula(self, amount: int) -> None:
        """Any sum below it."""
        must_lower_penalty(due=750_000, amount=amount)

    @pytest.mark.parametrize("amount", [750_000, 750_001])
    def test_not_below_it(self, amount: int) -> None:
        """The same sum is no change, a higher one has no ground."""
        with pytest.raises(Refused, match="¥750,000") as refused:
            must_lower_penalty(due=750_000, amount=amount)
        assert refused.value.article == "28"


class TestArticle28Paragraph2:
    """From the day after the end to the last day of the minimum term, by months and days."""

    @pytest.mark.parametrize(
        ("ends_on", "min_term_ends_on", "expected"),
        [
            # 15/30 of June, all of July and August.
            pytest.param("2027-06-15", "2027-08-31", 750_000, id="half-a-month-and-two"),
            pytest.param("2027-08-30", "2027-08-31", 300_000 // 31, id="a-day-before-the-last"),
            pytest.param("2027-08-31", "2027-08-31", 0, id="on-the-last-day"),
            pytest.param("2027-09-01", "2027-08-31", 0, id="a-day-after-the-last"),
            pytest.param("2028-01-31", "2028-02-29", 300_000, id="a-whole-leap-February"),
            pytest.param("2028-01-31", "2028-02-28", 300_000 * 28 // 29, id="all-but-the-leap-day"),
        ],
    )
    def test_the_days_left_are_charged(self, ends_on: str, min_term_ends_on: str, expected: int) -> None:
        """Whole months at the monthly amount, days over the month's days."""
        assert amount(ends_on, min_term_ends_on) == expected

    @pytest.mark.parametrize("ground", CHARGED)
    def test_the_grounds_that_are_charged(self, ground: Ground) -> None:
        """Who leaves early pays, whoever ended the contract."""
        assert amount("2027-06-30", "2027-07-31", ground=ground) == 300_000

    @pytest.mark.parametrize("ground", EXEMPT)
    def test_the_grounds_that_are_free(self, ground: Ground) -> None:
        """Where the service could not be used or is discontinued nothing is due, and no day is named."""
        found = penalty(TERMS, ground=ground, monthly=300_000)
        assert (found.penalty, found.parts, found.from_on, found.to_on) == (0, (), None, None)
        assert found.tax_class == "non_taxable"

    def test_each_month_is_cut_off_by_itself(self) -> None:
        """100 yen: 50/3 and 100/31 give 16 and 3, though the sum is above 19."""
        found = penalty(
            TERMS, ground="17(1)", ends_on=day("2026-04-25"), min_term_ends_on=day("2026-05-01"), monthly=100
        )
        assert [(part.month, part.days, part.of, part.amount) for part in found.parts] == [
            ("2026-04", 5, 30, 16),
            ("2026-05", 1, 31, 3),
        ]
        assert (found.from_on, found.to_on) == (day("2026-04-26"), day("2026-05-01"))

    @given(ends_on=DAYS, min_term_ends_on=DAYS, monthly=st.integers(0, 10**7))
    def test_the_parts_are_the_days_left(self, ends_on: date, min_term_ends_on: date, monthly: int) -> None:
        """Counted day by day: each day after the end up to the term's last belongs to one part, none else."""
        counted: dict[str, int] = {}
        lengths: dict[str, int] = {}
        here = ends_on + ONE
        while here <= min_term_ends_on:
            month = here.isoformat()[:7]
            counted[month] = counted.get(month, 0) + 1
            lengths[month] = last_of_month(here).day
            here += ONE
        found = penalty(TERMS, ground="18(1)", ends_on=ends_on, min_term_ends_on=min_term_ends_on, monthly=monthly)
        expected = [(month, days, lengths[month], monthly * days // lengths[month]) for month, days in counted.items()]
        assert [(part.month, part.days, part.of, part.amount) for part in found.parts] == expected
        assert found.penalty == sum(part[3] for part in expected)

    @pytest.mark.parametrize("ground", CHARGED)
    def test_both_days_are_needed(self, ground: Ground) -> None:
        """A ground that is charged needs the end and the minimum term's end."""
        with pytest.raises(InvalidRule) as no_end:
            penalty(TERMS, ground=ground, monthly=1, min_term_ends_on=day("2027-08-31"))
        with pytest.raises(InvalidRule) as no_term:
            penalty(TERMS, ground=ground, monthly=1, ends_on=day("2027-08-31"))
        assert (no_end.value.pointer, no_term.value.pointer) == ("/ends_on", "/min_term_ends_on")

    def test_the_steps_tell_the_way(self) -> None:
        """Partial months stand one by one, whole ones together."""
        found = penalty(
            TERMS, ground="18(1)", ends_on=day("2027-06-15"), min_term_ends_on=day("2027-09-10"), monthly=300_000
        )
        assert found.steps == (
            "違約金の対象は2027年6月16日から最低利用期間満了日2027年9月10日までです。",
            "2027年6月分は30日のうち15日で¥150,000です。",
            "全日が対象となる月は2か月で、月額¥300,000を乗じて¥600,000です。",
            "2027年9月分は30日のうち10日で¥100,000です。",
            "違約金は合計¥850,000です。",
        )

    @pytest.mark.parametrize(("last", "months"), [("2027-07-31", 1), ("2027-09-30", 3)], ids=["one", "three"])
    def test_whole_months_stand_in_one_sentence(self, last: str, months: int) -> None:
        """However many there are."""
        found = penalty(TERMS, ground="18(1)", ends_on=day("2027-06-30"), min_term_ends_on=day(last), monthly=1000)
        assert found.steps[1:-1] == (f"全日が対象となる月は{months}か月で、月額¥1,000を乗じて¥{months},000です。",)


class TestArticle28Paragraph1:
    """Before service starts the whole term is charged."""

    @pytest.mark.parametrize(("months", "expected"), [(0, 0), (1, 17_280), (36, 622_080)])
    def test_the_term_is_multiplied(self, months: int, expected: int) -> None:
        """Nothing is prorated and no day is named."""
        found = penalty(TERMS, ground="28(1)", monthly=17_280, term_months=months)
        assert (found.penalty, found.parts, found.from_on, found.to_on) == (expected, (), None, None)

    def test_the_term_is_needed(self) -> None:
        """Without its months nothing can be multiplied, whatever days are given."""
        with pytest.raises(InvalidRule) as wrong:
            penalty(TERMS, ground="28(1)", monthly=1, min_term_ends_on=day("2027-08-31"), ends_on=day("2027-06-15"))
        assert wrong.value.pointer == "/term_months"


class TestPenaltyBasis:
    """The monthly amount: the fee, the mean of the last full months, or the cap (A12)."""

    @pytest.mark.parametrize(
        ("kind", "recent", "monthly"),
        [
            pytest.param("fixed", [1, 2], 900, id="the-fee-whatever-was-used"),
            pytest.param("capped", [], 5000, id="no-full-month-the-cap"),
            pytest.param("capped", [4000], 4000, id="one-month"),
            pytest.param("capped", [9999, 4000, 4000, 4001], 4000, id="the-last-three-cut-off"),
            pytest.param("capped", [4999, 5000, 5001], 5000, id="the-mean-is-the-cap"),
            pytest.param("capped", [5001, 5001, 5001], 5000, id="the-cap-is-lower"),
            pytest.param("metered", [], 0, id="nothing-used"),
            pytest.param("metered", [10, 11], 10, id="two-months-cut-off"),
            pytest.param("metered", [0, 0, 100], 33, id="months-without-use-count"),
        ],
    )
    def test_the_monthly_amount(self, kind: ChargeKind, recent: list[int], monthly: int) -> None:
        """Each kind of charge by its own reading; the fields of the others are ignored."""
        found = penalty_basis(TERMS, kind=kind, monthly_fee=900, monthly_cap=5000, recent_full_months=recent)
        assert found.monthly == monthly
        assert found.steps[0].endswith(f"¥{monthly:,}です。")

    @pytest.mark.parametrize(("kind", "field"), [("fixed", "/monthly_fee"), ("capped", "/monthly_cap")])
    def test_the_kind_asks_for_its_field(self, kind: ChargeKind, field: str) -> None:
        """A fixed charge without its fee, or a capped one without its cap, has no basis."""
        with pytest.raises(InvalidRule) as wrong:
            penalty_basis(TERMS, kind=kind, recent_full_months=[1])
        assert wrong.value.pointer == field

    def test_a_metered_charge_needs_neither(self) -> None:
        """It rests on use alone."""
        assert penalty_basis(TERMS, kind="metered", recent_full_months=[7]).monthly == 7
