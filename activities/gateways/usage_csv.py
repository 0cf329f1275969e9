"""The supplier's usage file: bytes to rows (Art. 24(2), 26). A row is one resource over one stretch of days.

UTF-8 with or without BOM, else CP932; CRLF or LF; RFC 4180 quotes; one header line with the names of `COLUMNS` and one
of `OWNERS` in any order. What breaks the file refuses it whole. What is wrong with a single row is told by the row:
it has no `stretch`, and a person looks at it. Hours, GB and sizes are integers in ten-thousandths, days are days in
Japan. The file is read a piece at a time, however large it is.
"""

import codecs
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from terms.periods import days_in_month, month_of

COLUMNS = (
    "No", "Region", "ServiceName", "ZoneName", "Category", "Menu", "ResourceDisplayName", "StartDate", "EndDate",
    "Usage", "Allocated", "Running", "Stopped", "Amount", "Tax", "Net", "ResourceInformation", "resource_id",
)  # fmt: skip
OWNERS = ("customer_ref", "contract_no")
"""How a file names the contract: by the application's external_ref, or by our number."""

MENU_MAP: Mapping[tuple[str, str, str], str] = MappingProxyType({})
"""From the supplier's (ServiceName, Category, Menu) to our item code; what it does not name is the code itself.

Empty, for the supplier writes our codes. A renamed menu is added here.
"""

ROWS_AT_ONCE = 5_000
MOST_RECORD = 1 << 16  # characters of a row; nothing that is longer was ever meant as one
MOST_CELL = 1_000  # characters of a cell
MOST_KNOWN = 200_000  # values that are remembered, so that each is read once
PIECE = 1 << 20  # bytes

E4 = 10_000
EARLIEST, LATEST = 2000, 2099  # years; beyond them no calendar is known

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CELL = r'(?:[^",]*|"[^"]*(?:""[^"]*)*")'
_RECORD = re.compile(rf"{_CELL}(?:,{_CELL})*")
_CELLS = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",]*))(?:,|\Z)')
_DECIMAL = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,4}))?")
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SIZE = re.compile(r"(?<![^;,\s])size_gb=([^;,\s]*)")


