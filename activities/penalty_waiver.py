"""A penalty below the formula, or none (28, 5(2)): for two people to decide, before it is issued or afterwards.

Before: of an end that is on its way, whose sum is known. The decision waits with its approval for that end, and the
invoice is issued over the other sum or not at all; if another end comes first, it lapses. Afterwards: the invoice
stands, and a credit note takes back the difference, as with every other claim (A49). More than the formula has no
ground. The penalty of a rescission is known with the arrival of its letter: it is lowered after its invoice.
"""

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.approvals import Act, Decision, propose
from activities.corrections import issue_credit
from activities.credits import held_by, read_bill, work_out
from activities.ledger import VOID
from activities.office import Office
from activities.penalty import WAIVER, decided_penalty
from activities.rebalance import lock_accounts
from models.tables import ApprovalRow, ContractRow, InvoiceAccountRow, TerminationRow
from terms.citation import Article, Refused
from terms.credit import CreditLine
from terms.penalty import must_lower_penalty
from terms.periods import day_of

ARTICLE = "28"
LINE = 1  # the only one of a penalty's invoice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A penalty in yen: by the formula, and what is asked now; of an invoice, or else of an end on its way."""

    formula: int
    due: int
    invoice_no: str | None = None
    end: dict[str, JsonValue] | None = None


async def propose_waiver(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    *,
    amount: int,
    reason: str,
    key: str,
    actor: str,
    as_of: datetime,
) -> tuple[str, int]:
    """Propose that a penalty come to `amount` yen, 0 to waive it; returns the approval's number and the formula's sum.

    Raises:
        Refused: 28: no penalty is issued or on its way, the sum is not below it, or another is proposed already.
    """
    number = contract.contract_no
    found = await _due(session, contract)
    must_lower_penalty(due=found.due, amount=amount)
    before = select(col(ApprovalRow.approval_id)).where(
        col(ApprovalRow.contract_no) == number, col(ApprovalRow.act) == WAIVER, col(ApprovalRow.state) == "open"
    )
    if await session.scalar(before) is not None:
        raise Refused(Article(28), "違約金の変更は既に提案されています。")
    consequence: dict[str, JsonValue] = {"formula": found.formula, "due": found.due, "amount": amount}
    if found.invoice_no is not None:
        bill = await read_bill(session, found.invoice_no)
        note = work_out(office.terms, bill, [CreditLine(line_no=LINE, amount=found.due - amount)])
        held = await held_by(session, office, bill, note.total, day_of(as_of))
        consequence |= {"invoice_no": found.invoice_no, "credit": note.total, "held": held}
    payload: dict[str, JsonValue] = {"amount": amount, "due": found.due}
    approval_id = await propose(
        session,
        office,
        PENALTY_WAIVER,
        key=key,
        actor=actor,
        reason=reason,
        payload=payload if found.end is None else payload | {"end": found.end},
        consequence=consequence,
        as_of=as_of,
        contract_no=number,
    )
    return approval_id, found.formula


async def _due(session: AsyncSession, contract: ContractRow, *, before: str = "") -> _Due:
    """Find the penalty of a contract before an approval: on its invoice, else of the end that comes first.

    Raises:
        Refused: 28: there is none.
    """
    number, account = contract.contract_no, InvoiceAccountRow
    invoice_no = await session.scalar(
        select(col(account.invoice_no))
        .where(col(account.contract_no) == number, col(account.kind) == "penalty", col(account.state) != VOID)
        .order_by(col(account.invoice_no).desc())
        .limit(1)
    )
    if invoice_no is not None:
        bill = await read_bill(session, invoice_no)
        return _Due(formula=bill.lines[0].amount, due=bill.left()[LINE], invoice_no=invoice_no)
    running = await session.scalar(
        select(TerminationRow)
        .where(col(TerminationRow.contract_no) == number, col(TerminationRow.state) == "running")
        .order_by(col(TerminationRow.ends_on), col(TerminationRow.n))
        .limit(1)
    )
    if running is None or not running.penalty:
        raise Refused(Article(28), "請求済み又は請求予定の違約金がありません。")
    decided = await decided_penalty(session, number, running.ground, running.ends_on, before=before)
    end: dict[str, JsonValue] = {"ground": running.ground, "ends_on": running.ends_on.isoformat()}
    return _Due(formula=running.penalty, due=running.penalty if decided is None else decided.amount, end=end)


async def _lower(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Take back what an issued invoice asks too much; else the approval itself waits for the end that it names."""
    number, amount = decision.approval.contract_no or "", decision.payload["amount"]
    contract = await session.get_one(ContractRow, number, with_for_update=True)
    await lock_accounts(session, number)
    found = await _due(session, contract, before=decision.approval.approval_id)
    other_end = found.end is not None and found.end != decision.payload.get("end")
    if found.due != decision.payload["due"] or other_end:
        raise Refused(Article(28), "提案の後に違約金の額又は契約の終了日が変わりました。改めて提案してください。")
    must_lower_penalty(due=found.due, amount=amount)
    if found.invoice_no is not None:
        lines = [CreditLine(line_no=LINE, amount=found.due - amount)]
        await issue_credit(session, office, decision, found.invoice_no, lines)


PENALTY_WAIVER = Act(
    name=WAIVER, article=ARTICLE, roles=("legal", "billing"), effect=_lower, words="違約金の減額又は免除"
)
