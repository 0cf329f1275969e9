"""Worlds of contracts in a month, made from a seed: everything that a bill may meet, often at its edges."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from tests.billing.oracle import E4, ONE, Contract, Item, Once, Prices, Row, Stand, days_of, in_force

HOUR = 3600
CAP_HOURS = 480


def _hourly(code: str, meter: str, rate: str, cap: str, initial_fee: int = 0) -> Item:
    return Item(
        code=code,
        charge_type="capped",
        meter=meter,
        rate=rate,
        cap_hours=CAP_HOURS,
        monthly_cap=cap,
        initial_fee=initial_fee,
    )


def _monthly(code: str, fee: int, initial: int, *, prorated: bool = True) -> Item:
    return Item(
        code=code, charge_type="monthly", meter="month", monthly_fee=fee, initial_fee=initial, prorated=prorated
    )


CATALOG = {
    item.code: item
    for item in (
        _hourly("VM-S1", "running", "1.5", "720"),
        _hourly("VM-S2", "running", "6", "2880"),
        _hourly("VM-M8", "running", "12", "5760"),
        _hourly("VM-T", "running", "10.5", "5000"),  # its amount passes the cap before the cap hours do
        _hourly("VOL-STD", "allocated", "0.025", "12"),
        _hourly("VOL-SSD", "allocated", "0.05", "24"),
        _hourly("SNAP", "allocated", "0.02", "9.6"),
        _hourly("IP-G", "allocated", "1", "480"),
        _hourly("VR-INET", "allocated", "20", "9600", initial_fee=5_000),
        Item(code="API", charge_type="metered", meter="allocated", rate="0.3337"),
        Item(code="NW-OUT", charge_type="other", meter="quantity", rate="10", unit="GB"),
        _monthly("SGW", 10_000, 30_000),
        _monthly("DC-STD", 900_000, 500_000),
        _monthly("DC-HOST", 280_000, 100_000),
        _monthly("LIC-WIN", 1_500, 0, prorated=False),
        Item(code="INIT", charge_type="initial", meter="once", rate="10000"),
        Item(code="CHG", charge_type="initial", meter="once", rate="5000"),
        Item(code="OPS-DEL", charge_type="other", meter="work", rate="20000"),
    )
}
"""The items of catalog.md by meter, its test item, and one without a cap."""

DEARER = CATALOG | {
    "VM-S1": _hourly("VM-S1", "running", "2", "900"),  # 450 hours are the cap to the yen
    "VM-S2": _hourly("VM-S2", "running", "7", "3360"),
    "IP-G": _hourly("IP-G", "allocated", "1", "500"),  # the cap hours cost less than the cap
    "VM-T": replace(CATALOG["VM-T"], rate="10.4", cap_hours=470),
    "SNAP": _hourly("SNAP", "allocated", "0.0203", "9.7"),
    "VOL-STD": _hourly("VOL-STD", "allocated", "0.0251", "12"),
    "NW-OUT": replace(CATALOG["NW-OUT"], rate="9.99"),
    "SGW": _monthly("SGW", 12_345, 31_000),
    "LIC-WIN": _monthly("LIC-WIN", 1_777, 0, prorated=False),
    "INIT": replace(CATALOG["INIT"], rate="0"),
}
CHEAPER = DEARER | {"VM-S2": _hourly("VM-S2", "running", "5.5", "2640"), "SGW": _monthly("SGW", 9_999, 29_000)}
WITHDRAWN = {code: item for code, item in CHEAPER.items() if code not in {"VM-M8", "DC-HOST"}}

FIRST = Prices("PL-A", date(2026, 3, 1), CATALOG)
SERVERS = ("VM-S1", "VM-S2", "VM-M8", "VM-T")
DISKS = ("VOL-STD", "VOL-SSD", "SNAP")
OTHERS = ("IP-G", "IP-G", "VR-INET", "API")
FEES = ("SGW", "SGW", "DC-STD", "DC-HOST", "LIC-WIN", "LIC-WIN")


@dataclass
class World:
    """Contracts in a month, and the price lists of their time."""

    month: str
    lists: list[Prices]
    contracts: list[Contract] = field(default_factory=list)


def world(month: str, lists: Sequence[Prices], count: int, seed: str) -> World:
    """Make a world of so many contracts."""
    made = World(month, [*lists])
    for place in range(1, count + 1):
        chance = Random(f"{seed} {month} {place}")  # noqa: S311 - a seed, no secret
        made.contracts.append(_Maker(made, chance, f"C-{place:06d}").contract())
    return made


class _Maker:
    """Makes one contract."""

    def __init__(self, made: World, chance: Random, number: str) -> None:
        self.world, self.chance, self.number = made, chance, number
        self.days = days_of(made.month)
        self.made = 0

    def contract(self) -> Contract:
        """Make a contract: its days, what stands on it, what was used, what is charged once, and what is wrong."""
        chance, days = self.chance, self.days
        start = chance.choice([days[0], chance.choice(days), days[-1], date(2026, 3, 2), days[0] - 40 * ONE])
        ends = chance.choice([None, None, None, chance.choice(days), days[-1], days[0], days[-1] + 31 * ONE])
        if ends is not None and ends < start:
            ends = start
        self.each = Contract(
            self.number, max(start, date(2026, 3, 1)), self._list_of(start), ends,
            state=chance.choice(["active"] * 4 + ["suspended"]),
        )  # fmt: skip
        if ends is not None and chance.random() < 0.5:
            self.each.state = "ended"
        self.first = max(days[0], self.each.start_on)
        self.last = days[-1] if ends is None else min(days[-1], ends)
        for _ in range(chance.choice([0, 1, 1, 2, 3, 5])):
            chance.choice([self._server, self._server, self._disk, self._other, self._traffic, self._fixed])()
        self._fees()
        self._spoil()
        return self.each

    def _list_of(self, day: date) -> str:
        found = in_force(self.world.lists, max(day, date(2026, 3, 1)))
        return "" if found is None else found.name

    def _name(self, kind: str) -> str:
        self.made += 1
        return f"{kind}-{self.number}-{self.made}"

    def _stretch(self) -> tuple[date, date]:
        """Take some of the charged days; often all of them."""
        span = (self.last - self.first).days
        if self.chance.random() < 0.5:
            return self.first, self.last
        a, b = sorted(self.chance.randint(0, span) for _ in "ab")
        return self.first + a * ONE, self.first + b * ONE

    def _stand(self, name: str, code: str, quantity: int, first: date, last: date) -> Stand:
        """Let a resource stand; if it is there at an edge of the charged days it may have been, and stay, longer."""
        longer = self.chance.random() < 0.7
        begin = self.each.start_on if first == self.first and longer else first
        end = None if last == self.last and longer else last
        stand = Stand(name, code, quantity, begin, end)
        self.each.stands.append(stand)
        return stand

    def _server(self) -> None:
        """A server: all of a month, some of its days, or one that changes its item; two of them seldom."""
        name, code = self._name("vm"), self.chance.choice(SERVERS)
        first, last = self._stretch()
        quantity = self.chance.choice([1, 1, 1, 1, 3])
        if (last - first).days < 2 or self.chance.random() < 0.7:
            self._stand(name, code, quantity, first, last)
            self._use(name, code, first, last)
            return
        cut = first + self.chance.randint(1, (last - first).days) * ONE
        other = self.chance.choice([each for each in SERVERS if each != code])
        self._stand(name, code, quantity, first, cut - ONE)
        self._stand(name, other, quantity, cut, last)
        self._use(name, code, first, cut - ONE)
        self._use(name, other, cut, last)

    def _disk(self) -> None:
        """A disk: its size in its rows, in none, in some; resized in its rows or in the register."""
        name, code = self._name("vol"), self.chance.choice(DISKS)
        first, last = self._stretch()
        size = self.chance.choice([1, 10, 33, 100, 512])
        sizes: list[int | None] = [self.chance.choice([size * E4, size * E4 // 3 + 1, None])]
        if self.chance.random() < 0.25:
            sizes.append(self.chance.choice([size * E4, None, 2 * size * E4, 125_000]))
        if (last - first).days >= 2 and self.chance.random() < 0.15:
            cut = first + self.chance.randint(1, (last - first).days) * ONE
            self._stand(name, code, size, first, cut - ONE)
            self._stand(name, code, size + self.chance.choice([0, 50]), cut, last)
            self._use(name, code, first, cut - ONE, sizes)
            self._use(name, code, cut, last, sizes)
            return
        self._stand(name, code, size, first, last)
        self._use(name, code, first, last, sizes)

    def _other(self) -> None:
        name, code = self._name("x"), self.chance.choice(OTHERS)
        first, last = self._stretch()
        self._stand(name, code, 1, first, last)
        self._use(name, code, first, last)

    def _traffic(self) -> None:
        name = self._name("nw")
        first, last = self._stretch()
        if (last - first).days >= 2 and self.chance.random() < 0.3:  # what is registered of it says nothing
            self._stand(name, "NW-OUT", 1, first, first)
            self._stand(name, "NW-OUT", 2, first + ONE, last)
        else:
            self._stand(name, "NW-OUT", 1, first, last)
        for begin, end in self._pieces(first, last):
            amount = self.chance.choice([0, 1, 999, self.chance.randint(0, 5_000_000)])
            self.each.rows.append(Row(resource_id=name, code="NW-OUT", from_on=begin, to_on=end, amount=amount))

    def _fixed(self) -> None:
        """What costs a fee; it may go and come back; rows that are reported of it are not billed."""
        code = self.chance.choice(FEES)
        name, quantity = self._name("fix"), self.chance.choice([1, 1, 1, 2])
        first, last = self._stretch()
        if (last - first).days >= 4 and self.chance.random() < 0.25:
            cut = first + self.chance.randint(1, (last - first).days - 2) * ONE
            self._stand(name, code, quantity, first, cut - ONE)
            self._stand(name, code, quantity, cut + ONE, last)
            return
        self._stand(name, code, quantity, first, last)
        if self.chance.random() < 0.3:
            row = Row(resource_id=name, code=code, from_on=first, to_on=first, seconds=HOUR)
            self.each.rows.append(row)

    def _pieces(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """Cut days into the stretches of rows: daily, or longer; never across a change of prices."""
        longest = self.chance.choice([1, 3, 31])
        changes = {each.effective_from for each in self.world.lists}
        while first <= last:
            end = first
            for _ in range(self.chance.randint(1, longest) - 1):
                if end + ONE > last or end + ONE in changes:
                    break
                end += ONE
            yield first, end
            first = end + ONE

    def _use(self, name: str, code: str, first: date, last: date, sizes: Sequence[int | None] = (None,)) -> None:
        """Report use of all days: some hours, none, all there are, or exactly up to an edge of the cap."""
        pieces = [*self._pieces(first, last)]
        most = [((end - begin).days + 1) * 24 * HOUR for begin, end in pieces]
        mode = self.chance.choice(["some", "some", "none", "all", "cap", "cap", "below", "over", "money"])
        if mode in {"some", "none", "all"}:
            factor = {"none": 0, "all": 1}.get(mode)
            spent = [self.chance.randint(0, each) if factor is None else each * factor for each in most]
        else:
            goal = {"cap": 0, "below": -1, "over": 36}.get(mode, 0) + CAP_HOURS * HOUR
            if mode == "money":  # 900 yen at 2 an hour; 5,000 at 10.5
                goal = self.chance.choice([1_620_000, 1_714_285, 1_714_286])
            spent = []
            for each in most:
                spent.append(min(each, goal))
                goal -= spent[-1]
        for (begin, end), seconds in zip(pieces, spent, strict=True):
            row = Row(
                resource_id=name, code=code, from_on=begin, to_on=end, seconds=seconds, size=self.chance.choice(sizes)
            )
            if self.chance.random() < 0.03:  # somebody accepted a correction of it
                wrong = replace(row, seconds=self.chance.randint(0, 24 * HOUR), corrected=True)
                self.each.rows.append(wrong)
            self.each.rows.append(row)

    def _fees(self) -> None:
        """What is charged once: what was ordered, and changes in the month."""
        chance, each = self.chance, self.each
        items = next(one.items for one in self.world.lists if one.name == each.price_list)
        for code in ("SGW", "DC-STD", "VM-S1"):
            if chance.random() < 0.3:
                fee = items[code].initial_fee
                on = chance.choice([each.start_on] * 3 + [each.start_on + ONE])
                each.ordered.append(Once(code, chance.randint(1, 3), fee, each.price_list, on))
        if chance.random() < 0.15:
            on = chance.choice([chance.choice(self.days), self.days[-1] + ONE])
            each.changed.append(Once("CHG", 1, 5_000, "PL-A", on))
            if chance.random() < 0.5:
                each.changed.append(Once("SGW", 2, 30_000, "PL-A", on))

    def _spoil(self) -> None:
        """Let something be missing or doubtful, now and then."""
        spoilt = self.chance.random()
        by_use = [row for row in self.each.rows if not row.corrected and row.code not in FEES]
        if spoilt < 0.03:
            self.each.doubtful = True
        elif spoilt < 0.06 and by_use:
            row = self.chance.choice(by_use)
            self.each.rows = [one for one in self.each.rows if one.from_on != row.from_on]
        elif spoilt < 0.08:
            self._stand(self._name("odd"), "VM-OLD", 1, self.first, self.last)
        elif spoilt < 0.10 and self.each.ends_on is not None and self.last == self.each.ends_on:
            self._after_the_end()

    def _after_the_end(self) -> None:
        """Use that was taken in before the end was known: of days after it, or across it."""
        day = self.last + self.chance.choice([timedelta(0), ONE])
        name = self._name("late")
        self.each.stands.append(Stand(name, "API", 1, self.first, None))
        self._use(name, "API", self.first, self.last)
        if day + ONE in self.days:
            if day == self.last:
                last = max(row.from_on for row in self.each.rows if row.resource_id == name)
                self.each.rows = [
                    replace(row, to_on=day + ONE) if (row.resource_id, row.from_on) == (name, last) else row
                    for row in self.each.rows
                ]
            else:
                row = Row(resource_id=name, code="API", from_on=day, to_on=day + ONE, seconds=HOUR)
                self.each.rows.append(row)
