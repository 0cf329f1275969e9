"""A wrong invoice is issued anew (27(1)): the new one names the old, which becomes void, and payments move over.

A month's invoice is priced from what is known now; the others say again what they said. Numbers, books and letters are
those of any invoice; the old number stays where it is, void, with a link.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.approvals import Act, Decision, propose
from activities.billing import lists_in
from activities.billing_facts import Billed, Month
from activities.billing_run import lock_usage
from activities.corrections import CREDIT_NOTE, WRITE_OFF, overtake, proposals_on
from activities.credits import Bill, read_bill
from activities.issuing import InvoiceOrder, NewLine, issue
from activities.late_usage import advance
from activities.ledger import DEBT_KINDS, VOID, debts_of, standing
from activities.office import Office
from activities.pricing import Line, price, sums_of
from activities.rebalance import Changes, Piece, lock_accounts, make_void, rebalance, rewrite
from models.tables import (
    AllocationRow,
    BillingResultRow,
    ContractRow,
    InvoiceAccountRow,
    InvoiceLineRow,
    InvoiceRow,
    UsageRecordRow,
)
from terms.account import apply_designated
from terms.billing import TaxOfRate
from terms.citation import Article, Refused
from terms.derivation import ja_day
from terms.payment import reissue_due_on
from terms.periods import day_of, last_of

HELD: Mapping[str, str] = {
    "open_quarantine": "この月に、確認の済んでいない利用実績があります。",
    "usage_gap": "この月の利用実績が揃っていません。",
    "no_price": "この月の利用に適用する料金がありません。",
}
"""Why a month can't be priced now (24(2))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """What a replacement says: lines, tax by rate, what bears no tax, and the last usage record it has seen."""

    lines: Sequence[NewLine]
    taxes: Sequence[TaxOfRate]
    non_taxed: int
    usage_through: int

    @property
    def total(self) -> int:
        """The whole in yen, with tax."""
        return sum(each.base + each.tax for each in self.taxes) + self.non_taxed


async def propose_reissue(
    session: AsyncSession, office: Office, *, invoice_no: str, reason: str, key: str, actor: str, as_of: datetime
) -> str:
    """Propose to issue an invoice anew; returns the number of the approval.

    Raises:
        Refused: 27(1): it is void, a credit note, has been corrected already, or nothing would be left of it.
    """
    bill = await read_bill(session, invoice_no)
    anew = await _anew(session, office, bill)
    return await propose(
        session,
        office,
        REISSUE,
        key=key,
        actor=actor,
        reason=reason,
        payload={"invoice_no": invoice_no, "new_total": anew.total},
        consequence=_consequence(bill, anew, _due_on(office, bill, anew, day_of(as_of))),
        as_of=as_of,
        contract_no=bill.invoice.contract_no,
    )


def _consequence(bill: Bill, anew: Anew, due_on: date) -> dict[str, JsonValue]:
    return {
        "invoice_no": bill.invoice.invoice_no,
        "old_total": bill.invoice.total,
        "new_total": anew.total,
        "old_due_on": bill.invoice.due_on.isoformat(),
        "due_on": due_on.isoformat(),
    }


def _due_on(office: Office, bill: Bill, anew: Anew, issued_on: date) -> date:
    return reissue_due_on(
        office.terms,
        office.calendars,
        old_due_on=bill.invoice.due_on,
        old_total=bill.invoice.total,
        new_total=anew.total,
        issued_on=issued_on,
    )


async def _anew(session: AsyncSession, office: Office, bill: Bill) -> Anew:
    """Say what the replacement of an invoice says.

    Raises:
        Refused: 27(1), 24(2): it can't be replaced.
    """
    invoice = bill.invoice
    if bill.account.state == VOID or invoice.kind not in DEBT_KINDS:
        raise Refused(Article(27, 1), "この請求書は再発行の対象になりません。")
    if bill.credited or bill.written_off:
        raise Refused(Article(27, 1), "返還又は償却をした請求書は再発行できません。返還により訂正してください。")
    if invoice.kind != "monthly":
        return Anew(
            lines=[_copied(line.model_dump()) for line in bill.lines], taxes=bill.taxes, non_taxed=invoice.non_taxed,
            usage_through=invoice.usage_through,
        )  # fmt: skip
    if await _completed_elsewhere(session, bill):
        raise Refused(Article(27, 1), "この月の追加の利用は後の請求書で請求済みです。返還により訂正してください。")
    own, through = await _priced(session, office, invoice)
    shown = [*own, *(line.model_dump() for line in bill.lines if line.month != invoice.month)]
    taxes, non_taxed = sums_of(office.terms, shown)
    made = [_copied(line) for line in shown]
    anew = Anew(lines=made, taxes=taxes, non_taxed=non_taxed, usage_through=through)
    if not anew.total:
        raise Refused(Article(27, 1), "請求する料金がなくなるため、再発行ではなく返還により訂正してください。")
    return anew


def _copied(line: Line) -> NewLine:
    return NewLine(**{each.name: line[each.name] for each in fields(NewLine)})


async def _completed_elsewhere(session: AsyncSession, bill: Bill) -> bool:
    """Tell whether another live invoice charges late usage of the month: pricing it anew would charge that twice."""
    line, account = InvoiceLineRow, InvoiceAccountRow
    other = exists().where(
        col(line.invoice_no) == col(account.invoice_no),
        col(line.month) == bill.invoice.month,
        col(account.contract_no) == bill.invoice.contract_no,
        col(account.kind) == "monthly",
        col(account.state) != VOID,
        col(account.invoice_no) != bill.invoice.invoice_no,
    )
    return bool(await session.scalar(select(other)))


