"""From the end to the erasure: data deleted, closed, kept for ten years, erased (Art. 34, 38, 44(6))."""

import time

from tests.desk import Desk
from tests.journeys.leaving import GATEWAY, a_leaver, bill_the_rest, pay_all
from tests.journeys.test_month_close import does_not_hold


async def test_twelve_years_to_the_erasure(desk: Desk) -> None:
    """Data go thirty days after the end, the paid contract is closed, and ten years later nothing names anybody."""
    begun = time.monotonic()
    number = await a_leaver(desk, GATEWAY)
    contract = f"/v1/contracts/{number}"
    await bill_the_rest(desk)
    assert await pay_all(desk, number, day="0604") > 0

    # 29 June, 24:00: grace is over ten minutes later
    before = await desk.read(f"{contract}/deletion")
    assert (before["state"], before["delete_from_on"], before["certificates"]) == ("grace", "2026-06-30", [])
    await desk.until("2026-06-30T00:09:00+09:00")
    assert (await desk.read(f"{contract}/deletion"))["state"] == "grace"
    await desk.until("2026-06-30T00:11:00+09:00")
    after = await desk.read(f"{contract}/deletion")
    assert (after["state"], after["erasable_from_on"]) == ("retained", "2037-04-01")
    (data,) = after["certificates"]
    letter = await desk.letter("data_erasure_certificate", contract_no=number)
    assert (data["kind"], data["notice_no"]) == ("data", letter["notice_no"])
    assert [each["resource_id"] for each in data["items"]] == [number, "gw-1"]
    assert "Purge" in await desk.text(letter["notice_no"])
    shown = await desk.read(contract)
    assert shown["state"] == "closed"
    assert shown["next_actions"] == [{"on": "2037-04-01", "action": "erasure", "article": "44(6)"}]

    # 31 March 2037: the last day of retention
    await desk.until("2037-03-31T23:00:00+09:00")
    assert (await desk.read(contract))["state"] == "closed"
    await desk.until("2038-03-25T09:00:00+09:00")
    shown = await desk.read(contract)
    assert (shown["state"], shown["customer_name"], shown["next_actions"]) == ("erased", "(消去済)", [])
    erased = await desk.read(f"{contract}/deletion")
    assert erased["state"] == "erased"
    assert [each["kind"] for each in erased["certificates"]] == ["data", "personal"]
    assert erased["certificates"][1]["at"].startswith("2037-04-01T00:1")
    actions = [each["action"] for each in await desk.timeline(number)]
    assert actions[-2:] == ["erased", "personal_data_erased"]
    assert actions.index("data_deleted") < actions.index("closed")
    assert await does_not_hold(desk) == []
    assert time.monotonic() - begun < 60
