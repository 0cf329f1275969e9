"""Letters (Art. 42): lists, documents, posting, delivery, what counts as arrival, re-issue."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, JsonValue
from sqlalchemy import or_, select
from sqlmodel import col

from activities import bulk_letters
from activities.commands import NoSuchWorkflow, command
from activities.deemed_arrivals import propose_arrival
from activities.deliveries import arrive_late, keep_delivery
from activities.erasure_record import CHANNEL
from activities.letters import print_letter, reissue, view_notice
from activities.office import Office
from api.auth import CONTACT_READERS, READERS, Caller, Principal, TheOffice, may
from api.dispatch import deliver, json_answer, respond, send
from api.fields import Answer, Body, Instant, Line, Number, Text
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import Conflict, Erased, Forbidden, InvalidInput, NotFound
from models import ids
from models.messages.notice import Delivery, PaperDispatch, Reissue
from models.messages.office import ApprovalClosing, Reply
from models.tables import ApplicationRow, ContractRow, NoticeRow
from models.vault import KeyGone
from terms.citation import Article, Refused
from terms.notice import InPlace

router = APIRouter(route_class=CommandRoute, tags=["letters"])

WITHOUT_NOTICE = "antisocial_rescission_notice"
"""43(2) needs no notice: the customer learns of it by the letter, once it has gone out."""
UNSENT = ("queued", "withdrawn")

POSTERS = ("support", "intake", "dunning", "legal", "billing")
METHODS = {"post": {"post", "registered", "certified", "hand", "e-signature"},
           "registered": {"registered", "certified", "hand", "e-signature"},
           "certified": {"certified"}}  # fmt: skip


class NoticeAnswer(Answer):
    """A letter; `basis` says why it counts as arrived."""

    notice_no: str
    slug: str
    article: str | None = None
    contract_no: str | None = None
    application_no: str | None = None
    channel: Literal["email", "web", "fax", "post", "registered", "certified", "console", "portal", "record"]
    state: Literal["queued", "dispatched", "arrived", "undeliverable", "withdrawn"]
    dispatched_at: AwareDatetime | None = None
    arrived_at: AwareDatetime | None = None
    deemed: bool | None = None
    basis: str | None = None
    message_id: str | None = None
    replaces: str | None = None
    same_as: str | None = None
    invoice_no: str | None = None
    sha256: str | None = None


class DispatchBody(Body):
    """A letter was posted."""

    method: Literal["post", "registered", "certified", "e-signature", "hand"]
    tracking_no: Annotated[Line, Field(max_length=64)] | None = None
    dispatched_at: Instant


class DeliveryBody(Body):
    """What was learned of a letter's delivery; `proof` names the record."""

    outcome: Literal["delivered", "refused", "returned"]
    at: Instant
    proof: Text


class DeemedArrivalBody(Body):
    """What is to stand in the place of the arrival: the normal time, or by 43(2) that of the decision; and why."""

    counts: InPlace = "normal_time"
    reason: Text


class ProposedAnswer(Answer):
    """The approval that decides."""

    approval_id: str
    state: Literal["open"]


class ReissueBody(Body):
    """Why the letter is written anew."""

    reason: Text


@router.get("/v1/notices")
@may(*READERS, "customer")
async def show_all(
    office: TheOffice,
    caller: Caller,
    page: PageWanted,
    contract_no: Annotated[Number | None, Query()] = None,
    application_no: Annotated[Number | None, Query()] = None,
    slug: Annotated[Line | None, Query()] = None,
    state: Annotated[Literal["queued", "dispatched", "arrived", "undeliverable", "withdrawn"] | None, Query()] = None,
) -> Page[NoticeAnswer]:
    """List letters in order of creation."""
    query = select(NoticeRow)
    for column, wanted in (
        (NoticeRow.contract_no, contract_no),
        (NoticeRow.application_no, application_no),
        (NoticeRow.slug, slug),
        (NoticeRow.state, state),
    ):
        if wanted is not None:
            query = query.where(col(column) == wanted)
    if caller.is_customer:
        query = query.where(col(NoticeRow.channel) != CHANNEL)  # a record of the office is no letter to it
        query = query.where(or_(col(NoticeRow.slug) != WITHOUT_NOTICE, col(NoticeRow.state).not_in(UNSENT)))
        query = query.join(ApplicationRow, col(ApplicationRow.application_no) == col(NoticeRow.application_no)).where(
            col(ApplicationRow.customer_ref) == caller.customer_ref
        )
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(NoticeRow.notice_no))
    return Page(items=[NoticeAnswer.model_validate(view_notice(row)) for row in rows], next_cursor=cursor)


