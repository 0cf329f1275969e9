"""Issuing one invoice: number, rows, books and letter in the transaction of its cause (Art. 27(1), 28, 35-38).

A month's invoices are issued by the thousand in `activities.billing_run`, with the same rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from pydantic import JsonValue
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.journal import book, credit_entry, invoice_entry
from activities.office import Office
from activities.records import audit, enqueue_start, insert_once, look_again, next_number
from models import ids
from models.messages.billing import MailingInput
from models.messages.office import Event, Opening
from models.tables import (
    ApplicationRow,
    ContractRow,
    InvoiceAccountRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceTaxRow,
    NoticeRow,
    NumberSeriesRow,
)
from terms.billing import InvoiceLine, TaxOfRate, invoice_total
from terms.letters import LETTERS, channel_of
from terms.numbering import InvoiceKind, fiscal_year, invoice_number
from terms.settings import TaxClass

SLUGS: Mapping[str, str] = {
    "monthly": "invoice",
    "penalty": "penalty_invoice",
    "surcharge": "surcharge_invoice",
    "interest": "late_interest_invoice",
    "restoration": "restoration_invoice",
    "credit": "credit_note",
}
"""The letter that carries an invoice, by its kind."""

ARTICLES: Mapping[str, str] = {
    "monthly": "27(1)", "penalty": "28", "surcharge": "35", "interest": "36", "restoration": "38(2)", "credit": "37",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be issued; yen without tax, floored. See `models.tables.billing.LineColumns`."""

    code: str
    charge_type: str
    amount: int
    article: str
    tax_class: TaxClass
    quantity: str = "1"
    unit: str = ""
    unit_price: str | None = None
    resource_id: str | None = None
    month: str | None = None
    seconds: int | None = None
    days: int | None = None
    of_days: int | None = None
    capped: bool | None = None
    price_list: str | None = None
    adjusts_invoice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceOrder:
    """An invoice to be issued. `taxes` overrides the computed tax (credit notes); `paid` ones document collected money.

    `business_key` makes it one live invoice for contract and kind (`money.md` §8).
    """

    kind: InvoiceKind
    contract_no: str
    business_key: str
    lines: Sequence[NewLine]
    supplied_on: date
    due_on: date
    nominal_on: date | None = None
    month: str | None = None
    taxes: Sequence[TaxOfRate] | None = None
    non_taxed: int | None = None
    paid: bool = False
    replaces: str | None = None
    corrects: str | None = None
    approval_id: str | None = None
    usage_through: int = 0
    basis: dict[str, JsonValue] = field(default_factory=dict)
    actor: str = "system"


async def take_numbers(session: AsyncSession, office: Office, kind: InvoiceKind, issued_on: date, count: int) -> int:
    """Take `count` numbers of a kind's series in its fiscal year; returns the first. They commit with their use."""
    year = fiscal_year(office.terms, issued_on)
    series = f"invoice:{kind}"
    await insert_once(session, NumberSeriesRow, {"kind": series, "year": year, "last": 0})
    taken = await session.execute(
        update(NumberSeriesRow)
        .where(col(NumberSeriesRow.kind) == series, col(NumberSeriesRow.year) == year)
        .values(last=NumberSeriesRow.last + count)
        .returning(col(NumberSeriesRow.last))
    )
    return int(taken.scalar_one()) - count + 1


async def issue(session: AsyncSession, office: Office, order: InvoiceOrder, *, issued_on: date, as_of: datetime) -> str:
    """Issue an invoice inside the caller's transaction; returns its number."""
    first = await take_numbers(session, office, order.kind, issued_on, 1)
    number = invoice_number(order.kind, fiscal_year(office.terms, issued_on), first)
    taxes, non_taxed = _sums(office, order)
    tax = sum(each.tax for each in taxes)
    total = sum(each.base for each in taxes) + tax + non_taxed
    is_credit = order.kind == "credit"
    values = {
        name: getattr(order, name)
        for name in ("kind", "contract_no", "business_key", "month", "nominal_on", "due_on", "usage_through",
                     "replaces", "corrects", "approval_id", "basis")
    }  # fmt: skip
    session.add(
        InvoiceRow(**values, invoice_no=number, issued_on=issued_on, non_taxed=non_taxed, total=total, issued_at=as_of)
    )
    await session.flush()
    await session.execute(insert(InvoiceLineRow), _line_rows(number, order.lines))
    if taxes:
        rows = [{"invoice_no": number, "rate_percent": e.rate_percent, "base": e.base, "tax": e.tax} for e in taxes]
        await session.execute(insert(InvoiceTaxRow), rows)
    session.add(
        InvoiceAccountRow(
            invoice_no=number,
            contract_no=order.contract_no,
            kind=order.kind,
            business_key=order.business_key,
            state="paid" if order.paid or not (total or is_credit) else "issued",
            balance=0 if order.paid or is_credit else total,
            due_on=order.due_on,
        )
    )
    entry = (
        credit_entry(invoice_no=number, contract_no=order.contract_no, on_day=issued_on, total=total, tax=tax)
        if is_credit
        else invoice_entry(
            invoice_no=number, kind=order.kind, contract_no=order.contract_no, on_day=issued_on, total=total, tax=tax
        )
    )
    await book(session, [entry], as_of=as_of)
    await _tell(session, order, number, total, as_of=as_of)
    await session.flush()
    return number


