"""Applications (利用申込, Art. 4-9): filing, completing, deciding, withdrawing."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, JsonValue, ValidationError
from sqlalchemy import select
from sqlmodel import col

from activities.application import answer_clock, as_filed, is_complete, judge, receive, view_application
from activities.billing import PriceList, price_list_on
from activities.office import Office
from api.auth import READERS, Caller, Principal, TheOffice, may
from api.changes import apply, blamed
from api.dispatch import deliver, send
from api.fields import Answer, Body, Instant, Line, Number, Reference, Text
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import Forbidden, InvalidInput, NotFound, field_of, message_of
from models import ids
from models.messages.application import (
    ApplicationForm,
    Complete,
    Decide,
    Finding,
    IncomingForm,
    OrderedItem,
    WithdrawApplication,
)
from models.tables import ApplicationRow
from terms.citation import Article
from terms.periods import day_of

State = Literal["received", "accepted", "refused", "withdrawn"]

router = APIRouter(route_class=CommandRoute, tags=["applications"])


class Filed(Answer):
    """An application was taken in."""

    application_no: str
    state: State


class Decision(Answer):
    """What was decided."""

    decision: Literal["accept", "refuse"] | None = None
    grounds: list[str] | None = None
    reason: str | None = None


class ApplicationAnswer(Answer):
    """An application as it stands; `form` as filed, for roles that read contact data."""

    application_no: str
    external_ref: str
    customer_ref: str
    state: State
    received_at: AwareDatetime
    findings: list[Finding]
    answer_by_on: date | None = None
    escalated_at: AwareDatetime | None = None
    decision: Decision | None = None
    contract_no: str | None = None
    form: dict[str, JsonValue] | None = None


class DecisionBody(Body):
    """Accept, or refuse on grounds of 9(2)."""

    decision: Literal["accept", "refuse"]
    grounds: Annotated[list[Line], Field(max_length=5)] = Field(default_factory=list)
    reason: Text


class DecisionAnswer(Answer):
    """Where the application stands now; a contract number comes with the acceptance notice's dispatch or arrival."""

    state: State
    contract_no: str | None = None
    approval_id: str | None = None


class Change(Body):
    """One field of the form, by JSON pointer, and its new value."""

    pointer: Annotated[Line, Field(pattern=r"^(/[^/~]*)+$")]
    value: JsonValue


class CompletionBody(Body):
    """What the applicant completed, and when it arrived."""

    changes: Annotated[list[Change], Field(min_length=1, max_length=100)]
    arrived_at: Instant


class WithdrawalBody(Body):
    """The applicant takes the application back."""

    arrived_at: Instant
    form: IncomingForm
    reason: Text | None = None


@router.post("/v1/applications", status_code=201)
@may("intake", "customer")
async def file(body: ApplicationForm, office: TheOffice, caller: Caller, call: TheCall) -> Filed:
    """File an application form (Art. 4, 8(1)); refused at the door by 8(1), 8(2), 6 or 4."""
    form = _of_customer(body, caller)
    async with office.readers() as session:
        prices = await price_list_on(session, day_of(call.now))
    _check_items(prices, form.items)
    answer = await receive(office, form, actor=caller.actor, scope=call.scope, received_at=call.now)
    call.owner = str(answer["application_no"])
    await deliver(office, ids.application(call.owner))
    return Filed.model_validate(answer)


@router.get("/v1/applications")
@may(*READERS, "customer")
async def show_all(
    office: TheOffice,
    caller: Caller,
    page: PageWanted,
    state: Annotated[State | None, Query()] = None,
    customer_ref: Annotated[Reference | None, Query()] = None,
) -> Page[ApplicationAnswer]:
    """List applications in order of creation, without their forms."""
    query = select(ApplicationRow)
    if state is not None:
        query = query.where(col(ApplicationRow.state) == state)
    if customer_ref is not None:
        query = query.where(col(ApplicationRow.customer_ref) == customer_ref)
    if caller.is_customer:
        query = query.where(col(ApplicationRow.customer_ref) == caller.customer_ref)
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(ApplicationRow.application_no))
    shown = [await view_application(office, row, with_form=False) for row in rows]
    return Page(items=[ApplicationAnswer.model_validate(one) for one in shown], next_cursor=cursor)


@router.get("/v1/applications/{application_no}", responses={200: {"model": ApplicationAnswer}})
@may(*READERS, "customer")
async def show(application_no: Number, office: TheOffice, caller: Caller) -> JSONResponse:
    """Show one application; its form, nulls included, to roles that read contact data."""
    row = await _row(office, application_no, caller)
    return JSONResponse(await view_application(office, row, with_form=caller.reads_contacts))


