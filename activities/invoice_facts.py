"""Everything that many invoices print, read for all of them at once (消法57の4, Art. 24-27, 42)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.addressees import addressee_of
from activities.ledger import debts_of_many
from activities.office import Office
from activities.parties import OnDay, names_on
from activities.virtual_account import pay_into
from models.messages.billing import ArrearFacts, CorrectedFacts, InvoiceFacts, InvoiceLineFacts, TaxFacts
from models.messages.notice import Channel, Letter
from models.tables import (
    ApprovalRow,
    BankAccountRow,
    ContactRow,
    ContractRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceTaxRow,
    NoticeRow,
    PriceRow,
    ResourceRow,
    UsageRecordRow,
    UsageSupersessionRow,
)
from terms.account import owed

NAMES: Mapping[str, str] = {
    "PENALTY": "違約金",
    "INTEREST": "遅延損害金",
    "AVOIDED": "免れた料金等",
    "SURCHARGE": "割増金",
    "OPS-RST": "原状回復",
    "DAMAGES": "明渡遅延損害金",
}
"""What lines are called whose code stands in no price list."""


class Spent(NamedTuple):
    """Seconds that a resource ran and stood in a month, as the upstream reported them."""

    running: int | None
    allocated: int


@dataclass(frozen=True, slots=True)
class Material:
    """What the invoices of a chunk are made from, by invoice, contract or resource."""

    invoices: Mapping[str, InvoiceRow]
    lines: Mapping[str, Sequence[InvoiceLineRow]]
    taxes: Mapping[str, Sequence[InvoiceTaxRow]]
    names: Mapping[OnDay, bytes]
    contacts: Mapping[str, bytes]
    resources: Mapping[tuple[str, str, str], bytes]
    items: Mapping[tuple[str, str], tuple[str, str | None]]
    spent: Mapping[tuple[str, str, str, str], Spent]
    said: Mapping[str, bytes]
    account: BankAccountRow | None


async def papers_of(office: Office, rows: Sequence[NoticeRow]) -> list[tuple[NoticeRow, Letter, InvoiceFacts]]:
    """Put together the letters of many invoices, with what each of them prints."""
    async with office.readers() as session:
        material = await _material(session, rows)
        arrears = await _arrears(session, office, material)
    await office.vault.preload([*material.contacts.values(), *material.resources.values(), *material.names.values()])
    return [(row, await _letter(office, material, row), await _facts(office, material, arrears, row)) for row in rows]


async def _material(session: AsyncSession, rows: Sequence[NoticeRow]) -> Material:
    numbers = [cast("str", row.invoice_no) for row in rows]
    contracts = {cast("str", row.contract_no) for row in rows}
    invoices = await session.execute(select(InvoiceRow).where(col(InvoiceRow.invoice_no).in_(numbers)))
    by_number = {each.invoice_no: each for each in invoices.scalars()}
    corrected = {each.corrects for each in by_number.values() if each.corrects} - {*by_number}
    if corrected:
        more = await session.execute(select(InvoiceRow).where(col(InvoiceRow.invoice_no).in_(corrected)))
        by_number |= {each.invoice_no: each for each in more.scalars()}
    lines: dict[str, list[InvoiceLineRow]] = defaultdict(list)
    found_lines = await session.execute(
        select(InvoiceLineRow)
        .where(col(InvoiceLineRow.invoice_no).in_(numbers))
        .order_by(col(InvoiceLineRow.invoice_no), col(InvoiceLineRow.line_no))
    )
    for line in found_lines.scalars():
        lines[line.invoice_no].append(line)
    taxes: dict[str, list[InvoiceTaxRow]] = defaultdict(list)
    for tax in (
        await session.execute(select(InvoiceTaxRow).where(col(InvoiceTaxRow.invoice_no).in_(numbers)))
    ).scalars():
        taxes[tax.invoice_no].append(tax)
    parties = await session.scalars(select(ContractRow).where(col(ContractRow.contract_no).in_(contracts)))
    days = {(each.contract_no, each.issued_on) for each in by_number.values()}
    return Material(
        invoices=by_number,
        lines=lines,
        taxes=taxes,
        names=await names_on(session, parties.all(), days),
        contacts=await _contacts(session, rows),
        resources=await _resources(session, contracts),
        items=await _items(session, {line.price_list for each in lines.values() for line in each if line.price_list}),
        spent=await _spent(session, contracts, {line.month for each in lines.values() for line in each if line.month}),
        said=await _said(session, by_number.values()),
        account=await session.scalar(select(BankAccountRow).order_by(col(BankAccountRow.recorded_at)).limit(1)),
    )


async def _said(session: AsyncSession, invoices: Iterable[InvoiceRow]) -> dict[str, bytes]:
    """Find the facts of surcharges (35), sealed in the proposal that is their case, by invoice."""
    cases = {each.business_key: each.invoice_no for each in invoices if each.kind == "surcharge"}
    if not cases:
        return {}
    found = await session.execute(
        select(col(ApprovalRow.approval_id), col(ApprovalRow.evidence)).where(col(ApprovalRow.approval_id).in_(cases))
    )
    return {cases[case]: sealed for case, sealed in found.all() if sealed is not None}


async def _contacts(session: AsyncSession, rows: Sequence[NoticeRow]) -> dict[str, bytes]:
    """Find the contacts for bills that hold when the letters are written."""
    applications = {cast("str", row.application_no) for row in rows}
    at = max(row.stamped_at or row.queued_at for row in rows)
    found = await session.execute(
        select(col(ContactRow.application_no), col(ContactRow.contact))
        .where(col(ContactRow.application_no).in_(applications), col(ContactRow.kind) == "billing")
        .where(col(ContactRow.from_at) <= at, or_(col(ContactRow.to_at).is_(None), col(ContactRow.to_at) > at))
    )
    return {str(number): contact for number, contact in found.all()}


async def _resources(session: AsyncSession, contracts: set[str]) -> dict[tuple[str, str, str], bytes]:
    r = ResourceRow
    found = await session.execute(
        select(col(r.contract_no), col(r.resource_id), col(r.code), col(r.name))
        .where(col(r.contract_no).in_(contracts))
        .order_by(col(r.id))
    )
    return {(number, resource_id, code): name for number, resource_id, code, name in found.all()}


async def _items(session: AsyncSession, lists: set[str]) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Read the names and monthly caps of the items of some price lists."""
    found = await session.execute(
        select(col(PriceRow.price_list), col(PriceRow.code), col(PriceRow.name), col(PriceRow.monthly_cap)).where(
            col(PriceRow.price_list).in_(lists)
        )
    )
    return {(price_list, code): (name, cap) for price_list, code, name, cap in found.all()}


