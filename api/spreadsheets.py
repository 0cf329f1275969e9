"""CSV for accounting programs and spreadsheets (RFC 4180): UTF-8 with BOM, written row by row."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi.responses import StreamingResponse

BOM = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet begins a formula; such a text gets an apostrophe before it."""

Cell = str | int | None
Rows = AsyncIterator[Sequence[Cell]]

DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The table."}
}


def csv_answer(name: str, header: Sequence[str], rows: Rows) -> StreamingResponse:
    """Answer with a table as a file to be kept; memory holds one row at a time."""
    disposition = f'attachment; filename="{name}"'
    return StreamingResponse(
        _lines(header, rows), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition}
    )


async def _lines(header: Sequence[str], rows: Rows) -> AsyncIterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow(header)
    async for row in rows:
        writer.writerow([neutral(cell) for cell in row])
        yield _taken(buffer)
    yield _taken(buffer)  # the header, where there are no rows


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def neutral(cell: Cell) -> Cell:
    """Keep a text from being taken for a formula; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
