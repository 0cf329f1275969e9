"""The shape of the code: one vocabulary of subjects, one clock, frozen messages, files that can be read whole.

What a rule excepts is listed beside it with the reason; an exception that is needed no longer fails too.
"""

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import BaseModel

import models.messages
from service.subjects import LAYERS, PARTS, SERVING, files_of, modules_in
from terms.articles import SUBJECTS, Subject

ROOT = Path(__file__).parents[1]
CODE = ("terms", "models", "activities", "workflows", "api", "console", "service")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_in(*folders: str) -> list[Path]:
    """List the Python files below some folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """Name a file from the root of the project."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """Read a file of Python."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions_in(tree: ast.AST) -> Iterator[Function]:
    """Give all functions and methods."""
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def called(node: ast.AST) -> str:
    """Write what a call calls, as `datetime.now`; empty for all else."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def decorators(node: Function | ast.ClassDef) -> list[str]:
    """Write the decorators of a function or class without their arguments."""
    return [ast.unparse(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list]


def files_where(found: Callable[[ast.AST], bool], *folders: str) -> set[str]:
    """Name the files with a node for which `found` holds."""
    return {name_of(path) for path in python_in(*folders) if any(map(found, ast.walk(parsed(path))))}


class TestSubjects:
    """A file bears the name of its subject, in every layer; what serves all subjects is listed with its reason."""

    @pytest.mark.parametrize("layer", LAYERS)
    def test_the_vocabulary(self, layer: str) -> None:
        """Each file of a layer is a subject, a part of one, or serves all and says what for."""
        serving, parts = SERVING.get(layer, {}), PARTS.get(layer, {})
        there = set(modules_in(ROOT, layer))
        assert there - set(SUBJECTS) - set(parts) - set(serving) == set(), "neither a subject nor listed"
        assert set(serving) | set(parts) <= there, "listed, but not there any more"
        assert not (set(serving) | set(parts)) & set(SUBJECTS), "a subject needs no reason"
        assert set(parts.values()) <= set(SUBJECTS)
        assert all(serving.values())

    @pytest.mark.parametrize("subject", ["application", "contract", "termination", "notice", "maintenance"])
    def test_a_built_subject_has_its_files(self, subject: Subject) -> None:
        """The built subjects have a rule, a table or message, an activity and a route each."""
        layers = {file.rpartition("/")[0] for file, _ in files_of(ROOT, subject)}
        assert {"terms", "activities", "api/routers"} <= layers
        assert layers & {"models/messages", "models/tables"}

    def test_every_file_says_what_it_is(self) -> None:
        """Each module begins with a docstring."""
        silent = [path for path in python_in(*CODE) if path.stat().st_size and not ast.get_docstring(parsed(path))]
        assert [name_of(path) for path in silent if "migrations/versions" not in name_of(path)] == []


class TestClocks:
    """Business time has one source in workflows and one outside; who reads the machine's clock is listed."""

    MACHINE_CLOCK = frozenset({"datetime.now", "datetime.utcnow", "date.today", "time.time", "datetime.today"})
    MAY_READ_IT: ClassVar[dict[str, str]] = {
        "activities/gateways/clock.py": "the real clock itself",
        "activities/letters.py": "when a document was stored; tells nothing of its effect",
        "activities/relay.py": "when an outbox row was delivered",
        "api/idempotency.py": "leases between processes run on the machines' time",
        "api/routers/health.py": "whether a worker asked for work lately",
        "models/vault.py": "when a key was made",
        "service/seeds.py": "when a fresh service was furnished",
        "service/simulation/clock.py": "the distance between business time and the machine's",
        "service/simulation/looks.py": "the time of a workflow that has not skipped any yet",
        "service/sink.py": "when the mail sink took a mail in",
        "service/up.py": "when the process tree started",
    }

    def test_one_module_reads_the_time_of_workflows(self) -> None:
        """Only workflows/clock.py reads `workflow.now()`; nobody `workflow.time()`."""
        reads = {"workflow.now", "workflow.time", "workflow.time_ns"}
        assert files_where(lambda node: called(node) in reads, *CODE) == {"workflows/clock.py"}

    def test_who_reads_the_clock_of_the_machine(self) -> None:
        """Whatever decides or prints uses business time; the rest is named with its reason."""
        assert files_where(lambda node: called(node) in self.MACHINE_CLOCK, *CODE) == set(self.MAY_READ_IT)

    def test_no_database_reads_a_clock(self) -> None:
        """No `now()` in SQL: two clocks would tell two times."""
        assert files_where(lambda node: called(node) in {"func.now", "func.current_timestamp"}, *CODE) == set()


