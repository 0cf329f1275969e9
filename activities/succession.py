"""The process of a succession: screening, reminders, the alert, the letter's arrival (Art. 11, 12, 43)."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity

from activities.approvals import close_approval
from activities.letters import withdraw
from activities.office import Office
from activities.records import audit
from activities.succession_acts import transfer
from activities.succession_record import (
    ASSIGNMENT,
    advance,
    close_own_tasks,
    missing_documents,
    open_own_task,
    opened,
    tell,
    waits_for_approval,
    workflow_of,
)
from activities.suspension import tell_contract
from models.messages.contract import ContractCommit
from models.messages.office import ApprovalClosing, Event, Origin, TaskOrder
from models.messages.succession import RescindSuccessor, SuccessionOrder, SuccessionSeen
from models.tables import ContractRow, NoticeRow, SuccessionRow
from terms.citation import Article, Refused
from terms.lifecycle import OVER
from terms.periods import ONE_DAY
from terms.succession import UNDECIDED, SuccessionState, must_allow_in, reminder_days
from terms.timetable import reminder_at

DECISIVE = ("succession_rescission_notice", "assignment_consent")
"""The letters whose arrival has effect."""


class Successions:
    """Activities of the process."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name="succession_screen")
    async def screen(self, order: SuccessionOrder) -> None:
        """Ask the screening about the successor, its representative and officers (43(1)); names stay in here."""
        office = self._office
        async with office.readers() as session:
            row = await session.get_one(SuccessionRow, (order.contract_no, order.n))
        told = await opened(office, row)
        names = [told.applicant.name, told.applicant.representative.name, *(each.name for each in told.officers)]
        hits = await office.screening.hits(names)
        async with office.sessions() as session, session.begin():
            contract = await session.get_one(ContractRow, order.contract_no, with_for_update=True)
            row = await session.get_one(SuccessionRow, (order.contract_no, order.n), with_for_update=True)
            if row.screened_at is not None:
                return
            row.screened_at = order.as_of
            if hits:
                words = f"反社会的勢力の照会で{len(hits)}件の一致があります。法務の確認が必要です。"
                row.findings = [*row.findings, {"article": "43(1)", "severity": "blocking", "detail": words}]
                task = TaskOrder(kind="succession_hit", role="legal", article="43(1)", detail=words)
                await open_own_task(session, contract, row, task, order.as_of)
            event = Event(
                action="successor_screened", article="43(1)", actor="system", at=order.as_of,
                summary="承継する法人について反社会的勢力の照会を行いました。", basis={"n": row.n, "hits": len(hits)},
            )  # fmt: skip
            await audit(
                session, f"{workflow_of(row)}:screened", [event],
                contract_no=row.contract_no, application_no=contract.application_no,
            )  # fmt: skip

    @activity.defn(name="succession_look")
    async def look(self, order: SuccessionOrder) -> SuccessionSeen:
        """Do what is due by now, and say what the process has to do or wait for."""
        office, as_of = self._office, order.as_of
        async with office.sessions() as session, session.begin():
            contract = await session.get_one(ContractRow, order.contract_no, with_for_update=True)
            row = await session.get_one(SuccessionRow, (order.contract_no, order.n), with_for_update=True)
            if row.closed_at is not None:
                return SuccessionSeen(state=row.state, closed=True)
            if row.screened_at is None:
                return SuccessionSeen(state=row.state, screen=True)
            if _is_overtaken(contract, row):
                await _overtake(session, contract, row, as_of)
                return SuccessionSeen(state=row.state, closed=True)
            await advance(session, contract, row, as_of)
            arrived_at = await _arrival(session, row)
            if row.state == "consented" and arrived_at is not None:
                await transfer(session, office, contract, row, arrived_at, as_of)
                return SuccessionSeen(state=row.state, closed=True)
            if row.state == "rescinding":
                return SuccessionSeen(state=row.state, arrived_at=arrived_at)
            next_at = None
            if row.state in UNDECIDED and contract.state not in OVER:
                next_at = await self._watch(session, contract, row, as_of)
        await office.wake()
        return SuccessionSeen(state=row.state, next_at=next_at)

    async def _watch(
        self, session: AsyncSession, contract: ContractRow, row: SuccessionRow, as_of: datetime
    ) -> datetime | None:
        """Remind of what is missing, raise the alert once the window is over; gives the next day."""
        missing = await missing_documents(session, row)
        due = await self._remind(session, contract, row, as_of) if row.noticed_at is None or missing else []
        if row.deadline_on is not None and (row.noticed_at is None or row.late):
            late_at = reminder_at(row.deadline_on + ONE_DAY)
            if late_at <= as_of:
                await _alert(session, contract, row, as_of)
            else:
                due.append(late_at)
        if row.review_by_on is not None:
            over_at = reminder_at(row.review_by_on + ONE_DAY)
            if over_at <= as_of:
                task = TaskOrder(
                    kind="succession_review_over", role="legal", article="12(2)", due_on=row.review_by_on,
                    detail="承継の審査期間が過ぎています。以後の解除には法務の承認が必要です。",
                )  # fmt: skip
                await open_own_task(session, contract, row, task, as_of)
            else:
                due.append(over_at)
        return min(due, default=None)

    async def _remind(
        self, session: AsyncSession, contract: ContractRow, row: SuccessionRow, as_of: datetime
    ) -> list[datetime]:
        """Remind on the days before the end of the window; a day that had passed when we heard of it is left out."""
        if row.deadline_on is None:
            return []
        due = []
        for on in reminder_days(self._office.terms, deadline_on=row.deadline_on):
            if reminder_at(on) < row.recorded_at:
                continue
            if reminder_at(on) > as_of:
                due.append(reminder_at(on))
                continue
            left = (row.deadline_on - on).days
            task = TaskOrder(
                kind="succession_reminder", role="intake", article="12(1)", due_on=row.deadline_on,
                detail=f"承継届又は証明書類が届いていません。期限まであと{left}日です。",
            )  # fmt: skip
            await open_own_task(session, contract, row, task, as_of, which=str(left))
        return due

    @activity.defn(name="succession_end_contract")
    async def end_contract(self, order: SuccessionOrder) -> None:
        """Command the contract to end at the instant at which the letter arrived (12(2))."""
        if order.arrived_at is None:
            message = "no arrival"
            raise ValueError(message)
        origin = Origin(key=order.key, actor="system")
        command = RescindSuccessor(origin=origin, n=order.n, arrived_at=order.arrived_at)
        await tell_contract(self._office, order.contract_no, "rescind_successor", command)


