"""Usage files (Art. 24(2), 29(3)): taken in once, row by row checked; what is doubtful waits for a person.

An import is one transaction. It takes the file's number first: the lock on that series lets one import, one accepted
row or one freezing of a month through at a time, so that a usage record of what is committed never has a higher id
than one that is committed later.
"""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from pydantic import JsonValue
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.gateways.usage_csv import Examined, Sheet, UsageRow, cells_by_name, month_named, read_sheet
from activities.office import Office
from activities.records import audit, insert_once, next_number, next_numbers, open_task
from activities.usage_books import add_quarantine, lacks, look_up, open_books
from activities.usage_checks import RECORD, Doubt, Record, Sorted, UsageBooks
from models.messages.office import Event, TaskOrder
from models.tables import NumberSeriesRow, UsageFileRow, UsageQuarantineRow
from models.vault import OFFICE, KeyGone

ARTICLE = "24(2)"
SERIES = "usage_file"
TASK = "usage_quarantine"
NAMING = frozenset({"ResourceDisplayName", "ResourceInformation"})
"""Cells that the customer chose."""

OBJECTS_AT_ONCE = 200_000
"""What the rows in hand can come to; what grows beyond is looked through as ever."""

_NAMES = ", ".join(RECORD)
_INSERT = f"INSERT INTO usage_record ({_NAMES}) VALUES ({', '.join('?' * len(RECORD))})"  # noqa: S608 - our own names
_COPY = f"COPY usage_record ({_NAMES}) FROM STDIN (FORMAT csv, NULL 'None')"
_LINE = ",".join(["%s"] * len(RECORD)) + "\n"


async def hold_imports(session: AsyncSession) -> None:
    """Wait for an import or an accepted row that is under way, and keep others waiting until the commit."""
    await insert_once(session, NumberSeriesRow, {"kind": SERIES, "year": 0, "last": 0})
    await session.execute(
        update(NumberSeriesRow).where(col(NumberSeriesRow.kind) == SERIES).values(last=NumberSeriesRow.last)
    )


async def first_answer(session: AsyncSession, sha256: str) -> dict[str, JsonValue] | None:
    """Give the answer to a file that was taken in before; None if it is new."""
    row = await session.scalar(select(UsageFileRow).where(col(UsageFileRow.sha256) == sha256))
    return None if row is None else answer_of(row)


def answer_of(row: UsageFileRow) -> dict[str, JsonValue]:
    """Answer what became of a file when it came."""
    return {
        "file_id": row.file_id,
        "rows": row.rows,
        "accepted": row.accepted,
        "duplicates": row.duplicates,
        "duplicate_lines": [*row.duplicate_lines],
        "quarantined": [*row.quarantined],
    }


async def take_file(
    session: AsyncSession, office: Office, file: BinaryIO, examined: Examined, *, actor: str, as_of: datetime
) -> tuple[dict[str, JsonValue], bool]:
    """Take a usage file in; tells the answer, and whether the file was new.

    Raises:
        UsageFileBroken: the file is refused whole; the caller's transaction must not be committed.
    """
    file_id = await next_number(session, SERIES)
    first = await first_answer(session, examined.sha256)
    if first is not None:
        return first, False
    sheet = await asyncio.to_thread(read_sheet, file, examined.encoding)
    row = UsageFileRow(
        file_id=file_id,
        sha256=examined.sha256,
        encoding="CP932" if examined.encoding == "cp932" else "UTF-8",
        rows=0,
        accepted=0,
        duplicates=0,
        duplicate_lines=[],
        quarantined=[],
        received_at=as_of,
        received_by=actor,
    )
    session.add(row)
    await session.flush()
    books = await open_books(session, office)
    await add_quarantine(session, books)
    await Import(session, office, books, sheet, row).run()
    await session.flush()
    await _tell(session, row, actor=actor, as_of=as_of)
    return answer_of(row), True


