"""The contract: the one writer of its life-cycle state, from its formation to its erasure (Art. 3-5, 9, 18, 26, 28)."""

from collections.abc import Callable
from typing import Any, cast

from temporalio import workflow

from workflows import clock
from workflows.contract_retention import Retention
from workflows.ending import basis_of, cutoff, ending_of, is_cluster, ordered, special_reply
from workflows.rescission import Rescissions
from workflows.succession import SuccessorRescission
from workflows.suspension import Suspensions
from workflows.wording import day_words

with workflow.unsafe.imports_passed_through():
    from models.messages.contract import ContractCommit, ContractState, PendingApproval, StartService, Voter
    from models.messages.office import (
        ApprovalClosing,
        ApprovalOrder,
        ApprovalVote,
        LetterOrder,
        Reply,
    )
    from models.messages.termination import (
        Cancel,
        End,
        Ending,
        GiveNotice,
        TerminationRecord,
        WithdrawNotice,
    )
    from terms.citation import Article, Refused
    from terms.contract import minimum_term_end
    from terms.ending import SpecialGround, end_before_start, end_by_notice, end_specially
    from terms.lifecycle import OVER, must_allow
    from terms.periods import day_of

APPROVED = Reply(status=200, body={"state": "approved"})
ACTS = {
    "special_cancellation": "第14条第2項の解除",
    "suspension": "利用停止",
    "suspension_unannounced": "予告のない利用停止",
    "rescission": "契約の解除",
    "rescission_without_suspension": "提供の停止によらない契約の解除",
    "antisocial_rescission": "第43条第2項の契約の解除",
}


