"""A month's bill told a second time: contract by contract, row by row, day by day, in fractions.

Written from the words of the terms and the catalog alone (Art. 24-26, 37; money.md 1 and 8; A45-A48, A57, A104).
Nothing of what it judges is imported. Money is yen without tax unless a name says otherwise.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

ONE = timedelta(days=1)
BY_USE = ("running", "allocated", "quantity")
E4 = 10_000


@dataclass(frozen=True, kw_only=True)
class Item:
    """An item of a price list; rates and caps are decimal text, fees yen."""

    code: str
    charge_type: str
    meter: str
    unit: str = ""
    rate: str | None = None
    cap_hours: int | None = None
    monthly_cap: str | None = None
    monthly_fee: int | None = None
    initial_fee: int = 0
    prorated: bool = False


@dataclass(frozen=True)
class Prices:
    """A price list from its first day on."""

    name: str
    effective_from: date
    items: dict[str, Item]


@dataclass(frozen=True)
class Stand:
    """Days on which a resource stands on a contract under an item; without an end it still stands."""

    resource_id: str
    code: str
    quantity: int
    from_on: date
    to_on: date | None = None

    def stands(self, day: date) -> bool:
        """Tell whether it stands on a day."""
        return self.from_on <= day and (self.to_on is None or day <= self.to_on)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of usage; `amount` and `size` in ten-thousandths of a GB. `corrected`: another row took its place."""

    resource_id: str
    code: str
    from_on: date
    to_on: date
    seconds: int = 0
    amount: int = 0
    size: int | None = None
    corrected: bool = False


@dataclass(frozen=True)
class Once:
    """What is charged once: a code, how many, yen for each, by which list, and the day it counts for."""

    code: str
    quantity: int
    each: int
    price_list: str
    on: date


@dataclass
class Contract:
    """A contract as the bill needs it. `doubtful`: a row of the month waits in quarantine."""

    number: str
    start_on: date
    price_list: str
    ends_on: date | None = None
    state: str = "active"
    ordered: list[Once] = field(default_factory=list)
    changed: list[Once] = field(default_factory=list)
    stands: list[Stand] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    doubtful: bool = False

    def charged(self, day: date) -> bool:
        """Tell whether a day is charged (26(3)): from the start of charging to the end, both included."""
        return self.start_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, order=True)
class Line:
    """A line as it has to stand on the invoice."""

    code: str
    resource_id: str
    month: str
    price_list: str
    quantity: Fraction
    charge_type: str
    article: str
    amount: int
    seconds: int
    days: int
    of: int
    capped: str
    tax_class: str = "taxable"


@dataclass(frozen=True)
class Bill:
    """The bill of a contract for a month, or why it is held."""

    held: str = ""
    lines: tuple[Line, ...] = ()

    @property
    def base(self) -> int:
        """Sum the floored lines."""
        return sum(line.amount for line in self.lines)

    @property
    def tax(self) -> int:
        """Take ten percent, one floor an invoice."""
        return math.floor(Fraction(self.base) * Fraction(10, 100))


def days_of(month: str) -> list[date]:
    """Walk over the days of a month."""
    day = date.fromisoformat(f"{month}-01")
    days = []
    while day.strftime("%Y-%m") == month:
        days.append(day)
        day += ONE
    return days


def bill(month: str, lists: Sequence[Prices], contract: Contract) -> Bill:
    """Write the bill of one contract for one month."""
    days = [day for day in days_of(month) if contract.charged(day)]
    rows = [row for row in contract.rows if not row.corrected and row.from_on in days]
    if contract.doubtful:
        return Bill(held="open_quarantine")
    if not all(_priced(lists, contract, rows, day) for day in days):
        return Bill(held="no_price")
    if any(row.to_on not in days for row in rows):
        return Bill(held="usage_after_end")
    if not all(_covered(lists, contract, rows, day) for day in days):
        return Bill(held="usage_gap")
    lines = [
        *_once(month, lists, contract),
        *_fixed(month, lists, contract, days),
        *_used(month, lists, contract, rows),
    ]
    return Bill(lines=tuple(sorted(lines)))


def in_force(lists: Sequence[Prices], day: date) -> Prices | None:
    """Find the list in force on a day: of those that have begun, the last."""
    begun = [each for each in lists if each.effective_from <= day]
    return max(begun, key=lambda each: each.effective_from, default=None)


def _item(lists: Sequence[Prices], code: str, day: date) -> Item | None:
    prices = in_force(lists, day)
    return None if prices is None else prices.items.get(code)


def _priced(lists: Sequence[Prices], contract: Contract, rows: Sequence[Row], day: date) -> bool:
    codes = [each.code for each in contract.stands if each.stands(day)]
    codes += [row.code for row in rows if row.from_on <= day <= row.to_on]
    return all(_item(lists, code, day) is not None for code in codes)


