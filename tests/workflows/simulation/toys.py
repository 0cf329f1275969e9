"""Toy workflows for the simulation, and the stage on which they play: a database, a clock, clients, a task queue."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RetryPolicy, WorkerDeploymentVersion
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker, WorkerDeploymentConfig

from models.database import Sessions
from models.tables import OpenWorkflowRow
from service.simulation import SimulatedClock, Simulation, on_business_time
from terms.periods import JST, at
from workflows import clock

START = at(date(2030, 4, 1), 9)
QUICK = timedelta(seconds=10)
# Without a version the first worker of a process hashes all loaded code: two seconds.
VERSION = WorkerDeploymentConfig(version=WorkerDeploymentVersion("toys", "test"), use_worker_versioning=False)


def on(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Give an instant in Japan."""
    return at(date(year, month, day), hour, minute)


async def note(what: str) -> None:
    """Write into the diary, with the day on the workflow's clock."""
    entry = f"{clock.now().astimezone(JST):%Y-%m-%d %H:%M} {what}"
    await workflow.execute_activity_method(Toys.write, entry, start_to_close_timeout=QUICK)


async def until(instant: str, summary: str) -> None:
    """Sleep until an instant in ISO form."""
    await clock.sleep_until(datetime.fromisoformat(instant), summary)


@workflow.defn(name="diarist", sandboxed=False)
class Diarist:
    """Notes instant after instant; a new run for each."""

    @workflow.run
    async def run(self, name: str, instants: list[str]) -> None:
        """Take the first instant, leave the others to the next run."""
        await until(instants[0], "an entry")
        await note(name)
        if instants[1:]:
            workflow.continue_as_new(args=[name, instants[1:]])


@workflow.defn(name="monthly", sandboxed=False)
class Monthly:
    """Wakes at 0:05 on the first day of every month, like the calendar."""

    @workflow.run
    async def run(self, year: int, month: int, months: int) -> None:
        """Wake a number of times, a dozen in each run."""
        for _ in range(min(months, 12)):
            await clock.sleep_until(on(year, month, 1, 0, 5), "month")
            await note("month")
            year, month, months = year + month // 12, month % 12 + 1, months - 1
        if months:
            workflow.continue_as_new(args=[year, month, months])


@workflow.defn(name="entity", sandboxed=False)
class Entity:
    """Sleeps for good, or until an instant, but answers."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.over = False

    @workflow.run
    async def run(self, deadline: str | None = None) -> bool:
        """Wait for the end; tells whether it was told to end."""
        due = datetime.fromisoformat(deadline) if deadline else None
        return await clock.wait_until(due, lambda: self.over, "the end")

    @workflow.update
    async def time(self) -> str:
        """Tell the workflow's time."""
        return clock.now().isoformat()

    @workflow.signal
    def tell(self, what: str) -> None:
        """Hear something, and note when."""
        self.told.append(f"{clock.now().astimezone(JST):%Y-%m-%d %H:%M} {what}")

    @workflow.query
    def heard(self) -> list[str]:
        """Tell what was heard."""
        return self.told

    @workflow.signal
    def end(self) -> None:
        """End."""
        self.over = True


@workflow.defn(name="teller", sandboxed=False)
class Teller:
    """Signals another workflow from inside, at one instant after another."""

    @workflow.run
    async def run(self, instants: list[str], other: str) -> None:
        """Tell, and tell again."""
        for instant in instants:
            await until(instant, "telling")
            await workflow.get_external_workflow_handle(other).signal("tell", "something")


@workflow.defn(name="opener", sandboxed=False)
class Opener:
    """Opens a peer at an instant, by an activity; the peer tells an entity."""

    @workflow.run
    async def run(self, instant: str, entity: str) -> None:
        """Open, and do not wait for what the peer does."""
        await until(instant, "opening")
        await workflow.execute_activity_method(Toys.open_peer, entity, start_to_close_timeout=QUICK)


@workflow.defn(name="peer", sandboxed=False)
class Peer:
    """Tells an entity at once and ten days later."""

    @workflow.run
    async def run(self, entity: str) -> None:
        """Tell, sleep, tell."""
        handle = workflow.get_external_workflow_handle(entity)
        await handle.signal("tell", "a peer is there")
        await clock.sleep_until(clock.now() + timedelta(days=10), "ten days")
        await handle.signal("tell", "a peer was there")


@workflow.defn(name="broken", sandboxed=False)
class Broken:
    """Has a bug."""

    @workflow.run
    async def run(self, instant: str) -> None:
        """Fail the workflow task, for ever."""
        await until(instant, "a bug")
        message = "the name of somebody"
        raise KeyError(message)


