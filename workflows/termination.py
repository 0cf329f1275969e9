"""Ends on their way: by notice to a month's end (Art. 18(1)), by special cancellation to 24:00 (Art. 14(2), 18(2))."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import clock
from workflows.options import COMMAND, DATABASE, show
from workflows.wording import day_words

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from activities.termination import Terminations
    from models.messages.office import Closing
    from models.messages.termination import EndOrder, ReminderOrder, TerminationInput
    from terms.citation import Refused
    from terms.periods import day_of

LAPSED = frozenset({"Refused", "ContractClosed"})


async def end_contract(t: TerminationInput) -> str:
    """Wait for the instant of the end and command the contract to end; `overtaken` if another end came first."""
    await clock.sleep_until(t.ends_at, f"第{t.ground}条 {day_words(t.ends_on)} 24時 終了")
    order = EndOrder(contract_no=t.contract_no, n=t.n, key=f"{workflow.info().workflow_id}/end", as_of=clock.now())
    outcome = "ended"
    try:
        await workflow.execute_activity_method(Terminations.end_contract, order, **COMMAND, summary="契約の終了")
    except ActivityError as failed:
        if not (isinstance(failed.cause, ApplicationError) and failed.cause.type in LAPSED):
            raise
        outcome = "overtaken"
    me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
    await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
    return outcome


@workflow.defn(name="termination", failure_exception_types=[Refused])
class TerminationNotice:
    """Art. 18(1): reminders to delete the resources, then the end at 24:00 of the month's last day."""

    @workflow.run
    async def run(self, t: TerminationInput) -> str:
        """Remind, each reminder on its day, then end."""
        show(
            subject="termination", phase="running", contract_no=t.contract_no, next_at=t.ends_at,
            words=f"第18条第1項 {day_words(t.ends_on)}終了",
        )  # fmt: skip
        for at in t.reminders:
            if at <= clock.now():
                continue  # its day has passed: left out
            await clock.sleep_until(at, "第18条第1項 リソース削除のお願い")
            days_left = (t.ends_on - day_of(at)).days
            order = ReminderOrder(
                contract_no=t.contract_no, n=t.n, ends_on=t.ends_on, days_left=days_left, as_of=clock.now()
            )
            await workflow.execute_activity_method(
                Terminations.remind_of_resources, order, **DATABASE, summary=f"{days_left}日前"
            )
        return await end_contract(t)


@workflow.defn(name="cancellation", failure_exception_types=[Refused])
class SpecialCancellation:
    """Art. 14(2), 18(2): the contract ends at 24:00 of the day on which the notice arrived."""

    @workflow.run
    async def run(self, t: TerminationInput) -> str:
        """Wait for 24:00 and end."""
        show(
            subject="termination", phase="running", contract_no=t.contract_no, next_at=t.ends_at,
            words=f"第{t.ground}条 {day_words(t.ends_on)}終了",
        )  # fmt: skip
        return await end_contract(t)
