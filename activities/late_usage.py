"""Usage that comes after its month was billed (24(2), 26): the difference rides on the next invoice.

The month is priced anew over all its usage, cap and all, and compared line by line with what was billed. What is more
becomes a line marked with its month; what is less is proposed as a credit note, never a negative line.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, Select, delete, exists, select, text, union, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.billing import lists_in
from activities.billing_facts import Month, settled, standing_of, usage_of
from activities.corrections import CREDIT_NOTE, overtake, propose_credit
from activities.office import Office
from activities.pricing import Line, metered_line
from models.tables import (
    ApprovalRow,
    BillingResultRow,
    BillingRunRow,
    ContractRow,
    InvoiceAccountRow,
    InvoiceLineRow,
    InvoiceRow,
    LateUsageRow,
    UsageRecordRow,
)
from terms.periods import last_of

BILLED = ("issued", "nothing_to_bill")
LATE = "late"
IS_LATE = text("usage_record.late")  # as the index says it: SQLite finds it by nothing else

Key = tuple[str, str, str | None, str | None]
"""What a billed line is about: resource, item, price list and, for time of use, the size."""


@dataclass(slots=True)
class Late:
    """What a contract is charged for months billed before, and how much usage the bills of these had seen."""

    lines: list[Line] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)


class BilledLine(NamedTuple):
    """What was billed on one line of one invoice, less what late usage has credited of it."""

    invoice_no: str
    line_no: int
    amount: int


def _pending() -> CompoundSelect[Any]:
    """Select contract and month of usage that no bill has seen though its month was billed."""
    u, b = UsageRecordRow, BillingResultRow
    unseen: Select[*tuple[Any, ...]] = (
        select(col(u.contract_no).label("contract_no"), col(u.month).label("month"))
        .join(b, (col(b.contract_no) == col(u.contract_no)) & (col(b.month) == col(u.month)))
        .where(IS_LATE, col(u.id) > col(b.usage_through), settled())
    )
    marked = select(col(LateUsageRow.contract_no), col(LateUsageRow.month))
    return union(unseen, marked)


def waiting(month: str) -> ColumnElement[bool]:
    """Say of which contracts late usage of an earlier month waits."""
    pending = _pending().subquery()
    return col(ContractRow.contract_no).in_(select(pending.c.contract_no).where(pending.c.month < month))


async def adjustments(
    session: AsyncSession, office: Office, run: BillingRunRow, numbers: Sequence[str], *, as_of: datetime
) -> dict[str, Late]:
    """Work out what late usage adds to the bills of some contracts; what it takes away is proposed as credit."""
    if not numbers:
        return {}
    pending = _pending().subquery()
    found = await session.execute(
        select(pending.c.contract_no, pending.c.month)
        .where(pending.c.month < run.month, pending.c.contract_no.in_(numbers))
        .order_by(pending.c.month, pending.c.contract_no)
    )
    months: dict[str, list[str]] = defaultdict(list)
    for number, month in found.all():
        months[month].append(number)
    late: dict[str, Late] = defaultdict(Late)
    for month, contracts in months.items():
        await _one_month(session, office, run, month, contracts, late, as_of)
    return {number: each for number, each in late.items() if each.lines}


async def _one_month(
    session: AsyncSession,
    office: Office,
    run: BillingRunRow,
    name: str,
    numbers: list[str],
    late: dict[str, Late],
    as_of: datetime,
) -> None:
    """Compare one month of some contracts with what was billed of it."""
    month = Month.of(name, await lists_in(session, office.terms.effective_on, last_of(name)))
    between = (numbers[0], numbers[-1])
    standing = await standing_of(session, month, between)
    used = await usage_of(session, month, between, standing, run.usage_through, numbers)
    billed, completes = await _billed(session, name, numbers), await _invoices(session, name, numbers)
    seen = await _seen(session, name, numbers)
    await _withdraw(session, office, name, numbers, as_of)
    even = []
    for number in numbers:
        lines = [metered_line(month, each) for each in used.get(number, ())]
        now = {_key_of(line): line for line in lines if isinstance(line, dict)}
        before = billed.get(number, {})
        less = {
            key: _sum(rows) - (now[key]["amount"] if key in now else 0)
            for key, rows in before.items()
            if _sum(rows) > (now[key]["amount"] if key in now else 0)
        }
        more = [line for key, line in now.items() if line["amount"] > _sum(before.get(key, ()))]
        for line in more:
            key = _key_of(line)
            line["amount"] -= _sum(before.get(key, ()))
            first = before[key][0].invoice_no if key in before else None
            line["adjusts_invoice"] = completes.get(number, first)
        if less:
            await _propose(session, office, run, number, name, [(before[k], v) for k, v in less.items()], as_of)
        late[number].lines += more
        if more:
            late[number].seen[name] = seen[number]
        else:
            even.append(number)
    await advance(session, name, even, run.usage_through)


def _key_of(line: Line) -> Key:
    size = line["quantity"] if line["seconds"] is not None else None
    return line["resource_id"], line["code"], line["price_list"], size


def _sum(rows: Sequence[BilledLine]) -> int:
    return sum(each.amount for each in rows)


async def _billed(session: AsyncSession, month: str, numbers: Sequence[str]) -> dict[str, dict[Key, list[BilledLine]]]:
    """Read what live invoices charge for use in a month, less what late usage has credited."""
    line, account, credit = InvoiceLineRow, InvoiceAccountRow, InvoiceRow
    query = (
        select(line, col(account.contract_no))
        .join(account, col(account.invoice_no) == col(line.invoice_no))
        .where(col(account.contract_no).in_(numbers), col(account.kind) == "monthly", col(account.state) != "void")
        .where(col(line.month) == month, col(line.charge_type).in_(("capped", "metered", "other")))
        .where(col(line.resource_id).is_not(None))  # work is no use of a resource
        .order_by(col(line.invoice_no), col(line.line_no))
    )
    about = (line.code, line.resource_id, line.price_list, line.quantity)
    credited = (
        select(col(credit.corrects), *map(col, about), col(line.amount))
        .join(line, col(line.invoice_no) == col(credit.invoice_no))
        .join(ApprovalRow, col(ApprovalRow.approval_id) == col(credit.approval_id))
        .where(col(credit.contract_no).in_(numbers), col(credit.kind) == "credit", col(line.month) == month)
        .where(col(ApprovalRow.key).like(f"{LATE}:%"))
    )
    less: dict[tuple[Any, ...], int] = defaultdict(int)
    for *of, amount in (await session.execute(credited)).all():
        less[tuple(of)] += amount
    found: dict[str, dict[Key, list[BilledLine]]] = defaultdict(lambda: defaultdict(list))
    for row, number in (await session.execute(query)).all():
        left = row.amount - less[row.invoice_no, row.code, row.resource_id, row.price_list, row.quantity]
        size = row.quantity if row.seconds is not None else None
        key: Key = (row.resource_id or "", row.code, row.price_list, size)
        found[number][key].append(BilledLine(row.invoice_no, row.line_no, left))
    return found


async def _invoices(session: AsyncSession, month: str, numbers: Sequence[str]) -> dict[str, str]:
    """Find the live invoices of a month, by contract: late usage completes them."""
    a = InvoiceAccountRow
    found = await session.execute(
        select(col(a.contract_no), col(a.invoice_no))
        .where(col(a.contract_no).in_(numbers), col(a.kind) == "monthly", col(a.business_key) == month)
        .where(col(a.state) != "void")
    )
    return {row.contract_no: row.invoice_no for row in found}


async def _withdraw(session: AsyncSession, office: Office, month: str, numbers: Sequence[str], as_of: datetime) -> None:
    """Withdraw the credits proposed for late usage of a month that nobody decided: it is compared anew."""
    a = ApprovalRow
    found = await session.scalars(
        select(a)
        .where(col(a.contract_no).in_(numbers), col(a.state) == "open", col(a.act) == CREDIT_NOTE.name)
        .where(col(a.key).like(f"{LATE}:%:{month}:%"))
        .order_by(col(a.approval_id))
    )
    for row in found.all():
        await overtake(session, office, row, {CREDIT_NOTE.name: CREDIT_NOTE}, as_of=as_of)


async def _seen(session: AsyncSession, month: str, numbers: Sequence[str]) -> dict[str, int]:
    b = BillingResultRow
    found = await session.execute(
        select(col(b.contract_no), col(b.usage_through)).where(col(b.month) == month, col(b.contract_no).in_(numbers))
    )
    return {number: int(through) for number, through in found.all()}


async def advance(session: AsyncSession, month: str, numbers: Sequence[str], usage_through: int) -> None:
    """Note that the bills of a month have seen all usage up to a record."""
    if not numbers:
        return
    b = BillingResultRow
    await session.execute(
        update(b)
        .where(col(b.month) == month, col(b.contract_no).in_(numbers), col(b.usage_through) < usage_through)
        .values(usage_through=usage_through)
    )
    u, mark = UsageRecordRow, LateUsageRow
    later = exists().where(
        col(u.contract_no) == col(mark.contract_no), col(u.month) == col(mark.month), col(u.id) > usage_through
    )
    await session.execute(delete(mark).where(col(mark.month) == month, col(mark.contract_no).in_(numbers), ~later))


async def _propose(
    session: AsyncSession,
    office: Office,
    run: BillingRunRow,
    number: str,
    month: str,
    less: Sequence[tuple[Sequence[BilledLine], int]],
    as_of: datetime,
) -> None:
    """Propose credit for what was billed too much, on the newest invoices first."""
    by_invoice: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for rows, amount in less:
        rest = amount
        for each in reversed(rows):
            taken = min(rest, each.amount)
            if taken:
                by_invoice[each.invoice_no].append((each.line_no, taken))
            rest -= taken
    for invoice_no, lines in by_invoice.items():
        await propose_credit(
            session, office, invoice_no=invoice_no, lines=lines, actor="system", as_of=as_of,
            key=f"{LATE}:{invoice_no}:{month}:{run.month}:{run.pass_no}",
            reason=f"{month}分のご利用の訂正による減額({number})",
        )  # fmt: skip
