"""The elements of a camt message, part by part: what stands in each entry, without a tree of the whole file.

No DTD and so no entity is taken; depth, number and length of elements are bounded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml import DTDForbidden  # type: ignore[import-untyped]
from defusedxml.ElementTree import XMLParser  # type: ignore[import-untyped]

from activities.gateways.bank.entries import Faults

ISO = "urn:iso:std:iso:20022:tech:xsd:"
VERSION = "camt.054.001.02"
PREFIX = f"{{{ISO}{VERSION}}}"
MESSAGE = ["Document", "BkToCstmrDbtCdtNtfctn"]
GROUP = "Ntfctn"
"""One account; the parts right below it are its account, its sums and its entries."""
DETAIL = ["NtryDtls", "TxDtls"]
"""The way from an entry to each of its transactions."""
GROUP_AT = len(MESSAGE) + 1
PART_AT = GROUP_AT + 1
DETAIL_AT = PART_AT + len(DETAIL)

CHUNK = 1024 * 1024
DEPTH, ELEMENTS, CHARACTERS = 32, 1_000_000, 10_000
"""How deep elements may lie in each other, how many may make one part, and how long a text may be."""

_VERSION = re.compile(r"[a-z]{4}\.[0-9]{3}\.[0-9]{3}\.[0-9]{2}")
_BLANKS = str.maketrans("\t\r\n", "   ")

Values = dict[str, list[str]]
"""Texts by the path of their element; a currency by that path and `/@Ccy`."""


@dataclass(slots=True)
class Part:
    """A part of a group: its texts by their path below it, and the texts of each of its details."""

    name: str
    values: Values = field(default_factory=dict)
    details: list[Values] = field(default_factory=list)


class Collector:
    """Follows the elements of a message; `done` holds the parts that have ended, and the ended groups, empty."""

    def __init__(self, faults: Faults) -> None:
        self.done: list[Part] = []
        self._faults = faults
        self._path: list[str] = []
        self._part = Part("")
        self._values = self._part.values
        self._below = PART_AT
        self._elements = 0
        self._text = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Go into an element."""
        name = tag.removeprefix(PREFIX)
        self._path.append(name)
        depth = len(self._path)
        self._text = ""
        self._elements += 1
        if depth > DEPTH or self._elements > ELEMENTS:
            self._faults.end(0, "xml", "is deeper or larger than entries can be")
        if not tag.startswith(PREFIX) or (depth < GROUP_AT and name != MESSAGE[depth - 1]):
            self._another(tag)
        if depth == PART_AT:
            self._part = Part(name)
            self._values, self._below, self._elements = self._part.values, PART_AT, 0
        elif depth == DETAIL_AT and self._path[PART_AT:] == DETAIL:
            self._values, self._below = {}, DETAIL_AT
            self._part.details.append(self._values)
        if "Ccy" in attributes:
            self._put("/@Ccy", attributes["Ccy"])

    def data(self, text: str) -> None:
        """Take in a text, or a piece of it."""
        self._text += text
        if len(self._text) > CHARACTERS:
            self._faults.end(0, "xml", f"holds a text of more than {CHARACTERS} characters")

    def end(self, _tag: str) -> None:
        """Leave an element."""
        text = self._text.translate(_BLANKS).strip(" ")
        self._text = ""
        if text:
            self._put("", text)
        depth = len(self._path)
        if depth == self._below:
            self._values, self._below = self._part.values, PART_AT
        if depth == PART_AT and self._path[GROUP_AT - 1] == GROUP:
            self.done.append(self._part)
        elif depth == GROUP_AT and self._path[-1] == GROUP:
            self.done.append(Part(GROUP))
        self._path.pop()

    def close(self) -> None:
        """End the message."""

    def _put(self, suffix: str, text: str) -> None:
        if len(self._path) >= PART_AT:
            self._values.setdefault("/".join(self._path[self._below :]) + suffix, []).append(text)

    def _another(self, tag: str) -> None:
        """Refuse another message, naming it where it is one of ISO 20022."""
        namespace = tag.removeprefix("{").rpartition("}")[0]
        version = namespace.removeprefix(ISO)
        if version == VERSION:
            self._faults.end(0, "Document", f"holds no {MESSAGE[-1]}")
        known = namespace.startswith(ISO) and _VERSION.fullmatch(version)
        self._faults.end(0, "Document", f"is {version if known else 'another document'}; only {VERSION} is taken")


def parts_of(data: bytes, faults: Faults) -> Iterator[Part]:
    """Give the parts of each group and then the group itself, empty, in the order of the file.

    Raises:
        BankFileBroken: it is another message, broken XML, or more than is ever needed.
    """
    collector = Collector(faults)
    parser = XMLParser(target=collector, forbid_dtd=True)
    try:
        for at in range(0, len(data), CHUNK):
            parser.feed(data[at : at + CHUNK])
            yield from collector.done
            collector.done.clear()
        parser.close()
    except DTDForbidden:
        faults.end(0, "xml", "has a DTD, which is not taken")
    except ParseError as bad:
        faults.end(0, "xml", f"is not well-formed near line {bad.position[0]}")
    except (ValueError, LookupError):  # an encoding that the parser does not know
        faults.end(0, "xml", "is in an encoding that is not taken; UTF-8 is")
