"""How fast is a usage file taken in, beside the database's own fastest way to store the same rows?

Ours: the bytes of a file are hashed, decoded, parsed, checked against contracts, register, prices and what counts
already, and stored with their keyed hashes, as `activities.usage` does it for `POST /v1/usage-files`; every row counts.
Beside it: the rows as they are stored, made beforehand; `executemany` of tuples on SQLite, COPY of ready text on
PostgreSQL; into the same table with its indexes, one transaction. A full file is about the largest that the API takes.
"""

import asyncio
import hashlib
import io
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from activities.gateways.usage_csv import COLUMNS, examine
from activities.usage import take_file
from bench._databases import FULL, KINDS, Database, connected, databases
from bench._office import AFTER, ZONE, open_office, open_vault
from bench._pairs import most_memory, told
from bench._world import FILE, FILES, FORMED, ROWS, SIZE, USAGE, fill, usage_rows
from models.vault import Vault
from service.progress import say

CONTRACTS = 3_000 if FULL else 200
PAIRS = 5
HOUR, E4 = 3_600, 10_000
CATEGORIES = {"VM-S2": "VirtualMachine", "VOL-STD": "Volume", "IP-G": "IPAddress", "VR-INET": "Router"}


def file_of(contracts: int) -> bytes:
    """Write the file from which the rows come."""
    lines = [",".join([*COLUMNS, "customer_ref"])]
    for line, row in enumerate(usage_rows(contracts), 1):
        told_row = dict(zip(USAGE, row, strict=True))
        stood, ran, code = told_row["allocated_seconds"] // HOUR, told_row["running_seconds"], told_row["code"]
        by_amount = told_row["amount_e4"] // E4
        usage = by_amount if code == "NW-OUT" else told_row["seconds"] // HOUR
        running, stopped = ("", "") if ran is None else (f"{ran // HOUR}.00", f"{stood - ran // HOUR}.00")
        size = f"size_gb={SIZE}" if code == "VOL-STD" else ""
        owner = f"REF-{int(told_row['contract_no'].removeprefix('C-'))}"
        cells: Sequence[Any] = (
            line, "jp-kyushu", "Compute Fabric", ZONE, CATEGORIES.get(code, "Network"), code, "", told_row["from_on"],
            told_row["to_on"], f"{usage}.00", f"{stood}.00", running, stopped, "", "", "", size,
            told_row["resource_id"], owner,
        )  # fmt: skip
        lines.append(",".join(map(str, cells)))
    return ("\n".join(lines) + "\n").encode()


async def ours(database: Database, vault: Vault, content: bytes, rows: int) -> float:
    """Take the file in on a fresh copy; gives seconds."""
    database.fresh()
    async with open_office(database.url, vault) as office:
        begun = time.perf_counter()
        file = io.BytesIO(content)
        examined = await asyncio.to_thread(examine, file)
        async with office.sessions.begin() as session:
            answer, _ = await take_file(session, office, file, examined, actor="billing:billing-1", as_of=AFTER)
        took = time.perf_counter() - begun
    if answer["accepted"] != rows:
        message = f"{answer['accepted']} of {rows} rows were accepted"
        raise RuntimeError(message)
    return took


def raw(database: Database, made: Sequence[Sequence[Any]], text: bytes) -> float:
    """Store the same rows by the driver alone on a fresh copy; gives seconds."""
    database.fresh()
    names, rows = ", ".join(USAGE), len(made)
    with connected(database.url) as connection:
        taken = (FILE, "0" * 64, "UTF-8", rows, rows, 0, "[]", "[]", 0, FORMED, "billing:billing-1")
        sign = "?" if database.name == "SQLite" else "%s"
        holders = ", ".join([sign] * len(FILES))
        connection.execute(f"INSERT INTO usage_file ({', '.join(FILES)}) VALUES ({holders})", taken)  # noqa: S608
        connection.commit()
        begun = time.perf_counter()
        if database.name == "SQLite":
            holders = ", ".join("?" * len(USAGE))
            connection.executemany(f"INSERT INTO usage_record ({names}) VALUES ({holders})", made)  # noqa: S608
        else:
            with connection.cursor() as cursor, cursor.copy(f"COPY usage_record ({names}) FROM STDIN") as copy:
                copy.write(text)
        connection.commit()
        return time.perf_counter() - begun


def as_text(rows: Sequence[Sequence[Any]]) -> bytes:
    """Write rows as COPY reads them."""
    return "".join("\t".join("\\N" if cell is None else str(cell) for cell in row) + "\n" for row in rows).encode()


async def measure(database: Database, vault: Vault) -> None:
    """Measure both in turn."""
    content = file_of(CONTRACTS)
    made = [
        (*row[:-2], hashlib.sha256(str(line).encode()).hexdigest(), row[-1])
        for line, row in enumerate(usage_rows(CONTRACTS))
    ]
    text, rows, ratios = as_text(made), len(made), []
    for place in range(PAIRS + 1):
        first, second = raw(database, made, text), await ours(database, vault, content, rows)
        say(f"  {database.name}: stored in {first:.2f} s, taken in in {second:.2f} s ({rows / second:,.0f} rows/s)")
        if place:  # the first one warms up
            ratios.append(first / second)
    way = "executemany" if database.name == "SQLite" else "COPY"
    what = f"{database.name}: rows/s of a usage file of {rows:,} rows : {way} of the same rows"
    print(told(what, ratios, "wanted at least 0.25, aim 0.5"))
    print(f"{database.name}: a file of {len(content) / 1e6:.0f} MB; most memory of the process {most_memory():.0f} MB")


async def main() -> None:
    """Measure on both databases."""
    say(f"bench: a usage file of {CONTRACTS * ROWS:,} rows ...")
    with tempfile.TemporaryDirectory(prefix="yakkan-bench-", ignore_cleanup_errors=True) as folder:
        async with open_vault(Path(folder)) as vault:
            with databases(Path(folder)) as opened:
                for kind in KINDS:
                    database = opened(kind, f"usage_{kind}")
                    await fill(database, CONTRACTS, vault, usage=False)
                    await measure(database, vault)
                    database.drop()


if __name__ == "__main__":
    asyncio.run(main())
