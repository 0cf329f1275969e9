"""The life cycle of a contract (利用契約): which command each state allows, and the article that forbids the others.

- 5(1): service starts once, on an accepted contract.
- 28(1), A89: who leaves by the day of service start withdraws; from that day on Art. 18 applies.
- 18(1), 14(2), 18(2): a contract in force can be terminated by the customer; the earliest end wins (A103).
- 18(1): what has ended can't end again; a further copy of the first notice changes nothing.
- 16(1), 16(3): a contract in force is suspended and resumed; 17(1): the provider rescinds what is in force.
- 17(2), 43(2): without suspension it rescinds what is not over, also before service starts (A10).
- 11, 12(1), 12(2): the party of a contract in force is succeeded or assigns it, and the successor may be rescinded.
- 13(1): name, address and contacts change for as long as letters go out: until the contract is closed.
- 34(1): what has ended is closed once nothing is left to be done; 44(6): what is closed is erased in the end.

Restrictions under 14 and interruptions under 15 are overlays, no states.
"""

from typing import Literal

from terms.citation import Article, Refused, implements

Phase = Literal["accepted", "active", "suspended", "ended", "closed", "erased"]
Move = Literal[
    "start_service", "withdraw_before_start", "give_notice", "cancel_14_2", "cancel_18_2", "suspend", "resume",
    "rescind", "rescind_17_2", "rescind_43_2", "end", "close", "erase", "succeed", "rescind_successor", "assign",
    "change_party",
]  # fmt: skip

IN_FORCE: frozenset[Phase] = frozenset({"active", "suspended"})
NOT_OVER: frozenset[Phase] = frozenset({"accepted", *IN_FORCE})
OVER: frozenset[Phase] = frozenset({"ended", "closed", "erased"})

ALLOWED: dict[Move, frozenset[Phase]] = {
    "start_service": frozenset({"accepted"}),
    "withdraw_before_start": frozenset({"accepted"}),
    "give_notice": IN_FORCE,
    "cancel_14_2": IN_FORCE,
    "cancel_18_2": IN_FORCE,
    "suspend": frozenset({"active"}),
    "resume": frozenset({"suspended"}),
    "rescind": IN_FORCE,
    "rescind_17_2": NOT_OVER,
    "rescind_43_2": NOT_OVER,
    "end": IN_FORCE,
    "close": frozenset({"ended"}),
    "erase": frozenset({"closed"}),
    "succeed": IN_FORCE,
    "rescind_successor": IN_FORCE,
    "assign": IN_FORCE,
    "change_party": frozenset({"accepted", "active", "suspended", "ended"}),
}
"""Commands of the customer's, the provisioning's and the provider's side and of the contract's own end."""

ARTICLE: dict[Move, Article] = {
    "start_service": Article(5, 1),
    "withdraw_before_start": Article(28, 1),
    "give_notice": Article(18, 1),
    "cancel_14_2": Article(14, 2),
    "cancel_18_2": Article(18, 2),
    "suspend": Article(16, 1),
    "resume": Article(16, 3),
    "rescind": Article(17, 1),
    "rescind_17_2": Article(17, 2),
    "rescind_43_2": Article(43, 2),
    "end": Article(18, 1),
    "close": Article(34, 1),
    "erase": Article(44, 6),
    "succeed": Article(12, 1),
    "rescind_successor": Article(12, 2),
    "assign": Article(11),
    "change_party": Article(13, 1),
}

_OVER = "利用契約は既に終了しています。"
_AFTER_THE_END: frozenset[Move] = frozenset({"close", "erase"})
_BEFORE_START: dict[Move, str] = {
    "give_notice": "提供開始日までの解除には、利用規約第28条第1項が適用されます。",
    "cancel_14_2": "提供開始前の契約は、利用規約第28条第1項により解除してください。",
    "cancel_18_2": "提供開始前の契約は、利用規約第28条第1項により解除してください。",
    "end": "利用契約は提供を開始していません。",
}
"""What a contract that has not started answers: its way out is the withdrawal."""
_WORDS: dict[Move, str] = {
    "start_service": "サービスの提供は既に開始しています。",
    "withdraw_before_start": "提供開始後の解除に第28条第1項は適用されません。第18条第1項により解約してください。",
    "suspend": "提供中の利用契約ではないため、停止できません。",
    "resume": "サービスの提供を停止していません。",
    "rescind": "提供中又は停止中の利用契約ではないため、解除できません。",
    "close": "終了して未了の手続きが残る利用契約だけが、完了の対象となります。",
    "erase": "完了した利用契約だけが、個人情報の消去の対象となります。",
    "succeed": "承継の手続きは、提供開始後の利用契約について行います。",
    "rescind_successor": "提供中又は停止中の利用契約ではないため、解除できません。",
    "assign": "譲渡の承諾は、提供開始後の利用契約について行います。",
}


@implements(
    Article(5, 1), Article(11), Article(12, 1), Article(12, 2), Article(13, 1), Article(14, 2), Article(16, 1),
    Article(16, 3), Article(17, 1), Article(17, 2), Article(18, 1), Article(18, 2), Article(28, 1), Article(34, 1),
    Article(43, 2), Article(44, 6),
)  # fmt: skip
def must_allow(phase: Phase, move: Move) -> None:
    """Refuse a command that the state of the contract does not allow.

    Raises:
        Refused: with the article that forbids it; before service start that of the withdrawal, 28(1).
    """
    if phase in ALLOWED[move]:
        return
    if move in _AFTER_THE_END:
        raise Refused(ARTICLE[move], _WORDS[move])
    if phase in OVER:
        raise Refused(ARTICLE[move], _OVER)
    if phase == "accepted" and move in _BEFORE_START:
        raise Refused(Article(28, 1), _BEFORE_START[move])
    raise Refused(ARTICLE[move], _WORDS[move])
