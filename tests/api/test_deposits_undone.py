"""The workbench: what is held, given back and taken back; who may do what (27(2), A75)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from models.database import Sessions
from models.tables import NoticeRow, PayoutRow
from tests.cash_office import JSON, Cashier, Transfer, Watch, bill, breaches, cash_office, count, sign, zengin

NAME, OTHER = "ｶ)ﾐﾎﾝﾃﾞ-ﾀ", "ﾕ)ﾍﾞﾂﾉﾐﾎﾝ"


@pytest.fixture
async def cashier(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Cashier]:
    """Give somebody of the cash desk."""
    async with cash_office(sessions, tmp_path) as opened:
        yield opened


@pytest.fixture
async def contract_no(cashier: Cashier) -> str:
    """Give a customer who owes 10,000 yen due on 30 June, and 20,000 due on 31 July."""
    number = await sign(cashier.office, 1, "R1", [NAME])
    await bill(cashier.office, number, 10_000, month="2026-04", issued_on="2026-05-12", due_on="2026-06-30")
    await bill(cashier.office, number, 20_000, month="2026-05", issued_on="2026-06-05", due_on="2026-07-31")
    return number


async def invoices_of(cashier: Cashier, contract_no: str) -> list[JSON]:
    """List the invoices of a contract."""
    found: list[JSON] = (await cashier.read("/v1/invoices", "auditor", contract_no=contract_no))["items"]
    return found


def parts(deposit: JSON) -> list[tuple[str, int]]:
    """List part and yen of what a deposit pays."""
    return [(each["part"], each["amount"]) for each in deposit["allocations"]]


async def path_of(cashier: Cashier, reference: int, what: str) -> str:
    """Give the path of a command on a deposit."""
    return f"/v1/deposits/{(await cashier.deposit(reference))['deposit_id']}/{what}"


async def documents(cashier: Cashier, reference: int) -> set[str]:
    """Name the invoices that document the interest that a deposit has collected."""
    allocations = (await cashier.deposit(reference))["allocations"]
    return {each["interest_invoice"] for each in allocations if each["part"] == "interest"}


class TestHeld:
    """Money that no debt takes is offset with the customer's word, or given back; both by two people (A75)."""

    @pytest.fixture
    async def held(self, cashier: Cashier, contract_no: str) -> str:
        """Hold 5,000 yen of a contract that owes nothing, and then 3,000 on a new invoice; gives its number."""
        await cashier.take(zengin(Transfer(1, "0612", 35_000, NAME)))
        deposit = await cashier.allot(1, contract_no)
        assert (deposit["state"], deposit["unapplied"]) == ("held", 5_000)
        await bill(cashier.office, contract_no, 3_000, month="2026-06", issued_on="2026-07-07", due_on="2026-08-31")
        return str(deposit["deposit_id"])

    async def test_an_offset(self, cashier: Cashier, contract_no: str, held: str) -> None:
        """An allocation out of what is held waits for a second person; the proposer can't be it."""
        path = f"/v1/deposits/{held}/allocations"
        proposed = await cashier.do(path, {"contract_no": contract_no}, status=202)
        shown = await cashier.read(f"/v1/approvals/{proposed['approval_id']}")
        assert (shown["act"], shown["consequence"]["unapplied"]) == ("offset", 2_000)
        assert (await cashier.approve(proposed["approval_id"], "cash")).status_code == 409
        assert (await cashier.deposit(1))["unapplied"] == 5_000

        assert (await cashier.approve(proposed["approval_id"])).json() == {"state": "approved"}
        found = await cashier.deposit(1)
        assert (found["state"], found["unapplied"]) == ("held", 2_000)
        assert parts(found)[-1] == ("principal", 3_000)
        assert await cashier.owed(contract_no, "2026-08-03") == []
        assert await breaches(cashier.office) == []

    async def test_a_refund(self, cashier: Cashier, held: str) -> None:
        """A refund is a payout, an entry of the books and a letter, once a second person agrees."""
        path = f"/v1/deposits/{held}/refunds"
        proposed = await cashier.do(path, {"amount": 5_000, "reason": "過払金の返金"}, status=202)
        assert (await cashier.approve(proposed["approval_id"], "legal")).status_code == 200
        found = await cashier.deposit(1)

        assert (found["state"], found["unapplied"]) == ("refunded", 0)
        assert await count(cashier.office, PayoutRow) == 1
        items = (await cashier.read("/v1/notices", "auditor", slug="refund_notice"))["items"]
        assert len(items) == 1
        assert await breaches(cashier.office) == []

    async def test_too_much(self, cashier: Cashier, held: str) -> None:
        """No more than is left is given back, and two proposals never give it back twice."""
        path = f"/v1/deposits/{held}/refunds"
        assert (await cashier.post(path, {"amount": 5_001, "reason": "返金"})).status_code == 409
        assert (await cashier.post(path, {"amount": 0, "reason": "返金"})).status_code == 422
        proposals = [await cashier.do(path, {"amount": 4_000, "reason": "返金"}, status=202) for _ in range(2)]
        answers = [await cashier.approve(each["approval_id"]) for each in proposals]

        assert [each.status_code for each in answers] == [200, 409]
        assert (await cashier.deposit(1))["unapplied"] == 1_000
        assert await breaches(cashier.office) == []

    async def test_unknown_money_goes_back(self, cashier: Cashier) -> None:
        """Money of nobody known can be given back; no letter can be written."""
        await cashier.take(zengin(Transfer(1, "0612", 700, "ﾀﾞﾚｶ")))
        proposed = await cashier.do(await path_of(cashier, 1, "refunds"), {"amount": 700, "reason": "返金"}, status=202)
        await cashier.approve(proposed["approval_id"])

        assert (await cashier.deposit(1))["state"] == "refunded"
        assert await count(cashier.office, NoticeRow) == 0
        assert await breaches(cashier.office) == []

    async def test_not_while_something_is_owed(self, cashier: Cashier, contract_no: str) -> None:
        """A rest beside open debts is not given back."""
        await cashier.take(zengin(Transfer(1, "0601", 11_000, NAME)))
        await cashier.allot(1, contract_no)
        response = await cashier.post(await path_of(cashier, 1, "refunds"), {"amount": 1_000, "reason": "返金"})
        assert (response.status_code, response.json()["article"]) == (409, "27(2)")


