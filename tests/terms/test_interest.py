"""Art. 36, 37: late interest."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.interest import interest_yen, late_interest, parts_of
from terms.settings import Terms
from tests.terms.oracles import ONE, TERMS, day, each_day, is_end_of_period, years_of_interest

FIXED = TERMS.with_overrides({"daycount": "FIXED365"})
DUE = st.dates(min_value=date(2026, 3, 1), max_value=date(2040, 12, 31))
PRINCIPAL = st.integers(0, 10**15)
RATE = Fraction("0.145")


def yen(principal: int, due_on: str, paid_on: str) -> int:
    """Return late interest in yen."""
    return late_interest(TERMS, principal=principal, due_on=day(due_on), paid_on=day(paid_on)).interest


class TestArticle36:
    """14.5 % a year from the day after the due day to the day of payment."""

    @pytest.mark.parametrize(
        ("paid_on", "days", "interest"),
        [
            pytest.param("2026-09-29", 0, 0, id="the-day-before"),
            pytest.param("2026-09-30", 0, 0, id="the-due-day"),
            # 200,000 × 0.145 / 365 = 79.45 a day
            pytest.param("2026-10-01", 1, 79, id="the-day-after"),
            pytest.param("2026-10-20", 20, 1589, id="twenty-days"),
        ],
    )
    def test_it_starts_the_day_after_the_due_day(self, paid_on: str, days: int, interest: int) -> None:
        """Paid by the due day it is nothing; the payment day counts."""
        found = late_interest(TERMS, principal=200_000, due_on=day("2026-09-30"), paid_on=day(paid_on))
        assert (found.days, found.interest, bool(found.parts)) == (days, interest, days > 0)

    @pytest.mark.parametrize(
        ("due_on", "paid_on", "interest"),
        [
            pytest.param("2026-12-31", "2027-12-30", 1_000_000 * 145 * 364 // 365_000, id="a-day-short-of-a-year"),
            pytest.param("2026-12-31", "2027-12-31", 145_000, id="a-common-year"),
            pytest.param("2027-12-31", "2028-12-30", 1_000_000 * 145 * 365 // 366_000, id="a-day-short-of-a-leap-year"),
            pytest.param("2027-12-31", "2028-12-31", 145_000, id="a-leap-year"),
            pytest.param("2027-12-31", "2029-01-01", 145_397, id="a-leap-year-and-a-day"),
            pytest.param("2028-02-28", "2029-02-27", 144_666, id="from-a-leap-day-a-day-short"),
            pytest.param("2028-02-28", "2029-02-28", 145_000, id="from-a-leap-day"),
            pytest.param("2028-02-29", "2029-02-28", 145_000, id="from-the-first-of-March"),
        ],
    )
    def test_a_whole_year_bears_the_yearly_rate(self, due_on: str, paid_on: str, interest: int) -> None:
        """A million bears exactly 145,000 yen in a year, leap or common."""
        # From 29 February 2028 to 27 February 2029: 307/366 + 58/365 years.
        assert yen(1_000_000, due_on, paid_on) == interest

    def test_every_due_day_of_seven_years(self) -> None:
        """Years by anniversary and days by calendar year, told a second time day by day."""
        for due_on in each_day():
            for days in (1, 59, 364, 365, 366, 367, 730, 731, 1461, 1462):
                paid_on = due_on + timedelta(days=days)
                expected = 10**9 * RATE * years_of_interest(due_on, paid_on)
                found = interest_yen(TERMS, principal=10**9, due_on=due_on, paid_on=paid_on)
                assert found == expected.numerator // expected.denominator, (due_on, paid_on)

    @given(due_on=DUE, days=st.integers(1, 4000))
    def test_the_parts_cover_the_time_once(self, due_on: date, days: int) -> None:
        """Whole years first, then at most two calendar years of days, in the order of time, none of zero."""
        parts = parts_of("CALENDAR", due_on, due_on + timedelta(days=days))
        years = parts[0].years or 0
        rest = [part for part in parts if part.days is not None]
        assert parts == (*(part for part in parts if part.years), *rest)
        assert len(rest) <= 2
        assert all(part.days and part.basis in {365, 366} for part in rest)
        last_of_years = due_on + timedelta(days=days - sum(part.days or 0 for part in rest))
        assert last_of_years == due_on if not years else is_end_of_period(due_on + ONE, last_of_years, 12 * years)

    @given(principal=PRINCIPAL, due_on=DUE, first=st.integers(0, 400), second=st.integers(0, 400))
    def test_fixed_days_add_up_over_split_periods(self, principal: int, due_on: date, first: int, second: int) -> None:
        """Over 365 days a year two stretches weigh together what the whole does, before the cut."""
        middle, last = due_on + timedelta(days=first), due_on + timedelta(days=first + second)
        assert _years("FIXED365", due_on, middle) + _years("FIXED365", middle, last) == _years("FIXED365", due_on, last)
        whole = interest_yen(FIXED, principal=principal, due_on=due_on, paid_on=last)
        split = interest_yen(FIXED, principal=principal, due_on=due_on, paid_on=middle)
        split += interest_yen(FIXED, principal=principal, due_on=middle, paid_on=last)
        assert split <= whole <= split + 1

    @given(due_on=DUE, first=st.integers(0, 182), second=st.integers(0, 182))
    def test_calendar_days_add_up_where_no_year_is_whole(self, due_on: date, first: int, second: int) -> None:
        """Each day weighs by its own calendar year, however the stretch is split."""
        middle, last = due_on + timedelta(days=first), due_on + timedelta(days=first + second)
        assert _years("CALENDAR", due_on, middle) + _years("CALENDAR", middle, last) == _years("CALENDAR", due_on, last)

    @given(principal=PRINCIPAL, due_on=DUE, days=st.integers(0, 3000))
    def test_interest_never_falls_from_a_day_to_the_next(self, principal: int, due_on: date, days: int) -> None:
        """A year that becomes whole costs no less than its days before."""
        today, tomorrow = due_on + timedelta(days=days), due_on + timedelta(days=days + 1)
        now = interest_yen(TERMS, principal=principal, due_on=due_on, paid_on=today)
        assert now <= interest_yen(TERMS, principal=principal, due_on=due_on, paid_on=tomorrow)

    def test_fixed_days_know_no_years(self) -> None:
        """366 days over 365 cost more than a year."""
        found = late_interest(FIXED, principal=1_000_000, due_on=day("2027-12-31"), paid_on=day("2028-12-31"))
        assert [(part.years, part.days, part.basis) for part in found.parts] == [(None, 366, 365)]
        assert found.interest == 145_397
        assert found.settings == {"daycount": "FIXED365"}

    @pytest.mark.parametrize("terms", [TERMS, FIXED], ids=["CALENDAR", "FIXED365"])
    def test_paid_by_the_due_day_there_are_no_parts(self, terms: Terms) -> None:
        """On the due day and before it."""
        for paid_on in (day("2026-06-29"), day("2026-06-30")):
            found = late_interest(terms, principal=10**9, due_on=day("2026-06-30"), paid_on=paid_on)
            assert (found.days, found.parts, found.interest) == (0, (), 0)


class TestArticle37:
    """Cut off below one yen, once."""

    @pytest.mark.parametrize(("principal", "interest"), [(0, 0), (2517, 0), (2518, 1), (10**15, 397_260_273_972)])
    def test_one_day_of_interest(self, principal: int, interest: int) -> None:
        """2,517 yen bear 0.9999 yen a day, 2,518 yen 1.0003."""
        assert yen(principal, "2026-06-30", "2026-07-01") == interest

    def test_the_steps_tell_the_way(self) -> None:
        """Sum, days, parts and result; and that nothing is due if paid in time."""
        found = late_interest(TERMS, principal=110_000, due_on=day("2026-11-30"), paid_on=day("2028-01-31"))
        assert found.steps == (
            "元本¥110,000に2026年11月30日の翌日から2028年1月31日まで427日間の遅延損害金がかかります。",
            "期間の内訳は1年と31日（1年を365日として計算）と31日（1年を366日として計算）です。",
            "年14.5%で計算し、遅延損害金は¥18,655です（1円未満切捨て）。",
        )
        in_time = late_interest(TERMS, principal=110_000, due_on=day("2026-11-30"), paid_on=day("2026-11-30"))
        assert in_time.steps == ("お支払期限2026年11月30日までのお支払いのため、遅延損害金はかかりません。",)


def _years(daycount: str, due_on: date, paid_on: date) -> Fraction:
    assert daycount in {"CALENDAR", "FIXED365"}
    terms = FIXED if daycount == "FIXED365" else TERMS
    return sum((part.fraction for part in parts_of(terms.daycount, due_on, paid_on)), Fraction(0))
