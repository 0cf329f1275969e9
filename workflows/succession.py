"""Succession (承継): the successor's rescission as the contract's command, and the process around it (Art. 11, 12)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import clock
from workflows.contract_record import ContractRecord
from workflows.ending import ended_by_letter, ordered
from workflows.options import COMMAND, DATABASE, OUTSIDE, queue, show
from workflows.wording import day_words

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from activities.succession import Successions
    from models.messages.contract import ContractCommit
    from models.messages.notice import LetterMoved
    from models.messages.office import Closing, Reply
    from models.messages.succession import RescindSuccessor, SuccessionInput, SuccessionOrder, SuccessionSeen
    from terms.citation import Refused
    from terms.ending import end_by_rescission
    from terms.lifecycle import must_allow

LAPSED = frozenset({"Refused", "ContractClosed"})
ROLL_OVER_AFTER = 8  # looks of some five events each: a run's history stays under some forty
PATIENCE = timedelta(days=1)  # a command that the contract refused is tried again so much later, unless a fact comes


class SuccessorRescission(ContractRecord):
    """The contract's command at the end of a succession: the successor's letter has arrived."""

    @workflow.update
    async def rescind_successor(self, c: RescindSuccessor) -> Reply:
        """Art. 12(2): the contract with the successor ends at the instant of the letter's arrival."""
        return await self.carry_out(c, lambda: self._successor_rescinded(c), self._commit)

    def _successor_rescinded(self, c: RescindSuccessor) -> ContractCommit:
        must_allow(self.s.phase, "rescind_successor")
        departure = end_by_rescission(
            self._terms(), ordered(self.s.lines), ground="12(2)", arrived_at=c.arrived_at
        )  # fmt: skip
        record = self._numbered(ended_by_letter(departure, c.arrived_at))
        self.s.endings = record.n
        words = f"承継した法人への解除の通知が{day_words(departure.arrived_on)}に到達しました。"
        arrived = self._event("successor_rescinded", "12(2)", c.origin.actor, words, {"n": c.n, "reading": "A20"})
        over, letters = self._over(record)
        terminations = [record.model_copy(update={"state": "ended"}), *self._overtaken(record.n)]
        self.s.running = []
        return self._step(
            c.origin.key, [arrived, *over], scope=c.origin.scope, letters=letters, terminations=terminations,
            lines=self.s.lines, leftovers=True, must="successor", succession=c.n, arrived_at=c.arrived_at,
            reply=Reply(status=200, body={"state": "ended"}),
        )  # fmt: skip


@workflow.defn(name="succession", failure_exception_types=[Refused])
class Succession:
    """Art. 11, 12(1), 12(2): a succession or an assignment from what we hear of it to its end.

    Screens the successor at once, reminds, raises the alert, and waits for the arrival of the letter that decides.
    """

    def __init__(self) -> None:
        self.looks = 0

    @workflow.run
    async def run(self, s: SuccessionInput) -> str:
        """Look at the rows, do what is due, sleep until the next day or fact."""
        looks = 0
        while True:
            looks += 1
            if looks > ROLL_OVER_AFTER:
                workflow.continue_as_new(s)
            seen = self.looks
            found: SuccessionSeen = await workflow.execute_activity_method(
                Successions.look, self._order(s, "look"), **DATABASE, summary="第12条 承継の点検"
            )
            if found.closed:
                return await self._close(found.state)
            if found.screen:
                await workflow.execute_activity_method(
                    Successions.screen, self._order(s, "screen"), **OUTSIDE, task_queue=queue("operations"),
                    summary="第43条第1項 照会",
                )  # fmt: skip
                continue
            next_at = found.next_at
            if found.arrived_at is not None:
                order = self._order(s, "end").model_copy(update={"arrived_at": found.arrived_at})
                if await self._end(order):
                    continue
                next_at = clock.now() + PATIENCE
            words = "第12条 承継" + ("" if next_at is None else f" 次回 {day_words(next_at.date())}")
            show(subject="succession", phase=found.state, contract_no=s.contract_no, next_at=next_at, words=words)
            await clock.wait_until(next_at, self._differs_from(seen), "第12条 承継の次の期日")

    def _differs_from(self, looks: int) -> Callable[[], bool]:
        return lambda: self.looks != looks

    @workflow.signal
    def look_again(self) -> None:
        """A fact has come: a notice, a document, a decision, an end."""
        self.looks += 1

    @workflow.signal
    def letter_moved(self, _: LetterMoved) -> None:
        """A letter went out, or arrived."""
        self.looks += 1

    def _order(self, s: SuccessionInput, what: str) -> SuccessionOrder:
        now = clock.now()
        key = f"{workflow.info().workflow_id}/{what}/{now.isoformat()}"
        return SuccessionOrder(contract_no=s.contract_no, n=s.n, key=key, as_of=now)

    async def _end(self, order: SuccessionOrder) -> bool:
        """Command the contract to end; False if it refuses now."""
        try:
            await workflow.execute_activity_method(
                Successions.end_contract, order, **COMMAND, summary="第12条第2項 解除"
            )
        except ActivityError as failed:
            if not (isinstance(failed.cause, ApplicationError) and failed.cause.type in LAPSED):
                raise
            return False
        return True

    async def _close(self, outcome: str) -> str:
        me: Any = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
        return outcome
