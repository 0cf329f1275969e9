"""Letters of certified content: their lines and pages as text and as PDF (17(3), notices.md 7)."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
from pydantic import JsonValue

from activities.documents import Composed, FactsWrong, compose
from activities.wording import golden
from terms.certified import NotCertifiable, count
from tests.activities.ladder_letters import COURT, FIVE, LADDER_FIXED, LADDER_STATED
from tests.activities.letters import CERTIFIED, SEAT, SENDER, letter
from tests.activities.succession_letters import SUCCESSION_FIXED, SUCCESSION_STATED
from tests.activities.test_documents import pages, squeeze

LONG = "アドバンスト・クラウドインフラストラクチャーマネジメントサービシーズジャパン西日本統括合同会社"


def lines(text: str) -> list[list[str]]:
    """Read the pages of the text; a page ends with an empty line after its twentieth."""
    found = text.removesuffix("\n").split("\n")
    return [found[start : start + 20] for start in range(0, len(found), 21)]


@pytest.fixture(scope="module", params=CERTIFIED)
def slug(request: pytest.FixtureRequest) -> str:
    """Name a letter of this form."""
    return str(request.param)


@pytest.fixture(scope="module")
def composed(slug: str) -> Composed:
    """Compose it with the facts of life."""
    return compose(letter(slug), SENDER)


class TestPages:
    """26 characters a line, 20 lines a page, whatever is told."""

    @pytest.mark.parametrize("facts", [{}, FIVE], ids=["one debt", "five debts"])
    @pytest.mark.parametrize("company", ["株式会社玄海ななつ星物流", LONG], ids=["short name", "long name"])
    def test_every_page_keeps_to_the_rules(self, slug: str, facts: dict[str, JsonValue], company: str) -> None:
        """Text and PDF have the same lines, none too long, no page too full."""
        facts = facts if "owed" in letter(slug).facts else {}  # a succession owes nothing
        made = compose(letter(slug, facts, addressee=SEAT.model_copy(update={"company": company})), SENDER)
        laid_out = lines(made.text)
        assert all(count(line) <= 26 for page in laid_out for line in page)
        assert all(len(page) == 20 for page in laid_out[:-1])
        printed = pages(made.pdf)
        assert [squeeze(page) for page in printed] == [squeeze("".join(page)) for page in laid_out]
        assert all(page.count("\n") < 20 for page in printed)

    def test_the_end_of_the_last_page_is_free(self, composed: Composed) -> None:
        """Below the last line there is room for the stamp of the post office: a quarter of the page at least."""
        with pypdfium2.PdfDocument(composed.pdf) as document:
            for page in document:
                text = page.get_textpage()
                lowest = min(text.get_charbox(place)[1] for place in range(text.count_chars()))
                assert lowest > page.get_height() / 4

    def test_another_layout_may_be_set(self, slug: str) -> None:
        """20 characters and 26 lines, or 13 and 40."""
        for setting, width in (("20x26", 20), ("13x40", 13)):
            made = compose(letter(slug), SENDER, cert_layout=setting)
            assert max(map(count, made.text.split("\n"))) == width


class TestWords:
    """What notices.md wants of both letters."""

    def test_fixed_sentence_and_contents(self, slug: str, composed: Composed) -> None:
        """They stand in the text, in the HTML and in the PDF."""
        plain = html.unescape(re.sub(r"<[^>]+>", " ", composed.html))
        fixed, stated = {**LADDER_FIXED, **SUCCESSION_FIXED}, {**LADDER_STATED, **SUCCESSION_STATED}
        wanted = [fixed[slug], *stated[slug], COURT]
        for words in (composed.text, plain, "".join(pages(composed.pdf))):
            missing = [text for text in wanted if squeeze(text) not in squeeze(words)]
            assert not missing

    def test_the_frame(self, composed: Composed) -> None:
        """Number, day, addressee, sender, clause and version; Latin letters in proper names only."""
        for text in (
            "文書番号第2026-000123号", "2026年3月25日", "〒812-0000", "株式会社玄海ななつ星物流",
            "代表取締役古賀真理子様", "株式会社QTnet", "〒810-0000", "092-000-0000", "契約番号第2026-00042号",
            "適用規約版第1.0版", "内容証明郵便(配達証明付き一般書留)",
        ):  # fmt: skip
            assert text in squeeze(composed.text)
        left = composed.text.replace("\n", "")
        for name in ("QT PRO Cloud", "QTnet"):
            left = left.replace(name, "")
        assert re.findall(r"[A-Za-z@¥]+", left.replace("\u3000", "")) == []

    def test_a_letter_sent_again_names_the_old_one(self, slug: str) -> None:
        """Its number, without the letter of its series."""
        text = compose(letter(slug, replaces="N-000100"), SENDER).text
        assert "文書番号第000100号の文書に代わるもの" in squeeze(text)

    @pytest.mark.parametrize("slug", ["formal_demand", "rescission_notice"])
    def test_an_account_that_is_not_known_is_that_of_the_invoice(self, slug: str) -> None:
        """One document only: nothing is enclosed that could say it."""
        assert "請求書に記載の口座への振込み" in squeeze(compose(letter(slug, {"account": None}), SENDER).text)

    def test_a_rescission_without_suspension(self) -> None:
        """17(2): no course of a suspension; the facts of another item are told; nothing owed, no penalty."""
        facts: dict[str, JsonValue] = {
            "paragraph": 2, "item": 4, "reason": "他社への攻撃\nが続いている。", "penalty": 0, "owed": None,
            "principal": None, "interest": None, "total": None, "suspended_on": None, "warned_on": None,
            "demanded_on": None, "restore_by_on": None, "steps": None,
        }  # fmt: skip
        text = squeeze(compose(letter("rescission_notice", facts), SENDER).text)
        assert "利用規約第17条第2項に基づき" in text
        assert "第16条第1項第4号(第19条の規定に違反した場合)" in text
        assert "他社への攻撃" in text
        assert "違約金なし" in text
        assert "業務の遂行に著しい支障を及ぼすものと判断しました。よって、提供の停止をすることなく解除します。" in text
        for absent in ("停止の経過", "未払額", "別便", "原状回復期限", "算定"):
            assert absent not in text
        stopped = squeeze(compose(letter("rescission_notice", {"paragraph": 2}), SENDER).text)
        assert "停止をすることなく" not in stopped  # it was suspended: no other course is claimed

    def test_a_broken_declaration(self) -> None:
        """43(1): its items lead to 43(2)(1); before service starts the penalty is that of 28(1)."""
        facts: dict[str, JsonValue] = {"item": "43(1)(4)", "penalty_article": "28(1)"}
        text = squeeze(compose(letter("antisocial_rescission_notice", facts), SENDER).text)
        assert "第43条第1項第4号に該当し、同条第2項第1号に該当すること" in text
        assert "利用規約第28条第1項)" in text

    def test_sums_in_a_derivation_are_written_in_gold(self) -> None:
        """¥ is no character of this form."""
        assert golden("¥1,234,567を¥0と￥5で割る") == "金1,234,567円を金0円と金5円で割る"


class TestRefusal:
    """What the post office would send back is not printed."""

    @pytest.mark.parametrize("text", ["電子メールはkeiri@example.comへ", "https://qtnet.example", "至急😀"])
    def test_characters_that_are_not_taken(self, slug: str, text: str) -> None:
        """The error names a character, never the text."""
        with pytest.raises(NotCertifiable) as refused:
            compose(letter(slug, {"steps": [text]}), SENDER)
        assert text not in str(refused.value)

    def test_markup_stays_text(self) -> None:
        """What a person wrote is escaped in the HTML; the post office does not take such marks at all."""
        with pytest.raises(NotCertifiable):
            compose(letter("rescission_notice", {"item": 4, "reason": "<b>攻撃</b>"}), SENDER)
        made = compose(letter("rescission_notice", addressee=SEAT.model_copy(update={"company": "A&B商会"})), SENDER)
        assert "A&amp;B商会" in made.html
        assert "A&B商会" in squeeze(made.text)

    @pytest.mark.parametrize(
        ("kind", "facts", "field"),
        [
            pytest.param("formal_demand", {"pay_by_on": "2026-09-24"}, "value_error", id="a day too few"),
            pytest.param("formal_demand", {"demand_days": 0}, "demand_days", id="no days"),
            pytest.param("formal_demand", {"owed": []}, "owed", id="nothing owed"),
            pytest.param("rescission_notice", {"suspended_on": None}, "value_error", id="17(1) without suspension"),
            pytest.param("rescission_notice", {"paragraph": 3}, "paragraph", id="no such paragraph"),
            pytest.param("antisocial_rescission_notice", {"item": "43(3)"}, "item", id="no item of 43"),
        ],
    )
    def test_wrong_facts(self, kind: str, facts: dict[str, JsonValue], field: str) -> None:
        """A letter that contradicts itself is not printed."""
        with pytest.raises(FactsWrong) as refused:
            compose(letter(kind, facts), SENDER)
        assert refused.value.fields == (field,)


class TestSameBytes:
    """What was certified can be printed again."""

    def test_here_and_in_another_process(self, slug: str, composed: Composed) -> None:
        """The same letter gives the same PDF."""
        assert compose(letter(slug), SENDER) == composed
        program = (
            "from activities.documents import compose\n"
            "from tests.activities.letters import SENDER, letter\n"
            f"print(compose(letter('{slug}'), SENDER).sha256)"
        )
        other = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": "7"},
        )
        assert other.stdout.strip() == composed.sha256
