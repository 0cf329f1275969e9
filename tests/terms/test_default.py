"""Art. 16(2): the announcement of a suspension."""

from datetime import datetime, timedelta

import pytest

from terms.default import suspension_notice
from terms.periods import at
from tests.terms.oracles import TERMS, day, each_day


class TestArticle16Paragraph2:
    """Seven days after the day of arrival in Japan (A32)."""

    @pytest.mark.parametrize(
        ("arrives_at", "earliest_on"),
        [
            pytest.param("2026-06-30T00:00:00+09:00", "2026-07-07", id="at-midnight"),
            pytest.param("2026-06-30T23:59:59+09:00", "2026-07-07", id="the-last-second"),
            pytest.param("2026-07-01T00:00:00+09:00", "2026-07-08", id="the-next-day"),
            pytest.param("2026-06-30T15:00:00+00:00", "2026-07-08", id="the-next-day-in-Japan"),
        ],
    )
    def test_the_earliest_day(self, arrives_at: str, earliest_on: str) -> None:
        """By the day, not the hour."""
        found = suspension_notice(TERMS, notice_arrives_at=datetime.fromisoformat(arrives_at))
        assert found.earliest_on == day(earliest_on)
        assert found.settings == {"suspend_lead_days": 7}

    @pytest.mark.parametrize("days", [0, 7, 365])
    def test_every_day_of_seven_years(self, days: int) -> None:
        """By the days that the reading sets; no holiday moves it."""
        terms = TERMS.with_overrides({"suspend_lead_days": days})
        for arrives_on in each_day():
            found = suspension_notice(terms, notice_arrives_at=at(arrives_on, 12))
            assert found.earliest_on == arrives_on + timedelta(days=days)
