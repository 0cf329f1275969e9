"""Letters of certified content (内容証明): their frame and pages, as the post office takes them (17(3), notices.md 7).

One document, no enclosure: sums and the account stand in the text. Numbers of ours lose their letter and money is
written as 金…円, for Latin letters are taken in proper names only.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from activities.wording import CHANNELS, Block, clause, day, wide
from models.messages.notice import Letter
from terms.certified import Layout, Passage, count, lay_out
from terms.periods import day_of

PROPER_NAMES = ("QT PRO Cloud", "QTnet", "OCF")

_LETTERS_BEFORE = re.compile(r"^[A-Z]+-")


def frame_of(letter: Letter, addressee: Sequence[str], sender: Sequence[str]) -> dict[str, object]:
    """Give what a letter says around its words; lines with a telephone number stay, an e-mail address can't."""
    return {
        "numbers": [f"文書番号 {numbered(letter.notice_no)}", day(day_of(letter.issued_at))],
        "addressee": [*addressee],
        "sender": [line for line in sender if "@" not in line],
        "reference": [
            [label, value]
            for label, value in (
                ("契約番号", letter.contract_no and numbered(letter.contract_no)),
                ("根拠条項", f"QT PRO Cloud サービス利用規約 {clause(letter.article)}" if letter.article else None),
                ("適用規約版", f"第{letter.terms_version}版"),
                ("送付方法", CHANNELS[letter.channel]),
            )
            if value
        ],
        "contract_no": letter.contract_no and numbered(letter.contract_no),
        "bank": _bank_names(letter),
        "replaces": letter.replaces and numbered(letter.replaces),
    }


def _bank_names(letter: Letter) -> list[str]:
    """Give the names of bank, branch and holder: proper names, which may be written in Latin letters."""
    account = letter.facts.get("account")
    told = account if isinstance(account, Mapping) else {}
    return [wide(str(told[part])) for part in ("bank_name", "branch_name", "holder_kana") if part in told]


def numbered(number: str) -> str:
    """Write a number of ours without the letter that names its series, 第000042号."""
    return f"第{_LETTERS_BEFORE.sub('', number)}号"


def pages_of(
    subject: str, blocks: Sequence[Block], frame: Mapping[str, Any], layout: Layout
) -> tuple[tuple[str, ...], ...]:
    """Lay a letter out into pages of lines.

    Raises:
        NotCertifiable: a character that certified mail does not take.
    """
    names = (*PROPER_NAMES, *frame["addressee"], *frame["sender"], *frame["bank"])
    right = max(layout.width - max(map(count, frame["numbers"])), 0)
    passages = [
        *(Passage(line, first=right) for line in frame["numbers"]),
        Passage(""),
        *(Passage(line, rest=1) for line in frame["addressee"]),
        Passage(""),
        *(Passage(line, first=layout.width // 4, rest=layout.width // 4 + 1) for line in frame["sender"]),
        Passage(""),
        _passage({"kind": "middle", "text": subject}, layout),
        Passage(""),
        *(Passage(f"{label} {value}", rest=1) for label, value in frame["reference"]),
        Passage(""),
        *(_passage(block, layout) for block in blocks),
    ]
    return lay_out(passages, layout, names=names)


def text_of(pages: Sequence[Sequence[str]]) -> str:
    """Write pages as plain text, line by line; between two pages stands an empty line."""
    return "\n\n".join("\n".join(page) for page in pages) + "\n"


def _passage(block: Block, layout: Layout) -> Passage:
    text = block["text"]
    free = max(layout.width - count(text), 0)
    match block["kind"]:
        case "paragraph":
            return Passage(text, first=1)
        case "middle":
            return Passage(text, first=free // 2)
        case "end":
            return Passage(text, first=max(free - 1, 0))
        case _:
            return Passage(text, *block["indents"])
