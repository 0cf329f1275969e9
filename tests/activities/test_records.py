"""Pieces of a write transaction, on SQLite and PostgreSQL alike."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel, col

from activities.records import audit, audit_hash, enqueue_signal, next_number, open_task
from models.database import Sessions
from models.messages.office import Event, TaskOrder
from models.tables import APPEND_ONLY, AuditChainRow, AuditEventRow, OutboxRow, TaskRow

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)


def event(action: str = "started") -> Event:
    """Something that happened."""
    return Event(action=action, article="5(1)", actor="system", at=NOON, summary="提供を開始しました。", basis={"a": 1})


async def test_numbers_are_never_given_twice(sessions: Sessions) -> None:
    """Twenty transactions at once get twenty numbers."""

    async def take() -> str:
        async with sessions.begin() as session:
            return await next_number(session, "contract")

    numbers = await asyncio.gather(*(take() for _ in range(20)))

    assert sorted(numbers) == [f"C-{n:06d}" for n in range(1, 21)]


async def test_a_number_of_a_failed_transaction_is_free_again(sessions: Sessions) -> None:
    """The number is taken inside the transaction that uses it."""
    async with sessions() as session:
        await next_number(session, "contract")
        await session.rollback()
    async with sessions.begin() as session:
        assert await next_number(session, "contract") == "C-000001"


async def test_audit_rows_are_chained(sessions: Sessions) -> None:
    """Each row's hash covers its stored columns and the hash before; the head stands in its own row."""
    for n in range(3):
        async with sessions.begin() as session:
            await audit(session, f"k{n}", [event(), event("ended")], contract_no="C-000001")
    async with sessions() as session:
        rows = (await session.execute(select(AuditEventRow).order_by(col(AuditEventRow.id)))).scalars().all()
        head = await session.get_one(AuditChainRow, "C-000001")

    assert [row.seq for row in rows] == [1, 2, 3, 4, 5, 6]
    assert all(audit_hash(row) == row.hash for row in rows)
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert (head.seq, head.hash) == (6, rows[-1].hash)


async def test_a_changed_audit_row_breaks_its_hash(sessions: Sessions) -> None:
    """Whoever changes what stands there is found out."""
    async with sessions.begin() as session:
        await audit(session, "k", [event()], contract_no="C-000001")
    async with sessions() as session:
        row = (await session.execute(select(AuditEventRow))).scalar_one()
        row.summary = "何も起きませんでした。"

        assert audit_hash(row) != row.hash


async def test_the_same_audit_key_is_refused(sessions: Sessions) -> None:
    """An effect that is written twice fails as a whole."""
    async with sessions.begin() as session:
        await audit(session, "k", [event()], contract_no="C-000001")
    with pytest.raises(DBAPIError):
        async with sessions.begin() as session:
            await audit(session, "k", [event()], contract_no="C-000001")


async def test_chains_grow_side_by_side(sessions: Sessions) -> None:
    """Transactions on one chain wait for each other and leave no gap."""

    async def append(n: int) -> None:
        async with sessions.begin() as session:
            await audit(session, f"k{n}", [event()], contract_no="C-000001")

    await asyncio.gather(*map(append, range(10)))
    async with sessions() as session:
        rows = (await session.execute(select(AuditEventRow).order_by(col(AuditEventRow.seq)))).scalars().all()

    assert [row.seq for row in rows] == list(range(1, 11))
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]


async def test_a_fact_is_enqueued_once(sessions: Sessions) -> None:
    """The same key is one message, however often it is written."""
    for _ in range(2):
        async with sessions.begin() as session:
            await enqueue_signal(session, key="k", workflow_id="office/calendar", name="look_again", payload=None,
                                 as_of=NOON)  # fmt: skip
    async with sessions() as session:
        assert len((await session.execute(select(OutboxRow))).scalars().all()) == 1


async def test_a_task_is_opened_once(sessions: Sessions) -> None:
    """The same key is one task."""
    order = TaskOrder(kind="post_letter", role="support", detail="発送してください。")
    numbers = []
    for _ in range(2):
        async with sessions.begin() as session:
            numbers.append(await open_task(session, "post:N-000001", order, as_of=NOON))
    async with sessions() as session:
        assert len((await session.execute(select(TaskRow))).scalars().all()) == 1

    assert numbers == ["T-000001", "T-000001"]


@pytest.mark.parametrize("change", ["update", "delete"])
async def test_an_audit_row_is_never_changed(sessions: Sessions, change: str) -> None:
    """The database itself refuses to change or delete what is append-only."""
    async with sessions.begin() as session:
        await audit(session, "k", [event()], contract_no="C-000001")
    statement = update(AuditEventRow).values(actor="nobody") if change == "update" else delete(AuditEventRow)
    with pytest.raises(DBAPIError, match="append-only"):
        async with sessions.begin() as session:
            await session.execute(statement)


async def test_every_append_only_table_has_its_triggers(engine: AsyncEngine) -> None:
    """Two triggers for each, on both databases, after the migrations."""
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    async with engine.connect() as connection:
        found = await connection.execute(text(catalogue[engine.dialect.name]))
        names = {name for (name,) in found.all()}

    assert names == {f"{table}_no_{event}" for table in APPEND_ONLY for event in ("update", "delete")}
    assert set(APPEND_ONLY) <= set(SQLModel.metadata.tables)
