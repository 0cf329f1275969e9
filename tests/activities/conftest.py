"""An SMTP server for the tests of mail."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from service.sink import Sink


@dataclass
class Post:
    """A sink and what it wrote down."""

    sink: "Sink"
    record_file: Path

    @property
    def url(self) -> str:
        """Where it takes mail."""
        return f"smtp://127.0.0.1:{self.sink.port}"

    def taken(self) -> list[dict[str, object]]:
        """The mails taken so far."""
        return [json.loads(line) for line in self.record_file.read_text("utf-8").splitlines()]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """Run a sink on a free port."""
    from service.sink import start_sink

    record_file = tmp_path / "outside" / "mail.jsonl"
    made = Post(start_sink("127.0.0.1", 0, record_file), record_file)
    yield made
    made.sink.stop()
