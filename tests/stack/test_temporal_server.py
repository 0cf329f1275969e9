"""The Temporal server for everyone: where it comes from, what it survives, what it leaves behind."""

import asyncio
import itertools
import json
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from service import temporal_binary as binaries
from service.lifeline import is_alive
from service.temporal_config import CLI_DATABASE, Launch, command
from service.temporal_server import (
    Binary,
    DirectoryBusy,
    EmbeddedServer,
    Kind,
    ServerMissing,
    accepts_time_skipping,
    kept_kind,
    obtain,
)

WORKFLOWS = 20
LOST_TASK = timedelta(seconds=2)  # after which a task is given out again that the killed server had given out
LISTEN = "0A"  # state of a listening socket in /proc/net/tcp
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def executable(path: Path, text: str = "exit 1") -> Path:
    """Write a program that does next to nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a machine without server, cache, Go compiler and network; `bin` is on its PATH."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    async def nothing() -> None:
        """The network gives nothing."""

    monkeypatch.setattr(binaries, "download", nothing)
    monkeypatch.setattr(binaries, "build", unbuildable)
    return tmp_path


async def unbuildable() -> Binary:
    """Stand for a machine on which nothing can be built."""
    message = "nothing can be built here"
    raise ServerMissing(message)


@pytest.fixture
async def real() -> Binary:
    """Give the server program of this machine."""
    return await obtain(kind=Kind.SERVER)


class TestWhereItComesFrom:
    """`temporal` on PATH, the cached build, what the SDK fetched, a build: the first that will do."""

    async def test_the_command_line_on_path_is_taken_first(self, bare: Path) -> None:
        """A `temporal` on PATH comes before the cached build."""
        program = executable(bare / "bin/temporal")
        executable(binaries.cached_path())
        assert await obtain() == Binary(program, Kind.CLI)

    async def test_a_program_that_skips_no_time_is_passed_over(self, bare: Path) -> None:
        """For tests and simulation a found program counts only if its server accepts time skipping."""
        executable(bare / "bin/temporal")
        cached = executable(binaries.cached_path())
        assert await obtain(time_skipping=True) == Binary(cached, Kind.SERVER)

    async def test_the_cached_build_is_found(self, bare: Path) -> None:
        """A build of an earlier run is used; its name carries version, system and processor."""
        cached = executable(binaries.cached_path())
        assert cached.parent == bare / "cache/yakkan"
        assert cached.name.startswith("temporal-server-1.32.1-")
        assert await obtain() == Binary(cached, Kind.SERVER)

    async def test_a_fetched_program_is_found_again(self, bare: Path) -> None:
        """What the SDK downloaded once is not downloaded again."""
        fetched = executable(bare / "cache/yakkan/downloaded/temporal-sdk-python-1.35.0")
        assert await obtain() == Binary(fetched, Kind.CLI)

    async def test_a_folder_stays_with_the_kind_that_began_it(self, bare: Path) -> None:
        """A data folder begun by the plain server is never opened by the command line: it would see no data."""
        executable(bare / "bin/temporal")
        cached = executable(binaries.cached_path())
        (bare / "temporal.db").touch()
        assert await obtain(kind=kept_kind(bare)) == Binary(cached, Kind.SERVER)

    @pytest.mark.usefixtures("bare")
    async def test_with_nothing_at_hand_it_is_built(self) -> None:
        """The last resort is a build; when that fails too, the reason is told."""
        with pytest.raises(ServerMissing, match="nothing can be built here"):
            await obtain()

    @pytest.mark.parametrize(
        ("text", "version"),
        [
            pytest.param("go1.26.8", (1, 26, 8), id="release"),
            pytest.param("go1.27", (1, 27, 0), id="first release of a series"),
            pytest.param("devel go1.28-abc123 Mon", (1, 28, 0), id="development"),
            pytest.param("gccgo", (), id="something else"),
        ],
    )
    def test_the_compilers_version_is_read(self, text: str, version: tuple[int, ...]) -> None:
        """Versions compare as numbers, and something unreadable is older than everything."""
        assert binaries.go_version(text) == version

    async def test_a_compiler_that_is_too_old_is_not_used(self, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An old Go on PATH leads to a compiler of our own, and says what would help when that cannot be had."""
        monkeypatch.undo()
        monkeypatch.setenv("XDG_CACHE_HOME", str(bare / "cache"))
        monkeypatch.setenv("PATH", str(executable(bare / "bin/go", "echo go1.26.7").parent))
        monkeypatch.setattr(sys, "executable", str(executable(bare / "bin/python")))  # installs nothing
        (bare / "cache/yakkan").mkdir(parents=True)
        with pytest.raises(ServerMissing, match=r"no Go compiler >= 1\.26\.8 .* set TEMPORAL_ADDRESS"):
            await binaries.build()


