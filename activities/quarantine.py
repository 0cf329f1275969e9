"""Doubtful rows of usage: a person discards each, or accepts it (Art. 29(3)).

What counts is never changed: an accepted correction supersedes the rows that it corrects by rows of their own.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.gateways.usage_csv import Stretch, UsageRow, row_again
from activities.office import Office
from activities.records import audit, close_tasks
from activities.usage import ARTICLE, hold_imports, task_key
from activities.usage_books import look_up, open_books
from activities.usage_checks import RECORD, Holder, UsageBooks
from models.messages.office import Event
from models.tables import TaskRow, UsageQuarantineRow, UsageRecordRow, UsageSupersessionRow
from models.vault import OFFICE, KeyGone

Decision = Literal["discard", "accept"]
STATES: dict[Decision, str] = {"discard": "discarded", "accept": "accepted"}
MAY_MEET: dict[str, tuple[str, ...]] = {"conflict": ("conflict",), "overlap": ("overlap", "conflict")}
"""What an accepted row of a reason may meet: the rows that it then supersedes."""

_WORDS: dict[Decision, str] = {"discard": "破棄", "accept": "計上"}


class Decided(Exception):
    """The row is not open any more."""


class StillDoubtful(Exception):
    """The row can't count: what stands against it is in `finding`."""

    def __init__(self, finding: str) -> None:
        super().__init__(finding)
        self.finding = finding


def view_row(row: UsageQuarantineRow) -> dict[str, JsonValue]:
    """Show a row in quarantine as the API does; its cells stay sealed."""
    view: dict[str, JsonValue] = {
        "quarantine_id": row.quarantine_id,
        "file_id": row.file_id,
        "line": row.line,
        "reason": row.reason,
        "state": row.state,
    }
    return view | {name: value for name in ("contract_no", "month") if (value := getattr(row, name)) is not None}


async def decide_row(
    session: AsyncSession,
    office: Office,
    quarantine_id: str,
    decision: Decision,
    reason: str,
    *,
    actor: str,
    as_of: datetime,
) -> UsageQuarantineRow | None:
    """Discard or accept a row; gives it as it stands then, None if there is no such row.

    Raises:
        Decided: it is not open any more.
        StillDoubtful: it is accepted, but something else, or still the same, stands against it.
        KeyGone: it is accepted, but was erased with its contract.
    """
    await hold_imports(session)
    row = await session.get(UsageQuarantineRow, quarantine_id, with_for_update=True)
    if row is None:
        return None
    if row.state != "open":
        raise Decided
    basis: dict[str, JsonValue] = {"quarantine_id": quarantine_id, "file_id": row.file_id, "line": row.line}
    if decision == "accept":
        basis |= await _accept(session, office, row, actor=actor, as_of=as_of)
    row.state, row.decided_at, row.decided_by = STATES[decision], as_of, actor
    row.decision_reason = await _seal_reason(office, row.contract_no, reason)
    event = Event(
        action=f"usage_{row.state}",
        article=ARTICLE,
        actor=actor,
        at=as_of,
        summary=f"隔離した利用実績{quarantine_id}（{row.reason}）を{_WORDS[decision]}しました。",
        basis=basis | {"reason": row.reason},
    )
    await session.flush()
    await audit(session, f"quarantine:{quarantine_id}", [event], contract_no=row.contract_no)
    await _close_task(session, row.file_id, as_of)
    return row


async def _seal_reason(office: Office, contract_no: str | None, reason: str) -> bytes:
    try:
        return await office.vault.seal_text(contract_no or OFFICE, "erasable", reason)
    except KeyGone:
        return await office.vault.seal_text(OFFICE, "erasable", reason)


async def _close_task(session: AsyncSession, file_id: str, as_of: datetime) -> None:
    table = UsageQuarantineRow
    still = await session.scalar(
        select(col(table.quarantine_id)).where(col(table.file_id) == file_id, col(table.state) == "open").limit(1)
    )
    if still is None:
        await close_tasks(session, col(TaskRow.key) == task_key(file_id), as_of=as_of)


async def _accept(
    session: AsyncSession, office: Office, doubt: UsageQuarantineRow, *, actor: str, as_of: datetime
) -> dict[str, JsonValue]:
    """Let a row count. `conflict` and `overlap` supersede what they meet; `usage_mismatch` takes `Usage`."""
    cells = await office.vault.unseal_json(doubt.row)
    texts = {name: str(cell) for name, cell in cells.items()} if isinstance(cells, dict) else {}
    row, owner = row_again(doubt.line, texts)
    books = await open_books(session, office)
    await look_up(session, books, [row], owner)
    holder = books.holders[row.owner]
    found = books.look(row, holder, usage_counts=doubt.reason == "usage_mismatch")
    if isinstance(found, str) or holder is None or row.stretch is None:
        raise StillDoubtful(str(found))
    met = _met(books, doubt, row, holder, row.stretch)
    gone = await _rows_within(session, holder, row, row.stretch) if met else []
    made = books.record(doubt.file_id, row, holder, row.stretch, found[0], bytes.fromhex(doubt.values_hash))
    days = {"from_on": row.stretch.from_on, "to_on": row.stretch.to_on}
    named: dict[str, Any] = dict(zip(RECORD, made, strict=True))
    record = UsageRecordRow(**named | days, quarantine_id=doubt.quarantine_id)
    session.add(record)
    await session.flush()
    by_id = record.id or 0
    session.add_all(
        UsageSupersessionRow(superseded_id=other, by_id=by_id, approved_by=actor, at=as_of) for other in gone
    )
    doubt.contract_no = holder.contract_no
    return {"usage_id": by_id, "supersedes": [*gone], "late": record.late}


def _met(books: UsageBooks, doubt: UsageQuarantineRow, row: UsageRow, holder: Holder, stretch: Stretch) -> str:
    """Tell how the row stands to those that count.

    Raises:
        StillDoubtful: it meets some, and a person who accepts it does not say that they are wrong.
    """
    taken = books.taken.get((holder.contract_no, row.resource_id, row.code, stretch.month))
    met = "" if taken is None else taken.collision(stretch.mask, bytes.fromhex(doubt.values_hash))
    if met and met not in MAY_MEET.get(doubt.reason, ()):
        raise StillDoubtful(met)
    return met


async def _rows_within(session: AsyncSession, holder: Holder, row: UsageRow, stretch: Stretch) -> list[int]:
    """Find the rows that count on days of a stretch."""
    table, gone = UsageRecordRow, col(UsageSupersessionRow.superseded_id)
    found = await session.execute(
        select(col(table.id))
        .outerjoin(UsageSupersessionRow, gone == col(table.id))
        .where(
            col(table.contract_no) == holder.contract_no,
            col(table.resource_id) == row.resource_id,
            col(table.code) == row.code,
            col(table.from_on) <= stretch.to_on,
            col(table.to_on) >= stretch.from_on,
            gone.is_(None),
        )
        .order_by(col(table.id))
    )
    return [number for number in found.scalars() if number is not None]
