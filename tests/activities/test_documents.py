"""Letters as documents: the same words as text, HTML and PDF, the same bytes each time."""

import hashlib
import html
import re
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path
from typing import cast

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from activities.documents import Composed, FactsWrong, GlyphMissing, HeaderRefused, compose, to_email
from models.messages.notice import Addressee
from tests.activities.ladder_letters import LADDER_FIXED, LADDER_STATED
from tests.activities.letters import ADDRESSEE, CERTIFIED, FACTS, ITEMS, RESOURCES, SENDER, letter
from tests.activities.succession_letters import SUCCESSION_FIXED, SUCCESSION_STATED

ORDINARY = [slug for slug in FACTS if slug not in CERTIFIED]
"""Letters of certified content have a form of their own: `test_certified`."""

FIXED = {
    **LADDER_FIXED,
    **SUCCESSION_FIXED,
    "application_received_notice": "お申込みを受け付けました。本通知は、利用規約第9条第1項の承諾ではありません。",
    "acceptance_notice": (
        "利用規約第9条第1項に基づき、お申込みを承諾しました。利用契約は2026年3月25日 9時00分に成立しました。"
    ),
    "refusal_notice": "利用規約第9条第2項により、お申込みを承諾しないこととしましたので、同条第3項に基づき通知します。",
    "cancellation_receipt": (
        "解約届は2026年4月10日に到達しました。利用規約第18条第1項により、"
        "利用契約は2026年5月31日をもって終了します。同日までにOCFリソースを削除してください。"
    ),
    "not_in_writing_notice": (
        "利用規約第18条第1項の届出は書面によるものとされています。いただいたご連絡では届出の効力を生じません。"
    ),
    "special_cancellation_receipt": (
        "解除の通知は2026年5月12日に到達し、同日に効力を生じました(利用規約第18条第2項)。違約金は発生しません。"
    ),
}
STATED = {
    **LADDER_STATED,
    **SUCCESSION_STATED,
    "application_received_notice": ["A-2026-00077", "2026年3月12日 15時19分", "2026年3月19日"],
    "application_incomplete_notice": ["2026年3月12日 15時19分", "第43条第1項", "補正した利用申込書"],
    "acceptance_notice": ["C-2026-00042", "PL-2026-03", "¥540,000", "¥10,000", "2026年6月30日", "3年", "2,600"],
    "refusal_notice": ["A-2026-00077", "第9条第2項第1号、第9条第2項第5号", "設置できません。", "簡易書留"],
    "service_start_notice": ["2026年4月30日", "2026年5月31日", "OCFコンソールのログイン", "提供開始日の2026年4月1日"],
    "cancellation_receipt": ["¥30,600,000(不課税)", "2026年5月10日", "2026年7月31日", "2026年6月30日", "2026年5月\n"],
    "not_in_writing_notice": ["電子メール", "解約届に必要な事項", "2026年4月30日までに当社に到達"],
    "special_cancellation_receipt": ["EV-2026-0003", "2026年6月11日"],
    "pre_start_withdrawal_receipt": ["2026年3月30日", "¥32,400,000", "¥900,000×36"],
    "resource_deletion_reminder": ["あと7日", "vm-41f0c2d8", "基幹DB データ", "¥20,000", "4件", "第38条第2項"],
    "contract_end_notice": ["2026年5月31日 24時00分", "第18条第1項(お客さまによる解約)", "なし", "vol-9a77e310"],
    "restoration_request": [
        "2026年6月14日",
        "2026年5月31日(期限を過ぎています)",
        "基幹DB データ",
        "4件",
        "全額をご請求します",
        "損害金",
    ],
    "data_erasure_certificate": [
        "2026年6月30日 0時10分",
        "NIST SP 800-88",
        "DEL-0123456789AB",
        "クラウド運用部長",
        "web-01",
    ],
    "personal_data_erasure_record": [
        "2037年4月1日 0時10分",
        "0123456789abcdef" * 4,
        "承認による消去",
        "P-000123",
        "admin:admin-1",
        "書面の控え",
        "1,203",
        "社内記録(送付なし)",
    ],
    "contact_check_request": ["N-2026-000118", "keiri@genkai-nanatsuboshi.example", "請求先", "回答欄"],
    "receipt": ["¥110,000", "2026年10月20日", "1260000007", "遅延損害金", "¥1,589", "元本", "¥98,411", "お預かり"],
    "payment_inquiry": ["¥23,320", "2026年9月1日", "1260000007", "¥440", "不足額のお支払い予定日", "第27条第2項"],
    "refund_notice": ["¥10,000", "2026年9月15日", "架空ふくおか銀行", "ご返金いたします"],
}
FRAME = [
    "N-2026-000123",
    "2026年3月25日",
    "株式会社玄海ななつ星物流",
    "総務部",
    "古賀 真理子 様",
    "〒812-0000",
    "株式会社QTnet",
    "QT PRO Cloud 契約窓口",
    "092-000-0000",
    "QT PRO Cloud サービス利用規約 Ver1.0 第",
]


