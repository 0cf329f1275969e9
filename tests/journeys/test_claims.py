"""Claims beside the month's, from the cause to the letter: penalty, surcharge, restoration (28, 35, 38(2))."""

from tests.desk import JSON, Desk

CLUSTER = "QPC-26-0104"


async def the(desk: Desk, kind: str) -> tuple[JSON, str]:
    """Find the one invoice of a kind, and read its letter."""
    (invoice,) = (await desk.read("/v1/invoices", kind=kind))["items"]
    (letter,) = [each for each in await desk.letters() if each.get("invoice_no") == invoice["invoice_no"]]
    return invoice, "".join((await desk.text(letter["notice_no"])).split())


async def test_a_penalty_on_arrival(desk: Desk) -> None:
    """28(1): with the withdrawal the penalty is billed, once, outside tax, due at once; its letter goes out."""
    number = await desk.contract(CLUSTER)
    await desk.until("2026-03-25T15:00:00+09:00")
    withdrawal = {"ground": "28(1)", "arrived_at": "2026-03-25T14:20:00+09:00", "form": "telephone"}
    told = await desk.do("intake", f"/v1/contracts/{number}/cancellations", withdrawal)
    await desk.settle()
    invoice, words = await the(desk, "penalty")

    assert (invoice["total"], invoice["non_taxed"], invoice["rates"]) == (told["penalty"], told["penalty"], [])
    assert (invoice["issued_on"], invoice["due_on"]) == ("2026-03-25", "2026-03-25")
    assert f"¥{told['penalty']:,}" in words
    assert "第28条第1項" in words
    assert (await desk.read(f"/v1/contracts/{number}"))["open_balance"] == told["penalty"]


async def test_a_surcharge_and_a_restoration(desk: Desk) -> None:
    """After the end a removal is billed by decision of legal, and what was avoided before; both letters go out."""
    number = await desk.active()
    await desk.do("provisioning", f"/v1/contracts/{number}/resources", {"resources": [
        {"resource_id": "vm-1", "code": "VM-S1", "quantity": 1, "zone": "fukuoka-1", "name": "基幹DB"},
    ]})  # fmt: skip
    notice = {"arrived_at": "2026-03-25T09:00:00+09:00", "form": "paper"}
    await desk.do("intake", f"/v1/contracts/{number}/termination-notices", notice)
    await desk.until("2026-05-12T10:00:00+09:00")
    removal = {"completed_on": "2026-05-10", "items": [{"description": "ラックの撤去", "cost": 30_000}]}
    for role, path, body in (
        ("provisioning", "restorations", removal),
        ("billing", "surcharges", {"avoided": 50_000, "facts": "計測を妨げた。"}),
    ):
        proposed = await desk.do(role, f"/v1/contracts/{number}/{path}", body)
        decision = {"decision": "approve", "reason": "確認済み"}
        await desk.do("legal", f"/v1/approvals/{proposed['approval_id']}/decisions", decision)
    await desk.settle()
    surcharge, words = await the(desk, "surcharge")
    restoration, more = await the(desk, "restoration")

    assert surcharge["total"] == 165_000
    assert "計測を妨げた。" in words
    # 30,000 and 20,000; 10 days of May at 1.5 yen an hour
    assert [line["amount"] for line in restoration["lines"]] == [30_000, 20_000, 360]
    assert restoration["due_on"] == "2026-05-26"
    assert "2026年5月10日" in more
