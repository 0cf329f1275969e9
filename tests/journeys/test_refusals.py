"""Applications that are refused: in writing, by registered post, some only with a second person (Art. 9(2), 9(3))."""

from typing import Any

from tests.desk import JSON, Desk

REFUSAL: dict[str, Any] = {"decision": "refuse", "grounds": ["9(2)(1)", "9(2)(iv)"], "reason": "設備の空きがない"}
OTHER_GROUND: dict[str, Any] = {"decision": "refuse", "grounds": ["9(2)(5)"], "reason": "業務上の支障"}
POSTED = "2026-03-25T09:00:00+09:00"


async def post_letter(desk: Desk, letter: JSON) -> JSON:
    """Take a letter to the post office."""
    body = {"method": "registered", "tracking_no": "123-45-67890-1", "dispatched_at": POSTED}
    return await desk.do("support", f"/v1/notices/{letter['notice_no']}/dispatches", body)


async def test_a_refusal_takes_effect_when_its_letter_is_posted(desk: Desk) -> None:
    """Decided on Wednesday, refused with the posting; the post's record, or a task if there is none in eight days."""
    # 25 March: two applications are refused; the letters wait to be posted
    first, second = await desk.file(), await desk.file("QPC-26-0102")
    for application in (first, second):
        assert await desk.do("reviewer", f"{application}/decisions", REFUSAL) == {"state": "received"}
    await desk.settle()
    shown = await desk.read(first)
    assert (shown["state"], shown["decision"]["grounds"]) == ("received", ["9(2)(1)", "9(2)(4)"])
    letters = await desk.letters(slug="refusal_notice")
    assert {(one["channel"], one["state"], one["article"]) for one in letters} == {("registered", "queued", "9(3)")}
    assert "承諾しないこと" in await desk.text(letters[0]["notice_no"])
    tasks = await desk.tasks("post_letter", state="open")
    assert [(task["role"], task["notice_no"]) for task in tasks] == [("support", one["notice_no"]) for one in letters]

    # it is decided: neither a second refusal nor an acceptance, and it can't be completed any more
    accept = {"decision": "accept", "grounds": [], "reason": "やはり承諾する"}
    for decision in (REFUSAL, accept):
        assert await desk.refused("reviewer", f"{first}/decisions", decision) == "9(1)"
    change = {"changes": [{"pointer": "/no_resale", "value": True}], "arrived_at": POSTED}
    assert await desk.refused("intake", f"{first}/completions", change) == "9(1)"

    # ordinary post is no proof of delivery: 9(3) wants more
    path = f"/v1/notices/{letters[0]['notice_no']}/dispatches"
    ordinary = {"method": "post", "dispatched_at": POSTED}
    assert await desk.refused("support", path, ordinary) == "9(3)"
    assert (await desk.post("provisioning", path, ordinary)).status_code == 403

    # both are posted as registered letters: only now the applications are refused
    for letter in letters:
        assert (await post_letter(desk, letter))["state"] == "dispatched"
    await desk.settle()
    assert {(await desk.read(each))["state"] for each in (first, second)} == {"refused"}
    assert not await desk.tasks("post_letter", state="open")
    again = await desk.post("support", path, {**ordinary, "method": "registered"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/conflict")

    # a third is signed electronically and sent at once: it counts as made, and no post has to be traced
    signed = await desk.file("QPC-26-0105")
    await desk.do("reviewer", f"{signed}/decisions", REFUSAL)
    await desk.settle()
    (queued,) = await desk.letters(slug="refusal_notice", state="queued")
    body = {"method": "e-signature", "dispatched_at": POSTED}
    await desk.do("support", f"/v1/notices/{queued['notice_no']}/dispatches", body)
    await desk.settle()
    assert (await desk.read(signed))["state"] == "refused"
    assert (await desk.read(f"/v1/notices/{queued['notice_no']}"))["basis"] == "dispatch"

    # Thursday, 26 March: the first is delivered; of the second nothing is heard, it counts as arrived on Friday
    await desk.until("2026-03-26T12:00:00+09:00")
    record = {"outcome": "delivered", "at": "2026-03-26T11:05:00+09:00", "proof": "配達証 123"}
    told = await desk.do("support", f"/v1/notices/{letters[0]['notice_no']}/deliveries", record)
    assert (told["state"], told["arrived_at"]) == ("arrived", "2026-03-26T11:05:00+09:00")
    await desk.until("2026-03-28")
    delivered, silent, _ = await desk.letters(slug="refusal_notice")
    assert (delivered["deemed"], delivered["basis"]) == (False, "delivery")
    assert (silent["deemed"], silent["basis"]) == (True, "normal_time")
    assert silent["arrived_at"] == "2026-03-27T00:00:00+09:00"

    # eight days after the posting somebody is asked to trace the one without a record
    await desk.until("2026-04-02T05:59:00+09:00")
    assert not await desk.tasks("no_delivery_record")
    await desk.until("2026-04-02T06:00:00+09:00")
    (task,) = await desk.tasks("no_delivery_record")
    assert (task["notice_no"], task["role"], task["article"]) == (silent["notice_no"], "support", "42(2)")
    await desk.until("2026-05-10")
    assert len(await desk.tasks("no_delivery_record")) == 1


async def test_another_ground_needs_a_second_person(desk: Desk) -> None:
    """9(2)(5): the proposer can't agree, a rejection puts the application back, silence ends the proposal."""
    # 25 March: a reviewer proposes to refuse three applications
    applications = [await desk.file(name) for name in ("QPC-26-0101", "QPC-26-0102", "QPC-26-0105")]
    proposals = []
    for application in applications:
        response = await desk.post("reviewer", f"{application}/decisions", OTHER_GROUND)
        assert (response.status_code, response.json()["state"]) == (202, "received")
        proposals.append(f"/v1/approvals/{response.json()['approval_id']}")
    shown = await desk.read(proposals[0])
    assert (shown["act"], shown["article"], shown["state"]) == ("refusal_on_other_ground", "9(2)(5)", "open")
    assert (shown["proposed_by"], shown["needs"]) == ("reviewer:reviewer-1", 1)
    assert shown["consequence"] == {"decision": "refuse", "grounds": ["9(2)(5)"], "letter": "refusal_notice"}
    assert not await desk.letters(slug="refusal_notice")

    # the proposer may not decide, nor may whoever does not review; while it waits nobody decides otherwise
    approve, reject = ({"decision": each, "reason": "確認した"} for each in ("approve", "reject"))
    assert await desk.refused("reviewer", f"{proposals[0]}/decisions", approve) == "9(2)(5)"
    assert (await desk.post("intake", f"{proposals[0]}/decisions", approve)).status_code == 403
    accept = {"decision": "accept", "reason": "承諾する"}
    assert await desk.refused("reviewer-2", f"{applications[0]}/decisions", accept) == "9(1)"

    # the first: a second reviewer agrees, so the letter is written
    assert await desk.do("reviewer-2", f"{proposals[0]}/decisions", approve) == {"state": "approved"}
    await desk.settle()
    await post_letter(desk, await desk.letter("refusal_notice"))
    await desk.settle()
    assert (await desk.read(applications[0]))["state"] == "refused"
    too_late = await desk.post("legal", f"{proposals[0]}/decisions", reject)
    assert (too_late.status_code, too_late.json()["type"]) == (409, "/problems/conflict")

    # the second: legal rejects, the application is undecided again and is accepted
    assert await desk.do("legal", f"{proposals[1]}/decisions", reject) == {"state": "rejected"}
    await desk.do("reviewer", f"{applications[1]}/decisions", accept)
    await desk.settle()
    assert (await desk.read(applications[1]))["state"] == "accepted"

    # the third: a reminder after seven days, and after fourteen the proposal is over
    await desk.until("2026-04-01T06:00:00+09:00")
    (task,) = await desk.tasks("approval_waits")
    assert (task["role"], task["due_on"]) == ("legal", "2026-04-08")
    await desk.until("2026-04-08T08:00:00+09:00")
    assert (await desk.read(proposals[2]))["state"] == "open"
    await desk.until("2026-04-09T06:00:00+09:00")
    assert (await desk.read(proposals[2]))["state"] == "expired"
    late = await desk.post("legal", f"{proposals[2]}/decisions", approve)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/conflict")
    assert await desk.do("reviewer", f"{applications[2]}/decisions", REFUSAL) == {"state": "received"}
    assert [task["state"] for task in await desk.tasks("approval_waits")] == ["done"]


async def test_who_withdraws_is_not_refused_any_more(desk: Desk) -> None:
    """While a second person is asked the applicant takes everything back: the proposal is over, and nobody waits."""
    application = await desk.file()
    approval = f"/v1/approvals/{(await desk.do('reviewer', f'{application}/decisions', OTHER_GROUND))['approval_id']}"
    withdrawal = {"arrived_at": POSTED, "form": "telephone"}
    assert await desk.do("intake", f"{application}/withdrawals", withdrawal) == {"state": "withdrawn"}
    assert (await desk.read(approval))["state"] == "withdrawn"
    late = await desk.post("legal", f"{approval}/decisions", {"decision": "approve", "reason": "確認した"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/conflict")
    woken = await desk.until("2026-06-01")
    assert len(woken) <= 3
    assert not (await desk.read("/v1/tasks"))["items"]
