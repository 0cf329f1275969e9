"""How a customer leaves: notices of termination (Art. 18(1)) and cancellations (14(2), 18(2), 28(1))."""

import json
from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, JsonValue
from sqlalchemy import select
from sqlmodel import col

from activities.office import Office
from activities.termination import event_that_hit, reject_letter
from api.auth import Caller, Principal, TheOffice, may
from api.dispatch import deliver, send
from api.fields import Answer, Body, FutureDay, Instant, Number, Text
from api.idempotency import Call, CommandRoute, TheCall
from api.problems import Forbidden, InvalidInput, problem_response
from api.routers.contract import contract_row
from models import ids
from models.messages.application import IncomingForm
from models.messages.termination import Cancel, GiveNotice, WithdrawNotice
from models.tables import ContractRow, NoticeRow
from terms.citation import Article, Refused
from terms.lifecycle import OVER, must_allow
from terms.periods import day_of

router = APIRouter(route_class=CommandRoute, tags=["terminations"])

CUSTOMER_FORMS = frozenset({"e-signature", "console"})


class NoticeBody(Body):
    """A notice of termination (解約届): when and in which form it arrived."""

    arrived_at: Instant
    form: IncomingForm
    requested_end_on: FutureDay | None = None


class NoticeAnswer(Answer):
    """What follows from a notice; penalty in yen; `ended_at` if the end had passed already."""

    arrived_on: date
    runs_out_on: date
    ends_on: date
    penalty: int
    final_due_on: date
    delete_from_on: date
    articles: list[str]
    steps: list[str]
    ended_at: AwareDatetime | None = None


class NoticeWithdrawalBody(Body):
    """Why the provider consents to the withdrawal of a notice (A102)."""

    reason: Text


class StateAnswer(Answer):
    """The state of the contract."""

    state: str


class CancellationBody(Body):
    """A special cancellation, or a withdrawal before the start."""

    ground: Literal["14(2)", "18(2)", "28(1)"]
    event_no: Number | None = None
    arrived_at: Instant
    form: IncomingForm


class CancellationAnswer(Answer):
    """What follows from a cancellation; penalty in yen."""

    ground: str
    arrived_on: date
    ends_on: date
    penalty: int
    articles: list[str]
    steps: list[str]
    ended_at: AwareDatetime | None = None
    approval_id: str | None = None


