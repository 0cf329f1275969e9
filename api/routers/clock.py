"""Business time: told to everybody, moved by an administrator in simulation only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Request

from api.auth import EVERYBODY, TheOffice, may
from api.fields import Answer, Body, Instant
from api.idempotency import CommandRoute, keyless
from api.problems import NotFound

router = APIRouter(route_class=CommandRoute, tags=["clock"])


class Happened(Protocol):
    """Something that fell due while the clock moved."""

    @property
    def at(self) -> datetime:
        """When it fell due, in business time."""
        ...

    @property
    def what(self) -> str:
        """What it was; names no person."""
        ...


class Moved(Protocol):
    """Where the clock stands after an advance, and what happened on the way (the last 1,000)."""

    @property
    def now(self) -> datetime:
        """The instant that was reached."""
        ...

    @property
    def fired(self) -> Sequence[Happened]:
        """What happened, in its order."""
        ...


class Simulation(Protocol):
    """A clock that can be moved."""

    async def advance(self, target: datetime) -> Moved:
        """Go to an instant; all work due at or before it is done on return.

        Raises:
            api.problems.Conflict: the instant is past, or another advance is under way.
            api.problems.Unavailable: something holds the clock; members `now` and `held_by`.
        """
        ...


class ClockAnswer(Answer):
    """The present of business time."""

    now: datetime
    simulated: bool


class Advance(Body):
    """The instant to go to."""

    advance_to: Instant


class FiredAnswer(Answer):
    """What fell due, and when."""

    at: datetime
    what: str


class AdvancedAnswer(Answer):
    """Where the clock stands, and what happened on the way."""

    now: datetime
    fired: list[FiredAnswer]


async def simulation(request: Request) -> Simulation:
    """Give the clock that can be moved.

    Raises:
        NotFound: the service runs on the real clock.
    """
    found: Simulation | None = request.app.state.simulation
    if found is None:
        raise NotFound
    return found


@router.get("/v1/clock")
@may(*EVERYBODY)
async def tell(request: Request, office: TheOffice) -> ClockAnswer:
    """Tell business time."""
    return ClockAnswer(now=await office.clock.now(), simulated=request.app.state.simulation is not None)


@router.post("/v1/clock")
@may("admin")
@keyless
async def advance(body: Advance, clock: Annotated[Simulation, Depends(simulation)]) -> AdvancedAnswer:
    """Move business time forward; whatever falls due on the way has happened on return."""
    moved = await clock.advance(body.advance_to)
    return AdvancedAnswer(
        now=moved.now, fired=[FiredAnswer(at=happened.at, what=happened.what) for happened in moved.fired]
    )
