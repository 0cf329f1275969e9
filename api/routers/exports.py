"""Invoices and books as CSV for accounting, found as in the lists (電帳法); the lists serve the same as JSON."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.bills import party_names, standings_of
from activities.office import Office
from api.auth import READERS, Caller, TheOffice, may
from api.idempotency import CommandRoute
from api.paging import MAX_LIMIT, Column, Wanted, fetch_page
from api.routers import invoices, journal
from api.routers.invoices import InvoicesWanted
from api.routers.journal import EntriesWanted, lines_of
from api.spreadsheets import DOCUMENTED, Cell, csv_answer
from models.tables import InvoiceRow, JournalEntryRow

INVOICES = (
    "invoice_no", "kind", "contract_no", "customer_name", "month", "issued_on", "due_on", "taxable_base", "tax",
    "rates", "non_taxed", "total", "state", "balance", "corrects", "replaces", "replaced_by",
)  # fmt: skip
"""Columns of the invoices; `rates` is `rate%:base:tax`, several ones apart by a blank."""

JOURNAL = (
    "entry_key", "event", "on", "account", "debit", "credit", "contract_no", "customer_name", "invoice_no",
    "deposit_id", "corrects",
)  # fmt: skip
"""Columns of the books, one row a side of an entry."""

Row = TypeVar("Row")

router = APIRouter(route_class=CommandRoute, tags=["exports"])


@router.get("/v1/exports/invoices.csv", response_class=Response, responses=DOCUMENTED)
@may(*READERS)
async def invoices_csv(office: TheOffice, caller: Caller, search: InvoicesWanted) -> StreamingResponse:
    """Give invoices as CSV, one row an invoice."""
    async with office.readers() as session:
        query = await search.query(office, session, caller)
    return csv_answer("invoices.csv", INVOICES, _stream(office, query, invoices.ORDER, _invoice_rows))


@router.get("/v1/exports/journal.csv", response_class=Response, responses=DOCUMENTED)
@may(*READERS)
async def journal_csv(office: TheOffice, search: EntriesWanted) -> StreamingResponse:
    """Give the books as CSV, one row a side of an entry."""
    async with office.readers() as session:
        query = await search.query(office, session)
    return csv_answer("journal.csv", JOURNAL, _stream(office, query, journal.ORDER, _journal_rows))


Show = Callable[[Office, AsyncSession, Sequence[Row]], Awaitable[list[Sequence[Cell]]]]


async def _stream(
    office: Office, query: Select[Row], order: Sequence[Column], show: Show[Row]
) -> AsyncIterator[Sequence[Cell]]:
    """Read page after page: no client that reads slowly keeps a transaction open."""
    after: str | None = None
    while after != "":
        async with office.readers() as session:
            rows, after = await fetch_page(session, query, Wanted(MAX_LIMIT, after), *order)
            shown = await show(office, session, rows)
        for row in shown:
            yield row


async def _invoice_rows(office: Office, session: AsyncSession, rows: Sequence[InvoiceRow]) -> list[Sequence[Cell]]:
    numbers = [row.invoice_no for row in rows]
    standings = await standings_of(session, numbers)
    names = await party_names(office, session, {(row.contract_no, row.issued_on) for row in rows})
    table: list[Sequence[Cell]] = []
    for row in rows:
        standing = standings[row.invoice_no]
        rates = standing.taxes
        table.append(
            (
                row.invoice_no,
                row.kind,
                row.contract_no,
                names[row.contract_no, row.issued_on],
                row.month,
                row.issued_on.isoformat(),
                row.due_on.isoformat(),
                sum(rate.base for rate in rates),
                sum(rate.tax for rate in rates),
                " ".join(f"{rate.rate_percent}%:{rate.base}:{rate.tax}" for rate in rates),
                row.non_taxed,
                row.total,
                standing.state,
                standing.balance,
                row.corrects,
                row.replaces,
                standing.replaced_by,
            )
        )
    return table


async def _journal_rows(office: Office, session: AsyncSession, rows: Sequence[JournalEntryRow]) -> list[Sequence[Cell]]:
    lines = await lines_of(session, rows)
    wanted = {(row.contract_no, row.on_day) for row in rows if row.contract_no is not None}
    names = await party_names(office, session, wanted)
    return [
        (
            row.entry_key, row.event, row.on_day.isoformat(), account, max(amount, 0), max(-amount, 0),
            row.contract_no, names.get((row.contract_no or "", row.on_day)), row.invoice_no, row.deposit_id,
            row.corrects,
        )
        for row in rows
        for account, amount in lines[row.entry_key]
    ]  # fmt: skip
