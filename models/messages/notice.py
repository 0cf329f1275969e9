"""Notices: what a letter says, to whom and by which channel (Art. 42; the forms of the single clauses)."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, JsonValue, StringConstraints

from models.messages.base import ONE_LINE, Message
from models.messages.office import Command, Reply
from terms.notice import InPlace

Line = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=ONE_LINE)]
"""Text of one line; longer than those of forms, for an address has several."""

Channel = Literal["email", "web", "fax", "post", "registered", "certified", "console", "portal", "record"]


class Addressee(Message):
    """Whom a letter is for, as on record when it was written (宛先)."""

    company: Line
    department: Line | None = None
    person: Line | None = None
    postal_code: Line | None = None
    address: Line | None = None
    email: Line | None = None


class Letter(Message):
    """Everything that a letter is made from; the same letter always gives the same document.

    `article` is the clause on which the letter rests ("18(1)"), `replaces` the number of the letter
    that this one corrects. `facts` has fixed keys for each slug: dates and instants as ISO strings
    (instants with an offset), sums in yen as integers, `steps` as Japanese sentences.
    """

    notice_no: Line
    slug: Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=60)]
    article: Line | None = None
    channel: Channel
    issued_at: AwareDatetime
    addressee: Addressee
    contract_no: Line | None = None
    application_no: Line | None = None
    terms_version: Line
    replaces: Line | None = None
    facts: dict[str, JsonValue]


class NoticeInput(Message):
    """The letter that a notice workflow sends, and how its arrival is told (Art. 42)."""

    notice_no: str
    channel: Channel
    origin: str | None = None


class Arrival(Message):
    """When a letter arrived or counts as arrived, and why."""

    arrived_at: AwareDatetime | None
    deemed: bool
    basis: str


class Dispatched(Message):
    """A letter went out; `arrival` is when it arrives without further evidence (without a time: by real arrival only).

    Until `record_until` evidence is awaited although the normal time has come.
    """

    notice_no: str
    dispatched_at: AwareDatetime
    arrival: Arrival
    record_until: AwareDatetime | None = None


class DispatchOrder(Message):
    """Send a letter by e-mail now."""

    notice_no: str
    as_of: AwareDatetime


class DispatchOutcome(Message):
    """What became of an attempt to send: dispatched, withdrawn before, or refused for good by the mail server."""

    state: Literal["dispatched", "refused", "withdrawn"]
    dispatched: Dispatched | None = None


class PaperDispatch(Command):
    """Staff posted a letter (or signed it electronically)."""

    method: Literal["post", "registered", "certified", "e-signature", "hand"]
    tracking_no: str | None = None
    dispatched_at: AwareDatetime


class Delivery(Command):
    """What the post or the mail server told of a letter's delivery."""

    outcome: Literal["delivered", "refused", "returned"]
    at: AwareDatetime
    proof: str


class Reissue(Command):
    """The letter is written anew under a new number; this one is withdrawn if it has not gone out."""

    reason: str


class ArrivalRecord(Message):
    """A letter's arrival to be written down."""

    notice_no: str
    arrival: Arrival
    as_of: AwareDatetime


class LetterMoved(Message):
    """What the workflow that waits for a letter is told; `in_place` is what stands for its real arrival (A35, A67)."""

    notice_no: str
    slug: str
    state: Literal["dispatched", "arrived", "undeliverable", "withdrawn"]
    channel: Channel
    at: AwareDatetime
    in_place: InPlace | None = None


class PaperDispatchOrder(Message):
    """Write down that staff posted a letter."""

    notice_no: str
    command: PaperDispatch
    as_of: AwareDatetime


class Posted(Message):
    """The answer to whoever posted a letter, and what the letter's workflow has to know."""

    reply: Reply
    dispatched: Dispatched


class DeliveryOrder(Message):
    """Write down what was learned of a letter's delivery."""

    notice_no: str
    delivery: Delivery
    as_of: AwareDatetime
