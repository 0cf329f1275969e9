"""Zengin text: what is read back, and what refuses a whole file."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.gateways.bank import BankFileBroken, read_bank_file
from activities.gateways.bank.layout import RECORD_BYTES
from activities.gateways.bank.zengin import read_zengin
from tests.activities.bank.writing import (
    RECEIVED_ON,
    Habit,
    Ledger,
    Transfer,
    numbered,
    places,
    sample,
    spoiled,
    zengin_01,
    zengin_03,
)

TRANSFERS, MOVEMENTS = "furikomi-2026-06.txt", "meisai-2026-06.txt"
KANA = st.characters(min_codepoint=0xFF66, max_codepoint=0xFF9F) | st.sampled_from(" ABCXYZ0123456789()-./")


def kana(most: int) -> st.SearchStrategy[str]:
    """Make up text as banks write it."""
    return st.text(KANA, max_size=most).map(str.strip)


DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
TRANSFER = st.builds(
    Transfer,
    reference=st.integers(0, 999_999),
    booked_on=DAYS,
    value_on=DAYS,
    amount=st.integers(1, 9_999_999_999),
    payer=kana(48),
    payer_code=st.integers(0, 9_999_999_999).map("{:010}".format),
    bank=kana(15),
    branch=kana(15),
    edi=kana(20),
    cancelled=st.booleans(),
)
LEDGERS = st.lists(
    st.builds(
        Ledger,
        bank_code=st.from_regex(r"\A[0-9]{4}\Z"),
        branch_code=st.from_regex(r"\A[0-9]{3}\Z"),
        type=st.sampled_from("124"),
        number=st.from_regex(r"\A[0-9]{7}\Z"),
        before=st.integers(0, 10**13),
        transfers=st.lists(TRANSFER, max_size=5).map(numbered),
    ),
    min_size=1,
    max_size=3,
)
HABITS = st.builds(Habit, western=st.booleans(), counts_all=st.booleans())
LINE_ENDS = st.sampled_from([b"\r\n", b"\n", b"\r", b""])
ENDS = st.sampled_from([b"", b"\x1a", b"\r\n", b"\r\n\x1a", b"\n\x1a\n"])
ONE = Transfer(reference=1, booked_on=date(2026, 7, 1), value_on=date(2026, 7, 1), amount=500)
BACK = Transfer(reference=2, booked_on=date(2026, 7, 2), value_on=date(2026, 7, 1), amount=500, cancelled=True)


@pytest.mark.parametrize("write", [zengin_01, zengin_03])
@given(ledgers=LEDGERS, habit=HABITS, between=LINE_ENDS, end=ENDS)
def test_what_is_written_is_read_back(
    write: Callable[[list[Ledger], Habit], list[bytes]], ledgers: list[Ledger], habit: Habit, between: bytes, end: bytes
) -> None:
    """Any accounts and transfers come back, in either year style, with any line ends, whatever the totals count."""
    read = read_bank_file(between.join(write(ledgers, habit)) + end, received_on=RECEIVED_ON)
    written = [(ledger, each) for ledger in ledgers for each in ledger.transfers]
    assert [
        (each.reference, each.booked_on, each.value_on, each.amount, each.kind, each.incoming) for each in read.entries
    ] == [
        (
            each.reference,
            each.booked_on,
            each.value_on,
            each.amount,
            "reversal" if each.cancelled else "deposit",
            not each.cancelled,
        )
        for _, each in written
    ]
    assert [(each.payer, each.payer_code or "0" * 10, each.bank, each.branch, each.edi) for each in read.entries] == [
        (each.payer, each.payer_code, each.bank, each.branch, each.edi) for _, each in written
    ]
    assert [
        (each.account.bank_code, each.account.branch_code, each.account.type, each.account.number)
        for each in read.entries
        if each.account
    ] == [(each.bank_code, each.branch_code, each.type, each.number) for each, _ in written]


class TestRecords:
    """Records have 200 bytes and come in one order."""

    def test_a_long_record(self) -> None:
        """A record of 201 bytes refuses the file."""
        assert places(sample(TRANSFERS).replace(b"\r\n", b" \r\n", 1)) == [(1, "record")]

    def test_a_short_stream(self) -> None:
        """A stream that ends in the middle of a record is refused at that record."""
        stream = sample("furikomi-2026-06-stream.txt")[:-50]
        assert places(stream) == [(14, "record")]

    def test_no_record(self) -> None:
        """Line ends alone are no Zengin file."""
        with pytest.raises(BankFileBroken, match="holds no record"):
            read_zengin(b"\r\n\x1a", received_on=RECEIVED_ON)

    def test_an_empty_line(self) -> None:
        """An empty line between two records is a record of no bytes."""
        assert places(sample(TRANSFERS).replace(b"\r\n", b"\r\n\r\n", 1)) == [(2, "record")]

    @pytest.mark.parametrize(
        ("order", "line"),
        [
            pytest.param("289", 1, id="no header"),
            pytest.param("129", 3, id="no trailer"),
            pytest.param("19", 2, id="an end right after the header"),
            pytest.param("12829", 4, id="data after the trailer"),
            pytest.param("1189", 2, id="two headers"),
            pytest.param("18899", 3, id="two trailers"),
            pytest.param("1899", 4, id="two ends"),
            pytest.param("12891", 5, id="a header after the end"),
            pytest.param("128", 3, id="no end"),
            pytest.param("1", 1, id="a header and nothing else"),
            pytest.param("12389", 3, id="an unknown record"),
        ],
    )
    def test_the_order(self, order: str, line: int) -> None:
        """What is out of order is refused where the order breaks."""
        one, data, tail, end = zengin_01([Ledger(transfers=[ONE])], Habit())
        kinds = {"1": one, "2": data, "8": tail, "9": end, "3": b"3".ljust(RECORD_BYTES)}
        assert (line, "データ区分") in places(b"".join(kinds[each] for each in order))

    def test_two_kinds_in_one_file(self) -> None:
        """A file is of one kind: a second account of another kind is refused."""
        *first, _ = zengin_01([Ledger()], Habit())
        assert places(b"".join([*first, *zengin_03([Ledger()], Habit())])) == [(3, "種別コード")]

    def test_an_account_without_movements(self) -> None:
        """A month in which nothing came is a good file."""
        read = read_bank_file(b"".join(zengin_03([Ledger()], Habit())), received_on=RECEIVED_ON)
        assert (len(read.accounts), read.entries) == (1, ())

    def test_all_faults_are_told(self) -> None:
        """Each broken record is told, the totals that can't agree any more are not."""
        data = spoiled(TRANSFERS, 2, 20, "x").split(b"\r\n")
        data[3] = data[3][:7] + b"081301" + data[3][13:]
        assert places(b"\r\n".join(data)) == [(2, "金額"), (4, "勘定日")]

    def test_faults_have_an_end(self) -> None:
        """A file with a thousand faults tells a hundred."""
        one, data, tail, end = zengin_01([Ledger(transfers=[ONE])], Habit())
        assert len(places(b"".join([one, *[data.replace(b"0", b"x")] * 1000, tail, end]))) == 100


