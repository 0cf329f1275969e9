"""The second person (四眼): proposals and votes; the row, the vote and the effect are one transaction.

An act that a workflow waits for is told to the workflow. Every other act is a row with its payload: who decides it
last carries it out, in the transaction of the decision.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.office import Office
from activities.records import audit, close_tasks, insert_once, look_again, next_number
from models.messages.office import ApprovalClosing, ApprovalVote, Event
from models.tables import ApprovalRow, ApprovalVoteRow, TaskRow

STATE_AFTER = {"approve": "approved", "reject": "rejected"}


class NotOpen(Exception):
    """The proposal was decided, withdrawn or has run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A proposal that has its votes, being carried out: `actor` decided it last."""

    approval: ApprovalRow
    payload: Mapping[str, Any]
    actor: str
    as_of: datetime


Effect = Callable[[AsyncSession, Office, Decision], Awaitable[None]]
Closed = Callable[[AsyncSession, Office, ApprovalRow, datetime], Awaitable[None]]


async def _nothing(_session: AsyncSession, _office: Office, _row: ApprovalRow, _as_of: datetime) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act that needs a second person: by which article, who may decide, how many, and what it does.

    `effect` checks its preconditions anew (Refused: the decision fails, the proposal stays open) and acts;
    `closed` runs when the proposal was rejected, withdrawn or has run out.
    """

    name: str
    article: str
    roles: tuple[str, ...]
    effect: Effect
    needs: int = 1
    words: str = ""
    closed: Closed = _nothing


async def propose(  # noqa: PLR0913 (the columns of one row)
    session: AsyncSession,
    office: Office,
    act: Act,
    *,
    key: str,
    actor: str,
    reason: str,
    payload: dict[str, JsonValue],
    consequence: dict[str, JsonValue],
    as_of: datetime,
    contract_no: str | None = None,
) -> str:
    """Open a proposal inside the caller's transaction; returns its number.

    `payload` and `consequence` stand open: numbers, days, yen. The reason is sealed.
    """
    approval_id = await next_number(session, "approval")
    session.add(
        ApprovalRow(
            approval_id=approval_id,
            key=key,
            act=act.name,
            article=act.article,
            roles=[*act.roles],
            needs=act.needs,
            contract_no=contract_no,
            proposed_by=actor,
            proposed_at=as_of,
            expires_at=as_of + timedelta(days=office.terms.approval_expires_days),
            consequence=consequence,
            payload=payload,
            evidence=await office.vault.seal_text(contract_no or "office", "erasable", reason),
        )
    )
    event = Event(
        action=f"{act.name}_proposed",
        article=act.article,
        actor=actor,
        at=as_of,
        summary=f"{act.words or act.name}を提案しました({approval_id})。",
        basis={"approval_id": approval_id, **consequence},
    )
    await audit(session, f"{key}:proposed", [event], contract_no=contract_no)
    await look_again(session, f"look:{approval_id}", as_of)
    await session.flush()
    return approval_id


async def decide(
    session: AsyncSession, office: Office, acts: Mapping[str, Act], vote: ApprovalVote, *, as_of: datetime
) -> str:
    """Take a vote on an act that no workflow waits for, and carry the act out with the last one; returns the state.

    Raises:
        NotOpen: it was decided before, withdrawn, or has run out.
        Refused: the act's precondition does not hold any more; nothing is written.
    """
    row = await session.get_one(ApprovalRow, vote.approval_id, with_for_update=True)
    if row.state != "open" or row.expires_at <= as_of:
        raise NotOpen
    act = acts[row.act]
    await _write_vote(session, office, vote, owner=row.contract_no or "office", as_of=as_of)
    if vote.decision == "reject":
        row.state = "rejected"
        await act.closed(session, office, row, as_of)
    elif await _approvals(session, vote.approval_id) >= row.needs:
        row.state = "approved"
    event = Event(
        action=f"{row.act}_{STATE_AFTER[vote.decision]}",
        article=row.article,
        actor=vote.origin.actor,
        at=as_of,
        summary=f"{act.words or row.act}({row.approval_id})を"
        f"{'承認' if vote.decision == 'approve' else '否認'}しました。",
        basis={"approval_id": row.approval_id, "proposed_by": row.proposed_by, "needs": row.needs},
    )
    if row.state == "approved":
        decision = Decision(approval=row, payload=row.payload or {}, actor=vote.origin.actor, as_of=as_of)
        await act.effect(session, office, decision)
    await audit(session, vote.origin.key, [event], contract_no=row.contract_no)  # accounts are locked before chains
    if row.state != "open":
        await close_tasks(session, col(TaskRow.key) == reminder_of(row.approval_id), as_of=as_of, by=vote.origin.actor)
    await session.flush()
    return row.state


