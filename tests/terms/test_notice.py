"""Art. 42, Civil Code 97: when a letter arrives."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from terms.calendars import CalendarUnknown
from terms.citation import Article, Refused
from terms.notice import Arrival, Basis, Channel, InPlace, arrival_in_place, deemed_arrival
from terms.periods import JST, at
from tests.terms.oracles import CALENDARS, TERMS, day, each_day, moved_on

SENT = datetime(2026, 6, 8, 10, tzinfo=JST)  # a Monday
RECORDED = datetime(2026, 6, 12, 11, 5, tzinfo=JST)
SELF_EVIDENT: tuple[tuple[Channel, Basis], ...] = (("email", "dispatch"), ("web", "viewable"), ("fax", "report"))
ON_PAPER: tuple[Channel, ...] = ("post", "registered")


def arrival(channel: Channel, *, contact_correct: bool = True, actual: bool = False, **more: Any) -> Arrival:  # noqa: ANN401 (the rule's other fields)
    """Return the arrival of a letter sent on Monday 8 June 2026."""
    asked: dict[str, Any] = {"dispatched_at": SENT} | more
    return deemed_arrival(
        TERMS,
        CALENDARS,
        channel=channel,
        contact_correct=contact_correct,
        requires_actual_arrival=actual,
        **asked,
    )


def told(found: Arrival) -> tuple[datetime | None, bool, str]:
    """Return what the rule decided."""
    return found.arrived_at, found.deemed, found.basis


class TestArticle42Paragraph2:
    """E-mail at dispatch, the website when it can be viewed, letters at their normal time to a wrong contact."""

    @pytest.mark.parametrize(("channel", "basis"), SELF_EVIDENT)
    @pytest.mark.parametrize("contact_correct", [True, False])
    def test_what_is_sent_at_once(self, channel: Channel, basis: Basis, *, contact_correct: bool) -> None:
        """Its own time counts, whatever records there are; only a fax report from a right number is no fiction."""
        found = arrival(channel, contact_correct=contact_correct, delivered_at=RECORDED, refused_at=RECORDED)
        deemed = not (channel == "fax" and contact_correct)
        assert told(found) == (SENT, deemed, basis)

    @pytest.mark.parametrize("channel", ON_PAPER)
    @pytest.mark.parametrize("contact_correct", [True, False])
    def test_a_letter_without_a_record(self, channel: Channel, *, contact_correct: bool) -> None:
        """Two days later at 0:00."""
        assert told(arrival(channel, contact_correct=contact_correct)) == (at(day("2026-06-10")), True, "normal_time")

    @pytest.mark.parametrize("channel", ON_PAPER)
    def test_records_from_a_wrong_contact_prove_nothing(self, channel: Channel) -> None:
        """The normal time stays."""
        found = arrival(channel, contact_correct=False, delivered_at=SENT, refused_at=SENT)
        assert told(found) == (at(day("2026-06-10")), True, "normal_time")

    @pytest.mark.parametrize("days", [1, 2, 3])
    def test_every_dispatch_day_of_three_years(self, days: int) -> None:
        """Ordinary post waits for a delivery day, registered post does not; 12-29 to 31 are delivery days."""
        for sent_on in each_day("2026-03-01", "2028-12-31"):
            ordinary = arrival("post", dispatched_at=at(sent_on, 23, 59), transit_days=days)
            registered = arrival("registered", dispatched_at=at(sent_on), transit_days=days)
            normal_on = sent_on + timedelta(days=days)
            assert ordinary.arrived_at == at(moved_on(normal_on, set())), sent_on
            assert registered.arrived_at == at(normal_on), sent_on

    def test_the_dispatch_day_is_that_of_japan(self) -> None:
        """15:00 UTC is the next day; the answer is in Japan's time."""
        before = arrival("post", dispatched_at=datetime.fromisoformat("2026-06-08T14:59:59Z"))
        after = arrival("post", dispatched_at=datetime.fromisoformat("2026-06-08T15:00:00Z"))
        assert (before.arrived_at, after.arrived_at) == (at(day("2026-06-10")), at(day("2026-06-11")))
        mail = arrival("email", dispatched_at=datetime.fromisoformat("2026-06-08T15:00:00Z"))
        assert mail.arrived_at is not None
        assert mail.arrived_at.isoformat() == "2026-06-09T00:00:00+09:00"

    def test_beyond_the_calendar_only_registered_post_is_known(self) -> None:
        """It is delivered on any day."""
        sent = at(day("2099-12-30"))
        assert arrival("registered", dispatched_at=sent).arrived_at == at(day("2100-01-01"))
        with pytest.raises(CalendarUnknown):
            arrival("post", dispatched_at=sent)


