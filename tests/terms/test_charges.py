"""Charges by the thousand equal the rules, one by one (Art. 24(1), 24(2), 26, 37)."""

import math
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from terms.billing import InvoiceLine, fixed_charge, invoice_total, metered_charge
from terms.charges import (
    E4,
    Decimal4,
    HourlyPrice,
    days_within,
    decimal_text,
    fixed_part,
    hourly_charge,
    measured_text,
    parts_of_month,
    quantity_charge,
)
from terms.periods import days_in_month, first_of, last_of
from tests.terms.oracles import ONE, TERMS, day

HOUR = 3600
CAP = 480
MONTH_SECONDS = 31 * 24 * HOUR
DECIMALS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.decimals(0, 10**5, places=4, allow_nan=False, allow_infinity=False).map(lambda number: f"{number:f}"),
)
AMOUNTS = st.integers(0, 10**9)
EDGES = st.sampled_from([0, 1, CAP * HOUR - 1, CAP * HOUR, CAP * HOUR + 1, 1_714_285, 1_714_286])
SECONDS = st.one_of(st.integers(0, MONTH_SECONDS), EDGES)
DAYS = st.integers(0, 2 * 365).map(lambda passed: day("2026-03-01") + timedelta(days=passed))
MONTHS = DAYS.map(lambda some: f"{some:%Y-%m}")


class TestNumbers:
    """Decimal text as whole numbers."""

    @given(text=DECIMALS)
    def test_text_is_kept_exactly(self, text: str) -> None:
        """Digits over a power of ten are the number."""
        read = Decimal4.of(text)
        assert Fraction(read.digits, read.scale) == Fraction(text)

    @given(amount=AMOUNTS)
    def test_amounts_are_written_exactly(self, amount: int) -> None:
        """Sizes without needless zeros, measures with three decimals or the four they have."""
        size, measured = decimal_text(amount), measured_text(amount)
        assert Fraction(size) == Fraction(measured) == Fraction(amount, E4)
        assert "." not in size or not size.endswith("0")
        assert len(measured.partition(".")[2]) == (3 if amount % 10 == 0 else 4)

    @pytest.mark.parametrize(
        ("amount", "size", "measured"),
        [
            (0, "0", "0.000"),
            (1_314_550, "131.455", "131.455"),
            (1_495_300, "149.53", "149.530"),
            (5, "0.0005", "0.0005"),
        ],
    )
    def test_some_amounts(self, amount: int, size: str, measured: str) -> None:
        """As the samples write them."""
        assert (decimal_text(amount), measured_text(amount)) == (size, measured)


class TestArticle26Paragraph2:
    """Hourly prices and the monthly cap."""

    @given(rate=DECIMALS, cap=DECIMALS, cap_hours=st.integers(1, 744), seconds=SECONDS, quantity=AMOUNTS)
    @example(rate="10.5", cap="5000", cap_hours=CAP, seconds=1_714_285, quantity=E4)
    @example(rate="10.5", cap="5000", cap_hours=CAP, seconds=1_714_286, quantity=E4)
    @example(rate="1", cap="500", cap_hours=CAP, seconds=CAP * HOUR, quantity=E4)
    @example(rate="2", cap="900", cap_hours=CAP, seconds=450 * HOUR, quantity=E4)
    @example(rate="0.02", cap="9.6", cap_hours=CAP, seconds=CAP * HOUR, quantity=33 * E4)
    @example(rate="0.02", cap="9.6", cap_hours=CAP, seconds=CAP * HOUR - 1, quantity=33 * E4)
    def test_with_a_cap_it_is_the_rule(self, rate: str, cap: str, cap_hours: int, seconds: int, quantity: int) -> None:
        """Amount and `capped` are those of `metered-charge`, for any price, time and size."""
        price = HourlyPrice.of(rate=rate, cap_hours=cap_hours, monthly_cap=cap)
        rule = metered_charge(
            TERMS, rate=rate, seconds=seconds, quantity=Fraction(quantity, E4), cap_hours=cap_hours, monthly_cap=cap
        )
        assert hourly_charge(price, seconds, quantity) == (rule.amount, rule.capped)

    @given(rate=DECIMALS, seconds=SECONDS, quantity=AMOUNTS)
    def test_without_a_cap_it_is_the_rule(self, rate: str, seconds: int, quantity: int) -> None:
        """Nothing is ever capped."""
        rule = metered_charge(TERMS, rate=rate, seconds=seconds, quantity=Fraction(quantity, E4))
        assert hourly_charge(HourlyPrice.of(rate=rate), seconds, quantity) == (rule.amount, rule.capped)
        assert not rule.capped

    @given(seconds=SECONDS, more=SECONDS)
    def test_more_use_never_costs_less(self, seconds: int, more: int) -> None:
        """And never more than the cap."""
        price = HourlyPrice.of(rate="10.5", cap_hours=CAP, monthly_cap="5000")
        less, _ = hourly_charge(price, seconds, E4)
        assert less <= hourly_charge(price, seconds + more, E4)[0] <= 5000


