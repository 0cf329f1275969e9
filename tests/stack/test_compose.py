"""The compose file: well-formed, and every name in it is one that exists."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from service.cli import app
from service.settings import variables
from service.temporal_config import ALWAYS

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
OWN = ("migrate", "api", "worker")
GIVEN = re.compile(r"\$\{(\w+)")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Give the services by name."""
    found: dict[str, Any] = YAML(typ="safe").load(COMPOSE)["services"]
    return found


def test_it_follows_the_compose_specification() -> None:
    """A misspelt key would be found."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", OWN)
def test_its_commands_exist(services: dict[str, Any], name: str) -> None:
    """Each of our containers runs a command of `yakkan` with options that it has."""
    program, command, *rest = services[name]["command"]
    assert program == "yakkan"
    found = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]  # it is a group
    options = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options


@pytest.mark.parametrize("name", OWN)
def test_its_settings_exist(services: dict[str, Any], name: str) -> None:
    """Each variable that our containers get is one that the service reads."""
    assert set(services[name]["environment"]) <= variables()


def test_what_a_person_fills_in_is_used(services: dict[str, Any]) -> None:
    """The example of `.env` names what the compose file asks for, and nothing else that is demanded."""
    named = set(re.findall(r"^(\w+)=", (ROOT / "deploy/env.example").read_text(), re.MULTILINE))
    text = COMPOSE.read_text()
    assert named <= set(GIVEN.findall(text))
    assert set(re.findall(r"\$\{(\w+):\?", text)) <= named
    assert services["postgres"]["environment"]["YAKKAN_DB_PASSWORD"]


def test_the_files_it_mounts_are_there(services: dict[str, Any]) -> None:
    """A path that is missing would be made as an empty folder, and the server would not start."""
    mounts = [volume for service in services.values() for volume in service.get("volumes", ())]
    paths = [ROOT / volume.partition(":")[0] for volume in mounts if volume.startswith("./")]
    assert paths
    assert all(path.exists() for path in paths)
    assert (ROOT / "deploy/dynamicconfig/dynamic.yaml").is_file()


def test_the_server_is_told_what_the_embedded_one_is_told() -> None:
    """Both flavours run under the same limits."""
    told = YAML(typ="safe").load(ROOT / "deploy/dynamicconfig/dynamic.yaml")
    assert {key: values[0]["value"] for key, values in told.items()} == ALWAYS


def test_the_image_gets_every_package() -> None:
    """What the image is built from holds all packages that the wheel wants, and no tests."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {*wheel["packages"], "pyproject.toml", "requirements.lock", "requirements-run.lock"} == allowed
