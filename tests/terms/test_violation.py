"""Art. 35: surcharge; Art. 43: former members of anti-social forces, and by which item a party is rescinded."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.citation import Article, Refused
from terms.violation import AntisocialItem, anti_social_lookback, antisocial_item, surcharge
from tests.terms.oracles import ONE, TERMS, day, each_day, is_end_of_period


class TestArticle35:
    """The avoided charges, twice as much again, and tax on both."""

    @pytest.mark.parametrize(
        ("avoided", "tax", "total"),
        [(0, 0, 0), (1, 0, 3), (3, 0, 9), (4, 1, 13), (3000, 900, 9900), (10**15, 3 * 10**14, 33 * 10**14)],
    )
    def test_the_sums(self, avoided: int, tax: int, total: int) -> None:
        """One cut of the tax on three times the charges."""
        found = surcharge(TERMS, avoided=avoided)
        assert (found.fee, found.surcharge, found.subtotal) == (avoided, 2 * avoided, 3 * avoided)
        assert (found.tax, found.total) == (tax, total)

    @given(avoided=st.integers(0, 10**15))
    def test_the_total_is_the_sum(self, avoided: int) -> None:
        """Nothing is added but the tax, and the day of supply gives the same rate."""
        found = surcharge(TERMS, avoided=avoided, supplied_on=day("2026-03-01"))
        assert found.total == found.fee + found.surcharge + found.tax
        assert 10 * found.tax <= found.subtotal < 10 * (found.tax + 1)


class TestArticle43Paragraph1:
    """Five years, the day of leaving not counted; no holiday moves the end."""

    @pytest.mark.parametrize(
        ("left_on", "barred_through_on"),
        [
            pytest.param("2021-04-01", "2026-04-01", id="general"),
            pytest.param("2024-02-28", "2029-02-28", id="the-period-starts-on-a-leap-day"),
            pytest.param("2024-02-29", "2029-02-28", id="left-on-a-leap-day"),
            pytest.param("2027-02-28", "2032-02-29", id="the-period-ends-on-a-leap-day"),
            pytest.param("1900-01-01", "1905-01-01", id="long-ago"),
        ],
    )
    def test_the_last_day(self, left_on: str, barred_through_on: str) -> None:
        """Barred through it, free from the day after."""
        assert anti_social_lookback(TERMS, left_on=day(left_on)).barred_through_on == day(barred_through_on)

    def test_every_day_of_many_years(self) -> None:
        """By the words of 民143: 60 months from the day after."""
        for left_on in each_day("2019-01-01", "2032-12-31"):
            last = anti_social_lookback(TERMS, left_on=left_on).barred_through_on
            assert is_end_of_period(left_on + ONE, last, 60), left_on


class TestArticle43Paragraph2:
    """What the party falls under: legal says so, or a screening has found it."""

    @pytest.mark.parametrize("item", get_args(AntisocialItem))
    def test_what_legal_states_counts(self, item: AntisocialItem) -> None:
        """Whatever a screening has found; each item stands in the terms."""
        assert {antisocial_item(item, has_hit=hit) for hit in (True, False)} == {item}
        assert str(Article.parse(item)) == item

    def test_a_hit_breaks_the_declaration(self) -> None:
        """43(2)(1): nothing else has to be stated."""
        assert antisocial_item(None, has_hit=True) == "43(2)(1)"

    def test_without_both_nothing_is_rescinded(self) -> None:
        """Nobody is rescinded on no item at all."""
        with pytest.raises(Refused) as refused:
            antisocial_item(None, has_hit=False)
        assert refused.value.article == "43(2)"
