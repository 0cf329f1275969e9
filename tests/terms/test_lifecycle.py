"""Which command each state of a contract allows, and by which article the others are refused."""

from itertools import product
from typing import get_args

import pytest

from terms.citation import Refused
from terms.lifecycle import IN_FORCE, OVER, Move, Phase, must_allow

PHASES: tuple[Phase, ...] = get_args(Phase)
MOVES: tuple[Move, ...] = get_args(Move)

# Written down a second time, state by state: the article by which a command is refused; what is missing is allowed.
NOT_YET: dict[Move, str] = {"close": "34(1)", "erase": "44(6)"}
NO_PARTY: dict[Move, str] = {"succeed": "12(1)", "rescind_successor": "12(2)", "assign": "11"}
LEAVING: tuple[Move, ...] = ("give_notice", "cancel_14_2", "cancel_18_2", "end")
BEFORE_START: dict[Move, str] = {
    **dict.fromkeys(LEAVING, "28(1)"),
    **NOT_YET,
    **NO_PARTY,
    "suspend": "16(1)",
    "resume": "16(3)",
    "rescind": "17(1)",
}
UNDER_WAY: dict[Move, str] = {
    "start_service": "5(1)", "withdraw_before_start": "28(1)", "resume": "16(3)", **NOT_YET,
}  # fmt: skip
SUSPENDED: dict[Move, str] = {
    "start_service": "5(1)", "withdraw_before_start": "28(1)", "suspend": "16(1)", **NOT_YET,
}  # fmt: skip
AFTER_THE_END: dict[Move, str] = {
    "start_service": "5(1)",
    "withdraw_before_start": "28(1)",
    "give_notice": "18(1)",
    "cancel_14_2": "14(2)",
    "cancel_18_2": "18(2)",
    "suspend": "16(1)",
    "resume": "16(3)",
    "rescind": "17(1)",
    "rescind_17_2": "17(2)",
    "rescind_43_2": "43(2)",
    "end": "18(1)",
    **NO_PARTY,
}
REFUSED: dict[Phase, dict[Move, str]] = {
    "accepted": BEFORE_START,
    "active": UNDER_WAY,
    "suspended": SUSPENDED,
    "ended": AFTER_THE_END | {"erase": "44(6)"},
    "closed": AFTER_THE_END | {"close": "34(1)", "change_party": "13(1)"},
    "erased": AFTER_THE_END | NOT_YET | {"change_party": "13(1)"},
}


def refusal(phase: Phase, move: Move) -> Refused:
    """Return how a command is refused."""
    with pytest.raises(Refused) as refused:
        must_allow(phase, move)
    return refused.value


class TestEveryStateAndCommand:
    """Art. 5(1), 11, 12, 13(1), 14(2), 16, 17, 18(1), 18(2), 28(1), 34(1), 43(2), 44(6): the whole table."""

    @pytest.mark.parametrize(("phase", "move"), [*product(PHASES, MOVES)])
    def test_a_command_passes_or_names_its_article(self, phase: Phase, move: Move) -> None:
        """What the table does not name passes without a word; all else is refused with the article and a sentence."""
        article = REFUSED[phase].get(move)
        if article is None:
            must_allow(phase, move)
            return
        refused = refusal(phase, move)
        assert refused.article == article
        assert refused.detail.endswith("。")

    def test_a_contract_is_before_its_start_in_force_or_over(self) -> None:
        """No state is in two of them, none in neither."""
        assert not IN_FORCE & OVER
        assert {*PHASES} == IN_FORCE | OVER | {"accepted"}


class TestWhatACustomerReads:
    """The sentence says what to do instead."""

    def test_who_gives_notice_before_the_start_is_led_to_28(self) -> None:
        """Before the day of service start the contract is not terminated but withdrawn from."""
        assert "第28条第1項" in refusal("accepted", "give_notice").detail

    def test_who_withdraws_after_the_start_is_led_to_18(self) -> None:
        """From the day of service start on a month's notice is needed (A89)."""
        assert "第18条第1項" in refusal("active", "withdraw_before_start").detail

    @pytest.mark.parametrize("phase", sorted(OVER))
    def test_what_is_over_stays_over(self, phase: Phase) -> None:
        """Every further command of a life is told so."""
        assert {refusal(phase, move).detail for move in AFTER_THE_END} == {"利用契約は既に終了しています。"}
