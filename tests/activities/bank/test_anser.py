"""ANSER CSV: 13 quoted columns, two ways to write a day, amounts with and without commas, a running balance."""

from datetime import date

import pytest

from activities.gateways.bank import AccountId, read_bank_file
from tests.activities.bank.writing import RECEIVED_ON, places, sample, swapped

GOOD = sample("anser-2026-07.csv")
HEAD = GOOD.partition(b"\r\n")[0] + b"\r\n"
ROW = {
    "account": "見本銀行 本店 普通 1234567",
    "number": "00426",
    "booked": "2026年07月01日",
    "value": "",
    "out": "",
    "in": "500",
    "cheque": "",
    "balance": "1500",
    "movement": "振込",
    "detail": "",
    "bank": "ｻﾂﾏﾐﾎﾝ",
    "branch": "ﾁﾕｳｵｳ",
    "text": "ｶ)ﾊｶﾀ",
}


def table(*rows: dict[str, str]) -> bytes:
    """Write a file; each row says how it differs from the usual one."""
    lines = [",".join('"' + field.replace('"', '""') + '"' for field in (ROW | row).values()) for row in rows]
    return HEAD + "".join(f"{line}\r\n" for line in lines).encode("cp932")


class TestForms:
    """Banks write days and amounts in more than one way."""

    @pytest.mark.parametrize("written", ["2026年07月01日", "2026/07/01", "2026年7月1日", "2026/7/1"])
    def test_days(self, written: str) -> None:
        """A day is written with 年月日 or with slashes."""
        (entry,) = read_bank_file(table({"booked": written, "value": written}), received_on=RECEIVED_ON).entries
        assert (entry.booked_on, entry.value_on) == (date(2026, 7, 1), date(2026, 7, 1))

    @pytest.mark.parametrize("written", ["1234567", "1,234,567"])
    def test_amounts(self, written: str) -> None:
        """An amount may have commas."""
        (entry,) = read_bank_file(table({"in": written}), received_on=RECEIVED_ON).entries
        assert entry.amount == 1_234_567

    @pytest.mark.parametrize(
        ("written", "account_type", "names"),
        [
            pytest.param("見本銀行 本店 普通 1234567", "1", ("見本銀行", "本店"), id="as in the samples"),
            pytest.param("見本銀行　本店　当座　1234567", "2", ("見本銀行", "本店"), id="full-width blanks"),
            pytest.param("ﾐﾎﾝｷﾞﾝｺｳ ﾎﾝﾃﾝ ﾌﾂｳ 1234567", "1", ("ミホンギンコウ", "ホンテン"), id="kana"),
            pytest.param("見本銀行 本店 貯蓄預金 １２３４５６７", "4", ("見本銀行", "本店"), id="full-width digits"),
        ],
    )
    def test_accounts(self, written: str, account_type: str, names: tuple[str, str]) -> None:
        """The account is its type and number; the bank and branch are known by name only."""
        (account,) = read_bank_file(table({"account": written}), received_on=RECEIVED_ON).accounts
        assert account == AccountId(bank_code=None, branch_code=None, type=account_type, number="1234567")
        assert (account.bank_name, account.branch_name) == names

    @pytest.mark.parametrize(
        ("row", "kind", "payer"),
        [
            pytest.param({}, "deposit", "ｶ)ﾊｶﾀ", id="a transfer in"),
            pytest.param({"movement": "その他"}, "other", "", id="interest"),
            pytest.param({"in": "", "out": "500"}, "other", "", id="a transfer out"),
            pytest.param(
                {"in": "", "out": "500", "movement": "訂正", "detail": "取消"}, "reversal", "ｶ)ﾊｶﾀ", id="a cancelling"
            ),
            pytest.param({"in": "", "out": "500", "movement": "訂正"}, "other", "", id="another correction"),
            pytest.param({"movement": "訂正", "detail": "取消"}, "other", "", id="a correction in"),
        ],
    )
    def test_the_kinds(self, row: dict[str, str], kind: str, payer: str) -> None:
        """Transfers in are deposits, cancelling corrections out take them back; 摘要 is the payer of both."""
        (entry,) = read_bank_file(table(row), received_on=RECEIVED_ON).entries
        assert (entry.kind, entry.payer, entry.text) == (kind, payer, "" if payer else "ｶ)ﾊｶﾀ")

    def test_a_quote_inside(self) -> None:
        """A quote inside a field is written twice."""
        (entry,) = read_bank_file(table({"text": 'ｶ"A"'}), received_on=RECEIVED_ON).entries
        assert entry.payer == 'ｶ"A"'

    @pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
    def test_line_ends(self, end: bytes) -> None:
        """Any line end will do, and the last one may be missing."""
        data = GOOD.replace(b"\r\n", end).rstrip()
        assert read_bank_file(data, received_on=RECEIVED_ON) == read_bank_file(GOOD, received_on=RECEIVED_ON)

    def test_no_movements(self) -> None:
        """Names of columns alone are a good file of nothing."""
        assert read_bank_file(HEAD, received_on=RECEIVED_ON).entries == ()


