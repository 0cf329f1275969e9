"""Keep children alive: one that dies is started again, with growing pauses; five deaths in a minute are too many."""

import asyncio
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from service.lifeline import tied
from service.progress import say
from service.temporal_server import EmbeddedServer, ServerFailed

TOO_MANY = 5
WITHIN = 60.0  # seconds
FIRST_PAUSE = 0.2  # seconds, doubled by each further death
STOP_SECONDS = 15.0


class TooManyDeaths(Exception):
    """The children died too often: something is wrong that a restart does not mend."""


@dataclass(slots=True)
class Child:
    """One child: how it is launched, and its process while it runs."""

    name: str
    launch: Callable[[], Awaitable[asyncio.subprocess.Process]]
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Launch it."""
        self.process = await self.launch()

    async def stop(self) -> None:
        """End it in order, by force if it takes too long."""
        if self.process is None or self.process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            say(f"{self.name} does not end by itself and is killed")
            self.process.kill()
            await self.process.wait()


def program(name: str, command: list[str], environment: dict[str, str], log: Path, lock: int) -> Child:
    """Describe a child that is a program of its own: tied to this process, its output in a log."""

    async def launch() -> asyncio.subprocess.Process:
        with log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *tied(*command),
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=[lock],
                start_new_session=True,  # the terminal's Ctrl-C is for us; we stop it in order
            )

    return Child(name, launch)


def running(server: EmbeddedServer) -> Child:
    """Describe the embedded Temporal server, which runs already, as a child."""

    async def launch() -> asyncio.subprocess.Process:
        await server.restart()
        assert server.process is not None  # noqa: S101 - it has just started
        return server.process

    return Child("temporal", launch, server.process)


async def keep(children: Iterable[Child], changed: Callable[[], None]) -> None:
    """Restart whatever dies, for ever; calls `changed` after each restart.

    Raises:
        TooManyDeaths: five deaths in a minute.
    """
    deaths: deque[float] = deque(maxlen=TOO_MANY)
    tasks = [asyncio.create_task(_keep_one(child, deaths, changed)) for child in children]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_one(child: Child, deaths: deque[float], changed: Callable[[], None]) -> None:
    own: deque[float] = deque(maxlen=TOO_MANY)
    while True:
        if child.process is not None:
            code = await child.process.wait()
            say(f"{child.name} ended ({code}); starting it again")
        now = time.monotonic()
        deaths.append(now)
        own.append(now)
        if len(deaths) == TOO_MANY and now - deaths[0] < WITHIN:
            message = f"{TOO_MANY} deaths within a minute, the last one of {child.name}"
            raise TooManyDeaths(message)
        recent = sum(now - death < WITHIN for death in own)
        await asyncio.sleep(FIRST_PAUSE * 2 ** (recent - 1))
        try:
            await child.start()
            changed()
        except (ServerFailed, OSError) as failure:
            child.process = None  # counts as one more death
            say(f"{child.name} could not be started: {failure}")
