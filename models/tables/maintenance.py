"""Restrictions (Art. 14) and interruptions (Art. 15): recorded, some of them once a second person agrees."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime


class MaintenanceEventRow(SQLModel, table=True):
    """An event of Art. 14 or 15 with its scope: zones or contracts; it counts once its state is `recorded`."""

    __tablename__ = "maintenance_event"
    __table_args__ = (
        CheckConstraint("kind IN ('restriction', 'planned', 'urgent', 'upstream_stop', 'necessary')", name="kind"),
        CheckConstraint("state IN ('proposed', 'recorded', 'rejected', 'withdrawn', 'expired')", name="state"),
    )
    event_no: str = Field(primary_key=True, max_length=32)
    kind: str = Field(max_length=16)
    article: str = Field(max_length=32)
    starts_at: datetime = Field(sa_type=UTCDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    zones: list[str] = Field(sa_type=JSON)
    contract_nos: list[str] = Field(sa_type=JSON)
    reason: str = Field(max_length=2000)
    priority_traffic: str | None = Field(default=None, max_length=200)
    supplier_notice: dict[str, JsonValue] | None = Field(default=None, sa_type=JSON)
    recorded_by: str = Field(max_length=100)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    state: str = Field(default="recorded", max_length=16)
    without_notice: bool = False
    approval_id: str | None = Field(default=None, max_length=32)
