"""`yakkan up`: the process tree, what it leaves in its folder, how it ends. Only `api` and `worker` are stubs."""

import asyncio
import json
import os
import signal
import stat
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from models.messages.roles import AUDITOR, STAFF
from service.lifeline import is_alive
from service.temporal_server import Kind, obtain

STUB = Path(__file__).with_name("stub_program.py")
UP = """
import asyncio, os, sys
from datetime import datetime
from pathlib import Path
from service.up import Options, up
simulate = datetime.fromisoformat(sys.argv[3]) if len(sys.argv) > 3 else None
options = Options(data=Path(sys.argv[2]), port=0, simulate=simulate)
code = asyncio.run(up(options, program=[sys.executable, sys.argv[1]]))
sys.stdout.flush()
os._exit(code)
"""
BEGIN = "2026-03-25T09:00+09:00"
WAIT = 60.0  # seconds; only a failing test waits so long


@dataclass
class Running:
    """One `yakkan up` as a child of the test."""

    folder: Path
    process: asyncio.subprocess.Process
    seen: list[int] = field(default_factory=list)

    @property
    def told(self) -> dict[str, Any]:
        """What service.json says."""
        found: dict[str, Any] = json.loads((self.folder / "service.json").read_text())
        return found

    async def ready(self) -> dict[str, Any]:
        """Wait for service.json."""
        await self.until(lambda: (self.folder / "service.json").exists() or self.process.returncode is not None)
        self.seen += self.told["pids"].values()
        return self.told

    async def until(self, holds: Any) -> None:  # noqa: ANN401 - any condition
        """Wait until something holds."""
        end = time.monotonic() + WAIT
        while not holds():
            assert time.monotonic() < end, "waited in vain"
            await asyncio.wait({asyncio.ensure_future(self.process.wait())}, timeout=0.05)

    async def ended(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Send a signal, wait for the end, and give exit code and what was said on stderr."""
        if number:
            self.process.send_signal(number)
        _, said = await asyncio.wait_for(self.process.communicate(), WAIT)
        assert self.process.returncode is not None
        return self.process.returncode, said.decode()


class Starter:
    """Starts `yakkan up` and ends it with the test."""

    def __init__(self) -> None:
        self.running: list[Running] = []

    async def __call__(self, folder: Path, *simulate: str, **environment: str) -> Running:
        """Start it on a folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("YAKKAN_", "TEMPORAL_"))}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", UP, str(STUB), str(folder), *simulate),
            env=kept | environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self.running.append(Running(folder, process))
        return self.running[-1]


@pytest.fixture
async def start() -> AsyncIterator[Starter]:
    """Give a starter; there is a server program before anything is timed."""
    await obtain(kind=Kind.SERVER)
    starter = Starter()
    yield starter
    for running in starter.running:
        if running.process.returncode is None:
            await running.ended(signal.SIGTERM)


async def test_a_life_of_the_service(start: Starter, tmp_path: Path) -> None:
    """A new folder is filled; what dies comes back; a killed tree leaves nothing and goes on; Ctrl-C ends it with 0."""
    folder = tmp_path / "data"
    first = await start(folder, BEGIN)
    told = await first.ready()
    assert set(told) == {"base_url", "console_url", "started_at", "pids"}
    assert set(told["pids"]) == {"up", "temporal", "api", "worker"}
    assert told["console_url"] == f"{told['base_url']}/console"

    # Two people a role, one auditor, and nobody else may read it.
    credentials = folder / "credentials.json"
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "vault.key").stat().st_mode) == 0o600
    people = json.loads(credentials.read_text())["people"]
    assert all(set(person) == {"person", "role", "api_key", "login", "password"} for person in people)
    assert sorted(person["role"] for person in people) == sorted([*STAFF, *STAFF, AUDITOR])

    # A second one on the folder is refused.
    code, said = await (await start(folder, BEGIN)).ended()
    assert code == 1
    assert "another `yakkan up` runs" in said

    # Each child that is killed comes back, at the same place, and service.json says so.
    for name in ("worker", "api", "temporal"):
        pid = first.told["pids"][name]
        os.kill(pid, signal.SIGKILL)
        await first.until(lambda name=name, pid=pid: first.told["pids"][name] != pid)
    assert first.told["base_url"] == told["base_url"]
    first.seen += first.told["pids"].values()

    # `up` itself is killed: its children end, and the same command goes on, simulated as before, with the same keys.
    await first.ended(signal.SIGKILL)
    second = await start(folder)
    (folder / "service.json").unlink()
    again = await second.ready()
    assert again["base_url"] == told["base_url"]
    assert json.loads(credentials.read_text())["people"] == people
    assert not any(is_alive(pid) for pid in first.seen)

    code, said = await second.ended(signal.SIGINT)
    assert code == 0, said
    assert not any(is_alive(pid) for pid in second.seen)
    assert not (folder / "service.json").exists()


async def test_five_deaths_are_too_many(start: Starter, tmp_path: Path) -> None:
    """A worker that dies again and again ends the service with 1, and the end of its log is shown."""
    running = await start(tmp_path / "data", STUB_WORKER_DIES="1")
    code, said = await running.ended()
    assert code == 1
    assert "5 deaths within a minute" in said
    assert "the worker has a reason to die" in said


async def test_a_folder_on_the_real_clock_is_not_simulated(start: Starter, tmp_path: Path) -> None:
    """`--simulate` on a folder that began on the real clock is wrong usage, and starts nothing."""
    (tmp_path / "mode.json").write_text('{"simulate": null}')
    code, said = await (await start(tmp_path, BEGIN)).ended()
    assert code == 2
    assert "on the real clock" in said
    assert not (tmp_path / "temporal").exists()


async def test_a_server_that_is_not_there_is_named(start: Starter, tmp_path: Path) -> None:
    """With TEMPORAL_ADDRESS nothing is started in its stead; that it does not answer is said."""
    code, said = await (await start(tmp_path, TEMPORAL_ADDRESS="127.0.0.1:9")).ended()
    assert code == 1
    assert "127.0.0.1:9 (TEMPORAL_ADDRESS) does not serve" in said
