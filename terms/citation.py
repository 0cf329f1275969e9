"""How the code cites the terms of service and the statutes, and how it says no.

An article is written as it is printed: article(paragraph)(item), `9(2)(4)`, `43(2)(2)①`; the two
items that Art. 19(1) prints as (6) are `6a` and `6b`. Statutes carry their name: `Civil Code 143(2)`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self, TypeVar

_Rule = TypeVar("_Rule", bound=Callable[..., object])

_CIRCLED_ONE = 0x2460  # ①
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11}
_LAWS = {"Civil Code": "民法", "Companies Act": "会社法"}
_WRITTEN = re.compile(
    r"(?:(?P<law>[A-Z][A-Za-z ]*[A-Za-z]) )?(?P<number>[0-9]{1,4})"
    r"(?:\((?P<paragraph>[0-9]{1,2})\))?"
    r"(?:\((?P<item>[0-9]{1,2}[ab]?|[ivx]{1,4})\))?"
    r"(?:\(?(?P<sub>[0-9]|[①-⑳])\)?)?"
)


@dataclass(frozen=True, slots=True)
class Article:
    """A place in the terms (or, with `law`, in a statute). `item` is text only for `6a` and `6b`."""

    number: int
    paragraph: int | None = None
    item: int | str | None = None
    sub: int | None = None
    law: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a citation; roman items, `9(2)(iv)`, mean the arabic ones.

        Raises:
            ValueError: the text cites nothing.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            message = f"not a citation: {text!r}"
            raise ValueError(message)
        paragraph, sub = found["paragraph"], found["sub"]
        return cls(
            int(found["number"]),
            int(paragraph) if paragraph else None,
            _item(found["item"]),
            _sub(sub) if sub else None,
            law=found["law"] or "",
        )

    def __str__(self) -> str:
        law = f"{self.law} " if self.law else ""
        paragraph = "" if self.paragraph is None else f"({self.paragraph})"
        item = "" if self.item is None else f"({self.item})"
        sub = "" if self.sub is None else chr(_CIRCLED_ONE + self.sub - 1)
        return f"{law}{self.number}{paragraph}{item}{sub}"

    @property
    def ja(self) -> str:
        """The citation as letters print it, 第18条第1項第5号."""
        law = _LAWS.get(self.law, self.law)
        paragraph = "" if self.paragraph is None else f"第{self.paragraph}項"
        item = "" if self.item is None else f"第{self.item}号"
        sub = "" if self.sub is None else chr(_CIRCLED_ONE + self.sub - 1)
        return f"{law}第{self.number}条{paragraph}{item}{sub}"


def _item(text: str | None) -> int | str | None:
    if text is None:
        return None
    if text in _ROMAN:
        return _ROMAN[text]
    if text.isdigit():
        return int(text)
    if text[-1] in "ab":
        return text
    message = f"not an item: {text!r}"
    raise ValueError(message)


def _sub(text: str) -> int:
    return ord(text) - _CIRCLED_ONE + 1 if ord(text) >= _CIRCLED_ONE else int(text)


class Refused(Exception):
    """What the terms refuse: one request fails, never a contract.

    Attributes:
        article: the clause that refuses, as `18(1)`.
        detail: one Japanese sentence that a customer can read.
    """

    def __init__(self, article: Article | str, detail: str) -> None:
        super().__init__(str(article), detail)
        self.article = str(article)
        self.detail = detail

    def __str__(self) -> str:
        return f"Art. {self.article}: {self.detail}"


class InvalidRule(ValueError):
    """Values that are well formed each by itself but do not fit together.

    Attributes:
        pointer: JSON pointer to the field at fault, empty for the whole request.
        message: what is wrong, for the developer of a client.
    """

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(pointer, message)
        self.pointer = pointer
        self.message = message

    def __str__(self) -> str:
        return f"{self.pointer}: {self.message}" if self.pointer else self.message


_implemented: dict[str, tuple[Article, ...]] = {}


def implements(*articles: Article) -> Callable[[_Rule], _Rule]:
    """Mark a function as carrying out clauses; `docs/articles.md` is drawn from these marks."""

    def register(rule: _Rule) -> _Rule:
        _implemented[f"{rule.__module__}.{rule.__qualname__}"] = articles
        return rule

    return register


def implementations() -> Mapping[str, tuple[Article, ...]]:
    """Return the dotted names of all imported functions that carry out clauses, with the clauses."""
    return MappingProxyType(_implemented)
