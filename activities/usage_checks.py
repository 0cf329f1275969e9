"""What is wrong with a row of usage: every check of a usage file, in memory (Art. 24(2), 26, 29(3)).

`UsageBooks` holds what the checks look at; `activities.usage_books` fills it from the database. Nothing here reads or
writes anywhere. The first finding counts, in this order:

1. a wrong value; a repetition of what counts or is still open; a repetition of what a person has discarded;
2. names: contract, item, resource, zone;
3. days: before each other, in one month, within the billed time, within the days on which the resource is registered;
4. prices: in force, not changing on these days;
5. hours: negative ones come with 3; more than the days have; not what the meter says;
6. the days of a row that counts, by the same days (conflict) or others (overlap).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from activities.gateways.usage_csv import Stretch, UsageRow
from terms.charges import E4, HourlyPrice, hourly_charge, quantity_charge
from terms.periods import HOURS_OF_DAY, SECONDS_OF_HOUR

DAY_E4 = HOURS_OF_DAY * E4

Key = tuple[str, str, str, str]
"""Contract, resource, code, month."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the price list in force: how it is metered, and its price."""

    meter: str
    by_size: bool
    price: HourlyPrice | None

    def amount(self, usage_e4: int, quantity_e4: int) -> int | None:
        """Work out what one row alone would cost in yen; nothing for what is not billed by rows."""
        if self.price is None:
            return None
        if self.meter == "quantity":
            return quantity_charge(self.price.rate, usage_e4)
        return hourly_charge(self.price, seconds_of(usage_e4), quantity_e4)[0]


class Standing(NamedTuple):
    """Days on which a resource is registered under a code; `to_on` is the last one."""

    from_on: date
    to_on: date
    quantity: int


@dataclass(slots=True)
class Holder:
    """A contract with its billed time and what is registered on it, by resource and code."""

    contract_no: str
    from_on: date
    to_on: date
    resources: set[str] = field(default_factory=set)
    stands: dict[tuple[str, str], list[Standing]] = field(default_factory=dict)


@dataclass(slots=True)
class Prices:
    """All price lists, in the order of their first days."""

    starts: list[date]
    lists: list[Mapping[str, Item]]
    codes: set[str]
    _found: dict[tuple[str, Stretch], "Item | str"] = field(default_factory=dict)

    def find(self, code: str, stretch: Stretch) -> "Item | str":
        """Give the item at the prices of these days, or what stands against it."""
        key = code, stretch
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._find(code, stretch)
        return found

    def _find(self, code: str, stretch: Stretch) -> "Item | str":
        place = bisect_right(self.starts, stretch.from_on) - 1
        item = self.lists[place].get(code) if place >= 0 else None
        if item is None:
            return "no_price"
        return item if place == bisect_right(self.starts, stretch.to_on) - 1 else "crosses_price_change"


@dataclass(slots=True)
class Taken:
    """The days of a resource, code and month that are taken by rows that count: `rows` are hashes by their days."""

    mask: int = 0
    rows: dict[int, bytes] = field(default_factory=dict)

    def take(self, mask: int, row_hash: bytes) -> None:
        """Let a row count."""
        self.mask |= mask
        self.rows[mask] = row_hash

    def collision(self, mask: int, row_hash: bytes) -> str:
        """Tell how a row stands to those that count: `duplicate`, `conflict`, `overlap`; empty if it does not."""
        if not self.mask & mask:
            return ""
        other = self.rows.get(mask)
        if other is None:
            return "overlap"
        return "duplicate" if other == row_hash else "conflict"


Fit = tuple[Item, Standing]
"""What a row without finding is priced by."""

RECORD = (
    "file_id", "line", "contract_no", "resource_id", "code", "month", "from_on", "to_on", "days", "seconds",
    "amount_e4", "size_e4", "allocated_seconds", "running_seconds", "values_hash", "upstream_amount", "late",
)  # fmt: skip
"""Columns of `usage_record` that a row of a file fills."""

Record = tuple[str | int | None, ...]
"""A row of `usage_record`, as `RECORD` names its columns; the days are text as the databases read it."""


class Doubt(NamedTuple):
    """A row for the quarantine."""

    row: UsageRow
    reason: str
    contract_no: str | None
    row_hash: bytes


@dataclass(slots=True)
class Sorted:
    """Rows of a file, sorted into what counts, what is known already, and what a person has to see."""

    accepted: list[Record] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    differences: int = 0


