"""Changes to a form by JSON pointer, and where in a request a fault of the changed form was written."""

import copy
from collections.abc import Sequence
from typing import Any, Protocol

from pydantic import JsonValue

from api.problems import InvalidInput


class Change(Protocol):
    """One field, and what is to stand there."""

    @property
    def pointer(self) -> str:
        """Where, as JSON pointer."""
        ...

    @property
    def value(self) -> JsonValue:
        """What."""
        ...


def apply(form: JsonValue, changes: Sequence[Change]) -> JsonValue:
    """Apply changes, in their order, to a copy of a form.

    Raises:
        InvalidInput: a pointer leads nowhere.
    """
    new = copy.deepcopy(form)
    for place, change in enumerate(changes):
        *path, last = change.pointer.split("/")[1:]
        here: Any = new
        try:
            for part in path:
                here = here[_key(here, part)]
            here[_key(here, last)] = change.value
        except (KeyError, IndexError, ValueError, TypeError):
            raise InvalidInput([(f"/changes/{place}/pointer", "the form has no such field")]) from None
    return new


def _key(here: object, part: str) -> str | int:
    """Read a part of a pointer as the key that it is where it leads into."""
    if isinstance(here, dict):
        return part
    if not isinstance(here, list) or not (part.isascii() and part.isdecimal()) or int(part) >= len(here):
        raise KeyError
    return int(part)


def blamed(changes: Sequence[Change], field: str, *, unknown: bool = False) -> str:
    """Point at the change that brought a fault into the form: the last one at, above or below the faulty field.

    Its value is at fault, or its pointer if the form has no such field (`unknown`).
    """
    for place, change in reversed([*enumerate(changes)]):
        if f"{field}/".startswith(f"{change.pointer}/") or change.pointer.startswith(f"{field}/"):
            return f"/changes/{place}/{'pointer' if unknown and change.pointer == field else 'value'}"
    return "/changes"
