"""Worlds and single facts as rows of an office, and its billing runs done as plain calls, without a workflow."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from sqlmodel import SQLModel, col

from activities.acts import ACTS
from activities.approvals import decide
from activities.billing_run import BillingRuns
from activities.billing_start import latest_run, start_pass
from activities.office import Office
from models.messages.billing import BillingStep
from models.messages.office import ApprovalVote, Origin
from models.tables import (
    ApplicationRow,
    BillingResultRow,
    BillingRunRow,
    ChangeChargeRow,
    ContractLineRow,
    ContractRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceTaxRow,
    PriceListRow,
    PriceRow,
    ResourceOwnerRow,
    ResourceRow,
    UsageFileRow,
    UsageQuarantineRow,
    UsageRecordRow,
    UsageSupersessionRow,
)
from tests.api.books import at_noon
from tests.billing.oracle import ONE, Contract, Prices, Row, Stand, days_of

TOGETHER = 500
NOW = at_noon(date(2026, 3, 1))


async def put(office: Office, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows."""
    async with office.sessions.begin() as session:
        for begin in range(0, len(rows), TOGETHER):
            await session.execute(insert(table), rows[begin : begin + TOGETHER])


async def put_prices(office: Office, lists: Iterable[Prices]) -> None:
    """Record price lists."""
    for each in lists:
        head = {"price_list": each.name, "effective_from": each.effective_from, "terms_version": "1.0"}
        await put(office, PriceListRow, [head | {"recorded_at": NOW}])
        items = [
            {
                "price_list": each.name, "code": code, "place": place, "name": code, "charge_type": item.charge_type,
                "meter": item.meter, "unit": item.unit, "rate": item.rate, "cap_hours": item.cap_hours,
                "monthly_cap": item.monthly_cap, "monthly_fee": item.monthly_fee, "initial_fee": item.initial_fee,
                "prorated": item.prorated, "tax_class": "taxable",
            }
            for place, (code, item) in enumerate(each.items.items(), 1)
        ]  # fmt: skip
        await put(office, PriceRow, items)


async def put_contracts(office: Office, month: str, contracts: Sequence[Contract]) -> None:
    """Let contracts stand with all that is known of them."""
    await put(office, ApplicationRow, [_application(each) for each in contracts])
    await put(office, ContractRow, [_contract(each) for each in contracts])
    await put(office, ContractLineRow, [line for each in contracts for line in _ordered(each)])
    await put(office, ChangeChargeRow, [charge for each in contracts for charge in _changed(each)])
    stands = [(each.number, one) for each in contracts for one in each.stands]
    owners = {one.resource_id: number for number, one in stands}
    await put(
        office, ResourceOwnerRow, [{"resource_id": name, "contract_no": number} for name, number in owners.items()]
    )
    await put(office, ResourceRow, [_resource(number, each) for number, each in stands])
    await take_usage(office, [(each.number, row) for each in contracts for row in each.rows])
    if doubtful := [each.number for each in contracts if each.doubtful]:
        await put_doubts(office, month, doubtful)


def _application(each: Contract) -> dict[str, Any]:
    return _shared(each) | {
        "external_ref": each.number, "state": "accepted", "received_at": NOW, "electronic_delivery": True,
        "findings": [], "contract_no": each.number, "version": 0,
    }  # fmt: skip


def _shared(each: Contract) -> dict[str, Any]:
    return {
        "application_no": each.number.replace("C", "A"), "customer_ref": each.number, "corporate_number": "9" * 13,
        "terms_version": "1.0", "price_list": each.price_list, "name": b"", "name_hash": "",
    }  # fmt: skip


def _contract(each: Contract) -> dict[str, Any]:
    return _shared(each) | {
        "contract_no": each.number, "state": each.state, "version": 0, "formed_at": NOW,
        "service_start_on": each.start_on, "billing_start_on": each.start_on, "ends_on": each.ends_on,
    }  # fmt: skip


def _ordered(each: Contract) -> list[dict[str, Any]]:
    return [
        {
            "contract_no": each.number, "line_no": place, "code": once.code, "quantity": once.quantity,
            "zone": "tokyo-1", "initial_fee": once.each * once.quantity, "from_on": once.on, "name": b"",
        }
        for place, once in enumerate(each.ordered, 1)
    ]  # fmt: skip


def _changed(each: Contract) -> list[dict[str, Any]]:
    return [
        {
            "contract_no": each.number, "n": 1, "code": once.code, "quantity": once.quantity, "unit_fee": once.each,
            "price_list": once.price_list, "start_on": once.on,
        }
        for once in each.changed
    ]  # fmt: skip


