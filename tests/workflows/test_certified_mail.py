"""Letters of certified content from the tray to their arrival, and the reminder that goes two ways (Art. 17(3), 42).

Whoever waits for a letter is played by a workflow that notes down what it is told.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from pydantic import JsonValue
from temporalio import workflow
from temporalio.client import WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.letters import expected_on, queue_letter, withdraw
from activities.notice import Notices
from models.messages.notice import LetterMoved, PaperDispatch, PaperDispatchOrder
from models.messages.office import LetterOrder, Origin
from terms.citation import Refused
from tests.activities.ladder_letters import LADDER
from tests.desk import JSON, Desk, OpenDesk

POSTED = "2026-03-25T16:00:00+09:00"
CERTIFIED = {"method": "certified", "tracking_no": "123-45-67890-1", "dispatched_at": POSTED}


@workflow.defn(name="waiter")
class Waiter:
    """Notes down what it is told of letters."""

    def __init__(self) -> None:
        self.told: list[LetterMoved] = []

    @workflow.run
    async def run(self) -> None:
        """Wait for ever."""
        await workflow.wait_condition(lambda: False)

    @workflow.signal
    def letter_moved(self, moved: LetterMoved) -> None:
        """Note it down."""
        self.told.append(moved)

    @workflow.query
    def all_told(self) -> list[LetterMoved]:
        """Tell what there was so far."""
        return self.told


@asynccontextmanager
async def waiting(desk: Desk, contract_no: str) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    """Have a workflow wait under the id of a ladder."""
    queue = uuid4().hex
    runner = UnsandboxedWorkflowRunner()
    async with Worker(desk.office.client, task_queue=queue, workflows=[Waiter], workflow_runner=runner):
        handle = await desk.office.client.start_workflow(
            Waiter.run, id=f"default/{contract_no}/2026-07-31/1", task_queue=queue
        )
        yield handle
        await handle.terminate()


async def told(handle: WorkflowHandle[Any, Any]) -> list[tuple[str, str, str]]:
    """Ask what the one who waits has heard: letter, state, channel."""
    found = await handle.query(Waiter.all_told)
    return [(one.slug, one.state, one.channel) for one in found]


async def order(
    desk: Desk, contract_no: str, slug: str, facts: dict[str, JsonValue] | None = None, origin: str | None = None
) -> JSON:
    """Order a letter of the ladder, a fact of None left out; gives it as it waits."""
    stated: dict[str, JsonValue] = {
        key: value for key, value in {**LADDER[slug], **(facts or {})}.items() if value is not None
    }
    contract = await desk.read(f"/v1/contracts/{contract_no}")
    async with desk.office.sessions.begin() as session:
        number = await queue_letter(
            session,
            desk.office,
            LetterOrder(slug=slug, facts=stated, origin=origin),
            key=uuid4().hex,
            as_of=await desk.office.clock.now(),
            application_no=contract["application_no"],
            contract_no=contract_no,
        )
    await desk.office.wake()
    await desk.settle()
    return await desk.read(f"/v1/notices/{number}")


async def post(desk: Desk, letter: JSON, body: JSON = CERTIFIED) -> JSON:
    """Take a letter to the post office."""
    found = await desk.do("support", f"/v1/notices/{letter['notice_no']}/dispatches", body)
    await desk.settle()
    return found


async def learn(desk: Desk, letter: JSON, outcome: str, at: str, role: str = "support") -> JSON:
    """Record what the post told."""
    body = {"outcome": outcome, "at": at, "proof": "配達証明 123-45-67890-1"}
    found = await desk.do(role, f"/v1/notices/{letter['notice_no']}/deliveries", body)
    await desk.settle()
    return found


async def state(desk: Desk, letter: JSON) -> tuple[str, str | None, str | None]:
    """Read where a letter stands: its state, its arrival and why."""
    found = await desk.read(f"/v1/notices/{letter['notice_no']}")
    return found["state"], found.get("arrived_at"), found.get("basis")


async def test_a_rescission_arrives_by_evidence_alone(open_desk: OpenDesk) -> None:
    """Posted as certified mail only; delivered or refused it arrives, silent it never does, returned legal decides."""
    desk = await open_desk("2026-03-25T16:00+09:00")
    number = await desk.contract()
    async with waiting(desk, number) as ladder:
        letters = [await order(desk, number, "rescission_notice", origin=ladder.id) for _ in range(4)]
        delivered, refused, returned, silent = letters
        assert {(one["channel"], one["state"], one["article"]) for one in letters} == {("certified", "queued", "17(3)")}

        # to the registered office, attention of the representative; three copies with seals, nothing enclosed
        words = (await desk.text(delivered["notice_no"])).replace(" ", "").replace("\u3000", "")
        assert "代表取締役" in words
        assert "解除は、本書面が到達した時に効" in words
        assert "3通" in (await desk.tasks("post_letter"))[0]["detail"]
        assert "単独の封書" in (await desk.tasks("post_letter"))[0]["detail"]

        # by no other method: only this one proves content and delivery
        path = f"/v1/notices/{delivered['notice_no']}/dispatches"
        for method in ("post", "registered", "hand", "e-signature"):
            assert await desk.refused("support", path, {**CERTIFIED, "method": method}) == "17(3)"
        for letter in letters:
            assert (await post(desk, letter))["state"] == "dispatched"
        assert not await desk.tasks("post_letter", state="open")
        assert await told(ladder) == [("rescission_notice", "dispatched", "certified")] * 4

        # two days later they would normally have arrived: a rescission has not
        await desk.until("2026-03-28T12:00:00+09:00")
        assert {await state(desk, one) for one in letters} == {("dispatched", None, None)}
        answer = await learn(desk, delivered, "delivered", "2026-03-28T10:15:00+09:00")
        assert (answer["state"], answer["arrived_at"]) == ("arrived", "2026-03-28T10:15:00+09:00")
        await learn(desk, refused, "refused", "2026-03-28T11:00:00+09:00")
        assert await state(desk, delivered) == ("arrived", "2026-03-28T10:15:00+09:00", "delivery")
        assert await state(desk, refused) == ("arrived", "2026-03-28T11:00:00+09:00", "refusal")
        assert (await told(ladder))[4:] == [("rescission_notice", "arrived", "certified")] * 2

        # eight days after the posting somebody traces those of which nothing is known
        await desk.until("2026-04-02T12:00:00+09:00")
        lost = {task["notice_no"] for task in await desk.tasks("no_delivery_record")}
        assert lost == {returned["notice_no"], silent["notice_no"]}
        answer = await learn(desk, returned, "returned", "2026-04-02T09:00:00+09:00")
        assert answer["state"] == "undeliverable"
        assert await state(desk, returned) == ("undeliverable", None, "no_arrival")
        assert (await told(ladder))[6:] == [("rescission_notice", "undeliverable", "certified")]
        (task,) = await desk.tasks("letter_undeliverable")
        assert (task["role"], task["article"], task["notice_no"]) == ("legal", "17(3)", returned["notice_no"])
        assert not await desk.tasks("contact_wrong")
        await _after_the_return(desk, returned, ladder)

        # of the last nothing is ever heard: no time makes it arrive
        await desk.until("2027-03-25")
        assert await state(desk, silent) == ("dispatched", None, None)


async def _after_the_return(desk: Desk, letter: JSON, ladder: WorkflowHandle[Any, Any]) -> None:
    """It is sent again under a new number; then legal finds that the first was refused (民97(2))."""
    path = f"/v1/notices/{letter['notice_no']}"
    again = await desk.do("legal", f"{path}/reissues", {"reason": "再送"})
    assert (again["channel"], again["replaces"]) == ("certified", letter["notice_no"])
    await desk.settle()
    assert await state(desk, letter) == ("undeliverable", None, "no_arrival")

    found = {"outcome": "refused", "at": "2026-03-27T13:00:00+09:00", "proof": "受領拒絶の付箋"}
    assert (await desk.post("support", f"{path}/deliveries", found)).status_code == 403
    answer = await desk.do("legal", f"{path}/deliveries", found)
    assert (answer["state"], answer["basis"], answer["deemed"]) == ("arrived", "refusal", True)
    await desk.settle()
    assert (await told(ladder))[-1] == ("rescission_notice", "arrived", "certified")


async def test_a_demand_arrives_by_record_or_at_the_normal_time(open_desk: OpenDesk) -> None:
    """The record counts for as long as the post keeps a letter, then the normal time; one that came back never."""
    desk = await open_desk("2026-03-25T16:00+09:00")
    number = await desk.contract()
    assert expected_on(desk.office, "certified", await desk.office.clock.now()).isoformat() == "2026-03-27"
    async with waiting(desk, number) as ladder:
        late, silent, returned = [await order(desk, number, "formal_demand", origin=ladder.id) for _ in range(3)]
        for letter in (late, silent, returned):
            await post(desk, letter)

        # the normal time passes, the card comes later: its time counts
        await desk.until("2026-03-30T12:00:00+09:00")
        assert {await state(desk, one) for one in (late, silent)} == {("dispatched", None, None)}
        await learn(desk, late, "delivered", "2026-03-30T11:00:00+09:00")
        assert await state(desk, late) == ("arrived", "2026-03-30T11:00:00+09:00", "delivery")
        await learn(desk, returned, "returned", "2026-03-30T11:30:00+09:00")
        assert await state(desk, returned) == ("undeliverable", None, "no_arrival")
        assert [task["notice_no"] for task in await desk.tasks("contact_wrong")] == [returned["notice_no"]]

        # without a card the normal time counts, once the post would have sent the letter back
        await desk.until("2026-04-01T23:59:00+09:00")
        assert await state(desk, silent) == ("dispatched", None, None)
        await desk.until("2026-04-02T00:01:00+09:00")
        assert await state(desk, silent) == ("arrived", "2026-03-27T00:00:00+09:00", "normal_time")
        moves = [(one, where) for _, one, where in await told(ladder)]
        assert moves == [
            *[("dispatched", "certified")] * 3,
            ("arrived", "certified"),
            ("undeliverable", "certified"),
            ("arrived", "certified"),
        ]


async def test_what_the_post_office_would_not_take_stays_in_the_tray(desk: Desk) -> None:
    """A character that certified mail does not take: somebody is asked, and the letter can't be posted."""
    number = await desk.contract()
    facts: dict[str, JsonValue] = {"steps": ["See https://qtnet.example"]}
    letter = await order(desk, number, "formal_demand", facts)
    (task,) = await desk.tasks("not_certifiable")
    assert (task["notice_no"], task["article"]) == (letter["notice_no"], "42(1)")
    assert "qtnet.example" not in task["detail"]
    posted = {**CERTIFIED, "dispatched_at": "2026-03-25T09:00:00+09:00"}
    assert await desk.refused("support", f"/v1/notices/{letter['notice_no']}/dispatches", posted) == "42(1)"


