"""Lists: keyset pages in order of creation, `{items, next_cursor}`."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, cast

from fastapi import Depends, Query
from pydantic import PlainSerializer
from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapped

from api.fields import Answer
from api.problems import InvalidInput

Item = TypeVar("Item")
Row = TypeVar("Row")
KeyValue = str | int
Column = Mapped[Any]

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
MAX_CURSOR = 500
MAX_INTEGER = 2**63 - 1

Cursor = Annotated[str, PlainSerializer(lambda cursor: cursor or None, return_type=str | None)]
"""Where the next page begins; empty at the end, which answers show as null."""


class Page(Answer, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: Cursor = ""


@dataclass(frozen=True)
class Wanted:
    """Which page a client wants."""

    limit: int
    after: str | None


def wanted(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR)] = None,
) -> Wanted:
    """Read `?limit=` and `?cursor=`."""
    return Wanted(limit, cursor)


PageWanted = Annotated[Wanted, Depends(wanted)]


async def fetch_page(
    session: AsyncSession, query: Select[Row], page: Wanted, *keys: Column
) -> tuple[Sequence[Row], str]:
    """Fetch one page of a query of rows, ordered by `keys` (together unique), and the cursor of the next one.

    Raises:
        InvalidInput: the cursor was not made by a list ordered by these keys.
    """
    if page.after is not None:
        query = query.where(tuple_(*keys) > tuple_(*_read_cursor(page.after, keys)))
    query = query.order_by(*keys).limit(page.limit + 1)  # one more than wanted tells whether the list goes on
    rows = (await session.execute(query)).scalars().all()
    if len(rows) <= page.limit:
        return rows, ""
    shown = rows[: page.limit]
    return shown, make_cursor([getattr(shown[-1], column.key) for column in _columns(keys)])


def _columns(keys: Sequence[Column]) -> list[InstrumentedAttribute[Any]]:
    return [cast("InstrumentedAttribute[Any]", key) for key in keys]  # SQLModel types its columns by what they hold


def make_cursor(values: Sequence[KeyValue]) -> str:
    """Write the keys of a page's last row as an opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, keys: Sequence[Column]) -> list[KeyValue]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    kinds = [column.type.python_type for column in _columns(keys)]
    if not isinstance(values, list) or len(values) != len(kinds) or not all(map(_fits, values, kinds)):
        raise InvalidInput([("cursor", "not a cursor of this list")])
    return values


def _fits(value: object, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str) and value.isprintable()
    return type(value) is int and 0 <= value <= MAX_INTEGER