@workflow.defn(name="contract", failure_exception_types=[Refused])
class Contract(Suspensions, Rescissions, Retention, SuccessorRescission):
    """The entity `contract/{no}`; open until erasure, for debts and retention go on after the end."""

    @workflow.init
    def __init__(self, s: ContractState) -> None:
        super().__init__(s)

    @workflow.run
    async def run(self, _: ContractState) -> str:
        """Stay until erasure; go on in a new run after some dozen commands."""
        while self.s.phase != "erased":
            self._show()
            seen = self.changes
            await workflow.wait_condition(self._changed_since(seen))
            if self.should_roll_over():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self.s)
        await workflow.wait_condition(workflow.all_handlers_finished)
        await self.leave()
        return self.s.phase

    def _changed_since(self, seen: int) -> Callable[[], bool]:
        return lambda: self.changes != seen

    @workflow.update
    async def start_service(self, c: StartService) -> Reply:
        """Art. 5(1), 26(3): the service starts, charging starts, the minimum terms run."""
        return await self.carry_out(c, lambda: self._started(c), self._commit)

    @start_service.validator
    def _may_start(self, c: StartService) -> None:
        if self.answered(c.origin.key) is None:
            must_allow(self.s.phase, "start_service")

    @workflow.update
    async def give_notice(self, c: GiveNotice) -> Reply:
        """Art. 18(1): the first notice counts; a further copy gets the first answer, also after the end."""
        return await self.carry_out(c, lambda: self._noticed(c), self._commit)

    @workflow.update
    async def withdraw_notice(self, c: WithdrawNotice) -> Reply:
        """A102: with the provider's consent the customer takes its notice back, before the end."""
        return await self.carry_out(c, lambda: self._notice_withdrawn(c), self._commit)

    @workflow.update
    async def cancel(self, c: Cancel) -> Reply:
        """Art. 14(2), 18(2): special cancellation; 28(1): withdrawal before the start."""
        return await self.carry_out(c, lambda: self._cancelled(c), self._commit)

    @workflow.update
    async def end(self, c: End) -> Reply:
        """The instant of an end has come, the earliest wins (A103); what is left over is to be removed (Art. 38(1))."""
        return await self.carry_out(c, lambda: self._end_reached(c), self._commit)

    @workflow.update
    async def vote(self, c: ApprovalVote) -> Reply:
        """A further person decides: on a cancellation by 14(2), a suspension (16), a rescission (17, 43(2))."""
        return await self.carry_out(c, lambda: self._voted(c), self._commit)

    @workflow.update
    async def close_approval(self, c: ApprovalClosing) -> Reply:
        """A proposal was taken back or ran out undecided."""
        return await self.carry_out(c, lambda: self._approval_closed(c), self._commit)

    def _started(self, c: StartService) -> ContractCommit:
        must_allow(self.s.phase, "start_service")
        if c.service_start_on < day_of(self.s.formed_at):
            raise Refused(Article(9, 1), "提供開始日は、利用契約の成立日以後でなければなりません。")
        terms = self._terms()
        cluster = minimum_term_end(terms, billing_start_on=c.billing_start_on, dedicated_cluster=True)
        general = minimum_term_end(terms, billing_start_on=c.billing_start_on, dedicated_cluster=False)
        lines = [
            line.model_copy(
                update={
                    "from_on": c.billing_start_on,
                    "min_term_ends_on": cluster.ends_on if is_cluster(terms, line) else general.ends_on,
                }
            )
            for line in self.s.lines
        ]
        latest = max((line.min_term_ends_on for line in lines if line.min_term_ends_on), default=general.ends_on)
        self.s.phase, self.s.lines, self.s.min_term_ends_on = "active", lines, latest
        self.s.service_start_on, self.s.billing_start_on = c.service_start_on, c.billing_start_on
        steps = cluster.steps if latest == cluster.ends_on else general.steps
        facts: dict[str, Any] = {
            "service_start_on": c.service_start_on.isoformat(),
            "billing_start_on": c.billing_start_on.isoformat(),
            "min_term_ends_on": latest.isoformat(),
            "cutoff": cutoff(terms, latest),
            "steps": [*steps],
        }
        basis = {"service_start_on": str(c.service_start_on), "billing_start_on": str(c.billing_start_on),
                 "min_term_ends_on": str(latest), "steps": [*steps], "reading": "A6"}  # fmt: skip
        words = f"{day_words(c.service_start_on)}に提供を開始し、{day_words(c.billing_start_on)}から課金します。"
        return self._step(
            c.origin.key, [self._event("started", "5(1)", c.origin.actor, words, basis)],
            scope=c.origin.scope, lines=lines, resources=c.resources,
            letters=[LetterOrder(slug="service_start_notice", facts=facts)], reply="contract",
        )  # fmt: skip

    def _noticed(self, c: GiveNotice) -> ContractCommit:
        terms = self._terms()
        if c.form in terms.written_forms and self.s.first_notice is not None:
            first = Reply(status=200, body=self.s.first_notice.body)
            words = "解約届の写しを受け付けました。最初の届出が有効です。"
            basis = {"arrived_at": c.arrived_at.isoformat()}
            event = self._event("notice_copy_received", "18(1)", c.origin.actor, words, basis)
            return self._step(c.origin.key, [event], scope=c.origin.scope, reply=first)
        must_allow(self.s.phase, "give_notice")
        departure = end_by_notice(
            terms, ordered(self.s.lines), arrived_at=c.arrived_at, form=c.form, requested_end_on=c.requested_end_on
        )
        record = self._numbered(ending_of(departure, c))
        ending = record.ending
        body: dict[str, Any] = {
            "arrived_on": str(ending.arrived_on),
            "runs_out_on": str(ending.runs_out_on),
            "ends_on": str(ending.ends_on),
            "penalty": ending.penalty,
            "delete_from_on": str(ending.delete_from_on),
            "articles": [*ending.articles],
            "steps": [*ending.steps],
        }
        facts = {k: body[k] for k in ("arrived_on", "runs_out_on", "ends_on", "penalty", "delete_from_on", "steps")}
        letter = LetterOrder(slug="cancellation_receipt", facts=facts)
        words = f"解約届を受け付けました。{day_words(ending.ends_on)}をもって終了します。"
        event = self._event("notice_received", "18(1)", c.origin.actor, words, basis_of(ending))
        return self._leaving(c.origin.key, c.origin.scope, record, [event], [letter], Reply(status=201, body=body))

    def _notice_withdrawn(self, c: WithdrawNotice) -> ContractCommit:
        running = next((r for r in self.s.running if r.ending.ground == "18(1)"), None)
        if running is None or self.s.phase in OVER:
            raise Refused(Article(18, 1), "取り下げることのできる解約届がありません。")
        done = running.model_copy(update={"state": "withdrawn"})
        self.s.running = [r for r in self.s.running if r.n != running.n]
        self.s.first_notice = None
        self._settle_end()
        words = "当社の承諾により、解約届は取り下げられました。"
        event = self._event("notice_withdrawn", "18(1)", c.origin.actor, words, {"n": running.n, "reading": "A102"})
        body: dict[str, Any] = {"state": self.s.phase}
        return self._step(
            c.origin.key, [event], scope=c.origin.scope, terminations=[done], reply=Reply(status=200, body=body)
        )

    def _cancelled(self, c: Cancel) -> ContractCommit:
        terms = self._terms()
        if c.ground == "28(1)":
            must_allow(self.s.phase, "withdraw_before_start")
            departure = end_before_start(terms, ordered(self.s.lines), arrived_at=c.arrived_at)
        else:
            special: SpecialGround = "14(2)" if c.ground == "14(2)" else "18(2)"
            must_allow(self.s.phase, "cancel_14_2" if special == "14(2)" else "cancel_18_2")
            departure = end_specially(terms, ground=special, arrived_at=c.arrived_at, form=c.form)
        record = self._numbered(ending_of(departure, c))
        if c.approve_first:
            return self._ask_first(c, record.ending)
        return self._special(c.origin.key, c.origin.scope, c.origin.actor, record)

    def _special(
        self,
        key: str,
        scope: str | None,
        actor: str,
        record: TerminationRecord,
        **more: Any,  # noqa: ANN401 (fields of the commit)
    ) -> ContractCommit:
        ending = record.ending
        facts: dict[str, Any] = {
            "arrived_on": str(ending.arrived_on),
            "ends_on": str(ending.ends_on),
            "steps": [*ending.steps],
        }
        if ending.ground == "28(1)":
            letter = LetterOrder(
                slug="pre_start_withdrawal_receipt",
                facts=facts | {"penalty": ending.penalty},
            )
        else:
            more_facts = {"ground": ending.ground, "event_no": ending.event_no,
                          "delete_from_on": str(ending.delete_from_on)}  # fmt: skip
            letter = LetterOrder(slug="special_cancellation_receipt", facts=facts | more_facts)
        words = f"第{Article.parse(ending.ground).ja.removeprefix('第')}の通知を受け付けました。"
        event = self._event("notice_received", ending.ground, actor, words, basis_of(ending))
        return self._leaving(key, scope, record, [event], [letter], special_reply(ending), **more)

    def _ask_first(self, c: Cancel, ending: Ending) -> ContractCommit:
        """Art. 14(2), A86: whether the purpose can't be attained is for the provider to review."""
        approval_id = self._next_approval()
        pending = PendingApproval(approval_id=approval_id, proposed_by=c.origin.actor, ending=ending)
        order = ApprovalOrder(
            act="special_cancellation",
            article="14(2)",
            roles=["legal", "reviewer"],
            proposed_by=c.origin.actor,
            reason="契約者による第14条第2項の解除の通知",
            consequence={"ends_on": str(ending.ends_on), "penalty": ending.penalty, "event_no": ending.event_no},
        )
        words = "第14条第2項の解除の通知を受け付けました。審査を待っています。"
        event = self._event("cancellation_proposed", "14(2)", c.origin.actor, words, basis_of(ending))
        reply = special_reply(ending)
        reply = Reply(status=202, body=reply.body | {"approval_id": approval_id})
        return self._ask(c, pending, order, event, reply=reply)

    def _voted(self, c: ApprovalVote) -> ContractCommit:
        pending = self._pending(c.approval_id)
        article = Article.parse(pending.article)
        if c.origin.actor == pending.proposed_by:
            raise Refused(article, "提案した本人は承認できません。")
        if c.decision == "reject":
            return self._rejected(c, pending)
        voters = [*pending.votes, Voter(person=c.person, role=c.role)]
        if len({each.person for each in voters}) < len(voters):
            raise Refused(article, "既に承認しています。")
        if len(voters) < pending.needs:
            return self._voted_first(c, pending, voters)
        if pending.includes is not None and pending.includes not in {each.role for each in voters}:
            raise Refused(article, "承認する者のうち1人は法務でなければなりません。")
        self._decided(pending)
        if pending.suspension is not None:
            return self._suspension_approved(c, pending.suspension)
        if pending.rescission is not None:
            return self._rescission_approved(c, pending.rescission)
        must_allow(self.s.phase, "cancel_14_2")
        record = self._numbered(cast("Ending", pending.ending))
        commit = self._special(c.origin.key, c.origin.scope, c.origin.actor, record, vote=c)
        return commit.model_copy(update={"reply": APPROVED})

    def _voted_first(self, c: ApprovalVote, pending: PendingApproval, voters: list[Voter]) -> ContractCommit:
        """Write down a vote that others have to join."""
        after = pending.model_copy(update={"votes": voters})
        self.s.pending = [after if p.approval_id == c.approval_id else p for p in self.s.pending]
        words = f"{ACTS[pending.act]}の提案に{len(voters)}人目の承認がありました。"
        basis = {"approval_id": c.approval_id, "needs": pending.needs}
        event = self._event(f"{pending.act}_voted", pending.article, c.origin.actor, words, basis)
        reply = Reply(status=200, body={"state": "open"})
        return self._step(c.origin.key, [event], scope=c.origin.scope, vote=c, vote_decides=False, reply=reply)

    def _rejected(self, c: ApprovalVote, pending: PendingApproval) -> ContractCommit:
        self._decided(pending)
        words = f"{ACTS[pending.act]}は、審査の結果、認められませんでした。"
        basis = {"reading": "A86"} if pending.act == "special_cancellation" else {"approval_id": c.approval_id}
        action = "cancellation" if pending.act == "special_cancellation" else pending.act
        event = self._event(f"{action}_rejected", pending.article, c.origin.actor, words, basis)
        reply = Reply(status=200, body={"state": "rejected"})
        return self._step(c.origin.key, [event], scope=c.origin.scope, vote=c, reply=reply)

    def _approval_closed(self, c: ApprovalClosing) -> ContractCommit:
        pending = self._pending(c.approval_id)
        self._decided(pending)
        words = f"{ACTS[pending.act]}の審査を終了しました。"
        event = self._event(f"approval_{c.state}", pending.article, c.origin.actor, words, {})
        return self._step(
            c.origin.key, [event], scope=c.origin.scope, closings=[c],
            reply=Reply(status=200, body={"state": c.state}),
        )  # fmt: skip

    def _decided(self, pending: PendingApproval) -> None:
        self.s.pending = [p for p in self.s.pending if p.approval_id != pending.approval_id]

    def _end_reached(self, c: End) -> ContractCommit:
        record = next((r for r in self.s.running if r.n == c.n), None)
        if record is None or self.s.phase in OVER:
            raise Refused(Article(18, 1), "利用契約は既に終了しています。")
        if record.ending.ends_at > clock.now():
            raise Refused(Article(18, 1), "終了日が到来していません。")
        events, letters = self._over(record)
        terminations = [record.model_copy(update={"state": "ended"}), *self._overtaken(record.n)]
        self.s.running = []
        reply = Reply(status=200, body={"state": "ended"})
        return self._step(
            c.origin.key, events, scope=c.origin.scope, letters=letters, terminations=terminations, lines=self.s.lines,
            leftovers=True,
            reply=reply,
        )  # fmt: skip
