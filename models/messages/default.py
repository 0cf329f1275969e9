"""Default (債務不履行): the ladder of dunning, suspensions and rescissions (Art. 16, 17)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from models.messages.base import Code, Message
from models.messages.office import Command
from terms.default import Unannounced
from terms.notice import InPlace
from terms.violation import AntisocialItem

UNPAID: Literal["16(1)(1)"] = "16(1)(1)"
"""The ground of a suspension for an unpaid debt."""

SuspensionGround = Literal[
    "16(1)(1)", "16(1)(2)", "16(1)(3)", "16(1)(4)", "16(1)(5)", "16(1)(6)", "16(1)(7)", "16(1)(8)", "16(1)(9)"
]
RescissionGround = Literal["17(1)", "17(2)", "43(2)"]
ANTISOCIAL: Literal["43(2)"] = "43(2)"
"""The ground of a rescission that has nothing to do with a debt."""
ScopeKind = Literal["all", "part"]
CaseState = Literal["overdue", "reminded", "warned", "suspended", "demanded", "rescinding", "rescinded", "settled"]


class DefaultInput(Message):
    """A default by its key: the contract, the oldest unpaid due day, and how often that day came up."""

    contract_no: str
    first_due_on: date
    n: int


class ClimbOrder(DefaultInput):
    """Look at a default: what is due by `as_of` is done, each step once."""

    as_of: AwareDatetime


class Climbed(Message):
    """Where a default stands: when to look next, what the contract has to be told, or that it is over."""

    state: CaseState
    closed: bool = False
    next_at: AwareDatetime | None = None
    tell: Literal["propose_suspension", "propose_rescission", "settle"] | None = None


class TellOrder(DefaultInput):
    """A command of a default to its contract."""

    tell: Literal["propose_suspension", "propose_rescission", "settle"]
    key: str
    as_of: AwareDatetime


class Scope(Message):
    """What of the service is suspended: all, or the resources named."""

    kind: ScopeKind = "all"
    resource_ids: Annotated[list[Code], Field(max_length=500)] = Field(default_factory=list)


class Suspension(Message):
    """A suspension of a contract, numbered from its approval on; an open end lasts until the cause is gone (A32).

    `without_announcement` says why it was not announced beforehand (16(2), proviso).
    """

    n: int = 0
    state: Literal["planned", "running", "ended", "withdrawn"] = "planned"
    ground: SuspensionGround
    scope: Scope
    from_on: date
    until_on: date | None = None
    approval_id: str | None = None
    without_announcement: Unannounced | None = None


class Rescission(Message):
    """A rescission by the provider, numbered from its approval on; its letter is under way (Art. 17(3)).

    `item` is what the customer falls under, by 43(2).
    """

    n: int = 0
    state: Literal["sent", "effective", "withdrawn"] = "sent"
    ground: RescissionGround
    penalty: int = 0
    item: AntisocialItem | None = None


class ProposeSuspension(Command):
    """Somebody, or the ladder, proposes a suspension (Art. 16(1), 16(2))."""

    ground: SuspensionGround
    scope: Scope
    from_on: date
    until_on: date | None = None
    without_announcement: Unannounced | None = None
    reason: str


class Suspend(Command):
    """The first day of an approved suspension has come."""

    n: int


class Resume(Command):
    """Service resumes: the cause is gone, with a pledge where one is needed, or the period is over (Art. 16(3))."""

    ended_by: Literal["cause", "period"] = "cause"
    pledged: bool = False
    reason: str = ""


class ProposeRescission(Command):
    """Somebody, or the ladder, proposes to rescind (Art. 17(1), 17(2), 43(2)); `facts` are kept with the reason."""

    ground: RescissionGround
    reason: str
    item: AntisocialItem | None = None
    facts: str | None = None


class Rescind(Command):
    """The letter of a rescission arrived (Art. 17(3)); `in_place` is what people put in the place of that."""

    n: int
    arrived_at: AwareDatetime
    in_place: InPlace | None = None


class DropRescission(Command):
    """The letter of a rescission was taken back before it went out."""

    n: int


class SettleDefault(Command):
    """Nothing is overdue any more: what the ladder has proposed falls, and service resumes (Art. 16(3))."""


class SuspensionInput(Message):
    """What the peer of a suspension needs: when it begins and until when it was announced."""

    contract_no: str
    n: int
    begun: bool
    suspend_at: AwareDatetime
    task_at: AwareDatetime | None = None
    until_on: date | None = None


class SuspensionOrder(Message):
    """Something to do for a suspension."""

    contract_no: str
    n: int
    key: str
    as_of: AwareDatetime


class RescissionInput(Message):
    """What the peer of a rescission needs to wait for the arrival of its letter."""

    contract_no: str
    n: int


class RescissionOrder(RescissionInput):
    """Something to do for a rescission; `arrived_at` where its letter has arrived."""

    key: str
    as_of: AwareDatetime
    arrived_at: AwareDatetime | None = None
    in_place: InPlace | None = None


class LetterLook(Message):
    """Letters that a workflow waits for, to be taken back as far as they have not gone out."""

    workflow_id: str
    as_of: AwareDatetime
