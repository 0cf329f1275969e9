"""What belongs to the office as a whole: people, keys, audit trail, outbox, approvals, tasks, open workflows, clock."""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime

BIG_ID = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up only INTEGER keys


class PersonRow(SQLModel, table=True):
    """Somebody who works for the provider; `login` and an Argon2 hash open the console."""

    __tablename__ = "person"
    person: str = Field(primary_key=True, max_length=64)
    role: str = Field(max_length=32)
    login: str = Field(max_length=64, unique=True)
    password_hash: str = Field(max_length=256)
    created_at: datetime = Field(sa_type=UTCDateTime)


class ApiKeyRow(SQLModel, table=True):
    """A key to the API; only a hash of the secret is kept."""

    __tablename__ = "api_key"
    key_id: str = Field(primary_key=True, max_length=32)
    secret_hash: str = Field(max_length=64, unique=True)
    role: str = Field(max_length=32)
    person: str | None = Field(default=None, max_length=64)
    customer_ref: str | None = Field(default=None, max_length=64)
    created_at: datetime = Field(sa_type=UTCDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class IdempotencyKeyRow(SQLModel, table=True):
    """One client command: its fingerprint, and its answer once it is known.

    `scope` is a hash of API key id, path and Idempotency-Key, so that nothing a client wrote stands here in plain
    text. The answer is sealed with the key of `owner`. `leased_until` (UTC, real clock) lets another copy of the
    command take over from a process that died.
    """

    __tablename__ = "idempotency_key"
    scope: str = Field(primary_key=True, max_length=64)
    fingerprint: str = Field(max_length=64)
    leased_until: datetime = Field(sa_type=UTCDateTime)
    status: int | None = None
    answer: bytes | None = None
    owner: str | None = Field(default=None, max_length=32)
    created_at: datetime = Field(sa_type=UTCDateTime)


class AuditEventRow(SQLModel, table=True):
    """One thing that happened, with its article and basis; append-only, hash-chained per contract or office."""

    __tablename__ = "audit_event"
    __table_args__ = (UniqueConstraint("chain", "seq"), Index(None, "contract_no", "id"))
    id: int | None = Field(default=None, sa_column=Column(BIG_ID, primary_key=True))
    key: str = Field(max_length=255, unique=True)
    chain: str = Field(max_length=32)
    seq: int
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    at: datetime = Field(sa_type=UTCDateTime)
    action: str = Field(max_length=64)
    article: str = Field(max_length=32)
    actor: str = Field(max_length=100)
    contract_no: str | None = Field(default=None, max_length=32)
    application_no: str | None = Field(default=None, max_length=32, index=True)
    summary: str = Field(max_length=500)
    basis: dict[str, JsonValue] = Field(sa_type=JSON)


class AuditChainRow(SQLModel, table=True):
    """The head of a chain of audit events; locked by whoever appends."""

    __tablename__ = "audit_chain"
    chain: str = Field(primary_key=True, max_length=32)
    seq: int
    hash: str = Field(max_length=64)


class OutboxRow(SQLModel, table=True):
    """A message to a workflow that was committed with its cause and is not delivered yet; names no person."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("kind IN ('start', 'signal')", name="kind"),
        Index("ix_outbox_waiting", "delivered_at", "id"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_ID, primary_key=True))
    key: str = Field(max_length=255, unique=True)
    kind: str = Field(max_length=16)
    workflow_id: str = Field(max_length=200)
    name: str = Field(max_length=64, description="workflow type to start, or signal to send")
    task_queue: str = Field(default="contracts", max_length=64)
    payload: dict[str, JsonValue] = Field(sa_type=JSON)
    contract_no: str | None = Field(default=None, max_length=32)
    created_at: datetime = Field(sa_type=UTCDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    attempts: int = 0
    trouble: str | None = Field(default=None, max_length=200)


class ApprovalRow(SQLModel, table=True):
    """An act that needs a second person (四眼)."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'approved', 'rejected', 'withdrawn', 'expired')", name="state"),
    )
    approval_id: str = Field(primary_key=True, max_length=32)
    key: str = Field(max_length=255, unique=True)
    act: str = Field(max_length=64)
    article: str = Field(max_length=32)
    roles: list[str] = Field(sa_type=JSON, description="roles that may decide")
    needs: int = 1
    contract_no: str | None = Field(default=None, max_length=32, index=True)
    application_no: str | None = Field(default=None, max_length=32, index=True)
    workflow_id: str | None = Field(default=None, max_length=200)
    proposed_by: str = Field(max_length=100)
    proposed_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    reminded: bool = False
    consequence: dict[str, JsonValue] = Field(sa_type=JSON)
    evidence: bytes | None = Field(default=None, description="sealed: the proposal with its reason")
    payload: dict[str, JsonValue] | None = Field(
        default=None, sa_type=JSON, description="what is to be done, for acts that no workflow waits for"
    )
    state: str = Field(default="open", max_length=16, index=True)


