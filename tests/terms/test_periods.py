"""Civil Code 138-143: days, months and years by the time of Japan."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms import periods
from tests.terms.oracles import ONE, day, each_day, is_end_of_period, last_of_month, month_number


class TestInstants:
    """The day of an instant is that in Japan."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-06-30T14:59:59+00:00", "2026-06-30"),
            ("2026-06-30T15:00:00+00:00", "2026-07-01"),
            ("2026-06-30T00:00:00+09:00", "2026-06-30"),
            ("2026-06-30T23:59:59+14:00", "2026-06-30"),
        ],
    )
    def test_the_day_of_an_instant(self, text: str, expected: str) -> None:
        """Midnight in Japan is 15:00 UTC."""
        assert periods.day_of(datetime.fromisoformat(text)) == day(expected)

    def test_an_instant_without_an_offset_has_no_day(self) -> None:
        """Nobody knows which it means."""
        with pytest.raises(ValueError, match="needs an offset"):
            periods.day_of(datetime(2026, 6, 30))  # noqa: DTZ001 (that is the point)

    def test_an_instant_of_a_day(self) -> None:
        """24:00 of a day is 0:00 of the next."""
        assert periods.at(day("2026-06-30") + ONE) == datetime(2026, 6, 30, 15, tzinfo=UTC)
        assert periods.at(day("2026-06-30"), 9, 5).isoformat() == "2026-06-30T09:05:00+09:00"


class TestMonths:
    """Calendar months."""

    def test_every_day_of_seven_years(self) -> None:
        """First and last days, numbers of days, the neighbouring months."""
        for here in each_day():
            last = last_of_month(here)
            assert periods.month_end(here) == last
            assert periods.days_in_month(here) == last.day
            assert periods.first_of_month(here) == here - (here.day - 1) * ONE
            assert periods.first_of_next_month(here) == last + ONE
            assert periods.year_end(here) == day(f"{here.year}-12-31")
            assert periods.days_in_year(here) == (day(f"{here.year}-12-31") - day(f"{here.year - 1}-12-31")).days
            assert periods.first_of(periods.month_of(here)) == periods.first_of_month(here)
            assert periods.last_of(periods.month_of(here)) == last

    @given(here=st.dates(day("1950-01-01"), day("2099-12-31")), months=st.integers(-500, 500))
    def test_months_are_added_and_taken_away(self, here: date, months: int) -> None:
        """The same-numbered day, or the last one of a shorter month."""
        first = periods.first_of_month_after(here, months)
        later = periods.add_months(here, months)
        assert (first.day, month_number(first)) == (1, month_number(here) + months)
        assert month_number(later) == month_number(first)
        assert later.day == here.day or (later.day < here.day and later == last_of_month(later))

    @given(first=st.dates(day("1950-01-01"), day("2099-12-31")), months=st.integers(0, 500))
    def test_a_period_of_months_keeps_the_civil_code(self, first: date, months: int) -> None:
        """The day before the corresponding day, else the last month's last day; a period of none is empty."""
        assert is_end_of_period(first, periods.end_of_months(first, months), months)
        assert periods.end_of_months(first, 0) == first - ONE

    @given(first=st.dates(day("2026-03-01"), day("2040-12-31")), years=st.integers(1, 50))
    def test_a_year_is_twelve_months(self, first: date, years: int) -> None:
        """Years go by the same rule."""
        assert periods.end_of_years(first, years) == periods.end_of_months(first, 12 * years)

    @pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "202601", "2026-01-01", "26-01", "２０２６-01"])
    def test_what_is_no_month(self, text: str) -> None:
        """Only YYYY-MM."""
        with pytest.raises(ValueError, match="not a month"):
            periods.first_of(text)

    @given(first=st.dates(day("2026-03-01"), day("2030-12-31")), days=st.integers(-1, 1000))
    def test_spans_cover_a_stretch_once(self, first: date, days: int) -> None:
        """One for each month, without gap or overlap; a stretch of no day has none."""
        last = first + timedelta(days=days)
        here = first
        for begins, stops in periods.month_spans(first, last):
            assert begins == here
            assert begins <= stops <= last
            assert (begins.year, begins.month) == (stops.year, stops.month)
            here = stops + ONE
        assert here == last + ONE
