"""Issued invoices as they are shown, found and printed (Art. 27(1); 電帳法: by day, amount and party)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import JsonValue
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.application import normal_name
from activities.office import Office
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

ERASED_PARTY = "(消去済)"
LINE = (
    "line_no", "code", "charge_type", "resource_id", "unit", "unit_price", "month", "seconds", "days", "amount",
    "capped", "article", "tax_class", "price_list", "adjusts_invoice",
)  # fmt: skip
"""What a line shows under its own name; quantity, `of` and the resource's name are added."""

View = dict[str, JsonValue]


async def contracts_named(office: Office, session: AsyncSession, q: str) -> list[str]:
    """Find contracts by a party: whole company name, contract, application or corporate number, customer reference."""
    row = ContractRow
    named = col(row.name_hash) == office.vault.hash(normal_name(q))
    numbers = (row.contract_no, row.application_no, row.customer_ref, row.corporate_number)
    found = await session.scalars(
        select(col(row.contract_no)).where(or_(named, *(col(number) == q for number in numbers)))
    )
    return [*found]


async def view_invoices(office: Office, session: AsyncSession, rows: Sequence[InvoiceRow]) -> list[View]:
    """Show invoices with lines, tax and state; four queries and one look into the vault, however many there are.

    What does not apply is absent, and so are the customer's names of resources once they are erased.
    """
    if not rows:
        return []
    numbers = [row.invoice_no for row in rows]
    accounts = await accounts_of(session, numbers)
    taxes = await taxes_of(session, numbers)
    found = await session.scalars(
        select(InvoiceLineRow)
        .where(col(InvoiceLineRow.invoice_no).in_(numbers))
        .order_by(col(InvoiceLineRow.invoice_no), col(InvoiceLineRow.line_no))
    )
    lines: dict[str, list[InvoiceLineRow]] = defaultdict(list)
    for line in found:
        lines[line.invoice_no].append(line)
    names = await _names(office, session, rows, lines)
    return [_view(row, accounts[row.invoice_no], lines[row.invoice_no], taxes[row.invoice_no], names) for row in rows]


class Standing(NamedTuple):
    """How an invoice stands: `balance` is its open principal in yen."""

    state: str
    balance: int
    replaced_by: str | None


async def accounts_of(session: AsyncSession, invoice_nos: Sequence[str]) -> dict[str, Standing]:
    """Read how invoices stand, by their numbers."""
    account = InvoiceAccountRow
    found = await session.execute(
        select(col(account.invoice_no), col(account.state), col(account.balance), col(account.replaced_by)).where(
            col(account.invoice_no).in_(invoice_nos)
        )
    )
    return {row.invoice_no: Standing(row.state, row.balance, row.replaced_by) for row in found.all()}


async def taxes_of(session: AsyncSession, invoice_nos: Sequence[str]) -> dict[str, list[TaxOfRate]]:
    """Read base and tax of invoices, by their numbers and in the order of the rates."""
    tax = InvoiceTaxRow
    found = await session.execute(
        select(col(tax.invoice_no), col(tax.rate_percent), col(tax.base), col(tax.tax))
        .where(col(tax.invoice_no).in_(invoice_nos))
        .order_by(col(tax.invoice_no), col(tax.rate_percent))
    )
    taxes: dict[str, list[TaxOfRate]] = {number: [] for number in invoice_nos}
    for number, rate_percent, base, of_it in found.all():
        taxes[number].append(TaxOfRate(rate_percent=rate_percent, base=base, tax=of_it))
    return taxes


Names = dict[tuple[str, str, str], str]
"""What customers call their resources, by contract, resource and item."""


async def _names(
    office: Office, session: AsyncSession, rows: Sequence[InvoiceRow], lines: dict[str, list[InvoiceLineRow]]
) -> Names:
    wanted = {
        (row.contract_no, line.resource_id, line.code)
        for row in rows
        for line in lines[row.invoice_no]
        if line.resource_id is not None
    }
    if not wanted:
        return {}
    found = await session.execute(
        select(col(ResourceRow.contract_no), col(ResourceRow.resource_id), col(ResourceRow.code), col(ResourceRow.name))
        .where(col(ResourceRow.contract_no).in_({contract_no for contract_no, _, _ in wanted}))
        .order_by(col(ResourceRow.id))
    )
    sealed = {key: name for *about, name in found.all() if (key := (about[0], about[1], about[2])) in wanted}
    await office.vault.preload(sealed.values())
    names: Names = {}
    erased: set[str] = set()
    for key, name in sealed.items():
        if key[0] in erased:  # one key seals all names of a contract: asked for once
            continue
        try:
            names[key] = await office.vault.unseal_text(name)
        except KeyGone:
            erased.add(key[0])
    return names


def _view(
    row: InvoiceRow,
    account: Standing,
    lines: Sequence[InvoiceLineRow],
    taxes: Sequence[TaxOfRate],
    names: Names,
) -> View:
    view: View = {
        "invoice_no": row.invoice_no,
        "kind": row.kind,
        "contract_no": row.contract_no,
        "lines": [_line_view(line, names.get((row.contract_no, line.resource_id or "", line.code))) for line in lines],
        "rates": [{"rate_percent": each.rate_percent, "base": each.base, "tax": each.tax} for each in taxes],
        "non_taxed": row.non_taxed,
        "total": row.total,
        "issued_on": row.issued_on.isoformat(),
        "due_on": row.due_on.isoformat(),
        "state": account.state,
        "balance": account.balance,
    }
    optional: dict[str, str | None] = {
        "month": row.month,
        "nominal_on": day(row.nominal_on),
        "replaces": row.replaces,
        "replaced_by": account.replaced_by,
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


async def party_names(office: Office, session: AsyncSession, contract_nos: Sequence[str]) -> dict[str, str]:
    """Give the company names of contracts, `(消去済)` once they are erased (money.md 4)."""
    found = await session.execute(
        select(col(ContractRow.contract_no), col(ContractRow.name)).where(
            col(ContractRow.contract_no).in_(contract_nos)
        )
    )
    sealed = {row.contract_no: row.name for row in found.all()}
    await office.vault.preload(sealed.values())
    names = {}
    for contract_no, name in sealed.items():
        try:
            names[contract_no] = await office.vault.unseal_text(name)
        except KeyGone:
            names[contract_no] = ERASED_PARTY
    return names
