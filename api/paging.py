"""Lists: keyset pages in order of creation, `{items, next_cursor}`."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar, cast

from fastapi import Depends, Query
from pydantic import PlainSerializer
from sqlalchemy import Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapped
from sqlalchemy.types import TypeDecorator, TypeEngine

from api.fields import Answer
from api.problems import InvalidInput

Item = TypeVar("Item")
Row = TypeVar("Row")
KeyValue = str | int | date | datetime
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


async def wanted(
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
        values = _read_cursor(page.after, keys)
        begin = [literal(value, column.type) for value, column in zip(values, _columns(keys), strict=True)]
        query = query.where(tuple_(*keys) > tuple_(*begin))
    query = query.order_by(*keys).limit(page.limit + 1)  # one more than wanted tells whether the list goes on
    rows = (await session.execute(query)).scalars().all()
    if len(rows) <= page.limit:
        return rows, ""
    shown = rows[: page.limit]
    return shown, make_cursor([getattr(shown[-1], column.key) for column in _columns(keys)])


def cut_page(rows: Sequence[Item], page: Wanted, key: Callable[[Item], tuple[date, str]]) -> tuple[Sequence[Item], str]:
    """Cut one page out of a list that is computed as a whole and ordered by `key`, and the cursor of the next one.

    Raises:
        InvalidInput: the cursor was not made by such a list.
    """
    if page.after is not None:
        after = tuple(_read_values(page.after, (date, str)))
        rows = [row for row in rows if key(row) > after]
    shown = rows[: page.limit]
    return shown, make_cursor(key(shown[-1])) if len(rows) > page.limit else ""


def _columns(keys: Sequence[Column]) -> list[InstrumentedAttribute[Any]]:
    return [cast("InstrumentedAttribute[Any]", key) for key in keys]  # SQLModel types its columns by what they hold


def make_cursor(values: Sequence[KeyValue]) -> str:
    """Write the keys of a page's last row as an opaque cursor."""
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, keys: Sequence[Column]) -> list[KeyValue]:
    return _read_values(cursor, [_kind(column.type) for column in _columns(keys)])


def _read_values(cursor: str, kinds: Sequence[type]) -> list[KeyValue]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        return [_fit(value, kind) for value, kind in zip(values, kinds, strict=True)]
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise InvalidInput([("cursor", "not a cursor of this list")]) from None


def _kind(column_type: TypeEngine[Any]) -> type:
    """Tell what a column holds; a decorated type knows it by the one that it decorates."""
    plain = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    return plain.python_type


def _fit(value: object, kind: type) -> KeyValue:
    """Read one key as its column has it.

    Raises:
        ValueError: it does not fit.
    """
    if kind is int and type(value) is int and 0 <= value <= MAX_INTEGER:
        return value
    if kind is str and isinstance(value, str) and value.isprintable():
        return value
    if kind is datetime and isinstance(value, str) and (instant := datetime.fromisoformat(value)).tzinfo:
        return instant
    if kind is date and isinstance(value, str):
        return date.fromisoformat(value)
    raise ValueError
