"""One look at one workflow: where its clock stands, what it is at, when it wakes."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import TimeSkippingConfig, WorkflowExecution
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflow.v1 import PendingActivityInfo, WorkflowExecutionInfo, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from service.simulation.histories import LONG_AGO, Due, Histories, History

AT_ONCE = 16  # calls to the server under way at the same time
SOON = timedelta(seconds=0.5)  # a deadline this near is left to the real clock
PASSING = timedelta(milliseconds=1)  # a skip is meant to go past the deadline: it stops there

STATUS = WorkflowExecutionStatus
GOING_ON = {STATUS.WORKFLOW_EXECUTION_STATUS_RUNNING, STATUS.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW}
CLOSED_WELL = {
    STATUS.WORKFLOW_EXECUTION_STATUS_COMPLETED,
    STATUS.WORKFLOW_EXECUTION_STATUS_CANCELED,
    STATUS.WORKFLOW_EXECUTION_STATUS_TERMINATED,
}

STANDING = TimeSkippingConfig(enabled=False, max_session_skip_count=1)
"""A clock that runs like the real one, ready to be moved."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Mark:
    """Differs as soon as anything happens to a workflow."""

    run_id: str
    events: int
    attempts: tuple[tuple[str, int, int], ...] = ()
    """Of each pending activity: id, attempt, and when it last gave a sign of life."""

    def unchanged_since(self, other: "Mark") -> bool:
        """Tell whether nothing happened but a skip of ours.

        A skip leaves two events; anything else that happens to a workflow leaves at least three before it rests.
        """
        ours = self.events - other.events in {0, 2}
        return ours and (self.run_id, self.attempts) == (other.run_id, other.attempts)


@dataclass(frozen=True, slots=True)
class View:
    """What one look at a workflow showed; instants are business time."""

    workflow_id: str
    mark: Mark | None = None
    now: datetime = LONG_AGO
    busy: str | None = None
    """What it is at; None if it rests until `due`."""
    due: Due | None = None
    retrying: bool = False
    """Whether an activity waits for its next try; to move the clock has the server try it at once."""
    trouble: str | None = None
    """What its workflow task fails of, again and again."""
    held: str | None = None
    """Why it will not go on by itself."""
    closed_at: datetime | None = None
    never_started: bool = False

    @property
    def rests(self) -> bool:
        """Tell whether its clock may be moved."""
        return self.mark is not None and self.busy is None and self.held is None


