"""Invoices, credit notes and usage statements as documents: PDF, and the words of the mail (消法57の4, Art. 27)."""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from activities.documents import Composed, GlyphMissing, Sender, frame_of, render
from activities.wording import day, month, passage, write, yen
from models.messages.billing import ArrearFacts, InvoiceFacts, InvoiceLineFacts, TaxFacts
from models.messages.notice import Letter
from terms.letters import LETTERS
from terms.numbering import InvoiceKind

SLUGS: Mapping[InvoiceKind, str] = MappingProxyType(
    {
        "monthly": "invoice",
        "penalty": "penalty_invoice",
        "surcharge": "surcharge_invoice",
        "interest": "late_interest_invoice",
        "restoration": "restoration_invoice",
        "credit": "credit_note",
    }
)
"""The letter that carries an invoice, by its kind."""

STATEMENT = "usage_statement"
GETA = "〓"
"""The mark of typesetters for a character that they lack (ゲタ)."""

_ACCOUNTS = {"1": "普通", "2": "当座", "4": "貯蓄"}
_CLASSES = {"taxable": "課税", "non_taxable": "不課税", "exempt": "非課税"}
_UNITS = {
    "VM": "台", "IP": "個", "router": "台", "gateway": "台", "cluster": "式", "host": "台",
    "contract": "契約", "change": "回", "case": "件",
}  # fmt: skip
_BY_TIME = frozenset({"metered", "capped", "restoration_damages"})
_SECONDS_OF_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedInvoice(Composed):
    """A finished invoice; `sha256` is that of `pdf`. The usage statement has its own number and PDF, where one is."""

    statement_no: str | None = None
    statement_pdf: bytes | None = None

    @property
    def enclosed(self) -> tuple[tuple[str, bytes], ...]:
        """What goes out in the same mail beside the invoice: titles and PDFs."""
        if self.statement_pdf is None:
            return ()
        return ((f"{LETTERS[STATEMENT].title}_{self.statement_no}", self.statement_pdf),)


def compose_invoice(facts: InvoiceFacts, letter: Letter, sender: Sender) -> ComposedInvoice:
    """Make the documents of an invoice; the same input gives the same bytes. Run it in a thread.

    `letter` gives the frame: addressee, channel, numbers; its own facts are not read. What customers call their
    resources holds up no bill: an emoji in such a name prints as 〓, with the resource's id beside it.

    Raises:
        GlyphMissing: a character that no font has; a private-use one (外字) in the name of a resource too.
    """
    try:
        return _compose(facts, letter, sender)
    except GlyphMissing as missing:
        marked = _marked(facts, missing.character)
        if marked == facts:
            raise
    return compose_invoice(marked, letter, sender)  # the next such character; each one is gone for good


def _marked(facts: InvoiceFacts, missing: str) -> InvoiceFacts:
    """Put the mark 〓 for characters ("U+1F680 U+FE0F") in the names of resources."""
    characters = [chr(int(point.removeprefix("U+"), 16)) for point in missing.split()]
    marks = {ord(each): GETA for each in characters if unicodedata.category(each) != "Co"}
    lines = [
        line.model_copy(update={"name": line.name.translate(marks)}) if line.name else line for line in facts.lines
    ]
    return facts.model_copy(update={"lines": tuple(lines)})


def _compose(facts: InvoiceFacts, letter: Letter, sender: Sender) -> ComposedInvoice:
    slug = SLUGS[facts.kind]
    frame = {
        **frame_of(letter, sender),
        "numbers": [*_numbers(facts), ["文書番号", letter.notice_no]],
        "title": LETTERS[slug].title,
        "summary": _summary(facts),
        "marked": any(GETA in (line.name or "") for line in facts.lines),
    }
    words = write(slug, frame, facts)
    layout = {
        **frame,
        **_figures(facts, letter, sender),
        "subject": words.subject,
        "pay": passage("frame/pay.txt", frame, facts),
        "blocks": passage(f"{slug}/remarks.txt", frame, facts),
    }
    pdf = render("invoice", layout, letter.issued_at)
    statement = render(STATEMENT, _statement(facts, frame, sender), letter.issued_at) if facts.metered else None
    return ComposedInvoice(
        subject=words.subject,
        text=words.text,
        html=words.html,
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        statement_no=facts.statement_no,
        statement_pdf=statement,
    )


