"""Contracts: list, one contract, its start, its resources, timeline and workflows (Art. 3, 5, 9, 26, 38)."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, JsonValue, StrictInt
from sqlalchemy import String, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.billing import price_list_on
from activities.contract import view_contract, view_contracts
from activities.office import Office
from activities.parties import named
from activities.records import audit, instant
from activities.removal import close_checklist
from activities.resources import add_resources, remove_resource, view_resource
from api.auth import READERS, Caller, Principal, TheOffice, may
from api.dispatch import json_answer, send
from api.fields import Answer, Body, Code, Day, FutureDay, Line, Number, Reference
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import InvalidInput, NotFound
from models import ids
from models.messages.contract import NewResource, StartService
from models.messages.office import Event
from models.tables import AuditEventRow, ContractRow, OpenWorkflowRow, ResourceRow
from terms.citation import Article, Refused
from terms.lifecycle import IN_FORCE
from terms.periods import day_of

State = Literal["accepted", "active", "suspended", "ended", "closed", "erased"]

router = APIRouter(route_class=CommandRoute, tags=["contracts"])


class LineAnswer(Answer):
    """An ordered line."""

    line_no: int
    code: str
    quantity: int
    zone: str
    from_on: date
    to_on: date | None = None
    min_term_ends_on: date | None = None


class NextAction(Answer):
    """What happens by itself, or has to be done by a day (`restoration`), and by which article."""

    on: date
    action: Literal[
        "end", "restoration", "deletion", "erasure", "reminder", "warning", "suspension", "demand", "review"
    ]
    article: str


class ContractAnswer(Answer):
    """A contract as it stands; days are Japan's, `open_balance` in yen."""

    contract_no: str
    application_no: str
    customer_ref: str
    customer_name: str
    state: State
    lines: list[LineAnswer]
    terms_version: str
    price_list: str
    formed_at: AwareDatetime
    service_start_on: date | None = None
    billing_start_on: date | None = None
    min_term_ends_on: date | None = None
    ends_on: date | None = None
    ended_at: AwareDatetime | None = None
    end_ground: str | None = None
    next_actions: list[NextAction]
    open_balance: int


class ResourceBody(Body):
    """A resource that stands on the contract from a day on."""

    resource_id: Reference
    code: Code
    quantity: Annotated[StrictInt, Field(ge=1, le=10**9)]
    zone: Reference
    name: Line
    from_on: Day | None = None


Resources = Annotated[list[ResourceBody], Field(max_length=2000)]


class StartBody(Body):
    """Provisioning is done (開通)."""

    service_start_on: Day
    billing_start_on: FutureDay | None = None
    resources: Resources = Field(default_factory=list)


class ResourcesBody(Body):
    """Resources to register."""

    resources: Annotated[list[ResourceBody], Field(min_length=1, max_length=2000)]


class RemovalBody(Body):
    """A resource stands no longer; `to_on` is its last day."""

    code: Code
    to_on: Day


class ResourceAnswer(Answer):
    """A resource of a contract; `left_over`: it still stood at the contract's end (Art. 38(2))."""

    resource_id: str
    code: str
    quantity: int
    zone: str
    name: str
    from_on: date
    to_on: date | None = None
    left_over: bool


class Moment(Answer):
    """One step of a contract's life, with its article and basis."""

    at: AwareDatetime
    action: str
    article: str
    actor: str
    summary: str
    basis: dict[str, JsonValue]


class WorkflowAnswer(Answer):
    """A workflow of the contract."""

    workflow_id: str
    type: str
    status: Literal["running", "closed"]
    url: str | None = None


@router.get("/v1/contracts")
@may(*READERS, "customer")
async def show_all(
    office: TheOffice,
    caller: Caller,
    page: PageWanted,
    state: Annotated[State | None, Query()] = None,
    q: Annotated[Line | None, Query()] = None,
    customer_ref: Annotated[Reference | None, Query()] = None,
) -> Page[ContractAnswer]:
    """List contracts in order of creation; `q` finds numbers, references and whole company names."""
    query = select(ContractRow)
    if state is not None:
        query = query.where(col(ContractRow.state) == state)
    if customer_ref is not None:
        query = query.where(col(ContractRow.customer_ref) == customer_ref)
    if q is not None:
        numbers = (
            ContractRow.contract_no,
            ContractRow.application_no,
            ContractRow.customer_ref,
            ContractRow.corporate_number,
        )
        query = query.where(or_(named(office, q), *(col(number) == q for number in numbers)))
    if caller.is_customer:
        query = query.where(col(ContractRow.customer_ref) == caller.customer_ref)
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(ContractRow.contract_no))
        shown = await view_contracts(office, session, rows)
    return Page(items=[ContractAnswer.model_validate(one) for one in shown], next_cursor=cursor)


