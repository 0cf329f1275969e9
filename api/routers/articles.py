"""The articles of the terms, clause by clause: what each makes the service do, and how far it has come."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.auth import READERS, may
from api.fields import Answer
from api.idempotency import CommandRoute
from api.paging import Page, PageWanted, make_cursor
from api.problems import InvalidInput
from terms.articles import CLAUSES, Clause, Kind, Status, Subject, letters_of, rules_of, title_of

router = APIRouter(prefix="/v1/articles", route_class=CommandRoute, tags=["articles"])


class ClauseAnswer(Answer):
    """A clause; `rules` are functions, `letters` slugs; `note` says what is missing, or why nothing is done."""

    ref: str
    title: str | None = None
    kind: Kind
    subject: Subject
    status: Status
    what: str
    note: str | None = None
    rules: list[str]
    letters: list[str]


@router.get("")
@may(*READERS)
def show_all(
    page: PageWanted,
    subject: Annotated[Subject | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
) -> Page[ClauseAnswer]:
    """List the clauses in the order of the terms."""
    found = [each for each in CLAUSES if subject in {None, each.subject} and status in {None, each.status}]
    if page.after is not None:
        cursors = [_cursor(clause) for clause in CLAUSES]
        if page.after not in cursors:
            raise InvalidInput([("cursor", "not a cursor of this list")])
        rest = CLAUSES[cursors.index(page.after) + 1 :]
        found = [clause for clause in found if clause in rest]
    shown = found[: page.limit]
    following = _cursor(shown[-1]) if len(found) > len(shown) else ""
    return Page(items=[_view(clause) for clause in shown], next_cursor=following)


def _cursor(clause: Clause) -> str:
    return make_cursor([clause.ref])


def _view(clause: Clause) -> ClauseAnswer:
    article = clause.article
    return ClauseAnswer(
        ref=clause.ref,
        title=title_of(article.number) if article else None,
        kind=clause.kind,
        subject=clause.subject,
        status=clause.status,
        what=clause.what,
        note=clause.note or None,
        rules=[] if clause.is_open else [*rules_of(clause)],
        letters=[] if clause.is_open else [*letters_of(clause)],
    )
