"""Restrictions (Art. 14) and interruptions (Art. 15): recorded at once, or once a second person agrees."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, JsonValue, StrictBool, model_validator
from sqlalchemy import select
from sqlmodel import col

from activities.maintenance import close_event, record_event, view_event
from api.auth import READERS, TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, Instant, Line, Number, Reference, Text
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import InvalidInput, NotFound
from models.tables import ContractRow, MaintenanceEventRow

router = APIRouter(route_class=CommandRoute, tags=["maintenance"])

Kind = Literal["restriction", "planned", "urgent", "upstream_stop", "necessary"]
State = Literal["proposed", "recorded", "rejected", "withdrawn", "expired"]


class Scope(Body):
    """What an event hits: zones, or single contracts."""

    zones: Annotated[list[Reference], Field(min_length=1, max_length=100)] | None = None
    contract_nos: Annotated[list[Number], Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Scope":
        if (self.zones is None) == (self.contract_nos is None):
            message = "either zones or contract_nos"
            raise ValueError(message)
        return self


class RestrictionBody(Body):
    """A restriction of use (Art. 14(1))."""

    starts_at: Instant
    ends_at: Instant | None = None
    scope: Scope
    reason: Text
    priority_traffic: Line | None = None


class SupplierNotice(Body):
    """The supplier's own notice (Art. 15(2)): when and under which message id it was sent."""

    sent_at: Instant
    message_id: Line


class MaintenanceBody(RestrictionBody):
    """An interruption (Art. 15(1)); one that is held necessary, or comes without notice, waits for a second person."""

    kind: Literal["planned", "urgent", "upstream_stop", "necessary"]
    supplier_notice: SupplierNotice | None = None
    without_notice: StrictBool | None = None


class ClosureBody(Body):
    """An event is over."""

    ended_at: Instant


class Recorded(Answer):
    """The event's number."""

    event_no: str


class ProposedAnswer(Recorded):
    """The event, which counts once a second person agrees, and its approval."""

    approval_id: str


class ScopeAnswer(Answer):
    """What an event hits."""

    zones: list[str] | None = None
    contract_nos: list[str] | None = None


class EventAnswer(Answer):
    """An event of Art. 14 or 15; it counts while its state is `recorded`."""

    event_no: str
    kind: Kind
    article: str
    state: State
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    scope: ScopeAnswer
    reason: str
    priority_traffic: str | None = None
    supplier_notice: dict[str, str] | None = None
    without_notice: bool | None = None
    approval_id: str | None = None


@router.post("/v1/restrictions", status_code=201, response_model=Recorded)
@may("support")
async def restrict(body: RestrictionBody, office: TheOffice, call: TheCall) -> JSONResponse:
    """Record a restriction of use (Art. 14(1))."""
    return await _record(office, call, body, {"kind": "restriction"})


@router.post(
    "/v1/maintenance",
    status_code=201,
    responses={201: {"model": Recorded}, 202: {"model": ProposedAnswer}},
)
@may("support")
async def maintain(body: MaintenanceBody, office: TheOffice, call: TheCall) -> JSONResponse:
    """Record an interruption (Art. 15(1)); one by 15(1)(3), or without notice (15(2)), waits for a second person."""
    if body.without_notice and body.supplier_notice is not None:
        raise InvalidInput([("/without_notice", "there was a notice")])
    notice = body.supplier_notice.model_dump(mode="json") if body.supplier_notice else None
    more = {"kind": body.kind, "supplier_notice": notice, "without_notice": bool(body.without_notice)}
    return await _record(office, call, body, more)


