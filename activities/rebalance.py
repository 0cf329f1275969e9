"""Payments after their debt has changed: allocations rewritten by counter-entries, what is left held (27(2), 36, A75).

Nothing is changed in place: an allocation that no longer stands gets a counter-row, and what stays of it, or where it
moves, a row of its own with the old value day. Balances and the states of deposits follow from what then stands.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.arrears import tell_case
from activities.books import AllocationBooks
from activities.issuing import ARTICLES, state_of
from activities.journal import take_back
from activities.late_interest import Collected, issue_interest
from activities.ledger import VOID, Debt, debts_of, standing
from activities.office import Office
from activities.records import audit, close_tasks, look_again
from activities.retention import tell_of_money
from models.messages.office import Event
from models.tables import AllocationRow, DepositRow, InvoiceAccountRow, NoticeRow, TaskRow
from terms.account import Part, owed, surplus
from terms.periods import day_of

SETTLED = ("allocated", "part_allocated", "held", "refunded")
"""States of deposits that follow from what is left of them; the others wait for a person or are gone."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Yen of an allocation that go on to meet a part of an invoice."""

    invoice_no: str
    part: Part
    amount: int


Changes = dict[int, list[Piece]]
"""By the id of an allocation that no longer stands: what takes its place."""


async def lock_accounts(session: AsyncSession, contract_no: str) -> dict[str, InvoiceAccountRow]:
    """Lock the invoices of a contract until the commit and read them anew, by number."""
    found = await session.execute(
        select(InvoiceAccountRow)
        .where(col(InvoiceAccountRow.contract_no) == contract_no)
        .order_by(col(InvoiceAccountRow.invoice_no))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.invoice_no: row for row in found.scalars()}


async def rebalance(session: AsyncSession, office: Office, contract_no: str, *, as_of: datetime) -> int:
    """Take back what payments collected beyond what a contract's invoices claim now; returns the yen that are held.

    To be called after a credit, a write-off, or a payment that came out of order, inside their transaction.
    """
    changes: Changes = {}
    for debt in await debts_of(session, contract_no, issued_by=date.max):
        changes |= beyond(office, debt)
    back = await rewrite(session, office, contract_no, changes, as_of=as_of)
    await settle(session, office, contract_no, as_of=as_of)
    return back


def beyond(office: Office, debt: Debt) -> Changes:
    """Find the allocations of which a debt takes no longer all, and what it still takes of them."""
    changes: Changes = {}
    for each in surplus(office.terms, debt.open):
        movement, allocation_id = debt.open.movements[each.movement], debt.allocation_ids[each.movement]
        if allocation_id is None or movement.part in {"credit", "write_off"}:
            continue
        left = movement.amount - each.amount
        part: Part = "interest" if movement.part == "interest" else _principal_of(debt)
        changes[allocation_id] = [Piece(debt.invoice_no, part, left)] if left else []
    return changes


def _principal_of(debt: Debt) -> Part:
    return "cost" if debt.open.kind == "cost" else "principal"


async def rewrite(
    session: AsyncSession,
    office: Office,
    contract_no: str,
    changes: Changes,
    *,
    as_of: datetime,
    more: Sequence[AllocationRow] = (),
) -> int:
    """Replace allocations by what takes their place; what no piece takes is held with its deposit. Returns its yen.

    Interest invoices that list one of them are made void, and issued anew over what is still collected (36), and over
    `more`: interest that a deposit among them collects now. `settle` is to be called after.
    """
    if not changes:
        return 0
    documents = await _documents(session, contract_no, changes)
    rows = await _allocations(session, [*changes])
    books = await AllocationBooks.of(session, {row.deposit_id for row in rows}, day_of(as_of))
    back: dict[str, int] = defaultdict(int)
    principal: list[AllocationRow] = []
    interest: list[AllocationRow] = []
    for row in rows:
        session.add(_counter(row, day_of(as_of)))
        books.undo(row)
        back[row.deposit_id] += row.amount
        for place, piece in enumerate(changes[_id(row)], 1):
            new = _moved(row, piece, place, day_of(as_of))
            books.pay(new)
            back[row.deposit_id] -= piece.amount
            (interest if piece.part == "interest" else principal).append(new)
    for new in more:
        books.pay(new)
    interest += more
    session.add_all(principal)
    await session.flush()
    await _document(session, office, contract_no, documents, interest, as_of)
    await books.write(session, as_of=as_of)
    await _hold(session, back)
    return sum(back.values())


async def _documents(session: AsyncSession, contract_no: str, changes: Changes) -> dict[str, str]:
    """Find the live interest invoices of the deposits concerned, by deposit.

    All they list goes over to a new one, so their other allocations are added to the changes, as they are.
    """
    touched = await _allocations(session, [*changes])
    interest = {
        row.deposit_id
        for row in touched
        if row.part == "interest" or any(piece.part == "interest" for piece in changes[_id(row)])
    }
    account = InvoiceAccountRow
    found = await session.execute(
        select(col(account.business_key), col(account.invoice_no))
        .where(col(account.contract_no) == contract_no, col(account.kind) == "interest", col(account.state) != VOID)
        .where(col(account.business_key).in_(interest))
    )
    documents = {str(deposit_id): str(invoice_no) for deposit_id, invoice_no in found.all()}
    listed = await session.execute(
        select(AllocationRow)
        .where(col(AllocationRow.contract_no) == contract_no)
        .where(col(AllocationRow.interest_invoice).in_([*documents.values()]))
    )
    for row in standing(listed.scalars()):
        changes.setdefault(_id(row), [Piece(row.invoice_no, "interest", row.amount)])
    return documents


