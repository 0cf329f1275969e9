"""Suspensions: what a commit proves and writes, and the work of the peer (Art. 16)."""

from datetime import date

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.arrears import case_of, close_case, latest_of, letter_key, overdue_principal, runs_a_hold, wake_case
from activities.commands import NoSuchWorkflow, command
from activities.dunning import end_holds
from activities.ladder_letters import running_suspension
from activities.office import Office
from activities.records import audit, open_task
from models import ids
from models.messages.contract import ContractCommit
from models.messages.default import ANTISOCIAL, UNPAID, Resume, Suspend, SuspensionOrder
from models.messages.office import Command, Event, Origin, Reply, TaskOrder
from models.tables import ContractRow, DefaultCaseRow, RescissionRow, SuspensionRow
from terms.citation import Article, Refused
from terms.default import (
    must_allow_rescission,
    must_allow_rescission_at_once,
    must_allow_resumption,
    must_allow_suspension,
)
from terms.periods import day_of

REJECTIONS = ("suspension_rejected", "rescission_rejected")
ACTIVE_CASE_AFTER = {"suspended": "suspended", "active": "warned"}
BEFORE_DEMAND = ("reminder", "warning", "suspension")
"""Steps of the ladder for which there is nothing left to do once service is suspended."""


async def prove(session: AsyncSession, office: Office, c: ContractCommit) -> None:
    """Prove from the books, in the transaction of a commit, what the terms want before it (Art. 16, 17).

    Raises:
        Refused: with the clause that is not met; nothing is written.
    """
    if c.must is None:
        return
    if c.must == "rescinded":
        await _prove_arrival(session, c)
        return
    today = day_of(c.as_of)
    overdue = await overdue_principal(session, c.contract_no, today)
    if c.must == "settlement":
        if overdue:
            raise Refused(Article(16, 1, 1), "支払期日を経過した未払いの料金等が残っています。")
    elif c.must == "resumption":
        if c.suspension is not None:
            must_allow_resumption(office.terms, ground=c.suspension.ground, overdue=overdue, pledged=True)
    else:
        case = await case_of(session, c.contract_no, lock=True)
        if case is not None and await runs_a_hold(session, case, today):
            raise Refused(Article(16, 1, 1), "督促は保留されています。")
        await (_prove_suspension if c.must == "suspension" else _prove_rescission)(session, office, c, case, overdue)


async def _prove_arrival(session: AsyncSession, c: ContractCommit) -> None:
    """What was paid by the day of the letter's arrival counts; a later payment does not revive the contract."""
    if c.arrived_at is None:
        raise Refused(Article(17, 3), "解除通知書の到達が記録されていません。")
    if c.rescission is not None:
        await prove_debt_on(session, c.contract_no, c.rescission.ground, day_of(c.arrived_at))


async def prove_debt_on(session: AsyncSession, contract_no: str, ground: str, arrived_on: date) -> None:
    """Prove that on the day of the arrival of a rescission the debt was there for which it was decided.

    Raises:
        Refused: 17(1), 17(2): it was paid by then. A rescission by 43(2) has no debt.
    """
    if ground == ANTISOCIAL:
        return
    if not await overdue_principal(session, contract_no, arrived_on, as_of_on=arrived_on):
        raise Refused(ground, "解除通知書の到達までに、支払期日を経過した料金等は支払われています。")


async def _prove_suspension(
    session: AsyncSession, office: Office, c: ContractCommit, case: DefaultCaseRow | None, overdue: int
) -> None:
    plan = c.suspension
    if plan is None or plan.ground != UNPAID:
        ground = Article.parse(plan.ground) if plan else Article(16, 1)
        raise Refused(ground, "この事由の記録がありません。")
    if case is None:
        raise Refused(Article(16, 1, 1), "支払期日を経過した未払いの料金等の記録がありません。")
    if case.state == "rescinding":
        raise Refused(Article(16, 1), "契約の解除が決定され、解除通知書の到達を待っています。")
    warning = await latest_of(session, letter_key(case, "suspension_warning"))
    must_allow_suspension(
        office.terms,
        overdue=overdue,
        warning_arrived_at=None if warning is None else warning.effective_at,
        stated_from_on=case.stated_from_on,
        on=plan.from_on,
        without_announcement=plan.without_announcement,
    )


