"""Art. 24, 26, 37: usage, charges and the sum of an invoice."""

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.billing import InvoiceLine, InvoiceTotal, fixed_charge, invoice_total, metered_charge, usage_split
from terms.citation import InvalidRule
from terms.periods import JST, at
from terms.settings import TaxClass
from tests.terms.oracles import ONE, TERMS, day, last_of_month

HOUR = 3600
INSTANTS = st.integers(0, 3 * 365 * 24 * HOUR).map(lambda passed: at(day("2026-03-01")) + timedelta(seconds=passed))
LINES = st.lists(
    st.builds(
        InvoiceLine,
        amount=st.decimals(0, 10**6, places=3).map(str),
        tax_class=st.sampled_from(["taxable", "non_taxable", "exempt"]),
    )
)


def split(from_at: datetime, to_at: datetime) -> list[tuple[str, int]]:
    """Return the months and seconds of a stretch of use."""
    return [(each.month, each.seconds) for each in usage_split(TERMS, from_at=from_at, to_at=to_at).months]


class TestArticle24Paragraph2:
    """Calendar months of Japan, exact seconds."""

    @pytest.mark.parametrize(
        ("from_at", "to_at", "expected"),
        [
            pytest.param("2026-06-30T23:59:59+09:00", "2026-07-01T00:00:00+09:00", [("2026-06", 1)], id="to-midnight"),
            pytest.param(
                "2026-07-01T00:00:00+09:00", "2026-07-01T00:00:01+09:00", [("2026-07", 1)], id="from-midnight"
            ),
            pytest.param(
                "2026-06-30T14:59:59+00:00",
                "2026-06-30T15:00:01+00:00",
                [("2026-06", 1), ("2026-07", 1)],
                id="midnight-in-Japan-is-15-UTC",
            ),
            pytest.param("2026-07-01T00:00:00+09:00", "2026-06-30T15:00:00+00:00", [], id="no-time"),
            pytest.param(
                "2028-01-31T00:00:00+09:00",
                "2028-03-02T00:00:00+09:00",
                [("2028-01", 86_400), ("2028-02", 29 * 86_400), ("2028-03", 86_400)],
                id="over-a-leap-February",
            ),
        ],
    )
    def test_use_is_cut_at_month_ends_of_japan(self, from_at: str, to_at: str, expected: list[tuple[str, int]]) -> None:
        """Whatever offset the instants came with."""
        assert split(datetime.fromisoformat(from_at), datetime.fromisoformat(to_at)) == expected

    @given(ends=st.tuples(INSTANTS, INSTANTS).map(sorted), offset=st.integers(-14, 14))
    def test_no_second_is_lost(self, ends: list[datetime], offset: int) -> None:
        """The seconds of all months are those of the whole, each month comes once, and offsets change nothing."""
        first, last = ends
        months = split(first, last)
        assert sum(seconds for _, seconds in months) == (last - first).total_seconds()
        assert [month for month, _ in months] == sorted({month for month, _ in months})
        assert all(0 < seconds <= 31 * 86_400 for _, seconds in months)
        there = timezone(timedelta(hours=offset))
        assert split(first.astimezone(there), last.astimezone(UTC)) == months

    def test_an_end_before_the_beginning_is_wrong(self) -> None:
        """By a second."""
        start = datetime(2026, 6, 30, tzinfo=JST)
        with pytest.raises(InvalidRule) as wrong:
            usage_split(TERMS, from_at=start, to_at=start - timedelta(seconds=1))
        assert wrong.value.pointer == "/to_at"


class TestArticle26Paragraph1:
    """Time × price, cut off below one yen once."""

    @pytest.mark.parametrize(
        ("rate", "seconds", "quantity", "amount"),
        [
            pytest.param("2", 470 * HOUR, 1, 940, id="hours"),
            pytest.param("10", 359, 1, 0, id="a-second-short-of-a-yen"),
            pytest.param("10", 360, 1, 1, id="exactly-a-yen"),
            pytest.param("2.3", 50 * HOUR, 1, 115, id="binary-fractions-would-give-114"),
            pytest.param("0.025", 10 * HOUR, 7, 1, id="one-cut-after-the-quantity"),
            pytest.param("0.3", HOUR, "3.4", 1, id="a-decimal-quantity"),
            pytest.param("0.1", 10 * HOUR, "0.999", 0, id="a-quantity-below-one"),
        ],
    )
    def test_without_a_cap(self, rate: str, seconds: int, quantity: int | str, amount: int) -> None:
        """Exact, and never capped."""
        found = metered_charge(TERMS, rate=rate, seconds=seconds, quantity=quantity)
        assert (found.amount, found.capped) == (amount, False)


