"""Suspension and resumption: the contract's commands, and the peer that carries them out (Art. 16)."""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import clock
from workflows.contract_record import ContractRecord
from workflows.options import COMMAND, DATABASE, OUTSIDE, queue, show
from workflows.wording import day_words

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from activities.suspension import SuspensionWork
    from models import ids
    from models.messages.contract import ContractCommit, PendingAct, PendingApproval, SignalOrder
    from models.messages.default import (
        ANTISOCIAL,
        UNPAID,
        ProposeSuspension,
        Resume,
        SettleDefault,
        Suspend,
        Suspension,
        SuspensionInput,
        SuspensionOrder,
    )
    from models.messages.office import ApprovalOrder, ApprovalVote, Closing, Event, LetterOrder, Opening, Reply
    from terms.citation import Article, Refused
    from terms.default import must_allow_resumption, needs_pledge
    from terms.lifecycle import must_allow
    from terms.periods import day_of
    from terms.timetable import end_of, reminder_at

LAPSED = frozenset({"Refused", "ContractClosed"})
DECIDING = {"suspension": ["legal", "dunning"], "suspension_unannounced": ["legal"]}


class Suspensions(ContractRecord):
    """The contract's commands about suspensions: proposed, approved, begun, lifted."""

    @workflow.update
    async def propose_suspension(self, c: ProposeSuspension) -> Reply:
        """Art. 16(1), 16(2): a suspension is proposed, announced or not; it never begins without a second person."""
        return await self.carry_out(c, lambda: self._suspension_proposed(c), self._commit)

    @workflow.update
    async def suspend(self, c: Suspend) -> Reply:
        """The first day of an approved suspension has come; what it needs is proved once more."""
        return await self.carry_out(c, lambda: self._suspension_due(c), self._commit)

    @workflow.update
    async def drop_suspension(self, c: Suspend) -> Reply:
        """An approved suspension can't begin: its ground has gone, or the case is held."""
        return await self.carry_out(c, lambda: self._suspension_dropped(c), self._commit)

    @workflow.update
    async def resume(self, c: Resume) -> Reply:
        """Art. 16(3): service resumes, on a pledge where one is needed; or the stated period is over (A85)."""
        return await self.carry_out(c, lambda: self._resumed(c), self._commit)

    @workflow.update
    async def settle_default(self, c: SettleDefault) -> Reply:
        """Nothing is overdue any more: proposals fall, a suspension for the debt is lifted."""
        return await self.carry_out(c, lambda: self._settled(c), self._commit)

    def _suspension_proposed(self, c: ProposeSuspension) -> ContractCommit:
        must_allow(self.s.phase, "suspend")
        if self.s.suspension is not None or any(p.act in DECIDING for p in self.s.pending):
            raise Refused(Article(16, 1), "利用停止は既に提案又は決定されています。")
        plan = Suspension(
            ground=c.ground, scope=c.scope, from_on=c.from_on, until_on=c.until_on,
            without_announcement=c.without_announcement,
        )  # fmt: skip
        act: PendingAct = "suspension" if plan.without_announcement is None else "suspension_unannounced"
        approval_id = self._next_approval()
        pending = PendingApproval(
            approval_id=approval_id, proposed_by=c.origin.actor, act=act, article=_article(plan), suspension=plan
        )
        shown = _shown(plan)
        order = ApprovalOrder(
            act=act, article=_article(plan), roles=DECIDING[act], proposed_by=c.origin.actor, reason=c.reason,
            consequence=shown,
        )  # fmt: skip
        words = f"{day_words(plan.from_on)}からの{_unannounced(plan)}利用停止を提案しました。"
        event = self._event("suspension_proposed", _article(plan), c.origin.actor, words, shown)
        reply = Reply(status=202, body={"approval_id": approval_id, "state": "open"})
        return self._ask(c, pending, order, event, must="suspension", suspension=plan, reply=reply)

    def _suspension_approved(self, c: ApprovalVote, proposed: Suspension) -> ContractCommit:
        must_allow(self.s.phase, "suspend")
        today = day_of(clock.now())
        self.s.suspensions += 1
        plan = proposed.model_copy(
            update={"n": self.s.suspensions, "approval_id": c.approval_id, "from_on": max(proposed.from_on, today)}
        )
        if plan.until_on is not None and plan.until_on < plan.from_on:
            raise Refused(Article(16, 2), "停止の期間は既に終了しています。")
        begins = plan.from_on <= today
        self.s.suspension = plan.model_copy(update={"state": "running" if begins else "planned"})
        told = SuspensionInput(
            contract_no=self.s.contract_no,
            n=plan.n,
            begun=begins,
            suspend_at=reminder_at(plan.from_on),
            task_at=None
            if plan.until_on is None
            else reminder_at(plan.until_on - timedelta(days=self._terms().suspend_end_task_days)),
            until_on=plan.until_on,
        )
        peer = Opening(
            workflow_id=ids.suspension(self.s.contract_no, plan.n), type="suspension",
            payload=told.model_dump(mode="json"),
        )  # fmt: skip
        words = f"{day_words(plan.from_on)}からの{_unannounced(plan)}利用停止が承認されました。"
        event = self._event("suspension_approved", _article(plan), c.origin.actor, words, _shown(plan))
        more = self._begun(c.origin.actor) if begins else {"events": []}
        return self._step(
            c.origin.key, [event, *more.pop("events")], scope=c.origin.scope, vote=c, must="suspension",
            suspension=self.s.suspension, openings=[peer], reply=Reply(status=200, body={"state": "approved"}), **more,
        )  # fmt: skip

    def _suspension_due(self, c: Suspend) -> ContractCommit:
        plan = self.s.suspension
        if plan is None or plan.n != c.n or plan.state != "planned":
            raise Refused(Article(16, 1), "この利用停止は既に開始したか、取り下げられました。")
        must_allow(self.s.phase, "suspend")
        self.s.suspension = plan.model_copy(update={"state": "running"})
        more = self._begun(c.origin.actor)
        return self._step(
            c.origin.key, more.pop("events"), scope=c.origin.scope, must="suspension", suspension=self.s.suspension,
            reply=Reply(status=200, body={"state": "suspended"}), **more,
        )  # fmt: skip

    def _suspension_dropped(self, c: Suspend) -> ContractCommit:
        plan = self.s.suspension
        if plan is None or plan.n != c.n or plan.state != "planned":
            raise Refused(Article(16, 1), "この利用停止は既に開始したか、取り下げられました。")
        self.s.suspension = None
        words = "承認された利用停止は、開始の日にその要件を欠いたため、取り下げました。"
        event = self._event("suspension_withdrawn", plan.ground, c.origin.actor, words, {"n": plan.n})
        return self._step(
            c.origin.key, [event], scope=c.origin.scope, suspension=plan.model_copy(update={"state": "withdrawn"}),
            reply=Reply(status=200, body={"state": self.s.phase}),
        )  # fmt: skip

    def _begun(self, actor: str) -> dict[str, Any]:
        """The suspension begins: state, event and letter."""
        plan = self._suspension()
        self.s.phase = "suspended"
        part = "一部" if plan.scope.kind == "part" else "全部"
        event = self._event("suspended", plan.ground, actor, f"サービスの{part}の提供を停止しました。", _shown(plan))
        facts: dict[str, Any] = {
            "item": Article.parse(plan.ground).item,
            "started_at": clock.now().isoformat(),
            "scope": plan.scope.kind,
            "pledge_required": needs_pledge(self._terms(), plan.ground),
        }
        if plan.until_on is not None:
            facts["until_on"] = str(plan.until_on)
        if plan.without_announcement is not None:
            facts["without_announcement"] = plan.without_announcement
        return {"events": [event], "letters": [LetterOrder(slug="suspension_started_notice", facts=facts)]}

    def _resumed(self, c: Resume) -> ContractCommit:
        must_allow(self.s.phase, "resume")
        plan = self._suspension()
        if c.ended_by == "period":
            if plan.until_on is None or end_of(plan.until_on) > clock.now():
                raise Refused(Article(16, 2), "停止の期間は終了していません。")
        else:
            must_allow_resumption(self._terms(), ground=plan.ground, overdue=0, pledged=c.pledged)
        more = self._lifted(c.origin.actor, {"ended_by": c.ended_by, "pledged": c.pledged})
        must = "resumption" if c.ended_by == "cause" else None
        return self._step(
            c.origin.key, more.pop("events"), scope=c.origin.scope, must=must,
            reply=Reply(status=200, body={"state": "active"}), **more,
        )  # fmt: skip

    def _lifted(self, actor: str, basis: dict[str, Any]) -> dict[str, Any]:
        """Service resumes: state, event, letter, and the peer told."""
        plan = self._suspension()
        self.s.phase, self.s.suspension = "active", None
        event = self._event("resumed", "16(3)", actor, "サービスの提供を再開しました。", {"n": plan.n, **basis})
        facts: dict[str, Any] = {"resumed_at": clock.now().isoformat(), "scope": plan.scope.kind}
        return {
            "events": [event],
            "letters": [LetterOrder(slug="service_resumed_notice", facts=facts)],
            "suspension": plan.model_copy(update={"state": "ended"}),
            "signals": [SignalOrder(workflow_id=ids.suspension(self.s.contract_no, plan.n), name="over")],
        }

    def _settled(self, c: SettleDefault) -> ContractCommit:
        events: list[Event] = [
            self._event("default_settled", UNPAID, c.origin.actor, "支払期日を経過した未払いはなくなりました。", {})
        ]
        more: dict[str, Any] = {"closings": self._closings(c.origin.key, "antisocial_rescission"), "signals": []}
        plan = self.s.suspension
        if plan is not None and plan.ground == UNPAID:
            if plan.state == "planned":
                self.s.suspension = None
                more["suspension"] = plan.model_copy(update={"state": "withdrawn"})
                more["signals"] = [SignalOrder(workflow_id=ids.suspension(self.s.contract_no, plan.n), name="over")]
            elif needs_pledge(self._terms(), plan.ground):
                more["letters"] = [LetterOrder(slug="pledge_request", facts={"item": Article.parse(plan.ground).item})]
            else:
                lifted = self._lifted(c.origin.actor, {"ended_by": "payment"})
                events += lifted.pop("events")
                more |= lifted
        way_out = self.s.rescission
        if way_out is not None and way_out.ground != ANTISOCIAL:  # the day of its letter's arrival decides (17(3))
            told = SignalOrder(workflow_id=ids.rescission(self.s.contract_no, way_out.n), name="withdraw")
            more["signals"] = [*more["signals"], told]
        return self._step(
            c.origin.key, events, scope=c.origin.scope, must="settlement", settles=True,
            reply=Reply(status=200, body={"state": "settled"}), **more,
        )  # fmt: skip

    def _suspension(self) -> Suspension:
        if self.s.suspension is None:
            raise Refused(Article(16, 3), "サービスの提供を停止していません。")
        return self.s.suspension


