"""Disclosures to third parties and the register of contractors (Art. 40, 44(4), 44(5))."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.contractors import end_contractor, register_contractor, view_contractors
from activities.disclosure import Asked, TooEarly, give_up, hand_over, propose_disclosure, view_disclosures
from activities.office import Office
from activities.registers import state_of
from api.auth import TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, Day, Instant, Line, Number, Sha256, Text
from api.idempotency import Call, CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import InvalidInput, NotFound
from models.tables import ContractorRow, ContractRow, DisclosureRow
from terms.disclosure import Data, Ground

router = APIRouter(route_class=CommandRoute, tags=["disclosure"])

READ = ("legal", "auditor")
State = Literal["proposed", "decided", "handed_over", "rejected", "withdrawn", "expired"]
Kinds = Annotated[list[Data], Field(min_length=1, max_length=3)]


class LegalBasis(Body):
    """The document on which a disclosure rests: what it is called, and its hash."""

    reference: Line
    sha256: Sha256


class DisclosureBody(Body):
    """What is to be disclosed to whom, on which ground; to a contractor as the register names it."""

    contract_no: Number
    requester: Line
    ground: Ground
    data: Kinds
    contractor_no: Number | None = None
    legal_basis: LegalBasis
    scope: Text
    reason: Text


class HandoverBody(Body):
    """What was handed over, by its hash, and when."""

    handed_over_at: Instant
    sha256: Sha256


class GivenUpBody(Body):
    """Why a disclosure that was agreed to is not made."""

    reason: Text


class ContractorBody(Body):
    """A contractor with its task and the kinds of data that are entrusted to it."""

    contractor: Line
    task: Line
    data: Kinds
    contracted_on: Day


class ContractorEndBody(Body):
    """The last day of the contract with a contractor."""

    ends_on: Day


class DisclosureProposedAnswer(Answer):
    """The disclosure, an open case from now on, and the approval that a second person of legal decides."""

    disclosure_no: str
    approval_id: str


class EntryAnswer(Answer):
    """A further entry of a register: what became of it, when, and who wrote it."""

    kind: str
    at: AwareDatetime
    by: str
    recorded_at: AwareDatetime
    on: date | None = None
    sha256: str | None = None
    reason: str | None = None


class LegalBasisAnswer(Answer):
    """The document on which a disclosure rests."""

    reference: str
    sha256: str


class DisclosureAnswer(Answer):
    """A disclosure; who asked and what for read `(消去済)` once the contract's data are erased."""

    disclosure_no: str
    contract_no: str
    state: State
    requester: str
    ground: Ground
    data: list[Data]
    articles: list[str]
    contractor_no: str | None = None
    legal_basis: LegalBasisAnswer
    scope: str
    proposed_by: str
    proposed_at: AwareDatetime
    approval_id: str
    entries: list[EntryAnswer]


class ContractorAnswer(Answer):
    """A contractor; `ends_on` is the last day of its contract."""

    contractor_no: str
    contractor: str
    task: str
    data: list[Data]
    contracted_on: date
    ends_on: date | None = None
    recorded_by: str
    recorded_at: AwareDatetime
    entries: list[EntryAnswer]


@router.post("/v1/disclosures", status_code=202, response_model=DisclosureProposedAnswer)
@may("legal")
async def propose(body: DisclosureBody, office: TheOffice, call: TheCall) -> JSONResponse:
    """Propose a disclosure; refused where 40, 44(4) or 44(5) do not let all of the data out on this ground."""
    if body.contractor_no is not None and body.ground != "contractor":
        raise InvalidInput([("/contractor_no", "only for the ground contractor")])
    asked = Asked(
        requester=body.requester,
        ground=body.ground,
        data=[*dict.fromkeys(body.data)],
        basis_reference=body.legal_basis.reference,
        basis_sha256=body.legal_basis.sha256,
        scope=body.scope,
        contractor_no=body.contractor_no,
    )
    async with office.sessions.begin() as session:
        contract = await session.get(ContractRow, body.contract_no, with_for_update=True)
        if contract is None:
            raise InvalidInput([("/contract_no", "an unknown contract")])
        row = await propose_disclosure(
            session, office, contract, asked, reason=body.reason, key=call.origin("disclosure").key,
            actor=call.principal.actor, as_of=call.now,
        )  # fmt: skip
        answer: dict[str, JsonValue] = {"disclosure_no": row.disclosure_no, "approval_id": row.approval_id}
        await call.store(session, 202, answer, contract.contract_no)
    await office.wake()
    return json_answer(answer, 202)


@router.post("/v1/disclosures/{disclosure_no}/handovers")
@may("legal")
async def record_handover(
    disclosure_no: Number, body: HandoverBody, office: TheOffice, call: TheCall
) -> DisclosureAnswer:
    """Record what was handed over; the disclosure is over, and what waited for it goes on."""
    if body.handed_over_at > call.now:
        raise InvalidInput([("/handed_over_at", "must not lie in the future")])
    async with office.sessions.begin() as session:
        row = await _find(session, disclosure_no)
        try:
            await hand_over(
                session, row, body.handed_over_at, body.sha256, key=call.origin("hand_over").key,
                actor=call.principal.actor, as_of=call.now,
            )  # fmt: skip
        except TooEarly:
            raise InvalidInput([("/handed_over_at", "must not lie before the decision")]) from None
        answer = await _closed(session, office, row, call)
    await office.wake()
    return answer


