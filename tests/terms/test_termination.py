"""Art. 18(1): notice of termination; Art. 5, 18, 27, 28, 34: the outlook."""

from datetime import date

import pytest

from terms.calendars import CalendarUnknown
from terms.citation import InvalidRule, Refused
from terms.derivation import ja_day
from terms.termination import NoticeForm, Termination, by_notice, outlook
from tests.terms.oracles import CALENDARS, ONE, TERMS, day, each_day, is_end_of_period, last_of_month

SAME_DAY = TERMS.with_overrides({"cancel_notice_rule": "SAME_DAY"})
CLEAR = TERMS.with_overrides({"cancel_notice_rule": "CLEAR"})


def notice(arrived_on: str, requested_end_on: str | None = None) -> Termination:
    """Return what follows from a paper notice."""
    wished = None if requested_end_on is None else day(requested_end_on)
    return by_notice(TERMS, arrived_on=day(arrived_on), form="paper", requested_end_on=wished)


def same_numbered_day_before(end: date) -> date:
    """Return the same-numbered day of the month before, or that month's last day."""
    last = end.replace(day=1) - ONE
    return last.replace(day=min(end.day, last.day))


class TestArticle18Paragraph1:
    """One month's notice in writing; the contract ends with the billing month."""

    @pytest.mark.parametrize(
        ("arrived_on", "runs_out_on", "ends_on"),
        [
            # Day 1 is 11 April, so the month runs out on 10 May.
            pytest.param("2026-04-10", "2026-05-10", "2026-05-31", id="mid-month"),
            # Day 1 is 31 January; February has no 31st, so its last day it is.
            pytest.param("2027-01-30", "2027-02-28", "2027-02-28", id="no-such-day"),
            pytest.param("2027-01-31", "2027-02-28", "2027-02-28", id="the-last-day-for-February"),
            pytest.param("2027-02-01", "2027-03-01", "2027-03-31", id="a-day-too-late-for-February"),
            # 31 May 2026 is a Sunday: nobody has anything left to do on that day, so it is not moved.
            pytest.param("2026-04-30", "2026-05-31", "2026-05-31", id="a-Sunday-moves-nothing"),
            pytest.param("2026-12-31", "2027-01-31", "2027-01-31", id="over-the-years-end"),
        ],
    )
    def test_the_end_follows_from_the_arrival(self, arrived_on: str, runs_out_on: str, ends_on: str) -> None:
        """The notice month starts the day after arrival; the contract ends with the month in which it runs out."""
        found = notice(arrived_on)
        assert (found.runs_out_on, found.ends_on) == (day(runs_out_on), day(ends_on))

    def test_every_arrival_ends_the_contract_with_the_next_month(self) -> None:
        """Under the default reading any arrival in a month ends the contract with the month after it."""
        for arrived_on in each_day():
            found = by_notice(TERMS, arrived_on=arrived_on, form="paper")
            assert is_end_of_period(arrived_on + ONE, found.runs_out_on, 1), arrived_on
            assert found.ends_on == last_of_month(last_of_month(arrived_on) + ONE), arrived_on

    @pytest.mark.parametrize("reading", ["SAME_DAY", "CLEAR"])
    def test_other_readings_keep_the_last_day_of_arrival(self, reading: str) -> None:
        """For each month end there is a last day of arrival; every arrival leads to the first end still open to it."""
        terms = TERMS.with_overrides({"cancel_notice_rule": reading})
        end = day("2026-03-31")
        for arrived_on in each_day():
            while (same_numbered_day_before(end) if reading == "SAME_DAY" else same_numbered_day_before(end - ONE)) < (
                arrived_on
            ):
                end = last_of_month(end + ONE)
            assert by_notice(terms, arrived_on=arrived_on, form="paper").ends_on == end, arrived_on

    @pytest.mark.parametrize(
        ("end", "by_default", "same_day", "clear"),
        [
            ("2027-02-28", "2027-01-31", "2027-01-28", "2027-01-27"),
            ("2027-03-31", "2027-02-28", "2027-02-28", "2027-02-28"),
            ("2027-04-30", "2027-03-31", "2027-03-30", "2027-03-29"),
            ("2027-05-31", "2027-04-30", "2027-04-30", "2027-04-30"),
        ],
    )
    def test_the_last_days_of_arrival_of_the_specification(
        self, end: str, by_default: str, same_day: str, clear: str
    ) -> None:
        """On the last day it still works, on the day after no more."""
        for terms, last in ((TERMS, by_default), (SAME_DAY, same_day), (CLEAR, clear)):
            assert by_notice(terms, arrived_on=day(last), form="paper").ends_on == day(end)
            assert by_notice(terms, arrived_on=day(last) + ONE, form="paper").ends_on > day(end)

    def test_the_clear_month_runs_out_a_day_after_the_same_day(self) -> None:
        """A full month lies strictly between arrival and end."""
        for arrived_on in each_day("2026-03-01", "2028-12-31"):
            same = by_notice(SAME_DAY, arrived_on=arrived_on, form="paper")
            assert by_notice(CLEAR, arrived_on=arrived_on, form="paper").runs_out_on == same.runs_out_on + ONE

    @pytest.mark.parametrize("form", ["console", "email", "telephone"])
    def test_a_notice_that_is_not_in_writing_is_refused(self, form: NoticeForm) -> None:
        """The refusal names the clause and tells the customer what to do."""
        with pytest.raises(Refused) as refusal:
            by_notice(TERMS, arrived_on=day("2026-06-10"), form=form)
        assert refusal.value.article == "18(1)"
        assert "書面" in refusal.value.detail

    def test_a_signed_document_is_in_writing(self) -> None:
        """An e-signed document counts like paper."""
        assert by_notice(TERMS, arrived_on=day("2026-06-10"), form="e-signature").ends_on == day("2026-07-31")

    def test_the_forms_in_writing_are_a_reading(self) -> None:
        """If only paper counts, an e-signed document is refused."""
        strict = TERMS.with_overrides({"written_forms": ["paper"]})
        with pytest.raises(Refused):
            by_notice(strict, arrived_on=day("2026-06-10"), form="e-signature")

    @pytest.mark.parametrize("wished", ["2026-07-31", "2026-08-31", "2028-02-29"])
    def test_a_later_month_end_may_be_chosen(self, wished: str) -> None:
        """From the computed end on every month end is free."""
        assert notice("2026-06-10", wished).ends_on == day(wished)

    @pytest.mark.parametrize("wished", ["2026-06-30", "2026-07-30", "2026-08-01", "2026-08-30", "2028-02-28"])
    def test_another_wished_end_is_refused(self, wished: str) -> None:
        """A day that is no month end, or a month end before the computed one, cannot be had."""
        with pytest.raises(Refused) as refusal:
            notice("2026-06-10", wished)
        assert refusal.value.article == "18(1)"
        assert ja_day(day(wished)) in refusal.value.detail

    def test_the_steps_tell_the_way(self) -> None:
        """The derivation has the arrival, the notice month, the wish and the end."""
        assert notice("2026-06-10", "2026-08-31").steps == (
            "解約届は2026年6月10日に到着しました。",
            "1か月の予告期間は2026年7月10日に満了します。",
            "満了日の属する課金単位月の末日は2026年7月31日です。",
            "ご希望の終了日は2026年8月31日です。",
            "利用契約は2026年8月31日をもって終了します。",
        )


