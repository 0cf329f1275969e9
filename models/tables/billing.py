"""Price lists, usage, what is priced and what is billed, and the books (Art. 24-29, 35-38, 消法57の4, 電帳法).

Yen are integers, rates and caps decimal text. What a customer chose to call a resource stands sealed in `resource`
only: the rows here hold numbers and ids.
"""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, text
from sqlmodel import Field, SQLModel

from models.tables.office import BIG_ID
from models.tables.types import UTCDateTime

LIVE = text("state <> 'void'")
LATE = text("late")


class PriceListRow(SQLModel, table=True):
    """A version of the price list; immutable. Recorded by two people, but for the one a fresh service carries."""

    __tablename__ = "price_list"
    price_list: str = Field(primary_key=True, max_length=32)
    effective_from: date = Field(unique=True)
    terms_version: str = Field(max_length=16)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    approval_id: str | None = Field(default=None, max_length=32)


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


class UsageFileRow(SQLModel, table=True):
    """A usage file as it was taken in; the raw file mixes customers and is kept as its hash only."""

    __tablename__ = "usage_file"
    file_id: str = Field(primary_key=True, max_length=32)
    sha256: str = Field(max_length=64, unique=True)
    encoding: str = Field(max_length=16)
    rows: int
    accepted: int
    duplicates: int
    duplicate_lines: list[int] = Field(sa_type=JSON)
    quarantined: list[dict[str, JsonValue]] = Field(sa_type=JSON, description="line and reason, as first answered")
    amount_differences: int = Field(default=0, description="rows whose upstream amount is not ours; never trusted")
    received_at: datetime = Field(sa_type=UTCDateTime)
    received_by: str = Field(max_length=100)


class UsageRecordRow(SQLModel, table=True):
    """A row of usage that was taken in; append-only (Art. 29(3)). It counts unless a supersession names it.

    `seconds` is time of use, `amount_e4` an amount of use in ten-thousandths (GB), `size_e4` the size of the resource
    in ten-thousandths where the row names one. `values_hash` is a keyed hash of all columns but the row number.
    """

    __tablename__ = "usage_record"
    __table_args__ = (
        CheckConstraint("to_on >= from_on", name="period"),
        CheckConstraint("seconds >= 0 AND amount_e4 >= 0", name="usage"),
        Index("ix_usage_record_month", "month", "contract_no", "resource_id", "code", "size_e4"),
        Index("ix_usage_record_contract", "contract_no", "resource_id", "code", "from_on"),
        Index("ix_usage_record_late", "contract_no", "month", sqlite_where=LATE, postgresql_where=LATE),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_ID, primary_key=True))
    file_id: str = Field(foreign_key="usage_file.file_id", max_length=32)
    line: int
    contract_no: str = Field(max_length=32)
    resource_id: str = Field(max_length=64)
    code: str = Field(max_length=16)
    month: str = Field(max_length=7)
    from_on: date
    to_on: date
    days: int
    seconds: int = Field(default=0, sa_type=BigInteger)
    amount_e4: int = Field(default=0, sa_type=BigInteger)
    size_e4: int | None = Field(default=None, sa_type=BigInteger)
    allocated_seconds: int = Field(default=0, sa_type=BigInteger)
    running_seconds: int | None = Field(default=None, sa_type=BigInteger)
    values_hash: str = Field(max_length=64)
    upstream_amount: int | None = Field(default=None, sa_type=BigInteger)
    late: bool = Field(default=False, description="its month had been billed when it came")
    quarantine_id: str | None = Field(default=None, max_length=32, description="accepted out of quarantine by a person")


class UsageSupersessionRow(SQLModel, table=True):
    """A row of usage that counts no more, because a person accepted a correction; append-only."""

    __tablename__ = "usage_supersession"
    superseded_id: int = Field(
        sa_column=Column(BIG_ID, ForeignKey("usage_record.id"), primary_key=True, autoincrement=False)
    )
    by_id: int = Field(sa_column=Column(BIG_ID, ForeignKey("usage_record.id"), nullable=False))
    approved_by: str = Field(max_length=100)
    at: datetime = Field(sa_type=UTCDateTime)


class UsageQuarantineRow(SQLModel, table=True):
    """A doubtful row until a person discards or accepts it. `row` is the row as it came, sealed."""

    __tablename__ = "usage_quarantine"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'discarded', 'accepted')", name="state"),
        Index(None, "state", "month", "contract_no"),
        Index(None, "values_hash"),
    )
    quarantine_id: str = Field(primary_key=True, max_length=32)
    file_id: str = Field(foreign_key="usage_file.file_id", max_length=32, index=True)
    line: int
    reason: str = Field(max_length=32)
    state: str = Field(default="open", max_length=16)
    contract_no: str | None = Field(default=None, max_length=32)
    month: str | None = Field(default=None, max_length=7, description="month of its first day, where it has one")
    values_hash: str = Field(max_length=64)
    row: bytes
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    decided_by: str | None = Field(default=None, max_length=100)
    decision_reason: bytes | None = None


