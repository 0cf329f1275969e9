"""Contracts: what the entity remembers and is told (Art. 3-5, 9, 10, 26, 28)."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StrictInt

from models.messages.base import Code, Message, ShortText
from models.messages.default import Rescission, Suspension
from models.messages.office import (
    Answered,
    ApprovalClosing,
    ApprovalOrder,
    ApprovalVote,
    Command,
    Event,
    LetterOrder,
    Opening,
    Reply,
    TaskOrder,
)
from models.messages.termination import Ending, TerminationRecord

Phase = Literal["accepted", "active", "suspended", "ended", "closed", "erased"]
PendingAct = Literal[
    "special_cancellation", "suspension", "suspension_unannounced", "rescission", "rescission_without_suspension",
    "antisocial_rescission",
]  # fmt: skip


class Line(Message):
    """An ordered line with the prices of the list it was ordered by; yen without tax, caps and rates decimal text."""

    line_no: int
    code: str
    quantity: int
    zone: str
    charge_type: str
    rate: str | None = None
    monthly_fee: int | None = None
    monthly_cap: str | None = None
    initial_fee: int = 0
    min_term_months: int = 1
    from_on: date
    to_on: date | None = None
    min_term_ends_on: date | None = None


class Voter(Message):
    """Who has approved, in which role."""

    person: str
    role: str


class PendingApproval(Message):
    """An act that waits for further people: `needs` approvals, one of them by the role `includes`.

    A special cancellation (Art. 14(2), A86) has an ending; a suspension (16(1)) or a rescission (17) its plan.
    """

    approval_id: str
    proposed_by: str
    act: PendingAct = "special_cancellation"
    article: str = "14(2)"
    needs: int = 1
    includes: str | None = None
    votes: list[Voter] = Field(default_factory=list)
    ending: Ending | None = None
    suspension: Suspension | None = None
    rescission: Rescission | None = None


class ContractState(BaseModel):
    """All that the contract remembers; goes through continue-as-new. Instants are UTC, days are Japan's."""

    contract_no: str
    application_no: str
    phase: Phase = "accepted"
    version: int = 0
    terms_version: str
    price_list: str
    formed_at: AwareDatetime
    lines: list[Line]
    service_start_on: date | None = None
    billing_start_on: date | None = None
    min_term_ends_on: date | None = None
    ends_on: date | None = None
    ended_at: AwareDatetime | None = None
    end_ground: str | None = None
    delete_from_on: date | None = None
    endings: int = 0
    running: list[TerminationRecord] = Field(default_factory=list)
    first_notice: Answered | None = None
    suspensions: int = 0
    suspension: Suspension | None = None
    rescissions: int = 0
    rescission: Rescission | None = None
    pending: list[PendingApproval] = Field(default_factory=list)
    answers: list[Answered] = Field(default_factory=list)


class NewResource(Message):
    """Something that stands on a contract from a day on; the name is the customer's."""

    resource_id: Code
    code: Code
    quantity: Annotated[StrictInt, Field(ge=1, le=10**9)]
    zone: Code
    name: ShortText
    from_on: date | None = None


class StartService(Command):
    """Provisioning is done: start of service and of charging (Art. 5(1), 26(3); A6)."""

    service_start_on: date
    billing_start_on: date
    resources: list[NewResource]


class Snapshot(Message):
    """The columns of the contract row after a command."""

    phase: Phase
    service_start_on: date | None
    billing_start_on: date | None
    min_term_ends_on: date | None
    ends_on: date | None
    ended_at: AwareDatetime | None
    end_ground: str | None
    delete_from_on: date | None


Precondition = Literal["suspension", "rescission", "resumption", "rescinded", "settlement", "successor"]
"""What a commit has to prove from the books, in its transaction, before it is written (Art. 12, 16, 17)."""


class SignalOrder(Message):
    """A workflow to be told of something after the commit."""

    workflow_id: str
    name: str


class ContractCommit(Message):
    """One command's whole effect, written in one transaction; `version` makes it happen once."""

    contract_no: str
    application_no: str
    version: int
    key: str
    scope: str | None
    as_of: AwareDatetime
    snapshot: Snapshot
    events: list[Event]
    lines: list[Line] = Field(default_factory=list)
    resources: list[NewResource] = Field(default_factory=list)
    terminations: list[TerminationRecord] = Field(default_factory=list)
    letters: list[LetterOrder] = Field(default_factory=list)
    openings: list[Opening] = Field(default_factory=list)
    tasks: list[TaskOrder] = Field(default_factory=list)
    approval: ApprovalOrder | None = None
    vote: ApprovalVote | None = None
    vote_decides: bool = True
    closings: list[ApprovalClosing] = Field(default_factory=list)
    suspension: Suspension | None = None
    rescission: Rescission | None = None
    arrived_at: AwareDatetime | None = None
    succession: int | None = None
    must: Precondition | None = None
    settles: bool = False
    signals: list[SignalOrder] = Field(default_factory=list)
    leftovers: bool = False
    reply: Reply | Literal["contract"]
