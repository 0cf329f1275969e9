"""Which command each state allows, and which article forbids it: `docs/commands.md`.

`python -m service.moves > docs/commands.md` writes the document anew; the tables are those of `terms/`.
"""

import sys
from collections.abc import Callable, Sequence
from typing import get_args

from terms.citation import Article, Refused
from terms.default import ALLOWED_BY, REFUSED, CaseMove, CaseState
from terms.lifecycle import ARTICLE, Move, Phase, must_allow
from terms.succession import ALLOWED_BY as SUCCESSION_BY
from terms.succession import (
    ASSIGNABLE,
    AssignmentMove,
    AssignmentState,
    SuccessionMove,
    SuccessionState,
)
from terms.succession import REFUSED as NOT_IN_SUCCESSION

HEAD = """# Commands: what each state allows

Written by `python -m service.moves > docs/commands.md`; a test compares. A cell names the article by which a command is
allowed (○), or the one that forbids it (×). What a command needs besides its state (writing, arrival, a second person)
is told by `docs/articles.md`.
"""
Cell = Callable[[str, str], str]


def contract_cell(state: str, move: str) -> str:
    """Say whether a state of the contract allows a command."""
    try:
        must_allow(state, move)  # type: ignore[arg-type] # from the types themselves
    except Refused as refused:
        return _cell(refused.article, allowed=False)
    return _cell(str(ARTICLE[move]), allowed=True)  # type: ignore[index] # from the types themselves


def default_cell(state: str, move: str) -> str:
    """Say whether a state of a default for an unpaid debt allows a command."""
    forbidden = REFUSED[move].get(state)  # type: ignore[index, call-overload] # from the types themselves
    return _cell(forbidden or ALLOWED_BY[move], allowed=forbidden is None)  # type: ignore[index] # as above


def succession_cell(state: str, move: str) -> str:
    """Say whether a state of a succession allows a command."""
    forbidden = NOT_IN_SUCCESSION[move].get(state)  # type: ignore[index, call-overload] # from the types themselves
    return _cell(forbidden or SUCCESSION_BY[move], allowed=forbidden is None)  # type: ignore[index] # as above


def assignment_cell(state: str, move: str) -> str:
    """Say whether a state of an assignment allows a command."""
    return _cell("11", allowed=ASSIGNABLE[move] == state)  # type: ignore[index] # from the types themselves


def _cell(article: str, *, allowed: bool) -> str:
    return f"{'○' if allowed else '×'} {Article.parse(article).ja}"


def markdown() -> str:
    """Write `docs/commands.md`."""
    parts = [
        HEAD,
        _table("Contract (利用契約)", get_args(Phase), get_args(Move), contract_cell),
        _table("Default for an unpaid debt (債務不履行)", get_args(CaseState), get_args(CaseMove), default_cell),
        _table("Succession (承継)", get_args(SuccessionState), get_args(SuccessionMove), succession_cell),
        _table("Assignment (譲渡)", get_args(AssignmentState), get_args(AssignmentMove), assignment_cell),
    ]
    return "\n".join(parts)


def _table(title: str, states: Sequence[str], moves: Sequence[str], cell: Cell) -> str:
    lines = [f"## {title}", "", f"| Command | {' | '.join(states)} |", "|---" * (len(states) + 1) + "|"]
    lines += [f"| `{move}` | {' | '.join(cell(state, move) for state in states)} |" for move in moves]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(markdown())