class TestFields:
    """Each field is what its table says."""

    @pytest.mark.parametrize(
        ("name", "line", "first", "text", "field"),
        [
            pytest.param(TRANSFERS, 1, 2, "02", "種別コード", id="an unknown kind"),
            pytest.param(TRANSFERS, 1, 4, "1", "コード区分", id="EBCDIC"),
            pytest.param(TRANSFERS, 1, 4, " ", "コード区分", id="no code"),
            pytest.param(TRANSFERS, 1, 5, "      ", "作成日", id="a header without a day"),
            pytest.param(TRANSFERS, 1, 5, "100701", "作成日", id="a year far from the receipt"),
            pytest.param(TRANSFERS, 1, 5, "081332", "作成日", id="made on no day"),
            pytest.param(TRANSFERS, 1, 11, "080631", "勘定日(自)", id="from no day"),
            pytest.param(TRANSFERS, 1, 17, "080631", "勘定日(至)", id="to no day"),
            pytest.param(TRANSFERS, 1, 23, " 999", "銀行コード", id="a blank in a bank code"),
            pytest.param(TRANSFERS, 1, 42, "A01", "支店コード", id="a letter in a branch code"),
            pytest.param(TRANSFERS, 1, 60, " ", "預金種目", id="no type of account"),
            pytest.param(TRANSFERS, 1, 61, "123456 ", "口座番号", id="an account number aligned left"),
            pytest.param(TRANSFERS, 2, 2, "   413", "照会番号", id="a reference with blanks"),
            pytest.param(TRANSFERS, 2, 8, "080631", "勘定日", id="booked on no day"),
            pytest.param(TRANSFERS, 2, 8, "      ", "勘定日", id="booked on a blank day"),
            pytest.param(TRANSFERS, 2, 8, "000101", "勘定日", id="booked in the year 0 of Reiwa"),
            pytest.param(TRANSFERS, 2, 14, "080631", "起算日", id="valued on no day"),
            pytest.param(TRANSFERS, 2, 20, "     80895", "金額", id="an amount filled with blanks"),
            pytest.param(TRANSFERS, 2, 20, "-000080895", "金額", id="a negative amount"),
            pytest.param(TRANSFERS, 2, 20, "0000000000", "金額", id="an amount of zero"),
            pytest.param(TRANSFERS, 2, 30, "A", "うち他店券金額", id="a letter in the bills"),
            pytest.param(TRANSFERS, 2, 40, "ABC", "振込依頼人コード", id="letters in the payer code"),
            pytest.param(TRANSFERS, 2, 50, "\t", "振込依頼人名", id="a control character in a name"),
            pytest.param(TRANSFERS, 2, 97, "見", "振込依頼人名", id="half a character at the end of a name"),
            pytest.param(TRANSFERS, 2, 128, "2", "取消区分", id="an unknown mark of cancelling"),
            pytest.param(TRANSFERS, 2, 129, "\0", "EDI情報", id="a NUL in the EDI information"),
            pytest.param(MOVEMENTS, 1, 114, "3", "貸越区分", id="an unknown sign before"),
            pytest.param(MOVEMENTS, 1, 116, " ", "取引前残高", id="a balance filled with blanks"),
            pytest.param(MOVEMENTS, 2, 22, "3", "入払区分", id="neither in nor out"),
            pytest.param(MOVEMENTS, 2, 23, " 1", "取引区分", id="a movement of one digit"),
            pytest.param(MOVEMENTS, 2, 25, "x", "取引金額", id="a letter in an amount"),
            pytest.param(MOVEMENTS, 2, 49, "x", "交換呈示日から僚店番号", id="a letter in the cheque"),
            pytest.param(MOVEMENTS, 2, 16, "080631", "預入・払出日", id="a value date that is no day"),
        ],
    )
    def test_a_broken_field(self, name: str, line: int, first: int, text: str, field: str) -> None:
        """A field that is not what it must be refuses the file at its place."""
        assert places(spoiled(name, line, first, text)) == [(line, field)]

    @pytest.mark.parametrize("blank", ["      ", "000000"])
    def test_no_value_date(self, blank: str) -> None:
        """Without a 起算日 the money counts from the 勘定日."""
        read = read_bank_file(spoiled("furikomi-2026-07.txt", 2, 14, blank), received_on=RECEIVED_ON)
        assert read.entries[0].value_on == read.entries[0].booked_on == date(2026, 7, 1)

    def test_optional_fields(self) -> None:
        """Bills and payer code may be blank, a code of zeros is none."""
        read = read_bank_file(spoiled(TRANSFERS, 2, 30, " " * 20), received_on=RECEIVED_ON)
        assert [each.payer_code for each in read.entries[:2]] == ["", ""]

    def test_faults_name_nobody(self) -> None:
        """A fault tells the place, never what stands there."""
        with pytest.raises(BankFileBroken) as broken:
            read_bank_file(spoiled(TRANSFERS, 2, 50, "ﾔﾏﾀﾞﾊﾅｺ\t"), received_on=RECEIVED_ON)
        assert "ﾔﾏﾀﾞ" not in str(broken.value)
        assert str(broken.value) == "line 2, 振込依頼人名 is no text in JIS X 0201"