async def _record(office: TheOffice, call: TheCall, body: RestrictionBody, more: dict[str, Any]) -> JSONResponse:
    if body.ends_at is not None and body.ends_at < body.starts_at:
        raise InvalidInput([("/ends_at", "must not lie before starts_at")])
    async with office.sessions.begin() as session:
        if body.scope.contract_nos:
            found = await session.execute(
                select(col(ContractRow.contract_no)).where(col(ContractRow.contract_no).in_(body.scope.contract_nos))
            )
            unknown = set(body.scope.contract_nos) - set(found.scalars())
            if unknown:
                raise InvalidInput([("/scope/contract_nos", "an unknown contract")])
        row = MaintenanceEventRow(
            event_no="",
            article="",
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            zones=body.scope.zones or [],
            contract_nos=body.scope.contract_nos or [],
            reason=body.reason,
            priority_traffic=body.priority_traffic,
            recorded_by=call.principal.actor,
            recorded_at=call.now,
            **more,
        )
        await record_event(session, office, row, key=call.origin("record_event").key)
        answer: dict[str, JsonValue] = {"event_no": row.event_no}
        status = 201
        if row.approval_id is not None:
            answer, status = answer | {"approval_id": row.approval_id}, 202
        await call.store(session, status, answer)
    await office.wake()
    return json_answer(answer, status)


async def _closed(
    office: TheOffice, event_no: str, body: ClosureBody, call: TheCall, *, restriction: bool
) -> EventAnswer:
    async with office.sessions.begin() as session:
        row = await session.get(MaintenanceEventRow, event_no, with_for_update=True)
        if row is None or (row.kind == "restriction") != restriction:
            raise NotFound
        if body.ended_at < row.starts_at:
            raise InvalidInput([("/ended_at", "must not lie before the event")])
        if body.ended_at > call.now:
            raise InvalidInput([("/ended_at", "must not lie in the future")])
        await close_event(
            session, row, body.ended_at, key=call.origin("close_event").key, actor=call.principal.actor, as_of=call.now
        )
        view = view_event(row)
        await call.store(session, 200, view)
    return EventAnswer.model_validate(view)


@router.post("/v1/restrictions/{event_no}/closures")
@may("support")
async def close_restriction(event_no: Number, body: ClosureBody, office: TheOffice, call: TheCall) -> EventAnswer:
    """Record the end of a restriction."""
    return await _closed(office, event_no, body, call, restriction=True)


@router.post("/v1/maintenance/{event_no}/closures")
@may("support")
async def close_maintenance(event_no: Number, body: ClosureBody, office: TheOffice, call: TheCall) -> EventAnswer:
    """Record the end of an interruption."""
    return await _closed(office, event_no, body, call, restriction=False)


@router.get("/v1/restrictions")
@may(*READERS)
async def show_restrictions(office: TheOffice, page: PageWanted) -> Page[EventAnswer]:
    """List restrictions in order of creation."""
    return await _list(office, page, restriction=True, state="recorded")


@router.get("/v1/maintenance")
@may(*READERS)
async def show_maintenance(
    office: TheOffice,
    page: PageWanted,
    kind: Annotated[Kind | None, Query()] = None,
    state: Annotated[State, Query()] = "recorded",
) -> Page[EventAnswer]:
    """List interruptions in order of creation: those that count, unless another state is asked for."""
    return await _list(office, page, restriction=False, kind=kind, state=state)


async def _list(
    office: TheOffice, page: PageWanted, *, restriction: bool, state: State, kind: Kind | None = None
) -> Page[EventAnswer]:
    column = col(MaintenanceEventRow.kind)
    query = select(MaintenanceEventRow).where(
        column == "restriction" if restriction else column != "restriction", col(MaintenanceEventRow.state) == state
    )
    if kind is not None:
        query = query.where(column == kind)
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(MaintenanceEventRow.event_no))
    return Page(items=[EventAnswer.model_validate(view_event(row)) for row in rows], next_cursor=cursor)


@router.get("/v1/restrictions/{event_no}")
@may(*READERS)
async def show_restriction(event_no: Number, office: TheOffice) -> EventAnswer:
    """Show a restriction."""
    return await _one(office, event_no, restriction=True)


@router.get("/v1/maintenance/{event_no}")
@may(*READERS)
async def show_interruption(event_no: Number, office: TheOffice) -> EventAnswer:
    """Show an interruption."""
    return await _one(office, event_no, restriction=False)


async def _one(office: TheOffice, event_no: str, *, restriction: bool) -> EventAnswer:
    async with office.readers() as session:
        row = await session.get(MaintenanceEventRow, event_no)
    if row is None or (row.kind == "restriction") != restriction:
        raise NotFound
    return EventAnswer.model_validate(view_event(row))
