"""Fixtures of journeys that look into every store: a Temporal server that keeps a file, and the log."""

import logging
import sys
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from pathlib import Path

import pytest
import structlog

from service.logs import configure_logging
from service.temporal_server import EmbeddedServer, obtain


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    """Run a Temporal server that keeps its data in a file."""
    server = EmbeddedServer(await obtain(time_skipping=True), tmp_path / "temporal", simulate=True)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Log as API and worker do, into a buffer."""
    written = StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging("INFO")
    structlog.configure(cache_logger_on_first_use=False)  # the loggers of modules outlive this test
    yield written
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