class TestWorkflows:
    """Workflows hold time and decisions, nothing else."""

    ALLOWED = frozenset({"temporalio", "pydantic", "terms", "models.messages", "models.ids", "workflows", "activities"})
    LOADED_EARLY = frozenset({"email_validator", "idna"})
    """What pydantic would load in the middle of a workflow."""
    BUILT = frozenset(
        {
            *("application", "contract", "termination", "cancellation", "notice", "billing", "mailing", "calendar"),
            *("sweep", "default", "suspension", "rescission", "deletion", "erasure", "succession"),
        }
    )

    def test_what_they_import(self) -> None:
        """The standard library, Temporal, terms, messages, ids, and activities for their signatures; no table."""
        for path in python_in("workflows"):
            for module in imports_of(path):
                parts = module.split(".")
                known = parts[0] in sys.stdlib_module_names or {parts[0], ".".join(parts[:2])} & (
                    self.ALLOWED | self.LOADED_EARLY
                )
                assert known, f"{name_of(path)} imports {module}"

    def test_the_types(self) -> None:
        """Each built workflow of the architecture is there under its name, and no other."""
        names = {
            str(keyword.value.value)
            for path in python_in("workflows")
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Call) and called(node) == "workflow.defn"
            for keyword in node.keywords
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
        }
        assert names == self.BUILT

    def test_everything_is_registered(self) -> None:
        """Each workflow and each activity is known to the workers."""
        wired = (ROOT / "service/wiring.py").read_text(encoding="utf-8")
        defined = [
            node.name
            for path in python_in("workflows", "activities")
            for node in ast.walk(parsed(path))
            if isinstance(node, Function | ast.ClassDef) and {"workflow.defn", "activity.defn"} & {*decorators(node)}
        ]
        assert [name for name in defined if not re.search(rf"\b{name}\b", wired)] == []

    def test_one_input_each(self) -> None:
        """Runs, updates, signals and activities take one message at most, so that fields can be added."""
        handlers = {"workflow.run", "workflow.update", "workflow.signal", "workflow.query", "activity.defn"}
        wide = [
            f"{name_of(path)}: {node.name}"
            for path in python_in("workflows", "activities")
            for node in functions_in(parsed(path))
            if handlers & {*decorators(node)} and len(node.args.args) + len(node.args.kwonlyargs) > len(("self", "it"))
        ]
        assert wide == []

    def test_timeouts_have_one_home(self) -> None:
        """Timeouts and retries of activities are named in workflows/options.py, by kind of work."""
        names = {"start_to_close_timeout", "schedule_to_close_timeout", "heartbeat_timeout", "retry_policy"}
        assert files_where(lambda node: isinstance(node, ast.keyword) and node.arg in names, "workflows") == set()
        assert files_where(lambda node: called(node) == "RetryPolicy", *CODE) == {"workflows/options.py"}

    def test_every_activity_says_what_for(self) -> None:
        """Each call of an activity carries a summary for Temporal's page."""
        silent = [
            f"{name_of(path)}:{node.lineno}"
            for path in python_in("workflows")
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Call) and called(node).startswith("workflow.execute_activity")
            if "summary" not in {keyword.arg for keyword in node.keywords}
        ]
        assert silent == []

    def test_no_children(self) -> None:
        """Workflows are peers: a pending child would silently stop time skipping."""
        spawn = {"workflow.start_child_workflow", "workflow.execute_child_workflow"}
        assert files_where(lambda node: called(node) in spawn, "workflows") == set()


class TestIds:
    """Workflow ids are built in models/ids.py."""

    KINDS = (
        "application",
        "contract",
        "termination",
        "cancellation",
        "notice",
        "sweep",
        "office",
        "billing",
        "mailing",
        "bulk",
        "succession",
        "deletion",
    )
    SEARCHES: ClassVar[dict[str, str]] = {
        "activities/letters.py": "counts the letters of a kind by the beginning of their ids",
    }

    def test_nobody_else_builds_them(self) -> None:
        """No other file puts a text together that begins as an id does."""

        def builds_an_id(node: ast.AST) -> bool:
            first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else None
            text = first.value if isinstance(first, ast.Constant) else ""
            return str(text).partition("/")[0] in self.KINDS and "/" in str(text)

        assert files_where(builds_an_id, *CODE) == {"models/ids.py", *self.SEARCHES}


