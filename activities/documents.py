"""Make the documents of a letter: PDF, plain text and HTML with the same words, and the e-mail around them."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import parseaddr
from pathlib import Path
from types import MappingProxyType
from typing import cast

import noto_cjk_sans_jp_bold
import noto_cjk_sans_jp_regular
import typst
from pydantic import ValidationError

from activities import certified
from activities.gateways.mail import MAILBOX
from activities.wording import CHANNELS, clause, day, write
from models.messages.base import Message
from models.messages.facts import FACTS, Facts
from models.messages.ladder_facts import LADDER_FACTS
from models.messages.notice import Addressee, Letter, Line
from models.messages.succession_facts import SUCCESSION_FACTS
from models.messages.violation import VIOLATION_FACTS
from terms.certified import layout_of
from terms.periods import JST, day_of
from terms.settings import TERMS_1_0

STATED: Mapping[str, type[Facts]] = MappingProxyType({**FACTS, **LADDER_FACTS, **SUCCESSION_FACTS, **VIOLATION_FACTS})
"""The facts of each slug."""

LAYOUTS = Path(__file__).parents[1] / "templates" / "documents"
FONTS = typst.Fonts(
    include_system_fonts=False,
    include_embedded_fonts=False,  # they would print a private-use character as some Latin ligature
    font_paths=[str(Path(str(font.FONT_PATH)).parent) for font in (noto_cjk_sans_jp_regular, noto_cjk_sans_jp_bold)],
)

_UNPRINTABLE = re.compile(r'the text `"(?P<text>.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{(?P<code>[0-9a-f]+)\}")
_NOT_IN_A_FILE_NAME = re.compile(r'[\\/:*?"<>|\s]+')
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")


class GlyphMissing(Exception):
    """No font can print a character (外字, an emoji): a person has to reword the letter.

    `character` is its code point, "U+E000"; the text around it stays unsaid.
    """

    def __init__(self, character: str) -> None:
        super().__init__(f"no glyph for {character}")
        self.character = character


class FactsWrong(Exception):
    """A letter states what its slug does not know, or lacks a fact; `fields` names where, never what."""

    def __init__(self, slug: str, fields: tuple[str, ...]) -> None:
        super().__init__(f"{slug}: {', '.join(fields)}")
        self.slug = slug
        self.fields = fields


class HeaderRefused(Exception):
    """A mail header would hold a control character or is none; `header` names it, its value stays unsaid."""

    def __init__(self, header: str) -> None:
        super().__init__(f"not fit for a mail header: {header}")
        self.header = header


class Sender(Message):
    """Who signs the letters (差出人) and where an answer reaches them."""

    company: Line = "株式会社QTnet"
    department: Line = "QT PRO Cloud 契約窓口"
    postal_code: Line | None = None
    address: Line | None = None
    phone: Line | None = None
    email: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A finished letter; text, HTML and PDF (PDF/A-2b) say the same words. `sha256` is that of the PDF."""

    subject: str
    text: str
    html: str
    pdf: bytes
    sha256: str


class _MailPolicy(EmailPolicy):
    """Writes Japanese headers by RFC 2047; `EmailPolicy` itself loses blanks and makes words of over 75 characters."""

    def fold(self, name: str, value: str) -> str:
        """Write a header as text."""
        addresses = getattr(value, "addresses", None)
        words = addresses[0].display_name if addresses else value
        if words.isascii() or name not in {"Subject", "From", "To"}:
            return cast("str", super().fold(name, value))
        encoded = Header(words, "utf-8", header_name=name, maxlinelen=72).encode(linesep=self.linesep)
        target = f"{self.linesep} <{addresses[0].addr_spec}>" if addresses else ""
        return f"{name}: {encoded}{target}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write a header as bytes, ASCII only."""
        return self.fold(name, value).encode("ascii")


def compose(letter: Letter, sender: Sender, *, cert_layout: str = TERMS_1_0.cert_layout) -> Composed:
    """Make a letter's documents; the same letter and sender give the same bytes. Run it in a thread.

    Raises:
        FactsWrong: the facts are not those of the slug.
        GlyphMissing: a character that no font has.
        NotCertifiable: a character that certified mail does not take.
    """
    if letter.channel == "certified":
        return _compose_certified(letter, sender, cert_layout)
    frame = frame_of(letter, sender)
    words = write(letter.slug, frame, _facts(letter))
    layout = {
        **frame,
        "subject": words.subject,
        "blocks": words.blocks,
        "author": sender.company,
        "footer": f"{words.subject} {letter.notice_no}",
    }
    pdf = render("letter", layout, letter.issued_at)
    return Composed(
        subject=words.subject, text=words.text, html=words.html, pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest()
    )


def _compose_certified(letter: Letter, sender: Sender, cert_layout: str) -> Composed:
    """Make a letter of certified content (17(3)): text and PDF are its lines and pages as they are posted."""
    frame = certified.frame_of(letter, _addressee_lines(letter.addressee), _sender_lines(sender))
    words = write(letter.slug, frame, _facts(letter))
    pages = certified.pages_of(words.subject, words.blocks, frame, layout_of(cert_layout))
    layout = {"subject": words.subject, "author": sender.company, "pages": pages}
    pdf = render("certified", layout, letter.issued_at)
    return Composed(
        subject=words.subject,
        text=certified.text_of(pages),
        html=words.html,
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
    )