@pytest.mark.parametrize("simulate", [True, False], ids=["simulated", "real clock"])
def test_the_command_line_is_told_what_the_plain_server_is_told(tmp_path: Path, simulate: bool) -> None:  # noqa: FBT001
    """Both kinds run on the loopback, keep every commit on disk, and get the same limits."""
    launch = Launch(home=tmp_path, simulate=simulate, memory=False, namespace="office")
    command(Binary(Path("server"), Kind.SERVER), launch, [1, 2, 3])
    plain = YAML(typ="safe").load(tmp_path / "dynamic.yaml")
    line = command(Binary(Path("temporal"), Kind.CLI), launch, [7233, 2, 3])
    assert line[:3] == ["temporal", "server", "start-dev"]
    flags = list(itertools.pairwise(line))
    told = dict(value.split("=", 1) for flag, value in flags if flag == "--dynamic-config-value")
    assert {key: json.loads(value) for key, value in told.items()} == {
        key: values[0]["value"] for key, values in plain.items()
    }
    assert ("--db-filename", str(tmp_path / CLI_DATABASE)) in flags
    assert {("--ip", "127.0.0.1"), ("--sqlite-pragma", "synchronous=2"), ("--namespace", "office")} <= set(flags)
    assert ("frontend.WorkflowTimeSkippingEnabled" in told) is simulate


@workflow.defn(name="sleeper")
class Sleeper:
    """Sleeps until it is woken often enough."""

    def __init__(self) -> None:
        self.woken = 0

    @workflow.run
    async def run(self, times: int) -> int:
        """Wait for so many signals."""
        await workflow.wait_condition(lambda: self.woken >= times)
        return self.woken

    @workflow.signal
    def wake(self) -> None:
        """Count one signal."""
        self.woken += 1


@pytest.fixture
async def start(real: Binary) -> AsyncIterator[Callable[[EmbeddedServer], EmbeddedServer]]:
    """Stop whatever a test started."""
    del real
    servers: list[EmbeddedServer] = []

    def remember(server: EmbeddedServer) -> EmbeddedServer:
        servers.append(server)
        return server

    yield remember
    for server in servers:
        await server.stop()


Remember = Callable[[EmbeddedServer], EmbeddedServer]


