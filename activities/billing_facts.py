"""What the bills of a month are made from: contracts, price lists, usage summed by the database, what stood (24-26)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Row, Select, and_, case, cast, exists, func, literal, or_, select
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


METERED = frozenset({"running", "allocated", "quantity"})

Key = tuple[str, str, str]
"""Contract, resource and item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the month under one price list."""

    first: date
    last: date
    prices: PriceList


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month under its price lists: one part, or more where prices change inside it (A104)."""

    month: str
    first: date
    last: date
    parts: tuple[Part, ...]
    lists: Mapping[str, PriceList]
    begun: dict[tuple[str, str], tuple[dict[str, Any], HourlyPrice, bool]] = field(default_factory=dict)

    @cached_property
    def always(self) -> frozenset[str]:
        """Name the items that have a price on each day of the month."""
        whole = bool(self.parts) and self.parts[0].first == self.first
        lists = [frozenset(part.prices.items) for part in self.parts]
        return frozenset.intersection(*lists) if whole else frozenset()

    @cached_property
    def metered(self) -> frozenset[str]:
        """Name the items that are charged by use."""
        return self._by_meter(METERED)

    @cached_property
    def by_quantity(self) -> frozenset[str]:
        """Name the items that are charged by quantity."""
        return self._by_meter({"quantity"})

    @cached_property
    def fixed(self) -> frozenset[str]:
        """Name the items that cost a fixed fee in some part of the month."""
        return frozenset(
            item.code for part in self.parts for item in part.prices.items.values() if item.meter == "month"
        )

    def _by_meter(self, meters: AbstractSet[str]) -> frozenset[str]:
        codes = {code for part in self.parts for code in part.prices.items}
        return frozenset(code for code in codes if (item := self.item(code)) is not None and item.meter in meters)

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
    registered = _by_key(standing)
    resized = {key for key, stands in registered.items() if len({each.quantity for each in stands}) > 1}
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
    whole = [cast(func.sum(number), BigInteger) for number in (u.seconds, u.amount_e4, u.days)]
    by_size = [*keys, *([part] if len(month.parts) > 1 else [])]
    query = counted.add_columns(*keys, part, *whole, func.max(u.to_on), func.min(u.from_on))
    query = query.group_by(*by_size).order_by(*keys)
    rows = [row for row in (await _plainly(session, query)) if row[3] is not None or row[:3] not in resized]
    if resized:  # their unnamed sizes are looked up day by day
        of = {number for number, _, _ in resized}
        each = counted.where(col(u.size_e4).is_(None), col(u.contract_no).in_(of)).order_by(col(u.id))
        single = each.add_columns(
            *keys, part, *map(col, (u.seconds, u.amount_e4, u.days)), col(u.to_on), col(u.from_on)
        )
        rows += [row for row in (await session.execute(single)).all() if row[:3] in resized]
    return _merged(month, rows, registered)


async def _plainly(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Read columns past the session, which would look through each of many rows for objects."""
    return (await (await session.connection()).execute(query)).all()


def _by_key(standing: Mapping[str, Sequence[Standing]]) -> dict[Key, list[Standing]]:
    """Sort what stands by contract, resource and item."""
    registered: dict[Key, list[Standing]] = defaultdict(list)
    for stands in standing.values():
        for each in stands:
            registered[each[:3]].append(each)
    return registered


def _merged(
    month: Month, rows: Sequence[Row[*tuple[Any, ...]]], registered: Mapping[Key, Sequence[Standing]]
) -> Mapping[str, Sequence[Used]]:
    """Add up what is of one size, whether its rows name it or the register does; an amount of use has no size."""
    sums: dict[tuple[str, str, str, int, int], Used] = {}
    for number, resource_id, code, named, part, seconds, amount, days, last, first in rows:
        size = E4 if code in month.by_quantity else named
        if size is None:
            size = _registered(registered.get((number, resource_id, code), ()), first) * E4
        key = (number, resource_id, code, size, part)
        before = sums.get(key)
        if before is None:
            sums[key] = Used(*key, seconds, amount, days, last)
        else:
            sums[key] = Used(
                *key, before.seconds + seconds, before.amount_e4 + amount, before.days + days, max(before.last, last)
            )
    found: dict[str, list[Used]] = defaultdict(list)
    for used in sums.values():
        found[used.contract_no].append(used)
    return found


def _registered(mine: Sequence[Standing], day: date) -> int:
    """Give the quantity that is registered of a resource on a day; of one that stood on other days, theirs."""
    for each in mine:
        if each.from_on <= day and (each.to_on is None or day <= each.to_on):
            return each.quantity
    return mine[0].quantity if mine else 1


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
    for row in await _plainly(session, query):
        found[row[0]].append(Standing._make(row))
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
