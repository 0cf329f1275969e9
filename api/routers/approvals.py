"""Acts that need a second person (四眼): what is proposed, who decided what, and deciding."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import JsonValue
from sqlalchemy import Select, select
from sqlmodel import col

from activities.acts import ACTS
from activities.approvals import NotOpen, close_row
from activities.approvals import decide as decide_row
from activities.office import Office
from api.auth import CUSTOMER, READERS, STAFF, Caller, Principal, TheOffice, may
from api.dispatch import json_answer, send
from api.fields import Answer, Body, Number, Text
from api.idempotency import Call, CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import Conflict, Forbidden, NotFound
from models.messages.office import ApprovalClosing, ApprovalVote, Command
from models.tables import ApprovalRow, ApprovalVoteRow
from models.vault import KeyGone
from terms.citation import Article, Refused

OWN_PROPOSAL = "提案した本人は、この提案を決定できません。"

State = Literal["open", "approved", "rejected", "withdrawn", "expired"]

router = APIRouter(route_class=CommandRoute, tags=["approvals"])


class VoteAnswer(Answer):
    """What one person decided; the reason is gone once the contract's data is erased."""

    person: str
    at: datetime
    decision: Literal["approve", "reject"]
    reason: str | None = None


class ApprovalAnswer(Answer):
    """An act with its article and computed consequence; `needs` further people must agree."""

    approval_id: str
    act: str
    article: str
    contract_no: str | None = None
    application_no: str | None = None
    month: str | None = None
    proposed_by: str
    proposed_at: datetime
    needs: int
    roles: list[str]
    approvals: list[VoteAnswer]
    consequence: dict[str, JsonValue]
    state: State
    expires_at: datetime | None = None


class DecisionBody(Body):
    """Approve or reject, and why."""

    decision: Literal["approve", "reject"]
    reason: Text


class WithdrawalBody(Body):
    """Why the proposer takes the proposal back."""

    reason: Text | None = None


class StateAnswer(Answer):
    """The state of the approval."""

    state: State


@router.get("/v1/approvals")
@may(*READERS, CUSTOMER)
async def show_all(
    office: TheOffice,
    caller: Caller,
    page: PageWanted,
    state: Annotated[State | None, Query()] = None,
    contract_no: Annotated[Number | None, Query()] = None,
) -> Page[ApprovalAnswer]:
    """List approvals in order of creation; a customer sees those that it asked for."""
    query = _seen_by(caller)
    if state is not None:
        query = query.where(col(ApprovalRow.state) == state)
    if contract_no is not None:
        query = query.where(col(ApprovalRow.contract_no) == contract_no)
    async with office.readers() as session:
        keys = (col(ApprovalRow.proposed_at), col(ApprovalRow.approval_id))
        rows, cursor = await fetch_page(session, query, page, *keys)
    return Page(items=await _show(office, caller, rows), next_cursor=cursor)


@router.get("/v1/approvals/{approval_id}")
@may(*READERS, CUSTOMER)
async def show(approval_id: Number, office: TheOffice, caller: Caller) -> ApprovalAnswer:
    """Show one approval."""
    row = await _find(office, caller, approval_id)
    return (await _show(office, caller, [row]))[0]


