"""Customers who leave because the service can't be used: Art. 14(2), 18(2), and which of several ends wins (A103)."""

from typing import Any

from models import ids
from tests.desk import JSON, Desk

TODAY = "2026-05-20T14:00:00+09:00"
STORM = {"starts_at": "2026-05-18T02:10:00+09:00", "reason": "台風による輻輳"}


def cancellation(ground: str, event_no: str | None, form: str = "paper", arrived_at: str = TODAY) -> dict[str, Any]:
    """Write a cancellation."""
    return {"ground": ground, "event_no": event_no, "form": form, "arrived_at": arrived_at}


async def restriction(desk: Desk, **scope: list[str]) -> str:
    """Record that use was restricted (Art. 14(1)); gives the event's number."""
    return str((await desk.do("support", "/v1/restrictions", {**STORM, "scope": scope}))["event_no"])


async def interruption(desk: Desk, **scope: list[str]) -> str:
    """Record that the upstream stopped (Art. 15(1)(2)); gives the event's number."""
    body = {**STORM, "scope": scope, "kind": "upstream_stop"}
    return str((await desk.do("support", "/v1/maintenance", body))["event_no"])


async def outcome(desk: Desk, number: str) -> tuple[str, str | None, str | None]:
    """Read how a contract stands and ended."""
    shown = await desk.read(f"/v1/contracts/{number}")
    return shown["state"], shown.get("ended_at"), shown.get("end_ground")


async def test_what_an_event_allows(desk: Desk) -> None:
    """An event must be named, must have hit the contract, and its kind says by which clause one may leave."""
    hit, spared = await desk.active(external_ref="HIT"), await desk.active("QPC-26-0106")
    paths = {each: f"/v1/contracts/{each}/cancellations" for each in (hit, spared)}
    await desk.until("2026-05-20T15:00:00+09:00")
    storm = await restriction(desk, zones=["fukuoka-1"])
    alone = await interruption(desk, contract_nos=[hit])
    later = (await desk.do("support", "/v1/restrictions", {
        **STORM, "starts_at": "2026-05-20T14:30:00+09:00", "scope": {"zones": ["fukuoka-1"]},
    }))["event_no"]  # fmt: skip

    # no event, an unknown one, one that hit others, one that came after the notice
    for ground in ("14(2)", "18(2)"):
        assert await desk.wrong("intake", paths[hit], cancellation(ground, None)) == ["/event_no"]
        assert await desk.refused("intake", paths[hit], cancellation(ground, "E-999999")) == ground
        assert await desk.refused("intake", paths[spared], cancellation(ground, storm)) == ground
        assert await desk.refused("intake", paths[spared], cancellation(ground, alone)) == ground
        assert await desk.refused("intake", paths[hit], cancellation(ground, later)) == ground

    # 14(2) needs a restriction by 14(1): an interruption by 15 is none
    assert await desk.refused("intake", paths[hit], cancellation("14(2)", alone)) == "14(2)"

    # 18(2) on an interruption wants writing: an e-mail is recorded, answered, and ends nothing
    assert await desk.refused("intake", paths[hit], cancellation("18(2)", alone, "email")) == "18(2)"
    await desk.settle()
    letter = await desk.letter("not_in_writing_notice")
    assert (letter["article"], letter["contract_no"]) == ("18(2)", hit)
    assert (await outcome(desk, hit))[0] == "active"

    # on a restriction the same e-mail counts as 14(2) (A86); staff who enter it have reviewed it
    told = await desk.do("intake", paths[hit], cancellation("18(2)", storm, "email"))
    assert (told["ground"], told["ends_on"], told["penalty"]) == ("14(2)", "2026-05-20", 0)
    await desk.until("2026-05-21")
    assert await outcome(desk, hit) == ("ended", "2026-05-21T00:00:00+09:00", "14(2)")
    receipt = await desk.letter("special_cancellation_receipt")
    text = await desk.text(receipt["notice_no"])
    assert ("第14条第2項" in text, storm in text) == (True, True)
    assert (await outcome(desk, spared))[0] == "active"


