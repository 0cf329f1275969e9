"""ISO 20022 camt.054.001.02: entries, their transactions, and what is refused."""

import re
from datetime import date

import pytest

from activities.gateways.bank import AccountId, read_bank_file
from tests.activities.bank.writing import RECEIVED_ON, places, sample, swapped

NAME = "camt054-2026-06.xml"
GOOD = sample(NAME)
ENTRY = '<Amt Ccy="JPY">80895</Amt>'


def detail(inner: str) -> str:
    """Write a transaction of an entry."""
    return f"<TxDtls>{inner}</TxDtls>"


def with_details(details: str) -> bytes:
    """Put other transactions into the first entry, of 80,895 yen."""
    return re.sub(b"<NtryDtls>.*?</NtryDtls>", f"<NtryDtls>{details}</NtryDtls>".encode(), GOOD, count=1)


def amount(yen: int) -> str:
    """Write the amount of a transaction."""
    return f'<AmtDtls><TxAmt><Amt Ccy="JPY">{yen}</Amt></TxAmt></AmtDtls>'


class TestRefused:
    """Anything but booked yen of this version refuses the file, with the entry and its field."""

    @pytest.mark.parametrize(
        ("old", "new", "line", "field"),
        [
            pytest.param("camt.054.001.02", "camt.054.001.08", 0, "Document", id="another version"),
            pytest.param("camt.054.001.02", "camt.053.001.02", 0, "Document", id="a statement"),
            pytest.param("camt.054.001.02", "camt.052.001.02", 0, "Document", id="a report"),
            pytest.param("urn:iso:std:iso", "urn:another", 0, "Document", id="no message of ISO 20022"),
            pytest.param("<BkToCstmrDbtCdtNtfctn>", "<Ntfctns>", 0, "Document", id="no notifications"),
            pytest.param("00111234567", "0011123456", 1, "Id/Othr/Id", id="an account of ten digits"),
            pytest.param("<Ccy>JPY</Ccy>", "<Ccy>USD</Ccy>", 1, "Ccy", id="an account in dollars"),
            pytest.param(ENTRY, ENTRY.replace("JPY", "USD"), 1, "Amt", id="an entry in dollars"),
            pytest.param(ENTRY, "<Amt>80895</Amt>", 1, "Amt", id="no currency"),
            pytest.param(ENTRY, ENTRY.replace("80895", "80895.00"), 1, "Amt", id="decimals"),
            pytest.param(ENTRY, ENTRY.replace("80895", "0"), 1, "Amt", id="an amount of zero"),
            pytest.param(ENTRY, ENTRY.replace("80895", "-1"), 1, "Amt", id="an amount below zero"),
            pytest.param(ENTRY, ENTRY.replace("80895", f"{10**12 + 1}"), 1, "Amt", id="an amount without bounds"),
            pytest.param(ENTRY, "", 1, "Amt", id="no amount"),
            pytest.param(ENTRY, ENTRY + ENTRY, 1, "Amt", id="two amounts"),
            pytest.param("<Sts>BOOK</Sts>", "<Sts>PDNG</Sts>", 1, "Sts", id="an entry that is not booked"),
            pytest.param("<Sts>BOOK</Sts>", "", 1, "Sts", id="no status"),
            pytest.param("CRDT", "CREDIT", 1, "CdtDbtInd", id="an unknown direction"),
            pytest.param(">true<", ">yes<", 5, "RvslInd", id="an unknown mark of reversal"),
            pytest.param("<Dt>2026-06-15<", "<Dt>2026-06-31<", 1, "BookgDt/Dt", id="booked on no day"),
            pytest.param("<Dt>2026-06-15<", "<Dt>20260615<", 1, "BookgDt/Dt", id="a date without hyphens"),
            pytest.param("<ValDt><Dt>2026-06-15<", "<ValDt><Dt>2026-06-31<", 1, "ValDt/Dt", id="valued on no day"),
            pytest.param(
                "<ValDt><Dt>2026-06-15</Dt>",
                "<ValDt><DtTm>2026-06-15T09:00:00</DtTm>",
                1,
                "ValDt/Dt",
                id="a time of day",
            ),
            pytest.param("ｱﾘｱｹﾐﾎﾝ", "ｱ" * 141, 1, "RltdAgts/DbtrAgt/FinInstnId/Nm", id="a name without bounds"),
            pytest.param("<NbOfNtries>10<", "<NbOfNtries>9<", 11, "TtlCdtNtries/NbOfNtries", id="a count too low"),
            pytest.param("<Sum>2581282<", "<Sum>2581283<", 11, "TtlCdtNtries/Sum", id="a sum too high"),
            pytest.param("<Sum>64042<", "<Sum>x<", 11, "TtlDbtNtries/Sum", id="a sum that is no number"),
            pytest.param("</Ntfctn>", "", 0, "xml", id="an element that doesn't end"),
            pytest.param("<Document", "<!DOCTYPE Document><Document", 0, "xml", id="a DTD"),
            pytest.param('encoding="UTF-8"', 'encoding="Shift_JIS"', 0, "xml", id="another encoding"),
            pytest.param("ｱﾘｱｹﾐﾎﾝ", "ｱ" * 10_001, 0, "xml", id="a text without end"),
            pytest.param("ｱﾘｱｹﾐﾎﾝ", "<x>" * 40 + "</x>" * 40, 0, "xml", id="elements without bottom"),
        ],
    )
    def test_a_broken_file(self, old: str, new: str, line: int, field: str) -> None:
        """The file is refused at the place of its fault."""
        data = swapped(GOOD, old, new)
        assert (line, field) in places(data)

    def test_other_messages_are_named(self) -> None:
        """Who sends a statement is told what is taken instead."""
        with pytest.raises(Exception, match=r"is camt\.053\.001\.02; only camt\.054\.001\.02 is taken"):
            read_bank_file(GOOD.replace(b"054.001.02", b"053.001.02"), received_on=RECEIVED_ON)

    def test_an_external_entity(self) -> None:
        """A file can't make the office read another file."""
        bomb = swapped(GOOD, "<Document", '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]><Document')
        assert places(swapped(bomb, "ｱﾘｱｹﾐﾎﾝ", "&x;")) == [(0, "xml")]

    def test_no_reference(self) -> None:
        """Without a number nobody could tell the same money in another format."""
        data = swapped(GOOD, "<AcctSvcrRef>000413</AcctSvcrRef>", "")
        assert places(swapped(data, "<NtryRef>000413</NtryRef>", "<NtryRef>X413</NtryRef>")) == [(1, "AcctSvcrRef")]

    def test_no_account(self) -> None:
        """An entry of no account is refused, and so is a notification without one."""
        data = re.sub(b"<Acct>.*?</Acct>", b"", GOOD)
        assert places(data)[0] == (1, "Acct")
        assert places(re.sub(b"<Ntry>.*</Ntry>", b"", data, flags=re.DOTALL)) == [(0, "Acct")]

    def test_no_notification(self) -> None:
        """A message without any notification is refused."""
        assert places(re.sub(b"<Ntfctn>.*</Ntfctn>", b"", GOOD, flags=re.DOTALL)) == [(0, "Ntfctn")]


