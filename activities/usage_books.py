"""What the checks of usage look at, read from the database: set by set, only what a file names."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.gateways.usage_csv import Stretch, UsageRow
from activities.office import Office
from activities.usage_checks import Holder, Item, Prices, Standing, Taken, UsageBooks
from models.tables import (
    ApplicationRow,
    BillingResultRow,
    ContractRow,
    PriceListRow,
    PriceRow,
    ResourceOwnerRow,
    ResourceRow,
    UsageQuarantineRow,
    UsageRecordRow,
    UsageSupersessionRow,
)
from terms.charges import HourlyPrice

AT_ONCE = 1_000  # keys of one query
METERED = frozenset({"running", "allocated", "quantity"})
REPORTED = METERED | {"month"}
"""Meters of items of which the supplier reports use; rows of `month` are taken in and not billed."""

BILLED = ("issued", "nothing_to_bill")
"""States of a contract's month in which its bill is out: usage that comes later is late."""


async def open_books(session: AsyncSession, office: Office) -> UsageBooks:
    """Read what does not depend on the rows: zones and prices."""
    return UsageBooks(office.zones, await _prices(session), office.vault.row_hash())


async def add_quarantine(session: AsyncSession, books: UsageBooks) -> None:
    """Read which rows lie in quarantine or were discarded, by their hashes."""
    table = UsageQuarantineRow
    lying = select(col(table.values_hash), col(table.state)).where(col(table.state) != "accepted")
    for values_hash, state in await session.execute(lying):
        (books.open if state == "open" else books.discarded).add(bytes.fromhex(values_hash))


async def _prices(session: AsyncSession) -> Prices:
    lists = (await session.execute(select(PriceListRow).order_by(col(PriceListRow.effective_from)))).scalars().all()
    items: dict[str, dict[str, Item]] = {each.price_list: {} for each in lists}
    for row in (await session.execute(select(PriceRow).where(col(PriceRow.meter).in_(REPORTED)))).scalars():
        price = None
        if row.meter in METERED and row.rate is not None:
            price = HourlyPrice.of(rate=row.rate, cap_hours=row.cap_hours, monthly_cap=row.monthly_cap)
        items[row.price_list][row.code] = Item(row.meter, row.unit == "GB" and row.meter == "allocated", price)
    codes = {code for each in items.values() for code in each}
    return Prices([each.effective_from for each in lists], [items[each.price_list] for each in lists], codes)


def lacks(books: UsageBooks, rows: Collection[UsageRow]) -> bool:
    """Tell whether rows name something that was not looked up yet."""
    holders, looked_up = books.holders, books.looked_up
    for row in rows:
        if row.owner not in holders:
            return True
        holder = holders[row.owner]
        if holder is None or row.stretch is None:
            continue
        if (holder.contract_no, row.stretch.month) not in looked_up:
            return True
        if row.resource_id not in holder.resources and row.resource_id not in books.owners:
            return True
    return False


async def look_up(session: AsyncSession, books: UsageBooks, rows: Collection[UsageRow], owner: str) -> None:
    """Read what rows name: contracts (by the file's column `owner`), resources, what is taken, what is billed."""
    found = await _find_holders(session, books, {row.owner for row in rows} - books.holders.keys(), owner)
    await _add_resources(session, found)
    strange: set[str] = set()
    months: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        holder = books.holders[row.owner]
        if holder is None or row.stretch is None:
            continue
        if (holder.contract_no, row.stretch.month) not in books.looked_up:
            months[row.stretch.month].add(holder.contract_no)
        if row.resource_id not in holder.resources and row.resource_id not in books.owners:
            strange.add(row.resource_id)
    await _find_owners(session, books, strange)
    for month, contracts in months.items():
        await _find_taken(session, books, month, contracts)
        await _find_billed(session, books, month, contracts)
        books.looked_up.update((contract_no, month) for contract_no in contracts)


def _some(keys: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(keys)
    for begin in range(0, len(ordered), AT_ONCE):
        yield ordered[begin : begin + AT_ONCE]


async def _find_holders(session: AsyncSession, books: UsageBooks, names: set[str], owner: str) -> dict[str, Holder]:
    """Find contracts by their numbers or by the external_ref of their applications; a refused one has none."""
    by_name = col(ContractRow.contract_no) if owner == "contract_no" else col(ApplicationRow.external_ref)
    query = select(
        by_name, col(ContractRow.contract_no), col(ContractRow.billing_start_on), col(ContractRow.ends_on)
    ).join(ApplicationRow, col(ApplicationRow.application_no) == col(ContractRow.application_no))
    books.holders.update(dict.fromkeys(names))
    found = {}
    for some in _some(names):
        for name, contract_no, from_on, to_on in await session.execute(query.where(by_name.in_(some))):
            holder = Holder(contract_no, from_on or date.max, to_on or date.max)
            books.holders[name] = found[contract_no] = holder
    return found


async def _add_resources(session: AsyncSession, holders: dict[str, Holder]) -> None:
    table = ResourceRow
    query = select(
        col(table.contract_no), col(table.resource_id), col(table.code), col(table.from_on), col(table.to_on),
        col(table.quantity),
    )  # fmt: skip
    for some in _some(holders):
        for contract_no, resource_id, code, from_on, to_on, quantity in await session.execute(
            query.where(col(table.contract_no).in_(some))
        ):
            holder = holders[contract_no]
            holder.resources.add(resource_id)
            holder.stands.setdefault((resource_id, code), []).append(Standing(from_on, to_on or date.max, quantity))


async def _find_owners(session: AsyncSession, books: UsageBooks, resource_ids: set[str]) -> None:
    table = ResourceOwnerRow
    books.owners.update(dict.fromkeys(resource_ids, ""))
    for some in _some(resource_ids):
        query = select(col(table.resource_id), col(table.contract_no)).where(col(table.resource_id).in_(some))
        for resource_id, contract_no in await session.execute(query):
            books.owners[resource_id] = contract_no


async def _find_taken(session: AsyncSession, books: UsageBooks, month: str, contracts: set[str]) -> None:
    """Find the rows that count: no supersession names them."""
    table, gone = UsageRecordRow, col(UsageSupersessionRow.superseded_id)
    query = (
        select(
            col(table.contract_no), col(table.resource_id), col(table.code), col(table.from_on), col(table.to_on),
            col(table.values_hash),
        )
        .outerjoin(UsageSupersessionRow, gone == col(table.id))
        .where(col(table.month) == month, gone.is_(None))
    )  # fmt: skip
    for some in _some(contracts):
        for contract_no, resource_id, code, from_on, to_on, values_hash in await session.execute(
            query.where(col(table.contract_no).in_(some))
        ):
            taken = books.taken.setdefault((contract_no, resource_id, code, month), Taken())
            taken.take(Stretch.of(from_on, to_on).mask, bytes.fromhex(values_hash))


async def _find_billed(session: AsyncSession, books: UsageBooks, month: str, contracts: set[str]) -> None:
    table = BillingResultRow
    query = select(col(table.contract_no)).where(col(table.month) == month, col(table.state).in_(BILLED))
    for some in _some(contracts):
        found = await session.execute(query.where(col(table.contract_no).in_(some)))
        books.billed.update((contract_no, month) for contract_no in found.scalars())
