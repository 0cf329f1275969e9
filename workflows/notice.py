"""Art. 42: one letter by one channel, from its dispatch to its arrival."""

from typing import Literal

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import clock
from workflows.options import DATABASE, MAIL, queue, show

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from activities.notice import Notices
    from models.messages.notice import (
        Arrival,
        ArrivalRecord,
        Delivery,
        DeliveryOrder,
        Dispatched,
        DispatchOrder,
        DispatchOutcome,
        LetterMoved,
        NoticeInput,
        PaperDispatch,
        PaperDispatchOrder,
        Posted,
    )
    from models.messages.office import ApprovalClosing, Closing, Reply
    from terms.citation import Article, Refused
    from terms.notice import InPlace

NOT_PRINTED = "この書面は印刷できていません。記載を訂正し、再発行してください。"
PAPER = frozenset({"post", "registered", "certified"})
IN_PLACE: dict[str, InPlace] = {"normal_time": "normal_time", "decision": "decision"}


@workflow.defn(name="notice", failure_exception_types=[Refused])
class Notice:
    """A letter: sent with retries or posted by staff; its arrival is recorded, deemed or proven, and told."""

    @workflow.init
    def __init__(self, n: NoticeInput) -> None:
        self.n = n
        self.printed: bool | None = None
        self.posted: Dispatched | None = None
        self.delivery: Delivery | None = None
        self.in_place: Arrival | None = None
        self.withdrawn = False

    @workflow.run
    async def run(self, n: NoticeInput) -> str:
        """Send or post, tell, wait for the arrival, record it, tell again."""
        self._show("queued")
        dispatched = await (self._post() if n.channel in PAPER else self._mail())
        if dispatched is None:
            return await self._close("withdrawn")
        await self._tell("dispatched", dispatched)
        arrival = await self._arrival(dispatched)
        record = ArrivalRecord(notice_no=n.notice_no, arrival=arrival, as_of=clock.now())
        stands: Arrival | None = await workflow.execute_activity_method(
            Notices.record_arrival, record, **DATABASE, summary="第42条 到着の記録"
        )
        arrival = stands or arrival
        state: Literal["arrived", "undeliverable"] = "undeliverable" if arrival.arrived_at is None else "arrived"
        at = arrival.arrived_at or clock.now()
        await self._tell(state, dispatched.model_copy(update={"dispatched_at": at, "arrival": arrival}))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return await self._close(state)

    @workflow.update
    async def post(self, c: PaperDispatch) -> Reply:
        """Staff posted the letter: written down with method, number and moment; it must have been printed."""
        await workflow.wait_condition(lambda: self.printed is not None)
        if not self.printed:
            raise Refused(Article(42, 1), NOT_PRINTED)
        order = PaperDispatchOrder(notice_no=self.n.notice_no, command=c, as_of=clock.now())
        posted: Posted = await workflow.execute_activity_method(
            Notices.record_posting, order, **DATABASE, summary="第42条 発送の記録"
        )
        self.posted = self.posted or posted.dispatched
        return posted.reply

    @workflow.update
    async def deliver(self, c: Delivery) -> Reply:
        """The post told of delivery, refusal or return: evidence, which comes before any deemed arrival."""
        reply: Reply = await workflow.execute_activity_method(
            Notices.record_delivery, DeliveryOrder(notice_no=self.n.notice_no, delivery=c, as_of=clock.now()),
            **DATABASE, summary="第42条 配達の記録",
        )  # fmt: skip
        if self.delivery is None and (c.outcome != "returned" or self.n.channel == "certified"):
            self.delivery = c
        return reply

    @workflow.update
    async def withdraw(self, c: ApprovalClosing) -> Reply:
        """The letter was written anew before it went out."""
        self.withdrawn = True
        return Reply(status=200, body={"state": c.state})

    @workflow.signal
    def taken_back(self) -> None:
        """The letter is not wanted any more; it has not gone out."""
        self.withdrawn = True

    @workflow.signal
    def counts_as_arrived(self, arrival: Arrival) -> None:
        """People have put something in the place of the real arrival of a rescission (A35, A67); it is on record."""
        self.in_place = arrival

    async def _mail(self) -> Dispatched | None:
        """Send by e-mail; refused for good, it stays queued until it is written anew."""
        order = DispatchOrder(notice_no=self.n.notice_no, as_of=clock.now())
        outcome: DispatchOutcome = await workflow.execute_activity_method(
            Notices.dispatch_by_mail, order, **MAIL, task_queue=queue("letters"), summary="第42条 電子メール"
        )
        if outcome.state == "refused":
            await workflow.wait_condition(lambda: self.withdrawn)
            return None
        return outcome.dispatched

    async def _post(self) -> Dispatched | None:
        """Print, then wait for staff to post."""
        order = DispatchOrder(notice_no=self.n.notice_no, as_of=clock.now())
        outcome: DispatchOutcome = await workflow.execute_activity_method(
            Notices.prepare_paper, order, **MAIL, task_queue=queue("letters"), summary="印刷"
        )
        self.printed = outcome.state == "dispatched"
        await workflow.wait_condition(lambda: self.posted is not None or self.withdrawn)
        return self.posted

    async def _arrival(self, dispatched: Dispatched) -> Arrival:
        """Art. 42(2), A65: evidence if there is any by then, else the normal time.

        A letter of certified content that came back has not arrived; a rescission waits for evidence alone (A35).
        """
        normal = dispatched.arrival
        if normal.basis in {"dispatch", "viewable", "report"}:
            return normal
        self._show("dispatched")
        until = dispatched.record_until or normal.arrived_at
        if await clock.wait_until(until, self._is_settled, "第42条第2項 通常到着"):
            if self.in_place is not None:
                return self.in_place
            delivery = self.delivery
            if delivery is not None and delivery.outcome == "returned":
                return Arrival(arrived_at=None, deemed=False, basis="no_arrival")
            if delivery is not None and (until is None or delivery.at <= until):
                basis = "delivery" if delivery.outcome == "delivered" else "refusal"
                return Arrival(arrived_at=delivery.at, deemed=basis == "refusal", basis=basis)
        return normal

    def _is_settled(self) -> bool:
        return self.delivery is not None or self.in_place is not None

    async def _tell(self, state: Literal["dispatched", "arrived", "undeliverable"], d: Dispatched) -> None:
        """Tell the workflow that waits; if it has closed, what it should know is on record."""
        if self.n.origin is None:
            return
        moved = LetterMoved(
            notice_no=self.n.notice_no,
            slug=workflow.info().workflow_id.split("/")[2],
            state=state,
            channel="email" if d.arrival.basis == "dispatch" else self.n.channel,
            at=d.dispatched_at,
            in_place=IN_PLACE.get(d.arrival.basis) if state == "arrived" else None,
        )
        try:
            await workflow.get_external_workflow_handle(self.n.origin).signal("letter_moved", moved)
        except ApplicationError:
            return

    async def _close(self, outcome: str) -> str:
        me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return outcome

    def _show(self, phase: str) -> None:
        _, about, slug, *_ = workflow.info().workflow_id.split("/")
        show(subject="notice", phase=phase, contract_no=about, words=f"第42条 {slug}")