def _resource(number: str, each: Stand) -> dict[str, Any]:
    return {
        "contract_no": number, "resource_id": each.resource_id, "code": each.code, "zone": "tokyo-1",
        "quantity": each.quantity, "from_on": each.from_on, "to_on": each.to_on, "left_over": False, "name": b"",
    }  # fmt: skip


_files = count(1)


async def take_usage(
    office: Office, rows: Sequence[tuple[str, Row]], *, late: bool = False, at: datetime = NOW
) -> list[int]:
    """Take rows of usage in as one file; a row that is corrected is superseded by the next one. Gives their ids."""
    file_id = await put_file(office, len(rows), at)
    async with office.sessions.begin() as session:
        taken = [
            {
                "file_id": file_id, "line": line, "contract_no": number, "resource_id": row.resource_id,
                "code": row.code, "month": row.from_on.strftime("%Y-%m"), "from_on": row.from_on, "to_on": row.to_on,
                "days": (row.to_on - row.from_on).days + 1, "seconds": row.seconds, "amount_e4": row.amount,
                "size_e4": row.size, "values_hash": "", "late": late,
            }
            for line, (number, row) in enumerate(rows, 1)
        ]  # fmt: skip
        for begin in range(0, len(taken), TOGETHER):
            await session.execute(insert(UsageRecordRow), taken[begin : begin + TOGETHER])
        found = await session.scalars(
            select(col(UsageRecordRow.id))
            .where(col(UsageRecordRow.file_id) == file_id)
            .order_by(col(UsageRecordRow.line))
        )
        made = [number or 0 for number in found]
        gone = [
            {"superseded_id": made[line], "by_id": made[line + 1], "approved_by": "billing:billing-1", "at": at}
            for line, (_, row) in enumerate(rows)
            if row.corrected
        ]
        if gone:
            await session.execute(insert(UsageSupersessionRow), gone)
    return made


async def supersede(office: Office, old: int, new: int) -> None:
    """Let a row of usage take another's place."""
    values = {"superseded_id": old, "by_id": new, "approved_by": "billing:billing-1", "at": NOW}
    await put(office, UsageSupersessionRow, [values])


async def put_doubts(office: Office, month: str, numbers: Sequence[str | None], *, at: datetime = NOW) -> list[str]:
    """Quarantine a row of usage for each contract; nobody has decided them. Gives their numbers."""
    file_id = await put_file(office, len(numbers), at)
    rows = [
        {
            "quarantine_id": f"Q-{file_id}-{line}", "file_id": file_id, "line": line, "reason": "conflict",
            "state": "open", "contract_no": number, "month": month, "values_hash": f"{file_id}-{line}", "row": b"",
        }
        for line, number in enumerate(numbers, 1)
    ]  # fmt: skip
    await put(office, UsageQuarantineRow, rows)
    return [f"Q-{file_id}-{line}" for line in range(1, len(rows) + 1)]


async def put_file(office: Office, rows: int, at: datetime) -> str:
    """Take in a usage file of so many rows; gives its number."""
    place = next(_files)
    file_id = f"U-{place:06d}"
    values = {
        "file_id": file_id, "sha256": f"{place:064d}", "encoding": "UTF-8", "rows": rows, "accepted": rows,
        "duplicates": 0, "duplicate_lines": [], "quarantined": [], "amount_differences": 0, "received_at": at,
        "received_by": "billing:billing-1",
    }  # fmt: skip
    await put(office, UsageFileRow, [values])
    return file_id


class Billed(NamedTuple):
    """An invoice with its lines and taxes."""

    invoice: InvoiceRow
    lines: list[InvoiceLineRow]
    taxes: list[InvoiceTaxRow]


