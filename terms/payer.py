"""Names of payers (振込依頼人名) as banks pass them on and as customers registered them, made comparable.

- 27(2): charges are paid by transfer to the designated account; who paid is told by the name alone, unless the
  customer has a transfer-only account or the EDI information names it.

Banks write half-width kana in upper case: no small kana, no ｦ, no comma; the long vowel is a hyphen, ﾞ and ﾟ are
bytes of their own, corporate forms are cut short and bracketed by position, ｶ)… at the head, …(ｶ at the tail, …(ｶ)…
between. A name field holds 48 bytes, together with the 依頼人番号 before the name, and 26 where EDI information
rides along; what exceeds them is lost. Numbers here belong to the Zengin records, not to the terms.
"""

import re
import unicodedata

NAME_BYTES = 48
NAME_BYTES_WITH_EDI = 26
KEY_CHARACTERS = 12

_LONG_VOWELS = "ー‐‑‒–—―−─━〜~"
_SMALL = dict(
    zip(
        "ァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ",
        "アイウエオツヤユヨワカケクシストヌハヒフヘホムラリルレロ",
        strict=True,
    )
)
_NO_KEY = {"ヲ": "オ", "ヰ": "イ", "ヱ": "エ"}
_BRACKETS = {"[": "(", "]": ")", "〔": "(", "〕": ")", "【": "(", "】": ")"}
_ACCENTS = range(0x300, 0x370)
_VOICED, _PLOSIVE = "\u3099", "\u309a"
_LOOSE_MARKS = str.maketrans({"゛": _VOICED, "゜": _PLOSIVE})
_TO_KATAKANA = ord("ア") - ord("あ")


def _in_banks_letters() -> dict[int, str | None]:
    """Return what banks write for letters they have no key for; hiragana become katakana first."""
    katakana = _SMALL | _NO_KEY
    table: dict[int, str | None] = dict.fromkeys(_ACCENTS)
    table |= {ord(letter): written for letter, written in (katakana | _BRACKETS).items()}
    table |= {ord(dash): "-" for dash in _LONG_VOWELS}
    for code in range(ord("ぁ"), ord("ゖ") + 1):
        large = chr(code + _TO_KATAKANA)
        table[code] = katakana.get(large, large)
    return table


_LETTERS = _in_banks_letters()
_HALF_WIDTH = {
    ord(unicodedata.normalize("NFKC", chr(half))): chr(half) for half in (0xFF62, 0xFF63, *range(0xFF66, 0xFFA0))
}
_SIGNS = frozenset("-()./\\「」" + _VOICED + _PLOSIVE)

_FORMS = (
    *("カ", "ユ", "メ", "シ", "ド", "イ", "ザイ", "シヤ", "シユウ", "ガク", "フク", "ホゴ", "ソ", "トクヒ", "ドク"),
    *("チドク", "ダイ", "ベン", "シホウ", "ゼイ", "ギヨ", "ロウム", "ノウ", "カンリ", "チユウ", "エイ", "シユツ"),
    *("株", "有", "名", "資", "同", "医", "財", "社", "宗", "学", "福", "独"),
)
"""法人略語, 営業所 and 出張所 as banks cut them short, and the single kanji that customers put into brackets."""

_SHORT = tuple(unicodedata.normalize("NFKD", form) for form in _FORMS)
_ANY = "|".join(_SHORT)
_BY_POSITION = re.compile(rf"^(?:\(?(?:{_ANY})\))+|\((?:{_ANY})\)|\((?:{_ANY})$")
_CODE = re.compile(r"\s*([0-9０-９]+)[\s./:－-]*")
_OPENED = re.compile(r"\(([^()]*)$")


def _written(raw: str) -> str:
    """Return a name in the letters that banks have, in full width, voiced marks apart; other signs are blanks."""
    spread = unicodedata.normalize("NFKD", raw.translate(_LOOSE_MARKS)).translate(_LETTERS).upper()
    return "".join(sign if sign.isalnum() or sign in _SIGNS else " " for sign in spread)


def _bare(written: str) -> str:
    """Return what tells one payer from another: no 依頼人番号, no corporate form, letters and digits only."""
    name = split_payer_code(written)[1].replace(" ", "")
    bare = _BY_POSITION.sub("", name)
    return "".join(sign for sign in bare if sign.isalnum() or sign in {_VOICED, _PLOSIVE})


def normal_name(raw: str) -> str:
    """Return a payer's name in the one form in which names are compared and hashed; empty if it names nobody.

    Full-width katakana with composed voiced marks, upper case, without digits before the name, short corporate forms,
    brackets, blanks, hyphens and signs. A corporate form that is written out (カブシキガイシャ) is part of the name.
    """
    return unicodedata.normalize("NFC", _bare(_written(raw)))


def split_payer_code(raw: str) -> tuple[str, str]:
    """Split the digits before a name (依頼人番号) from it: code in plain digits, empty if there is none, and name.

    They may be an invoice number by which the payer designates a debt (Civil Code 488(1)).
    """
    found = _CODE.match(raw)
    if found is None:
        return "", raw.strip()
    return unicodedata.normalize("NFKC", found[1]), raw[found.end() :].strip()


def bank_form(name: str) -> str:
    """Return a name as a bank writes it, one byte of CP932 a letter, blanks for signs that banks do not have.

    Nothing is cut off: names of more than 48 bytes reach us as their first 48. Kanji stay as they are.
    """
    return _written(name).translate(_HALF_WIDTH)


def was_cut(raw: str, *, with_edi: bool = False) -> bool:
    """Tell whether a name fills the field of its record (48 bytes, 26 beside EDI information), so may go on."""
    size = len(bank_form(raw).rstrip().encode("cp932", "replace"))
    return size == NAME_BYTES or (with_edi and size == NAME_BYTES_WITH_EDI)


def key_prefix(name: str) -> str:
    """Return the first 12 characters of the normal name, by whose keyed hash a name that was cut is looked up."""
    return normal_name(name)[:KEY_CHARACTERS]


def same_payer(raw: str, registered: str, *, with_edi: bool = False) -> bool:
    """Tell whether a name from the bank is a registered one (27(2)): equal, or its beginning if the bank cut it.

    The cut may part a letter from its voiced mark or a corporate form from its bracket. A beginning of fewer than
    12 characters tells nobody from another.
    """
    written = _written(raw)
    paid_by, known = _bare(written), _bare(_written(registered))
    if not paid_by or paid_by == known:
        return bool(paid_by)
    begun = _bare(_without_begun_form(written))
    long_enough = len(unicodedata.normalize("NFC", begun)) >= KEY_CHARACTERS
    return was_cut(raw, with_edi=with_edi) and long_enough and known.startswith(begun)


def _without_begun_form(written: str) -> str:
    """Drop the beginning of a corporate form, `(トク` of `(トクヒ`, at the end of a name that was cut."""
    found = _OPENED.search(written)
    if found and any(form.startswith(found[1]) for form in _SHORT):
        return written[: found.start()]
    return written