async def test_before_the_start_there_is_nothing_to_cancel(desk: Desk) -> None:
    """A contract that has not started is withdrawn from by 28(1), whatever hit its zones."""
    number = await desk.contract()
    storm = (await desk.do("support", "/v1/restrictions", {
        "starts_at": "2026-03-25T08:00:00+09:00", "reason": "地震", "scope": {"zones": ["fukuoka-1"]},
    }))["event_no"]  # fmt: skip
    for ground in ("14(2)", "18(2)"):
        body = cancellation(ground, storm, arrived_at="2026-03-25T09:00:00+09:00")
        assert await desk.refused("intake", f"/v1/contracts/{number}/cancellations", body) == "28(1)"


async def test_a_customer_asks_and_the_provider_reviews(desk: Desk) -> None:
    """14(2) by a customer's key waits for legal or a reviewer: approved, rejected, or approved too late for its day."""
    # 20 May: three customers whose zone was restricted ask by the console
    owners = ["K-1", "K-2", "K-3"]
    numbers = [await desk.active(external_ref=each) for each in owners]
    for each in owners:
        await desk.customer(each)
    await desk.until("2026-05-20T15:00:00+09:00")
    storm = await restriction(desk, zones=["fukuoka-2"])
    approvals = []
    for owner, number in zip(owners, numbers, strict=True):
        body = cancellation("14(2)", storm, "console")
        response = await desk.post(owner, f"/v1/contracts/{number}/cancellations", body)
        assert response.status_code == 202
        approvals.append(f"/v1/approvals/{response.json()['approval_id']}")
        assert await outcome(desk, number) == ("active", None, None)
    shown = await desk.read(approvals[0])
    assert (shown["act"], shown["article"], shown["proposed_by"]) == ("special_cancellation", "14(2)", "customer:K-1")
    assert shown["consequence"] == {"ends_on": "2026-05-20", "penalty": 0, "event_no": storm}

    # the same day legal agrees with the first, and a reviewer rejects the second
    decide = {each: {"decision": each, "reason": "影響を確認"} for each in ("approve", "reject")}
    assert (await desk.post("intake", f"{approvals[0]}/decisions", decide["approve"])).status_code == 403
    assert await desk.do("legal", f"{approvals[0]}/decisions", decide["approve"]) == {"state": "approved"}
    assert await desk.do("reviewer", f"{approvals[1]}/decisions", decide["reject"]) == {"state": "rejected"}
    await desk.until("2026-05-22T10:00:00+09:00")
    assert await outcome(desk, numbers[0]) == ("ended", "2026-05-21T00:00:00+09:00", "14(2)")
    assert await outcome(desk, numbers[1]) == ("active", None, None)

    # two days later they agree with the third: it ends by the day on which its notice arrived
    assert await desk.do("legal", f"{approvals[2]}/decisions", decide["approve"]) == {"state": "approved"}
    await desk.settle()
    assert await outcome(desk, numbers[2]) == ("ended", "2026-05-21T00:00:00+09:00", "14(2)")
    late = await desk.post("legal", f"{approvals[2]}/decisions", decide["reject"])
    assert (late.status_code, late.json()["type"]) == (409, "/problems/conflict")


