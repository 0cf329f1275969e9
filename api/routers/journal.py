"""The books (仕訳帳): double entry in yen, by day (money.md 8; 電帳法: by day, amount and party)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime
from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.bills import contracts_named
from activities.journal import Account, Event
from activities.office import Office
from api.auth import READERS, TheOffice, may
from api.fields import Answer, Line
from api.idempotency import CommandRoute
from api.paging import Page, PageWanted, fetch_page
from api.searching import Amounts, AmountsWanted, Period, PeriodWanted
from models.tables import JournalEntryRow, JournalLineRow

ORDER = (col(JournalEntryRow.on_day), col(JournalEntryRow.entry_key))
"""In which order entries are listed: by their day, then by their key."""

router = APIRouter(route_class=CommandRoute, tags=["journal"])


class JournalLineAnswer(Answer):
    """One side of an entry in yen: one of debit and credit is 0."""

    account: Account
    debit: int
    credit: int


class EntryAnswer(Answer):
    """An entry, named for its document; its debits and credits are equal. `corrects` is the entry it takes back."""

    entry_key: str
    event: Event
    on: date
    contract_no: str | None = None
    invoice_no: str | None = None
    deposit_id: str | None = None
    corrects: str | None = None
    recorded_at: AwareDatetime
    lines: list[JournalLineAnswer]


@dataclass(frozen=True)
class JournalSearch:
    """Which entries are wanted; lists and exports find by the same."""

    period: Period
    amounts: Amounts
    account: Account | None
    q: str | None

    async def query(self, office: Office, session: AsyncSession) -> Select[JournalEntryRow]:
        """Write the query: entries that move an account, or an amount on one side; `q` is a party, or a document."""
        entry, line = JournalEntryRow, JournalLineRow
        query = self.period.of(select(entry), col(entry.on_day))
        if self.account is not None or self.amounts.limits:
            touched = select(col(line.entry_key)).where(col(line.entry_key) == col(entry.entry_key))
            touched = self.amounts.of(touched, func.abs(col(line.amount)))
            if self.account is not None:
                touched = touched.where(col(line.account) == self.account)
            query = query.where(touched.exists())
        if self.q is not None:
            named = await contracts_named(office, session, self.q)
            query = query.where(
                or_(
                    col(entry.contract_no).in_(named),
                    col(entry.invoice_no) == self.q,
                    col(entry.deposit_id) == self.q,
                )
            )
        return query


async def search(
    period: PeriodWanted,
    amounts: AmountsWanted,
    account: Annotated[Account | None, Query()] = None,
    q: Annotated[Line | None, Query()] = None,
) -> JournalSearch:
    """Read what is searched for."""
    return JournalSearch(period, amounts, account, q)


EntriesWanted = Annotated[JournalSearch, Depends(search)]


@router.get("/v1/journal")
@may(*READERS)
async def show_all(office: TheOffice, page: PageWanted, wanted: EntriesWanted) -> Page[EntryAnswer]:
    """List entries with all their lines, by their day."""
    async with office.readers() as session:
        query = await wanted.query(office, session)
        rows, cursor = await fetch_page(session, query, page, *ORDER)
        items = await entries_of(session, rows)
    return Page(items=items, next_cursor=cursor)


async def entries_of(session: AsyncSession, rows: Sequence[JournalEntryRow]) -> list[EntryAnswer]:
    """Show entries with their lines, debits first: one query, however many there are."""
    lines = await lines_of(session, rows)
    return [
        EntryAnswer(
            entry_key=row.entry_key,
            event=cast("Event", row.event),
            on=row.on_day,
            contract_no=row.contract_no,
            invoice_no=row.invoice_no,
            deposit_id=row.deposit_id,
            corrects=row.corrects,
            recorded_at=row.recorded_at,
            lines=[
                JournalLineAnswer(account=account, debit=max(amount, 0), credit=max(-amount, 0))
                for account, amount in lines[row.entry_key]
            ],
        )
        for row in rows
    ]


async def lines_of(
    session: AsyncSession, rows: Sequence[JournalEntryRow]
) -> Mapping[str, Sequence[tuple[Account, int]]]:
    """Read the lines of entries by their keys: account and signed yen, debits first."""
    line = JournalLineRow
    found = await session.execute(
        select(col(line.entry_key), col(line.account), col(line.amount))
        .where(col(line.entry_key).in_([row.entry_key for row in rows]))
        .order_by(col(line.entry_key), col(line.amount).desc(), col(line.account))
    )
    lines: dict[str, list[tuple[Account, int]]] = {row.entry_key: [] for row in rows}
    for entry_key, account, amount in found.all():
        lines[entry_key].append((cast("Account", account), amount))
    return lines
