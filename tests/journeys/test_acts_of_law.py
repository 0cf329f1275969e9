"""Acts of law that leave something out: a suspension unannounced, a rescission without suspension (16(2), 17(2))."""

from datetime import date

from tests.desk import JSON, Desk
from tests.journeys.debtor import Debtor
from tests.journeys.test_default import sent, words_of
from tests.journeys.test_month_close import does_not_hold

APPROVE = {"decision": "approve", "reason": "確認済み"}


async def approval(debtor: Debtor, act: str) -> JSON:
    """Show the last proposal of an act."""
    return (await debtor.proposals(act))[-1]


async def forbidden(desk: Desk, role: str, path: str, body: JSON) -> None:
    """Post what a role may not."""
    assert (await desk.post(role, path, body)).status_code == 403


async def test_suspended_without_an_announcement(desk: Desk) -> None:
    """16(2), proviso: nothing is announced; one of legal decides, everything else is asked as ever."""
    debtor = await Debtor.of(desk)
    path = f"{debtor.path}/suspensions"
    plan = {"ground": "16(1)(1)", "scope": {"kind": "all"}, "from_on": "2026-04-18", "reason": "他の契約者への影響"}
    urgent = plan | {"without_announcement": "urgent"}
    assert await desk.refused("dunning", path, urgent) == "16(1)(1)"  # nothing is overdue yet
    await desk.until("2026-04-18T10:00:00+09:00")
    assert await desk.refused("dunning", path, plan) == "16(2)"
    proposed = await desk.do("dunning", path, urgent)
    shown = await approval(debtor, "suspension_unannounced")
    assert (shown["article"], shown["roles"], shown["needs"]) == ("16(2)", ["legal"], 1)
    assert shown["consequence"]["without_announcement"] == "urgent"
    decide = f"/v1/approvals/{proposed['approval_id']}/decisions"
    await forbidden(desk, "dunning-2", decide, APPROVE)
    dispute = {"kind": "dispute", "until_on": "2026-04-18", "reason": "金額に異議"}
    await desk.do("legal", f"{debtor.path}/default/holds", dispute)
    assert await desk.refused("legal", decide, APPROVE) == "16(1)(1)"
    await desk.until("2026-04-19T10:00:00+09:00")
    assert await debtor.decide(proposed["approval_id"], "legal") == "approved"
    assert (await desk.read(debtor.path))["state"] == "suspended"
    words = await words_of(desk, "suspension_started_notice")
    assert "緊急やむを得ないと判断したため、利用規約第16条第2項ただし書により" in words

    # what leads up to a suspension has nothing left to say; the demand comes on its day
    state = await debtor.state()
    assert (state["state"], state["step"], state["next"]["on"]) == ("suspended", "demand", "2026-05-25")
    await desk.until("2026-05-25T09:00:00+09:00")
    assert await sent(desk) == ["suspension_started_notice", "formal_demand"]
    assert await does_not_hold(desk) == []
    await debtor.pay(await debtor.owed(), date(2026, 5, 25))
    assert (await desk.read(debtor.path))["state"] == "active"


async def test_unannounced_for_a_stated_period(desk: Desk) -> None:
    """When its period is over the ladder goes on where it was left: it reminds, and announces the next one."""
    debtor = await Debtor.of(desk)
    path = f"{debtor.path}/suspensions"
    plan = {"ground": "16(1)(1)", "scope": {"kind": "all"}, "from_on": "2026-04-20", "until_on": "2026-04-24",
            "without_announcement": "impossible", "reason": "連絡先がすべて不通"}  # fmt: skip
    await desk.until("2026-04-17T10:00:00+09:00")
    rejected = await desk.do("legal", path, plan)
    await debtor.decide(rejected["approval_id"], "legal-2", "reject")
    proposed = await desk.do("legal", path, plan)
    await debtor.decide(proposed["approval_id"], "legal-2")
    assert (await debtor.state())["state"] == "overdue"
    await desk.until("2026-04-20T09:00:00+09:00")
    assert (await debtor.state())["state"] == "suspended"
    assert "事前の通知が事実上不可能であったため" in await words_of(desk, "suspension_started_notice")
    await desk.until("2026-04-25T09:00:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "active"
    assert ((await debtor.state())["state"], (await sent(desk))[-1]) == ("reminded", "first_reminder")
    await desk.until("2026-05-10T09:00:00+09:00")
    assert (await debtor.state())["state"] == "warned"
    assert len(await debtor.proposals("suspension")) == 1
    assert await does_not_hold(desk) == []
