"""What is kept and for how long: legal holds, deletions of data, certificates (Art. 34, 44(6))."""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime


class LegalHoldRow(SQLModel, table=True):
    """A legal hold (A94): blocks deletion and erasure from its proposal on, until it is rejected or released.

    `matter` (the case) and `reason` are sealed with the contract's key: they may name people.
    """

    __tablename__ = "legal_hold"
    __table_args__ = (CheckConstraint("state IN ('proposed', 'placed', 'rejected', 'released')", name="state"),)
    hold_no: str = Field(primary_key=True, max_length=32)
    contract_no: str = Field(foreign_key="contract.contract_no", max_length=32, index=True)
    state: str = Field(default="proposed", max_length=16)
    matter: bytes
    reason: bytes
    review_on: date = Field(index=True)
    proposed_by: str = Field(max_length=100)
    proposed_at: datetime = Field(sa_type=UTCDateTime)
    approval_id: str = Field(max_length=32)
    placed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    release_approval_id: str | None = Field(default=None, max_length=32)
    released_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class DeletionRow(SQLModel, table=True):
    """The deletion of a contract's data, and how long its records are kept; one a contract, made by its end.

    `inventory` lists what was deleted, as it stood; `early_approval_id` is the consent to a deletion by 34(2).
    """

    __tablename__ = "deletion"
    __table_args__ = (
        CheckConstraint("state IN ('grace', 'blocked', 'ready', 'deleted', 'retained', 'erased')", name="state"),
    )
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    state: str = Field(default="grace", max_length=16)
    delete_from_on: date | None = None
    inventory: list[dict[str, JsonValue]] = Field(default_factory=list, sa_type=JSON)
    deleted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    erasable_from_on: date | None = None
    erased_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    early_approval_id: str | None = Field(default=None, max_length=32)


class CertificateRow(SQLModel, table=True):
    """Proof of a deletion (34) or an erasure (44(6)): what, how, by whom; append-only, names no customer.

    `sha256` is the hash of the other columns as canonical JSON, so that a change shows.
    """

    __tablename__ = "certificate"
    __table_args__ = (CheckConstraint("kind IN ('data', 'personal')", name="kind"),)
    key: str = Field(primary_key=True, max_length=120)
    contract_no: str = Field(max_length=32, index=True)
    kind: str = Field(max_length=16)
    article: str = Field(max_length=32)
    at: datetime = Field(sa_type=UTCDateTime)
    items: list[dict[str, JsonValue]] = Field(sa_type=JSON)
    method: str = Field(max_length=200)
    performed_by: str = Field(max_length=100)
    approval_id: str | None = Field(default=None, max_length=32)
    notice_no: str | None = Field(default=None, max_length=32)
    sha256: str = Field(max_length=64)
