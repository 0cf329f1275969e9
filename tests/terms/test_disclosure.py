"""Art. 40, 41, 44(4), 44(5): which ground lets which data out, to which contractor, and what is published."""

from collections.abc import Iterator
from datetime import date
from itertools import chain, combinations
from typing import get_args

import pytest

from terms.citation import Refused
from terms.disclosure import (
    Data,
    DisclosureState,
    Entrusted,
    Ground,
    PublicationState,
    allowed_by,
    governing,
    must_be_consented,
    must_be_decided,
    must_be_entrusted,
    must_be_the_only_one,
    must_have_consent,
)
from tests.terms.oracles import day

SECRETS: tuple[Data, ...] = ("business_secret", "communications")
OF_40 = {"consent", "warrant", "inquiry", "contractor"}
OF_44 = {
    "consent": "44(5)(1)", "bank": "44(5)(2)", "warrant": "44(5)(3)", "inquiry": "44(5)(4)", "statute": "44(5)(4)",
    "emergency": "44(5)(5)", "contractor": "44(4)",
}  # fmt: skip
TODAY = day("2026-05-20")


def mixtures() -> Iterator[tuple[Data, ...]]:
    """Give every mixture of data there can be."""
    data = get_args(Data)
    yield from chain.from_iterable(combinations(data, count) for count in range(1, len(data) + 1))


def article_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    """Tell which article refused."""
    return refused.value.article


class TestArticle40:
    """Secrets go out by due procedure, consent, or to a contractor; the secrecy of communications is one of them."""

    @pytest.mark.parametrize("ground", get_args(Ground))
    def test_every_ground_with_every_mixture(self, ground: Ground) -> None:
        """A secret among the data needs a ground of 40, personal data one of 44, mixed data both (A37)."""
        for data in mixtures():
            secret = {*data} & {*SECRETS}
            if secret and ground not in OF_40:
                with pytest.raises(Refused) as refused:
                    allowed_by(ground, data)
                assert article_of(refused) == "40"
                continue
            wanted = (["40"] if secret else []) + ([OF_44[ground]] if "personal" in data else [])
            assert [str(each) for each in allowed_by(ground, data)] == wanted

    def test_which_article_governs(self) -> None:
        """Personal data alone are judged by 44(5), everything else first by 40."""
        assert {data: str(governing(data)) for data in mixtures()} == {
            data: "44(5)" if data == ("personal",) else "40" for data in mixtures()
        }

    @pytest.mark.parametrize("state", [each for each in get_args(DisclosureState) if each != "decided"])
    def test_only_what_is_decided_is_handed_over(self, state: DisclosureState) -> None:
        """In every other state it is refused by the article that governs the data."""
        must_be_decided("decided", ["personal"])
        for data in mixtures():
            with pytest.raises(Refused) as refused:
                must_be_decided(state, data)
            assert article_of(refused) == str(governing(data))


class TestArticle44Paragraph4:
    """Data are entrusted to a contractor whom the register names, for these data, while the contract with it runs."""

    ENTRY = Entrusted(data=frozenset({"personal"}), from_on=day("2026-05-20"), to_on=day("2026-05-21"))

    @pytest.mark.parametrize(
        ("today", "allowed"),
        [
            pytest.param("2026-05-19", False, id="the-day-before"),
            pytest.param("2026-05-20", True, id="the-first-day"),
            pytest.param("2026-05-21", True, id="the-last-day"),
            pytest.param("2026-05-22", False, id="the-day-after"),
        ],
    )
    def test_while_its_contract_runs(self, today: str, *, allowed: bool) -> None:
        """First and last day count; one without an end runs on."""
        if allowed:
            must_be_entrusted(self.ENTRY, ["personal"], today=day(today))
            return
        with pytest.raises(Refused) as refused:
            must_be_entrusted(self.ENTRY, ["personal"], today=day(today))
        assert article_of(refused) == "44(4)"

    def test_one_without_an_end(self) -> None:
        """It is in force on the last day that there is."""
        must_be_entrusted(Entrusted(data=frozenset({"personal"}), from_on=TODAY), ["personal"], today=date.max)

    @pytest.mark.parametrize(
        ("entry", "data", "article"),
        [
            pytest.param(None, ["personal"], "44(4)", id="nobody"),
            pytest.param(None, ["business_secret"], "40", id="nobody-secrets"),
            pytest.param(ENTRY, ["communications"], "40", id="other-data"),
            pytest.param(ENTRY, ["communications", "personal"], "44(4)", id="more-data"),
        ],
    )
    def test_only_for_what_it_is_entrusted_with(self, entry: Entrusted | None, data: list[Data], article: str) -> None:
        """Who is not in the register, or not for all of the data, gets nothing."""
        with pytest.raises(Refused) as refused:
            must_be_entrusted(entry, data, today=TODAY)
        assert article_of(refused) == article


class TestArticle41:
    """Publications by the customer's consent, one for each."""

    def test_no_consent_no_publication(self) -> None:
        """The day of the consent is given back; without one it is refused."""
        assert must_have_consent(TODAY) == TODAY
        with pytest.raises(Refused) as refused:
            must_have_consent(None)
        assert article_of(refused) == "41"

    @pytest.mark.parametrize("state", get_args(PublicationState))
    def test_a_consent_stands_until_it_is_withdrawn(self, state: PublicationState) -> None:
        """Proposed and approved ones stand; what was refused, taken back, run out or withdrawn does not."""
        if state in {"proposed", "approved"}:
            must_be_consented(state)
            return
        with pytest.raises(Refused) as refused:
            must_be_consented(state)
        assert article_of(refused) == "41"

    def test_one_entry_for_a_publication(self) -> None:
        """The first is taken, a second is not."""
        must_be_the_only_one(others=0)
        with pytest.raises(Refused) as refused:
            must_be_the_only_one(others=1)
        assert article_of(refused) == "41"
