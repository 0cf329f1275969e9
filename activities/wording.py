"""Turn a letter into words: the blocks of its body, once, and from them plain text and HTML.

`templates/notices/<slug>/body.txt` is the only place where a letter's words stand. While it is rendered as
plain text, the functions it calls note each block down; HTML and PDF are laid out from these same blocks.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypedDict

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from models.messages.facts import Facts
from terms.citation import Article
from terms.periods import JST, ONE_DAY, day_of

FOLDER = Path(__file__).parents[1] / "templates" / "notices"

_GAP = re.compile(r"\n{3,}")
_YEN = re.compile(r"[¥￥]([0-9,]*[0-9])")

CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "email": "電子メール",
        "web": "当社ホームページへの掲載",
        "fax": "FAX",
        "post": "普通郵便",
        "registered": "簡易書留",
        "certified": "内容証明郵便(配達証明付き一般書留)",
        "console": "OCFコンソール",
        "portal": "OCFアカウントポータル",
        "record": "社内記録(送付なし)",
    }
)


class Column(TypedDict):
    """A column of a table: its heading, how it is set ("left", "right") and its share of the width."""

    title: str
    align: str
    share: float


class Block(TypedDict, total=False):
    """A piece of the body: `paragraph` and `heading` have `text`, `pairs` and `table` `rows`, `steps` `items`.

    A `line` is one of a letter of certified content: `text` with the `indents` of its first and of its other lines;
    one may stand in the `middle` or at the `end` instead.
    """

    kind: str
    text: str
    indents: tuple[int, int]
    items: list[str]
    columns: list[Column]
    rows: list[list[str]]


class Body:
    """The blocks of one letter, noted down while its template is rendered as text."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []

    def functions(self) -> dict[str, Callable[..., str]]:
        """Return what a body template may call."""
        return {
            "paragraph": self.paragraph,
            "prose": self.prose,
            "heading": self.heading,
            "pairs": self.pairs,
            "table": self.table,
            "derivation": self.derivation,
            "line": self.line,
            "middle": self.middle,
            "end": self.end,
        }

    def paragraph(self, caller: Callable[[], str]) -> str:
        """Take the text of a `call` block; the template's line ends mean nothing."""
        text = "".join(line.strip() for line in caller().splitlines())
        self.blocks.append({"kind": "paragraph", "text": text})
        return f"{text}\n\n"

    def prose(self, text: str) -> str:
        """Take text that a person wrote: a paragraph for each line."""
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        self.blocks.extend({"kind": "paragraph", "text": line} for line in lines)
        return "".join(f"{line}\n\n" for line in lines)

    def heading(self, text: str) -> str:
        """Take a heading."""
        self.blocks.append({"kind": "heading", "text": text})
        return f"■ {text}\n\n"

    def pairs(self, rows: Sequence[tuple[str, str | None]]) -> str:
        """Take labels and values; a value of None leaves its row out."""
        known = [[label, value] for label, value in rows if value is not None]
        self.blocks.append({"kind": "pairs", "rows": known})
        return pairs_as_text(known) + "\n"

    def table(self, columns: Sequence[tuple[str, str, float]], rows: Sequence[Sequence[object]]) -> str:
        """Take columns (heading, alignment, share of the width) and rows; what is None stays empty."""
        heads = [Column(title=title, align=align, share=share) for title, align, share in columns]
        cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
        self.blocks.append({"kind": "table", "columns": heads, "rows": cells})
        return _table_as_text(heads, cells) + "\n"

    def derivation(self, steps: Sequence[str]) -> str:
        """Take the steps by which dates and sums were worked out; none leave no trace."""
        if not steps:
            return ""
        heading = self.heading("日付・金額の算定")
        self.blocks.append({"kind": "steps", "items": list(steps)})
        return heading + "".join(f"({number}) {step}\n" for number, step in enumerate(steps, 1)) + "\n"

    def line(self, text: str = "", first: int = 0, rest: int | None = None) -> str:
        """Take a line of a letter of certified content; what is too long for it goes on with the indent `rest`."""
        self.blocks.append({"kind": "line", "text": text, "indents": (first, first if rest is None else rest)})
        return f"{text}\n"

    def middle(self, text: str) -> str:
        """Take a line that stands in the middle."""
        self.blocks.append({"kind": "middle", "text": text})
        return f"{text}\n"

    def end(self, text: str) -> str:
        """Take a line that stands at the right."""
        self.blocks.append({"kind": "end", "text": text})
        return f"{text}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A letter in words: its subject, the plain text and HTML of the mail, and the blocks for the PDF."""

    subject: str
    text: str
    html: str
    blocks: list[Block]


