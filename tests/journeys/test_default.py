"""The ladder of dunning, step by step, until it is settled or the contract is rescinded (Art. 16, 17, 36)."""

from datetime import date

from sqlalchemy import select
from sqlmodel import col

from models.tables import OpenWorkflowRow
from tests.desk import Desk, OpenDesk
from tests.journeys.debtor import Debtor
from tests.journeys.test_month_close import does_not_hold

LADDER = ("first_reminder", "second_reminder", "suspension_warning", "suspension_started_notice", "formal_demand",
          "rescission_notice", "service_resumed_notice")  # fmt: skip


async def sent(desk: Desk) -> list[str]:
    """List the letters of the ladder in their order, each once though it goes by two channels."""
    return [*dict.fromkeys(each["slug"] for each in await desk.letters() if each["slug"] in LADDER)]


async def words_of(desk: Desk, slug: str) -> str:
    """Read the letter of its kind without blanks."""
    letter = (await desk.letters(slug=slug))[0]
    return "".join((await desk.text(letter["notice_no"])).split())


async def at_work(desk: Desk) -> list[str]:
    """List the workflows of defaults, suspensions and rescissions that have not closed."""
    kinds = col(OpenWorkflowRow.type).in_(("default", "suspension", "rescission"))
    query = select(col(OpenWorkflowRow.workflow_id)).where(kinds, col(OpenWorkflowRow.closed_at).is_(None))
    async with desk.office.readers() as session:
        return [*await session.scalars(query)]


