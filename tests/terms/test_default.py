"""Art. 16(1)(1), 16(2), 17(1): the ladder of dunning, the announcement of a suspension, what a rescission needs."""

from datetime import date, datetime, timedelta

import pytest

from activities.gateways.calendars import JapanCalendars
from terms.citation import Refused
from terms.default import (
    Unannounced,
    ladder,
    must_allow_rescission,
    must_allow_rescission_at_once,
    must_allow_resumption,
    must_allow_suspension,
    needs_pledge,
    suspension_notice,
)
from terms.periods import at
from tests.terms.oracles import TERMS, day, each_day

CALENDARS = JapanCalendars()


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


class TestLadder:
    """Six steps from the printed due day on (A33)."""

    @pytest.mark.parametrize(
        ("due_on", "days"),
        [
            pytest.param(
                "2026-08-31", ["2026-09-01", "2026-09-07", "2026-09-15", "2026-09-25", "2026-10-10", "2026-10-30"],
                id="a-quiet-week",
            ),
            pytest.param(
                "2027-04-30", ["2027-05-01", "2027-05-12", "2027-05-15", "2027-05-25", "2027-06-09", "2027-06-29"],
                id="five-business-days-around-the-holidays-of-May",
            ),
            pytest.param(
                "2026-12-28", ["2026-12-29", "2027-01-08", "2027-01-12", "2027-01-22", "2027-02-06", "2027-02-26"],
                id="offices-are-closed-from-29-December-on",
            ),
        ],
    )  # fmt: skip
    def test_the_days(self, due_on: str, days: list[str]) -> None:
        """Only the first reminder counts business days; no other step is moved by a holiday."""
        found = ladder(TERMS, CALENDARS, first_due_on=day(due_on))
        assert [each.step for each in found] == ["flag", "reminder", "warning", "suspension", "demand", "review"]
        assert [each.on for each in found] == [day(each) for each in days]

    def test_after_the_end_nothing_is_suspended(self) -> None:
        """A contract that has ended climbs the same days without the suspension."""
        whole = ladder(TERMS, CALENDARS, first_due_on=day("2026-08-31"))
        short = ladder(TERMS, CALENDARS, first_due_on=day("2026-08-31"), ended=True)
        assert short == tuple(each for each in whole if each.step != "suspension")

    def test_every_due_day_of_seven_years_climbs(self) -> None:
        """Whatever the holidays, each step comes after the one before it, and the warning leaves its seven days."""
        for due_on in each_day():
            days = {each.step: each.on for each in ladder(TERMS, CALENDARS, first_due_on=due_on)}
            assert [*days.values()] == sorted({*days.values()}), due_on
            assert days["suspension"] - days["warning"] >= timedelta(days=TERMS.suspend_lead_days)


class TestSuspensionIsAllowed:
    """A debt, a warning that arrived, and its days gone by."""

    @pytest.mark.parametrize(
        ("arrived_on", "from_on", "first_on"),
        [
            pytest.param("2026-09-15", "2026-09-25", "2026-09-25", id="the-day-that-was-told"),
            pytest.param("2026-09-18", "2026-09-25", "2026-09-25", id="seven-days-after-arrival"),
            pytest.param("2026-09-19", "2026-09-25", "2026-09-26", id="it-arrived-late-and-moves"),
        ],
    )
    def test_the_first_day(self, arrived_on: str, from_on: str, first_on: str) -> None:
        """Refused on the day before, with 16(2); allowed from the day on."""

        def ask(on: date) -> None:
            must_allow_suspension(
                TERMS, overdue=1, warning_arrived_at=at(day(arrived_on), 9), stated_from_on=day(from_on), on=on
            )

        with pytest.raises(Refused, match=r"2026年9月2[56]日以降") as refused:
            ask(day(first_on) - timedelta(days=1))
        assert refused.value.article == "16(2)"
        for later in range(3):
            ask(day(first_on) + timedelta(days=later))

    def test_who_owes_nothing_is_not_suspended(self) -> None:
        """The ground of 16(1)(1) has gone with the payment."""
        with pytest.raises(Refused) as refused:
            must_allow_suspension(
                TERMS, overdue=0, warning_arrived_at=at(day("2026-09-01"), 9), stated_from_on=day("2026-09-08"),
                on=day("2026-09-25"),
            )  # fmt: skip
        assert refused.value.article == "16(1)(1)"

    @pytest.mark.parametrize(
        ("arrived_at", "from_on"),
        [
            pytest.param(None, day("2026-09-25"), id="it-did-not-arrive"),
            pytest.param(at(day("2026-09-15"), 9), None, id="it-names-no-day"),
        ],
    )
    def test_without_a_warning_nothing_is_suspended(self, arrived_at: datetime | None, from_on: date | None) -> None:
        """However old the debt is."""
        with pytest.raises(Refused) as refused:
            must_allow_suspension(
                TERMS, overdue=10**6, warning_arrived_at=arrived_at, stated_from_on=from_on, on=day("2027-09-25")
            )
        assert refused.value.article == "16(2)"

    @pytest.mark.parametrize("why", ["impossible", "urgent"])
    def test_unannounced_only_the_debt_is_asked_for(self, why: Unannounced) -> None:
        """16(2), proviso: no warning, no day that it states; but whoever owes nothing is not suspended."""

        def ask(overdue: int) -> None:
            must_allow_suspension(
                TERMS, overdue=overdue, warning_arrived_at=None, stated_from_on=None, on=day("2026-09-01"),
                without_announcement=why,
            )  # fmt: skip

        ask(1)
        with pytest.raises(Refused) as refused:
            ask(0)
        assert refused.value.article == "16(1)(1)"


