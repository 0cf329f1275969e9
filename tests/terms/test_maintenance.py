"""Art. 15(1)(3), 15(2): the announcement of planned work, and who agrees to an interruption."""

from datetime import timedelta
from typing import get_args

import pytest

from terms.citation import Article
from terms.maintenance import EventKind, Verdict, maintenance_notice, second_person_by
from tests.terms.oracles import TERMS, day, each_day


class TestArticle15Paragraph2:
    """Four weeks ahead, counted back from the day of work; no holiday moves it."""

    @pytest.mark.parametrize(
        ("noticed_on", "verdict"),
        [
            pytest.param("2026-09-20", "on_time", id="a-day-early"),
            pytest.param("2026-09-21", "on_time", id="29-days"),
            pytest.param("2026-09-22", "warning", id="28-days"),
            pytest.param("2026-09-23", "late", id="27-days"),
            pytest.param("2026-10-21", "late", id="after-the-work"),
        ],
    )
    def test_the_verdict(self, noticed_on: str, verdict: Verdict) -> None:
        """28 clear days are on time, 28 days a warning, fewer late. 21 and 22 September 2026 are holidays."""
        found = maintenance_notice(TERMS, work_on=day("2026-10-20"), noticed_on=day(noticed_on))
        assert (found.plan_by_on, found.latest_on) == (day("2026-09-21"), day("2026-09-22"))
        assert found.verdict == verdict
        assert found.steps[-1].startswith("告知は")

    def test_without_an_announcement_there_is_no_verdict(self) -> None:
        """The days are known before anybody announced anything."""
        found = maintenance_notice(TERMS, work_on=day("2026-10-20"))
        assert found.verdict is None
        assert len(found.steps) == 2

    def test_every_day_of_seven_years(self) -> None:
        """Always 29 and 28 days."""
        for work_on in each_day():
            found = maintenance_notice(TERMS, work_on=work_on)
            assert work_on - found.plan_by_on == timedelta(days=29)
            assert work_on - found.latest_on == timedelta(weeks=4)


class TestArticle15Paragraph1:
    """What is merely held necessary, and what comes without notice, needs a second person."""

    @pytest.mark.parametrize("kind", get_args(EventKind))
    def test_every_kind(self, kind: EventKind) -> None:
        """15(1)(3) always, the others by 15(2) where no notice was given."""
        with_notice, without = (second_person_by(kind, without_notice=each) for each in (False, True))
        necessary = kind == "necessary"
        assert with_notice == (Article(15, 1, 3) if necessary else None)
        assert without == (Article(15, 1, 3) if necessary else Article(15, 2))
