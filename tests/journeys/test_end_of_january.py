"""Notices of termination at the turn of January and February, the reminders, and the end at 24:00 (Art. 18(1), 38)."""

from terms.periods import day_of
from tests.desk import JSON, Desk, OpenDesk

SERVER = {"resource_id": "vm-1", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}
DISK = {"resource_id": "vol-1", "code": "VOL-STD", "quantity": 90, "zone": "fukuoka-1", "name": "web-sys"}

# Day 1 is the day after the arrival; a month from 29, 30 or 31 January runs out with February, so its 28th is the end.
ARRIVALS = {
    "2027-01-28": ("2027-02-28", "2027-02-28"),
    "2027-01-29": ("2027-02-28", "2027-02-28"),
    "2027-01-30": ("2027-02-28", "2027-02-28"),
    "2027-01-31": ("2027-02-28", "2027-02-28"),
    "2027-02-01": ("2027-03-01", "2027-03-31"),
}


async def test_five_notices(open_desk: OpenDesk) -> None:
    """Four arrive in time for the end of February, one a day too late; each is reminded and ended on its own day."""
    # Monday, 25 January 2027: five contracts are in force
    desk = await open_desk("2027-01-25T09:00+09:00")
    contracts = {day: await desk.active(external_ref=f"T{day}") for day in ARRIVALS}
    for day, number in contracts.items():
        here = [{**one, "resource_id": f"{one['resource_id']}-{day}"} for one in (SERVER, DISK)]
        await desk.do("provisioning", f"/v1/contracts/{number}/resources", {"resources": here})

    # 28 January to 1 February: one notice a day
    for day, (runs_out_on, ends_on) in ARRIVALS.items():
        await desk.until(f"{day}T18:00:00+09:00")
        told = await give_notice(desk, contracts[day], f"{day}T17:30:00+09:00")
        assert (told["arrived_on"], told["runs_out_on"], told["ends_on"]) == (day, runs_out_on, ends_on)
        shown = await desk.read(f"/v1/contracts/{contracts[day]}")
        assert (shown["state"], shown["ends_on"]) == ("active", ends_on)
        assert shown["next_actions"] == [{"on": ends_on, "action": "end", "article": "18(1)"}]

    # February: the customer of the 30th deletes everything, that of the 31st only its server, after the first reminder
    await remove(desk, contracts["2027-01-30"], "vm-1-2027-01-30", "vol-1-2027-01-30")
    await desk.until("2027-02-20T12:00:00+09:00")
    await remove(desk, contracts["2027-01-31"], "vm-1-2027-01-31")

    # 28 February, a minute before 24:00: still in force; at 24:00: over
    await desk.until("2027-02-28T23:59:00+09:00")
    assert {(await desk.read(f"/v1/contracts/{n}"))["state"] for n in contracts.values()} == {"active"}
    await desk.until("2027-03-01")
    states = {day: (await desk.read(f"/v1/contracts/{number}"))["state"] for day, number in contracts.items()}
    assert states == dict.fromkeys(ARRIVALS, "ended") | {"2027-02-01": "active"}
    await desk.until("2027-04-01")

    for day, (_, ends_on) in ARRIVALS.items():
        shown = await desk.read(f"/v1/contracts/{contracts[day]}")
        assert (shown["ended_at"], shown["end_ground"]) == (
            {"2027-02-28": "2027-03-01", "2027-03-31": "2027-04-01"}[ends_on] + "T00:00:00+09:00",
            "18(1)",
        )
    await what_was_left(desk, contracts)
    await how_they_were_reminded(desk, contracts)


async def give_notice(desk: Desk, contract_no: str, arrived_at: str) -> JSON:
    """Hand in a notice on paper."""
    notice = {"arrived_at": arrived_at, "form": "paper"}
    return await desk.do("intake", f"/v1/contracts/{contract_no}/termination-notices", notice)


async def remove(desk: Desk, contract_no: str, *resource_ids: str) -> None:
    """Record that resources are gone today."""
    today = str(day_of(await desk.office.clock.now()))
    for resource_id in resource_ids:
        code = "VM-S2" if resource_id.startswith("vm") else "VOL-STD"
        body = {"code": code, "to_on": today}
        await desk.do("provisioning", f"/v1/contracts/{contract_no}/resources/{resource_id}/removal", body)


async def what_was_left(desk: Desk, contracts: dict[str, str]) -> None:
    """At 24:00 the inventory is taken: what still stands is marked, what was deleted is not."""
    left = {}
    for day, number in contracts.items():
        items = (await desk.read(f"/v1/contracts/{number}/resources"))["items"]
        left[day] = [one["code"] for one in items if one["left_over"]]
    all_of_it = {day: ["VM-S2", "VOL-STD"] for day in ARRIVALS}
    assert left == all_of_it | {"2027-01-30": [], "2027-01-31": ["VOL-STD"]}


async def how_they_were_reminded(desk: Desk, contracts: dict[str, str]) -> None:
    """14, 7 and 1 days before the end at 9:00; whoever has nothing left hears nothing."""
    before = {
        "2027-02-28": ["2027-02-14", "2027-02-21", "2027-02-27"],
        "2027-03-31": ["2027-03-17", "2027-03-24", "2027-03-30"],
    }
    for day, (_, ends_on) in ARRIVALS.items():
        reminders = await desk.letters(contract_no=contracts[day], slug="resource_deletion_reminder")
        sent = [one["dispatched_at"][:16] for one in reminders]
        expected = [] if day == "2027-01-30" else [f"{each}T09:00" for each in before[ends_on]]
        assert sent == expected, day
        assert {one["article"] for one in reminders} <= {"18(1)"}
    first, *_, last = await desk.letters(contract_no=contracts["2027-01-31"], slug="resource_deletion_reminder")
    assert [name in await desk.text(first["notice_no"]) for name in ("vm-1", "vol-1")] == [True, True]
    assert [name in await desk.text(last["notice_no"]) for name in ("vm-1", "vol-1")] == [False, True]
