"""Default (債務不履行): one unpaid contract on the ladder of dunning (Art. 16(1)(1), 16(2), 17(1), 36)."""

from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow

from workflows import clock
from workflows.options import COMMAND, DATABASE, show
from workflows.wording import day_words

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from activities.default import Defaults
    from models.messages.default import Climbed, ClimbOrder, DefaultInput, LetterLook, TellOrder
    from models.messages.notice import LetterMoved
    from models.messages.office import Closing

ROLL_OVER_AFTER = 8  # looks of some five events each: a run's history stays under some forty
PATIENCE = timedelta(days=1)  # a command that the contract refused is tried again so much later, unless a fact comes


@workflow.defn(name="default")
class PaymentDefault:
    """Art. 16(1)(1), 16(2), 17(1): each step on its day; the books say what is due, timers and facts only wake it."""

    def __init__(self) -> None:
        self.looks = 0

    @workflow.run
    async def run(self, d: DefaultInput) -> str:
        """Look, act, sleep until the next step or fact; over when nothing is overdue or the contract is rescinded."""
        looks = 0
        while True:
            looks += 1
            if looks > ROLL_OVER_AFTER:
                workflow.continue_as_new(d)
            seen = self.looks
            order = ClimbOrder(**d.model_dump(), as_of=clock.now())
            found: Climbed = await workflow.execute_activity_method(
                Defaults.climb, order, **DATABASE, summary="第16条第1項第1号 督促の点検"
            )
            if found.closed:
                return await self._close(found.state)
            next_at = found.next_at
            if found.tell is not None:
                if await self._tell(d, found.tell):
                    continue
                retry = clock.now() + PATIENCE
                next_at = retry if next_at is None else min(next_at, retry)
            words = "第16条 督促" + ("" if next_at is None else f" 次回 {day_words(next_at.date())}")
            show(subject="default", phase=found.state, contract_no=d.contract_no, next_at=next_at, words=words)
            await clock.wait_until(next_at, self._differs_from(seen), "第16条 督促の次の段階")

    def _differs_from(self, looks: int) -> Callable[[], bool]:
        return lambda: self.looks != looks

    @workflow.signal
    def look_again(self) -> None:
        """A fact has come: money, a hold, a decision, an end."""
        self.looks += 1

    @workflow.signal
    def letter_moved(self, _: LetterMoved) -> None:
        """A letter of the ladder went out, or arrived."""
        self.looks += 1

    async def _tell(self, d: DefaultInput, what: str) -> bool:
        """Command the contract; False if it refuses now."""
        now = clock.now()
        me = workflow.info()
        order = TellOrder(**d.model_dump(), tell=what, key=f"{me.workflow_id}/{what}/{now.isoformat()}", as_of=now)  # type: ignore[arg-type] # by the model
        taken: bool = await workflow.execute_activity_method(
            Defaults.tell, order, **COMMAND, summary="利用契約への指示"
        )
        return taken

    async def _close(self, outcome: str) -> str:
        me = workflow.info().workflow_id
        now = clock.now()
        await workflow.execute_activity_method(
            Defaults.take_back_letters, LetterLook(workflow_id=me, as_of=now), **COMMAND, summary="未発送の書面の撤回"
        )
        await workflow.execute_activity_method(
            Calendar.close_workflow, Closing(workflow_id=me, as_of=now), **DATABASE, summary="終了の記録"
        )
        return outcome
