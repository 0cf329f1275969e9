"""Which code carries out which clause: `docs/articles.md`, `yakkan articles`, `yakkan about SUBJECT`.

Rules are found by their marks (`@implements`), letters by their clause, workflows and tests by what they cite; how
far a clause has come is written down in `terms/articles.py`. `python -m service.coverage > docs/articles.md` writes
the document anew.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import typer

from models.messages.rules import RULES
from service.citations import cited, cited_in
from service.subjects import files_of
from terms.articles import (
    CLAUSES,
    STATUSES,
    SUBJECTS,
    SUPPLEMENT,
    Clause,
    clauses_of,
    letters_of,
    rules_of,
    rules_of_whole,
    speaks_of,
    statutes,
    title_of,
)
from terms.citation import Article
from terms.letters import LETTERS

ROOT = Path(__file__).parents[1]
ABOUT_NOTATION = frozenset({"test_articles.py", "test_citation.py"})
"""Tests that cite clauses as examples of a notation only."""

_HEAD = """# Articles: which code carries out which clause

Written by `python -m service.coverage > docs/articles.md`; a test compares. The clauses and how far they have come
stand in `terms/articles.py`, their text in `docs/terms/`. Rules are functions of `terms/` (`@implements`), workflows
and tests are listed where they cite the clause.

| Status | Meaning | Clauses |
|---|---|---|
"""

_COLUMNS = """| Clause | Kind | Subject | Status | What it makes the service do | Carried out by |
|---|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOut:
    """A clause with the names of what carries it out."""

    clause: Clause
    rules: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    def parts(self) -> dict[str, tuple[str, ...]]:
        """Return what was found, by its kind."""
        return {"rules": self.rules, "workflows": self.workflows, "letters": self.letters, "tests": self.tests}


@cache
def collect() -> tuple[CarriedOut, ...]:
    """Return every clause, in the order of the terms, with what carries it out."""
    workflows = {name: cited(node) for name, node in _workflows()}
    tests = {_name(path): cited_in(path) for path in _tests()}
    return tuple(
        CarriedOut(clause=clause)
        if clause.is_open  # who cites it means another sentence, or what is to come
        else CarriedOut(
            clause=clause,
            rules=rules_of(clause),
            workflows=_that_cite(workflows, clause),
            letters=letters_of(clause),
            tests=_that_cite(tests, clause),
        )
        for clause in CLAUSES
    )


def articles() -> str:
    """Write the articles, each clause with its rules, workflows, letters and tests."""
    lines = []
    for number, found in _by_article():
        lines.append(_title(number))
        for each in found:
            clause = each.clause
            lines.append(f"  {clause.ref} [{clause.kind}, {clause.subject}: {clause.status}] {clause.what}")
            lines += [f"      {clause.note}"] if clause.note else []
            lines += [f"      {kind}: {', '.join(names)}" for kind, names in each.parts().items() if names]
    lines += [f"{place.ja}\n      rules: {', '.join(rules)}" for place, rules in statutes().items()]
    return "\n".join([*lines, ""])


def about(subject: str) -> str:
    """Write what there is of a subject: files, clauses, rules, workflows, messages, letters.

    Raises:
        typer.BadParameter: there is no such subject.
    """
    if subject not in SUBJECTS:
        message = f"no subject {subject!r}; there are: {', '.join(SUBJECTS)}"
        raise typer.BadParameter(message)
    clauses = clauses_of(subject)
    found = [each for each in collect() if each.clause in clauses]
    letters = dict.fromkeys(slug for each in found for slug in each.letters)
    rules = [
        f"{rule.name}: {', '.join(rule.articles)}" for rule in RULES.values() if _speaks_of_any(rule.articles, clauses)
    ]
    sections = {
        "files": [f"{path}: {told}" for path, told in files_of(ROOT, subject)],
        "articles": [f"{clause.ref} [{clause.status}] {clause.what}" for clause in clauses],
        "rules (yakkan rule NAME JSON)": rules,
        "workflows": sorted({name for each in found for name in each.workflows}),
        "messages": [*_messages(subject)],
        "letters": [f"{slug}: {LETTERS[slug].title}" for slug in letters],
    }
    lines = [f"{subject} ({SUBJECTS[subject]})"]
    for title, entries in sections.items():
        lines += [f"{title}:", *(f"  {entry}" for entry in entries or ["none yet"])]
    return "\n".join([*lines, ""])


def markdown() -> str:
    """Write `docs/articles.md`."""
    counts = Counter(clause.status for clause in CLAUSES)
    lines = [_HEAD + "\n".join(f"| {status} | {told} | {counts[status]} |" for status, told in STATUSES.items())]
    for number, found in _by_article():
        lines += ["", f"## {_title(number)}", ""]
        whole = rules_of_whole(number) if number and found[0].clause.article != Article(number) else ()
        if whole:
            lines += [f"Rules for the article as a whole: {_code(whole)}", ""]
        lines += [_COLUMNS, *map(_row, found)]
    lines += ["", "## Statutes", "", "| Place | Rules |", "|---|---|"]
    lines += [f"| {place.ja} | {_code(rules)} |" for place, rules in statutes().items()]
    return "\n".join([*lines, ""])


def _row(each: CarriedOut) -> str:
    clause = each.clause
    what = f"{clause.what} *{clause.note}*" if clause.note else clause.what
    by = "<br>".join(f"{kind} {_code(names)}" for kind, names in each.parts().items() if names)
    return f"| {clause.ref} | {clause.kind} | {clause.subject} | {clause.status} | {what} | {by} |"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _title(number: int) -> str:
    return f"第{number}条 {title_of(number)}" if number else SUPPLEMENT


def _by_article() -> Iterator[tuple[int, list[CarriedOut]]]:
    """Group the clauses by their article; the supplementary provision has the number 0."""
    found: dict[int, list[CarriedOut]] = {}
    for each in collect():
        article = each.clause.article
        found.setdefault(article.number if article else 0, []).append(each)
    yield from found.items()


def _that_cite(known: Mapping[str, set[Article]], clause: Clause) -> tuple[str, ...]:
    return tuple(name for name, marks in known.items() if any(speaks_of(mark, clause) for mark in marks))


def _speaks_of_any(articles: Iterable[str], clauses: Iterable[Clause]) -> bool:
    marks = [Article.parse(article) for article in articles]
    return any(speaks_of(mark, clause) for mark in marks for clause in clauses)


def _workflows() -> Iterator[tuple[str, ast.ClassDef]]:
    """Find the workflows by their decorator, with their Temporal names."""
    for path in sorted((ROOT / "workflows").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and (name := _defined_as(node)):
                yield name, node


def _defined_as(node: ast.ClassDef) -> str:
    for decorator in node.decorator_list:
        match decorator:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="workflow"), attr="defn"), keywords=keywords):
                named = [each.value for each in keywords if each.arg == "name"]
                return str(named[0].value) if named and isinstance(named[0], ast.Constant) else node.name
            case _:
                pass
    return ""


def _messages(subject: str) -> Iterator[str]:
    """Find the messages of a subject, with the first line of what they are."""
    path = ROOT / "models" / "messages" / f"{subject}.py"
    if not path.exists():
        return
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield f"{node.name}: {(ast.get_docstring(node) or '').partition(chr(10))[0]}"


def _tests() -> list[Path]:
    return [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if path.name not in ABOUT_NOTATION]


def _name(path: Path) -> str:
    return path.relative_to(ROOT / "tests").as_posix().removesuffix(".py")


if __name__ == "__main__":
    sys.stdout.write(markdown())