def _numbers(facts: InvoiceFacts) -> list[list[str]]:
    name = "返還請求書番号" if facts.kind == "credit" else "請求書番号"
    return [[name, facts.invoice_no], ["発行日", day(facts.issued_on)]]


def _summary(facts: InvoiceFacts) -> list[tuple[str, str | None]]:
    """Say in labels and values what is to be paid, until when and where."""
    (sum_of, total), (on, when) = _box(facts)
    account = _account(facts)
    return [
        ("ご利用月", f"{month(facts.month)}分" if facts.month else None),
        (sum_of, total),
        *((f"{rate.rate_percent}%対象", f"{_en(rate.base)} 消費税 {_en(rate.tax)}") for rate in facts.rates),
        *((label, base) for label, base, _, _ in _sums(facts)[len(facts.rates) :]),
        (on, when),
        ("振込先", " ".join(value for _, value in account) if account else None),
        (LETTERS[STATEMENT].title, facts.statement_no),
    ]


def _figures(facts: InvoiceFacts, letter: Letter, sender: Sender) -> dict[str, object]:
    """Give the parts of the layout that hold figures, as text."""
    return {
        "author": sender.company,
        "footer": f"{_numbers(facts)[0][0]} {facts.invoice_no}",
        "issuer": ["登録番号", facts.registration_no],
        "box": _box(facts),
        "about": _about(facts, letter.contract_no),
        "account": _account(facts),
        "own": facts.account is not None and facts.account.own,
        "sums": _sums(facts),
        "sums_of": "ご返還の内訳" if facts.kind == "credit" else "ご請求の内訳",
        "total": ["合計(税込)" if facts.rates else "合計", _en(facts.total)],
        "groups": _groups(facts),
        "arrears": _arrears(facts),
        "due": list(facts.due_steps),
    }


def _box(facts: InvoiceFacts) -> list[tuple[str, str]]:
    """Give the two things that the eye looks for first: the sum and its day."""
    taxed = "税込" if facts.rates else "・".join(_classes(facts.lines))
    if facts.kind == "credit":
        return [(f"ご返還金額({taxed})", yen(facts.total)), ("ご返還の日", day(facts.issued_on))]
    paid = "お支払いの日" if facts.paid_on else "お支払期日"
    return [(f"ご請求金額({taxed})", yen(facts.total)), (paid, day(facts.paid_on or facts.due_on or facts.issued_on))]


def _classes(lines: Sequence[InvoiceLineFacts]) -> list[str]:
    return [label for name, label in _CLASSES.items() if any(line.tax_class == name for line in lines)]


def _about(facts: InvoiceFacts, contract_no: str | None) -> list[list[str]]:
    known = {
        "契約番号": contract_no,
        "ご利用月": f"{month(facts.month)}分" if facts.month else None,
        LETTERS[STATEMENT].title: f"番号 {facts.statement_no}" if facts.statement_no else None,
    }
    return [[label, value] for label, value in known.items() if value]


def _account(facts: InvoiceFacts) -> list[list[str]]:
    """Give the account to pay into, as labels and values; nothing where nothing is to be paid."""
    if facts.kind == "credit" or facts.paid_on:
        return []
    into = facts.account
    if into is None:
        return [["振込先", "別途ご案内する口座"]]
    return [
        ["振込先", f"{into.bank_name} {into.branch_name}"],
        ["口座番号", f"{_ACCOUNTS[into.type]} {into.number}"],
        ["口座名義", into.holder_kana],
    ]


def _sums(facts: InvoiceFacts) -> list[tuple[str, str, str, str]]:
    """Give the sum and tax of each rate, and what bears no tax apart from them."""
    rated = [_rated(rate) for rate in facts.rates]
    free = [(_CLASSES[name], [line.amount for line in facts.lines if line.tax_class == name]) for name in _CLASSES]
    return rated + [(label, _en(sum(amounts)), "", "") for label, amounts in free[1:] if amounts]


def _rated(rate: TaxFacts) -> tuple[str, str, str, str]:
    return f"{rate.rate_percent}%対象", _en(rate.base), "消費税", _en(rate.tax)