class ApprovalVoteRow(SQLModel, table=True):
    """What one person decided on an approval; append-only. The reason is sealed."""

    __tablename__ = "approval_vote"
    approval_id: str = Field(primary_key=True, foreign_key="approval.approval_id", max_length=32)
    person: str = Field(primary_key=True, max_length=64)
    role: str = Field(max_length=32)
    decision: str = Field(max_length=16)
    reason: bytes
    at: datetime = Field(sa_type=UTCDateTime)


class TaskRow(SQLModel, table=True):
    """Something a person has to do; `detail` names no person outside the office."""

    __tablename__ = "task"
    __table_args__ = (CheckConstraint("state IN ('open', 'done')", name="state"), Index(None, "state", "role"))
    task_id: str = Field(primary_key=True, max_length=32)
    key: str = Field(max_length=255, unique=True)
    kind: str = Field(max_length=64)
    article: str | None = Field(default=None, max_length=32)
    detail: str = Field(max_length=500)
    role: str = Field(max_length=32)
    contract_no: str | None = Field(default=None, max_length=32, index=True)
    application_no: str | None = Field(default=None, max_length=32)
    notice_no: str | None = Field(default=None, max_length=32)
    due_on: date | None = None
    state: str = Field(default="open", max_length=16)
    created_at: datetime = Field(sa_type=UTCDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    done_by: str | None = Field(default=None, max_length=100)
    outcome: bytes | None = Field(default=None, description="sealed reason of the completion")


class OpenWorkflowRow(SQLModel, table=True):
    """A workflow that was started: the proof that it starts once, and what the simulation has to watch.

    `clock_shift` is business time minus server time in seconds at its start (0 on the real clock).
    """

    __tablename__ = "open_workflow"
    __table_args__ = (Index(None, "closed_at", "workflow_id"),)
    workflow_id: str = Field(primary_key=True, max_length=200)
    type: str = Field(max_length=64)
    contract_no: str | None = Field(default=None, max_length=32, index=True)
    application_no: str | None = Field(default=None, max_length=32, index=True)
    clock_shift: float | None = None
    opened_at: datetime = Field(sa_type=UTCDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class SimulationClockRow(SQLModel, table=True):
    """Business time as distance to real time, in microseconds; absent on the real clock. One row."""

    __tablename__ = "simulation_clock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
    id: int = Field(default=1, primary_key=True)
    ahead_us: int = Field(sa_type=BigInteger)


class NumberSeriesRow(SQLModel, table=True):
    """The last number given out of a series; taken inside the transaction that uses it."""

    __tablename__ = "number_series"
    kind: str = Field(primary_key=True, max_length=32)
    year: int = Field(primary_key=True)
    last: int


class VaultKeyRow(SQLModel, table=True):
    """Which keys exist and which were destroyed; the key material is in the vault's own store."""

    __tablename__ = "vault_key"
    key_id: str = Field(primary_key=True, max_length=32)
    owner: str = Field(max_length=32, index=True)
    key_class: str = Field(max_length=16)
    created_at: datetime = Field(sa_type=UTCDateTime)
    destroyed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
