"""Price lists (別紙料金表, Art. 24(1)); usage and invoices join them with billing."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field, SQLModel

from models.tables.types import UTCDateTime


class PriceListRow(SQLModel, table=True):
    """A version of the price list; immutable."""

    __tablename__ = "price_list"
    price_list: str = Field(primary_key=True, max_length=32)
    effective_from: date = Field(unique=True)
    terms_version: str = Field(max_length=16)
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class PriceRow(SQLModel, table=True):
    """One item of a price list. Yen per month and initial fees are integers, rates and caps decimal text."""

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("charge_type IN ('capped', 'metered', 'monthly', 'other', 'initial')", name="charge_type"),
        CheckConstraint("initial_fee >= 0", name="initial_fee"),
    )
    price_list: str = Field(primary_key=True, foreign_key="price_list.price_list", max_length=32)
    code: str = Field(primary_key=True, max_length=16)
    place: int = Field(description="order of the list, from 1")
    name: str = Field(max_length=100)
    charge_type: str = Field(max_length=16)
    meter: str = Field(max_length=16)
    unit: str = Field(max_length=32)
    rate: str | None = Field(default=None, max_length=32)
    cap_hours: int | None = None
    monthly_cap: str | None = Field(default=None, max_length=32)
    monthly_fee: int | None = Field(default=None, sa_type=BigInteger)
    initial_fee: int = Field(default=0, sa_type=BigInteger)
    min_term_months: int = 1
    prorated: bool = False
    console: bool = False
    orderable: bool = True
    tax_class: str = Field(max_length=16)
