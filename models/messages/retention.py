"""Deletion of data, closing, retention and erasure (Art. 34, 38, 44(6))."""

from typing import Literal

from pydantic import AwareDatetime

from models.messages.base import Message
from models.messages.office import Command

Step = Literal["wait", "delete", "close", "erase", "end"]


class Close(Command):
    """Nothing is left of an ended contract: it is closed."""


class Erase(Command):
    """The time of a closed contract's records is over: its personal data are erased."""


class DeletionInput(Message):
    """Whose data are to be deleted and kept."""

    contract_no: str


class Look(Message):
    """A look at a contract at an instant."""

    contract_no: str
    as_of: AwareDatetime


class Outlook(Message):
    """What is to be done next for a contract's data: at once, or `until` an instant nothing."""

    step: Step
    phase: str
    until: AwareDatetime | None = None


class RetentionOrder(Message):
    """A step of the deletion or erasure to carry out; `key` makes it happen once."""

    contract_no: str
    key: str
    as_of: AwareDatetime
