"""The simulation: all workflows of the office on one calendar. No clock skips while anything runs."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from api.problems import Conflict, Unavailable
from models import ids
from models.database import Sessions
from service.simulation.clock import SimulatedClock
from service.simulation.convoy import CLEAR, Convoy
from service.simulation.histories import Due
from service.simulation.looks import Looks, View
from service.simulation.register import Register

TOLD = 1_000  # how many of the deadlines on the way an advance tells
PAUSE = 0.01  # seconds between two looks while something runs
NEAR = timedelta(seconds=1)  # the same once the clock has got where it was sent
EXACT = timedelta(milliseconds=1)
BEHIND = timedelta(minutes=1)  # a workflow that was called on should not stand further behind the clock
SHOTS = 5  # times that a workflow is sent to the same deadline

log = structlog.get_logger()


class AlreadyAdvancing(Conflict):
    """Another advance of the clock is under way."""

    title = "The clock is being moved already."


class Past(Conflict):
    """The clock stands later than where it was sent; it is never put back."""

    title = "The clock stands later than this."


class CannotGoOn(Unavailable):
    """Something holds the clock up; `now` says where it stands, `held_by` who does and what it is at."""

    title = "The clock cannot go on."


@dataclass(frozen=True, slots=True)
class Fired:
    """A deadline that the clock came by, in business time."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Advanced:
    """Where an advance got to, and the deadlines on the way (the last 1,000, in order)."""

    now: datetime
    fired: Sequence[Fired]


async def _nothing() -> int:
    return 0


class Simulation:
    """Moves the clock of the office, deadline by deadline. One process has it: that of the API.

    Args:
        client: A client that is *not* on business time.
        sessions: The database; its rows of `open_workflow` without `closed_at` are the workflows that are watched.
        clock: Business time.
        drain: Delivers what waits in the outbox; without it the workers' relay alone does.
        patience: How long to wait for whoever runs and shows no progress.
        grace: How long a workflow task may fail before it counts as stuck.
        tries: How often an activity is tried in one advance.
    """

    def __init__(
        self,
        client: Client,
        sessions: Sessions,
        clock: SimulatedClock,
        *,
        drain: Callable[[], Awaitable[int]] = _nothing,
        patience: timedelta = timedelta(seconds=60),
        grace: timedelta = timedelta(seconds=5),
        tries: int = 10,
    ) -> None:
        self._clock, self._drain, self._patience, self._grace = clock, drain, patience, grace
        self._register, self._looks = Register(sessions), Looks(client, tries)
        self._convoy = Convoy(clock, self._looks)
        self._watched: dict[str, timedelta] = {}
        self._calm: dict[str, View] = {}
        self._together = False
        self._moving = False

    async def now(self) -> datetime:
        """Return the present instant of business time in UTC."""
        return await self._clock.now()

    async def advance(self, target: datetime) -> Advanced:
        """Go to an instant (aware) by every deadline on the way; all work due at or before it is done on return.

        An advance that ends early (it is cancelled, the process is killed, something holds it up) leaves the clock
        between; another one goes on from there.

        Raises:
            Past: the clock stands later.
            AlreadyAdvancing: another advance is under way.
            CannotGoOn: a workflow failed or is stuck, or the server does not answer.
        """
        return await self._move(target)

    async def resume(self) -> Advanced:
        """Do what an advance has left undone that ended early: bring everything to where the clock stands.

        Raises:
            AlreadyAdvancing: another advance is under way.
            CannotGoOn: a workflow failed or is stuck, or the server does not answer.
        """
        return await self._move(None)

    async def _move(self, target: datetime | None) -> Advanced:
        if self._moving:
            raise AlreadyAdvancing
        self._moving = True
        try:
            now = await self._clock.now()
            if target and target < now:
                raise Past
            return await self._until(target or now)
        except RPCError as error:
            raise await self._cannot_go_on({"temporal": f"does not answer ({error.status.name})"}) from error
        finally:
            self._moving = False

    async def _until(self, target: datetime) -> Advanced:
        fired: deque[Fired] = deque(maxlen=TOLD)
        self._watched.clear()
        self._calm.clear()  # between two advances anything may have happened
        self._looks.begin()
        shots = Counter[tuple[str, Due]]()
        while True:
            views = await self._rest()
            instant = _first(views, target)
            if instant is None:
                break
            waking = {view.workflow_id: view.due for view in views if view.due and view.due.at == instant}
            for each in sorted(waking.items()):
                shots[each] += 1
                if shots[each] == 1:
                    fired.append(Fired(instant, f"{each[0]}: {each[1].what}"))
                elif shots[each] > SHOTS:
                    raise await self._cannot_go_on({each[0]: f"does not wake: {each[1].what}"})
            await self._clock.reach(max(due.fires_at for due in waking.values()))
            await self._convoy.bring(self._company(waking), instant)
            for workflow_id in waking:
                del self._calm[workflow_id]
            await self._convoy.wake(self._watched, waking)
        await self._clock.reach(target)
        await self._convoy.bring(self._watched, target)
        late = {view.workflow_id for view in views if view.due and view.due.fires_at < target + CLEAR}
        await self._convoy.bring({each: self._watched[each] for each in late}, target, NEAR)
        return Advanced(await self._clock.now(), tuple(fired))

    def _company(self, waking: Iterable[str]) -> dict[str, timedelta]:
        """Find whom those that wake could signal from inside: workflows of the same contracts, and of the office."""
        owners = {ids.OFFICE} | {ids.owner(each) for each in waking}
        return {
            each: shift
            for each, shift in self._watched.items()
            if each not in waking and (self._together or ids.owner(each) in owners)
        }

    async def _rest(self) -> list[View]:
        """Wait until nothing is in hand anywhere.

        Two equal looks in a row at all that may run, and then one at the others: if nothing happened to these since
        they were last at rest, there was a moment between the two looks at which all rested.
        """
        waiting = _Waiting(self._patience, self._grace)
        before: list[View] | None = None
        while True:
            views = await self._looks.all({each: at for each, at in self._watched.items() if each not in self._calm})
            busy = {view.workflow_id: view.busy for view in views if view.busy}
            news = False
            if all(view.never_started for view in views if view.busy):  # else the database can wait
                opened, undelivered = await self._register.read()
                news = not opened.keys() <= self._watched.keys()
                busy |= undelivered
                await self._forget(views, opened)
                self._watched |= opened
                if undelivered:
                    await self._drain()
            if stuck := waiting.stuck(views, busy):
                raise await self._cannot_go_on(stuck)
            at_rest = not busy and not news
            if at_rest and before is not None and _same(views, before) and await self._still_calm():
                self._calm |= {view.workflow_id: view for view in views if view.rests}
                return list(self._calm.values())
            before = views if at_rest else None
            if busy:
                await asyncio.sleep(PAUSE)

    async def _forget(self, views: Iterable[View], opened: Container[str]) -> None:
        """Let go of workflows that have come to their end; also of one that was given up before it was started."""
        closed = {view.workflow_id: view.closed_at for view in views if view.closed_at}
        given_up = [view.workflow_id for view in views if view.never_started and view.workflow_id not in opened]
        if closed:
            await self._register.close(closed)
        for workflow_id in [*closed, *given_up]:
            del self._watched[workflow_id]

    async def _still_calm(self) -> bool:
        """Look at those who were at rest before the last deadline; who is not any more is calm no longer."""
        views = await self._looks.all({each: self._watched[each] for each in self._calm})
        calm = {view.workflow_id: view for view in views if self._undisturbed(view)}
        stirred = [view for view in views if view.workflow_id not in calm]
        self._calm = calm
        if stirred and not self._together:
            await self._watch_out(stirred)
        return not stirred

    def _undisturbed(self, view: View) -> bool:
        known = self._calm[view.workflow_id].mark
        return bool(view.rests and view.mark and known and view.mark.unchanged_since(known))

    async def _watch_out(self, stirred: Iterable[View]) -> None:
        """Have all come along from now on, if somebody was called on while his clock stood behind.

        That was not foreseen: he was signalled from inside another contract's workflow.
        """
        now = await self._clock.now()
        for view in stirred:
            if view.mark and now - view.now > BEHIND and not view.retrying:
                log.warning("simulation.behind", workflow_id=view.workflow_id)
                self._together = True

    async def _cannot_go_on(self, held: dict[str, str]) -> CannotGoOn:
        now = await self._clock.now()
        return CannotGoOn(
            "; ".join(f"{workflow_id} {what}" for workflow_id, what in held.items()),
            now=now.isoformat(),
            held_by=[{"workflow_id": workflow_id, "what": what} for workflow_id, what in held.items()],
        )


