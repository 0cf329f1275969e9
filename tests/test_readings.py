"""docs/readings.md explains every reading that the code cites, with the settings as they are."""

import re
from dataclasses import Field, fields
from pathlib import Path

import pytest

from terms.settings import Terms

ROOT = Path(__file__).parents[1]
CODE = ("terms", "models", "activities", "workflows", "api", "console", "service", "tests")
ROW = re.compile(r"^\| (A\d+) \| .* \| (.*) \| (\S+) \|$", re.MULTILINE)
SETTING = re.compile(r"`(\w+)` = ([^{]*?)(?: \{(.*)\})?")
ROWS = {row[1]: (row[2], row[3]) for row in ROW.finditer((ROOT / "docs/readings.md").read_text(encoding="utf-8"))}
CITED = re.compile(r"\bA([1-9]\d{0,2})\b")

READ = [each for each in fields(Terms) if not each.metadata["fixed"] and each.metadata["reading"]]


def written(value: object) -> str:
    """Write a default as the document does."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_they_are_numbered() -> None:
    """A1 to A110, each once, in their order."""
    assert [*ROWS] == [f"A{number}" for number in range(1, 111)]


def test_every_cited_reading_is_explained() -> None:
    """Whatever number the code cites, the document has it."""
    texts = [path.read_text(encoding="utf-8") for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    cited = {f"A{number}" for text in texts for number in CITED.findall(text)}
    assert cited - set(ROWS) == set()


@pytest.mark.parametrize("setting", READ, ids=lambda setting: setting.name)
def test_a_setting_is_shown_as_it_is(setting: Field[object]) -> None:
    """Its row names the setting; a single value with its default, the values considered, and who confirms."""
    shown, who = ROWS[setting.metadata["reading"]]
    found = SETTING.fullmatch(shown)
    if found and found[1] == setting.name:
        assert found[2] == written(setting.default)
        assert (found[3] or "") == ", ".join(setting.metadata["others"])
        assert who == setting.metadata["who"]


def test_the_document_names_settings_that_are_there() -> None:
    """No setting of the document is unknown."""
    named = {name for shown, _ in ROWS.values() for name in re.findall(r"`(\w+)`", shown)}
    assert named <= {each.name for each in fields(Terms)}
