"""Art. 9(2)(4): the check digit of a corporate number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.application import CorporateNumber, corporate_number
from terms.citation import InvalidRule
from tests.terms.oracles import TERMS


def checked(number: str) -> CorporateNumber:
    """Check a number."""
    return corporate_number(TERMS, number=number)


class TestArticle9Paragraph2Item4:
    """A number that does not fit its check digit points to a false statement."""

    @pytest.mark.parametrize("number", ["T8900000000001", "T7900000000002", "T9990000000017", "7000012050002"])
    def test_numbers_that_are_right(self, number: str) -> None:
        """With and without T."""
        found = checked(number)
        assert found.valid
        assert found.steps[-1].endswith("一致します。")

    @given(basic=st.text("0123456789", min_size=12, max_size=12), place=st.integers(0, 11), digit=st.integers(1, 8))
    def test_one_wrong_digit_is_found_unless_0_and_9_are_swapped(self, basic: str, place: int, digit: int) -> None:
        """By the words of the ordinance: 9 less the remainder by 9 of the digits, from the right once and twice."""
        weights = [1, 2] * 6
        expected = 9 - sum(int(each) * weight for each, weight in zip(reversed(basic), weights, strict=True)) % 9
        assert checked(f"{expected}{basic}") == checked(f"T{expected}{basic}")
        assert checked(f"{expected}{basic}").valid
        other = str((int(basic[place]) + digit) % 10)
        wrong = f"{expected}{basic[:place]}{other}{basic[place + 1 :]}"
        assert checked(wrong).valid == ({basic[place], other} == {"0", "9"})

    def test_a_check_digit_is_never_0(self) -> None:
        """It runs from 1 to 9."""
        found = checked("0900000000001")
        assert (found.valid, found.expected_check_digit) == (False, 8)
        assert found.steps[-1] == "番号の先頭の数字は0で、一致しません。"
        assert checked("9000000000000").expected_check_digit == 9

    @pytest.mark.parametrize(
        "number",
        [
            "",
            "890000000001",
            "89000000000010",
            "TT8900000000001",
            "t8900000000001",
            "T890000000000",
            "T8900000000001\n",
            "８９０００００００００００１",
        ],
    )
    def test_other_forms_are_wrong(self, number: str) -> None:
        """12 or 14 digits, another letter, a line end, full-width digits."""
        with pytest.raises(InvalidRule) as wrong:
            checked(number)
        assert str(wrong.value) == "/number: must be 13 digits, or T and 13 digits"