async def test_from_the_due_day_to_the_rescission(open_desk: OpenDesk, database_url: str) -> None:
    """Due 15 April: each step on its day, nothing of law without people, the end with the letter's real arrival."""
    desk = await open_desk("2026-03-25T09:00+09:00", database_url=database_url)
    debtor = await Debtor.of(desk)
    assert (await debtor.state())["state"] == "none"
    await desk.until("2026-04-15T23:59:00+09:00")
    assert (await debtor.state())["state"] == "none"
    await desk.until("2026-04-16T09:00:00+09:00")
    assert (await debtor.state())["state"] == "overdue"
    await desk.until("2026-04-22T08:59:00+09:00")
    assert await sent(desk) == []
    await desk.until("2026-04-22T09:00:00+09:00")
    assert (await debtor.state())["state"] == "reminded"
    assert await sent(desk) == ["first_reminder"]
    await desk.until("2026-04-30T09:00:00+09:00")
    state = await debtor.state()
    assert (state["state"], state["step"]) == ("warned", "suspension")
    assert state["next"] == {"on": "2026-05-10", "action": "suspension", "article": "16(2)"}
    assert (await desk.read(debtor.path))["next_actions"] == [state["next"]]
    assert "2026年5月10日" in await words_of(desk, "suspension_warning")

    await desk.until("2026-05-10T08:59:00+09:00")
    assert await debtor.proposals("suspension") == []
    await debtor.until_suspended()
    assert (await debtor.state())["state"] == "suspended"
    assert (await desk.read(debtor.path))["state"] == "suspended"

    await desk.until("2026-05-25T08:59:00+09:00")
    assert "formal_demand" not in await sent(desk)
    await debtor.until_demanded()
    assert (await debtor.state())["state"] == "demanded"

    # 14 days after the 27th are over on 10 June; D + 60 is 14 June
    await desk.until("2026-06-14T08:59:00+09:00")
    assert await debtor.proposals("rescission") == []
    await desk.until("2026-06-14T09:00:00+09:00")
    proposal = await debtor.proposal("rescission")
    assert await debtor.decide(proposal, "dunning") == "open"
    assert await desk.refused("dunning-2", f"/v1/approvals/{proposal}/decisions", APPROVE) == "17(1)"
    assert await debtor.decide(proposal, "legal") == "approved"
    assert (await debtor.state())["state"] == "rescinding"
    letter = await debtor.posted("rescission_notice", "2026-06-14T09:00:00+09:00")
    await desk.until("2026-06-20T09:00:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "suspended"  # posted, but nobody knows that it arrived
    await debtor.delivered(letter, "2026-06-16T10:30:00+09:00")
    shown = await desk.read(debtor.path)
    assert (shown["state"], shown["ends_on"], shown["end_ground"]) == ("ended", "2026-06-16", "17(1)")
    assert shown["ended_at"] == "2026-06-16T10:30:00+09:00"
    assert (await debtor.state())["state"] == "rescinded"
    assert await sent(desk) == list(LADDER[:-1])
    actions = [each for each in await debtor.actions() if each in STEPS]
    assert actions == list(STEPS)
    assert await at_work(desk) == []  # what is rescinded has nothing to wait for
    assert await does_not_hold(desk) == []


APPROVE = {"decision": "approve", "reason": "確認済み"}
STEPS = ("default_opened", "suspension_proposed", "suspension_approved", "suspended", "service_shut",
         "rescission_proposed", "rescission_voted", "rescission_approved", "rescission_arrived", "ended")  # fmt: skip


async def test_paid_the_day_before_the_suspension(desk: Desk) -> None:
    """Payment in full ends the ladder: nothing is proposed any more."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-05-09T12:00:00+09:00")
    await debtor.pay(await debtor.owed(), date(2026, 5, 9))
    assert (await debtor.state())["state"] == "settled"
    states = {each["channel"]: each["state"] for each in await desk.letters(slug="second_reminder")}
    assert states == {"email": "arrived", "post": "withdrawn"}  # the copy in the tray is not posted any more
    await desk.until("2026-07-31")
    assert await debtor.proposals("suspension") == []
    assert (await desk.read(debtor.path))["state"] == "active"


async def test_suspended_and_paid(desk: Desk) -> None:
    """A payment before the decision withdraws the proposal; one after the suspension lets service resume at once."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-05-10T09:00:00+09:00")
    proposal = await debtor.proposal("suspension")
    assert await desk.refused("dunning", f"{debtor.path}/rescissions", {"ground": "17(1)", "reason": "x"}) == "17(1)"
    await debtor.pay(await debtor.owed(), date(2026, 5, 10))
    (approval,) = await debtor.proposals("suspension")
    assert (approval["approval_id"], approval["state"], approval["proposed_by"]) == (proposal, "withdrawn", "system")

    await desk.until("2026-06-01T10:00:00+09:00")
    await debtor.owe(20_000)  # due 15 June
    await desk.until("2026-07-10T09:00:00+09:00")
    await debtor.decide(await debtor.proposal("suspension"), "legal")
    assert (await desk.read(debtor.path))["state"] == "suspended"
    assert await desk.refused("dunning", f"{debtor.path}/resumptions", {"reason": "早く"}) == "16(3)"
    await desk.until("2026-07-12T09:00:00+09:00")
    await debtor.pay(await debtor.owed(), date(2026, 7, 12))
    assert (await desk.read(debtor.path))["state"] == "active"
    assert (await debtor.state())["state"] == "settled"
    assert (await sent(desk))[-1] == "service_resumed_notice"
    assert (await debtor.actions()).count("service_opened") == 1


