"""What a contract owes on a day: principal and interest of the invoices issued by then (Art. 27(2), 36, 37)."""

from datetime import date

import httpx2
import pytest
from sqlalchemy import update
from sqlmodel import col

from activities.ledger import debts_of, debts_of_many, open_balances
from activities.office import Office
from models.tables import InvoiceAccountRow, PayoutRow
from terms.billing import TaxOfRate
from tests.api.books import a_contract, a_deposit, a_line, an_allocation, an_invoice
from tests.api.offices import give_key

JUNE_30, JULY_20 = date(2026, 6, 30), date(2026, 7, 20)
JSON = dict[str, object]


@pytest.fixture
async def contract_no(office: Office) -> str:
    """Give a contract."""
    return await a_contract(office.sessions, office.vault)


class Reader:
    """Somebody who reads what is owed."""

    def __init__(self, http: httpx2.AsyncClient, key: dict[str, str]) -> None:
        self.http, self.key = http, key

    async def owed(self, contract_no: str, **query: str) -> list[JSON]:
        """List the balances of a contract."""
        answer = await self.http.get(f"/v1/contracts/{contract_no}/balances", params=query, headers=self.key)
        assert answer.status_code == 200, answer.text
        found: list[JSON] = answer.json()["items"]
        return found

    async def sums(self, contract_no: str, as_of_on: str) -> list[tuple[object, object]]:
        """List principal and interest owed on a day."""
        items = await self.owed(contract_no, as_of_on=as_of_on)
        return [(item["principal"], item["interest"]) for item in items]


@pytest.fixture
async def reader(office: Office, http: httpx2.AsyncClient) -> Reader:
    """Give an auditor."""
    return Reader(http, await give_key(office.sessions, "auditor"))


class TestDays:
    """Debts and their interest by the day."""

    async def test_an_open_invoice(self, office: Office, reader: Reader, contract_no: str) -> None:
        """It stands with its month and due day; 20 days late it bears 14.5 % a year, cut off below one yen."""
        number = await an_invoice(office, contract_no)

        assert await reader.owed(contract_no, as_of_on="2026-07-20") == [
            {
                "invoice_no": number, "kind": "monthly", "month": "2026-04", "due_on": "2026-06-30",
                "principal": 11_000, "interest": 11_000 * 145 * 20 // 365_000,
            },
        ]  # fmt: skip

    async def test_before_its_issue_nothing_is_owed(self, office: Office, reader: Reader, contract_no: str) -> None:
        """An invoice counts from the day of its issue."""
        await an_invoice(office, contract_no)

        assert await reader.sums(contract_no, "2026-05-11") == []
        assert await reader.sums(contract_no, "2026-05-12") == [(11_000, 0)]

    async def test_today_unless_a_day_is_named(self, office: Office, reader: Reader, contract_no: str) -> None:
        """Without a day the balances are those of today."""
        await an_invoice(office, contract_no, issued_on=date(2026, 3, 2), due_on=date(2026, 3, 31))
        (item,) = await reader.owed(contract_no)

        assert item["principal"] == 11_000

    @pytest.mark.parametrize("day", ["today", "2026-02-30", "1999-12-31"])
    async def test_no_day(self, reader: Reader, contract_no: str, day: str) -> None:
        """What is no day is a 422 that names the parameter."""
        path = f"/v1/contracts/{contract_no}/balances"
        answer = await reader.http.get(path, params={"as_of_on": day}, headers=reader.key)

        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["as_of_on"]


