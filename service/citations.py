"""Finds where code cites the terms: in docstrings (`Art. 18(1), 28(2)`), as `Article(18, 1)`, and as text, "18(1)".

It reads source text and runs nothing, so that tests and workflows can be listed without importing them.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from terms.citation import Article

_PARTS = r"\([0-9]{1,2}\)(?:\([0-9]{1,2}[ab]?\)[①-⑳]?)?"
_PLACE = rf"[0-9]{{1,2}}(?:{_PARTS})?"
_IN_WORDS = re.compile(rf"\bArt\. ({_PLACE}(?:(?:, | and |-){_PLACE})*)")
_RANGE = re.compile(rf"{_PLACE}-{_PLACE}")
_ONE = re.compile(_PLACE)
_AS_TEXT = re.compile(rf"[0-9]{{1,2}}{_PARTS}")
_AS_NAME = re.compile(r"Article([0-9]+)(?:Paragraph([0-9]+))?(?:Item([0-9]+))?")


def cited(node: ast.AST) -> set[Article]:
    """Return all citations within a piece of code; a range (`Art. 4-9`) only sets the scene and doesn't count."""
    return {article for each in ast.walk(node) for article in _cited_by(each)}


def cited_in(path: Path) -> set[Article]:
    """Return all citations in a file of Python."""
    return cited(ast.parse(path.read_text(encoding="utf-8")))


def in_words(text: str) -> Iterator[Article]:
    """Read the citations in a sentence: `Art. 14(2), 18(2)`."""
    for found in _IN_WORDS.finditer(text):
        yield from map(Article.parse, _ONE.findall(_RANGE.sub("", found[1])))


def _cited_by(node: ast.AST) -> Iterator[Article]:
    match node:
        case ast.Constant(value=str(text)):
            yield from [Article.parse(text)] if _AS_TEXT.fullmatch(text) else in_words(text)
        case ast.Call(func=ast.Name(id="Article"), args=args, keywords=[]):
            yield from _called(args)
        case ast.ClassDef(name=name):
            yield from _named(name)
        case _:
            pass


def _called(args: list[ast.expr]) -> Iterator[Article]:
    """Read `Article(18, 1)`; one that is put together at run time cites nothing yet."""
    values = [str(argument.value) for argument in args if isinstance(argument, ast.Constant)]
    if values and len(values) == len(args):
        yield _article(values)


def _named(name: str) -> Iterator[Article]:
    """Read the name of a class of tests: `TestArticle18Paragraph1`."""
    if found := _AS_NAME.search(name):
        yield _article([part for part in found.groups() if part])


def _article(parts: list[str]) -> Article:
    return Article.parse(parts[0] + "".join(f"({part})" for part in parts[1:]))
