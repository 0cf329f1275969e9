"""Payments (27(2)): designated accounts, and deposits as the workbench shows them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.allocation import Queue, decide
from activities.ledger import standing
from activities.office import Office
from activities.payers import open_parties, party_rows
from activities.records import audit, next_number
from activities.till import ARTICLE, Till
from models.messages.office import Event
from models.tables import AllocationRow, BankAccountRow, BankLineRow, DepositRow

IDENTITY = ("bank_code", "branch_code", "type", "number")
TOLD = ("bank_name", "branch_name", "holder_kana", "virtual_prefix")


class AccountDiffers(Exception):
    """The account is designated already, in other words, or its transfer-only numbers are another's."""


async def designate_account(
    session: AsyncSession, form: Mapping[str, Any], *, actor: str, as_of: datetime
) -> dict[str, JsonValue]:
    """Write down a designated account (指定口座); the same again changes nothing.

    Raises:
        AccountDiffers: it is there in other words, or its numbers could be another account's.
    """
    values = {name: form.get(name) for name in (*IDENTITY, *TOLD)}
    same = [col(getattr(BankAccountRow, name)) == values[name] for name in IDENTITY]
    account_id = await next_number(session, "bank_account")  # one at a time from here on
    found = await session.scalar(select(BankAccountRow).where(*same))
    if found is not None:
        if any(getattr(found, name) != values[name] for name in TOLD):
            raise AccountDiffers
        return view_account(found)
    await _check_prefix(session, values)
    more: dict[str, Any] = {**values}
    row = BankAccountRow(account_id=account_id, **more, recorded_at=as_of, recorded_by=actor)
    session.add(row)
    await session.flush()
    event = Event(
        action="bank_account_designated",
        article=ARTICLE,
        actor=actor,
        at=as_of,
        summary=f"指定口座({account_id})を登録しました。",
        basis={"account_id": account_id, **{name: values[name] for name in IDENTITY}},
    )
    await audit(session, f"bank-account:{account_id}", [event])
    return view_account(row)


async def _check_prefix(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Check that no number could be meant for two accounts of a branch."""
    prefix = values["virtual_prefix"]
    same = (col(BankAccountRow.bank_code) == values["bank_code"], col(BankAccountRow.type) == values["type"])
    found = await session.execute(
        select(BankAccountRow).where(*same, col(BankAccountRow.branch_code) == values["branch_code"])
    )
    for row in found.scalars():
        if row.number == values["number"]:
            continue
        taken = row.virtual_prefix
        if taken and values["number"].startswith(taken):
            raise AccountDiffers
        if prefix and (row.number.startswith(prefix) or (taken and _overlap(taken, prefix))):
            raise AccountDiffers


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def view_account(row: BankAccountRow) -> dict[str, JsonValue]:
    """Show a designated account."""
    view = {name: getattr(row, name) for name in ("account_id", *IDENTITY, *TOLD)}
    return {name: value for name, value in view.items() if value is not None}


async def view_deposits(
    session: AsyncSession, office: Office, rows: Sequence[DepositRow], *, as_of: datetime
) -> list[dict[str, JsonValue]]:
    """Show deposits with who paid, what they paid and, where they wait, whose they may be; a few queries in all."""
    numbers = {row.deposit_id for row in rows}
    parties = await open_parties(office, await party_rows(session, numbers))
    allocations, sources = await _allocations(session, numbers), await _sources(session, numbers)
    looked = await _candidates(session, office, rows, as_of)
    views = []
    for row in rows:
        key, party = row.deposit_id, parties.get(row.deposit_id)
        candidates, fee = looked.get(key, ([], 0))
        view: dict[str, JsonValue] = {
            "deposit_id": key,
            "account_id": row.account_id,
            "reference": row.reference,
            "booked_on": row.booked_on.isoformat(),
            "value_on": row.value_on.isoformat(),
            "amount": row.amount,
            "payer_kana": party.payer if party else None,
            "payer_code": (party.payer_code or None) if party else None,
            "edi": (party.edi or None) if party else None,
            "state": row.state,
            "contract_no": row.contract_no,
            "matched_by": row.matched_by,
            "waits": row.waits,
            "allocations": allocations[key],
            "unapplied": row.unapplied,
            "reverses": row.reverses,
            "reversed_by": row.reversed_by,
            "sources": sources[key],
            "candidates": candidates,
            "missing_fee": fee or None,
        }
        views.append(_without_absent(view))
    return views


def _without_absent(view: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in view.items() if value is not None}


async def _allocations(session: AsyncSession, deposits: Collection[str]) -> Mapping[str, list[JsonValue]]:
    """List what deposits pay and what still stands of it."""
    found = await session.execute(
        select(AllocationRow).where(col(AllocationRow.deposit_id).in_(deposits)).order_by(col(AllocationRow.id))
    )
    told: dict[str, list[JsonValue]] = defaultdict(list)
    for row in standing(found.scalars()):
        names = ("invoice_no", "contract_no", "part", "amount", "designated_by", "interest_invoice")
        each = {name: getattr(row, name) for name in names}
        told[row.deposit_id].append({name: value for name, value in each.items() if value is not None})
    return told


async def _sources(session: AsyncSession, deposits: Collection[str]) -> Mapping[str, list[JsonValue]]:
    """List the records of bank files that brought deposits."""
    line = BankLineRow
    found = await session.execute(
        select(col(line.deposit_id), col(line.file_id), col(line.line))
        .where(col(line.deposit_id).in_(deposits))
        .order_by(col(line.file_id), col(line.line))
    )
    told: dict[str, list[JsonValue]] = defaultdict(list)
    for deposit_id, file_id, place in found.all():
        told[str(deposit_id)].append({"file_id": file_id, "line": place})
    return told


async def _candidates(
    session: AsyncSession, office: Office, rows: Sequence[DepositRow], as_of: datetime
) -> dict[str, tuple[list[JsonValue], int]]:
    """Say whose the deposits may be that wait, and which transfer fee they lack, as things stand now."""
    till = Till(office, as_of, locks=False)
    queue = await Queue.of(session, office, till, [row for row in rows if row.state == "unmatched"])
    told: dict[str, tuple[list[JsonValue], int]] = {}
    for row in queue.deposits:
        found, _ = decide(office.terms, row, queue.known[row.deposit_id], till)
        told[row.deposit_id] = (
            [{"contract_no": each.contract_no, "why": each.why} for each in found.candidates], found.fee,
        )  # fmt: skip
    return told
