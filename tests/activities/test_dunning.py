"""The sweep opens the defaults that are missing, set-based, and never twice (Art. 16(1)(1)), on both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from activities.arrears import close_case
from activities.bulk import insert_rows
from activities.calendar import Calendar
from activities.dunning import next_overdue, open_missing
from activities.office import Office
from models.database import Sessions
from models.messages.office import SweepInput
from models.tables import ApplicationRow, ContractRow, DefaultCaseRow, InvoiceAccountRow, InvoiceRow, OutboxRow
from tests.api.offices import open_office
from tests.desk import JSON

MORNING = datetime(2026, 6, 1, 0, tzinfo=UTC)
DUE = date(2026, 5, 29)


@pytest.fixture
async def office(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Office]:
    """Open an office without a Temporal server."""
    async with open_office(sessions, tmp_path) as opened:
        yield opened


async def owing(office: Office, first: int, count: int, *, due_on: date = DUE, state: str = "active") -> None:
    """Store contracts that owe 11,000 yen each."""
    shared: dict[str, Any] = {
        "corporate_number": "9", "terms_version": "1.0", "price_list": "PL", "name": b"x", "name_hash": "h",
    }  # fmt: skip
    applications, contracts, invoices, accounts = [], [], [], []
    for n in range(first, first + count):
        number, application, invoice = f"C-{n:06d}", f"A-{n:06d}", f"1{n:09d}"
        applications.append(
            shared | {"application_no": application, "external_ref": application, "customer_ref": application,
                      "state": "accepted", "received_at": MORNING, "electronic_delivery": True, "findings": [],
                      "version": 0}
        )  # fmt: skip
        contracts.append(
            shared | {"contract_no": number, "application_no": application, "customer_ref": application,
                      "state": state, "version": 0, "formed_at": MORNING}
        )  # fmt: skip
        invoices.append(
            {"invoice_no": invoice, "kind": "monthly", "contract_no": number, "business_key": "2026-03",
             "issued_on": date(2026, 4, 10), "due_on": due_on, "non_taxed": 0, "total": 11_000, "usage_through": 0,
             "basis": {}, "issued_at": MORNING}
        )  # fmt: skip
        accounts.append(
            {"invoice_no": invoice, "contract_no": number, "kind": "monthly", "business_key": "2026-03",
             "state": "issued", "balance": 11_000, "due_on": due_on}
        )  # fmt: skip
    async with office.sessions.begin() as session:
        for table, rows in (
            (ApplicationRow, applications), (ContractRow, contracts), (InvoiceRow, invoices),
            (InvoiceAccountRow, accounts),
        ):  # fmt: skip
            await insert_rows(session, table, rows)


async def counted(office: Office) -> tuple[int, int]:
    """Count open defaults, and the starts of their workflows that wait in the outbox."""
    async with office.readers() as session:
        case = DefaultCaseRow
        cases = await session.scalar(select(func.count()).select_from(case).where(col(case.closed_at).is_(None)))
        starts = await session.scalar(
            select(func.count()).select_from(OutboxRow).where(col(OutboxRow.name) == "default")
        )
    return cases or 0, starts or 0


async def the_case(office: Office, contract_no: str) -> JSON:
    """Read the open default of a contract."""
    async with office.readers() as session:
        case = DefaultCaseRow
        row = await session.scalar(
            select(case).where(col(case.contract_no) == contract_no, col(case.closed_at).is_(None))
        )
        assert row is not None
        return row.model_dump()


async def pay(office: Office, contract_no: str, balance: int) -> None:
    """Change what is open on the invoice of a contract."""
    async with office.sessions.begin() as session:
        account = InvoiceAccountRow
        await session.execute(
            update(account)
            .where(col(account.contract_no) == contract_no)
            .values(balance=balance, state="issued" if balance else "paid")
        )


async def end_case(office: Office, contract_no: str, state: str) -> None:
    """Close the open default of a contract."""
    async with office.sessions.begin() as session:
        case = DefaultCaseRow
        row = await session.scalar(
            select(case).where(col(case.contract_no) == contract_no, col(case.closed_at).is_(None))
        )
        assert row is not None
        close_case(row, state, MORNING)


async def test_a_thousand_at_once_and_twice(office: Office) -> None:
    """All that are missing are opened in one sweep, over several chunks; a second sweep finds nothing to do."""
    await owing(office, 1, 1_000)
    await owing(office, 2_001, 3, due_on=date(2026, 6, 1))  # due today: not overdue
    assert await open_missing(office, MORNING) == 1_000
    assert await counted(office) == (1_000, 1_000)
    assert await open_missing(office, MORNING) == 0
    assert await counted(office) == (1_000, 1_000)
    async with office.readers() as session:
        assert await next_overdue(session, office) == date(2026, 6, 2)


async def test_a_day_that_was_missed(office: Office) -> None:
    """What should have been swept on an earlier day waits for this morning's sweep, and nobody turns in circles."""
    await owing(office, 1, 1)
    calendar, swept_on = Calendar(office), date(2026, 5, 1)
    for as_of, due in [
        ("2026-06-09T00:05+09:00", "2026-06-09T06:00+09:00"),
        ("2026-06-09T06:00+09:00", "2026-06-09T06:00+09:00"),
        ("2026-06-09T09:00+09:00", "2026-06-09T06:00+09:00"),
    ]:
        order = SweepInput(as_of=datetime.fromisoformat(as_of), swept_on=swept_on)
        assert await calendar.next_due(order) == datetime.fromisoformat(due)
    swept = SweepInput(as_of=datetime.fromisoformat("2026-06-09T09:00+09:00"), swept_on=date(2026, 6, 9))
    assert await calendar.next_due(swept) == datetime.fromisoformat("2026-06-10T06:00+09:00")


