"""Canaries in every personal field: a life later none of them stands in plain text anywhere (22(3), 44; I12)."""

import asyncio
import json
import sqlite3
import traceback
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from temporalio.client import Client

from service.temporal_config import DATABASE
from service.temporal_server import EmbeddedServer
from tests.desk import JSON, Desk, OpenDesk
from tests.journeys.canaries import Canaries

BREAK = "CREATE TRIGGER broken BEFORE INSERT ON {} BEGIN SELECT RAISE(ABORT, 'broken'); END"
MEND = "DROP TRIGGER broken"
STORES = ("yakkan.db", "vault.db", "vault.key", "sink.jsonl", DATABASE)


@pytest.fixture
async def desk(server: EmbeddedServer, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    """Open an office on that server."""
    folder = tmp_path / "offices"
    folder.mkdir()
    async with OpenDesk(server.address, sqlite_template, folder) as open_desk:
        yield await open_desk("2026-03-25T09:00+09:00")


async def test_no_canary_gets_out(log: StringIO, desk: Desk, server: EmbeddedServer, tmp_path: Path) -> None:
    """Lives, refusals, bounces and failures: all stores, logs, metrics and histories stay clean; letters do not."""
    canaries = Canaries()
    answers = [*await a_life(desk, canaries), *await a_refusal(desk, canaries)]
    answers += await failures(desk, canaries)
    await desk.settle()

    # who may, reads: the canaries are there
    assert len(canaries.words) > 100
    seen = await everything_shown(desk, "auditor")
    assert {"QPC-26-0101/applicant/name", "QPC-26-0101/contacts/contract/email"} <= canaries.found_in(seen)
    letter = await desk.letter("contract_end_notice")
    assert {"QPC-26-0101/contacts/contract/name", "a resource"} <= canaries.found_in(
        (await desk.text(letter["notice_no"])).encode()
    )

    # who may not, reads companies' names, what customers call their resources, why people agreed, and no more
    for role in ("provisioning", "cash", "admin"):
        told = canaries.found_in(await everything_shown(desk, role))
        assert told <= {"QPC-26-0101/applicant/name", "a reason to approve", "a resource"}, role

    # answers that refuse or fail repeat nothing
    assert canaries.found_in("".join(answers).encode()) == set()

    # Temporal's histories as the server gives them, with what its pages show
    assert canaries.found_in(await histories(server, desk.office.client.namespace)) == set()

    # metrics and logs
    assert canaries.found_in((await desk.http.get("/metrics")).content) == set()
    assert '"event": "failed"' in log.getvalue()
    assert "Completing activity as failed" in log.getvalue()
    assert canaries.found_in(log.getvalue().encode()) == set()

    # the files: database with its log of writes, vault, mail sink, Temporal's own
    assert canaries.found_below(tmp_path, *STORES, "yakkan.db-wal") == set()
    await checkpoint(desk)
    await desk.premises.doors.aclose()
    await server.stop()
    assert canaries.found_below(tmp_path, *STORES) == set()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_the_search_finds_what_is_hidden(tmp_path: Path, encoding: str) -> None:
    """A canary is found whether it stands there plainly, in hexadecimal, or in base64 at any place."""
    canaries = Canaries()
    plain = canaries.word("a name").encode(encoding)
    for number, hidden in enumerate((plain, plain.hex().encode(), *(b64encode(b"x" * n + plain) for n in range(3)))):
        (tmp_path / f"{number}.db").write_bytes(hidden)
    expected = range(5 if encoding == "utf-8" else 1)
    assert canaries.found_below(tmp_path) == {(f"{number}.db", "a name") for number in expected}


async def a_life(desk: Desk, canaries: Canaries) -> list[str]:
    """Play a contract from its form to its end; its mail is put off, comes back, and its letters are written anew."""
    # 25 March: filed, accepted, started with resources; the first mail is put off
    filled = canaries.form("QPC-26-0101", electronic_delivery_consent=True)
    filled["contacts"]["contract"]["email"] = canaries.mail("QPC-26-0101/contacts/contract/email", "later")
    application = f"/v1/applications/{(await desk.do('intake', '/v1/applications', filled))['application_no']}"
    await desk.until("2026-03-25T09:30:00+09:00")
    accept = {"decision": "accept", "reason": canaries.word("a reason to accept")}
    await desk.do("reviewer", f"{application}/decisions", accept)
    await desk.settle()
    contract = f"/v1/contracts/{(await desk.read(application))['contract_no']}"
    resource = {"resource_id": "vm-1", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1",
                "name": canaries.word("a resource")}  # fmt: skip
    start = {"service_start_on": "2026-03-25", "resources": [resource]}
    await desk.do("provisioning", f"{contract}/service-start", start)
    await desk.settle()

    # the acceptance comes back; somebody asks for the right address by post and looks after it
    letter = await desk.letter("acceptance_notice")
    bounce = {"outcome": "returned", "at": "2026-03-25T09:31:00+09:00", "proof": canaries.word("a proof")}
    await desk.until("2026-03-25T10:00:00+09:00")
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/deliveries", bounce)
    await desk.settle()
    (task,) = await desk.tasks("contact_wrong")
    outcome = {"reason": canaries.word("an outcome of a task")}
    await desk.do("support", f"/v1/tasks/{task['task_id']}/completions", outcome)
    again = {"reason": canaries.word("a reason to write anew")}
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/reissues", again)
    await desk.settle()

    # 20 May: a telephone call is no notice, a letter is one; it is taken back and comes again
    await desk.until("2026-05-20T15:00:00+09:00")
    notice = {"arrived_at": "2026-05-20T14:05:00+09:00", "form": "telephone"}
    call = await desk.post("intake", f"{contract}/termination-notices", notice)
    assert call.status_code == 409
    await desk.do("intake", f"{contract}/termination-notices", notice | {"form": "paper"})
    back = {"reason": canaries.word("a reason to withdraw a notice")}
    await desk.do("intake", f"{contract}/termination-notices/withdrawals", back)
    await desk.do("intake", f"{contract}/termination-notices", notice | {"form": "paper"})

    # 30 June, 24:00: over, with a resource left over
    await desk.until("2026-07-01T00:01:00+09:00")
    assert (await desk.read(contract))["state"] == "ended"
    return [call.text]


async def a_refusal(desk: Desk, canaries: Canaries) -> list[str]:
    """Refuse an application on another ground, with a second person; another one is withdrawn."""
    filled = canaries.form("QPC-26-0102")
    application = f"/v1/applications/{(await desk.do('intake', '/v1/applications', filled))['application_no']}"
    ground = {"decision": "refuse", "grounds": ["9(2)(5)"], "reason": canaries.word("a reason to refuse")}
    proposed = await desk.do("reviewer", f"{application}/decisions", ground)
    await desk.settle()
    approve = {"decision": "approve", "reason": canaries.word("a reason to approve")}
    await desk.do("legal", f"/v1/approvals/{proposed['approval_id']}/decisions", approve)
    await desk.settle()
    letter = await desk.letter("refusal_notice")
    now = (await desk.read("/v1/clock"))["now"]
    posted = {"method": "registered", "tracking_no": "123-45", "dispatched_at": now}
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/dispatches", posted)

    filled = canaries.form("QPC-26-0104")
    application = f"/v1/applications/{(await desk.do('intake', '/v1/applications', filled))['application_no']}"
    change = {"pointer": "/contacts/billing/name", "value": canaries.word("a completion")}
    await desk.do("intake", f"{application}/completions", {"changes": [change], "arrived_at": now})
    gone = {"arrived_at": now, "form": "email", "reason": canaries.word("a reason to withdraw")}
    await desk.do("intake", f"{application}/withdrawals", gone)
    filled = canaries.form("QPC-26-0110")
    return [(await desk.post("intake", "/v1/applications", filled)).text]


async def failures(desk: Desk, canaries: Canaries) -> list[str]:
    """Send what is wrong in every field, and let the database fail in the API and in an activity."""
    filled = canaries.form("QPC-26-0105")
    wrong: JSON = json.loads(json.dumps(filled).replace("号", "号\u202e"))
    wrong["surprise"] = canaries.word("the value of an unknown field")
    refused = await desk.post("intake", "/v1/applications", wrong)
    assert refused.status_code == 422
    async with broken(desk, "application"):
        with pytest.raises(IntegrityError) as failed:
            await desk.post("intake", "/v1/applications", filled)
    async with broken(desk, "document"):
        filed = await desk.do("intake", "/v1/applications", filled)
        await desk.until("2026-07-01T00:10:00+09:00")  # its first letter is tried again and again
    await desk.until("2026-07-02T09:00:00+09:00")
    (letter,) = await desk.letters(application_no=filed["application_no"])
    assert letter["state"] == "arrived"
    return [refused.text, *traceback.format_exception(failed.value)]


@asynccontextmanager
async def broken(desk: Desk, table: str) -> AsyncIterator[None]:
    """Let a table of the database refuse new rows for a while."""
    await asyncio.to_thread(execute, desk, "yakkan.db", BREAK.format(table))
    yield
    await asyncio.to_thread(execute, desk, "yakkan.db", MEND)


async def checkpoint(desk: Desk) -> None:
    """Bring the log of writes of both databases into their files."""
    for name in ("yakkan.db", "vault.db"):
        await asyncio.to_thread(execute, desk, name, "PRAGMA wal_checkpoint(TRUNCATE)")


def execute(desk: Desk, name: str, statement: str) -> None:
    """Execute a statement beside the office; only ever in a thread, as the loop may hold the lock waited for."""
    with closing(sqlite3.connect(desk.premises.settings.data_dir / name, timeout=60)) as connection:
        connection.execute(statement).fetchall()


async def everything_shown(desk: Desk, role: str) -> bytes:
    """Read all that the API shows to a role: lists, single things, timelines, letters in words, histories."""
    lists = ["applications", "approvals", "contracts", "maintenance", "notices", "restrictions", "tasks"]
    paths = [f"/v1/{name}?limit=500" for name in lists]
    for one in (await desk.read("/v1/applications", limit="500"))["items"]:
        paths.append(f"/v1/applications/{one['application_no']}")
        if number := one.get("contract_no"):
            parts = ("", "/timeline", "/resources", "/workflows")
            paths += [f"/v1/contracts/{number}{part}" for part in parts]
            paths.append(f"/v1/workflows/contract/{number}/history")
    for letter in await desk.letters():
        paths += [f"/v1/notices/{letter['notice_no']}", f"/v1/notices/{letter['notice_no']}/document.pdf"]
    return b"".join([(await desk.get(path, role)).content for path in paths])


async def histories(server: EmbeddedServer, namespace: str) -> bytes:
    """Fetch every workflow with its history as whoever has no key sees them."""
    stranger = await Client.connect(server.address, namespace=namespace)
    found = []
    async for each in stranger.list_workflows():
        handle = stranger.get_workflow_handle(each.id, run_id=each.run_id)
        found.append((await handle.describe()).raw_description.SerializeToString())
        found += [event.SerializeToString() async for event in handle.fetch_history_events()]
    assert len(found) > 500
    return b"".join(found)
