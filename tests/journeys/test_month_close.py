"""The close of months: begun by the calendar, decided by people, repeated for who came late (24(2), 27(1))."""

import asyncio

from sqlalchemy import make_url

from service.verify.command import examine, snapshot
from tests.desk import JSON, Desk, OpenDesk
from tests.usage_office import row, sheet

GATEWAY = {"resource_id": "gw-1", "code": "SGW", "quantity": 1, "zone": "fukuoka-1", "name": "閉域接続"}
SERVER = {"resource_id": "vm-1", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}
DECEMBER, JANUARY = "2026-12", "2027-01"


async def start(desk: Desk, number: str, day: str, *resources: JSON) -> None:
    """Start a contract on a day."""
    body = {"service_start_on": day, "resources": [*resources]}
    await desk.do("provisioning", f"/v1/contracts/{number}/service-start", body)
    await desk.settle()


async def run_of(desk: Desk, month: str) -> JSON:
    """Read how a month's run stands."""
    return await desk.read(f"/v1/billing-runs/{month}")


async def begin(desk: Desk, month: str) -> JSON:
    """Have a person begin a pass; gives its proof."""
    await desk.do("billing", "/v1/billing-runs", {"month": month})
    await desk.settle()
    return await run_of(desk, month)


async def decide(desk: Desk, run: JSON, decision: str = "approve", role: str = "legal") -> int:
    """Let somebody decide on a run; gives the status of the answer."""
    path = f"/v1/approvals/{run['approval_id']}/decisions"
    answer = await desk.post(role, path, {"decision": decision, "reason": "確認済み"})
    await desk.settle()
    return answer.status_code


async def numbers(desk: Desk) -> dict[tuple[str, str], str]:
    """Tell the numbers of all bills by contract and month."""
    items = (await desk.read("/v1/invoices", limit="500"))["items"]
    return {(each["contract_no"], each["month"]): each["invoice_no"] for each in items}


async def does_not_hold(desk: Desk) -> list[str]:
    """Have `yakkan verify` look at all rows."""

    def look() -> list[str]:
        with snapshot(make_url(desk.premises.settings.database_url)) as connection:
            return [str(breach) for finding in examine(connection) for breach in finding.breaches]

    return await asyncio.to_thread(look)


async def test_the_close_of_two_months(open_desk: OpenDesk) -> None:
    """December waits for a decision and is rejected once; January is closed in three passes."""
    desk = await open_desk("2026-12-10T09:00+09:00")
    first, second, third = [await desk.contract(external_ref=f"L-{n}") for n in (1, 2, 3)]
    await start(desk, first, "2026-12-10", GATEWAY)

    await the_third_bank_day_of_january(desk)
    await nobody_decides_for_two_weeks(desk)
    await a_rejection_waits_for_a_person(desk, first)

    await desk.until("2027-01-29T10:00:00+09:00")
    await start(desk, second, "2027-01-29", SERVER)
    await one_is_held(desk, first, second)
    await another_started_late(desk, third)
    assert await does_not_hold(desk) == []


async def the_third_bank_day_of_january(desk: Desk) -> None:
    """Banks open on Monday, 4 January: the run begins on Wednesday at 0:05, over December only."""
    await desk.until("2027-01-06T00:04:59+09:00")
    assert (await desk.get(f"/v1/billing-runs/{DECEMBER}")).status_code == 404
    await desk.until("2027-01-06T00:06:00+09:00")
    run = await run_of(desk, DECEMBER)
    assert (run["state"], run["pass"], run["counts"]["priced"]) == ("proof", 1, 1)
    assert (await desk.get("/v1/billing-runs/2026-11")).status_code == 404  # nobody was a customer then


async def nobody_decides_for_two_weeks(desk: Desk) -> None:
    """The proposal runs out, nothing is issued, and the same is proposed anew; the old one can't be decided."""
    old = await run_of(desk, DECEMBER)
    await desk.until("2027-01-19T12:00:00+09:00")
    assert await run_of(desk, DECEMBER) == old
    await desk.until("2027-01-21T12:00:00+09:00")
    new = await run_of(desk, DECEMBER)
    assert new == old | {"approval_id": new["approval_id"]}
    assert new["approval_id"] != old["approval_id"]
    assert await decide(desk, old) == 409
    assert await numbers(desk) == {}


async def a_rejection_waits_for_a_person(desk: Desk, contract_no: str) -> None:
    """After it nothing happens by itself; who begins a pass by hand can't agree to it, a colleague can."""
    assert await decide(desk, await run_of(desk, DECEMBER), "reject") == 200
    await desk.until("2027-01-28T12:00:00+09:00")
    rejected = await run_of(desk, DECEMBER)
    assert (rejected["state"], rejected["pass"]) == ("rejected", 1)
    run = await begin(desk, DECEMBER)
    assert (run["state"], run["pass"]) == ("proof", 2)
    assert await decide(desk, run, role="billing") in {403, 409}
    assert await decide(desk, run, role="billing-2") == 200
    assert (await run_of(desk, DECEMBER))["issued_on"] == "2027-01-28"
    assert await numbers(desk) == {(contract_no, DECEMBER): "1260000001"}


async def one_is_held(desk: Desk, first: str, held: str) -> None:
    """A server of which no usage came holds its contract; the next pass bills it, and the numbers go on."""
    await desk.until("2027-02-03T10:00:00+09:00")
    run = await run_of(desk, JANUARY)
    assert run["held"] == [{"contract_no": held, "reason": "usage_gap"}]
    assert (run["counts"]["contracts"], run["counts"]["priced"]) == (2, 1)
    assert len(await desk.tasks("billing_held", state="open")) == 1
    assert await decide(desk, run) == 200
    assert (await numbers(desk))[first, JANUARY] == "1260000002"

    days = {"StartDate": "2027-01-29", "EndDate": "2027-01-31", "Usage": "72", "Allocated": "72", "Running": "72"}
    usage = sheet(row(**days, Stopped="0", customer_ref="L-2"))
    assert (await desk.take_in("billing", "/v1/usage-files", usage))["accepted"] == 1
    run = await begin(desk, JANUARY)
    assert (run["pass"], run["held"], run["counts"]["priced"]) == (2, [], 1)
    assert await decide(desk, run) == 200
    assert (await numbers(desk))[held, JANUARY] == "1260000003"
    assert await desk.tasks("billing_held", state="open") == []


async def another_started_late(desk: Desk, late: str) -> None:
    """A start that is entered when its month has been billed: within a day the month is proved again."""
    await desk.until("2027-02-15T10:00:00+09:00")
    await start(desk, late, "2027-01-25")
    await desk.until("2027-02-16T10:00:00+09:00")
    run = await run_of(desk, JANUARY)
    assert (run["state"], run["pass"], run["counts"]["issued"], run["counts"]["priced"]) == ("proof", 3, 2, 1)
    assert await decide(desk, run) == 200
    assert (await numbers(desk))[late, JANUARY] == "1260000004"