@dataclass(slots=True)
class UsageBooks:
    """What the checks look at.

    Contracts are found by what the file calls them. Owners of resources are asked for only where the contract has no
    such resource; nobody's have an empty one. `taken` and `billed` are complete for `looked_up`, contracts and months.
    """

    zones: frozenset[str]
    prices: Prices
    row_hash: Callable[[str], bytes]
    holders: dict[str, Holder | None] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    taken: dict[Key, Taken] = field(default_factory=dict)
    looked_up: set[tuple[str, str]] = field(default_factory=set)
    billed: set[tuple[str, str]] = field(default_factory=set)
    open: set[bytes] = field(default_factory=set)
    discarded: set[bytes] = field(default_factory=set)

    def sort(self, rows: Iterable[UsageRow], file_id: str) -> Sorted:
        """Check rows of a file in their order; each counts for those that follow."""
        done = Sorted()
        row_hash, is_open, discarded = self.row_hash, self.open, self.discarded
        for row in rows:
            hashed = row_hash(row.values)
            if hashed in is_open:
                done.duplicates.append(row.line)
                continue
            holder, stretch = self.holders.get(row.owner), row.stretch
            taken, met = None, ""
            if holder is not None and stretch is not None:
                taken = self.taken.get((holder.contract_no, row.resource_id, row.code, stretch.month))
                met = "" if taken is None else taken.collision(stretch.mask, hashed)
            if met == "duplicate":
                done.duplicates.append(row.line)
                continue
            found: Fit | str = "discarded_before" if hashed in discarded else self.look(row, holder)
            if not met and not isinstance(found, str) and holder is not None and stretch is not None:
                if taken is None:
                    key = holder.contract_no, row.resource_id, row.code, stretch.month
                    taken = self.taken[key] = Taken()
                taken.take(stretch.mask, hashed)
                done.accepted.append(self.record(file_id, row, holder, stretch, found[0], hashed))
                done.differences += row.amount is not None and _differs(row, *found)
                continue
            is_open.add(hashed)
            reason = found if isinstance(found, str) else met
            done.doubts.append(Doubt(row, reason, None if holder is None else holder.contract_no, hashed))
        return done

    def look(self, row: UsageRow, holder: Holder | None, *, usage_counts: bool = False) -> Fit | str:
        """Give the first finding of a row by itself, or what it is priced by; `usage_counts`: `Usage` is right."""
        stretch = row.stretch
        if stretch is None:
            return "bad_value"
        if holder is None:
            return "unknown_contract"
        if wrong := self._names(row, holder) or _days(row, holder, stretch):
            return wrong
        standing = _standing(row, holder, stretch)
        if standing is None:
            return "unknown_resource"
        item = self.prices.find(row.code, stretch)
        if isinstance(item, str):
            return item
        return _hours(row, stretch, item, usage_counts=usage_counts) or (item, standing)

    def _names(self, row: UsageRow, holder: Holder) -> str:
        if row.code not in self.prices.codes:
            return "unknown_item"
        if row.resource_id not in holder.resources:
            foreign = self.owners.get(row.resource_id, "") not in {"", holder.contract_no}
            return "resource_of_another_contract" if foreign else "unknown_resource"
        return "" if row.zone in self.zones else "unknown_zone"

    def record(
        self, file_id: str, row: UsageRow, holder: Holder, stretch: Stretch, item: Item, hashed: bytes
    ) -> Record:
        """Make the record of a row that counts."""
        usage, running, month = row.usage, row.running, stretch.month
        seconds = seconds_of(usage)  # mostly one of the other two as well
        by_quantity = item.meter == "quantity"
        return (
            file_id,
            row.line,
            holder.contract_no,
            row.resource_id,
            row.code,
            month,
            row.cells[7],
            row.cells[8],
            stretch.days,
            0 if by_quantity else seconds,
            usage if by_quantity else 0,
            row.size if item.by_size else None,
            seconds if usage == row.allocated else seconds_of(row.allocated),
            None if running is None else seconds if usage == running else seconds_of(running),
            hashed.hex(),
            row.amount,
            (holder.contract_no, month) in self.billed,
        )


def _differs(row: UsageRow, item: Item, standing: Standing) -> bool:
    """Compare the supplier's amount, which is never trusted, with our price of the row alone."""
    size = row.size if item.by_size and row.size is not None else standing.quantity * E4
    ours = item.amount(row.usage, size)
    return ours is not None and ours != row.amount


def _days(row: UsageRow, holder: Holder, stretch: Stretch) -> str:
    if not stretch.days or row.usage < 0 or row.allocated < 0 or (row.running or 0) < 0 or (row.stopped or 0) < 0:
        return "negative_duration"
    if stretch.leaves_month:
        return "crosses_month_end"
    if stretch.from_on < holder.from_on:
        return "before_billing_start"
    return "after_contract_end" if stretch.to_on > holder.to_on else ""


def _standing(row: UsageRow, holder: Holder, stretch: Stretch) -> Standing | None:
    """Find the registration under the row's item that covers all its days."""
    for each in holder.stands.get((row.resource_id, row.code), ()):
        if each.from_on <= stretch.from_on and stretch.to_on <= each.to_on:
            return each
    return None


def _hours(row: UsageRow, stretch: Stretch, item: Item, *, usage_counts: bool) -> str:
    most, meter = stretch.days * DAY_E4, item.meter
    running, stopped = row.running or 0, row.stopped or 0
    if row.allocated > most or running > most or stopped > most or (meter != "quantity" and row.usage > most):
        return "hours_exceed_period"
    if usage_counts:
        return ""
    if row.category == "VirtualMachine" and row.allocated != running + stopped:
        return "usage_mismatch"
    metered = row.running if meter == "running" else row.allocated
    return "usage_mismatch" if row.usage != metered and meter in {"running", "allocated"} else ""


def seconds_of(hours_e4: int) -> int:
    """Turn ten-thousandths of an hour into seconds, rounded half up (A47)."""
    return (2 * hours_e4 * SECONDS_OF_HOUR + E4) // (2 * E4)
