"""Successions: the window and its last day, what is missing, the review, and who the party is then (Art. 12)."""

from terms.periods import JST
from tests.cash_office import Transfer, zengin
from tests.desk import Desk
from tests.journeys.debtor import Debtor
from tests.journeys.successors import NAME, PAYER, Merger, successor

CONTINUE = {"decision": "continue", "reason": "審査済み"}
RESCIND = {"decision": "rescind", "grounds": ["9(2)(2)"], "reason": "支払いの見込みなし"}


def squeezed(text: str) -> str:
    """Leave out what a page adds: line ends and blanks."""
    return "".join(text.split())


async def test_notified_on_the_last_day_and_continued(desk: Desk) -> None:
    """A notice on day 30 is in time; once proven the contract goes on under the successor, the old party on record."""
    merger = Merger(desk, await desk.active())
    old = (await desk.read(merger.path))["customer_name"]

    # 10 June: we hear of the merger, and ask the successor for notice and proof
    await desk.until("2026-06-10T10:00:00+09:00")
    recorded = await merger.record("2026-06-10")
    assert (recorded["state"], recorded["raw_on"], recorded["deadline_on"]) == ("notified", "2026-07-10", "2026-07-10")
    assert (recorded["late"], recorded["missing_documents"]) == (False, ["registry_certificate"])
    words = squeezed(await desk.text((await desk.letter("proof_request"))["notice_no"]))
    assert NAME in words
    assert "承継の届出及び下記の書類を、2026年7月10日までに" in words
    assert await desk.refused("intake", f"{merger.path}/successions", merger.body("2026-06-11")) == "12(1)"
    assert await desk.refused("legal", f"{merger.at}/decisions", RESCIND) == "12(2)"

    # 26 June and 7 July, 9:00: somebody is reminded
    fired = await desk.until("2026-07-10T10:00:00+09:00")
    looks = [f"{at.astimezone(JST):%m-%d %H:%M}" for at, what in fired if what.startswith("succession/")]
    assert looks == ["06-26 09:00", "07-07 09:00"]
    assert [task["due_on"] for task in await desk.tasks("succession_reminder", state="open")] == ["2026-07-10"] * 2

    # 10 July, the last day: the notice, then its proof
    noticed = await merger.notify("2026-07-10T09:30:00+09:00")
    assert (noticed["state"], noticed["late"], noticed["review_by_on"]) == ("documents_missing", False, "2026-08-09")
    words = squeezed(await desk.text((await desk.letter("succession_receipt"))["notice_no"]))
    assert "届出の期限内に到達しました" in words
    assert "登記事項証明書" in words
    assert (await merger.notify("2026-07-10T09:35:00+09:00"))["noticed_at"] == noticed["noticed_at"]
    assert await desk.refused("reviewer", f"{merger.at}/decisions", CONTINUE) == "12(1)"
    assert (await merger.prove("2026-07-10T09:40:00+09:00"))["state"] == "under_review"
    assert await desk.tasks("succession_reminder", state="open") == []

    # reviewed: legal does not continue, the reviewer does not rescind
    assert (await desk.post("legal", f"{merger.at}/decisions", CONTINUE)).status_code == 403
    assert (await desk.post("reviewer", f"{merger.at}/decisions", RESCIND)).status_code == 403
    assert (await merger.decide("continue"))["state"] == "continued"
    assert await desk.refused("reviewer", f"{merger.at}/decisions", CONTINUE) == "12(1)"
    assert await desk.tasks("succession_review", state="open") == []
    assert await desk.tasks("succession_late") == []

    # the party from the day of the merger on; who it was before stays on record, and is found by its name
    assert (await desk.read(merger.path))["customer_name"] == NAME
    parties = (await desk.read(f"{merger.path}/parties"))["items"]
    assert [(each["from_on"], each["name"]) for each in parties] == [("2026-03-25", old), ("2026-06-10", NAME)]
    for name in (old, NAME):
        assert [c["contract_no"] for c in (await desk.read("/v1/contracts", q=name))["items"]] == [merger.number]

    # the next letter goes to the successor
    body = {"arrived_at": "2026-07-10T09:50:00+09:00", "form": "paper"}
    await desk.do("intake", f"{merger.path}/termination-notices", body)
    await desk.settle()
    words = squeezed(await desk.text((await desk.letter("cancellation_receipt"))["notice_no"]))
    assert NAME in words
    assert "承継contract様" in words
    assert old not in words


