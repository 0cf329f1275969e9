"""What happens to a contract's data after its end: deletion, retention, erasure (Art. 34(1), 34(2), 44(6))."""

from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows import clock
from workflows.entity import refusal_in
from workflows.options import COMMAND, DATABASE, OUTSIDE, queue, show
from workflows.wording import day_words

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from activities.deletion import Deletions
    from activities.erasure import Erasures
    from models.messages.office import Closing
    from models.messages.retention import DeletionInput, Look, Outlook, RetentionOrder
    from terms.citation import Refused
    from terms.periods import ONE_DAY, day_of

ROLL_OVER_AFTER = 3  # looks of some dozen events each: a run's history stays under some forty


@workflow.defn(name="deletion", failure_exception_types=[Refused])
class DataDeletion:
    """Art. 34(1), 34(2), 44(6): looks at the facts, does what is due, sleeps until the next day or until it is told.

    Holds and open cases block it: a dispute, a disclosure that is not over (Art. 40, 44(5)).

    It remembers nothing that the database does not know: whoever changes a fact signals `look_again`.
    """

    @workflow.init
    def __init__(self, d: DeletionInput) -> None:
        self.d = d
        self.told = 0

    @workflow.run
    async def run(self, _: DeletionInput) -> str:
        """Delete when grace is over and nothing blocks it, close, keep, and hand the rest to the office's erasure."""
        looks = 0
        while True:
            told, looks = self.told, looks + 1
            outlook = await self._look()
            if outlook.step == "wait":
                self._show(outlook)
                await clock.wait_until(outlook.until, self._told_since(told), "第34条・第44条第6項 期日")
            elif outlook.step == "end" or await self._do(outlook, told):
                return await self._close()
            if looks >= ROLL_OVER_AFTER:
                workflow.continue_as_new(self.d)

    def _told_since(self, told: int) -> Callable[[], bool]:
        return lambda: self.told != told

    @workflow.signal
    def look_again(self) -> None:
        """A fact has changed: a hold was released, a debt paid."""
        self.told += 1

    async def _look(self) -> Outlook:
        look = Look(contract_no=self.d.contract_no, as_of=clock.now())
        outlook: Outlook = await workflow.execute_activity_method(
            Deletions.look_at_deletion, look, **DATABASE, summary="第34条・第44条第6項 確認"
        )
        return outlook

    async def _do(self, outlook: Outlook, told: int) -> bool:
        """Take a step; tells whether it was the last one. What was refused meanwhile is looked at anew, a day later.

        Each try has a key of its own, for the server would answer a refused one with the same refusal for ever.
        """
        now = clock.now()
        key = f"{workflow.info().workflow_id}/{outlook.step}/{now.isoformat()}"
        order = RetentionOrder(contract_no=self.d.contract_no, key=key, as_of=now)
        try:
            match outlook.step:
                case "delete":
                    await workflow.execute_activity_method(
                        Deletions.delete_data, order, **OUTSIDE, task_queue=queue("operations"), summary="第34条 削除"
                    )
                case "close":
                    await workflow.execute_activity_method(
                        Deletions.close_contract, order, **COMMAND, summary="第34条・第38条 完了"
                    )
                case _:
                    await workflow.execute_activity_method(
                        Deletions.erase_contract, order, **COMMAND, summary="第44条第6項 消去"
                    )
                    return True
        except ActivityError as failed:
            if refusal_in(failed) is None:
                raise
            await clock.wait_until(now + ONE_DAY, self._told_since(told), "第34条・第44条第6項 再確認")
        return False

    async def _close(self) -> str:
        me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return "erased"

    def _show(self, outlook: Outlook) -> None:
        words = f"次の期日 {day_words(day_of(outlook.until))}" if outlook.until else ""
        show(
            subject="retention", phase=outlook.phase, contract_no=self.d.contract_no, next_at=outlook.until,
            words=f"第34条・第44条第6項 {words}",
        )  # fmt: skip


@workflow.defn(name="erasure", failure_exception_types=[Refused])
class DataErasure:
    """Art. 44(6): destroys the keys of a contract once nothing runs any more that is sealed with them."""

    @workflow.run
    async def run(self, d: DeletionInput) -> str:
        """End what still runs, destroy the keys, certify it."""
        key = workflow.info().workflow_id
        show(subject="retention", phase="erased", contract_no=d.contract_no, words="第44条第6項 個人情報の消去")
        order = RetentionOrder(contract_no=d.contract_no, key=key, as_of=clock.now())
        await workflow.execute_activity_method(Erasures.end_workflows, order, **COMMAND, summary="関連する手続きの終了")
        await workflow.execute_activity_method(
            Erasures.erase_personal_data, order, **DATABASE, summary="第44条第6項 鍵の破棄"
        )
        me = Closing(workflow_id=key, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
        return "erased"
