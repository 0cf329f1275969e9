"""Rescission by the provider: the contract's commands, and the peer that waits for the letter (Art. 17, 43(2))."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import clock
from workflows.contract_record import ContractRecord
from workflows.ending import ended_by_letter, ordered
from workflows.options import COMMAND, DATABASE, show
from workflows.wording import day_words

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from activities.rescission import Rescinding
    from models import ids
    from models.messages.contract import ContractCommit, PendingAct, PendingApproval, Precondition
    from models.messages.default import (
        ANTISOCIAL,
        DropRescission,
        ProposeRescission,
        Rescind,
        Rescission,
        RescissionGround,
        RescissionInput,
        RescissionOrder,
    )
    from models.messages.notice import LetterMoved
    from models.messages.office import ApprovalOrder, ApprovalVote, Closing, LetterOrder, Opening, Reply
    from terms.citation import Article, Refused
    from terms.ending import Departure, end_by_rescission
    from terms.lifecycle import Move, must_allow

LAPSED = frozenset({"Refused", "ContractClosed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A way to rescind: who decides, by which letter, and what has to be proven from the books before it."""

    act: PendingAct
    move: Move
    roles: tuple[str, ...] = ("legal", "dunning")
    needs: int = 2
    includes: str | None = "legal"
    letter: str = "rescission_notice"
    must: Precondition | None = "rescission"


WAYS: Mapping[RescissionGround, _Way] = MappingProxyType(
    {
        "17(1)": _Way(act="rescission", move="rescind"),
        "17(2)": _Way(act="rescission_without_suspension", move="rescind_17_2"),
        "43(2)": _Way(
            act="antisocial_rescission", move="rescind_43_2", roles=("legal", "reviewer"), needs=1, includes=None,
            letter="antisocial_rescission_notice", must=None,
        ),
    }
)  # fmt: skip
ACTS = frozenset(way.act for way in WAYS.values())


class Rescissions(ContractRecord):
    """The contract's commands about rescissions: proposed, approved by two people, in effect with the arrival."""

    @workflow.update
    async def propose_rescission(self, c: ProposeRescission) -> Reply:
        """Art. 17(1), 17(2): a rescission is proposed; two further people decide, one of them of legal.

        Art. 43(2): one of legal or of the reviewers decides.
        """
        return await self.carry_out(c, lambda: self._rescission_proposed(c), self._commit)

    @workflow.update
    async def rescind(self, c: Rescind) -> Reply:
        """Art. 17(3), 43(2): the letter has arrived; the contract ends at that instant."""
        return await self.carry_out(c, lambda: self._rescinded(c), self._commit)

    @workflow.update
    async def drop_rescission(self, c: DropRescission) -> Reply:
        """The letter was taken back before it went out."""
        return await self.carry_out(c, lambda: self._rescission_dropped(c), self._commit)

    def _rescission_proposed(self, c: ProposeRescission) -> ContractCommit:
        way = WAYS[c.ground]
        must_allow(self.s.phase, way.move)
        if self.s.rescission is not None or any(p.act in ACTS for p in self.s.pending):
            raise Refused(Article.parse(c.ground), "契約の解除は既に提案又は決定されています。")
        today = self._would_end(c)
        approval_id = self._next_approval()
        plan = Rescission(ground=c.ground, penalty=today.penalty, item=c.item)
        pending = PendingApproval(
            approval_id=approval_id, proposed_by=c.origin.actor, act=way.act, article=c.ground, needs=way.needs,
            includes=way.includes, rescission=plan,
        )  # fmt: skip
        shown: dict[str, Any] = {
            "ground": c.ground,
            "penalty_if_it_arrived_today": today.penalty,
            "delete_from_on_if_it_arrived_today": str(today.delete_from_on),
            "steps": [*today.steps],
        }
        order = ApprovalOrder(
            act=way.act, article=c.ground, roles=[*way.roles], needs=way.needs, proposed_by=c.origin.actor,
            reason=c.reason if c.facts is None else f"{c.reason}\n{c.facts}",
            consequence=shown if c.item is None else shown | {"item": c.item},
        )  # fmt: skip
        event = self._event("rescission_proposed", c.ground, c.origin.actor, "契約の解除を提案しました。", shown)
        reply = Reply(status=202, body={"approval_id": approval_id, "state": "open"})
        return self._ask(c, pending, order, event, must=way.must, rescission=plan, reply=reply)

    def _would_end(self, c: ProposeRescission) -> Departure:
        return end_by_rescission(self._terms(), ordered(self.s.lines), ground=c.ground, arrived_at=clock.now())

    def _rescission_approved(self, c: ApprovalVote, proposed: Rescission) -> ContractCommit:
        way = WAYS[proposed.ground]
        must_allow(self.s.phase, way.move)
        self.s.rescissions += 1
        plan = proposed.model_copy(update={"n": self.s.rescissions})
        self.s.rescission = plan
        peer_id = ids.rescission(self.s.contract_no, plan.n)
        told = RescissionInput(contract_no=self.s.contract_no, n=plan.n)
        peer = Opening(workflow_id=peer_id, type="rescission", payload=told.model_dump(mode="json"))
        facts: dict[str, Any] = {"paragraph": Article.parse(plan.ground).paragraph}
        if plan.ground == ANTISOCIAL:
            facts = {"item": plan.item}
        letter = LetterOrder(slug=way.letter, facts=facts, origin=peer_id)
        words = "契約の解除が承認されました。解除通知書の到達の時に終了します。"
        event = self._event("rescission_approved", plan.ground, c.origin.actor, words, {"n": plan.n})
        return self._step(
            c.origin.key, [event], scope=c.origin.scope, vote=c, must=way.must, rescission=plan, letters=[letter],
            openings=[peer], lines=self.s.lines, reply=Reply(status=200, body={"state": "approved"}),
        )  # fmt: skip

    def _rescinded(self, c: Rescind) -> ContractCommit:
        plan = self.s.rescission
        if plan is None or plan.n != c.n:
            raise Refused(Article(17, 3), "この解除は取り下げられました。")
        must_allow(self.s.phase, WAYS[plan.ground].move)
        departure = end_by_rescission(
            self._terms(), ordered(self.s.lines), ground=plan.ground, arrived_at=c.arrived_at, in_place=c.in_place
        )
        record = self._numbered(ended_by_letter(departure, c.arrived_at))
        self.s.endings = record.n
        self.s.rescission = None
        told = "到達しました" if c.in_place is None else "到達したものとして扱います"
        words = f"解除通知書が{day_words(departure.arrived_on)}に{told}。"
        basis = {"n": plan.n} | ({} if c.in_place is None else {"in_place": c.in_place})
        arrived = self._event("rescission_arrived", _effect(plan), c.origin.actor, words, basis)
        over, letters = self._over(record)
        terminations = [record.model_copy(update={"state": "ended"}), *self._overtaken(record.n)]
        self.s.running = []
        return self._step(
            c.origin.key, [arrived, *over], scope=c.origin.scope, letters=letters, terminations=terminations,
            lines=self.s.lines, leftovers=True, must="rescinded",
            rescission=plan.model_copy(update={"state": "effective"}), arrived_at=c.arrived_at,
            reply=Reply(status=200, body={"state": "ended"}),
        )  # fmt: skip

    def _rescission_dropped(self, c: DropRescission) -> ContractCommit:
        plan = self.s.rescission
        if plan is None or plan.n != c.n:
            raise Refused(Article(17, 3), "この解除は取り下げられました。")
        self.s.rescission = None
        event = self._event(
            "rescission_withdrawn", _effect(plan), c.origin.actor, "発送前の解除通知書を取り下げました。", {"n": plan.n}
        )
        return self._step(
            c.origin.key, [event], scope=c.origin.scope, rescission=plan.model_copy(update={"state": "withdrawn"}),
            reply=Reply(status=200, body={"state": self.s.phase}),
        )  # fmt: skip


