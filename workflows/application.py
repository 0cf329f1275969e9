"""The review of an application (Art. 4-9, 43, 44): findings, reminder, decision, and the letter that carries it."""

from collections.abc import Callable
from typing import Any, Literal

from temporalio import workflow

from workflows import clock
from workflows.entity import Entity
from workflows.options import DATABASE, OUTSIDE, queue, show

with workflow.unsafe.imports_passed_through():
    from activities.application import Applications
    from activities.calendar import Calendar
    from activities.formation import Formation
    from models.messages.application import (
        Complete,
        Decide,
        FormationOrder,
        ReviewCommit,
        ReviewCommitted,
        ReviewState,
        ScreeningInput,
        WithdrawApplication,
    )
    from models.messages.notice import LetterMoved
    from models.messages.office import (
        ApprovalClosing,
        ApprovalOrder,
        ApprovalVote,
        Closing,
        Command,
        Event,
        LetterOrder,
        Reply,
        TaskOrder,
    )
    from terms.citation import Article, Refused
    from terms.review import SECOND_PERSON_GROUND, check_grounds
    from workflows.wording import day_words

DONE = frozenset({"accepted", "refused", "withdrawn"})
PUBLIC: dict[str, Literal["received", "accepted", "refused", "withdrawn"]] = {
    "received": "received",
    "accepting": "received",
    "second_opinion": "received",
    "refusing": "received",
    "accepted": "accepted",
    "refused": "refused",
    "withdrawn": "withdrawn",
}
"""What the outside sees of a phase: an application is received until its letter has gone out."""