async def test_letters_of_the_ladder_state_where_to_pay(desk: Desk) -> None:
    """The account under the contract's own number is filled in when a letter is made."""
    account = {
        "bank_code": "0177", "bank_name": "架空ふくおか銀行", "branch_code": "101", "branch_name": "博多支店",
        "type": "1", "number": "9900001", "holder_kana": "ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ", "virtual_prefix": "990",
    }  # fmt: skip
    await desk.do("admin", "/v1/bank-accounts", account)
    number = await desk.contract()
    for slug in ("first_reminder", "formal_demand", "rescission_notice"):
        letter = await order(desk, number, slug, {"account": None})
        words = (await desk.text(letter["notice_no"])).replace(" ", "")
        assert "架空ふくおか銀行" in words
        assert f"990{int(number.rpartition('-')[2]):04d}" in words


@pytest.mark.parametrize(
    ("sample", "channels"),
    [
        pytest.param("QPC-26-0101", ["email", "post"], id="by e-mail and on paper"),
        pytest.param("QPC-26-0103", ["post"], id="on paper, once"),
    ],
)
async def test_the_second_reminder_goes_on_paper_too(open_desk: OpenDesk, sample: str, channels: list[str]) -> None:
    """Who takes e-mail gets it by both channels, the paper naming the letter of which it is the copy."""
    desk = await open_desk("2026-03-25T09:00+09:00")
    if "email" in channels:
        number = await desk.contract(sample)
    else:
        application = await desk.file(sample)
        await desk.do("reviewer", f"{application}/decisions", {"decision": "accept", "reason": "審査済み"})
        await desk.settle()
        acceptance = await desk.letter("acceptance_notice")
        posted = {"method": "e-signature", "dispatched_at": "2026-03-25T09:00:00+09:00"}
        await post(desk, acceptance, posted)
        number = (await desk.read(application))["contract_no"]
    async with waiting(desk, number) as ladder:
        first = await order(desk, number, "second_reminder", origin=ladder.id)
        letters = await desk.letters(slug="second_reminder")
        assert [one["channel"] for one in letters] == channels
        assert [one.get("same_as") for one in letters] == [None, *[first["notice_no"] for _ in channels[1:]]]
        assert letters[-1]["state"] == "queued"
        await post(desk, letters[-1], {"method": "post", "dispatched_at": "2026-03-25T09:00:00+09:00"})
        assert [where for _, _, where in await told(ladder)] == [channels[0]] * (2 if "email" in channels else 1)

        # written anew, the copy stays a copy
        await desk.until("2026-03-25T10:00:00+09:00")
        again = await desk.do("dunning", f"/v1/notices/{letters[-1]['notice_no']}/reissues", {"reason": "宛名の訂正"})
        assert (again["channel"], again.get("same_as")) == ("post", letters[-1].get("same_as"))


