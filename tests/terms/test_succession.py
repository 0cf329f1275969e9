"""Art. 11, 12, 13: the successor's notice, its review, assignments, changes of name."""

from datetime import date, timedelta
from itertools import product
from typing import get_args

import pytest

from terms.calendars import CalendarUnknown
from terms.citation import Refused
from terms.succession import (
    ALLOWED_BY,
    ASSIGNABLE,
    REFUSED,
    AssignmentMove,
    AssignmentState,
    SuccessionMove,
    SuccessionState,
    doubts,
    must_allow_assignment,
    must_allow_in,
    must_be_written,
    proof_by,
    reminder_days,
    review_by,
    stage_of,
    succession_deadline,
)
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


class TestTheStates:
    """12(1), 12(2): every state of a succession with every command, written down a second time."""

    ALLOWED: dict[SuccessionMove, set[SuccessionState]] = {  # noqa: RUF012 (read only)
        "notice": {"notified", "documents_missing", "under_review"},
        "document": {"notified", "documents_missing", "under_review"},
        "continue": {"under_review"},
        "rescind": {"documents_missing", "under_review"},
        "end": {"rescinding"},
    }

    @pytest.mark.parametrize(("state", "move"), [*product(get_args(SuccessionState), get_args(SuccessionMove))])
    def test_a_command_passes_or_names_its_article(self, state: SuccessionState, move: SuccessionMove) -> None:
        """What the table does not allow is refused by 12(1) or 12(2), in a sentence."""
        if state in self.ALLOWED[move]:
            must_allow_in(state, move)
            assert ALLOWED_BY[move] in {"12(1)", "12(2)"}
            return
        with pytest.raises(Refused) as refused:
            must_allow_in(state, move)
        assert refused.value.article == REFUSED[move][state]
        assert refused.value.detail.endswith("。")

    @pytest.mark.parametrize(("state", "move"), [*product(get_args(AssignmentState), get_args(AssignmentMove))])
    def test_an_assignment_is_decided_once(self, state: AssignmentState, move: AssignmentMove) -> None:
        """11: proposed, then consented to or refused; only what was consented to is transferred."""
        if ASSIGNABLE[move] == state:
            must_allow_assignment(state, move)
            return
        with pytest.raises(Refused) as refused:
            must_allow_assignment(state, move)
        assert refused.value.article == "11"

    def test_where_an_undecided_one_stands(self) -> None:
        """Notice, then documents, then review."""
        assert stage_of(noticed=False, missing=["registry_certificate"]) == "notified"
        assert stage_of(noticed=False, missing=[]) == "notified"
        assert stage_of(noticed=True, missing=["registry_certificate"]) == "documents_missing"
        assert stage_of(noticed=True, missing=[]) == "under_review"


class TestArticle12Paragraph2:
    """What about the successor may be a ground of 9(2), and for how long it is reviewed."""

    def test_the_review_takes_thirty_days(self) -> None:
        """Counted from the notice (A82)."""
        assert review_by(TERMS, noticed_on=day("2026-07-10")) == day("2026-08-09")

    def test_what_is_doubtful(self) -> None:
        """A wrong check digit is 9(2)(4), another contract under 16(1) is 9(2)(3); nobody else is in doubt."""
        assert doubts(corporate_number_valid=True, under_16_elsewhere=0) == ()
        found = doubts(corporate_number_valid=False, under_16_elsewhere=2)
        assert [(each.article, each.severity) for each in found] == [("9(2)(4)", "warning"), ("9(2)(3)", "warning")]
        assert "2件" in found[1].detail

    def test_reminders_come_two_weeks_and_three_days_before(self) -> None:
        """In their order."""
        assert reminder_days(TERMS, deadline_on=day("2026-07-13")) == (day("2026-06-29"), day("2026-07-10"))


class TestArticle13:
    """Changes of name and address."""

    @pytest.mark.parametrize("form", ["email", "telephone", "console"])
    def test_they_are_told_in_writing(self, form: str) -> None:
        """13(1): an e-mail is no 書面 (A18)."""
        must_be_written(TERMS, "paper")
        must_be_written(TERMS, "e-signature")
        with pytest.raises(Refused) as refused:
            must_be_written(TERMS, form)
        assert refused.value.article == "13(1)"

    def test_a_proof_has_two_weeks(self) -> None:
        """13(2): then somebody is reminded (A23)."""
        assert proof_by(TERMS, asked_on=day("2026-04-10")) == day("2026-04-24")
