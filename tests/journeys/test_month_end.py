"""A month's end: the run begins by itself, waits for a second person, issues, and the letters go out (Art. 24-27)."""

from tests.desk import Desk


async def test_the_first_bill(desk: Desk) -> None:
    """The initial fees of April are billed in May: proof, approval, invoice, books, mail."""
    contract_no = await desk.active(start_on=None)
    await desk.until("2026-04-07T12:00+09:00")
    run = await desk.read("/v1/billing-runs/2026-03")
    print(run)
    approval = await desk.read(f"/v1/approvals/{run['approval_id']}")
    print(approval)
    print(await desk.do("billing", f"/v1/approvals/{run['approval_id']}/decisions", {"decision": "approve", "reason": "確認済み"}))
    await desk.settle()
    print(await desk.read("/v1/billing-runs/2026-03"))
    found = (await desk.read("/v1/invoices"))["items"]
    print(found)
    await desk.settle()
    print(await desk.letters(contract_no=contract_no))
    print(desk.mails()[-1].keys())
    assert False
