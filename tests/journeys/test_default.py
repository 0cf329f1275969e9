"""The ladder of dunning, step by step, until it is settled or the contract is rescinded (Art. 16, 17, 36)."""

from datetime import date

from tests.desk import Desk
from tests.journeys.debtor import Debtor


async def slugs(desk: Desk) -> list[str]:
    """List the letters of the ladder in their order."""
    ladder = ("first_reminder", "second_reminder", "suspension_warning", "suspension_started_notice",
              "formal_demand", "rescission_notice", "service_resumed_notice")  # fmt: skip
    return [each["slug"] for each in await desk.letters() if each["slug"] in ladder]


async def test_from_the_due_day_to_the_rescission(desk: Desk) -> None:
    """Due 15 April: each step on its day, nothing of law without people, the end on the day of real arrival."""
    debtor = await Debtor.of(desk)
    assert (await debtor.state())["state"] == "none"
    await desk.until("2026-04-16T09:00:00+09:00")
    assert (await debtor.state())["state"] == "overdue"
    await desk.until("2026-04-22T09:00:00+09:00")
    assert (await debtor.state())["state"] == "reminded"
    assert await slugs(desk) == ["first_reminder"]
    await desk.until("2026-04-30T09:00:00+09:00")
    state = await debtor.state()
    assert (state["state"], state["step"]) == ("warned", "suspension")
    assert state["next"]["on"] == "2026-05-10"
    print(state, await desk.letters())
    await desk.until("2026-05-10T09:00:00+09:00")
    proposal = await debtor.proposal("suspension")
    await debtor.decide(proposal, "dunning")
    assert (await debtor.state())["state"] == "suspended"
    assert (await desk.read(debtor.path))["state"] == "suspended"
    await desk.until("2026-05-25T09:00:00+09:00")
    assert (await debtor.state())["state"] == "demanded"
    demand = await debtor.posted("formal_demand", "2026-05-25T09:00:00+09:00")
    await desk.until("2026-05-27T15:00:00+09:00")
    await debtor.delivered(demand, "2026-05-27T11:00:00+09:00")
    await desk.until("2026-06-14T09:00:00+09:00")
    proposal = await debtor.proposal("rescission")
    assert await debtor.decide(proposal, "dunning") == "open"
    assert await debtor.decide(proposal, "legal") == "approved"
    assert (await debtor.state())["state"] == "rescinding"
    letter = await debtor.posted("rescission_notice", "2026-06-14T09:00:00+09:00")
    await desk.until("2026-06-20T09:00:00+09:00")
    await debtor.delivered(letter, "2026-06-16T10:30:00+09:00")
    shown = await desk.read(debtor.path)
    assert (shown["state"], shown["ends_on"], shown["end_ground"]) == ("ended", "2026-06-16", "17(1)")
    assert shown["ended_at"] == "2026-06-16T10:30:00+09:00"
    assert (await debtor.state())["state"] == "rescinded"


async def test_paid_the_day_before_the_suspension(desk: Desk) -> None:
    """Payment in full ends the ladder: nothing is proposed any more."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-05-09T12:00:00+09:00")
    await debtor.pay(await debtor.owed(), date(2026, 5, 9))
    assert (await debtor.state())["state"] == "settled"
    await desk.until("2026-07-31")
    assert await debtor.proposals("suspension") == []
    assert (await desk.read(debtor.path))["state"] == "active"
