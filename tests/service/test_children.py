"""Children: they come back when they die, give up when they die too often, and never outlive their parent."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service import supervisor
from service.lifeline import tied
from service.supervisor import TooManyDeaths, keep, program

SLEEP = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]
KEEPER = "import sys; from service.lifeline import keep; sys.exit(keep(int(sys.argv[1]), sys.argv[2:]))"


@pytest.fixture
def lock(tmp_path: Path) -> int:
    """Give a descriptor to pass on."""
    return os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)


class TestKeep:
    """The supervisor's rule: start again, with pauses; five deaths in a minute are too many."""

    async def test_who_dies_comes_back(self, tmp_path: Path, lock: int) -> None:
        """A killed child runs again as another process, and the change is told."""
        child = program("sleeper", SLEEP, dict(os.environ), tmp_path / "log", lock)
        await child.start()
        assert child.process is not None
        before, changed = child.process.pid, asyncio.Event()
        keeping = asyncio.create_task(keep([child], changed.set))
        os.kill(before, signal.SIGKILL)
        await asyncio.wait_for(changed.wait(), 30)
        assert child.process.pid != before
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await child.stop()
        assert child.process.returncode == -signal.SIGTERM

    async def test_five_deaths_end_it(self, tmp_path: Path, lock: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """A child that can't live is started four more times, then it is over."""
        monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.0)
        child = program("mayfly", ["echo", "born"], dict(os.environ), tmp_path / "log", lock)
        await child.start()
        with pytest.raises(TooManyDeaths, match="mayfly"):
            await asyncio.wait_for(keep([child], lambda: None), 30)
        assert (tmp_path / "log").read_text() == "born\n" * 5

    async def test_a_program_that_is_not_there_is_a_death(
        self, tmp_path: Path, lock: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A launch that fails counts as much as a life that ends."""
        monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.0)
        child = program("nobody", [str(tmp_path / "missing")], dict(os.environ), tmp_path / "log", lock)
        await child.start()
        with pytest.raises(TooManyDeaths, match="nobody"):
            await asyncio.wait_for(keep([child], lambda: None), 30)

    async def test_who_does_not_end_is_killed(self, tmp_path: Path, lock: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """A child that ignores SIGTERM does not hold up the end for ever."""
        monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.1)
        log = tmp_path / "log"
        deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
        child = program("deaf", [sys.executable, "-c", deaf], dict(os.environ), log, lock)
        await child.start()
        while "deaf" not in log.read_text():
            await asyncio.to_thread(os.stat, log)  # lets the child get there
        await child.stop()
        assert child.process is not None
        assert child.process.returncode == -signal.SIGKILL


class TestLifeline:
    """A child ends with its parent, even if that was killed."""

    @pytest.mark.parametrize(
        "line",
        [
            pytest.param("from service.lifeline import tied; line = tied(*sys.argv[1:])", id="by the kernel"),
            pytest.param(
                f"line = [sys.executable, '-c', {KEEPER!r}, str(os.getpid()), *sys.argv[1:]]", id="by looking"
            ),
        ],
    )
    def test_it_ends_with_its_parent(self, line: str) -> None:
        """The pipe that parent and child share is closed by the last of them: soon after the parent was killed."""
        script = f"import os, subprocess, sys\n{line}\nsubprocess.run(line)"
        with subprocess.Popen([sys.executable, "-c", script, *SLEEP], stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"here\n"
            parent.kill()
            assert parent.stdout.read() == b""

    def test_it_takes_the_programs_answer(self) -> None:
        """Output and exit code are the program's own."""
        done = subprocess.run(tied("sh", "-c", "echo hello; exit 3"), stdout=subprocess.PIPE, check=False)
        assert (done.stdout, done.returncode) == (b"hello\n", 3)

    def test_without_its_parent_it_does_not_begin(self) -> None:
        """If the parent has gone before the kernel could promise anything, nothing is started."""
        line = tied("echo", "hello")
        line[3] = "1"
        done = subprocess.run(line, stdout=subprocess.PIPE, check=False)
        assert (done.stdout, done.returncode) == (b"", 1)
