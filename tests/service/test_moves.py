"""docs/commands.md is what the law says, and what the service answers (Art. 5, 11, 12, 14, 16, 17, 18, 28)."""

from pathlib import Path
from typing import get_args

from service.moves import assignment_cell, contract_cell, default_cell, markdown, succession_cell
from terms.default import CaseMove, CaseState
from terms.lifecycle import Move, Phase
from terms.succession import AssignmentMove, AssignmentState, SuccessionMove, SuccessionState

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_up_to_date() -> None:
    """`python -m service.moves > docs/commands.md` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == markdown()


def test_every_cell_names_an_article() -> None:
    """Each pair of state and command is allowed or forbidden by a clause of the terms."""
    cells = [contract_cell(state, move) for state in get_args(Phase) for move in get_args(Move)]
    cells += [default_cell(state, move) for state in get_args(CaseState) for move in get_args(CaseMove)]
    cells += [succession_cell(state, move) for state in get_args(SuccessionState) for move in get_args(SuccessionMove)]
    cells += [assignment_cell(state, move) for state in get_args(AssignmentState) for move in get_args(AssignmentMove)]
    assert len(cells) == 6 * 17 + 9 * 6 + 7 * 5 + 6 * 3
    assert {cell[0] for cell in cells} == {"○", "×"}
    assert all("第" in cell for cell in cells)
