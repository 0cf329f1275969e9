"""Rows by the thousand, written by the driver alone: COPY on PostgreSQL, one statement for all on SQLite.

The rows are those of a table class; each names the same columns, and what the database itself fills in is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Dialect, Table
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel


def table_of(kind: type[SQLModel]) -> Table:
    """Give the table of a table class."""
    return cast("Table", kind.__table__)  # type: ignore[attr-defined]  # every table class has one


async def insert_rows(session: AsyncSession, kind: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows inside the caller's transaction."""
    if not rows:
        return
    table, dialect = table_of(kind), session.get_bind().dialect
    names = [*rows[0]]
    values = zip(*(_column(table, name, rows, dialect) for name in names), strict=True)
    await session.flush()
    connection = await session.connection()
    if dialect.name == "postgresql":
        driver: Any = (await connection.get_raw_connection()).driver_connection
        async with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
            for row in values:
                await copy.write_row(row)
        return
    holders = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({holders})"  # noqa: S608 - our own names
    await connection.exec_driver_sql(statement, [*values])


def _column(table: Table, name: str, rows: Sequence[Mapping[str, Any]], dialect: Dialect) -> list[Any]:
    """Give the values of a column as the driver takes them."""
    processor = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    values = [row[name] for row in rows]
    if processor is None:
        return values
    made: Callable[[Any], Any] = processor
    return [None if value is None else made(value) for value in values]
