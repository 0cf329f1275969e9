"""Fixtures for the simulation: a stage for each test, on one server for all."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from service.temporal_server import Opened
    from tests.workflows.simulation.toys import Stage


@pytest.fixture
async def idle(temporal: "Opened", tmp_path: Path) -> AsyncIterator["Stage"]:
    """Give a stage without a worker, on 1 April 2030, 9:00."""
    from temporalio.client import Client

    from models.database import make_engine, make_sessions
    from service.database import upgrade
    from service.simulation import SimulatedClock
    from tests.workflows.simulation.toys import START, Stage

    engine = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'yakkan.db'}")
    await upgrade(engine)
    sessions = make_sessions(engine)
    client = await Client.connect(temporal.address)
    yield Stage(client, sessions, await SimulatedClock.open(sessions, START))
    await engine.dispose()


@pytest.fixture
async def stage(idle: "Stage") -> AsyncIterator["Stage"]:
    """Give a stage with a worker."""
    async with idle.at_work():
        yield idle
