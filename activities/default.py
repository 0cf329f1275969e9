"""The ladder of dunning: which step is due, its letters, what the contract has to be told (Art. 16(1)(1), 17(1), 36).

`Defaults.climb` takes every step that is due in one transaction, each once: the row of the case says which comes next.
Legal acts are never taken here; they are proposed to the contract, and people decide.
"""

from datetime import date, datetime, timedelta
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity

from activities.arrears import case_id, held_until, latest_of, letter_key, overdue_principal, owed_facts
from activities.dunning import end_holds
from activities.ladder_letters import running_suspension
from activities.letters import expected_on, queue_letter
from activities.office import Office
from activities.records import audit, open_task
from activities.rescission import take_back_letters
from activities.suspension import BEFORE_DEMAND, tell_contract
from models.messages.default import (
    UNPAID,
    Climbed,
    ClimbOrder,
    LetterLook,
    ProposeRescission,
    ProposeSuspension,
    Scope,
    SettleDefault,
    TellOrder,
)
from models.messages.office import Event, LetterOrder, Origin, TaskOrder
from models.tables import ApplicationRow, ApprovalRow, ContractRow, DefaultCaseRow, SuspensionRow
from terms.citation import Refused
from terms.default import ladder, suspension_notice
from terms.letters import channel_of
from terms.lifecycle import OVER
from terms.periods import ONE_DAY, at, day_of
from terms.timetable import reminder_at

Tell = str | None
SUSPENDING = ("suspension", "suspension_unannounced")
RESCINDING = ("rescission", "rescission_without_suspension", "antisocial_rescission")


