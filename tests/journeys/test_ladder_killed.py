"""Workers killed with -9 at each await point of the ladder, from the first overdue day to the rescission."""

from collections import Counter

import pytest

from activities import relay
from service.simulation import world
from tests.desk import Desk, OpenDesk
from tests.journeys.debtor import Debtor
from tests.journeys.recorded import histories, kind
from tests.journeys.test_month_close import does_not_hold
from tests.mortal import SPARED, TASK, Deaths, mortals

Point = tuple[str, str, str]


async def points(desk: Desk) -> set[Point]:
    """Find in the server's histories the activities that the ladder's workflows have asked for."""
    return {
        (history.workflow_id, history.run_id, event.activity_task_scheduled_event_attributes.activity_id)
        for history in await histories(desk)
        if kind(history) not in SPARED
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    }


@pytest.mark.timeout(600)
async def test_the_ladder_ends_the_same(open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each activity the worker's process is killed, once, before its work or after it: each letter goes out once."""
    monkeypatch.setattr(relay, "TASK_PATIENCE", TASK)
    monkeypatch.setattr(world, "PAUSE", 0.1)  # while nobody is alive there is little to see
    open_desk.staff = mortals
    desk = await open_desk("2026-03-25T09:00+09:00")
    desk.patient = True
    deaths = Deaths(desk.premises.settings.data_dir)
    debtor = await Debtor.of(desk)
    earlier = await points(desk)
    deaths.arm()
    await desk.until("2026-05-10T09:10:00+09:00")
    await debtor.decide(await debtor.proposal("suspension"), "dunning")
    await desk.until("2026-05-25T09:10:00+09:00")
    demand = await debtor.posted("formal_demand", "2026-05-25T09:05:00+09:00")
    await desk.until("2026-05-27T15:00:00+09:00")
    await debtor.delivered(demand, "2026-05-27T11:00:00+09:00")
    await desk.until("2026-06-14T09:10:00+09:00")
    proposal = await debtor.proposal("rescission")
    await debtor.decide(proposal, "dunning")
    await debtor.decide(proposal, "legal")
    await desk.until("2026-06-14T09:20:00+09:00")
    letter = await debtor.posted("rescission_notice", "2026-06-14T09:15:00+09:00")
    await desk.until("2026-06-17T09:00:00+09:00")
    await debtor.delivered(letter, "2026-06-16T10:30:00+09:00")
    await desk.until("2026-06-18T09:00:00+09:00")
    deaths.disarm()

    shown = await desk.read(debtor.path)
    assert (shown["state"], shown["ends_on"]) == ("ended", "2026-06-16")
    assert (await debtor.state())["state"] == "rescinded"
    slugs = Counter((each["slug"], each["channel"]) for each in await desk.letters())
    assert {times for (slug, _), times in slugs.items() if slug != "surcharge_invoice"} == {1}
    actions = Counter(await debtor.actions())
    assert {actions[name] for name in ("default_opened", "suspended", "service_shut", "rescission_approved",
                                       "rescission_arrived", "ended")} == {1}  # fmt: skip
    mails = {(each["message_id"], each["sha256"]) for each in desk.mails()}  # a repetition is the same mail
    assert len(mails) == len([each for each in await desk.letters() if each["channel"] == "email"])
    assert await does_not_hold(desk) == []
    died = Counter(each.point for each in deaths.all())
    assert {*died.values()} == {1}
    assert {each.point for each in deaths.all() if each.workflow not in SPARED} == await points(desk) - earlier
    assert len(died) > 80