async def test_nobody_reviews(desk: Desk) -> None:
    """After a fortnight of silence the customer's proposal is over, and the contract goes on."""
    number = await desk.active(external_ref="K")
    customer = await desk.customer("K")
    await desk.until("2026-05-20T15:00:00+09:00")
    storm = await restriction(desk, zones=["fukuoka-1"])
    path = f"/v1/contracts/{number}/cancellations"
    asked = await desk.post(customer, path, cancellation("14(2)", storm, "console"))
    approval = f"/v1/approvals/{asked.json()['approval_id']}"
    await desk.until("2026-06-04T06:00:00+09:00")
    assert (await desk.read(approval))["state"] == "expired"
    assert await outcome(desk, number) == ("active", None, None)
    (task,) = await desk.tasks("approval_waits", contract_no=number)
    assert (task["role"], task["state"]) == ("legal", "done")
    late = await desk.post("legal", f"{approval}/decisions", {"decision": "approve", "reason": "影響を確認"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/conflict")


async def test_the_earliest_end_wins(desk: Desk) -> None:
    """A notice runs to the end of June; a special cancellation in May overtakes it, and its letters stop."""
    number = await desk.active()
    contract = f"/v1/contracts/{number}"
    server = {"resource_id": "vm-1", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}
    await desk.do("provisioning", f"{contract}/resources", {"resources": [server]})
    await desk.until("2026-05-20T15:00:00+09:00")
    notice = {"arrived_at": "2026-05-20T09:00:00+09:00", "form": "paper"}
    first = await desk.do("intake", f"{contract}/termination-notices", notice)
    assert (first["ends_on"], (await desk.read(contract))["ends_on"]) == ("2026-06-30", "2026-06-30")

    # the same afternoon: 18(2) by paper, over at 24:00
    event = await interruption(desk, zones=["fukuoka-1"])
    told = await desk.do("intake", f"{contract}/cancellations", cancellation("18(2)", event))
    assert (told["ends_on"], (await desk.read(contract))["ends_on"]) == ("2026-05-20", "2026-05-20")
    await desk.until("2026-05-21")
    assert await outcome(desk, number) == ("ended", "2026-05-21T00:00:00+09:00", "18(2)")
    left = (await desk.read(f"{contract}/resources"))["items"]
    assert [one["left_over"] for one in left] == [True]

    # the first end passes: no reminder, no second end; a further cancellation is refused, a copy of the notice is not
    await desk.until("2026-07-01T09:00:00+09:00")
    assert await outcome(desk, number) == ("ended", "2026-05-21T00:00:00+09:00", "18(2)")
    assert not await desk.letters(slug="resource_deletion_reminder")
    assert len(await desk.letters(slug="contract_end_notice")) == 1
    assert await desk.refused("intake", f"{contract}/cancellations", cancellation("18(2)", event)) == "18(2)"
    again = await desk.post("intake", f"{contract}/termination-notices", notice)
    assert (again.status_code, again.json()) == (200, first)

    # what was left standing is asked for on paper too; once that has arrived nothing is under way
    (paper,) = [each for each in await desk.letters(slug="restoration_request") if each["channel"] == "post"]
    posted = {"method": "post", "dispatched_at": "2026-07-01T09:00:00+09:00"}
    await desk.do("support", f"/v1/notices/{paper['notice_no']}/dispatches", posted)
    await desk.until("2026-07-08")
    assert await closed(desk, number)
    outcomes = [await desk.office.client.get_workflow_handle(each).result() for each in (
        ids.termination(number, 1), ids.cancellation(number, 2),
    )]  # fmt: skip
    assert outcomes == ["overtaken", "ended"]


async def test_a_cancellation_found_late(desk: Desk) -> None:
    """It lay in the post room for two days: the contract ended on the day of its arrival, and is over at once."""
    number = await desk.active()
    contract = f"/v1/contracts/{number}"
    await desk.until("2026-05-20T15:00:00+09:00")
    event = await interruption(desk, zones=["fukuoka-1"])
    # arrived on 18 May at noon, after the stop began; found two days later, when its end has passed
    body = cancellation("18(2)", event, arrived_at="2026-05-18T12:00:00+09:00")
    told = await desk.do("intake", f"{contract}/cancellations", body)
    assert told["ended_at"] == "2026-05-19T00:00:00+09:00"
    assert await outcome(desk, number) == ("ended", "2026-05-19T00:00:00+09:00", "18(2)")
    notice = {"arrived_at": "2026-05-20T09:00:00+09:00", "form": "paper"}
    assert await desk.refused("intake", f"{contract}/termination-notices", notice) == "18(1)"
    await desk.until("2026-06-01")
    assert await closed(desk, number)


async def closed(desk: Desk, contract_no: str) -> bool:
    """Tell whether all of a contract's workflows but those that stay until its erasure have come to their end."""
    listed: list[JSON] = (await desk.read(f"/v1/contracts/{contract_no}/workflows", limit="500"))["items"]
    return {one["type"] for one in listed if one["status"] == "running"} == {"contract", "deletion"}
