"""Pieces of a write transaction: numbers, audit rows, outbox, tasks, approvals, stored answers.

Everything here runs inside the caller's open session, so that an effect and its record are one commit.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy import ColumnElement, func, inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from activities.bulk import insert_rows, table_of
from models import ids
from models.messages.office import ApprovalOrder, Event, Opening, TaskOrder
from models.tables import (
    ApprovalRow,
    AuditChainRow,
    AuditEventRow,
    IdempotencyKeyRow,
    NumberSeriesRow,
    OutboxRow,
    TaskRow,
)
from models.vault import OFFICE, Vault
from terms.periods import JST
from terms.settings import Terms

START = "start"
SIGNAL = "signal"
FIRST_HASH = "0" * 64
HASHED = (
    "previous_hash", "chain", "seq", "key", "at", "action", "article", "actor", "contract_no", "application_no",
    "summary", "basis",
)  # fmt: skip
"""The stored columns of an audit row that its hash covers, in this order."""
PREFIXES = {
    "application": "A",
    "approval": "P",
    "bank_account": "BA",
    "bank_file": "B",
    "contract": "C",
    "contractor": "CO",
    "deposit": "D",
    "disclosure": "DS",
    "event": "E",
    "legal_hold": "LH",
    "notice": "N",
    "publication": "PB",
    "quarantine": "Q",
    "task": "T",
    "usage_file": "U",
}


async def insert_once(session: AsyncSession, table: type[SQLModel], values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same key is there; tell whether it was new.

    The keys of what was inserted are asked for: drivers do not tell the number of rows alike.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    keys = inspect(table).primary_key
    done = await session.execute(insert(table).values(**values).on_conflict_do_nothing().returning(*keys))
    return done.first() is not None


async def next_number(session: AsyncSession, kind: str) -> str:
    """Take the next number of a series, e.g. `C-000042`; two transactions never get the same one."""
    return (await next_numbers(session, kind, 1))[0]


async def next_numbers(session: AsyncSession, kind: str, count: int) -> list[str]:
    """Take the next numbers of a series; its row stays locked until the commit."""
    await insert_once(session, NumberSeriesRow, {"kind": kind, "year": 0, "last": 0})
    taken = await session.execute(
        update(NumberSeriesRow)
        .where(col(NumberSeriesRow.kind) == kind, col(NumberSeriesRow.year) == 0)
        .values(last=NumberSeriesRow.last + count)
        .returning(col(NumberSeriesRow.last))
    )
    last = taken.scalar_one()
    return [f"{PREFIXES[kind]}-{number:06d}" for number in range(last - count + 1, last + 1)]


async def audit(
    session: AsyncSession,
    key: str,
    events: list[Event],
    *,
    contract_no: str | None = None,
    application_no: str | None = None,
) -> None:
    """Append events to the chain of a contract (or of an application, or of the office).

    The hash covers the stored columns and the hash before; the head of the chain is locked until the commit.
    """
    chain = contract_no or application_no or OFFICE
    await insert_once(session, AuditChainRow, {"chain": chain, "seq": 0, "hash": FIRST_HASH})
    head = (
        await session.execute(
            select(AuditChainRow)
            .where(col(AuditChainRow.chain) == chain)
            .with_for_update()
            .execution_options(populate_existing=True)  # `audit_many` moves heads behind the session's back
        )
    ).scalar_one()
    for place, event in enumerate(events, start=1):
        row = AuditEventRow(
            key=f"{key}#{place}",
            chain=chain,
            seq=head.seq + 1,
            previous_hash=head.hash,
            hash="",
            at=event.at.astimezone(UTC),
            action=event.action,
            article=event.article,
            actor=event.actor,
            contract_no=contract_no,
            application_no=application_no,
            summary=event.summary,
            basis=event.basis,
        )
        row.hash = audit_hash(row)
        session.add(row)
        head.seq, head.hash = row.seq, row.hash
    await session.flush()


async def audit_many(session: AsyncSession, events: Sequence[tuple[str, str, str, Event]]) -> None:
    """Append one event to each of many contracts' chains: key, contract, application, event; a few queries in all."""
    numbers = sorted({contract_no for _, contract_no, _, _ in events})
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.flush()
    chains = table_of(AuditChainRow)  # of the table, not of the class: all in one call of the driver
    connection = await session.connection()
    fresh = [{"chain": number, "seq": 0, "hash": FIRST_HASH} for number in numbers]
    await connection.execute(insert(chains).on_conflict_do_nothing(), fresh)
    found = await connection.execute(
        select(chains.c.chain, chains.c.seq, chains.c.hash)
        .where(chains.c.chain.in_(numbers))
        .order_by(chains.c.chain)  # locked in one order, whoever comes
        .with_for_update()
    )
    heads = {chain: (seq, hashed) for chain, seq, hashed in found.all()}
    rows = []
    for key, contract_no, application_no, event in events:
        seq, previous = heads[contract_no]
        row = {
            "key": f"{key}#1", "chain": contract_no, "seq": seq + 1, "previous_hash": previous, "hash": "",
            "at": event.at.astimezone(UTC), "action": event.action, "article": event.article, "actor": event.actor,
            "contract_no": contract_no, "application_no": application_no, "summary": event.summary,
            "basis": event.basis,
        }  # fmt: skip
        hashed = _hash_of(row)
        heads[contract_no] = (seq + 1, hashed)
        rows.append(row | {"hash": hashed})
    await insert_rows(session, AuditEventRow, rows)
    written, each = table_of(AuditEventRow), table_of(AuditEventRow).alias()
    newest = select(func.max(each.c.seq)).where(each.c.chain == chains.c.chain).scalar_subquery()
    await connection.execute(
        update(chains)
        .where(chains.c.chain.in_(numbers), written.c.chain == chains.c.chain, written.c.seq == newest)
        .values(seq=written.c.seq, hash=written.c.hash)
    )


