"""Canaries: unique words in the place of everything personal, and the search for them in whatever a store holds."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.desk import JSON, form

PERSONAL = {
    "name", "name_kana", "kana", "title", "department", "prefecture", "city", "street", "building", "place",
    "consented_by", "note", "contact", "remitter_names_kana",
}  # fmt: skip
"""Fields of an application form that say something of somebody, all free text."""

BOX = "Qx7canary"


class Canaries:
    """Hands out unique words and remembers for what."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}

    def word(self, what: str) -> str:
        """Give a text with a word that nobody else uses, Japanese around it."""
        unique = f"{BOX}{len(self.words):03d}"
        self.words[unique] = what
        return f"金糸雀{unique}号"

    def mail(self, what: str, user: str = "") -> str:
        """Give an e-mail address."""
        unique = f"{BOX}{len(self.words):03d}"
        self.words[unique] = what
        return f"{user}{unique}@customer.example"

    def digits(self, what: str, pattern: str) -> str:
        """Give a number of the form of a telephone number or a postal code; `{}` stands for three digits."""
        unique = pattern.format(f"{len(self.words):03d}")
        self.words[unique] = what
        return unique

    def form(self, name: str, **changes: Any) -> JSON:  # noqa: ANN401 - fields of a form
        """Give a sample form in which everything personal is a canary."""
        filled: JSON = self._fill(form(name, **changes), name)
        return filled

    def fill(self, told: JSON, where: str) -> JSON:
        """Give what is told with a canary in the place of everything personal."""
        filled: JSON = self._fill(told, where)
        return filled

    def _fill(self, value: Any, where: str, field: str = "") -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            return {key: self._fill(below, f"{where}/{key}", key) for key, below in value.items()}
        if isinstance(value, list):
            return [self._fill(below, f"{where}/{place}", field) for place, below in enumerate(value)]
        return self._instead_of(value, where, field) if isinstance(value, str) else value

    def _instead_of(self, text: str, where: str, field: str) -> str:
        match field:
            case "email":
                return self.mail(where)
            case "phone" | "fax":
                return self.digits(where, "0992-77{}-0815")
            case "postal_code":
                return self.digits(where, "77{}40")
            case _:
                return self.word(where) if field in PERSONAL else text

    def found_in(self, data: bytes) -> set[str]:
        """Tell which canaries sit in some bytes: plain, as UTF-16, in base64 or hexadecimal."""
        folded = data.lower()
        return {what for word, what in self.words.items() if any(shape in folded for shape in shapes(word))}

    def found_below(self, folder: Path, *expected: str) -> set[tuple[str, str]]:
        """Tell which canaries sit in which files of a folder; some files are expected there."""
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert {path.name for path in files} >= {*expected}
        return {(path.name, what) for path in files for what in self.found_in(path.read_bytes())}


def shapes(word: str) -> Iterator[bytes]:
    """Give the ways in which a word may stand in a file, in small letters."""
    plain = word.encode()
    for data in (plain, word.encode("utf-16-le"), plain.hex().encode()):
        yield data.lower()
    for shift in range(3):  # a word in base64 looks different at each of three places; its ends depend on neighbours
        yield base64.b64encode(b"\0" * shift + plain)[shift + 1 : -4].lower()
