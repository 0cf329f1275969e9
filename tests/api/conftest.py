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
