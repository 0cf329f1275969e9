"""Notices (通知): when a letter of ours arrives.

- 42(1): by post, fax, e-mail or our website, unless a clause fixes the form.
- 42(2) s1: to a contact that is wrong, a letter is deemed to arrive when it normally would have.
- 42(2) s2: e-mail is deemed made at dispatch, the website when it can be viewed.
- 17(3), 12(2): a rescission takes effect by real arrival alone; no deeming of 42 stands in for it, unless legal and a
  second person put the normal time in its place (17(3), A35), or for 43(2) the time of the decision (A67).
- 民97: arrival is delivery into the addressee's sphere; a refusal without good cause counts as arrival.

Workflow `notice`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from terms.calendars import Calendars, next_delivery_day
from terms.citation import Article, Refused, implements
from terms.derivation import Derived, ja_time
from terms.periods import JST, at, day_of
from terms.settings import Terms

Channel = Literal["email", "web", "fax", "post", "registered"]
InPlace = Literal["normal_time", "decision"]
"""What people may put in the place of the real arrival of a rescission."""
Basis = Literal["dispatch", "viewable", "report", "delivery", "refusal", "normal_time", "decision", "no_arrival"]

_JA_BASIS: dict[Basis, str] = {
    "dispatch": "電子メールは発信の時に行われたものとみなします",
    "viewable": "ウェブサイトへの掲載は閲覧できるようになった時に行われたものとみなします",
    "report": "FAXの送信結果報告の時刻によります",
    "delivery": "配達記録の時刻によります",
    "refusal": "受領拒絶の時に到達したものとみなします",
    "normal_time": "通常到達すべき時に到達したものとみなします",
    "decision": "解除を決定した時をもって到達に代えます",
    "no_arrival": "配達も受領拒絶も記録がなく、到達していません",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival(Derived):
    """When a letter arrived (Japan time), whether that is deemed, and on what it rests."""

    arrived_at: datetime | None = None
    deemed: bool
    basis: Basis


@implements(Article(42), Article(97, law="Civil Code"))
def deemed_arrival(  # noqa: PLR0913 (what 42 and 民97 ask about one letter)
    terms: Terms,
    calendars: Calendars,
    *,
    channel: Channel,
    dispatched_at: datetime,
    contact_correct: bool,
    requires_actual_arrival: bool,
    delivered_at: datetime | None = None,
    refused_at: datetime | None = None,
    transit_days: int | None = None,
) -> Arrival:
    """Work out when a letter arrived.

    Args:
        terms: the version in force.
        calendars: the days of ordinary post.
        channel: how it was sent.
        dispatched_at: dispatch; for the web the time it could be viewed, for fax the time of the report.
        contact_correct: whether the registered contact was right; records from a wrong one prove nothing.
        requires_actual_arrival: for 17(3) and 12(2), where only delivery or refusal counts.
        delivered_at: time of the delivery record.
        refused_at: time at which acceptance was refused.
        transit_days: days a letter normally takes; the terms' own setting if None.

    Raises:
        CalendarUnknown: the normal time lies beyond the known holidays.
    """
    arrived_at: datetime | None
    recorded = _recorded(delivered_at, refused_at)
    if requires_actual_arrival:
        arrived_at, basis = recorded or (None, "no_arrival")
    elif channel in {"post", "registered"}:
        days = terms.transit_days if transit_days is None else transit_days
        normal = _normal_time(calendars, dispatched_at, days, registered=channel == "registered")
        arrived_at, basis = (recorded if contact_correct else None) or (normal, "normal_time")
    else:
        arrived_at, basis = dispatched_at, _SELF_EVIDENT[channel]
    proven = basis in {"delivery", "no_arrival"} or (basis == "report" and contact_correct)
    return Arrival(
        arrived_at=None if arrived_at is None else arrived_at.astimezone(JST),
        deemed=not proven,
        basis=basis,
        articles=("42", "Civil Code 97"),
        settings={},
        steps=tuple(_worded(dispatched_at, arrived_at, basis)),
    )


@implements(Article(17, 3), Article(42, 2), Article(43, 2))
def arrival_in_place(
    terms: Terms,
    calendars: Calendars,
    *,
    clause: Article,
    counts: InPlace,
    dispatched_at: datetime,
    decided_at: datetime,
    now: datetime,
) -> Arrival:
    """Work out which instant stands in the place of the arrival of a rescission that nothing is known of (A35, A67).

    `clause` gives the letter its effect. Never by itself: legal proposes it and another person decides.

    Raises:
        Refused: by `clause`: the time of the decision is for 43(2) only, and the normal time must have come.
        CalendarUnknown: the normal time lies beyond the known holidays.
    """
    if counts == "decision":
        if clause != Article(43, 2):
            raise Refused(clause, "決定の時をもって到達に代えることができるのは、第43条第2項の解除に限ります。")
        arrived_at = decided_at
    else:
        arrived_at = _normal_time(calendars, dispatched_at, terms.transit_days, registered=True)
        if arrived_at > now:
            raise Refused(clause, f"通常到達すべき{ja_time(arrived_at)}は、まだ到来していません。")
    return Arrival(
        arrived_at=arrived_at.astimezone(JST),
        deemed=True,
        basis=counts,
        articles=(str(clause), "42(2)") if counts == "normal_time" else (str(clause),),
        settings={},
        steps=tuple(_worded(dispatched_at, arrived_at, counts)),
    )


_SELF_EVIDENT: dict[Channel, Basis] = {"email": "dispatch", "web": "viewable", "fax": "report"}


def _recorded(delivered_at: datetime | None, refused_at: datetime | None) -> tuple[datetime, Basis] | None:
    """Return the earlier of delivery and refusal; at the same moment the delivery."""
    if refused_at is None:
        return None if delivered_at is None else (delivered_at, "delivery")
    if delivered_at is None or refused_at < delivered_at:
        return refused_at, "refusal"
    return delivered_at, "delivery"


def _normal_time(calendars: Calendars, dispatched_at: datetime, days: int, *, registered: bool) -> datetime:
    """Return 0:00 of the delivery day on or after the dispatch day in Japan plus the days in transit (A65)."""
    return at(next_delivery_day(calendars, day_of(dispatched_at) + timedelta(days=days), registered=registered))


def _worded(dispatched_at: datetime, arrived_at: datetime | None, basis: Basis) -> Iterator[str]:
    yield f"発信は{ja_time(dispatched_at)}です。"
    yield f"{_JA_BASIS[basis]}。"
    if arrived_at is not None:
        yield f"到達の時は{ja_time(arrived_at)}です。"
