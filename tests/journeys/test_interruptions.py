"""Art. 15(1)(3), 15(2): interruptions that need a second person, held necessary or without notice."""

from typing import Any

from tests.desk import JSON, Desk
from tests.journeys.leaving import approve
from tests.journeys.test_month_close import does_not_hold

PATH = "/v1/maintenance"
STARTED = "2026-05-20T02:00:00+09:00"


def stop(kind: str, **more: Any) -> JSON:  # noqa: ANN401 - fields of a request
    """Interrupt a zone."""
    return {"kind": kind, "starts_at": STARTED, "scope": {"zones": ["fukuoka-1"]}, "reason": "電源設備の異常", **more}


async def test_it_counts_once_a_second_person_agrees(desk: Desk) -> None:
    """Until then no list shows it, and nobody may leave for it by 18(2)."""
    number = await desk.active()
    await desk.until("2026-05-20T10:00:00+09:00")
    proposed = await desk.post("support", PATH, stop("necessary"))
    assert proposed.status_code == 202
    event, approval = proposed.json()["event_no"], f"/v1/approvals/{proposed.json()['approval_id']}"
    shown = await desk.read(approval)
    assert (shown["act"], shown["article"], shown["roles"]) == ("interruption", "15(1)(3)", ["support"])
    assert (await desk.read(f"{PATH}/{event}"))["state"] == "proposed"
    assert (await desk.read(PATH))["items"] == []
    assert [each["event_no"] for each in (await desk.read(PATH, state="proposed"))["items"]] == [event]
    leave = {"ground": "18(2)", "event_no": event, "form": "paper", "arrived_at": "2026-05-20T09:00:00+09:00"}
    assert await desk.refused("intake", f"/v1/contracts/{number}/cancellations", leave) == "18(2)"
    agree = {"decision": "approve", "reason": "必要"}
    assert await desk.refused("support", f"{approval}/decisions", agree) == "15(1)(3)"
    assert (await desk.post("legal", f"{approval}/decisions", agree)).status_code == 403

    await approve(desk, proposed.json()["approval_id"], "support-2")
    assert [each["event_no"] for each in (await desk.read(PATH, kind="necessary"))["items"]] == [event]
    told = await desk.do("intake", f"/v1/contracts/{number}/cancellations", leave)
    assert (told["ground"], told["ends_on"]) == ("18(2)", "2026-05-20")
    await desk.do("support", f"{PATH}/{event}/closures", {"ended_at": "2026-05-20T09:30:00+09:00"})
    assert await does_not_hold(desk) == []


async def test_without_notice(desk: Desk) -> None:
    """Whatever the kind, it waits; with a notice it is recorded as ever, and who says both is not believed."""
    await desk.until("2026-05-20T10:00:00+09:00")
    sent = {"sent_at": "2026-05-19T10:00:00+09:00", "message_id": "<1@bbix.example>"}
    for kind in ("planned", "urgent", "upstream_stop"):
        assert (await desk.post("support", PATH, stop(kind))).status_code == 201
        assert (await desk.post("support", PATH, stop(kind, supplier_notice=sent))).status_code == 201
        assert (await desk.post("support", PATH, stop(kind, without_notice=True))).status_code == 202
    assert len((await desk.read(PATH))["items"]) == 6
    both = stop("urgent", supplier_notice=sent, without_notice=True)
    assert await desk.wrong("support", PATH, both) == ["/without_notice"]

    # one is rejected, one taken back, one runs out: none of them ever counted, nor can it end
    waiting = (await desk.read(PATH, state="proposed"))["items"]
    rejected, taken_back, run_out = waiting
    assert {each["without_notice"] for each in waiting} == {True}
    approvals = [f"/v1/approvals/{each['approval_id']}" for each in waiting]
    assert {(await desk.read(each))["article"] for each in approvals} == {"15(2)"}
    await desk.do("support-2", f"{approvals[0]}/decisions", {"decision": "reject", "reason": "通知できた"})
    await desk.do("support", f"{approvals[1]}/withdrawals", {"reason": "誤り"})
    closure = {"ended_at": "2026-05-20T03:00:00+09:00"}
    await desk.do("support", f"{PATH}/{run_out['event_no']}/closures", closure)  # over before anybody agreed
    await desk.until("2026-06-04T09:00:00+09:00")
    for each, state in ((rejected, "rejected"), (taken_back, "withdrawn"), (run_out, "expired")):
        assert (await desk.read(f"{PATH}/{each['event_no']}"))["state"] == state
        refused = await desk.refused("support", f"{PATH}/{each['event_no']}/closures", closure)
        assert refused == each["article"]
    assert len((await desk.read(PATH))["items"]) == 6
    assert await does_not_hold(desk) == []
