"""How long does a month's end take, beside raw SQL that adds up the same usage and inserts the same rows?

Ours: freeze, price, prove, decide, issue, as `activities.billing_run` does it: from the usage to priced invoices with
lines and taxes, accounts, journal, audit chain and queued letters, in chunks of one transaction each.
Beside it, on a copy of the same database, by the driver alone and in one transaction:
- the least there could be: usage grouped into lines of a plain table, and totals by contract;
- the same rows: grouped usage written as lines of invoices, and beside them what each invoice has of
  facts, account, tax, journal, audit, letter and result, into the service's own tables; nothing is checked, priced,
  numbered, hashed or proved.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench._databases import FULL, KINDS, Database, connected, databases
from bench._month_end_sql import least, same_rows
from bench._office import open_vault
from bench._pairs import most_memory, told
from bench._world import MONTH, ROWS, a_month, fill
from models.vault import Vault
from service.progress import say

CONTRACTS = 10_000 if FULL else 1_000
PAIRS = 5


def raw(database: Database, statements: Callable[[str], list[str]]) -> float:
    """Run statements in one transaction on a fresh copy; gives seconds."""
    database.fresh()
    with connected(database.url) as connection:
        begun = time.perf_counter()
        for statement in statements(MONTH):
            connection.execute(statement)
        connection.commit()
        return time.perf_counter() - begun


async def measure(database: Database, vault: Vault) -> None:
    """Measure all in turn."""
    to_least, to_same, seconds = [], [], []
    for place in range(PAIRS + (not FULL)):  # a small one warms up first
        first, second = raw(database, least), raw(database, same_rows)
        third = await a_month(database, vault, CONTRACTS)
        say(f"  {database.name}: least {first:.2f} s, same rows {second:.2f} s, ours {third:.2f} s")
        if place or FULL:
            to_least.append(third / first)
            to_same.append(third / second)
            seconds.append(third)
    what = f"{database.name}, {CONTRACTS:,} contracts, {CONTRACTS * ROWS:,} rows of usage: month's end"
    print(told(f"{what} : raw SQL of the same rows", to_same, "wanted at most 6, aim 3"))
    print(told(f"{what} : the least raw SQL", to_least, "no target"))
    print(f"{database.name}: most memory of the process {most_memory():.0f} MB")


async def main() -> None:
    """Measure on both databases."""
    say(f"bench: a month's end of {CONTRACTS:,} contracts ...")
    with tempfile.TemporaryDirectory(prefix="yakkan-bench-", ignore_cleanup_errors=True) as folder:
        async with open_vault(Path(folder)) as vault:
            with databases(Path(folder)) as opened:
                for kind in KINDS:
                    database = opened(kind, f"end_{kind}")
                    await fill(database, CONTRACTS, vault)
                    await measure(database, vault)
                    database.drop()


if __name__ == "__main__":
    asyncio.run(main())
