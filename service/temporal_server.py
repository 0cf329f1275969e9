"""A Temporal server for everyone: found, fetched or built, then run as a child of ours on one SQLite file.

`python -m service.temporal_server` makes sure that there is one, and starts nothing.
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, NamedTuple

from temporalio.service import ConnectConfig, RPCError, ServiceClient

from service import temporal_binary as binaries
from service.lifeline import tied
from service.locks import locked
from service.ports import free_ports, is_free
from service.progress import say
from service.temporal_binary import Binary, Kind, ServerMissing
from service.temporal_config import CLI_DATABASE, DATABASE, PORTS, Launch, command
from service.temporal_namespace import accepts_time_skipping, prepare

__all__ = [
    "Binary",
    "DirectoryBusy",
    "EmbeddedServer",
    "Kind",
    "Opened",
    "ServerFailed",
    "ServerMissing",
    "accepts_time_skipping",
    "kept_kind",
    "obtain",
    "open_for_tests",
    "prepare",
]

READY_SECONDS = 30.0
STOP_SECONDS = 5.0
LAUNCHES = 5


class ServerFailed(Exception):
    """The Temporal server did not start; carries the end of its log."""


class DirectoryBusy(Exception):
    """Another server runs on this data directory: two would ruin the file."""


class Opened(NamedTuple):
    """A server to work with."""

    address: str
    external: bool


async def obtain(*, kind: Kind | None = None, time_skipping: bool = False) -> Binary:
    """Get a server program: `temporal` on PATH, the cached build, the SDK's download, or a build from source.

    Args:
        kind: only this kind (a data directory stays with the kind that began it).
        time_skipping: only a program whose server lets workflows skip time.

    Raises:
        ServerMissing: none could be found, fetched or built.
    """

    async def counts(binary: Binary | None) -> bool:
        if binary is None or kind not in {None, binary.kind}:
            return False
        return binary.kind is Kind.SERVER or not time_skipping or await _skips_time(binary)

    for found in (binaries.on_path(), binaries.cached()):
        if found and await counts(found):
            return found
    async with binaries.alone():
        for found in (binaries.cached(), binaries.fetched()):  # another process may have been quicker
            if found and await counts(found):
                return found
        fetched = await binaries.download() if kind is not Kind.SERVER and not binaries.fetched() else None
        if fetched and await counts(fetched):
            return fetched
        if kind is Kind.CLI:
            message = "this data directory was begun with the temporal command line; put `temporal` on PATH again"
            raise ServerMissing(message)
        return await binaries.build()


class EmbeddedServer:
    """One Temporal server as a child of this process, on this machine's loopback only.

    Its ports are kept in its folder, so that workers find it again after a restart; a lock in the folder keeps a
    second server away from the file. It ends with this process, even if that is killed.
    """

    def __init__(
        self,
        binary: Binary,
        home: Path,
        *,
        simulate: bool = False,
        memory: bool = False,
        namespace: str = "default",
        log: Path | None = None,
    ) -> None:
        self.namespace = namespace
        self.process: asyncio.subprocess.Process | None = None
        self._binary, self._home, self._log = binary, home, log or home / "server.log"
        self._launch = Launch(home=home, simulate=simulate, memory=memory, namespace=namespace)
        self._ports: list[int] = []
        self._lock: IO[str] | None = None

    @property
    def address(self) -> str:
        """Host and port of the frontend; known once it has started."""
        return f"127.0.0.1:{self._ports[0]}"

    async def start(self, *, patience: float = 0.0) -> None:
        """Start the server and wait until it answers and knows our namespace.

        Args:
            patience: seconds to wait for a server on this folder that is just ending (its parent was killed).

        Raises:
            DirectoryBusy: another server runs on this folder.
            ServerFailed: it ended, or did not answer in time.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        await self._take_lock(patience)
        try:
            await self._launch_until_healthy()
            await prepare(self.address, self.namespace)
        except BaseException:
            await self.stop()
            raise

    async def restart(self) -> None:
        """Start the dead server again on its ports.

        Raises:
            ServerFailed: it ended, or did not answer in time.
        """
        await self._run()
        if not await self._healthy():
            await self._end()
            raise ServerFailed(self._said())

    async def stop(self) -> None:
        """End the server (about a second; one in memory is killed) and give the folder free."""
        await self._end()
        if self._lock:
            self._lock.close()
            self._lock = None

    async def _take_lock(self, patience: float) -> None:
        lock = (self._home / "lock").open("a")
        end = time.monotonic() + patience
        while not locked(lock):
            if time.monotonic() > end:
                lock.close()
                message = f"another Temporal server runs on {self._home}"
                raise DirectoryBusy(message)
            await asyncio.sleep(0.1)
        self._lock = lock

    async def _launch_until_healthy(self) -> None:
        """Launch on the stored ports, or on others while somebody else has taken them."""
        stored = self._home / "ports.json"
        self._ports = json.loads(stored.read_text()) if stored.exists() else free_ports(PORTS)
        for _ in range(LAUNCHES):
            if not all(map(is_free, self._ports)):
                self._ports = free_ports(PORTS)
            stored.write_text(json.dumps(self._ports))
            await self._run()
            if await self._healthy():
                return
            taken = self.process is not None and self.process.returncode is not None
            await self._end()
            if not taken:
                break
        raise ServerFailed(self._said())

    async def _run(self) -> None:
        held = [self._lock.fileno()] if self._lock else []  # the lock lasts as long as the last that holds it
        _forget_members(self._home / DATABASE)
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *tied(*command(self._binary, self._launch, self._ports)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=held,
                start_new_session=True,  # the terminal's Ctrl-C is for our parent, which stops us in order
            )

    async def _healthy(self) -> bool:
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self.process and self.process.returncode is None:
            with suppress(RuntimeError, RPCError):  # connection refused; "Frontend is not healthy yet"
                service = await ServiceClient.connect(ConnectConfig(target_host=self.address))
                if await service.check_health(timeout=timedelta(seconds=1)):
                    return True
            await asyncio.sleep(0.05)
        return False

    async def _end(self) -> None:
        process, self.process = self.process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL if self._launch.memory else signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _said(self) -> str:
        """Give the end of the log, for whoever has to find out why."""
        lines = self._log.read_text(errors="replace").splitlines()[-15:] if self._log.exists() else []
        return "\n".join(["the Temporal server did not start; the end of its log:", *lines])


