"""Invoices as documents: what the law wants on them, on paper and in the mail (消法57の4, Art. 27, 28, 35, 36, 38)."""

import re
from email import message_from_bytes, policy

import pytest
from pydantic import JsonValue, ValidationError

from activities.documents import GlyphMissing, to_email
from tests.activities.invoices import DUE_STEPS, THREE, composed, invoice, kinds, letter, line, plain
from tests.activities.letters import ADDRESSEE
from tests.activities.test_documents import in_all_forms, pages, squeeze

FIXED = (
    "お支払期日までに下記口座へお振込みください。振込手数料はお客さまのご負担となります(利用規約第27条第2項)。"
    "お支払期日を過ぎた場合、年14.5%の遅延損害金を申し受けます(同第36条)。"
)


def printed(pdf: bytes | None) -> str:
    """Read all words of a PDF, squeezed."""
    assert pdf is not None
    return squeeze("".join(pages(pdf)))


SAID = {
    "penalty": [
        "違約金請求書", "ご請求金額(不課税)", "¥22,935,483", "利用規約第28条第2項", "2028年7月15日", "25か月と15日",
        "本書面が2026年4月1日に到達した場合", "¥900,000×25と15/31か月です。", FIXED,
    ],
    "surcharge": ["割増金請求書", "¥165,000", "¥50,000(税抜)", "¥100,000(税抜)", "計測を妨げた。", "消費税15,000円"],
    "interest": [
        "遅延損害金請求書", "¥1,589", "1250000007", "¥200,000", "2026年10月1日から2026年10月20日まで", "年14.5%",
        "20日(1年を365日とする)", "非課税", "お振込みは必要ありません",
    ],
    "restoration": ["原状回復費用請求書", "¥25,168", "OCF リソース削除代行", "2026年6月20日", "2026年6月分", "上限"],
    "credit": [
        "適格返還請求書", "返還請求書番号6250000001", "ご返還金額(税込)¥781", "1250000007", "2026年1月6日",
        "2025年12月分",
        "10%対象710円消費税71円", "T8900000000001", "次回以降のご請求と区分して相殺",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def words() -> str:
    """Read the invoice of three lines."""
    return printed(composed(invoice()).pdf)


class TestQualifiedInvoice:
    """The six fields of 消法57の4①, and what the letter of Art. 27(1) has to say."""

    @pytest.mark.parametrize(
        "field",
        [
            pytest.param(["株式会社QTnet", "登録番号: T8900000000001"], id="1 issuer"),
            pytest.param(["2026年1月分"], id="2 time of supply"),
            pytest.param(["仮想サーバー 2 vCPU 4 GB", "基幹DB", "1台", "2,880円/月", "6円/時間"], id="3 content"),
            pytest.param(["10%対象 3,655円"], id="4 sum per rate"),
            pytest.param(["消費税 365円"], id="5 tax per rate"),
            pytest.param(["株式会社玄海ななつ星物流"], id="6 recipient"),
        ],
    )
    def test_the_six_fields(self, words: str, field: list[str]) -> None:
        """Each field of a qualified invoice stands in the PDF."""
        assert [text for text in field if squeeze(text) not in words] == []

    def test_what_is_to_be_paid_until_when_and_where(self, words: str) -> None:
        """Total, shifted day with its derivation, account, and the fixed words (notices.md 8)."""
        wanted = ["¥4,020", "お支払期日2026年4月1日", *DUE_STEPS, "天神支店", "普通 9900042", "ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ", FIXED]
        assert [text for text in wanted if squeeze(text) not in words] == []

    def test_the_frame_of_every_letter(self, words: str) -> None:
        """Numbers, contract, clause, version of the terms and channel stand on an invoice too (notices.md 1)."""
        wanted = [
            "N-000123",
            "2026年2月5日",
            "C-000042",
            "Ver1.0 第27条第1項",
            "送付方法: 電子メール",
            "古賀 真理子 様",
        ]
        assert [text for text in wanted if squeeze(text) not in words] == []

    def test_time_is_printed_to_the_second(self, words: str) -> None:
        """736,056 seconds are 204 hours, 27 minutes, 36 seconds; the cap is marked, days are told of the month's."""
        assert "204:27:36" in words
        assert "709:36:00上限" in words
        assert "17/31日" in words

    def test_at_the_cap_without_a_known_cap_the_price_is_that_of_an_hour(self) -> None:
        """A price by the hour is never printed as one by the month."""
        words = printed(composed(invoice([line(1, 2880, capped=True)])).pdf)
        assert "6円/時間" in words
        assert "円/月" not in words

    def test_what_bears_no_tax_stands_apart(self) -> None:
        """The totals of the rates stay clean: 不課税 and 非課税 have blocks of their own (money.md 1)."""
        lines = [*THREE, plain(4, 5000, "違約金", "non_taxable"), plain(5, 1589, "遅延損害金", "exempt")]
        words = printed(composed(invoice(lines)).pdf)
        assert squeeze("10%対象 3,655円 消費税 365円 不課税 5,000円 非課税 1,589円 合計(税込) 10,609円") in words
        assert words.index("■不課税(消費税はかかりません)") < words.index("4違約金")

    def test_late_usage_names_its_month(self) -> None:
        """A line of another month is marked with it and says that it is a difference."""
        words = printed(composed(invoice([line(1, 110, month="2025-11")])).pdf)
        assert "2025年11月分の差額" in words

    def test_arrears_are_told_apart_from_the_sum(self) -> None:
        """Earlier unpaid invoices stand in a block with their interest as of a day."""
        unpaid = {"invoice_no": "1250000123", "month": "2025-11", "due_on": "2026-02-02", "principal": 23760}
        words = printed(composed(invoice(arrears=[{**unpaid, "interest": 28}], arrears_on="2026-02-05")).pdf)
        assert "お支払いを確認できていないご請求(2026年2月5日現在)" in words
        assert "12500001232025年11月分2026年2月2日23,760円28円" in words

    def test_a_reissue_names_what_it_replaces(self) -> None:
        """The new invoice names the old one, in PDF and mail."""
        made = composed(invoice(replaces="1250000320"))
        assert all("請求書番号1250000320の請求書を訂正し" in words for words in in_all_forms(made).values())

    def test_without_an_account_it_is_told_later(self) -> None:
        """While no account is designated none is invented."""
        assert "別途ご案内する口座" in printed(composed(invoice(account=None)).pdf)


class TestUsageStatement:
    """One qualified invoice in two documents that name each other (消基通1-8-1)."""

    def test_they_name_each_other(self) -> None:
        """The invoice names the statement's number, the statement the invoice's."""
        made = composed(invoice())
        assert made.statement_no == "1250000321-U"
        assert "1250000321-U" in printed(made.pdf)
        assert "請求書番号1250000321の請求書と一体のもので" in printed(made.statement_pdf)

    def test_it_tells_the_use_of_each_resource(self) -> None:
        """Running, allocated and charged time, the cap, days of the month, amount; sums as on the invoice."""
        words = printed(composed(invoice()).statement_pdf)
        wanted = ["2026年1月分", "vm-00000001", "VM-S2", "204:27:36744:00:00204:27:36", "709:36:00上限", "17/31日"]
        assert [text for text in wanted if text not in words] == []
        assert "合計(税抜)3,655円" in words

    def test_fees_alone_have_none(self) -> None:
        """Without a resource there is nothing to state."""
        made = composed(invoice([plain(1, 10000, "新規契約 初期費用", charge_type="initial")]))
        assert made.statement_pdf is None
        assert made.enclosed == ()
        assert "利用明細書" not in printed(made.pdf)


class TestOtherKinds:
    """Art. 28, 35, 36, 38(2), and the credit note (消法57の4③)."""

    @pytest.mark.parametrize("kind", SAID)
    def test_each_kind_says_what_it_rests_on(self, kind: str) -> None:
        """Ground, sums and way of reckoning stand in the PDF; there is no usage statement."""
        made = composed(kinds()[kind], channel="post" if kind == "penalty" else "email")
        words = printed(made.pdf)
        assert [text for text in SAID[kind] if squeeze(text) not in words] == []
        assert made.statement_pdf is None

    @pytest.mark.parametrize("kind", ["interest", "credit"])
    def test_where_nothing_is_to_be_paid_no_account_is_named(self, kind: str) -> None:
        """A credit note, and an invoice for interest already collected, ask for no transfer."""
        words = printed(composed(kinds()[kind]).pdf)
        assert "振込先" not in words
        assert "下記口座" not in words

    def test_interest_bears_no_interest(self) -> None:
        """An invoice for interest that is still open doesn't threaten with more of it."""
        words = printed(composed(kinds()["interest"].model_copy(update={"paid_on": None})).pdf)
        assert "下記口座へお振込みください" in words
        assert "お支払期日を過ぎた場合" not in words

    def test_an_early_end_before_the_start_cites_its_own_clause(self) -> None:
        """A penalty of 28(1) says so."""
        facts = kinds()["penalty"]
        assert facts.penalty is not None
        early = facts.penalty.model_copy(update={"ground": "28(1)", "min_term_ends_on": None, "days": 0})
        words = printed(composed(facts.model_copy(update={"penalty": early})).pdf)
        assert "提供開始日前に利用契約が解除されたため、利用規約第28条第1項に基づき" in words

    @pytest.mark.parametrize("kind", SAID)
    def test_nothing_is_left_blank_or_raw(self, kind: str) -> None:
        """No None, no template mark, no ISO date reaches a customer."""
        made = composed(kinds()[kind])
        for words in (made.text, *pages(made.pdf)):
            assert not re.search(r"None|\{\{|\{%|Undefined|\d{4}-\d\d-\d\d|T\d\d:", words)


class TestFacts:
    """What does not add up is not printed."""

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"total": 4021}, id="total"),
            pytest.param({"rates": [{"rate_percent": 10, "base": 3654, "tax": 366}]}, id="base"),
            pytest.param({"non_taxed": 1, "total": 4021}, id="no such line"),
            pytest.param({"due_on": None}, id="no due day"),
            pytest.param({"month": None}, id="no month"),
            pytest.param({"kind": "penalty"}, id="a penalty without a ground"),
        ],
    )
    def test_wrong_sums_and_missing_facts_are_refused(self, change: dict[str, JsonValue]) -> None:
        """Lines, bases, tax and total agree, and each kind has its facts."""
        with pytest.raises(ValidationError):
            invoice(None, **change)


