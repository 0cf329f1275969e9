"""Legal holds: they stop the deletion of data and the erasure of names; two people lift them (34, 44(6), A94)."""

from tests.desk import JSON, Desk
from tests.journeys.leaving import DELETED_ON, GATEWAY, a_leaver, approve, bill_the_rest, pay_all

APPROVE = {"decision": "approve", "reason": "必要と認める"}


async def deletion_of(desk: Desk, number: str) -> JSON:
    """Read where a deletion stands."""
    return await desk.read(f"/v1/contracts/{number}/deletion")


async def hold(desk: Desk, number: str, review_on: str = "2026-12-01", role: str = "legal") -> JSON:
    """Propose a hold; gives its number and that of the approval."""
    body = {"contract_no": number, "case": "福岡地裁 令和8年(ワ)第1号", "reason": "証拠の保全", "review_on": review_on}
    found = await desk.do(role, "/v1/legal-holds", body)
    await desk.settle()
    return found


async def lift(desk: Desk, hold_no: str) -> None:
    """Propose to lift a hold, and have a second person agree."""
    proposed = await desk.do("legal", f"/v1/legal-holds/{hold_no}/releases", {"reason": "訴訟の終了"})
    await approve(desk, proposed["approval_id"], "admin")


async def test_a_hold_a_day_before_the_deletion_and_a_year_later(desk: Desk) -> None:
    """Placed on the last day of grace it blocks; lifted a year later, data go at once and the contract is closed."""
    number = await a_leaver(desk, GATEWAY)
    await bill_the_rest(desk)
    await pay_all(desk, number, day="0604")

    # 29 June: it blocks from its proposal on; who proposed it can't agree to it
    await desk.until("2026-06-29T10:00:00+09:00")
    held = await hold(desk, number)
    assert (await deletion_of(desk, number))["blocked_by"] == [{"kind": "hold", "no": held["hold_no"]}]
    decision = f"/v1/approvals/{held['approval_id']}/decisions"
    assert await desk.refused("legal", decision, APPROVE) == "44(6)"
    assert (await desk.post("dunning", decision, APPROVE)).status_code == 403
    await approve(desk, held["approval_id"], "legal-2")

    # 30 June, 0:10: nothing is deleted, and the record says why
    await desk.until("2026-07-01T09:00:00+09:00")
    found = await deletion_of(desk, number)
    assert (found["state"], found["delete_from_on"], found["certificates"]) == ("blocked", DELETED_ON, [])
    assert [each["resource_id"] for each in found["inventory"]] == [number, "gw-1"]
    blocked = [each for each in await desk.timeline(number) if each["action"] == "deletion_blocked"]
    assert [each["basis"]["blocked_by"] for each in blocked] == [[{"kind": "hold", "no": held["hold_no"]}]]
    assert (await desk.read(f"/v1/contracts/{number}"))["state"] == "ended"

    # 1 December: legal is asked whether it is still needed
    await desk.until("2026-12-02T09:00:00+09:00")
    (review,) = await desk.tasks("legal_hold_review")
    assert (review["role"], review["due_on"], review["contract_no"]) == ("legal", "2026-12-01", number)

    # 29 June 2027: lifted
    await desk.until("2027-06-29T10:00:00+09:00")
    proposed = await desk.do("legal", f"/v1/legal-holds/{held['hold_no']}/releases", {"reason": "訴訟の終了"})
    again = f"/v1/legal-holds/{held['hold_no']}/releases"
    assert await desk.refused("admin", again, {"reason": "訴訟の終了"}) == "44(6)"
    assert (await deletion_of(desk, number))["state"] == "blocked"
    await approve(desk, proposed["approval_id"], "admin")
    found = await deletion_of(desk, number)
    assert (found["state"], found["blocked_by"]) == ("retained", [])
    assert found["certificates"][0]["at"].startswith("2027-06-29T10:0")
    assert (await desk.read(f"/v1/contracts/{number}"))["state"] == "closed"
    shown = await desk.read(f"/v1/legal-holds/{held['hold_no']}", "legal")
    assert (shown["state"], shown["case"]) == ("released", "福岡地裁 令和8年(ワ)第1号")
    assert await desk.refused("admin", again, {"reason": "もう一度"}) == "44(6)"


async def test_a_hold_that_nobody_agrees_to(desk: Desk) -> None:
    """Rejected, it blocks no longer: what it held up is done at once."""
    number = await a_leaver(desk)
    await desk.until("2026-06-29T10:00:00+09:00")
    held = await hold(desk, number, role="admin")
    await desk.until("2026-06-30T09:00:00+09:00")
    assert (await deletion_of(desk, number))["state"] == "blocked"
    reject = {"decision": "reject", "reason": "不要"}
    await desk.do("legal", f"/v1/approvals/{held['approval_id']}/decisions", reject)
    await desk.settle()
    found = await deletion_of(desk, number)
    assert (found["state"], found["blocked_by"]) == ("retained", [])
    assert (await desk.read(f"/v1/legal-holds/{held['hold_no']}", "legal"))["state"] == "rejected"
    assert await desk.refused("legal", f"/v1/legal-holds/{held['hold_no']}/releases", {"reason": "不要"}) == "44(6)"


async def test_a_hold_over_the_end_of_retention(desk: Desk) -> None:
    """What is held is not erased; lifted, it is; and what is erased can't be held any more."""
    number = await a_leaver(desk)
    await bill_the_rest(desk)
    await pay_all(desk, number, day="0604")
    await desk.until("2026-07-01T10:00:00+09:00")
    held = await hold(desk, number, "2037-06-01")
    await approve(desk, held["approval_id"], "admin")
    assert (await desk.read(f"/v1/contracts/{number}"))["state"] == "closed"
    await desk.until("2037-05-20T09:00:00+09:00")
    found = await deletion_of(desk, number)
    assert (found["state"], found["erasable_from_on"]) == ("retained", "2037-04-01")
    assert [each["kind"] for each in found["blocked_by"]] == ["hold"]
    await lift(desk, held["hold_no"])
    assert (await deletion_of(desk, number))["state"] == "erased"
    shown = await desk.read(f"/v1/legal-holds/{held['hold_no']}", "legal")
    assert (shown["case"], shown["reason"]) == ("(消去済)", "(消去済)")
    late = {"contract_no": number, "case": "遅すぎた", "reason": "証拠の保全", "review_on": "2038-01-01"}
    assert await desk.refused("legal", "/v1/legal-holds", late) == "44(6)"


async def test_what_a_hold_needs(desk: Desk) -> None:
    """A known contract, a day of review to come; only legal and administration may ask for it."""
    number = await desk.active()
    body = {"contract_no": number, "case": "事件", "reason": "証拠の保全", "review_on": "2026-03-25"}
    assert await desk.wrong("legal", "/v1/legal-holds", body) == ["/review_on"]
    body |= {"review_on": "2026-03-26", "contract_no": "C-999999"}
    assert await desk.wrong("legal", "/v1/legal-holds", body) == ["/contract_no"]
    assert (await desk.post("dunning", "/v1/legal-holds", body)).status_code == 403
    assert (await desk.post("legal", "/v1/legal-holds/LH-999999/releases", {"reason": "不要"})).status_code == 404
    held = await hold(desk, number)
    listed = (await desk.read("/v1/legal-holds", "legal", contract_no=number, state="proposed"))["items"]
    assert [each["hold_no"] for each in listed] == [held["hold_no"]]
    assert (await deletion_of(desk, number))["state"] == "none"
