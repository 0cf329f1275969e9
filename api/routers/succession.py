"""Successions (12), assignments by our consent (11), and who the party was when."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.office import Office
from activities.parties import view_parties
from activities.succession_acts import Wish, decide_to_continue, decide_to_rescind, propose_assignment
from activities.succession_record import ASSIGNMENT, advance, record, take_document, take_notice, view_succession
from api.auth import READERS, Caller, Principal, TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, FutureDay, Instant, Line, Number, Sha256, Text
from api.idempotency import Call, CommandRoute, TheCall
from api.paging import Page, PageWanted, cut_page
from api.problems import Forbidden, InvalidInput, NotFound
from api.routers.contract import contract_row
from models.messages.application import IncomingForm
from models.messages.succession import DocumentKind, Kind, Successor
from models.tables import ContractRow, SuccessionRow
from terms.periods import day_of

router = APIRouter(route_class=CommandRoute, tags=["successions"])

Place = Annotated[int, Path(ge=1, le=10**6)]
State = Literal["notified", "documents_missing", "under_review", "continued", "rescinding", "rescinded", "overtaken"]


class SuccessionBody(Body):
    """A succession that we know of: its day, who succeeds, and when the successor's notice arrived, if it has."""

    kind: Kind
    succeeded_on: FutureDay
    successor: Successor
    noticed_at: Instant | None = None
    form: IncomingForm = "paper"


class NoticeBody(Body):
    """The successor's notice (承継届): when and in which form it arrived; any recorded form will do."""

    arrived_at: Instant
    form: IncomingForm


class DocumentBody(Body):
    """A document that came with it, by its hash."""

    kind: DocumentKind
    arrived_at: Instant
    sha256: Sha256


class DecisionBody(Body):
    """The contract goes on under the successor, or is rescinded on grounds of 9(2)."""

    decision: Literal["continue", "rescind"]
    grounds: Annotated[list[Line], Field(max_length=5)] = Field(default_factory=list)
    reason: Text


class AssignmentBody(Body):
    """To whom the contract is to be assigned, and why."""

    assignee: Successor
    reason: Text


class DocumentAnswer(Answer):
    """A document that has come."""

    kind: DocumentKind
    arrived_at: AwareDatetime
    sha256: str


class ProcessAnswer(Answer):
    """What successions and assignments have in common; `successor` only for who may see contact data."""

    n: int
    name: str
    findings: list[dict[str, JsonValue]]
    screened_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    approval_id: str | None = None
    successor: dict[str, JsonValue] | None = None


class SuccessionAnswer(ProcessAnswer):
    """A succession as it stands: the window, what is missing, what was found."""

    kind: Kind
    state: State
    succeeded_on: date
    raw_on: date
    deadline_on: date
    late: bool
    noticed_at: AwareDatetime | None = None
    form: IncomingForm | None = None
    review_by_on: date | None = None
    missing_documents: list[DocumentKind]
    documents: list[DocumentAnswer]
    grounds: list[str]


class AssignmentAnswer(ProcessAnswer):
    """An assignment as it stands; it takes effect with the arrival of our consent, on `succeeded_on`."""

    state: Literal["proposed", "consented", "transferred", "refused", "withdrawn", "overtaken"]
    succeeded_on: date | None = None


class ProposedAnswer(Answer):
    """The approval that a second person decides."""

    n: int
    state: str
    approval_id: str


class PartyAnswer(Answer):
    """Who was the party from a day on."""

    from_on: date
    event: Literal["formation", "name_change", "succession", "assignment"]
    n: int | None = None
    name: str
    corporate_number: str | None = None


