"""An office that closes in the middle of its work goes on where it was, and ends as if nothing had happened."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from tests.desk import JSON, Desk, OpenDesk, form

Pause = Callable[[Desk], Awaitable[Desk]]
SERVER = {"resource_id": "vm-1", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}


async def a_minute(desk: Desk) -> None:
    """Let a minute pass: a step whose answer was lost when the office closed is taken again after a second or more."""
    await desk.until(await desk.office.clock.now() + timedelta(minutes=1))


async def a_life(desk: Desk, pause: Pause) -> tuple[Desk, str]:
    """Play a contract from its form to its end; wherever something is under way, the office may close and open again.

    Gives the office as it is in the end, and the contract's number.
    """
    # filed and decided: letter and contract are still to be made when the answer is given
    filed = (await desk.post("intake", "/v1/applications", form(), key="filing")).json()
    await desk.settle()
    application = f"/v1/applications/{filed['application_no']}"
    accept = {"decision": "accept", "reason": "審査済み"}
    decided = await desk.post("reviewer", f"{application}/decisions", accept, key="decision")
    assert decided.status_code == 200, decided.text
    desk = await pause(desk)
    await a_minute(desk)
    number: str = (await desk.read(application))["contract_no"]
    contract = f"/v1/contracts/{number}"

    # started; a paper notice arrives; between its reminders days pass
    start = {"service_start_on": "2026-03-25", "resources": [SERVER]}
    await desk.post("provisioning", f"{contract}/service-start", start, key="start")
    await desk.until("2026-05-20T15:00:00+09:00")
    notice = {"arrived_at": "2026-05-20T14:05:00+09:00", "form": "paper"}
    given = await desk.post("intake", f"{contract}/termination-notices", notice, key="notice")
    assert given.status_code == 201, given.text
    await desk.settle()
    desk = await pause(desk)
    await desk.until("2026-06-20T12:00:00+09:00")
    desk = await pause(desk)

    # who was told before the office closed is told the same afterwards
    again = await desk.post("intake", f"{contract}/termination-notices", notice, key="notice")
    assert (again.status_code, again.content) == (201, given.content)
    again = await desk.post("intake", "/v1/applications", form(), key="filing")
    assert (again.status_code, again.json()) == (201, filed)
    await desk.until("2026-07-01T00:01:00+09:00")
    return desk, number


async def told(desk: Desk, number: str) -> tuple[JSON, list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Tell a life in days and minutes: the contract, its timeline, its letters."""
    contract = await desk.read(f"/v1/contracts/{number}")
    contract.pop("formed_at")  # the real clock runs on between two commands
    timeline = [
        (each["action"], each["article"], each["actor"], each["at"][:10]) for each in await desk.timeline(number)
    ]
    letters = [
        (each["slug"], each["state"], each["channel"], each.get("dispatched_at", "")[:10])
        for each in await desk.letters()
    ]
    return contract, sorted(timeline), letters


async def test_a_life_with_closing_times(open_desk: OpenDesk) -> None:
    """Three times closed, once in the middle of a command, twice while waiting: the same dates, letters, audit rows."""

    async def never(desk: Desk) -> Desk:
        return desk

    plain, number = await a_life(await open_desk("2026-03-25T09:00+09:00"), never)
    expected = await told(plain, number)
    paused, number = await a_life(await open_desk("2026-03-25T09:00+09:00"), open_desk.again)
    assert await told(paused, number) == expected
    assert expected[0]["ended_at"] == "2026-07-01T00:00:00+09:00"

    # every letter was taken in; one that was being sent when the office closed may come again, as the same bytes
    by_id: dict[str, set[str]] = {}
    for mail in paused.mails():
        by_id.setdefault(mail["message_id"], set()).add(mail["sha256"])
    assert by_id.keys() == {one["message_id"] for one in await paused.letters() if one["channel"] == "email"}
    assert {len(each) for each in by_id.values()} == {1}
    slugs = Counter(one["slug"] for one in await paused.letters())
    assert slugs == Counter(
        application_received_notice=1, acceptance_notice=1, service_start_notice=1, cancellation_receipt=1,
        resource_deletion_reminder=3, contract_end_notice=1, restoration_request=2,
    )  # fmt: skip


async def test_an_office_at_rest_sends_nothing_twice(open_desk: OpenDesk) -> None:
    """Closed overnight with all its work done: in the morning every letter has gone out exactly once."""
    desk = await open_desk("2026-03-25T09:00+09:00")
    number = await desk.active()
    before = desk.mails()
    desk = await open_desk.again(desk)
    await desk.settle()
    assert desk.mails() == before
    assert len({mail["message_id"] for mail in before}) == len(before) == 3
    assert (await desk.read(f"/v1/contracts/{number}"))["state"] == "active"
    await desk.until("2026-04-26")
    assert desk.mails() == before