class TestTotals:
    """Trailer and end agree with what stands above them."""

    @pytest.mark.parametrize(
        ("name", "line", "first", "text", "field"),
        [
            pytest.param(TRANSFERS, 13, 2, "000009", "合計件数", id="01 a count too low"),
            pytest.param(TRANSFERS, 13, 8, "000002581281", "合計金額", id="01 a sum too low"),
            pytest.param(TRANSFERS, 13, 2, "000011", "合計金額", id="01 a count with and a sum without cancelled"),
            pytest.param(TRANSFERS, 13, 20, "000000", "取消件数", id="01 a cancelled count too low"),
            pytest.param(TRANSFERS, 13, 26, "000000064043", "取消金額", id="01 a cancelled sum too high"),
            pytest.param(MOVEMENTS, 15, 2, "000010", "入金件数", id="03 a count in too low"),
            pytest.param(MOVEMENTS, 15, 8, "0000002581398", "入金額合計", id="03 a sum in too low"),
            pytest.param(MOVEMENTS, 15, 21, "000003", "出金件数", id="03 a count out too high"),
            pytest.param(MOVEMENTS, 15, 27, "0000000099253", "出金額合計", id="03 a sum out too high"),
            pytest.param(MOVEMENTS, 15, 55, "0000012", "データ・レコード件数", id="03 too few data records"),
            pytest.param(MOVEMENTS, 15, 41, "00000014827824", "取引後残高", id="03 a balance after too low"),
            pytest.param(MOVEMENTS, 15, 40, "2", "取引後残高", id="03 a balance of the wrong sign"),
            pytest.param(MOVEMENTS, 1, 116, "00000012345679", "取引後残高", id="03 a balance before too high"),
            pytest.param(MOVEMENTS, 16, 2, "0000000015", "レコード総件数", id="03 an end that doesn't count itself"),
            pytest.param(MOVEMENTS, 16, 12, "00002", "口座数", id="03 too many accounts"),
        ],
    )
    def test_a_wrong_total(self, name: str, line: int, first: int, text: str, field: str) -> None:
        """A total that doesn't agree refuses the file at the total."""
        at = 15 if field == "取引後残高" else line
        assert places(spoiled(name, line, first, text)) == [(at, field)]

    def test_a_missing_record(self) -> None:
        """A file that lost a record on the way doesn't agree with its totals."""
        lines = sample(TRANSFERS).split(b"\r\n")
        assert places(b"\r\n".join(lines[:5] + lines[6:])) == [(12, "取消件数")]

    @pytest.mark.parametrize("counts_all", [False, True], ids=["apart", "among the others"])
    def test_cancelled_records(self, counts_all: bool) -> None:  # noqa: FBT001 - a parameter of the test
        """Cancelled records count apart from the others or among them, as the bank has it."""
        data = b"".join(zengin_01([Ledger(transfers=[ONE, BACK])], Habit(counts_all=counts_all)))
        assert [each.kind for each in read_bank_file(data, received_on=RECEIVED_ON).entries] == ["deposit", "reversal"]

    def test_an_overdraft(self) -> None:
        """A balance below zero has the sign 2."""
        data = b"".join(zengin_03([Ledger(before=0, transfers=[BACK])], Habit()))
        assert read_bank_file(data, received_on=RECEIVED_ON).entries[0].amount == 500