class TestArticle24Paragraph1:
    """What is charged by quantity."""

    @given(rate=DECIMALS, amount=AMOUNTS)
    def test_one_floor(self, rate: str, amount: int) -> None:
        """Yen for an amount of use are the exact product, cut off once."""
        assert quantity_charge(Decimal4.of(rate), amount) == math.floor(Fraction(rate) * Fraction(amount, E4))


class TestArticle26Paragraph3:
    """Fixed fees and their days."""

    @given(fee=st.integers(0, 10**9), month=MONTHS, ends=st.tuples(DAYS, DAYS).map(sorted), prorated=st.booleans())
    def test_it_is_the_rule(self, fee: int, month: str, ends: list[date], prorated: bool) -> None:  # noqa: FBT001
        """Days and amount are those of `fixed-charge`, wherever the stretch lies."""
        from_on, to_on = ends
        first, last = first_of(month), last_of(month)
        days = days_within(first, last, from_on=from_on, to_on=to_on)
        rule = fixed_charge(TERMS, monthly_fee=fee, month=month, prorated=prorated, from_on=from_on, to_on=to_on)
        assert (days, days_in_month(first)) == (rule.days, rule.of)
        assert fixed_part(fee, days, days_in_month(first), prorated=prorated) == rule.amount

    @given(first=DAYS, last=DAYS, from_on=DAYS)
    def test_without_an_end_it_goes_on(self, first: date, last: date, from_on: date) -> None:
        """Every day from the first one is counted, one by one."""
        counted = sum(max(first, from_on) <= first + n * ONE for n in range((last - first).days + 1))
        assert days_within(first, last, from_on=from_on, to_on=None) == counted


class TestArticle24Paragraph2:
    """Months that new prices cut (A104)."""

    @given(month=MONTHS, starts=st.lists(DAYS, max_size=5))
    def test_the_parts_are_the_month(self, month: str, starts: list[date]) -> None:
        """Without gap or overlap, and one begins with every new list."""
        first, last = first_of(month), last_of(month)
        parts = parts_of_month(first, last, [*{*starts}])
        walked = [begin + n * ONE for begin, end in parts for n in range((end - begin).days + 1)]
        assert walked == [first + n * ONE for n in range(days_in_month(first))]
        assert [begin for begin, _ in parts] == sorted({first, *(each for each in starts if first < each <= last)})


class TestArticle37:
    """The sum of an invoice."""

    @given(
        amounts=st.lists(st.integers(0, 10**7), max_size=20),
        order=st.randoms(use_true_random=False),
    )
    def test_the_order_of_lines_changes_nothing(self, amounts: list[int], order: Random) -> None:
        """Taxes and total are the same whichever line comes first."""
        lines = [InvoiceLine(amount=amount, tax_class="taxable") for amount in amounts]
        other = [*lines]
        order.shuffle(other)
        one, two = (invoice_total(TERMS, lines=each, supplied_on=day("2026-06-30")) for each in (lines, other))
        assert (one.rates, one.total) == (two.rates, two.total)
        assert one.total == sum(amounts) + math.floor(Fraction(sum(amounts), 10))