async def _prove_rescission(
    session: AsyncSession, office: Office, c: ContractCommit, case: DefaultCaseRow | None, overdue: int
) -> None:
    if c.rescission is not None and c.rescission.ground == "17(2)":
        must_allow_rescission_at_once(overdue=0 if case is None else overdue)
        return
    running = await running_suspension(session, c.contract_no)
    demand = None if case is None else await latest_of(session, letter_key(case, "formal_demand"))
    arrived_at = None if demand is None else demand.effective_at
    must_allow_rescission(
        office.terms,
        overdue=overdue,
        suspended_on=day_of(running.started_at) if running is not None and running.started_at else None,
        demand_arrived_on=None if arrived_at is None else day_of(arrived_at),
        on=day_of(c.as_of),
    )


async def keep_default(session: AsyncSession, c: ContractCommit) -> None:
    """Write what a commit means for suspensions, rescissions and the case, and wake the case."""
    case = await case_of(session, c.contract_no, lock=True)
    if c.suspension is not None and c.suspension.n:
        await _keep_suspension(session, c, case)
    if c.rescission is not None and c.rescission.n:
        await _keep_rescission(session, c, case)
    if c.settles and case is not None:
        await end_holds(session, case, c.application_no, as_of=c.as_of, settled=True)
        close_case(case, "settled", c.as_of)
    if case is not None and any(event.action in REJECTIONS for event in c.events):
        case.rejected = True
    if case is not None:
        await session.flush()
        await wake_case(session, case, c.key, c.as_of)


async def _keep_suspension(session: AsyncSession, c: ContractCommit, case: DefaultCaseRow | None) -> None:
    plan = c.suspension
    if plan is None:
        return
    row = await session.get(SuspensionRow, (c.contract_no, plan.n), with_for_update=True)
    if row is None:
        row = SuspensionRow(
            contract_no=c.contract_no, n=plan.n, ground=plan.ground, scope=plan.scope.kind,
            resource_ids=[*plan.scope.resource_ids], from_on=plan.from_on, until_on=plan.until_on, state=plan.state,
            approval_id=plan.approval_id,
        )  # fmt: skip
        session.add(row)
    row.state = plan.state
    if plan.state == "running":
        row.started_at = c.as_of
    elif plan.state in {"ended", "withdrawn"}:
        row.ended_at = c.as_of
    if case is not None and plan.ground == UNPAID and c.snapshot.phase in ACTIVE_CASE_AFTER and plan.state != "planned":
        _move_case(case, plan.state, ACTIVE_CASE_AFTER[c.snapshot.phase])


def _move_case(case: DefaultCaseRow, suspension: str, state: str) -> None:
    """Bring a case to where a suspension leaves it; one that was never announced leaves what came before it open."""
    was_announced = case.stated_from_on is not None
    if suspension == "running":
        case.state = state
        if case.step in BEFORE_DEMAND:
            case.step, case.rejected = "demand", False
    elif was_announced:
        case.state = state
    elif suspension == "ended":
        case.state, case.step = "overdue", "flag" if case.step == "flag" else "reminder"


async def _keep_rescission(session: AsyncSession, c: ContractCommit, case: DefaultCaseRow | None) -> None:
    plan = c.rescission
    if plan is None:
        return
    row = await session.get(RescissionRow, (c.contract_no, plan.n), with_for_update=True)
    if row is None:
        row = RescissionRow(
            contract_no=c.contract_no, n=plan.n, ground=plan.ground, penalty=plan.penalty, decided_at=c.as_of
        )
        session.add(row)
    row.state, row.arrived_at = plan.state, c.arrived_at
    if case is None or plan.ground == ANTISOCIAL:
        return
    if plan.state == "sent":
        case.state = "rescinding"
    elif plan.state == "effective":
        close_case(case, "rescinded", c.as_of)
    elif case.state == "rescinding":
        case.state = {"review": "demanded", "reminder": "overdue"}.get(case.step or "", "reminded")


