"""The data folder: one service at a time, one mode for ever, ports that stay, files that are whole."""

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from service.data_folder import SECRET, DataFolder, FolderBusy, PortTaken, WrongMode, read, write

BEGIN = datetime.fromisoformat("2026-03-25T09:00+09:00")
LATER = datetime.fromisoformat("2026-12-01T09:00+09:00")


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """Give a folder that is there."""
    return DataFolder(tmp_path)


class TestMode:
    """The first run decides between real and simulated time."""

    def test_the_stored_clock_wins(self, folder: DataFolder) -> None:
        """A folder that began in simulated time goes on in it, whatever is asked for later."""
        assert folder.begin(BEGIN) == BEGIN
        folder.settle(BEGIN)
        folder.settle(LATER)
        assert folder.begin(LATER) == BEGIN
        assert folder.begin(None) == BEGIN

    def test_the_real_clock_stays_real(self, folder: DataFolder) -> None:
        """A folder that began on the real clock is never simulated."""
        assert folder.begin(None) is None
        folder.settle(None)
        assert folder.begin(None) is None
        with pytest.raises(WrongMode, match="real clock"):
            folder.begin(BEGIN)

    def test_a_run_that_failed_decides_nothing(self, folder: DataFolder) -> None:
        """Until a first run has come so far that the service can run, the next one is free to choose."""
        assert folder.begin(BEGIN) == BEGIN
        assert folder.begin(None) is None


class TestPorts:
    """Clients and workers find the service again after a restart."""

    def test_a_port_is_kept(self, folder: DataFolder) -> None:
        """Any free port is chosen once and then kept, each name its own."""
        port = folder.port("api")
        assert folder.port("api") == port
        assert folder.port("smtp") != port

    def test_a_port_that_was_lost_is_replaced(self, folder: DataFolder) -> None:
        """If somebody else has taken a kept port meanwhile, another one is chosen."""
        port = folder.port("api")
        with socket.create_server(("127.0.0.1", port)):
            assert folder.port("api") != port

    def test_a_wanted_port_that_is_taken_is_refused(self, folder: DataFolder) -> None:
        """A port that was asked for is never silently replaced."""
        with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortTaken, match="--port 0"):
            folder.port("api", taken.getsockname()[1])


class TestOneAtATime:
    """Two services on one folder would ruin it."""

    async def test_a_second_one_is_refused(self, folder: DataFolder) -> None:
        """While one lives, the other is told which process holds the folder."""
        await folder.take()
        with pytest.raises(FolderBusy, match=str(os.getpid())):
            await DataFolder(folder.path).take()
        folder.free()

    async def test_the_children_of_a_killed_one_are_waited_for(self, folder: DataFolder) -> None:
        """A lock that only children of a dead process hold is waited for until they have ended."""
        script = (
            "import asyncio, os, subprocess, sys, pathlib; from service.data_folder import DataFolder\n"
            "folder = DataFolder(pathlib.Path(sys.argv[1])); asyncio.run(folder.take())\n"
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1)'], pass_fds=[folder.lock_number])\n"
            "os._exit(9)"
        )
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, str(folder.path)], check=False)
        await folder.take()
        folder.free()


class TestFiles:
    """A reader sees the old file or the whole new one."""

    def test_a_secret_is_its_owners(self, tmp_path: Path) -> None:
        """A secret file can't be read by others, not even one that could be before."""
        path = tmp_path / "credentials.json"
        write(path, {"people": []})
        write(path, {"people": ["数"]}, SECRET)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert read(path) == {"people": ["数"]}
        assert [each.name for each in tmp_path.iterdir()] == [path.name]

    def test_a_file_that_is_not_there_is_none(self, tmp_path: Path) -> None:
        """Nothing to read is no failure."""
        assert read(tmp_path / "service.json") is None

    def test_a_long_log_is_set_aside(self, folder: DataFolder) -> None:
        """Logs don't grow for ever."""
        folder.logs.mkdir()
        path = folder.logs / "api.log"
        path.write_bytes(b"x" * 10_000_001)
        assert folder.log("api") == path
        assert not path.exists()
        assert path.with_suffix(".log.1").exists()


def test_what_is_written_is_json(tmp_path: Path) -> None:
    """One name a line, so that a shell can read it too."""
    write(tmp_path / "a.json", {"a": 1, "b": 2})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": 1,\n  "b": 2\n}\n'
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1, "b": 2}
