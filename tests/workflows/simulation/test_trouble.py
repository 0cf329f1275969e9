"""What an advance refuses, and what it says when it cannot go on."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from models.tables import OpenWorkflowRow, OutboxRow
from service.simulation import AlreadyAdvancing, CannotGoOn, Past
from tests.workflows.simulation.toys import START, Stage, iso, on

SHORT = timedelta(seconds=0.5)


def held(caught: pytest.ExceptionInfo[CannotGoOn]) -> list[dict[str, str]]:
    """Read who holds the clock up."""
    members: Any = caught.value.members["held_by"]
    return list(members)


class TestRefusals:
    """What an advance does not do."""

    async def test_not_backwards(self, idle: Stage) -> None:
        """An instant that has passed is a conflict."""
        with pytest.raises(Past) as caught:
            await idle.simulation.advance(START - timedelta(seconds=1))
        assert caught.value.status == 409

    async def test_not_two_at_a_time(self, stage: Stage) -> None:
        """While one advance is under way a second one is a conflict, and does not disturb the first."""
        await stage.start("diarist", "a", "a", iso(on(2030, 5, 1)))
        stage.toys.may_go_on.clear()
        advance = asyncio.create_task(stage.simulation.advance(on(2030, 5, 2)))
        await stage.toys.entered.wait()
        with pytest.raises(AlreadyAdvancing) as caught:
            await stage.simulation.advance(on(2030, 6, 1))
        assert caught.value.status == 409
        stage.toys.may_go_on.set()
        await advance
        assert await stage.simulation.now() < on(2030, 5, 3)


class TestWhoHoldsTheClock:
    """It says who, and of what kind the trouble is; never a message, which could name somebody."""

    @pytest.mark.parametrize(
        ("kind", "what"),
        [
            pytest.param("failing", "FAILED: Spoilt", id="failed"),
            pytest.param("broken", "fails its workflow task: KeyError", id="a bug"),
        ],
    )
    async def test_a_bad_end(self, stage: Stage, kind: str, what: str) -> None:
        """A workflow that failed, or cannot get on with its task, stops the clock at that instant."""
        await stage.start(kind, "a", on(2030, 5, 1).isoformat())
        await stage.start("diarist", "b", "b", iso(on(2030, 6, 1)))
        simulation = stage.simulate(grace=timedelta(0))
        with pytest.raises(CannotGoOn) as caught:
            await simulation.advance(on(2030, 7, 1))
        assert held(caught) == [{"workflow_id": stage.id("a"), "what": what}]
        assert caught.value.status == 503
        assert on(2030, 5, 1) <= datetime.fromisoformat(str(caught.value.members["now"])) < on(2030, 5, 2)
        assert stage.toys.diary == []

    async def test_a_pending_child(self, stage: Stage) -> None:
        """A child would silently stop its parent's time skipping."""
        await stage.start("parent", "a")
        with pytest.raises(CannotGoOn) as caught:
            await stage.simulation.advance(on(2030, 5, 1))
        assert "pending child" in held(caught)[0]["what"]

    async def test_an_activity_that_never_succeeds(self, stage: Stage) -> None:
        """It is named with its attempt; mended and sent again the clock goes on."""
        stage.toys.weather = 1_000
        await stage.start("sender", "a", on(2030, 5, 1).isoformat())
        simulation = stage.simulate(tries=3)
        with pytest.raises(CannotGoOn) as caught:
            await simulation.advance(on(2030, 6, 1))
        assert held(caught) == [{"workflow_id": stage.id("a"), "what": "send fails: MailDown (attempt 4)"}]
        stage.toys.weather = 0
        await simulation.advance(on(2030, 6, 1))
        assert len(stage.toys.diary) == 1

    async def test_nobody_at_work(self, idle: Stage) -> None:
        """Without a worker the clock waits for a while and then says so; with one it goes on."""
        await idle.start("diarist", "a", "a", iso(on(2030, 5, 1)))
        simulation = idle.simulate(patience=SHORT)
        with pytest.raises(CannotGoOn) as caught:
            await simulation.advance(on(2030, 6, 1))
        assert held(caught) == [{"workflow_id": idle.id("a"), "what": "waits for a worker"}]
        async with idle.at_work():
            await idle.simulate().advance(on(2030, 6, 1))
        assert idle.toys.diary == ["2030-05-01 00:00 a"]

    async def test_a_start_that_never_came(self, idle: Stage) -> None:
        """A row without its workflow holds the clock, until somebody closes the row."""
        await idle.register(idle.id("ghost"))
        simulation = idle.simulate(patience=SHORT)
        with pytest.raises(CannotGoOn) as caught:
            await simulation.advance(on(2030, 6, 1))
        assert held(caught) == [{"workflow_id": idle.id("ghost"), "what": "was never started"}]
        async with idle.sessions() as session, session.begin():
            await session.execute(update(OpenWorkflowRow).values(closed_at=START))
        await simulation.advance(on(2030, 6, 1))

    async def test_a_message_that_is_not_delivered(self, idle: Stage) -> None:
        """What waits in the outbox holds the clock; the simulation has it delivered if it can."""
        async with idle.sessions() as session, session.begin():
            session.add(
                OutboxRow(key="k", kind="signal", workflow_id="contract/C-1", name="paid", payload={}, created_at=START)
            )
        with pytest.raises(CannotGoOn) as caught:
            await idle.simulate(patience=SHORT).advance(on(2030, 6, 1))
        assert held(caught) == [{"workflow_id": "contract/C-1", "what": "signal paid is not delivered (0 attempts)"}]

        async def drain() -> int:
            async with idle.sessions() as session, session.begin():
                await session.execute(update(OutboxRow).values(delivered_at=START))
            return 1

        await idle.simulate(drain=drain).advance(on(2030, 6, 1))
