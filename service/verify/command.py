"""`yakkan verify`: asks every invariant in one snapshot, read-only, also beside a running service."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, table, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from service.database import alembic_config
from service.progress import Progress, say
from service.settings import Settings
from service.verify.checks import Breach, Invariant
from service.verify.days import I14
from service.verify.identity import I1
from service.verify.immutable import I4
from service.verify.intake import I16, OUTBOX_WAITS
from service.verify.keys import has_store, keys_left
from service.verify.letters import I7
from service.verify.months import I2
from service.verify.moves import I6
from service.verify.numbers import I13
from service.verify.payments import I5
from service.verify.retention import I12
from service.verify.state import I8
from service.verify.sums import I3
from service.verify.trail import I9

INVARIANTS: tuple[Invariant, ...] = (I1, I2, I3, I4, I5, I6, I7, I8, I9, I12, I13, I14, I16)
SHOWN = 100  # breaches of an invariant that are listed; the rest is counted
HOLDS, BROKEN, USAGE = 0, 1, 2


class NotVerifiable(Exception):
    """The database is there, but not one whose rows can be read as ours."""


@dataclass(slots=True)
class Finding:
    """How an invariant stands: how many rows were read, and what does not hold; only the first breaches are kept."""

    invariant: Invariant
    rows: int
    count: int = 0
    breaches: list[Breach] = field(default_factory=list)


def verify(settings: Settings) -> int:
    """Check everything and print it; gives 0 if all holds, 1 if not or if nothing could be read, 2 without data."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        say(f"there is no database at {url.database}; name the service's folder with --data DIR")
        return USAGE
    try:
        with snapshot(url) as connection:
            findings = examine(connection)
            look_into_vault(settings, connection, findings)
            waiting = list(OUTBOX_WAITS.breaches(connection))
    except (SQLAlchemyError, NotVerifiable) as failure:
        say(f"{url.render_as_string(hide_password=True)} cannot be verified: {str(failure).splitlines()[0]}")
        return BROKEN
    for line in report(findings):
        sys.stdout.write(f"{line}\n")
    for each in waiting[:SHOWN]:
        say(f"warning: {each.table} {each.key}: {each.wrong}")
    if len(waiting) > SHOWN:
        say(f"warning: outbox: {len(waiting) - SHOWN} more")
    return BROKEN if any(finding.count for finding in findings) else HOLDS


@contextmanager
def snapshot(url: URL) -> Iterator[Connection]:
    """Open the database read-only, in one transaction that sees one moment, whatever others write meanwhile.

    Raises:
        NotVerifiable: the schema is not the newest.
    """
    engine = reading(url)
    try:
        with engine.connect() as connection, connection.begin():
            head = ScriptDirectory.from_config(alembic_config(str(url))).get_current_head()
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            if found != head:
                message = f"its schema is {found}, this program knows {head}; run `yakkan migrate`"
                raise NotVerifiable(message)
            yield connection
    finally:
        engine.dispose()


def reading(url: URL) -> Engine:
    """Make an engine whose connections can write nothing; values stay out of exception texts."""
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "").absolute().as_uri()
        opened = URL.create("sqlite", database=file, query={"mode": "ro", "uri": "true"})
        engine = create_engine(
            opened, connect_args={"timeout": 30, "isolation_level": None}, poolclass=NullPool, hide_parameters=True
        )
        event.listen(engine, "begin", _begin)
        return engine
    options = {"options": "-c DateStyle=ISO -c TimeZone=UTC"}
    engine = create_engine(url, connect_args=options, poolclass=NullPool, hide_parameters=True)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _begin(connection: Connection) -> None:
    """Begin by hand: the driver begins nothing before a SELECT, and each would see a moment of its own."""
    connection.exec_driver_sql("BEGIN")


def examine(connection: Connection) -> list[Finding]:
    """Ask every invariant."""
    progress = Progress("verifying")
    findings = []
    for invariant in INVARIANTS:
        progress.show(f"{invariant.name}: counting rows")
        rows = sum(connection.scalar(select(func.count()).select_from(table(name))) or 0 for name in invariant.tables)
        finding = Finding(invariant, rows)
        progress.show(f"{invariant.name}: {rows} rows")
        for breach in invariant.breaches(connection, progress.show):
            finding.count += 1
            if finding.count <= SHOWN:
                finding.breaches.append(breach)
        findings.append(finding)
    progress.done()
    return findings


def look_into_vault(settings: Settings, connection: Connection, findings: list[Finding]) -> None:
    """Add to what was found of I12 the keys that should be destroyed and still lie in the vault's store."""
    if not has_store(settings.vault_url):
        return
    store = reading(make_url(settings.vault_url))
    try:
        finding = next(each for each in findings if each.invariant is I12)
        for breach in keys_left(connection, store):
            finding.count += 1
            if finding.count <= SHOWN:
                finding.breaches.append(breach)
    finally:
        store.dispose()


def report(findings: list[Finding]) -> Iterator[str]:
    """Word what was found: a line for each invariant, a line for each breach, and the sum."""
    for finding in findings:
        state = _breaches(finding.count) if finding.count else "holds"
        yield f"{finding.invariant.name:4} {state}, {finding.rows} rows: {finding.invariant.says}"
        for each in finding.breaches:
            yield f"{finding.invariant.name:4} {each.table} {each.key}: {each.wrong}"
        if finding.count > len(finding.breaches):
            yield f"{finding.invariant.name:4} ... and {finding.count - len(finding.breaches)} more"
    count = sum(finding.count for finding in findings)
    yield _breaches(count) if count else "everything holds"


def _breaches(count: int) -> str:
    return "1 breach" if count == 1 else f"{count} breaches"
