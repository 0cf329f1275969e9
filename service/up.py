"""`yakkan up`: the whole service as one process tree, from an empty folder or where the last run left off.

This process starts the Temporal server, migrates, takes in mail, and keeps `api` and `worker` alive; it does no work
of the office itself.
"""

import asyncio
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import httpx2
from pydantic import SecretStr
from temporalio.service import RPCError

from service import supervisor
from service.data_folder import DataFolder, FolderBusy, PortTaken, WrongMode, read, write
from service.lifeline import PARENT_VARIABLE
from service.progress import say
from service.seeding import Seeder, SeedRefused
from service.settings import Settings, as_environment, variables
from service.sink import start_sink
from service.supervisor import Child, TooManyDeaths
from service.temporal_server import (
    DirectoryBusy,
    EmbeddedServer,
    ServerFailed,
    ServerMissing,
    accepts_time_skipping,
    kept_kind,
    obtain,
    prepare,
)
from service.vault_key import VaultKeyMissing, make_key_file

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[1]
OWN_PROGRAM = (sys.executable, "-P", "-m", "service.cli")
GROUNDWORK = (sys.executable, "-P", "-m", "service.groundwork")
READY_SECONDS = 120.0


class NotReady(Exception):
    """The service did not become ready in time, or what it needs is not there."""


