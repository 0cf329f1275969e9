"""What the events of a workflow say about its future; each event is read once."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client

PAGE = 100
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
SUPERSEDED = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
BACKOFF = 0  # stands for the event id of a timer: the delay of a run's first task


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline of a workflow.

    `at` is when it is meant: a timer's duration counts from the start of the task that asked for it. The server counts
    from that task's end: `fires_at` is some milliseconds later. Instants of the server's clock, or of business time
    after `shifted`.
    """

    at: datetime
    fires_at: datetime
    what: str
    retry: bool = False
    """Whether an activity is tried again."""

    def shifted(self, shift: timedelta) -> "Due":
        """Give the same deadline on another clock."""
        return replace(self, at=to_millisecond(self.at + shift), fires_at=self.fires_at + shift)


@dataclass(slots=True)
class History:
    """One run of a workflow, as far as it has been read."""

    run_id: str
    read: int = 0
    timers: dict[int, Due] = field(default_factory=dict)
    calls: set[int] = field(default_factory=set)
    trouble: str | None = None
    """What the run, or its last workflow task, failed of; never a message, which could name somebody."""
    _task_at: datetime = LONG_AGO

    @property
    def due(self) -> Due | None:
        """The earliest timer that runs."""
        return min(self.timers.values(), key=lambda due: due.fires_at, default=None)

    def take(self, event: HistoryEvent) -> None:
        """Take in the next event."""
        kind, about = parts(event)
        self.read = event.event_id
        if kind.startswith(("timer_", "workflow_execution_started")) or kind == "workflow_task_scheduled":
            self._take_timer(kind, event, about)
        elif kind == "workflow_task_started":
            self._task_at = event.event_time.ToDatetime(UTC)
        elif kind == "workflow_task_completed":
            self.trouble = None
        elif kind in {"workflow_task_failed", "workflow_execution_failed"}:
            superseded = getattr(about, "cause", None) == SUPERSEDED
            self.trouble = None if superseded else kind_of(about.failure)
        elif kind.endswith("_initiated"):
            self.calls.add(event.event_id)
        elif "initiated_event_id" in about.DESCRIPTOR.fields_by_name:
            self.calls.discard(about.initiated_event_id)

    def _take_timer(self, kind: str, event: HistoryEvent, about: Any) -> None:  # noqa: ANN401 - one of many messages
        instant = event.event_time.ToDatetime(UTC)
        if kind == "workflow_execution_started":
            first = instant + about.first_workflow_task_backoff.ToTimedelta()
            self.timers[BACKOFF] = Due(first, first, "start")
        elif kind == "workflow_task_scheduled":
            self.timers.pop(BACKOFF, None)
        elif kind == "timer_started":
            lasts = about.start_to_fire_timeout.ToTimedelta()
            what = text(event.user_metadata.summary) or "timer"
            self.timers[event.event_id] = Due(self._task_at + lasts, instant + lasts, what)
        else:
            self.timers.pop(about.started_event_id, None)


class Histories:
    """The histories of open workflows; of each only what is new is fetched."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, History] = {}

    async def of(self, workflow_id: str, run_id: str, length: int) -> History:
        """Give the history of a run that has `length` events by now."""
        known = self._known.get(workflow_id)
        if known is None or known.run_id != run_id:
            known = self._known[workflow_id] = History(run_id)
        if known.read < length:
            for event in reversed(await self._newer(workflow_id, known)):
                known.take(event)
        return known

    def skipped(self, workflow_id: str, length: int) -> None:
        """Note that a workflow's newest events are known to be about time skipping only."""
        if known := self._known.get(workflow_id):
            known.read = max(known.read, length)

    def forget(self, workflow_id: str) -> None:
        """Let go of a workflow that has closed."""
        self._known.pop(workflow_id, None)

    async def _newer(self, workflow_id: str, known: History) -> list[HistoryEvent]:
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=self._client.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id, run_id=known.run_id),
            maximum_page_size=PAGE,
        )
        newer: list[HistoryEvent] = []
        while True:
            page = await self._client.workflow_service.get_workflow_execution_history_reverse(request, retry=True)
            for event in page.history.events:
                if event.event_id <= known.read:
                    return newer
                newer.append(event)
            if not page.next_page_token:
                return newer
            request.next_page_token = page.next_page_token


def parts(event: HistoryEvent) -> tuple[str, Any]:
    """Give an event's kind and its attributes."""
    name = event.WhichOneof("attributes") or ""
    return name.removesuffix("_event_attributes"), getattr(event, name)


def kind_of(failure: Failure) -> str:
    """Name the kind of a failure; messages stay where they are, for they may name somebody."""
    info = failure.WhichOneof("failure_info") or "failure"
    if info == "application_failure_info":
        return failure.application_failure_info.type or "ApplicationError"
    if info == "activity_failure_info":
        return f"{failure.activity_failure_info.activity_type.name}: {kind_of(failure.cause)}"
    return info.removesuffix("_info")


def text(payload: Payload) -> str | None:
    """Read a summary; None if there is none, or if it is sealed."""
    if payload.metadata.get("encoding") != b"json/plain":
        return None
    value = json.loads(payload.data)
    return value if isinstance(value, str) else None


def to_millisecond(instant: datetime) -> datetime:
    """Round to the nearest millisecond: workflows compute with floats, a microsecond more or less means nothing."""
    rounded = round(instant.microsecond, -3)
    return instant.replace(microsecond=0) + timedelta(microseconds=rounded)