@router.post(
    "/v1/applications/{application_no}/decisions",
    responses={200: {"model": DecisionAnswer}, 202: {"model": DecisionAnswer}},
)
@may("reviewer")
async def decide(
    application_no: Number, body: DecisionBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Accept (Art. 9(1)) or refuse (9(2)); ground 9(2)(5) waits for a second person (202)."""
    await _row(office, application_no, caller)
    call.owner = application_no
    message = Decide(
        origin=call.origin("decide"), decision=body.decision, grounds=_grounds(body.grounds), reason=body.reason
    )
    return await send(office, ids.application(application_no), "decide", message, closed=Article(9, 1))


@router.post("/v1/applications/{application_no}/completions", responses={200: {"model": DecisionAnswer}})
@may("intake")
async def complete(
    application_no: Number, body: CompletionBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Complete a form (Art. 8(1)): the changes are applied and the whole is judged anew."""
    row = await _row(office, application_no, caller)
    call.owner = application_no
    _not_in_the_future(body.arrived_at > call.now)
    if row.form is None:
        raise NotFound
    form = _changed(await office.vault.unseal_json(row.form), body.changes)
    async with office.readers() as session:
        prices = await price_list_on(session, day_of(row.received_at))
        _check_items(prices, form.items, body.changes)
        findings = await judge(office, session, form, but=application_no)
    clock = answer_clock(office, day_of(body.arrived_at)) if is_complete(findings) else None
    message = Complete(
        origin=call.origin("complete"), arrived_at=body.arrived_at, form=as_filed(form), findings=findings, clock=clock
    )
    return await send(office, ids.application(application_no), "complete", message, closed=Article(9, 1))


@router.post("/v1/applications/{application_no}/withdrawals", responses={200: {"model": DecisionAnswer}})
@may("intake")
async def withdraw(
    application_no: Number, body: WithdrawalBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Take an application back, until it is accepted (A105)."""
    await _row(office, application_no, caller)
    call.owner = application_no
    _not_in_the_future(body.arrived_at > call.now)
    message = WithdrawApplication(
        origin=call.origin("withdraw"), arrived_at=body.arrived_at, form=body.form, reason=body.reason
    )
    return await send(office, ids.application(application_no), "withdraw", message, closed=Article(9, 1))


async def _row(office: Office, application_no: str, caller: Principal) -> ApplicationRow:
    async with office.readers() as session:
        row = await session.get(ApplicationRow, application_no)
    if row is None:
        raise NotFound
    caller.check_owns(row.customer_ref)
    return row


def _of_customer(form: ApplicationForm, caller: Principal) -> ApplicationForm:
    """A customer files under its own reference only."""
    if not caller.is_customer:
        return form
    if form.customer_ref is not None and form.customer_ref != caller.customer_ref:
        raise Forbidden
    return form.model_copy(update={"customer_ref": caller.customer_ref})


def _check_items(prices: PriceList, items: Sequence[OrderedItem], changes: Sequence[Change] = ()) -> None:
    """Refuse codes that the price list in force does not offer."""
    unknown = [f"/items/{place}/code" for place, item in enumerate(items) if not prices.orderable(item.code)]
    if unknown:
        raise InvalidInput((blamed(changes, field) if changes else field, "not in the price list") for field in unknown)


def _grounds(grounds: Sequence[str]) -> list[str]:
    """Read grounds, roman items too, and write them as 9(2)(1)."""
    try:
        return [str(Article.parse(ground)) for ground in grounds]
    except ValueError:
        raise InvalidInput([("/grounds", "grounds are items of 9(2), as 9(2)(1)")]) from None


def _not_in_the_future(future: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if future:
        raise InvalidInput([("/arrived_at", "must not lie in the future")])


def _changed(form: JsonValue, changes: Sequence[Change]) -> ApplicationForm:
    """Apply changes to a form and read it anew; what is wrong then is told of the change that brought it."""
    new = apply(form, changes)
    if isinstance(form, dict) and isinstance(new, dict) and new.get("external_ref") != form.get("external_ref"):
        raise InvalidInput([(blamed(changes, "/external_ref", unknown=True), "external_ref can't be changed")])
    try:
        return ApplicationForm.model_validate(new)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False)
    raise InvalidInput(
        (
            blamed(changes, field_of(("body", *each["loc"]), new), unknown=each["type"] == "extra_forbidden"),
            message_of(each),
        )
        for each in found
    )