class Stoppable(Protocol):
    """Something that runs beside us in this process."""

    def stop(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks for."""

    data: Path
    port: int = 8000
    """Port of API and console; 0: any free one."""
    simulate: datetime | None = None
    """Instant at which simulated time begins; None: the real clock, or what the folder began with."""
    seed: bool = False
    """Whether contracts in every state are made."""


async def up(options: Options, program: Sequence[str] = OWN_PROGRAM) -> int:
    """Run the service until it is told to stop; gives the exit code (0 stopped, 1 failed, 2 wrong usage).

    Args:
        options: what the command line asks for.
        program: the command that understands `api` and `worker`.
    """
    service = EmbeddedService(options, program)
    stop = asyncio.Event()

    def ask_to_stop() -> None:
        if stop.is_set():
            service.kill()  # asked twice: in a hurry
        say("\nstopping ...")
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ask_to_stop)
    work, told = asyncio.create_task(service.run()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
        return 0 if stop.is_set() else await work
    except WrongMode as wrong:
        say(f"yakkan up: {wrong}")
        return 2
    except (
        *(DirectoryBusy, FolderBusy, PortTaken, NotReady, OSError),
        *(SeedRefused, ServerFailed, ServerMissing, TooManyDeaths, VaultKeyMissing),
    ) as failure:
        say(f"yakkan up: {failure}")
        return 1
    finally:
        told.cancel()
        work.cancel()
        await asyncio.gather(work, told, return_exceptions=True)
        await service.close()


class EmbeddedService:
    """The process tree and what it keeps in its data folder."""

    def __init__(self, options: Options, program: Sequence[str]) -> None:
        self.options, self.folder = options, DataFolder(options.data)
        self._program = program
        self.settings = Settings(data_dir=self.folder.path)
        self._server: EmbeddedServer | None = None
        self._sink: Stoppable | None = None
        self._children: list[Child] = []
        self._started_at = ""

    async def run(self) -> int:
        """Start everything, say when it is ready, and keep it alive; returns only by an exception."""
        await self.folder.take()
        self.folder.service_file.unlink(missing_ok=True)  # of a run that was killed
        simulate = self.folder.begin(self.options.simulate)
        base_url = f"http://{HOST}:{self.folder.port('api', self.options.port)}"
        self._configure(simulate=simulate, public_url=self._public_url(base_url))
        make_key_file(self.settings)
        await self._open_temporal()
        self.folder.settle(simulate)
        self._open_mail()
        await self._lay_the_ground()
        say("starting API and worker ...")
        await self._start_children(base_url)
        keeping = asyncio.create_task(supervisor.keep(self._children, self._tell))
        try:
            await self._ready(base_url, keeping)
            if self._pending.exists():
                self._pending.replace(self.folder.credentials_file)
            self._started_at = datetime.now(UTC).isoformat(timespec="seconds")
            self._tell()
            if self.options.seed:
                people = list((read(self.folder.credentials_file) or {})["people"])
                async with httpx2.AsyncClient(base_url=base_url, timeout=30) as http:
                    await Seeder(http, people).plant()
            self._welcome(base_url)
            await keeping
        except TooManyDeaths as failure:
            message = f"{failure}\n{self._logs()}"
            raise NotReady(message) from failure
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        return 1

    def kill(self) -> None:
        """End all children at once."""
        for child in self._children:
            if child.process and child.process.returncode is None:
                with suppress(ProcessLookupError):
                    child.process.kill()

    async def close(self) -> None:
        """Stop in order: first who writes, then who keeps."""
        await asyncio.gather(*(child.stop() for child in self._children if child.name != "temporal"))
        if self._sink:
            await asyncio.to_thread(self._sink.stop)
        if self._server:
            await self._server.stop()
        if self._started_at:
            self.folder.service_file.unlink(missing_ok=True)
        self.folder.free()

    @property
    def _pending(self) -> Path:
        """Credentials of people who are in the database already, before the service is ready."""
        return self.folder.path / "credentials.new.json"

    def _configure(self, **values: object) -> None:
        self.settings = self.settings.model_copy(update=values)

    def _public_url(self, base_url: str) -> str:
        return self.settings.public_url if "public_url" in self.settings.model_fields_set else base_url

    async def _open_temporal(self) -> None:
        """Connect to the server that TEMPORAL_ADDRESS names, else start our own."""
        settings, simulated = self.settings, self.settings.simulate is not None
        if "temporal_address" in settings.model_fields_set:
            await self._check_temporal()
            return
        home = self.folder.temporal
        binary = await obtain(kind=kept_kind(home), time_skipping=simulated)
        self._server = EmbeddedServer(
            binary, home, simulate=simulated, namespace=settings.temporal_namespace, log=self.folder.log("temporal")
        )
        begun = time.monotonic()
        await self._server.start(patience=10)
        say(f"Temporal server: {self._server.address}, ready after {time.monotonic() - begun:.1f} s")
        self._configure(temporal_address=self._server.address)

    async def _check_temporal(self) -> None:
        address, namespace = self.settings.temporal_address, self.settings.temporal_namespace
        try:
            await prepare(address, namespace)
        except (RuntimeError, RPCError) as failure:
            message = f"the Temporal server at {address} (TEMPORAL_ADDRESS) does not serve: {failure}"
            raise NotReady(message) from None
        if self.settings.simulate and not await accepts_time_skipping(address, namespace):
            message = f"the Temporal server at {address} (TEMPORAL_ADDRESS) does not skip time: no --simulate with it"
            raise WrongMode(message)
        say(f"Temporal server: {address} (TEMPORAL_ADDRESS)")

    def _open_mail(self) -> None:
        """Take in mail ourselves where no mail server is configured."""
        if self.settings.smtp_url is None:
            port = self.folder.port("smtp")
            self._sink = start_sink(HOST, port, self.folder.mail_file)
            self._configure(smtp_url=SecretStr(f"smtp://{HOST}:{port}"))

    async def _lay_the_ground(self) -> None:
        """Bring the database up to date; in a new folder, let people in.

        Raises:
            NotReady: it failed.
        """
        say("bringing the database up to date ...")
        new = not (self.folder.credentials_file.exists() or self._pending.exists())
        line = [*GROUNDWORK, str(self._pending)] if new else [*GROUNDWORK]
        log = self.folder.log("groundwork")
        child = supervisor.program("groundwork", line, self._environment(), log, self.folder.lock_number)
        self._children.append(child)  # stopped with the rest if we are told to stop meanwhile
        await child.start()
        if child.process and await child.process.wait():
            message = f"the database could not be prepared\n{self._logs()}"
            raise NotReady(message)
        self._children.remove(child)

    def _environment(self) -> dict[str, str]:
        """Give the children's environment: ours, with the settings as they are now."""
        kept = {name: value for name, value in os.environ.items() if name not in variables()}
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        own = {PARENT_VARIABLE: str(os.getpid()), "PYTHONPATH": path}
        return kept | as_environment(self.settings) | own

    async def _start_children(self, base_url: str) -> None:
        environment, port = self._environment(), base_url.rpartition(":")[2]
        commands = {"api": ["api", "--host", HOST, "--port", port], "worker": ["worker"]}
        for name, command in commands.items():
            line = [*self._program, *command]
            child = supervisor.program(name, line, environment, self.folder.log(name), self.folder.lock_number)
            self._children.append(child)
            await child.start()
        if self._server:
            self._children.append(supervisor.running(self._server))

    async def _ready(self, base_url: str, keeping: asyncio.Task[None]) -> None:
        """Wait until `/readyz` answers 200.

        Raises:
            NotReady: it does not in time.
            TooManyDeaths: a child dies again and again.
        """
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if await asyncio.to_thread(_answers, f"{base_url}/readyz"):
                return
            await asyncio.wait({keeping}, timeout=0.1)
            if keeping.done():
                await keeping
        message = f"{base_url}/readyz is not 200 after {READY_SECONDS:.0f} s\n{self._logs()}"
        raise NotReady(message)

    def _tell(self) -> None:
        """Write service.json, once the service has been ready; again after each restart."""
        if not self._started_at:
            return
        pids = {child.name: child.process.pid for child in self._children if child.process}
        told = {
            "base_url": self.settings.public_url,
            "console_url": f"{self.settings.public_url}/console",
            "temporal_ui_url": self.settings.temporal_ui_url,
            "started_at": self._started_at,
            "pids": {"up": os.getpid(), **pids},
        }
        write(self.folder.service_file, {name: value for name, value in told.items() if value is not None})

    def _logs(self) -> str:
        """Give the end of the children's logs."""
        parts = []
        for child in self._children:
            path = self.folder.logs / f"{child.name}.log"
            lines = path.read_text(errors="replace").splitlines()[-10:] if path.exists() else []
            parts += [f"--- end of {path}", *lines]
        return "\n".join(parts)

    def _welcome(self, base_url: str) -> None:
        """Print what somebody needs who sees this for the first time."""
        people, clock = self.folder.credentials_file, self.settings.simulate
        mail = f"kept on this machine: {self.folder.mail_file}" if self._sink else "sent by YAKKAN_SMTP_URL"
        lines = [
            "",
            "Yakkan is ready.",
            f"  API          {base_url}   (what it can do: {base_url}/v1/openapi.json)",
            f"  console      {base_url}/console",
            f"  people       {people}   (logins, passwords, API keys)",
            f"  clock        {f'simulated since {clock}; POST /v1/clock moves it' if clock else 'the real one'}",
            f"  mail         {mail}",
            f"  logs         {self.folder.logs}",
            "Try it:",
            f"""  KEY=$(sed -n 's/.*"api_key": "\\(.*\\)".*/\\1/p' {people} | head -n 1)""",
            f'  curl -s {base_url}/v1/applications -H "Authorization: Bearer $KEY"',
            "Ctrl-C stops it; the same command goes on where it was.",
            "",
        ]
        sys.stdout.write("\n".join(lines))
        sys.stdout.flush()


def _answers(url: str) -> bool:
    """Tell whether a GET answers 200 within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - http, and our own
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except (OSError, urllib.error.HTTPError):
        return False
