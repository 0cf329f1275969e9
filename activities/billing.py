"""Prices: the price lists in force on a day, or in a stretch of days (Art. 24(1))."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import PriceListRow, PriceRow
from terms.citation import Article, Refused

CONTRACT_FEE = "INIT"
NOT_ORDERABLE = frozenset({"once", "work"})


@dataclass(frozen=True)
class PriceList:
    """A version of the price list with its items by code; `contract_fee` is the initial fee of a contract in yen."""

    name: str
    items: dict[str, PriceRow]
    contract_fee: int
    effective_from: date

    def orderable(self, code: str) -> bool:
        """Tell whether an application may order a code: it is on the list, on sale, and no fee or work."""
        item = self.items.get(code)
        return item is not None and item.orderable and item.meter not in NOT_ORDERABLE


async def price_list_on(session: AsyncSession, day: date) -> PriceList:
    """Read the price list in force on a day.

    Raises:
        Refused: Art. 24(1): no list is in force so early.
    """
    row = await session.scalar(
        select(PriceListRow)
        .where(col(PriceListRow.effective_from) <= day)
        .order_by(col(PriceListRow.effective_from).desc())
        .limit(1)
    )
    if row is None:
        raise Refused(Article(24, 1), "この日に適用される料金表がありません。")
    return (await _with_items(session, [row]))[0]


async def lists_in(session: AsyncSession, first: date, last: date) -> list[PriceList]:
    """Read the price lists in force on any day from `first` to `last`, in the order in which they begin.

    Where the earliest list begins after `first`, the days before it have no prices.
    """
    begins = col(PriceListRow.effective_from)
    in_force = select(func.max(begins)).where(begins <= first).scalar_subquery()
    found = await session.execute(
        select(PriceListRow).where(begins <= last, begins >= func.coalesce(in_force, first)).order_by(begins)
    )
    return await _with_items(session, found.scalars().all())


async def _with_items(session: AsyncSession, rows: Sequence[PriceListRow]) -> list[PriceList]:
    found = await session.execute(
        select(PriceRow)
        .where(col(PriceRow.price_list).in_([row.price_list for row in rows]))
        .order_by(col(PriceRow.price_list), col(PriceRow.place))
    )
    items: dict[str, dict[str, PriceRow]] = {row.price_list: {} for row in rows}
    for item in found.scalars():
        items[item.price_list][item.code] = item
    return [
        PriceList(row.price_list, items[row.price_list], _contract_fee(items[row.price_list]), row.effective_from)
        for row in rows
    ]


def _contract_fee(items: dict[str, PriceRow]) -> int:
    fee = items.get(CONTRACT_FEE)
    return int(fee.rate) if fee is not None and fee.rate else 0
