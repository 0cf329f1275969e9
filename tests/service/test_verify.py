"""`yakkan verify`: what holds is told, what was corrupted is named by its invariant, table and key."""

import ast
import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

import models.tables
import service.verify
from models.vault import Vault
from service.settings import Settings
from service.verify.checks import Check
from service.verify.command import INVARIANTS, SHOWN, examine, report, snapshot, verify
from service.verify.immutable import APPEND_ONLY
from tests.service.consistent import build
from tests.service.corruptions import Corruption
from tests.service.corruptions_of_intake import CORRUPTIONS


def engine_of(url: str) -> Engine:
    """Make an engine that is not asynchronous, for planting."""
    parsed = make_url(url)
    driver = "sqlite" if parsed.get_backend_name() == "sqlite" else parsed.drivername
    return create_engine(parsed.set(drivername=driver), poolclass=NullPool)


@pytest.fixture(scope="module")
def consistent_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the consistent rows into an SQLite file once; tests take copies."""
    path = tmp_path_factory.mktemp("consistent") / "yakkan.db"
    shutil.copy(sqlite_template, path)
    build(engine_of(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(consistent_template: Path, tmp_path: Path) -> str:
    """Give a consistent SQLite database of a test's own."""
    return f"sqlite+aiosqlite:///{shutil.copy(consistent_template, tmp_path / 'yakkan.db')}"


@pytest.fixture
def both_url(database_url: str) -> str:
    """Give a consistent database on both engines."""
    build(engine_of(database_url))
    return database_url


@pytest.fixture(scope="module")
def sqlite_engine(consistent_template: Path) -> Iterator[Engine]:
    """Give consistent rows on SQLite; whoever plants something takes it out by rolling back."""
    url = f"sqlite:///{consistent_template}"
    engine = create_engine(url, connect_args={"isolation_level": None}, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def postgres_engine(postgres: str, postgres_template: str) -> Iterator[Engine]:
    """Give consistent rows on PostgreSQL; whoever plants something takes it out by rolling back."""
    name = "consistent_rows"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}"')
    url = make_url(postgres).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
    engine = engine_of(url)
    build(engine)
    yield engine
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def plant_on_sqlite(url: str, sql: str) -> None:
    """Corrupt the rows of a database for good."""
    engine = create_engine(make_url(url).set(drivername="sqlite"), poolclass=NullPool)
    with engine.begin() as connection:
        plant(connection, sql)


def plant(connection: Connection, sql: str) -> None:
    """Corrupt rows on SQLite with the triggers away, and put the triggers back."""
    triggers = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    for statement in re.sub(r"\{move (\w+) (\w+) (\w+)\}", moved, sql).split("; "):
        connection.exec_driver_sql(statement)
    for _, body in triggers:
        connection.exec_driver_sql(body)


def moved(found: re.Match[str]) -> str:
    """Write the statements that rename a document wherever it stands."""
    column, old, new = found.groups()
    places = ("invoice", "invoice_account", "invoice_line", "invoice_tax", "journal_entry")
    renamed = [f"UPDATE {table} SET {column} = '{new}' WHERE {column} = '{old}'" for table in places]  # noqa: S608
    return "; ".join([*renamed, f"UPDATE allocation SET interest_invoice = '{new}' WHERE interest_invoice = '{old}'"])  # noqa: S608


def named(connection: Connection) -> tuple[set[str], set[str]]:
    """Examine rows; give what is named, and the invariants that do not hold."""
    findings = examine(connection)
    breaches = {f"{each.invariant.name} {b.table} {b.key}" for each in findings for b in each.breaches}
    return breaches, {each.invariant.name for each in findings if each.count}


def found_in(url: str) -> tuple[set[str], set[str]]:
    """Verify a database; give what it names."""
    with snapshot(make_url(url)) as connection:
        return named(connection)


