"""What the Temporal server recorded of an office's workflows, and the present code that runs on it."""

import dataclasses
from collections.abc import AsyncIterator, Iterable
from typing import Any

from sqlalchemy import select
from sqlmodel import col
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from models.tables import OpenWorkflowRow
from service.wiring import WORKFLOWS
from tests.desk import Desk

BUILD = "test"  # without a build id the first replay hashes all loaded code


async def histories(desk: Desk, *kinds: str) -> list[WorkflowHistory]:
    """Fetch the histories of all runs of an office's workflows: of some types, or of all."""
    query = select(col(OpenWorkflowRow.workflow_id))
    if kinds:
        query = query.where(col(OpenWorkflowRow.type).in_(kinds))
    async with desk.office.readers() as session:
        ids = (await session.execute(query)).scalars().all()
    found = []
    for workflow_id in ids:
        run_id: str | None = None
        while run_id != "":
            handle = desk.office.client.get_workflow_handle(workflow_id, run_id=run_id)
            history = await handle.fetch_history()
            found.append(history)
            started = history.events[0].workflow_execution_started_event_attributes
            run_id = started.continued_execution_run_id
    return found


def kind(history: WorkflowHistory) -> str:
    """Name the type of a recorded workflow."""
    return history.events[0].workflow_execution_started_event_attributes.workflow_type.name


def asked_for(history: WorkflowHistory, *activities: str) -> bool:
    """Tell whether a run has asked for one of some activities."""
    scheduled = [event.activity_task_scheduled_event_attributes for event in history.events]
    return any(each.activity_type.name in activities for each in scheduled)


class Renamed(Interceptor):
    """Plants a change that no history allows: workflows ask for some activities under other names."""

    def __init__(self, *activities: str) -> None:
        self.activities = activities

    def workflow_interceptor_class(self, _: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        """Stand before the workflows."""
        renamed = self.activities

        class Calls(WorkflowOutboundInterceptor):
            def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - Temporal's name
                name = f"{input.activity}_anew" if input.activity in renamed else input.activity
                return super().start_activity(dataclasses.replace(input, activity=name))

        class Planted(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Calls(outbound))

        return Planted


async def replay(desk: Desk, recorded: Iterable[WorkflowHistory], **more: Any) -> dict[str, Exception]:  # noqa: ANN401
    """Run histories on the present code; gives what went wrong, by run."""

    async def each() -> AsyncIterator[WorkflowHistory]:
        for history in recorded:
            yield history

    told: dict[str, Any] = {"workflows": WORKFLOWS, "data_converter": desk.office.client.data_converter, **more}
    done = await Replayer(**told, build_id=BUILD).replay_workflows(each(), raise_on_replay_failure=False)
    return dict(done.replay_failures)


async def broken_by(desk: Desk, recorded: Iterable[WorkflowHistory], *activities: str) -> set[str]:
    """Run histories with some activities renamed; gives the runs in which that is found out."""
    failures = await replay(desk, recorded, interceptors=[Renamed(*activities)])
    assert all(isinstance(each, workflow.NondeterminismError) for each in failures.values())
    return {*failures}
