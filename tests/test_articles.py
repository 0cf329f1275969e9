"""The table of clauses holds against the text of the terms, and the documents against the code."""

import re
from pathlib import Path

import pytest

from models.messages.rules import RULES
from service.citations import cited_in, in_words
from service.coverage import about, articles, collect, markdown
from terms.articles import CLAUSES, STATUSES, SUBJECTS, SUPPLEMENT, TITLES, Clause, Subject, load, rules_of
from terms.citation import Article, implementations
from terms.letters import LETTERS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/terms/qtpro-cloud-terms-v1.0.ja.txt").read_text(encoding="utf-8")
CODE = ("terms", "models", "activities", "workflows", "api", "console", "service")
CITING = sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))

ARTICLE = re.compile(r"^第 ?(\d+) ?条 ?[（(](.+)[）)]$")
PARAGRAPH = re.compile(r"^ ?(\d+)\. ")
ITEM = re.compile(r"^ *- \((\d+)\)")
SUB = re.compile(r"^ *- ?([①-⑳])")
TWICE = (19, 1, 6)  # printed twice: 6a and 6b


def printed() -> tuple[dict[int, str], set[Article]]:
    """Read the text of the terms: the titles, and every place that can be cited."""
    titles: dict[int, str] = {}
    places: set[Article] = set()
    number, paragraph, item = 0, None, None
    for line in TEXT.splitlines():
        if found := ARTICLE.match(line):
            number, paragraph, item = int(found[1]), None, None
            titles[number] = found[2]
        elif found := PARAGRAPH.match(line):
            paragraph, item = int(found[1]), None
        elif found := ITEM.match(line):
            item = found[1]
            if (number, paragraph, int(item)) == TWICE:
                item = "6b" if Article(*TWICE[:2], "6a") in places else "6a"
        elif not (found := SUB.match(line)):
            continue
        place = str(number) + (f"({paragraph})" if paragraph else "") + (f"({item})" if item else "")
        places.add(Article.parse(place + (found[1] if SUB.match(line) else "")))
    return titles, places


PRINTED_TITLES, PLACES = printed()


def leaves(places: set[Article]) -> set[Article]:
    """Return the places that nothing finer is printed under."""
    outer = {Article(p.number, p.paragraph, p.item if p.sub else None) for p in places if p.item is not None}
    outer |= {Article(p.number) for p in places if p.paragraph is not None}
    outer |= {Article(p.number, p.paragraph) for p in places if p.item is not None}
    return places - outer


class TestTheTable:
    """`terms/articles.py` lists every clause of the text, once, with where it stands."""

    def test_the_titles_are_the_printed_ones(self) -> None:
        """45 articles with the titles of the text."""
        assert dict(enumerate(TITLES, 1)) == PRINTED_TITLES

    def test_every_clause_of_the_text_is_listed(self) -> None:
        """What the text prints as a paragraph, an item or a sub-item of its own has a row; nothing else has."""
        listed = {clause.article for clause in CLAUSES if clause.article}
        assert listed == leaves(PLACES)

    def test_the_supplementary_provision_comes_last(self) -> None:
        """The supplementary provision has no number."""
        assert [clause.ref for clause in CLAUSES if clause.article is None] == [SUPPLEMENT]
        assert CLAUSES[-1].ref == SUPPLEMENT

    def test_no_clause_is_listed_twice(self) -> None:
        """References are unique."""
        refs = [clause.ref for clause in CLAUSES]
        assert len(refs) == len(set(refs))

    @pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.ref)
    def test_a_clause_says_where_it_stands(self, clause: Clause) -> None:
        """It has a known kind, subject and status; what is partial or excused says why."""
        assert clause.kind in {"RULE", "WORKFLOW", "RECORD", "INFO"}
        assert clause.subject in SUBJECTS
        assert clause.status in STATUSES
        assert clause.what.endswith(".")
        assert clause.note or clause.status not in {"part", "excused"}

    def test_every_subject_has_clauses(self) -> None:
        """A subject without a clause would be none of the law's."""
        assert {clause.subject for clause in CLAUSES} == set(SUBJECTS)


