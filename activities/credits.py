"""What an invoice claims line by line, and what credit notes took back of it (24(4), 27(1), 37)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.issuing import NewLine
from activities.ledger import DEBT_KINDS, VOID, debts_of
from activities.office import Office
from models.tables import InvoiceAccountRow, InvoiceLineRow, InvoiceRow, InvoiceTaxRow, PayoutRow
from terms.account import Movement, surplus
from terms.billing import TaxOfRate
from terms.citation import Article, Refused
from terms.credit import Credited, CreditLine, CreditNote, IssuedInvoice, IssuedLine, credit_note
from terms.periods import last_of
from terms.settings import Terms

CREDITED = "credited"
"""Key in the basis of a credit note: the lines of the invoice that it takes back, by their numbers there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """An invoice with its lines, its state, and all credit notes on it; yen."""

    invoice: InvoiceRow
    account: InvoiceAccountRow
    lines: Sequence[InvoiceLineRow]
    taxes: Sequence[TaxOfRate]
    credited: Sequence[Credited]
    written_off: int

    def left(self) -> dict[int, int]:
        """Say what is left of each line, by its number."""
        left = {line.line_no: line.amount for line in self.lines}
        for note in self.credited:
            for line in note.lines:
                left[line.line_no] -= line.amount
        return left


async def read_bill(session: AsyncSession, invoice_no: str) -> Bill:
    """Read an invoice with its credits; who is going to change it has locked its contract's accounts before."""
    account = await session.get_one(InvoiceAccountRow, invoice_no)
    found = await session.execute(
        select(InvoiceLineRow).where(col(InvoiceLineRow.invoice_no) == invoice_no).order_by(col(InvoiceLineRow.line_no))
    )
    notes = await session.execute(
        select(InvoiceRow)
        .join(InvoiceAccountRow, col(InvoiceAccountRow.invoice_no) == col(InvoiceRow.invoice_no))
        .where(col(InvoiceRow.kind) == "credit", col(InvoiceRow.corrects) == invoice_no)
        .where(col(InvoiceAccountRow.state) != VOID)
        .order_by(col(InvoiceRow.invoice_no))
    )
    credits_ = [*notes.scalars()]
    taxes = await _taxes(session, [invoice_no, *(note.invoice_no for note in credits_)])
    written_off = await session.scalars(
        select(col(PayoutRow.amount)).where(col(PayoutRow.invoice_no) == invoice_no, col(PayoutRow.kind) == "write_off")
    )
    return Bill(
        invoice=await session.get_one(InvoiceRow, invoice_no),
        account=account,
        lines=[*found.scalars()],
        taxes=taxes[invoice_no],
        credited=[Credited(lines=credited_lines(note), rates=tuple(taxes[note.invoice_no])) for note in credits_],
        written_off=sum(written_off),
    )


def credited_lines(note: InvoiceRow) -> tuple[CreditLine, ...]:
    """Say which lines of its invoice a credit note takes back."""
    told = cast("list[dict[str, Any]]", note.basis[CREDITED])
    return tuple(CreditLine(line_no=each["line_no"], amount=each["amount"]) for each in told)


async def _taxes(session: AsyncSession, numbers: Sequence[str]) -> dict[str, list[TaxOfRate]]:
    taxes: dict[str, list[TaxOfRate]] = defaultdict(list)
    found = await session.execute(
        select(InvoiceTaxRow)
        .where(col(InvoiceTaxRow.invoice_no).in_(numbers))
        .order_by(col(InvoiceTaxRow.invoice_no), col(InvoiceTaxRow.rate_percent))
    )
    for row in found.scalars():
        taxes[row.invoice_no].append(TaxOfRate(rate_percent=row.rate_percent, base=row.base, tax=row.tax))
    return taxes


def work_out(terms: Terms, bill: Bill, lines: Sequence[CreditLine]) -> CreditNote:
    """Work out a credit on an invoice; the same line named twice counts as one sum.

    Raises:
        Refused: 27(1): the invoice is void or takes no credit, or less is left of a line, or of what nobody has
            written off.
        InvalidRule: the invoice has no such line.
    """
    if bill.account.state == VOID or bill.invoice.kind not in DEBT_KINDS:
        raise Refused(Article(27, 1), "この請求書は返還の対象になりません。")
    issued = IssuedInvoice(
        lines=tuple(
            IssuedLine(line_no=line.line_no, amount=line.amount, rate_percent=_rate_of(terms, bill, line))
            for line in bill.lines
        ),
        rates=tuple(bill.taxes),
    )
    note = credit_note(terms, issued=issued, credited_before=bill.credited, lines=lines)
    if bill.written_off and note.total > bill.account.balance:  # what was given up can't be given back as well
        raise Refused(Article(27, 1), "償却済みの額を含むため、返還できるのは未払いの残高までです。")
    return note


def _rate_of(terms: Terms, bill: Bill, line: InvoiceLineRow) -> int | None:
    """Give the rate under which the tax of a line stands on its invoice: the only one, else that of its month."""
    if line.tax_class != "taxable":
        return None
    if len(bill.taxes) == 1:
        return bill.taxes[0].rate_percent
    return terms.tax_percent(last_of(line.month) if line.month else bill.invoice.issued_on)


async def held_by(session: AsyncSession, office: Office, bill: Bill, credit: int, on: date) -> int:
    """Say how many yen of payments a credit would leave without a debt, interest included."""
    debts = await debts_of(session, bill.invoice.contract_no, issued_by=date.max)
    debt = next(each for each in debts if each.invoice_no == bill.invoice.invoice_no)
    movements = (*debt.open.movements, Movement(on=on, part="credit", amount=credit))
    return sum(each.amount for each in surplus(office.terms, replace(debt.open, movements=movements)))


def lines_of(bill: Bill, lines: Sequence[CreditLine]) -> list[NewLine]:
    """Copy the lines that are taken back, with the sum of each; how it was computed stands on the invoice itself."""
    of = {line.line_no: line for line in bill.lines}
    copied = []
    for each in lines:
        line = of[each.line_no]
        copied.append(
            NewLine(
                code=line.code,
                charge_type=line.charge_type,
                amount=each.amount,
                article=line.article,
                tax_class=cast("Any", line.tax_class),
                quantity=line.quantity,
                unit=line.unit,
                resource_id=line.resource_id,
                month=line.month,
                price_list=line.price_list,
            )
        )
    return copied
