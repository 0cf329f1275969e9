"""The debts of contracts with everything that met them: money, credits, write-offs (Art. 27, 36; Civil Code 488-489).

What is open on a day is never stored; `terms.account` works it out from what is read here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import AllocationRow, InvoiceAccountRow, InvoiceRow, PayoutRow
from terms.account import DebtKind, Movement, MovementPart, OpenDebt

DEBT_KINDS: Mapping[str, DebtKind] = MappingProxyType(
    {"monthly": "fee", "surcharge": "surcharge", "penalty": "penalty", "restoration": "damages"}
)
"""The debt that an invoice claims, by its kind; interest runs beside the debts, a credit lowers one of them."""

VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A live invoice as a debt. `balance` is its principal open today; yen.

    `allocation_ids` tells, in the order of `open.movements`, the allocation that each of them is; None for a credit
    or a write-off.
    """

    invoice_no: str
    contract_no: str
    kind: str
    month: str | None
    issued_on: date
    due_on: date
    balance: int
    open: OpenDebt
    allocation_ids: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class _Met:
    """A movement on an invoice, and the allocation that it is."""

    movement: Movement
    allocation_id: int | None = None


async def debts_of(
    session: AsyncSession, contract_no: str, *, issued_by: date, as_of_on: date | None = None
) -> list[Debt]:
    """Read the debts of one contract; see `debts_of_many`."""
    found = await debts_of_many(session, [contract_no], issued_by=issued_by, as_of_on=as_of_on)
    return found.get(contract_no, [])


async def debts_of_many(
    session: AsyncSession, contract_nos: Sequence[str], *, issued_by: date, as_of_on: date | None = None
) -> dict[str, list[Debt]]:
    """Read the debts of some thousand contracts at most, in the order of their issue; four queries in all.

    Debts are the live invoices issued by a day, paid ones too; interest invoices and credit notes are none. What was
    undone is left out, and with `as_of_on` what came after that day. Contracts without debts are missing.
    """
    if not contract_nos:
        return {}
    rows = await _live(session, contract_nos, issued_by)
    met = await _movements(session, contract_nos)
    debts: dict[str, list[Debt]] = defaultdict(list)
    for invoice, balance in rows:
        on_it = [one for one in met[invoice.invoice_no] if as_of_on is None or one.movement.on <= as_of_on]
        debts[invoice.contract_no].append(_debt(invoice, balance, on_it))
    return dict(debts)


async def open_balances(session: AsyncSession, contract_nos: Sequence[str]) -> dict[str, int]:
    """Sum up the principal open on each contract in yen; contracts that owe nothing are missing. One query."""
    account = InvoiceAccountRow
    found = await session.execute(
        select(col(account.contract_no), func.sum(col(account.balance)))
        .where(col(account.contract_no).in_(contract_nos), col(account.state).in_(("issued", "part_paid")))
        .where(col(account.kind).in_(DEBT_KINDS))
        .group_by(col(account.contract_no))
    )
    return {contract_no: int(balance) for contract_no, balance in found.all()}


async def _live(session: AsyncSession, contract_nos: Sequence[str], issued_by: date) -> list[tuple[InvoiceRow, int]]:
    account = InvoiceAccountRow
    found = await session.execute(
        select(InvoiceRow, col(account.balance))
        .join(account, col(account.invoice_no) == col(InvoiceRow.invoice_no))
        .where(col(InvoiceRow.contract_no).in_(contract_nos), col(InvoiceRow.kind).in_(DEBT_KINDS))
        .where(col(InvoiceRow.issued_on) <= issued_by, col(account.state) != VOID)
        .order_by(col(InvoiceRow.issued_on), col(InvoiceRow.invoice_no))
    )
    return [(invoice, balance) for invoice, balance in found.all()]


async def _movements(session: AsyncSession, contract_nos: Sequence[str]) -> dict[str, list[_Met]]:
    """Read what met the invoices of contracts, by invoice: allocations as they came, credits, write-offs."""
    met: dict[str, list[_Met]] = defaultdict(list)
    allocations = await session.scalars(
        select(AllocationRow).where(col(AllocationRow.contract_no).in_(contract_nos)).order_by(col(AllocationRow.id))
    )
    for row in standing(allocations.all()):
        part = cast("MovementPart", row.part)
        met[row.invoice_no].append(_Met(Movement(on=row.value_on, part=part, amount=row.amount), row.id))
    for invoice_no, movement in [*await _credits(session, contract_nos), *await _write_offs(session, contract_nos)]:
        met[invoice_no].append(_Met(movement))
    return met


def standing(rows: Iterable[AllocationRow]) -> Iterator[AllocationRow]:
    """Leave out allocations that were undone, and the counter-rows that undid them."""
    rows = list(rows)
    undone = {row.undoes for row in rows if row.undoes is not None}
    return (row for row in rows if row.undoes is None and row.id not in undone)


async def _credits(session: AsyncSession, contract_nos: Sequence[str]) -> list[tuple[str, Movement]]:
    """Read credit notes by the invoice that they correct."""
    account = InvoiceAccountRow
    found = await session.execute(
        select(col(InvoiceRow.corrects), col(InvoiceRow.issued_on), col(InvoiceRow.total))
        .join(account, col(account.invoice_no) == col(InvoiceRow.invoice_no))
        .where(col(InvoiceRow.contract_no).in_(contract_nos), col(InvoiceRow.kind) == "credit")
        .where(col(InvoiceRow.corrects).is_not(None), col(account.state) != VOID)
        .order_by(col(InvoiceRow.issued_on), col(InvoiceRow.invoice_no))
    )
    return [(number, Movement(on=on, part="credit", amount=total)) for number, on, total in found.all() if number]


async def _write_offs(session: AsyncSession, contract_nos: Sequence[str]) -> list[tuple[str, Movement]]:
    """Read claims given up by their invoice; a payout names its contract through it."""
    found = await session.execute(
        select(col(PayoutRow.invoice_no), col(PayoutRow.on_day), col(PayoutRow.amount))
        .join(InvoiceRow, col(InvoiceRow.invoice_no) == col(PayoutRow.invoice_no))
        .where(col(InvoiceRow.contract_no).in_(contract_nos), col(PayoutRow.kind) == "write_off")
        .order_by(col(PayoutRow.on_day), col(PayoutRow.approval_id))
    )
    return [(number, Movement(on=on, part="write_off", amount=amount)) for number, on, amount in found.all() if number]


def _debt(invoice: InvoiceRow, balance: int, met: Sequence[_Met]) -> Debt:
    return Debt(
        invoice_no=invoice.invoice_no,
        contract_no=invoice.contract_no,
        kind=invoice.kind,
        month=invoice.month,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        balance=balance,
        open=OpenDebt(
            id=invoice.invoice_no,
            kind=DEBT_KINDS[invoice.kind],
            due_on=invoice.due_on,
            amount=invoice.total,
            movements=tuple(one.movement for one in met),
        ),
        allocation_ids=tuple(one.allocation_id for one in met),
    )