class TestCitations:
    """Whatever the code cites stands in the terms."""

    @pytest.mark.parametrize("path", CITING, ids=lambda path: path.relative_to(ROOT).as_posix())
    def test_a_file_cites_what_is_printed(self, path: Path) -> None:
        """No docstring, no `Article(…)` and no text names a clause that the terms don't have."""
        assert {str(article) for article in cited_in(path) if article not in PLACES} == set()

    def test_marks_and_letters_cite_what_is_printed(self) -> None:
        """The same for what is put together at run time: marked rules, rules by name, letters."""
        load()
        marks = [mark for marked in implementations().values() for mark in marked]
        marks += [Article.parse(article) for rule in RULES.values() for article in rule.articles]
        marks += [Article.parse(letter.article) for letter in LETTERS.values()]
        assert {str(mark) for mark in marks if not mark.law and mark not in PLACES} == set()

    @pytest.mark.parametrize(
        ("sentence", "found"),
        [
            pytest.param("Art. 14(2), 18(2): ends on arrival", ["14(2)", "18(2)"], id="two"),
            pytest.param("(Art. 43(2)(2)① and 9)", ["43(2)(2)①", "9"], id="sub-item"),
            pytest.param("The review (Art. 4-9, 43)", ["43"], id="a range only sets the scene"),
            pytest.param("Article 9 of something else", [], id="none"),
        ],
    )
    def test_citations_are_read_from_words(self, sentence: str, found: list[str]) -> None:
        """Docstrings cite as `Art. 14(2), 18(2)`."""
        assert [str(article) for article in in_words(sentence)] == found


class TestCoverage:
    """What counts as carried out is carried out by something that can be shown."""

    def test_what_is_implemented_has_a_test(self) -> None:
        """Each implemented clause with a number is cited by a test; what is open lists nothing."""
        numbered = [each for each in collect() if each.clause.article and not each.clause.is_term]
        untested = [each.clause.ref for each in numbered if each.clause.status == "implemented" and not each.tests]
        assert untested == []
        assert [each.clause.ref for each in numbered if each.clause.is_open and any(each.parts().values())] == []

    def test_an_implemented_process_has_a_workflow(self) -> None:
        """Each WORKFLOW clause that counts as implemented is cited by a workflow."""
        found = [each for each in collect() if each.clause.kind == "WORKFLOW" and each.clause.status == "implemented"]
        assert [each.clause.ref for each in found if not each.workflows] == []

    def test_every_marked_rule_is_shown(self) -> None:
        """A rule whose clauses were all open, or coarser than any row, would be lost."""
        document = markdown()
        ours = {name.removeprefix("terms.") for name in implementations() if name.startswith("terms.")}
        assert {name for name in ours if f"`{name}`" not in document} == set()

    def test_every_letter_is_shown(self) -> None:
        """Each letter stands at the clause that it rests on."""
        document = markdown()
        assert [slug for slug in LETTERS if f"`{slug}`" not in document] == []

    def test_the_minimum_term_by_example(self) -> None:
        """5(1): found by its mark."""
        clause = next(clause for clause in CLAUSES if clause.ref == "5(1) s1")
        assert "contract.minimum_term_end" in rules_of(clause)


class TestDocuments:
    """The documents and the command line show the table as it is."""

    def test_the_document_is_what_is_generated(self) -> None:
        """docs/articles.md is up to date; `python -m service.coverage > docs/articles.md` writes it anew."""
        assert (ROOT / "docs/articles.md").read_text(encoding="utf-8") == markdown()

    def test_the_command_line_lists_all_clauses(self) -> None:
        """`yakkan articles` names each clause and each article with its title."""
        shown = articles()
        assert [clause.ref for clause in CLAUSES if f"\n  {clause.ref} [" not in shown] == []
        assert "第18条 契約者が行う利用契約の解除" in shown

    @pytest.mark.parametrize("subject", SUBJECTS)
    def test_every_subject_can_be_shown(self, subject: Subject) -> None:
        """`yakkan about SUBJECT` shows each subject, built or not."""
        shown = about(subject)
        assert shown.startswith(f"{subject} ({SUBJECTS[subject]})\nfiles:\n")

    def test_a_built_subject_shows_its_parts(self) -> None:
        """Termination: files of every layer, clauses, rules, workflows, messages, letters."""
        shown = about("termination")
        for part in (
            *("terms/penalty.py: ", "workflows/termination.py: ", "18(1) s1 [implemented]", "termination-end: 18(1)"),
            *("  cancellation\n", "GiveNotice: ", "cancellation_receipt: 解約受付通知"),
        ):
            assert part in shown