class TestBalances:
    """Where the balance is given, it must follow from the line before."""

    def test_it_runs_on(self) -> None:
        """A balance that follows is taken, also over a line without one and below zero."""
        rows = [{}, {"balance": ""}, {"balance": "500", "in": "", "out": "1,500"}]
        last = {"balance": "-500", "in": "", "out": "1000"}
        assert places(table(*rows, last)) == []

    @pytest.mark.parametrize(
        ("rows", "line"),
        [
            pytest.param([{}, {"balance": "1999"}], 3, id="a yen too low"),
            pytest.param([{}, {"balance": ""}, {"balance": "2000"}], 4, id="a line is not counted"),
            pytest.param([{}, {"balance": "2000", "in": "", "out": "500"}], 3, id="out instead of in"),
        ],
    )
    def test_it_does_not(self, rows: list[dict[str, str]], line: int) -> None:
        """A balance that doesn't follow refuses the file: a line is missing or changed."""
        assert places(table(*rows)) == [(line, "残高(円)")]

    def test_a_lost_line(self) -> None:
        """A file of the samples that lost a line is refused."""
        lines = GOOD.split(b"\r\n")
        assert places(b"\r\n".join(lines[:4] + lines[5:])) == [(5, "残高(円)")]

    def test_each_account_has_its_own(self) -> None:
        """Lines of two accounts may alternate."""
        other = {"account": "見本銀行 本店 当座 7654321", "balance": "90000"}
        rows = [{}, other, {"balance": "2000"}, other | {"balance": "90500"}]
        assert places(table(*rows)) == []


class TestRefused:
    """What is not in the form of the columns refuses the file."""

    @pytest.mark.parametrize(
        ("row", "field"),
        [
            pytest.param({"account": "1234567"}, "照会口座", id="an account without a type"),
            pytest.param({"number": ""}, "番号", id="no number"),
            pytest.param({"number": "12A"}, "番号", id="a letter in the number"),
            pytest.param({"number": "123456"}, "番号", id="a number too long"),
            pytest.param({"booked": "2026年06月31日"}, "勘定日", id="booked on no day"),
            pytest.param({"booked": "2026-07-01"}, "勘定日", id="a day with hyphens"),
            pytest.param({"booked": ""}, "勘定日", id="no day"),
            pytest.param({"value": "07/01"}, "(起算日)", id="a day without a year"),
            pytest.param({"in": "12,34"}, "入金金額(円)", id="a comma in the wrong place"),
            pytest.param({"in": "-5"}, "入金金額(円)", id="a negative amount"),
            pytest.param({"in": "5.0"}, "入金金額(円)", id="decimals"),
            pytest.param({"in": f"{10**12 + 1}"}, "入金金額(円)", id="an amount without bounds"),
            pytest.param({"in": ""}, "入金金額(円)", id="neither in nor out"),
            pytest.param({"out": "500"}, "入金金額(円)", id="in and out"),
            pytest.param({"in": "", "out": "x"}, "出金金額(円)", id="letters paid out"),
            pytest.param({"balance": "x"}, "残高(円)", id="a balance that is no number"),
            pytest.param({"text": "ｱ" * 70}, "摘要", id="a text too long"),
            pytest.param({"bank": "見" * 8}, "金融機関名", id="a name too long in bytes"),
            pytest.param({"text": "ｱ\tｱ"}, "line", id="a control character"),
        ],
    )
    def test_a_broken_field(self, row: dict[str, str], field: str) -> None:
        """A field that is not what it must be refuses the file at its line."""
        assert places(table({}, {"balance": ""} | row)) == [(3, field)]

    @pytest.mark.parametrize(
        ("old", "new", "line"),
        [
            pytest.param('"番号"', '"No"', 1, id="another column"),
            pytest.param('"番号",', "", 1, id="twelve names"),
            pytest.param('"00428"', "00428", 3, id="a field without quotes"),
            pytest.param('"00428",', "", 3, id="twelve fields"),
            pytest.param('"00428"', '"00428","x"', 3, id="fourteen fields"),
            pytest.param('"00428"', '"00"428"', 3, id="a lonely quote"),
            pytest.param('"00428"', '"00\r\n428"', 3, id="a line end inside a field"),
        ],
    )
    def test_a_broken_line(self, old: str, new: str, line: int) -> None:
        """A line that is not 13 fields in quotes refuses the file."""
        assert places(swapped(GOOD, old, new, "cp932"))[0] == (line, "line")

    def test_another_encoding(self) -> None:
        """UTF-8 is not CP932."""
        assert places(GOOD.decode("cp932").encode())[0] == (1, "line")

    def test_bytes_of_no_text(self) -> None:
        """What can't be decoded is told with its line."""
        assert places(GOOD.replace(b'"00428"', b'"0042\x81"', 1)) == [(3, "line")]
