"""`yakkan demo`: a contract's whole life on the real service in simulated time, told through its public API.

The process tree of `yakkan up` runs on a folder that is thrown away, with settings of its own: nothing that is
configured on this machine is touched. What happens is told by `service/demo_life.py`.
"""

import asyncio
import contextlib
import io
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import httpx2

from service.data_folder import read
from service.demo_life import tell
from service.demo_story import START, Counter, Unexpected
from service.progress import say
from service.settings import variables
from service.temporal_server import ServerFailed, ServerMissing
from service.up import OWN_PROGRAM, EmbeddedService, NotReady, Options

PATIENCE = 120.0  # seconds for one answer; years pass in some of them


def play(out: Path) -> int:
    """Play the demonstration and leave its letters in `out`; gives the exit code (0 told to its end, 1 not)."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        asyncio.run(_play(out))
    except (NotReady, OSError, ServerFailed, ServerMissing, Unexpected, httpx2.HTTPError) as failure:
        say(f"yakkan demo: {str(failure) or type(failure).__name__}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("yakkan demo: stopped")
        return 1
    return 0


async def _play(out: Path) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - asyncio.run made it
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with tempfile.TemporaryDirectory(prefix="yakkan-demo-") as folder:
        async with running(Path(folder), START) as (_, counter):
            await tell(counter, out)
        say("stopping; the data of this demonstration are thrown away ...")


@contextlib.asynccontextmanager
async def running(folder: Path, simulate: datetime | None) -> AsyncIterator[tuple[EmbeddedService, Counter]]:
    """Run the service on an empty folder; gives it, and somebody at its counter. `simulate` None: the real clock.

    Raises:
        NotReady: it ended before it was ready.
    """
    with _own_settings():
        service = EmbeddedService(Options(data=folder, port=0, simulate=simulate), OWN_PROGRAM)
    with contextlib.redirect_stdout(io.StringIO()):  # the welcome of `yakkan up`
        work = asyncio.create_task(service.run())
        try:
            await _ready(service, work)
        except BaseException:
            await _close(service, work)
            raise
    try:
        told, people = read(service.folder.service_file), read(service.folder.credentials_file)
        if told is None or people is None:
            message = "the service is gone"
            raise NotReady(message)
        keys = {each["person"]: each["api_key"] for each in people["people"]}
        async with httpx2.AsyncClient(base_url=told["base_url"], timeout=PATIENCE, trust_env=False) as http:
            yield service, Counter(http, keys)
    finally:
        await _close(service, work)


async def _ready(service: EmbeddedService, work: asyncio.Task[int]) -> None:
    while not service.folder.service_file.exists():
        await asyncio.wait({work}, timeout=0.1)
        if work.done():
            await work
            message = "the service ended before it was ready"
            raise NotReady(message)


async def _close(service: EmbeddedService, work: asyncio.Task[int]) -> None:
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await service.close()


@contextlib.contextmanager
def _own_settings() -> Iterator[None]:
    """Hide the settings of this environment: they may name a database in production."""
    hidden = {name: os.environ.pop(name) for name in variables() if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)