def squeeze(text: str) -> str:
    """Leave out what layouts add: blanks and line ends."""
    return re.sub(r"[\s\u200b]+", "", text)


def read(header: str) -> str:
    """Decode a header as mail programs do."""
    return str(make_header(decode_header(header)))


def pages(pdf: bytes) -> list[str]:
    """Read the words of each page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def in_all_forms(composed: Composed) -> dict[str, str]:
    """Give the words of the three forms, squeezed."""
    plain = html.unescape(re.sub(r"<[^>]+>", " ", composed.html))
    return {"text": squeeze(composed.text), "html": squeeze(plain), "pdf": squeeze("".join(pages(composed.pdf)))}


@pytest.fixture(scope="module")
def composed() -> dict[str, Composed]:
    """Compose one letter of each slug."""
    return {slug: compose(letter(slug), SENDER) for slug in ORDINARY}


class TestEveryLetter:
    """The frame, the contents (5) and the fixed sentences (8), alike in all three forms."""

    @pytest.mark.parametrize("slug", ORDINARY)
    def test_text_html_and_pdf_state_the_same_facts(self, composed: dict[str, Composed], slug: str) -> None:
        """Frame, required contents and fixed sentence stand in each form."""
        wanted = [*FRAME, composed[slug].subject, *STATED[slug], *([FIXED[slug]] if slug in FIXED else [])]
        for form, words in in_all_forms(composed[slug]).items():
            missing = [text for text in wanted if squeeze(text) not in words]
            assert not missing, form

    @pytest.mark.parametrize("slug", ORDINARY)
    def test_no_word_is_in_one_form_only(self, composed: dict[str, Composed], slug: str) -> None:
        """Every paragraph of the text is also in the HTML and in the PDF."""
        forms = in_all_forms(composed[slug])
        body = composed[slug].text.split("-" * 60, 1)[1]
        paragraphs = [line for line in body.splitlines() if line.endswith("。") and not line.startswith("(")]
        assert len(paragraphs) > 2
        for paragraph in paragraphs:
            assert squeeze(paragraph) in forms["html"]
            assert squeeze(paragraph) in forms["pdf"]

    @pytest.mark.parametrize("slug", ORDINARY)
    def test_nothing_is_left_blank_or_raw(self, composed: dict[str, Composed], slug: str) -> None:
        """No None, no template mark, no ISO date reaches a customer."""
        for words in (composed[slug].text, *pages(composed[slug].pdf)):
            assert not re.search(r"None|\{\{|\{%|Undefined|\d{4}-\d\d-\d\d|T\d\d:", words)

    def test_the_hash_is_that_of_the_pdf(self, composed: dict[str, Composed]) -> None:
        """The hash that is kept as evidence can be checked against the document."""
        one = composed["refusal_notice"]
        assert one.sha256 == hashlib.sha256(one.pdf).hexdigest()

    def test_the_pdf_is_meant_to_last(self, composed: dict[str, Composed]) -> None:
        """Each PDF says that it is PDF/A-2b and carries its fonts."""
        for one in composed.values():
            assert b"<pdfaid:part>2</pdfaid:part>" in one.pdf
            assert b"<pdfaid:conformance>B</pdfaid:conformance>" in one.pdf
            assert b"NotoSansCJKjp" in one.pdf


class TestSameBytes:
    """A letter once sent never changes, so composing it again gives the same bytes."""

    def test_twice_in_one_process(self, composed: dict[str, Composed]) -> None:
        """A second call gives the same text, HTML and PDF."""
        for slug, first in composed.items():
            assert compose(letter(slug), SENDER) == first

    def test_in_another_process(self, composed: dict[str, Composed]) -> None:
        """Another process, with another hash seed, gives the same PDF."""
        program = (
            "from activities.documents import compose\n"
            "from tests.activities.letters import SENDER, letter\n"
            "print(compose(letter('acceptance_notice'), SENDER).sha256)"
        )
        root = Path(__file__).parents[2]
        other = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
            env={"PYTHONHASHSEED": "7"},
        )
        assert other.stdout.strip() == composed["acceptance_notice"].sha256


class TestVariants:
    """What may be missing, and what changes with the channel."""

    def test_on_paper_the_contract_is_formed_by_arrival(self) -> None:
        """A letter by post prints its effect for the normal day of arrival."""
        on_paper = letter("acceptance_notice", {"formed_at": None, "arrives_on": "2026-03-27"}, channel="post")
        for words in in_all_forms(compose(on_paper, SENDER)).values():
            assert "本書面が2026年3月27日に到達した場合" in words
            assert "普通郵便" in words
            assert "利用契約は本書面の到達の時に成立しました。" in words

    def test_optional_facts_leave_no_trace(self) -> None:
        """Without its optional facts each letter still renders, and drops their rows."""
        bare: dict[str, dict[str, JsonValue]] = {
            "application_received_notice": {"answer_by_on": None},
            "refusal_notice": {"grounds": None, "reason": None},
            "cancellation_receipt": {"penalty": 0},
            "not_in_writing_notice": {"cutoff": None},
            "contract_end_notice": {"last_usage_month": None, "final_due_on": None, "left_over": None},
            "restoration_request": {"end_ground": "17(1)", "resources_by_on": None, "deletion_charged": False},
            "personal_data_erasure_record": {"approval_id": None, "approvers": None},
            "receipt": {"rest": None},
            "payment_inquiry": {"invoice_no": None, "short": None},
            "refund_notice": {"refund_on": None, "account": None},
        }
        gone = [
            "回答予定日",
            "該当する条項",
            "違約金:¥",
            "到達の期限",
            "残っているOCFリソース",
            "全額をご請求します",
            "承認",
        ]
        gone += ["お預かり", "不足している金額", "ご返金いたします"]
        for (slug, facts), word in zip(bare.items(), gone, strict=True):
            text = compose(letter(slug, facts), SENDER).text
            assert word not in squeeze(text)
            assert "None" not in text

    def test_a_correction_names_the_old_letter(self) -> None:
        """A letter that replaces another says so."""
        text = compose(letter("cancellation_receipt", replaces="N-2026-000100"), SENDER).text
        assert "本書面は、文書番号 N-2026-000100 の文書を訂正するものです。" in text

    @pytest.mark.parametrize(
        ("addressee", "name"),
        [
            pytest.param({"department": None, "person": None}, "株式会社玄海ななつ星物流 御中", id="company"),
            pytest.param({"person": None}, "総務部 御中", id="department"),
            pytest.param({"department": None}, "古賀 真理子 様", id="person"),
        ],
    )
    def test_each_addressee_has_one_title(self, addressee: dict[str, None], name: str) -> None:
        """A company or department is 御中, a person 様, never both."""
        text = compose(letter("refusal_notice", addressee=ADDRESSEE.model_copy(update=addressee)), SENDER).text
        assert name in text
        assert text.count("御中") + text.count(" 様\n") == 1

    def test_the_day_of_issue_is_that_of_japan(self) -> None:
        """A letter issued at 15:00 UTC bears the next day's date."""
        late = letter("refusal_notice", issued_at=datetime(2026, 3, 31, 15, 0, tzinfo=UTC))
        assert "発行日: 2026年4月1日" in compose(late, SENDER).text

    def test_who_was_rescinded_had_no_duty_to_delete(self) -> None:
        """Only 18(1) puts the deletion of OCF resources on the customer, so only then its cost is charged (A91)."""
        text = compose(letter("contract_end_notice", {"ground": "17(1)"}), SENDER).text
        assert "費用をご請求する場合は、別途お知らせします。" in text
        assert "全額をご請求します" not in text

    def test_an_end_within_a_day_prints_its_time(self) -> None:
        """24時00分 is for midnight only; an end by arrival has its own minute."""
        text = compose(letter("contract_end_notice", {"ended_at": "2026-05-31T10:05:00+09:00"}), SENDER).text
        assert "終了の時刻: 2026年5月31日 10時05分" in text


