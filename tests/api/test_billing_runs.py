"""Billing runs over HTTP: when a pass begins, what it tells, who is held (api.md 7)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from activities.office import Office
from models.messages.billing import BillingStep
from models.tables import BillingRunRow, OutboxRow
from tests.api.books import at_noon
from tests.api.offices import command_key, give_key, open_office
from tests.billing.office import Desk, a_server, month_of, put_contracts, put_doubts, put_prices, take_usage
from tests.billing.worlds import FIRST

if TYPE_CHECKING:
    from models.database import Sessions

APRIL = "2026-04"
NAMES = ["C-000001", "C-000002", "C-000003"]


class Clock:
    """Business time that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    async def now(self) -> datetime:
        """Tell the time."""
        return self.time


@pytest.fixture
def clock() -> Clock:
    """Begin on 7 May 2026."""
    return Clock(at_noon(date(2026, 5, 7)))


@pytest.fixture
async def office(sessions: "Sessions", tmp_path: Path, clock: Clock) -> AsyncIterator[Office]:
    """Open an office with a price list, in the test's time."""
    async with open_office(sessions, tmp_path) as opened:
        await put_prices(opened, [FIRST])
        yield replace(opened, clock=clock)


class Counter:
    """The billing desk before the API; the steps of a workflow are done by hand."""

    def __init__(self, office: Office, http: httpx2.AsyncClient, clock: Clock, keys: dict[str, dict[str, str]]) -> None:
        self.http, self.clock, self.keys = http, clock, keys
        self.desk = Desk(office)
        self._sent = 0

    async def post(self, path: str, body: object, role: str = "billing", key: str = "") -> httpx2.Response:
        """Post a command."""
        self._sent += 1
        return await self.http.post(path, json=body, headers=command_key(key or f"{self._sent}", self.keys[role]))

    async def start(self, month: str = APRIL, **more: str) -> tuple[int, dict[str, Any]]:
        """Ask for a run; gives status and answer."""
        answer = await self.post("/v1/billing-runs", {"month": month}, **more)
        told: dict[str, Any] = answer.json()
        return answer.status_code, told

    async def show(self, month: str = APRIL) -> dict[str, Any]:
        """Read a run that must be there."""
        answer = await self.http.get(f"/v1/billing-runs/{month}", headers=self.keys["auditor"])
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def prove(self, pass_no: int = 1) -> None:
        """Do what the workflow does until its proof."""
        step = self.step(pass_no)
        await self.desk.runs.freeze_usage(step)
        await self.desk.runs.price_contracts(step)
        await self.desk.runs.prove_run(step)

    async def decide(self, decision: str = "approve", role: str = "legal", pass_no: int = 1) -> httpx2.Response:
        """Decide on the open proposal; do what the workflow does then."""
        number = (await self.show())["approval_id"]
        answer = await self.post(f"/v1/approvals/{number}/decisions", {"decision": decision, "reason": "ok"}, role)
        await self.desk.runs.issue_invoices(self.step(pass_no))
        return answer

    def step(self, pass_no: int) -> BillingStep:
        """Give a step of April's run."""
        return BillingStep(month=APRIL, pass_no=pass_no, as_of=self.clock.time)


@pytest.fixture
async def counter(office: Office, http: httpx2.AsyncClient, clock: Clock) -> Counter:
    """Open the counter; three contracts stand, one with a gap."""
    contracts = [a_server(number) for number in NAMES]
    contracts[1].rows = []
    await put_contracts(office, APRIL, contracts)
    keys = {role: await give_key(office.sessions, role) for role in ("billing", "legal", "auditor", "cash", "admin")}
    return Counter(office, http, clock, keys)


async def test_a_month_that_is_not_over(counter: Counter) -> None:
    """409 with 24(2), up to the last minute of its last day; nothing is written."""
    counter.clock.time = datetime(2026, 4, 30, 14, 59, 59, tzinfo=UTC)
    status, told = await counter.start()
    assert (status, told["article"]) == (409, "24(2)")
    assert told["type"].endswith("/refused")
    assert await counter.desk.all(BillingRunRow) == []
    counter.clock.time = datetime(2026, 4, 30, 15, 0, tzinfo=UTC)  # midnight in Japan
    assert (await counter.start())[0] == 202