class TestEntries:
    """What an entry is, and where it has its number and dates."""

    @pytest.mark.parametrize(
        ("marks", "kind"),
        [
            pytest.param("<CdtDbtInd>CRDT</CdtDbtInd>", "deposit", id="a credit"),
            pytest.param("<CdtDbtInd>CRDT</CdtDbtInd><RvslInd>false</RvslInd>", "deposit", id="a credit, no reversal"),
            pytest.param("<CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd>", "other", id="a debit taken back"),
            pytest.param("<CdtDbtInd>DBIT</CdtDbtInd>", "other", id="a debit"),
            pytest.param("<CdtDbtInd>DBIT</CdtDbtInd><RvslInd>1</RvslInd>", "reversal", id="a credit taken back"),
        ],
    )
    def test_the_kinds(self, marks: str, kind: str) -> None:
        """A credit is a deposit, a debit that reverses takes one back, the rest is no payment."""
        data = re.sub(b"<TxsSummry>.*?</TxsSummry>", b"", swapped(GOOD, "<CdtDbtInd>CRDT</CdtDbtInd>", marks))
        entry = read_bank_file(data, received_on=RECEIVED_ON).entries[0]
        assert (entry.kind, entry.incoming) == (kind, "CRDT" in marks)

    def test_the_reference_of_the_bank_comes_first(self) -> None:
        """`AcctSvcrRef` is the number, else `NtryRef`."""
        data = swapped(GOOD, "<NtryRef>000413<", "<NtryRef>000777<")
        assert read_bank_file(data, received_on=RECEIVED_ON).entries[0].reference == 413
        data = swapped(data, "<AcctSvcrRef>000413</AcctSvcrRef>", "<AcctSvcrRef>XY</AcctSvcrRef>")
        assert read_bank_file(data, received_on=RECEIVED_ON).entries[0].reference == 777

    def test_no_value_date(self) -> None:
        """Without a value date the money counts from the booking date."""
        data = swapped(GOOD, "<ValDt><Dt>2026-06-15</Dt></ValDt>", "")
        assert read_bank_file(data, received_on=RECEIVED_ON).entries[0].value_on == date(2026, 6, 15)

    def test_the_bank_is_known_where_it_is_named(self) -> None:
        """The account has its bank's code only if the message carries it."""
        data = swapped(GOOD, "<MmbId>9999</MmbId>", "")
        (account,) = read_bank_file(data, received_on=RECEIVED_ON).accounts
        assert account == AccountId(bank_code=None, branch_code="001", type="1", number="1234567")

    def test_several_accounts(self) -> None:
        """Each notification is about its own account; records are numbered through the file."""
        (group,) = re.findall(b"<Ntfctn>.*</Ntfctn>", GOOD, flags=re.DOTALL)
        data = GOOD.replace(group, group + group.replace(b"00111234567", b"00220000001"))
        read = read_bank_file(data, received_on=RECEIVED_ON)
        assert [each.number for each in read.accounts] == ["1234567", "0000001"]
        assert [each.line for each in read.entries] == list(range(1, 23))
        assert [each.account for each in read.entries] == [read.accounts[0]] * 11 + [read.accounts[1]] * 11

    def test_utf_16(self) -> None:
        """The byte order mark tells the encoding."""
        data = GOOD.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
        assert read_bank_file(data, received_on=RECEIVED_ON) == read_bank_file(GOOD, received_on=RECEIVED_ON)


