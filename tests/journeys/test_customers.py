"""Customers at the counter: each sees only its own, and one command has one effect, however often it comes."""

import asyncio
from collections import Counter
from typing import Any

from tests.desk import JSON, Desk, form

NOTICE: dict[str, Any] = {"arrived_at": "2026-03-25T09:00:00+09:00", "form": "console"}


async def test_a_customer_sees_only_its_own(desk: Desk) -> None:
    """What bears another reference is not there for it, in lists, pages, letters and commands."""
    # 25 March: two customers file for themselves, and are accepted
    ours, theirs = await desk.customer("OURS"), await desk.customer("THEIRS")
    response = await desk.post(ours, "/v1/applications", form())
    assert response.status_code == 201, response.text
    mine = f"/v1/applications/{response.json()['application_no']}"
    assert (await desk.read(mine, ours))["customer_ref"] == "OURS"
    other = f"/v1/applications/{(await desk.do(theirs, '/v1/applications', form('QPC-26-0106')))['application_no']}"
    foreign = await desk.post(ours, "/v1/applications", form("QPC-26-0105", external_ref="X", applicant__name="他社"))
    assert (await desk.read(f"/v1/applications/{foreign.json()['application_no']}", ours))["customer_ref"] == "OURS"
    assert (await desk.post(ours, "/v1/applications", form() | {"customer_ref": "THEIRS"})).status_code == 403
    for application in (mine, other):
        await desk.do("reviewer", f"{application}/decisions", {"decision": "accept", "reason": "審査済み"})
    await desk.settle()
    my_number, other_number = [(await desk.read(each))["contract_no"] for each in (mine, other)]

    # lists hold its own; of another's pages it is told nothing
    assert [one["customer_ref"] for one in (await desk.read("/v1/applications", ours))["items"]] == ["OURS", "OURS"]
    assert [one["contract_no"] for one in (await desk.read("/v1/contracts", ours))["items"]] == [my_number]
    letters = {one["notice_no"]: one for one in await desk.letters()}
    seen = {one["notice_no"] for one in (await desk.read("/v1/notices", ours))["items"]}
    assert seen == {no for no, one in letters.items() if one["application_no"] != other.rpartition("/")[2]}
    hidden = next(no for no in letters if no not in seen)
    for path in (
        other, f"/v1/contracts/{other_number}", f"/v1/contracts/{other_number}/timeline",
        f"/v1/contracts/{other_number}/resources", f"/v1/notices/{hidden}", f"/v1/notices/{hidden}/document.pdf",
    ):  # fmt: skip
        assert (await desk.get(path, ours)).status_code == 404, path
    assert (await desk.get(f"/v1/notices/{min(seen)}/document.pdf", ours)).status_code == 200

    # nor can it command another's contract, or act as staff on its own
    await desk.do("provisioning", f"/v1/contracts/{other_number}/service-start", {"service_start_on": "2026-03-25"})
    await desk.do("provisioning", f"/v1/contracts/{my_number}/service-start", {"service_start_on": "2026-03-25"})
    denied = await desk.post(ours, f"/v1/contracts/{other_number}/termination-notices", NOTICE)
    assert (denied.status_code, denied.json()["type"]) == (404, "/problems/not-found")
    assert (await desk.read(f"/v1/contracts/{other_number}"))["state"] == "active"
    withdrawal = {"arrived_at": NOTICE["arrived_at"], "form": "paper"}
    assert (await desk.post(ours, f"{mine}/withdrawals", withdrawal)).status_code == 403
    mine_too = f"/v1/contracts/{my_number}/termination-notices"
    assert (await desk.post(ours, mine_too, NOTICE | {"form": "paper"})).status_code == 403

    # by the console it is no writing; signed electronically it ends its contract
    assert await desk.refused(ours, mine_too, NOTICE) == "18(1)"
    told = await desk.do(ours, mine_too, NOTICE | {"form": "e-signature"})
    assert told["ends_on"] == "2026-04-30"
    actors = {each["action"]: each["actor"] for each in await desk.timeline(my_number)}
    assert actors["notice_received"] == "customer:OURS"