class TestTheEmbeddedServer:
    """One process, one file, this machine only."""

    async def test_a_killed_server_loses_nothing(self, real: Binary, start: Remember, tmp_path: Path) -> None:
        """Workflows that were under way when the server was killed go on: each signal counts once, none is lost."""
        server = start(EmbeddedServer(real, tmp_path / "temporal"))
        await server.start()
        client = await Client.connect(server.address)
        async with Worker(
            client,
            task_queue="sleepers",
            workflows=[Sleeper],
            workflow_runner=UnsandboxedWorkflowRunner(),
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        ):
            handles = [
                await client.start_workflow(
                    Sleeper.run, 2, id=f"sleeper/{n}", task_queue="sleepers", task_timeout=LOST_TASK
                )
                for n in range(WORKFLOWS)
            ]
            await asyncio.gather(*(handle.signal(Sleeper.wake) for handle in handles))
            assert server.process is not None
            server.process.kill()
            await server.process.wait()
            await server.restart()
            await asyncio.gather(*(handle.signal(Sleeper.wake) for handle in handles))
            assert await asyncio.gather(*(handle.result() for handle in handles)) == [2] * WORKFLOWS

    async def test_it_comes_back_where_it_was(self, real: Binary, start: Remember, tmp_path: Path) -> None:
        """A clean stop leaves no process, and the next start keeps ports, namespace and workflows."""
        first = start(EmbeddedServer(real, tmp_path / "temporal", simulate=True))
        await first.start()
        address, process = first.address, first.process
        client = await Client.connect(address)
        await client.start_workflow(Sleeper.run, 1, id="sleeper", task_queue="nobody")
        await first.stop()
        assert process is not None
        assert process.returncode == 0
        second = start(EmbeddedServer(real, tmp_path / "temporal", simulate=True))
        await second.start()
        assert second.address == address
        assert (await (await Client.connect(address)).get_workflow_handle("sleeper").describe()).status is not None

    async def test_a_second_server_on_one_folder_is_refused(
        self, real: Binary, start: Remember, tmp_path: Path
    ) -> None:
        """Two servers on one file would ruin it; the first one is not disturbed."""
        first = start(EmbeddedServer(real, tmp_path / "temporal", memory=True))
        await first.start()
        with pytest.raises(DirectoryBusy):
            await start(EmbeddedServer(real, tmp_path / "temporal", memory=True)).start()
        assert await accepts_time_skipping(first.address) is False

    async def test_time_is_skipped_only_in_simulation(self, real: Binary, start: Remember, tmp_path: Path) -> None:
        """The probe tells a server that lets workflows skip time from one that does not."""
        simulated = start(EmbeddedServer(real, tmp_path / "a", memory=True, simulate=True))
        ordinary = start(EmbeddedServer(real, tmp_path / "b", memory=True))
        await asyncio.gather(simulated.start(), ordinary.start())
        assert await accepts_time_skipping(simulated.address)
        assert not await accepts_time_skipping(ordinary.address)

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    async def test_it_listens_on_this_machine_only(self, real: Binary, start: Remember, tmp_path: Path) -> None:
        """Nobody outside can reach it: it asks for no password."""
        server = start(EmbeddedServer(real, tmp_path / "temporal", memory=True))
        await server.start()
        assert server.process is not None
        addresses = listening(server.process.pid)
        assert addresses
        assert addresses <= LOOPBACK

    async def test_it_ends_with_its_parent(self, real: Binary, start: Remember, tmp_path: Path) -> None:
        """If the process that started it is killed, it ends, gives the folder free, and can be started again there."""
        home = tmp_path / "temporal"
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PARENT, str(real.path), str(home), stdout=subprocess.PIPE
        )
        assert parent.stdout is not None
        pid, address = (await parent.stdout.readline()).decode().split()
        parent.kill()
        await parent.wait()
        again = start(EmbeddedServer(real, home))
        await again.start(patience=10)
        assert again.address == address
        assert not is_alive(int(pid))


PARENT = """
import asyncio, sys
from pathlib import Path
from service.temporal_server import Binary, EmbeddedServer, Kind
async def main():
    server = EmbeddedServer(Binary(Path(sys.argv[1]), Kind.SERVER), Path(sys.argv[2]))
    await server.start()
    print(server.process.pid, server.address, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def listening(pid: int) -> set[str]:
    """Give the addresses (hexadecimal, as the kernel writes them) on which a process listens."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = str(descriptor.readlink()) if descriptor.is_symlink() else ""
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and fields[9] in inodes:
                found.add(fields[1].partition(":")[0])
    return found
