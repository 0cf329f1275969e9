"""In each state of a default everything that people may want is tried, as docs/commands.md has it (Art. 16, 17)."""

from datetime import date
from typing import get_args

from terms.default import REFUSED, CaseMove, CaseState
from tests.desk import Desk
from tests.journeys.debtor import Debtor

WAYS: dict[CaseMove, str] = {
    "hold": "default/holds", "suspend": "suspensions", "suspend_unannounced": "suspensions", "resume": "resumptions",
    "rescind": "rescissions", "rescind_17_2": "rescissions",
}  # fmt: skip

TAKEN_BACK: frozenset[CaseMove] = frozenset({"suspend_unannounced", "rescind_17_2"})
"""What would stand in the way of the next proposal."""


class Trier:
    """Somebody of dunning who tries what the state forbids, and then what it allows."""

    def __init__(self, debtor: Debtor) -> None:
        self.debtor = debtor
        self.allowed: set[tuple[CaseState, CaseMove]] = set()
        self.tried: set[tuple[CaseState, CaseMove]] = set()

    async def at(self, state: CaseState, today: str, from_on: str = "") -> None:
        """Try all commands in a state: each is refused with its article or taken; a hold is over with the day."""
        assert (await self.debtor.state())["state"] == state
        bodies: dict[CaseMove, dict[str, object]] = {
            "hold": {"kind": "check", "until_on": today, "reason": "確認"},
            "suspend": {
                "ground": "16(1)(1)",
                "scope": {"kind": "all"},
                "from_on": from_on or today,
                "reason": "未払い",
            },
            "suspend_unannounced": {
                "ground": "16(1)(1)",
                "scope": {"kind": "all"},
                "from_on": today,
                "without_announcement": "urgent",
                "reason": "未払い",
            },
            "resume": {"reason": "再開"},
            "rescind": {"ground": "17(1)", "reason": "未払い"},
            "rescind_17_2": {"ground": "17(2)", "reason": "著しい支障"},
        }
        order: list[CaseMove] = ["suspend_unannounced", "rescind_17_2", "suspend", "resume", "rescind", "hold"]
        for move in order:
            self.tried.add((state, move))
            role = "legal" if move == "rescind_17_2" else "dunning"
            path, forbidden = f"{self.debtor.path}/{WAYS[move]}", REFUSED[move].get(state)
            if forbidden is None:
                done = await self.debtor.desk.do(role, path, bodies[move])
                self.allowed.add((state, move))
                if move in TAKEN_BACK:
                    await self.debtor.desk.do(role, f"/v1/approvals/{done['approval_id']}/withdrawals", {})
            else:
                assert await self.debtor.desk.refused(role, path, bodies[move]) == forbidden, (state, move)
        await self.debtor.desk.settle()


async def test_every_state_and_command(desk: Desk) -> None:
    """From before the debt to the rescission, and to a settlement."""
    debtor = await Debtor.of(desk)
    people = Trier(debtor)
    await people.at("none", "2026-04-01")
    await desk.until("2026-04-16T10:00:00+09:00")
    await people.at("overdue", "2026-04-16")
    await desk.until("2026-04-23T10:00:00+09:00")
    await people.at("reminded", "2026-04-23")
    await desk.until("2026-05-01T10:00:00+09:00")
    await people.at("warned", "2026-05-01", from_on="2026-05-10")
    await desk.until("2026-05-02T10:00:00+09:00")
    await debtor.decide(await debtor.proposal("suspension"), "legal")
    await desk.until("2026-05-11T10:00:00+09:00")
    await people.at("suspended", "2026-05-11")
    await debtor.until_demanded()
    await desk.until("2026-06-11T10:00:00+09:00")
    await people.at("demanded", "2026-06-11")
    await desk.until("2026-06-12T10:00:00+09:00")
    proposal = await debtor.proposal("rescission")
    await debtor.decide(proposal, "dunning-2")
    await debtor.decide(proposal, "legal")
    await people.at("rescinding", "2026-06-12")
    letter = await debtor.posted("rescission_notice", "2026-06-12T10:00:00+09:00")
    await desk.until("2026-06-20T10:00:00+09:00")
    await debtor.delivered(letter, "2026-06-16T10:30:00+09:00")
    await people.at("rescinded", "2026-06-20")
    missing = {(state, move) for state in get_args(CaseState) for move in get_args(CaseMove)} - people.tried
    assert {state for state, _ in missing} == {"settled"}
    assert len(people.allowed) == 16


async def test_after_a_settlement(desk: Desk) -> None:
    """Paid: nothing is left to hold, to suspend or to rescind."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-05-09T12:00:00+09:00")
    await debtor.pay(await debtor.owed(), date(2026, 5, 9))
    await Trier(debtor).at("settled", "2026-05-09")
