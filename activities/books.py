"""The books of allocations (仕訳帳): what deposits pay of receivables, and the counter-entries that undo it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Self

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.journal import Account, Entry, book
from models.tables import AllocationRow, JournalEntryRow, JournalLineRow

HELD: Account = "deposits_held"


@dataclass(slots=True)
class _Booked:
    """An entry over allocations of a deposit, and the yen of it that nothing has taken back."""

    key: str
    on_day: date
    left: int


@dataclass(slots=True)
class AllocationBooks:
    """Entries to be written for allocations that are undone or made on a day."""

    on: date
    booked: dict[str, list[_Booked]]
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    async def of(cls, session: AsyncSession, deposits: set[str], on: date) -> Self:
        """Read what was booked of some deposits."""
        e, line = JournalEntryRow, JournalLineRow
        found = await session.execute(
            select(col(e.deposit_id), col(e.entry_key), col(e.on_day), col(e.corrects), func.sum(line.amount))
            .join(line, col(line.entry_key) == col(e.entry_key))
            .where(col(e.deposit_id).in_(deposits), col(e.event).in_(("allocation", "correction")))
            .where(col(line.account) == HELD)
            .group_by(col(e.deposit_id), col(e.entry_key), col(e.on_day), col(e.corrects))
            .order_by(col(e.on_day), col(e.entry_key))
        )
        booked: dict[str, list[_Booked]] = {deposit_id: [] for deposit_id in deposits}
        by_key, undone = {}, []
        for deposit_id, key, on_day, corrects, amount in found.all():
            if corrects is not None:
                undone.append((corrects, int(amount)))
                continue
            by_key[key] = _Booked(key, on_day, int(amount))
            booked[str(deposit_id)].append(by_key[key])
        for corrects, amount in undone:
            if corrects in by_key:  # else it took back another entry of the deposit
                by_key[corrects].left += amount
        return cls(on=on, booked=booked)

    def undo(self, row: AllocationRow) -> None:
        """Take the entry of an allocation back, as far as it is this one's.

        Raises:
            LookupError: the allocation was never booked.
        """
        entry = self._entry_of(row)
        entry.left -= row.amount
        self.entries.append(
            Entry(
                key=f"undo:{row.id}",
                event="correction",
                on_day=self.on,
                lines={HELD: -row.amount, "receivable": row.amount},
                contract_no=row.contract_no,
                invoice_no=row.invoice_no,
                deposit_id=row.deposit_id,
                corrects=entry.key,
            )
        )

    def pay(self, row: AllocationRow) -> None:
        """Book an allocation."""
        self.entries.append(allocation_entry(row))

    def _entry_of(self, row: AllocationRow) -> _Booked:
        """Find the entry that booked an allocation: its own, or that of the act which made it with others."""
        candidates = self.booked[row.deposit_id]
        own = next((each for each in candidates if each.key == key_of(row)), None)
        if own is not None:
            return own
        for each in candidates:
            if each.on_day == row.on_day and each.left >= row.amount and not each.key.startswith(MOVED):
                return each
        raise LookupError(row.key)

    async def write(self, session: AsyncSession, *, as_of: datetime) -> None:
        """Write the entries."""
        await book(session, self.entries, as_of=as_of)
        self.entries = []


MOVED = "allocation:move:"


def key_of(row: AllocationRow) -> str:
    """Name the entry of a single allocation."""
    return f"allocation:{row.key}"


def allocation_entry(row: AllocationRow) -> Entry:
    """Book an allocation on its day: what was held pays a receivable."""
    return Entry(
        key=key_of(row),
        event="allocation",
        on_day=row.on_day,
        lines={HELD: row.amount, "receivable": -row.amount},
        contract_no=row.contract_no,
        invoice_no=row.invoice_no,
        deposit_id=row.deposit_id,
    )
