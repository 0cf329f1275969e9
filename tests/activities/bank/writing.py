"""Writes bank files as banks do, from the byte tables and not from the reader; and spoils good ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from activities.gateways.bank import BankFileBroken, read_bank_file

SAMPLES = Path(__file__).parents[2] / "samples"
RECEIVED_ON = date(2026, 8, 3)
REIWA = 2018


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer, or with `cancelled` the record that takes one back; yen."""

    reference: int
    booked_on: date
    value_on: date
    amount: int
    payer: str = ""
    payer_code: str = "0000000000"
    bank: str = ""
    branch: str = ""
    edi: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """An account with its transfers."""

    bank_code: str = "9999"
    branch_code: str = "001"
    type: str = "1"
    number: str = "1234567"
    before: int = 1000
    transfers: Sequence[Transfer] = ()

    def total(self, *, cancelled: bool) -> tuple[int, int]:
        """Count and add up the transfers, or those that take back."""
        amounts = [each.amount for each in self.transfers if each.cancelled == cancelled]
        return len(amounts), sum(amounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a bank writes: western years, and cancelled records among the others in the totals."""

    western: bool = False
    counts_all: bool = False
    made_on: date = RECEIVED_ON

    def day(self, day: date) -> str:
        """Write a date as YYMMDD."""
        return f"{(day.year % 100) if self.western else day.year - REIWA:02}{day:%m%d}"


def record(fields: dict[int, str]) -> bytes:
    """Write a record of 200 bytes; the key of a field is its first byte, from 1."""
    raw = bytearray(b" " * 200)
    for first, text in fields.items():
        written = text.encode("cp932")
        raw[first - 1 : first - 1 + len(written)] = written
    assert len(raw) == 200
    return bytes(raw)


def header(kind: str, ledger: Ledger, habit: Habit) -> dict[int, str]:
    """Write what both kinds have in their header."""
    made = habit.day(habit.made_on)
    return {1: f"1{kind}0{made}{made}{made}", 23: ledger.bank_code, 27: "ﾐﾎﾝｷﾞﾝｺｳ", 42: ledger.branch_code, 45: "ﾎﾝﾃﾝ"}


def zengin_01(ledgers: Iterable[Ledger], habit: Habit) -> list[bytes]:
    """Write the records of a file of 種別01, Format A."""
    records = []
    for ledger in ledgers:
        records.append(record(header("01", ledger, habit) | {60: ledger.type, 61: ledger.number}))
        records += [
            record(
                {
                    1: f"2{each.reference:06}{habit.day(each.booked_on)}{habit.day(each.value_on)}",
                    20: f"{each.amount:010}{0:010}{each.payer_code}",
                    50: each.payer,
                    98: each.bank,
                    113: each.branch,
                    128: "1" if each.cancelled else " ",
                    129: each.edi,
                }
            )
            for each in ledger.transfers
        ]
        count, total = ledger.total(cancelled=False)
        back, back_total = ledger.total(cancelled=True)
        if habit.counts_all:
            count, total = count + back, total + back_total
        records.append(record({1: f"8{count:06}{total:012}{back:06}{back_total:012}"}))
    return [*records, record({1: "9"})]


def zengin_03(ledgers: Sequence[Ledger], habit: Habit) -> list[bytes]:
    """Write the records of a file of 種別03."""
    records = []
    for ledger in ledgers:
        balance = {60: "000", 63: ledger.type, 64: f"{ledger.number:>010}", 114: f"11{ledger.before:014}"}
        records.append(record(header("03", ledger, habit) | balance))
        records += [
            record(
                {
                    1: f"2{each.reference:08}{habit.day(each.booked_on)}{habit.day(each.value_on)}",
                    22: "219" if each.cancelled else "111",
                    25: f"{each.amount:012}{0:012}{0:023}{each.payer_code}",
                    82: each.payer,
                    130: each.bank,
                    145: each.branch,
                    160: "ﾌﾘｺﾐ",
                    180: each.edi,
                }
            )
            for each in ledger.transfers
        ]
        count, total = ledger.total(cancelled=False)
        back, back_total = ledger.total(cancelled=True)
        after = ledger.before + total - back_total
        sums = f"8{count:06}{total:013}{back:06}{back_total:013}"
        records.append(
            record({1: f"{sums}{1 if after >= 0 else 2}{abs(after):014}{len(ledger.transfers):07}"}),
        )
    return [*records, record({1: f"9{len(records) + 1:010}{len(ledgers):05}"})]


def sample(name: str) -> bytes:
    """Read a bank file of the samples."""
    return (SAMPLES / "bank" / name).read_bytes()


def spoiled(name: str, line: int, first: int, text: str) -> bytes:
    """Write over some bytes of a record of a sample; line and byte count from 1."""
    lines = sample(name).split(b"\r\n")
    raw = bytearray(lines[line - 1])
    written = text.encode("cp932")
    raw[first - 1 : first - 1 + len(written)] = written
    lines[line - 1] = bytes(raw)
    return b"\r\n".join(lines)


def swapped(data: bytes, old: str, new: str, encoding: str = "utf-8") -> bytes:
    """Put one text in the place of another that must be there; the first of them."""
    assert old.encode(encoding) in data
    return data.replace(old.encode(encoding), new.encode(encoding), 1)


def places(data: bytes, received_on: date = RECEIVED_ON) -> list[tuple[int, str]]:
    """Return line and field of each fault; empty for a good file."""
    try:
        read_bank_file(data, received_on=received_on)
    except BankFileBroken as broken:
        return [(each.line, each.field) for each in broken.errors]
    return []


def numbered(transfers: Iterable[Transfer]) -> list[Transfer]:
    """Give transfers the numbers of a day, from 1."""
    return [replace(each, reference=n) for n, each in enumerate(transfers, 1)]
