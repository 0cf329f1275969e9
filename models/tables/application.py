"""Applications (利用申込) and the registered contacts (Art. 4, 8, 9, 42)."""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime


class ApplicationRow(SQLModel, table=True):
    """An application as it was filed; one application, one contract (Art. 4).

    `form`, `decision` are sealed in class `erasable`, `name` in class `statutory`; `name_hash` is a keyed hash of the
    normalised company name, for searching.
    """

    __tablename__ = "application"
    __table_args__ = (CheckConstraint("state IN ('received', 'accepted', 'refused', 'withdrawn')", name="state"),)
    application_no: str = Field(primary_key=True, max_length=32)
    external_ref: str = Field(max_length=64, unique=True)
    customer_ref: str = Field(max_length=64, index=True)
    state: str = Field(max_length=16, index=True)
    received_at: datetime = Field(sa_type=UTCDateTime)
    corporate_number: str = Field(max_length=13, index=True)
    price_list: str = Field(max_length=32)
    terms_version: str = Field(max_length=16)
    electronic_delivery: bool
    findings: list[dict[str, JsonValue]] = Field(sa_type=JSON)
    answer_by_on: date | None = None
    escalated_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    decided: str | None = Field(default=None, max_length=16, description="accept or refuse, from the decision on")
    decision: bytes | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    contract_no: str | None = Field(default=None, max_length=32, unique=True, description="reserved by the acceptance")
    version: int = 0
    name: bytes
    name_hash: str = Field(max_length=64, index=True)
    form: bytes | None = None
    erased_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class ContactRow(SQLModel, table=True):
    """A registered contact (Art. 42): contract, billing, technical or emergency; sealed in class `erasable`."""

    __tablename__ = "contact"
    __table_args__ = (CheckConstraint("kind IN ('contract', 'billing', 'technical', 'emergency')", name="kind"),)
    application_no: str = Field(primary_key=True, foreign_key="application.application_no", max_length=32)
    kind: str = Field(primary_key=True, max_length=16)
    from_at: datetime = Field(primary_key=True, sa_type=UTCDateTime)
    to_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    known_wrong: bool = Field(default=False, description="a letter came back: Art. 42(2) sentence 1")
    contact: bytes
