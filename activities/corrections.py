"""Credit notes and write-offs: proposed by one person, carried out by the decision of another (27(2), 37, A49, A50).

No invoice is ever edited: a credit note is an invoice that names it, a write-off a row and an entry of the books.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.approvals import Act, Decision, close_row, propose
from activities.credits import CREDITED, Bill, held_by, lines_of, read_bill, work_out
from activities.issuing import InvoiceOrder, issue
from activities.journal import Entry, book
from activities.ledger import DEBT_KINDS, VOID
from activities.office import Office
from activities.rebalance import lock_accounts, rebalance, settle
from activities.records import audit, open_task
from models.messages.office import ApprovalClosing, Event, Origin, TaskOrder
from models.tables import ApprovalRow, PayoutRow
from terms.citation import Article, Refused
from terms.credit import CreditLine, CreditNote
from terms.periods import day_of

DECIDE = ("cash", "billing", "legal")
LATE = "late:"
"""So begins the key of a proposal that late usage makes."""


async def propose_credit(
    session: AsyncSession,
    office: Office,
    *,
    invoice_no: str,
    lines: Sequence[tuple[int, int]],
    reason: str,
    key: str,
    actor: str,
    as_of: datetime,
) -> str:
    """Propose a credit on lines of an invoice (number, yen without tax); returns the number of the approval.

    Of late usage the newest proposal stands: an older one for the same invoice is withdrawn, and no more is proposed
    than is left of a line. Where that can't be credited a person is asked, and the number is empty.

    Raises:
        Refused: 27(1): the invoice is void or none to be credited, or less is left of a line.
        InvalidRule: the invoice has no such line, or a sum is below one yen.
    """
    bill = await read_bill(session, invoice_no)
    wanted = _merged(lines)
    if key.startswith(LATE):
        await _withdraw_older(session, office, bill, key, as_of)
        left = bill.left()
        wanted = [CreditLine(line_no=each.line_no, amount=min(each.amount, left[each.line_no])) for each in wanted]
        wanted = [each for each in wanted if each.amount > 0]
        if not wanted:
            return ""
    try:
        note = work_out(office.terms, bill, wanted)
    except Refused:
        if not key.startswith(LATE):
            raise
        await _ask(session, bill, key, as_of)
        return ""
    return await propose(
        session,
        office,
        CREDIT_NOTE,
        key=key,
        actor=actor,
        reason=reason,
        payload={"invoice_no": invoice_no, "lines": _told(wanted)},
        consequence=await _credit_consequence(session, office, bill, note, day_of(as_of)),
        as_of=as_of,
        contract_no=bill.invoice.contract_no,
    )


def _merged(lines: Sequence[tuple[int, int]]) -> list[CreditLine]:
    """Add up what is asked of one line; a sum below one yen stays as it is, to be refused."""
    if any(amount < 1 for _, amount in lines):
        return [CreditLine(line_no=line_no, amount=amount) for line_no, amount in lines]
    sums = Counter[int]()
    for line_no, amount in lines:
        sums[line_no] += amount
    return [CreditLine(line_no=line_no, amount=amount) for line_no, amount in sums.items()]


def _told(lines: Sequence[CreditLine]) -> list[JsonValue]:
    return [{"line_no": each.line_no, "amount": each.amount} for each in lines]


async def _credit_consequence(
    session: AsyncSession, office: Office, bill: Bill, note: CreditNote, on: date
) -> dict[str, JsonValue]:
    """Say what a credit gives back, what it leaves open, and what of payments it frees."""
    held = await held_by(session, office, bill, note.total, on)
    return {
        "invoice_no": bill.invoice.invoice_no,
        "lines": _told(note.lines),
        "rates": [{"rate_percent": each.rate_percent, "base": each.base, "tax": each.tax} for each in note.rates],
        "non_taxed": note.non_taxed,
        "total": note.total,
        "balance": bill.account.balance,
        "balance_after": max(bill.account.balance - note.total, 0),
        "held": held,
        "steps": [*note.steps],
    }


async def _withdraw_older(session: AsyncSession, office: Office, bill: Bill, key: str, as_of: datetime) -> None:
    """Withdraw what late usage of the same month has proposed before on an invoice: the new proposal covers it."""
    same = ":".join(key.split(":")[:3])  # late:{invoice}:{month}:{month and pass of the run}
    for row in await proposals_on(session, bill.invoice.contract_no, bill.invoice.invoice_no):
        if row.act == CREDIT_NOTE.name and row.key.startswith(f"{same}:"):
            await overtake(session, office, row, {CREDIT_NOTE.name: CREDIT_NOTE}, as_of=as_of)


async def proposals_on(session: AsyncSession, contract_no: str, invoice_no: str) -> list[ApprovalRow]:
    """List the open proposals about an invoice."""
    found = await session.execute(
        select(ApprovalRow)
        .where(col(ApprovalRow.contract_no) == contract_no, col(ApprovalRow.state) == "open")
        .where(col(ApprovalRow.workflow_id).is_(None))
        .order_by(col(ApprovalRow.approval_id))
    )
    return [row for row in found.scalars() if (row.payload or {}).get("invoice_no") == invoice_no]


async def overtake(
    session: AsyncSession, office: Office, row: ApprovalRow, acts: Mapping[str, Act], *, as_of: datetime
) -> None:
    """Withdraw a proposal that a newer fact has overtaken."""
    origin = Origin(key=f"overtaken:{row.approval_id}", actor="system")
    closing = ApprovalClosing(origin=origin, approval_id=row.approval_id, state="withdrawn")
    await close_row(session, office, acts, closing, as_of=as_of)


async def _ask(session: AsyncSession, bill: Bill, key: str, as_of: datetime) -> None:
    number = bill.invoice.invoice_no
    task = TaskOrder(
        kind="credit_impossible", role="billing", article="27(1)",
        detail=f"請求書{number}のご利用の訂正による減額は、返還として提案できません。内容を確認してください。",
    )  # fmt: skip
    await open_task(session, f"credit_impossible:{key}", task, as_of=as_of, contract_no=bill.invoice.contract_no)


async def _credit(session: AsyncSession, office: Office, decision: Decision) -> None:
    payload = decision.payload
    lines = [CreditLine(line_no=each["line_no"], amount=each["amount"]) for each in payload["lines"]]
    await issue_credit(session, office, decision, payload["invoice_no"], lines)


async def issue_credit(
    session: AsyncSession, office: Office, decision: Decision, invoice_no: str, lines: Sequence[CreditLine]
) -> None:
    """Issue an approved credit note; it lowers what is owed from the due day on (A49)."""
    as_of = decision.as_of
    await lock_accounts(session, decision.approval.contract_no or "")
    bill = await read_bill(session, invoice_no)
    invoice, approval_id = bill.invoice, decision.approval.approval_id
    note = work_out(office.terms, bill, lines)
    today = day_of(as_of)
    order = InvoiceOrder(
        kind="credit",
        contract_no=invoice.contract_no,
        business_key=approval_id,
        lines=lines_of(bill, lines),
        supplied_on=today,
        due_on=today,
        month=invoice.month,
        taxes=note.rates,
        non_taxed=note.non_taxed,
        corrects=invoice.invoice_no,
        approval_id=approval_id,
        basis={"articles": [*note.articles], "steps": [*note.steps], CREDITED: _told(lines)},
        actor=decision.actor,
    )
    await issue(session, office, order, issued_on=today, as_of=as_of)
    await rebalance(session, office, invoice.contract_no, as_of=as_of)


CREDIT_NOTE = Act(name="credit_note", article="37", roles=DECIDE, effect=_credit, words="返還")


async def propose_write_off(
    session: AsyncSession,
    office: Office,
    *,
    invoice_no: str,
    amount: int,
    reason: str,
    key: str,
    actor: str,
    as_of: datetime,
) -> str:
    """Propose to give up yen that are open on an invoice; returns the number of the approval.

    Raises:
        Refused: 27(2): less is open.
    """
    bill = await read_bill(session, invoice_no)
    _check_open(bill, amount)
    balance = bill.account.balance
    return await propose(
        session,
        office,
        WRITE_OFF,
        key=key,
        actor=actor,
        reason=reason,
        payload={"invoice_no": invoice_no, "amount": amount},
        consequence={
            "invoice_no": invoice_no,
            "amount": amount,
            "balance": balance,
            "balance_after": balance - amount,
        },
        as_of=as_of,
        contract_no=bill.invoice.contract_no,
    )


def _check_open(bill: Bill, amount: int) -> None:
    if bill.account.state == VOID or bill.invoice.kind not in DEBT_KINDS or amount > bill.account.balance:
        raise Refused(Article(27, 2), "請求書の未払いの残高を超える額は償却できません。")


async def _write_off(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Give up an approved sum: a row, its entry in the books, and the balance; interest stops on it that day."""
    invoice_no, amount = cast("tuple[str, int]", (decision.payload["invoice_no"], decision.payload["amount"]))
    approval_id, as_of, today = decision.approval.approval_id, decision.as_of, day_of(decision.as_of)
    contract_no = decision.approval.contract_no or ""
    await lock_accounts(session, contract_no)
    bill = await read_bill(session, invoice_no)
    _check_open(bill, amount)
    session.add(
        PayoutRow(
            approval_id=approval_id,
            kind="write_off",
            invoice_no=invoice_no,
            contract_no=contract_no,
            amount=amount,
            on_day=today,
        )
    )
    entry = Entry(
        key=f"write_off:{approval_id}",
        event="write_off",
        on_day=today,
        lines={"write_off": amount, "receivable": -amount},
        contract_no=contract_no,
        invoice_no=invoice_no,
    )
    await book(session, [entry], as_of=as_of)
    await settle(session, office, contract_no, as_of=as_of)
    basis: dict[str, Any] = {"invoice_no": invoice_no, "amount": amount, "approval_id": approval_id}
    event = Event(
        action="written_off",
        article=decision.approval.article,
        actor=decision.actor,
        at=as_of,
        summary=f"請求書{invoice_no}の債権の一部又は全部を償却しました。",
        basis=basis,
    )
    await audit(session, f"write_off:{approval_id}", [event], contract_no=contract_no)


WRITE_OFF = Act(name="write_off", article="27(2)", roles=DECIDE, effect=_write_off, words="債権の償却")