async def test_on_day_31_where_the_thirtieth_is_a_saturday(desk: Desk) -> None:
    """A last day without business moves on: day 32, a Monday, is in time, with the proof enclosed."""
    merger = Merger(desk, await desk.active())
    await desk.until("2026-06-12T10:00:00+09:00")
    recorded = await merger.record("2026-06-11")
    assert (recorded["raw_on"], recorded["deadline_on"]) == ("2026-07-11", "2026-07-13")
    await desk.until("2026-07-13T17:00:00+09:00")
    noticed = await merger.notify("2026-07-13T16:59:00+09:00")
    assert noticed["late"] is False
    await merger.prove("2026-07-13T16:59:00+09:00")
    await desk.until("2026-07-14T10:00:00+09:00")
    assert await desk.tasks("succession_late") == []
    assert (await merger.decide("continue"))["state"] == "continued"


async def test_never_notified(desk: Desk) -> None:
    """The window passes: an alert and no sanction; the notice that comes at last is late and still taken."""
    merger = Merger(desk, await desk.active())
    await desk.until("2026-06-12T10:00:00+09:00")
    await merger.record("2026-06-11")
    fired = await desk.until("2026-07-14T10:00:00+09:00")
    looks = [f"{at.astimezone(JST):%m-%d %H:%M}" for at, what in fired if what.startswith("succession/")]
    assert looks == ["06-29 09:00", "07-10 09:00", "07-14 09:00"]
    (alert,) = await desk.tasks("succession_late")
    assert (alert["article"], alert["due_on"]) == ("12(1)", "2026-07-13")
    found = await merger.state()
    assert (found["state"], found["late"]) == ("notified", True)
    assert (await desk.read(merger.path))["state"] == "active"
    assert await desk.refused("legal", f"{merger.at}/decisions", RESCIND) == "12(2)"

    # half a year later nothing more has happened; then the notice comes
    await desk.until("2027-01-10T10:00:00+09:00")
    assert len(await desk.tasks("succession_late")) == 1
    noticed = await merger.notify("2027-01-10T09:00:00+09:00")
    assert (noticed["late"], noticed["review_by_on"]) == (True, "2027-02-09")
    words = squeezed(await desk.text((await desk.letter("succession_receipt"))["notice_no"]))
    assert "届出の期限後に到達しました" in words
    await merger.prove("2027-01-10T09:00:00+09:00")
    assert (await merger.decide("continue"))["state"] == "continued"


async def test_a_successor_that_we_refuse(desk: Desk) -> None:
    """The screening knows it: legal proposes, a second person agrees, and the contract ends as the letter arrives."""
    merger = Merger(desk, await desk.active("QPC-26-0104"))
    await desk.until("2026-06-10T10:00:00+09:00")
    known = successor(officers__0__name="反社 照会")
    await merger.record("2026-06-01", successor=known, noticed_at="2026-06-10T09:00:00+09:00")
    found = await merger.state()
    assert [each["article"] for each in found["findings"] if each["severity"] == "blocking"] == ["43(1)"]
    assert len(await desk.tasks("succession_hit")) == 1

    # grounds are those of 9(2); who proposes does not agree
    wrong = {"decision": "rescind", "grounds": ["43(1)"], "reason": "一致"}
    assert await desk.refused("legal", f"{merger.at}/decisions", wrong) == "9(2)"
    proposed = await merger.decide("rescind", "9(2)(2)", "9(2)(5)")
    approval = await desk.read(f"/v1/approvals/{proposed['approval_id']}")
    penalty = approval["consequence"]["penalty_if_it_arrived_today"]
    assert (approval["act"], approval["article"]) == ("successor_rescission", "12(2)")
    assert penalty > 0
    own = {"decision": "approve", "reason": "可"}
    assert await desk.refused("legal", f"/v1/approvals/{proposed['approval_id']}/decisions", own) == "12(2)"
    assert await desk.refused("legal", f"{merger.at}/decisions", RESCIND) == "12(2)"
    assert await merger.agree(proposed["approval_id"], "reviewer") == "approved"
    assert (await merger.state())["state"] == "rescinding"

    # the letter goes to the successor's registered office as certified content; nothing ends before its arrival
    letter = await desk.letter("succession_rescission_notice")
    assert (letter["channel"], letter["article"]) == ("certified", "12(2)")
    words = squeezed(await desk.text(letter["notice_no"]))
    assert "第9条第2項第2号、第9条第2項第5号に該当すること" in words
    assert NAME in words
    await desk.until("2026-06-12T10:00:00+09:00")
    posted = {"method": "certified", "tracking_no": "123-45-67890-1", "dispatched_at": "2026-06-11T10:00:00+09:00"}
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/dispatches", posted)
    await desk.until("2026-06-20T10:00:00+09:00")
    assert (await desk.read(merger.path))["state"] == "active"

    delivered = {"outcome": "delivered", "at": "2026-06-19T11:30:00+09:00", "proof": "配達証明"}
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/deliveries", delivered)
    await desk.settle()
    ended = await desk.read(merger.path)
    assert (ended["state"], ended["end_ground"], ended["ended_at"]) == ("ended", "12(2)", "2026-06-19T11:30:00+09:00")
    assert (await merger.state())["state"] == "rescinded"
    (invoice,) = (await desk.read("/v1/invoices", contract_no=merger.number, kind="penalty"))["items"]
    assert invoice["total"] > 0
    workflows = (await desk.read(f"{merger.path}/workflows"))["items"]
    assert {each["status"] for each in workflows if each["type"] == "succession"} == {"closed"}