@router.post("/v1/contracts/{contract_no}/successions", status_code=201, response_model=SuccessionAnswer)
@may("intake")
async def take_in(
    contract_no: Number, body: SuccessionBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Record a succession by merger or split; the window for the notice begins after its day (12(1))."""
    row = await contract_row(office, contract_no, caller)
    call.owner = contract_no
    wrong = []
    if body.succeeded_on < day_of(row.formed_at):
        wrong.append(("/succeeded_on", "must not lie before the formation of the contract"))
    if body.noticed_at is not None and body.noticed_at > call.now:
        wrong.append(("/noticed_at", "must not lie in the future"))
    if wrong:
        raise InvalidInput(wrong)
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        succession = await record(
            session, office, contract, kind=body.kind, succeeded_on=body.succeeded_on, successor=body.successor,
            noticed_at=body.noticed_at, form=body.form, key=call.origin("succession").key, actor=caller.actor,
            as_of=call.now,
        )  # fmt: skip
        response = await _answer(office, session, call, caller, succession, 201)
    await office.wake()
    return response


@router.get("/v1/contracts/{contract_no}/successions/{n}")
@may(*READERS, "customer")
async def show(contract_no: Number, n: Place, office: TheOffice, caller: Caller) -> SuccessionAnswer:
    """Show one succession."""
    await contract_row(office, contract_no, caller)
    async with office.readers() as session:
        row = await _find(session, contract_no, n)
        return SuccessionAnswer.model_validate(await view_succession(office, session, row, see=caller.reads_contacts))


@router.post("/v1/contracts/{contract_no}/successions/{n}/notices", response_model=SuccessionAnswer)
@may("intake")
async def notice(
    contract_no: Number, n: Place, body: NoticeBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Take in the successor's notice; the first one counts, a late one too (12(1))."""
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    _check_arrival(body.arrived_at <= call.now)
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        row = await _find(session, contract_no, n, lock=True)
        await take_notice(
            session, office, contract, row, noticed_at=body.arrived_at, form=body.form, actor=caller.actor,
            as_of=call.now,
        )  # fmt: skip
        await advance(session, contract, row, call.now)
        response = await _answer(office, session, call, caller, row)
    await office.wake()
    return response


@router.post("/v1/contracts/{contract_no}/successions/{n}/documents", response_model=SuccessionAnswer)
@may("intake")
async def document(
    contract_no: Number, n: Place, body: DocumentBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Register a document: proof of the succession (12(1)), or the representation of 43(1)."""
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    _check_arrival(body.arrived_at <= call.now)
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        row = await _find(session, contract_no, n, lock=True)
        await take_document(
            session, contract, row, kind=body.kind, arrived_at=body.arrived_at, sha256=body.sha256,
            actor=caller.actor, as_of=call.now,
        )  # fmt: skip
        await advance(session, contract, row, call.now)
        response = await _answer(office, session, call, caller, row)
    await office.wake()
    return response


@router.post(
    "/v1/contracts/{contract_no}/successions/{n}/decisions",
    responses={200: {"model": SuccessionAnswer}, 202: {"model": ProposedAnswer}},
)
@may("reviewer", "legal")
async def decide(
    contract_no: Number, n: Place, body: DecisionBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Go on with the successor (reviewer), or propose to rescind (legal): a second person decides (12(2))."""
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    if caller.role != {"continue": "reviewer", "rescind": "legal"}[body.decision]:
        raise Forbidden
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        row = await _find(session, contract_no, n, lock=True)
        await advance(session, contract, row, call.now)
        wish = _wish(call, caller, "succession_decision", body.reason)
        if body.decision == "rescind":
            approval_id: str | None = await decide_to_rescind(
                session, office, contract, row, wish, grounds=body.grounds
            )
        else:
            approval_id = await decide_to_continue(session, office, contract, row, wish)
        if approval_id is None:
            response = await _answer(office, session, call, caller, row)
        else:
            answer: dict[str, JsonValue] = {"n": n, "state": row.state, "approval_id": approval_id}
            await call.store(session, 202, answer, contract_no)
            response = json_answer(answer, 202)
    await office.wake()
    return response


@router.post("/v1/contracts/{contract_no}/assignments", status_code=202, response_model=ProposedAnswer)
@may("legal")
async def assign(
    contract_no: Number, body: AssignmentBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose to consent to an assignment of the contract; without consent there is none (11)."""
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        wish = _wish(call, caller, "assignment", body.reason)
        row = await propose_assignment(session, office, contract, body.assignee, wish)
        answer: dict[str, JsonValue] = {"n": row.n, "state": row.state, "approval_id": row.approval_id}
        await call.store(session, 202, answer, contract_no)
    await office.wake()
    return json_answer(answer, 202)


@router.get("/v1/contracts/{contract_no}/assignments/{n}")
@may(*READERS, "customer")
async def show_assignment(contract_no: Number, n: Place, office: TheOffice, caller: Caller) -> AssignmentAnswer:
    """Show one assignment."""
    await contract_row(office, contract_no, caller)
    async with office.readers() as session:
        row = await _find(session, contract_no, n, assignment=True)
        return AssignmentAnswer.model_validate(await view_succession(office, session, row, see=caller.reads_contacts))


@router.get("/v1/contracts/{contract_no}/parties")
@may(*READERS, "customer")
async def show_parties(contract_no: Number, office: TheOffice, caller: Caller, page: PageWanted) -> Page[PartyAnswer]:
    """List who was the party from when on, in the order in which it was written down: old parties stay on record."""
    row = await contract_row(office, contract_no, caller)
    async with office.readers() as session:
        views = await view_parties(session, office, row)
    begun_on = day_of(row.formed_at)
    numbered = [*enumerate(views)]
    shown, cursor = cut_page(numbered, page, lambda each: (begun_on, f"{each[0]:06d}"))
    return Page(items=[PartyAnswer.model_validate(view) for _, view in shown], next_cursor=cursor)


async def _find(
    session: AsyncSession, contract_no: str, n: int, *, lock: bool = False, assignment: bool = False
) -> SuccessionRow:
    row = await session.get(SuccessionRow, (contract_no, n), with_for_update=lock)
    if row is None or (row.kind == ASSIGNMENT) != assignment:
        raise NotFound
    return row


def _wish(call: Call, caller: Principal, what: str, reason: str) -> Wish:
    return Wish(reason=reason, key=call.origin(what).key, actor=caller.actor, as_of=call.now)


def _check_arrival(is_past: bool) -> None:  # noqa: FBT001 (the one thing that is checked)
    if not is_past:
        raise InvalidInput([("/arrived_at", "must not lie in the future")])


async def _answer(
    office: Office, session: AsyncSession, call: Call, caller: Principal, row: SuccessionRow, status: int = 200
) -> JSONResponse:
    """Answer with the succession as it stands, and keep the answer with the effect."""
    answer = await view_succession(office, session, row, see=caller.reads_contacts)
    await call.store(session, status, answer, row.contract_no)
    return json_answer(answer, status)