class _Climb:
    """One look at one case, inside its transaction."""

    def __init__(
        self, session: AsyncSession, office: Office, case: DefaultCaseRow, row: ContractRow, as_of: datetime
    ) -> None:
        self.session, self.office, self.case, self.contract, self.as_of = session, office, case, row, as_of
        self.today = day_of(as_of)
        self.electronic = False
        self.days = {
            str(each["step"]): date.fromisoformat(str(each["on"])) for each in cast("list[dict[str, Any]]", case.steps)
        }

    def _next(self, step: str) -> str | None:
        """Name the step after one, as the case was laid out; while service is suspended nothing leads up to that."""
        order = [*self.days]
        suspended = self.case.state == "suspended"
        left = (each for each in order[order.index(step) + 1 :] if not (suspended and each in BEFORE_DEMAND))
        return next(left, None)

    async def flag(self) -> None:
        """D + 1: overdue; interest runs."""
        await self._tell("default_opened", f"支払期日({self.case.first_due_on.isoformat()})を経過しました。", UNPAID)

    async def reminder(self) -> None:
        """The first reminder, unless a later letter is due as well."""
        warning = self.days.get("warning")
        if warning is None or warning > self.today:
            await self._letter("first_reminder", {"pay_by_on": str((warning or self.today) - ONE_DAY)})
        self.case.state = "reminded"

    async def warning(self) -> None:
        """The second reminder, and on a contract in force the announcement of the suspension (16(2))."""
        if self.case.ended:
            await self._letter("second_reminder", {"pay_by_on": str(self.days["demand"] - ONE_DAY)})
            return
        from_on = self._stated_from_on()
        facts: dict[str, JsonValue] = {"pay_by_on": str(from_on - ONE_DAY), "from_on": str(from_on)}
        await self._letter("second_reminder", facts)
        await self._letter("suspension_warning", facts)
        self.case.state, self.case.stated_from_on = "warned", from_on

    def _stated_from_on(self) -> date:
        """The first day of the suspension: that of the ladder, and the lead days after the arrival to be expected."""
        arrives_on = expected_on(self.office, "email" if self.electronic else "post", self.as_of)
        earliest = suspension_notice(self.office.terms, notice_arrives_at=at(arrives_on)).earliest_on
        return max(self.days["suspension"], earliest)

    async def suspension(self) -> Tell:
        """Propose the suspension once the announcement has arrived; nothing to do while it is under way or decided."""
        warning = await latest_of(self.session, letter_key(self.case, "suspension_warning"))
        if warning is None or warning.effective_at is None:
            if warning is not None and warning.returned:
                await self._task(
                    "warning_returned", "利用停止の予告が不達です。再発行してください。", "dunning", "16(2)"
                )
            return None
        if self.case.rejected or await self._proposed(*SUSPENDING) or await self._suspension_under_way():
            return None
        return "propose_suspension"

    async def demand(self) -> None:
        """The demand in writing (催告): only of who is suspended, or whose contract has ended."""
        demand_days = self.office.terms.demand_days
        arrives_on = expected_on(self.office, "certified", self.as_of)
        facts: dict[str, JsonValue] = {
            "demand_days": demand_days,
            "arrives_on": str(arrives_on),
            "pay_by_on": str(arrives_on + timedelta(days=demand_days)),
        }
        running = await running_suspension(self.session, self.contract.contract_no)
        if running is not None and running.started_at is not None:
            facts["suspended_on"] = str(day_of(running.started_at))
        await self._letter("formal_demand", facts)
        self.case.state = "demanded"

    async def review(self) -> Tell:
        """Propose the rescission once what it needs is there."""
        demand = await latest_of(self.session, letter_key(self.case, "formal_demand"))
        if demand is None or demand.effective_at is None:
            if demand is not None and demand.returned:
                await self._task("demand_returned", "催告書が不達です。法務の判断が必要です。", "legal", "17(1)")
            return None
        if self.case.rejected or await self._proposed(*RESCINDING):
            return None
        return "propose_rescission"

    async def review_from(self) -> date | None:
        """Work out the first day on which a rescission may be proposed, as far as facts are known."""
        demand = await latest_of(self.session, letter_key(self.case, "formal_demand"))
        running = await running_suspension(self.session, self.contract.contract_no)
        if demand is None or demand.effective_at is None or running is None or running.started_at is None:
            return None
        terms = self.office.terms
        return max(
            self.days["review"],
            day_of(demand.effective_at) + timedelta(days=terms.demand_days) + ONE_DAY,
            day_of(running.started_at) + timedelta(days=terms.rescind_wait_days),
        )

    async def _suspension_under_way(self) -> bool:
        row = SuspensionRow
        found = await self.session.scalar(
            select(col(row.n))
            .where(col(row.contract_no) == self.contract.contract_no, col(row.state).in_(("planned", "running")))
            .limit(1)
        )
        return found is not None

    async def _proposed(self, *acts: str) -> bool:
        found = await self.session.scalar(
            select(col(ApprovalRow.approval_id))
            .where(col(ApprovalRow.contract_no) == self.contract.contract_no, col(ApprovalRow.act).in_(acts))
            .where(col(ApprovalRow.state) == "open")
            .limit(1)
        )
        return found is not None

    async def prepare(self) -> None:
        """Read what steps ask without waiting."""
        application = await self.session.get_one(ApplicationRow, self.contract.application_no)
        self.electronic = (
            channel_of("suspension_warning", electronic_delivery=application.electronic_delivery) == "email"
        )

    async def _letter(self, slug: str, facts: dict[str, JsonValue]) -> None:
        debts = await owed_facts(self.session, self.office, self.contract.contract_no, self.today)
        order = LetterOrder(slug=slug, facts=debts | facts, origin=case_id(self.case))
        await queue_letter(
            self.session, self.office, order, key=letter_key(self.case, slug), as_of=self.as_of,
            application_no=self.contract.application_no, contract_no=self.contract.contract_no,
        )  # fmt: skip

    async def _tell(self, action: str, words: str, article: str) -> None:
        event = Event(
            action=action, article=article, actor="system", at=self.as_of, summary=words,
            basis={"first_due_on": str(self.case.first_due_on), "n": self.case.n, "steps": self.case.steps},
        )  # fmt: skip
        await audit(
            self.session, f"{case_id(self.case)}:{action}", [event], contract_no=self.contract.contract_no,
            application_no=self.contract.application_no,
        )  # fmt: skip

    async def _task(self, kind: str, detail: str, role: str, article: str) -> None:
        task = TaskOrder(kind=kind, role=role, detail=detail, article=article)
        await open_task(
            self.session, f"{case_id(self.case)}:{kind}", task, as_of=self.as_of,
            contract_no=self.contract.contract_no, application_no=self.contract.application_no,
        )  # fmt: skip

    async def climb(self) -> Climbed:
        """Take the steps that are due, in their order; says when to look next, and what the contract is to be told."""
        case = self.case
        if not await overdue_principal(self.session, case.contract_no, self.today):
            return Climbed(state="settled", tell="settle")
        await self._lay_out_anew()
        await end_holds(self.session, self.case, self.contract.application_no, as_of=self.as_of)
        until = await held_until(self.session, case, self.today)
        if case.state == "rescinding":  # the letter is on its way; nothing more is asked for
            return self._at(None)
        if until is not None:
            return self._at(reminder_at(until + ONE_DAY))
        while case.step is not None and reminder_at(self.days[case.step]) <= self.as_of:
            step = case.step
            if step in {"flag", "reminder", "warning"} or (step == "demand" and await self._may_demand()):
                await getattr(self, step)()
                case.step, case.rejected = self._next(step), False
                continue
            return await self._act_of_law(step)
        return self._at(None if case.step is None else reminder_at(self.days[case.step]))

    async def _may_demand(self) -> bool:
        return self.case.ended or await running_suspension(self.session, self.contract.contract_no) is not None

    async def _act_of_law(self, step: str) -> Climbed:
        """Propose what people decide; else say when it may be proposed. Facts wake the case by themselves."""
        if step == "demand":
            return self._at(None)
        if step == "suspension":
            from_on = self.case.stated_from_on or self.today
            if from_on > self.today:
                return self._at(reminder_at(from_on))
            return self._at(None, await self.suspension())
        if self.case.ended:
            await self._task(
                "arrears_after_the_end",
                "契約終了後の未払いが残っています。回収の方法を決めてください。",
                "legal",
                "27(2)",
            )
            return self._at(None)
        first_on = await self.review_from()
        if first_on is not None and first_on > self.today:
            return self._at(reminder_at(first_on))
        return self._at(None, await self.review())

    def _at(self, next_at: datetime | None, tell: Tell = None) -> Climbed:
        return Climbed(state=cast("Any", self.case.state), next_at=next_at, tell=cast("Any", tell))

    async def _lay_out_anew(self) -> None:
        """A contract that has ended climbs what is left (no suspension, no rescission)."""
        case = self.case
        if case.ended or self.contract.state not in OVER:
            return
        steps = ladder(self.office.terms, self.office.calendars, first_due_on=case.first_due_on, ended=True)
        case.steps = [{"step": each.step, "on": each.on.isoformat()} for each in steps]
        self.days = {each.step: each.on for each in steps}
        case.ended = True
        if case.step == "suspension":
            case.step = "demand"
        elif case.step == "demand" and case.stated_from_on is None:  # it was suspended unannounced: nobody was reminded
            case.step = "reminder"
        if case.state in {"warned", "suspended"}:
            case.state = "reminded"