class TestCharacters:
    """Names keep their own characters; what cannot be printed is never printed wrongly."""

    @pytest.mark.parametrize("name", ["髙橋 﨑子", "渡邉 渡邊", "𠮷野 家", "辻󠄀 葛󠄀城", "ﾔｯｶﾝ ①㈱"])
    def test_rare_characters_of_names_print(self, name: str) -> None:
        """The PDF gives the very same characters back."""
        made = compose(letter("refusal_notice", addressee=ADDRESSEE.model_copy(update={"person": name})), SENDER)
        assert squeeze(name) in in_all_forms(made)["pdf"]

    @pytest.mark.parametrize(
        ("text", "character"),
        [
            pytest.param("外字\ue000様", "U+E000", id="private use"),
            pytest.param("社名😀", "U+1F600", id="emoji"),
            pytest.param("Łódź", "U+0141", id="a letter the font lacks"),
        ],
    )
    def test_a_character_without_a_glyph_is_an_error(self, text: str, character: str) -> None:
        """The error names the character for the operator and keeps the name to itself."""
        with pytest.raises(GlyphMissing) as refused:
            compose(letter("refusal_notice", addressee=Addressee(company=text)), SENDER)
        assert refused.value.character == character
        assert text not in str(refused.value)
        assert refused.value.__context__ is None

    def test_markup_in_facts_stays_text(self) -> None:
        """HTML, Typst and Jinja marks in a fact are printed, never obeyed."""
        nasty = '<script>alert(1)</script> & "#panic()" {{ frame }} *x* $y$'
        made = compose(letter("refusal_notice", {"reason": nasty}), SENDER)
        assert "<script>" not in made.html
        assert "&lt;script&gt;" in made.html
        assert all(squeeze(nasty) in words for words in in_all_forms(made).values())

    @pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\x00b", "a\u2028b", "a\u202eb"])
    def test_a_fact_of_one_line_stays_one_line(self, bad: str) -> None:
        """A control character in a fact is refused by the fact's name, without its value."""
        with pytest.raises(FactsWrong) as refused:
            compose(letter("special_cancellation_receipt", {"event_no": bad}), SENDER)
        assert refused.value.fields == ("event_no",)
        assert bad not in str(refused.value)
        assert refused.value.__context__ is None


