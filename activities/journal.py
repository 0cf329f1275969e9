"""The books (仕訳帳): double entry in yen, each entry named for its document, corrected only by counter-entries.

An entry's lines sum to zero: debits above, credits below. Which event moves which accounts stands in one table here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.bulk import insert_rows
from models.tables import JournalEntryRow, JournalLineRow

Account = Literal[
    "receivable", "revenue", "penalty_income", "interest_income", "restoration_income", "consumption_tax_payable",
    "bank", "deposits_held", "sales_returns", "write_off",
]  # fmt: skip
Event = Literal["invoice", "deposit", "allocation", "credit_note", "write_off", "refund", "correction"]

INCOME: Mapping[str, Account] = {
    "monthly": "revenue",
    "surcharge": "revenue",
    "penalty": "penalty_income",
    "interest": "interest_income",
    "restoration": "restoration_income",
}
"""The account of an invoice's income, by its kind."""


class Unbalanced(Exception):
    """The lines of an entry do not sum to zero: a mistake of the code, nothing is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the books; `lines` gives yen by account, debit above zero, credit below; zeros are left out."""

    key: str
    event: Event
    on_day: date
    lines: Mapping[Account, int]
    contract_no: str | None = None
    invoice_no: str | None = None
    deposit_id: str | None = None
    corrects: str | None = None
    columns: tuple[str, ...] = field(default=("contract_no", "invoice_no", "deposit_id", "corrects"), repr=False)


def invoice_entry(*, invoice_no: str, kind: str, contract_no: str, on_day: date, total: int, tax: int) -> Entry:
    """Book an invoice on its day of issue: receivable to income and consumption tax."""
    lines: dict[Account, int] = {
        "receivable": total,
        INCOME[kind]: tax - total,
        "consumption_tax_payable": -tax,
    }
    return Entry(
        key=f"invoice:{invoice_no}", event="invoice", on_day=on_day, lines=lines,
        contract_no=contract_no, invoice_no=invoice_no,
    )  # fmt: skip


def credit_entry(*, invoice_no: str, contract_no: str, on_day: date, total: int, tax: int) -> Entry:
    """Book a credit note on its day: sales returns and tax to receivable."""
    lines: dict[Account, int] = {
        "sales_returns": total - tax,
        "consumption_tax_payable": tax,
        "receivable": -total,
    }
    return Entry(
        key=f"credit_note:{invoice_no}", event="credit_note", on_day=on_day, lines=lines,
        contract_no=contract_no, invoice_no=invoice_no,
    )  # fmt: skip


async def book(session: AsyncSession, entries: Iterable[Entry], *, as_of: datetime) -> None:
    """Write entries; an entry whose key is there already is a mistake and fails.

    Raises:
        Unbalanced: an entry does not sum to zero.
    """
    rows, lines = [], []
    for entry in entries:
        sides = [(account, amount) for account, amount in entry.lines.items() if amount]
        if sum(amount for _, amount in sides):
            raise Unbalanced(entry.key)
        rows.append(
            {name: getattr(entry, name) for name in entry.columns}
            | {"entry_key": entry.key, "event": entry.event, "on_day": entry.on_day, "recorded_at": as_of}
        )
        lines += [{"entry_key": entry.key, "account": account, "amount": amount} for account, amount in sides]
    await insert_rows(session, JournalEntryRow, rows)
    await insert_rows(session, JournalLineRow, lines)


async def take_back(session: AsyncSession, key: str, *, new_key: str, on_day: date, as_of: datetime) -> None:
    """Take an entry back by a counter-entry on its own day (never by a change)."""
    entry = await session.get_one(JournalEntryRow, key)
    found = await session.execute(
        select(col(JournalLineRow.account), col(JournalLineRow.amount)).where(col(JournalLineRow.entry_key) == key)
    )
    counter = Entry(
        key=new_key,
        event="correction",
        on_day=on_day,
        lines={cast("Account", account): -amount for account, amount in found.all()},
        contract_no=entry.contract_no,
        invoice_no=entry.invoice_no,
        deposit_id=entry.deposit_id,
        corrects=key,
    )
    await book(session, [counter], as_of=as_of)
