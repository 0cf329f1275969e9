"""The README tells the truth: its commands run, its links lead somewhere, its roles are the roles."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from models.messages.roles import Role
from service.cli import app
from service.demo import running
from service.demo_story import START

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DATA = "DATA=.yakkan\n"


async def run(script: str) -> list[str]:
    """Run a script of bash; gives the lines that it printed."""
    child = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    out, errors = await child.communicate()
    assert child.returncode == 0, errors.decode()
    return out.decode().splitlines()


@pytest.mark.timeout(300)
async def test_the_first_contract(tmp_path: Path) -> None:
    """The lines of the README make a contract on a running service and end as it says."""
    block = next(block for block in BLOCKS if block.startswith(DATA))
    assert f"--simulate {START:%Y-%m-%dT%H:%M}+09:00" in README
    data = tmp_path / "data"
    async with running(data, START):
        printed = await run(block.replace(DATA, f"DATA={data}\n"))
    answers: list[dict[str, Any]] = [json.loads(line) for line in printed]
    filed, accepted, clock, started, noticed, later, ended, timeline = answers
    assert filed == {"application_no": "A-000001", "state": "received"}
    assert accepted["state"] in {"received", "accepted"}
    assert clock["now"].startswith("2026-04-01T01:00:00")
    assert (started["contract_no"], started["state"]) == ("C-000001", "active")
    # the cluster is left from June 2026 to March 2029
    assert (noticed["ends_on"], noticed["penalty"]) == ("2026-05-31", 34 * 900_000)
    assert {"18(1)", "28(2)"} <= {*noticed["articles"]}
    assert noticed["steps"]
    assert later["now"].startswith("2026-05-31T15:01:00")
    assert (ended["state"], ended["ended_at"]) == ("ended", "2026-06-01T00:00:00+09:00")
    actions = [moment["action"] for moment in timeline["items"]]
    assert {"application_received", "formed", "started", "notice_received", "ended"} <= {*actions}
    assert all(moment["article"] for moment in timeline["items"])


def named_by(pattern: str) -> set[str]:
    """Find what the documents name."""
    return {name for path in DOCUMENTS for name in re.findall(pattern, path.read_text(encoding="utf-8"))}


def test_make_knows_its_commands() -> None:
    """Each `make …` of the documents is a target."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = named_by(r"(?m)(?:`|^)make ([a-z-]+)")
    assert named
    assert named <= targets


def test_the_command_line_knows_its_commands() -> None:
    """Each `yakkan …` of the documents is a command."""
    known = {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}
    named = named_by("`yakkan ([a-z]+)")
    assert named
    assert named <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    """Each relative link of a document names a file or folder."""
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_roles_are_the_roles() -> None:
    """The table of roles names each of them once."""
    table = README.partition("## Roles")[2].partition("\n## ")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [role for cell in first_cells for role in re.findall("`([a-z]+)`", cell)]
    assert sorted(named) == sorted(get_args(Role))
