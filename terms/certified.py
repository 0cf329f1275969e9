"""Certified content (内容証明): how the text of a letter is laid out for the post office, and what it may hold.

- 17(3): a rescission is told in writing (書面) and takes effect when it arrives; this form proves what was written.
- Postal rules: at most 26 characters a line and 20 lines a page, or another of the layouts of `cert_layout`;
  kana, kanji, digits, 、。 and common symbols; Latin letters in proper names only.

Counted on the safe side: every bracket and every circled digit by itself. Letters `formal_demand`, `rescission_notice`.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from terms.citation import Article, implements

BLANK = "\u3000"

_OPENING = frozenset("(（「『【〔〈《[［〒")
_NEVER_FIRST = frozenset(
    ")）」』】〕〉》]］｣、。,.，．｡､・:;：；!?！？%％-－～〜々 　"
    "ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶｰﾞﾟｧｨｩｪｫｬｭｮｯ"
)
_SYMBOLS = _OPENING | _NEVER_FIRST | frozenset("—―–‐−/／＝=+＋×÷*＊＆&〃〆〇○●◎□■△▲※§°′″ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ'’")
_DOUBLE = frozenset("㎡㎏㈱㈲")
_CIRCLED = ("①", "⑳")
_SELECTORS = (("\ufe00", "\ufe0f"), ("\U000e0100", "\U000e01ef"))
_SCRIPTS = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA")


class NotCertifiable(ValueError):
    """The post office would not take a character; `character` is its code point, the text around it stays unsaid."""

    def __init__(self, character: str) -> None:
        self.character = f"U+{ord(character):04X}"
        super().__init__(f"not for certified mail: {self.character}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Characters a line and lines a page."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that begins a line; an empty one is an empty line.

    Both indents are blanks, which count; where a text needs several lines they take half of a line at most.
    """

    text: str
    first: int = 0
    rest: int = 0


def layout_of(setting: str) -> Layout:
    """Read the setting `cert_layout`, characters × lines: 26x20."""
    width, _, height = setting.partition("x")
    return Layout(width=int(width), height=int(height))


def count(text: str) -> int:
    """Count a text as the post office does, on the safe side: ㎡, ㎏ and circled digits 2, all else 1."""
    return sum(map(_weight, text))


@implements(Article(17, 3))
def lay_out(passages: Iterable[Passage], layout: Layout, *, names: Sequence[str] = ()) -> tuple[tuple[str, ...], ...]:
    """Lay passages out into pages of lines; no character is lost, blanks where a line is broken included.

    A line begins with no closing mark and ends with no opening one; numbers, Latin words and 金…円 stay whole,
    unless they alone are longer than a line. Latin letters are taken in `names` (proper names) only.

    Raises:
        NotCertifiable: a character that certified mail does not take.
    """
    lines: list[str] = []
    for passage in passages:
        text = unicodedata.normalize("NFC", passage.text)
        must_be_certifiable(text, names=names)
        lines.extend(_broken(text, layout.width, passage))
    return tuple(tuple(lines[start : start + layout.height]) for start in range(0, len(lines), layout.height))


@implements(Article(17, 3))
def must_be_certifiable(text: str, *, names: Sequence[str] = ()) -> None:
    """Refuse a text with a character that certified mail does not take.

    Raises:
        NotCertifiable: the first such character; a Latin letter outside of the proper `names` is one.
    """
    for character in text:
        if not (_is_latin(character) or _is_taken(character)):
            raise NotCertifiable(character)
    bare = text
    for name in sorted(filter(None, names), key=len, reverse=True):
        bare = bare.replace(unicodedata.normalize("NFC", name), BLANK)
    for character in filter(_is_latin, bare):
        raise NotCertifiable(character)


def _broken(text: str, width: int, passage: Passage) -> Iterator[str]:
    """Give the lines of one passage, each with its indent."""
    fits = passage.first + count(text) <= width
    first, rest = (passage.first if fits else min(passage.first, width // 2)), min(passage.rest, width // 2)
    line, used, bare = BLANK * first, first, True
    for unit in _units(text, width - max(first, rest)):
        if used + count(unit) > width and not bare:
            yield line
            line, used = BLANK * rest, rest
        line, used, bare = line + unit, used + count(unit), False
    yield line.rstrip(BLANK) if bare else line


def _units(text: str, room: int) -> Iterator[str]:
    """Cut a text where a line may end; what is longer than a line is cut where the line is full."""
    unit = ""
    for character in text:
        if unit and not _belong_together(unit[-1], character):
            yield from _fitting(unit, room)
            unit = ""
        unit += character
    yield from _fitting(unit, room)


def _fitting(unit: str, room: int) -> Iterator[str]:
    piece = ""
    for character in unit:
        if piece and count(piece) + _weight(character) > room:
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _belong_together(before: str, after: str) -> bool:
    """Tell whether a line may not end between two characters."""
    return (
        after in _NEVER_FIRST
        or before in _OPENING
        or not _weight(after)
        or (_is_numeral(before) and (_is_numeral(after) or after == "円"))
        or (before in ",.-" and _is_numeral(after))
        or (before == "金" and _is_numeral(after))
        or (_is_latin(before) and _is_latin(after))
    )


def _weight(character: str) -> int:
    if any(first <= character <= last for first, last in _SELECTORS):
        return 0  # chooses the shape of the kanji before it
    return 2 if character in _DOUBLE or _CIRCLED[0] <= character <= _CIRCLED[1] else 1


def _is_numeral(character: str) -> bool:
    return character in "0123456789０１２３４５６７８９"


def _is_latin(character: str) -> bool:
    plain = unicodedata.normalize("NFKC", character)
    return len(plain) == 1 and plain.isascii() and plain.isalpha()


def _is_taken(character: str) -> bool:
    return (
        _is_numeral(character)
        or character in _SYMBOLS
        or not _weight(character)
        or _weight(character) > 1
        or unicodedata.name(character, "").startswith(_SCRIPTS)
    )
