"""An application on an empty office."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx2
    from fastapi import FastAPI

    from activities.office import Office
    from models.database import Sessions
    from service.temporal_server import Opened
    from tests.api.bad_input import Counter


@pytest.fixture
async def office(sessions: "Sessions", tmp_path: Path) -> AsyncIterator["Office"]:
    """Open an office on an empty database."""
    from tests.api.offices import open_office

    async with open_office(sessions, tmp_path) as opened:
        yield opened


@pytest.fixture
def app(office: "Office") -> "FastAPI":
    """Build the application."""
    from api.app import create_app

    return create_app(office)


@pytest.fixture
async def http(app: "FastAPI") -> AsyncIterator["httpx2.AsyncClient"]:
    """Give a client of the application; what it raises becomes a 500, as outside."""
    import httpx2

    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture(scope="session")
async def counter(
    temporal: "Opened", sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator["Counter"]:
    """Open an office on which something of everything lies, once: what is sent to it stores nothing."""
    from tests.api.bad_input import lay_out
    from tests.desk import OpenDesk

    async with OpenDesk(temporal.address, sqlite_template, tmp_path_factory.mktemp("counter")) as open_desk:
        yield await lay_out(open_desk)
