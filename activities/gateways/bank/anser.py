"""ANSER CSV: every field in double quotes, one line of names, 13 columns, CP932; all movements with the balance.

起算日 is filled only where it differs from 勘定日. 摘要 holds the payer of a transfer, else what the movement is.
"""

import re
import unicodedata
from contextlib import suppress
from datetime import date

from activities.gateways.bank.entries import MAX_YEN, AccountId, BadField, BankFile, Entry, Faults, Kind

COLUMNS = {
    "照会口座": 71,
    "番号": 5,
    "勘定日": 14,
    "(起算日)": 14,
    "出金金額(円)": 15,
    "入金金額(円)": 15,
    "小切手区分": 6,
    "残高(円)": 18,
    "取引区分": 8,
    "明細区分": 4,
    "金融機関名": 15,
    "支店名": 15,
    "摘要": 69,
}
"""The columns in their order, with the most bytes that each may have."""
NAMES = tuple(COLUMNS)
LINE = "line"
NUMBER, BOOKED_ON, VALUE_ON, OUT, IN, BALANCE = (NAMES[n] for n in (1, 2, 3, 4, 5, 7))
DEPOSIT_TYPES = {"普通": "1", "フツウ": "1", "当座": "2", "トウザ": "2", "貯蓄": "4", "チヨチク": "4"}

_LINE = re.compile(",".join([r'"((?:[^"]|"")*+)"'] * len(COLUMNS)))
_LINE_END = re.compile(r"\r\n|\r|\n")
_ACCOUNT = re.compile(rf"(.*?) *({'|'.join(DEPOSIT_TYPES)})(?:預金|ヨキン)? *([0-9]{{1,7}})")
_DATE = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日|([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})")
_YEN = re.compile(r"[0-9]{1,13}|[0-9]{1,3}(?:,[0-9]{3}){1,4}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def read_anser(data: bytes) -> BankFile:
    """Read an ANSER CSV file.

    Raises:
        BankFileBroken: the columns, a date, an amount, an account or a running balance is wrong.
    """
    faults = Faults()
    lines = _lines(data, faults)
    entries: list[Entry] = []
    balances: dict[AccountId, int | None] = {}
    accounts: dict[str, AccountId] = {}
    for line, text in enumerate(lines[1:], 2):
        try:
            fields = _fields(text)
            written = fields[0]
            if written not in accounts:
                accounts[written] = account_of(written)
            entry = _entry(line, fields, accounts[written])
            entries.append(entry)
            if not faults:  # behind a broken line the balances can't agree
                balances[accounts[written]] = _balance(entry, fields[7], balances.get(accounts[written]))
        except BadField as bad:
            faults.add(line, bad.field, bad.message)
    if faults:
        faults.refuse()
    return BankFile(format="anser-csv", accounts=tuple(dict.fromkeys(accounts.values())), entries=tuple(entries))


def account_of(written: str) -> AccountId:
    """Read 照会口座: bank, branch, 預金種目 and number, as in `見本銀行 本店 普通 1234567`.

    Raises:
        BadField: it is not written so.
    """
    found = _ACCOUNT.fullmatch(unicodedata.normalize("NFKC", written).strip())
    if found is None:
        raise BadField(NAMES[0], "is not written as bank, branch, type and number")
    bank, _, branch = found[1].partition(" ")
    return AccountId(
        bank_code=None,
        branch_code=None,
        type=DEPOSIT_TYPES[found[2]],
        number=found[3].zfill(7),
        bank_name=bank,
        branch_name=branch.strip(),
    )


def _lines(data: bytes, faults: Faults) -> list[str]:
    """Decode the file, cut it into lines and check the names of the columns."""
    body = data.rstrip(b"\r\n").removesuffix(b"\x1a").rstrip(b"\r\n")
    try:
        lines = _LINE_END.split(body.decode("cp932"))
    except UnicodeDecodeError as bad:
        before = body[: bad.start].decode("cp932", "replace")
        faults.end(len(_LINE_END.split(before)), LINE, "is not in CP932")
    try:
        names = _fields(lines[0], limits=False)
    except BadField as bad:
        faults.end(1, bad.field, bad.message)
    if tuple(unicodedata.normalize("NFKC", name).strip() for name in names) != NAMES:
        faults.end(1, LINE, "does not name the 13 columns of ANSER")
    return lines


def _fields(line: str, *, limits: bool = True) -> tuple[str, ...]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadField(LINE, f"is not {len(COLUMNS)} fields in double quotes")
    fields = tuple(each.replace('""', '"').rstrip(" ") for each in found.groups())
    if _CONTROL.search(line):
        raise BadField(LINE, "holds control characters")
    if limits:
        for (name, most), field in zip(COLUMNS.items(), fields, strict=True):
            if len(field) * 2 > most and len(field.encode("cp932")) > most:
                raise BadField(name, f"is longer than {most} bytes")
    return fields


def _entry(line: int, fields: tuple[str, ...], account: AccountId) -> Entry:
    _, number, booked, value, went_out, came_in, _, _, movement, detail, bank, branch, text = fields
    if not (number.isascii() and number.isdigit()):
        raise BadField(NUMBER, "must be digits")
    paid, received = _yen(OUT, went_out), _yen(IN, came_in)
    if (paid > 0) == (received > 0):
        raise BadField(IN, "or the amount paid out must be above zero, and only one of them")
    kind: Kind = "other"
    if received and movement == "振込":
        kind = "deposit"
    elif paid and movement == "訂正" and detail == "取消":
        kind = "reversal"
    booked_on = _day(BOOKED_ON, booked)
    return Entry(
        line=line,
        account=account,
        booked_on=booked_on,
        value_on=_day(VALUE_ON, value) if value else booked_on,
        reference=int(number),
        amount=paid or received,
        kind=kind,
        incoming=received > 0,
        payer_code="",
        payer="" if kind == "other" else text,
        bank=bank,
        branch=branch,
        edi="",
        text=text if kind == "other" else "",
    )


def _balance(entry: Entry, written: str, before: int | None) -> int | None:
    """Carry the balance on and compare it where the bank gives it; None as long as it is unknown."""
    after = None if before is None else before + (entry.amount if entry.incoming else -entry.amount)
    if not written:
        return after
    minus = written[0] in "-▲"
    given = _yen(BALANCE, written[1:] if minus else written, most=MAX_YEN * 100)
    given = -given if minus else given
    if after not in (None, given):
        raise BadField(BALANCE, "does not follow from the line before")
    return given


def _day(name: str, text: str) -> date:
    found = _DATE.fullmatch(text)
    if found:
        with suppress(ValueError):
            return date(*(int(part) for part in found.groups() if part))
    raise BadField(name, "is no date like 2026年09月01日 or 2026/09/01")


def _yen(name: str, text: str, most: int = MAX_YEN) -> int:
    """Read an amount with or without commas; blank is zero."""
    if not text:
        return 0
    if not _YEN.fullmatch(text):
        raise BadField(name, "is no amount in yen")
    amount = int(text.replace(",", ""))
    if amount > most:
        raise BadField(name, "is above what a bank can move")
    return amount
