"""Invoices as issued: found, shown, printed (Art. 27(1), 28, 35-38; 電帳法: by day, amount and party)."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field
from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.bills import contracts_named, print_invoice, view_invoices
from activities.office import Office
from api.auth import CONTACT_READERS, READERS, Caller, Principal, TheOffice, may
from api.fields import Answer, Line, Month, Number
from api.idempotency import CommandRoute
from api.paging import Page, PageWanted, fetch_page
from api.problems import Erased, NotFound
from api.searching import Amounts, Period, PeriodWanted, TotalsWanted
from models.tables import ContractRow, InvoiceAccountRow, InvoiceRow
from terms.numbering import InvoiceKind

InvoiceState = Literal["issued", "part_paid", "paid", "void"]
InvoiceNumber = Annotated[str, Field(pattern=r"^[0-9]{10}$")]

ORDER = (col(InvoiceRow.issued_on), col(InvoiceRow.invoice_no))
"""In which order invoices are listed: by day of issue, then by number."""

router = APIRouter(route_class=CommandRoute, tags=["invoices"])


class InvoiceLineAnswer(Answer):
    """A line in yen without tax; `name` is what the customer calls the resource, gone once erased."""

    line_no: int
    code: str
    charge_type: str
    resource_id: str | None = None
    name: str | None = None
    quantity: int | str
    unit: str
    unit_price: str | None = None
    seconds: int | None = None
    days: int | None = None
    of: int | None = None
    month: str | None = None
    amount: int
    capped: bool | None = None
    article: str
    tax_class: Literal["taxable", "non_taxable", "exempt"]
    price_list: str | None = None
    adjusts_invoice: str | None = None


class RateAnswer(Answer):
    """Base and tax in yen at one rate."""

    rate_percent: int
    base: int
    tax: int


class InvoiceAnswer(Answer):
    """An invoice as issued, and how it stands: `balance` is its open principal in yen."""

    invoice_no: str
    kind: InvoiceKind
    contract_no: str
    month: str | None = None
    lines: list[InvoiceLineAnswer]
    rates: list[RateAnswer]
    non_taxed: int
    total: int
    issued_on: date
    nominal_on: date | None = None
    due_on: date
    state: InvoiceState
    balance: int
    replaces: str | None = None
    replaced_by: str | None = None
    corrects: str | None = None
    approval_id: str | None = None


@dataclass(frozen=True)
class InvoiceSearch:
    """Which invoices are wanted; lists and exports find by the same."""

    period: Period
    totals: Amounts
    contract_no: str | None
    month: str | None
    state: InvoiceState | None
    kind: InvoiceKind | None
    q: str | None

    async def query(self, office: Office, session: AsyncSession, caller: Principal) -> Select[InvoiceRow]:
        """Write the query; a customer finds its own only. `q` is a whole company name, a number or a reference."""
        query = select(InvoiceRow)
        for column, wanted in (
            (InvoiceRow.contract_no, self.contract_no),
            (InvoiceRow.month, self.month),
            (InvoiceRow.kind, self.kind),
        ):
            if wanted is not None:
                query = query.where(col(column) == wanted)
        query = self.totals.of(self.period.of(query, col(InvoiceRow.issued_on)), col(InvoiceRow.total))
        if self.state is not None:
            account = InvoiceAccountRow
            query = query.join(account, col(account.invoice_no) == col(InvoiceRow.invoice_no)).where(
                col(account.state) == self.state
            )
        if self.q is not None:
            named = await contracts_named(office, session, self.q)
            query = query.where(or_(col(InvoiceRow.contract_no).in_(named), col(InvoiceRow.invoice_no) == self.q))
        if caller.is_customer:
            own = select(col(ContractRow.contract_no)).where(col(ContractRow.customer_ref) == caller.customer_ref)
            query = query.where(col(InvoiceRow.contract_no).in_(own))
        return query


async def search(
    period: PeriodWanted,
    totals: TotalsWanted,
    contract_no: Annotated[Number | None, Query()] = None,
    month: Annotated[Month | None, Query()] = None,
    state: Annotated[InvoiceState | None, Query()] = None,
    kind: Annotated[InvoiceKind | None, Query()] = None,
    q: Annotated[Line | None, Query()] = None,
) -> InvoiceSearch:
    """Read what is searched for."""
    return InvoiceSearch(period, totals, contract_no, month, state, kind, q)


InvoicesWanted = Annotated[InvoiceSearch, Depends(search)]


@router.get("/v1/invoices")
@may(*READERS, "customer")
async def show_all(office: TheOffice, caller: Caller, page: PageWanted, wanted: InvoicesWanted) -> Page[InvoiceAnswer]:
    """List invoices by day of issue and number; a customer sees its own."""
    async with office.readers() as session:
        query = await wanted.query(office, session, caller)
        rows, cursor = await fetch_page(session, query, page, *ORDER)
        shown = await view_invoices(office, session, rows)
    return Page(items=[InvoiceAnswer.model_validate(one) for one in shown], next_cursor=cursor)


@router.get("/v1/invoices/{invoice_no}")
@may(*READERS, "customer")
async def show(invoice_no: InvoiceNumber, office: TheOffice, caller: Caller) -> InvoiceAnswer:
    """Show one invoice."""
    async with office.readers() as session:
        row, _ = await invoice_row(session, invoice_no, caller)
        return InvoiceAnswer.model_validate((await view_invoices(office, session, [row]))[0])


async def invoice_row(session: AsyncSession, invoice_no: str, caller: Principal) -> tuple[InvoiceRow, ContractRow]:
    """Find an invoice that the caller may see, with its contract.

    Raises:
        NotFound: there is none, or it is another customer's.
    """
    row = await session.get(InvoiceRow, invoice_no)
    if row is None:
        raise NotFound
    contract = await session.get_one(ContractRow, row.contract_no)
    caller.check_owns(contract.customer_ref)
    return row, contract


PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}, "description": "The document."}}


@router.get("/v1/invoices/{invoice_no}/document.pdf", response_class=Response, responses=PDF)
@may(*CONTACT_READERS, "billing", "customer")
async def pdf(invoice_no: InvoiceNumber, office: TheOffice, caller: Caller) -> Response:
    """Give the invoice as it went out, or waits to be posted; 404 until it is rendered, 410 once it is erased."""
    return await _document(office, caller, invoice_no, "letter")


@router.get("/v1/invoices/{invoice_no}/statement.pdf", response_class=Response, responses=PDF)
@may(*CONTACT_READERS, "billing", "customer")
async def statement(invoice_no: InvoiceNumber, office: TheOffice, caller: Caller) -> Response:
    """Give the usage statement of an invoice, where there is one."""
    return await _document(office, caller, invoice_no, "statement")


async def _document(
    office: Office, caller: Principal, invoice_no: str, kind: Literal["letter", "statement"]
) -> Response:
    async with office.readers() as session:
        _, contract = await invoice_row(session, invoice_no, caller)
    content = await print_invoice(office, invoice_no, kind)  # what was erased raises KeyGone: 410
    if content is None:
        raise Erased if contract.state == "erased" else NotFound
    name = f'inline; filename="{invoice_no}-{kind}.pdf"'
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": name})