async def _spent(
    session: AsyncSession, contracts: set[str], months: set[str]
) -> dict[tuple[str, str, str, str], Spent]:
    """Have the database sum the time that servers ran and stood, for the usage statement."""
    u = UsageRecordRow
    keys = (col(u.contract_no), col(u.month), col(u.resource_id), col(u.code))
    found = await session.execute(
        select(*keys, func.sum(u.running_seconds), func.sum(u.allocated_seconds))
        .where(col(u.month).in_(months), col(u.contract_no).in_(contracts))
        .where(col(u.id).not_in(select(col(UsageSupersessionRow.superseded_id))))
        .group_by(*keys)
    )
    return {
        (number, month, resource_id, code): Spent(None if ran is None else int(ran), int(stood or 0))
        for number, month, resource_id, code, ran, stood in found.all()
    }


async def _arrears(
    session: AsyncSession, office: Office, material: Material
) -> Mapping[str, Sequence[tuple[date, ArrearFacts]]]:
    """Find what is overdue on earlier invoices on the day of issue, with its interest (36)."""
    days = {each.contract_no: each.issued_on for each in material.invoices.values()}
    found: dict[str, list[tuple[date, ArrearFacts]]] = defaultdict(list)
    if not days:
        return found
    debts = await debts_of_many(session, [*days], issued_by=max(days.values()))
    for number, rows in debts.items():
        on = days[number]
        for row in rows:
            if row.due_on >= on:
                continue
            left = owed(office.terms, row.open, on)
            if left.principal or left.interest:
                arrear = ArrearFacts(
                    invoice_no=row.invoice_no, month=row.month, due_on=row.due_on, principal=left.principal,
                    interest=left.interest,
                )  # fmt: skip
                found[number].append((on, arrear))
    return found


