"""Contracts, what was ordered, what stands, and how they end (Art. 3-5, 9, 14, 18, 26, 28, 38)."""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime


class ContractRow(SQLModel, table=True):
    """The contract as its workflow last committed it; `version` refuses to go back."""

    __tablename__ = "contract"
    __table_args__ = (
        CheckConstraint("state IN ('accepted', 'active', 'suspended', 'ended', 'closed', 'erased')", name="state"),
    )
    contract_no: str = Field(primary_key=True, max_length=32)
    application_no: str = Field(foreign_key="application.application_no", max_length=32, unique=True)
    customer_ref: str = Field(max_length=64, index=True)
    corporate_number: str = Field(max_length=13, index=True)
    state: str = Field(max_length=16, index=True)
    version: int = 0
    terms_version: str = Field(max_length=16)
    price_list: str = Field(max_length=32)
    formed_at: datetime = Field(sa_type=UTCDateTime)
    service_start_on: date | None = None
    billing_start_on: date | None = None
    min_term_ends_on: date | None = None
    ends_on: date | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    end_ground: str | None = Field(default=None, max_length=16)
    delete_from_on: date | None = None
    name: bytes
    name_hash: str = Field(max_length=64, index=True)


class ContractLineRow(SQLModel, table=True):
    """What was ordered: initial fee, minimum term, penalty. Yen are integers; caps and rates decimal text."""

    __tablename__ = "contract_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("initial_fee >= 0", name="initial_fee"),
    )
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    line_no: int = Field(primary_key=True)
    code: str = Field(max_length=16)
    quantity: int = Field(sa_type=BigInteger)
    zone: str = Field(max_length=64)
    initial_fee: int = Field(sa_type=BigInteger)
    from_on: date
    to_on: date | None = None
    min_term_ends_on: date | None = None
    name: bytes


class ResourceRow(SQLModel, table=True):
    """What stands on a contract: charges, and what is left at its end (Art. 38(2)); the customer's name is sealed."""

    __tablename__ = "resource"
    __table_args__ = (
        UniqueConstraint("contract_no", "resource_id", "code", "from_on"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="period"),
        Index(None, "resource_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    contract_no: str = Field(foreign_key="contract.contract_no", max_length=32)
    resource_id: str = Field(max_length=64)
    code: str = Field(max_length=16)
    quantity: int = Field(sa_type=BigInteger)
    zone: str = Field(max_length=64)
    from_on: date
    to_on: date | None = None
    left_over: bool = False
    name: bytes


class ResourceOwnerRow(SQLModel, table=True):
    """A resource id belongs to one contract, for ever."""

    __tablename__ = "resource_owner"
    resource_id: str = Field(primary_key=True, max_length=64)
    contract_no: str = Field(foreign_key="contract.contract_no", max_length=32)


class TerminationRow(SQLModel, table=True):
    """A notice that ends a contract: by Art. 18(1), 14(2), 18(2) or 28(1), with the dates that follow from it."""

    __tablename__ = "termination"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'ended', 'overtaken', 'withdrawn')", name="state"),
        CheckConstraint("penalty >= 0", name="penalty"),
    )
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    n: int = Field(primary_key=True)
    ground: str = Field(max_length=16)
    form: str = Field(max_length=16)
    arrived_at: datetime = Field(sa_type=UTCDateTime)
    arrived_on: date
    runs_out_on: date | None = None
    requested_end_on: date | None = None
    ends_on: date
    event_no: str | None = Field(default=None, max_length=32)
    penalty: int = Field(sa_type=BigInteger)
    final_due_on: date | None = None
    delete_from_on: date
    basis: dict[str, JsonValue] = Field(sa_type=JSON)
    state: str = Field(default="running", max_length=16)


class IncomingLetterRow(SQLModel, table=True):
    """A letter from the customer: taken by a process, or rejected with its article (e.g. not in writing)."""

    __tablename__ = "incoming_letter"
    __table_args__ = (CheckConstraint("state IN ('received', 'taken', 'rejected')", name="state"),)
    key: str = Field(primary_key=True, max_length=255)
    contract_no: str = Field(foreign_key="contract.contract_no", max_length=32, index=True)
    slug: str = Field(max_length=64)
    form: str = Field(max_length=16)
    arrived_at: datetime = Field(sa_type=UTCDateTime)
    state: str = Field(max_length=16)
    article: str | None = Field(default=None, max_length=32)