class TestWhatLowersADebt:
    """Money from its value day, credits from the due day, write-offs from theirs; what was undone never was."""

    async def test_money(self, office: Office, reader: Reader, contract_no: str) -> None:
        """From the value day on the principal is lower; interest that was paid is owed no more."""
        number = await an_invoice(office, contract_no)
        deposit = await a_deposit(office, contract_no, 1_087, date(2026, 7, 20))
        await an_allocation(office, deposit, number, 87, part="interest")
        await an_allocation(office, deposit, number, 1_000)

        assert await reader.sums(contract_no, "2026-07-19") == [(11_000, 11_000 * 145 * 19 // 365_000)]
        assert await reader.sums(contract_no, "2026-07-20") == [(10_000, 0)]
        assert await reader.sums(contract_no, "2026-07-30") == [(10_000, 10_000 * 145 * 10 // 365_000)]

    async def test_a_settled_invoice_is_left_out(self, office: Office, reader: Reader, contract_no: str) -> None:
        """Paid in time, nothing is owed any more."""
        number = await an_invoice(office, contract_no)
        await an_allocation(office, await a_deposit(office, contract_no, 11_000, JUNE_30), number, 11_000)

        assert await reader.sums(contract_no, "2026-06-29") == [(11_000, 0)]
        assert await reader.sums(contract_no, "2026-06-30") == []

    async def test_interest_alone_is_still_owed(self, office: Office, reader: Reader, contract_no: str) -> None:
        """When only the principal was paid, late, its interest stays."""
        number = await an_invoice(office, contract_no)
        await an_allocation(office, await a_deposit(office, contract_no, 11_000, JULY_20), number, 11_000)

        assert await reader.sums(contract_no, "2026-12-31") == [(0, 11_000 * 145 * 20 // 365_000)]

    async def test_what_was_undone(self, office: Office, reader: Reader, contract_no: str) -> None:
        """A counter-row cancels its original from its value day on; interest runs as if nothing had been paid."""
        number = await an_invoice(office, contract_no)
        deposit = await a_deposit(office, contract_no, 5_000, JUNE_30)
        first = await an_allocation(office, deposit, number, 2_000)
        await an_allocation(office, deposit, number, 3_000)
        await an_allocation(office, deposit, number, -2_000, undoes=first, on_day=JULY_20)

        assert await reader.sums(contract_no, "2026-07-20") == [(8_000, 8_000 * 145 * 20 // 365_000)]

    async def test_a_credit(self, office: Office, reader: Reader, contract_no: str) -> None:
        """It lowers the principal from the due day on, as if it had not been owed; it is no debt itself."""
        number = await an_invoice(office, contract_no)
        await an_invoice(
            office, contract_no, kind="credit", month=None, issued_on=date(2026, 7, 10), corrects=number,
            lines=[a_line(1_000)], taxes=[TaxOfRate(rate_percent=10, base=1_000, tax=100)],
        )  # fmt: skip

        assert await reader.sums(contract_no, "2026-07-09") == [(11_000, 11_000 * 145 * 9 // 365_000)]
        assert await reader.sums(contract_no, "2026-07-10") == [(9_900, 9_900 * 145 * 10 // 365_000)]

    async def test_a_write_off(self, office: Office, reader: Reader, contract_no: str) -> None:
        """It lowers the principal from its day on."""
        number = await an_invoice(office, contract_no)
        async with office.sessions.begin() as session:
            session.add(
                PayoutRow(approval_id="P-000001", kind="write_off", invoice_no=number, amount=11_000, on_day=JUNE_30)
            )

        assert await reader.sums(contract_no, "2026-06-29") == [(11_000, 0)]
        assert await reader.sums(contract_no, "2026-06-30") == []


class TestWhichInvoices:
    """Debts by their kinds."""

    async def test_kinds(self, office: Office, reader: Reader, contract_no: str) -> None:
        """Fees and surcharges bear interest, penalties and restoration don't; interest invoices stand outside."""
        day = date(2026, 5, 12)
        for kind in ("monthly", "surcharge", "penalty", "restoration", "interest"):
            await an_invoice(office, contract_no, kind=kind, month=None, issued_on=day, due_on=JUNE_30)
        items = await reader.owed(contract_no, as_of_on="2026-07-20")

        assert {item["kind"]: bool(item["interest"]) for item in items} == {
            "monthly": True,
            "penalty": False,
            "surcharge": True,
            "restoration": False,
        }

    async def test_void_ones_are_out(self, office: Office, reader: Reader, contract_no: str) -> None:
        """An invoice that was replaced is owed no more, in the balances and in the contract's open balance."""
        number = await an_invoice(office, contract_no)
        async with office.sessions.begin() as session:
            await session.execute(
                update(InvoiceAccountRow).where(col(InvoiceAccountRow.invoice_no) == number).values(state="void")
            )

        assert await reader.sums(contract_no, "2026-07-20") == []
        async with office.readers() as session:
            assert await open_balances(session, [contract_no]) == {}

    async def test_pages(self, office: Office, reader: Reader, contract_no: str) -> None:
        """Pages go on where they were, in the order of issue; settled invoices take no place on them."""
        numbers = [
            await an_invoice(office, contract_no, month=f"2026-0{n}", issued_on=date(2026, n, 2)) for n in (4, 5, 6, 7)
        ]
        await an_allocation(office, await a_deposit(office, contract_no, 11_000, JUNE_30), numbers[0], 11_000)
        path = f"/v1/contracts/{contract_no}/balances"
        query = {"limit": "2", "as_of_on": "2026-08-01"}
        first = (await reader.http.get(path, params=query, headers=reader.key)).json()
        query["cursor"] = first["next_cursor"]
        second = (await reader.http.get(path, params=query, headers=reader.key)).json()

        assert [item["invoice_no"] for item in (*first["items"], *second["items"])] == numbers[1:]
        assert (len(first["items"]), second["next_cursor"]) == (2, None)

    async def test_a_cursor_that_nobody_made(self, reader: Reader, contract_no: str) -> None:
        """It is a 422."""
        path = f"/v1/contracts/{contract_no}/balances"
        answer = await reader.http.get(path, params={"cursor": "AAAA"}, headers=reader.key)

        assert [error["field"] for error in answer.json()["errors"]] == ["cursor"]

    async def test_many_contracts_at_once(self, office: Office, contract_no: str) -> None:
        """What is read for many is what is read for each; movements name the allocations that they are."""
        other = await a_contract(office.sessions, office.vault, 2)
        allocations = []
        for each in (contract_no, other):
            number = await an_invoice(office, each)
            allocations.append(await an_allocation(office, await a_deposit(office, each, 500, JUNE_30), number, 500))
        async with office.readers() as session:
            many = await debts_of_many(session, [contract_no, other, "C-999999"], issued_by=JULY_20)
            alone = await debts_of(session, other, issued_by=JULY_20)
            none = await debts_of_many(session, [], issued_by=JULY_20)

        assert (set(many), many[other], none) == ({contract_no, other}, alone, {})
        assert [debt.allocation_ids for debt in alone] == [(allocations[1],)]
        assert [debt.open.movements[0].amount for debt in alone] == [500]


class TestWho:
    """Staff reads all, a customer its own."""

    async def test_customers(self, office: Office, http: httpx2.AsyncClient, contract_no: str) -> None:
        """Another customer's contract is not there."""
        own, other = [await give_key(office.sessions, "customer", ref) for ref in ("crm-1", "crm-2")]
        path = f"/v1/contracts/{contract_no}/balances"

        assert (await http.get(path, headers=own)).status_code == 200
        assert (await http.get(path, headers=other)).status_code == 404


class TestOpenBalance:
    """What a contract shows: the principal open on its live invoices."""

    async def test_the_sum(self, office: Office, http: httpx2.AsyncClient, contract_no: str) -> None:
        """Open and part-paid debts are summed up; paid ones and those of other contracts are not."""
        other = await a_contract(office.sessions, office.vault, 2)
        part, paid, _ = [await an_invoice(office, contract_no, month=f"2026-0{n}") for n in (4, 5, 6)]
        for number, state, balance in ((part, "part_paid", 1_000), (paid, "paid", 0)):
            async with office.sessions.begin() as session:
                row = await session.get_one(InvoiceAccountRow, number)
                row.state, row.balance = state, balance
        key = await give_key(office.sessions, "auditor")
        page = (await http.get("/v1/contracts", headers=key)).json()["items"]

        assert {item["contract_no"]: item["open_balance"] for item in page} == {contract_no: 12_000, other: 0}