class TestFacts:
    """A letter states what its slug wants: no less, no more."""

    @pytest.mark.parametrize(
        ("slug", "facts", "field"),
        [
            pytest.param("cancellation_receipt", {"ends_on": None}, "ends_on", id="missing"),
            pytest.param("cancellation_receipt", {"surprise": 1}, "surprise", id="unknown"),
            pytest.param("cancellation_receipt", {"penalty": "30600000"}, "penalty", id="yen as text"),
            pytest.param("cancellation_receipt", {"penalty": -1}, "penalty", id="negative yen"),
            pytest.param("cancellation_receipt", {"steps": []}, "steps", id="no derivation"),
            pytest.param("acceptance_notice", {"formed_at": None}, "value_error", id="formed at no moment"),
            pytest.param("acceptance_notice", {"arrives_on": "2026-03-27"}, "value_error", id="formed twice"),
            pytest.param("refusal_notice", {"grounds": ["nine"]}, "grounds.0", id="no citation"),
            pytest.param("refund_notice", {"account": None}, "value_error", id="a day without an account"),
        ],
    )
    def test_wrong_facts_are_named(self, slug: str, facts: dict[str, JsonValue], field: str) -> None:
        """The error says which fact is wrong."""
        with pytest.raises(FactsWrong) as refused:
            compose(letter(slug, facts), SENDER)
        assert refused.value.fields == (field,)

    def test_an_unknown_slug_is_refused(self) -> None:
        """A letter without a template is an error, not an empty page."""
        with pytest.raises(FactsWrong, match="slug"):
            compose(letter("refusal_notice").model_copy(update={"slug": "no_such_letter"}), SENDER)


