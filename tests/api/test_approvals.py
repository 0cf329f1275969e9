"""Four eyes: who decides what, and who sees it."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from activities.office import Office
from models.tables import ApprovalRow, ApprovalVoteRow
from tests.api.offices import command_key, give_key
from tests.desk import Desk, form

LATER = datetime.now(UTC) + timedelta(days=14)


def approval(number: str, proposed_by: str, **more: object) -> ApprovalRow:
    """Make an approval of a rescission by 17(1)."""
    values: dict[str, object] = {
        "approval_id": number,
        "key": number,
        "act": "rescission",
        "article": "17(1)",
        "roles": ["legal", "dunning"],
        "needs": 2,
        "contract_no": "C-000001",
        "workflow_id": "contract/C-000001",
        "proposed_by": proposed_by,
        "proposed_at": datetime.now(UTC),
        "expires_at": LATER,
        "consequence": {"penalty": 1000},
    }
    return ApprovalRow.model_validate(values | more)


@pytest.fixture
async def rows(office: Office) -> Office:
    """Store approvals: by a person, by the system, by a customer, decided, and past its time."""
    async with office.sessions.begin() as session:
        session.add_all(
            [
                approval("P-1", "legal:legal-1"),
                approval("P-2", "system"),
                approval("P-3", "customer:crm-1"),
                approval("P-4", "system", state="approved", contract_no="C-000002"),
                approval("P-5", "system", expires_at=datetime.now(UTC)),
            ]
        )
    return office


async def decide(http: httpx2.AsyncClient, key: dict[str, str], number: str) -> httpx2.Response:
    """Approve."""
    body = {"decision": "approve", "reason": "確認済み"}
    return await http.post(f"/v1/approvals/{number}/decisions", json=body, headers=command_key(number, key))


class TestWhoMayNot:
    """What stands in the way of a decision, before any workflow is asked."""

    async def test_the_proposer(self, rows: Office, http: httpx2.AsyncClient) -> None:
        """The proposer is refused with the act's article, under another role's key too."""
        for role in ("legal", "dunning"):
            answer = await decide(http, await give_key(rows.sessions, role, "legal-1", key_id=role), "P-1")

            assert answer.status_code == 409
            assert answer.json()["type"].endswith("/refused")
            assert answer.json()["article"] == "17(1)"

    async def test_a_role_that_is_not_asked(self, rows: Office, http: httpx2.AsyncClient) -> None:
        """A role that may not decide on this act gets 403."""
        answer = await decide(http, await give_key(rows.sessions, "reviewer"), "P-1")

        assert answer.status_code == 403

    async def test_somebody_who_has_decided(self, rows: Office, http: httpx2.AsyncClient) -> None:
        """The same person twice is a conflict."""
        async with rows.sessions.begin() as session:
            reason = await rows.vault.seal_text("office", "erasable", "可")
            session.add(
                ApprovalVoteRow(
                    approval_id="P-2", person="dunning-1", role="dunning", decision="approve", reason=reason, at=LATER
                )
            )
        answer = await decide(http, await give_key(rows.sessions, "dunning"), "P-2")

        assert answer.status_code == 409
        assert answer.json()["type"].endswith("/conflict")

    @pytest.mark.parametrize("number", ["P-4", "P-5"], ids=["decided", "past its time"])
    async def test_what_is_decided(self, rows: Office, http: httpx2.AsyncClient, number: str) -> None:
        """A decided approval, and one that has run out, take no decision."""
        answer = await decide(http, await give_key(rows.sessions, "legal", "legal-2"), number)

        assert answer.status_code == 409
        assert answer.json()["type"].endswith("/conflict")

    async def test_what_is_not_there(self, rows: Office, http: httpx2.AsyncClient) -> None:
        """An unknown approval is a 404 for those who might decide."""
        key = await give_key(rows.sessions, "legal", "legal-2")

        assert (await decide(http, key, "P-9")).status_code == 404
        assert (await http.get("/v1/approvals/P-9", headers=key)).status_code == 404

    async def test_only_the_proposer_withdraws(self, rows: Office, http: httpx2.AsyncClient) -> None:
        """Nobody takes back what somebody else proposed."""
        key = command_key("1", await give_key(rows.sessions, "dunning"))
        answer = await http.post("/v1/approvals/P-1/withdrawals", json={}, headers=key)

        assert answer.status_code == 403


class TestReading:
    """Lists and single approvals."""

    async def test_filters(self, rows: Office, http: httpx2.AsyncClient) -> None:
        """State and contract narrow the list."""
        key = await give_key(rows.sessions, "auditor")

        async def numbers(**query: str) -> list[str]:
            page = (await http.get("/v1/approvals", params=query, headers=key)).json()
            return [item["approval_id"] for item in page["items"]]

        assert set(await numbers()) == {"P-1", "P-2", "P-3", "P-4", "P-5"}
        assert await numbers(state="approved") == ["P-4"]
        assert set(await numbers(contract_no="C-000001", state="open")) == {"P-1", "P-2", "P-3", "P-5"}

    async def test_a_customer_sees_what_it_asked_for(self, rows: Office, http: httpx2.AsyncClient) -> None:
        """A customer sees its own request, and nothing that the office considers."""
        key = await give_key(rows.sessions, "customer", "crm-1")
        page = (await http.get("/v1/approvals", headers=key)).json()

        assert [item["approval_id"] for item in page["items"]] == ["P-3"]
        assert (await http.get("/v1/approvals/P-1", headers=key)).status_code == 404

    async def test_votes_are_shown(self, rows: Office, http: httpx2.AsyncClient) -> None:
        """Who decided, when and why, is shown to the office; the reason goes with the owner's data."""
        await rows.vault.create("A-000001")
        async with rows.sessions.begin() as session:
            reason = await rows.vault.seal_text("A-000001", "erasable", "入金の見込みなし")
            session.add(
                ApprovalVoteRow(
                    approval_id="P-2", person="legal-2", role="legal", decision="approve", reason=reason, at=LATER
                )
            )
        key = await give_key(rows.sessions, "auditor")
        shown = (await http.get("/v1/approvals/P-2", headers=key)).json()
        await rows.vault.destroy("A-000001", "erasable")
        erased = (await http.get("/v1/approvals/P-2", headers=key)).json()

        assert [(vote["person"], vote["reason"]) for vote in shown["approvals"]] == [("legal-2", "入金の見込みなし")]
        assert shown["consequence"] == {"penalty": 1000}
        assert [vote.keys() for vote in erased["approvals"]] == [{"person", "at", "decision"}]


