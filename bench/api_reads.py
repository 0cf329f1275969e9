"""How long do reads of the API take under eight clients, beside a bare FastAPI with one SELECT?

Ours: the whole application as `yakkan api` serves it, with keys, roles, metrics, log lines and sealed names, in a
process of its own. Beside it, in another one: FastAPI with one path that reads a contract's row and gives it as JSON.
Both by uvicorn with the same settings, on the same database and over loopback, asked in turn by the same clients.
"""

import asyncio
import itertools
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from api.app import create_app
from api.auth import secret_hash
from bench._databases import FULL, KINDS, databases
from bench._office import open_office, open_vault
from bench._pairs import told
from bench._world import FORMED, MONTH, contract_no
from bench.letters import furnish
from models.database import make_engine, make_readers
from models.tables import ContractRow
from service.logs import configure_logging
from service.progress import say

CONTRACTS = 1_000 if FULL else 100
CLIENTS = 8
ASKED = 500 if FULL else 40  # by each client in a round
PAIRS = 5
SECRET = "the auditor's"
READS = {
    "a contract": "/v1/contracts/{}",
    "the invoices of a contract": "/v1/invoices?contract_no={}",
    "a billing run": f"/v1/billing-runs/{MONTH}?{{}}",
}
BARE = "/contracts/{}"

Serve = Callable[[str, str, socket.socket, Connection], Coroutine[Any, Any, None]]


async def serve(app: FastAPI, listening: socket.socket, told_to: Connection) -> None:
    """Serve an application as `yakkan api` does, until told to stop."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await asyncio.to_thread(told_to.recv)
    server.should_exit = True
    await serving


async def ours(url: str, folder: str, listening: socket.socket, told_to: Connection) -> None:
    """Serve the API."""
    configure_logging()
    async with open_vault(Path(folder)) as vault, open_office(url, vault) as office:
        await serve(create_app(office), listening, told_to)


async def bare(url: str, _folder: str, listening: socket.socket, told_to: Connection) -> None:
    """Serve one path that reads one row."""
    engine = make_engine(url)
    readers = make_readers(engine)
    app = FastAPI()

    @app.get("/contracts/{number}")
    async def show(number: str) -> dict[str, Any]:
        c = ContractRow
        query = select(*map(col, (c.contract_no, c.state, c.customer_ref, c.formed_at, c.billing_start_on)))
        async with readers() as session:
            return (await session.execute(query.where(col(c.contract_no) == number))).one()._asdict()

    await serve(app, listening, told_to)
    await engine.dispose()


def _run(work: Serve, url: str, folder: str, listening: socket.socket, told_to: Connection) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    asyncio.run(work(url, folder, listening, told_to))


@contextmanager
def running(work: Serve, url: str, folder: Path) -> Iterator[str]:
    """Run a server in a process of its own, its output thrown away; gives its address."""
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = context.Process(target=_run, args=(work, url, str(folder), listening, its))
        process.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            mine.send(None)
            process.join()


@asynccontextmanager
async def clients(address: str) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """Open clients, each with a connection of its own."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                httpx2.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {SECRET}"}, timeout=30)
            )
            for _ in range(CLIENTS)
        ]


async def ask(asking: list[httpx2.AsyncClient], path: str) -> list[float]:
    """Have all clients ask at once, each one question after another; gives the seconds that each answer took."""
    numbers = itertools.cycle(range(1, CONTRACTS + 1))
    took = []

    async def one(client: httpx2.AsyncClient) -> None:
        for _ in range(ASKED):
            asked = path.format(contract_no(next(numbers)))
            begun = time.perf_counter()
            answer = await client.get(asked)
            took.append(time.perf_counter() - begun)
            answer.raise_for_status()

    await asyncio.gather(*map(one, asking))
    return took


def p99(seconds: list[float]) -> float:
    """Give what all but one in a hundred keep below."""
    return statistics.quantiles(seconds, n=100)[98]


async def measure(kind: str, address: str, reference: str) -> None:
    """Measure each read in turn with the bare one."""
    async with clients(address) as our, clients(reference) as other:
        for name, path in READS.items():
            slow, middle = [], []
            for place in range(PAIRS + 1):
                least, mine = await ask(other, BARE), await ask(our, path)
                say(f"  {kind}: bare {p99(least) * 1e3:.1f} ms, {name} {p99(mine) * 1e3:.1f} ms")
                if place:  # the first one warms up
                    slow.append(p99(mine) / p99(least))
                    middle.append(statistics.median(mine) / statistics.median(least))
            print(told(f"{kind}: p99 of {name} : of a bare row", slow, "wanted at most 2, aim 1.5"))
            print(told(f"{kind}: median of {name} : of a bare row", middle, "no target"))


KEY = ("key_id", "secret_hash", "role", "person", "created_at")


async def main() -> None:
    """Measure on both databases."""
    say(f"bench: reads of {CLIENTS} clients ...")
    with tempfile.TemporaryDirectory(prefix="yakkan-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with databases(folder) as opened:
            for kind in KINDS:
                database = opened(kind, f"reads_{kind}")
                async with open_vault(folder) as vault:
                    await furnish(database, vault, CONTRACTS)
                database.fill("api_key", KEY, [("K-auditor-1", secret_hash(SECRET), "auditor", "auditor-1", FORMED)])
                database.fresh()
                with running(ours, database.url, folder) as mine, running(bare, database.url, folder) as other:
                    await measure(database.name, mine, other)
                database.drop()


if __name__ == "__main__":
    asyncio.run(main())
