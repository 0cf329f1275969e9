"""Art. 38: what has to be removed and restored by when, and damages for what is not."""

from datetime import date, timedelta

import pytest

from terms.citation import InvalidRule, Refused
from terms.restoration import RestorationDamages, asks_for_restoration, restoration, restoration_damages
from tests.terms.oracles import TERMS, day, each_day


def damages(ended_on: str, restored_on: str) -> RestorationDamages:
    """Return the damages at 10 yen an hour, capped at 5,000 yen from 500 hours on."""
    return restoration_damages(
        TERMS, ended_on=day(ended_on), restored_on=day(restored_on), rate="10", cap_hours=500, monthly_cap=5000
    )


class TestArticle38Paragraph1:
    """Ends under Art. 17 and 18 oblige the customer to remove and restore, by the day that the letter names (A59)."""

    @pytest.mark.parametrize(
        ("ground", "asked"),
        [
            *(pytest.param(ground, True, id=ground) for ground in ("17(1)", "17(2)", "18(1)", "18(2)", "18(3)")),
            *(pytest.param(ground, False, id=ground) for ground in ("12(2)", "14(2)", "28(1)", "43(2)")),
        ],
    )
    def test_which_ends_are_named(self, ground: str, *, asked: bool) -> None:
        """Of other ends nothing is asked by rule (A60)."""
        assert asks_for_restoration(ground) is asked
        if asked:
            assert restoration(TERMS, ground=ground, ended_on=day("2026-06-30")).articles == ("38(1)", "38(2)")
        else:
            with pytest.raises(Refused, match="第17条及び第18条"):
                restoration(TERMS, ground=ground, ended_on=day("2026-06-30"))

    def test_after_a_notice_the_resources_were_due_with_the_end(self) -> None:
        """18(1) had put their deletion on the customer, so it is charged; the equipment has fourteen days more."""
        found = restoration(TERMS, ground="18(1)", ended_on=day("2026-06-30"))
        assert (found.resources_by_on, found.equipment_by_on) == (day("2026-06-30"), day("2026-07-14"))
        assert found.deletion_charged
        assert found.settings == {"restore_days": 14, "deletion_charge_on": ("18(1)",)}
        assert found.steps == (
            "OCFリソースの削除の期限は、契約終了日の2026年6月30日でした。",
            "設備の撤去及び原状回復の期限は、契約終了日の14日後の2026年7月14日です。",
        )

    def test_after_another_end_they_were_not(self) -> None:
        """Who was rescinded or left because of an event had no such duty (A91); the days are a setting."""
        terms = TERMS.with_overrides({"restore_days": 30})
        found = restoration(terms, ground="17(1)", ended_on=day("2028-02-15"))
        assert (found.resources_by_on, found.equipment_by_on) == (None, day("2028-03-16"))
        assert not found.deletion_charged
        assert found.steps == ("設備の撤去及び原状回復の期限は、契約終了日の30日後の2028年3月16日です。",)


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