def _groups(facts: InvoiceFacts) -> list[dict[str, object]]:
    """Give a block of lines for each tax class, so that the totals of the rates stay clean (money.md 1)."""
    groups: list[dict[str, object]] = []
    for name, label in _CLASSES.items():
        lines = [line for line in facts.lines if line.tax_class == name]
        if lines:
            rates = "・".join(f"{rate.rate_percent}%対象" for rate in facts.rates)
            title = f"{rates}(金額は税抜)" if name == "taxable" else f"{label}(消費税はかかりません)"
            rows = [_row(facts, line) for line in lines]
            groups.append({"title": title, "rows": rows, "sum": _en(sum(line.amount for line in lines))})
    return groups


def _row(facts: InvoiceFacts, line: InvoiceLineFacts) -> list[str]:
    return [
        str(line.line_no),
        _item(facts, line),
        _resource(line),
        _quantity(line),
        _price(line),
        _use(line),
        _en(line.amount),
    ]


def _item(facts: InvoiceFacts, line: InvoiceLineFacts) -> str:
    """Name the item, and the month of a line that belongs to another one than its invoice."""
    if line.month is None or line.month == facts.month:
        return line.item
    return f"{line.item} {month(line.month)}分{'の差額' if facts.kind == 'monthly' else ''}"


def _resource(line: InvoiceLineFacts) -> str:
    """Name a resource as its customer does; the id stands for a name that is missing or not all printed."""
    if line.name and GETA in line.name:
        return f"{line.name} ({line.resource_id})"
    return line.name or line.resource_id or ""


def _quantity(line: InvoiceLineFacts) -> str:
    return f"{Decimal(line.quantity):,}{_unit(line.unit)}"


def _unit(unit: str) -> str:
    return _UNITS.get(unit, f" {unit}" if unit else "")


def _price(line: InvoiceLineFacts) -> str:
    if line.unit_price is None:
        return ""
    if line.capped and line.monthly_cap is not None:
        return f"{Decimal(line.monthly_cap):,}円/月"
    per = "/月" if line.charge_type == "monthly" else "/時間" if line.charge_type in _BY_TIME else ""
    return f"{Decimal(line.unit_price):,}円{per}"


def _use(line: InvoiceLineFacts) -> str:
    if line.seconds is not None:
        return f"{_time(line.seconds)}{' 上限' if line.capped else ''}"
    return _days(line)


def _days(line: InvoiceLineFacts) -> str:
    return "" if line.days is None else f"{line.days}{f'/{line.of}' if line.of else ''}日"


def _time(seconds: int | None) -> str:
    """Print a length of time to the second, 709:36:00."""
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, _SECONDS_OF_MINUTE)
    hours, minutes = divmod(minutes, _SECONDS_OF_MINUTE)
    return f"{hours:,}:{minutes:02d}:{rest:02d}"


def _en(amount: int) -> str:
    return f"{amount:,}円"


def _arrears(facts: InvoiceFacts) -> dict[str, object] | None:
    if not facts.arrears:
        return None
    as_of = f"({day(facts.arrears_on)}現在)" if facts.arrears_on else ""
    return {
        "title": f"お支払いを確認できていないご請求{as_of}",
        "rows": [_arrear(each) for each in facts.arrears],
        "sum": [_en(sum(each.principal for each in facts.arrears)), _en(sum(each.interest for each in facts.arrears))],
    }


def _arrear(each: ArrearFacts) -> list[str]:
    of = f"{month(each.month)}分" if each.month else ""
    return [each.invoice_no, of, day(each.due_on), _en(each.principal), _en(each.interest)]


def _statement(facts: InvoiceFacts, frame: Mapping[str, object], sender: Sender) -> dict[str, object]:
    """Give the layout of the usage statement: what each resource was used, and what that costs (Art. 24(2), 26)."""
    title = LETTERS[STATEMENT].title
    return {
        **frame,
        "subject": title,
        "author": sender.company,
        "footer": f"{title} {facts.statement_no}",
        "numbers": [["利用明細書番号", facts.statement_no], *_numbers(facts)],
        "month": f"{month(facts.month or '')}分",
        "blocks": passage(f"{STATEMENT}/remarks.txt", frame, facts),
        "rows": [
            [
                str(line.line_no),
                _item(facts, line),
                line.code,
                line.name or "",
                line.resource_id,
                _quantity(line),
                _time(line.running_seconds),
                _time(line.allocated_seconds),
                _time(line.seconds),
                "上限" if line.capped else "",
                _days(line),
                _en(line.amount),
            ]
            for line in facts.metered
        ],
        "sum": _en(sum(line.amount for line in facts.metered)),
    }