def audit_hash(row: AuditEventRow) -> str:
    """Hash the stored columns of an audit row together with the hash before it."""
    return _hash_of({name: getattr(row, name) for name in HASHED})


def _hash_of(row: Mapping[str, Any]) -> str:
    told = [row[name].astimezone(UTC).isoformat() if name == "at" else row[name] for name in HASHED]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


async def enqueue_start(session: AsyncSession, opening: Opening, *, contract_no: str | None, as_of: datetime) -> None:
    """Have a workflow started after the commit; once, by its id."""
    row = {
        "key": f"start:{opening.workflow_id}",
        "kind": START,
        "workflow_id": opening.workflow_id,
        "name": opening.type,
        "task_queue": "contracts",
        "payload": opening.payload,
        "contract_no": contract_no,
        "created_at": as_of,
        "attempts": 0,
    }
    await insert_once(session, OutboxRow, row)


async def enqueue_signal(
    session: AsyncSession,
    *,
    key: str,
    workflow_id: str,
    name: str,
    payload: dict[str, JsonValue] | None,
    as_of: datetime,
) -> None:
    """Have a workflow signalled after the commit; `key` names the fact, so that it is told once."""
    row = {
        "key": key, "kind": SIGNAL, "workflow_id": workflow_id, "name": name, "task_queue": "contracts",
        "payload": payload or {}, "created_at": as_of, "attempts": 0,
    }  # fmt: skip
    await insert_once(session, OutboxRow, row)


async def look_again(session: AsyncSession, key: str, as_of: datetime) -> None:
    """Tell the office's calendar that a fact may bring an earlier day."""
    await enqueue_signal(session, key=key, workflow_id=ids.CALENDAR, name="look_again", payload=None, as_of=as_of)


async def close_tasks(session: AsyncSession, *which: ColumnElement[bool], as_of: datetime, by: str = "system") -> None:
    """Close tasks that are open and that nobody has to do any more."""
    await session.execute(
        update(TaskRow).where(col(TaskRow.state) == "open", *which).values(state="done", done_at=as_of, done_by=by)
    )


async def open_task(
    session: AsyncSession,
    key: str,
    order: TaskOrder,
    *,
    as_of: datetime,
    contract_no: str | None = None,
    application_no: str | None = None,
) -> str:
    """Open a task once; returns its id."""
    found = await session.scalar(select(col(TaskRow.task_id)).where(col(TaskRow.key) == key))
    if found is not None:
        return found
    task_id = await next_number(session, "task")
    row = TaskRow(
        task_id=task_id,
        key=key,
        created_at=as_of,
        contract_no=contract_no,
        application_no=application_no,
        **order.model_dump(),
    )
    session.add(row)
    await session.flush()
    return task_id


async def open_approval(  # noqa: PLR0913 (the columns of one row)
    session: AsyncSession,
    vault: Vault,
    terms: Terms,
    key: str,
    approval_id: str,
    order: ApprovalOrder,
    *,
    as_of: datetime,
    owner: str,
    workflow_id: str,
    contract_no: str | None = None,
    application_no: str | None = None,
) -> None:
    """Open an approval; what was proposed and why is sealed, the computed consequence stands open."""
    session.add(
        ApprovalRow(
            approval_id=approval_id,
            key=key,
            act=order.act,
            article=order.article,
            roles=order.roles,
            needs=order.needs,
            contract_no=contract_no,
            application_no=application_no,
            workflow_id=workflow_id,
            proposed_by=order.proposed_by,
            proposed_at=as_of,
            expires_at=as_of + timedelta(days=terms.approval_expires_days),
            consequence=order.consequence,
            evidence=await vault.seal_text(owner, "erasable", order.reason),
        )
    )
    await look_again(session, f"look:{approval_id}", as_of)
    await session.flush()


async def store_answer(
    session: AsyncSession, vault: Vault, scope: str | None, status: int, body: Mapping[str, JsonValue], owner: str
) -> None:
    """Keep the answer to a client's command in the transaction of its effect."""
    if scope is None:
        return
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    await session.execute(
        update(IdempotencyKeyRow)
        .where(col(IdempotencyKeyRow.scope) == scope, col(IdempotencyKeyRow.status).is_(None))
        .values(status=status, answer=await vault.seal(owner, "erasable", text.encode()), owner=owner)
    )


def day(value: date | None) -> str | None:
    """Write a day as JSON does; nothing stays nothing."""
    return None if value is None else value.isoformat()


def instant(value: datetime) -> str:
    """Write an instant as answers do, by the time of Japan."""
    return value.astimezone(JST).isoformat()