class TestMessages:
    """What travels between processes is frozen."""

    REMEMBERED: ClassVar[dict[str, str]] = {
        "ContractState": "what the contract remembers; only its workflow changes it",
        "ReviewState": "what the review remembers; only its workflow changes it",
    }

    def test_they_are_frozen(self) -> None:
        """Each message is frozen and refuses unknown fields, but for the states of entities."""
        found: dict[str, type[BaseModel]] = {}
        for info in pkgutil.iter_modules(models.messages.__path__, "models.messages."):
            module = importlib.import_module(info.name)
            found |= {
                name: each
                for name, each in vars(module).items()
                if isinstance(each, type) and issubclass(each, BaseModel) and each.__module__ == info.name
            }
        loose = {name for name, each in found.items() if not each.model_config.get("frozen")}
        assert loose == set(self.REMEMBERED)
        assert {name for name, each in found.items() if each.model_config.get("extra") != "forbid"} == loose


class TestTests:
    """Tests say what they state, and wait for things, never for time."""

    def test_every_test_has_a_sentence(self) -> None:
        """Each test function has a docstring that states a behaviour in a sentence."""
        silent = [
            f"{name_of(path)}: {node.name}"
            for path in python_in("tests")
            for node in functions_in(parsed(path))
            if node.name.startswith("test_") and not (ast.get_docstring(node) or "").rstrip().endswith(".")
        ]
        assert silent == []

    def test_no_test_sleeps(self) -> None:
        """`sleep` stands only inside a `while` that looks for something another process does."""
        asleep = []
        for path in python_in("tests"):
            tree = parsed(path)
            looking = {id(node) for loop in ast.walk(tree) if isinstance(loop, ast.While) for node in ast.walk(loop)}
            asleep += [
                f"{name_of(path)}:{node.lineno}"
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and called(node) in {"time.sleep", "asyncio.sleep", "sleep"}
                if id(node) not in looking
            ]
        assert asleep == []

    def test_every_folder_is_a_package(self) -> None:
        """With one package missing, `import terms` would find the tests of terms."""
        folders = {path.parent for path in python_in("tests")}
        assert [name_of(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


class TestSizes:
    """A reader sees a function on one page and a file in one sitting."""

    FUNCTION_LINES = 70
    FILE_LINES = 400
    LONG_FUNCTIONS: ClassVar[dict[str, str]] = {
        "models/migrations/versions/v0001_the_first_capability.py": "written by Alembic: one statement a table",
        "models/migrations/versions/v0002_money.py": "written by Alembic: one statement a table",
        "models/migrations/versions/v0003_default.py": "written by Alembic: one statement a table",
        "models/migrations/versions/v0005_succession.py": "written by Alembic: one statement a table",
    }
    LONG_FILES: ClassVar[dict[str, str]] = {
        "models/migrations/versions/v0001_the_first_capability.py": "written by Alembic: all tables of one revision",
        "models/migrations/versions/v0002_money.py": "written by Alembic: all tables of one revision",
        "tests/activities/test_documents.py": "one letter after the other, each with its facts",
    }

    def test_functions(self) -> None:
        """No function is longer than 70 lines."""
        long = {
            name_of(path)
            for path in python_in(*CODE, "tests", "bench")
            for node in functions_in(parsed(path))
            if (node.end_lineno or 0) - node.lineno >= self.FUNCTION_LINES
        }
        assert long == set(self.LONG_FUNCTIONS)

    def test_files(self) -> None:
        """No file is longer than 400 lines."""
        long = {
            name_of(path)
            for path in python_in(*CODE, "tests", "bench")
            if len(path.read_text(encoding="utf-8").splitlines()) > self.FILE_LINES
        }
        assert long == set(self.LONG_FILES)


class TestDecisions:
    """Decisions are written down in one form."""

    FOLDER = ROOT / "docs/decisions"
    PARTS = ("## Context", "## Decision", "## What we did not do")

    def test_they_are_numbered(self) -> None:
        """Numbers run from 1 without a gap; a decision is half a page."""
        files = sorted(self.FOLDER.glob("*.md"))
        assert [int(file.name[:4]) for file in files] == [*range(1, len(files) + 1)]
        assert files

    def test_they_have_one_form(self) -> None:
        """Each has a title with its number, its context, what was decided and what was not done."""
        for file in sorted(self.FOLDER.glob("*.md")):
            text = file.read_text(encoding="utf-8")
            assert text.startswith(f"# {int(file.name[:4])}. "), file.name
            assert [part for part in self.PARTS if f"\n{part}\n" not in text] == [], file.name
            assert len(text.splitlines()) <= 50, file.name


def imports_of(path: Path) -> Iterator[str]:
    """Give the modules that a file imports."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
