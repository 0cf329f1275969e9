"""Deletion of data, retention and legal holds (Art. 34, 44(6))."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, JsonValue
from sqlalchemy import select
from sqlmodel import col

from activities.early_deletion import propose_early_deletion
from activities.erasure_by_hand import propose_erasure
from activities.legal_holds import propose_hold, propose_release, view_hold
from activities.retention import view_deletion
from api.auth import READERS, Caller, TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, FutureDay, Line, Number, Text
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import InvalidInput, NotFound
from api.routers.contract import contract_row
from models.tables import ContractRow, LegalHoldRow
from terms.periods import day_of

router = APIRouter(route_class=CommandRoute, tags=["retention"])

HOLD_READERS = ("legal", "admin", "auditor")


class BlockerAnswer(Answer):
    """What blocks a deletion: a legal hold or an open case."""

    kind: Literal["hold", "violation", "claim", "disclosure", "dispute"]
    no: str


class CertificateAnswer(Answer):
    """Proof of a deletion of data, or of the erasure of personal data; `sha256` is the hash of what it states."""

    kind: Literal["data", "personal"]
    article: str
    at: AwareDatetime
    sha256: str
    items: list[dict[str, JsonValue]]
    method: str
    performed_by: str
    approval_id: str | None = None
    notice_no: str | None = None


class DeletionAnswer(Answer):
    """Where the deletion of a contract's data stands; `inventory` is what lies on the platform, or lay there."""

    state: Literal["none", "grace", "blocked", "ready", "deleted", "retained", "erased"]
    delete_from_on: date | None = None
    erasable_from_on: date | None = None
    blocked_by: list[BlockerAnswer]
    inventory: list[dict[str, JsonValue]]
    certificates: list[CertificateAnswer]


class EarlyDeletionBody(Body):
    """Why data are to be deleted without notice while the contract lives."""

    ground: Literal["34(2)"]
    reason: Text


class HoldBody(Body):
    """A legal hold on a contract: for which case, why, and when it is reviewed."""

    contract_no: Number
    case: Line
    reason: Text
    review_on: FutureDay


class ErasureBody(Body):
    """Why personal data are to be erased by decision."""

    reason: Text


class ReleaseBody(Body):
    """Why a hold is lifted."""

    reason: Text


class ProposedAnswer(Answer):
    """The approval that a second person decides."""

    approval_id: str


class HoldProposedAnswer(ProposedAnswer):
    """The hold, which blocks at once, and its approval."""

    hold_no: str


class HoldAnswer(Answer):
    """A legal hold; case and reason read `(消去済)` once the contract's data are erased."""

    hold_no: str
    contract_no: str
    state: Literal["proposed", "placed", "rejected", "released"]
    case: str
    reason: str
    review_on: date
    proposed_by: str
    proposed_at: AwareDatetime
    approval_id: str
    release_approval_id: str | None = None
    placed_at: AwareDatetime | None = None
    released_at: AwareDatetime | None = None


@router.get("/v1/contracts/{contract_no}/deletion")
@may(*READERS, "customer")
async def show_deletion(contract_no: Number, office: TheOffice, caller: Caller) -> DeletionAnswer:
    """Show where the deletion of a contract's data stands, what blocks it, and its certificates."""
    row = await contract_row(office, contract_no, caller)
    async with office.readers() as session:
        view = await view_deletion(session, row, to_customer=caller.is_customer)
    return DeletionAnswer.model_validate(view)