class TestPages:
    """Long invoices and long names."""

    def test_forty_lines_take_two_pages(self) -> None:
        """Every line is printed once; each page has the heads of the columns and its number."""
        made = composed(invoice([line(number, 100) for number in range(1, 41)]))
        for pdf, count in ((made.pdf, 2), (made.statement_pdf or b"", 2)):
            found = [squeeze(page) for page in pages(pdf)]
            assert len(found) == count
            for number, words in enumerate(found, 1):
                assert f"{number}/{count}ページ" in words
                assert "品目リソース数量" in words
            assert [sum(words.count(f"web-{n:02}") for words in found) for n in range(1, 41)] == [1] * 40

    def test_a_sum_never_stands_alone_on_a_page(self) -> None:
        """Whatever the number of lines, the last one is on the page of their sum."""
        for count in range(14, 22):
            last = squeeze(pages(composed(invoice([line(number, 100) for number in range(1, count + 1)])).pdf)[-1])
            assert f"web-{count:02}" in last
            assert f"小計{count * 100:,}円" in last

    def test_one_line_takes_one_page_and_says_so(self) -> None:
        """A single page is numbered too, so that none can be missing."""
        (page,) = pages(composed(invoice([line(1, 100)])).pdf)
        assert "1/1ページ" in squeeze(page)

    @pytest.mark.parametrize("letter_", ["x", "Я", "あ", "ｱ"])
    def test_long_names_without_a_blank_are_broken(self, letter_: str) -> None:
        """A resource name and a company of 200 characters are printed whole."""
        name = letter_ * 200
        made = composed(invoice([line(1, 100, name=name)]), ADDRESSEE.model_copy(update={"company": name}))
        assert squeeze("".join(pages(made.pdf))).count(letter_) >= 400
        assert name in printed(made.statement_pdf)