def write(slug: str, frame: Mapping[str, object], facts: Facts) -> Words:
    """Render the templates of a slug; `frame` is what all letters share (see `activities.documents`)."""
    body = Body()
    known = {"frame": frame, "f": facts}
    subject = _ENVIRONMENT.get_template(f"{slug}/subject.txt").render(known).strip()
    named = {**known, "subject": subject}
    text = _ENVIRONMENT.get_template(f"{slug}/body.txt").render({**named, **body.functions()})
    html = _ENVIRONMENT.get_template(f"{slug}/body.html").render({**named, "blocks": body.blocks})
    return Words(subject=subject, text=_GAP.sub("\n\n", text).strip() + "\n", html=html, blocks=body.blocks)


def passage(template: str, frame: Mapping[str, object], facts: Facts) -> list[Block]:
    """Render a piece of a letter for a document with a layout of its own, such as `invoice/remarks.txt`."""
    body = Body()
    known = {"frame": frame, "f": facts, **body.functions()}
    _ENVIRONMENT.get_template(template).render(known)
    return body.blocks


def day(value: date) -> str:
    """Print a day, 2026年8月31日."""
    return f"{value.year}年{value.month}月{value.day}日"


def instant(value: datetime) -> str:
    """Print an instant in Japan time, 2026年3月25日 9時00分."""
    local = value.astimezone(JST)
    return f"{day(local.date())} {local.hour}時{local.minute:02d}分"


def end_instant(value: datetime) -> str:
    """Print the instant at which something ended: midnight is 24時00分 of the day that is over."""
    local = value.astimezone(JST)
    if (local.hour, local.minute) == (0, 0):
        return f"{day(day_of(value) - ONE_DAY)} 24時00分"
    return instant(value)


def month(value: str) -> str:
    """Print a month, 2026年5月."""
    year, number = value.split("-")
    return f"{int(year)}年{int(number)}月"


def months(value: int) -> str:
    """Print a length in months; whole years are named as such, 3年."""
    years, rest = divmod(value, 12)
    return f"{years}年" if years and not rest else f"{value}か月"


def yen(value: int) -> str:
    """Print a sum, ¥1,234."""
    return f"¥{value:,}"


def yen_in_words(value: int) -> str:
    """Print a sum within a sentence, 1,234円."""
    return f"{value:,}円"


def gold(value: int) -> str:
    """Print a sum as certified content does, 金1,234円."""
    return f"金{value:,}円"


def golden(text: str) -> str:
    """Write the sums of a sentence as certified content does."""
    return _YEN.sub(r"金\1円", text)


def wide(text: str) -> str:
    """Write kana of half width, as banks have them, in their full width."""
    return unicodedata.normalize("NFKC", text)


def quantity(value: int | str) -> str:
    """Print a count with separators; decimal text stays as it is."""
    return f"{value:,}" if isinstance(value, int) else value


def clause(value: str) -> str:
    """Print a citation, 第18条第1項."""
    return Article.parse(value).ja


def pairs_as_text(rows: Sequence[Sequence[str]]) -> str:
    """Print labels and values as lines."""
    return "".join(f"{label}: {value}\n" for label, value in rows)


def _table_as_text(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    grid = [[column["title"] for column in columns], *rows]
    widths = [max(_width(row[place]) for row in grid) for place in range(len(columns))]
    lines = [
        "  ".join(_pad(cell, width, column["align"]) for cell, width, column in zip(row, widths, columns, strict=True))
        for row in grid
    ]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join(line.rstrip() for line in (lines[0], rule, *lines[1:])) + "\n"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def _pad(text: str, width: int, align: str) -> str:
    space = " " * (width - _width(text))
    return space + text if align == "right" else text + space


def _said(value: object) -> object:
    if value is None:
        message = "a letter would print nothing where it states a fact"
        raise ValueError(message)
    return value


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    finalize=_said,
    extensions=["jinja2.ext.do"],
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters.update(
    {
        "day": day,
        "instant": instant,
        "end_instant": end_instant,
        "month": month,
        "months": months,
        "yen": yen,
        "yen_in_words": yen_in_words,
        "gold": gold,
        "golden": golden,
        "wide": wide,
        "quantity": quantity,
        "clause": clause,
        "pairs_as_text": pairs_as_text,
    }
)
