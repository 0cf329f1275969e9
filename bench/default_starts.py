"""How fast do a thousand defaults start that a sweep has found missing, beside bare workflow starts?

A start is: the sweep finds the overdue contract and writes its case, the relay starts the workflow, and the workflow
takes its first step, which is written down. A bare start is one workflow that a worker in this process completes at
once, eight at a time. Both run against the process tree of `yakkan up` on the real clock: SQLite, embedded server.
A second sweep finds nothing and starts nothing.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client
from temporalio.worker import Worker

from activities.dunning import open_missing
from activities.office import Office
from bench._bare import Bare
from bench._office import open_office, open_vault
from bench._pairs import rate, told
from bench.contract_start import QUEUE, at_once
from bench.default_sweep import COLUMNS, owing
from service.demo import running
from service.progress import say
from service.settings import Settings
from terms.periods import day_of

DEFAULTS = 1_000  # a round
PAIRS = 3
LOOK = 0.2  # seconds between two looks whether all have taken their first step
PATIENCE = 600.0  # seconds for a round


class Starts:
    """Lets defaults start, and bare workflows."""

    def __init__(self, office: Office, client: Client, database: Path) -> None:
        self._office, self._client, self._database = office, client, database
        self._stored = 0

    async def defaults(self) -> int:
        """Sweep over contracts that became overdue yesterday, and wait until all their ladders have begun."""
        begun = time.perf_counter()
        now = datetime.now(UTC)
        opened = await open_missing(self._office, now)
        if (opened, await open_missing(self._office, now)) != (DEFAULTS, 0):
            message = f"{opened} defaults were opened"
            raise RuntimeError(message)
        while self._begun() < self._stored:
            if time.perf_counter() - begun > PATIENCE:
                message = f"{self._begun()} of {self._stored} defaults have begun"
                raise TimeoutError(message)
            await asyncio.sleep(LOOK)
        return DEFAULTS

    async def bare(self) -> int:
        """Start bare workflows."""
        return await at_once(DEFAULTS, self._bare)

    def store(self) -> None:
        """Store contracts whose one invoice was due yesterday."""
        numbers = range(self._stored + 1, self._stored + DEFAULTS + 1)
        rows = owing(numbers, datetime.now(UTC), _yesterday())
        with closing(sqlite3.connect(self._database, timeout=30)) as connection:
            for table, columns in COLUMNS.items():
                _insert(connection, table, columns, rows[table])
            connection.commit()
        self._stored += DEFAULTS

    def _begun(self) -> int:
        with closing(sqlite3.connect(self._database, timeout=30)) as connection:
            (found,) = connection.execute("SELECT COUNT(*) FROM audit_event WHERE action = 'default_opened'").fetchone()
        return int(found)

    async def _bare(self) -> None:
        await self._client.execute_workflow(Bare.run, id=f"bare/{uuid4().hex}", task_queue=QUEUE)


def _yesterday() -> date:
    return day_of(datetime.now(UTC)) - timedelta(days=1)


def _insert(connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608
        rows,
    )


async def measure(settings: Settings, office: Office) -> str:
    """Measure both in turn, after one round of each that does not count."""
    client = await Client.connect(settings.temporal_address, namespace=settings.temporal_namespace)
    starts = Starts(office, client, settings.data_dir / "yakkan.db")
    ratios: list[float] = []
    seconds: list[float] = []
    async with Worker(client, task_queue=QUEUE, workflows=[Bare]):
        for place in range(PAIRS + 1):
            starts.store()
            beside, mine = await rate(starts.bare), await rate(starts.defaults)
            if place:
                ratios.append(mine / beside)
                seconds.append(DEFAULTS / mine)
            say(f"bench: round {place} of {PAIRS}: {DEFAULTS / mine:.1f} s")
    return told(
        "starts of defaults : bare workflow starts", ratios, f"{DEFAULTS} in {min(seconds):.1f} to {max(seconds):.1f} s"
    )


async def main() -> None:
    """Run the service and measure."""
    say("bench: starts of defaults beside bare workflow starts ...")
    with tempfile.TemporaryDirectory(prefix="yakkan-bench-") as name:
        folder, own = Path(name) / "data", Path(name) / "own"
        own.mkdir()
        async with (
            running(folder, None) as (service, _),
            open_vault(own) as vault,
            open_office(f"sqlite+aiosqlite:///{folder / 'yakkan.db'}", vault) as office,
        ):
            result = await measure(service.settings, office)
    print(result)


if __name__ == "__main__":
    asyncio.run(main())