class TestWhatHolds:
    """Rows as the spec wants them are in order, on both databases."""

    def test_consistent_rows_are_clean(self, both_url: str) -> None:
        """Nothing is named where nothing is wrong."""
        assert found_in(both_url) == (set(), set())

    def test_an_empty_service_is_clean(self, database_url: str) -> None:
        """A fresh database holds."""
        assert found_in(database_url) == (set(), set())

    def test_every_invariant_has_its_line(self, sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
        """The report says of each invariant that it holds and how many rows were read; the command ends with 0."""
        assert verify(Settings(database_url=sqlite_url)) == 0
        lines = capsys.readouterr().out.splitlines()
        names = "I1 I2 I3 I4 I5 I6 I7 I8 I9 I12 I13 I14 I16"
        assert " ".join(line.split()[0] for line in lines[:-1]) == names
        assert all(re.search(r" holds, \d+ rows: ", line) for line in lines[:-1])
        assert lines[0].startswith("I1   holds, 21 rows")  # 8 invoices, 8 states, 5 series
        assert lines[-1] == "everything holds"


class TestCorruptions:
    """Each planted corruption is named, by the invariant it breaks."""

    def test_there_are_enough(self) -> None:
        """Every invariant has corruptions of its own, and no two bear one name."""
        assert {each.breach.split()[0] for each in CORRUPTIONS} == {each.name for each in INVARIANTS}
        assert len({each.name for each in CORRUPTIONS}) == len(CORRUPTIONS) >= 20

    @pytest.mark.parametrize("planted", [pytest.param(each, id=each.name) for each in CORRUPTIONS])
    def test_on_sqlite(self, sqlite_engine: Engine, planted: Corruption) -> None:
        """A planted corruption is named by its invariant and key, and no other invariant complains."""
        with sqlite_engine.connect() as connection, connection.begin() as transaction:
            plant(connection, planted.sql)
            breaches, invariants = named(connection)
            transaction.rollback()
        assert planted.breach in breaches
        assert invariants == {planted.breach.split()[0], *planted.others}

    @pytest.mark.parametrize("planted", [pytest.param(each, id=each.name) for each in CORRUPTIONS if each.postgresql])
    def test_on_postgresql(self, postgres_engine: Engine, planted: Corruption) -> None:
        """PostgreSQL gives the same answer; what it refuses to store at all is planted on SQLite only."""
        with postgres_engine.connect() as connection, connection.begin() as transaction:
            for table in APPEND_ONLY:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            connection.exec_driver_sql("SET TIME ZONE 'UTC'")
            for statement in planted.sql.split("; "):
                connection.exec_driver_sql(statement.replace("%", "%%"))
            for table in APPEND_ONLY:
                connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
            breaches, invariants = named(connection)
            transaction.rollback()
        assert planted.breach in breaches
        assert invariants == {planted.breach.split()[0], *planted.others}

    def test_an_allocation_undone_by_two_rows(self, postgres_engine: Engine) -> None:
        """A payment that two rows take back is named; only a database without its unique key could hold it."""
        with postgres_engine.connect() as connection, connection.begin() as transaction:
            connection.execute(text("ALTER TABLE allocation DISABLE TRIGGER USER"))
            connection.execute(text("ALTER TABLE allocation DROP CONSTRAINT uq_allocation_undoes"))
            connection.execute(text("UPDATE allocation SET undoes = 6 WHERE id = 9"))
            findings = examine(connection)
            transaction.rollback()
        assert "taken back 2 times" in "\n".join(report(findings))


class TestTriggers:
    """Append-only tables refuse changes; a database that would take one is no proof any more."""

    @pytest.mark.parametrize("table", APPEND_ONLY)
    def test_a_missing_trigger_is_named_on_sqlite(self, sqlite_engine: Engine, table: str) -> None:
        """A table that would take an UPDATE or a DELETE is named."""
        with sqlite_engine.connect() as connection, connection.begin() as transaction:
            connection.execute(text(f"DROP TRIGGER {table}_no_update"))
            breaches, _ = named(connection)
            transaction.rollback()
        assert breaches == {f"I4 {table} no_update"}

    @pytest.mark.parametrize("table", ["invoice", "audit_event"])
    def test_a_disabled_trigger_is_named_on_postgresql(self, postgres_engine: Engine, table: str) -> None:
        """A trigger that is there but does not fire is none."""
        with postgres_engine.connect() as connection, connection.begin() as transaction:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_delete"))
            findings = examine(connection)
            transaction.rollback()
        assert [f"{b.table} {b.key}" for each in findings for b in each.breaches] == [f"{table} no_delete"]

    def test_a_trigger_that_refuses_nothing_is_named(self, sqlite_url: str) -> None:
        """It is read what a trigger does, not only what it is called."""
        with engine_of(sqlite_url).begin() as connection:
            connection.execute(text("DROP TRIGGER invoice_no_delete"))
            connection.execute(text("CREATE TRIGGER invoice_no_delete BEFORE DELETE ON invoice BEGIN SELECT 1; END"))
        assert found_in(sqlite_url)[0] == {"I4 invoice no_delete"}

    def test_the_list_is_complete(self) -> None:
        """The list, written here a second time, is that of the tables."""
        assert set(APPEND_ONLY) == set(models.tables.APPEND_ONLY)


class TestBesideAService:
    """It reads one moment, writes nothing, and waits for nobody."""

    def test_a_writer_disturbs_nothing(self, both_url: str) -> None:
        """What is committed while it reads is not seen: all questions are about one moment."""
        with snapshot(make_url(both_url)) as connection:
            before = connection.scalar(text("SELECT COUNT(*) FROM billing_result"))
            with engine_of(both_url).begin() as other:
                other.execute(text("DELETE FROM billing_result"))
            assert connection.scalar(text("SELECT COUNT(*) FROM billing_result")) == before
            assert [each.count for each in examine(connection)] == [0] * len(INVARIANTS)
        assert "I2 billing_result C-000003/2026-05" in found_in(both_url)[0]

    def test_it_waits_for_no_writer(self, sqlite_url: str) -> None:
        """A transaction that writes is left alone; what it has not committed is not there."""
        with engine_of(sqlite_url).connect() as other:
            other.exec_driver_sql("BEGIN IMMEDIATE")
            other.execute(text("DELETE FROM billing_result"))
            assert found_in(sqlite_url) == (set(), set())
            other.rollback()

    def test_it_cannot_write(self, both_url: str) -> None:
        """The connection refuses to write, whatever it is told."""
        with (
            pytest.raises(SQLAlchemyError, match=r"readonly|read-only"),
            snapshot(make_url(both_url)) as connection,
        ):
            connection.execute(text("DELETE FROM billing_result"))


class TestTheCommand:
    """0 all holds, 1 something does not, 2 there is nothing to verify."""

    def test_a_breach_ends_it_with_one(self, sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
        """A breach is told with invariant, table, key and what is wrong; the last line counts them."""
        plant_on_sqlite(sqlite_url, "UPDATE invoice_account SET balance = 54559 WHERE invoice_no = '1260000003'")
        assert verify(Settings(database_url=sqlite_url)) == 1
        shown = capsys.readouterr()
        told = [line for line in shown.out.splitlines() if " holds, " not in line]
        assert [told[0].partition(":")[0], told[2].partition(":")[0]] == [
            "I4   1 breach, 75 rows",
            "I5   1 breach, 24 rows",
        ]
        assert told[1] == "I4   invoice_account 1260000003: by the books 54560 yen are open, its balance is 54559"
        rest = "the balance is 54559 yen; 55000 less payments, credits and write-offs are 54560"
        assert told[3:] == [f"I5   invoice_account 1260000003: {rest}", "2 breaches"]
        assert "verifying" in shown.err

    def test_the_books_are_compared_with_what_is_held(self, sqlite_url: str) -> None:
        """A journal that does not sum to zero, and money that the books hold for nobody, are told in words."""
        plant_on_sqlite(sqlite_url, "UPDATE journal_line SET amount = 778 WHERE amount = 777")
        plant_on_sqlite(sqlite_url, "UPDATE journal_line SET amount = -776 WHERE amount = -777")
        with snapshot(make_url(sqlite_url)) as connection:
            told = "\n".join(report(examine(connection)))
        assert "journal_line all lines: the whole journal sums to 2 yen" in told
        assert "deposit D-000005: by the books 776 yen of it are held, 777 are unapplied" in told

    def test_many_breaches_are_counted(self, sqlite_url: str) -> None:
        """A hundred breaches of an invariant are listed, the rest is a number."""
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) "
        lost = "INSERT INTO usage_supersession SELECT 1000 + i, 2000 + i, 'x', '2026-05-01 00:00:00' FROM n"
        plant_on_sqlite(sqlite_url, numbers + lost)
        with snapshot(make_url(sqlite_url)) as connection:
            told = list(report(examine(connection)))
        assert sum(line.startswith("I16  usage_supersession") for line in told) == SHOWN
        assert "I16  ... and 150 more" in told
        assert told[-1] == "250 breaches"

    @pytest.mark.parametrize(
        "waits",
        [
            pytest.param("UPDATE outbox SET attempts = 3", id="tried in vain"),
            pytest.param("UPDATE outbox SET created_at = '2026-04-30 00:00:00'", id="left over from the day before"),
        ],
    )
    def test_a_message_that_waits_is_a_warning(
        self, sqlite_url: str, waits: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A message that is not delivered is told, but breaks nothing."""
        plant_on_sqlite(sqlite_url, waits)
        assert verify(Settings(database_url=sqlite_url)) == 0
        assert "warning: outbox 1: decided waits since 2026-" in capsys.readouterr().err

    def test_no_folder_is_wrong_usage(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Where no service ever ran there is nothing to verify, and nothing is made by looking."""
        assert verify(Settings(data_dir=tmp_path / "nowhere")) == 2
        assert "--data DIR" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []

    def test_an_old_schema_cannot_be_read(self, sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
        """A database of another version is no proof of anything."""
        plant_on_sqlite(sqlite_url, "UPDATE alembic_version SET version_num = '0001'")
        assert verify(Settings(database_url=sqlite_url)) == 1
        assert "yakkan migrate" in capsys.readouterr().err

    def test_no_database_at_all(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A file that is no database of ours fails in a sentence; a password is never printed."""
        (tmp_path / "yakkan.db").touch()
        assert verify(Settings(data_dir=tmp_path)) == 1
        refused = "postgresql+psycopg://user:secret@127.0.0.1:9/x"
        assert verify(Settings(database_url=refused)) == 1
        shown = capsys.readouterr().err
        assert shown.count("cannot be verified") == 2
        assert "secret" not in shown

    def test_it_is_a_command(self, sqlite_url: str, tmp_path: Path) -> None:
        """`yakkan verify --data DIR` reads the database of the folder."""
        assert sqlite_url.endswith(str(tmp_path / "yakkan.db"))
        program = [sys.executable, "-m", "service.cli", "verify", "--data"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("YAKKAN_")}
        fine = subprocess.run([*program, str(tmp_path)], capture_output=True, text=True, check=False, env=environment)
        none = subprocess.run(
            [*program, str(tmp_path / "none")], capture_output=True, text=True, check=False, env=environment
        )
        assert (fine.returncode, none.returncode) == (0, 2)
        assert fine.stdout.endswith("everything holds\n")


class TestTheVault:
    """What the database tells to be destroyed must not lie in the vault's own store (I12)."""

    async def test_a_key_that_came_back_is_named(
        self, sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A store put back from an older copy has keys again that were destroyed."""
        store = f"sqlite+aiosqlite:///{tmp_path / 'vault.db'}"
        vault = await Vault.open(store, bytes(32))
        ((key_id, _), _) = await vault.create("A-000004")
        await vault.close()
        settings = Settings(database_url=sqlite_url, vault_url=store)
        assert await asyncio.to_thread(verify, settings) == 0
        statement = text("UPDATE vault_key SET key_id = :key_id WHERE key_class = 'erasable'")
        with engine_of(sqlite_url).begin() as connection:
            connection.execute(statement, {"key_id": key_id})
        assert await asyncio.to_thread(verify, settings) == 1
        assert f"wrapped_key {key_id}: the key was destroyed, but the vault still has it" in capsys.readouterr().out


class TestIndependence:
    """What made the rows does not judge them."""

    def test_it_imports_no_code_that_made_the_rows(self) -> None:
        """No module of the verification imports rules, activities, workflows or tables, not even inside a function."""
        modules = {
            name
            for path in Path(service.verify.__path__[0]).glob("*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for name in imported(node)
        }
        assert {name.partition(".")[0] for name in modules} & {"terms", "activities", "workflows", "api", "models"} == (
            set()
        )
        assert {name for name in modules if name.startswith("service.")} - {
            name for name in modules if name.startswith("service.verify.")
        } == {"service.database", "service.progress", "service.settings"}

    def test_nothing_sealed_is_read(self) -> None:
        """No question names a column that holds personal data, so that none can be printed."""
        columns = r"\b(name_hash|payer_hash|(?<!FROM )party|evidence|decision_reason|customer_ref|row|text)\b"
        sealed = re.compile(rf"{columns}|\bapplication\b.*\bform\b", re.DOTALL)  # elsewhere a form is a legal one
        asked = [check for each in INVARIANTS for check in each.checks if isinstance(check, Check)]
        assert [check.sql for check in asked if sealed.search(check.sql)] == []


def imported(node: ast.AST) -> list[str]:
    """Name what a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
