"""Triggers that keep append-only tables append-only; made again at the end of every migration.

SQLite drops the triggers of a table that a migration rebuilds, so they are never left to a revision.
"""

from sqlalchemy import Connection, inspect, text

from models.tables import APPEND_ONLY

POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


def make_triggers(connection: Connection) -> None:
    """Drop and create the triggers of every append-only table that exists."""
    there = set(inspect(connection).get_table_names())
    tables = [name for name in APPEND_ONLY if name in there]
    if connection.dialect.name == "postgresql":
        connection.execute(text(POSTGRESQL_FUNCTION))
    for table in tables:
        for event in ("update", "delete"):
            name = f"{table}_no_{event}"
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name} ON {table}"))
                connection.execute(
                    text(
                        f"CREATE TRIGGER {name} BEFORE {event.upper()} ON {table} "
                        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
                    )
                )
            else:
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
                connection.execute(
                    text(
                        f"CREATE TRIGGER {name} BEFORE {event.upper()} ON {table} "
                        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                    )
                )