@router.post(
    "/v1/contracts/{contract_no}/termination-notices",
    status_code=201,
    responses={200: {"model": NoticeAnswer}, 201: {"model": NoticeAnswer}},
)
@may("intake", "customer")
async def give_notice(
    contract_no: Number, body: NoticeBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Take in a notice of termination (Art. 18(1)); the first one counts, a copy gets its answer (200)."""
    row = await contract_row(office, contract_no, caller)
    call.owner = contract_no
    _check_form(caller, body.form)
    _check_arrival(row, body.arrived_at, call.now)
    if body.form not in office.terms.written_forms:
        return await _not_in_writing(office, row, call, article="18(1)", form=body.form, arrived_at=body.arrived_at)
    message = GiveNotice(
        origin=call.origin("give_notice"),
        arrived_at=body.arrived_at,
        form=body.form,
        requested_end_on=body.requested_end_on,
    )
    return await send(office, ids.contract(contract_no), "give_notice", message, closed=Article(18, 1))


@router.post("/v1/contracts/{contract_no}/termination-notices/withdrawals", responses={200: {"model": StateAnswer}})
@may("intake")
async def withdraw_notice(
    contract_no: Number, body: NoticeWithdrawalBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Let the customer take its notice back, by the provider's consent before the end (A102)."""
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    message = WithdrawNotice(origin=call.origin("withdraw_notice"), reason=body.reason)
    return await send(office, ids.contract(contract_no), "withdraw_notice", message, closed=Article(18, 1))


@router.post(
    "/v1/contracts/{contract_no}/cancellations",
    status_code=201,
    responses={201: {"model": CancellationAnswer}, 202: {"model": CancellationAnswer}},
)
@may("intake", "customer")
async def cancel(
    contract_no: Number, body: CancellationBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Take in a special cancellation (14(2), 18(2)) or a withdrawal before the start (28(1))."""
    row = await contract_row(office, contract_no, caller)
    call.owner = contract_no
    _check_arrival(row, body.arrived_at, call.now)
    if body.ground == "28(1)":
        message = Cancel(origin=call.origin("cancel"), ground="28(1)", arrived_at=body.arrived_at, form=body.form)
        return await send(office, ids.contract(contract_no), "cancel", message, closed=Article(28, 1))
    if body.event_no is None:
        raise InvalidInput([("/event_no", f"required for {body.ground}")])
    must_allow(row.state, "cancel_14_2" if body.ground == "14(2)" else "cancel_18_2")  # type: ignore[arg-type] # by the table's check
    ground = await _ground(office, row, body, body.event_no)
    if ground == "18(2)" and body.form not in office.terms.written_forms:
        return await _not_in_writing(office, row, call, article="18(2)", form=body.form, arrived_at=body.arrived_at)
    message = Cancel(
        origin=call.origin("cancel"),
        ground=ground,
        event_no=body.event_no,
        arrived_at=body.arrived_at,
        form=body.form,
        approve_first=ground == "14(2)" and caller.is_customer,
    )
    return await send(office, ids.contract(contract_no), "cancel", message, closed=Article.parse(ground))


async def _ground(office: Office, row: ContractRow, body: CancellationBody, event_no: str) -> Literal["14(2)", "18(2)"]:
    """Find the ground that the event supports: 18(2) not in writing on an event of Art. 14 counts as 14(2) (A86)."""
    async with office.readers() as session:
        event = await event_that_hit(session, row, event_no, body.arrived_at)
    if event is None:
        raise Refused(body.ground, "この契約に影響した事象として記録されていません。")
    restricted = event.kind == "restriction"
    if body.ground == "14(2)":
        if not restricted:
            raise Refused(Article(14, 2), "第14条第1項の利用の制限ではありません。")
        return "14(2)"
    return "14(2)" if restricted and body.form not in office.terms.written_forms else "18(2)"


def _check_form(caller: Principal, form: str) -> None:
    """A customer's key files electronically only: signed, or by the console."""
    if caller.is_customer and form not in CUSTOMER_FORMS:
        raise Forbidden


def _check_arrival(row: ContractRow, arrived_at: datetime, now: datetime) -> None:
    if arrived_at > now:
        raise InvalidInput([("/arrived_at", "must not lie in the future")])
    if day_of(arrived_at) < day_of(row.formed_at):
        raise InvalidInput([("/arrived_at", "must not lie before the formation of the contract")])


async def _not_in_writing(
    office: Office, row: ContractRow, call: Call, *, article: str, form: str, arrived_at: datetime
) -> JSONResponse:
    """Refuse a letter that is not in writing: recorded as rejected, answered by a letter, all with the stored 409."""
    if article == "18(1)" and row.state not in OVER:
        must_allow(row.state, "give_notice")  # type: ignore[arg-type] # by the table's check
    if row.state in OVER:
        raise Refused(article, "利用契約は既に終了しています。")
    refused = Refused(article, f"利用規約第{_ja(article)}の届出は書面によるものとされています。")
    body: dict[str, JsonValue] = json.loads(bytes(problem_response(refused).body))
    async with office.sessions.begin() as session:
        fresh = await session.get_one(ContractRow, row.contract_no)
        key = call.origin("reject_letter").key
        await reject_letter(
            office, session, fresh, article=article, form=form, arrived_at=arrived_at, key=key,
            actor=call.principal.actor, as_of=call.now,
        )  # fmt: skip
        await call.store(session, 409, body, row.contract_no)
        workflow_id = await session.scalar(
            select(col(NoticeRow.workflow_id)).where(col(NoticeRow.key) == f"{key}:not_in_writing_notice")
        )
    if workflow_id is not None:
        await deliver(office, workflow_id)
    raise refused


def _ja(article: str) -> str:
    return Article.parse(article).ja.removeprefix("第")