@router.post("/v1/contracts/{contract_no}/deletions", status_code=202, response_model=ProposedAnswer)
@may("legal")
async def delete_early(
    contract_no: Number, body: EarlyDeletionBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose a deletion without notice while the contract lives (34(2)); refused unless the setting allows it."""
    await contract_row(office, contract_no, caller)
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        approval_id = await propose_early_deletion(
            session, office, contract, reason=body.reason, key=call.origin("early_deletion").key, actor=caller.actor,
            as_of=call.now,
        )  # fmt: skip
        answer: dict[str, JsonValue] = {"approval_id": approval_id}
        await call.store(session, 202, answer, contract_no)
    await office.wake()
    return json_answer(answer, 202)


@router.post("/v1/contracts/{contract_no}/erasures", status_code=202, response_model=ProposedAnswer)
@may("legal", "admin")
async def erase(
    contract_no: Number, body: ErasureBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose to erase the personal data of a closed contract (44(6)); refused while a statute or a hold keeps them."""
    await contract_row(office, contract_no, caller)
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        approval_id = await propose_erasure(
            session, office, contract, reason=body.reason, key=call.origin("erasure").key, actor=caller.actor,
            as_of=call.now,
        )  # fmt: skip
        answer: dict[str, JsonValue] = {"approval_id": approval_id}
        await call.store(session, 202, answer, contract_no)
    await office.wake()
    return json_answer(answer, 202)


@router.post("/v1/legal-holds", status_code=202, response_model=HoldProposedAnswer)
@may("legal", "admin")
async def place(body: HoldBody, office: TheOffice, caller: Caller, call: TheCall) -> JSONResponse:
    """Propose a legal hold; it blocks deletion and erasure from now on, and for good once a second person agrees."""
    if body.review_on <= day_of(call.now):
        raise InvalidInput([("/review_on", "must lie in the future")])
    async with office.sessions.begin() as session:
        contract = await session.get(ContractRow, body.contract_no, with_for_update=True)
        if contract is None:
            raise InvalidInput([("/contract_no", "an unknown contract")])
        hold_no, approval_id = await propose_hold(
            session, office, contract, case=body.case, reason=body.reason, review_on=body.review_on,
            key=call.origin("legal_hold").key, actor=caller.actor, as_of=call.now,
        )  # fmt: skip
        answer: dict[str, JsonValue] = {"hold_no": hold_no, "approval_id": approval_id}
        await call.store(session, 202, answer, contract.contract_no)
    await office.wake()
    return json_answer(answer, 202)


@router.post("/v1/legal-holds/{hold_no}/releases", status_code=202, response_model=ProposedAnswer)
@may("legal", "admin")
async def release(hold_no: Number, body: ReleaseBody, office: TheOffice, caller: Caller, call: TheCall) -> JSONResponse:
    """Propose to lift a legal hold; it goes on blocking until a second person agrees."""
    async with office.sessions.begin() as session:
        hold = await session.get(LegalHoldRow, hold_no, with_for_update=True)
        if hold is None:
            raise NotFound
        approval_id = await propose_release(
            session, office, hold, reason=body.reason, key=call.origin("legal_hold_release").key, actor=caller.actor,
            as_of=call.now,
        )  # fmt: skip
        answer: dict[str, JsonValue] = {"approval_id": approval_id}
        await call.store(session, 202, answer, hold.contract_no)
    await office.wake()
    return json_answer(answer, 202)


@router.get("/v1/legal-holds")
@may(*HOLD_READERS)
async def show_holds(
    office: TheOffice,
    page: PageWanted,
    contract_no: Annotated[Number | None, Query()] = None,
    state: Annotated[Literal["proposed", "placed", "rejected", "released"] | None, Query()] = None,
) -> Page[HoldAnswer]:
    """List legal holds in order of creation."""
    query = select(LegalHoldRow)
    if contract_no is not None:
        query = query.where(col(LegalHoldRow.contract_no) == contract_no)
    if state is not None:
        query = query.where(col(LegalHoldRow.state) == state)
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(LegalHoldRow.hold_no))
    await office.vault.preload(row.matter for row in rows)
    items = [HoldAnswer.model_validate(await view_hold(office, row)) for row in rows]
    return Page(items=items, next_cursor=cursor)


@router.get("/v1/legal-holds/{hold_no}")
@may(*HOLD_READERS)
async def show_hold(hold_no: Number, office: TheOffice) -> HoldAnswer:
    """Show one legal hold."""
    async with office.readers() as session:
        row: Any = await session.get(LegalHoldRow, hold_no)
    if row is None:
        raise NotFound
    return HoldAnswer.model_validate(await view_hold(office, row))
