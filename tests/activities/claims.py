"""What the tests of corrections share: an office on a fixed day, payments as they are booked, decisions, checks."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import SQLModel, col

from activities.acts import ACTS
from activities.approvals import decide
from activities.journal import Entry, book
from activities.late_interest import Collected, issue_interest
from activities.ledger import debts_of
from activities.office import Office
from activities.rebalance import settle
from models.database import Sessions
from models.messages.office import ApprovalVote, Origin
from models.tables import AllocationRow, DepositRow, InvoiceAccountRow, InvoiceRow, JournalLineRow
from service.seeds import ensure_price_list
from service.verify.books import BOOKS
from service.verify.checks import Check
from service.verify.identity import I1
from service.verify.payments import I5
from service.verify.sums import I3
from terms.account import apply_payment
from tests.api.books import a_deposit, at_noon
from tests.api.offices import open_office

TODAY = date(2026, 9, 1)
REGISTRATION_NO = "T8900000000001"
CHECKS = [each for each in (*I1.checks, *I3.checks, *BOOKS, *I5.checks) if isinstance(each, Check)]


class Today:
    """A clock that stands at noon of a day."""

    def __init__(self, day: date = TODAY) -> None:
        self.day = day

    async def now(self) -> datetime:
        """Give noon of the day."""
        return at_noon(self.day)


@asynccontextmanager
async def office_on(sessions: Sessions, folder: Path, day: date = TODAY) -> AsyncIterator[Office]:
    """Open an office with a price list on a day."""
    async with open_office(sessions, folder) as opened:
        office = replace(opened, clock=Today(day), registration_no=REGISTRATION_NO)
        await ensure_price_list(office.sessions)
        yield office


async def pay(office: Office, contract_no: str, amount: int, on: date) -> str:
    """Take a payment in as the bank desk does: deposit, allocations by law, books, interest documented."""
    deposit_id = await a_deposit(office, contract_no, amount, on)
    as_of = at_noon(on)
    async with office.sessions.begin() as session:
        came_in = Entry(
            key=f"deposit:{deposit_id}", event="deposit", on_day=on, deposit_id=deposit_id,
            lines={"bank": amount, "deposits_held": -amount},
        )  # fmt: skip
        await book(session, [came_in], as_of=as_of)
        debts = {debt.invoice_no: debt.open for debt in await debts_of(session, contract_no, issued_by=on)}
        paid = apply_payment(office.terms, [*debts.values()], amount=amount, on=on)
        interest = [Collected(each.debt, on, each.amount) for each in paid.applied if each.part == "interest"]
        document = None
        if interest:
            document = await issue_interest(session, office, contract_no, deposit_id, interest, debts, as_of=as_of)
        rows = [
            AllocationRow(
                key=f"{deposit_id}:{place}", deposit_id=deposit_id, contract_no=contract_no, invoice_no=each.debt,
                part=each.part, amount=each.amount, value_on=on, on_day=on,
                interest_invoice=document if each.part == "interest" else None,
            )
            for place, each in enumerate(paid.applied)
        ]  # fmt: skip
        session.add_all(rows)
        act = Entry(
            key=f"allocation:{deposit_id}", event="allocation", on_day=on, deposit_id=deposit_id,
            lines={"deposits_held": amount - paid.rest, "receivable": paid.rest - amount},
        )  # fmt: skip
        await book(session, [act] if rows else [], as_of=as_of)
        deposit = await session.get_one(DepositRow, deposit_id)
        deposit.unapplied = paid.rest
        await session.flush()
        await settle(session, office, contract_no, as_of=as_of)
    return deposit_id


async def approve(
    office: Office, approval_id: str, on: date = TODAY, *, role: str = "legal", decision: str = "approve"
) -> str:
    """Decide on a proposal on a day; returns its state."""
    vote = ApprovalVote(
        origin=Origin(key=f"vote:{approval_id}:{role}", actor=f"{role}:{role}-9"),
        approval_id=approval_id,
        person=f"{role}-9",
        role=role,
        decision=decision,  # type: ignore[arg-type]
        reason="確認済み",
    )
    async with office.sessions.begin() as session:
        return await decide(session, office, ACTS, vote, as_of=at_noon(on))


async def everything(office: Office, table: type[SQLModel], *which: Any) -> Sequence[Any]:  # noqa: ANN401 (rows)
    """Read rows in the order of their keys."""
    async with office.readers() as session:
        keys = [col(getattr(table, column.name)) for column in table.__table__.primary_key]  # type: ignore[attr-defined]
        return (await session.scalars(select(table).where(*which).order_by(*keys))).all()


async def account(office: Office, invoice_no: str) -> tuple[str, int]:
    """Give the state of an invoice and its open principal."""
    (row,) = await everything(office, InvoiceAccountRow, col(InvoiceAccountRow.invoice_no) == invoice_no)
    return row.state, row.balance


async def deposit(office: Office, deposit_id: str) -> tuple[str, int]:
    """Give the state of a deposit and what of it is unapplied."""
    (row,) = await everything(office, DepositRow, col(DepositRow.deposit_id) == deposit_id)
    return row.state, row.unapplied


async def of_kind(office: Office, kind: str) -> list[InvoiceRow]:
    """List the invoices of a kind."""
    return [*await everything(office, InvoiceRow, col(InvoiceRow.kind) == kind)]


async def breaches(office: Office) -> list[str]:
    """Ask the checks of `yakkan verify` about invoices, sums, books and payments."""

    def ask(connection: Connection) -> list[str]:
        found = [each for check in CHECKS for each in check.breaches(connection)]
        return [f"{each.table} {each.key}: {each.wrong}" for each in found]

    async with office.readers() as session:
        connection = await session.connection()
        return await connection.run_sync(ask)


async def books_sum(office: Office) -> int:
    """Sum the whole journal."""
    return sum(row.amount for row in await everything(office, JournalLineRow))