class TestReversals:
    """Deposits that the bank takes back."""

    async def test_later_payments_stand(self, cashier: Cashier, contract_no: str) -> None:
        """Only the reversed deposit is undone; its interest document is void, the debt and its interest open again."""
        await cashier.take(zengin(Transfer(1, "0710", 10_000, NAME)))
        (document,) = [
            e["interest_invoice"] for e in (await cashier.deposit(1))["allocations"] if e["part"] == "interest"
        ]
        await cashier.take(zengin(Transfer(2, "0720", 20_000, NAME)))
        later = parts(await cashier.deposit(2))
        await cashier.take(zengin(Transfer(3, "0722", 10_000, NAME, value_day="0710", cancels=True)))
        first, third = await cashier.deposit(1), await cashier.deposit(3)

        assert (first["state"], first["allocations"], first["unapplied"]) == ("cancelled", [], 0)
        assert (third["state"], third["reverses"]) == ("cancelled", first["deposit_id"])
        assert parts(await cashier.deposit(2)) == later
        assert (await cashier.read(f"/v1/invoices/{document}", "auditor"))["state"] == "void"
        assert (await cashier.owed(contract_no, "2026-07-22"))[0][1] > 0
        assert await breaches(cashier.office) == []

    async def test_without_an_original(self, cashier: Cashier, contract_no: str) -> None:
        """A reversal of nothing, or of one of several, waits for a person, who names the original."""
        await cashier.take(
            zengin(
                Transfer(1, "0612", 300, NAME), Transfer(2, "0612", 300, NAME),
                Transfer(3, "0615", 300, NAME, value_day="0612", cancels=True),
                Transfer(4, "0615", 999, NAME, value_day="0612", cancels=True),
            )
        )  # fmt: skip
        found = await cashier.deposits()
        assert [found[n]["waits"] for n in (3, 4)] == ["several_originals", "no_original"]
        path = await path_of(cashier, 3, "reversals")
        assert (await cashier.post(path, {"reverses": found[4]["deposit_id"]})).status_code == 409
        assert (await cashier.post(path, {"reverses": "D-999999"})).status_code == 422
        done = await cashier.do(path, {"reverses": found[2]["deposit_id"]})

        assert (done["reverses"], "waits" in done) == (found[2]["deposit_id"], False)
        assert (await cashier.deposit(2))["state"] == "cancelled"
        assert (await cashier.post(path, {"reverses": found[1]["deposit_id"]})).status_code == 409
        tasks = (await cashier.read("/v1/tasks", state="open", limit="500"))["items"]
        assert len([each for each in tasks if each["kind"] == "deposit_waits"]) == 2, contract_no
        assert await breaches(cashier.office) == []

    async def test_what_waited_goes_on(self, cashier: Cashier, contract_no: str) -> None:
        """When the bank takes back what others waited for, these are tried again."""
        await cashier.take(zengin(Transfer(1, "0612", 300, NAME), Transfer(2, "0613", 10_000, NAME)))
        assert (await cashier.deposit(2))["waits"] == "earlier_waits"
        await cashier.take(zengin(Transfer(3, "0616", 300, NAME, value_day="0612", cancels=True)))
        assert (await cashier.deposit(2))["contract_no"] == contract_no

    async def test_after_a_refund(self, cashier: Cashier) -> None:
        """What was given back can't be taken back: a person has to look."""
        await cashier.take(zengin(Transfer(1, "0612", 700, "ﾀﾞﾚｶ")))
        proposed = await cashier.do(await path_of(cashier, 1, "refunds"), {"amount": 700, "reason": "返金"}, status=202)
        await cashier.approve(proposed["approval_id"])
        await cashier.take(zengin(Transfer(2, "0613", 700, "ﾀﾞﾚｶ", value_day="0612", cancels=True)))
        assert (await cashier.deposit(2))["waits"] == "original_refunded"
        reverses = {"reverses": (await cashier.deposit(1))["deposit_id"]}
        assert (await cashier.post(await path_of(cashier, 2, "reversals"), reverses)).status_code == 409

    async def test_interest_is_documented_once(self, cashier: Cashier, contract_no: str) -> None:
        """A deposit whose rest collects interest again has one document over all of it."""
        cast("Watch", cashier.office.clock).set("2026-08-06T10:00+09:00")
        await cashier.take(zengin(Transfer(1, "0701", 10_000, NAME)))
        await cashier.take(zengin(Transfer(2, "0805", 30_000, NAME)))
        second = await cashier.allot(2, contract_no)
        assert second["state"] == "held"
        await cashier.take(zengin(Transfer(3, "0806", 10_000, NAME, value_day="0701", cancels=True)))
        cast("Watch", cashier.office.clock).set("2026-08-07T10:00+09:00")
        path = await path_of(cashier, 2, "allocations")
        response = await cashier.post(path, {"contract_no": contract_no})
        if response.status_code == 202:
            await cashier.approve(response.json()["approval_id"])
        second = await cashier.deposit(2)
        (document,) = await documents(cashier, 2)

        shown = await cashier.read(f"/v1/invoices/{document}", "auditor")
        assert shown["total"] == sum(amount for part, amount in parts(second) if part == "interest")
        assert len(shown["lines"]) == 2
        assert await breaches(cashier.office) == []


