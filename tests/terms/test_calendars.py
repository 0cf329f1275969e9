"""Open and closed days: business, bank and post, on the holidays of Japan."""

from collections.abc import Callable
from datetime import date

import pytest

from activities.gateways.calendars import JapanCalendars, holidays_of
from terms.calendars import (
    CalendarUnknown,
    add_bank_days,
    add_business_days,
    next_bank_day,
    next_business_day,
    next_delivery_day,
    previous_bank_day,
    previous_business_day,
)
from tests.terms.oracles import (
    BANK_DAYS_OFF,
    BUSINESS_DAYS_OFF,
    CALENDARS,
    ONE,
    day,
    each_day,
    is_closed,
    japanese_holidays,
    moved_back,
    moved_on,
)


class TestHolidays:
    """The package's holidays against the law on them, told a second time."""

    @pytest.mark.parametrize("year", range(2026, 2100))
    def test_every_known_year(self, year: int) -> None:
        """National, substitute and citizens' holidays; equinoxes by formula."""
        assert holidays_of(year) == japanese_holidays(year)

    def test_the_official_days_of_2026(self) -> None:
        """As published: with a substitute on 6 May and a citizens' holiday on 22 September."""
        published = "0101 0112 0211 0223 0320 0429 0503 0504 0505 0506 0720 0811 0921 0922 0923 1012 1103 1123"
        assert sorted(f"{each:%m%d}" for each in holidays_of(2026)) == published.split()

    def test_later_years_keep_their_substitutes(self) -> None:
        """21 March 2027 is a Sunday: the Monday after is a holiday; 2 January is none."""
        calendars = JapanCalendars()
        assert calendars.is_holiday(day("2027-03-22"))
        assert not calendars.is_holiday(day("2027-01-02"))


class TestOpenDays:
    """Three calendars on one list."""

    @pytest.mark.parametrize(
        ("text", "business", "bank", "post"),
        [
            pytest.param("2026-12-28", True, True, True, id="a-Monday-in-December"),
            pytest.param("2026-12-29", False, True, True, id="the-first-day-off-of-business"),
            pytest.param("2026-12-30", False, True, True, id="the-last-bank-day"),
            pytest.param("2026-12-31", False, False, True, id="the-last-day-of-the-year"),
            pytest.param("2027-01-01", False, False, False, id="New-Year"),
            pytest.param("2029-01-02", False, False, True, id="a-Tuesday-after-New-Year"),
            pytest.param("2029-01-03", False, False, True, id="the-last-day-off"),
            pytest.param("2029-01-04", True, True, True, id="the-first-day-of-work"),
            pytest.param("2026-06-06", False, False, False, id="a-Saturday"),
            pytest.param("2026-06-07", False, False, False, id="a-Sunday"),
            pytest.param("2026-06-08", True, True, True, id="a-Monday"),
            pytest.param("2026-07-20", False, False, False, id="a-holiday"),
        ],
    )
    def test_who_is_open(self, text: str, *, business: bool, bank: bool, post: bool) -> None:
        """Registered post is delivered on any of them."""
        here = day(text)
        assert CALENDARS.is_business_day(here) == business
        assert CALENDARS.is_bank_day(here) == bank
        assert CALENDARS.is_delivery_day(here, registered=False) == post
        assert CALENDARS.is_delivery_day(here, registered=True)

    def test_every_day_of_seven_years(self) -> None:
        """Open days, and the nearest ones on and back."""
        for here in each_day():
            assert CALENDARS.is_business_day(here) != is_closed(here, BUSINESS_DAYS_OFF)
            assert CALENDARS.is_bank_day(here) != is_closed(here, BANK_DAYS_OFF)
            assert next_business_day(CALENDARS, here) == moved_on(here, BUSINESS_DAYS_OFF)
            assert previous_business_day(CALENDARS, here) == moved_back(here, BUSINESS_DAYS_OFF)
            assert next_bank_day(CALENDARS, here) == moved_on(here, BANK_DAYS_OFF)
            assert previous_bank_day(CALENDARS, here) == moved_back(here, BANK_DAYS_OFF)
            assert next_delivery_day(CALENDARS, here, registered=False) == moved_on(here, set())
            assert next_delivery_day(CALENDARS, here, registered=True) == here

    @pytest.mark.parametrize(
        ("add", "days_off"), [(add_business_days, BUSINESS_DAYS_OFF), (add_bank_days, BANK_DAYS_OFF)]
    )
    def test_days_are_added_one_by_one(
        self, add: Callable[[JapanCalendars, date, int], date], days_off: set[tuple[int, int]]
    ) -> None:
        """The day itself is not counted, wherever it lies; none added is the day itself."""
        for here in each_day("2026-03-01", "2028-12-31"):
            expected = here
            assert add(CALENDARS, here, 0) == here
            for days in range(1, 6):
                expected = moved_on(expected + ONE, days_off)
                assert add(CALENDARS, here, days) == expected, (here, days)

    def test_the_day_after_the_last_known_one(self) -> None:
        """No calendar guesses; only registered post needs none."""
        last, beyond = day("2099-12-30"), day("2100-01-01")
        assert CALENDARS.is_bank_day(last)
        questions: tuple[Callable[[], bool], ...] = (
            lambda: CALENDARS.is_business_day(beyond),
            lambda: CALENDARS.is_bank_day(beyond),
            lambda: CALENDARS.is_delivery_day(beyond, registered=False),
        )
        for question in questions:
            with pytest.raises(CalendarUnknown) as unknown:
                question()
            assert str(unknown.value) == "the holidays of 2100-01-01 are not known (last day: 2099-12-31)"
        assert CALENDARS.is_delivery_day(beyond, registered=True)