class ChangeChargeRow(SQLModel, table=True):
    """What an accepted change costs once (Art. 25(2)): the fee of the change, and initial fees of units added."""

    __tablename__ = "change_charge"
    __table_args__ = (CheckConstraint("quantity > 0 AND unit_fee >= 0", name="amount"),)
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    n: int = Field(primary_key=True, description="number of the change on its contract")
    code: str = Field(primary_key=True, max_length=16, description="CHG, or the item that was added")
    quantity: int = Field(sa_type=BigInteger)
    unit_fee: int = Field(sa_type=BigInteger)
    price_list: str = Field(max_length=32)
    start_on: date = Field(index=True)


class BillingRunRow(SQLModel, table=True):
    """One pass over a month; its key makes a pass start once. Sums in yen, tax included."""

    __tablename__ = "billing_run"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'proof', 'rejected', 'issuing', 'issued', 'superseded')", name="state"),
    )
    month: str = Field(primary_key=True, max_length=7)
    pass_no: int = Field(primary_key=True)
    state: str = Field(max_length=16)
    started_at: datetime = Field(sa_type=UTCDateTime)
    started_by: str = Field(max_length=100)
    usage_through: int = Field(default=0, sa_type=BigInteger, description="last usage record that this pass sees")
    frozen_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    approval_id: str | None = Field(default=None, max_length=32)
    drafts: int = 0
    total: int = Field(default=0, sa_type=BigInteger)
    proof: dict[str, JsonValue] = Field(default_factory=dict, sa_type=JSON)
    issued_on: date | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class LateUsageRow(SQLModel, table=True):
    """A billed month of a contract for which usage came while it was being billed: the next run looks at it."""

    __tablename__ = "late_usage"
    contract_no: str = Field(primary_key=True, max_length=32)
    month: str = Field(primary_key=True, max_length=7)


class BillingResultRow(SQLModel, table=True):
    """How a contract stands in a month: held with a reason, priced, issued, or with nothing to bill.

    `usage_through` is the last usage record that its bill has seen: what comes later is late usage.
    `adjusts` marks a contract that is over and is billed only for months before.
    """

    __tablename__ = "billing_result"
    __table_args__ = (
        CheckConstraint("state IN ('held', 'priced', 'nothing_to_bill', 'issued')", name="state"),
        Index(None, "month", "state", "contract_no"),
    )
    contract_no: str = Field(primary_key=True, max_length=32)
    month: str = Field(primary_key=True, max_length=7)
    pass_no: int
    state: str = Field(max_length=16)
    reason: str | None = Field(default=None, max_length=32)
    invoice_no: str | None = Field(default=None, max_length=10)
    usage_through: int = Field(default=0, sa_type=BigInteger)
    adjusts: bool = False


class DraftInvoiceRow(SQLModel, table=True):
    """An invoice of a pass before it is issued: priced, proved, without a number."""

    __tablename__ = "draft_invoice"
    month: str = Field(primary_key=True, max_length=7)
    contract_no: str = Field(primary_key=True, max_length=32)
    pass_no: int
    non_taxed: int = Field(sa_type=BigInteger)
    total: int = Field(sa_type=BigInteger)
    adjusted: dict[str, JsonValue] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="months billed before that it completes, with what they had seen",
    )


class DraftTaxRow(SQLModel, table=True):
    """Base and tax of a draft at one rate."""

    __tablename__ = "draft_tax"
    month: str = Field(primary_key=True, max_length=7)
    contract_no: str = Field(primary_key=True, max_length=32)
    rate_percent: int = Field(primary_key=True)
    base: int = Field(sa_type=BigInteger)
    tax: int = Field(sa_type=BigInteger)


class LineColumns(SQLModel):
    """What a line says. `quantity` is decimal text; `unit_price` yen per hour, month, unit or piece as printed."""

    line_no: int
    code: str = Field(max_length=16)
    charge_type: str = Field(max_length=24)
    resource_id: str | None = Field(default=None, max_length=64)
    month: str | None = Field(default=None, max_length=7)
    quantity: str = Field(max_length=32)
    unit: str = Field(max_length=32)
    unit_price: str | None = Field(default=None, max_length=32)
    seconds: int | None = Field(default=None, sa_type=BigInteger)
    days: int | None = None
    of_days: int | None = None
    amount: int = Field(sa_type=BigInteger)
    capped: bool | None = None
    article: str = Field(max_length=32)
    tax_class: str = Field(max_length=16)
    price_list: str | None = Field(default=None, max_length=32)
    adjusts_invoice: str | None = Field(default=None, max_length=10, description="the invoice whose line it completes")


