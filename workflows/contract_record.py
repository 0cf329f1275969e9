"""What every command of a contract comes to: its next version, its ends, its commit (Art. 3, 18, 28; A103)."""

from typing import Any

from temporalio import workflow

from workflows import clock
from workflows.ending import basis_of, peer_of
from workflows.entity import Entity
from workflows.options import DATABASE, show
from workflows.wording import day_words

with workflow.unsafe.imports_passed_through():
    from activities.contract import Contracts
    from models import ids
    from models.messages.contract import ContractCommit, ContractState, PendingApproval, SignalOrder, Snapshot
    from models.messages.office import (
        Answered,
        ApprovalClosing,
        ApprovalOrder,
        Command,
        Event,
        LetterOrder,
        Origin,
        Reply,
    )
    from models.messages.termination import Ending, TerminationRecord
    from terms.citation import Article, Refused
    from terms.lifecycle import OVER
    from terms.settings import TERMS_1_0, Terms

TERMS: dict[str, Terms] = {TERMS_1_0.version: TERMS_1_0}


class ContractRecord(Entity[ContractState]):
    """What the contract remembers, and how a decision becomes the next version of its record."""

    def _terms(self) -> Terms:
        return TERMS[self.s.terms_version]

    def _event(self, action: str, article: str, actor: str, words: str, basis: dict[str, Any]) -> Event:
        terms = {"terms_version": self.s.terms_version}
        return Event(action=action, article=article, actor=actor, at=clock.now(), summary=words, basis=terms | basis)

    def _step(self, key: str, events: list[Event], **more: Any) -> ContractCommit:  # noqa: ANN401 (fields of the commit)
        """Make the next version of the contract's record."""
        self.s.version += 1
        more = self._falls(key) | more
        s = self.s
        return ContractCommit(
            contract_no=s.contract_no,
            application_no=s.application_no,
            version=s.version,
            key=key,
            as_of=clock.now(),
            snapshot=Snapshot(
                phase=s.phase,
                service_start_on=s.service_start_on,
                billing_start_on=s.billing_start_on,
                min_term_ends_on=s.min_term_ends_on,
                ends_on=s.ends_on,
                ended_at=s.ended_at,
                end_ground=s.end_ground,
                delete_from_on=s.delete_from_on,
            ),
            events=events,
            **more,
        )

    def _falls(self, key: str) -> dict[str, Any]:
        """What an end takes with it: what the provider has proposed, a suspension, a rescission under way."""
        if self.s.phase not in OVER:
            return {}
        more: dict[str, Any] = {"closings": self._closings(key), "signals": []}
        if self.s.suspension is not None:
            ended = "ended" if self.s.suspension.state == "running" else "withdrawn"
            more["suspension"] = self.s.suspension.model_copy(update={"state": ended})
            more["signals"].append(
                SignalOrder(workflow_id=ids.suspension(self.s.contract_no, self.s.suspension.n), name="ended")
            )
            self.s.suspension = None
        if self.s.rescission is not None:
            more["rescission"] = self.s.rescission.model_copy(update={"state": "withdrawn"})
            more["signals"].append(
                SignalOrder(workflow_id=ids.rescission(self.s.contract_no, self.s.rescission.n), name="withdraw")
            )
            self.s.rescission = None
        return more

    def _closings(self, key: str, *staying: str) -> list[ApprovalClosing]:
        """Take back what the provider has proposed; a cancellation that the customer asked for stays."""
        stay = {"special_cancellation", *staying}
        fallen = [p for p in self.s.pending if p.act not in stay]
        self.s.pending = [p for p in self.s.pending if p.act in stay]
        return [
            ApprovalClosing(
                origin=Origin(key=f"{key}:{p.approval_id}", actor="system"),
                approval_id=p.approval_id,
                state="withdrawn",
            )
            for p in fallen
        ]

    def _pending(self, approval_id: str) -> PendingApproval:
        found = next((p for p in self.s.pending if p.approval_id == approval_id), None)
        if found is None:
            raise Refused(Article(14, 2), "この提案は既に決定されています。")
        return found

    def _ask(
        self,
        c: Command,
        pending: PendingApproval,
        order: ApprovalOrder,
        event: Event,
        **more: Any,  # noqa: ANN401 (fields of the commit)
    ) -> ContractCommit:
        """Open a proposal that waits for further people."""
        self.s.pending = [*self.s.pending, pending]
        return self._step(c.origin.key, [event], scope=c.origin.scope, approval=order, **more)

    def _next_approval(self) -> str:
        return f"{self.s.contract_no}-{self.s.version + 1}"

    async def _commit(self, commit: ContractCommit) -> Reply:
        reply: Reply = await workflow.execute_activity_method(
            Contracts.commit_contract, commit, **DATABASE, summary=f"記録 第{commit.events[0].article}条"
        )
        first = self.s.first_notice
        if first is not None and first.key == commit.key:
            self.s.first_notice = first.model_copy(update={"body": reply.body})
        return reply

    def _show(self) -> None:
        ends_at = min((r.ending.ends_at for r in self.s.running), default=None)
        words = f"第18条 終了予定 {day_words(self.s.ends_on)}" if self.s.ends_on else "第5条 期間の定めなし"
        show(subject="contract", phase=self.s.phase, contract_no=self.s.contract_no, next_at=ends_at, words=words)

    def _numbered(self, ending: Ending) -> TerminationRecord:
        return TerminationRecord(n=self.s.endings + 1, state="running", ending=ending)

    def _leaving(
        self, key: str, scope: str | None, record: TerminationRecord, events: list[Event],
        letters: list[LetterOrder], reply: Reply, **more: Any,  # noqa: ANN401
    ) -> ContractCommit:  # fmt: skip
        """Take a termination in: a peer waits for its end; an end that has passed already is carried out now."""
        self.s.endings = record.n
        ending = record.ending
        if ending.ground == "18(1)":
            self.s.first_notice = Answered(key=key, status=reply.status, body=reply.body)
        if ending.ends_at <= clock.now():
            over, end_letters = self._over(record)
            body = reply.body | {"ended_at": ending.ends_at.isoformat()}
            if self.s.first_notice and self.s.first_notice.key == key:
                self.s.first_notice = Answered(key=key, status=reply.status, body=body)
            ended = [record.model_copy(update={"state": "ended"}), *self._overtaken(record.n)]
            self.s.running = []
            return self._step(
                key, [*events, *over], scope=scope, letters=[*letters, *end_letters], terminations=ended,
                lines=self.s.lines, leftovers=True, reply=Reply(status=reply.status, body=body), **more,
            )  # fmt: skip
        self.s.running = [*self.s.running, record]
        self._settle_end()
        peer = peer_of(self._terms(), self.s.contract_no, record)
        return self._step(
            key, events, scope=scope, letters=letters, terminations=[record], openings=[peer], reply=reply, **more
        )

    def _overtaken(self, n: int) -> list[TerminationRecord]:
        return [r.model_copy(update={"state": "overtaken"}) for r in self.s.running if r.n != n]

    def _settle_end(self) -> None:
        """The earliest end on its way is the contract's (A103)."""
        first = min(self.s.running, key=lambda r: r.ending.ends_at, default=None)
        self.s.ends_on = first.ending.ends_on if first else None
        self.s.end_ground = first.ending.ground if first else None
        self.s.delete_from_on = first.ending.delete_from_on if first else None

    def _over(self, record: TerminationRecord) -> tuple[list[Event], list[LetterOrder]]:
        """The contract is over: 24:00 of its last day, or the instant of an arrival."""
        ending = record.ending
        self.s.phase = "ended"
        self.s.ends_on, self.s.ended_at, self.s.end_ground = ending.ends_on, ending.ends_at, ending.ground
        self.s.delete_from_on = ending.delete_from_on
        self.s.lines = [line.model_copy(update={"to_on": line.to_on or ending.ends_on}) for line in self.s.lines]
        words = f"利用契約は{day_words(ending.ends_on)}をもって終了しました。"
        event = self._event("ended", ending.ground, "system", words, basis_of(ending) | {"n": record.n})
        facts: dict[str, Any] = {
            "ends_on": str(ending.ends_on),
            "ended_at": ending.ends_at.isoformat(),
            "ground": ending.ground,
            "penalty": ending.penalty,
            "delete_from_on": str(ending.delete_from_on),
            "steps": [*ending.steps],
        }
        return [event], [LetterOrder(slug="contract_end_notice", facts=facts)]
