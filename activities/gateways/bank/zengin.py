"""Zengin text: 種別01 振込入金通知 (Format A) and 種別03 入出金取引明細.

A file is header 1, data 2…, trailer 8, once for each account, and one end 9. A record has 200 bytes; line ends are
optional and not counted, the file may close with 0x1A. Years are Japanese (Reiwa) or western; the day on which the
bank made the file, compared with the day of receipt, tells which.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from activities.gateways.bank import layout
from activities.gateways.bank.entries import AccountId, BadField, BankFile, Entry, Faults, Format, Kind
from activities.gateways.bank.layout import RECORD_BYTES, Field

REIWA = 2018
"""Reiwa 1 is 2019."""
FOLLOWS = {b"": b"1", b"1": b"28", b"2": b"28", b"8": b"19", b"9": b""}
"""Which records may follow a record, by their データ区分."""
TRANSFER, CORRECTION = b"11", b"19"
ACCOUNT_DIGITS = 7
DATA_01, DATA_03 = layout.Data01(), layout.Data03()

_LINE_END = re.compile(rb"\r\n|\r|\n")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Record:
    """A record and its number from 1; what is asked of it is checked."""

    line: int
    raw: bytes

    def part(self, field: Field) -> bytes:
        """Cut out a field."""
        return self.raw[field.first - 1 : field.last]

    def number(self, field: Field) -> int:
        """Read an N field.

        Raises:
            BadField: it holds anything but digits.
        """
        part = self.part(field)
        if not part.isdigit():
            raise BadField(field.name, "must be digits")
        return int(part)

    def optional(self, field: Field) -> int:
        """Read an N field that a bank may leave blank, which counts as zero.

        Raises:
            BadField: it holds anything else.
        """
        part = self.part(field).strip(b" ") or b"0"
        if not part.isdigit():
            raise BadField(field.name, "must be digits or blank")
        return int(part)

    def code(self, field: Field) -> str:
        """Read an N field whose zeros at the left count, as a bank code.

        Raises:
            BadField: it holds anything but digits.
        """
        self.number(field)
        return self.part(field).decode("ascii")

    def text(self, field: Field) -> str:
        """Read a C field without the blanks at its end.

        Raises:
            BadField: it is no text.
        """
        try:
            text = self.part(field).decode("cp932").rstrip(" ")
        except UnicodeDecodeError:
            text = "\0"
        if _CONTROL.search(text):
            raise BadField(field.name, "is no text in JIS X 0201")
        return text

    def day(self, field: Field, era: int) -> date:
        """Read a date YYMMDD; `era` is the year that stands before the year 1.

        Raises:
            BadField: there is no such day.
        """
        part = self.part(field)
        if part.isdigit() and (era != REIWA or part[:2] != b"00"):
            with suppress(ValueError):
                return date(era + int(part[:2]), int(part[2:4]), int(part[4:]))
        raise BadField(field.name, "is no date")

    def optional_day(self, field: Field, era: int) -> date | None:
        """Read a date that a bank may leave blank or zero.

        Raises:
            BadField: something else stands there that is no day.
        """
        return self.day(field, era) if self.part(field).strip(b" 0") else None


@dataclass(slots=True)
class Group:
    """An account on the way: what its header says, and what its records add up to. Yen.

    In 種別01 what goes out is what was cancelled.
    """

    account: AccountId
    era: int
    before: int = 0
    in_count: int = 0
    in_total: int = 0
    out_count: int = 0
    out_total: int = 0

    def add(self, entry: Entry) -> None:
        """Count an entry."""
        if entry.incoming:
            self.in_count += 1
            self.in_total += entry.amount
        else:
            self.out_count += 1
            self.out_total += entry.amount


@dataclass(frozen=True, slots=True)
class Form:
    """How the records of a 種別 are read; each function raises BadField."""

    name: Format
    head: Callable[[Record, date], Group]
    data: Callable[[Record, Group], Entry]
    tail: Callable[[Record, Group], None]
    end: Callable[[Record, int], None]


def read_zengin(data: bytes, *, received_on: date) -> BankFile:
    """Read a Zengin file of 種別01 or 03.

    Raises:
        BankFileBroken: a length, order, count, sum, balance, date or field is wrong.
    """
    faults = Faults()
    records = split(data, faults)
    if not records:
        faults.end(0, "file", "holds no record")
    form = FORMS.get(records[0].part(layout.KIND))
    if records[0].raw[:1] == b"1" and form is None:
        faults.end(1, layout.KIND.name, "is neither 01 nor 03")
    return _read(records, form or FORM_01, received_on, faults)


def split(data: bytes, faults: Faults) -> list[Record]:
    """Cut a file into its records.

    Raises:
        BankFileBroken: a record has not 200 bytes.
    """
    body = data.rstrip(b"\r\n").removesuffix(b"\x1a").rstrip(b"\r\n")
    records: list[Record] = []
    line = 0
    for piece in _LINE_END.split(body) if body else ():
        whole, rest = divmod(len(piece), RECORD_BYTES)
        if rest or not whole:
            at, length = (line + 1, len(piece)) if whole <= 1 else (line + whole + 1, rest)
            faults.add(at, "record", f"has {length} bytes, not {RECORD_BYTES}")
        starts = range(0, len(piece), RECORD_BYTES)
        records += [Record(line + n, piece[at : at + RECORD_BYTES]) for n, at in enumerate(starts, 1)]
        line += max(len(starts), 1)
    if faults:
        faults.refuse()
    return records


def era_of(made: int, received_on: date) -> int | None:
    """Tell from the year of the header what to add to a year of two digits; None if neither reading fits."""
    for year in (received_on.year, received_on.year - 1, received_on.year + 1):
        if made == year - REIWA:
            return REIWA
        if made == year % 100:
            return year - made
    return None


def _read(records: list[Record], form: Form, received_on: date, faults: Faults) -> BankFile:
    entries: list[Entry] = []
    groups: list[Group] = []
    after = b""
    for record in records:
        kind = record.raw[:1]
        if kind not in FOLLOWS or kind not in FOLLOWS[after]:
            faults.end(record.line, layout.CLASS.name, "is unknown or out of order")
        try:
            if kind == b"2":
                entry = form.data(record, groups[-1])
                groups[-1].add(entry)
                entries.append(entry)
            elif kind == b"1":
                groups.append(_head(record, form, received_on, faults))
            elif not faults:  # with a broken record the totals can't agree
                form.tail(record, groups[-1]) if kind == b"8" else form.end(record, len(groups))
        except BadField as bad:
            faults.add(record.line, bad.field, bad.message)
        after = kind
    if after != b"9":
        faults.end(records[-1].line, layout.CLASS.name, "is not 9: the file has no end")
    if faults:
        faults.refuse()
    return BankFile(
        format=form.name, accounts=tuple(dict.fromkeys(each.account for each in groups)), entries=tuple(entries)
    )


def _head(record: Record, form: Form, received_on: date, faults: Faults) -> Group:
    """Read a header; without it the records below it mean nothing."""
    if FORMS.get(record.part(layout.KIND)) is not form:
        faults.end(record.line, layout.KIND.name, "is not the one that the file began with")
    try:
        return form.head(record, received_on)
    except BadField as bad:
        faults.end(record.line, bad.field, bad.message)


def _group(record: Record, head: layout.Head01 | layout.Head03, received_on: date) -> Group:
    code = record.part(layout.CODE)
    if code != b"0":
        raise BadField(layout.CODE.name, "is EBCDIC; only JIS is taken" if code == b"1" else "is not 0 (JIS)")
    era = era_of(record.number(layout.MADE_ON) // 10_000, received_on)
    if era is None:
        raise BadField(layout.MADE_ON.name, "is neither in the Japanese nor in the western year of the receipt")
    record.day(layout.MADE_ON, era)
    record.optional_day(layout.FROM_ON, era)
    record.optional_day(layout.TO_ON, era)
    account = AccountId(
        bank_code=record.code(layout.BANK_CODE),
        branch_code=record.code(layout.BRANCH_CODE),
        type=record.code(head.account_type),
        number=f"{record.number(head.number):0{ACCOUNT_DIGITS}}",
        bank_name=record.text(layout.BANK_NAME),
        branch_name=record.text(layout.BRANCH_NAME),
    )
    return Group(account, era)


def _entry(record: Record, group: Group, at: layout.Data01 | layout.Data03, kind: Kind, *, incoming: bool) -> Entry:
    booked_on = record.day(at.booked_on, group.era)
    amount = record.number(at.amount)
    if amount == 0:
        raise BadField(at.amount.name, "is zero")
    record.optional(at.bills)
    return Entry(
        line=record.line,
        account=group.account,
        booked_on=booked_on,
        value_on=record.optional_day(at.value_on, group.era) or booked_on,
        reference=record.number(at.reference),
        amount=amount,
        kind=kind,
        incoming=incoming,
        payer_code=record.part(at.payer_code).decode("ascii").strip() if record.optional(at.payer_code) else "",
        payer=record.text(at.payer),
        bank=record.text(at.bank),
        branch=record.text(at.branch),
        edi=record.text(at.edi).strip(" "),
        text=record.text(at.text) if isinstance(at, layout.Data03) else "",
    )


def _agree(checks: list[tuple[Field, bool]]) -> None:
    for field, agrees in checks:
        if not agrees:
            raise BadField(field.name, "does not agree with the records")


def _head_01(record: Record, received_on: date) -> Group:
    return _group(record, layout.Head01(), received_on)


def _data_01(record: Record, group: Group) -> Entry:
    cancelled = record.part(DATA_01.cancelled)
    if cancelled not in b" 01":
        raise BadField(DATA_01.cancelled.name, "is neither blank nor 0 nor 1")
    incoming = cancelled != b"1"
    return _entry(record, group, DATA_01, "deposit" if incoming else "reversal", incoming=incoming)


def _tail_01(record: Record, group: Group) -> None:
    """Compare the totals: banks count cancelled records among the others, or apart from them."""
    at = layout.Tail01()
    count, total = record.number(at.number), record.number(at.total)
    apart = count == group.in_count
    _agree(
        [
            (at.cancelled_count, record.optional(at.cancelled_count) == group.out_count),
            (at.cancelled_total, record.optional(at.cancelled_total) == group.out_total),
            (at.number, apart or count == group.in_count + group.out_count),
            (at.total, total == group.in_total + (0 if apart else group.out_total)),
        ]
    )


def _end_01(_record: Record, _accounts: int) -> None:
    """The end of 種別01 counts nothing."""


def _balance(record: Record, sign: Field, amount: Field) -> int:
    minus = record.part(sign) == b"2"
    if record.part(sign) not in b" 012":
        raise BadField(sign.name, "is neither 1 nor 2")
    return -record.number(amount) if minus else record.number(amount)


def _head_03(record: Record, received_on: date) -> Group:
    at = layout.Head03()
    group = _group(record, at, received_on)
    group.before = _balance(record, at.sign, at.balance)
    return group


def _data_03(record: Record, group: Group) -> Entry:
    direction, movement = record.part(DATA_03.direction), record.part(DATA_03.movement)
    if direction not in b"12":
        raise BadField(DATA_03.direction.name, "is neither 1 nor 2")
    record.number(DATA_03.movement)
    if not record.part(DATA_03.cheque).replace(b" ", b"0").isdigit():
        raise BadField(DATA_03.cheque.name, "must be digits or blank")
    incoming = direction == b"1"
    kind: Kind = "other"
    if incoming and movement == TRANSFER:
        kind = "deposit"
    elif not incoming and movement == CORRECTION:
        kind = "reversal"
    return _entry(record, group, DATA_03, kind, incoming=incoming)


def _tail_03(record: Record, group: Group) -> None:
    at = layout.Tail03()
    after = _balance(record, at.sign, at.balance)
    _agree(
        [
            (at.in_count, record.number(at.in_count) == group.in_count),
            (at.in_total, record.number(at.in_total) == group.in_total),
            (at.out_count, record.number(at.out_count) == group.out_count),
            (at.out_total, record.number(at.out_total) == group.out_total),
            (at.records, record.number(at.records) == group.in_count + group.out_count),
            (at.balance, group.before + group.in_total - group.out_total == after),
        ]
    )


def _end_03(record: Record, accounts: int) -> None:
    at = layout.End03()
    _agree(
        [
            (at.records, record.number(at.records) == record.line),
            (at.accounts, record.number(at.accounts) == accounts),
        ]
    )


FORM_01 = Form("zengin-01", _head_01, _data_01, _tail_01, _end_01)
FORM_03 = Form("zengin-03", _head_03, _data_03, _tail_03, _end_03)
FORMS = {b"01": FORM_01, b"03": FORM_03}
