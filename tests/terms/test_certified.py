"""Art. 17(3): the pages of a letter of certified content (内容証明), and what the post office takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.certified import Layout, NotCertifiable, Passage, count, lay_out, layout_of, must_be_certifiable

A4 = Layout(width=26, height=20)
NEVER_FIRST = "、。，．)）」』】〕・ー％ゃっ々"
NEVER_LAST = "(（「『【〔〒"

PLAIN = st.text(st.sampled_from("利用契約を解除するサービスの提供停止料金遅延損害一二三"), min_size=1, max_size=8)
MARKED = st.one_of(
    PLAIN,
    st.sampled_from(["、", "。", "(", ")", "「", "」", "㎡", "①", "ー", "・", " ", "\u3000", "%", "葛\U000e0100"]),
    st.integers(0, 10**12).map(lambda yen: f"金{yen:,}円"),
    st.dates().map(lambda day: f"{day.year}年{day.month}月{day.day}日"),
    st.sampled_from(["QT PRO Cloud", "QTnet", "OCF"]),
)
TEXTS = st.lists(MARKED, max_size=40).map("".join)
PASSAGES = st.lists(st.builds(Passage, TEXTS, st.integers(0, 30), st.integers(0, 30)), max_size=12)
LAYOUTS = st.sampled_from(["26x20", "20x26", "13x40"]).map(layout_of)
NAMES = ("QT PRO Cloud", "QTnet", "OCF")


def lines_of(text: str, layout: Layout = A4, *, first: int = 0, rest: int = 0) -> list[str]:
    """Lay one passage out and give its lines."""
    return [line for page in lay_out([Passage(text, first, rest)], layout, names=NAMES) for line in page]


class TestPages:
    """At most so many characters a line and so many lines a page; nothing is lost."""

    @given(passages=PASSAGES, layout=LAYOUTS)
    def test_no_line_is_too_long_and_no_page_too_full(self, passages: list[Passage], layout: Layout) -> None:
        """Every line counts 26 at most, every page but the last has its 20 lines (or as the layout wants)."""
        pages = lay_out(passages, layout, names=NAMES)
        assert all(count(line) <= layout.width for page in pages for line in page)
        assert all(len(page) == layout.height for page in pages[:-1])
        assert all(0 < len(page) <= layout.height for page in pages[-1:])

    @given(passages=PASSAGES, layout=LAYOUTS)
    def test_nothing_is_lost(self, passages: list[Passage], layout: Layout) -> None:
        """The lines one after the other are the text, but for the indents; each passage begins a line."""
        pages = lay_out(passages, layout, names=NAMES)
        printed = "".join("".join(page) for page in pages).replace("\u3000", "")
        assert printed == "".join(passage.text for passage in passages).replace("\u3000", "")
        assert sum(len(page) for page in pages) >= len(passages)

    @given(text=TEXTS)
    def test_the_same_text_gives_the_same_lines(self, text: str) -> None:
        """Laying out is a function of its text."""
        assert lines_of(text) == lines_of(text)

    @given(texts=st.lists(PLAIN, min_size=1, max_size=20), marks=st.text(st.sampled_from(NEVER_FIRST + NEVER_LAST)))
    def test_marks_stay_where_they_belong(self, texts: list[str], marks: str) -> None:
        """No line begins with a closing mark or ends with an opening one, if a mark stands between words."""
        text = "".join(word + mark + "文" for word, mark in zip(texts, marks, strict=False)) or "文"
        for line in lines_of(text)[1:]:
            assert line[0] not in NEVER_FIRST
        for line in lines_of(text)[:-1]:
            assert line[-1] not in NEVER_LAST

    def test_a_line_of_twenty_six_is_full(self) -> None:
        """The 27th character begins the next line."""
        assert lines_of("あ" * 26) == ["あ" * 26]
        assert lines_of("あ" * 27) == ["あ" * 26, "あ"]

    def test_a_page_of_twenty_lines_is_full(self) -> None:
        """The 21st line begins the next page; a text of nothing has no page."""
        pages = lay_out([Passage("行")] * 21, A4)
        assert [len(page) for page in pages] == [20, 1]
        assert lay_out([], A4) == ()

    def test_a_full_stop_takes_a_character_along(self) -> None:
        """The 27th would be 。, so that the 26th goes with it: it never hangs outside of the line."""
        assert lines_of("あ" * 25 + "い。") == ["あ" * 25, "い。"]

    def test_an_opening_bracket_goes_with_what_it_opens(self) -> None:
        """It does not stay behind as the 26th."""
        assert lines_of("あ" * 25 + "(い)") == ["あ" * 25, "(い)"]

    @pytest.mark.parametrize("whole", ["金12,345円", "2026", "QTnet", "092-000-0000", "〒812-0000"])
    def test_numbers_and_names_stay_whole(self, whole: str) -> None:
        """What is broken in the middle can be misread."""
        assert lines_of("あ" * 24 + whole + "ん")[1] == whole + "ん"

    def test_what_is_longer_than_a_line_is_broken_all_the_same(self) -> None:
        """A number of forty digits has no other place."""
        assert lines_of("9" * 40) == ["9" * 26, "9" * 14]

    def test_indents_count(self) -> None:
        """A blank is a character; the first line has its own indent, the others theirs; an empty line has none."""
        assert lines_of("あ" * 30, first=1, rest=2) == ["\u3000" + "あ" * 25, "\u3000\u3000" + "あ" * 5]
        assert lines_of("", first=3) == [""]

    def test_an_indent_leaves_room(self) -> None:
        """At the end of a line stands what fits there; of longer texts half of each line is indent at most."""
        assert lines_of("以上", first=24) == ["\u3000" * 24 + "以上"]
        assert lines_of("以上。", first=24, rest=30) == ["\u3000" * 13 + "以上。"]

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [("あ1a(", 4), ("㎡㎏", 4), ("①⑳", 4), ("㈱", 2), ("葛\U000e0100城", 2), ("か\u3099", 2)],
    )
    def test_how_it_is_counted(self, text: str, wanted: int) -> None:
        """On the safe side: brackets one each, circled digits and square units two, a selector of a shape none."""
        assert count(text) == wanted

    def test_a_shape_stays_with_its_kanji(self) -> None:
        """A selector of a variant never begins a line; composed kana are one character."""
        assert lines_of("あ" * 25 + "葛\U000e0100城") == ["あ" * 25 + "葛\U000e0100", "城"]
        assert lines_of("か\u3099") == ["が"]


class TestCharacters:
    """Kana, kanji, digits, marks; Latin letters in proper names only."""

    @pytest.mark.parametrize(
        "text",
        [
            "ひらがなカタカナﾊﾝｶｸ漢字髙﨑々〆〇",
            "金1,234円（税込）、14.5%です。",
            "〒812-0000 架空ビル・7階／A棟",
            "QT PRO Cloud サービスとOCFリソース",
            "第Ⅱ期 ① ㎡ ㈱",
        ],
    )
    def test_what_is_taken(self, text: str) -> None:
        """The text of such letters goes through."""
        must_be_certifiable(text, names=[*NAMES, "架空ビル・7階／A棟"])

    @pytest.mark.parametrize(
        ("text", "character"),
        [
            pytest.param("料金¥100", "U+00A5", id="yen are written 金…円"),
            pytest.param("keiri@例", "U+0040", id="an address of e-mail"),
            pytest.param("Ver", "U+0056", id="a Latin word"),
            pytest.param("ＱＴ", "U+FF31", id="a wide Latin letter"),
            pytest.param("QTnetwork", "U+0077", id="more than a name"),
            pytest.param("笑😀", "U+1F600", id="an emoji"),
            pytest.param("改\n行", "U+000A", id="a line end"),
            pytest.param("한", "U+D55C", id="another script"),
            pytest.param("é", "U+00E9", id="an accent"),
            pytest.param("外\ue000", "U+E000", id="private use"),
        ],
    )
    def test_what_is_refused(self, text: str, character: str) -> None:
        """The error names the character and keeps the text to itself."""
        with pytest.raises(NotCertifiable) as refused:
            lay_out([Passage(text)], A4, names=[*NAMES, ""])
        assert refused.value.character == character
        assert text not in str(refused.value)

    def test_a_longer_name_goes_before_a_shorter_one(self) -> None:
        """A name that holds another one is one name."""
        must_be_certifiable("QTnet Cloud", names=["QTnet", "QTnet Cloud"])
        with pytest.raises(NotCertifiable):
            must_be_certifiable("QTnet Cloud", names=["QTnet"])


def test_the_layouts_of_the_setting() -> None:
    """Characters a line, lines a page."""
    assert (layout_of("26x20"), layout_of("13x40")) == (A4, Layout(width=13, height=40))
