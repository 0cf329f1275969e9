"""Art. 38(2): damages for equipment that is not removed."""

from datetime import date, timedelta

import pytest

from terms.citation import InvalidRule
from terms.restoration import RestorationDamages, restoration_damages
from tests.terms.oracles import TERMS, day, each_day


def damages(ended_on: str, restored_on: str) -> RestorationDamages:
    """Return the damages at 10 yen an hour, capped at 5,000 yen from 500 hours on."""
    return restoration_damages(
        TERMS, ended_on=day(ended_on), restored_on=day(restored_on), rate="10", cap_hours=500, monthly_cap=5000
    )


class TestArticle38Paragraph2:
    """From the day after the end to the day of completion, 24 hours a day, a cap and a cut for each month."""

    @pytest.mark.parametrize(
        ("restored_on", "days", "amount"),
        [
            pytest.param("2026-06-29", 0, 0, id="the-day-before-the-end"),
            pytest.param("2026-06-30", 0, 0, id="on-the-end-day"),
            pytest.param("2026-07-01", 1, 240, id="the-day-after"),
            pytest.param("2026-07-20", 20, 4800, id="twenty-days"),
            pytest.param("2026-07-21", 21, 5000, id="504-hours-reach-the-cap"),
            pytest.param("2026-08-01", 32, 5240, id="into-the-next-month"),
        ],
    )
    def test_the_days_after_the_end(self, restored_on: str, days: int, amount: int) -> None:
        """Each month starts anew."""
        found = damages("2026-06-30", restored_on)
        assert (found.days, found.amount) == (days, amount)
        assert sum(each.hours for each in found.months) == 24 * days

    def test_each_month_is_cut_off(self) -> None:
        """24 hours at 0.03 yen are 0.72 in each of two months."""
        found = restoration_damages(TERMS, ended_on=day("2026-04-29"), restored_on=day("2026-05-01"), rate="0.03")
        assert [(each.month, each.hours, each.amount) for each in found.months] == [
            ("2026-04", 24, 0),
            ("2026-05", 24, 0),
        ]

    def test_every_end_of_three_years(self) -> None:
        """Counted day by day over 40 days."""
        for ended_on in each_day("2026-03-01", "2028-12-31"):
            counted: dict[str, int] = {}
            for passed in range(1, 41):
                month = _month(ended_on + timedelta(days=passed))
                counted[month] = counted.get(month, 0) + 24
            found = restoration_damages(TERMS, ended_on=ended_on, restored_on=ended_on + timedelta(days=40), rate="1")
            assert {each.month: each.hours for each in found.months} == counted
            assert found.amount == 960

    def test_cap_and_hours_go_together(self) -> None:
        """Also where no day is charged."""
        with pytest.raises(InvalidRule):
            restoration_damages(TERMS, ended_on=day("2026-06-30"), restored_on=day("2026-06-30"), rate="1", cap_hours=5)


def _month(of: date) -> str:
    return of.isoformat()[:7]