def _shown(plan: Suspension) -> dict[str, Any]:
    """Give what the approval and the timeline show of a suspension."""
    shown: dict[str, Any] = {
        "ground": plan.ground,
        "scope": plan.scope.kind,
        "resource_ids": [*plan.scope.resource_ids],
        "from_on": str(plan.from_on),
    }
    if plan.without_announcement is not None:
        shown["without_announcement"] = plan.without_announcement
    return shown | ({} if plan.until_on is None else {"until_on": str(plan.until_on)})


def _article(plan: Suspension) -> str:
    """Say by which clause a suspension is decided: its ground, or the proviso that lets it come unannounced."""
    return plan.ground if plan.without_announcement is None else "16(2)"


def _unannounced(plan: Suspension) -> str:
    return "" if plan.without_announcement is None else "予告のない"


@workflow.defn(name="suspension", failure_exception_types=[Refused])
class SuspensionPeer:
    """Art. 16(2), 16(3): begins on its day, has the service shut, and opened again when it is over."""

    def __init__(self) -> None:
        self.is_over = False
        self.has_ended = False

    @workflow.run
    async def run(self, s: SuspensionInput) -> str:
        """Wait for the first day, shut, wait for the end, open."""
        self._show(s, "planned")
        if not s.begun:
            if await clock.wait_until(s.suspend_at, lambda: self.is_over, "第16条 停止の開始"):
                return await self._close("withdrawn")
            if not await self._command(SuspensionWork.begin, s, "begin"):
                await self._command(SuspensionWork.drop, s, "drop")
                return await self._close("lapsed")
        self._show(s, "running")
        await self._provision(SuspensionWork.shut, s, "shut")
        if s.task_at is not None and s.until_on is not None:
            if not await clock.wait_until(s.task_at, lambda: self.is_over, "第16条 停止期間の終了前の確認"):
                await workflow.execute_activity_method(
                    SuspensionWork.ask_for_the_end, self._order(s, "ask"), **DATABASE, summary="停止期間の確認"
                )
            if not await clock.wait_until(end_of(s.until_on), lambda: self.is_over, "第16条 停止期間の終了"):
                await self._command(SuspensionWork.end_of_period, s, "period")
        await workflow.wait_condition(lambda: self.is_over)
        if not self.has_ended:  # what has ended stays shut
            await self._provision(SuspensionWork.open, s, "open")
        return await self._close("ended")

    @workflow.signal
    def over(self) -> None:
        """The suspension was lifted or withdrawn."""
        self.is_over = True

    @workflow.signal
    def ended(self) -> None:
        """The contract has ended."""
        self.is_over = self.has_ended = True

    async def _command(self, activity: Any, s: SuspensionInput, what: str) -> bool:  # noqa: ANN401
        """Command the contract; a refusal means that the ground has gone."""
        try:
            await workflow.execute_activity_method(activity, self._order(s, what), **COMMAND, summary=f"停止 {what}")
        except ActivityError as failed:
            if not (isinstance(failed.cause, ApplicationError) and failed.cause.type in LAPSED):
                raise
            return False
        return True

    async def _provision(self, activity: Any, s: SuspensionInput, what: str) -> None:  # noqa: ANN401
        await workflow.execute_activity_method(
            activity, self._order(s, what), **OUTSIDE, task_queue=queue("operations"), summary=f"設備 {what}"
        )

    def _order(self, s: SuspensionInput, what: str) -> SuspensionOrder:
        key = f"{workflow.info().workflow_id}/{what}"
        return SuspensionOrder(contract_no=s.contract_no, n=s.n, key=key, as_of=clock.now())

    async def _close(self, outcome: str) -> str:
        me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
        return outcome

    def _show(self, s: SuspensionInput, phase: str) -> None:
        words = "第16条 利用停止" + ("" if s.until_on is None else f" {day_words(s.until_on)}まで")
        show(subject="default", phase=phase, contract_no=s.contract_no, next_at=s.suspend_at, words=words)
