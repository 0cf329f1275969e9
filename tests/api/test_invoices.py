"""Invoices as issued: found by day, amount and party, shown with their lines, printed (Art. 27(1); 電帳法)."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from activities.office import Office
from models.tables import ContractRow, DocumentRow, InvoiceAccountRow, NoticeRow, ResourceRow
from tests.api.books import NAME, a_contract, a_line, an_invoice
from tests.api.offices import give_key

JSON = dict[str, Any]
APRIL_1 = date(2026, 4, 1)


class Reader:
    """Somebody who reads invoices."""

    def __init__(self, http: httpx2.AsyncClient, key: dict[str, str]) -> None:
        self.http, self.key = http, key

    async def get(self, path: str, **query: str) -> httpx2.Response:
        """Read a path."""
        return await self.http.get(path, params=query, headers=self.key)

    async def invoice(self, number: str) -> JSON:
        """Show one invoice."""
        answer = await self.get(f"/v1/invoices/{number}")
        assert answer.status_code == 200, answer.text
        found: JSON = answer.json()
        return found

    async def numbers(self, **query: str) -> list[str]:
        """List the numbers of the invoices that are found."""
        answer = await self.get("/v1/invoices", **query)
        assert answer.status_code == 200, answer.text
        return [item["invoice_no"] for item in answer.json()["items"]]


@pytest.fixture
async def reader(office: Office, http: httpx2.AsyncClient) -> Reader:
    """Give an auditor."""
    return Reader(http, await give_key(office.sessions, "auditor"))


@pytest.fixture
async def contract_no(office: Office) -> str:
    """Give a contract with a server that its customer calls by a name."""
    contract_no = await a_contract(office.sessions, office.vault)
    await a_resource(office, contract_no, "srv-1", "本番サーバー🐙")
    return contract_no


async def a_resource(office: Office, contract_no: str, resource_id: str, name: str) -> None:
    """Register a resource."""
    sealed = await office.vault.seal_text(contract_no, "erasable", name)
    async with office.sessions.begin() as session:
        session.add(
            ResourceRow(
                contract_no=contract_no,
                resource_id=resource_id,
                code="VM-S2",
                quantity=1,
                zone="tokyo-1",
                from_on=APRIL_1,
                name=sealed,
            )
        )


def a_server_line(resource_id: str = "srv-1", **more: Any) -> Any:  # noqa: ANN401 - fields of a line
    """Make a line of a server at its cap."""
    line = {
        "code": "VM-S2", "charge_type": "capped", "article": "26(2)", "unit": "VM", "unit_price": "6",
        "resource_id": resource_id, "month": "2026-04", "seconds": 1_728_000, "capped": True,
        "price_list": "PL-2026-03",
    }  # fmt: skip
    return a_line(2_880, **(line | more))


class TestShowing:
    """One invoice with all that it says."""

    async def test_an_invoice(self, office: Office, reader: Reader, contract_no: str) -> None:
        """Lines with the customer's names, tax by rate, dates, state and open principal; what is absent is left out."""
        lines = [a_server_line(), a_line(5_000, days=15, of_days=30, month="2026-04", unit_price="10000")]
        number = await an_invoice(office, contract_no, lines=lines, nominal_on=date(2026, 6, 30))

        assert await reader.invoice(number) == {
            "invoice_no": "1260000001",
            "kind": "monthly",
            "contract_no": contract_no,
            "month": "2026-04",
            "lines": [
                {"line_no": 1, "code": "VM-S2", "charge_type": "capped", "resource_id": "srv-1",
                 "name": "本番サーバー🐙", "quantity": 1, "unit": "VM", "unit_price": "6", "seconds": 1_728_000,
                 "month": "2026-04", "amount": 2_880, "capped": True, "article": "26(2)", "tax_class": "taxable",
                 "price_list": "PL-2026-03"},
                {"line_no": 2, "code": "SGW", "charge_type": "monthly", "quantity": 1, "unit": "gateway",
                 "unit_price": "10000", "days": 15, "of": 30, "month": "2026-04", "amount": 5_000,
                 "article": "24(3)", "tax_class": "taxable"},
            ],
            "rates": [{"rate_percent": 10, "base": 7_880, "tax": 788}],
            "non_taxed": 0,
            "total": 8_668,
            "issued_on": "2026-05-12",
            "nominal_on": "2026-06-30",
            "due_on": "2026-06-30",
            "state": "issued",
            "balance": 8_668,
        }  # fmt: skip

    async def test_quantities(self, office: Office, reader: Reader, contract_no: str) -> None:
        """Whole ones are numbers, others decimal text."""
        lines = [a_line(1, quantity="131.455"), a_line(1, quantity="100")]
        shown = await reader.invoice(await an_invoice(office, contract_no, lines=lines))

        assert [line["quantity"] for line in shown["lines"]] == ["131.455", 100]

    async def test_what_bears_no_tax(self, office: Office, reader: Reader, contract_no: str) -> None:
        """A penalty stands outside the rates."""
        lines = [a_line(50_000, tax_class="non_taxable", article="28(2)")]
        shown = await reader.invoice(await an_invoice(office, contract_no, kind="penalty", month=None, lines=lines))

        assert (shown["rates"], shown["non_taxed"], shown["total"]) == ([], 50_000, 50_000)
        assert "month" not in shown

    async def test_names_of_another_contract_stay_there(self, office: Office, reader: Reader, contract_no: str) -> None:
        """A name is looked up on the contract of the invoice."""
        other = await a_contract(office.sessions, office.vault, 2)
        shown = await reader.invoice(await an_invoice(office, other, lines=[a_server_line()]))

        assert "name" not in shown["lines"][0]
        own = await reader.invoice(await an_invoice(office, contract_no, lines=[a_server_line()]))
        assert own["lines"][0]["name"] == "本番サーバー🐙"

    async def test_erased_names_are_absent(self, office: Office, reader: Reader, contract_no: str) -> None:
        """Once the key is destroyed the invoice still shows numbers, days and yen."""
        number = await an_invoice(office, contract_no, lines=[a_server_line(), a_server_line()])
        await office.vault.destroy("A-000001", "erasable")
        shown = await reader.invoice(number)

        assert ["name" in line for line in shown["lines"]] == [False, False]
        assert shown["total"] == 6_336

    @pytest.mark.parametrize("number", ["1260000009", "126", "X"])
    async def test_what_is_not_there(self, reader: Reader, number: str) -> None:
        """An unknown number, and what is none, is a 404."""
        assert (await reader.get(f"/v1/invoices/{number}")).status_code == 404


