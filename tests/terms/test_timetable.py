"""The minute of the day at which each kind of deadline acts."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from terms.periods import day_of
from terms.timetable import deletion_at, end_of, reminder_at, sweep_at
from tests.terms.oracles import ONE, day, each_day


class TestTheMinuteOfTheDay:
    """Contract end 0:00, deletion 0:10, sweep 6:00, reminders 9:00, by the time of Japan."""

    @pytest.mark.parametrize(
        ("act", "on", "instant"),
        [
            pytest.param(end_of, "2026-06-30", datetime(2026, 6, 30, 15, tzinfo=UTC), id="end: 24:00"),
            pytest.param(deletion_at, "2026-06-30", datetime(2026, 6, 29, 15, 10, tzinfo=UTC), id="deletion: 0:10"),
            pytest.param(sweep_at, "2026-06-30", datetime(2026, 6, 29, 21, tzinfo=UTC), id="sweep: 6:00"),
            pytest.param(reminder_at, "2026-06-30", datetime(2026, 6, 30, 0, tzinfo=UTC), id="reminder: 9:00"),
        ],
    )
    def test_each_kind_has_its_own(self, act: Callable[[date], datetime], on: str, instant: datetime) -> None:
        """Nine hours before the clock of Greenwich."""
        assert act(day(on)) == instant

    def test_no_two_of_a_day_come_together(self) -> None:
        """Two deadlines at one instant would have no order: on every day they stand apart, the last end first."""
        for each in each_day("2026-03-01", "2030-02-28"):
            instants = [end_of(each - ONE), deletion_at(each), sweep_at(each), reminder_at(each), end_of(each)]
            assert instants == sorted({*instants}), each

    def test_the_end_of_a_day_is_the_beginning_of_the_next(self) -> None:
        """24:00 of the last day: the next day's midnight, also over a year's end and a leap day."""
        for each in each_day("2027-12-01", "2028-03-01"):
            assert day_of(end_of(each)) == each + ONE
