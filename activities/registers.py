"""Registers that are only added to: what became of an entry is a further entry, and the last one tells the state."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from activities.office import Office
from activities.records import instant
from models.tables import RegisterEntryRow

PROPOSED = "proposed"
"""The state of what nobody has decided on."""


def state_of(number: Mapped[str], first: str = PROPOSED) -> ColumnElement[str]:
    """Give the state of the entries of a register, for a query; `first` is that of an entry without a further one."""
    entry = RegisterEntryRow
    last = (
        select(col(entry.kind))
        .where(col(entry.register_no) == number)
        .order_by(col(entry.n).desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(last, first)


async def entries_of(session: AsyncSession, numbers: Collection[str]) -> dict[str, list[RegisterEntryRow]]:
    """Read the further entries of some entries, each list in order."""
    entry = RegisterEntryRow
    found = await session.scalars(
        select(entry).where(col(entry.register_no).in_(numbers)).order_by(col(entry.register_no), col(entry.n))
    )
    by_number: dict[str, list[RegisterEntryRow]] = defaultdict(list)
    for row in found:
        by_number[row.register_no].append(row)
    return by_number


async def enter(  # noqa: PLR0913 (the columns of one row)
    session: AsyncSession,
    register_no: str,
    kind: str,
    *,
    by: str,
    recorded_at: datetime,
    at: datetime | None = None,
    on_day: date | None = None,
    sha256: str | None = None,
    words: bytes | None = None,
) -> None:
    """Write a further entry; the entry that it is about is locked."""
    last = await session.scalar(
        select(func.max(col(RegisterEntryRow.n))).where(col(RegisterEntryRow.register_no) == register_no)
    )
    row = RegisterEntryRow(
        register_no=register_no, n=(last or 0) + 1, kind=kind, at=at or recorded_at, on_day=on_day, sha256=sha256,
        words=words, recorded_by=by, recorded_at=recorded_at,
    )  # fmt: skip
    session.add(row)
    await session.flush()


async def view_entries(office: Office, rows: list[RegisterEntryRow]) -> list[JsonValue]:
    """Show further entries; what was said of them is gone once the contract's data are erased."""
    shown: list[JsonValue] = []
    for row in rows:
        view: dict[str, JsonValue] = {"kind": row.kind, "at": instant(row.at), "by": row.recorded_by}
        view["recorded_at"] = instant(row.recorded_at)
        if row.on_day is not None:
            view["on"] = row.on_day.isoformat()
        if row.sha256 is not None:
            view["sha256"] = row.sha256
        if row.words is not None:
            view["reason"] = await office.vault.read_name(row.words)
        shown.append(view)
    return shown