class Defaults:
    """Activities of the ladder."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name="default_climb")
    async def climb(self, order: ClimbOrder) -> Climbed:
        """Take what is due by `as_of`; one transaction, each step once."""
        office = self._office
        async with office.sessions() as session, session.begin():
            key = (order.contract_no, order.first_due_on, order.n)
            case = await session.get_one(DefaultCaseRow, key, with_for_update=True)
            if case.closed_at is not None:
                return Climbed(state=cast("Any", case.state), closed=True)
            row = await session.get_one(ContractRow, order.contract_no)
            climb = _Climb(session, office, case, row, order.as_of)
            await climb.prepare()
            found = await climb.climb()
        await office.wake()
        return found

    @activity.defn(name="default_tell")
    async def tell(self, order: TellOrder) -> bool:
        """Command the contract for the ladder; False if it refuses."""
        origin = Origin(key=order.key, actor="system")
        today = day_of(order.as_of)
        message: ProposeSuspension | ProposeRescission | SettleDefault
        if order.tell == "propose_suspension":
            message = ProposeSuspension(
                origin=origin, ground=UNPAID, scope=Scope(), from_on=today, reason="督促の段階による提案"
            )
        elif order.tell == "propose_rescission":
            message = ProposeRescission(origin=origin, ground="17(1)", reason="督促の段階による提案")
        else:
            message = SettleDefault(origin=origin)
        name = "settle_default" if order.tell == "settle" else order.tell
        try:
            await tell_contract(self._office, order.contract_no, name, message)
        except Refused:
            return False
        return True

    @activity.defn(name="default_take_back_letters")
    async def take_back_letters(self, look: LetterLook) -> None:
        """Take back what has not gone out: its ground has fallen."""
        key = f"take_back:{look.workflow_id}"
        await take_back_letters(self._office, look.workflow_id, key=key, as_of=look.as_of)