class _Waiting:
    """How long one rest has been waited for, and whether it is still worth while."""

    def __init__(self, patience: timedelta, grace: timedelta) -> None:
        self._patience, self._grace = patience.total_seconds(), grace.total_seconds()
        self._seen: object = None
        self._since = asyncio.get_running_loop().time()
        self._failing: dict[str, float] = {}

    def stuck(self, views: Sequence[View], busy: dict[str, str]) -> dict[str, str]:
        """Tell who will not go on by himself, and what he is at."""
        now = asyncio.get_running_loop().time()
        stuck = {view.workflow_id: view.held for view in views if view.held}
        troubles = {view.workflow_id: view.trouble for view in views if view.trouble}
        self._failing = {each: self._failing.get(each, now) for each in troubles}
        for each, since in self._failing.items():
            if now - since >= self._grace:
                stuck[each] = f"fails its workflow task: {troubles[each]}"
        seen = [(view.workflow_id, view.mark, view.closed_at) for view in views]
        if seen != self._seen:
            self._seen, self._since = seen, now
        return busy if not stuck and busy and now - self._since >= self._patience else stuck


def _first(views: Iterable[View], target: datetime) -> datetime | None:
    """Find the earliest deadline up to `target`."""
    return min((view.due.at for view in views if view.due and view.due.at <= target + EXACT), default=None)


def _same(views: Sequence[View], before: Sequence[View]) -> bool:
    """Tell whether two looks saw the same: nobody came, went or did anything."""
    return [(view.workflow_id, view.mark, view.closed_at) for view in views] == [
        (view.workflow_id, view.mark, view.closed_at) for view in before
    ]
