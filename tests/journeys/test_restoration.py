"""What is left over at an end: asked for by letter, kept on a list, removed by us after its day (Art. 38(1), 38(2))."""

from typing import Any

from tests.desk import JSON, Desk
from tests.journeys.leaving import GATEWAY, a_leaver
from tests.journeys.test_month_close import does_not_hold
from tests.journeys.test_special_cancellation import cancellation, interruption, restriction

MORE = [{**GATEWAY, "resource_id": f"gw-{n}"} for n in (2, 3, 4)]


async def asked(desk: Desk, number: str) -> list[tuple[str, str]]:
    """List the letters that ask for restoration: channel and state."""
    return [(each["channel"], each["state"]) for each in await letters(desk, number)]


async def letters(desk: Desk, number: str) -> list[JSON]:
    """Find the letters that ask for restoration."""
    return await desk.letters(slug="restoration_request", contract_no=number)


async def due(desk: Desk, number: str) -> dict[str, Any]:
    """Tell what follows after the end, and when."""
    shown = await desk.read(f"/v1/contracts/{number}")
    return {each["action"]: each["on"] for each in shown["next_actions"]}


async def states(desk: Desk, number: str) -> dict[str, str]:
    """Tell how the tasks of a restoration stand."""
    found = (await desk.read("/v1/tasks", contract_no=number))["items"]
    return {each["kind"]: each["state"] for each in found if each["kind"].startswith("restoration")}


async def remove(desk: Desk, number: str, resource_id: str, to_on: str) -> None:
    """Record that a resource is gone."""
    path = f"/v1/contracts/{number}/resources/{resource_id}/removal"
    await desk.do("provisioning", path, {"code": "SGW", "to_on": to_on})


async def test_from_the_request_to_our_own_work(desk: Desk) -> None:
    """18(1): what stands at 24:00 is asked for by mail and on paper, due in 14 days; then it is our work (A59, A91)."""
    tidy = await desk.contract("QPC-26-0106")
    number = await a_leaver(desk, GATEWAY, *MORE)
    await desk.do("provisioning", f"/v1/contracts/{tidy}/service-start", {"service_start_on": "2026-04-07",
        "resources": [{**GATEWAY, "resource_id": "gw-9"}]})  # fmt: skip
    await desk.settle()
    notice = {"arrived_at": "2026-04-07T09:00:00+09:00", "form": "paper"}
    await desk.do("intake", f"/v1/contracts/{tidy}/termination-notices", notice)
    await desk.until("2026-05-31T15:00:00+09:00")
    await remove(desk, tidy, "gw-9", "2026-05-31")
    await remove(desk, number, "gw-4", "2026-05-31")
    assert await asked(desk, number) == []

    # 31 May, 24:00: who removed everything is asked for nothing
    await desk.until("2026-06-01T00:01:00+09:00")
    assert (await asked(desk, tidy), await states(desk, tidy)) == ([], {})
    assert await asked(desk, number) == [("email", "arrived"), ("post", "queued")]
    by_mail, on_paper = await letters(desk, number)
    assert (by_mail["article"], on_paper["same_as"]) == ("38(1)", by_mail["notice_no"])
    words = "".join((await desk.text(by_mail["notice_no"])).split())
    for told in ("gw-1", "gw-2", "gw-3", "閉域接続", "2026年6月14日", "2026年5月31日(期限を過ぎています)"):
        assert told in words
    assert "全額をご請求します(同項、第18条第1項)" in words
    assert "gw-4" not in words
    (task,) = await desk.tasks("restoration", contract_no=number)
    assert (task["role"], task["article"], task["due_on"]) == ("provisioning", "38(1)", "2026-06-14")
    assert "gw-1、gw-2、gw-3" in task["detail"]
    assert await due(desk, number) == {"restoration": "2026-06-14", "deletion": "2026-06-30"}
    (event,) = [each for each in await desk.timeline(number) if each["action"] == "restoration_asked"]
    assert event["basis"]["resources"] == 3

    # 14 June is the last day; on the 15th, at 6:00, it is ours to do, once
    await desk.until("2026-06-15T05:59:00+09:00")
    assert await states(desk, number) == {"restoration": "open"}
    await desk.until("2026-06-15T06:01:00+09:00")
    assert await states(desk, number) == {"restoration": "open", "restoration_work": "open"}
    await remove(desk, number, "gw-1", "2026-06-15")
    await remove(desk, number, "gw-2", "2026-06-15")
    await desk.until("2026-06-18T09:00:00+09:00")
    assert await states(desk, number) == {"restoration": "open", "restoration_work": "open"}
    assert len(await desk.tasks("restoration_work", contract_no=number)) == 1

    # the last one is gone: nothing is left to be done
    await remove(desk, number, "gw-3", "2026-06-18")
    assert await states(desk, number) == {"restoration": "done", "restoration_work": "done"}
    assert "restoration" not in await due(desk, number)
    assert await does_not_hold(desk) == []


async def test_other_ends(desk: Desk) -> None:
    """18(2) puts no deletion on the customer, 14(2) is not named at all; the deletion itself ends what is listed."""
    number, other = await desk.active(), await desk.active("QPC-26-0106")
    for each, resource_id in ((number, "gw-2"), (other, "gw-3")):
        gateway = {**MORE[0], "resource_id": resource_id}
        await desk.do("provisioning", f"/v1/contracts/{each}/resources", {"resources": [gateway]})
    await desk.until("2026-05-20T15:00:00+09:00")
    stop, storm = await interruption(desk, contract_nos=[number]), await restriction(desk, contract_nos=[other])
    await desk.do("intake", f"/v1/contracts/{number}/cancellations", cancellation("18(2)", stop))
    await desk.do("intake", f"/v1/contracts/{other}/cancellations", cancellation("14(2)", storm))
    await desk.until("2026-05-21T09:00:00+09:00")
    assert [(await desk.read(f"/v1/contracts/{each}"))["end_ground"] for each in (number, other)] == ["18(2)", "14(2)"]
    assert (await asked(desk, other), await states(desk, other)) == ([], {})
    assert await due(desk, other) == {"deletion": "2026-06-19"}
    words = "".join((await desk.text((await letters(desk, number))[0]["notice_no"])).split())
    assert ("2026年6月3日" in words, "全額をご請求します" in words) == (True, False)
    assert "その費用をご請求する場合は、別途お知らせします。" in words

    # 19 June, 0:10: the data go, and with them what stood; a person decides on the cost
    await desk.until("2026-06-19T00:11:00+09:00")
    told = await states(desk, number)
    assert told == {"restoration": "done", "restoration_work": "done", "restoration_cost": "open"}
    assert await due(desk, number) == {"erasure": "2037-04-01"}
    assert await does_not_hold(desk) == []
