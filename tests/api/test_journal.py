"""The books as lists, and invoices and books as CSV for accounting (money.md 8; 電帳法)."""

import csv
import io
from datetime import date
from typing import Any

import httpx2
import pytest

from activities.journal import Entry, book, take_back
from activities.office import Office
from api.paging import MAX_LIMIT
from api.spreadsheets import neutral
from tests.api.books import a_contract, a_line, an_invoice, at_noon
from tests.api.offices import give_key

JSON = dict[str, Any]
FORMULA = "=HYPERLINK(見本)"
BOM = b"\xef\xbb\xbf"


class Reader:
    """Somebody who reads the books."""

    def __init__(self, http: httpx2.AsyncClient, key: dict[str, str]) -> None:
        self.http, self.key = http, key

    async def get(self, path: str, **query: str) -> httpx2.Response:
        """Read a path."""
        return await self.http.get(path, params=query, headers=self.key)

    async def entries(self, **query: str) -> list[JSON]:
        """List entries."""
        answer = await self.get("/v1/journal", **query)
        assert answer.status_code == 200, answer.text
        found: list[JSON] = answer.json()["items"]
        return found

    async def keys(self, **query: str) -> list[str]:
        """List the keys of the entries that are found."""
        return [entry["entry_key"] for entry in await self.entries(**query)]

    async def table(self, name: str, **query: str) -> list[dict[str, str]]:
        """Read an export as a spreadsheet does."""
        answer = await self.get(f"/v1/exports/{name}.csv", **query)
        assert answer.status_code == 200, answer.text
        return [*csv.DictReader(io.StringIO(answer.content.removeprefix(BOM).decode(), newline=""))]


@pytest.fixture
async def reader(office: Office, http: httpx2.AsyncClient) -> Reader:
    """Give an auditor."""
    return Reader(http, await give_key(office.sessions, "auditor"))


@pytest.fixture
async def books(office: Office) -> Office:
    """Book an invoice of 11,000 yen, a penalty of a customer with a strange name, a deposit and its correction."""
    first = await a_contract(office.sessions, office.vault)
    second = await a_contract(office.sessions, office.vault, 2, name=FORMULA)
    await an_invoice(office, first)
    await an_invoice(
        office, second, kind="penalty", month=None, issued_on=date(2026, 5, 31),
        lines=[a_line(5_000, tax_class="non_taxable")],
    )  # fmt: skip
    deposit = Entry(
        key="deposit:D-000001", event="deposit", on_day=date(2026, 6, 15), deposit_id="D-000001",
        lines={"bank": 11_000, "deposits_held": -11_000},
    )  # fmt: skip
    async with office.sessions.begin() as session:
        await book(session, [deposit], as_of=at_noon(deposit.on_day))
        await take_back(
            session, deposit.key, new_key="correction:D-000001", on_day=date(2026, 6, 16),
            as_of=at_noon(date(2026, 6, 16)),
        )  # fmt: skip
    return office