def _effect(plan: Rescission) -> str:
    """Say which clause gives the letter its effect."""
    return plan.ground if plan.ground == ANTISOCIAL else "17(3)"


@workflow.defn(name="rescission", failure_exception_types=[Refused])
class RescissionPeer:
    """Art. 17(1), 17(2), 17(3), 43(2): waits until its letter really arrives, or people put something in that place."""

    def __init__(self) -> None:
        self.arrived: LetterMoved | None = None
        self.withdrawn = False

    @workflow.run
    async def run(self, r: RescissionInput) -> str:
        """Wait for the arrival or for the withdrawal, and tell the contract."""
        show(subject="termination", phase="sent", contract_no=r.contract_no, words="第17条第3項 解除通知書の到達待ち")
        await workflow.wait_condition(lambda: self.arrived is not None or self.withdrawn)
        if self.arrived is None:
            back: bool = await workflow.execute_activity_method(
                Rescinding.take_back, self._order(r, "take_back"), **COMMAND, summary="解除通知書の撤回"
            )
            if back:
                return await self._close("withdrawn")
            await workflow.wait_condition(lambda: self.arrived is not None)
        arrived = cast("LetterMoved", self.arrived)
        order = self._order(r, "rescind").model_copy(update={"arrived_at": arrived.at, "in_place": arrived.in_place})
        outcome = "ended"
        try:
            await workflow.execute_activity_method(Rescinding.rescind, order, **COMMAND, summary="第17条第3項 解除")
        except ActivityError as failed:
            if not (isinstance(failed.cause, ApplicationError) and failed.cause.type in LAPSED):
                raise
            outcome = "lapsed"
            await workflow.execute_activity_method(
                Rescinding.tell_legal, self._order(r, "lapsed"), **DATABASE, summary="法務への連絡"
            )
        return await self._close(outcome)

    @workflow.signal
    def letter_moved(self, moved: LetterMoved) -> None:
        """The letter went out, or arrived."""
        if moved.state == "arrived" and self.arrived is None:
            self.arrived = moved

    @workflow.signal
    def withdraw(self) -> None:
        """The debt was paid, or the contract has ended otherwise."""
        self.withdrawn = True

    def _order(self, r: RescissionInput, what: str) -> RescissionOrder:
        key = f"{workflow.info().workflow_id}/{what}"
        return RescissionOrder(contract_no=r.contract_no, n=r.n, key=key, as_of=clock.now())

    async def _close(self, outcome: str) -> str:
        me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
        return outcome
