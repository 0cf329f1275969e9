"""The end of a contract's own life: closed when nothing is left (Art. 34, 38), erased after retention (44(6))."""

from typing import Any

from temporalio import workflow

from workflows import clock
from workflows.contract_record import ContractRecord
from workflows.options import DATABASE

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from models import ids
    from models.messages.contract import ContractCommit
    from models.messages.office import Closing, Command, Opening, Reply
    from models.messages.retention import Close, DeletionInput, Erase
    from terms.lifecycle import Move, must_allow


class Retention(ContractRecord):
    """Commands that the deletion sends; what has to be over before is checked in the transaction that writes them."""

    @workflow.update
    async def close(self, c: Close) -> Reply:
        """Art. 34, 38, 27: receivables are zero, the data deleted, restoration done, no case open."""
        return await self.carry_out(c, lambda: self._closed(c), self._commit)

    @workflow.update
    async def erase(self, c: Erase) -> Reply:
        """Art. 44(6): retention is over and nothing holds the personal data; the office destroys the keys."""
        return await self.carry_out(c, lambda: self._erased(c), self._commit)

    def should_roll_over(self) -> bool:
        """What is erased has no further run."""
        return self.s.phase != "erased" and super().should_roll_over()

    async def leave(self) -> None:
        """Note that the contract's workflow has ended, so that commands are refused instead of waiting for it."""
        me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")

    def _closed(self, c: Close) -> ContractCommit:
        return self._moved(c, "close", "closed", "債権債務の精算、データ等の削除及び原状回復が完了しました。")

    def _erased(self, c: Erase) -> ContractCommit:
        number = self.s.contract_no
        payload = DeletionInput(contract_no=number).model_dump(mode="json")
        opening = Opening(workflow_id=ids.erasure(number), type="erasure", payload=payload)
        words = "保存期間が満了し、個人情報の消去を決定しました。"
        return self._moved(c, "erase", "erased", words, openings=[opening])

    def _moved(
        self, c: Command, move: Move, phase: Any, words: str, **more: Any  # noqa: ANN401 (fields of the commit)
    ) -> ContractCommit:  # fmt: skip
        must_allow(self.s.phase, move)
        before, self.s.phase = self.s.phase, phase
        article = "34(1)" if move == "close" else "44(6)"
        event = self._event(phase, article, c.origin.actor, words, {"before": before})
        reply = Reply(status=200, body={"state": phase})
        return self._step(c.origin.key, [event], scope=c.origin.scope, reply=reply, **more)
