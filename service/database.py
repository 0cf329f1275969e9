"""Migrations by code: no alembic.ini."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database import make_engine


def alembic_config(url: str) -> Config:
    """Build Alembic's configuration for a database."""
    config = Config()
    config.set_main_option("script_location", "models:migrations")
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    config.attributes["url"] = url
    return config


async def upgrade(engine: AsyncEngine) -> None:
    """Bring a database to the newest schema, inside a running loop."""

    def run(connection: Connection) -> None:
        config = alembic_config(str(engine.url))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async with engine.begin() as connection:
        await connection.run_sync(run)


async def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema."""
    engine = make_engine(url)
    try:
        await upgrade(engine)
    finally:
        await engine.dispose()
