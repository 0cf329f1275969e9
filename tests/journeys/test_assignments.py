"""Assignment of a contract: forbidden without our consent, which takes effect as it arrives (Art. 11)."""

from tests.desk import JSON, Desk
from tests.journeys.successors import NAME, successor

APPROVE = {"decision": "approve", "reason": "可"}


async def propose(desk: Desk, number: str, **changes: object) -> JSON:
    """Propose our consent; gives the answer."""
    body = {"assignee": successor(**changes), "reason": "事業譲渡"}
    answer = await desk.do("legal", f"/v1/contracts/{number}/assignments", body)
    await desk.settle()
    return answer


async def test_transferred_by_consent(desk: Desk) -> None:
    """Proposed by legal, agreed to by another; the contract is the assignee's once the letter has arrived."""
    number = await desk.active()
    path = f"/v1/contracts/{number}"
    old = (await desk.read(path))["customer_name"]
    proposed = await propose(desk, number)
    assert proposed["state"] == "proposed"
    decision = f"/v1/approvals/{proposed['approval_id']}/decisions"
    assert await desk.refused("legal", decision, APPROVE) == "11"
    again = {"assignee": successor(), "reason": "事業譲渡"}
    assert await desk.refused("legal", f"{path}/assignments", again) == "11"
    assert (await desk.do("reviewer", decision, APPROVE))["state"] == "approved"
    await desk.settle()
    letter = await desk.letter("assignment_consent")
    assert (letter["channel"], letter["article"], letter["state"]) == ("post", "11", "queued")
    words = "".join((await desk.text(letter["notice_no"])).split())
    assert {old, NAME} <= {each for each in (old, NAME) if each in words}

    # posted on Thursday, 26 March: it arrives on Monday, 30 March
    await desk.until("2026-03-26T12:00:00+09:00")
    posted = {"method": "post", "dispatched_at": "2026-03-26T10:00:00+09:00"}
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/dispatches", posted)
    await desk.settle()
    assert (await desk.read(path))["customer_name"] == old
    await desk.until("2026-03-31T09:00:00+09:00")
    found = await desk.read(f"{path}/assignments/{proposed['n']}")
    assert (found["state"], found["succeeded_on"]) == ("transferred", "2026-03-30")
    assert (await desk.read(path))["customer_name"] == NAME
    parties = (await desk.read(f"{path}/parties"))["items"]
    assert [(each["from_on"], each["event"]) for each in parties] == [
        ("2026-03-25", "formation"), ("2026-03-30", "assignment"),
    ]  # fmt: skip


async def test_not_consented(desk: Desk) -> None:
    """Refused in writing; a proposal taken back is not told; whom the screening knows, nobody can consent to."""
    number = await desk.active()
    path = f"/v1/contracts/{number}"
    old = (await desk.read(path))["customer_name"]
    proposed = await propose(desk, number)
    reject = {"decision": "reject", "reason": "不可"}
    await desk.do("legal-2", f"/v1/approvals/{proposed['approval_id']}/decisions", reject)
    await desk.settle()
    assert (await desk.read(f"{path}/assignments/1"))["state"] == "refused"
    assert NAME in "".join((await desk.text((await desk.letter("assignment_refusal"))["notice_no"])).split())

    proposed = await propose(desk, number)
    await desk.do("legal", f"/v1/approvals/{proposed['approval_id']}/withdrawals", {"reason": "撤回"})
    assert (await desk.read(f"{path}/assignments/2"))["state"] == "withdrawn"

    proposed = await propose(desk, number, applicant__name="株式会社反社照会一致")
    decision = f"/v1/approvals/{proposed['approval_id']}/decisions"
    assert await desk.refused("reviewer", decision, APPROVE) == "43(1)"
    assert len(await desk.letters(slug="assignment_refusal")) == 1
    assert (await desk.read(path))["customer_name"] == old
    assert (await desk.get(f"{path}/successions/3")).status_code == 404


async def test_the_contract_ends_before_anybody_decides(desk: Desk) -> None:
    """What is not decided when the contract ends is overtaken: the proposal is taken back, nothing is written."""
    number = await desk.active()
    path = f"/v1/contracts/{number}"
    await desk.until("2026-03-25T11:00:00+09:00")
    notice = {"arrived_at": "2026-03-25T10:00:00+09:00", "form": "paper"}
    await desk.do("intake", f"{path}/termination-notices", notice)
    await desk.until("2026-04-25T10:00:00+09:00")
    proposed = await propose(desk, number)
    await desk.until("2026-05-20T10:00:00+09:00")
    assert (await desk.read(path))["state"] == "ended"
    assert (await desk.read(f"{path}/assignments/1"))["state"] == "overtaken"
    assert (await desk.read(f"/v1/approvals/{proposed['approval_id']}"))["state"] == "withdrawn"
    assert await desk.letters(slug="assignment_refusal") == []
    again = {"assignee": successor(), "reason": "事業譲渡"}
    assert await desk.refused("legal", f"{path}/assignments", again) == "11"
    assert await desk.refused("intake", f"{path}/successions", {
        "kind": "split", "succeeded_on": "2026-04-01", "successor": successor(),
    }) == "12(1)"  # fmt: skip
