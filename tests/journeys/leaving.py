"""A customer that leaves: a month of use, notice, the last bills approved and paid."""

from tests.cash_office import ACCOUNT, Transfer, zengin
from tests.desk import JSON, Desk

APPROVE = {"decision": "approve", "reason": "確認済み"}
GATEWAY = {"resource_id": "gw-1", "code": "SGW", "quantity": 1, "zone": "fukuoka-1", "name": "閉域接続"}
MONTHS = ("2026-03", "2026-04", "2026-05")
ENDS_ON, DELETED_ON = "2026-05-31", "2026-06-30"


async def a_leaver(desk: Desk, *resources: JSON, number: str = "") -> str:
    """Start a contract on 25 March 2026 and give notice for the end of May; gives its number."""
    number = number or await desk.contract()
    contract = f"/v1/contracts/{number}"
    start = {"service_start_on": "2026-03-25", "resources": [*resources]}
    await desk.do("provisioning", f"{contract}/service-start", start)
    await desk.settle()
    await desk.until("2026-04-07T10:00:00+09:00")
    await approve_bills(desk, "2026-03")
    notice = {"arrived_at": "2026-04-07T09:00:00+09:00", "form": "paper"}
    assert (await desk.do("intake", f"{contract}/termination-notices", notice))["ends_on"] == ENDS_ON
    return number


async def approve(desk: Desk, approval_id: str, role: str = "legal") -> None:
    """Let a second person agree."""
    await desk.do(role, f"/v1/approvals/{approval_id}/decisions", APPROVE)
    await desk.settle()


async def approve_bills(desk: Desk, month: str) -> None:
    """Let a second person agree to a month's bills, if there are any."""
    run = await desk.read(f"/v1/billing-runs/{month}")
    assert run["counts"]["held"] == 0, run
    if run["state"] == "proof":
        await approve(desk, run["approval_id"])


async def bill_the_rest(desk: Desk) -> None:
    """Let April and May be billed on their third bank days."""
    await desk.until("2026-05-08T10:00:00+09:00")
    await approve_bills(desk, "2026-04")
    await desk.until("2026-06-04T10:00:00+09:00")
    await approve_bills(desk, "2026-05")


async def pay_all(desk: Desk, number: str, *, day: str, reference: int = 1) -> int:
    """Pay what a contract owes by one transfer to the office's account, allotted by a person; gives the yen."""
    if not (await desk.read("/v1/bank-accounts", "admin"))["items"]:
        await desk.do("admin", "/v1/bank-accounts", ACCOUNT)
    owed = (await desk.read(f"/v1/contracts/{number}/balances"))["items"]
    amount: int = sum(each["principal"] + each["interest"] for each in owed)
    if not amount:
        return 0
    transfer = Transfer(reference=reference, day=day, amount=amount, payer="ｶ)ﾐﾎﾝ", edi=number)
    await desk.take_in("cash", "/v1/bank-files", zengin(transfer))
    (deposit,) = [each for each in (await desk.read("/v1/deposits", "cash"))["items"] if each["reference"] == reference]
    if deposit["state"] == "unmatched":
        await desk.do("cash", f"/v1/deposits/{deposit['deposit_id']}/allocations", {"contract_no": number})
    await desk.settle()
    return amount
