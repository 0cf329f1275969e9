"""Workers that die by SIGKILL at each activity, once before or after its work, and come back as new processes.

`python -m tests.mortal` is the process they come from: it has imported everything and forks a worker after each death.
Which points have had their death is kept in a file, for nobody who was killed remembers it. What a dead worker had in
hand, the server would miss after its timeout only; here it is told soon, so that timeouts can be as long as ever.
"""

import asyncio
import dataclasses
import gc
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, NoReturn
from unittest.mock import patch

from sqlalchemy import select
from sqlalchemy.orm import configure_mappers
from sqlmodel import col
from temporalio import activity
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from activities import relay
from activities.office import Office
from models.tables import OpenWorkflowRow
from service import lifeline, wiring
from service.settings import Settings, as_environment

ROOT = Path(__file__).parents[1]
LOOK_EVERY = 0.2  # seconds
TASK = timedelta(seconds=2)  # so long is a workflow's task waited for that a dead worker had
AT_ONCE = RetryPolicy(initial_interval=timedelta(seconds=0.1), maximum_interval=timedelta(seconds=1))
STARTED = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
BEFORE = 4  # every so many activities of a kind, the death comes before the work
SPARED = dict.fromkeys(("billing", "calendar", "sweep"), 3)
"""Workflows that do the same every day: after so many deaths at an activity of theirs the others are lived through."""


class Death(NamedTuple):
    """Where a worker died, and whether before or after the work."""

    moment: str
    workflow: str
    activity: str
    activity_id: str
    workflow_id: str
    run_id: str

    @property
    def kind(self) -> tuple[str, str]:
        """What was done there."""
        return self.workflow, self.activity

    @property
    def point(self) -> tuple[str, str, str]:
        """Name the await point: no other has the same."""
        return self.workflow_id, self.run_id, self.activity_id


class Deaths:
    """The workers' deaths: one line each, beside the office's data."""

    def __init__(self, folder: Path) -> None:
        self._file, self._armed = folder / "deaths", folder / "deadly"

    @property
    def armed(self) -> bool:
        """Tell whether workers die now."""
        return self._armed.exists()

    def arm(self) -> None:
        """Let workers die from now on."""
        self._armed.touch()

    def disarm(self) -> None:
        """Let them live."""
        self._armed.unlink()

    def all(self) -> list[Death]:
        """List them in their order."""
        if not self._file.exists():
            return []
        return [Death(*line.split()) for line in self._file.read_text(encoding="utf-8").splitlines()]

    def die(self, death: Death) -> NoReturn:
        """Write it down and be gone: nothing that this process holds is told to anybody."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(" ".join(death) + "\n")
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class Mortal(Interceptor):
    """Stands around activities; and has workflows ask for them again soon after a death."""

    def __init__(self, deaths: Deaths) -> None:
        self.deaths = deaths
        self.known = {each.point for each in deaths.all()}
        self.kinds = Counter(each.kind for each in deaths.all())

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Stand before the activities."""
        return _MortalActivity(next, self)

    def workflow_interceptor_class(self, _: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        """Stand before the workflows."""
        return _Impatient


class _MortalActivity(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, mortal: Mortal) -> None:
        super().__init__(inner)
        self.mortal = mortal

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - Temporal's names
        """Work, and die at the first time here."""
        info, mortal = activity.info(), self.mortal
        names = info.workflow_type, info.activity_type, info.activity_id, info.workflow_id, info.workflow_run_id
        here = Death("after", *map(str, names))
        times = mortal.kinds[here.kind]
        deadly = mortal.deaths.armed and here.point not in mortal.known and times < SPARED.get(here.workflow, times + 1)
        if deadly and times % BEFORE == BEFORE - 1:
            mortal.deaths.die(here._replace(moment="before"))
        done = await super().execute_activity(input)
        if deadly:
            mortal.deaths.die(here)
        return done


class _Impatient(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_ImpatientCalls(outbound))


class _ImpatientCalls(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002 - Temporal's name
        """Have it tried again soon."""
        return super().start_activity(dataclasses.replace(input, retry_policy=AT_ONCE))


@asynccontextmanager
async def mortals(settings: Settings, office: Office) -> AsyncIterator[None]:
    """Staff a desk with a mortal worker in another process, and with a new one after each death."""
    line = lifeline.tied(sys.executable, "-m", "tests.mortal")
    environment = {**os.environ, **as_environment(settings), "PYTHONPATH": str(ROOT)}
    with (settings.data_dir / "workers.log").open("ab") as log:
        forge = await asyncio.create_subprocess_exec(*line, cwd=ROOT, env=environment, stdout=log, stderr=log)
    heirs = asyncio.create_task(_look_for_the_dead(office))
    try:
        yield
        assert forge.returncode is None, "a worker ended otherwise than by SIGKILL"
        assert not heirs.done()
    finally:
        heirs.cancel()
        with suppress(ProcessLookupError):
            forge.terminate()
        await forge.wait()


async def _look_for_the_dead(office: Office) -> None:
    """Give back what dead workers had in hand; a task may also have been given to one of whom nobody knew yet."""
    opened = select(col(OpenWorkflowRow.workflow_id)).where(col(OpenWorkflowRow.closed_at).is_(None))
    while True:
        async with office.readers() as session:
            workflow_ids = (await session.scalars(opened)).all()
        for workflow_id in workflow_ids:
            with suppress(RPCError):  # it has not been started yet, or the activity has timed out
                await _give_back(office, workflow_id)
        await asyncio.sleep(LOOK_EVERY)


async def _give_back(office: Office, workflow_id: str) -> None:
    """Fail the activities that a process has in hand which is no more."""
    found = await office.client.get_workflow_handle(workflow_id).describe()
    for each in found.raw_description.pending_activities:
        if each.state == STARTED and not lifeline.is_alive(int(each.last_worker_identity.partition("@")[0])):
            handle = office.client.get_async_activity_handle(
                workflow_id=workflow_id, run_id=found.run_id, activity_id=each.activity_id
            )
            await handle.fail(ApplicationError("the worker was killed"))


def work(settings: Settings, parent: int) -> None:
    """Be a worker as the service runs one, but mortal."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    lifeline.end_when_orphaned(parent)
    mortal = Mortal(Deaths(settings.data_dir))

    def mortal_worker(*args: Any, **more: Any) -> Worker:  # noqa: ANN401 - Temporal's parameters
        return Worker(
            *args,
            **more,
            interceptors=[mortal],
            max_cached_workflows=0,  # nothing waits for the dead worker's own queue
            workflow_runner=UnsandboxedWorkflowRunner(),  # a sandbox takes longer than the work
        )

    with patch.object(wiring, "Worker", mortal_worker), patch.object(relay, "TASK_PATIENCE", TASK):
        asyncio.run(wiring.serve_worker(settings))


def main() -> int:
    """Fork a worker after each death, until told to end or until one ends otherwise; no threads may run here."""
    settings, child = Settings(), 0

    def end(_signal: int, _frame: FrameType | None) -> None:
        if child:
            os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    configure_mappers()
    gc.collect()
    gc.freeze()
    status: int = signal.SIGKILL
    while status == signal.SIGKILL:
        me = os.getpid()
        child = os.fork()
        if not child:
            work(settings, me)
            os._exit(1)
        status = os.waitpid(child, 0)[1]
        child = 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