class TestArticle26Paragraph2:
    """From the cap hours on the cap; below, what has accrued, never more than the cap."""

    @pytest.mark.parametrize(
        ("seconds", "amount", "capped"),
        [
            pytest.param(470 * HOUR, 940, False, id="below"),
            pytest.param(480 * HOUR - 1, 959, False, id="a-second-before"),
            pytest.param(480 * HOUR, 960, True, id="at-the-cap-hours"),
            pytest.param(481 * HOUR, 960, True, id="above"),
        ],
    )
    def test_the_cap_hours(self, seconds: int, amount: int, *, capped: bool) -> None:
        """2 yen an hour, 480 hours, 960 yen."""
        found = metered_charge(TERMS, rate="2", cap_hours=480, monthly_cap=960, seconds=seconds)
        assert (found.amount, found.capped) == (amount, capped)

    @pytest.mark.parametrize(
        ("seconds", "amount", "capped"),
        [
            # 5,000 / 10.5 = 476.19 hours = 1,714,285.7 seconds.
            pytest.param(1_714_285, 4999, False, id="a-second-before-the-cap-is-reached"),
            pytest.param(1_714_286, 5000, True, id="the-cap-is-reached"),
            pytest.param(480 * HOUR - 1, 5000, True, id="before-the-cap-hours"),
        ],
    )
    def test_what_accrues_never_passes_the_cap(self, seconds: int, amount: int, *, capped: bool) -> None:
        """Rate × cap hours is above the cap (item VM-T)."""
        found = metered_charge(TERMS, rate="10.5", cap_hours=480, monthly_cap=5000, seconds=seconds)
        assert (found.amount, found.capped) == (amount, capped)

    def test_at_the_cap_hours_the_cap_is_due_though_less_accrued(self) -> None:
        """9.9 × 500 = 4,950, but 5,000 is the flat price."""
        found = metered_charge(TERMS, rate="9.9", cap_hours=500, monthly_cap=5000, seconds=500 * HOUR)
        assert (found.amount, found.capped) == (5000, True)

    def test_a_decimal_cap_is_cut_off_after_the_quantity(self) -> None:
        """9.6 yen × 33 GB = 316.8."""
        found = metered_charge(TERMS, rate="0.02", cap_hours=480, monthly_cap="9.6", seconds=480 * HOUR, quantity=33)
        assert found.amount == 316
        assert found.steps[1] == "上限に達したため、月額上限料金を適用します。"

    def test_cap_and_hours_go_together(self) -> None:
        """One alone is wrong, and the answer names the one that is missing."""
        with pytest.raises(InvalidRule) as no_hours:
            metered_charge(TERMS, rate="1", seconds=1, monthly_cap=5)
        with pytest.raises(InvalidRule) as no_cap:
            metered_charge(TERMS, rate="1", seconds=1, cap_hours=5)
        assert (no_hours.value.pointer, no_cap.value.pointer) == ("/cap_hours", "/monthly_cap")

    @given(
        rate=st.decimals(0, 100, places=2).map(str),
        cap_hours=st.integers(1, 744),
        monthly_cap=st.integers(0, 10_000),
        seconds=st.integers(0, 744 * HOUR),
        quantity=st.integers(0, 100),
    )
    def test_a_month_never_costs_more_than_the_cap(
        self, rate: str, cap_hours: int, monthly_cap: int, seconds: int, quantity: int
    ) -> None:
        """Capped is what reaches it; below, the exact product is cut off once."""
        found = metered_charge(
            TERMS, rate=rate, cap_hours=cap_hours, monthly_cap=monthly_cap, seconds=seconds, quantity=quantity
        )
        exact = Fraction(rate) * seconds * quantity / HOUR
        most = monthly_cap * quantity
        assert found.amount <= most
        if found.capped:
            assert found.amount == most
        else:
            assert found.amount == exact.numerator // exact.denominator
            assert seconds < cap_hours * HOUR