async def test_part_payments_never_settle(desk: Desk) -> None:
    """The clock stays pinned to the first due day; each letter carries what is left, and its interest."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-04-25T09:00:00+09:00")
    await debtor.pay(40_000, date(2026, 4, 25))
    await desk.until("2026-04-30T09:00:00+09:00")
    state = await debtor.state()
    (debt,) = state["owed"]
    assert (state["state"], state["first_due_on"]) == ("warned", "2026-04-15")
    assert f"¥{debt['principal']:,}" in await words_of(desk, "suspension_warning")
    await debtor.until_demanded()
    await debtor.pay(40_000, date(2026, 5, 27))
    await desk.until("2026-06-14T09:00:00+09:00")
    assert (await debtor.state())["step"] == "review"
    proposal = await debtor.proposal("rescission")
    assert await debtor.decide(proposal, "legal") == "open"
    assert await debtor.decide(proposal, "dunning") == "approved"


async def test_a_promise_kept_and_one_broken(desk: Desk) -> None:
    """Up to the promised day nothing happens; the day after the ladder goes on where it stood."""
    debtor = await Debtor.of(desk)
    promise = {"kind": "promise", "until_on": "2026-05-20", "reason": "資金繰りのため"}
    assert await desk.refused("dunning", f"{debtor.path}/default/holds", promise) == "16(1)(1)"
    await desk.until("2026-04-28T10:00:00+09:00")
    assert await desk.wrong("dunning", f"{debtor.path}/default/holds", promise | {"until_on": "2026-04-27"}) == [
        "/until_on"
    ]
    await desk.do("dunning", f"{debtor.path}/default/holds", promise)
    await desk.settle()
    assert (await debtor.state())["state"] == "held"
    await desk.until("2026-05-21T08:59:00+09:00")
    assert await sent(desk) == ["first_reminder"]
    await desk.until("2026-05-21T09:00:00+09:00")  # broken: the second reminder announces a later day
    state = await debtor.state()
    assert (state["state"], state["holds"][0]["outcome"]) == ("warned", "over")
    assert state["next"]["on"] == "2026-05-28"
    assert "promise_broken" in await debtor.actions()

    await desk.do("dunning", f"{debtor.path}/default/holds", promise | {"until_on": "2026-06-10"})
    await desk.until("2026-06-10T09:00:00+09:00")
    assert await debtor.proposals("suspension") == []
    await debtor.pay(await debtor.owed(), date(2026, 6, 10))  # kept
    state = await debtor.state()
    assert (state["state"], [each["outcome"] for each in state["holds"]]) == ("settled", ["over", "kept"])
    assert (await debtor.actions()).count("promise_kept") == 1
    await desk.until("2026-07-10")
    assert await debtor.proposals("suspension") == []


async def test_no_act_of_law_on_a_held_case(desk: Desk) -> None:
    """A dispute placed after the proposal: whoever approves is refused, and nothing changes."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-05-10T09:00:00+09:00")
    proposal = await debtor.proposal("suspension")
    dispute = {"kind": "dispute", "until_on": "2026-05-20", "reason": "金額に異議"}
    await desk.do("legal", f"{debtor.path}/default/holds", dispute)
    assert await desk.refused("dunning", f"/v1/approvals/{proposal}/decisions", APPROVE) == "16(1)(1)"
    assert (await desk.read(debtor.path))["state"] == "active"
    await desk.until("2026-05-21T09:00:00+09:00")
    await debtor.decide(proposal, "dunning")
    assert (await desk.read(debtor.path))["state"] == "suspended"