@workflow.defn(name="failing", sandboxed=False)
class Failing:
    """Comes to a bad end."""

    @workflow.run
    async def run(self, instant: str) -> None:
        """Fail."""
        await until(instant, "a bad end")
        message = "the name of somebody"
        raise ApplicationError(message, type="Spoilt")


@workflow.defn(name="parent", sandboxed=False)
class Parent:
    """Has a child, beside which time cannot be skipped."""

    @workflow.run
    async def run(self) -> None:
        """Start a child that nobody works on."""
        _child = await workflow.start_child_workflow(
            "nobody", id=f"{workflow.info().workflow_id}/child", task_queue="nowhere"
        )
        await workflow.sleep(timedelta(days=3))


@workflow.defn(name="sender", sandboxed=False)
class Sender:
    """Does something at an instant that may fail for a while."""

    @workflow.run
    async def run(self, instant: str) -> None:
        """Send, trying again after 1, 2, 4 … hours."""
        await until(instant, "sending")
        await workflow.execute_activity_method(
            Toys.send, start_to_close_timeout=QUICK, retry_policy=RetryPolicy(initial_interval=timedelta(hours=1))
        )
        await note("sent")


WORKFLOWS = [Diarist, Monthly, Entity, Teller, Opener, Peer, Broken, Failing, Parent, Sender]


class Toys:
    """Activities, and what they leave behind."""

    def __init__(self, stage: "Stage") -> None:
        self.stage = stage
        self.diary: list[str] = []
        self.clock_told: list[datetime] = []
        self.weather = self.tries = 0
        self.entered, self.may_go_on = asyncio.Event(), asyncio.Event()
        self.may_go_on.set()

    @activity.defn
    async def write(self, entry: str) -> None:
        """Write an entry, once."""
        self.clock_told.append(await self.stage.clock.now())
        self.entered.set()
        await self.may_go_on.wait()
        if entry not in self.diary:
            self.diary.append(entry)

    @activity.defn
    async def open_peer(self, entity: str) -> None:
        """Start a peer on business time."""
        await self.stage.start("peer", "peer", entity)

    @activity.defn
    async def send(self) -> None:
        """Fail while the weather is bad."""
        self.tries += 1
        if self.weather:
            self.weather -= 1
            message = "the name of somebody"
            raise ApplicationError(message, type="MailDown")


class Stage:
    """One office in miniature: its database, clock, clients and task queue."""

    def __init__(self, client: Client, sessions: Sessions, clock: SimulatedClock) -> None:
        self.plain, self.sessions, self.clock = client, sessions, clock
        self.client = on_business_time(client, sessions, clock)
        self.queue = uuid4().hex[:8]
        self.toys = Toys(self)
        self.simulation = self.simulate()

    def simulate(self, **settings: Any) -> Simulation:  # noqa: ANN401 - passed on as they are
        """Give a simulation that knows nothing yet, as after a restart."""
        return Simulation(self.plain, self.sessions, self.clock, **settings)

    def id(self, name: str) -> str:
        """Name a workflow of this stage; `contract/A` belongs to another contract than `contract/B`."""
        return f"{name}-{self.queue}"

    async def register(self, workflow_id: str, clock_shift: float | None = None) -> None:
        """Insert the row that is the proof of a start."""
        async with self.sessions() as session, session.begin():
            session.add(OpenWorkflowRow(workflow_id=workflow_id, type="toy", opened_at=START, clock_shift=clock_shift))

    async def row(self, name: str) -> OpenWorkflowRow:
        """Read a workflow's row."""
        async with self.sessions() as session:
            found = await session.get(OpenWorkflowRow, self.id(name))
            assert found is not None
            return found

    async def start(self, kind: str, name: str, *args: object) -> WorkflowHandle[Any, Any]:
        """Start a workflow on business time, its row first."""
        await self.register(self.id(name))
        return await self.client.start_workflow(kind, args=args, id=self.id(name), task_queue=self.queue)

    async def time(self, name: str) -> datetime:
        """Ask a workflow for its time, without help for one that stands behind."""
        return datetime.fromisoformat(await self.plain.get_workflow_handle(self.id(name)).execute_update("time"))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Run a worker."""
        doing: list[Callable[..., Any]] = [self.toys.write, self.toys.open_peer, self.toys.send]
        async with Worker(
            self.plain, task_queue=self.queue, workflows=WORKFLOWS, activities=doing, deployment_config=VERSION
        ):
            yield


def iso(*instants: datetime) -> list[str]:
    """Write instants so that they can travel."""
    return [instant.isoformat() for instant in instants]
