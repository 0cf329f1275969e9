"""Acts of law that leave something out (Art. 16(2), 17(2), 43(2)): an announcement, a suspension, any demand."""

import json
from datetime import date

from sqlalchemy import func, select

from models.tables import IncomingLetterRow
from tests.desk import JSON, Desk, form
from tests.journeys.debtor import Debtor
from tests.journeys.successors import Merger, successor
from tests.journeys.test_default import at_work, sent, words_of
from tests.journeys.test_month_close import does_not_hold

NARROW = str.maketrans("（）", "()")  # as letters print what derivations say
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


async def test_rescinded_without_a_suspension(desk: Desk) -> None:
    """17(2): no suspension, no demand, no days; the letter claims none of them and ends the contract on arrival."""
    debtor = await Debtor.of(desk)
    path = f"{debtor.path}/rescissions"
    body = {"ground": "17(2)", "reason": "業務の遂行に著しい支障"}
    assert await desk.refused("legal", path, body) == "17(2)"  # nothing is overdue yet
    await desk.until("2026-04-18T10:00:00+09:00")
    await forbidden(desk, "dunning", path, body)
    assert await desk.wrong("legal", path, body | {"item": "43(1)(1)", "facts": "x"}) == ["/item", "/facts"]
    proposed = (await desk.do("legal", path, body))["approval_id"]
    shown = await approval(debtor, "rescission_without_suspension")
    assert (shown["article"], shown["needs"]) == ("17(2)", 2)
    assert shown["consequence"]["penalty_if_it_arrived_today"] > 0
    decide = f"/v1/approvals/{proposed}/decisions"
    assert await desk.refused("legal", decide, APPROVE) == "17(2)"
    assert await debtor.decide(proposed, "dunning") == "open"
    assert await desk.refused("dunning-2", decide, APPROVE) == "17(2)"  # one of them has to be of legal
    assert await debtor.decide(proposed, "legal-2") == "approved"
    assert ((await debtor.state())["state"], (await desk.read(debtor.path))["state"]) == ("rescinding", "active")
    words = await words_of(desk, "rescission_notice")
    assert "利用規約第17条第2項に基づき" in words
    assert "提供の停止をすることなく解除します" in words
    for claimed in ("停止の経過", "催告書の到達", "利用停止の予告"):
        assert claimed not in words
    letter = await debtor.posted("rescission_notice", "2026-04-18T10:00:00+09:00")
    suspend = {"ground": "16(1)(1)", "scope": {"kind": "all"}, "from_on": "2026-04-30", "reason": "未払い"}
    assert await desk.refused("dunning", f"{debtor.path}/suspensions", suspend) == "16(1)"
    await desk.until("2026-04-23T10:00:00+09:00")
    assert await sent(desk) == ["rescission_notice"]  # while it is on its way nothing more is asked for
    await debtor.delivered(letter, "2026-04-20T11:00:00+09:00")
    shown = await desk.read(debtor.path)
    assert (shown["state"], shown["ended_at"], shown["end_ground"]) == ("ended", "2026-04-20T11:00:00+09:00", "17(2)")
    assert (await debtor.state())["state"] == "rescinded"
    async with desk.office.readers() as session:  # nobody wrote to us
        assert await session.scalar(select(func.count()).select_from(IncomingLetterRow)) == 0
    kinds = [each["kind"] for each in (await desk.read("/v1/invoices", contract_no=debtor.number))["items"]]
    assert kinds.count("penalty") == 1
    assert await at_work(desk) == []
    assert await does_not_hold(desk) == []