@workflow.defn(name="application", failure_exception_types=[Refused])
class ApplicationReview(Entity[ReviewState]):
    """One application from its receipt to the contract, the refusal or the withdrawal."""

    @workflow.init
    def __init__(self, s: ReviewState) -> None:
        super().__init__(s)
        self.moved: list[LetterMoved] = []

    @workflow.run
    async def run(self, _: ReviewState) -> str:
        """Screen, wait for the decision, remind and escalate, and follow the letter that carries the decision."""
        seen = -1
        while self.s.phase not in DONE:
            self._show()
            if not self.s.screened and self.s.phase == "received":
                await self._screen()
            await clock.wait_until(self.s.next_due(), self._news_since(seen), "第9条 回答期限")
            seen = self.changes
            if self.moved:
                await self._letter_moved(self.moved.pop(0))
            if self._is_due():
                await self.act(self._remind_or_escalate)
        self._show()
        await workflow.wait_condition(workflow.all_handlers_finished)
        me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.s.phase

    @workflow.update
    async def decide(self, c: Decide) -> Reply:
        """Accept (Art. 9(1)) or refuse (9(2)); the letter that carries the decision goes out next."""
        if c.decision == "accept":
            await self._screening_done()
        return await self._command(c, lambda: self._accept(c) if c.decision == "accept" else self._refuse(c))

    @decide.validator
    def _may_decide(self, c: Decide) -> None:
        if self.answered(c.origin.key) is None:
            self._must_be_undecided()

    @workflow.update
    async def complete(self, c: Complete) -> Reply:
        """The applicant completed the form (Art. 8(1)): judged anew, the answer clock starts or stays stopped."""
        return await self._command(c, lambda: self._completed(c))

    @workflow.update
    async def withdraw(self, c: WithdrawApplication) -> Reply:
        """The applicant takes the application back, until it is accepted (A105)."""
        return await self._command(c, lambda: self._withdrawn(c))

    @workflow.update
    async def vote(self, c: ApprovalVote) -> Reply:
        """A second person decides on a refusal by 9(2)(5)."""
        return await self._command(c, lambda: self._voted(c))

    @workflow.update
    async def close_approval(self, c: ApprovalClosing) -> Reply:
        """The proposal of a refusal was taken back or nobody decided in time: the application is undecided again."""
        return await self._command(c, lambda: self._approval_closed(c))

    @workflow.signal
    def letter_moved(self, moved: LetterMoved) -> None:
        """The letter that carries the decision was dispatched, or has arrived."""
        self.moved.append(moved)

    @workflow.query
    def state(self) -> ReviewState:
        """Give what the review remembers."""
        return self.s

    async def _command(self, c: Command, decide: Any) -> Reply:  # noqa: ANN401 - a decision of this class
        return await self.carry_out(c, decide, self._commit)

    async def _commit(self, commit: ReviewCommit) -> Reply:
        committed = await self._write(commit)
        return Reply(status=commit.status, body=committed.body)

    async def _write(self, commit: ReviewCommit) -> ReviewCommitted:
        committed: ReviewCommitted = await workflow.execute_activity_method(
            Applications.commit_review, commit, **DATABASE, summary=f"記録 {commit.events[0].article}"
        )
        self.s.contract_no = committed.contract_no or self.s.contract_no
        self.s.approval_id = committed.approval_id or self.s.approval_id
        return committed

    def _step(self, key: str, action: str, article: str, actor: str, words: str, **more: Any) -> ReviewCommit:  # noqa: ANN401
        """Make the next version of the review's record."""
        self.s.version += 1
        now = clock.now()
        basis = more.pop("basis", {})
        return ReviewCommit(
            application_no=self.s.application_no,
            version=self.s.version,
            key=key,
            as_of=now,
            state=PUBLIC[self.s.phase],
            answer_by_on=self.s.answer_by_on,
            findings=[*self.s.findings, *self.s.screening],
            events=[Event(action=action, article=article, actor=actor, at=now, summary=words, basis=basis)],
            **more,
        )

    def _answer_by(self) -> str | None:
        """Write the day by which to answer; an application that is not complete has none."""
        return None if self.s.answer_by_on is None else self.s.answer_by_on.isoformat()

    def _must_be_undecided(self) -> None:
        if self.s.phase != "received":
            raise Refused(Article(9, 1), "このお申込みには既に回答しています。")

    def _accept(self, c: Decide) -> ReviewCommit:
        self._must_be_undecided()
        found = self.s.blocking()
        if found is not None:
            raise Refused(found.article, found.detail)
        self.s.phase = "accepting"
        return self._step(
            c.origin.key, "acceptance_decided", "9(1)", c.origin.actor, "お申込みの承諾を決定しました。",
            scope=c.origin.scope, decided="accept", decision={"grounds": [], "reason": c.reason},
            reserve_contract=True, closes_answer_tasks=True,
            basis={"findings": len([*self.s.findings, *self.s.screening]), "answer_by_on": self._answer_by()},
            letters=[LetterOrder(slug="acceptance_notice", origin=workflow.info().workflow_id)],
        )  # fmt: skip

    def _refuse(self, c: Decide) -> ReviewCommit:
        self._must_be_undecided()
        check_grounds(c.grounds)
        self.s.grounds, self.s.proposed_by = c.grounds, c.origin.actor
        decision = {"grounds": [*c.grounds], "reason": c.reason}
        if SECOND_PERSON_GROUND in c.grounds:
            self.s.phase = "second_opinion"
            order = ApprovalOrder(
                act="refusal_on_other_ground",
                article=SECOND_PERSON_GROUND,
                roles=["legal", "reviewer"],
                proposed_by=c.origin.actor,
                reason=c.reason,
                consequence={"decision": "refuse", "grounds": [*c.grounds], "letter": "refusal_notice"},
            )
            return self._step(
                c.origin.key, "refusal_proposed", SECOND_PERSON_GROUND, c.origin.actor,
                "不承諾を提案しました。もう1名の承認が必要です。",
                scope=c.origin.scope, status=202, decision=decision, approval=order, basis={"grounds": [*c.grounds]},
            )  # fmt: skip
        return self._refusal(c.origin.key, c.origin.actor, scope=c.origin.scope, decision=decision)

    def _refusal(self, key: str, actor: str, **more: Any) -> ReviewCommit:  # noqa: ANN401
        """Decide the refusal: it closes only when its written notice has gone out (Art. 9(3))."""
        self.s.phase = "refusing"
        letter = LetterOrder(
            slug="refusal_notice", facts={"grounds": [*self.s.grounds]}, origin=workflow.info().workflow_id
        )
        return self._step(
            key, "refusal_decided", "9(2)", actor, "お申込みの不承諾を決定しました。書面の発送を待っています。",
            decided="refuse", letters=[letter], closes_answer_tasks=True, basis={"grounds": [*self.s.grounds]}, **more,
        )  # fmt: skip

    def _completed(self, c: Complete) -> ReviewCommit:
        self._must_be_undecided()
        self.s.findings = c.findings
        self.s.electronic_delivery = c.form.get("electronic_delivery_consent") is True
        self.s.screened, self.s.screening = False, []
        self.s.answer_by_on = c.clock.answer_by_on if c.clock else None
        self.s.remind_at = c.clock.remind_at if c.clock else None
        self.s.escalate_at = c.clock.escalate_at if c.clock else None
        self.s.reminded = self.s.escalated = False
        missing = [f.model_dump() for f in c.findings if f.severity == "blocking"]
        facts: dict[str, Any] = {"received_at": c.arrived_at.isoformat()}
        if missing:
            told = [{"article": f["article"], "detail": f["detail"]} for f in missing]
            letter = LetterOrder(slug="application_incomplete_notice", facts=facts | {"missing": told})
        else:
            by = {"answer_by_on": self.s.answer_by_on.isoformat()} if self.s.answer_by_on else {}
            letter = LetterOrder(slug="application_received_notice", facts=facts | by)
        return self._step(
            c.origin.key, "application_completed", "8(1)", c.origin.actor, "お申込み内容の補完を受け付けました。",
            scope=c.origin.scope, form=c.form, letters=[letter], basis={"missing": len(missing)},
        )  # fmt: skip

    def _withdrawn(self, c: WithdrawApplication) -> ReviewCommit:
        if self.s.phase in {"accepting", *DONE}:
            raise Refused(Article(9, 1), "承諾後のお申込みは取り下げられません。")
        closing = None
        if self.s.phase == "second_opinion" and self.s.approval_id is not None:
            closing = ApprovalClosing(origin=c.origin, approval_id=self.s.approval_id, state="withdrawn")
        self.s.phase = "withdrawn"
        return self._step(
            c.origin.key, "application_withdrawn", "9(1)", c.origin.actor, "お申込みが取り下げられました。",
            scope=c.origin.scope, closes_answer_tasks=True, closing=closing,
            decision={"reason": c.reason or "", "form": c.form},
            basis={"arrived_at": c.arrived_at.isoformat(), "reading": "A105"},
        )  # fmt: skip

    def _voted(self, c: ApprovalVote) -> ReviewCommit:
        self._must_wait_for(c.approval_id)
        if c.origin.actor == self.s.proposed_by:
            raise Refused(SECOND_PERSON_GROUND, "提案した本人は承認できません。")
        if c.decision == "approve":
            return self._refusal(c.origin.key, c.origin.actor, scope=c.origin.scope, vote=c)
        self.s.phase, self.s.grounds = "received", []
        return self._step(
            c.origin.key, "refusal_rejected", SECOND_PERSON_GROUND, c.origin.actor,
            "不承諾の提案は承認されませんでした。", scope=c.origin.scope, vote=c, basis={"approval_id": c.approval_id},
        )  # fmt: skip

    def _approval_closed(self, c: ApprovalClosing) -> ReviewCommit:
        self._must_wait_for(c.approval_id)
        self.s.phase, self.s.grounds = "received", []
        words = (
            "不承諾の提案は取り下げられました。" if c.state == "withdrawn" else "不承諾の提案は期限切れになりました。"
        )
        return self._step(
            c.origin.key, f"approval_{c.state}", SECOND_PERSON_GROUND, c.origin.actor, words,
            scope=c.origin.scope, closing=c, basis={"approval_id": c.approval_id},
        )  # fmt: skip

    def _must_wait_for(self, approval_id: str) -> None:
        if self.s.phase != "second_opinion" or self.s.approval_id != approval_id:
            raise Refused(SECOND_PERSON_GROUND, "この提案は既に決定されています。")

    async def _screen(self) -> None:
        """Art. 43(1): ask the screening at once; a hit stands in the way of acceptance."""
        order = ScreeningInput(application_no=self.s.application_no, as_of=clock.now())
        screened = await workflow.execute_activity_method(
            Applications.screen_applicant, order, **OUTSIDE, task_queue=queue("operations"), summary="第43条 照会"
        )

        async def note() -> None:
            self.s.screened = True
            self.s.screening = screened.findings
            if self.s.phase == "received":
                key = f"{workflow.info().workflow_id}/screened/{self.s.version}"
                words = "反社会的勢力の照会を行いました。"
                tasks = [
                    TaskOrder(kind="screening_hit", role="legal", detail=found.detail, article=found.article)
                    for found in screened.findings
                ]
                await self._write(
                    self._step(key, "screened", "43(1)", "system", words, tasks=tasks,
                               basis={"hits": len(screened.findings)})
                )  # fmt: skip

        await self.act(note)

    async def _screening_done(self) -> None:
        """Wait for the screening, which starts with the receipt: nothing is accepted without it.

        The caller's patience ends first: it is told that the outcome is not known yet, and asks again by the same key.
        """
        await workflow.wait_condition(lambda: self.s.screened or self.s.phase != "received")

    def _news_since(self, seen: int) -> Callable[[], bool]:
        return lambda: self.changes != seen or bool(self.moved)

    def _is_due(self) -> bool:
        due = self.s.next_due()
        return due is not None and due <= clock.now()

    async def _remind_or_escalate(self) -> None:
        """Art. 9(1), A105: a task on the business day before the answer is due, escalation on the day after."""
        now = clock.now()
        if self.s.phase != "received":
            return
        if self.s.remind_at and self.s.remind_at <= now and not self.s.reminded:
            self.s.reminded = True
            task = TaskOrder(
                kind="answer_application", role="reviewer", article="9(1)", due_on=self.s.answer_by_on,
                detail=f"お申込み({self.s.application_no})の回答期限が近づいています。",
            )  # fmt: skip
            key = f"{workflow.info().workflow_id}/remind/{self.s.answer_by_on}"
            await self._write(
                self._step(key, "answer_reminded", "9(1)", "system", "回答期限を通知しました。", tasks=[task],
                           basis={"setting": "answer_days", "answer_by_on": self._answer_by()})
            )  # fmt: skip
        if self.s.escalate_at and self.s.escalate_at <= now and not self.s.escalated:
            self.s.escalated = True
            task = TaskOrder(
                kind="application_escalated", role="legal", article="9(1)", due_on=self.s.answer_by_on,
                detail=f"お申込み({self.s.application_no})が回答期限を過ぎています。",
            )  # fmt: skip
            key = f"{workflow.info().workflow_id}/escalate/{self.s.answer_by_on}"
            await self._write(
                self._step(key, "answer_escalated", "9(1)", "system", "回答期限を過ぎたため上申しました。",
                           tasks=[task], escalated=True, basis={"setting": "answer_days", "reading": "A105"})
            )  # fmt: skip

    async def _letter_moved(self, moved: LetterMoved) -> None:
        """The decision takes effect with its letter: at dispatch by e-mail, acceptance on paper at arrival (A39)."""
        if self.s.phase == "accepting" and moved.slug == "acceptance_notice":
            effective = moved.state == "arrived" or (moved.state == "dispatched" and moved.channel == "email")
            if effective:
                await self.act(lambda: self._form_contract(moved))
        elif self.s.phase == "refusing" and moved.slug == "refusal_notice" and moved.state == "dispatched":
            await self.act(lambda: self._close_refusal(moved))

    async def _form_contract(self, moved: LetterMoved) -> None:
        self.s.phase = "accepted"
        self.s.version += 1
        order = FormationOrder(
            application_no=self.s.application_no,
            contract_no=self.s.contract_no or "",
            formed_at=moved.at,
            version=self.s.version,
            as_of=clock.now(),
        )
        await workflow.execute_activity_method(Formation.form_contract, order, **DATABASE, summary="第9条第1項 成立")

    async def _close_refusal(self, moved: LetterMoved) -> None:
        self.s.phase = "refused"
        key = f"{workflow.info().workflow_id}/refused"
        basis = {"notice_no": moved.notice_no, "dispatched_at": moved.at.isoformat()}
        await self._write(
            self._step(key, "refused", "9(3)", "system", "不承諾を書面で通知しました。", decided="refuse", basis=basis)
        )

    def _show(self) -> None:
        due = self.s.next_due()
        words = f"第9条 回答期限 {day_words(self.s.answer_by_on)}" if self.s.answer_by_on else "第8条第1項 補完待ち"
        show(subject="application", phase=self.s.phase, next_at=due, words=words)
