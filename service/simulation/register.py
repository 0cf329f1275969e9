"""What the database says about workflows: which are open, and what still has to be told to them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import col

from models.database import Sessions, make_readers
from models.tables import OpenWorkflowRow, OutboxRow

OPEN = select(col(OpenWorkflowRow.workflow_id), col(OpenWorkflowRow.clock_shift)).where(
    col(OpenWorkflowRow.closed_at).is_(None)
)


class Register:
    """The rows of `open_workflow`, and the outbox."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions, self._readers = sessions, make_readers(sessions.kw["bind"])

    async def shift(self, workflow_id: str) -> timedelta | None:
        """Read business time minus server time at a workflow's start; None if it has no row, or has closed."""
        async with self._readers() as session:
            row = (await session.execute(OPEN.where(col(OpenWorkflowRow.workflow_id) == workflow_id))).first()
        return None if row is None else timedelta(seconds=row.clock_shift or 0.0)

    async def read(self) -> tuple[dict[str, timedelta], dict[str, str]]:
        """Read which workflows are open and what the outbox still holds, at one moment.

        Returns:
            Business time minus server time at the start of each workflow that has not closed (one that is just being
            started may have none yet: 0), and per workflow one message that is not delivered.
        """
        waiting = select(
            col(OutboxRow.workflow_id), col(OutboxRow.kind), col(OutboxRow.name), col(OutboxRow.attempts)
        ).where(col(OutboxRow.delivered_at).is_(None))
        async with self._readers() as session:
            shifts = {
                workflow_id: timedelta(seconds=shift or 0.0) for workflow_id, shift in await session.execute(OPEN)
            }
            undelivered = {
                workflow_id: f"{kind} {name} is not delivered ({attempts} attempts)"
                for workflow_id, kind, name, attempts in await session.execute(waiting)
            }
        return shifts, undelivered

    async def close(self, closed: Mapping[str, datetime]) -> None:
        """Note when workflows came to their end, unless somebody has."""
        async with self._sessions() as session, session.begin():
            for workflow_id, instant in closed.items():
                await session.execute(
                    update(OpenWorkflowRow)
                    .where(col(OpenWorkflowRow.workflow_id) == workflow_id, col(OpenWorkflowRow.closed_at).is_(None))
                    .values(closed_at=instant)
                )
