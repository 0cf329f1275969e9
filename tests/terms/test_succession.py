"""Art. 12(1): the successor's notice."""

from datetime import date, timedelta

import pytest

from terms.calendars import CalendarUnknown
from terms.succession import succession_deadline
from tests.terms.oracles import BUSINESS_DAYS_OFF, CALENDARS, TERMS, day, each_day, moved_on

FIRST_DAY_COUNTED = TERMS.with_overrides({"incl_first_day": True})


def deadline(succeeded_on: date) -> date:
    """Return the last day for the notice."""
    return succession_deadline(TERMS, CALENDARS, succeeded_on=succeeded_on).deadline_on


class TestArticle12Paragraph1:
    """Thirty days after the day of succession, then moved to a business day (民140, 142)."""

    @pytest.mark.parametrize(
        ("succeeded_on", "raw_on", "deadline_on"),
        [
            pytest.param("2026-06-10", "2026-07-10", "2026-07-10", id="a-Friday"),
            pytest.param("2026-06-11", "2026-07-11", "2026-07-13", id="from-Saturday"),
            # 1 to 3 May: Friday, Saturday, Sunday; 4 to 6 May are holidays.
            pytest.param("2026-04-01", "2026-05-01", "2026-05-01", id="the-day-before-Golden-Week"),
            pytest.param("2026-04-02", "2026-05-02", "2026-05-07", id="over-Golden-Week"),
            pytest.param("2026-11-28", "2026-12-28", "2026-12-28", id="the-last-business-day-of-the-year"),
            pytest.param("2026-11-29", "2026-12-29", "2027-01-04", id="the-first-day-off-of-the-year"),
        ],
    )
    def test_the_deadline(self, succeeded_on: str, raw_on: str, deadline_on: str) -> None:
        """The day of succession is not counted; a closed last day moves on."""
        found = succession_deadline(TERMS, CALENDARS, succeeded_on=day(succeeded_on))
        assert (found.raw_on, found.deadline_on) == (day(raw_on), day(deadline_on))

    def test_every_day_of_seven_years(self) -> None:
        """By a second telling of the holiday law."""
        for succeeded_on in each_day():
            raw_on = succeeded_on + timedelta(days=30)
            assert deadline(succeeded_on) == moved_on(raw_on, BUSINESS_DAYS_OFF), succeeded_on

    def test_with_the_first_day_counted_it_is_a_day_less(self) -> None:
        """The other reading: a merger takes effect at 0:00."""
        for succeeded_on in each_day("2026-03-01", "2027-12-31"):
            found = succession_deadline(FIRST_DAY_COUNTED, CALENDARS, succeeded_on=succeeded_on)
            assert found.raw_on == succeeded_on + timedelta(days=29)
            assert found.deadline_on == moved_on(found.raw_on, BUSINESS_DAYS_OFF)
            assert found.settings == {"incl_first_day": True}

    def test_beyond_the_calendar_it_is_unknown(self) -> None:
        """28 December 2099 is known; from the 29th on the next business day lies in 2100."""
        assert deadline(day("2099-11-28")) == day("2099-12-28")
        with pytest.raises(CalendarUnknown) as unknown:
            deadline(day("2099-11-29"))
        assert unknown.value.day == day("2100-01-01")
        assert "2100-01-01" in str(unknown.value)

    def test_the_steps_name_the_shift(self) -> None:
        """Only a deadline that was moved says so."""
        moved = succession_deadline(TERMS, CALENDARS, succeeded_on=day("2026-06-11")).steps
        stays = succession_deadline(TERMS, CALENDARS, succeeded_on=day("2026-06-10")).steps
        assert "2026年7月11日は休業日のため、翌営業日まで延びます。" in moved
        assert not any("休業日" in step for step in stays)