@router.get("/v1/contracts/{contract_no}")
@may(*READERS, "customer")
async def show(contract_no: Number, office: TheOffice, caller: Caller) -> ContractAnswer:
    """Show one contract."""
    async with office.readers() as session:
        row = await seen_contract(session, contract_no, caller)
        return ContractAnswer.model_validate(await view_contract(office, session, row))


@router.get("/v1/contracts/{contract_no}/timeline")
@may(*READERS, "customer")
async def timeline(contract_no: Number, office: TheOffice, caller: Caller, page: PageWanted) -> Page[Moment]:
    """Tell a contract's life from its application on, ascending: what, by which article, on which basis.

    A customer is told nothing of disclosures (40, 44(5)): an order may forbid it. Nor of a rescission by 43(2) before
    its letter has arrived: that needs no notice and no demand.
    """
    row = await contract_row(office, contract_no, caller)
    query = select(AuditEventRow).where(
        or_(
            col(AuditEventRow.contract_no) == contract_no,
            col(AuditEventRow.application_no) == row.application_no,
        )
    )
    if caller.is_customer:
        query = query.where(
            ~col(AuditEventRow.action).startswith("disclosure"),
            ~cast(col(AuditEventRow.basis), String).contains('"disclosure"'),  # nor of what they hold up
            or_(col(AuditEventRow.article) != "43(2)", ~col(AuditEventRow.action).startswith("rescission_")),
        )
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(AuditEventRow.at), col(AuditEventRow.id))
    moments = [
        Moment.model_validate(
            {
                "at": instant(r.at), "action": r.action, "article": r.article, "actor": r.actor, "summary": r.summary,
                "basis": r.basis,
            }
        )
        for r in rows
    ]  # fmt: skip
    return Page(items=moments, next_cursor=cursor)


@router.get("/v1/contracts/{contract_no}/workflows")
@may(*READERS)
async def workflows(contract_no: Number, office: TheOffice, caller: Caller, page: PageWanted) -> Page[WorkflowAnswer]:
    """List the workflows of a contract and of its application."""
    row = await contract_row(office, contract_no, caller)
    about = col(OpenWorkflowRow.workflow_id)
    query = select(OpenWorkflowRow).where(
        or_(
            col(OpenWorkflowRow.contract_no) == contract_no,
            about == ids.application(row.application_no),
            *(about.like(f"{kind}/{number}/%") for kind in ("notice", "termination", "cancellation")
              for number in (contract_no, row.application_no)),
        )
    )  # fmt: skip
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, about)
    base = office.temporal_ui_url
    items = [
        WorkflowAnswer(
            workflow_id=r.workflow_id,
            type=r.type,
            status="running" if r.closed_at is None else "closed",
            url=f"{base}/namespaces/{office.client.namespace}/workflows/{r.workflow_id}" if base else None,
        )
        for r in rows
    ]
    return Page(items=items, next_cursor=cursor)


