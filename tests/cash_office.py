"""An office that money comes in to: the sample customers with their invoices, set up by rows; files of a bank."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx2
from sqlalchemy import func, select, text
from sqlmodel import SQLModel

from activities.office import Office
from activities.payers import alias_rows
from api.app import create_app
from models.database import Sessions
from service.verify.books import BOOKS
from service.verify.checks import Check
from service.verify.identity import I1
from service.verify.intake import BANK_ADDS_UP, BANK_STORED, DEPOSIT_HAS_LINE, LINE_HAS_DEPOSIT
from service.verify.payments import I5
from terms.periods import at
from tests.api.books import a_contract, a_line, an_invoice
from tests.api.offices import give_key, open_office
from tests.desk import SAMPLES

JSON = dict[str, Any]
ACCOUNT = {
    "bank_code": "9999", "bank_name": "見本銀行", "branch_code": "001", "branch_name": "本店", "type": "1",
    "number": "1234567", "holder_kana": "QT PRO CLOUD ｼﾕｳﾉｳｸﾞﾁ", "virtual_prefix": "88",
}  # fmt: skip
INVOICES = json.loads((SAMPLES / "expected/invoices.json").read_text(encoding="utf-8"))["invoices"]
PAYMENTS: JSON = json.loads((SAMPLES / "expected/payments.json").read_text(encoding="utf-8"))


def bank_file(name: str) -> bytes:
    """Read a sample bank file."""
    return (SAMPLES / "bank" / name).read_bytes()


async def furnish(office: Office) -> dict[str, str]:
    """Bring in the sample customers with the names that their transfers bear, and all their invoices."""
    told = json.loads((SAMPLES / "applications/expected.json").read_text(encoding="utf-8"))["applications"]
    accepted = [each["external_ref"] for each in told if each["verdict"] == "accept"]
    contracts = {}
    for place, ref in enumerate(accepted, 1):
        filed = json.loads((SAMPLES / f"applications/{ref}.json").read_text(encoding="utf-8"))
        contracts[ref] = await sign(office, place, ref, filed["remitter_names_kana"])
    for each in sorted(INVOICES, key=lambda one: (one["issued_on"], one["customer_ref"])):
        await bill(
            office,
            contracts[each["customer_ref"]],
            each["total"],
            month=each["month"],
            issued_on=each["issued_on"],
            due_on=each["due_on"],
        )
    return contracts


async def sign(office: Office, place: int, ref: str, names: list[str], *, external_ref: str = "") -> str:
    """Let a customer have a contract, and know the names that its transfers bear."""
    contract_no = await a_contract(office.sessions, office.vault, place, customer_ref=ref)
    async with office.sessions.begin() as session:
        session.add_all(await alias_rows(office, contract_no, names, by="application", at=at(date(2026, 3, 25))))
        await session.execute(
            text("UPDATE application SET external_ref = :ref WHERE application_no = :no"),
            {"ref": external_ref or ref, "no": f"A-{place:06d}"},
        )
    return contract_no


async def bill(office: Office, contract_no: str, total: int, *, month: str, issued_on: str, due_on: str) -> str:
    """Issue an invoice of a sum that bears no tax; gives its number."""
    lines = [a_line(total, month=month, tax_class="exempt")]
    return await an_invoice(
        office, contract_no, month=month, lines=lines,
        issued_on=date.fromisoformat(issued_on), due_on=date.fromisoformat(due_on),
    )  # fmt: skip


class Transfer(NamedTuple):
    """A transfer as a bank tells it; days of 2026 as MMDD."""

    reference: int
    day: str
    amount: int
    payer: str
    value_day: str = ""
    edi: str = ""
    code: str = ""
    cancels: bool = False


def zengin(*transfers: Transfer, number: str = "1234567") -> bytes:
    """Write a file of kind 01; the bank keeps 48 bytes of a name."""

    def cells(*parts: tuple[str, int]) -> bytes:
        whole = b"".join(text.encode("cp932").ljust(size)[:size] for text, size in parts)
        return whole.ljust(200) + b"\r\n"

    days = sorted(each.day for each in transfers) or ["0630"]
    head = cells((f"1010{'08' + days[-1]}{'08' + days[0]}{'08' + days[-1]}9999", 26), ("ﾐﾎﾝｷﾞﾝｺｳ", 15), ("001", 3),
                 ("ﾎﾝﾃﾝ", 15), (f"1{number}", 8))  # fmt: skip
    data = [
        cells(
            (f"2{each.reference:06d}08{each.day}08{each.value_day or each.day}{each.amount:010d}{0:010d}", 39),
            (each.code.zfill(10), 10), (each.payer, 48), ("ﾐﾎﾝﾈﾂﾄ", 15), ("ﾀﾞｲｲﾁ", 15),
            ("1" if each.cancels else " ", 1), (each.edi, 20),
        )
        for each in transfers
    ]  # fmt: skip
    kept = [each.amount for each in transfers if not each.cancels]
    gone = [each.amount for each in transfers if each.cancels]
    tail = cells((f"8{len(kept):06d}{sum(kept):012d}{len(gone):06d}{sum(gone):012d}", 37))
    return b"".join([head, *data, tail, cells(("9", 1))])


class Cashier:
    """Somebody of the cash desk."""

    def __init__(self, office: Office, http: httpx2.AsyncClient, keys: dict[str, dict[str, str]]) -> None:
        self.office, self.http, self.keys = office, http, keys

    async def post(self, path: str, body: Any, role: str = "cash", key: str | None = None) -> httpx2.Response:  # noqa: ANN401
        """Post a command."""
        headers = self.keys[role] | {"Idempotency-Key": key or uuid4().hex}
        return await self.http.post(path, json=body, headers=headers)

    async def do(self, path: str, body: Any, role: str = "cash", status: int = 200) -> JSON:  # noqa: ANN401
        """Post a command that must succeed."""
        response = await self.post(path, body, role)
        assert response.status_code == status, response.text
        answer: JSON = response.json()
        return answer

    async def send(self, content: bytes, key: str | None = None) -> httpx2.Response:
        """Post a bank file."""
        headers = self.keys["cash"] | {"Idempotency-Key": key or uuid4().hex}
        return await self.http.post("/v1/bank-files", files={"file": ("b", content)}, headers=headers)

    async def take(self, content: bytes, status: int = 201) -> JSON:
        """Post a bank file that must be taken."""
        response = await self.send(content)
        assert response.status_code == status, response.text
        answer: JSON = response.json()
        return answer

    async def read(self, path: str, role: str = "cash", **query: str) -> JSON:
        """Read what must be there."""
        response = await self.http.get(path, headers=self.keys[role], params=query)
        assert response.status_code == 200, response.text
        answer: JSON = response.json()
        return answer

    async def deposits(self, **query: str) -> dict[int, JSON]:
        """List deposits by reference."""
        items = (await self.read("/v1/deposits", limit="500", **query))["items"]
        return {each["reference"]: each for each in items}

    async def deposit(self, reference: int) -> JSON:
        """Find a deposit by its reference."""
        return (await self.deposits())[reference]

    async def allot(self, reference: int, contract_no: str, **more: Any) -> JSON:  # noqa: ANN401
        """Allot a deposit to a contract by law."""
        deposit = await self.deposit(reference)
        path = f"/v1/deposits/{deposit['deposit_id']}/allocations"
        return await self.do(path, {"contract_no": contract_no} | more)

    async def approve(self, approval_id: str, role: str = "cash-2") -> httpx2.Response:
        """Agree to a proposal as a second person."""
        return await self.post(
            f"/v1/approvals/{approval_id}/decisions", {"decision": "approve", "reason": "確認済み"}, role
        )

    async def owed(self, contract_no: str, on: str) -> list[tuple[str, int, int]]:
        """List month, principal and interest that are open on a day."""
        items = (await self.read(f"/v1/contracts/{contract_no}/balances", "auditor", as_of_on=on))["items"]
        return [(each["month"], each["principal"], each["interest"]) for each in items]


async def count(office: Office, table: type[SQLModel]) -> int:
    """Count the rows of a table."""
    async with office.readers() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def breaches(office: Office) -> list[str]:
    """List what does not hold of the books, of payments, of invoices' identity and of bank files."""
    bank = (BANK_ADDS_UP, BANK_STORED, LINE_HAS_DEPOSIT, DEPOSIT_HAS_LINE)
    checks = [each for each in (*BOOKS, *I5.checks, *I1.checks, *bank) if isinstance(each, Check)]
    async with office.readers() as session:
        connection = await session.connection()
        return await connection.run_sync(
            lambda sync: [f"{each.table} {each.key}: {each.wrong}" for check in checks for each in check.breaches(sync)]
        )


class Watch:
    """A clock that stands until it is set."""

    def __init__(self, now: str) -> None:
        self.time = datetime.fromisoformat(now)

    async def now(self) -> datetime:
        """Tell the business time."""
        return self.time

    def set(self, now: str) -> None:
        """Set it."""
        self.time = datetime.fromisoformat(now)


@asynccontextmanager
async def cash_office(sessions: Sessions, folder: Path) -> AsyncIterator[Cashier]:
    """Open an office on 3 August 2026 with its designated account, and give somebody of the cash desk."""
    async with open_office(sessions, folder) as opened:
        office = replace(opened, clock=Watch("2026-08-03T10:00+09:00"))
        keys = {role: await give_key(sessions, role) for role in ("cash", "admin", "billing", "auditor", "legal")}
        keys["cash-2"] = await give_key(sessions, "cash", "cash-2")
        transport = httpx2.ASGITransport(create_app(office), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            cashier = Cashier(office, http, keys)
            await cashier.do("/v1/bank-accounts", ACCOUNT, "admin")
            yield cashier
