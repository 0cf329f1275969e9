"""Parts of a search that lists and exports share: stretches of days and of amounts (電帳法: ranges, and two keys)."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Mapped

from api.fields import Day
from api.problems import InvalidInput

Row = TypeVar("Row")
Column = Mapped[Any] | ColumnElement[Any]
MAX_YEN = 10**12
BACKWARDS = "must not lie before the other end"

YenWanted = Annotated[int | None, Query(ge=0, le=MAX_YEN)]


@dataclass(frozen=True)
class Period:
    """Days from the first to the last one, both included; an end that is absent is open."""

    from_on: date | None
    to_on: date | None

    def of(self, query: Select[Row], column: Column) -> Select[Row]:
        """Keep rows whose day lies in it."""
        return _between(query, column, self.from_on, self.to_on)


@dataclass(frozen=True)
class Amounts:
    """Yen from the least to the most, both included; an end that is absent is open."""

    least: int | None
    most: int | None

    @property
    def limits(self) -> bool:
        """Whether it leaves anything out."""
        return (self.least, self.most) != (None, None)

    def of(self, query: Select[Row], column: Column) -> Select[Row]:
        """Keep rows whose amount lies in it."""
        return _between(query, column, self.least, self.most)


def _between(query: Select[Row], column: Column, low: object, high: object) -> Select[Row]:
    if low is not None:
        query = query.where(column >= low)
    return query if high is None else query.where(column <= high)


async def period(
    from_on: Annotated[Day | None, Query()] = None, to_on: Annotated[Day | None, Query()] = None
) -> Period:
    """Read `?from_on=` and `?to_on=`.

    Raises:
        InvalidInput: it ends before it begins.
    """
    if from_on is not None and to_on is not None and to_on < from_on:
        raise InvalidInput([("to_on", BACKWARDS)])
    return Period(from_on, to_on)


async def totals(min_total: YenWanted = None, max_total: YenWanted = None) -> Amounts:
    """Read `?min_total=` and `?max_total=`."""
    return _amounts(min_total, max_total, "max_total")


async def amounts(min_amount: YenWanted = None, max_amount: YenWanted = None) -> Amounts:
    """Read `?min_amount=` and `?max_amount=`."""
    return _amounts(min_amount, max_amount, "max_amount")


def _amounts(least: int | None, most: int | None, name: str) -> Amounts:
    if least is not None and most is not None and most < least:
        raise InvalidInput([(name, BACKWARDS)])
    return Amounts(least, most)


PeriodWanted = Annotated[Period, Depends(period)]
TotalsWanted = Annotated[Amounts, Depends(totals)]
AmountsWanted = Annotated[Amounts, Depends(amounts)]