def _sums(office: Office, order: InvoiceOrder) -> tuple[Sequence[TaxOfRate], int]:
    """Give base and tax by rate, and what bears no tax: computed, or as the order states them (credit notes)."""
    if order.taxes is not None:
        return order.taxes, order.non_taxed or 0
    lines = [InvoiceLine(amount=line.amount, tax_class=line.tax_class) for line in order.lines]
    summed = invoice_total(office.terms, lines=lines, supplied_on=order.supplied_on)
    return summed.rates, summed.non_taxed


def _line_rows(number: str, lines: Sequence[NewLine]) -> list[dict[str, Any]]:
    names = NewLine.__dataclass_fields__
    return [
        {name: getattr(line, name) for name in names} | {"invoice_no": number, "line_no": place}
        for place, line in enumerate(lines, 1)
    ]


async def _tell(session: AsyncSession, order: InvoiceOrder, number: str, total: int, *, as_of: datetime) -> None:
    """Write the audit event and queue the letter that carries the invoice."""
    contract = await session.get_one(ContractRow, order.contract_no)
    event = Event(
        action="credit_note_issued" if order.kind == "credit" else "invoice_issued",
        article=ARTICLES[order.kind],
        actor=order.actor,
        at=as_of,
        summary=f"{LETTERS[SLUGS[order.kind]].title}({number})を発行しました。",
        basis={"invoice_no": number, "kind": order.kind, "total": total, "due_on": str(order.due_on)},
    )
    await audit(
        session, f"invoice:{number}", [event],
        contract_no=order.contract_no, application_no=contract.application_no,
    )  # fmt: skip
    await queue_invoice_letter(session, contract, number, SLUGS[order.kind], as_of=as_of)
    await look_again(session, f"look:{number}", as_of)  # it may fall due before the calendar's next day


async def queue_invoice_letter(
    session: AsyncSession,
    contract: ContractRow,
    invoice_no: str,
    slug: str,
    *,
    as_of: datetime,
    key: str | None = None,
    replaces: str | None = None,
) -> NoticeRow:
    """Queue the letter of an invoice as a row, and the mailing that sends it."""
    application = await session.get_one(ApplicationRow, contract.application_no)
    notice_no = await next_number(session, "notice")
    kind = LETTERS[slug]
    row = NoticeRow(
        notice_no=notice_no,
        key=key or f"{slug}:{invoice_no}",
        workflow_id=ids.bulk_letter(notice_no),
        slug=slug,
        article=kind.article,
        contract_no=contract.contract_no,
        application_no=contract.application_no,
        invoice_no=invoice_no,
        channel=channel_of(slug, electronic_delivery=application.electronic_delivery),
        form=kind.form,
        contact_kind=kind.contact,
        terms_version=contract.terms_version,
        queued_at=as_of,
        batch=notice_no,
        replaces=replaces,
    )
    session.add(row)
    await session.flush()
    opening = Opening(
        workflow_id=ids.mailing(notice_no),
        type="mailing",
        payload=MailingInput(batch=notice_no).model_dump(mode="json"),
    )
    await enqueue_start(session, opening, contract_no=contract.contract_no, as_of=as_of)
    return row


SettledState = Literal["issued", "part_paid", "paid"]


def state_of(total: int, balance: int) -> SettledState:
    """Name the state of an invoice that is not void, by what is open of it."""
    if balance == 0:
        return "paid"
    return "issued" if balance == total else "part_paid"
