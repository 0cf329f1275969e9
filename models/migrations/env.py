"""Run migrations on SQLite (aiosqlite) and PostgreSQL (psycopg), from the command line or inside a test's loop."""

import asyncio
from typing import Literal

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import AutoString, SQLModel

from models.migrations.triggers import make_triggers
from models.tables import UTCDateTime  # importing the tables fills the metadata


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write plain SQLAlchemy types, so that old revisions never import our code."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length or ''})"
    return False


def run(connection: Connection) -> None:
    """Migrate over an open connection."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # whichever database a revision was written on, SQLite can run it
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
        make_triggers(connection)


async def connect_and_run(url: str) -> None:
    """Open an engine of our own."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


attributes = context.config.attributes
if "connection" in attributes:
    run(attributes["connection"])
else:
    asyncio.run(connect_and_run(attributes["url"]))
