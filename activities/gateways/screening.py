"""Screening of applicants and their officers against lists of anti-social forces (Art. 43(1))."""

from collections.abc import Sequence
from typing import Protocol


class Screening(Protocol):
    """Asks a list provider about names."""

    async def hits(self, names: Sequence[str]) -> list[int]:
        """Return the places in `names` that a list knows."""
        ...


class SimulatedScreening:
    """Knows the names that it was given; everybody else is clear."""

    def __init__(self, known: frozenset[str] = frozenset({"反社 照会", "株式会社反社照会一致"})) -> None:
        self._known = known

    async def hits(self, names: Sequence[str]) -> list[int]:
        """Return the places of the known names."""
        return [place for place, name in enumerate(names) if name in self._known]
