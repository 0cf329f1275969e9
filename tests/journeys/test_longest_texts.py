"""The longest texts that the API takes fit into every column and every letter, on both databases."""

from typing import Any

from tests.desk import JSON, Desk, OpenDesk, form
from tests.journeys.canaries import PERSONAL

WIDE = "株𠮷"  # the second has four bytes in UTF-8 and two units in UTF-16
LINE, TEXT, REFERENCE = (WIDE * 100)[:200], (WIDE * 1000)[:2000], "r" * 64
EXPECTED_TASKS = {"post_letter", "no_delivery_record", "billing_held", "approval_waits", "restoration"}


def longest(value: Any, field: str = "") -> Any:  # noqa: ANN401 - any JSON
    """Put the longest text into every field that takes free text."""
    match value:
        case dict():
            return {key: longest(below, key) for key, below in value.items()}
        case list():
            return [longest(below, field) for below in value]
        case str() if field in PERSONAL:
            return LINE
        case str() if field in {"phone", "fax"}:
            return "+" + "1" * 25
        case _:
            return value


def long_form(name: str, external_ref: str) -> JSON:
    """Fill a form with the longest texts."""
    filled: JSON = longest(form(name, external_ref=external_ref))
    return filled | {"customer_ref": REFERENCE}


async def test_the_longest_texts(open_desk: OpenDesk, database_url: str) -> None:
    """Filed, decided, started, posted, delivered, ended: nothing is cut off and nothing fails behind the API."""
    desk = await open_desk("2026-03-25T09:00+09:00", database_url=database_url)
    by_mail = await the_form(desk, "QPC-26-0101", "a" * 64)
    await desk.do("reviewer", f"{by_mail}/decisions", {"decision": "accept", "reason": TEXT})
    await desk.settle()
    await the_contract(desk, (await desk.read(by_mail))["contract_no"])

    on_paper = await the_form(desk, "QPC-26-0103", "b" * 64)
    ground = {"decision": "refuse", "grounds": ["9(2)(5)"], "reason": TEXT}
    proposed = await desk.do("reviewer", f"{on_paper}/decisions", ground)
    approve = {"decision": "approve", "reason": TEXT}
    await desk.do("legal", f"/v1/approvals/{proposed['approval_id']}/decisions", approve)
    await desk.settle()
    await the_letter(desk)
    await desk.until("2026-05-01T00:01:00+09:00")
    assert (await desk.letter("contract_end_notice"))["state"] == "arrived"
    assert {task["kind"] for task in (await desk.read("/v1/tasks", limit="500"))["items"]} <= EXPECTED_TASKS


async def the_form(desk: Desk, name: str, external_ref: str) -> str:
    """File a form and read it again."""
    filled = long_form(name, external_ref)
    filled["terms"]["version"] = "1.0"
    filed = await desk.do("intake", "/v1/applications", filled)
    await desk.settle()
    path = f"/v1/applications/{filed['application_no']}"
    assert (await desk.read(path))["form"] == filled
    return path


async def the_contract(desk: Desk, number: str) -> None:
    """Start it with resources, hit it with an event, and end it for that."""
    resource = {"resource_id": REFERENCE, "code": "VM-S2", "quantity": 10**9, "zone": REFERENCE, "name": LINE}
    start = {"service_start_on": "2026-03-25", "resources": [resource]}
    await desk.do("provisioning", f"/v1/contracts/{number}/service-start", start)
    event = {
        "starts_at": "2026-03-25T08:00:00+09:00",
        "scope": {"contract_nos": [number]},
        "reason": TEXT,
        "kind": "urgent",
        "priority_traffic": LINE,
        "supplier_notice": {"sent_at": "2026-03-25T07:00:00+09:00", "message_id": LINE},
    }
    event_no = (await desk.do("support", "/v1/maintenance", event))["event_no"]
    assert (await desk.read(f"/v1/maintenance/{event_no}"))["reason"] == TEXT
    now = (await desk.read("/v1/clock"))["now"]
    notice = {"arrived_at": now, "form": "paper"}
    await desk.do("intake", f"/v1/contracts/{number}/termination-notices", notice)
    await desk.do("intake", f"/v1/contracts/{number}/termination-notices/withdrawals", {"reason": TEXT})
    assert (await desk.read(f"/v1/contracts/{number}/resources"))["items"][0]["name"] == LINE
    await desk.do("intake", f"/v1/contracts/{number}/termination-notices", notice)


async def the_letter(desk: Desk) -> None:
    """Post the refusal, learn of its delivery, write it anew, and do the task."""
    letter = await desk.letter("refusal_notice")
    path = f"/v1/notices/{letter['notice_no']}"
    now = (await desk.read("/v1/clock"))["now"]
    posted = {"method": "registered", "tracking_no": (WIDE * 32)[:64], "dispatched_at": now}
    await desk.do("support", f"{path}/dispatches", posted)
    now = (await desk.read("/v1/clock"))["now"]
    await desk.do("support", f"{path}/deliveries", {"outcome": "delivered", "at": now, "proof": TEXT})
    await desk.do("support", f"{path}/reissues", {"reason": TEXT})
    await desk.settle()
    (task, *_) = await desk.tasks("post_letter", state="open", role="support")
    await desk.do("support", f"/v1/tasks/{task['task_id']}/completions", {"reason": TEXT})