class TestLongLetters:
    """Long lists go on over pages."""

    def test_forty_rows_fill_several_pages(self) -> None:
        """Every row is printed, each page bears its number and the column heads again."""
        made = compose(letter("acceptance_notice", {"items": ITEMS * 8}), SENDER)
        printed = pages(made.pdf)
        assert len(printed) == 2
        for number, page in enumerate(printed, 1):
            assert f"{number}/{len(printed)}ページ" in squeeze(page)
            assert "品目コード" in squeeze(page)
        assert sum(page.count("VOL-SSD") for page in printed) == made.text.count("VOL-SSD") == 8

    def test_a_short_letter_has_no_page_number(self, composed: dict[str, Composed]) -> None:
        """One page needs no number."""
        (page,) = pages(composed["refusal_notice"].pdf)
        assert "ページ" not in page

    def test_a_name_without_a_break_stays_in_its_column(self) -> None:
        """A long resource name is broken inside its cell."""
        name = "unbreakable_" * 12
        facts: dict[str, JsonValue] = {"resources": [{**cast("dict[str, JsonValue]", RESOURCES[0]), "name": name}]}
        made = compose(letter("resource_deletion_reminder", facts), SENDER)
        assert squeeze(name) in in_all_forms(made)["pdf"]


class TestMail:
    """The letter as an e-mail (Art. 42)."""

    @pytest.fixture
    def sent(self, composed: dict[str, Composed]) -> bytes:
        """Wrap a letter, as bytes on the wire."""
        one, written = composed["cancellation_receipt"], letter("cancellation_receipt")
        return to_email(one, written, "keiyaku@qtnet.example", "<1@qtnet.example>").as_bytes()

    def test_headers_survive_the_way(self, sent: bytes, composed: dict[str, Composed]) -> None:
        """Japanese subject and names come back; the date is the letter's, the id the caller's."""
        mail = message_from_bytes(sent)
        assert read(mail["Subject"]) == composed["cancellation_receipt"].subject == "QT PRO Cloud サービス 解約受付通知"
        assert [*map(read, parseaddr(mail["From"]))] == ["株式会社QTnet", "keiyaku@qtnet.example"]
        assert [*map(read, parseaddr(mail["To"]))] == ["株式会社玄海ななつ星物流 古賀 真理子 様", ADDRESSEE.email]
        assert mail["Date"] == "Wed, 25 Mar 2026 09:00:00 +0900"
        assert mail["Message-ID"] == "<1@qtnet.example>"
        assert mail["Auto-Submitted"] == "auto-generated"

    @given(name=st.text(st.sampled_from("株式会社髙﨑QTnet ()・,;\"'<>@."), min_size=1, max_size=80))
    def test_any_name_survives_the_way(self, composed: dict[str, Composed], name: str) -> None:
        """A name with brackets, quotes and blanks comes back, in lines that RFC 2047 allows, to one address only."""
        name = " ".join(name.split()) or "株"
        addressee = ADDRESSEE.model_copy(update={"company": name, "person": None})
        written = letter("refusal_notice", addressee=addressee)
        data = to_email(composed["refusal_notice"], written, "q@qtnet.example", "<6@qtnet.example>").as_bytes()
        mail = message_from_bytes(data)
        assert [*map(read, parseaddr(mail["To"]))] == [f"{name} 御中", ADDRESSEE.email]
        assert all(len(line) <= 78 for line in data.split(b"\r\n"))
        assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?.*?\?=(?!\?)", data))

    def test_it_carries_text_html_and_the_pdf(self, sent: bytes, composed: dict[str, Composed]) -> None:
        """The parts are the composed ones, the attachment has a Japanese name."""
        one, mail = composed["cancellation_receipt"], message_from_bytes(sent, policy=policy.default)
        text, page = mail.get_body(("plain",)), mail.get_body(("html",))
        assert text is not None
        assert page is not None
        assert text.get_content().replace("\r\n", "\n") == one.text
        assert page.get_content().replace("\r\n", "\n") == one.html
        (pdf,) = mail.iter_attachments()
        assert pdf.get_filename() == "QT_PRO_Cloud_サービス_解約受付通知_N-2026-000123.pdf"
        assert pdf.get_content() == one.pdf

    def test_a_repeated_mail_has_the_same_bytes(self, composed: dict[str, Composed]) -> None:
        """After a crash the same mail goes out again, down to its boundaries."""
        one, sent = composed["refusal_notice"], letter("refusal_notice")
        first, second = (to_email(one, sent, "q@qtnet.example", "<2@qtnet.example>").as_bytes() for _ in range(2))
        assert first == second
        assert first.isascii()
        assert max(map(len, first.split(b"\r\n"))) <= 998

    def test_the_sender_may_have_a_name(self, composed: dict[str, Composed]) -> None:
        """A name in the sender's setting is kept."""
        mail = to_email(
            composed["refusal_notice"], letter("refusal_notice"), "契約窓口 <q@qtnet.example>", "<3@qtnet.example>"
        )
        assert str(mail["From"].addresses[0]) == "契約窓口 <q@qtnet.example>"

    @pytest.mark.parametrize("break_", ["\r\nBcc: x@example.com", "\n", "\r", "\x00", "\u2028"])
    @pytest.mark.parametrize("header", ["Subject", "From", "To", "Message-ID"])
    def test_a_header_cannot_be_broken(self, composed: dict[str, Composed], header: str, break_: str) -> None:
        """CR, LF and other control characters are refused by the header's name, wherever they come from."""
        one, sent = composed["refusal_notice"], letter("refusal_notice")
        mail_from, message_id = "q@qtnet.example", "<4@qtnet.example>"
        if header == "Subject":
            one = Composed(subject="件名" + break_, text=one.text, html=one.html, pdf=one.pdf, sha256=one.sha256)
        elif header == "To":
            addressee = ADDRESSEE.model_copy(update={"person": "古賀" + break_})
            sent = letter("refusal_notice", addressee=addressee)
        elif header == "From":
            mail_from += break_
        else:
            message_id = f"<4{break_}@qtnet.example>"
        with pytest.raises(HeaderRefused) as refused:
            to_email(one, sent, mail_from, message_id)
        assert refused.value.header == header

    @pytest.mark.parametrize(
        "address",
        [None, "", "no address", "a@b, c@d", "a@b\r\n", "<a@b>", "受付@qtnet.example", "a@b (x)", "a" * 65 + "@b"],
    )
    def test_one_plain_address_or_none(self, composed: dict[str, Composed], address: str | None) -> None:
        """Lists, comments, names and characters outside of ASCII are no address to send to."""
        sent = letter("refusal_notice", addressee=ADDRESSEE.model_copy(update={"email": address}))
        with pytest.raises(HeaderRefused, match="To"):
            to_email(composed["refusal_notice"], sent, "q@qtnet.example", "<5@qtnet.example>")
