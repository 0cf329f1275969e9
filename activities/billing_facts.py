"""What the bills of a month are made from: contracts, price lists, usage summed by the database, what stood (24-26)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.billing import PriceList
from models.tables import (
    BillingResultRow,
    BillingRunRow,
    ContractRow,
    PriceRow,
    ResourceRow,
    UsageQuarantineRow,
    UsageRecordRow,
    UsageSupersessionRow,
)
from terms.charges import E4, HourlyPrice, parts_of_month
from terms.periods import first_of, last_of


class Billed(NamedTuple):
    """What a bill needs of a contract: when charging began, its last day if it has one, the list it was ordered by."""

    contract_no: str
    billing_start_on: date
    ends_on: date | None
    price_list: str


class Used(NamedTuple):
    """The use of a resource under one item, size and part of the month, summed by the database; its last day."""

    contract_no: str
    resource_id: str
    code: str
    size_e4: int
    part: int
    seconds: int
    amount_e4: int
    days: int
    last: date


class Standing(NamedTuple):
    """A resource as it is registered."""

    contract_no: str
    resource_id: str
    code: str
    quantity: int
    from_on: date
    to_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the month under one price list."""

    first: date
    last: date
    prices: PriceList


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month under its price lists: one part, or more where prices change inside it (A104)."""

    month: str
    first: date
    last: date
    parts: tuple[Part, ...]
    lists: Mapping[str, PriceList]
    hourly: dict[tuple[str, str], HourlyPrice] = field(default_factory=dict)

    @classmethod
    def of(cls, month: str, lists: Sequence[PriceList]) -> "Month":
        """Cut a month at the days on which its price lists begin; `lists` are all that are in force by its end."""
        first, last = first_of(month), last_of(month)
        stretches = parts_of_month(first, last, [each.effective_from for each in lists])
        of_part = [max((p for p in lists if p.effective_from <= begin), key=_begin, default=None)
                   for begin, _ in stretches]  # fmt: skip
        return cls(
            month=month,
            first=first,
            last=last,
            parts=tuple(
                Part(first=begin, last=end, prices=prices)
                for (begin, end), prices in zip(stretches, of_part, strict=True)
                if prices is not None
            ),
            lists={each.name: each for each in lists},
        )

    def part_of(self) -> ColumnElement[int]:
        """Tell the database how to find the part of a row of usage."""
        if len(self.parts) == 1:
            return literal(0)
        begun = [(col(UsageRecordRow.from_on) <= part.last, place) for place, part in enumerate(self.parts)]
        return case(*begun, else_=len(self.parts) - 1)

    def item(self, code: str) -> PriceRow | None:
        """Find an item in the list with which the month ends, or in an earlier one of the month."""
        return next((p.prices.items[code] for p in reversed(self.parts) if code in p.prices.items), None)

    def price(self, item: PriceRow) -> HourlyPrice:
        """Give an item's hourly price, read once."""
        key = (item.price_list, item.code)
        if key not in self.hourly:
            self.hourly[key] = HourlyPrice.of(
                rate=item.rate or "0", cap_hours=item.cap_hours, monthly_cap=item.monthly_cap
            )
        return self.hourly[key]


def _begin(prices: PriceList) -> date:
    return prices.effective_from


def settled() -> ColumnElement[bool]:
    """Say of which results the bill is out: it was issued, or a pass that has ended found nothing to bill.

    Until its pass ends a contract with nothing to bill is proved anew like all others.
    """
    result, run = BillingResultRow, BillingRunRow
    ended = exists().where(
        col(run.month) == col(result.month),
        col(run.pass_no) == col(result.pass_no),
        col(run.state).in_(("issuing", "issued")),
    )
    return or_(col(result.state) == "issued", and_(col(result.state) == "nothing_to_bill", ended))


