"""Art. 24-27: a month's bills, from the freeze of its usage to the letters; and letters that go out together."""

from temporalio import workflow

from workflows import clock
from workflows.options import BATCH, DATABASE, MAILING, queue, show

with workflow.unsafe.imports_passed_through():
    from activities.billing_run import BillingRuns
    from activities.calendar import Calendar
    from activities.mailing import Mailings
    from models.messages.billing import BillingDecided, BillingRunInput, BillingStep, MailingInput, MailingStep
    from models.messages.office import Closing


@workflow.defn(name="billing")
class BillingRun:
    """`billing/{month}/{pass}`: one pass over a month (Art. 27(1)); whoever decides on its proof is told to it."""

    @workflow.init
    def __init__(self, r: BillingRunInput) -> None:
        self.r = r
        self.decision: str | None = None

    @workflow.run
    async def run(self, _: BillingRunInput) -> str:
        """Freeze, price, prove, wait for the second person, issue."""
        self._show("running")
        await workflow.execute_activity_method(
            BillingRuns.freeze_usage, self._step(), **DATABASE, task_queue=queue("billing"), summary="利用実績の確定"
        )
        await workflow.execute_activity_method(
            BillingRuns.price_contracts, self._step(), **BATCH, task_queue=queue("billing"), summary="第26条 料金の計算"
        )
        state: str = await workflow.execute_activity_method(
            BillingRuns.prove_run, self._step(), **BATCH, task_queue=queue("billing"), summary="網羅性の証明"
        )
        if state == "proof":
            self._show("proof")
            await workflow.wait_condition(lambda: self.decision is not None)
            state = self.decision or state
        if state == "approved":
            self._show("issuing")
            await workflow.execute_activity_method(
                BillingRuns.issue_invoices, self._step(), **BATCH, task_queue=queue("billing"),
                summary="第27条第1項 請求書の発行",
            )  # fmt: skip
            state = "issued"
        await self._close()
        return state

    @workflow.signal
    async def decided(self, decision: BillingDecided) -> None:
        """The proposal was approved, rejected, withdrawn, or has run out; the row knows it already."""
        self.decision = decision.state

    def _step(self) -> BillingStep:
        return BillingStep(month=self.r.month, pass_no=self.r.pass_no, as_of=clock.now())

    async def _close(self) -> None:
        me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")

    def _show(self, phase: str) -> None:
        show(subject="billing", phase=phase, words=f"第27条第1項 {self.r.month}分の請求({self.r.pass_no}回目)")


@workflow.defn(name="mailing")
class Mailing:
    """`mailing/{batch}`: letters sent from their rows over a few connections; what is put off is tried again."""

    @workflow.run
    async def run(self, m: MailingInput) -> int:
        """Send or print them all, and close."""
        show(subject="mailing", phase="running", words=f"第42条 一斉発送 {m.batch}")
        sent: int = await workflow.execute_activity_method(
            Mailings.send_letters,
            MailingStep(batch=m.batch, as_of=clock.now()),
            **MAILING,
            task_queue=queue("letters"),
            summary="第42条 電子メール",
        )
        me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
        return sent
