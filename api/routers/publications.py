"""Publications of what the customer tells, with its consent (Art. 41)."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.publications import Planned, propose_publication, view_publications, withdraw_consent
from activities.registers import state_of
from api.auth import TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, Day, Line, Number, Reference, Sha256, Text
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import InvalidInput, NotFound
from api.routers.disclosure import EntryAnswer
from models.tables import ContractRow, PublicationRow
from terms.periods import day_of

router = APIRouter(route_class=CommandRoute, tags=["disclosure"])

READ = ("support", "legal", "auditor")
State = Literal["proposed", "approved", "rejected", "withdrawn", "expired", "consent_withdrawn"]


class Consent(Body):
    """The customer's consent to this publication: on which day, by whom."""

    on: Day
    person: Line


class PublicationBody(Body):
    """What is to be published where: its text by version and hash, in what scope, by which consent."""

    contract_no: Number
    publication: Line
    text_version: Reference
    text_sha256: Sha256
    scope: Text
    consent: Consent | None = None
    reason: Text


class ConsentWithdrawnBody(Body):
    """The customer took its consent back."""

    on: Day
    reason: Text


class PublicationProposedAnswer(Answer):
    """The publication, and the approval that a second person of support or legal decides."""

    publication_no: str
    approval_id: str


class ConsentAnswer(Answer):
    """The customer's consent."""

    on: date
    person: str


class PublicationAnswer(Answer):
    """A publication; title, scope and who consented read `(消去済)` once the contract's data are erased."""

    publication_no: str
    contract_no: str
    state: State
    publication: str
    text_version: str
    text_sha256: str
    scope: str
    consent: ConsentAnswer
    proposed_by: str
    proposed_at: AwareDatetime
    approval_id: str
    entries: list[EntryAnswer]


@router.post("/v1/publications", status_code=202, response_model=PublicationProposedAnswer)
@may("support")
async def propose(body: PublicationBody, office: TheOffice, call: TheCall) -> JSONResponse:
    """Propose a publication; refused without the customer's consent to it, or where it has an entry already."""
    if body.consent is not None and body.consent.on > day_of(call.now):
        raise InvalidInput([("/consent/on", "must not lie in the future")])
    planned = Planned(
        publication=body.publication,
        text_version=body.text_version,
        text_sha256=body.text_sha256,
        scope=body.scope,
        consented_on=body.consent.on if body.consent else None,
        consented_by=body.consent.person if body.consent else "",
    )
    async with office.sessions.begin() as session:
        contract = await session.get(ContractRow, body.contract_no, with_for_update=True)
        if contract is None:
            raise InvalidInput([("/contract_no", "an unknown contract")])
        row = await propose_publication(
            session, office, contract, planned, reason=body.reason, key=call.origin("publication").key,
            actor=call.principal.actor, as_of=call.now,
        )  # fmt: skip
        answer: dict[str, JsonValue] = {"publication_no": row.publication_no, "approval_id": row.approval_id}
        await call.store(session, 202, answer, contract.contract_no)
    await office.wake()
    return json_answer(answer, 202)


@router.post("/v1/publications/{publication_no}/withdrawals")
@may("support")
async def withdraw(
    publication_no: Number, body: ConsentWithdrawnBody, office: TheOffice, call: TheCall
) -> PublicationAnswer:
    """Record that the customer took its consent back; a proposal that still waits is withdrawn with it."""
    if body.on > day_of(call.now):
        raise InvalidInput([("/on", "must not lie in the future")])
    async with office.sessions.begin() as session:
        row = await _find(session, publication_no)
        if body.on < row.consented_on:
            raise InvalidInput([("/on", "must not lie before the consent")])
        await withdraw_consent(
            session, office, row, body.on, body.reason, key=call.origin("withdraw_consent").key,
            actor=call.principal.actor, as_of=call.now,
        )  # fmt: skip
        (view,) = await view_publications(session, office, [row])
        await call.store(session, 200, view, row.contract_no)
    await office.wake()
    return PublicationAnswer.model_validate(view)


async def _find(session: AsyncSession, publication_no: str) -> PublicationRow:
    row = await session.get(PublicationRow, publication_no)
    if row is None:
        raise NotFound
    return row


@router.get("/v1/publications")
@may(*READ)
async def show_publications(
    office: TheOffice,
    page: PageWanted,
    contract_no: Annotated[Number | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
) -> Page[PublicationAnswer]:
    """List publications in order of creation."""
    query = select(PublicationRow)
    if contract_no is not None:
        query = query.where(col(PublicationRow.contract_no) == contract_no)
    if state is not None:
        query = query.where(state_of(col(PublicationRow.publication_no)) == state)
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(PublicationRow.publication_no))
        items = await view_publications(session, office, rows)
    return Page(items=[PublicationAnswer.model_validate(each) for each in items], next_cursor=cursor)


@router.get("/v1/publications/{publication_no}")
@may(*READ)
async def show_publication(publication_no: Number, office: TheOffice) -> PublicationAnswer:
    """Show one publication with what became of it."""
    async with office.readers() as session:
        (view,) = await view_publications(session, office, [await _find(session, publication_no)])
    return PublicationAnswer.model_validate(view)