async def usage_of(
    session: AsyncSession,
    month: Month,
    between: tuple[str, str],
    standing: Mapping[str, Sequence[Standing]],
    usage_through: int,
    only: Sequence[str] | None = None,
) -> Mapping[str, Sequence[Used]]:
    """Have the database sum the usage that counts, for contracts between two numbers (or for `only` some).

    What lies after a contract's last day does not (26(3)). A size that no row names is that of the register.
    """
    s, u = UsageSupersessionRow, UsageRecordRow
    resized = _resized(standing)
    keys = (col(u.contract_no), col(u.resource_id), col(u.code), col(u.size_e4))
    part = month.part_of().label("part")
    counted = (
        select()
        .join_from(u, ContractRow, col(ContractRow.contract_no) == col(u.contract_no))
        .where(col(u.month) == month.month, col(u.contract_no).between(*between), col(u.id) <= usage_through)
        .where(or_(col(ContractRow.ends_on).is_(None), col(ContractRow.ends_on) >= col(u.from_on)))
        .where(col(u.id).not_in(select(col(s.superseded_id)).where(col(s.by_id) <= usage_through)))
    )
    if only is not None:
        counted = counted.where(col(u.contract_no).in_(only))
    sums = (func.sum(u.seconds), func.sum(u.amount_e4), func.sum(u.days), func.max(u.to_on), func.min(u.from_on))
    by_size = [*keys, *([part] if len(month.parts) > 1 else [])]
    query = counted.add_columns(*keys, part, *sums).group_by(*by_size).order_by(*keys[:3])
    rows = [row for row in (await session.execute(query)).all() if row[3] is not None or row[:3] not in resized]
    if resized:  # their unnamed sizes are looked up day by day
        of = {number for number, _, _ in resized}
        each = counted.where(col(u.size_e4).is_(None), col(u.contract_no).in_(of)).order_by(col(u.id))
        single = each.add_columns(
            *keys, part, *map(col, (u.seconds, u.amount_e4, u.days)), col(u.to_on), col(u.from_on)
        )
        rows += [row for row in (await session.execute(single)).all() if row[:3] in resized]
    return _merged(month, rows, standing)


def _resized(standing: Mapping[str, Sequence[Standing]]) -> set[tuple[str, str, str]]:
    """Find what is registered with more than one quantity in the month."""
    registered: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for stands in standing.values():
        for each in stands:
            registered[each[:3]].add(each.quantity)
    return {key for key, quantities in registered.items() if len(quantities) > 1}


def _merged(
    month: Month, rows: Sequence[Row[*tuple[Any, ...]]], standing: Mapping[str, Sequence[Standing]]
) -> Mapping[str, Sequence[Used]]:
    """Add up what is of one size, whether its rows name it or the register does; an amount of use has no size."""
    sums: dict[tuple[str, str, str, int, int], Used] = {}
    for number, resource_id, code, named, part, seconds, amount, days, last, first in rows:
        item = month.item(code)
        if item is not None and item.meter == "quantity":
            size = E4
        else:
            size = named or _registered(standing.get(number, ()), resource_id, code, first) * E4
        key = (number, resource_id, code, size, part)
        used = Used(*key, int(seconds), int(amount), int(days), last)
        before = sums.get(key)
        if before is not None:
            used = Used(
                *key, before.seconds + used.seconds, before.amount_e4 + used.amount_e4, before.days + used.days,
                max(before.last, used.last),
            )  # fmt: skip
        sums[key] = used
    found: dict[str, list[Used]] = defaultdict(list)
    for used in sums.values():
        found[used.contract_no].append(used)
    return found


def _registered(standing: Sequence[Standing], resource_id: str, code: str, day: date) -> int:
    """Give the quantity that is registered of a resource on a day; of one that stood on other days, theirs."""
    mine = [each for each in standing if (each.resource_id, each.code) == (resource_id, code)]
    on_day = [each for each in mine if each.from_on <= day and (each.to_on is None or day <= each.to_on)]
    return next((each.quantity for each in [*on_day, *mine]), 1)


async def standing_of(
    session: AsyncSession, month: Month, between: tuple[str, str]
) -> Mapping[str, Sequence[Standing]]:
    """Read what stood in a month on contracts between two numbers, in the order of first days and registration."""
    r = ResourceRow
    query = (
        select(col(r.contract_no), col(r.resource_id), col(r.code), col(r.quantity), col(r.from_on), col(r.to_on))
        .where(col(r.contract_no).between(*between), col(r.from_on) <= month.last)
        .where(or_(col(r.to_on).is_(None), col(r.to_on) >= month.first))
        .order_by(col(r.contract_no), col(r.from_on), col(r.id))
    )
    found: dict[str, list[Standing]] = defaultdict(list)
    for row in (await session.execute(query)).all():
        found[row[0]].append(Standing(*row))
    return found


async def doubtful_in(session: AsyncSession, month: str, between: tuple[str, str]) -> set[str | None]:
    """Name the contracts with a row of the month that nobody has decided yet."""
    q = UsageQuarantineRow
    found = await session.execute(
        select(col(q.contract_no))
        .where(col(q.state) == "open", col(q.month) == month, col(q.contract_no).between(*between))
        .distinct()
    )
    return {*found.scalars()}