class TestTransactions:
    """Several transactions of an entry are one record each and sum to the entry."""

    def test_one_record_each(self) -> None:
        """Each has its amount, payer and EDI information; the dates and the number are the entry's."""
        first = detail(
            amount(80000)
            + "<RltdPties><Dbtr><Nm>ｱ</Nm></Dbtr></RltdPties>"
            + "<RmtInf><Ustrd>1260000001</Ustrd><Ustrd>1260000002</Ustrd></RmtInf>"
        )
        second = detail(amount(895) + "<RltdPties><Dbtr><Nm>\n ｲ ｳ \n</Nm></Dbtr></RltdPties>")
        one, two, three = read_bank_file(with_details(first + second), received_on=RECEIVED_ON).entries[:3]
        assert [(each.line, each.amount, each.payer, each.edi) for each in (one, two)] == [
            (1, 80000, "ｱ", "1260000001 1260000002"),
            (2, 895, "ｲ ｳ", ""),
        ]
        assert (one.reference, two.reference, three.reference, three.line) == (413, 413, 414, 3)

    def test_they_are_told_apart(self) -> None:
        """Of three with one amount none passes for a duplicate of another, in any reading of the file."""
        third = detail(amount(26965))
        read = read_bank_file(with_details(third * 3), received_on=RECEIVED_ON)
        assert len({each.reference for each in read.entries[:3]}) == 3
        assert read == read_bank_file(with_details(third * 3), received_on=RECEIVED_ON)
        assert all(each.reference < 2**63 for each in read.entries)

    def test_too_many_to_tell_apart(self) -> None:
        """Numbers of their own have an end, so that they stay numbers that a database holds."""
        details = detail(amount(1)) * 9_002
        assert places(with_details(details)) == [(1, "Refs/AcctSvcrRef")]

    def test_references_of_their_own(self) -> None:
        """A transaction's own number counts before the entry's."""
        parts = "".join(
            detail(f"<Refs><AcctSvcrRef>{n}</AcctSvcrRef></Refs>" + amount(yen)) for n, yen in ((51, 80000), (52, 895))
        )
        read = read_bank_file(with_details(parts), received_on=RECEIVED_ON)
        assert [each.reference for each in read.entries[:2]] == [51, 52]

    @pytest.mark.parametrize(
        ("details", "field"),
        [
            pytest.param(detail(amount(80000)) + detail(amount(896)), "Amt", id="a yen too much"),
            pytest.param(detail(amount(80894)), "Amt", id="one of a yen less"),
            pytest.param(detail(amount(80895)) + detail(""), "AmtDtls/TxAmt/Amt", id="one without an amount"),
            pytest.param(
                detail(amount(80895).replace("JPY", "USD")), "AmtDtls/TxAmt/Amt", id="one in another currency"
            ),
            pytest.param(
                detail("<RmtInf>" + "<Ustrd>x</Ustrd>" * 101 + "</RmtInf>"), "RmtInf/Ustrd", id="too many repeats"
            ),
            pytest.param(detail(f"<RmtInf><Ustrd>{'x' * 141}</Ustrd></RmtInf>"), "RmtInf/Ustrd", id="a long text"),
        ],
    )
    def test_broken_transactions(self, details: str, field: str) -> None:
        """Transactions that don't make the entry refuse the file."""
        assert places(with_details(details)) == [(1, field)]