@dataclass
class Import:
    """One file on its way into the database: the next rows are read while the last ones are stored."""

    session: AsyncSession
    office: Office
    books: UsageBooks
    sheet: Sheet
    row: UsageFileRow
    _duplicates: list[int] = field(default_factory=list)
    _doubts: list[dict[str, JsonValue]] = field(default_factory=list)

    async def run(self) -> None:
        """Check and store all rows."""
        with seldom_collected():
            await self._run()
        self.row.duplicate_lines, self.row.quarantined = self._duplicates, self._doubts

    async def _run(self) -> None:
        reading = self._read()
        storing: asyncio.Task[None] | None = None
        try:
            while rows := await reading:
                reading = self._read()
                if lacks(self.books, rows):
                    await _over(storing)
                    await look_up(self.session, self.books, rows, self.sheet.owner)
                done, made = await asyncio.to_thread(self._sort, rows)
                await _over(storing)
                self._count(done, len(rows))
                storing = asyncio.create_task(self._store(done, made))
            await _over(storing)
        finally:  # whatever ended it: the file and the connection are the caller's again
            await asyncio.wait({reading, *([storing] if storing else [])})

    def _read(self) -> "asyncio.Task[list[UsageRow]]":
        return asyncio.create_task(asyncio.to_thread(next, self.sheet.batches, []))

    def _sort(self, rows: list[UsageRow]) -> tuple[Sorted, "str | list[Record]"]:
        """Check rows, and write those that count as the database takes them."""
        done = self.books.sort(rows, self.row.file_id)
        if self.session.get_bind().dialect.name == "postgresql":
            return done, "".join([_LINE % record for record in done.accepted])
        return done, done.accepted

    def _count(self, done: Sorted, rows: int) -> None:
        row = self.row
        row.rows += rows
        row.accepted += len(done.accepted)
        row.duplicates += len(done.duplicates)
        row.amount_differences += done.differences
        self._duplicates += done.duplicates
        self._doubts += [{"line": doubt.row.line, "reason": doubt.reason} for doubt in done.doubts]

    async def _store(self, done: Sorted, made: "str | list[Record]") -> None:
        if made:
            connection = await self.session.connection()
            if isinstance(made, str):
                driver: Any = (await connection.get_raw_connection()).driver_connection
                async with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
                    await copy.write(made)
            else:
                await connection.exec_driver_sql(_INSERT, made)
        if done.doubts:
            await self._quarantine(done.doubts)

    async def _quarantine(self, doubts: list[Doubt]) -> None:
        numbers = await next_numbers(self.session, "quarantine", len(doubts))
        rows = [
            {
                "quarantine_id": number,
                "file_id": self.row.file_id,
                "line": doubt.row.line,
                "reason": doubt.reason,
                "state": "open",
                "contract_no": doubt.contract_no,
                "month": month_named(doubt.row),
                "values_hash": doubt.row_hash.hex(),
                "row": await seal_row(self.office, doubt, self.sheet.owner),
            }
            for number, doubt in zip(numbers, doubts, strict=True)
        ]
        await self.session.execute(insert(UsageQuarantineRow), rows)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python look for cyclic garbage less often: rows by the thousand make it look in vain, a third of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_AT_ONCE, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


async def _over(storing: "asyncio.Task[None] | None") -> None:
    if storing is not None:
        await storing


async def seal_row(office: Office, doubt: Doubt, owner: str) -> bytes:
    """Seal a row as it came; of an erased customer only what the customer did not choose."""
    cells = cells_by_name(doubt.row, owner)
    try:
        return await office.vault.seal_json(doubt.contract_no or OFFICE, "erasable", {**cells})
    except KeyGone:
        kept = {name: cell for name, cell in cells.items() if name not in NAMING}
        return await office.vault.seal_json(OFFICE, "erasable", {**kept})


async def _tell(session: AsyncSession, row: UsageFileRow, *, actor: str, as_of: datetime) -> None:
    """Write the file into the office's chain; ask for a person where rows are doubtful."""
    doubts = len(row.quarantined)
    event = Event(
        action="usage_taken",
        article=ARTICLE,
        actor=actor,
        at=as_of,
        summary=f"利用実績ファイル{row.file_id}を取り込みました（計上{row.accepted:,}行、隔離{doubts:,}行）。",
        basis={
            "file_id": row.file_id, "sha256": row.sha256, "rows": row.rows, "accepted": row.accepted,
            "duplicates": row.duplicates, "quarantined": doubts, "amount_differences": row.amount_differences,
        },
    )  # fmt: skip
    await audit(session, f"usage-file:{row.file_id}", [event])
    if doubts:
        detail = f"利用実績ファイル{row.file_id}の隔離{doubts:,}行を確認し、破棄または計上してください。"
        order = TaskOrder(kind=TASK, role="billing", detail=detail, article=ARTICLE)
        await open_task(session, task_key(row.file_id), order, as_of=as_of)


def task_key(file_id: str) -> str:
    """Name the task of a file whose rows wait for a person."""
    return f"{TASK}:{file_id}"
