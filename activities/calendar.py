"""What the office's calendar does: finds the next due day, and sweeps up what is due (each rule `<=`)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlmodel import col
from temporalio import activity

from activities import bulk_letters, dunning, relay
from activities.acts import ACTS
from activities.approvals import close_approval, close_row, reminder_of
from activities.billing_start import came_late, due_month, next_billing, propose_anew, run_out, start_pass
from activities.commands import NoSuchWorkflow, command
from activities.legal_holds import next_review, review_holds
from activities.name_changes import next_change_reminder, remind_of_changes
from activities.office import Office
from activities.records import audit, close_tasks, open_task
from activities.removal import next_work_order, order_work
from activities.retention import begin_missing
from models import ids
from models.messages.office import (
    ApprovalClosing,
    CalendarState,
    Closing,
    Event,
    Opening,
    Origin,
    Reply,
    SweepInput,
    TaskOrder,
)
from models.tables import (
    ApplicationRow,
    ApprovalRow,
    ContactRow,
    DeliveryRow,
    NoticeRow,
    OpenWorkflowRow,
    TaskRow,
    VaultKeyRow,
)
from models.vault import ERASED, OFFICE
from terms.citation import Refused
from terms.letters import LETTERS
from terms.periods import ONE_DAY, at, day_of
from terms.timetable import sweep_at

LONGEST_SLEEP = timedelta(days=31)


class Calendar:
    """Activities of the calendar, of the sweep, and the closing of workflows."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def close_workflow(self, closing: Closing) -> None:
        """Note that a workflow has done its work, so that nobody starts it again."""
        async with self._office.sessions() as session, session.begin():
            await session.execute(
                update(OpenWorkflowRow)
                .where(col(OpenWorkflowRow.workflow_id) == closing.workflow_id)
                .where(col(OpenWorkflowRow.closed_at).is_(None))
                .values(closed_at=closing.as_of)
            )

    @activity.defn
    async def next_due(self, s: SweepInput) -> datetime:
        """Find the next day on which something falls due, at most a month off; never a day that was swept."""
        terms = self._office.terms
        async with self._office.readers() as session:
            expiry = await session.scalar(
                select(func.min(col(ApprovalRow.expires_at))).where(col(ApprovalRow.state) == "open")
            )
            reminder = await session.scalar(
                select(func.min(col(ApprovalRow.proposed_at))).where(
                    col(ApprovalRow.state) == "open", col(ApprovalRow.reminded).is_(False)
                )
            )
            posted = await session.scalar(select(func.min(col(NoticeRow.dispatched_at))).where(*_without_record()))
            closed = await session.scalar(select(func.min(col(ApplicationRow.closed_at))).where(*_to_erase()))
            billing = await next_billing(session, self._office, s.as_of)
            late = await came_late(session)
            review = await next_review(session)
            change = await next_change_reminder(session, self._office)
            work = await next_work_order(session)
            arrival = await bulk_letters.next_arrival(session, self._office)
            overdue = await dunning.next_overdue(session, self._office)
        days = [
            *_days(expiry, 1),
            *_days(reminder, terms.approval_reminder_days),
            *_days(posted, terms.registered_task_days),
            *_days(closed, terms.application_retention_days),
            *([arrival] if arrival else []),
            *([overdue] if overdue else []),
            *([review] if review else []),
            *([change] if change else []),
            *([work] if work else []),
            *([day_of(s.as_of)] if late else []),
        ]
        today = day_of(s.as_of)
        earliest = today if s.swept_on is None else max(today, s.swept_on + ONE_DAY)  # a day missed is swept today
        due = sweep_at(max(earliest, min([*days, today + LONGEST_SLEEP])))
        return due if billing is None else min(due, max(billing, s.as_of))

    @activity.defn
    async def start_due(self, s: SweepInput) -> CalendarState:
        """Start what is due by now, each once: the bills of months that are closed, and the sweep of the day."""
        office, today = self._office, day_of(s.as_of)
        while await self._bill(s.as_of):
            pass
        await office.wake()
        if s.swept_on == today or sweep_at(today) > s.as_of:
            return CalendarState(swept_on=s.swept_on)
        order = SweepInput(as_of=s.as_of, swept_on=today)
        opening = Opening(workflow_id=ids.sweep(today), type="sweep", payload=order.model_dump(mode="json"))
        await relay.start(office, opening)
        return CalendarState(swept_on=today)

    async def _bill(self, as_of: datetime) -> bool:
        """Begin the run over the next month whose close has come; tells whether there was one."""
        async with self._office.sessions() as session, session.begin():
            month = await due_month(session, as_of)
            due = await next_billing(session, self._office, as_of)
            if month is None or due is None or due > as_of:
                return False
            await start_pass(session, self._office, month, actor="system", as_of=as_of)
        return True

    @activity.defn
    async def sweep(self, s: SweepInput) -> dict[str, int]:
        """Do what is due by now; how much of each kind was done."""
        return {
            "approvals_expired": await self._expire_approvals(s.as_of),
            "approvals_reminded": await self._remind_approvals(s.as_of),
            "letters_without_record": await self._miss_records(s.as_of),
            "applications_erased": await self._erase_applications(s.as_of),
            "deletions_begun": await begin_missing(self._office, s.as_of),
            "changes_reminded": await remind_of_changes(self._office, s.as_of),
            "work_ordered": await order_work(self._office, s.as_of),
            "legal_holds_reviewed": await review_holds(self._office, s.as_of),
            "letters_arrived": await bulk_letters.arrive_normally(self._office, s.as_of),
            "defaults_opened": await self._open_defaults(s.as_of),
            "runs_begun_anew": await self._begin_runs_anew(s.as_of),
        }

    async def _open_defaults(self, as_of: datetime) -> int:
        """Open what is missing on the ladder of dunning, and have it started at once."""
        opened = await dunning.open_missing(self._office, as_of)
        await self._office.wake()
        return opened

    async def _begin_runs_anew(self, as_of: datetime) -> int:
        """Propose anew what nobody decided in time, and begin a pass over months into which a contract came late."""
        async with self._office.sessions() as session, session.begin():
            undecided, late = await run_out(session), await came_late(session)
            for month in undecided:
                await propose_anew(session, self._office, month, as_of=as_of)
            for month in late:
                await start_pass(session, self._office, month, actor="system", as_of=as_of)
        return len(undecided) + len(late)

    async def _expire_approvals(self, as_of: datetime) -> int:
        """Close approvals that nobody decided in time, through the workflow that waits for them."""
        async with self._office.readers() as session:
            rows = await session.execute(
                select(ApprovalRow).where(col(ApprovalRow.state) == "open", col(ApprovalRow.expires_at) <= as_of)
            )
            late = rows.scalars().all()
        return sum([await self._expire(row, as_of) for row in late])

    async def _expire(self, row: ApprovalRow, as_of: datetime) -> int:
        origin = Origin(key=f"expire:{row.approval_id}", actor="system")
        closing = ApprovalClosing(origin=origin, approval_id=row.approval_id, state="expired")
        if row.workflow_id is None:
            async with self._office.sessions() as session, session.begin():
                return int(await close_row(session, self._office, ACTS, closing, as_of=as_of))
        try:
            await command(self._office.client, row.workflow_id or "", "close_approval", closing, Reply)
        except Refused:
            return 0  # decided meanwhile
        except NoSuchWorkflow:  # nobody waits any more; it must not be found again every day
            async with self._office.sessions() as session, session.begin():
                await close_approval(session, closing, as_of=as_of)
        return 1

    async def _remind_approvals(self, as_of: datetime) -> int:
        """Remind of approvals that wait."""
        before = _before(as_of, self._office.terms.approval_reminder_days)
        async with self._office.sessions() as session, session.begin():
            found = await session.execute(
                select(ApprovalRow).where(
                    col(ApprovalRow.state) == "open",
                    col(ApprovalRow.reminded).is_(False),
                    col(ApprovalRow.proposed_at) < before,
                )
            )
            rows = found.scalars().all()
            for row in rows:
                row.reminded = True
                task = TaskOrder(
                    kind="approval_waits",
                    role=row.roles[0],
                    detail=f"承認待ちの提案({row.approval_id})があります。",
                    article=row.article,
                    due_on=day_of(row.expires_at),
                )
                await open_task(
                    session, reminder_of(row.approval_id), task, as_of=as_of,
                    contract_no=row.contract_no, application_no=row.application_no,
                )  # fmt: skip
        return len(rows)

    async def _miss_records(self, as_of: datetime) -> int:
        """Open a task for registered letters of which the post has told nothing for too long."""
        before = _before(as_of, self._office.terms.registered_task_days)
        async with self._office.sessions() as session, session.begin():
            found = await session.execute(
                select(NoticeRow).where(*_without_record(), col(NoticeRow.dispatched_at) < before)
            )
            rows = found.scalars().all()
            for row in rows:
                task = TaskOrder(
                    kind="no_delivery_record",
                    role="support",
                    detail=f"{LETTERS[row.slug].title}({row.notice_no})の配達記録がありません。追跡してください。",
                    article="42(2)",
                    notice_no=row.notice_no,
                )
                row.record_missed = True
                await open_task(
                    session, f"no_delivery_record:{row.notice_no}", task, as_of=as_of,
                    contract_no=row.contract_no, application_no=row.application_no,
                )  # fmt: skip
        return len(rows)

    async def _erase_applications(self, as_of: datetime) -> int:
        """Erase applicants' data when no contract came about (A110, Art. 44(6)): keys first, then the rows."""
        before = _before(as_of, self._office.terms.application_retention_days)
        async with self._office.readers() as session:
            found = await session.execute(
                select(col(ApplicationRow.application_no)).where(*_to_erase(), col(ApplicationRow.closed_at) < before)
            )
            numbers = found.scalars().all()
        return sum([await self._erase(number, as_of) for number in numbers])

    async def _erase(self, number: str, as_of: datetime) -> int:
        """Erase one applicant's data; a day later if a letter still lies in the tray.

        Its workflow could not end without the key, so the letter is taken back first.
        """
        if await self._take_back_letters(number, as_of):
            return 0
        await self._erase_application(number, as_of)
        return 1

    async def _take_back_letters(self, number: str, as_of: datetime) -> int:
        """Take back what nobody has posted to an applicant."""
        async with self._office.sessions() as session, session.begin():
            found = await session.execute(
                select(NoticeRow)
                .join(OpenWorkflowRow, col(OpenWorkflowRow.workflow_id) == col(NoticeRow.workflow_id))
                .where(col(NoticeRow.application_no) == number, col(OpenWorkflowRow.closed_at).is_(None))
            )
            rows = found.scalars().all()
            for row in rows:
                row.state = "withdrawn" if row.state == "queued" else row.state
                await close_tasks(session, col(TaskRow.notice_no) == row.notice_no, as_of=as_of)
        for row in rows:
            origin = Origin(key=f"take_back:{row.notice_no}", actor="system")
            closing = ApprovalClosing(origin=origin, approval_id=row.notice_no, state="withdrawn")
            with suppress(NoSuchWorkflow):
                await command(self._office.client, row.workflow_id, "withdraw", closing, Reply)
        return len(rows)

    async def _erase_application(self, number: str, as_of: datetime) -> None:
        office = self._office
        await office.vault.destroy_all([number])
        async with office.sessions() as session, session.begin():
            row = await session.get_one(ApplicationRow, number, with_for_update=True)
            row.form = row.decision = None
            row.name = await office.vault.seal_text(OFFICE, "statutory", ERASED)
            row.name_hash = office.vault.hash(number)
            row.erased_at = as_of
            await session.execute(
                update(ContactRow).where(col(ContactRow.application_no) == number).values(contact=b"")
            )
            await session.execute(
                update(VaultKeyRow).where(col(VaultKeyRow.owner) == number).values(destroyed_at=as_of)
            )
            event = Event(
                action="personal_data_erased",
                article="44(6)",
                actor="system",
                at=as_of,
                summary="利用契約に至らなかったお申込みの個人情報を消去しました。",
                basis={"setting": "application_retention_days", "reading": "A110"},
            )
            await audit(session, f"erased:{number}", [event], application_no=number)


def _without_record() -> Sequence[Any]:
    """Registered letters of whose delivery nothing is known and nobody was told yet; what is e-signed has no post."""
    return (
        col(NoticeRow.method) != "e-signature",
        col(NoticeRow.channel).in_(("registered", "certified")),
        col(NoticeRow.dispatched_at).is_not(None),
        col(NoticeRow.record_missed).is_(False),
        ~exists().where(col(DeliveryRow.notice_no) == col(NoticeRow.notice_no)),
    )


def _to_erase() -> Sequence[Any]:
    """Applications that became no contract and still hold personal data."""
    return (
        col(ApplicationRow.state).in_(("refused", "withdrawn")),
        col(ApplicationRow.erased_at).is_(None),
        col(ApplicationRow.closed_at).is_not(None),
    )


def _days(instant: datetime | None, later: int) -> list[date]:
    """Name the day, so many days after that of an instant, whose sweep finds it."""
    return [] if instant is None else [day_of(instant) + timedelta(days=later)]


def _before(as_of: datetime, days: int) -> datetime:
    """Give the end of the day that lies so many days back: what happened on it, at whatever hour, is due today."""
    return at(day_of(as_of) - timedelta(days=days) + ONE_DAY)