@router.get("/v1/notices/{notice_no}")
@may(*READERS, "customer")
async def show(notice_no: Number, office: TheOffice, caller: Caller) -> NoticeAnswer:
    """Show one letter."""
    return NoticeAnswer.model_validate(view_notice(await notice_row(office, notice_no, caller)))


@router.get(
    "/v1/notices/{notice_no}/document.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "The letter."}},
)
@may(*CONTACT_READERS, "billing", "customer")
async def pdf(notice_no: Number, office: TheOffice, caller: Caller) -> Response:
    """Give the letter as it went out, or waits to be posted."""
    row = await notice_row(office, notice_no, caller)
    try:
        content = await print_letter(office, row)
    except KeyGone:
        raise Erased from None
    if content is None:
        raise NotFound
    name = f'inline; filename="{notice_no}.pdf"'
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": name})


@router.post("/v1/notices/{notice_no}/dispatches", responses={200: {"model": NoticeAnswer}})
@may(*POSTERS)
async def dispatch(
    notice_no: Number, body: DispatchBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Record that a letter was posted; its form must allow the method."""
    row = await notice_row(office, notice_no, caller)
    call.owner = row.application_no or call.owner
    _check_time(body.dispatched_at, call.now, row.queued_at, "/dispatched_at")
    if row.channel == "email":
        message = "An e-mail is dispatched by the service itself."
        raise Conflict(message)
    if body.method not in METHODS.get(row.channel, set()):
        raise Refused(row.article or Article(42, 1), "この書面は定められた方法で発送してください。")
    if row.state != "queued":
        message = "The letter is not waiting to be posted."
        raise Conflict(message)
    command_ = PaperDispatch(
        origin=call.origin("post"),
        method=body.method,
        tracking_no=body.tracking_no,
        dispatched_at=body.dispatched_at,
    )
    if bulk_letters.is_bulk(row):
        return respond(await bulk_letters.post(office, row, command_, as_of=call.now))
    return await send(office, row.workflow_id, "post", command_, closed=Article(42, 1))


@router.post("/v1/notices/{notice_no}/deliveries", responses={200: {"model": NoticeAnswer}})
@may(*POSTERS)
async def record_delivery(
    notice_no: Number, body: DeliveryBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Record delivery, refusal (民97(2)) or return; an e-mail's return leaves its moment and opens a task.

    That a letter which came back had arrived after all is for legal to say (17(3)).
    """
    row = await notice_row(office, notice_no, caller)
    call.owner = row.application_no or call.owner
    if row.dispatched_at is None or row.channel == CHANNEL:
        message = "The letter has not gone out."
        raise Conflict(message)
    _check_time(body.at, call.now, row.dispatched_at, "/at")
    if row.state == "undeliverable" and body.outcome != "returned" and caller.role != "legal":
        raise Forbidden
    delivery = Delivery(origin=call.origin("deliver"), outcome=body.outcome, at=body.at, proof=body.proof)
    if row.state == "dispatched" and bulk_letters.is_bulk(row):
        if body.outcome != "returned":
            await bulk_letters.arrive(office, row, delivery, as_of=call.now)
    elif row.state == "dispatched":
        try:
            reply = await command(office.client, row.workflow_id, "deliver", delivery, Reply)
            return json_answer(reply.body, reply.status)
        except NoSuchWorkflow:
            pass  # it has just arrived by Art. 42(2): what follows is further evidence
    async with office.sessions.begin() as session:
        fresh = await session.get_one(NoticeRow, notice_no, with_for_update=True)
        await keep_delivery(session, office, fresh, delivery, as_of=call.now)
        if fresh.state == "undeliverable" and body.outcome != "returned":
            await arrive_late(session, fresh, delivery, as_of=call.now)
        answer = view_notice(fresh)
        await call.store(session, 200, answer, call.owner)
    await office.wake()
    return json_answer(answer)


@router.post("/v1/notices/{notice_no}/deemed-arrivals", status_code=202, responses={202: {"model": ProposedAnswer}})
@may("legal")
async def propose_deemed_arrival(
    notice_no: Number, body: DeemedArrivalBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose that a rescission that came back, or of which nothing is known, counts as arrived (17(3), 43(2)).

    Another person of legal decides; it never happens by itself.
    """
    row = await notice_row(office, notice_no, caller)
    call.owner = row.application_no or call.owner
    async with office.sessions.begin() as session:
        fresh = await session.get_one(NoticeRow, notice_no, with_for_update=True)
        approval_id = await propose_arrival(
            session, office, fresh, body.counts, reason=body.reason, key=call.origin("deemed_arrival").key,
            actor=caller.actor, as_of=call.now,
        )  # fmt: skip
        answer: dict[str, JsonValue] = {"approval_id": approval_id, "state": "open"}
        await call.store(session, 202, answer, call.owner)
    await office.wake()
    return json_answer(answer, 202)


@router.post("/v1/notices/{notice_no}/reissues", status_code=201, responses={201: {"model": NoticeAnswer}})
@may(*POSTERS)
async def write_anew(
    notice_no: Number, body: ReissueBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Write a letter anew under a new number; the old one is withdrawn if it has not gone out."""
    row = await notice_row(office, notice_no, caller)
    call.owner = row.application_no or call.owner
    if row.state == "withdrawn":
        message = "The letter was withdrawn."
        raise Conflict(message)
    if row.channel == CHANNEL:
        message = "A record is sent to nobody."
        raise Conflict(message)
    async with office.sessions.begin() as session:
        fresh = await session.get_one(NoticeRow, notice_no, with_for_update=True)
        withdrawn = fresh.state == "queued"
        order = Reissue(origin=call.origin("reissue"), reason=body.reason)
        new = await reissue(session, office, fresh, order, as_of=call.now)
        answer = view_notice(new)
        await call.store(session, 201, answer, call.owner)
    if withdrawn and not bulk_letters.is_bulk(row):
        closing = ApprovalClosing(origin=call.origin("withdraw"), approval_id=notice_no, state="withdrawn")
        with suppress(NoSuchWorkflow):
            await command(office.client, row.workflow_id, "withdraw", closing, Reply)
    await deliver(office, ids.mailing(new.batch) if new.batch else new.workflow_id)
    return json_answer(answer, 201)


async def notice_row(office: Office, notice_no: str, caller: Principal) -> NoticeRow:
    """Find a letter that the caller may see.

    Raises:
        NotFound: there is none, or it is another customer's.
    """
    async with office.readers() as session:
        row = await session.get(NoticeRow, notice_no)
        if row is None or (caller.is_customer and _is_hidden(row)):
            raise NotFound
        if caller.is_customer:
            application = await session.get(ApplicationRow, row.application_no or "")
            contract = await session.get(ContractRow, row.contract_no or "")
            owner = contract or application
            caller.check_owns(owner.customer_ref if owner else "")
    return row


def _is_hidden(row: NoticeRow) -> bool:
    """Tell whether a customer does not see a letter: a record of the office, or a rescission by 43(2) not sent yet."""
    return row.channel == CHANNEL or (row.slug == WITHOUT_NOTICE and row.state in UNSENT)


def _check_time(at: datetime, now: datetime, earliest: datetime, field: str) -> None:
    if at > now:
        raise InvalidInput([(field, "must not lie in the future")])
    if at < earliest.replace(second=0, microsecond=0):
        raise InvalidInput([(field, "must not lie before the letter")])
