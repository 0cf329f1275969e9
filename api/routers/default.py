"""Default: where an unpaid contract stands, holds, suspensions, resumptions, rescissions (Art. 16, 17)."""

from datetime import date
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.arrears import case_of, held_until, next_step, owed_facts
from activities.dunning import place_hold
from activities.office import Office
from activities.violation import has_hit
from api.auth import READERS, Caller, TheOffice, may
from api.dispatch import json_answer, send
from api.fields import Answer, Body, FutureDay, Number, Reference, Text
from api.idempotency import CommandRoute, TheCall
from api.problems import Forbidden, InvalidInput
from api.routers.contract import contract_row
from models import ids
from models.messages.default import ANTISOCIAL, ProposeRescission, ProposeSuspension, Resume, Scope, SuspensionGround
from models.tables import ContractRow, DefaultCaseRow, DefaultHoldRow, ResourceRow
from models.vault import KeyGone
from terms.citation import Article, Refused
from terms.default import Unannounced
from terms.periods import day_of
from terms.violation import AntisocialItem, antisocial_item

router = APIRouter(route_class=CommandRoute, tags=["defaults"])

HoldKind = Literal["promise", "dispute", "insolvency", "check"]
State = Literal[
    "none", "overdue", "reminded", "warned", "suspended", "demanded", "rescinding", "rescinded", "settled", "held"
]


class OwedAnswer(Answer):
    """An overdue invoice in yen: principal, and the interest run up to today."""

    invoice_no: str
    due_on: date
    principal: int
    interest: int


class HoldAnswer(Answer):
    """Something that holds the ladder up to a day, itself counted."""

    kind: HoldKind
    until_on: date
    outcome: Literal["running", "kept", "over"]
    reason: str | None = None


class NextStep(Answer):
    """The next step, its first day and its clause; a step that waits for a fact has the day from which it may come."""

    on: date
    action: str
    article: str


class DefaultAnswer(Answer):
    """Where a contract stands on the ladder of dunning."""

    state: State
    step: Literal["flag", "reminder", "warning", "suspension", "demand", "review"] | None = None
    first_due_on: date | None = None
    next: NextStep | None = None
    owed: list[OwedAnswer]
    holds: list[HoldAnswer]


class HoldBody(Body):
    """Why the ladder is held, and up to which day."""

    kind: HoldKind
    until_on: FutureDay
    reason: Text


class HeldAnswer(Answer):
    """The ladder is held up to a day, itself counted."""

    state: Literal["held"]
    kind: HoldKind
    until_on: date


class ScopeBody(Body):
    """All of the service, or the resources named."""

    kind: Literal["all", "part"]
    resource_ids: Annotated[list[Reference], Field(max_length=500)] = Field(default_factory=list)


class SuspensionBody(Body):
    """A suspension to be decided on: its ground, scope, first and last day.

    `without_announcement` says why it is not announced beforehand (16(2), proviso): that is impossible in fact, or it
    is urgent.
    """

    ground: SuspensionGround
    scope: ScopeBody
    from_on: FutureDay
    until_on: FutureDay | None = None
    without_announcement: Unannounced | None = None
    reason: Text


class ProposedAnswer(Answer):
    """The approval that decides."""

    approval_id: str
    state: Literal["open"]


class ResumptionBody(Body):
    """Why service resumes; the pledge (誓約書) by its reference where one is needed."""

    pledge_document: Reference | None = None
    reason: Text


class RescissionBody(Body):
    """The ground of a rescission, and why.

    By 43(2) also `item`, what the customer falls under, unless a screening has found it, and the `facts`, which are
    kept sealed.
    """

    ground: Literal["17(1)", "17(2)", "12(2)", "43(2)"]
    item: AntisocialItem | None = None
    facts: Text | None = None
    reason: Text


class StateAnswer(Answer):
    """The state of the contract."""

    state: str


@router.get("/v1/contracts/{contract_no}/default")
@may(*READERS, "customer")
async def show(contract_no: Number, office: TheOffice, caller: Caller) -> DefaultAnswer:
    """Show where a contract stands on the ladder; `none` if nothing was ever overdue."""
    await contract_row(office, contract_no, caller)
    today = day_of(await office.clock.now())
    async with office.readers() as session:
        case = await _latest(session, contract_no)
        facts = await owed_facts(session, office, contract_no, today)
        holds = [] if case is None else await _holds(session, case)
        until = None if case is None or case.closed_at else await held_until(session, case, today)
    owing = [OwedAnswer.model_validate(row) for row in cast("list[dict[str, Any]]", facts["owed"])]
    if case is None:
        return DefaultAnswer(state="none", owed=owing, holds=[])
    state = cast("State", "held" if until is not None else case.state)
    shown = [await _hold(office, row, see=not caller.is_customer) for row in holds]
    return DefaultAnswer(
        state=state, step=cast("Any", case.step), first_due_on=case.first_due_on, next=_next(case), owed=owing,
        holds=shown,
    )  # fmt: skip


@router.post("/v1/contracts/{contract_no}/default/holds", responses={200: {"model": HeldAnswer}})
@may("dunning", "legal")
async def hold(contract_no: Number, body: HoldBody, office: TheOffice, caller: Caller, call: TheCall) -> JSONResponse:
    """Hold the ladder: a promise to pay, a dispute, an insolvency, a match to be checked."""
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    if body.until_on < day_of(call.now):
        raise InvalidInput([("/until_on", "must not lie in the past")])
    async with office.sessions.begin() as session:
        case = await case_of(session, contract_no, lock=True)
        if case is None:
            raise Refused(Article(16, 1, 1), "支払期日を経過した未払いの料金等はありません。")
        await place_hold(
            session, office, case, key=call.origin("hold").key, kind=body.kind, until_on=body.until_on,
            reason=body.reason, actor=caller.actor, as_of=call.now,
        )  # fmt: skip
        await session.flush()
        answer = {"state": "held", "kind": body.kind, "until_on": body.until_on.isoformat()}
        await call.store(session, 200, {**answer}, contract_no)
    await office.wake()
    return json_answer({**answer})


