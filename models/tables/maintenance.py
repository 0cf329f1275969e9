"""Restrictions (Art. 14) and interruptions (Art. 15) as plain records."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime


class MaintenanceEventRow(SQLModel, table=True):
    """An event of Art. 14 or 15 with its scope: zones or contracts."""

    __tablename__ = "maintenance_event"
    __table_args__ = (
        CheckConstraint("kind IN ('restriction', 'planned', 'urgent', 'upstream_stop', 'necessary')", name="kind"),
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