class TestRescissionIsAllowed:
    """Suspended for 14 days, demanded, the demand's 14 days over, and the debt still there (A34)."""

    @pytest.mark.parametrize(
        ("suspended_on", "demand_arrived_on", "first_on"),
        [
            pytest.param("2026-09-25", "2026-10-12", "2026-10-27", id="the-demand-decides"),
            pytest.param("2026-10-20", "2026-10-12", "2026-11-03", id="the-suspension-decides"),
        ],
    )
    def test_the_first_day(self, suspended_on: str, demand_arrived_on: str, first_on: str) -> None:
        """Refused on the day before; allowed from the day on."""

        def ask(on: date) -> None:
            must_allow_rescission(
                TERMS, overdue=1, suspended_on=day(suspended_on), demand_arrived_on=day(demand_arrived_on), on=on
            )

        with pytest.raises(Refused) as refused:
            ask(day(first_on) - timedelta(days=1))
        assert refused.value.article == "17(1)"
        for later in range(3):
            ask(day(first_on) + timedelta(days=later))

    @pytest.mark.parametrize(
        ("overdue", "suspended_on", "demand_arrived_on", "words"),
        [
            pytest.param(0, day("2026-09-25"), day("2026-10-12"), "未払いの料金等はありません", id="paid"),
            pytest.param(1, None, day("2026-10-12"), "停止していない", id="not-suspended"),
            pytest.param(1, day("2026-09-25"), None, "催告書が契約者に到達していません", id="not-demanded"),
        ],
    )
    def test_what_is_missing_is_told(
        self, overdue: int, suspended_on: date | None, demand_arrived_on: date | None, words: str
    ) -> None:
        """Long after the last step."""
        with pytest.raises(Refused, match=words) as refused:
            must_allow_rescission(
                TERMS, overdue=overdue, suspended_on=suspended_on, demand_arrived_on=demand_arrived_on,
                on=day("2027-09-25"),
            )  # fmt: skip
        assert refused.value.article == "17(1)"


class TestArticle17Paragraph2:
    """Without suspension and demand: what has to be on record is the default."""

    def test_only_the_debt_is_asked_for(self) -> None:
        """A yen will do; whether it hampers the business gravely, people judge."""
        must_allow_rescission_at_once(overdue=1)
        with pytest.raises(Refused) as refused:
            must_allow_rescission_at_once(overdue=0)
        assert refused.value.article == "17(2)"


class TestResumptionIsAllowed:
    """Art. 16(3): the cause is gone; for some causes on a pledge in writing."""

    @pytest.mark.parametrize(
        ("ground", "overdue", "pledged", "words"),
        [
            pytest.param("16(1)(1)", 1, True, "未払いの料金等が残っています", id="still-owed"),
            pytest.param("16(1)(4)", 0, False, "誓約する書面が必要です", id="no-pledge"),
        ],
    )
    def test_what_is_missing(self, ground: str, overdue: int, pledged: bool, words: str) -> None:  # noqa: FBT001
        """A yen that is overdue, or the pledge."""
        with pytest.raises(Refused, match=words) as refused:
            must_allow_resumption(TERMS, ground=ground, overdue=overdue, pledged=pledged)
        assert refused.value.article == "16(3)"

    @pytest.mark.parametrize(
        ("ground", "overdue", "pledged"),
        [("16(1)(1)", 0, False), ("16(1)(4)", 0, True), ("16(1)(4)", 10**6, True), ("16(1)(6)", 0, False)],
    )
    def test_when_it_may(self, ground: str, overdue: int, pledged: bool) -> None:  # noqa: FBT001
        """Paid; or pledged, whatever is owed besides."""
        must_allow_resumption(TERMS, ground=ground, overdue=overdue, pledged=pledged)
        assert needs_pledge(TERMS, ground) == (ground == "16(1)(4)")