@router.post("/v1/approvals/{approval_id}/decisions", responses={200: {"model": StateAnswer}})
@may(*STAFF)
async def decide(
    approval_id: Number, body: DecisionBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Decide on a proposal; never the proposer, never twice."""
    row = await _find(office, caller, approval_id)
    if _is_proposer(row, caller):
        raise Refused(row.article, OWN_PROPOSAL)
    if caller.role not in row.roles:
        raise Forbidden
    async with office.readers() as session:
        voted = await session.get(ApprovalVoteRow, (approval_id, caller.person))
    if voted is not None:
        message = "This person has decided already."
        raise Conflict(message)
    vote = ApprovalVote(
        origin=call.origin("vote"),
        approval_id=approval_id,
        person=caller.person,
        role=caller.role,
        decision=body.decision,
        reason=body.reason,
    )
    if row.workflow_id is None:
        return await _decide(office, row, call, vote)
    return await _tell(office, row, call, "vote", vote)


@router.post("/v1/approvals/{approval_id}/withdrawals", responses={200: {"model": StateAnswer}})
@may(*STAFF)
async def withdraw(
    approval_id: Number, body: WithdrawalBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Take back one's own proposal while it is open."""
    del body  # the reason is for the reader of the request; nothing depends on it
    row = await _find(office, caller, approval_id)
    if not _is_proposer(row, caller):
        raise Forbidden
    closing = ApprovalClosing(origin=call.origin("withdraw"), approval_id=approval_id, state="withdrawn")
    if row.workflow_id is None:
        return await _close(office, row, call, closing)
    return await _tell(office, row, call, "close_approval", closing)


async def _decide(office: Office, row: ApprovalRow, call: Call, vote: ApprovalVote) -> JSONResponse:
    """Take a vote and, with the last one, carry the act out: one transaction with the answer."""
    call.owner = row.contract_no or call.owner
    async with office.sessions.begin() as session:
        try:
            state = await decide_row(session, office, ACTS, vote, as_of=call.now)
        except NotOpen:
            raise _decided() from None
        await call.store(session, 200, {"state": state})
    await office.wake()
    return json_answer({"state": state})


async def _close(office: Office, row: ApprovalRow, call: Call, closing: ApprovalClosing) -> JSONResponse:
    """Take a proposal back that no workflow waits for."""
    call.owner = row.contract_no or call.owner
    async with office.sessions.begin() as session:
        if not await close_row(session, office, ACTS, closing, as_of=call.now):
            raise _decided()
        await call.store(session, 200, {"state": closing.state})
    await office.wake()
    return json_answer({"state": closing.state})


async def _tell(office: Office, row: ApprovalRow, call: Call, update: str, message: Command) -> JSONResponse:
    """Tell the workflow that waits; it carries the act out and commits it with the vote."""
    call.owner = row.contract_no or row.application_no or call.owner
    if row.state != "open" or row.expires_at <= call.now:
        raise _decided()
    try:
        return await send(office, row.workflow_id or "", update, message, closed=Article.parse(row.article))
    except Refused:
        async with office.readers() as session:
            now = await session.get_one(ApprovalRow, row.approval_id)
        if now.state != "open":  # somebody was quicker
            raise _decided() from None
        raise


def _decided() -> Conflict:
    return Conflict("The proposal is not open any more.")


def _is_proposer(row: ApprovalRow, caller: Principal) -> bool:
    """Tell whether it is the caller's own proposal, under whatever role it was made."""
    role, _, person = row.proposed_by.partition(":")
    return role != CUSTOMER and person == caller.person


def _seen_by(caller: Principal) -> Select[ApprovalRow]:
    query = select(ApprovalRow)
    return query.where(col(ApprovalRow.proposed_by) == caller.actor) if caller.is_customer else query


async def _find(office: Office, caller: Principal, approval_id: str) -> ApprovalRow:
    async with office.readers() as session:
        found = await session.execute(_seen_by(caller).where(col(ApprovalRow.approval_id) == approval_id))
        row = found.scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


async def _show(office: Office, caller: Principal, rows: Sequence[ApprovalRow]) -> list[ApprovalAnswer]:
    """Show approvals with their votes; who decided, and why, is not for customers."""
    votes: dict[str, list[VoteAnswer]] = {row.approval_id: [] for row in rows}
    if not caller.is_customer:
        async with office.readers() as session:
            found = await session.execute(
                select(ApprovalVoteRow)
                .where(col(ApprovalVoteRow.approval_id).in_(votes))
                .order_by(col(ApprovalVoteRow.at), col(ApprovalVoteRow.person))
            )
        cast_votes = found.scalars().all()
        await office.vault.preload(vote.reason for vote in cast_votes)
        for vote in cast_votes:
            votes[vote.approval_id].append(await _show_vote(office, vote))
    return [_answer(row, votes[row.approval_id]) for row in rows]


def _answer(row: ApprovalRow, votes: list[VoteAnswer]) -> ApprovalAnswer:
    month = row.consequence.get("month")
    return ApprovalAnswer(
        approval_id=row.approval_id,
        act=row.act,
        article=row.article,
        contract_no=row.contract_no,
        application_no=row.application_no,
        month=month if isinstance(month, str) else None,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        needs=row.needs,
        roles=row.roles,
        approvals=votes,
        consequence=row.consequence,
        state=cast("State", row.state),
        expires_at=row.expires_at,
    )


async def _show_vote(office: Office, vote: ApprovalVoteRow) -> VoteAnswer:
    try:
        reason = await office.vault.unseal_text(vote.reason)
    except KeyGone:
        reason = None
    decision = cast("Literal['approve', 'reject']", vote.decision)
    return VoteAnswer(person=vote.person, at=vote.at, decision=decision, reason=reason)
