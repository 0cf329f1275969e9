"""Art. 37: exact amounts and the one cut."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.money import exact, floor_yen, mean_floor, percent_of, share_out

AMOUNTS = st.integers(0, 10**15)


class TestAmounts:
    """No binary float comes in."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [("9.6", Fraction(48, 5)), ("0", Fraction(0)), (7, Fraction(7)), (Fraction(1, 3), Fraction(1, 3))],
    )
    def test_a_number_is_read_exactly(self, value: int | str | Fraction, expected: Fraction) -> None:
        """Decimal text, integers and fractions."""
        assert exact(value) == expected

    @pytest.mark.parametrize(
        "text", ["", "-1", "+1", "1e3", ".5", "5.", "1/3", "1,000", " 1", "1\n", "１", "nan", "1_0"]
    )
    def test_other_texts_are_no_numbers(self, text: str) -> None:
        """Signs, exponents, fractions, spaces, separators and full-width digits."""
        with pytest.raises(ValueError, match="not a decimal number"):
            exact(text)

    @given(amount=AMOUNTS, part=st.fractions(0, 1))
    def test_what_is_below_a_yen_is_cut_off(self, amount: int, part: Fraction) -> None:
        """Never rounded up."""
        assert floor_yen(amount + part) == amount + (part == 1)

    def test_means_and_percentages_are_cut_off(self) -> None:
        """10.5 and 0.9."""
        assert (mean_floor([10, 11]), percent_of(9, 10), percent_of(10, 10)) == (10, 0, 1)


class TestSharing:
    """Pro rata by largest remainder."""

    @given(amount=st.integers(0, 10**9), claims=st.lists(st.integers(0, 10**9), max_size=8))
    def test_shares_are_fair_and_whole(self, amount: int, claims: list[int]) -> None:
        """All money is given as far as claims go; each share is the exact one cut off, or a yen more."""
        shares = share_out(amount, claims)
        total = sum(claims)
        assert sum(shares) == min(amount, total)
        for share, claim in zip(shares, claims, strict=True):
            assert 0 <= share <= claim
            if amount < total:
                assert 0 <= share - amount * claim // total <= 1

    @given(amount=st.integers(0, 10**9), claims=st.lists(st.integers(1, 10**9), min_size=2, max_size=8))
    def test_the_larger_remainder_gets_the_yen(self, amount: int, claims: list[int]) -> None:
        """Whoever gets one more has no smaller remainder than anyone who does not; among equals the earlier."""
        total = sum(claims)
        shares = share_out(amount, claims)
        if amount < total:
            ranked = [
                (share > amount * claim // total, amount * claim % total, -place)
                for place, (share, claim) in enumerate(zip(shares, claims, strict=True))
            ]
            favoured = [each[1:] for each in ranked if each[0]]
            others = [each[1:] for each in ranked if not each[0]]
            assert not favoured or not others or min(favoured) > max(others)