async def test_from_the_start_to_the_invoices(counter: Counter) -> None:
    """202 running; then proof with counts that sum up, who is held and why; the second person; issued."""
    status, told = await counter.start()
    assert (status, told["state"], told["pass"]) == (202, "running", 1)
    starts = [row for row in await counter.desk.all(OutboxRow) if row.workflow_id == f"billing/{APRIL}/1"]
    assert len(starts) == 1

    await counter.prove()
    proof = await counter.show()
    assert proof["counts"] == {
        "contracts": 3, "issued": 0, "priced": 2, "nothing_to_bill": 0, "held": 1, "adjusted": 0
    }  # fmt: skip
    assert proof["held"] == [{"contract_no": NAMES[1], "reason": "usage_gap"}]
    assert (proof["state"], proof["total"]) == ("proof", 2 * (10_000 + 600) * 11 // 10)

    own = await counter.post(
        f"/v1/approvals/{proof['approval_id']}/decisions", {"decision": "approve", "reason": "ok"}, "billing"
    )
    assert own.status_code == 409
    assert (await counter.decide(role="cash")).status_code == 403
    assert (await counter.decide()).status_code == 200
    done = await counter.show()
    assert (done["state"], done["issued_on"], done["counts"]["issued"]) == ("issued", "2026-05-07", 2)
    assert done["approval_id"] == proof["approval_id"]


async def test_once_more_without_need(counter: Counter) -> None:
    """200 with the run as it stands: while it runs, and in proof without newer facts."""
    await counter.start()
    assert [await counter.start() for _ in range(2)] == [(200, await counter.show())] * 2
    await counter.prove()
    counter.clock.time = at_noon(date(2026, 5, 8))
    assert await counter.start() == (200, await counter.show())
    assert len(await counter.desk.all(BillingRunRow)) == 1


async def test_the_same_command_again(counter: Counter) -> None:
    """One Idempotency-Key begins one pass and gives one answer."""
    first, again = [await counter.start(key="once") for _ in range(2)]
    assert first == again
    assert first[0] == 202


async def test_newer_facts_in_proof(counter: Counter) -> None:
    """202 with a new pass; the open approval is withdrawn and can't be decided any more."""
    await counter.start()
    await counter.prove()
    old = (await counter.show())["approval_id"]
    counter.clock.time = at_noon(date(2026, 5, 8))
    await take_usage(counter.desk.office, [(NAMES[1], month_of(APRIL, 3, "vm-2"))], at=counter.clock.time)
    status, told = await counter.start()
    assert (status, told["pass"], told["state"]) == (202, 2, "running")
    late = await counter.post(f"/v1/approvals/{old}/decisions", {"decision": "approve", "reason": "ok"}, "legal")
    assert late.status_code == 409
    await counter.prove(2)
    assert (await counter.show())["held"] == []


async def test_after_a_rejection(counter: Counter) -> None:
    """The run shows rejected; the next POST begins pass 2."""
    await counter.start()
    await counter.prove()
    await counter.decide("reject")
    told = await counter.show()
    assert (told["state"], told["counts"]["issued"]) == ("rejected", 0)
    status, told = await counter.start()
    assert (status, told["pass"]) == (202, 2)


async def test_issued_with_contracts_still_held(counter: Counter) -> None:
    """A pass bills those that were cured; when none is held any more the answer is 200."""
    await put_doubts(counter.desk.office, APRIL, [NAMES[2]])
    await counter.start()
    await counter.prove()
    held = {each["contract_no"]: each["reason"] for each in (await counter.show())["held"]}
    assert held == {NAMES[1]: "usage_gap", NAMES[2]: "open_quarantine"}
    await counter.decide()

    await take_usage(counter.desk.office, [(NAMES[1], month_of(APRIL, 3, "vm-2"))], at=counter.clock.time)
    assert (await counter.start())[0] == 202
    await counter.prove(2)
    await counter.decide(pass_no=2, role="admin")
    told = await counter.show()
    assert (told["state"], told["counts"]["issued"], told["counts"]["held"]) == ("issued", 2, 1)
    assert told["total"] == (10_000 + 18) * 11 // 10
    assert (await counter.start())[1]["pass"] == 3


async def test_two_at_once(counter: Counter) -> None:
    """Two people who press at the same moment begin one pass."""
    answers = await asyncio.gather(counter.start(), counter.start())
    assert sorted(status for status, _ in answers) == [200, 202]
    assert {told["pass"] for _, told in answers} == {1}
    assert len(await counter.desk.all(BillingRunRow)) == 1


async def test_what_is_wrong(counter: Counter) -> None:
    """No run, no month, no right."""
    answer = await counter.http.get(f"/v1/billing-runs/{APRIL}", headers=counter.keys["auditor"])
    assert answer.status_code == 404
    assert (await counter.start("2026-13"))[0] == 422
    assert (await counter.start(role="cash"))[0] == 403
