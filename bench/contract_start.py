"""How fast can contracts start, beside bare workflow starts on the same Temporal server?

A contract start is what a client sees: the form is posted, accepted, the contract formed by its letter, and the service
started; five workflows. A bare start is one workflow that a worker in this process completes at once. Both run with
eight at a time, against the process tree of `yakkan up` on the real clock: SQLite, embedded server, mail sink.
"""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from uuid import uuid4

from temporalio.client import Client
from temporalio.worker import Worker

from bench._bare import Bare
from bench._pairs import in_turn, told
from service.demo import running
from service.demo_story import FORM, Counter
from service.progress import say
from service.settings import Settings
from terms.periods import day_of

AT_ONCE = 8
CONTRACTS = 16  # a round
BARE = 160
LOOK = 0.05  # seconds between two looks whether a contract has been formed
QUEUE = "bench"


async def at_once(pieces: int, piece: Callable[[], Awaitable[None]]) -> int:
    """Do pieces of work, eight at a time."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with free:
            await piece()

    await asyncio.gather(*(one() for _ in range(pieces)))
    return pieces


class Starts:
    """Starts contracts, and bare workflows."""

    def __init__(self, counter: Counter, client: Client) -> None:
        self._counter, self._client = counter, client
        self._form = json.loads(FORM.read_text(encoding="utf-8"))
        self._numbers = count(1)

    async def contracts(self) -> int:
        """Start some contracts."""
        return await at_once(CONTRACTS, self._contract)

    async def bare(self) -> int:
        """Start some bare workflows."""
        return await at_once(BARE, self._bare)

    async def _contract(self) -> None:
        form = self._form | {"external_ref": f"BENCH-{next(self._numbers)}"}
        filed = await self._counter.do("intake", "/v1/applications", form)
        application = f"/v1/applications/{filed['application_no']}"
        decision = {"decision": "accept", "reason": "bench"}
        await self._counter.do("reviewer", f"{application}/decisions", decision)
        while (shown := await self._counter.read(application))["state"] != "accepted":  # noqa: ASYNC110 - its letter is sent by another process
            await asyncio.sleep(LOOK)
        path = f"/v1/contracts/{shown['contract_no']}/service-start"
        today = day_of(datetime.now().astimezone())
        await self._counter.do("provisioning", path, {"service_start_on": today.isoformat()})

    async def _bare(self) -> None:
        await self._client.execute_workflow(Bare.run, id=f"bare/{uuid4().hex}", task_queue=QUEUE)


async def measure(settings: Settings, counter: Counter) -> str:
    """Measure both in turn."""
    client = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
    async with Worker(client, task_queue=QUEUE, workflows=[Bare]):
        starts = Starts(counter, client)
        ratios = await in_turn(starts.contracts, starts.bare)
    return told("contract starts : bare workflow starts", ratios, "wanted at least 0.25, aim 0.4")


async def main() -> None:
    """Run the service and measure."""
    say("bench: contract starts beside bare workflow starts ...")
    with tempfile.TemporaryDirectory(prefix="yakkan-bench-") as folder:
        async with running(Path(folder), None) as (service, counter):
            result = await measure(service.settings, counter)
    print(result)


if __name__ == "__main__":
    asyncio.run(main())
