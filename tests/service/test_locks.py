"""The lock files: every dependency is pinned, hashed, and comes from whichever registry the machine uses."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
LOCKS = {"requirements.lock", "requirements-run.lock", "service/go.lock"}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(name: str) -> dict[str, Version]:
    """Give the pinned versions of a lock file."""
    return {canonicalize_name(found[1]): Version(found[2]) for found in PIN.finditer((ROOT / name).read_text())}


def wanted(*, tools: bool) -> Iterator[Requirement]:
    """Give what pyproject.toml asks for at run time, and for work on the project."""
    project = PROJECT["project"]
    yield from map(Requirement, project["dependencies"])
    for extra in project["optional-dependencies"].values():
        yield from map(Requirement, extra)
    for group in PROJECT["dependency-groups"].values() if tools else ():
        yield from (Requirement(line) for line in group if isinstance(line, str))


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_no_address_stands_in_a_lock_file(name: str) -> None:
    """A lock file names packages and hashes; where they come from is the machine's business."""
    assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_every_pin_has_hashes(name: str) -> None:
    """Nothing is installed that is not, byte for byte, what was locked."""
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(("name", "tools"), [("requirements.lock", True), ("requirements-run.lock", False)])
def test_the_lock_fits_what_is_asked_for(name: str, tools: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """Every dependency of pyproject.toml is pinned to a version that it allows."""
    locked = pins(name)
    missing = [
        str(requirement)
        for requirement in wanted(tools=tools)
        if (version := locked.get(canonicalize_name(requirement.name))) is None or version not in requirement.specifier
    ]
    assert missing == []


def test_both_locks_agree() -> None:
    """What is tested is what runs."""
    tested = pins("requirements.lock")
    assert {
        name: version for name, version in pins("requirements-run.lock").items() if tested.get(name) != version
    } == {}
