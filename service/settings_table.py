"""The settings as a table for `docs/operations.md`: `python -m service.settings_table` writes it there anew."""

import inspect
from pathlib import Path

from pydantic_core import PydanticUndefined

from service.settings import Settings, variable

DOCUMENT = Path(__file__).parents[1] / "docs" / "operations.md"
BEGIN, END = "<!-- settings -->\n", "<!-- end of settings -->\n"


def table() -> str:
    """Write each setting with its default and its meaning."""
    rows = [
        f"| `{variable(name)}` | {_default(field.default)} | {_told(field.description)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows, ""])


def renewed(document: str) -> str:
    """Put the table into the document, in the place of the one that is there."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def _default(value: object) -> str:
    unset = value is None or value is PydanticUndefined or value in {"", Path()}
    return "unset" if unset else f"`{value}`"


def _told(description: str | None) -> str:
    return " ".join(inspect.cleandoc(description or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
