"""How articles are written, and what a refusal carries."""

import copy
import pickle

import pytest

from terms import citation
from terms.citation import Article, InvalidRule, Refused, implementations, implements
from terms.contract import minimum_term_end


class TestArticle:
    """Written as printed: article(paragraph)(item)."""

    @pytest.mark.parametrize(
        ("text", "article", "ja"),
        [
            ("4", Article(4), "第4条"),
            ("18(1)", Article(18, 1), "第18条第1項"),
            ("9(2)(5)", Article(9, 2, 5), "第9条第2項第5号"),
            ("16(1)(10)", Article(16, 1, 10), "第16条第1項第10号"),
            ("19(1)(6a)", Article(19, 1, "6a"), "第19条第1項第6a号"),
            ("43(2)(2)①", Article(43, 2, 2, 1), "第43条第2項第2号①"),
            ("Civil Code 97", Article(97, law="Civil Code"), "民法第97条"),
            ("Civil Code 143(2)", Article(143, 2, law="Civil Code"), "民法第143条第2項"),
            ("Companies Act 432(2)", Article(432, 2, law="Companies Act"), "会社法第432条第2項"),
        ],
    )
    def test_a_citation_is_read_and_written(self, text: str, article: Article, ja: str) -> None:
        """Both ways, and in the words of letters."""
        assert Article.parse(text) == article
        assert (str(article), article.ja) == (text, ja)

    @pytest.mark.parametrize(
        ("text", "printed"), [("9(2)(iv)", "9(2)(4)"), ("16(1)(ix)", "16(1)(9)"), ("43(2)(2)(5)", "43(2)(2)⑤")]
    )
    def test_other_spellings_mean_the_same(self, text: str, printed: str) -> None:
        """Roman items, sub-items in brackets."""
        assert str(Article.parse(text)) == printed

    @pytest.mark.parametrize(
        "text", ["", "18()", "18(a)", "(1)", "18(1)(iiii)", "18 (1)", "第18条", "18(1)(1)(1)(1)", "x 1"]
    )
    def test_what_is_no_citation(self, text: str) -> None:
        """Nothing is guessed."""
        with pytest.raises(ValueError, match="not a"):
            Article.parse(text)

    def test_articles_are_values(self) -> None:
        """Equal ones are one key."""
        assert {Article(18, 1), Article.parse("18(1)"), Article(18)} == {Article(18, 1), Article(18)}


class TestRefusal:
    """The clause and a sentence for the customer."""

    def test_a_refusal_is_an_error_that_travels(self) -> None:
        """It survives copying and pickling, as between threads and processes."""
        refusal = Refused(Article(18, 1), "書面に限ります。")
        for same in (
            refusal,
            Refused("18(1)", "書面に限ります。"),
            copy.copy(refusal),
            pickle.loads(pickle.dumps(refusal)),  # noqa: S301 (our own bytes)
        ):
            assert (same.article, same.detail) == ("18(1)", "書面に限ります。")
            assert str(same) == "Art. 18(1): 書面に限ります。"

    def test_what_does_not_fit_together_says_where(self) -> None:
        """With a pointer, or about the whole request."""
        wrong = InvalidRule(pointer="/to_at", message="must not lie before from_at")
        assert str(wrong) == "/to_at: must not lie before from_at"
        assert str(InvalidRule(pointer="", message="nothing fits")) == "nothing fits"
        assert copy.copy(wrong).pointer == "/to_at"


class TestImplements:
    """Functions are marked with the clauses that they carry out."""

    def test_a_marked_function_is_listed_unchanged(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Under its dotted name."""

        def rule() -> str:
            return "as it was"

        monkeypatch.setattr(citation, "_implemented", dict(implementations()))  # the mark does not outlive the test
        marked = implements(Article(99), Article(99, 1))(rule)
        assert marked is rule
        assert implementations()[f"{__name__}.{rule.__qualname__}"] == (Article(99), Article(99, 1))

    def test_the_rules_are_listed(self) -> None:
        """As `docs/articles.md` shows them."""
        name = f"{minimum_term_end.__module__}.{minimum_term_end.__qualname__}"
        assert implementations()[name] == (Article(5, 1), Article(143, 2, law="Civil Code"))