def _covered(lists: Sequence[Prices], contract: Contract, rows: Sequence[Row], day: date) -> bool:
    """Every resource that is charged by use must have been reported on the day."""
    for each in contract.stands:
        item = _item(lists, each.code, day)
        if not each.stands(day) or item is None or item.meter not in BY_USE:
            continue
        if not any(
            (row.resource_id, row.code) == (each.resource_id, each.code) and row.from_on <= day <= row.to_on
            for row in rows
        ):
            return False
    return True


def _once(month: str, lists: Sequence[Prices], contract: Contract) -> Iterator[Line]:
    if contract.start_on in days_of(month):
        (ordered,) = [each for each in lists if each.name == contract.price_list]
        fee = math.floor(Fraction(ordered.items["INIT"].rate or "0"))
        yield _fee(month, Once("INIT", 1, fee, ordered.name, contract.start_on), "25(1)")
        for each in contract.ordered:
            if each.each and each.on == contract.start_on:
                yield _fee(month, each, "25(1)")
    for each in contract.changed:
        if each.on in days_of(month):
            yield _fee(month, each, "25(2)")


def _fee(month: str, once: Once, article: str) -> Line:
    return Line(
        code=once.code, resource_id="", month=month, price_list=once.price_list, quantity=Fraction(once.quantity),
        charge_type="initial", article=article, amount=once.each * once.quantity, seconds=-1, days=-1, of=-1,
        capped="",
    )  # fmt: skip


def _fixed(month: str, lists: Sequence[Prices], contract: Contract, days: Sequence[date]) -> Iterator[Line]:
    """Fixed fees: prorated by the days under each list, or whole, once, at the price of the first day."""
    stood: dict[tuple[str, str, int], list[date]] = defaultdict(list)
    for day in days:
        for each in contract.stands:
            item = _item(lists, each.code, day)
            if each.stands(day) and item is not None and item.meter == "month":
                stood[each.resource_id, each.code, each.quantity].append(day)
    for (resource_id, code, quantity), on in stood.items():
        under: dict[str, int] = defaultdict(int)
        for day in on:
            prices = in_force(lists, day)
            if prices is not None:
                under[prices.name] += 1
        first = _item(lists, code, on[0])
        whole = first is not None and not first.prorated
        for name, count in [*under.items()][:1] if whole else under.items():
            item = next(each.items[code] for each in lists if each.name == name)
            fee = Fraction(item.monthly_fee or 0) * quantity
            of = len(days_of(month))
            yield Line(
                code=code, resource_id=resource_id, month=month, price_list=name, quantity=Fraction(quantity),
                charge_type="monthly", article="24(3)", amount=math.floor(fee if whole else fee * count / of),
                seconds=-1, days=len(on) if whole else count, of=of, capped="",
            )  # fmt: skip


def _used(month: str, lists: Sequence[Prices], contract: Contract, rows: Sequence[Row]) -> Iterator[Line]:
    """Use: one line for an item, a resource, a size and a price list; each has its own cap."""
    sums: dict[tuple[str, str, int, str], Row] = {}
    for row in rows:
        prices = in_force(lists, row.from_on)
        item = _item(lists, row.code, row.from_on)
        if prices is None or item is None or item.meter not in BY_USE:
            continue
        size = E4 if item.meter == "quantity" else row.size or _registered(contract, row) * E4
        key = row.resource_id, row.code, size, prices.name
        before = sums.get(key, replace(row, seconds=0, amount=0))
        sums[key] = replace(
            row, seconds=before.seconds + row.seconds, amount=before.amount + row.amount, from_on=row.from_on
        )
    for (resource_id, code, size, name), row in sums.items():
        item = next(each.items[code] for each in lists if each.name == name)
        amount, capped = _charge(item, row, Fraction(size, E4))
        by_amount = item.meter == "quantity"
        yield Line(
            code=code, resource_id=resource_id, month=month, price_list=name, charge_type=item.charge_type,
            quantity=Fraction(row.amount if by_amount else size, E4),
            article="24(1)" if by_amount else "26(2)" if capped else "26(1)", amount=amount,
            seconds=-1 if by_amount else row.seconds, days=-1, of=-1, capped="" if by_amount else str(capped),
        )  # fmt: skip


def _registered(contract: Contract, row: Row) -> int:
    return next(
        each.quantity
        for each in contract.stands
        if (each.resource_id, each.code) == (row.resource_id, row.code) and each.stands(row.from_on)
    )


def _charge(item: Item, row: Row, quantity: Fraction) -> tuple[int, bool]:
    rate = Fraction(item.rate or "0")
    if item.meter == "quantity":
        return math.floor(rate * Fraction(row.amount, E4)), False
    hours = Fraction(row.seconds, 3600)
    if item.cap_hours is None or item.monthly_cap is None:
        return math.floor(rate * hours * quantity), False
    cap = Fraction(item.monthly_cap)
    if hours >= item.cap_hours:
        return math.floor(cap * quantity), True
    return math.floor(min(rate * hours, cap) * quantity), rate * hours >= cap