async def close_row(
    session: AsyncSession, office: Office, acts: Mapping[str, Act], closing: ApprovalClosing, *, as_of: datetime
) -> bool:
    """Close a proposal that no workflow waits for: withdrawn or run out; tells whether it was open."""
    row = await session.get_one(ApprovalRow, closing.approval_id, with_for_update=True)
    if row.state != "open":
        return False
    await close_approval(session, closing, as_of=as_of)
    await session.refresh(row)
    event = Event(
        action=f"{row.act}_{closing.state}",
        article=row.article,
        actor=closing.origin.actor,
        at=as_of,
        summary=f"提案({row.approval_id})は{'取り下げられ' if closing.state == 'withdrawn' else '期限が切れ'}ました。",
        basis={"approval_id": row.approval_id},
    )
    await audit(session, closing.origin.key, [event], contract_no=row.contract_no)
    await acts[row.act].closed(session, office, row, as_of)
    return True


async def _approvals(session: AsyncSession, approval_id: str) -> int:
    counted = await session.scalar(
        select(func.count())
        .select_from(ApprovalVoteRow)
        .where(col(ApprovalVoteRow.approval_id) == approval_id, col(ApprovalVoteRow.decision) == "approve")
    )
    return counted or 0


async def cast_vote(
    session: AsyncSession, office: Office, vote: ApprovalVote, *, owner: str, as_of: datetime, decides: bool = True
) -> None:
    """Write a vote and, if it `decides`, the state that follows from it, inside the caller's transaction."""
    await _write_vote(session, office, vote, owner=owner, as_of=as_of)
    if not decides:
        return
    await session.execute(
        update(ApprovalRow)
        .where(col(ApprovalRow.approval_id) == vote.approval_id)
        .values(state=STATE_AFTER[vote.decision])
    )
    await close_tasks(session, col(TaskRow.key) == reminder_of(vote.approval_id), as_of=as_of, by=vote.origin.actor)


async def _write_vote(
    session: AsyncSession, office: Office, vote: ApprovalVote, *, owner: str, as_of: datetime
) -> None:
    row = {
        "approval_id": vote.approval_id,
        "person": vote.person,
        "role": vote.role,
        "decision": vote.decision,
        "reason": await office.vault.seal_text(owner, "erasable", vote.reason),
        "at": as_of,
    }
    await insert_once(session, ApprovalVoteRow, row)


def reminder_of(approval_id: str) -> str:
    """Name the task that reminds of an approval."""
    return f"approval_waits:{approval_id}"


async def close_approval(session: AsyncSession, closing: ApprovalClosing, *, as_of: datetime) -> None:
    """Write that an approval was withdrawn by its proposer or ran out undecided."""
    await session.execute(
        update(ApprovalRow)
        .where(col(ApprovalRow.approval_id) == closing.approval_id, col(ApprovalRow.state) == "open")
        .values(state=closing.state)
    )
    await close_tasks(session, col(TaskRow.key) == reminder_of(closing.approval_id), as_of=as_of)