async def _letter(office: Office, material: Material, row: NoticeRow) -> Letter:
    invoice = material.invoices[cast("str", row.invoice_no)]
    name = material.names[invoice.contract_no, invoice.issued_on]
    sealed = material.contacts.get(cast("str", row.application_no))
    contact = cast("dict[str, Any]", await office.vault.unseal_json(sealed)) if sealed else {}
    return Letter(
        notice_no=row.notice_no,
        slug=row.slug,
        article=row.article,
        channel=cast("Channel", row.channel),
        issued_at=cast("datetime", row.stamped_at),
        addressee=addressee_of(await office.vault.unseal_text(name), contact),
        contract_no=row.contract_no,
        application_no=row.application_no,
        terms_version=row.terms_version,
        replaces=row.replaces,
        facts={},
    )


async def _facts(
    office: Office, material: Material, arrears: Mapping[str, Sequence[tuple[date, ArrearFacts]]], row: NoticeRow
) -> InvoiceFacts:
    invoice = material.invoices[cast("str", row.invoice_no)]
    overdue = [arrear for _, arrear in arrears.get(invoice.contract_no, ()) if arrear.invoice_no != invoice.invoice_no]
    basis = invoice.basis
    taxes = [
        TaxFacts(rate_percent=each.rate_percent, base=each.base, tax=each.tax)
        for each in material.taxes.get(invoice.invoice_no, ())
    ]
    original = material.invoices.get(invoice.corrects or "")
    values: dict[str, Any] = {
        name: basis[name]
        for name in ("penalty", "surcharge", "interest", "restoration", "arrives_on", "paid_on")
        if name in basis
    }
    if invoice.invoice_no in material.said:
        told = await office.vault.unseal_text(material.said[invoice.invoice_no])
        values["surcharge"] |= {"facts": told.replace("\t", " ")}
    is_credit = invoice.kind == "credit"
    return InvoiceFacts.model_validate(
        values
        | {
            "invoice_no": invoice.invoice_no,
            "kind": invoice.kind,
            "month": invoice.month,
            "issued_on": invoice.issued_on,
            "due_on": None if is_credit else invoice.due_on,
            "nominal_due_on": invoice.nominal_on,
            "due_steps": basis.get("steps", []) if invoice.kind == "monthly" else [],
            "steps": [] if invoice.kind == "monthly" else basis.get("steps", []),
            "registration_no": office.registration_no,
            "lines": [await _line(office, material, invoice, line) for line in material.lines[invoice.invoice_no]],
            "rates": taxes,
            "non_taxed": invoice.non_taxed,
            "total": invoice.total,
            "account": None if is_credit else pay_into(material.account, invoice.contract_no),
            "arrears": () if is_credit else overdue,
            "arrears_on": invoice.issued_on if overdue and not is_credit else None,
            "replaces": invoice.replaces,
            "corrects": CorrectedFacts(
                invoice_no=original.invoice_no, issued_on=original.issued_on, month=original.month
            )
            if original is not None and invoice.corrects
            else None,
        }
    )


async def _line(office: Office, material: Material, invoice: InvoiceRow, line: InvoiceLineRow) -> InvoiceLineFacts:
    number, resource_id = invoice.contract_no, line.resource_id
    sealed = material.resources.get((number, resource_id, line.code)) if resource_id else None
    spent = material.spent.get((number, line.month or "", resource_id or "", line.code))
    item, cap = material.items.get((line.price_list or "", line.code), (NAMES.get(line.code, line.code), None))
    by_time = line.seconds is not None
    return InvoiceLineFacts(
        line_no=line.line_no,
        code=line.code,
        item=item,
        charge_type=cast("Any", line.charge_type),
        resource_id=resource_id,
        name=await office.vault.unseal_text(sealed) if sealed else None,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        monthly_cap=cap if line.capped else None,
        seconds=line.seconds,
        running_seconds=spent.running if spent and by_time else None,
        allocated_seconds=spent.allocated if spent and by_time else None,
        days=line.days,
        of=line.of_days,
        month=line.month if line.month != invoice.month else None,
        amount=line.amount,
        capped=bool(line.capped),
        article=line.article,
        tax_class=cast("Any", line.tax_class),
    )