class DraftLineRow(LineColumns, table=True):
    """A line of a draft."""

    __tablename__ = "draft_line"
    __table_args__ = (PrimaryKeyConstraint("month_of_run", "contract_no", "line_no"),)
    month_of_run: str = Field(max_length=7)
    contract_no: str = Field(max_length=32)


class InvoiceRow(SQLModel, table=True):
    """An issued invoice; append-only. A correction is another invoice that names this one."""

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('monthly', 'penalty', 'surcharge', 'interest', 'restoration', 'credit')", name="kind"
        ),
        CheckConstraint("total >= 0 AND non_taxed >= 0", name="sums"),
        Index(None, "contract_no", "issued_on"),
        Index(None, "month", "kind"),
        Index(None, "issued_on", "invoice_no"),
        Index(None, "total"),
    )
    invoice_no: str = Field(primary_key=True, max_length=10)
    kind: str = Field(max_length=16)
    contract_no: str = Field(foreign_key="contract.contract_no", max_length=32)
    business_key: str = Field(max_length=200)
    month: str | None = Field(default=None, max_length=7)
    issued_on: date
    nominal_on: date | None = None
    due_on: date
    non_taxed: int = Field(sa_type=BigInteger)
    total: int = Field(sa_type=BigInteger)
    usage_through: int = Field(default=0, sa_type=BigInteger)
    replaces: str | None = Field(default=None, max_length=10, description="the void invoice that this one replaces")
    corrects: str | None = Field(default=None, max_length=10, description="the invoice that a credit note corrects")
    approval_id: str | None = Field(default=None, max_length=32)
    basis: dict[str, JsonValue] = Field(default_factory=dict, sa_type=JSON, description="articles, settings, steps")
    issued_at: datetime = Field(sa_type=UTCDateTime)


class InvoiceAccountRow(SQLModel, table=True):
    """The state of an invoice: one live invoice for each contract, kind and business key. `balance` is principal."""

    __tablename__ = "invoice_account"
    __table_args__ = (
        CheckConstraint("state IN ('issued', 'part_paid', 'paid', 'void')", name="state"),
        CheckConstraint("balance >= 0", name="balance"),
        Index(
            "uq_invoice_account_live", "contract_no", "kind", "business_key",
            unique=True, sqlite_where=LIVE, postgresql_where=LIVE,
        ),
        Index(None, "contract_no", "state"),
    )  # fmt: skip
    invoice_no: str = Field(primary_key=True, foreign_key="invoice.invoice_no", max_length=10)
    contract_no: str = Field(max_length=32)
    kind: str = Field(max_length=16)
    business_key: str = Field(max_length=200)
    state: str = Field(default="issued", max_length=16)
    balance: int = Field(sa_type=BigInteger)
    due_on: date = Field(index=True)
    replaced_by: str | None = Field(default=None, max_length=10)


class InvoiceLineRow(LineColumns, table=True):
    """A line of an issued invoice; append-only."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        PrimaryKeyConstraint("invoice_no", "line_no"),  # in this order: lines are found by their invoice
        CheckConstraint("amount >= 0", name="amount"),
    )
    invoice_no: str = Field(foreign_key="invoice.invoice_no", max_length=10)


class InvoiceTaxRow(SQLModel, table=True):
    """Base and tax of an invoice at one rate; append-only."""

    __tablename__ = "invoice_tax"
    invoice_no: str = Field(primary_key=True, foreign_key="invoice.invoice_no", max_length=10)
    rate_percent: int = Field(primary_key=True)
    base: int = Field(sa_type=BigInteger)
    tax: int = Field(sa_type=BigInteger)


class JournalEntryRow(SQLModel, table=True):
    """An entry of the books; append-only, named for its document, so that nothing is booked twice."""

    __tablename__ = "journal_entry"
    __table_args__ = (Index(None, "on_day", "entry_key"), Index(None, "invoice_no"), Index(None, "deposit_id"))
    entry_key: str = Field(primary_key=True, max_length=120)
    event: str = Field(max_length=24)
    on_day: date
    contract_no: str | None = Field(default=None, max_length=32)
    invoice_no: str | None = Field(default=None, max_length=10)
    deposit_id: str | None = Field(default=None, max_length=32)
    corrects: str | None = Field(default=None, max_length=120, description="the entry that this one takes back")
    recorded_at: datetime = Field(sa_type=UTCDateTime)


class JournalLineRow(SQLModel, table=True):
    """One side of an entry in yen: debit above zero, credit below; the lines of an entry sum to zero."""

    __tablename__ = "journal_line"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        Index(None, "account"),
    )
    entry_key: str = Field(primary_key=True, foreign_key="journal_entry.entry_key", max_length=120)
    account: str = Field(primary_key=True, max_length=32)
    amount: int = Field(sa_type=BigInteger)
