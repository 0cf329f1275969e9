"""Who the party of a contract is and was: successions, assignments, changes of name and address (Art. 11-13)."""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import JSON, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime

OPEN = "closed_at IS NULL"


class SuccessionRow(SQLModel, table=True):
    """A succession (12), or an assignment that needs our consent (11); at most one open per contract.

    `successor` is what was told of it, sealed in class `erasable`; `kind` is absorption, new_company, split or
    assignment. `late` is a flag without a sanction. An assignment has no day of its own: it takes effect with the
    arrival of our consent (`succeeded_on`). `approval_id` is the proposal that waits, or that decided.
    """

    __tablename__ = "succession"
    __table_args__ = (
        CheckConstraint("kind IN ('absorption', 'new_company', 'split', 'assignment')", name="kind"),
        CheckConstraint(
            "state IN ('notified', 'documents_missing', 'under_review', 'continued', 'rescinding', 'rescinded', "
            "'overtaken', 'proposed', 'consented', 'transferred', 'refused', 'withdrawn')",
            name="state",
        ),
        Index("uq_succession_open", "contract_no", unique=True, sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    )
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    n: int = Field(primary_key=True)
    kind: str = Field(max_length=16)
    state: str = Field(max_length=20)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    succeeded_on: date | None = None
    raw_on: date | None = None
    deadline_on: date | None = None
    noticed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    form: str | None = Field(default=None, max_length=16)
    late: bool = False
    represented: bool = Field(default=False, description="the representation of Art. 43(1) stands on the notice")
    review_by_on: date | None = None
    screened_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    findings: list[dict[str, JsonValue]] = Field(sa_type=JSON)
    grounds: list[str] = Field(default_factory=list, sa_type=JSON)
    approval_id: str | None = Field(default=None, max_length=32)
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    successor: bytes
    name: bytes


class SuccessionDocumentRow(SQLModel, table=True):
    """A document that came with a succession, by its hash; append-only."""

    __tablename__ = "succession_document"
    __table_args__ = (CheckConstraint("kind IN ('registry_certificate', 'anti_social_representation')", name="kind"),)
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    n: int = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=32)
    sha256: str = Field(primary_key=True, max_length=64)
    arrived_at: datetime = Field(sa_type=UTCDateTime)
    recorded_by: str = Field(max_length=100)


class PartyRow(SQLModel, table=True):
    """The party of a contract from a day on, whenever it changed: name, seat, representative, officers.

    On a day the row with the largest `n` whose `from_on` has come holds; before all of them the name in the contract
    row and the seat of the application. `name` is sealed in class `statutory`, `details` in class `erasable`.
    """

    __tablename__ = "party"
    __table_args__ = (
        CheckConstraint("event IN ('name_change', 'succession', 'assignment')", name="event"),
        Index(None, "name_hash"),
    )
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    n: int = Field(primary_key=True)
    from_on: date
    event: str = Field(max_length=16)
    event_n: int
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    corporate_number: str = Field(max_length=13)
    name: bytes
    name_hash: str = Field(max_length=64)
    details: bytes


class NameChangeRow(SQLModel, table=True):
    """A change of name, address or contacts as it was told (変更届, Art. 13); `changes` sealed in class `erasable`."""

    __tablename__ = "name_change"
    __table_args__ = (Index(None, "proof_by_on"),)
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    n: int = Field(primary_key=True)
    form: str = Field(max_length=16)
    arrived_at: datetime = Field(sa_type=UTCDateTime)
    effective_on: date
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    changed: list[str] = Field(sa_type=JSON)
    changes: bytes
    proof_by_on: date | None = Field(default=None, description="until when a proof that we asked for is to come")
    proof_reminded: bool = False
    proof_arrived_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    proof_sha256: str | None = Field(default=None, max_length=64)