class Looks:
    """Looks at workflows, and moves their clocks."""

    def __init__(self, client: Client, tries: int = 10) -> None:
        self._client, self._tries = client, tries
        self._histories = Histories(client)
        self._rested: dict[str, Mark] = {}
        self._met: set[str] = set()
        self._first_attempts: dict[tuple[str, str], int] = {}

    def begin(self) -> None:
        """Give every activity its number of tries anew."""
        self._met.clear()
        self._first_attempts.clear()

    async def all(self, shifts: Mapping[str, timedelta]) -> list[View]:
        """Look at workflows, given with business time minus server time at their start."""
        return await bounded(lambda each: self._look(*each), shifts.items())

    async def move(self, moves: Mapping[str, timedelta]) -> None:
        """Move clocks of workflows that rest, each by its duration, but none past its next deadline."""
        await bounded(lambda each: self._move(*each), moves.items())

    async def behind(self, workflow_id: str, shift: timedelta, now: datetime) -> timedelta:
        """Tell how far a workflow's clock stands behind; not at all if it is not there, or has closed."""
        (view,) = await self.all({workflow_id: shift})
        return now - view.now if view.mark else timedelta(0)

    async def _look(self, workflow_id: str, shift: timedelta) -> View:
        request = DescribeWorkflowExecutionRequest(
            namespace=self._client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
        )
        try:
            raw = await self._client.workflow_service.describe_workflow_execution(request, retry=True)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return View(workflow_id, busy="was never started", never_started=True)
        info = raw.workflow_execution_info
        if info.status in CLOSED_WELL:
            self._histories.forget(workflow_id)
            self._rested.pop(workflow_id, None)
            return View(workflow_id, closed_at=info.close_time.ToDatetime(UTC) + shift)
        if info.status not in GOING_ON:
            return View(workflow_id, held=await self._end(info))
        return await self._open(raw, shift)

    async def _open(self, raw: DescribeWorkflowExecutionResponse, shift: timedelta) -> View:
        """Look at a workflow that has not closed."""
        info = raw.workflow_execution_info
        workflow_id, skipping = info.execution.workflow_id, raw.workflow_extended_info.time_skipping_info
        now = (
            skipping.current_time.ToDatetime(UTC) if skipping.HasField("current_time") else datetime.now(UTC)
        ) + shift
        mark = Mark(info.execution.run_id, info.history_length, tuple(map(_attempt, raw.pending_activities)))
        if raw.pending_children:
            return View(workflow_id, mark, now, held="has a pending child, beside which time cannot be skipped")
        if held := self._given_up(workflow_id, raw.pending_activities):
            return View(workflow_id, mark, now, held=held)
        if raw.HasField("pending_workflow_task"):
            trouble = None
            if raw.pending_workflow_task.attempt > 1:
                trouble = (await self._history(info)).trouble
            return View(workflow_id, mark, now, busy="waits for a worker", trouble=trouble)
        retries = [
            _retry(each, shift) for each in raw.pending_activities if each.HasField("next_attempt_schedule_time")
        ]
        if len(retries) < len(raw.pending_activities):
            return View(workflow_id, mark, now, busy=f"runs {_names(raw.pending_activities)}")
        if (rested := self._rested.get(workflow_id)) and mark.unchanged_since(rested):
            self._histories.skipped(workflow_id, mark.events)
        history = await self._history(info)
        dues = [history.due.shifted(shift)] if history.due else []
        due = min([*dues, *retries], key=lambda each: each.fires_at, default=None)
        busy = None
        if history.calls:
            busy = "signals another workflow"
        elif due and due.fires_at <= now + SOON:
            busy = f"is about to wake: {due.what}"
        elif skipping.effective_config.enabled:  # a skip of ours came while it worked: it must not come late
            await self._configure(workflow_id, STANDING)
            busy = "has a skip under way"
        else:
            self._rested[workflow_id] = mark
        return View(workflow_id, mark, now, busy, due, retrying=bool(retries))

    async def _history(self, info: WorkflowExecutionInfo) -> History:
        return await self._histories.of(info.execution.workflow_id, info.execution.run_id, info.history_length)

    async def _end(self, info: WorkflowExecutionInfo) -> str:
        """Say how a workflow came to a bad end, or that somebody paused it."""
        name = STATUS.Name(info.status).removeprefix("WORKFLOW_EXECUTION_STATUS_")
        trouble = (await self._history(info)).trouble
        return f"{name}: {trouble}" if trouble else name

    def _given_up(self, workflow_id: str, pending: Iterable[PendingActivityInfo]) -> str | None:
        """Say which activity has had all its tries: that is a bug, not weather."""
        met = workflow_id in self._met
        self._met.add(workflow_id)
        for each in pending:
            first = self._first_attempts.setdefault((workflow_id, each.activity_id), 1 if met else each.attempt)
            if each.attempt - first >= self._tries:
                kind = each.last_failure.application_failure_info.type or "failure"
                return f"{each.activity_type.name} fails: {kind} (attempt {each.attempt})"
        return None

    async def _move(self, workflow_id: str, by: timedelta) -> None:
        """Skip over a duration, or to the next timer or retry if that comes first; then skip no more.

        Never "to the next timer" without a limit: if a command has just moved that timer, the clock would run away.
        """
        config = TimeSkippingConfig(enabled=True, max_session_skip_count=1)
        config.fast_forward_config.id = str(uuid.uuid4())
        config.fast_forward_config.duration.FromTimedelta(max(by, PASSING))
        await self._configure(workflow_id, config)

    async def _configure(self, workflow_id: str, config: TimeSkippingConfig) -> None:
        request = UpdateWorkflowExecutionOptionsRequest(
            namespace=self._client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            workflow_execution_options=WorkflowExecutionOptions(time_skipping_config=config),
            update_mask=FieldMask(paths=["time_skipping_config"]),
        )
        try:  # never repeated: made twice, a skip would go too far
            await self._client.workflow_service.update_workflow_execution_options(request)
        except RPCError as error:
            if error.status not in {RPCStatusCode.NOT_FOUND, RPCStatusCode.RESOURCE_EXHAUSTED}:
                raise  # it has closed, or the server had no room: the next look tells


async def bounded(do: Callable[[Item], Awaitable[Result]], items: Iterable[Item]) -> list[Result]:
    """Do the same to many, some at a time; results in order. The first error ends the rest."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(item: Item) -> Result:
        async with room:
            return await do(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _attempt(pending: PendingActivityInfo) -> tuple[str, int, int]:
    return pending.activity_id, pending.attempt, pending.last_heartbeat_time.ToNanoseconds()


def _retry(pending: PendingActivityInfo, shift: timedelta) -> Due:
    instant = pending.next_attempt_schedule_time.ToDatetime(UTC)
    return Due(instant, instant, f"{pending.activity_type.name} again", retry=True).shifted(shift)


def _names(pending: Iterable[PendingActivityInfo]) -> str:
    return ", ".join(f"{each.activity_type.name} (attempt {each.attempt})" for each in pending)