@router.post("/v1/contracts/{contract_no}/service-start", responses={200: {"model": ContractAnswer}})
@may("provisioning")
async def start_service(
    contract_no: Number, body: StartBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Start the service (Art. 5(1), 26(3)): charging starts, minimum terms run, resources stand."""
    row = await contract_row(office, contract_no, caller)
    call.owner = contract_no
    billing_start_on = body.billing_start_on or body.service_start_on
    wrong = []
    if body.service_start_on > day_of(call.now):
        wrong.append(("/service_start_on", "must not lie in the future"))
    if billing_start_on < body.service_start_on:
        wrong.append(("/billing_start_on", "must not lie before service_start_on"))
    for place, resource in enumerate(body.resources):
        if resource.from_on is not None and resource.from_on < body.service_start_on:
            wrong.append((f"/resources/{place}/from_on", "must not lie before service_start_on"))
    await _check_codes(office, row, body.resources, wrong)
    message = StartService(
        origin=call.origin("start_service"),
        service_start_on=body.service_start_on,
        billing_start_on=billing_start_on,
        resources=[NewResource(**resource.model_dump()) for resource in body.resources],
    )
    return await send(office, ids.contract(contract_no), "start_service", message, closed=Article(5, 1))


@router.get("/v1/contracts/{contract_no}/resources")
@may(*READERS, "customer")
async def resources(contract_no: Number, office: TheOffice, caller: Caller, page: PageWanted) -> Page[ResourceAnswer]:
    """List what stands, or stood, on a contract."""
    await contract_row(office, contract_no, caller)
    async with office.readers() as session:
        query = select(ResourceRow).where(col(ResourceRow.contract_no) == contract_no)
        rows, cursor = await fetch_page(session, query, page, col(ResourceRow.id))
    items = [ResourceAnswer.model_validate(await view_resource(office, row)) for row in rows]
    return Page(items=items, next_cursor=cursor)


@router.post("/v1/contracts/{contract_no}/resources", responses={200: {"model": ContractAnswer}})
@may("provisioning")
async def register_resources(
    contract_no: Number, body: ResourcesBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Register resources on a contract in force; the same one again changes nothing."""
    row = await contract_row(office, contract_no, caller)
    call.owner = contract_no
    wrong: list[tuple[str, str]] = []
    for place, resource in enumerate(body.resources):
        from_on = resource.from_on
        if from_on is not None and row.billing_start_on is not None and from_on < row.billing_start_on:
            wrong.append((f"/resources/{place}/from_on", "must not lie before the start of charging"))
        if from_on is not None and from_on > day_of(call.now):
            wrong.append((f"/resources/{place}/from_on", "must not lie in the future"))
    await _check_codes(office, row, body.resources, wrong)
    new = [NewResource(**resource.model_dump()) for resource in body.resources]
    today = day_of(call.now)
    async with office.sessions.begin() as session:
        fresh = await session.get_one(ContractRow, contract_no, with_for_update=True)
        _must_be_in_force(fresh)
        await add_resources(
            session, office, fresh, [r if r.from_on else r.model_copy(update={"from_on": today}) for r in new]
        )
        words = f"リソース{len(new)}件を登録しました。"
        event = Event(
            action="resources_registered", article="3", actor=caller.actor, at=call.now, summary=words,
            basis={"resources": [r.resource_id for r in new]},
        )  # fmt: skip
        await audit(
            session, call.origin("register_resources").key, [event],
            contract_no=contract_no, application_no=row.application_no,
        )  # fmt: skip
        answer = await view_contract(office, session, fresh)
        await call.store(session, 200, answer, contract_no)
    return json_answer(answer)


@router.post("/v1/contracts/{contract_no}/resources/{resource_id}/removal", responses={200: {"model": ResourceAnswer}})
@may("provisioning")
async def remove(
    contract_no: Number, resource_id: Reference, body: RemovalBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Write the last day of a resource."""
    row = await contract_row(office, contract_no, caller)
    call.owner = contract_no
    if body.to_on > day_of(call.now):
        raise InvalidInput([("/to_on", "must not lie in the future")])
    async with office.sessions.begin() as session:
        found = await remove_resource(office, session, contract_no, resource_id, body.code, body.to_on)
        if found is None:
            raise NotFound
        event = Event(
            action="resource_removed", article="18(1)", actor=caller.actor, at=call.now,
            summary=f"リソース{resource_id}の削除を記録しました。",
            basis={"resource_id": resource_id, "code": body.code, "to_on": str(body.to_on)},
        )  # fmt: skip
        await close_checklist(session, contract_no, as_of=call.now, by=caller.actor)
        await audit(
            session, call.origin("remove_resource").key, [event],
            contract_no=contract_no, application_no=row.application_no,
        )  # fmt: skip
        await call.store(session, 200, found, contract_no)
    return json_answer(found)


async def contract_row(office: Office, contract_no: str, caller: Principal) -> ContractRow:
    """Find a contract that the caller may see, in a session of its own; raises as `seen_contract`."""
    async with office.readers() as session:
        return await seen_contract(session, contract_no, caller)


async def seen_contract(session: AsyncSession, contract_no: str, caller: Principal) -> ContractRow:
    """Find a contract that the caller may see.

    Raises:
        NotFound: there is none, or it is another customer's.
    """
    row = await session.get(ContractRow, contract_no)
    if row is None:
        raise NotFound
    caller.check_owns(row.customer_ref)
    return row


def _must_be_in_force(row: ContractRow) -> None:
    if row.state not in IN_FORCE:
        over = row.state != "accepted"
        raise Refused(
            Article(18, 1) if over else Article(5, 1),
            "利用契約は既に終了しています。" if over else "サービスの提供を開始していません。",
        )


async def _check_codes(
    office: Office, row: ContractRow, resources: list[ResourceBody], wrong: list[tuple[str, str]]
) -> None:
    async with office.readers() as session:
        prices = await price_list_on(session, day_of(row.formed_at))
    for place, resource in enumerate(resources):
        if not prices.orderable(resource.code):
            wrong.append((f"/resources/{place}/code", "not in the price list"))
    if wrong:
        raise InvalidInput(wrong)
