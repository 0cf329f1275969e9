"""Logs: one JSON line an event, and nobody's data."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from service.logs import configure_logging

CANARY = "山田太郎"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[list[dict[str, object]]]:
    """Log as the service does, and give what was written."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging("INFO")
    fail()
    yield [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def fail() -> None:
    """Log an event, a failure, a library's failure, and what is not worth a line."""
    structlog.get_logger("ours").info("開始", contract_no="C-000001")
    structlog.get_logger("ours").debug("detail")
    logging.getLogger("library").info("hello")
    try:
        int(CANARY)
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("library").exception("gone wrong\n%s", CANARY)


def test_lines(lines: list[dict[str, object]]) -> None:
    """Events are JSON lines with level and time; exceptions are told by kind and place only."""
    assert [line["event"] for line in lines] == ["開始", "failed", "gone wrong"]
    assert [line["level"] for line in lines] == ["info", "error", "error"]
    assert lines[0]["contract_no"] == "C-000001"
    assert [line.get("error") for line in lines] == [None, "ValueError", "ValueError"]
    assert all("timestamp" in line for line in lines)
    assert "test_logs" in str(lines[1]["at"])
    assert CANARY not in json.dumps(lines, ensure_ascii=False)