async def test_a_letter_may_be_taken_back_before_it_goes_out(desk: Desk) -> None:
    """A payment came in between: what waits in the tray is withdrawn and can't be posted; what went out is out."""
    number = await desk.contract()
    rescission, reminder = [await order(desk, number, slug) for slug in ("rescission_notice", "second_reminder")]
    now = await desk.office.clock.now()
    async with desk.office.sessions.begin() as session:
        assert await withdraw(session, rescission["notice_no"], key="paid", actor="system", as_of=now)
        assert not await withdraw(session, reminder["notice_no"], key="paid", actor="system", as_of=now)
        assert not await withdraw(session, rescission["notice_no"], key="paid", actor="system", as_of=now)
    await desk.office.wake()
    await desk.settle()
    states = {(one["slug"], one["channel"]): one["state"] for one in await desk.letters(contract_no=number)}
    assert states["rescission_notice", "certified"] == "withdrawn"
    assert states["second_reminder", "email"] == "arrived"
    assert states["second_reminder", "post"] == "withdrawn"  # the copy was not posted yet
    assert not await desk.tasks("post_letter", state="open")
    path = f"/v1/notices/{rescission['notice_no']}/dispatches"
    posted = {**CERTIFIED, "dispatched_at": "2026-03-25T09:00:00+09:00"}
    response = await desk.post("support", path, posted)
    assert (response.status_code, response.json()["type"]) == (409, "/problems/conflict")
    late = PaperDispatchOrder(
        notice_no=rescission["notice_no"],
        command=PaperDispatch(origin=Origin(key="post:late", actor="support:p"), method="certified", dispatched_at=now),
        as_of=now,
    )
    with pytest.raises(Refused, match="取り下げられています"):  # whoever posts it in the same instant is told
        await Notices(desk.office).record_posting(late)
    taken_back = [one for one in await desk.timeline(number) if one["action"] == "letter_withdrawn"]
    assert {one["article"] for one in taken_back} == {"17(3)", "16(1)(1)"}
