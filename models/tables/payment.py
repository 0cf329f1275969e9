"""Bank accounts, bank files, deposits and what they pay (Art. 27(2), 36; Civil Code 488, 489, 491).

A payer's name is sealed in `deposit_party` under a key of its deposit; other rows know it by a keyed hash.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.office import BIG_ID
from models.tables.types import UTCDateTime


class BankAccountRow(SQLModel, table=True):
    """A designated account (指定口座) of the provider; `virtual_prefix` begins its transfer-only numbers."""

    __tablename__ = "bank_account"
    __table_args__ = (UniqueConstraint("bank_code", "branch_code", "type", "number"),)
    account_id: str = Field(primary_key=True, max_length=32)
    bank_code: str = Field(max_length=4)
    bank_name: str = Field(max_length=60)
    branch_code: str = Field(max_length=3)
    branch_name: str = Field(max_length=60)
    type: str = Field(max_length=1)
    number: str = Field(max_length=7)
    holder_kana: str = Field(max_length=100)
    virtual_prefix: str | None = Field(default=None, max_length=6)
    recorded_at: datetime = Field(sa_type=UTCDateTime)
    recorded_by: str = Field(max_length=100)


class BankFileRow(SQLModel, table=True):
    """A bank file as it was taken in and first answered; kept as its hash, for the raw file mixes payers."""

    __tablename__ = "bank_file"
    file_id: str = Field(primary_key=True, max_length=32)
    sha256: str = Field(max_length=64, unique=True)
    format: str = Field(max_length=16)
    records: int
    matched: int
    unmatched: int
    cancelled: int
    duplicates: int
    other: int
    received_at: datetime = Field(sa_type=UTCDateTime)
    received_by: str = Field(max_length=100)


class BankLineRow(SQLModel, table=True):
    """A record of a bank file and what became of it; append-only. `text` of other movements is sealed."""

    __tablename__ = "bank_line"
    __table_args__ = (
        CheckConstraint("outcome IN ('deposit', 'reversal', 'duplicate', 'other')", name="outcome"),
        Index(None, "deposit_id"),
    )
    file_id: str = Field(primary_key=True, foreign_key="bank_file.file_id", max_length=32)
    line: int = Field(primary_key=True)
    outcome: str = Field(max_length=16)
    account_id: str = Field(foreign_key="bank_account.account_id", max_length=32)
    reference: int = Field(sa_type=BigInteger)
    booked_on: date
    value_on: date
    amount: int = Field(sa_type=BigInteger)
    incoming: bool
    deposit_id: str | None = Field(default=None, max_length=32)
    text: bytes | None = None


class DepositRow(SQLModel, table=True):
    """Money that came in, or the record that takes it back (`cancelled`, `reverses`); one row whatever the format.

    `payer_hash` is a keyed hash of the normalised name, `edi` the EDI information if it is made of digits, letters
    and signs of references only (else it stands sealed in `deposit_party`). `waits` says why a person is needed.
    """

    __tablename__ = "deposit"
    __table_args__ = (
        UniqueConstraint("account_id", "booked_on", "reference", "amount", "reversal"),
        CheckConstraint(
            "state IN ('unmatched', 'part_allocated', 'allocated', 'held', 'refunded', 'cancelled')", name="state"
        ),
        CheckConstraint("amount > 0", name="amount"),
        Index(None, "state", "value_on"),
        Index(None, "contract_no", "value_on"),
        Index(None, "payer_hash"),
    )
    deposit_id: str = Field(primary_key=True, max_length=32)
    account_id: str = Field(foreign_key="bank_account.account_id", max_length=32)
    reference: int = Field(sa_type=BigInteger)
    booked_on: date
    value_on: date
    amount: int = Field(sa_type=BigInteger)
    reversal: bool = False
    state: str = Field(default="unmatched", max_length=16)
    contract_no: str | None = Field(default=None, max_length=32)
    matched_by: str | None = Field(default=None, max_length=16)
    virtual_contract: str | None = Field(default=None, max_length=32, description="contract of the virtual account")
    waits: str | None = Field(default=None, max_length=32)
    unapplied: int = Field(sa_type=BigInteger, description="what no debt has taken and nobody got back")
    reverses: str | None = Field(default=None, max_length=32)
    reversed_by: str | None = Field(default=None, max_length=32)
    payer_hash: str = Field(max_length=64)
    payer_prefix_hash: str = Field(max_length=64)
    received_at: datetime = Field(sa_type=UTCDateTime)


class DepositPartyRow(SQLModel, table=True):
    """Who paid, in the bank's words: name, payer code, EDI information, sending bank and branch as sealed JSON."""

    __tablename__ = "deposit_party"
    deposit_id: str = Field(primary_key=True, foreign_key="deposit.deposit_id", max_length=32)
    owner: str = Field(max_length=32, description="whose key seals it: the deposit's, later the contract's")
    party: bytes


class AllocationRow(SQLModel, table=True):
    """What a deposit paid of an invoice (充当); append-only. A counter-row is negative and names its original.

    `value_on` is the day on which the debt was paid, `on_day` the day of the allocation.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("part IN ('cost', 'interest', 'principal')", name="part"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(amount < 0) = (undoes IS NOT NULL)", name="counter"),
        Index(None, "deposit_id"),
        Index(None, "invoice_no"),
        Index(None, "contract_no", "value_on"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_ID, primary_key=True))
    key: str = Field(max_length=120, unique=True)
    deposit_id: str = Field(foreign_key="deposit.deposit_id", max_length=32)
    contract_no: str = Field(max_length=32)
    invoice_no: str = Field(foreign_key="invoice.invoice_no", max_length=10)
    part: str = Field(max_length=16)
    amount: int = Field(sa_type=BigInteger)
    value_on: date
    on_day: date
    designated_by: str | None = Field(default=None, max_length=16, description="customer or provider (Civil Code 488)")
    interest_invoice: str | None = Field(default=None, max_length=10, description="documents collected interest")
    undoes: int | None = Field(default=None, sa_type=BigInteger, unique=True)


class PayerAliasRow(SQLModel, table=True):
    """A payer's name known for a contract: from its application, or learned from a person's allocation; deletable.

    `name` is the registered name, sealed in class `erasable`: names that the bank cut are compared with it.
    """

    __tablename__ = "payer_alias"
    __table_args__ = (Index(None, "prefix_hash"),)
    name_hash: str = Field(primary_key=True, max_length=64)
    contract_no: str = Field(primary_key=True, foreign_key="contract.contract_no", max_length=32)
    prefix_hash: str = Field(max_length=64)
    name: bytes
    confirmed_by: str = Field(max_length=100)
    at: datetime = Field(sa_type=UTCDateTime)


class PayoutRow(SQLModel, table=True):
    """Money given back (refund) or a claim given up (write-off), after approval; append-only. Yen."""

    __tablename__ = "payout"
    __table_args__ = (
        CheckConstraint("kind IN ('refund', 'write_off')", name="kind"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(kind = 'refund') = (deposit_id IS NOT NULL)", name="subject"),
        Index(None, "invoice_no"),
        Index(None, "deposit_id"),
    )
    approval_id: str = Field(primary_key=True, max_length=32)
    kind: str = Field(max_length=16)
    deposit_id: str | None = Field(default=None, max_length=32)
    invoice_no: str | None = Field(default=None, max_length=10)
    contract_no: str | None = Field(default=None, max_length=32)
    amount: int = Field(sa_type=BigInteger)
    on_day: date
