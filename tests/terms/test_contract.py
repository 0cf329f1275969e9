"""Art. 5(1): the minimum term."""

from datetime import date

import pytest

from terms.contract import minimum_term_end
from tests.terms.oracles import TERMS, day, each_day, is_end_of_period


def end(billing_start_on: date, *, dedicated_cluster: bool = False) -> date:
    """Return the last day of a minimum term."""
    return minimum_term_end(TERMS, billing_start_on=billing_start_on, dedicated_cluster=dedicated_cluster).ends_on


class TestArticle5Paragraph1:
    """One month from the day charging starts, three years for a dedicated cluster."""

    @pytest.mark.parametrize(
        ("start", "ends_on"),
        [
            # Day 1 is 20 May; 20 June corresponds, so the term ends the day before.
            pytest.param("2026-05-20", "2026-06-19", id="mid-month"),
            pytest.param("2026-05-01", "2026-05-31", id="first-of-the-month"),
            pytest.param("2026-05-30", "2026-06-29", id="the-corresponding-day-is-the-last"),
            pytest.param("2026-05-31", "2026-06-30", id="no-corresponding-day"),
            pytest.param("2026-06-30", "2026-07-29", id="not-sticky-to-month-ends"),
            pytest.param("2026-12-31", "2027-01-30", id="over-the-years-end"),
            # 31 January 2027 is a Sunday, 3 May a holiday: a term that runs is never moved (民142).
            pytest.param("2027-01-01", "2027-01-31", id="a-Sunday-moves-nothing"),
            pytest.param("2027-04-04", "2027-05-03", id="a-holiday-moves-nothing"),
        ],
    )
    def test_a_month_ends_the_day_before_the_corresponding_day(self, start: str, ends_on: str) -> None:
        """The start day counts, and no holiday moves the end."""
        assert end(day(start)) == day(ends_on)

    @pytest.mark.parametrize(
        ("start", "ends_on"),
        [
            pytest.param("2026-04-10", "2029-04-09", id="general"),
            pytest.param("2028-02-28", "2031-02-27", id="the-day-before-a-leap-day"),
            pytest.param("2028-02-29", "2031-02-28", id="a-leap-day"),
            pytest.param("2028-03-01", "2031-02-28", id="the-day-after-a-leap-day"),
        ],
    )
    def test_a_dedicated_cluster_is_bound_for_three_years(self, start: str, ends_on: str) -> None:
        """The exception runs 36 months from the same day."""
        assert end(day(start), dedicated_cluster=True) == day(ends_on)

    @pytest.mark.parametrize(("dedicated_cluster", "months"), [(False, 1), (True, 36)], ids=["month", "cluster"])
    def test_every_start_keeps_the_words_of_the_civil_code(self, months: int, *, dedicated_cluster: bool) -> None:
        """On each day of seven years the end is the one that 民143(2) describes."""
        for start in each_day():
            assert is_end_of_period(start, end(start, dedicated_cluster=dedicated_cluster), months), start

    def test_the_steps_tell_the_way(self) -> None:
        """The derivation names the start, the length and the end."""
        steps = minimum_term_end(TERMS, billing_start_on=day("2026-05-20"), dedicated_cluster=False).steps
        assert steps == (
            "課金開始日は2026年5月20日で、最低利用期間はこの日から起算して1か月です。",
            "最低利用期間は2026年6月19日に満了します。",
        )