async def _priced(session: AsyncSession, office: Office, invoice: InvoiceRow) -> tuple[list[Line], int]:
    """Price the month of an invoice from all usage that is there; gives the lines and the last usage record."""
    name = cast("str", invoice.month)
    contract = await session.get_one(ContractRow, invoice.contract_no)
    through = await session.scalar(select(func.max(col(UsageRecordRow.id)))) or 0
    month = Month.of(name, await lists_in(session, office.terms.effective_on, last_of(name)))
    started = cast("date", contract.billing_start_on)
    if contract.ends_on is not None and contract.ends_on < month.first:  # it held adjustments of other months only
        return [], through
    billed = Billed(contract.contract_no, started, contract.ends_on, contract.price_list)
    priced = (await price(session, month, [billed], usage_through=through))[contract.contract_no]
    if isinstance(priced, str):
        raise Refused(Article(24, 2), HELD[priced])
    return priced, through


async def _reissue(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Make the old invoice void and issue the new one; payments go with it, letters that still wait do not go out.

    Raises:
        Refused: 27(1): it can't be replaced any more, or not over the total that was approved.
    """
    payload, as_of, today = decision.payload, decision.as_of, day_of(decision.as_of)
    await lock_usage(session)
    await lock_accounts(session, decision.approval.contract_no or "")
    bill = await read_bill(session, payload["invoice_no"])
    old, account = bill.invoice, bill.account
    anew = await _anew(session, office, bill)
    if anew.total != payload["new_total"]:
        raise Refused(Article(27, 1), "提案の後に請求額が変わりました。改めて提案してください。")
    await make_void(session, account, actor=decision.actor, as_of=as_of)
    number = await issue(session, office, _order(office, bill, anew, decision), issued_on=today, as_of=as_of)
    account.replaced_by = number
    await _clear(session, office, decision, old)
    await _move_payments(session, office, old, number, as_of)
    await rebalance(session, office, old.contract_no, as_of=as_of)
    if old.kind == "monthly":
        await _note_result(session, old, number, anew.usage_through)


def _order(office: Office, bill: Bill, anew: Anew, decision: Decision) -> InvoiceOrder:
    """Order the replacement: the same kind and key, the day of the old one unless more is claimed."""
    old, today = bill.invoice, day_of(decision.as_of)
    due_on = _due_on(office, bill, anew, today)
    basis = dict(old.basis)
    if due_on != old.due_on:
        days = office.terms.min_pay_days
        basis["steps"] = [
            f"ご請求額が増えたため、お支払期限は発行日{ja_day(today)}から{days}日後をもとに定めます。",
            f"お支払期限は{ja_day(due_on)}です。",
        ]
    return InvoiceOrder(
        kind=cast("Any", old.kind),
        contract_no=old.contract_no,
        business_key=old.business_key,
        lines=anew.lines,
        supplied_on=old.issued_on,
        due_on=due_on,
        nominal_on=old.nominal_on,
        month=old.month,
        taxes=anew.taxes,
        non_taxed=anew.non_taxed,
        replaces=old.invoice_no,
        approval_id=decision.approval.approval_id,
        usage_through=anew.usage_through,
        basis=basis,
        actor=decision.actor,
    )


async def _clear(session: AsyncSession, office: Office, decision: Decision, old: InvoiceRow) -> None:
    """Withdraw what else was proposed about the old invoice."""
    acts = {act.name: act for act in (CREDIT_NOTE, WRITE_OFF, REISSUE)}
    for row in await proposals_on(session, old.contract_no, old.invoice_no):
        if row.approval_id != decision.approval.approval_id and row.act in acts:
            await overtake(session, office, row, acts, as_of=decision.as_of)


async def _move_payments(session: AsyncSession, office: Office, old: InvoiceRow, number: str, as_of: datetime) -> None:
    """Have each payment of the old invoice meet the new one on its value day: interest, then principal (489(1))."""
    found = await session.execute(
        select(AllocationRow)
        .where(col(AllocationRow.invoice_no) == old.invoice_no)
        .order_by(col(AllocationRow.value_on), col(AllocationRow.id))
    )
    by_payment: dict[tuple[date, str], list[AllocationRow]] = defaultdict(list)
    for row in standing(found.scalars()):
        by_payment[row.value_on, row.deposit_id].append(row)
    debts = await debts_of(session, old.contract_no, issued_by=date.max)
    debt = next(each.open for each in debts if each.invoice_no == number)
    changes: Changes = {}
    for (value_on, _), rows in by_payment.items():
        paid = apply_designated(office.terms, debt, amount=sum(row.amount for row in rows), on=value_on)
        (debt,) = paid.debts
        changes |= {cast("int", row.id): [] for row in rows}
        changes[cast("int", rows[0].id)] = [Piece(number, share.part, share.amount) for share in paid.applied]
    await rewrite(session, office, old.contract_no, changes, as_of=as_of)


async def _note_result(session: AsyncSession, old: InvoiceRow, number: str, usage_through: int) -> None:
    """Have the month of the contract name its new invoice, and the usage that this one has seen."""
    month = cast("str", old.month)
    await session.execute(
        update(BillingResultRow)
        .where(col(BillingResultRow.contract_no) == old.contract_no, col(BillingResultRow.month) == month)
        .values(invoice_no=number)
    )
    await advance(session, month, [old.contract_no], usage_through)


REISSUE = Act(
    name="invoice_reissue", article="27(1)", roles=("billing", "legal"), effect=_reissue, words="請求書の再発行"
)