@asynccontextmanager
async def open_for_tests(home: Path, namespace: str = "default") -> AsyncIterator[Opened]:
    """Give a server that skips time: the one that TEMPORAL_ADDRESS names if it does, else one of our own in memory."""
    if (address := os.environ.get("TEMPORAL_ADDRESS")) and await _usable(address, namespace):
        yield Opened(address, external=True)
        return
    server = EmbeddedServer(await obtain(time_skipping=True), home, simulate=True, memory=True, namespace=namespace)
    await server.start()
    try:
        yield Opened(server.address, external=False)
    finally:
        await server.stop()


def kept_kind(home: Path) -> Kind | None:
    """Tell which kind of server keeps its data in a folder; None where nothing is kept yet."""
    if (home / DATABASE).exists():
        return Kind.SERVER
    return Kind.CLI if (home / CLI_DATABASE).exists() else None


def _forget_members(database: Path) -> None:
    """Strike a server's former life from its list of members.

    It would take itself for a second host that does not answer, and then need 10 s to stop.
    """
    if not database.exists():
        return
    with closing(sqlite3.connect(database, timeout=10)) as connection, suppress(sqlite3.OperationalError):
        connection.execute("DELETE FROM cluster_membership")  # no such table: killed while it made its tables
        connection.commit()


async def _usable(address: str, namespace: str) -> bool:
    """Tell whether the server at an address answers, is prepared, and skips time."""
    try:
        await prepare(address, namespace)
        return await accepts_time_skipping(address, namespace)
    except (RuntimeError, RPCError):
        return False


async def _skips_time(binary: Binary) -> bool:
    """Start a program for a moment and see whether its server skips time."""
    with tempfile.TemporaryDirectory(prefix="yakkan-probe-") as home:
        server = EmbeddedServer(binary, Path(home), simulate=True, memory=True)
        try:
            await server.start()
            return await accepts_time_skipping(server.address)
        except (ServerFailed, RuntimeError, RPCError):
            return False
        finally:
            await server.stop()


def main() -> int:
    """Make sure that there is a server program."""
    if address := os.environ.get("TEMPORAL_ADDRESS"):
        say(f"Temporal server: the one at {address} (TEMPORAL_ADDRESS)")
        return 0
    try:
        binary = asyncio.run(obtain())
    except (ServerMissing, OSError) as missing:
        say(f"Temporal server: {missing}")
        return 1
    except KeyboardInterrupt:
        return 130
    say(f"Temporal server: {binary.path}")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # an ordinary exit may crash in the SDK's threads