class TestJournal:
    """Entries with their lines."""

    async def test_an_entry(self, books: Office, reader: Reader) -> None:
        """It names its document and its day; debits stand before credits and are equal to them."""
        del books
        entry = (await reader.entries())[0]

        assert entry == {
            "entry_key": "invoice:1260000001",
            "event": "invoice",
            "on": "2026-05-12",
            "contract_no": "C-000001",
            "invoice_no": "1260000001",
            "recorded_at": entry["recorded_at"],
            "lines": [
                {"account": "receivable", "debit": 11_000, "credit": 0},
                {"account": "consumption_tax_payable", "debit": 0, "credit": 1_000},
                {"account": "revenue", "debit": 0, "credit": 10_000},
            ],
        }

    async def test_a_correction_names_what_it_takes_back(self, books: Office, reader: Reader) -> None:
        """Its sides are those of the other entry, turned round."""
        del books
        deposit, correction = (await reader.entries())[2:]

        assert correction["corrects"] == deposit["entry_key"]
        sides = [{line["account"]: line["debit"] - line["credit"] for line in one["lines"]}
                 for one in (deposit, correction)]  # fmt: skip
        assert sides[0] == {account: -amount for account, amount in sides[1].items()} != {}

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            pytest.param({}, "i1 i2 d c", id="all"),
            pytest.param({"from_on": "2026-05-31"}, "i2 d c", id="from a day"),
            pytest.param({"to_on": "2026-05-31"}, "i1 i2", id="to a day"),
            pytest.param({"account": "bank"}, "d c", id="account"),
            pytest.param({"account": "receivable", "from_on": "2026-05-13"}, "i2", id="account and day"),
            pytest.param({"min_amount": "5001"}, "i1 d c", id="from an amount"),
            pytest.param({"max_amount": "5000"}, "i1 i2", id="to an amount"),
            pytest.param({"account": "revenue", "min_amount": "10000", "max_amount": "10000"}, "i1", id="one side"),
            pytest.param({"account": "revenue", "min_amount": "10001"}, "", id="no such side"),
            pytest.param({"q": FORMULA}, "i2", id="company"),
            pytest.param({"q": "crm-1"}, "i1", id="reference"),
            pytest.param({"q": "2260000001"}, "i2", id="invoice"),
            pytest.param({"q": "D-000001"}, "d c", id="deposit"),
        ],
    )
    async def test_filters(self, books: Office, reader: Reader, query: dict[str, str], found: str) -> None:
        """By day, account, amount and party."""
        del books
        keys = {
            "i1": "invoice:1260000001", "i2": "invoice:2260000001", "d": "deposit:D-000001", "c": "correction:D-000001",
        }  # fmt: skip

        assert await reader.keys(**query) == [keys[each] for each in found.split()]

    async def test_pages(self, books: Office, reader: Reader) -> None:
        """Pages bring each entry once, with all its lines."""
        del books
        first = (await reader.get("/v1/journal", limit="3")).json()
        rest = (await reader.get("/v1/journal", limit="3", cursor=first["next_cursor"])).json()

        assert [entry["entry_key"] for entry in (*first["items"], *rest["items"])] == await reader.keys()
        assert (len(rest["items"]), rest["next_cursor"]) == (1, None)

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"account": "cash"}, "account"),
            ({"from_on": "2026-06-02", "to_on": "2026-06-01"}, "to_on"),
            ({"min_amount": "2", "max_amount": "1"}, "max_amount"),
            ({"cursor": "AAAA"}, "cursor"),
        ],
    )
    async def test_bad_filters(self, reader: Reader, query: dict[str, str], field: str) -> None:
        """A filter that means nothing is a 422 that names it."""
        answer = await reader.get("/v1/journal", **query)

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    async def test_customers_do_not_read_the_books(self, office: Office, http: httpx2.AsyncClient) -> None:
        """Books and exports are the office's."""
        key = await give_key(office.sessions, "customer", "crm-1")
        paths = ("/v1/journal", "/v1/exports/journal.csv", "/v1/exports/invoices.csv")

        assert [(await http.get(path, headers=key)).status_code for path in paths] == [403, 403, 403]