class TestFixedCharge:
    """26(3): first and last day are charged; prorated by the month's days (A46, A78)."""

    @pytest.mark.parametrize(
        ("from_on", "to_on", "days", "amount"),
        [
            pytest.param(None, None, 30, 900_000, id="whole-month"),
            pytest.param("2026-04-01", "2026-04-30", 30, 900_000, id="its-first-and-last-day"),
            pytest.param("2026-04-02", None, 29, 870_000, id="from-the-second"),
            pytest.param(None, "2026-04-29", 29, 870_000, id="to-the-last-but-one"),
            pytest.param("2026-03-31", "2026-05-01", 30, 900_000, id="over-both-ends"),
            pytest.param("2026-04-30", "2026-05-31", 1, 30_000, id="the-last-day-only"),
            pytest.param("2026-03-01", "2026-04-01", 1, 30_000, id="the-first-day-only"),
            pytest.param("2026-05-01", None, 0, 0, id="begins-the-day-after"),
            pytest.param(None, "2026-03-31", 0, 0, id="ended-the-day-before"),
            pytest.param("2026-05-01", "2026-06-30", 0, 0, id="later-altogether"),
        ],
    )
    def test_the_days_of_the_month(self, from_on: str | None, to_on: str | None, days: int, amount: int) -> None:
        """900,000 yen a month in April, which has 30 days."""
        begins, stops = (None if each is None else day(each) for each in (from_on, to_on))
        found = fixed_charge(TERMS, monthly_fee=900_000, month="2026-04", prorated=True, from_on=begins, to_on=stops)
        assert (found.days, found.of, found.amount) == (days, 30, amount)
        whole = fixed_charge(TERMS, monthly_fee=900_000, month="2026-04", prorated=False, from_on=begins, to_on=stops)
        assert (whole.days, whole.amount) == (days, 900_000 if days else 0)

    @given(
        first=st.dates(date(2026, 3, 1), date(2028, 12, 31)),
        days=st.integers(0, 100),
        fee=st.integers(0, 10**7),
        month=st.dates(date(2026, 3, 1), date(2028, 12, 31)),
    )
    def test_days_are_counted_one_by_one(self, first: date, days: int, fee: int, month: date) -> None:
        """Each day of the stretch that lies in the month."""
        last = first + timedelta(days=days)
        counted = sum((each.year, each.month) == (month.year, month.month) for each in _stretch(first, last))
        found = fixed_charge(TERMS, monthly_fee=fee, month=f"{month:%Y-%m}", prorated=True, from_on=first, to_on=last)
        of = last_of_month(month).day
        assert (found.days, found.of, found.amount) == (counted, of, fee * counted // of)

    def test_an_end_before_the_beginning_is_wrong(self) -> None:
        """By a day; the same day is one day."""
        with pytest.raises(InvalidRule) as wrong:
            fixed_charge(
                TERMS,
                monthly_fee=1,
                month="2026-04",
                prorated=True,
                from_on=day("2026-04-10"),
                to_on=day("2026-04-09"),
            )
        assert wrong.value.pointer == "/to_on"


class TestInvoiceTotal:
    """24(4), 37: lines cut off, then the tax once for each rate."""

    def test_the_example_of_the_specification(self) -> None:
        """710.4 + 1,985.25 + 960."""
        found = _total(("710.4", "taxable"), ("1985.25", "taxable"), ("960", "taxable"))
        assert found.lines == (710, 1985, 960)
        assert [(each.rate_percent, each.base, each.tax) for each in found.rates] == [(10, 3655, 365)]
        assert (found.non_taxed, found.total) == (0, 4020)

    def test_other_classes_bear_no_tax(self) -> None:
        """They stand in a sum of their own, and without a taxable line there is no rate."""
        found = _total(("100.9", "non_taxable"), ("20.9", "exempt"))
        assert (found.rates, found.non_taxed, found.total) == ((), 120, 120)

    def test_an_invoice_without_lines_is_nothing(self) -> None:
        """Zero, without a rate."""
        found = _total()
        assert (found.lines, found.rates, found.non_taxed, found.total) == ((), (), 0, 0)
        assert found.steps == ("税抜明細0件をそれぞれ1円未満切捨てで計算します。", "合計は¥0です。")

    @given(lines=LINES, data=st.data())
    def test_the_order_of_lines_does_not_matter(self, lines: list[InvoiceLine], data: st.DataObject) -> None:
        """Rates, untaxed sum and total are the same for every order, and tax is below one yen off the exact one."""
        found = invoice_total(TERMS, lines=lines, supplied_on=day("2026-06-30"))
        other = invoice_total(TERMS, lines=data.draw(st.permutations(lines)), supplied_on=day("2026-06-30"))
        assert (found.rates, found.non_taxed, found.total) == (other.rates, other.non_taxed, other.total)
        taxed = sum(each.base + each.tax for each in found.rates)
        assert found.total == taxed + found.non_taxed
        assert all(10 * each.tax <= each.base < 10 * (each.tax + 1) for each in found.rates)


def _total(*lines: tuple[str, TaxClass]) -> InvoiceTotal:
    drawn = [InvoiceLine(amount=amount, tax_class=tax_class) for amount, tax_class in lines]
    return invoice_total(TERMS, lines=drawn, supplied_on=day("2026-06-30"))


def _stretch(first: date, last: date) -> list[date]:
    return [first + ONE * passed for passed in range((last - first).days + 1)]