class Desk:
    """The billing desk of an office: runs over months, decisions on them, and what came of them."""

    def __init__(self, office: Office) -> None:
        self.office, self.runs = office, BillingRuns(office)
        self._votes = count(1)

    async def begin(self, month: str, as_of: datetime | None = None) -> BillingStep:
        """Begin a pass that must be needed; gives its step."""
        at = as_of or after(month)
        async with self.office.sessions.begin() as session:
            run, begun = await start_pass(session, self.office, month, actor="billing:billing-1", as_of=at)
            assert begun
            return BillingStep(month=month, pass_no=run.pass_no, as_of=at)

    async def prove(self, month: str, as_of: datetime | None = None) -> tuple[BillingStep, str]:
        """Begin a pass, and bring it to its proof; gives its step and state."""
        step = await self.begin(month, as_of)
        await self.runs.freeze_usage(step)
        await self.runs.price_contracts(step)
        return step, await self.runs.prove_run(step)

    async def decide(self, step: BillingStep, decision: str = "approve", days: int = 0) -> None:
        """Let a second person decide on a pass, some days later."""
        async with self.office.sessions.begin() as session:
            run = await session.get_one(BillingRunRow, (step.month, step.pass_no))
            await self._vote(session, run.approval_id or "", decision, step.as_of + timedelta(days=days))

    async def agree(self, approval_id: str, as_of: datetime) -> None:
        """Let a second person agree to a proposal."""
        async with self.office.sessions.begin() as session:
            await self._vote(session, approval_id, "approve", as_of)

    async def _vote(self, session: Any, approval_id: str, decision: Any, as_of: datetime) -> None:  # noqa: ANN401
        vote = ApprovalVote(
            origin=Origin(key=f"vote-{next(self._votes)}", actor="legal:legal-2"), approval_id=approval_id,
            person="legal-2", role="legal", decision=decision, reason="確認済み",
        )  # fmt: skip
        await decide(session, self.office, ACTS, vote, as_of=as_of)

    async def bill(self, month: str, as_of: datetime | None = None) -> BillingStep:
        """Bill a month: one pass from its beginning to its invoices."""
        step, state = await self.prove(month, as_of)
        if state == "proof":
            await self.decide(step)
            await self.runs.issue_invoices(step)
        return step

    async def results(self, month: str) -> dict[str, BillingResultRow]:
        """Read how the contracts of a month stand."""
        async with self.office.readers() as session:
            found = await session.scalars(select(BillingResultRow).where(col(BillingResultRow.month) == month))
            return {row.contract_no: row for row in found}

    async def invoices(self, month: str | None = None, kind: str = "monthly") -> dict[str, Billed]:
        """Read the invoices of a month by their contracts; of all months the newest."""
        async with self.office.readers() as session:
            query = select(InvoiceRow).where(col(InvoiceRow.kind) == kind).order_by(col(InvoiceRow.invoice_no))
            if month:
                query = query.where(col(InvoiceRow.month) == month)
            found = {row.invoice_no: Billed(row, [], []) for row in await session.scalars(query)}
            for line in await session.scalars(select(InvoiceLineRow).order_by(col(InvoiceLineRow.line_no))):
                if line.invoice_no in found:
                    found[line.invoice_no].lines.append(line)
            for tax in await session.scalars(select(InvoiceTaxRow)):
                if tax.invoice_no in found:
                    found[tax.invoice_no].taxes.append(tax)
        return {each.invoice.contract_no: each for each in found.values()}

    async def run(self, month: str) -> BillingRunRow:
        """Read the newest pass over a month."""
        async with self.office.readers() as session:
            found = await latest_run(session, month)
        assert found is not None
        return found

    async def all(self, table: type[SQLModel]) -> list[Any]:
        """Read a table in the order of its keys."""
        async with self.office.readers() as session:
            keys = table.__table__.primary_key  # type: ignore[attr-defined]
            return [*await session.scalars(select(table).order_by(*keys))]


async def sign(office: Office, contract: Contract, month: str = "") -> str:
    """Let one contract stand, with keys of its own; gives its number."""
    application_no = contract.number.replace("C", "A")
    await office.vault.create(application_no)
    await office.vault.adopt(contract.number, application_no)
    await put_contracts(office, month, [contract])
    return contract.number


async def stand(office: Office, number: str, *stands: Stand) -> None:
    """Register resources on a contract."""
    await put(office, ResourceRow, [_resource(number, each) for each in stands])


def month_of(month: str, hours: int, name: str = "vm-1", code: str = "VM-S2") -> Row:
    """Report hours of use of a whole month in one row."""
    days = days_of(month)
    return Row(resource_id=name, code=code, from_on=days[0], to_on=days[-1], seconds=hours * 3600)


def a_server(number: str = "C-000001", *, hours: int = 100, months: Sequence[str] = ("2026-04",)) -> Contract:
    """Make a contract charged from April 2026 on, with one server at 6 yen an hour that ran so long each month."""
    name = f"vm-{int(number[2:])}"
    stands = [Stand(name, "VM-S2", 1, date(2026, 4, 1))]
    rows = [month_of(month, hours, name) for month in months]
    return Contract(number, date(2026, 4, 1), "PL-A", stands=stands, rows=rows)


def after(month: str, days: int = 5) -> datetime:
    """Give noon of a day after a month."""
    return at_noon(days_of(month)[-1] + days * ONE)


def of_any_day(office: Office) -> Office:
    """Let price lists begin on any day (A104)."""
    return replace(office, terms=replace(office.terms, price_start_day="ANY"))