class TestFinding:
    """Filters, alone and together."""

    @pytest.fixture
    async def three(self, office: Office, contract_no: str) -> list[str]:
        """Issue three invoices: 11,000 yen in May, 22,000 in June, a penalty of another customer in June."""
        other = await a_contract(office.sessions, office.vault, 2, name="合同会社ほかの客")
        may = await an_invoice(office, contract_no)
        june = await an_invoice(
            office, contract_no, month="2026-05", issued_on=date(2026, 6, 5), lines=[a_line(20_000)]
        )
        penalty = await an_invoice(
            office, other, kind="penalty", month=None, issued_on=date(2026, 6, 30),
            lines=[a_line(5_000, tax_class="non_taxable")],
        )  # fmt: skip
        async with office.sessions.begin() as session:
            await session.execute(
                update(InvoiceAccountRow)
                .where(col(InvoiceAccountRow.invoice_no) == may)
                .values(state="paid", balance=0)
            )
        return [may, june, penalty]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            pytest.param({}, [0, 1, 2], id="all"),
            pytest.param({"contract_no": "C-000002"}, [2], id="contract"),
            pytest.param({"month": "2026-05"}, [1], id="month"),
            pytest.param({"state": "paid"}, [0], id="state"),
            pytest.param({"kind": "penalty"}, [2], id="kind"),
            pytest.param({"from_on": "2026-06-05"}, [1, 2], id="from a day"),
            pytest.param({"to_on": "2026-06-05"}, [0, 1], id="to a day"),
            pytest.param({"from_on": "2026-06-06", "to_on": "2026-06-30"}, [2], id="a stretch"),
            pytest.param({"min_total": "11000"}, [0, 1], id="from an amount"),
            pytest.param({"max_total": "11000"}, [0, 2], id="to an amount"),
            pytest.param({"min_total": "5001", "max_total": "21999"}, [0], id="a range of amounts"),
            pytest.param({"q": NAME}, [0, 1], id="company"),
            pytest.param({"q": "株式会社\u3000見本ﾃﾞｰﾀ"}, [0, 1], id="company in other characters"),
            pytest.param({"q": "crm-2"}, [2], id="reference"),
            pytest.param({"q": "A-000002"}, [2], id="application"),
            pytest.param({"q": "9000000000002"}, [2], id="corporate number"),
            pytest.param({"q": "1260000002"}, [1], id="invoice number"),
            pytest.param({"q": "見本"}, [], id="part of a name"),
            pytest.param({"q": NAME, "from_on": "2026-06-01"}, [1], id="two keys"),
            pytest.param({"q": NAME, "min_total": "1", "to_on": "2026-05-31"}, [0], id="three keys"),
        ],
    )
    async def test_filters(self, reader: Reader, three: list[str], query: dict[str, str], found: list[int]) -> None:
        """Each narrows the list; together they narrow it further."""
        assert await reader.numbers(**query) == [three[place] for place in found]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"from_on": "2026-06-02", "to_on": "2026-06-01"}, "to_on"),
            ({"min_total": "2", "max_total": "1"}, "max_total"),
            ({"min_total": "-1"}, "min_total"),
            ({"max_total": "1.5"}, "max_total"),
            ({"from_on": "2026-02-30"}, "from_on"),
            ({"month": "2026-13"}, "month"),
            ({"state": "open"}, "state"),
            ({"kind": "gift"}, "kind"),
            ({"q": ""}, "q"),
        ],
    )
    async def test_bad_filters(self, reader: Reader, query: dict[str, str], field: str) -> None:
        """A filter that means nothing is a 422 that names it."""
        answer = await reader.get("/v1/invoices", **query)

        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    async def test_pages(self, reader: Reader, three: list[str]) -> None:
        """Pages bring each invoice once, by day of issue."""
        first = (await reader.get("/v1/invoices", limit="2")).json()
        second = (await reader.get("/v1/invoices", limit="2", cursor=first["next_cursor"])).json()

        assert [item["invoice_no"] for item in (*first["items"], *second["items"])] == three
        assert second["next_cursor"] is None

    async def test_a_customer_sees_its_own(self, office: Office, http: httpx2.AsyncClient, three: list[str]) -> None:
        """Lists are narrowed to its contracts; another customer's invoice is not there."""
        customer = Reader(http, await give_key(office.sessions, "customer", "crm-2"))

        assert await customer.numbers() == three[2:]
        assert await customer.numbers(q=NAME) == []
        assert (await customer.get(f"/v1/invoices/{three[0]}")).status_code == 404
        assert (await customer.get(f"/v1/invoices/{three[2]}")).status_code == 200

    async def test_a_long_page_costs_no_more_queries(
        self, office: Office, reader: Reader, engine: AsyncEngine, contract_no: str
    ) -> None:
        """Whether a page has one invoice or five, the database is asked equally often."""
        asked = []
        counts = []
        event.listen(engine.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        for n in (1, 2, 3, 4, 5):
            lines = [a_server_line(), a_server_line("srv-2"), a_line(n)]
            await an_invoice(office, contract_no, month=f"2026-0{n}", lines=lines)
            asked.clear()
            assert len(await reader.numbers()) == n
            counts.append(len(asked))

        assert len({*counts[1:]}) == 1  # the first one also looks up the key of the caller


class TestDocuments:
    """The letter that carries an invoice, and the usage statement beside it."""

    async def keep(self, office: Office, number: str, content: bytes, kind: str = "letter", *, hour: int = 0) -> None:
        """Keep a document of an invoice's letter."""
        sealed = await office.vault.seal("A-000001", "statutory", content)
        sha256 = hashlib.sha256(content).hexdigest()
        async with office.sessions.begin() as session:
            notice_no = await session.scalar(
                select(col(NoticeRow.notice_no)).where(col(NoticeRow.invoice_no) == number)
            )
            session.add(
                DocumentRow(
                    document_id=f"{notice_no}/{sha256[:16]}",
                    notice_no=notice_no,
                    owner="A-000001",
                    kind=kind,
                    media_type="application/pdf",
                    sha256=sha256,
                    content=sealed,
                    created_at=datetime(2026, 5, 12, hour, tzinfo=UTC),
                )
            )

    async def test_the_kept_document(self, office: Office, reader: Reader, contract_no: str) -> None:
        """404 until it is rendered; then the bytes that went out, the last that were stamped."""
        number = await an_invoice(office, contract_no)
        path = f"/v1/invoices/{number}"
        before = await reader.get(f"{path}/document.pdf")
        await self.keep(office, number, b"%PDF first")
        await self.keep(office, number, b"%PDF stamped anew", hour=1)
        await self.keep(office, number, b"%PDF statement", "statement", hour=2)
        letter, statement = await reader.get(f"{path}/document.pdf"), await reader.get(f"{path}/statement.pdf")

        assert before.status_code == 404
        assert (letter.content, letter.headers["Content-Type"]) == (b"%PDF stamped anew", "application/pdf")
        assert statement.content == b"%PDF statement"

    async def test_no_statement(self, office: Office, reader: Reader, contract_no: str) -> None:
        """An invoice without usage has no statement."""
        number = await an_invoice(office, contract_no)
        await self.keep(office, number, b"%PDF")

        assert (await reader.get(f"/v1/invoices/{number}/statement.pdf")).status_code == 404

    async def test_erased_documents(self, office: Office, reader: Reader, contract_no: str) -> None:
        """Once the key is destroyed, or the contract is erased, they are gone: 410."""
        number = await an_invoice(office, contract_no)
        await self.keep(office, number, b"%PDF")
        await office.vault.destroy("A-000001", "statutory")
        gone = await reader.get(f"/v1/invoices/{number}/document.pdf")
        async with office.sessions.begin() as session:
            await session.execute(update(ContractRow).values(state="erased"))
        never = await reader.get(f"/v1/invoices/{number}/statement.pdf")

        assert [answer.status_code for answer in (gone, never)] == [410, 410]
        assert gone.json()["type"].endswith("/erased")

    async def test_who_may_read_them(self, office: Office, http: httpx2.AsyncClient, contract_no: str) -> None:
        """Contact data stands on them: its readers, billing and the customer itself."""
        number = await an_invoice(office, contract_no)
        await self.keep(office, number, b"%PDF")
        path = f"/v1/invoices/{number}/document.pdf"
        statuses = {}
        for role, person in (("billing", None), ("customer", "crm-1"), ("customer", "crm-2"), ("provisioning", None)):
            key = await give_key(office.sessions, role, person)
            statuses[person or role] = (await http.get(path, headers=key)).status_code

        assert statuses == {"billing": 200, "crm-1": 200, "crm-2": 404, "provisioning": 403}
