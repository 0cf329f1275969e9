"""The clock of simulated business time, and a client on it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from models.database import Sessions
from service.simulation import SimulatedClock
from tests.workflows.simulation.toys import START, Stage, on


class TestTheClock:
    """Real time and a distance that the database keeps, SQLite's or PostgreSQL's."""

    async def test_it_begins_where_it_is_told_to(self, sessions: Sessions) -> None:
        """A new clock stands at its start and runs on with the real one."""
        clock = await SimulatedClock.open(sessions, START)
        first, second = await clock.now(), await clock.now()
        assert START <= first < second < START + timedelta(seconds=30)

    async def test_the_stored_clock_wins(self, sessions: Sessions) -> None:
        """Opened again, whatever instant is given, the clock goes on where it was."""
        await (await SimulatedClock.open(sessions, START)).reach(on(2031, 1, 1))
        for start in (START, None):
            again = await SimulatedClock.open(sessions, start)
            assert on(2031, 1, 1) <= await again.now() < on(2031, 1, 1, 0, 1)

    async def test_it_never_goes_back(self, sessions: Sessions) -> None:
        """To reach an instant that has passed changes nothing."""
        clock = await SimulatedClock.open(sessions, START)
        await clock.reach(on(2029, 1, 1))
        assert await clock.now() >= START

    async def test_it_needs_a_beginning(self, sessions: Sessions) -> None:
        """Without a stored clock and without an instant there is none to open, and none to read."""
        with pytest.raises(LookupError, match="no simulated clock"):
            await SimulatedClock.open(sessions)
        with pytest.raises(LookupError, match="no simulated clock"):
            await SimulatedClock(sessions).now()

    async def test_only_one_may_move_clocks(self, sessions: Sessions) -> None:
        """Who wants to move workflows' clocks waits for whoever does."""
        clock, order = await SimulatedClock.open(sessions, START), list[str]()
        entered = asyncio.Event()

        async def second() -> None:
            await entered.wait()
            async with clock.held():
                order.append("second")

        other = asyncio.create_task(second())
        async with clock.held():
            entered.set()
            await clock.now()  # reading waits for nobody
            order.append("first")
        await other
        assert order == ["first", "second"]


class TestStarts:
    """A client on business time."""

    async def test_a_start_leaves_its_distance_in_the_database(self, stage: Stage) -> None:
        """The first thing that a workflow sees is business time, and its row says by how much it is ahead."""
        await stage.start("entity", "entity")
        told = await stage.time("entity")
        assert START <= told < START + timedelta(seconds=30)
        shift = (await stage.row("entity")).clock_shift
        assert shift == pytest.approx((START - datetime.now(UTC)).total_seconds(), abs=60)

    async def test_a_start_that_is_tried_again_keeps_the_first_distance(self, stage: Stage) -> None:
        """The distance that an earlier attempt stored is used, for the workflow may run with it already."""
        day = timedelta(days=1).total_seconds()
        await stage.register(stage.id("entity"), clock_shift=day)
        await stage.client.start_workflow("entity", id=stage.id("entity"), task_queue=stage.queue)
        told = await stage.time("entity")
        assert told - datetime.now(UTC) == pytest.approx(timedelta(days=1), abs=timedelta(minutes=1))

    async def test_a_probe_needs_no_row(self, stage: Stage) -> None:
        """A start without a row is on business time all the same; nobody watches it."""
        await stage.client.start_workflow("entity", id=stage.id("probe"), task_queue=stage.queue)
        assert await stage.time("probe") >= START
        await stage.simulation.advance(on(2030, 5, 1))

    async def test_start_and_update_in_one_call_are_refused(self, idle: Stage) -> None:
        """Such a start could not be put on business time."""
        start = WithStartWorkflowOperation[Any, Any](
            "entity", id="x", task_queue=idle.queue, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING
        )
        with pytest.raises(NotImplementedError):
            await idle.client.execute_update_with_start_workflow("time", start_workflow_operation=start)