class TestDoors:
    """Who may do what, and what can't be done."""

    async def test_roles(self, cashier: Cashier, contract_no: str) -> None:
        """Only the cash desk commands; billing, dunning and auditors read too."""
        await cashier.take(zengin(Transfer(1, "0612", 300, NAME)))
        path = await path_of(cashier, 1, "allocations")
        assert (await cashier.post(path, {"contract_no": contract_no}, "billing")).status_code == 403
        assert await cashier.read("/v1/deposits", "billing")
        response = await cashier.http.get("/v1/deposits", headers=cashier.keys["legal"])
        assert response.status_code == 403

    async def test_what_is_not_there(self, cashier: Cashier, contract_no: str) -> None:
        """Deposits that are not there, or of which nothing is left."""
        body = {"contract_no": contract_no}
        assert (await cashier.post("/v1/deposits/D-000009/allocations", body)).status_code == 404
        assert (await cashier.post("/v1/deposits/D-000009/reversals", {"reverses": "D-000001"})).status_code == 404
        await cashier.take(zengin(Transfer(1, "0612", 10_000, NAME)))
        response = await cashier.post(await path_of(cashier, 1, "allocations"), body)
        assert (response.status_code, response.json()["type"]) == (409, "/problems/conflict")
        refund = await cashier.post(await path_of(cashier, 1, "refunds"), {"amount": 1, "reason": "返金"})
        assert refund.status_code == 409

    async def test_lists(self, cashier: Cashier, contract_no: str) -> None:
        """Deposits are found by state and contract, page by page."""
        await cashier.take(zengin(Transfer(1, "0612", 10_000, NAME), Transfer(2, "0613", 5, "ﾀﾞﾚｶ")))
        assert [*await cashier.deposits(state="unmatched")] == [2]
        assert [*await cashier.deposits(contract_no=contract_no)] == [1]
        page = await cashier.read("/v1/deposits", limit="1")
        assert page["next_cursor"]
        more = await cashier.read("/v1/deposits", limit="1", cursor=page["next_cursor"])
        assert [each["reference"] for each in page["items"] + more["items"]] == [1, 2]

    async def test_two_people_at_once(self, cashier: Cashier, contract_no: str) -> None:
        """Two people who allot one deposit at once pay with it once."""
        await cashier.take(zengin(Transfer(1, "0612", 4_000, NAME)))
        path = await path_of(cashier, 1, "allocations")
        answers = await asyncio.gather(
            *(cashier.post(path, {"contract_no": contract_no}, role) for role in ("cash", "cash-2"))
        )
        assert sorted(each.status_code for each in answers) == [200, 409]
        assert parts(await cashier.deposit(1)) == [("principal", 4_000)]

    async def test_a_repetition(self, cashier: Cashier, contract_no: str) -> None:
        """The same key gives the first answer, and no second effect."""
        await cashier.take(zengin(Transfer(1, "0612", 4_000, NAME)))
        path = await path_of(cashier, 1, "allocations")
        first, again = [await cashier.post(path, {"contract_no": contract_no}, key="k") for _ in range(2)]
        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert again.headers["Idempotency-Replayed"] == "true"

    async def test_the_record_of_the_contract(self, cashier: Cashier, contract_no: str) -> None:
        """What a deposit paid stands in the contract's record with its numbers, and names nobody."""
        await cashier.take(zengin(Transfer(1, "0612", 10_000, NAME)))
        items = (await cashier.read(f"/v1/contracts/{contract_no}/timeline", "auditor"))["items"]
        (event,) = [each for each in items if each["action"] == "deposit_allocated"]
        assert (event["article"], event["actor"]) == ("27(2)", "system")
        assert event["basis"]["allocations"][0]["amount"] == 10_000
        assert NAME not in str(items)
        assert date.fromisoformat(event["basis"]["value_on"]) == date(2026, 6, 12)