class TestDeciding:
    """A refusal by 9(2)(5) on a real workflow."""

    async def test_a_second_person_decides(self, desk: Desk) -> None:
        """The proposer is refused, the second person approves, a third comes too late."""
        filed = await desk.do("intake", "/v1/applications", form())
        path = f"/v1/applications/{filed['application_no']}"
        refusal = {"decision": "refuse", "grounds": ["9(2)(5)"], "reason": "その他"}
        asked = await desk.post("reviewer", f"{path}/decisions", refusal)
        assert asked.status_code == 202
        number = asked.json()["approval_id"]
        vote = {"decision": "approve", "reason": "同意見"}
        answers = [
            await desk.post(role, f"/v1/approvals/{number}/decisions", vote)
            for role in ("reviewer", "billing", "legal", "reviewer-2")
        ]
        shown = await desk.read(f"/v1/approvals/{number}")

        assert [answer.status_code for answer in answers] == [409, 403, 200, 409]
        assert answers[0].json()["article"] == "9(2)(5)"
        assert answers[2].json() == {"state": "approved"}
        assert answers[3].json()["type"].endswith("/conflict")
        assert (shown["state"], [each["person"] for each in shown["approvals"]]) == ("approved", ["legal-1"])

    async def test_a_proposal_is_taken_back(self, desk: Desk) -> None:
        """The proposer withdraws; nobody can decide any more."""
        filed = await desk.do("intake", "/v1/applications", form())
        path = f"/v1/applications/{filed['application_no']}"
        refusal = {"decision": "refuse", "grounds": ["9(2)(5)"], "reason": "その他"}
        number = (await desk.do("reviewer", f"{path}/decisions", refusal))["approval_id"]

        assert await desk.do("reviewer", f"/v1/approvals/{number}/withdrawals", {}) == {"state": "withdrawn"}
        vote = {"decision": "approve", "reason": "同意見"}
        assert (await desk.post("legal", f"/v1/approvals/{number}/decisions", vote)).status_code == 409
