"""How contracts end: notices of termination, special cancellations, and what follows (Art. 14(2), 18, 28, 34, 38)."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, JsonValue

from models.messages.application import IncomingForm
from models.messages.base import Message
from models.messages.office import Command

Ground = Literal["18(1)", "14(2)", "18(2)", "28(1)"]


class GiveNotice(Command):
    """A notice of termination (解約届) arrived (Art. 18(1))."""

    arrived_at: AwareDatetime
    form: IncomingForm
    requested_end_on: date | None = None


class Cancel(Command):
    """A special cancellation or a withdrawal before the start arrived (Art. 14(2), 18(2), 28(1))."""

    ground: Ground
    event_no: str | None = None
    arrived_at: AwareDatetime
    form: IncomingForm
    approve_first: bool = False


class WithdrawNotice(Command):
    """The provider consents that a notice of termination be taken back (A102)."""

    reason: str


class Ending(Message):
    """How and when a contract ends: the ground, the dates on the way and the penalty (yen) with its derivation."""

    ground: str
    form: str
    arrived_at: AwareDatetime
    arrived_on: date
    runs_out_on: date | None = None
    requested_end_on: date | None = None
    ends_on: date
    ends_at: AwareDatetime
    event_no: str | None = None
    penalty: int
    delete_from_on: date
    articles: list[str]
    steps: list[str]
    settings: dict[str, JsonValue]


class TerminationRecord(Message):
    """A termination of a contract, numbered, and where it stands."""

    n: int
    state: Literal["running", "ended", "overtaken", "withdrawn"]
    ending: Ending


class End(Command):
    """The end has come: sent by the termination when its instant is reached."""

    n: int


class TerminationInput(Message):
    """What a termination or special cancellation needs to know to bring a contract to its end."""

    contract_no: str
    n: int
    ground: str
    ends_on: date
    ends_at: AwareDatetime
    reminders: list[AwareDatetime]


class ReminderOrder(Message):
    """A reminder to delete the resources (Art. 18(1) sentence 2), so many days before the end."""

    contract_no: str
    n: int
    ends_on: date
    days_left: int
    as_of: AwareDatetime


class EndOrder(Message):
    """The command to the contract that its end has come."""

    contract_no: str
    n: int
    key: str
    as_of: AwareDatetime
