"""Claims beside the month's, from the cause to the letter: penalty, surcharge, restoration (28, 35, 38(2))."""

from tests.desk import JSON, Desk
from tests.journeys.leaving import APPROVE, approve
from tests.journeys.test_month_close import does_not_hold

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

    # two people agree on less: the invoice stands, a credit note takes back the difference
    path, less = f"/v1/contracts/{number}/penalty-waivers", {"amount": 1_000_000, "reason": "和解"}
    assert await desk.refused("billing", path, {"amount": told["penalty"], "reason": "x"}) == "28"
    proposed = await desk.do("billing", path, less)
    assert (proposed["formula"], proposed["amount"]) == (told["penalty"], 1_000_000)
    assert await desk.refused("legal", path, less) == "28"  # one at a time
    assert await desk.refused("billing", f"/v1/approvals/{proposed['approval_id']}/decisions", APPROVE) == "28"
    await approve(desk, proposed["approval_id"])
    assert (await desk.read(f"/v1/contracts/{number}"))["open_balance"] == 1_000_000
    note, words = await the(desk, "credit")
    assert (note["total"], f"¥{note['total']:,}" in words) == (told["penalty"] - 1_000_000, True)
    assert await does_not_hold(desk) == []


async def test_a_penalty_is_waived_before_the_end(desk: Desk) -> None:
    """28, 5(2): of an end on its way the decision waits; the newest holds, and at the end nothing is billed."""
    number, idle = await desk.active(CLUSTER), await desk.active("QPC-26-0101")
    path, waive = f"/v1/contracts/{number}/penalty-waivers", {"amount": 0, "reason": "障害への配慮"}
    assert await desk.refused("legal", path, waive) == "28"  # no end is on its way
    await desk.until("2026-04-07T10:00:00+09:00")
    notice = {"arrived_at": "2026-04-07T09:00:00+09:00", "form": "paper"}
    told = await desk.do("intake", f"/v1/contracts/{number}/termination-notices", notice)
    assert (await desk.do("intake", f"/v1/contracts/{idle}/termination-notices", notice))["penalty"] == 0
    assert await desk.refused("legal", f"/v1/contracts/{idle}/penalty-waivers", waive) == "28"  # none is due

    first = await desk.do("legal", path, {"amount": 5_000_000, "reason": "減額"})
    assert first["formula"] == told["penalty"]
    await approve(desk, first["approval_id"], "billing")
    then = await desk.do("billing", path, waive)
    shown = (await desk.read(f"/v1/approvals/{then['approval_id']}"))["consequence"]
    assert (shown["formula"], shown["due"], shown["amount"]) == (first["formula"], 5_000_000, 0)
    await approve(desk, then["approval_id"])
    await desk.until("2026-06-01T00:01:00+09:00")
    assert (await desk.read("/v1/invoices", kind="penalty"))["items"] == []
    letter = await desk.letter("contract_end_notice", contract_no=number)
    words = "".join((await desk.text(letter["notice_no"])).split())
    assert ("違約金なし" in words, "当社の決定により、違約金を免除します。" in words) == (True, True)
    assert await does_not_hold(desk) == []


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
