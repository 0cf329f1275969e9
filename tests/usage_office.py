"""An office that usage is reported to: the sample customers with what stands on their contracts, set up by rows."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from sqlalchemy import func, insert, select
from sqlmodel import SQLModel

from activities.office import Office
from models.database import Sessions
from models.tables import ApplicationRow, ContractRow, ResourceOwnerRow, ResourceRow
from service.seeds import ensure_price_list
from service.wiring import ZONES
from terms.periods import at
from tests.api.offices import open_office

SAMPLES = Path(__file__).parent / "samples"
JSON = dict[str, Any]
FORMED = at(date(2026, 3, 25))
HEADER = (
    "No,Region,ServiceName,ZoneName,Category,Menu,ResourceDisplayName,StartDate,EndDate,Usage,Allocated,Running,"
    "Stopped,Amount,Tax,Net,ResourceInformation,customer_ref,resource_id"
)

GOOD = {
    "No": "1", "Region": "jp-kyushu", "ServiceName": "Compute Fabric", "ZoneName": "fukuoka-1",
    "Category": "VirtualMachine", "Menu": "VM-S2", "ResourceDisplayName": "web", "StartDate": "2026-04-08",
    "EndDate": "2026-04-14", "Usage": "100.00", "Allocated": "168.00", "Running": "100.00", "Stopped": "68.00",
    "Amount": "600", "Tax": "60", "Net": "660", "ResourceInformation": "group=a", "customer_ref": "R1",
    "resource_id": "vm-1",
}  # fmt: skip
DISK = {
    "Category": "Volume", "Menu": "VOL-STD", "Usage": "168", "Allocated": "168", "Running": "", "Stopped": "",
    "ResourceInformation": "size_gb=80", "resource_id": "vol-1",
}  # fmt: skip

ONE_DAY = {"Usage": "1", "Running": "1", "Stopped": "1", "Allocated": "2"}


@asynccontextmanager
async def usage_office(sessions: Sessions, folder: Path) -> AsyncIterator[Office]:
    """Open an office with the first price list, and the zones of a real one."""
    async with open_office(sessions, folder) as opened:
        await ensure_price_list(sessions)
        yield replace(opened, zones=frozenset(json.loads(ZONES.read_text(encoding="utf-8"))))


async def sign(office: Office, place: int, ref: str, from_on: date | None, ends_on: date | None = None) -> str:
    """Let a customer have a contract; gives its number."""
    application_no, contract_no = f"A-{place:06d}", f"C-{place:06d}"
    await office.vault.create(application_no)
    await office.vault.adopt(contract_no, application_no)
    name = await office.vault.seal_text(application_no, "statutory", "株式会社見本")
    async with office.sessions.begin() as session:
        session.add(_application(application_no, ref, "accepted", name))
        await session.flush()
        session.add(
            ContractRow(
                contract_no=contract_no, application_no=application_no, customer_ref=ref, corporate_number="9" * 13,
                state="active", terms_version="1.0", price_list="PL-2026-03", formed_at=FORMED,
                service_start_on=from_on, billing_start_on=from_on, ends_on=ends_on, name=name, name_hash="",
            )
        )  # fmt: skip
    return contract_no


async def refuse(office: Office, place: int, ref: str) -> None:
    """Refuse an application."""
    async with office.sessions.begin() as session:
        session.add(_application(f"A-{place:06d}", ref, "refused", b""))


def _application(application_no: str, ref: str, state: str, name: bytes) -> ApplicationRow:
    return ApplicationRow(
        application_no=application_no, external_ref=ref, customer_ref=ref, state=state, received_at=FORMED,
        corporate_number="9" * 13, price_list="PL-2026-03", terms_version="1.0", electronic_delivery=True, findings=[],
        name=name, name_hash="",
    )  # fmt: skip


async def register(office: Office, contract_no: str, resources: Iterable[JSON]) -> None:
    """Register resources on a contract."""
    rows = [
        {
            "contract_no": contract_no,
            "resource_id": each["resource_id"],
            "code": each["code"],
            "quantity": each.get("quantity", 1),
            "zone": "fukuoka-1",
            "from_on": date.fromisoformat(each["from_on"]),
            "to_on": date.fromisoformat(each["to_on"]) if each.get("to_on") else None,
            "left_over": False,
            "name": b"",
        }
        for each in resources
    ]
    owned = {row["resource_id"]: contract_no for row in rows}
    async with office.sessions.begin() as session:
        await session.execute(
            insert(ResourceOwnerRow), [{"resource_id": each, "contract_no": contract_no} for each in owned]
        )
        await session.execute(insert(ResourceRow), rows)


async def furnish(office: Office) -> dict[str, str]:
    """Bring in the sample customers with all their resources; gives contract numbers by external_ref."""
    told = json.loads((SAMPLES / "applications/expected.json").read_text(encoding="utf-8"))["applications"]
    resources = json.loads((SAMPLES / "resources.json").read_text(encoding="utf-8"))["resources"]
    contracts = {}
    for place, each in enumerate(told, 1):
        ref = each["external_ref"]
        if each["verdict"] != "accept":
            await refuse(office, place, ref)
            continue
        end = (each.get("end") or {}).get("ends_on")
        from_on = date.fromisoformat(each["billing_start_on"])
        contracts[ref] = await sign(office, place, ref, from_on, date.fromisoformat(end) if end else None)
        await register(office, contracts[ref], [r for r in resources if r["customer_ref"] == ref])
    return contracts


def sheet(*rows: str, header: str = HEADER) -> bytes:
    """Write a usage file."""
    return "\n".join([header, *rows, ""]).encode()


def row(**changes: str) -> str:
    """Write a row that is right but for what is changed."""
    cells = GOOD | changes
    return ",".join(cells[name] for name in HEADER.split(","))


async def count(office: Office, table: type[SQLModel]) -> int:
    """Count the rows of a table."""
    async with office.readers() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def rows_of(office: Office, table: type[SQLModel]) -> list[Any]:
    """Read all rows of a table in the order of their keys."""
    async with office.readers() as session:
        return [*(await session.execute(select(table).order_by(*table.__table__.primary_key))).scalars()]  # type: ignore[attr-defined]


def doubts(told: JSON) -> list[tuple[int, str]]:
    """List lines and reasons."""
    return [(each["line"], each["reason"]) for each in told["quarantined"]]


class Clerk:
    """Somebody of the billing desk."""

    def __init__(self, http: httpx2.AsyncClient, key: dict[str, str]) -> None:
        self.http, self.key = http, key

    async def send(self, content: bytes, key: str | None = None, **more: Any) -> httpx2.Response:  # noqa: ANN401
        """Post a file."""
        headers = self.key | {"Idempotency-Key": key or uuid4().hex}
        return await self.http.post("/v1/usage-files", files={"file": ("u.csv", content)}, headers=headers, **more)

    async def take(self, content: bytes, status: int = 201) -> JSON:
        """Post a file that must be taken."""
        response = await self.send(content)
        assert response.status_code == status, response.text
        answer: JSON = response.json()
        return answer

    async def read(self, path: str, **query: str) -> JSON:
        """Read what must be there."""
        response = await self.http.get(path, headers=self.key, params={"limit": "500"} | query)
        assert response.status_code == 200, response.text
        answer: JSON = response.json()
        return answer

    async def decide(self, quarantine_id: str, decision: str, reason: str = "確認済み") -> httpx2.Response:
        """Decide on a row."""
        headers = self.key | {"Idempotency-Key": uuid4().hex}
        body = {"decision": decision, "reason": reason}
        return await self.http.post(f"/v1/quarantine/{quarantine_id}/decisions", json=body, headers=headers)

    async def doubt(self, reason: str, *rows: str) -> str:
        """Post rows of which the last is doubtful; gives its number."""
        answer = await self.take(sheet(*rows))
        assert [each["reason"] for each in answer["quarantined"]] == [reason]
        (found,) = (await self.read("/v1/quarantine", file_id=answer["file_id"]))["items"]
        number: str = found["quarantine_id"]
        return number


async def sign_two(office: Office) -> str:
    """Sign a contract of R1, charged from 2 April, and one of R2 that ends on 20 April; gives the first's number."""
    number = await sign(office, 1, "R1", date(2026, 4, 2))
    stands = [("vm-1", "VM-S2"), ("vol-1", "VOL-STD"), ("nw-1", "NW-OUT"), ("lic-1", "LIC-WIN"), ("old-1", "VM-S2")]
    mine = [{"resource_id": name, "code": code, "from_on": "2026-04-02"} for name, code in stands]
    mine[-1]["to_on"] = "2026-04-10"
    await register(office, number, mine)
    other = await sign(office, 2, "R2", date(2026, 4, 1), date(2026, 4, 20))
    await register(office, other, [{"resource_id": "vm-2", "code": "VM-S2", "from_on": "2026-04-01"}])
    return number