def render(kind: str, data: Mapping[str, object], issued_at: datetime) -> bytes:
    """Compile a layout of `templates/documents` to PDF/A-2b; the same input gives the same bytes.

    Raises:
        GlyphMissing: a character that no font has.
    """
    compiler = typst.Compiler(input=str(LAYOUTS / f"{kind}.typ"), root=str(LAYOUTS), font_paths=FONTS)
    try:
        pdf = compiler.compile(
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards=["a-2b"],
            timestamp=int(issued_at.timestamp()),
        )
    except typst.TypstError as error:
        found = _UNPRINTABLE.search(error.message)
        if found is None:
            raise
        character = _code_points(found["text"])
    else:
        return cast("bytes", pdf)  # a list only for page images, None only with `output`
    raise GlyphMissing(character)  # outside of the handler: Typst's message quotes the text


def to_email(
    composed: Composed, letter: Letter, mail_from: str, message_id: str, *, enclosed: Sequence[tuple[str, bytes]] = ()
) -> EmailMessage:
    """Wrap a letter in a mail: text, HTML and the PDF; equal calls give equal bytes.

    `mail_from` is an address with or without a name, `message_id` has its angle brackets. The caller keeps
    the id, so that a mail repeated after a crash is known as the same. `enclosed` are further PDFs by their names.

    Raises:
        HeaderRefused: a header would hold a control character, an address is none or missing.
    """
    mail = EmailMessage(policy=_MailPolicy(linesep="\r\n"))
    mail["Subject"] = _header("Subject", composed.subject)
    name, address = parseaddr(_header("From", mail_from))
    mail["From"] = _address("From", name or Sender().company, address)
    mail["To"] = _address("To", _name(letter.addressee), letter.addressee.email or "")
    mail["Date"] = letter.issued_at.astimezone(JST)
    mail["Message-ID"] = _header("Message-ID", message_id, _MESSAGE_ID)
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "ja"
    mail.set_content(composed.text, cte="base64")
    mail.add_alternative(composed.html, subtype="html", cte="base64")
    for title, pdf in ((f"{composed.subject}_{letter.notice_no}", composed.pdf), *enclosed):
        name = _NOT_IN_A_FILE_NAME.sub("_", title)
        mail.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{name}.pdf")
    multiparts = (part for part in mail.walk() if part.is_multipart())
    for number, part in enumerate(multiparts):
        part.set_boundary(f"=_{composed.sha256[:40]}_{number}")  # chosen at random otherwise
    return mail


def _facts(letter: Letter) -> Facts:
    kind = STATED.get(letter.slug)
    if kind is None:
        raise FactsWrong(letter.slug, ("slug",))
    try:
        return kind.model_validate(letter.facts)
    except ValidationError as error:
        fields = tuple(".".join(map(str, found["loc"])) or found["type"] for found in error.errors())
    raise FactsWrong(letter.slug, fields)  # outside of the handler: pydantic's message quotes the values


def frame_of(letter: Letter, sender: Sender) -> dict[str, object]:
    """Give what every letter says around its body (notices.md 1), for the templates and for the layouts."""
    terms = f"QT PRO Cloud サービス利用規約 Ver{letter.terms_version}"
    reference = {
        "契約番号": letter.contract_no,
        "申込番号": letter.application_no,
        "根拠条項": f"{terms} {clause(letter.article)}" if letter.article else terms,
        "適用規約版": f"Ver{letter.terms_version}",
        "送付方法": CHANNELS[letter.channel],
    }
    return {
        "numbers": [["文書番号", letter.notice_no], ["発行日", day(day_of(letter.issued_at))]],
        "addressee": _addressee_lines(letter.addressee),
        "sender": _sender_lines(sender),
        "reference": [[label, value] for label, value in reference.items() if value],
        "application_no": letter.application_no,
        "contract_no": letter.contract_no,
        "replaces": letter.replaces,
    }


def _addressee_lines(addressee: Addressee) -> list[str]:
    place = [f"〒{addressee.postal_code}" if addressee.postal_code else None, addressee.address]
    if addressee.person:
        name = [addressee.company, addressee.department, f"{addressee.person} 様"]
    elif addressee.department:
        name = [addressee.company, f"{addressee.department} 御中"]
    else:
        name = [f"{addressee.company} 御中"]
    return [line for line in (*place, *name) if line]


def _sender_lines(sender: Sender) -> list[str]:
    return [
        *(line for line in (sender.company, sender.department) if line),
        *([f"〒{sender.postal_code}"] if sender.postal_code else []),
        *([sender.address] if sender.address else []),
        *([f"電話: {sender.phone}"] if sender.phone else []),
        *([f"電子メール: {sender.email}"] if sender.email else []),
    ]


def _name(addressee: Addressee) -> str:
    return f"{addressee.company} {addressee.person} 様" if addressee.person else f"{addressee.company} 御中"


def _header(name: str, value: str, form: re.Pattern[str] = _ONE_LINE) -> str:
    if form.fullmatch(value) is None:
        raise HeaderRefused(name)
    return value


def _address(header: str, name: str, address: str) -> Address:
    user, _, domain = _header(header, address, MAILBOX).partition("@")
    return Address(display_name=_header(header, name), username=user, domain=domain)


def _code_points(text: str) -> str:
    """Name the characters of a text that Typst quotes; what cannot be seen it writes as an escape."""
    plain = _ESCAPED.sub(lambda found: chr(int(found["code"], 16)), text)
    return " ".join(f"U+{ord(character):04X}" for character in plain)