async def test_paid_before_anybody_agreed_to_it(desk: Desk) -> None:
    """17(2): the item of 16(1) is gone with the payment; what was proposed falls."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-04-18T10:00:00+09:00")
    await desk.do("legal", f"{debtor.path}/rescissions", {"ground": "17(2)", "reason": "著しい支障"})
    await debtor.pay(await debtor.owed(), date(2026, 4, 18))
    assert (await approval(debtor, "rescission_without_suspension"))["state"] == "withdrawn"
    assert (await debtor.state())["state"] == "settled"


async def test_rescinded_by_43_2(desk: Desk) -> None:
    """43(2): by legal's statement or what a screening found; no payment undoes it; before the start 28(1) is due."""
    debtor = await Debtor.of(desk)
    path = f"{debtor.path}/rescissions"
    body = {"ground": "43(2)", "reason": "危害をほのめかす発言", "facts": "窓口 花子への発言"}
    await forbidden(desk, "dunning", path, body)
    assert await desk.refused("legal", path, body) == "43(2)"  # nothing found, nothing stated
    await desk.until("2026-04-16T10:00:00+09:00")
    proposed = (await desk.do("legal", path, body | {"item": "43(2)(2)③"}))["approval_id"]
    shown = await approval(debtor, "antisocial_rescission")
    assert (shown["article"], shown["roles"], shown["needs"]) == ("43(2)", ["legal", "reviewer"], 1)
    assert shown["consequence"]["item"] == "43(2)(2)③"
    assert shown["consequence"]["penalty_if_it_arrived_today"] > 0
    await debtor.pay(await debtor.owed(), date(2026, 4, 16))
    assert (await debtor.state())["state"] == "settled"
    assert await debtor.decide(proposed, "reviewer") == "approved"
    customer = await desk.customer(form()["external_ref"])  # learns of it by the letter alone
    for path in (f"{debtor.path}/timeline", "/v1/notices", "/v1/approvals"):
        shown = await desk.read(path, customer, limit="500")
        assert not [each for each in shown["items"] if each.get("article") == "43(2)"]
    letter = await debtor.posted("antisocial_rescission_notice", "2026-04-16T10:00:00+09:00")
    words = await words_of(desk, "antisocial_rescission_notice")
    assert "第43条第2項第2号③に該当すること" in words
    await desk.until("2026-04-20T10:00:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "active"
    await debtor.delivered(letter, "2026-04-18T09:30:00+09:00")
    shown = await desk.read(debtor.path)
    assert (shown["state"], shown["ended_at"], shown["end_ground"]) == ("ended", "2026-04-18T09:30:00+09:00", "43(2)")
    told = json.dumps([await desk.timeline(debtor.number), await desk.read("/v1/approvals")], ensure_ascii=False)
    assert "花子" not in told + words

    other = Debtor(desk, await desk.contract("QPC-26-0106"))  # accepted, not started
    stated = {"ground": "43(2)", "item": "43(1)(4)", "reason": "資金の提供"}
    proposed = (await desk.do("legal", f"{other.path}/rescissions", stated))["approval_id"]
    assert await other.decide(proposed, "legal-2") == "approved"
    letter = await other.posted("antisocial_rescission_notice", "2026-04-20T10:00:00+09:00")
    await desk.until("2026-04-22T10:00:00+09:00")
    await other.delivered(letter, "2026-04-22T09:00:00+09:00")
    assert (await desk.read(other.path))["end_ground"] == "43(2)"
    (invoice,) = (await desk.read("/v1/invoices", contract_no=other.number))["items"]
    assert (invoice["kind"], invoice["lines"][0]["article"]) == ("penalty", "28(1)")

    merged = Merger(desk, await desk.active("QPC-26-0102"))
    await merged.record("2026-04-22", successor=successor(applicant__name="株式会社反社照会一致"))
    await desk.do("legal", f"{merged.path}/rescissions", {"ground": "43(2)", "reason": "照会の一致"})
    found = (await Debtor(desk, merged.number).proposals("antisocial_rescission"))[0]
    assert found["consequence"]["item"] == "43(2)(1)"
    assert await does_not_hold(desk) == []


async def rescission_17_2(debtor: Debtor) -> str:
    """Have the contract rescinded by 17(2) today, 18 April at 10:00, and the letter posted; gives its number."""
    body = {"ground": "17(2)", "reason": "業務の遂行に著しい支障"}
    proposed = (await debtor.desk.do("legal", f"{debtor.path}/rescissions", body))["approval_id"]
    await debtor.decide(proposed, "dunning")
    await debtor.decide(proposed, "legal-2")
    return await debtor.posted("rescission_notice", "2026-04-18T10:00:00+09:00")


async def test_a_rescission_that_came_back_counts_as_arrived(desk: Desk) -> None:
    """17(3), A35: legal puts the normal time in the place of the arrival, another person of legal decides."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-04-18T10:00:00+09:00")
    letter = await rescission_17_2(debtor)
    path, body = f"/v1/notices/{letter}/deemed-arrivals", {"reason": "届出の本店から移転している"}
    await desk.until("2026-04-19T10:00:00+09:00")
    assert await desk.refused("legal", path, body) == "17(3)"  # it would normally arrive on the 20th at 0:00
    await desk.until("2026-04-24T10:00:00+09:00")
    assert await desk.refused("legal", path, body | {"counts": "decision"}) == "17(3)"  # for 43(2) only
    await debtor.delivered(letter, "2026-04-23T15:00:00+09:00", "returned")
    assert (await desk.read(debtor.path))["state"] == "active"
    other = (await desk.letters(slug="service_start_notice"))[0]["notice_no"]
    assert await desk.refused("legal", f"/v1/notices/{other}/deemed-arrivals", body) == "5(1)"
    proposed = (await desk.do("legal", path, body))["approval_id"]
    assert await desk.refused("legal-2", path, body) == "17(3)"  # one proposal at a time
    shown = await approval(debtor, "deemed_arrival")
    assert (shown["article"], shown["roles"]) == ("17(3)", ["legal"])
    assert shown["consequence"]["arrived_at"] == "2026-04-20T00:00:00+09:00"
    decide = f"/v1/approvals/{proposed}/decisions"
    assert await desk.refused("legal", decide, APPROVE) == "17(3)"
    await forbidden(desk, "dunning", decide, APPROVE)
    assert await debtor.decide(proposed, "legal-2") == "approved"
    told = await desk.read(f"/v1/notices/{letter}")
    assert (told["state"], told["deemed"], told["basis"]) == ("arrived", True, "normal_time")
    contract = await desk.read(debtor.path)
    assert (contract["ended_at"], contract["end_ground"]) == ("2026-04-20T00:00:00+09:00", "17(2)")
    assert (await debtor.state())["state"] == "rescinded"
    assert "到達したものとみなし(第42条第2項)" in (await words_of(desk, "contract_end_notice")).translate(NARROW)
    assert [each["state"] for each in await desk.tasks("letter_undeliverable")] == ["done"]
    assert await at_work(desk) == []
    assert await does_not_hold(desk) == []


async def test_a_rescission_that_is_silent(desk: Desk) -> None:
    """What was paid by the normal time counts; by 43(2) the decision's own time may stand for the arrival (A67)."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-04-18T10:00:00+09:00")
    letter = await rescission_17_2(debtor)
    other = Debtor(desk, await desk.active("QPC-26-0106"))
    stated = {"ground": "43(2)", "item": "43(2)(2)①", "reason": "暴力的な要求"}
    proposed = (await desk.do("legal", f"{other.path}/rescissions", stated))["approval_id"]
    await other.decide(proposed, "reviewer")
    silent = await other.posted("antisocial_rescission_notice", "2026-04-18T10:00:00+09:00")
    await desk.until("2026-04-19T10:00:00+09:00")
    await debtor.pay(await debtor.owed(), date(2026, 4, 19))
    body = {"reason": "配達の記録がない", "counts": "decision"}
    proposed = (await desk.do("legal", f"/v1/notices/{silent}/deemed-arrivals", body))["approval_id"]
    assert (await approval(other, "deemed_arrival"))["article"] == "43(2)"
    assert await other.decide(proposed, "legal-2") == "approved"
    contract = await desk.read(other.path)
    assert contract["end_ground"] == "43(2)"
    assert contract["ended_at"].startswith("2026-04-18T10:0")
    await other.delivered(silent, "2026-04-19T09:00:00+09:00")  # evidence, which changes nothing any more
    told = await desk.read(f"/v1/notices/{silent}")
    assert (told["arrived_at"], told["basis"]) == (contract["ended_at"], "decision")
    await desk.until("2026-04-21T10:00:00+09:00")
    path = f"/v1/notices/{letter}/deemed-arrivals"
    assert await desk.refused("legal", path, {"reason": "配達の記録がない"}) == "17(2)"  # paid the day before
    assert (await desk.read(debtor.path))["state"] == "active"
    assert await does_not_hold(desk) == []