async def _allocations(session: AsyncSession, numbers: Sequence[int]) -> list[AllocationRow]:
    found = await session.execute(
        select(AllocationRow).where(col(AllocationRow.id).in_(numbers)).order_by(col(AllocationRow.id))
    )
    return [*found.scalars()]


def _id(row: AllocationRow) -> int:
    if row.id is None:
        raise LookupError(row.key)
    return row.id


def _counter(row: AllocationRow, on: date) -> AllocationRow:
    return AllocationRow(
        key=f"undo:{row.id}",
        deposit_id=row.deposit_id,
        contract_no=row.contract_no,
        invoice_no=row.invoice_no,
        part=row.part,
        amount=-row.amount,
        value_on=row.value_on,
        on_day=on,
        designated_by=row.designated_by,
        interest_invoice=row.interest_invoice,
        undoes=row.id,
    )


def _moved(row: AllocationRow, piece: Piece, place: int, on: date) -> AllocationRow:
    return AllocationRow(
        key=f"move:{row.id}:{place}",
        deposit_id=row.deposit_id,
        contract_no=row.contract_no,
        invoice_no=piece.invoice_no,
        part=piece.part,
        amount=piece.amount,
        value_on=row.value_on,
        on_day=on,
        designated_by=row.designated_by,
    )


async def _document(
    session: AsyncSession,
    office: Office,
    contract_no: str,
    documents: Mapping[str, str],
    interest: Sequence[AllocationRow],
    as_of: datetime,
) -> None:
    """Make the old interest invoices void, issue new ones, and write the allocations that name these."""
    by_deposit: dict[str, list[AllocationRow]] = {deposit_id: [] for deposit_id in documents}
    for row in interest:
        by_deposit.setdefault(row.deposit_id, []).append(row)
    debts = {debt.invoice_no: debt.open for debt in await debts_of(session, contract_no, issued_by=date.max)}
    for deposit_id, rows in sorted(by_deposit.items()):
        old = documents.get(deposit_id)
        account = None if old is None else await session.get_one(InvoiceAccountRow, old, with_for_update=True)
        if account is not None:
            await make_void(session, account, as_of=as_of)
        if not rows:
            continue
        collected = [Collected(row.invoice_no, row.value_on, row.amount) for row in rows]
        number = await issue_interest(
            session, office, contract_no, deposit_id, collected, debts, as_of=as_of, replaces=old
        )
        if account is not None:
            account.replaced_by = number
        for row in rows:
            row.interest_invoice = number
        session.add_all(rows)
    await session.flush()


async def make_void(
    session: AsyncSession, account: InvoiceAccountRow, *, as_of: datetime, actor: str = "system"
) -> None:
    """Make an invoice void: its entry in the books is taken back, a letter that waits does not go out."""
    account.state, account.balance = VOID, 0
    number = account.invoice_no
    await take_back(session, f"invoice:{number}", new_key=f"void:{number}", on_day=day_of(as_of), as_of=as_of)
    withdrawn = await session.execute(
        update(NoticeRow)
        .where(col(NoticeRow.invoice_no) == number, col(NoticeRow.state) == "queued")
        .values(state="withdrawn")
        .returning(col(NoticeRow.notice_no))
    )
    letters = [*withdrawn.scalars()]
    await close_tasks(session, col(TaskRow.notice_no).in_(letters), as_of=as_of, by=actor)
    event = Event(
        action="invoice_voided",
        article=ARTICLES[account.kind],
        actor=actor,
        at=as_of,
        summary=f"請求書{number}を無効としました。",
        basis={"invoice_no": number, "kind": account.kind, "letters_withdrawn": [*letters]},
    )
    await audit(session, f"void:{number}", [event], contract_no=account.contract_no)


async def _hold(session: AsyncSession, back: Mapping[str, int]) -> None:
    for deposit_id, amount in sorted(back.items()):
        deposit = await session.get_one(DepositRow, deposit_id, with_for_update=True)
        deposit.unapplied += amount
    await session.flush()


async def settle(session: AsyncSession, office: Office, contract_no: str, *, as_of: datetime) -> None:
    """Bring the balances of a contract's invoices, and the states of its deposits, to what stands now.

    What is held stays held though the contract owes anew: it is offset with the customer's word only (A75).
    """
    debts = await debts_of(session, contract_no, issued_by=date.max)
    accounts = await lock_accounts(session, contract_no)
    for debt in debts:
        account = accounts[debt.invoice_no]
        account.balance = debt.open.amount - sum(each.amount for each in debt.open.movements if each.part != "interest")
        account.state = state_of(debt.open.amount, account.balance)
    await session.flush()
    owing = any(still_owes(office, debt, day_of(as_of)) for debt in debts)
    found = await session.execute(
        select(DepositRow)
        .where(col(DepositRow.contract_no) == contract_no, ~col(DepositRow.reversal))
        .where(col(DepositRow.state).in_(SETTLED))
        .order_by(col(DepositRow.deposit_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for deposit in found.scalars():
        if deposit.unapplied:
            deposit.state = "part_allocated" if owing and deposit.state != "held" else "held"
        elif deposit.state != "refunded":
            deposit.state = "allocated"
    await session.flush()
    await tell_case(session, [contract_no], None, as_of)
    if owing:
        await look_again(session, f"look:owing:{contract_no}:{uuid4().hex}", as_of)  # a debt may be open anew
    await tell_of_money(session, [contract_no], as_of=as_of)


def still_owes(office: Office, debt: Debt, on: date) -> bool:
    """Tell whether anything is owed on a debt at the end of a day, after all that is known to be paid."""
    left = owed(office.terms, debt.open, max([on, *(each.on for each in debt.open.movements)]))
    return bool(left.principal or left.interest)
