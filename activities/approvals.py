"""Votes on acts that need a second person (四眼): the row, the vote and the effect are one transaction."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.office import Office
from activities.records import close_tasks, insert_once
from models.messages.office import ApprovalClosing, ApprovalVote
from models.tables import ApprovalRow, ApprovalVoteRow, TaskRow

STATE_AFTER = {"approve": "approved", "reject": "rejected"}


async def cast_vote(session: AsyncSession, office: Office, vote: ApprovalVote, *, owner: str, as_of: datetime) -> None:
    """Write a vote and the state that follows from it, inside the caller's transaction."""
    row = {
        "approval_id": vote.approval_id,
        "person": vote.person,
        "role": vote.role,
        "decision": vote.decision,
        "reason": await office.vault.seal_text(owner, "erasable", vote.reason),
        "at": as_of,
    }
    await insert_once(session, ApprovalVoteRow, row)
    await session.execute(
        update(ApprovalRow)
        .where(col(ApprovalRow.approval_id) == vote.approval_id)
        .values(state=STATE_AFTER[vote.decision])
    )
    await close_tasks(session, col(TaskRow.key) == reminder_of(vote.approval_id), as_of=as_of, by=vote.origin.actor)


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