def _is_overtaken(contract: ContractRow, row: SuccessionRow) -> bool:
    """Tell whether the contract's end leaves nothing to decide; who takes over its debts can be recorded after it."""
    if row.state in {"rescinding", "consented", "proposed"}:
        return contract.state in OVER
    return contract.state in {"closed", "erased"}


async def _overtake(session: AsyncSession, contract: ContractRow, row: SuccessionRow, as_of: datetime) -> None:
    """Another end came first: letters that have not gone out are taken back."""
    row.state, row.closed_at = "overtaken", as_of
    key = f"{workflow_of(row)}:overtaken"
    if await waits_for_approval(session, row) and row.approval_id is not None:
        origin = Origin(key=key, actor="system")
        closing = ApprovalClosing(origin=origin, approval_id=row.approval_id, state="withdrawn")
        await close_approval(session, closing, as_of=as_of)
    for letter in await _letters(session, row):
        await withdraw(session, letter.notice_no, key=key, actor="system", as_of=as_of)
    await close_own_tasks(session, row, as_of)
    event = Event(
        action="succession_overtaken", article="11" if row.kind == ASSIGNMENT else "12(2)", actor="system", at=as_of,
        summary="利用契約が終了したため、承継又は譲渡の手続きを終えました。", basis={"n": row.n},
    )  # fmt: skip
    await audit(session, key, [event], contract_no=row.contract_no, application_no=contract.application_no)


async def _alert(session: AsyncSession, contract: ContractRow, row: SuccessionRow, as_of: datetime) -> None:
    """The window is over without a notice, or the notice came after it: told once, without a sanction."""
    task = TaskOrder(
        kind="succession_late", role="reviewer", article="12(1)", due_on=row.deadline_on,
        detail="承継届が期限までに届いていません。利用規約に制裁の定めはありません。",
    )  # fmt: skip
    await open_own_task(session, contract, row, task, as_of)
    if row.noticed_at is not None or row.late:
        return
    row.late = True
    event = Event(
        action="succession_late", article="12(1)", actor="system", at=as_of,
        summary="承継の届出の期限が過ぎました。", basis={"n": row.n, "deadline_on": str(row.deadline_on)},
    )  # fmt: skip
    await audit(
        session, f"{workflow_of(row)}:late", [event],
        contract_no=row.contract_no, application_no=contract.application_no,
    )  # fmt: skip


async def _letters(session: AsyncSession, row: SuccessionRow) -> Sequence[NoticeRow]:
    """Find the letters that decide, and those that took their place."""
    found = await session.scalars(
        select(NoticeRow)
        .where(col(NoticeRow.origin) == workflow_of(row), col(NoticeRow.slug).in_(DECISIVE))
        .order_by(col(NoticeRow.notice_no))
    )
    return found.all()


async def _arrival(session: AsyncSession, row: SuccessionRow) -> datetime | None:
    """Find the first arrival of the letter that decides."""
    arrivals = [each.arrived_at for each in await _letters(session, row) if each.state == "arrived" and each.arrived_at]
    return min(arrivals, default=None)


async def prove_successor(session: AsyncSession, c: ContractCommit) -> None:
    """Prove in the transaction of a commit that the letter to the successor has arrived, at this instant.

    Raises:
        Refused: 12(2).
    """
    row = await session.get_one(SuccessionRow, (c.contract_no, c.succession), with_for_update=True)
    must_allow_in(cast("SuccessionState", row.state), "end")
    if c.arrived_at is None or await _arrival(session, row) != c.arrived_at:
        raise Refused(Article(12, 2), "解除の通知の到達が記録されていません。")


async def keep_succession(session: AsyncSession, c: ContractCommit) -> None:
    """Write what a contract's end means for a succession under way, and wake it."""
    if c.snapshot.phase not in OVER:
        return
    found = await session.scalars(
        select(SuccessionRow)
        .where(col(SuccessionRow.contract_no) == c.contract_no, col(SuccessionRow.closed_at).is_(None))
        .with_for_update()
    )
    for row in found.all():
        if row.n == c.succession:
            row.state, row.closed_at = "rescinded", c.as_of
        await tell(session, row, c.key, c.as_of)
