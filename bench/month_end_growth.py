"""Does a month's end of ten times as many contracts take ten times as long, and how much memory does it hold?

The same work as in `bench.month_end`, on two databases in turn. A share of the time that grows faster than the number
of contracts would show. Memory must not grow with them beyond a chunk: each size says the most that the process held
until then, the small one first.
"""

import asyncio
import tempfile
from pathlib import Path

from bench._databases import FULL, KINDS, Database, databases
from bench._office import open_vault
from bench._pairs import most_memory, told
from bench._world import ROWS, a_month, fill
from models.vault import Vault
from service.progress import say

FEW = 10_000 if FULL else 300
MANY = 10 * FEW
PAIRS = 2 if FULL else 5


async def measure(few: Database, many: Database, vault: Vault) -> None:
    """Measure both in turn, after one small month that does not count."""
    await a_month(few, vault, FEW)
    ratios, before = [], most_memory()
    for _ in range(PAIRS):
        short = await a_month(few, vault, FEW)
        long = await a_month(many, vault, MANY)
        say(f"  {few.name}: {FEW:,} in {short:.2f} s, {MANY:,} in {long:.2f} s")
        ratios.append(long / short)
    what = f"{few.name}: month's end of {MANY:,} contracts ({MANY * ROWS:,} rows of usage) : of {FEW:,}"
    print(told(what, ratios, "wanted at most 11, aim 10.5"))
    print(f"{few.name}: most memory of the process {before:.0f} MB before, {most_memory():.0f} MB after")


async def main() -> None:
    """Measure on both databases."""
    say(f"bench: month's ends of {FEW:,} and {MANY:,} contracts ...")
    with tempfile.TemporaryDirectory(prefix="yakkan-bench-", ignore_cleanup_errors=True) as folder:
        async with open_vault(Path(folder)) as vault:
            with databases(Path(folder)) as opened:
                for kind in KINDS:
                    few, many = opened(kind, f"few_{kind}"), opened(kind, f"many_{kind}")
                    await fill(few, FEW, vault)
                    await fill(many, MANY, vault)
                    await measure(few, many, vault)
                    few.drop()
                    many.drop()


if __name__ == "__main__":
    asyncio.run(main())