async def test_refused_by_people_or_to_them(desk: Desk) -> None:
    """After a rejection the system proposes no more; a person does, and never decides itself."""
    debtor = await Debtor.of(desk)
    early = {"ground": "16(1)(1)", "scope": {"kind": "all"}, "from_on": "2026-05-12", "reason": "未払い"}
    await desk.until("2026-04-20T09:00:00+09:00")
    assert await desk.refused("dunning", f"{debtor.path}/suspensions", early) == "16(2)"
    await desk.until("2026-05-10T09:00:00+09:00")
    assert await debtor.decide(await debtor.proposal("suspension"), "dunning", "reject") == "rejected"
    await desk.until("2026-05-12T09:00:00+09:00")
    assert [each["state"] for each in await debtor.proposals("suspension")] == ["rejected"]

    other = early | {"ground": "16(1)(4)"}
    assert await desk.refused("dunning", f"{debtor.path}/suspensions", other) == "16(1)(4)"
    proposed = await desk.do("dunning", f"{debtor.path}/suspensions", early | {"from_on": "2026-05-15"})
    path = f"/v1/approvals/{proposed['approval_id']}/decisions"
    assert await desk.refused("dunning", path, APPROVE) == "16(1)(1)"
    assert await debtor.decide(proposed["approval_id"], "legal") == "approved"
    assert (await desk.read(debtor.path))["state"] == "active"
    await desk.until("2026-05-15T09:00:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "suspended"


async def test_paid_between_the_approval_and_the_first_day(desk: Desk) -> None:
    """What was approved for a later day falls with the payment; service never stops."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-05-11T09:00:00+09:00")
    await debtor.decide(await debtor.proposal("suspension"), "dunning", "reject")
    plan = {"ground": "16(1)(1)", "scope": {"kind": "all"}, "from_on": "2026-05-20", "reason": "未払い"}
    proposed = await desk.do("dunning", f"{debtor.path}/suspensions", plan)
    await debtor.decide(proposed["approval_id"], "legal")
    await desk.until("2026-05-19T09:00:00+09:00")
    await debtor.pay(await debtor.owed(), date(2026, 5, 19))
    await desk.until("2026-05-21T09:00:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "active"
    assert "suspended" not in await debtor.actions()


async def test_a_rescission_that_comes_back(desk: Desk) -> None:
    """Returned by the post it ends nothing; written anew and delivered it does."""
    debtor = await Debtor.of(desk)
    letter = await debtor.until_rescission_is_sent()
    await desk.until("2026-06-24T09:00:00+09:00")
    await debtor.delivered(letter, "2026-06-23T15:00:00+09:00", "returned")
    await desk.until("2026-07-10T09:00:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "suspended"
    await desk.do("legal", f"/v1/notices/{letter}/reissues", {"reason": "再送"})
    await desk.settle()
    again = await debtor.posted("rescission_notice", "2026-07-10T09:00:00+09:00")
    assert again != letter
    await desk.until("2026-07-14T09:00:00+09:00")
    await debtor.delivered(again, "2026-07-13T10:00:00+09:00")
    shown = await desk.read(debtor.path)
    assert (shown["state"], shown["ends_on"]) == ("ended", "2026-07-13")


async def test_a_payment_before_or_after_the_arrival(desk: Desk) -> None:
    """Paid while the letter was on its way: the day of its arrival decides, whenever it becomes known."""
    debtor = await Debtor.of(desk)
    letter = await debtor.until_rescission_is_sent()
    await desk.until("2026-06-16T12:00:00+09:00")
    await debtor.pay(await debtor.owed(), date(2026, 6, 16))
    assert (await debtor.state())["state"] == "settled"
    assert (await desk.read(debtor.path))["state"] == "active"
    assert len(await desk.tasks("rescission_in_doubt")) == 1
    await desk.until("2026-06-20T09:00:00+09:00")
    await debtor.delivered(letter, "2026-06-17T10:00:00+09:00")  # after the payment
    assert (await desk.read(debtor.path))["state"] == "active"
    assert len(await desk.tasks("rescission_in_doubt")) == 2


async def test_a_payment_after_the_arrival_revives_nothing(desk: Desk) -> None:
    """The letter had arrived the day before the money; the record of it came later."""
    debtor = await Debtor.of(desk)
    letter = await debtor.until_rescission_is_sent()
    await desk.until("2026-06-17T12:00:00+09:00")
    await debtor.pay(await debtor.owed(), date(2026, 6, 17))
    await desk.until("2026-06-20T09:00:00+09:00")
    await debtor.delivered(letter, "2026-06-16T10:00:00+09:00")
    shown = await desk.read(debtor.path)
    assert (shown["state"], shown["ends_on"]) == ("ended", "2026-06-16")


async def test_paid_before_the_letter_went_out(desk: Desk) -> None:
    """A letter that nobody has posted is taken back."""
    debtor = await Debtor.of(desk)
    await debtor.until_demanded()
    await desk.until("2026-06-14T09:00:00+09:00")
    proposal = await debtor.proposal("rescission")
    await debtor.decide(proposal, "dunning")
    await debtor.decide(proposal, "legal")
    await debtor.pay(await debtor.owed(), date(2026, 6, 14))
    (letter,) = await desk.letters(slug="rescission_notice")
    assert letter["state"] == "withdrawn"
    assert (await desk.read(debtor.path))["state"] == "active"
    assert "rescission_withdrawn" in await debtor.actions()


async def test_notice_given_while_suspended(desk: Desk) -> None:
    """18(1) holds for a suspended contract too; with its end the suspension and what was proposed are over."""
    debtor = await Debtor.of(desk)
    await debtor.until_suspended()
    await desk.until("2026-05-20T15:00:00+09:00")
    notice = {"arrived_at": "2026-05-20T14:00:00+09:00", "form": "paper"}
    told = await desk.do("intake", f"{debtor.path}/termination-notices", notice)
    assert told["ends_on"] == "2026-06-30"
    await debtor.until_demanded()
    await desk.until("2026-06-14T09:00:00+09:00")
    proposal = await debtor.proposal("rescission")
    await desk.until("2026-07-01T09:00:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "ended"
    first, again = await debtor.proposals("rescission")
    assert (first["approval_id"], first["state"]) == (proposal, "expired")  # and made anew by the ladder
    assert again["state"] == "withdrawn"
    assert "service_opened" not in await debtor.actions()  # what has ended stays shut
    assert (await debtor.state())["step"] == "review"
    assert len(await desk.tasks("arrears_after_the_end")) == 1


async def test_the_last_invoice_of_a_leaver(desk: Desk) -> None:
    """A contract that has ended climbs what is left: reminders, demand, a task for legal; nothing to suspend."""
    debtor = await Debtor.of(desk)
    notice = {"arrived_at": "2026-04-01T10:00:00+09:00", "form": "paper"}
    await desk.do("intake", f"{debtor.path}/termination-notices", notice)  # ends 31 May
    await desk.until("2026-05-09T12:00:00+09:00")
    await debtor.pay(await debtor.owed(), date(2026, 5, 9))
    await desk.until("2026-06-01T10:00:00+09:00")
    await debtor.owe(30_000)  # due 15 June
    await desk.until("2026-06-30T09:00:00+09:00")
    assert (await debtor.state())["state"] == "reminded"
    await desk.until("2026-07-25T09:00:00+09:00")
    assert (await debtor.state())["state"] == "demanded"
    letter = await debtor.posted("formal_demand", "2026-07-25T09:00:00+09:00")
    await desk.until("2026-07-29T09:00:00+09:00")
    await debtor.delivered(letter, "2026-07-28T09:00:00+09:00")
    await desk.until("2026-08-20")
    assert [each["act"] for each in await debtor.proposals("suspension") + await debtor.proposals("rescission")] == []
    assert len(await desk.tasks("arrears_after_the_end")) == 1
    suspend = {"ground": "16(1)(1)", "scope": {"kind": "all"}, "from_on": "2026-08-20", "reason": "未払い"}
    assert await desk.refused("dunning", f"{debtor.path}/suspensions", suspend) == "16(1)"


async def test_a_reversal_opens_the_debt_anew(desk: Desk) -> None:
    """Settled by money that the bank took back: a second default of the same due day, with the steps long due."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-05-09T12:00:00+09:00")
    paid = await debtor.owed()
    await debtor.pay(paid, date(2026, 5, 9))
    assert (await debtor.state())["state"] == "settled"
    await desk.until("2026-05-12T12:00:00+09:00")
    await debtor.take_back(paid, date(2026, 5, 9), on=date(2026, 5, 12))
    await desk.until("2026-05-13T09:00:00+09:00")
    state = await debtor.state()
    assert (state["state"], state["first_due_on"]) == ("warned", "2026-04-15")
    assert state["next"]["on"] == "2026-05-19"  # announced anew on the 12th, seven days ahead
    assert await sent(desk) == list(LADDER[:3])
    assert len(await desk.letters(slug="first_reminder")) == 1  # left out where the second one is due as well
    cases = [each for each in await desk.timeline(debtor.number) if each["action"] == "default_opened"]
    assert [each["basis"]["n"] for each in cases] == [1, 2]


async def test_a_dispute_blocks_the_deletion(desk: Desk) -> None:
    """What is disputed is an open case: nothing is deleted before the hold is over; the debt alone blocks nothing."""
    debtor = await Debtor.of(desk)
    notice = {"arrived_at": "2026-04-01T10:00:00+09:00", "form": "paper"}
    await desk.do("intake", f"{debtor.path}/termination-notices", notice)  # ends 31 May, data go on 30 June
    await desk.until("2026-06-20T10:00:00+09:00")
    dispute = {"kind": "dispute", "until_on": "2026-07-10", "reason": "金額に異議"}
    await desk.do("legal", f"{debtor.path}/default/holds", dispute)
    await desk.until("2026-07-01T10:00:00+09:00")
    blocked = await desk.read(f"{debtor.path}/deletion")
    assert blocked["state"] == "blocked"
    assert blocked["blocked_by"] == [{"kind": "dispute", "no": "2026-04-15/1"}]
    await desk.until("2026-07-11T10:00:00+09:00")
    assert (await desk.read(f"{debtor.path}/deletion"))["state"] == "retained"
    assert (await desk.read(debtor.path))["state"] == "ended"
