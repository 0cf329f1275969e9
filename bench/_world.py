"""A month of a provider: contracts with twenty resources each, of which each is used in five stretches of the month."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench._databases import Database
from bench._office import ZONE, bill, open_office
from models.database import make_engine, make_sessions
from models.vault import Vault
from service.database import migrate
from service.seeds import ensure_price_list

BEFORE, MONTH = "2026-03", "2026-04"
STRETCHES = (("01", "07", 7), ("08", "14", 7), ("15", "21", 7), ("22", "28", 7), ("29", "30", 2))
RESOURCES = ("VM-S2",) * 6 + ("VOL-STD",) * 8 + ("IP-G",) * 4 + ("VR-INET", "NW-OUT")
ROWS = len(STRETCHES) * len(RESOURCES)  # of a contract
SIZE = 80  # GB of a volume
FORMED, DAY, E4 = "2026-02-25 00:00:00.000000+00:00", 86_400, 10_000
FILE = "U-000001"

SHARED = ("application_no", "customer_ref", "corporate_number", "price_list", "terms_version", "name", "name_hash")
APPLICATION = (*SHARED, "external_ref", "state", "received_at", "electronic_delivery", "findings", "contract_no",
               "version")  # fmt: skip
CONTRACT = (*SHARED, "contract_no", "state", "version", "formed_at", "service_start_on", "billing_start_on")
RESOURCE = ("contract_no", "resource_id", "code", "quantity", "zone", "from_on", "left_over", "name")
FILES = ("file_id", "sha256", "encoding", "rows", "accepted", "duplicates", "duplicate_lines", "quarantined",
         "amount_differences", "received_at", "received_by")  # fmt: skip
USAGE = ("file_id", "line", "contract_no", "resource_id", "code", "month", "from_on", "to_on", "days", "seconds",
         "amount_e4", "size_e4", "allocated_seconds", "running_seconds", "values_hash", "late")  # fmt: skip


async def fill(
    database: Database,
    contracts: int,
    vault: Vault,
    *,
    usage: bool = True,
    names: Sequence[bytes] = (),
    billed: Sequence[str] = (BEFORE,),
) -> None:
    """Make a database in which contracts are in force, with their resources and a month's usage.

    The month before, in which nothing but initial fees was charged, has been billed: no table is empty. `names` are
    the sealed names of companies and resources, where they are read.
    """
    await _prepare(database.template_url)
    numbers = range(1, contracts + 1)
    database.fill("application", APPLICATION, (_application(n, names) for n in numbers))
    database.fill("contract", CONTRACT, (_contract(n, names) for n in numbers))
    database.fill("resource_owner", ("resource_id", "contract_no"), _owners(contracts))
    database.fill("resource", RESOURCE, _resources(contracts, names))
    if usage:
        rows = contracts * ROWS
        taken = (FILE, "0" * 64, "UTF-8", rows, rows, 0, "[]", "[]", 0, FORMED, "billing:billing-1")
        database.fill("usage_file", FILES, [taken])
        database.fill("usage_record", USAGE, usage_rows(contracts))
    async with open_office(database.template_url, vault) as office:
        for month in billed:
            await bill(office, month)
    database.settle()


async def _prepare(url: str) -> None:
    await migrate(url)
    engine = make_engine(url)
    await ensure_price_list(make_sessions(engine))
    await engine.dispose()


async def a_month(database: Database, vault: Vault, contracts: int) -> float:
    """Bill the month on a fresh copy; gives seconds."""
    database.fresh()
    async with open_office(database.url, vault) as office:
        begun = time.perf_counter()
        issued = await bill(office, MONTH)
        took = time.perf_counter() - begun
    if issued != contracts:
        message = f"{issued} invoices for {contracts} contracts"
        raise RuntimeError(message)
    return took


def contract_no(n: int) -> str:
    """Name the n-th contract, from 1."""
    return f"C-{n:06d}"


def application_no(n: int) -> str:
    """Name the n-th contract's application."""
    return f"A-{n:06d}"


def resource_id(n: int, place: int) -> str:
    """Name a resource of a contract, as the supplier does: a kind, and hexadecimal digits."""
    return f"{RESOURCES[place].lower()}-{n:08x}{place:02x}"


def _shared(n: int, names: Sequence[bytes]) -> tuple[Any, ...]:
    return application_no(n), f"crm-{n}", f"9{n:012d}", "PL-2026-03", "1.0", names[n - 1] if names else b"", ""


def _application(n: int, names: Sequence[bytes]) -> tuple[Any, ...]:
    return *_shared(n, names), f"REF-{n}", "accepted", FORMED, True, "[]", contract_no(n), 0


def _contract(n: int, names: Sequence[bytes]) -> tuple[Any, ...]:
    return *_shared(n, names), contract_no(n), "active", 0, FORMED, "2026-03-01", "2026-03-01"


def _owners(contracts: int) -> Iterator[tuple[Any, ...]]:
    for n in range(1, contracts + 1):
        for place in range(len(RESOURCES)):
            yield resource_id(n, place), contract_no(n)


def _resources(contracts: int, names: Sequence[bytes]) -> Iterator[tuple[Any, ...]]:
    for n in range(1, contracts + 1):
        name = names[n - 1] if names else b""
        for place, code in enumerate(RESOURCES):
            quantity = SIZE if code == "VOL-STD" else 1
            yield contract_no(n), resource_id(n, place), code, quantity, ZONE, "2026-04-01", False, name


def usage_rows(contracts: int) -> Iterator[tuple[Any, ...]]:
    """Give the rows of usage of the month, contract by contract, with the columns `USAGE`."""
    line = 0
    for n in range(1, contracts + 1):
        number = contract_no(n)
        for place, code in enumerate(RESOURCES):
            name = resource_id(n, place)
            for week, (first, last, days) in enumerate(STRETCHES):
                line += 1
                stood = days * DAY
                ran = used(n, place, week, days) if code == "VM-S2" else None
                sent = (n * 31 + place + week) % 1000 * E4 if code == "NW-OUT" else 0
                yield (
                    FILE, line, number, name, code, MONTH, f"{MONTH}-{first}", f"{MONTH}-{last}", days,
                    0 if code == "NW-OUT" else stood if ran is None else ran, sent,
                    SIZE * E4 if code == "VOL-STD" else None, stood, ran, f"{line:064x}", False,
                )  # fmt: skip


def used(n: int, place: int, week: int, days: int) -> int:
    """Tell how many seconds a machine ran: whole hours, some of them all the time."""
    return days * DAY - (n * 7 + place * 13 + week) % 60 // 20 * days * 3600