class TestCharacters:
    """Data is never markup, and no name of a resource is printed wrongly."""

    def test_markup_stays_text(self) -> None:
        """Typst, HTML and Jinja marks in a name are printed, never obeyed."""
        nasty = '<b>#panic()</b> {{ f }} *x* $y$ "z"'
        made = composed(invoice([line(1, 100, name=nasty)]))
        assert squeeze(nasty) in printed(made.pdf)
        assert squeeze(nasty) in printed(made.statement_pdf)

    def test_a_private_character_is_an_error(self) -> None:
        """A 外字 in the name of a resource needs a person; the error keeps the name to itself."""
        with pytest.raises(GlyphMissing) as missing:
            composed(invoice([line(1, 100, name="外字\ue000機")]))
        assert missing.value.character == "U+E000"
        assert missing.value.__context__ is None

    def test_an_emoji_in_the_name_of_a_resource_holds_up_no_bill(self) -> None:
        """It prints as the typesetters' mark, with the resource's id beside it and a word on the statement."""
        made = composed(invoice([line(1, 100, name="検証🚀𠮷野🦊"), line(2, 100, name="🚀")]))
        assert "検証〓𠮷野〓(vm-00000001)" in printed(made.pdf)
        assert "「〓」は、印字できない文字です。" in printed(made.statement_pdf)

    def test_an_emoji_in_the_name_of_a_company_is_an_error(self) -> None:
        """The recipient is a field of the law: it is printed as it is, or not at all."""
        with pytest.raises(GlyphMissing):
            composed(invoice(), ADDRESSEE.model_copy(update={"company": "株式会社🚀"}))