async def test_what_is_laid_out(office: Office) -> None:
    """In force all steps from the printed due day on; after the end what is left of them."""
    await owing(office, 1, 1)
    await owing(office, 2, 1, state="ended")
    await open_missing(office, MORNING)
    case = await the_case(office, "C-000001")
    assert (case["first_due_on"], case["n"], case["step"], case["ended"]) == (DUE, 1, "flag", False)
    assert {each["step"]: each["on"] for each in case["steps"]} == {
        "flag": "2026-05-30", "reminder": "2026-06-05", "warning": "2026-06-13", "suspension": "2026-06-23",
        "demand": "2026-07-08", "review": "2026-07-28",
    }  # fmt: skip
    ended = await the_case(office, "C-000002")
    assert ended["ended"]
    assert [each["step"] for each in ended["steps"]] == ["flag", "reminder", "warning", "demand", "review"]


async def test_a_debt_that_opens_anew_gets_the_next_number(office: Office) -> None:
    """Settled and taken back by the bank: n + 1 for the same due day."""
    await owing(office, 1, 1)
    await open_missing(office, MORNING)
    await end_case(office, "C-000001", "settled")
    await pay(office, "C-000001", 0)
    assert await open_missing(office, MORNING) == 0
    await pay(office, "C-000001", 11_000)
    assert await open_missing(office, MORNING) == 1
    assert (await the_case(office, "C-000001"))["n"] == 2


async def test_after_a_rescission_the_old_debts_are_left_alone(office: Office) -> None:
    """They went up the ladder to its end; only what falls due on that day or later opens another default."""
    await owing(office, 1, 1)
    await open_missing(office, MORNING)
    await end_case(office, "C-000001", "rescinded")
    later = datetime(2026, 7, 1, tzinfo=UTC)
    assert await open_missing(office, later) == 0
    async with office.readers() as session:
        assert await next_overdue(session, office) is None
    async with office.sessions.begin() as session:
        await session.execute(update(InvoiceAccountRow).values(due_on=date(2026, 6, 1)))
    assert await open_missing(office, later) == 1