class TestOutlook:
    """What a notice on a day would lead to, by the rules of the single articles."""

    def test_a_cluster_that_leaves_early_pays_for_the_rest(self) -> None:
        """The whole way out: term, end, penalty, last month, last due day, deletion."""
        found = outlook(
            TERMS,
            CALENDARS,
            billing_start_on=day("2026-04-10"),
            dedicated_cluster=True,
            monthly=500_000,
            notice_arrives_on=day("2027-02-28"),
        )
        assert (found.min_term_ends_on, found.ends_on) == (day("2029-04-09"), day("2027-03-31"))
        assert found.penalty == 24 * 500_000 + 500_000 * 9 // 30
        assert (found.last_usage_month, found.final_due_on) == ("2027-03", day("2027-05-31"))
        assert found.delete_from_on == day("2027-04-30")
        assert found.settings == {"cancel_notice_rule": "EOM_PREV", "due_shift": "NEXT", "delete_grace_days": 30}
        assert "2027年3月分の料金のお支払期限は2027年5月31日です。" in found.steps

    def test_no_standard_contract_ever_pays_a_penalty_on_notice(self) -> None:
        """A notice on or after the start never ends a contract inside its one-month term."""
        for start in each_day("2026-03-01", "2028-12-31"):
            found = outlook(
                TERMS, CALENDARS, billing_start_on=start, dedicated_cluster=False, monthly=1, notice_arrives_on=start
            )
            assert found.penalty == 0, start

    def test_a_notice_before_the_start_has_no_outlook(self) -> None:
        """The day before the start is wrong, the start day right."""
        start = day("2026-04-10")
        with pytest.raises(InvalidRule) as wrong:
            outlook(
                TERMS,
                CALENDARS,
                billing_start_on=start,
                dedicated_cluster=False,
                monthly=1,
                notice_arrives_on=start - ONE,
            )
        assert wrong.value.pointer == "/notice_arrives_on"

    def test_a_due_day_beyond_the_calendar_is_unknown(self) -> None:
        """The contract ends in November 2099, its last bill would be due in January 2100."""
        with pytest.raises(CalendarUnknown):
            outlook(
                TERMS,
                CALENDARS,
                billing_start_on=day("2099-01-01"),
                dedicated_cluster=False,
                monthly=1,
                notice_arrives_on=day("2099-10-31"),
            )
