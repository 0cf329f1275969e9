"""What every command carries: who gave it, and under which key its answer is kept."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue

from models.messages.base import Message


class Origin(Message):
    """Where a command comes from.

    `key` is the update id, `{command}:{scope or own id}`; `actor` is `role:person`, `customer:{customer_ref}` or
    `system`; `scope` names the row of `idempotency_key` that gets the answer, absent for commands of workflows.
    """

    key: str
    actor: str
    scope: str | None = None


class Command(Message):
    """A command to a workflow; a repetition with the same key gets the first answer."""

    origin: Origin


class Answered(Message):
    """A command that was carried out and what it was told, for its repetitions."""

    key: str
    status: int
    body: dict[str, JsonValue]


class Reply(Message):
    """The answer to a command: HTTP status and body, as stored with its effect."""

    status: int
    body: dict[str, JsonValue]


class Event(Message):
    """What an audit row says: who did what, by which article, on which basis. Names no person outside the office."""

    action: str
    article: str
    actor: str
    at: AwareDatetime
    summary: str
    basis: dict[str, JsonValue] = Field(default_factory=dict)


class LetterOrder(Message):
    """A letter to be written: which, by which clause, with which facts; `origin` learns what becomes of it.

    `contact` is the kind of contact that it goes to, where it is not that of all letters of its slug.
    """

    slug: str
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    origin: str | None = None
    replaces: str | None = None
    contact: str | None = None


class TaskOrder(Message):
    """Something a person of a role has to do."""

    kind: str
    role: str
    detail: str
    article: str | None = None
    due_on: date | None = None
    notice_no: str | None = None


class ApprovalOrder(Message):
    """An act that waits for a second person."""

    act: str
    article: str
    roles: list[str]
    needs: int = 1
    proposed_by: str
    reason: str
    consequence: dict[str, JsonValue] = Field(default_factory=dict)


class ApprovalVote(Command):
    """What one person decided on an approval."""

    approval_id: str
    person: str
    role: str
    decision: Literal["approve", "reject"]
    reason: str


class ApprovalClosing(Command):
    """An approval that its proposer withdrew or that nobody decided in time."""

    approval_id: str
    state: Literal["withdrawn", "expired"]


class Opening(Message):
    """A workflow to start, with its whole input; carries no personal data, as it passes through the outbox."""

    workflow_id: str
    type: str
    payload: dict[str, JsonValue]


class Closing(Message):
    """A workflow that has done its work."""

    workflow_id: str
    as_of: AwareDatetime


class CalendarState(Message):
    """What the calendar remembers: the day in Japan of its last sweep."""

    swept_on: date | None = None


class SweepInput(Message):
    """When the calendar looks or a sweep runs (`as_of`), and the day swept last, or being swept."""

    as_of: AwareDatetime
    swept_on: date | None = None
