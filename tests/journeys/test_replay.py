"""Recorded histories run on the present code; a change that would break them is found out."""

from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.worker import UnsandboxedWorkflowRunner

from models.messages.termination import TerminationInput
from terms.citation import Refused
from tests.desk import Desk
from tests.journeys.debtor import Debtor
from tests.journeys.recorded import asked_for, broken_by, histories, kind, replay
from tests.journeys.successors import Merger, successor
from workflows.termination import end_contract


@workflow.defn(name="termination", failure_exception_types=[Refused])
class HastyTermination:
    """Art. 18(1) as somebody might rewrite it: the reminders forgotten, the end the same."""

    @workflow.run
    async def run(self, t: TerminationInput) -> str:
        """End."""
        return await end_contract(t)


async def everything_happens(desk: Desk) -> None:
    """Play what brings every workflow type to most of its turns: e-mail and paper, refusals, votes, notices, ends."""
    # 25 March: one is refused with a second person, one waits for the post, two are accepted
    refused, slow = await desk.file("QPC-26-0102"), await desk.file("QPC-26-0103", no_resale=False)
    proposal = {"decision": "refuse", "grounds": ["9(2)(5)"], "reason": "業務上の支障"}
    approval = (await desk.do("reviewer", f"{refused}/decisions", proposal))["approval_id"]
    await desk.do("legal", f"/v1/approvals/{approval}/decisions", {"decision": "approve", "reason": "確認"})
    await desk.settle()
    letter = await desk.letter("refusal_notice")
    posted = {"method": "registered", "dispatched_at": "2026-03-25T09:00:00+09:00"}
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/dispatches", posted)
    completed = {"changes": [{"pointer": "/no_resale", "value": True}], "arrived_at": "2026-03-25T09:00:00+09:00"}
    await desk.do("intake", f"{slow}/completions", completed)
    leaves, changes_its_mind = await desk.active("QPC-26-0106"), await desk.active()

    # April and May: the slow one is reminded of; notices are given, withdrawn, given, copied, refused
    server = {"resource_id": "vm-1", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}
    await desk.do("provisioning", f"/v1/contracts/{changes_its_mind}/resources", {"resources": [server]})
    await desk.until("2026-05-20T15:00:00+09:00")
    notices = f"/v1/contracts/{changes_its_mind}/termination-notices"
    notice = {"arrived_at": "2026-05-20T09:00:00+09:00", "form": "paper"}
    await desk.refused("intake", notices, notice | {"requested_end_on": "2026-06-15"})
    await desk.do("intake", notices, notice)
    await desk.do("intake", f"{notices}/withdrawals", {"reason": "契約者の申し出に当社が同意"})
    for _ in range(3):
        await desk.do("intake", notices, notice)
    event = {"starts_at": "2026-05-19T09:00:00+09:00", "reason": "台風", "scope": {"zones": ["osaka-1"]}}
    event_no = (await desk.do("support", "/v1/restrictions", event))["event_no"]
    cancellation = {"ground": "18(2)", "event_no": event_no, **notice}
    await desk.do("intake", f"/v1/contracts/{leaves}/cancellations", cancellation)
    await desk.until("2026-07-01")
    assert {one["state"] for one in (await desk.read("/v1/contracts"))["items"]} == {"ended"}


async def test_all_histories_replay(desk: Desk) -> None:
    """Every run of every workflow type, sealed payloads and skipped time included, gives the same commands again."""
    await everything_happens(desk)
    run = (await desk.read("/v1/approvals", state="open"))["items"][-1]
    decision = {"decision": "approve", "reason": "内訳を確認済み"}
    await desk.do("legal", f"/v1/approvals/{run['approval_id']}/decisions", decision)
    await desk.settle()
    recorded = await histories(desk)
    assert {kind(each) for each in recorded} == {
        "application", "billing", "calendar", "cancellation", "contract", "deletion", "mailing", "notice", "sweep",
        "termination",
    }  # fmt: skip
    assert any(
        event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
        for each in recorded
        for event in each.events
    )
    assert await replay(desk, recorded) == {}

    # the same with one workflow rewritten: each run that had sent a reminder fails to replay, and only those
    terminations = [each for each in recorded if kind(each) == "termination"]
    reminded = {each.run_id for each in terminations if asked_for(each, "remind_of_resources")}
    rewritten = {"workflows": [HastyTermination], "workflow_runner": UnsandboxedWorkflowRunner()}
    failures = await replay(desk, terminations, **rewritten)
    assert (len(terminations), {*failures}) == (2, reminded)
    assert all(isinstance(each, workflow.NondeterminismError) for each in failures.values())


async def up_the_ladder_and_merged(desk: Desk) -> None:
    """Play a default up to the rescission and the deletion, a merger that goes on, and one that the letter ends."""
    refused, merged = [Merger(desk, await desk.active(form)) for form in ("QPC-26-0104", "QPC-26-0102")]
    debtor = await Debtor.of(desk)
    await refused.record("2026-04-01", successor=successor(officers__0__name="反社 照会"))
    await merged.record("2026-04-01", noticed_at="2026-04-01T09:00:00+09:00")
    await merged.prove("2026-04-01T09:00:00+09:00")
    await merged.decide("continue")

    # the window of the other passes; it gives notice on 10 May, and our letter ends the contract
    await debtor.until_suspended()
    await refused.notify("2026-05-10T09:00:00+09:00")
    proposed = await refused.decide("rescind", "9(2)(2)")
    await refused.agree(proposed["approval_id"], "reviewer")
    letter = await debtor.posted("succession_rescission_notice", "2026-05-10T09:00:00+09:00")
    await desk.until("2026-05-13T12:00:00+09:00")
    await debtor.delivered(letter, "2026-05-13T11:00:00+09:00")
    letter = await debtor.until_rescission_is_sent()
    await desk.until("2026-06-17T09:00:00+09:00")
    await debtor.delivered(letter, "2026-06-16T10:30:00+09:00")
    await desk.until("2026-07-18T09:00:00+09:00")
    ends = [(await desk.read(each.path)).get("end_ground") for each in (refused, merged, debtor)]
    assert ends == ["12(2)", None, "17(1)"]


async def test_histories_of_default_and_succession_replay(desk: Desk) -> None:
    """Runs of these types give the same commands again; each one in which an activity has a new name is found out."""
    await up_the_ladder_and_merged(desk)
    recorded = await histories(desk, "contract", "default", "deletion", "rescission", "succession", "suspension")
    assert await replay(desk, recorded) == {}
    changed = ("default_tell", "delete_data", "rescission_rescind", "succession_end_contract", "suspension_shut")
    touched = {each.run_id: kind(each) for each in recorded if asked_for(each, *changed)}
    assert {*touched.values()} == {"default", "deletion", "rescission", "succession", "suspension"}
    assert await broken_by(desk, recorded, *changed) == {*touched} < {each.run_id for each in recorded}
