"""What does a contract cost in a month in which nothing happens to it?

Counts, no times: transitions, events and actions that are added to the histories of a contract's workflow, and of the
office's own workflows (calendar and sweeps, which serve all contracts together), while a quarter passes in simulated
time. Actions are what a hosted Temporal would bill: starts, timers, activities, signals, updates, upserts of search
attributes. What the simulation itself adds to a history to move its clock is left out, and told.
"""

import asyncio
import json
import tempfile
from collections import Counter as Tally
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from models import ids
from service.demo import running
from service.demo_story import FORM, START, Counter
from service.progress import say
from terms.periods import JST

MONTHS = 3
LAG = 2.0  # seconds that the server's list of workflows may be late
UNTIL = datetime(2026, 7, 1, 12, tzinfo=JST)  # from START's April on
BEGIN = datetime(2026, 4, 1, 12, tzinfo=JST)
OFFICE = "WorkflowId = 'office/calendar' OR WorkflowId STARTS_WITH 'sweep/'"
SIMULATION = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED,
}
ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
}


async def history(client: Client, workflow_id: str, run_id: str | None = None) -> AsyncIterator[HistoryEvent]:
    """Give the events of a run."""
    async for event in client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events():
        yield event


async def count(client: Client, runs: list[tuple[str, str | None]]) -> Tally[str]:
    """Count what the histories of some runs hold."""
    found: Tally[str] = Tally()
    for workflow_id, run_id in runs:
        described = await client.get_workflow_handle(workflow_id, run_id=run_id).describe()
        found["transitions"] += described.raw_description.workflow_execution_info.state_transition_count
        async for event in history(client, workflow_id, run_id):
            kind = "simulation" if event.event_type in SIMULATION else "events"
            found[kind] += 1
            found["actions"] += event.event_type in ACTIONS
    return found


async def office_runs(client: Client) -> list[tuple[str, str | None]]:
    """List the runs of calendar and sweeps, once the server's list has caught up."""
    await asyncio.sleep(LAG)
    return [(each.id, each.run_id) async for each in client.list_workflows(OFFICE)]


async def contract(counter: Counter) -> str:
    """Bring a contract into force; gives its number."""
    filed = await counter.do("intake", "/v1/applications", json.loads(FORM.read_text(encoding="utf-8")))
    application = f"/v1/applications/{filed['application_no']}"
    await counter.settle()
    await counter.do("reviewer", f"{application}/decisions", {"decision": "accept", "reason": "bench"})
    await counter.settle()
    number: str = (await counter.read(application))["contract_no"]
    await counter.until(datetime(2026, 4, 1, 10, tzinfo=JST))
    await counter.do("provisioning", f"/v1/contracts/{number}/service-start", {"service_start_on": "2026-04-01"})
    return number


def told(name: str, found: Tally[str]) -> str:
    """Write counts a month."""
    parts = [f"{found[kind] / MONTHS:.1f} {kind}" for kind in ("transitions", "events", "actions")]
    return f"{name}: {', '.join(parts)} a month (and {found['simulation'] / MONTHS:.1f} events of the simulation)"


async def measure(client: Client, counter: Counter) -> list[str]:
    """Let a quarter pass and count what it added."""
    number = await contract(counter)
    mine: list[tuple[str, str | None]] = [(ids.contract(number), None)]
    await counter.until(BEGIN)
    before, office_before = await count(client, mine), await count(client, await office_runs(client))
    await counter.until(UNTIL)
    after, office_after = await count(client, mine), await count(client, await office_runs(client))
    return [
        told("a quiet contract", after - before) + "; wanted at most 6 / 10 / 2, aim 3 / 6 / 1",
        told("the office, for all contracts together", office_after - office_before),
    ]


async def main() -> None:
    """Run the service in simulated time and count."""
    say("bench: a quiet contract-month ...")
    with tempfile.TemporaryDirectory(prefix="yakkan-bench-") as folder:
        async with running(Path(folder), START) as (service, counter):
            settings = service.settings
            client = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
            lines = await measure(client, counter)
    print("\n".join(lines))


if __name__ == "__main__":
    asyncio.run(main())
