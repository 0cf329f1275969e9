"""Issued invoices as they are shown, found and printed (Art. 27(1); 電帳法: by day, amount and party)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from pydantic import JsonValue
from sqlalchemy import ScalarSelect, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.office import Office
from activities.parties import OnDay, named, names_on
from activities.records import day
from models.tables import (
    ContractRow,
    DocumentRow,
    InvoiceAccountRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceTaxRow,
    NoticeRow,
    ResourceRow,
)
from models.vault import KeyGone
from terms.billing import TaxOfRate

LINE = (
    "line_no", "code", "charge_type", "resource_id", "unit", "unit_price", "month", "seconds", "days", "amount",
    "capped", "article", "tax_class", "price_list", "adjusts_invoice",
)  # fmt: skip
"""What a line shows under its own name; quantity, `of` and the resource's name are added."""

View = dict[str, JsonValue]


async def contracts_named(office: Office, session: AsyncSession, q: str) -> list[str]:
    """Find contracts by a party: whole company name, contract, application or corporate number, customer reference."""
    row = ContractRow
    numbers = (row.contract_no, row.application_no, row.customer_ref, row.corporate_number)
    found = await session.scalars(
        select(col(row.contract_no)).where(or_(named(office, q), *(col(number) == q for number in numbers)))
    )
    return [*found]


async def view_invoices(office: Office, session: AsyncSession, rows: Sequence[InvoiceRow]) -> list[View]:
    """Show invoices with lines, tax and state; two queries and one look into the vault, however many there are.

    What does not apply is absent, and so are the customer's names of resources once they are erased.
    """
    if not rows:
        return []
    numbers = [row.invoice_no for row in rows]
    standings = await standings_of(session, numbers)
    found = await session.execute(
        select(InvoiceLineRow, _sealed_name())
        .join(InvoiceRow, col(InvoiceRow.invoice_no) == col(InvoiceLineRow.invoice_no))
        .where(col(InvoiceLineRow.invoice_no).in_(numbers))
        .order_by(col(InvoiceLineRow.invoice_no), col(InvoiceLineRow.line_no))
    )
    lines: dict[str, list[tuple[InvoiceLineRow, bytes | None]]] = defaultdict(list)
    for line, sealed in found.all():
        lines[line.invoice_no].append((line, sealed))
    names = await _names(office, {sealed for several in lines.values() for _, sealed in several if sealed is not None})
    return [
        _view(
            row,
            standings[row.invoice_no],
            [_line_view(line, names.get(sealed or b"")) for line, sealed in lines[row.invoice_no]],
        )
        for row in rows
    ]


class Standing(NamedTuple):
    """How an invoice stands: `balance` is its open principal in yen, `taxes` in the order of the rates."""

    state: str
    balance: int
    replaced_by: str | None
    taxes: list[TaxOfRate]


async def standings_of(session: AsyncSession, invoice_nos: Sequence[str]) -> dict[str, Standing]:
    """Read how invoices stand and their tax, by their numbers. One query."""
    account, tax = InvoiceAccountRow, InvoiceTaxRow
    found = await session.execute(
        select(
            col(account.invoice_no), col(account.state), col(account.balance), col(account.replaced_by),
            col(tax.rate_percent), col(tax.base), col(tax.tax),
        )
        .outerjoin(tax, col(tax.invoice_no) == col(account.invoice_no))
        .where(col(account.invoice_no).in_(invoice_nos))
        .order_by(col(account.invoice_no), col(tax.rate_percent))
    )  # fmt: skip
    standings: dict[str, Standing] = {}
    for number, state, balance, replaced_by, rate_percent, base, of_it in found.all():
        standing = standings.setdefault(number, Standing(state, balance, replaced_by, []))
        if rate_percent is not None:
            standing.taxes.append(TaxOfRate(rate_percent=rate_percent, base=base, tax=of_it))
    return standings


def _sealed_name() -> ScalarSelect[bytes]:
    """What the customer calls a line's resource, sealed: the name that was given last."""
    resource, line = ResourceRow, InvoiceLineRow
    return (
        select(col(resource.name))
        .where(
            col(resource.contract_no) == col(InvoiceRow.contract_no),
            col(resource.resource_id) == col(line.resource_id),
            col(resource.code) == col(line.code),
        )
        .order_by(col(resource.id).desc())
        .limit(1)
        .scalar_subquery()
    )


async def _names(office: Office, sealed: Collection[bytes]) -> dict[bytes, str]:
    """Open names; those that are erased are missing."""
    await office.vault.preload(sealed)
    names: dict[bytes, str] = {}
    erased: set[str] = set()
    for each in sealed:
        key_id = office.vault.key_of(each)
        if key_id in erased:  # one key seals all names of a contract: asked for once
            continue
        try:
            names[each] = await office.vault.unseal_text(each)
        except KeyGone:
            erased.add(key_id)
    return names


def _view(
    row: InvoiceRow,
    standing: Standing,
    lines: Sequence[View],
) -> View:
    view: View = {
        "invoice_no": row.invoice_no,
        "kind": row.kind,
        "contract_no": row.contract_no,
        "lines": [*lines],
        "rates": [{"rate_percent": each.rate_percent, "base": each.base, "tax": each.tax} for each in standing.taxes],
        "non_taxed": row.non_taxed,
        "total": row.total,
        "issued_on": row.issued_on.isoformat(),
        "due_on": row.due_on.isoformat(),
        "state": standing.state,
        "balance": standing.balance,
    }
    optional: dict[str, str | None] = {
        "month": row.month,
        "nominal_on": day(row.nominal_on),
        "replaces": row.replaces,
        "replaced_by": standing.replaced_by,
        "corrects": row.corrects,
        "approval_id": row.approval_id,
    }
    view.update({name: value for name, value in optional.items() if value is not None})
    return view


def _line_view(line: InvoiceLineRow, name: str | None) -> View:
    view: View = {key: value for key in LINE if (value := getattr(line, key)) is not None}
    view["quantity"] = int(line.quantity) if line.quantity.isdecimal() else line.quantity
    if line.of_days is not None:
        view["of"] = line.of_days
    return view if name is None else view | {"name": name}


async def print_invoice(office: Office, invoice_no: str, kind: Literal["letter", "statement"]) -> bytes | None:
    """Give the PDF of an invoice's letter as it went out, or its usage statement; nothing before it was rendered.

    Raises:
        KeyGone: it was erased.
    """
    async with office.readers() as session:
        content = await session.scalar(
            select(col(DocumentRow.content))
            .join(NoticeRow, col(NoticeRow.notice_no) == col(DocumentRow.notice_no))
            .where(col(NoticeRow.invoice_no) == invoice_no, col(DocumentRow.kind) == kind)
            .order_by(col(NoticeRow.notice_no).desc(), col(DocumentRow.created_at).desc())
            .limit(1)
        )
    return None if content is None else await office.vault.unseal(content)


async def party_names(office: Office, session: AsyncSession, wanted: Collection[OnDay]) -> dict[OnDay, str]:
    """Give the company names of contracts on days, `(消去済)` once they are erased (money.md 4)."""
    numbers = {contract_no for contract_no, _ in wanted}
    found = await session.scalars(select(ContractRow).where(col(ContractRow.contract_no).in_(numbers)))
    sealed = await names_on(session, found.all(), wanted)
    await office.vault.preload(sealed.values())
    return {each: await office.vault.read_name(name) for each, name in sealed.items()}