@router.post("/v1/contracts/{contract_no}/suspensions", status_code=202, responses={202: {"model": ProposedAnswer}})
@may("dunning", "legal")
async def suspend(
    contract_no: Number, body: SuspensionBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose a suspension of all or part; another person of legal or dunning decides (Art. 16(1), 16(2)).

    Without an announcement only legal decides.
    """
    row = await contract_row(office, contract_no, caller)
    call.owner = contract_no
    await _check_period(office, row, body, day_of(call.now))
    scope = Scope(kind=body.scope.kind, resource_ids=body.scope.resource_ids)
    message = ProposeSuspension(
        origin=call.origin("propose_suspension"), ground=body.ground, scope=scope, from_on=body.from_on,
        until_on=body.until_on, without_announcement=body.without_announcement, reason=body.reason,
    )  # fmt: skip
    return await send(office, ids.contract(contract_no), "propose_suspension", message, closed=Article(16, 1))


@router.post("/v1/contracts/{contract_no}/resumptions", responses={200: {"model": StateAnswer}})
@may("dunning", "legal")
async def resume(
    contract_no: Number, body: ResumptionBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Let service resume: the cause of the suspension is gone (Art. 16(3))."""
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    message = Resume(origin=call.origin("resume"), pledged=body.pledge_document is not None, reason=body.reason)
    return await send(office, ids.contract(contract_no), "resume", message, closed=Article(16, 3))


@router.post("/v1/contracts/{contract_no}/rescissions", status_code=202, responses={202: {"model": ProposedAnswer}})
@may("dunning", "legal")
async def rescind(
    contract_no: Number, body: RescissionBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose to rescind (Art. 17(1)); without suspension (17(2)) and by 43(2) only legal proposes.

    Two further people decide, one of them of legal; by 43(2) one of legal or of the reviewers.
    """
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    if body.ground == "12(2)":
        raise Refused(Article(12, 2), "承継した法人との契約の解除は、承継の審査において提案してください。")
    if body.ground != "17(1)" and caller.role != "legal":
        raise Forbidden
    item = await _item(office, contract_no, body)
    message = ProposeRescission(
        origin=call.origin("propose_rescission"), ground=body.ground, item=item, facts=body.facts, reason=body.reason
    )
    closed = Article.parse(body.ground)
    return await send(office, ids.contract(contract_no), "propose_rescission", message, closed=closed)


async def _item(office: Office, contract_no: str, body: RescissionBody) -> AntisocialItem | None:
    """Find by which item of 43 a contract is to be rescinded; none by other grounds."""
    if body.ground == ANTISOCIAL:
        async with office.readers() as session:
            return antisocial_item(body.item, has_hit=await has_hit(session, contract_no))
    wrong = [f"/{name}" for name in ("item", "facts") if getattr(body, name) is not None]
    if wrong:
        raise InvalidInput([(field, "only by 43(2)") for field in wrong])
    return None


async def _latest(session: AsyncSession, contract_no: str) -> DefaultCaseRow | None:
    """Find the open default of a contract, else the last one."""
    case = DefaultCaseRow
    found: DefaultCaseRow | None = await session.scalar(
        select(case)
        .where(col(case.contract_no) == contract_no)
        .order_by(col(case.closed_at).is_(None).desc(), col(case.opened_at).desc(), col(case.n).desc())
        .limit(1)
    )
    return found


async def _holds(session: AsyncSession, case: DefaultCaseRow) -> list[DefaultHoldRow]:
    hold_ = DefaultHoldRow
    found = await session.execute(
        select(hold_)
        .where(col(hold_.contract_no) == case.contract_no, col(hold_.first_due_on) == case.first_due_on)
        .where(col(hold_.n) == case.n)
        .order_by(col(hold_.placed_at), col(hold_.key))
    )
    return [*found.scalars()]


async def _hold(office: Office, row: DefaultHoldRow, *, see: bool) -> HoldAnswer:
    try:
        reason = await office.vault.unseal_text(row.reason) if see else None
    except KeyGone:
        reason = None
    return HoldAnswer(
        kind=cast("Any", row.kind), until_on=row.until_on, outcome=cast("Any", row.outcome), reason=reason
    )


def _next(case: DefaultCaseRow) -> NextStep | None:
    step = next_step(case)
    return None if step is None else NextStep.model_validate(step)


async def _check_period(office: Office, row: ContractRow, body: SuspensionBody, today: date) -> None:
    """Check days and resources of a suspension: it can't begin in the past, and names what stands."""
    wrong = []
    if body.from_on < today:
        wrong.append(("/from_on", "must not lie in the past"))
    if body.until_on is not None and body.until_on < body.from_on:
        wrong.append(("/until_on", "must not lie before from_on"))
    if (body.scope.kind == "part") != bool(body.scope.resource_ids):
        wrong.append(("/scope/resource_ids", "required for a part, and only there"))
    elif body.scope.resource_ids:
        async with office.readers() as session:
            found = await session.execute(
                select(col(ResourceRow.resource_id))
                .where(col(ResourceRow.contract_no) == row.contract_no)
                .where(col(ResourceRow.resource_id).in_(body.scope.resource_ids))
            )
        if {*body.scope.resource_ids} - {*found.scalars()}:
            wrong.append(("/scope/resource_ids", "names a resource that does not stand on the contract"))
    if wrong:
        raise InvalidInput(wrong)
