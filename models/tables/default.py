"""Default: the case of an unpaid contract, what holds it, suspensions (Art. 16, 17)."""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime

OPEN = text("closed_at IS NULL")


class DefaultCaseRow(SQLModel, table=True):
    """A default of a contract: where it stands on the ladder; one open at a time for each contract.

    `step` is the next one to take; `steps` are all with their days, pinned when the case was opened.
    """

    __tablename__ = "default_case"
    __table_args__ = (
        CheckConstraint(
            "state IN ('overdue', 'reminded', 'warned', 'suspended', 'demanded', 'rescinding', 'rescinded', 'settled')",
            name="state",
        ),
        Index("uq_default_case_open", "contract_no", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    first_due_on: date = Field(primary_key=True)
    n: int = Field(primary_key=True)
    state: str = Field(default="overdue", max_length=16)
    step: str | None = Field(default="flag", max_length=16)
    steps: list[JsonValue] = Field(sa_type=JSON)
    ended: bool = Field(default=False, description="laid out for a contract that has ended")
    terms_version: str = Field(max_length=16)
    opened_at: datetime = Field(sa_type=UTCDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    closed_on: date | None = Field(default=None, description="the day in Japan")
    stated_from_on: date | None = Field(default=None, description="first day of a suspension, as announced (16(2))")
    rejected: bool = Field(default=False, description="a proposal for this step was rejected: a person proposes anew")


class DefaultHoldRow(SQLModel, table=True):
    """Something that holds a ladder up to a day, itself counted; the reason is sealed. Append-only but for its end."""

    __tablename__ = "default_hold"
    __table_args__ = (
        CheckConstraint("kind IN ('promise', 'dispute', 'insolvency', 'check')", name="kind"),
        CheckConstraint("outcome IN ('running', 'kept', 'over')", name="outcome"),
        ForeignKeyConstraint(
            ["contract_no", "first_due_on", "n"],
            ["default_case.contract_no", "default_case.first_due_on", "default_case.n"],
        ),
    )
    key: str = Field(primary_key=True, max_length=255)
    contract_no: str = Field(max_length=32, index=True)
    first_due_on: date
    n: int
    kind: str = Field(max_length=16)
    until_on: date
    placed_at: datetime = Field(sa_type=UTCDateTime)
    placed_by: str = Field(max_length=100)
    reason: bytes
    outcome: str = Field(default="running", max_length=16)


class SuspensionRow(SQLModel, table=True):
    """A suspension of a contract: its ground, scope and period (Art. 16(1), 16(2)), and what became of it."""

    __tablename__ = "suspension"
    __table_args__ = (
        CheckConstraint("state IN ('planned', 'running', 'ended', 'withdrawn')", name="state"),
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="period"),
    )
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    n: int = Field(primary_key=True)
    ground: str = Field(max_length=16)
    scope: str = Field(max_length=8)
    resource_ids: list[str] = Field(sa_type=JSON)
    from_on: date
    until_on: date | None = None
    state: str = Field(max_length=16)
    approval_id: str | None = Field(default=None, max_length=32)
    started_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    shut_at: datetime | None = Field(default=None, sa_type=UTCDateTime, description="done by the provisioning")
    opened_at: datetime | None = Field(default=None, sa_type=UTCDateTime, description="undone by the provisioning")


class RescissionRow(SQLModel, table=True):
    """A rescission by the provider whose letter was written (Art. 17(3)); penalty in yen as it was shown."""

    __tablename__ = "rescission"
    __table_args__ = (CheckConstraint("state IN ('sent', 'effective', 'withdrawn')", name="state"),)
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    n: int = Field(primary_key=True)
    ground: str = Field(max_length=16)
    state: str = Field(default="sent", max_length=16)
    penalty: int = Field(sa_type=BigInteger)
    decided_at: datetime = Field(sa_type=UTCDateTime)
    arrived_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
