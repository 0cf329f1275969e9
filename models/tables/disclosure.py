"""Registers of what leaves the office: disclosures, publications, contractors; append-only (Art. 40, 41, 44(4), 44(5)).

A row is what was proposed; whatever becomes of it is a further entry, and the last one tells the state. Names and words
of a contract's disclosures and publications are sealed with its key, those of contractors with the office's.
"""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime


class ContractorRow(SQLModel, table=True):
    """A contractor (業務委託先): its task, and the kinds of data that are entrusted to it from a day on."""

    __tablename__ = "contractor"
    contractor_no: str = Field(primary_key=True, max_length=32)
    name: bytes
    task: bytes
    data: list[str] = Field(sa_type=JSON)
    contracted_on: date
    recorded_by: str = Field(max_length=100)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class DisclosureRow(SQLModel, table=True):
    """A disclosure as it was proposed: to whom, on which ground and document, which data; `articles` allow it."""

    __tablename__ = "disclosure"
    __table_args__ = (
        CheckConstraint(
            "ground IN ('consent', 'bank', 'warrant', 'inquiry', 'statute', 'emergency', 'contractor')", name="ground"
        ),
    )
    disclosure_no: str = Field(primary_key=True, max_length=32)
    contract_no: str = Field(foreign_key="contract.contract_no", max_length=32, index=True)
    ground: str = Field(max_length=16)
    data: list[str] = Field(sa_type=JSON)
    articles: list[str] = Field(sa_type=JSON)
    contractor_no: str | None = Field(default=None, foreign_key="contractor.contractor_no", max_length=32)
    requester: bytes
    basis_reference: bytes
    basis_sha256: str = Field(max_length=64)
    scope: bytes
    proposed_by: str = Field(max_length=100)
    proposed_at: datetime = Field(sa_type=UTCDateTime)
    approval_id: str = Field(max_length=32)


class PublicationRow(SQLModel, table=True):
    """A publication (発表) with the customer's consent: which text, in what scope, agreed to by whom and when."""

    __tablename__ = "publication"
    publication_no: str = Field(primary_key=True, max_length=32)
    contract_no: str = Field(foreign_key="contract.contract_no", max_length=32, index=True)
    publication: bytes
    text_version: str = Field(max_length=64)
    text_sha256: str = Field(max_length=64)
    scope: bytes
    consented_on: date
    consented_by: bytes
    proposed_by: str = Field(max_length=100)
    proposed_at: datetime = Field(sa_type=UTCDateTime)
    approval_id: str = Field(max_length=32)


class RegisterEntryRow(SQLModel, table=True):
    """A further entry of one of these registers: what became of the entry `register_no`, and when.

    `at` is the instant of the fact, `on_day` its day where it has only one (end of a contractor's contract, withdrawal
    of a consent), `sha256` the hash of what was handed over, `words` the sealed reason.
    """

    __tablename__ = "register_entry"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('decided', 'handed_over', 'approved', 'consent_withdrawn', 'rejected', 'withdrawn', 'expired', "
            "'ended')",
            name="kind",
        ),
    )
    register_no: str = Field(primary_key=True, max_length=32)
    n: int = Field(primary_key=True)
    kind: str = Field(max_length=20)
    at: datetime = Field(sa_type=UTCDateTime)
    on_day: date | None = None
    sha256: str | None = Field(default=None, max_length=64)
    words: bytes | None = None
    recorded_by: str = Field(max_length=100)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
