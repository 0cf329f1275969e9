"""The clock of business time for everything outside the workflows."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells business time: the moment an outside event happens, or a request comes in."""

    async def now(self) -> datetime:
        """Return the present instant of business time in UTC."""
        ...


class RealClock:
    """Business time is real time."""

    async def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)
