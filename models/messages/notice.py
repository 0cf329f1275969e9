"""Notices: what a letter says, to whom and by which channel (Art. 42; the forms of the single clauses)."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, JsonValue, StringConstraints

from models.messages.base import Message

Line = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=1000, pattern=r"^[^\p{Cc}\p{Zl}\p{Zp}\u{202A}-\u{202E}\u{2066}-\u{2069}]+$"
    ),
]
"""Text of one line: control characters could forge a mail header, marks of direction turn a name round."""

Channel = Literal["email", "web", "fax", "post", "registered", "certified", "console", "portal", "record"]


class Addressee(Message):
    """Whom a letter is for, as on record when it was written (宛先)."""

    company: Line
    department: Line | None = None
    person: Line | None = None
    postal_code: Line | None = None
    address: Line | None = None
    email: Line | None = None


class Letter(Message):
    """Everything that a letter is made from; the same letter always gives the same document.

    `article` is the clause on which the letter rests ("18(1)"), `replaces` the number of the letter
    that this one corrects. `facts` has fixed keys for each slug: dates and instants as ISO strings
    (instants with an offset), sums in yen as integers, `steps` as Japanese sentences.
    """

    notice_no: Line
    slug: Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=60)]
    article: Line | None = None
    channel: Channel
    issued_at: AwareDatetime
    addressee: Addressee
    contract_no: Line | None = None
    application_no: Line | None = None
    terms_version: Line
    replaces: Line | None = None
    facts: dict[str, JsonValue]
