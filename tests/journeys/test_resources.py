"""What stands on a contract: registered with the start or later, each on one contract, gone by a day (Art. 3, 18)."""

from typing import Any

from tests.desk import JSON, Desk

TODAY = "2026-03-25"


def resource(resource_id: str, **more: Any) -> JSON:  # noqa: ANN401 - any field
    """Write a resource."""
    return {"resource_id": resource_id, "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web", **more}


async def standing(desk: Desk, contract: str) -> list[tuple[str, str, str | None]]:
    """List what stands, or stood: id, first and last day."""
    items = (await desk.read(f"{contract}/resources"))["items"]
    return [(one["resource_id"], one["from_on"], one.get("to_on")) for one in items]


async def test_the_start_and_what_stands_then(desk: Desk) -> None:
    """A start in the future, before the contract, or with another's resource is none; the contract stays as it was."""
    first, second = await desk.contract(), await desk.contract("QPC-26-0106")
    ours, theirs = f"/v1/contracts/{first}", f"/v1/contracts/{second}"
    start = {"service_start_on": TODAY, "resources": [resource("vm-1"), resource("vm-2")]}
    started = await desk.do("provisioning", f"{ours}/service-start", start)
    assert (started["state"], started["billing_start_on"]) == ("active", TODAY)
    assert await standing(desk, ours) == [("vm-1", TODAY, None), ("vm-2", TODAY, None)]
    assert await desk.refused("provisioning", f"{ours}/service-start", start) == "5(1)"

    # the other contract: wrong days, wrong items, and a server that stands on ours
    path = f"{theirs}/service-start"
    wrong: list[tuple[JSON, str]] = [
        ({"service_start_on": "2026-03-26"}, "/service_start_on"),
        ({"service_start_on": TODAY, "billing_start_on": "2026-03-24"}, "/billing_start_on"),
        ({"service_start_on": TODAY, "resources": [resource("x", code="INIT")]}, "/resources/0/code"),
        ({"service_start_on": TODAY, "resources": [resource("x", from_on="2026-03-24")]}, "/resources/0/from_on"),
    ]
    for body, pointer in wrong:
        assert await desk.wrong("provisioning", path, body) == [pointer]
    assert await desk.refused("provisioning", path, {"service_start_on": "2026-03-24"}) == "9(1)"
    foreign = {"service_start_on": TODAY, "resources": [resource("vm-9"), resource("vm-2")]}
    assert await desk.refused("provisioning", path, foreign) == "3"
    assert await desk.refused("provisioning", f"{theirs}/resources", {"resources": [resource("vm-8")]}) == "5(1)"
    shown = await desk.read(theirs)
    assert (shown["state"], "service_start_on" in shown) == ("accepted", False)
    assert await standing(desk, theirs) == []

    # without it the start goes well: vm-9 was not taken by the attempt
    await desk.do("provisioning", path, {"service_start_on": TODAY, "resources": [resource("vm-9")]})
    assert await standing(desk, theirs) == [("vm-9", TODAY, None)]
    assert await desk.refused("provisioning", f"{theirs}/resources", {"resources": [resource("vm-1")]}) == "3"


async def test_what_comes_and_goes(desk: Desk) -> None:
    """Registered twice is registered once; a bigger item is another line; after the end nothing is added."""
    number = await desk.active()
    contract = f"/v1/contracts/{number}"
    path = f"{contract}/resources"
    await desk.until("2026-05-20T15:00:00+09:00")
    disk = resource("vol-1", code="VOL-STD", quantity=40, from_on="2026-04-10")
    for _ in range(2):
        await desk.do("provisioning", path, {"resources": [resource("vm-1"), disk]})
    assert await standing(desk, contract) == [("vm-1", "2026-05-20", None), ("vol-1", "2026-04-10", None)]

    # the same disk with another size, a day before charging, a day to come, no such item
    assert await desk.refused("provisioning", path, {"resources": [{**disk, "quantity": 41}]}) == "3"
    for from_on in ("2026-03-24", "2026-05-21"):
        body = {"resources": [resource("vm-2", from_on=from_on)]}
        assert await desk.wrong("provisioning", path, body) == ["/resources/0/from_on"]
    body = {"resources": [resource("vm-2"), resource("vm-3", code="VM-Z")]}
    assert await desk.wrong("provisioning", path, body) == ["/resources/1/code"]

    # the server gets a bigger item: one id, two lines, each with its days
    gone = f"{path}/vm-1/removal"
    assert (
        await desk.post("provisioning", f"{path}/vm-7/removal", {"code": "VM-S2", "to_on": TODAY})
    ).status_code == 404
    assert await desk.wrong("provisioning", gone, {"code": "VM-S2", "to_on": "2026-05-21"}) == ["/to_on"]
    assert await desk.refused("provisioning", gone, {"code": "VM-S2", "to_on": "2026-05-19"}) == "18(1)"
    removed = await desk.do("provisioning", gone, {"code": "VM-S2", "to_on": "2026-05-20"})
    assert (removed["to_on"], removed["left_over"]) == ("2026-05-20", False)
    await desk.do("provisioning", path, {"resources": [resource("vm-1", code="VM-M8")]})
    items = (await desk.read(path))["items"]
    assert [(one["resource_id"], one["code"]) for one in items] == [
        ("vm-1", "VM-S2"), ("vol-1", "VOL-STD"), ("vm-1", "VM-M8"),
    ]  # fmt: skip

    # 30 June: the contract ends; nothing more is registered, what was left over can still be recorded as gone
    notice = {"arrived_at": "2026-05-20T09:00:00+09:00", "form": "paper"}
    await desk.do("intake", f"{contract}/termination-notices", notice)
    await desk.until("2026-07-03T09:00:00+09:00")
    assert await desk.refused("provisioning", path, {"resources": [resource("vm-5")]}) == "18(1)"
    cleaned = await desk.do("provisioning", f"{path}/vol-1/removal", {"code": "VOL-STD", "to_on": "2026-07-02"})
    assert (cleaned["to_on"], cleaned["left_over"]) == ("2026-07-02", True)
