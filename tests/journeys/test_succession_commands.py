"""In each state of a succession everything that people may want is tried, as docs/commands.md has it (Art. 12)."""

import hashlib
from typing import get_args

from terms.succession import REFUSED, SuccessionMove, SuccessionState
from tests.desk import JSON, Desk
from tests.journeys.successors import Merger, successor

AT = "2026-03-25T09:00:00+09:00"


class Trier:
    """People of the office who try what a state forbids, and then what it allows short of leaving it."""

    def __init__(self, merger: Merger) -> None:
        self.merger = merger
        self.tried: set[tuple[SuccessionState, SuccessionMove]] = set()

    async def at(self, state: SuccessionState, *allowed: SuccessionMove) -> None:
        """Try all commands in a state: what it forbids is refused with its article, then what is `allowed` is taken."""
        assert (await self.merger.state())["state"] == state
        sha256 = hashlib.sha256(state.encode()).hexdigest()
        bodies: dict[SuccessionMove, tuple[str, str, JSON]] = {
            "notice": ("intake", "notices", {"arrived_at": AT, "form": "paper"}),
            "document": ("intake", "documents", {"kind": "registry_certificate", "arrived_at": AT, "sha256": sha256}),
            "continue": ("reviewer", "decisions", {"decision": "continue", "reason": "可"}),
            "rescind": ("legal", "decisions", {"decision": "rescind", "grounds": ["9(2)(1)"], "reason": "不可"}),
        }
        for move, (role, where, body) in bodies.items():
            if forbidden := REFUSED[move].get(state):
                path = f"{self.merger.at}/{where}"
                assert await self.merger.desk.refused(role, path, body) == forbidden, (state, move)
                self.tried.add((state, move))
        for move in allowed:
            role, where, body = bodies[move]
            await self.merger.desk.do(role, f"{self.merger.at}/{where}", body)
            await self.merger.desk.settle()
            self.tried.add((state, move))


async def open_proposal(merger: Merger) -> str:
    """Find the proposal that waits."""
    found: str = (await merger.state())["approval_id"]
    return found


async def test_every_command_in_every_state(desk: Desk) -> None:
    """What people command is tried in each state that comes about; only the letter's arrival is nobody's command."""
    await desk.until("2026-03-25T10:00:00+09:00")
    first = Merger(desk, await desk.active())
    trier = Trier(first)
    await first.record("2026-03-25", successor=successor(anti_social_representation=False))
    await trier.at("notified", "document", "notice")
    await trier.at("documents_missing", "notice", "document", "rescind")
    assert await first.agree(await open_proposal(first), "legal-2", "reject") == "rejected"
    await first.prove(AT, "anti_social_representation")
    await trier.at("under_review", "notice", "document", "continue")
    await trier.at("continued")

    second = Merger(desk, await desk.active("QPC-26-0102"))
    trier.merger = second
    await second.record("2026-03-25", noticed_at=AT)
    await second.prove(AT)
    await trier.at("under_review", "rescind")
    await second.agree(await open_proposal(second), "reviewer")
    await trier.at("rescinding")
    (letter,) = await desk.letters(slug="succession_rescission_notice", contract_no=second.number)
    path = f"/v1/notices/{letter['notice_no']}"
    posted = {"method": "certified", "tracking_no": "1", "dispatched_at": "2026-03-25T10:00:00+09:00"}
    await desk.do("support", f"{path}/dispatches", posted)
    await desk.until("2026-03-26T12:00:00+09:00")
    await desk.do(
        "support", f"{path}/deliveries", {"outcome": "refused", "at": "2026-03-26T11:00:00+09:00", "proof": "p"}
    )
    await desk.settle()
    await trier.at("rescinded")

    # a contract that ends by itself while the letter lies in the tray
    third = Merger(desk, await desk.active("QPC-26-0104"))
    trier.merger = third
    await third.record("2026-03-26", noticed_at="2026-03-26T12:00:00+09:00")
    await third.decide("rescind", "9(2)(1)")
    await third.agree(await open_proposal(third), "reviewer")
    notice = {"arrived_at": "2026-03-26T12:00:00+09:00", "form": "paper"}
    await desk.do("intake", f"{third.path}/termination-notices", notice)
    await desk.until("2026-05-01T09:00:00+09:00")
    await trier.at("overtaken")

    people = [move for move in get_args(SuccessionMove) if move != "end"]
    assert trier.tried == {(state, move) for state in get_args(SuccessionState) for move in people}
