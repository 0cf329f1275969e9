"""Letters (notices, Art. 42) and the documents they carry."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime


class NoticeRow(SQLModel, table=True):
    """One letter by one channel, from the queue to its arrival.

    `stamped_at` is the moment printed on the letter, `dispatched_at` that of its dispatch, `arrived_at` that of its
    arrival or deemed arrival with `basis` (Art. 42(2)). `facts` and `proof` are sealed in class `statutory`.
    """

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'dispatched', 'arrived', 'undeliverable', 'withdrawn')", name="state"),
        CheckConstraint(
            "channel IN ('email', 'web', 'fax', 'post', 'registered', 'certified', 'console', 'portal', 'record')",
            name="channel",
        ),
        Index(None, "state", "channel"),
    )
    notice_no: str = Field(primary_key=True, max_length=32)
    key: str = Field(max_length=255, unique=True)
    workflow_id: str = Field(max_length=200, unique=True, description="bulk/… where none is run: sent in bulk")
    origin: str | None = Field(default=None, max_length=200, description="workflow that waits for it")
    slug: str = Field(max_length=64)
    article: str | None = Field(default=None, max_length=32)
    contract_no: str | None = Field(default=None, max_length=32, index=True)
    application_no: str | None = Field(default=None, max_length=32, index=True)
    invoice_no: str | None = Field(default=None, max_length=10, index=True)
    batch: str | None = Field(default=None, max_length=64, index=True, description="mailing that sends it in bulk")
    channel: str = Field(max_length=16)
    form: str = Field(max_length=16, description="legal form: W, W-CERT, W-REG, 42, QM …")
    contact_kind: str = Field(default="contract", max_length=16)
    state: str = Field(default="queued", max_length=16)
    terms_version: str = Field(max_length=16)
    queued_at: datetime = Field(sa_type=UTCDateTime)
    stamped_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    dispatched_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    arrived_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    deemed: bool | None = None
    basis: str | None = Field(default=None, max_length=16)
    method: str | None = Field(default=None, max_length=16)
    message_id: str | None = Field(default=None, max_length=200)
    replaces: str | None = Field(default=None, max_length=32)
    same_as: str | None = Field(default=None, max_length=32)
    sha256: str | None = Field(default=None, max_length=64)
    facts: bytes = Field(default=b"", description="empty: the letter is made from its invoice")
    proof: bytes | None = None
    tracking_no: str | None = Field(default=None, max_length=64)
    record_missed: bool = Field(default=False, description="a task was opened for the missing delivery record")


class DocumentRow(SQLModel, table=True):
    """A sealed document: the PDF of a letter. `sha256` is that of the plain bytes; append-only once dispatched."""

    __tablename__ = "document"
    document_id: str = Field(primary_key=True, max_length=64)
    notice_no: str | None = Field(default=None, max_length=32, index=True)
    owner: str = Field(max_length=32, index=True)
    kind: str = Field(default="letter", max_length=16, description="letter, or the usage statement beside it")
    media_type: str = Field(max_length=64)
    sha256: str = Field(max_length=64)
    content: bytes
    created_at: datetime = Field(sa_type=UTCDateTime)


class DeliveryRow(SQLModel, table=True):
    """What was learned of a letter's delivery: delivered, refused or returned; append-only evidence."""

    __tablename__ = "delivery"
    __table_args__ = (CheckConstraint("outcome IN ('delivered', 'refused', 'returned')", name="outcome"),)
    key: str = Field(primary_key=True, max_length=255)
    notice_no: str = Field(foreign_key="notice.notice_no", max_length=32, index=True)
    outcome: str = Field(max_length=16)
    at: datetime = Field(sa_type=UTCDateTime)
    proof: bytes
    recorded_by: str = Field(max_length=100)
