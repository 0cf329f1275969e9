"""The run and the slow oracle agree to the yen, line by line, on thousands of contract-months (Art. 24-26, 37)."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from activities import billing_run
from models.tables import InvoiceAccountRow, InvoiceLineRow, JournalLineRow
from tests.api.offices import open_office
from tests.billing.office import Desk, of_any_day, put_contracts, put_prices
from tests.billing.oracle import Bill, Contract, Line, Prices, Row, Stand, bill
from tests.billing.worlds import CHEAPER, DEARER, FIRST, WITHDRAWN, World, world

if TYPE_CHECKING:
    from models.database import Sessions

TIMES = {
    "one-list": ("2026-04", [FIRST], 700),
    "new-prices-from-the-first": ("2027-02", [FIRST, Prices("PL-B", date(2027, 2, 1), DEARER)], 550),
    "new-prices-in-the-month": ("2026-10", [FIRST, Prices("PL-B", date(2026, 10, 16), DEARER)], 550),
    "three-lists-in-a-leap-February": (
        "2028-02",
        [FIRST, Prices("PL-B", date(2028, 2, 11), DEARER), Prices("PL-C", date(2028, 2, 21), CHEAPER)],
        450,
    ),
    "codes-withdrawn-in-the-month": (
        "2026-12",
        [FIRST, Prices("PL-B", date(2026, 12, 24), WITHDRAWN), Prices("PL-C", date(2027, 1, 1), CHEAPER)],
        300,
    ),
}


def _line(row: InvoiceLineRow) -> Line:
    return Line(
        code=row.code, resource_id=row.resource_id or "", month=row.month or "", price_list=row.price_list or "",
        quantity=Fraction(row.quantity), charge_type=row.charge_type, article=row.article, amount=row.amount,
        seconds=-1 if row.seconds is None else row.seconds, days=-1 if row.days is None else row.days,
        of=-1 if row.of_days is None else row.of_days, capped="" if row.capped is None else str(row.capped),
        tax_class=row.tax_class,
    )  # fmt: skip


async def _compare(desk: Desk, made: World) -> Mapping[str, int]:
    """Hold the books of a billed month against the oracle, contract by contract; counts what came of it."""
    results, invoices = await desk.results(made.month), await desk.invoices(made.month)
    counts = {"held": 0, "issued": 0, "nothing_to_bill": 0}
    for contract in made.contracts:
        expected = bill(made.month, made.lists, contract)
        result, billed = results[contract.number], invoices.get(contract.number)
        assert (result.state, result.reason or "") == (_state(expected), expected.held), contract
        counts[result.state] += 1
        if billed is None:
            assert result.state != "issued"
            continue
        assert sorted(map(_line, billed.lines)) == [*expected.lines], contract
        assert [line.line_no for line in billed.lines] == [*range(1, len(billed.lines) + 1)]
        assert [(t.rate_percent, t.base, t.tax) for t in billed.taxes] == [(10, expected.base, expected.tax)]
        assert (billed.invoice.total, billed.invoice.non_taxed) == (expected.base + expected.tax, 0)
        assert result.invoice_no == billed.invoice.invoice_no
    assert len(results) == len(made.contracts)
    return counts


def _state(expected: Bill) -> str:
    if expected.held:
        return "held"
    return "issued" if expected.base else "nothing_to_bill"


@pytest.mark.parametrize("time", TIMES)
async def test_the_run_is_the_oracle(
    time: str, sessions: "Sessions", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line, tax, total and every reason for holding is what the words of the terms give, on both databases."""
    month, lists, count = TIMES[time]
    on_postgresql = sessions.kw["bind"].dialect.name == "postgresql"
    made = world(month, lists, count // 7 if on_postgresql else count, "bills")
    monkeypatch.setattr(billing_run, "CHUNK", 47 if on_postgresql else 211)
    async with open_office(sessions, tmp_path) as bare:
        office = of_any_day(bare)
        await put_prices(office, lists)
        await put_contracts(office, month, made.contracts)
        desk = Desk(office)
        await desk.bill(month)

        counts = await _compare(desk, made)
        assert all(counts.values()), counts
        run = await desk.run(month)
        assert run.state == "issued"
        told = {name: run.proof[name] for name in ("contracts", "held", "nothing_to_bill")}
        assert told == {
            "contracts": len(made.contracts), "held": counts["held"], "nothing_to_bill": counts["nothing_to_bill"]
        }  # fmt: skip
        await _books_agree(desk, run.total)


async def _books_agree(desk: Desk, total: int) -> None:
    """What the run says, what is owed, and what the books say is one sum; every entry sums to nothing."""
    accounts, booked = await desk.all(InvoiceAccountRow), await desk.all(JournalLineRow)
    assert sum(each.balance for each in accounts) == total
    assert sum(each.amount for each in booked if each.account == "receivable") == total
    sums: dict[str, int] = {}
    for each in booked:
        sums[each.entry_key] = sums.get(each.entry_key, 0) + each.amount
    assert not any(sums.values())


def test_the_oracle_by_hand() -> None:
    """A few lines that anybody can work out: the oracle is no copy of what it judges."""
    first, last = date(2026, 6, 1), date(2026, 6, 30)
    contract = Contract("C-1", date(2026, 4, 1), "PL-A")
    for name, code, quantity, hours in (
        ("a", "VM-S2", 1, 480), ("b", "VM-S2", 1, 479), ("c", "VM-T", 1, 477), ("d", "SNAP", 33, 720),
    ):  # fmt: skip
        contract.stands.append(Stand(name, code, quantity, first))
        row = Row(resource_id=name, code=code, from_on=first, to_on=last, seconds=hours * 3600)
        contract.rows.append(row)
    contract.stands.append(Stand("e", "SGW", 1, date(2026, 6, 21)))
    made = bill("2026-06", [FIRST], contract)

    found = {line.resource_id: (line.amount, line.article) for line in made.lines}
    assert found == {
        "a": (2880, "26(2)"), "b": (2874, "26(1)"), "c": (5000, "26(2)"), "d": (316, "26(2)"), "e": (3333, "24(3)"),
    }  # fmt: skip
    assert (made.base, made.tax) == (14_403, 1_440)
