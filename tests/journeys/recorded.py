"""What the Temporal server recorded of an office's workflows, and the present code that runs on it."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from sqlalchemy import select
from sqlmodel import col
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from models.tables import OpenWorkflowRow
from service.wiring import WORKFLOWS
from tests.desk import Desk

BUILD = "test"  # without a build id the first replay hashes all loaded code


async def histories(desk: Desk) -> list[WorkflowHistory]:
    """Fetch the histories of all runs of all workflows of an office."""
    async with desk.office.readers() as session:
        ids = (await session.execute(select(col(OpenWorkflowRow.workflow_id)))).scalars().all()
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


async def replay(desk: Desk, recorded: Iterable[WorkflowHistory], **more: Any) -> dict[str, Exception]:  # noqa: ANN401
    """Run histories on the present code; gives what went wrong, by run."""

    async def each() -> AsyncIterator[WorkflowHistory]:
        for history in recorded:
            yield history

    told: dict[str, Any] = {"workflows": WORKFLOWS, "data_converter": desk.office.client.data_converter, **more}
    done = await Replayer(**told, build_id=BUILD).replay_workflows(each(), raise_on_replay_failure=False)
    return dict(done.replay_failures)