async def test_another_end_comes_first(desk: Desk) -> None:
    """A letter that is still in the tray when the contract ends by the customer's notice is taken back."""
    merger = Merger(desk, await desk.active())
    notice = {"arrived_at": "2026-03-25T10:00:00+09:00", "form": "paper"}
    await desk.until("2026-03-25T11:00:00+09:00")
    await desk.do("intake", f"{merger.path}/termination-notices", notice)
    await desk.until("2026-04-28T10:00:00+09:00")
    await merger.record("2026-04-20", noticed_at="2026-04-28T09:00:00+09:00")
    proposed = await merger.decide("rescind", "9(2)(1)")
    await merger.agree(proposed["approval_id"], "legal-2")
    await desk.until("2026-05-01T10:00:00+09:00")
    ended = await desk.read(merger.path)
    assert (ended["state"], ended["end_ground"]) == ("ended", "18(1)")
    assert (await merger.state())["state"] == "overtaken"
    assert (await desk.letter("succession_rescission_notice"))["state"] == "withdrawn"


async def test_a_split_needs_legal_and_a_late_rescission_too(desk: Desk) -> None:
    """A split goes on with the agreement of legal (A21); after the days of review only legal agrees to a rescission."""
    split = Merger(desk, await desk.active())
    other = Merger(desk, await desk.active("QPC-26-0102"))
    await desk.until("2026-04-10T10:00:00+09:00")
    for merger, kind in ((split, "split"), (other, "new_company")):
        await merger.record("2026-04-01", kind=kind, noticed_at="2026-04-10T09:00:00+09:00")
        await merger.prove("2026-04-10T09:00:00+09:00")
    proposed = await split.decide("continue")
    assert (await split.state())["state"] == "under_review"
    decision = f"/v1/approvals/{proposed['approval_id']}/decisions"
    assert (await desk.post("reviewer-2", decision, {"decision": "approve", "reason": "可"})).status_code == 403
    assert await split.agree(proposed["approval_id"], "legal") == "approved"
    assert (await split.state())["state"] == "continued"

    await desk.until("2026-05-11T10:00:00+09:00")
    (over,) = await desk.tasks("succession_review_over")
    assert (over["contract_no"], over["due_on"]) == (other.number, "2026-05-10")
    proposed = await other.decide("rescind", "9(2)(3)")
    assert (await desk.read(f"/v1/approvals/{proposed['approval_id']}"))["act"] == "successor_rescission_late"
    assert await other.agree(proposed["approval_id"], "legal-2", "reject") == "rejected"
    assert (await other.decide("continue"))["state"] == "continued"


async def test_the_successor_pays_under_its_own_name(desk: Desk) -> None:
    """A transfer that bears the successor's registered name finds the contract."""
    debtor = await Debtor.of(desk)
    merger = Merger(desk, debtor.number)
    await merger.record("2026-04-01", noticed_at="2026-04-01T09:00:00+09:00")
    await merger.prove("2026-04-01T09:00:00+09:00")
    await merger.decide("continue")
    await desk.until("2026-04-10T12:00:00+09:00")
    await desk.take_in("cash", "/v1/bank-files", zengin(Transfer(1, "0410", 165_000, PAYER)))
    await desk.settle()
    deposits = (await desk.read("/v1/deposits"))["items"]
    assert [(each["amount"], each["state"]) for each in deposits] == [(165_000, "allocated")]
    assert (await desk.read(debtor.path))["open_balance"] == 0
