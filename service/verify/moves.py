"""I6: every move of a state is allowed, cites its article, and rests on what the terms want before it."""

from service.verify.acts import ACTS
from service.verify.checks import Invariant
from service.verify.default import DEFAULT
from service.verify.disclosure import DISCLOSED
from service.verify.life import LIFE
from service.verify.retention import RETAINED

I6 = Invariant(
    "I6",
    "every move is allowed, by its article, with arrivals, periods and the people that the terms want before it",
    (
        "contract", "application", "termination", "approval", "approval_vote", "suspension", "rescission",
        "default_case", "default_hold", "deletion", "legal_hold", "party",
        "succession", "disclosure", "publication", "register_entry", "maintenance_event",
    ),
    (*LIFE, *ACTS, *DEFAULT, *RETAINED, *DISCLOSED),
)  # fmt: skip
