"""Corrections of invoices over HTTP: who proposes, who decides, what comes of it (27, 35, 37, 38(2))."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from activities.office import Office
from api.app import create_app
from models.database import Sessions
from models.tables import ContractRow, JournalLineRow
from tests.activities.claims import TODAY, account, breaches, everything, of_kind, office_on, pay
from tests.api.books import a_contract, an_invoice
from tests.api.offices import command_key, give_key

NUMBER = "C-000001"
ROLES = ("billing", "cash", "legal", "provisioning", "auditor", "dunning")
NOTHING: dict[str, object] = {"completed_on": "2026-07-20", "items": []}
CREDIT = {"lines": [{"line_no": 1, "amount": 4_000}], "reason": "障害のお詫び"}


class Desk:
    """Somebody of each role, and a second one of billing and cash, before an office with one contract."""

    def __init__(self, office: Office, http: httpx2.AsyncClient, keys: dict[str, dict[str, str]]) -> None:
        self.office, self.http, self.keys = office, http, keys
        self._sent = 0

    async def post(self, role: str, path: str, body: object, *, key: str | None = None) -> httpx2.Response:
        """Post a command."""
        self._sent += 1
        return await self.http.post(path, json=body, headers=command_key(key or str(self._sent), self.keys[role]))

    async def propose(self, role: str, path: str, body: object) -> str:
        """Propose what must be taken; gives the number of the approval."""
        answer = await self.post(role, path, body)
        assert answer.status_code == 202, answer.text
        number: str = answer.json()["approval_id"]
        return number

    async def decide(self, role: str, approval_id: str, decision: str = "approve") -> httpx2.Response:
        """Decide on a proposal."""
        body = {"decision": decision, "reason": "確認済み"}
        return await self.post(role, f"/v1/approvals/{approval_id}/decisions", body)

    async def read(self, path: str) -> dict[str, Any]:
        """Read what must be there."""
        answer = await self.http.get(path, headers=self.keys["auditor"])
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def desk(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Desk]:
    """Open an office on the 1st of September; the contract ended with June."""
    async with office_on(sessions, tmp_path) as office:
        await a_contract(office.sessions, office.vault)
        keys = {role: await give_key(sessions, role) for role in ROLES}
        keys |= {f"{role}-2": await give_key(sessions, role, f"{role}-2") for role in ("billing", "cash")}
        transport = httpx2.ASGITransport(create_app(office), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Desk(office, http, keys)


async def end_it(office: Office) -> None:
    """Have the contract end with June."""
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, NUMBER)
        contract.state, contract.ends_on, contract.end_ground = "ended", date(2026, 6, 30), "18(1)"
        contract.ended_at = datetime(2026, 6, 30, 15, tzinfo=UTC)


ACTS = [
    pytest.param("billing", "billing-2", "37", "/v1/invoices/{}/credit-notes", CREDIT, id="credit note"),
    pytest.param("billing", "billing-2", "27(1)", "/v1/invoices/{}/reissues", {"reason": "誤記"}, id="reissue"),
    pytest.param(
        "cash", "cash-2", "27(2)", "/v1/invoices/{}/write-offs", {"amount": 440, "reason": "手数料"}, id="write-off"
    ),
    pytest.param(
        "billing", "legal", "35", f"/v1/contracts/{NUMBER}/surcharges", {"avoided": 50_000, "facts": "未申告"},
        id="surcharge",
    ),
    pytest.param(
        "provisioning", "legal", "38(2)", f"/v1/contracts/{NUMBER}/restorations",
        {"completed_on": "2026-07-20", "items": [{"description": "ラックの撤去", "cost": 30_000}]}, id="restoration",
    ),
]  # fmt: skip


class TestFourEyes:
    """Each act is proposed by one person and carried out by the decision of another."""

    @pytest.mark.parametrize(("proposer", "approver", "article", "path", "body"), ACTS)
    async def test_an_act(
        self, desk: Desk, proposer: str, approver: str, article: str, path: str, body: dict[str, object]
    ) -> None:
        """The proposer gets a 409 with the article, another role a 403; approved it is done, once, and balances."""
        invoice_no = await an_invoice(desk.office, NUMBER)
        await end_it(desk.office)
        path = path.format(invoice_no)
        approval_id = await desk.propose(proposer, path, body)
        shown = await desk.read(f"/v1/approvals/{approval_id}")
        own = await desk.decide(proposer, approval_id)
        other = await desk.decide("dunning", approval_id)
        decided = await desk.decide(approver, approval_id)
        again = await desk.decide("legal", approval_id)
        sums = [row.amount for row in await everything(desk.office, JournalLineRow)]

        assert (shown["article"], shown["contract_no"], shown["state"], shown["needs"]) == (article, NUMBER, "open", 1)
        assert (own.status_code, own.json()["article"]) == (409, article)
        assert other.status_code == 403
        assert decided.json() == {"state": "approved"}
        assert again.status_code == 409
        assert len(sums) > 3
        assert sum(sums) == 0
        assert await breaches(desk.office) == []

    @pytest.mark.parametrize(("proposer", "approver", "article", "path", "body"), ACTS)
    async def test_the_same_command_again(
        self, desk: Desk, proposer: str, approver: str, article: str, path: str, body: dict[str, object]
    ) -> None:
        """Under one key there is one proposal, also of two copies at once."""
        del approver, article
        path = path.format(await an_invoice(desk.office, NUMBER))
        await end_it(desk.office)
        answers = await asyncio.gather(*(desk.post(proposer, path, body, key="once") for _ in range(2)))
        answers.append(await desk.post(proposer, path, body, key="once"))

        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.text for answer in answers}) == 1
        assert len((await desk.read("/v1/approvals"))["items"]) == 1

    async def test_two_decisions_at_once(self, desk: Desk) -> None:
        """Two people who approve at the same moment have one effect."""
        invoice_no = await an_invoice(desk.office, NUMBER)
        approval_id = await desk.propose("billing", f"/v1/invoices/{invoice_no}/credit-notes", CREDIT)
        answers = await asyncio.gather(*(desk.decide(role, approval_id) for role in ("billing-2", "cash", "legal")))

        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        assert len(await of_kind(desk.office, "credit")) == 1
        assert await account(desk.office, invoice_no) == ("part_paid", 6_600)
        assert await breaches(desk.office) == []


class TestWhatIsSeen:
    """What the acts leave behind is seen where invoices are."""

    async def test_a_credit_note(self, desk: Desk) -> None:
        """It is an invoice that names the other; the consequence told its sums before."""
        invoice_no = await an_invoice(desk.office, NUMBER)
        await pay(desk.office, NUMBER, 11_000, date(2026, 6, 30))
        approval_id = await desk.propose("billing", f"/v1/invoices/{invoice_no}/credit-notes", CREDIT)
        told = (await desk.read(f"/v1/approvals/{approval_id}"))["consequence"]
        await desk.decide("legal", approval_id)
        (note,) = (await desk.read("/v1/invoices?kind=credit"))["items"]

        assert (told["total"], told["held"], told["balance_after"]) == (4_400, 4_400, 0)
        assert (note["corrects"], note["total"], note["rates"]) == (
            invoice_no, 4_400, [{"rate_percent": 10, "base": 4_000, "tax": 400}],
        )  # fmt: skip

    async def test_a_reissue(self, desk: Desk) -> None:
        """Both numbers name each other."""
        old = await an_invoice(desk.office, NUMBER)
        await desk.decide("legal", await desk.propose("billing", f"/v1/invoices/{old}/reissues", {"reason": "誤記"}))
        shown = await desk.read(f"/v1/invoices/{old}")
        new = await desk.read(f"/v1/invoices/{shown['replaced_by']}")

        assert (shown["state"], new["state"], new["replaces"]) == ("void", "issued", old)

    async def test_a_withdrawn_proposal(self, desk: Desk) -> None:
        """Its proposer takes it back; nothing is done, and nobody can approve it any more."""
        invoice_no = await an_invoice(desk.office, NUMBER)
        approval_id = await desk.propose("billing", f"/v1/invoices/{invoice_no}/credit-notes", CREDIT)
        await desk.post("billing", f"/v1/approvals/{approval_id}/withdrawals", {})

        assert (await desk.decide("legal", approval_id)).status_code == 409
        assert await of_kind(desk.office, "credit") == []


class TestWhatIsRefused:
    """Refusals bear their article, faults their place."""

    @pytest.mark.parametrize(
        ("role", "path", "body", "article"),
        [
            pytest.param(
                "billing", "credit-notes", {"lines": [{"line_no": 1, "amount": 10_001}], "reason": "訂正"}, "27(1)",
                id="more than is left",
            ),
            pytest.param("cash", "write-offs", {"amount": 11_001, "reason": "手数料"}, "27(2)", id="more than is open"),
        ],
    )  # fmt: skip
    async def test_too_much(self, desk: Desk, role: str, path: str, body: dict[str, object], article: str) -> None:
        """More than is claimed or open is a 409."""
        answer = await desk.post(role, f"/v1/invoices/{await an_invoice(desk.office, NUMBER)}/{path}", body)

        assert (answer.status_code, answer.json()["article"]) == (409, article)
        assert (await desk.read("/v1/approvals"))["items"] == []

    async def test_a_void_invoice(self, desk: Desk) -> None:
        """Nothing is corrected on an invoice that another one has replaced."""
        old = await an_invoice(desk.office, NUMBER)
        await desk.decide("legal", await desk.propose("billing", f"/v1/invoices/{old}/reissues", {"reason": "誤記"}))
        answers = [
            await desk.post("billing", f"/v1/invoices/{old}/credit-notes", CREDIT),
            await desk.post("billing", f"/v1/invoices/{old}/reissues", {"reason": "誤記"}),
            await desk.post("cash", f"/v1/invoices/{old}/write-offs", {"amount": 1, "reason": "手数料"}),
        ]

        assert [(answer.status_code, answer.json()["article"]) for answer in answers] == [
            (409, "27(1)"), (409, "27(1)"), (409, "27(2)"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            pytest.param({"lines": [], "reason": "訂正"}, "/lines", id="no line"),
            pytest.param({"lines": [{"line_no": 2, "amount": 1}], "reason": "訂正"}, "/lines/0/line_no", id="unknown"),
            pytest.param(
                {"lines": [{"line_no": 1, "amount": 1}] * 2, "reason": "訂正"}, "/lines/1/line_no", id="twice"
            ),
            pytest.param({"lines": [{"line_no": 1, "amount": 0}], "reason": "訂正"}, "/lines/0/amount", id="nothing"),
            pytest.param({"lines": [{"line_no": 1, "amount": 1}]}, "/reason", id="no reason"),
        ],
    )
    async def test_faults(self, desk: Desk, body: dict[str, object], field: str) -> None:
        """What does not fit is a 422 with its place."""
        invoice_no = await an_invoice(desk.office, NUMBER)
        answer = await desk.post("billing", f"/v1/invoices/{invoice_no}/credit-notes", body)

        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]

    async def test_what_is_not_there(self, desk: Desk) -> None:
        """Unknown invoices and contracts are a 404."""
        answers = [
            await desk.post("billing", "/v1/invoices/1260000009/credit-notes", CREDIT),
            await desk.post("billing", "/v1/invoices/1260000009/reissues", {"reason": "誤記"}),
            await desk.post("cash", "/v1/invoices/1260000009/write-offs", {"amount": 1, "reason": "手数料"}),
            await desk.post("billing", "/v1/contracts/C-9/surcharges", {"avoided": 1, "facts": "未申告"}),
            await desk.post("provisioning", "/v1/contracts/C-9/restorations", NOTHING),
        ]

        assert [answer.status_code for answer in answers] == [404] * 5

    async def test_restorations(self, desk: Desk) -> None:
        """Only after the end (409), only of days that are over (422)."""
        path, item = f"/v1/contracts/{NUMBER}/restorations", {"description": "撤去", "cost": 1_000}
        early = await desk.post("provisioning", path, {"completed_on": "2026-07-20", "items": [item]})
        await end_it(desk.office)
        today = await desk.post("provisioning", path, {"completed_on": str(TODAY), "items": [item]})
        empty = await desk.post("provisioning", path, NOTHING)

        assert (early.status_code, early.json()["article"]) == (409, "38(2)")
        assert (today.status_code, today.json()["errors"][0]["field"]) == (422, "/completed_on")
        assert (empty.status_code, empty.json()["article"]) == (409, "38(2)")
