"""How fast does the sweep open the defaults that are missing, beside raw SQL that writes the same rows?

Ours: contracts with an overdue invoice are found set-based, each ladder is laid out in calendar and business
days, and case and start of its workflow are written, 500 to a transaction; a second sweep finds nothing. Beside it: the
same SELECT, and the rows made beforehand, written by `executemany` or COPY into the same two tables with their indexes.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from activities.dunning import open_missing
from bench._databases import FULL, KINDS, Database, connected, databases
from bench._office import open_office, open_vault
from bench._pairs import told
from models.vault import Vault
from service.database import migrate
from service.progress import say

CONTRACTS = 10_000 if FULL else 1_000
PAIRS = 5
DUE = date(2026, 5, 29)
MORNING = datetime(2026, 6, 1, tzinfo=UTC)
APPLICATION = (
    "application_no", "external_ref", "customer_ref", "state", "received_at", "corporate_number", "price_list",
    "terms_version", "electronic_delivery", "findings", "version", "name", "name_hash",
)  # fmt: skip
CONTRACT = (
    "contract_no", "application_no", "customer_ref", "corporate_number", "state", "version", "terms_version",
    "price_list", "formed_at", "name", "name_hash",
)  # fmt: skip
INVOICE = (
    "invoice_no", "kind", "contract_no", "business_key", "issued_on", "due_on", "non_taxed", "total", "usage_through",
    "basis", "issued_at",
)  # fmt: skip
ACCOUNT = ("invoice_no", "contract_no", "kind", "business_key", "state", "balance", "due_on")
COLUMNS = {"application": APPLICATION, "contract": CONTRACT, "invoice": INVOICE, "invoice_account": ACCOUNT}
CASE = (
    "contract_no", "first_due_on", "n", "state", "step", "steps", "ended", "terms_version", "opened_at", "rejected",
)  # fmt: skip
OUTBOX = ("key", "kind", "workflow_id", "name", "task_queue", "payload", "contract_no", "created_at", "attempts")
OVERDUE = """SELECT a.contract_no, MIN(a.due_on) FROM invoice_account a JOIN contract c ON c.contract_no = a.contract_no
WHERE a.state IN ('issued', 'part_paid') AND a.balance > 0 AND a.due_on < '2026-06-01' GROUP BY a.contract_no"""


def owing(numbers: Sequence[int], at: datetime, due_on: date) -> dict[str, list[tuple[Any, ...]]]:
    """Make the rows of contracts that owe one invoice each, by table."""
    stamp, due, issued = str(at.replace(tzinfo=None)), due_on.isoformat(), "2026-04-10"
    return {
        "application": [
            (f"A-{n:06d}", f"REF-{n}", f"crm-{n}", "accepted", stamp, "9", "PL", "1.0", True, "[]", 0, b"x", "h")
            for n in numbers
        ],
        "contract": [
            (f"C-{n:06d}", f"A-{n:06d}", f"crm-{n}", "9", "active", 0, "1.0", "PL", stamp, b"x", "h") for n in numbers
        ],
        "invoice": [
            (f"1{n:09d}", "monthly", f"C-{n:06d}", "2026-03", issued, due, 0, 11_000, 0, "{}", stamp) for n in numbers
        ],
        "invoice_account": [
            (f"1{n:09d}", f"C-{n:06d}", "monthly", "2026-03", "issued", 11_000, due) for n in numbers
        ],
    }  # fmt: skip


def fill(database: Database) -> None:
    """Store contracts that owe one invoice each."""
    rows = owing(range(1, CONTRACTS + 1), MORNING, DUE)
    for table, columns in COLUMNS.items():
        database.fill(table, columns, rows[table])
    database.settle()


async def ours(database: Database, vault: Vault) -> float:
    """Sweep a fresh copy, and once more; gives the seconds of the first."""
    database.fresh()
    async with open_office(database.url, vault) as office:
        begun = time.perf_counter()
        opened = await open_missing(office, MORNING)
        seconds = time.perf_counter() - begun
        if (opened, await open_missing(office, MORNING)) != (CONTRACTS, 0):
            message = f"{opened} defaults were opened"
            raise RuntimeError(message)
    return seconds


def made() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Make the rows that raw SQL writes."""
    steps = json.dumps([{"step": step, "on": "2026-06-23"} for step in ("flag", "reminder", "warning", "suspension",
                                                                         "demand", "review")])  # fmt: skip
    at, due = str(MORNING.replace(tzinfo=None)), DUE.isoformat()
    cases, starts = [], []
    for n in range(1, CONTRACTS + 1):
        number = f"C-{n:06d}"
        key = f"default/{number}/{due}/1"
        payload = json.dumps({"contract_no": number, "first_due_on": due, "n": 1})
        cases.append((number, due, 1, "overdue", "flag", steps, False, "1.0", at, False))
        starts.append((f"start:{key}", "start", key, "default", "contracts", payload, number, at, 0))
    return cases, starts


def raw(database: Database) -> float:
    """Find and write by raw SQL on a fresh copy; gives seconds."""
    database.fresh()
    cases, starts = made()
    with connected(database.url) as connection:
        begun = time.perf_counter()
        connection.execute(OVERDUE).fetchall()
        _write(connection, database, "default_case", CASE, cases)
        _write(connection, database, "outbox", OUTBOX, starts)
        connection.commit()
        return time.perf_counter() - begun


def _write(
    connection: Any,  # noqa: ANN401 - of either driver
    database: Database,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    names = ", ".join(columns)
    if database.name == "SQLite":
        connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)  # noqa: S608
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


async def measure(database: Database, vault: Vault) -> None:
    """Measure both in turn and print what came of it."""
    ratios, seconds = [], []
    for place in range(PAIRS + 1):
        beside, mine = raw(database), await ours(database, vault)
        if place:
            ratios.append(mine / beside)
            seconds.append(mine)
    question = f"{database.name}: a sweep over {CONTRACTS} overdue contracts : raw SQL"
    print(told(question, ratios, f"in {min(seconds):.2f} to {max(seconds):.2f} s"))


async def main() -> None:
    """Measure on both databases."""
    with tempfile.TemporaryDirectory(prefix="yakkan-bench-") as name:
        folder = Path(name)
        async with open_vault(folder) as vault:
            with databases(folder) as opened:
                for kind in KINDS:
                    say(f"bench: the sweep of defaults on {kind} ...")
                    database = opened(kind, "sweep")
                    await migrate(database.template_url)
                    fill(database)
                    await measure(database, vault)
                    database.drop()


if __name__ == "__main__":
    asyncio.run(main())
