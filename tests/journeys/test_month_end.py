"""A month's end: the run begins by itself, waits for a second person, issues, and the letter goes out (Art. 24-27)."""

from tests.desk import Desk


async def test_the_first_bill(desk: Desk) -> None:
    """Initial fees are proved on the third bank day, approved by a second person, issued, booked and mailed."""
    contract_no = await desk.active()
    await desk.until("2026-04-03T00:04:00+09:00")
    assert (await desk.get("/v1/billing-runs/2026-03")).status_code == 404
    await desk.until("2026-04-07T12:00:00+09:00")
    run = await desk.read("/v1/billing-runs/2026-03")
    assert (run["state"], run["counts"]["priced"], run["total"]) == ("proof", 1, 49_500)

    decision = f"/v1/approvals/{run['approval_id']}/decisions"
    assert await desk.do("legal", decision, {"decision": "approve", "reason": "確認済み"}) == {"state": "approved"}
    await desk.settle()

    run = await desk.read("/v1/billing-runs/2026-03")
    assert (run["state"], run["issued_on"], run["counts"]["issued"]) == ("issued", "2026-04-07", 1)
    (invoice,) = (await desk.read("/v1/invoices", contract_no=contract_no))["items"]
    assert (invoice["invoice_no"], invoice["due_on"]) == ("1260000001", "2026-06-01")  # 31 May is a Sunday
    assert [(line["code"], line["amount"]) for line in invoice["lines"]] == [
        ("INIT", 10_000), ("VR-INET", 5_000), ("SGW", 30_000),
    ]  # fmt: skip
    (entry,) = (await desk.read("/v1/journal", from_on="2026-04-07"))["items"]
    assert sum(line.get("debit", 0) - line.get("credit", 0) for line in entry["lines"]) == 0
    assert sum(line.get("debit", 0) for line in entry["lines"]) == 49_500
    letter = await desk.letter("invoice", contract_no=contract_no)
    assert letter["state"] == "arrived"
    assert letter["message_id"] in {mail["message_id"] for mail in desk.mails()}
    assert "49,500" in await desk.text(letter["notice_no"])