class TestMovements:
    """種別03: what a movement is follows from its direction and its kind."""

    @pytest.mark.parametrize(
        ("movement", "kind", "incoming"),
        [
            pytest.param("111", "deposit", True, id="a transfer in"),
            pytest.param("219", "reversal", False, id="a correction out"),
            pytest.param("211", "other", False, id="a transfer out"),
            pytest.param("119", "other", True, id="a correction in"),
            pytest.param("114", "other", True, id="a book transfer"),
            pytest.param("110", "other", True, id="cash"),
            pytest.param("199", "other", True, id="an unknown kind"),
        ],
    )
    def test_the_kinds(self, movement: str, kind: str, incoming: bool) -> None:  # noqa: FBT001 - a parameter of the test
        """Only transfers in and corrections out concern customers."""
        records = zengin_03([Ledger(transfers=[ONE if incoming else BACK])], Habit())
        records[1] = records[1][:21] + movement.encode() + records[1][24:]
        (entry,) = read_bank_file(b"".join(records), received_on=RECEIVED_ON).entries
        assert (entry.kind, entry.incoming) == (kind, incoming)


class TestYears:
    """The day on which the file was made tells Japanese years from western ones."""

    @pytest.mark.parametrize("western", [False, True], ids=["Japanese", "western"])
    @pytest.mark.parametrize(
        ("received_on", "read"),
        [
            pytest.param(date(2024, 12, 31), False, id="received two years before"),
            pytest.param(date(2025, 1, 1), True, id="received in the year before"),
            pytest.param(date(2026, 8, 3), True, id="received in the year"),
            pytest.param(date(2027, 12, 31), True, id="received in the year after"),
            pytest.param(date(2028, 1, 1), False, id="received two years after"),
        ],
    )
    def test_one_year_either_way(self, western: bool, received_on: date, read: bool) -> None:  # noqa: FBT001 - parameters
        """A year off is still understood, two years are not."""
        data = b"".join(zengin_01([Ledger(transfers=[ONE])], Habit(western=western)))
        assert places(data, received_on) == ([] if read else [(1, "作成日")])
        if read:
            assert read_bank_file(data, received_on=received_on).entries[0].booked_on == date(2026, 7, 1)

    def test_over_the_new_year(self) -> None:
        """A file made in January tells days of December in the year before."""
        told = Transfer(reference=1, booked_on=date(2026, 12, 30), value_on=date(2026, 12, 29), amount=1)
        for western in (False, True):
            habit = Habit(western=western, made_on=date(2027, 1, 4))
            data = b"".join(zengin_01([Ledger(transfers=[told])], habit))
            (entry,) = read_bank_file(data, received_on=date(2027, 1, 5)).entries
            assert (entry.booked_on, entry.value_on) == (told.booked_on, told.value_on)
