"""The schema: made by migrations alone, the same on both databases, and undone again."""

from alembic import command
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from service.database import alembic_config


async def test_the_tables_are_what_the_migrations_make(engine: AsyncEngine) -> None:
    """Alembic finds no difference between rows and schema."""

    def check(connection: Connection) -> None:
        config = alembic_config(str(engine.url))
        config.attributes["connection"] = connection
        command.check(config)

    async with engine.begin() as connection:
        await connection.run_sync(check)


async def test_the_schema_goes_back_to_nothing(engine: AsyncEngine) -> None:
    """A downgrade to the base leaves no table of ours."""

    def downgrade(connection: Connection) -> list[str]:
        config = alembic_config(str(engine.url))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        return inspect(connection).get_table_names()

    async with engine.begin() as connection:
        assert await connection.run_sync(downgrade) == ["alembic_version"]
