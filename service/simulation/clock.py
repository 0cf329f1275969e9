"""The clock of simulated business time: real time and a distance to it that is kept in the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Self

from sqlalchemy import select, update
from sqlmodel import col

from activities.records import insert_once
from models.database import Sessions, make_readers
from models.tables import SimulationClockRow

MICROSECOND = timedelta(microseconds=1)


class SimulatedClock:
    """Business time runs as fast as real time, and ahead of or behind it; it is moved, but never back.

    The distance stands in the database, so that all processes tell the same time, also after a restart.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._readers = make_readers(sessions.kw["bind"])

    @classmethod
    async def open(cls, sessions: Sessions, start: datetime | None = None) -> Self:
        """Open the clock of a database; the first time it is set to `start` (aware), later the stored one counts.

        Raises:
            LookupError: the database has no clock yet, and no instant to begin with was given.
        """
        clock = cls(sessions)
        if await clock._stored() is None:
            if start is None:
                message = "this database holds no simulated clock, and no instant to begin at was given"
                raise LookupError(message)
            row = {"id": 1, "ahead_us": (start - datetime.now(UTC)) // MICROSECOND}
            async with sessions() as session, session.begin():
                await insert_once(session, SimulationClockRow, row)  # another process may have been quicker
        return clock

    async def ahead(self) -> timedelta:
        """Return business time minus real time.

        Raises:
            LookupError: the database holds no simulated clock.
        """
        found = await self._stored()
        if found is None:
            message = "this database holds no simulated clock"
            raise LookupError(message)
        return found

    async def now(self) -> datetime:
        """Return the present instant of business time in UTC."""
        ahead = await self.ahead()
        return datetime.now(UTC) + ahead

    async def reach(self, instant: datetime) -> None:
        """Move the clock forward to an instant (aware); one that has passed changes nothing."""
        ahead = (instant - datetime.now(UTC)) // MICROSECOND
        async with self._sessions() as session, session.begin():
            await session.execute(
                update(SimulationClockRow).where(col(SimulationClockRow.ahead_us) < ahead).values(ahead_us=ahead)
            )

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Let nobody else move a workflow's clock meanwhile, in no process: moves are relative, two would add up."""
        async with self._sessions() as session, session.begin():
            await session.execute(select(col(SimulationClockRow.id)).with_for_update())
            yield

    async def _stored(self) -> timedelta | None:
        async with self._readers() as session:
            ahead = await session.scalar(select(col(SimulationClockRow.ahead_us)))
        return None if ahead is None else ahead * MICROSECOND
