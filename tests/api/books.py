"""Rows under the tests of money: contracts that nobody had to apply for, invoices, allocations."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import func, select

from activities.issuing import InvoiceOrder, NewLine, issue
from activities.office import Office
from activities.parties import normal_name
from models.database import Sessions
from models.tables import AllocationRow, ApplicationRow, BankAccountRow, ContactRow, ContractRow, DepositRow
from models.vault import Vault
from terms.numbering import InvoiceKind

FORMED = datetime(2026, 3, 25, tzinfo=UTC)
NAME = "株式会社見本データ"
BILLING_CONTACT: dict[str, JsonValue] = {
    "name": "経理 花子",
    "email": "keiri@customer.example",
    "address": {"postal_code": "810-0001", "prefecture": "福岡県", "city": "福岡市", "street": "例示町1-1"},
}


async def a_contract(
    sessions: Sessions,
    vault: Vault,
    n: int = 1,
    *,
    name: str = NAME,
    customer_ref: str | None = None,
    electronic_delivery: bool = True,
    **columns: Any,  # noqa: ANN401 - columns of the contract
) -> str:
    """Store the `n`-th contract with its application, its keys and its billing contact; returns its number."""
    application_no, contract_no = f"A-{n:06d}", f"C-{n:06d}"
    await vault.create(application_no)
    await vault.adopt(contract_no, application_no)
    shared: dict[str, Any] = {
        "application_no": application_no,
        "customer_ref": customer_ref or f"crm-{n}",
        "corporate_number": f"9{n:012d}",
        "terms_version": "1.0",
        "price_list": "PL-2026-03",
        "name": await vault.seal_text(application_no, "statutory", name),
        "name_hash": vault.hash(normal_name(name)),
    }
    application = ApplicationRow(
        **shared,
        external_ref=f"REF-{n}",
        state="accepted",
        received_at=FORMED,
        electronic_delivery=electronic_delivery,
        findings=[],
        contract_no=contract_no,
    )
    started: dict[str, Any] = {
        "state": "active",
        "service_start_on": date(2026, 4, 1),
        "billing_start_on": date(2026, 4, 1),
    }
    contract = ContractRow(**shared, contract_no=contract_no, formed_at=FORMED, **(started | columns))
    contact = ContactRow(
        application_no=application_no,
        kind="billing",
        from_at=FORMED,
        contact=await vault.seal_json(application_no, "erasable", BILLING_CONTACT),
    )
    async with sessions.begin() as session:
        session.add(application)
        await session.flush()
        session.add_all([contract, contact])
    return contract_no


def a_line(amount: int, **more: Any) -> NewLine:  # noqa: ANN401 - fields of a line
    """Make a line of a monthly fee."""
    line: dict[str, Any] = {
        "code": "SGW", "charge_type": "monthly", "article": "24(3)", "tax_class": "taxable", "unit": "gateway",
    }  # fmt: skip
    return NewLine(**(line | {"amount": amount} | more))


async def an_invoice(
    office: Office,
    contract_no: str,
    *,
    month: str | None = "2026-04",
    issued_on: date = date(2026, 5, 12),
    due_on: date = date(2026, 6, 30),
    lines: Sequence[NewLine] = (),
    kind: InvoiceKind = "monthly",
    **more: Any,  # noqa: ANN401 - fields of the order
) -> str:
    """Issue an invoice: of 11,000 yen with its tax, unless it has other lines; returns its number."""
    order = InvoiceOrder(
        kind=kind,
        contract_no=contract_no,
        business_key=more.pop("business_key", month or kind),
        lines=lines or [a_line(10_000, month=month)],
        supplied_on=issued_on,
        due_on=due_on,
        month=month,
        **more,
    )
    async with office.sessions.begin() as session:
        return await issue(session, office, order, issued_on=issued_on, as_of=at_noon(issued_on))


def at_noon(day: date) -> datetime:
    """Give noon of a day in Japan."""
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


async def a_deposit(office: Office, contract_no: str, amount: int, on: date) -> str:
    """Store a deposit of a day on the one account of the office; returns its number."""
    async with office.sessions.begin() as session:
        if await session.get(BankAccountRow, "BA-000001") is None:
            session.add(
                BankAccountRow(
                    account_id="BA-000001",
                    bank_code="9999",
                    bank_name="例示銀行",
                    branch_code="001",
                    branch_name="本店",
                    type="1",
                    number="1234567",
                    holder_kana="ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ",
                    recorded_at=FORMED,
                    recorded_by="admin:admin-1",
                )
            )
            await session.flush()
        n = 1 + (await session.scalar(select(func.count()).select_from(DepositRow)) or 0)
        session.add(
            DepositRow(
                deposit_id=f"D-{n:06d}",
                account_id="BA-000001",
                reference=n,
                booked_on=on,
                value_on=on,
                amount=amount,
                state="allocated",
                contract_no=contract_no,
                unapplied=0,
                payer_hash="0" * 64,
                payer_prefix_hash="0" * 64,
                received_at=at_noon(on),
            )
        )
    return f"D-{n:06d}"


async def an_allocation(office: Office, deposit_id: str, invoice_no: str, amount: int, **more: Any) -> int:  # noqa: ANN401
    """Store what a deposit paid of an invoice, principal unless another part is named; returns its id."""
    async with office.sessions.begin() as session:
        deposit = await session.get_one(DepositRow, deposit_id)
        n = 1 + (await session.scalar(select(func.count()).select_from(AllocationRow)) or 0)
        values: dict[str, Any] = {
            "key": f"{deposit_id}:{n}", "deposit_id": deposit_id, "contract_no": deposit.contract_no,
            "invoice_no": invoice_no, "part": "principal", "amount": amount, "value_on": deposit.value_on,
            "on_day": deposit.booked_on,
        }  # fmt: skip
        row = AllocationRow(**(values | more))
        session.add(row)
        await session.flush()
        assert row.id is not None
        return row.id