class TestMail:
    """The invoice as an e-mail: short words, and the documents."""

    def test_text_and_html_say_what_is_to_be_paid(self) -> None:
        """Total, due day, account, tax and the fixed words, alike in text and HTML."""
        made = composed(invoice())
        assert made.subject == "QT PRO Cloud サービス 請求書(2026年1月分)"
        wanted = ["¥4,020", "2026年4月1日", "架空ふくおか銀行 天神支店 普通 9900042", "3,655円 消費税 365円", FIXED]
        wanted += ["請求書と利用明細書のPDFをお送りします", "1250000321-U", "C-000042"]
        forms = in_all_forms(made)
        for form in ("text", "html"):
            assert [text for text in wanted if squeeze(text) not in forms[form]] == []

    def test_both_pdfs_are_attached(self) -> None:
        """The invoice and its statement go out in one mail under Japanese names; a repetition has the same bytes."""
        facts = invoice()
        made, sent = composed(facts), letter(facts)
        first, again = (
            to_email(made, sent, "q@qtnet.example", "<1@qtnet.example>", enclosed=made.enclosed).as_bytes()
            for _ in range(2)
        )
        assert first == again
        found = [*message_from_bytes(first, policy=policy.default).iter_attachments()]
        names = ["QT_PRO_Cloud_サービス_請求書(2026年1月分)_N-000123.pdf", "利用明細書_1250000321-U.pdf"]
        assert [each.get_filename() for each in found] == names
        assert [each.get_content() for each in found] == [made.pdf, made.statement_pdf]

    def test_the_same_facts_give_the_same_bytes(self) -> None:
        """Composing again after a crash changes nothing; both PDFs are meant to last (PDF/A-2b)."""
        first, again = composed(invoice()), composed(invoice())
        assert first == again
        for pdf in (first.pdf, first.statement_pdf or b""):
            assert b"<pdfaid:part>2</pdfaid:part>" in pdf