class SuspensionWork:
    """Activities of a suspension's peer."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name="suspension_begin")
    async def begin(self, order: SuspensionOrder) -> None:
        """Command the contract to suspend; refused where the ground has gone."""
        await self._tell(order, "suspend", Suspend(origin=self._origin(order), n=order.n))

    @activity.defn(name="suspension_drop")
    async def drop(self, order: SuspensionOrder) -> None:
        """Tell the contract that the suspension can't begin."""
        await self._tell(order, "drop_suspension", Suspend(origin=self._origin(order), n=order.n))

    @activity.defn(name="suspension_end_of_period")
    async def end_of_period(self, order: SuspensionOrder) -> None:
        """Command the contract to resume: the period that was announced is over (A85)."""
        await self._tell(order, "resume", Resume(origin=self._origin(order), ended_by="period"))

    @activity.defn(name="suspension_shut")
    async def shut(self, order: SuspensionOrder) -> None:
        """Have the platform shut the service; once."""
        await self._provision(order, shut=True)

    @activity.defn(name="suspension_open")
    async def open(self, order: SuspensionOrder) -> None:
        """Have the platform open the service again; once."""
        await self._provision(order, shut=False)

    @activity.defn(name="suspension_ask_for_the_end")
    async def ask_for_the_end(self, order: SuspensionOrder) -> None:
        """Ask a person what follows the stated period: a new announcement, or the resumption (16(2), 16(3))."""
        async with self._office.sessions() as session, session.begin():
            row = await session.get_one(SuspensionRow, (order.contract_no, order.n))
            contract = await session.get_one(ContractRow, order.contract_no)
            task = TaskOrder(
                kind="suspension_ends",
                role="dunning",
                detail="停止の期間がまもなく終了します。継続するには、あらためて第16条第2項の予告が必要です。",
                article="16(2)",
                due_on=row.until_on,
            )
            await open_task(
                session, order.key, task, as_of=order.as_of, contract_no=order.contract_no,
                application_no=contract.application_no,
            )  # fmt: skip

    async def _provision(self, order: SuspensionOrder, *, shut: bool) -> None:
        async with self._office.readers() as session:
            row = await session.get_one(SuspensionRow, (order.contract_no, order.n))
        ask = self._office.provisioning.suspend if shut else self._office.provisioning.resume
        await ask(order.key, order.contract_no, row.resource_ids)
        async with self._office.sessions() as session, session.begin():
            await self._note(session, order, shut=shut)

    async def _note(self, session: AsyncSession, order: SuspensionOrder, *, shut: bool) -> None:
        which = SuspensionRow.shut_at if shut else SuspensionRow.opened_at
        written = await session.execute(
            update(SuspensionRow)
            .where(col(SuspensionRow.contract_no) == order.contract_no, col(SuspensionRow.n) == order.n)
            .where(col(which).is_(None))
            .values({"shut_at" if shut else "opened_at": order.as_of})
            .returning(col(SuspensionRow.n))
        )
        if written.first() is None:
            return
        contract = await session.get_one(ContractRow, order.contract_no)
        event = Event(
            action="service_shut" if shut else "service_opened",
            article="16(1)" if shut else "16(3)",
            actor="system",
            at=order.as_of,
            summary="設備の側で提供を停止しました。" if shut else "設備の側で提供を再開しました。",
            basis={"n": order.n},
        )
        await audit(session, order.key, [event], contract_no=order.contract_no, application_no=contract.application_no)

    def _origin(self, order: SuspensionOrder) -> Origin:
        return Origin(key=order.key, actor="system")

    async def _tell(self, order: SuspensionOrder, update_name: str, message: Command) -> None:
        await tell_contract(self._office, order.contract_no, update_name, message)


async def tell_contract(office: Office, contract_no: str, update_name: str, message: Command) -> Reply:
    """Command a contract from an activity.

    Raises:
        Refused: the terms refuse it.
        ApplicationError: of type ContractClosed, when the contract's workflow has closed.
    """
    try:
        return await command(office.client, ids.contract(contract_no), update_name, message, Reply)
    except NoSuchWorkflow:
        message_ = "the contract's workflow has closed"
        raise ApplicationError(message_, type="ContractClosed", non_retryable=True) from None
