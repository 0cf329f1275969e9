"""The worker killed with -9 while a month is priced, issued and mailed: one bill for each contract (Art. 27)."""

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.desk import form
from tests.journeys.postmaster import Postmaster, at_the_post
from tests.stack.tree import JSON, PATIENCE, ROOT, Tree

CONTRACTS = 6
GLANCE = 0.005  # seconds between two looks
START, BILLING_DAY = "2026-03-31T09:00+09:00", "2026-04-06"
NUMBERS = [f"12600{place:05}" for place in range(1, CONTRACTS + 1)]

FROZEN = "SELECT count(*) FROM billing_run WHERE frozen_at IS NOT NULL"
INVOICES = "SELECT count(*) FROM invoice"
UNTOLD = "SELECT count(*) FROM notice WHERE slug = 'invoice' AND state = 'queued'"


@dataclass(frozen=True)
class Scene:
    """The process tree, the mail server, and a look into the database."""

    tree: Tree
    postmaster: Postmaster
    database: sqlite3.Connection

    def count(self, query: str) -> int:
        """Ask the database for a number."""
        found: int = self.database.execute(query).fetchone()[0]
        return found

    async def kill_worker_when(self, seen: Callable[[], object]) -> None:
        """Kill the worker at the moment at which something is seen."""
        async with asyncio.timeout(PATIENCE):
            while not seen():  # noqa: ASYNC110
                await asyncio.sleep(GLANCE)
        self.tree.kill("worker")

    async def start(self, place: int) -> str:
        """File, accept and start a contract; gives its number."""
        tree, ref = self.tree, f"K-{place}"
        filed = await tree.post("intake", "/v1/applications", form(external_ref=ref, customer_ref=ref))
        number: str = filed.json()["application_no"]
        decision: JSON = {"decision": "accept", "reason": "審査済み"}
        await tree.post("reviewer", f"/v1/applications/{number}/decisions", decision)
        contract = await tree.accepted(number)
        resource = {"resource_id": f"gw-{place}", "code": "SGW", "quantity": 1, "zone": "fukuoka-1", "name": "gw"}
        body: JSON = {"service_start_on": "2026-03-31", "resources": [resource]}
        started = await tree.post("provisioning", f"/v1/contracts/{contract}/service-start", body)
        assert started.is_success, started.text
        return contract


async def dies_while_pricing(scene: Scene) -> JSON:
    """Let the calendar bill March, and the worker die once its usage is frozen; gives the proof."""
    pid = scene.tree.pids["worker"]
    moving = asyncio.create_task(scene.tree.until(f"{BILLING_DAY}T09:00:00+09:00"))
    await scene.kill_worker_when(lambda: scene.count(FROZEN))
    await scene.tree.replaced("worker", pid)
    await moving
    run = await scene.tree.read("/v1/billing-runs/2026-03")
    assert (run["state"], run["pass"], run["counts"]["priced"]) == ("proof", 1, CONTRACTS)
    return run


async def dies_while_issuing(scene: Scene, approval_id: str) -> None:
    """Have the proof approved, and the worker die when the invoices are there, before their pass is ended."""
    pid = scene.tree.pids["worker"]
    approve: JSON = {"decision": "approve", "reason": "確認済み"}
    approving = asyncio.create_task(scene.tree.post("legal", f"/v1/approvals/{approval_id}/decisions", approve))
    await scene.kill_worker_when(lambda: scene.count(INVOICES))
    await scene.tree.replaced("worker", pid)
    assert (await approving).is_success


async def dies_while_mailing(scene: Scene, sent_before: int) -> None:
    """Let the worker die when a bill has left the house, and none is written down as sent."""
    pid, postmaster = scene.tree.pids["worker"], scene.postmaster
    await scene.kill_worker_when(lambda: postmaster.taken[sent_before:])
    assert scene.count(UNTOLD) == CONTRACTS
    postmaster.moods.clear()
    await scene.tree.replaced("worker", pid)
    await scene.tree.until(f"{BILLING_DAY}T12:00:00+09:00")


async def each_is_billed_once(tree: Tree, contracts: list[str], total: int) -> None:
    """One invoice, one entry in the journal and one event for each contract; numbers without a gap."""
    run = await tree.read("/v1/billing-runs/2026-03")
    assert (run["state"], run["pass"], run["counts"]["issued"]) == ("issued", 1, CONTRACTS)
    invoices = (await tree.read("/v1/invoices"))["items"]
    assert [each["invoice_no"] for each in invoices] == NUMBERS
    assert sorted(each["contract_no"] for each in invoices) == sorted(contracts)
    assert sum(each["total"] for each in invoices) == run["total"] == total

    entries = (await tree.read("/v1/journal"))["items"]
    assert sorted(entry["invoice_no"] for entry in entries) == NUMBERS
    lines = [line for entry in entries for line in entry["lines"]]
    assert sum(line["debit"] for line in lines) == sum(line["credit"] for line in lines) == total
    for number in contracts:
        timeline = (await tree.read(f"/v1/contracts/{number}/timeline?limit=100"))["items"]
        assert [moment["action"] for moment in timeline].count("invoice_issued") == 1


async def each_is_told_once(tree: Tree, bills: list[bytes]) -> None:
    """A bill that went out twice is the same mail, byte for byte, and dispatched once (42(1))."""
    letters = (await tree.read("/v1/notices?limit=100&slug=invoice"))["items"]
    assert sorted(letter["invoice_no"] for letter in letters) == NUMBERS
    assert {letter["state"] for letter in letters} == {"arrived"}
    copies: dict[str, set[bytes]] = {}
    for mail in bills:
        copies.setdefault(str(message_from_bytes(mail)["Message-ID"]), set()).add(mail)
    assert sorted(copies) == sorted(letter["message_id"] for letter in letters)
    assert [len(texts) for texts in copies.values()] == [1] * CONTRACTS
    assert len(bills) > CONTRACTS


async def verified(folder: Path) -> tuple[int | None, str]:
    """Run `yakkan verify` on the folder of a service; gives its exit code and last line."""
    command = [sys.executable, "-m", "service.cli", "verify", "--data", str(folder)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    return process.returncode, printed.decode().splitlines()[-1]


@pytest.mark.timeout(300)
async def test_the_worker_dies_three_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it prices, between the invoices and the end of their pass, and with bills under way: all as if it had not.

    A batch whose worker died is begun anew half a minute later, when it has given no sign of life.
    """
    folder = tmp_path / "data"
    async with at_the_post() as postmaster:
        monkeypatch.setenv("YAKKAN_SMTP_URL", postmaster.url)
        async with Tree(folder, START) as tree:
            with closing(sqlite3.connect(f"{(folder / 'yakkan.db').as_uri()}?mode=ro", uri=True)) as database:
                scene = Scene(tree, postmaster, database)
                contracts = await asyncio.gather(*(scene.start(place) for place in range(CONTRACTS)))
                proof = await dies_while_pricing(scene)
                sent_before = len(postmaster.taken)
                postmaster.moods = ["hang up"] * 10 * CONTRACTS
                await dies_while_issuing(scene, proof["approval_id"])
                await dies_while_mailing(scene, sent_before)
            await each_is_billed_once(tree, contracts, proof["total"])
            await each_is_told_once(tree, postmaster.taken[sent_before:])
        assert await verified(folder) == (0, "everything holds")
