"""Engine and sessions for SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

Sessions = async_sessionmaker[AsyncSession]


def make_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """Make an engine; SQLite gets WAL, full synchronous writes, foreign keys and write locks taken at BEGIN.

    Values of statements stay out of exception texts: they would carry data into logs and histories.
    """
    if url.startswith("sqlite"):
        engine = create_async_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _set_pragmas)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    return create_async_engine(url, pool_size=pool_size, pool_pre_ping=True, hide_parameters=True)


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Make the factory of sessions that may write: on SQLite they begin with BEGIN IMMEDIATE."""
    return async_sessionmaker(engine, expire_on_commit=False)


def make_readers(engine: AsyncEngine) -> Sessions:
    """Make the factory of sessions that only read: they never wait for a writer."""
    return async_sessionmaker(engine.execution_options(reads_only=True), expire_on_commit=False)


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection has no common type
    connection.isolation_level = None  # the driver's own BEGIN is deferred: two readers that write later would collide
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy hands in its own connection type
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
