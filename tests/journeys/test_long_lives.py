"""Years: a contract that is busy for three of them, and one that sleeps for ten."""

from collections import Counter
from itertools import product

from sqlalchemy import func, select
from sqlmodel import col

from models.tables import OpenWorkflowRow, OutboxRow
from tests.desk import Desk
from tests.journeys.leaving import pay_all

SKIPS = {"workflow_execution_options_updated", "workflow_execution_time_skipping_transitioned"}
SHORT = 50  # events of one run


async def runs_of(desk: Desk, workflow_id: str) -> list[int]:
    """Count the events of each run of a workflow, oldest first, but for those by which the simulation moves clocks."""
    told = await desk.read(f"/v1/workflows/{workflow_id}/history", "support")
    return [sum(event["kind"] not in SKIPS for event in run["events"]) for run in told["runs"]]


async def nothing_is_left_undone(desk: Desk, *open_workflows: str) -> bool:
    """Tell whether only these workflows are open, the outbox is empty, and nobody has a task."""
    waits = select(func.count()).select_from(OutboxRow).where(col(OutboxRow.delivered_at).is_(None))
    opened = select(col(OpenWorkflowRow.workflow_id)).where(col(OpenWorkflowRow.closed_at).is_(None))
    async with desk.office.readers() as session:
        found = {*(await session.execute(opened)).scalars()}
        waiting = await session.scalar(waits)
    tasks = (await desk.read("/v1/tasks", state="open"))["items"]
    return (found, waiting, tasks) == ({"office/calendar", *open_workflows}, 0, [])


async def test_three_busy_years_and_ten_quiet_ones(desk: Desk) -> None:
    """One customer gives notice twice a year and takes it back, the other is never heard of: histories stay short."""
    busy, quiet = await desk.active(), await desk.active("QPC-26-0106")
    await desk.until("2026-04-07T10:00:00+09:00")  # the initial fees are billed; an undecided run would come again
    run = await desk.read("/v1/billing-runs/2026-03")
    decision = {"decision": "approve", "reason": "内訳を確認済み"}
    await desk.do("legal", f"/v1/approvals/{run['approval_id']}/decisions", decision)
    await desk.settle()
    for reference, number in enumerate((busy, quiet), 1):
        assert await pay_all(desk, number, day="0407", reference=reference) > 0  # who owes is heard of
    never_heard_of = await desk.timeline(quiet)
    notices = f"/v1/contracts/{busy}/termination-notices"
    for year, month in product((2026, 2027, 2028), ("06", "12")):
        today = f"{year}-{month}-05"
        await desk.until(f"{today}T10:00:00+09:00")
        told = await desk.do("intake", notices, {"arrived_at": f"{today}T09:00:00+09:00", "form": "paper"})
        assert told["arrived_on"] == today
        await desk.do("intake", f"{notices}/withdrawals", {"reason": "契約者の申し出に当社が同意"})

    # 10 February 2029: the last notice stands, and ends the contract after 36 months; the lifted ends went unnoticed
    await desk.until("2029-02-10T10:00:00+09:00")
    await desk.do("intake", notices, {"arrived_at": "2029-02-10T09:00:00+09:00", "form": "paper"})
    await desk.until("2029-04-01")
    assert (await desk.read(f"/v1/contracts/{busy}"))["ended_at"] == "2029-04-01T00:00:00+09:00"
    actions = Counter(each["action"] for each in await desk.timeline(busy))
    assert (actions["notice_received"], actions["notice_withdrawn"], actions["ended"]) == (7, 6, 1)
    runs = await runs_of(desk, f"contract/{busy}")
    assert len(runs) > 1
    assert max(runs) <= SHORT

    # March 2036: the other sleeps on; nobody has woken since but the calendar, once a month to bill nothing, and to
    # sweep where a month's close is more than a month off; and the deletion of the first, once its grace was over
    woken = Counter(what.partition(":")[0] for _, what in await desk.until("2036-03-25T09:00:00+09:00"))
    assert {*woken} == {"office/calendar", f"deletion/{busy}"}
    assert 84 <= woken["office/calendar"] <= 130
    assert 1 <= woken[f"deletion/{busy}"] <= 3
    assert max(await runs_of(desk, f"deletion/{busy}")) <= SHORT
    assert max(await runs_of(desk, "office/calendar")) <= SHORT
    assert await desk.timeline(quiet) == never_heard_of
    assert (await desk.read(f"/v1/contracts/{quiet}"))["state"] == "active"
    (only,) = await runs_of(desk, f"contract/{quiet}")
    assert only <= SHORT
    assert await nothing_is_left_undone(desk, f"contract/{busy}", f"contract/{quiet}", f"deletion/{busy}")


async def test_what_is_refused_does_not_pile_up(desk: Desk) -> None:
    """Somebody wishes for an end in the middle of a month, again and again: refused each time, in short histories."""
    number = await desk.active()
    wish = {"arrived_at": "2026-03-25T09:00:00+09:00", "form": "paper", "requested_end_on": "2026-05-15"}
    for _ in range(12):
        assert await desk.refused("intake", f"/v1/contracts/{number}/termination-notices", wish) == "18(1)"
    runs = await runs_of(desk, f"contract/{number}")
    assert len(runs) > 2
    assert max(runs) <= SHORT
