"""Art. 27(2): the same money comes in four formats, and is the same money in all of them."""

import json
from typing import Any

import pytest

from activities.gateways.bank import Entry, read_bank_file
from tests.activities.bank.writing import RECEIVED_ON, SAMPLES, places, sample

EXPECTED: dict[str, Any] = json.loads((SAMPLES / "expected/payments.json").read_text(encoding="utf-8"))
FORMATS = {
    "zengin 01": "zengin-01",
    "zengin 03": "zengin-03",
    "camt.054.001.02": "camt.054",
    "ANSER CSV": "anser-csv",
}
ACCEPTED = [each for each in EXPECTED["files"] if each["verdict"] == "accept"]
ALL_MOVEMENTS = {"zengin-03", "anser-csv"}


def month_of(name: str) -> str:
    """Tell the month of a sample, as `2026-06`."""
    return name.partition("-")[2][:7]


def payment(entry: Entry) -> tuple[object, ...]:
    """Say of an entry what the expected payments say."""
    return (entry.reference, entry.booked_on.isoformat(), entry.value_on.isoformat(), entry.amount, entry.payer)


class TestTheSamples:
    """What the bank delivers in each format is what was paid."""

    @pytest.mark.parametrize("file", ACCEPTED, ids=lambda file: file["file"])
    def test_the_payments(self, file: dict[str, Any]) -> None:
        """Each format gives the deposits and reversals of the month with dates, amounts, payers and EDI."""
        read = read_bank_file(sample(file["file"]), received_on=RECEIVED_ON)
        assert read.format == FORMATS[file["format"]]
        assert len(read.entries) == file["entries"]
        month = [each for each in EXPECTED["payments"] if each["booked_on"].startswith(month_of(file["file"]))]
        paid = [each for each in read.entries if each.kind != "other"]
        assert [payment(each) for each in paid] == [
            tuple(each[key] for key in ("reference", "booked_on", "value_on", "amount", "payer")) for each in month
        ]
        assert [each.kind for each in paid] == ["reversal" if each["reverses"] else "deposit" for each in month]
        assert [each.incoming for each in paid] == [not each["reverses"] for each in month]
        carried = [each["edi"] or "" for each in month] if read.format != "anser-csv" else [""] * len(month)
        assert [each.edi for each in paid] == carried

    @pytest.mark.parametrize("file", ACCEPTED, ids=lambda file: file["file"])
    def test_other_movements(self, file: dict[str, Any]) -> None:
        """Interest, charges and payments out are no payments; only two of the formats carry them."""
        read = read_bank_file(sample(file["file"]), received_on=RECEIVED_ON)
        month = [each for each in EXPECTED["other_entries"] if each["booked_on"].startswith(month_of(file["file"]))]
        others = [
            (each.reference, each.booked_on.isoformat(), "in" if each.incoming else "out", each.amount, each.text)
            for each in read.entries
            if each.kind == "other"
        ]
        told = [tuple(each[key] for key in ("reference", "booked_on", "direction", "amount", "text")) for each in month]
        assert others == (told if read.format in ALL_MOVEMENTS else [])

    @pytest.mark.parametrize("file", ACCEPTED, ids=lambda file: file["file"])
    def test_the_account(self, file: dict[str, Any]) -> None:
        """All name the account with its type and seven digits; codes stand where the format carries them."""
        read = read_bank_file(sample(file["file"]), received_on=RECEIVED_ON)
        (account,) = read.accounts
        expected = EXPECTED["account"]
        assert (account.type, account.number) == (expected["type"], expected["number"])
        codes = (expected["bank_code"], expected["branch_code"])
        assert (account.bank_code, account.branch_code) == (codes if read.format != "anser-csv" else (None, None))
        assert {each.account for each in read.entries} == {account}

    @pytest.mark.parametrize("month", ["2026-06", "2026-07"])
    def test_one_sender_in_all_formats(self, month: str) -> None:
        """The sending bank and branch are the same whatever the format."""
        names = (f"furikomi-{month}.txt", f"meisai-{month}.txt", f"camt054-{month}.xml", f"anser-{month}.csv")
        senders = [
            [(each.bank, each.branch) for each in read.entries if each.kind != "other"]
            for read in (read_bank_file(sample(name), received_on=RECEIVED_ON) for name in names)
        ]
        assert senders == [senders[0]] * len(names)

    @pytest.mark.parametrize("name", ["furikomi-2026-06.txt", "meisai-2026-06.txt"])
    def test_payer_codes(self, name: str) -> None:
        """Both kinds of Zengin carry the payer code; one of the transfers has one."""
        codes = {
            each.reference: each.payer_code for each in read_bank_file(sample(name), received_on=RECEIVED_ON).entries
        }
        assert {reference: code for reference, code in codes.items() if code} == {420: "0000004131"}

    def test_the_stream_is_the_file(self) -> None:
        """Without line ends and with 0x1A at the end, the records are the same."""
        lines, stream = (sample(f"furikomi-2026-06{end}.txt") for end in ("", "-stream"))
        assert read_bank_file(stream, received_on=RECEIVED_ON) == read_bank_file(lines, received_on=RECEIVED_ON)

    @pytest.mark.parametrize(
        ("name", "line", "field"),
        [
            pytest.param("furikomi-broken-length.txt", 3, "record", id="a record of 199 bytes"),
            pytest.param("furikomi-broken-totals.txt", 5, "合計金額", id="a total that is no sum"),
        ],
    )
    def test_the_broken_ones(self, name: str, line: int, field: str) -> None:
        """A broken file is refused as a whole, with the place of the fault."""
        assert places(sample(name)) == [(line, field)]