class TestCivilCode97:
    """Real arrival: delivery into the addressee's sphere, or a refusal to take it."""

    @pytest.mark.parametrize("channel", ON_PAPER)
    @pytest.mark.parametrize("actual", [True, False])
    @pytest.mark.parametrize(
        ("delivered", "refused", "expected", "deemed", "basis"),
        [
            pytest.param(0, None, 0, False, "delivery", id="delivered"),
            pytest.param(None, 0, 0, True, "refusal", id="refused"),
            pytest.param(60, 0, 0, True, "refusal", id="refused-first"),
            pytest.param(0, 60, 0, False, "delivery", id="delivered-first"),
            pytest.param(0, 0, 0, False, "delivery", id="both-at-once"),
        ],
    )
    def test_the_earlier_record_counts(
        self,
        channel: Channel,
        delivered: int | None,
        refused: int | None,
        expected: int,
        basis: Basis,
        *,
        actual: bool,
        deemed: bool,
    ) -> None:
        """For a right contact, and wherever real arrival is needed."""

        def after(seconds: int | None) -> datetime | None:
            return None if seconds is None else RECORDED + timedelta(seconds=seconds)

        found = arrival(channel, actual=actual, delivered_at=after(delivered), refused_at=after(refused))
        assert told(found) == (after(expected), deemed, basis)


class TestRealArrivalRequired:
    """17(3), 12(2): a rescission takes effect by real arrival alone."""

    @pytest.mark.parametrize("channel", ["email", "web", "fax", "post", "registered"])
    @pytest.mark.parametrize("contact_correct", [True, False])
    def test_without_a_record_nothing_arrived(self, channel: Channel, *, contact_correct: bool) -> None:
        """No fiction stands in, whatever the channel and contact."""
        found = arrival(channel, contact_correct=contact_correct, actual=True)
        assert told(found) == (None, False, "no_arrival")
        assert found.steps[-1] == "配達も受領拒絶も記録がなく、到達していません。"

    @pytest.mark.parametrize("channel", ["email", "web", "fax", "post", "registered"])
    @pytest.mark.parametrize("contact_correct", [True, False])
    def test_a_record_counts_whatever_the_contact(self, channel: Channel, *, contact_correct: bool) -> None:
        """It arrived, wherever it was sent."""
        found = arrival(channel, contact_correct=contact_correct, actual=True, delivered_at=RECORDED)
        assert told(found) == (RECORDED, False, "delivery")
        assert found.steps[-1] == "到達の時は2026年6月12日 11時05分00秒です。"


class TestInThePlaceOfARealArrival:
    """Art. 17(3), 43(2): what people may put there for a rescission of which nothing is known (A35, A67)."""

    def found(self, clause: Article, counts: InPlace, now: datetime) -> Arrival:
        """Ask for a letter that was decided on and posted on Monday 8 June 2026."""
        decided_at = SENT - timedelta(hours=1)
        return arrival_in_place(
            TERMS, CALENDARS, clause=clause, counts=counts, dispatched_at=SENT, decided_at=decided_at, now=now
        )

    @pytest.mark.parametrize("clause", [Article(17, 3), Article(43, 2)])
    def test_the_normal_time(self, clause: Article) -> None:
        """Two days later at 0:00, as registered mail; not before that time has come."""
        normal = at(day("2026-06-10"))
        found = self.found(clause, "normal_time", normal)
        assert told(found) == (normal, True, "normal_time")
        assert found.articles == (str(clause), "42(2)")
        with pytest.raises(Refused, match="2026年6月10日") as refused:
            self.found(clause, "normal_time", normal - timedelta(seconds=1))
        assert refused.value.article == str(clause)

    def test_the_time_of_the_decision(self) -> None:
        """43(2) needs no notice at all; 17(3) does."""
        found = self.found(Article(43, 2), "decision", SENT)
        assert told(found) == (SENT - timedelta(hours=1), True, "decision")
        with pytest.raises(Refused) as refused:
            self.found(Article(17, 3), "decision", RECORDED)
        assert refused.value.article == "17(3)"