async def test_eight_copies_of_one_command(desk: Desk) -> None:
    """They come at the same moment under one key: one effect, one answer, byte for byte."""
    key, path = "eight-at-once", "/v1/applications"
    filed = await asyncio.gather(*(desk.post("intake", path, form(), key=key) for _ in range(8)))
    assert {each.status_code for each in filed} == {201}
    assert len({each.content for each in filed}) == 1
    assert sum("Idempotency-Replayed" in each.headers for each in filed) == 7
    assert len((await desk.read(path))["items"]) == 1
    await desk.settle()
    application = f"/v1/applications/{filed[0].json()['application_no']}"
    accept = {"decision": "accept", "reason": "審査済み"}
    await asyncio.gather(*(desk.post("reviewer", f"{application}/decisions", accept, key=key) for _ in range(8)))
    await desk.settle()
    (contract,) = (await desk.read("/v1/contracts"))["items"]

    # eight people start the service at once, each under a key of its own: one does, seven are refused
    start = f"/v1/contracts/{contract['contract_no']}/service-start"
    answers = await asyncio.gather(
        *(desk.post("provisioning", start, {"service_start_on": "2026-03-25"}) for _ in range(8))
    )
    assert Counter(each.status_code for each in answers) == {200: 1, 409: 7}
    assert {each.json()["article"] for each in answers if each.status_code == 409} == {"5(1)"}

    # eight copies of a notice, four under one key and four under others: all have one answer, the first
    notices = f"/v1/contracts/{contract['contract_no']}/termination-notices"
    keys = ["same"] * 4 + ["b", "c", "d", "e"]
    paper = NOTICE | {"form": "paper"}
    given = await asyncio.gather(*(desk.post("intake", notices, paper, key=each) for each in keys))
    assert {each.status_code for each in given} <= {200, 201}
    assert len({each.content for each in given}) == 1
    await desk.settle()
    slugs = Counter(one["slug"] for one in await desk.letters())
    assert slugs == dict.fromkeys(
        ("application_received_notice", "acceptance_notice", "service_start_notice", "cancellation_receipt"), 1
    )
    assert len(desk.mails()) == 4


async def test_a_key_belongs_to_one_command(desk: Desk) -> None:
    """Another body under it is refused, another person's same key is another key, a repetition is answered for ever."""
    first = await desk.post("intake", "/v1/applications", form(), key="mine")
    other = await desk.post("intake", "/v1/applications", form("QPC-26-0102"), key="mine")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    colleague = await desk.post("intake-2", "/v1/applications", form("QPC-26-0102"), key="mine")
    assert colleague.status_code == 201
    headers = {"Authorization": f"Bearer {desk.keys['intake']}"}
    without = await desk.http.post("/v1/applications", json=form("QPC-26-0105"), headers=headers)
    assert (without.status_code, without.json()["type"]) == (400, "/problems/idempotency-key")

    # a refusal is an answer too, what was not valid is none
    refusal = form("QPC-26-0110")
    refused = [await desk.post("intake", "/v1/applications", refusal, key="to-refuse") for _ in range(2)]
    assert [each.status_code for each in refused] == [409, 409]
    assert refused[0].content == refused[1].content
    wrong: JSON = form("QPC-26-0105") | {"officers": "nobody"}
    assert (await desk.post("intake", "/v1/applications", wrong, key="to-correct")).status_code == 422
    assert (await desk.post("intake", "/v1/applications", form("QPC-26-0105"), key="to-correct")).status_code == 201

    # three months later the first answer still stands
    await desk.until("2026-06-25T09:00:00+09:00")
    again = await desk.post("intake", "/v1/applications", form(), key="mine")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