@router.post("/v1/disclosures/{disclosure_no}/withdrawals")
@may("legal")
async def withdraw(disclosure_no: Number, body: GivenUpBody, office: TheOffice, call: TheCall) -> DisclosureAnswer:
    """Close a disclosure that was agreed to and is not made any more; an open proposal is withdrawn as such."""
    async with office.sessions.begin() as session:
        row = await _find(session, disclosure_no)
        await give_up(
            session, office, row, body.reason, key=call.origin("give_up").key, actor=call.principal.actor,
            as_of=call.now,
        )  # fmt: skip
        answer = await _closed(session, office, row, call)
    await office.wake()
    return answer


async def _closed(session: AsyncSession, office: Office, row: DisclosureRow, call: Call) -> DisclosureAnswer:
    (view,) = await view_disclosures(session, office, [row])
    await call.store(session, 200, view, row.contract_no)
    return DisclosureAnswer.model_validate(view)


async def _find(session: AsyncSession, disclosure_no: str) -> DisclosureRow:
    row = await session.get(DisclosureRow, disclosure_no)
    if row is None:
        raise NotFound
    return row


@router.get("/v1/disclosures")
@may(*READ)
async def show_disclosures(
    office: TheOffice,
    page: PageWanted,
    contract_no: Annotated[Number | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
) -> Page[DisclosureAnswer]:
    """List disclosures in order of creation; who needs to know is legal and the auditor."""
    query = select(DisclosureRow)
    if contract_no is not None:
        query = query.where(col(DisclosureRow.contract_no) == contract_no)
    if state is not None:
        query = query.where(state_of(col(DisclosureRow.disclosure_no)) == state)
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(DisclosureRow.disclosure_no))
        items = await view_disclosures(session, office, rows)
    return Page(items=[DisclosureAnswer.model_validate(each) for each in items], next_cursor=cursor)


@router.get("/v1/disclosures/{disclosure_no}")
@may(*READ)
async def show_disclosure(disclosure_no: Number, office: TheOffice) -> DisclosureAnswer:
    """Show one disclosure with what became of it."""
    async with office.readers() as session:
        (view,) = await view_disclosures(session, office, [await _find(session, disclosure_no)])
    return DisclosureAnswer.model_validate(view)


@router.post("/v1/contractors", status_code=201)
@may("legal")
async def register(body: ContractorBody, office: TheOffice, call: TheCall) -> ContractorAnswer:
    """Enter a contractor, its task and the data that it is entrusted with."""
    async with office.sessions.begin() as session:
        row = await register_contractor(
            session, office, name=body.contractor, task=body.task, data=[*dict.fromkeys(body.data)],
            contracted_on=body.contracted_on, key=call.origin("contractor").key, actor=call.principal.actor,
            as_of=call.now,
        )  # fmt: skip
        return await _contractor(session, office, row, call, 201)


@router.post("/v1/contractors/{contractor_no}/ends")
@may("legal")
async def end(contractor_no: Number, body: ContractorEndBody, office: TheOffice, call: TheCall) -> ContractorAnswer:
    """Enter the last day of the contract with a contractor; from the next day on nothing is disclosed to it."""
    async with office.sessions.begin() as session:
        row = await session.get(ContractorRow, contractor_no, with_for_update=True)
        if row is None:
            raise NotFound
        if body.ends_on < row.contracted_on:
            raise InvalidInput([("/ends_on", "must not lie before the contract with the contractor")])
        await end_contractor(
            session, row, body.ends_on, key=call.origin("end_contractor").key, actor=call.principal.actor,
            as_of=call.now,
        )  # fmt: skip
        return await _contractor(session, office, row, call, 200)


async def _contractor(
    session: AsyncSession, office: Office, row: ContractorRow, call: Call, status: int
) -> ContractorAnswer:
    (view,) = await view_contractors(session, office, [row])
    await call.store(session, status, view)
    return ContractorAnswer.model_validate(view)


@router.get("/v1/contractors")
@may(*READ)
async def show_contractors(office: TheOffice, page: PageWanted) -> Page[ContractorAnswer]:
    """List contractors in order of creation."""
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, select(ContractorRow), page, col(ContractorRow.contractor_no))
        items = await view_contractors(session, office, rows)
    return Page(items=[ContractorAnswer.model_validate(each) for each in items], next_cursor=cursor)


@router.get("/v1/contractors/{contractor_no}")
@may(*READ)
async def show_contractor(contractor_no: Number, office: TheOffice) -> ContractorAnswer:
    """Show one contractor."""
    async with office.readers() as session:
        row = await session.get(ContractorRow, contractor_no)
        if row is None:
            raise NotFound
        (view,) = await view_contractors(session, office, [row])
    return ContractorAnswer.model_validate(view)
