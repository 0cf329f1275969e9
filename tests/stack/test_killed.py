"""Killed with -9 in the middle and restarted: the journey ends the same, every letter once."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import make_url

from service.verify.command import examine, snapshot
from tests.desk import form
from tests.stack.tree import Tree

LETTERS = [
    "acceptance_notice",
    "application_received_notice",
    "cancellation_receipt",
    "contract_end_notice",
    "invoice",
    "resource_deletion_reminder",
    "resource_deletion_reminder",
    "resource_deletion_reminder",
    "restoration_request",
    "restoration_request",
    "service_start_notice",
]
RESOURCE = {"resource_id": "gw-1", "code": "SGW", "quantity": 1, "zone": "fukuoka-1", "name": "gw"}


async def while_killing(
    tree: Tree, victim: str, key: str, post: tuple[str, str, dict[str, object]]
) -> dict[str, object]:
    """Post a command, kill a process while it is under way, and send it again until its outcome is known."""
    pid = tree.pids[victim]
    command = asyncio.create_task(tree.post(*post, key=key))
    await asyncio.wait([command], timeout=0.05)
    tree.kill(victim)
    await tree.replaced(victim, pid)
    response = await command
    assert response.is_success, response.text
    again = await tree.post(*post, key=key)
    assert (again.status_code, again.text) == (response.status_code, response.text)
    answer: dict[str, object] = response.json()
    return answer


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["worker", "api", "temporal"])
async def test_the_journey_ends_the_same(tmp_path: Path, victim: str) -> None:
    """Whatever dies: at the application, while a month is billed, at the notice and under the moving clock.

    Four times only: five deaths in a minute end the service.
    """
    async with Tree(tmp_path / "data", "2026-03-25T09:00+09:00") as tree:
        filed = await while_killing(tree, victim, "file", ("intake", "/v1/applications", form()))
        number = str(filed["application_no"])
        decision: dict[str, object] = {"decision": "accept", "reason": "審査済み"}
        await tree.post("reviewer", f"/v1/applications/{number}/decisions", decision)
        contract = f"/v1/contracts/{await tree.accepted(number)}"
        await tree.until("2026-04-01T10:00:00+09:00")
        start: dict[str, object] = {"service_start_on": "2026-04-01", "resources": [RESOURCE]}
        await tree.post("provisioning", f"{contract}/service-start", start)
        await tree.until("2026-05-20T15:00:00+09:00")
        april = await tree.read("/v1/billing-runs/2026-04")
        approve: dict[str, object] = {"decision": "approve", "reason": "確認済み"}
        await while_killing(tree, victim, "bill", ("legal", f"/v1/approvals/{april['approval_id']}/decisions", approve))
        notice: dict[str, object] = {"arrived_at": "2026-05-20T14:05:00+09:00", "form": "paper"}
        await while_killing(tree, victim, "notice", ("intake", f"{contract}/termination-notices", notice))

        moving = asyncio.create_task(tree.until("2026-07-01T01:00:00+09:00"))
        await asyncio.wait([moving], timeout=0.7)
        pid = tree.pids[victim]
        tree.kill(victim)
        await tree.replaced(victim, pid)
        await moving

        ended = await tree.read(contract)
        letters = (await tree.read("/v1/notices?limit=100"))["items"]
        timeline = (await tree.read(f"{contract}/timeline?limit=100"))["items"]
        invoices = (await tree.read("/v1/invoices"))["items"]
        mails = tree.mails()

    with snapshot(make_url(f"sqlite:///{tmp_path / 'data' / 'yakkan.db'}")) as connection:
        assert [str(breach) for finding in examine(connection) for breach in finding.breaches] == []
    assert [(invoice["invoice_no"], invoice["month"]) for invoice in invoices] == [("1260000001", "2026-04")]
    assert (ended["state"], ended["ended_at"]) == ("ended", "2026-07-01T00:00:00+09:00")
    assert sorted(letter["slug"] for letter in letters) == LETTERS
    by_mail = [letter for letter in letters if letter["channel"] == "email"]
    assert {letter["state"] for letter in by_mail} == {"arrived"}
    assert [letter["state"] for letter in letters if letter not in by_mail] == ["queued"]  # a copy that nobody posted
    assert {mail["message_id"] for mail in mails} == {letter["message_id"] for letter in by_mail}
    assert len({(mail["message_id"], mail["sha256"]) for mail in mails}) == len(
        by_mail
    )  # a repetition is the same mail
    once = [moment["action"] for moment in timeline if not moment["action"].startswith("letter_")]
    once.remove("invoice_issued")  # before the notice is taken, or after it if the run had to be done again
    assert once == ["application_received", "screened", "acceptance_decided", "formed", "started", "notice_received",
                    "ended", "restoration_asked"]  # fmt: skip