class UsageFileBroken(Exception):
    """The file is refused whole: at which line (the header is 1), which column, why. Repeats nothing of it."""

    def __init__(self, line: int, field: str, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line, self.field, self.message = line, field, message


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Days of use in Japan, both included; `mask` has a bit for each day of the first day's month.

    `leaves_month`: it goes on into another month.
    """

    from_on: date
    to_on: date
    month: str
    days: int
    mask: int
    leaves_month: bool

    @classmethod
    def of(cls, from_on: date, to_on: date) -> "Stretch":
        """Count the days; a stretch that ends before it begins has none."""
        days = max((to_on - from_on).days + 1, 0)
        within = min(days, days_in_month(from_on) - from_on.day + 1)
        mask, month = ((1 << within) - 1) << (from_on.day - 1), month_of(from_on)
        return cls(from_on, to_on, month, days, mask, month_of(to_on) != month)


class UsageRow(NamedTuple):
    """One row as it was read. `values` are all columns but the row number, to be hashed; numbers as numbers.

    A row without `stretch` has a wrong value somewhere; only its line, cells and what could be read are right.
    """

    line: int
    owner: str
    resource_id: str
    code: str
    zone: str
    category: str
    stretch: Stretch | None
    usage: int
    allocated: int
    running: int | None
    stopped: int | None
    amount: int | None
    size: int | None
    values: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """What the first look at a file tells: its SHA-256 and its encoding."""

    sha256: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file whose header is right: how it names contracts, and its rows, some at a time, in their order."""

    owner: str
    batches: Iterator[list[UsageRow]]


def examine(file: BinaryIO) -> Examined:
    """Hash the file and find its encoding; valid UTF-8 wins. Blocks: run it in a thread.

    Raises:
        UsageFileBroken: it is neither UTF-8 nor CP932.
    """
    sha256 = hashlib.sha256()
    for piece in _pieces(file):
        sha256.update(piece)
    for encoding in ("utf-8-sig", "cp932"):
        decoder = codecs.getincrementaldecoder(encoding)()
        line = 1
        try:
            for piece in _pieces(file):
                decoder.decode(piece)
                line += piece.count(b"\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return Examined(sha256.hexdigest(), encoding)
    raise UsageFileBroken(1, "", "the file is neither UTF-8 nor CP932")


def read_sheet(file: BinaryIO, encoding: str, menu_map: Mapping[tuple[str, str, str], str] = MENU_MAP) -> Sheet:
    """Read the header; the rows are read while `batches` is consumed. Blocks: run it and them in a thread.

    Raises:
        UsageFileBroken: a wrong header; while the rows are read: broken quotes, a line without end.
    """
    records = _records(_lines(file, encoding))
    _, header, _ = next(records, (1, [], ""))
    owners = [name for name in OWNERS if name in header]
    if len(owners) != 1 or sorted(header) != sorted([*COLUMNS, *owners]):
        raise UsageFileBroken(1, "", f"the header must have the columns {', '.join(COLUMNS)} and one of {OWNERS}")
    order = [header.index(name) for name in (*COLUMNS, *owners)]
    return Sheet(owners[0], _batches(records, RowReader(menu_map), order))


def cells_by_name(row: UsageRow, owner: str) -> dict[str, str]:
    """Name the cells of a row, to be sealed; those of a row with too many or too few are numbered."""
    names = (*COLUMNS, owner) if len(row.cells) == len(COLUMNS) + 1 else map(str, range(1, len(row.cells) + 1))
    return dict(zip(names, row.cells, strict=True))


def row_again(line: int, cells: Mapping[str, str]) -> tuple[UsageRow, str]:
    """Read a row again from its named cells; tells also how it names the contract."""
    owner = next((name for name in OWNERS if name in cells), OWNERS[0])
    whole = (*COLUMNS, owner) if owner in cells else ()
    found = tuple(cells.get(name, "") for name in whole)
    return RowReader(MENU_MAP).read(line, found, "".join(found)), owner


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    """Give lines without their ends, LF or CRLF; a CR elsewhere is a character like others."""
    decoder = codecs.getincrementaldecoder(encoding)()
    rest, line = "", 0
    for piece in _pieces(file):
        *lines, rest = (rest + decoder.decode(piece)).split("\n")
        line += len(lines)
        if len(rest) > MOST_RECORD:
            raise UsageFileBroken(line + 1, "", "a line has no end")
        yield from lines
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def _records(lines: Iterable[str]) -> Iterator[tuple[int, list[str], str]]:
    """Give each record: the line where it begins, its cells, its text. Empty lines are none."""
    numbered = enumerate(lines, 1)
    for line, text in numbered:
        text = text.removesuffix("\r")  # noqa: PLW2901 - the same line without its end
        if '"' in text:
            whole = _quoted(line, text, numbered)
            yield line, _split(whole), whole
        elif text:
            yield line, text.split(","), text


def _quoted(line: int, text: str, numbered: Iterator[tuple[int, str]]) -> str:
    """Put a record with quotes together, over as many lines as its quotes span."""
    parts, quotes, length = [text], text.count('"'), len(text)
    while quotes % 2:
        _, more = next(numbered, (0, None))
        if more is None or length > MOST_RECORD:
            raise UsageFileBroken(line, "", "a quote is not closed")
        parts.append(more.removesuffix("\r"))
        quotes, length = quotes + more.count('"'), length + len(more) + 1
    whole = "\n".join(parts)
    if not _RECORD.fullmatch(whole):
        raise UsageFileBroken(line, "", "a quote stands inside a cell")
    return whole


def _split(text: str) -> list[str]:
    cells, at = [], 0
    while found := _CELLS.match(text, at):
        cells.append(found[2] if found[1] is None else found[1].replace('""', '"'))
        at = found.end()
        if at == len(text):
            break
    return [*cells, ""] if text.endswith(",") else cells


def _batches(
    records: Iterator[tuple[int, list[str], str]], reader: "RowReader", order: list[int]
) -> Iterator[list[UsageRow]]:
    width, pick = len(order), itemgetter(*order)
    read, rows = reader.read, []
    for line, cells, text in records:
        rows.append(read(line, pick(cells) if len(cells) == width else tuple(cells), text))
        if len(rows) == ROWS_AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


class _Known(dict[str, int | None]):
    """Remembers what it has read; a text that is wrong raises ValueError each time."""

    def read(self, text: str) -> int | None:
        raise NotImplementedError

    def __missing__(self, text: str) -> int | None:
        value = self.read(text)
        if len(self) >= MOST_KNOWN:
            self.clear()
        self[text] = value
        return value


class _Decimals(_Known):
    """Plain decimal text with at most four places, in ten-thousandths; nothing where nothing stands."""

    def read(self, text: str) -> int | None:
        return decimal_e4(text) if text else None


class _Integers(_Known):
    """Whole numbers; nothing where nothing stands."""

    def read(self, text: str) -> int | None:
        if not text:
            return None
        if not _INTEGER.fullmatch(text):
            raise ValueError
        return int(text)


class _Sizes(_Known):
    """The size that a ResourceInformation names, in ten-thousandths of a GB; nothing where it names none."""

    def read(self, text: str) -> int | None:
        found = _SIZE.findall(text)
        if not found:
            return None
        (size,) = found  # two sizes are none: ValueError
        if (value := decimal_e4(size)) <= 0:
            raise ValueError
        return value


class _Stretches(dict[tuple[str, str], Stretch]):
    """Stretches by their two days."""

    def __missing__(self, days: tuple[str, str]) -> Stretch:
        if len(self) >= MOST_KNOWN:
            self.clear()
        stretch = self[days] = Stretch.of(_day(days[0]), _day(days[1]))
        return stretch


def decimal_e4(text: str) -> int:
    """Read plain decimal text with at most four places as ten-thousandths.

    Raises:
        ValueError: it is none.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError
    sign, whole, places = found.groups()
    value = int(whole) * E4 + int((places or "").ljust(4, "0"))
    return -value if sign else value


def _day(text: str) -> date:
    if not _DAY.fullmatch(text) or not EARLIEST <= int(text[:4]) <= LATEST:
        raise ValueError
    return date.fromisoformat(text)


class RowReader:
    """Reads cells as a row; remembers numbers and days, which repeat, so that each is read once."""

    def __init__(self, menu_map: Mapping[tuple[str, str, str], str]) -> None:
        self._menu_map = menu_map
        self._decimals, self._integers, self._sizes, self._stretches = _Decimals(), _Integers(), _Sizes(), _Stretches()

    def read(self, line: int, cells: tuple[str, ...], text: str) -> UsageRow:
        """Read one row; `text` is all of it, to be looked through at once."""
        try:
            (
                number, _, service, zone, category, menu, _, from_on, to_on, usage_text, allocated_text, running_text,
                stopped_text, amount_text, tax, net, information, resource_id, owner,
            ) = cells  # fmt: skip
            if not text.isprintable() and _CONTROL.search(text):
                return self._wrong(line, cells)
            if len(text) > MOST_CELL and max(map(len, cells)) > MOST_CELL:
                return self._wrong(line, cells)
            decimals, integers = self._decimals, self._integers
            usage, allocated = decimals[usage_text], decimals[allocated_text]
            running, stopped = decimals[running_text], decimals[stopped_text]
            amount, _, _, size = integers[amount_text], integers[tax], integers[net], self._sizes[information]
            if usage is None or allocated is None or not (number.isdecimal() and number.isascii()):
                return self._wrong(line, cells)
            stretch = self._stretches[from_on, to_on]
        except ValueError:
            return self._wrong(line, cells)
        code = self._menu_map.get((service, category, menu), menu) if self._menu_map else menu
        values = "\x1f".join(
            (*cells[1:9], f"{usage}\x1f{allocated}\x1f{running}\x1f{stopped}\x1f{amount}", *cells[14:])
        )
        return UsageRow(
            line, owner, resource_id, code, zone, category, stretch, usage, allocated, running, stopped, amount, size,
            values, cells,
        )  # fmt: skip

    def _wrong(self, line: int, cells: tuple[str, ...]) -> UsageRow:
        """Keep a row with a wrong value for a person."""
        whole = len(cells) == len(COLUMNS) + 1
        known = whole and cells[-1].isprintable() and len(cells[-1]) <= MOST_CELL
        return UsageRow(
            line, cells[-1] if known else "", "", "", "", "", None, 0, 0, None, None, None, None,
            json.dumps(cells[1:] if whole else cells), cells,
        )  # fmt: skip


def month_named(row: UsageRow) -> str | None:
    """Give the month of a row's first day; nothing where none can be read."""
    if row.stretch is not None:
        return row.stretch.month
    try:
        return month_of(_day(row.cells[COLUMNS.index("StartDate")]))
    except (ValueError, IndexError):
        return None