class TestExports:
    """CSV by RFC 4180, as Excel reads it."""

    async def test_the_form(self, books: Office, reader: Reader) -> None:
        """UTF-8 with a BOM, CRLF, a header line, and a name to be kept under."""
        del books
        answer = await reader.get("/v1/exports/invoices.csv")
        lines = answer.content.removeprefix(BOM).decode().split("\r\n")

        assert answer.content.startswith(BOM)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="invoices.csv"'
        assert (lines[0].split(",")[:3], len(lines), lines[-1]) == (["invoice_no", "kind", "contract_no"], 4, "")

    async def test_invoices(self, books: Office, reader: Reader) -> None:
        """One row an invoice, with party, base and tax, and how it stands."""
        del books
        taxed, penalty = await reader.table("invoices")

        assert taxed == {
            "invoice_no": "1260000001", "kind": "monthly", "contract_no": "C-000001",
            "customer_name": "株式会社見本データ", "month": "2026-04", "issued_on": "2026-05-12",
            "due_on": "2026-06-30", "taxable_base": "10000", "tax": "1000", "rates": "10%:10000:1000",
            "non_taxed": "0", "total": "11000", "state": "issued", "balance": "11000", "corrects": "",
            "replaces": "", "replaced_by": "",
        }  # fmt: skip
        columns = ("taxable_base", "tax", "rates", "non_taxed")
        assert [penalty[column] for column in columns] == ["0", "0", "", "5000"]

    async def test_formulas_are_only_text(self, books: Office, reader: Reader) -> None:
        """A name that a spreadsheet would calculate gets an apostrophe; numbers stay numbers."""
        del books
        tables = [await reader.table(name, q=FORMULA) for name in ("invoices", "journal")]

        assert {row["customer_name"] for table in tables for row in table} == {f"'{FORMULA}"}
        assert [neutral(cell) for cell in ("+1", "-1", "@x", "\tx", "\rx", "a=b", -1, 0, None)] == [
            "'+1", "'-1", "'@x", "'\tx", "'\rx", "a=b", -1, 0, None,
        ]  # fmt: skip

    async def test_erased_parties(self, books: Office, reader: Reader) -> None:
        """Once a contract is erased its rows still stand, without the name."""
        await books.vault.destroy("A-000001", "statutory")

        assert [row["customer_name"] for row in await reader.table("invoices")] == ["(消去済)", f"'{FORMULA}"]

    async def test_the_books(self, books: Office, reader: Reader) -> None:
        """One row a side; debits and credits are equal, in each entry and in all."""
        del books
        rows = await reader.table("journal")
        sums: dict[str, int] = {}
        for row in rows:
            sums[row["entry_key"]] = sums.get(row["entry_key"], 0) + int(row["debit"]) - int(row["credit"])

        assert [(row["account"], row["debit"], row["credit"]) for row in rows[:3]] == [
            ("receivable", "11000", "0"),
            ("consumption_tax_payable", "0", "1000"),
            ("revenue", "0", "10000"),
        ]
        assert [*sums] == await reader.keys()
        assert set(sums.values()) == {0}
        assert rows[-1]["corrects"] == "deposit:D-000001"

    async def test_filters_are_those_of_the_lists(self, books: Office, reader: Reader) -> None:
        """Day, amount and party narrow the exports, too; nothing found is a header alone."""
        del books
        penalties = await reader.table("invoices", from_on="2026-05-31", max_total="5000")
        deposits = await reader.table("journal", account="bank", to_on="2026-06-15")

        assert [row["invoice_no"] for row in penalties] == ["2260000001"]
        assert {row["entry_key"] for row in deposits} == {"deposit:D-000001"}
        assert await reader.table("invoices", state="void") == []
        assert (await reader.get("/v1/exports/journal.csv", account="write_off")).content.count(b"\r\n") == 1

    async def test_more_than_one_page(self, office: Office, reader: Reader) -> None:
        """An export goes on beyond what a list shows on its longest page."""
        entries = [
            Entry(
                key=f"deposit:D-{n:06d}", event="deposit", on_day=date(2026, 6, 1 + n % 2),
                lines={"bank": n, "deposits_held": -n},
            )
            for n in range(1, MAX_LIMIT + 3)
        ]  # fmt: skip
        async with office.sessions.begin() as session:
            await book(session, entries, as_of=at_noon(date(2026, 6, 2)))
        rows = await reader.table("journal")

        assert len(rows) == 2 * len(entries)
        assert {row["entry_key"] for row in rows} == {entry.key for entry in entries}
