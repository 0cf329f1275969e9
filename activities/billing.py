"""Prices: the price list in force on a day (Art. 24(1)); bills join with billing."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
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
    found = await session.execute(
        select(PriceRow).where(col(PriceRow.price_list) == row.price_list).order_by(col(PriceRow.place))
    )
    items = {item.code: item for item in found.scalars()}
    fee = items.get(CONTRACT_FEE)
    return PriceList(row.price_list, items, int(fee.rate) if fee is not None and fee.rate else 0)
