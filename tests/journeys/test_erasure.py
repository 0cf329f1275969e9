"""Canaries in every personal field, a whole life, and its erasure: then no store can tell of anybody (44(6), I12)."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from service.temporal_server import EmbeddedServer
from tests.cash_office import ACCOUNT, Transfer, zengin
from tests.desk import Desk, OpenDesk
from tests.journeys.canaries import Canaries
from tests.journeys.leaving import APPROVE, approve, approve_bills, bill_the_rest
from tests.journeys.successors import successor
from tests.journeys.test_month_close import does_not_hold
from tests.journeys.test_privacy import STORES, checkpoint, histories

PAYER = "ｶﾅﾘﾔｼﾖｳｼﾞ"
ERASED = "(消去済)"
RECORD = "personal_data_erasure_record"
GONE = 410
LISTS = (
    "applications", "approvals", "bank-accounts", "contractors", "contracts", "deposits", "disclosures", "invoices",
    "journal", "legal-holds", "maintenance", "notices", "price-lists", "publications", "quarantine", "restrictions",
    "tasks", "usage-files",
)  # fmt: skip


PARTS = (
    "balances", "deletion", "resources", "timeline", "workflows", "parties", "successions/1", "name-changes/1",
    "assignments/2",
)  # fmt: skip


@pytest.fixture
async def open_desk(server: EmbeddedServer, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[OpenDesk]:
    """Give what opens an office on a server that keeps its data in a file."""
    folder = tmp_path / "offices"
    folder.mkdir()
    async with OpenDesk(server.address, sqlite_template, folder) as opener:
        yield opener


async def test_after_the_erasure_no_canary_is_left(
    log: StringIO, open_desk: OpenDesk, server: EmbeddedServer, tmp_path: Path
) -> None:
    """No store, history, log, document, export or answer names anybody; nor does an older database put back."""
    desk = await open_desk("2026-03-25T09:00+09:00")
    canaries = Canaries()
    number = await a_life(desk, canaries)
    assert len(canaries.words) > 20
    before = canaries.found_in(b"".join((await everything(desk, number)).values()))
    assert len(before) > 20
    assert before >= {"who asks", "what is disclosed", "a document", "a title", "where it is published", "who consents",
                      "a reason not to disclose", "a reason to withdraw a consent"}  # fmt: skip
    older = tmp_path / "older.db"
    keep_a_copy(desk, older)

    # 1 April 2037, 0:10: the keys are destroyed
    await desk.until("2037-04-02T09:00:00+09:00")
    assert (await desk.read(f"/v1/contracts/{number}"))["state"] == "erased"
    await nothing_is_told(desk, canaries, number)
    assert "保存期間の満了" in await desk.text((await desk.letter(RECORD))["notice_no"])
    await the_books_stand(desk, number)
    await commands_are_refused(desk, number)
    assert canaries.found_in(await histories(server, desk.office.client.namespace)) == set()
    assert canaries.found_in((await desk.http.get("/metrics")).content) == set()

    # the older database is put back: it has no keys of its own
    await checkpoint(desk)
    await desk.premises.doors.aclose()
    put_back(desk, older)
    again = await open_desk.again(desk)
    assert (await again.read(f"/v1/contracts/{number}"))["state"] == "closed"
    await nothing_is_told(again, canaries, number)
    await checkpoint(again)
    await again.premises.doors.aclose()
    await server.stop()
    assert canaries.found_in(log.getvalue().encode()) == set()
    assert canaries.found_below(tmp_path, *STORES) == set()


async def a_life(desk: Desk, canaries: Canaries) -> str:
    """Play a contract from its form to its closing, with something personal wherever it fits; gives its number."""
    filled = canaries.form("QPC-26-0101", electronic_delivery_consent=True)
    filled["remitter_names_kana"] = [PAYER]
    application = f"/v1/applications/{(await desk.do('intake', '/v1/applications', filled))['application_no']}"
    accept = {"decision": "accept", "reason": canaries.word("a reason to accept")}
    await desk.do("reviewer", f"{application}/decisions", accept)
    await desk.settle()
    number: str = (await desk.read(application))["contract_no"]
    contract = f"/v1/contracts/{number}"
    gateway = {"resource_id": "gw-1", "code": "SGW", "quantity": 1, "zone": "fukuoka-1",
               "name": canaries.word("a resource")}  # fmt: skip
    start = {"service_start_on": "2026-03-25", "resources": [gateway]}
    await desk.do("provisioning", f"{contract}/service-start", start)
    await desk.settle()
    hold = {"contract_no": number, "case": canaries.word("a case"), "reason": canaries.word("a reason to hold"),
            "review_on": "2026-12-01"}  # fmt: skip
    held = await desk.do("legal", "/v1/legal-holds", hold)
    agree = APPROVE | {"reason": canaries.word("a reason to agree")}
    await desk.do("admin", f"/v1/approvals/{held['approval_id']}/decisions", agree)

    await merged(desk, canaries, contract)
    await told_to_others(desk, canaries, number)

    # 7 April: notice for the end of May; a letter comes back, and a paper letter is never posted
    await desk.until("2026-04-07T10:00:00+09:00")
    await approve_bills(desk, "2026-03")
    notice = {"arrived_at": "2026-04-07T09:00:00+09:00", "form": "paper"}
    await desk.do("intake", f"{contract}/termination-notices", notice)
    await desk.until("2026-04-07T11:00:00+09:00")
    letter = await desk.letter("cancellation_receipt")
    bounce = {"outcome": "returned", "at": "2026-04-07T10:30:00+09:00", "proof": canaries.word("a proof")}
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/deliveries", bounce)
    await bill_the_rest(desk)
    await pay(desk, canaries, number)

    # 1 July: the hold is lifted, the data go, the contract is closed
    await desk.until("2026-07-01T10:00:00+09:00")
    release = {"reason": canaries.word("a reason to lift a hold")}
    lifted = await desk.do("legal", f"/v1/legal-holds/{held['hold_no']}/releases", release)
    await approve(desk, lifted["approval_id"], "admin")
    await desk.until("2026-07-01T12:00:00+09:00")
    assert (await desk.read(contract))["state"] == "closed"
    return number


async def merged(desk: Desk, canaries: Canaries, contract: str) -> None:
    """Let the party change its name, be merged into another company, and ask in vain to assign the contract."""
    told = canaries.fill(successor(), "successor") | {"remitter_names_kana": ["ｶﾅﾘﾔﾉｺｳｹｲ"]}
    change = {"name": canaries.word("a new name"), "contacts": {"billing": told["contacts"]["billing"]}}
    at = "2026-03-25T09:00:00+09:00"
    changed = {"arrived_at": at, "form": "paper", "changes": change, "effective_on": "2026-03-25"}
    await desk.do("intake", f"{contract}/name-changes", changed)
    merger = {"kind": "absorption", "succeeded_on": "2026-03-25", "successor": told, "noticed_at": at}
    await desk.do("intake", f"{contract}/successions", merger)
    await desk.settle()
    proof = {"kind": "registry_certificate", "arrived_at": at, "sha256": "0" * 64}
    await desk.do("intake", f"{contract}/successions/1/documents", proof)
    decision = {"decision": "continue", "reason": canaries.word("a reason to continue")}
    await desk.do("reviewer", f"{contract}/successions/1/decisions", decision)
    assignee = canaries.fill(successor(), "assignee")
    asked = {"assignee": assignee, "reason": canaries.word("a reason to assign")}
    proposed = await desk.do("legal", f"{contract}/assignments", asked)
    reject = {"decision": "reject", "reason": canaries.word("a reason to refuse")}
    await desk.do("reviewer", f"/v1/approvals/{proposed['approval_id']}/decisions", reject)
    await desk.settle()


async def told_to_others(desk: Desk, canaries: Canaries, number: str) -> None:
    """Agree to two disclosures, of which one is made and one given up, and to a publication whose consent goes."""
    disclosure = {
        "contract_no": number, "ground": "consent", "data": ["business_secret", "personal"],
        "requester": canaries.word("who asks"), "scope": canaries.word("what is disclosed"),
        "legal_basis": {"reference": canaries.word("a document"), "sha256": "0" * 64},
        "reason": canaries.word("a reason to disclose"),
    }  # fmt: skip
    made, given_up = [await desk.do("legal", "/v1/disclosures", disclosure) for _ in range(2)]
    publication = {
        "contract_no": number, "publication": canaries.word("a title"), "text_version": "v1", "text_sha256": "1" * 64,
        "scope": canaries.word("where it is published"), "reason": canaries.word("a reason to publish"),
        "consent": {"on": "2026-03-25", "person": canaries.word("who consents")},
    }  # fmt: skip
    published = await desk.do("support", "/v1/publications", publication)
    for each in (made, given_up, published):
        await approve(desk, each["approval_id"], "legal-2")
    now = (await desk.read("/v1/clock"))["now"]
    handover = {"handed_over_at": now, "sha256": "2" * 64}
    await desk.do("legal", f"/v1/disclosures/{made['disclosure_no']}/handovers", handover)
    why = {"reason": canaries.word("a reason not to disclose")}
    await desk.do("legal", f"/v1/disclosures/{given_up['disclosure_no']}/withdrawals", why)
    back = {"on": "2026-03-25", "reason": canaries.word("a reason to withdraw a consent")}
    await desk.do("support", f"/v1/publications/{published['publication_no']}/withdrawals", back)


async def pay(desk: Desk, canaries: Canaries, number: str) -> None:
    """Pay everything and a yen more under a name of one's own; the yen is given back."""
    await desk.do("admin", "/v1/bank-accounts", ACCOUNT)
    owed = (await desk.read(f"/v1/contracts/{number}/balances"))["items"]
    amount = sum(each["principal"] + each["interest"] for each in owed) + 1
    unique = "Qx7canary999"
    canaries.words[unique] = "the payer"
    transfer = Transfer(reference=1, day="0604", amount=amount, payer=unique.upper(), edi="")
    await desk.take_in("cash", "/v1/bank-files", zengin(transfer))
    (deposit,) = (await desk.read("/v1/deposits", "cash"))["items"]
    path = f"/v1/deposits/{deposit['deposit_id']}"
    await desk.do("cash", f"{path}/allocations", {"contract_no": number, "learn": True})
    back = {"amount": 1, "reason": canaries.word("a reason to give back")}
    refund = await desk.do("cash", f"{path}/refunds", back)
    await approve(desk, refund["approval_id"], "billing")
    await desk.settle()


async def everything(desk: Desk, number: str) -> dict[str, bytes]:
    """Read all that the API shows to the auditor; nothing fails, at most it is gone."""
    contract = f"/v1/contracts/{number}"
    application = f"/v1/applications/{(await desk.read(contract))['application_no']}"
    paths = [f"/v1/{name}?limit=500" for name in LISTS]
    paths += [application, contract, "/v1/exports/invoices.csv", "/v1/exports/journal.csv"]
    paths += [f"{contract}/{part}" for part in PARTS]
    workflows = (await desk.read(f"{contract}/workflows"))["items"]
    paths += [f"/v1/workflows/{each['workflow_id']}/history" for each in workflows]
    for name, key, document in (("notices", "notice_no", "document.pdf"), ("invoices", "invoice_no", "document.pdf")):
        for each in (await desk.read(f"/v1/{name}", limit="500"))["items"]:
            paths += [f"/v1/{name}/{each[key]}", f"/v1/{name}/{each[key]}/{document}"]
    for name, key in (
        ("approvals", "approval_id"), ("deposits", "deposit_id"), ("legal-holds", "hold_no"),
        ("disclosures", "disclosure_no"), ("publications", "publication_no"),
    ):  # fmt: skip
        paths += [f"/v1/{name}/{each[key]}" for each in (await desk.read(f"/v1/{name}", limit="500"))["items"]]
    answers = {}
    for path in paths:
        answer = await desk.get(path)
        assert answer.status_code in {200, 404, GONE}, (path, answer.text)
        answers[path] = answer.content
        if path.endswith(".pdf"):
            answers[path] += str(answer.status_code).encode()
    return answers


async def nothing_is_told(desk: Desk, canaries: Canaries, number: str) -> None:
    """No answer has a canary; letters and bills are gone, their lists are not."""
    answers = await everything(desk, number)
    assert {path: found for path, told in answers.items() if (found := canaries.found_in(told))} == {}
    pdfs = {path: told for path, told in answers.items() if path.endswith(".pdf")}
    record = {f"/v1/notices/{each['notice_no']}/document.pdf" for each in await desk.letters(slug=RECORD)}
    left = {path for path, told in pdfs.items() if not told.endswith(str(GONE).encode())}
    assert left - record <= never_printed(pdfs)
    assert record <= left
    assert ERASED.encode() in answers["/v1/exports/invoices.csv"]
    assert (await desk.read(f"/v1/contracts/{number}"))["customer_name"] == ERASED
    for name in ("contract_no", "state"):
        assert (await desk.read("/v1/contracts", q=number))["items"][0][name]


def never_printed(pdfs: dict[str, bytes]) -> set[str]:
    """Name the documents that never were."""
    return {path for path, told in pdfs.items() if told.endswith(b"404")}


async def the_books_stand(desk: Desk, number: str) -> None:
    """Invoices, sums and the register add up as before; `yakkan verify` finds nothing wrong."""
    invoices = (await desk.read("/v1/invoices", contract_no=number))["items"]
    assert {each["month"] for each in invoices if each["kind"] == "monthly"} == {"2026-03", "2026-04", "2026-05"}
    assert {each["state"] for each in invoices} == {"paid"}
    assert await does_not_hold(desk) == []


async def commands_are_refused(desk: Desk, number: str) -> None:
    """Whatever is asked of an erased contract gets an answer that says no; money for it is still taken in."""
    contract = f"/v1/contracts/{number}"
    now = (await desk.read("/v1/clock"))["now"]
    asked = {
        f"{contract}/termination-notices": ("intake", {"arrived_at": now, "form": "paper"}),
        f"{contract}/cancellations": ("intake", {"ground": "28(1)", "arrived_at": now, "form": "paper"}),
        f"{contract}/restorations": ("provisioning", {"completed_on": "2026-07-01", "items": [
            {"description": "撤去", "cost": 1000}]}),
        f"{contract}/surcharges": ("billing", {"avoided": 1000, "facts": "事実"}),
        f"{contract}/successions": ("intake", {"kind": "split", "succeeded_on": "2037-04-01",
            "successor": successor()}),
        f"{contract}/assignments": ("legal", {"assignee": successor(), "reason": "事業譲渡"}),
        f"{contract}/name-changes": ("intake", {"arrived_at": now, "form": "paper", "changes": {"name": "新"},
            "effective_on": "2037-04-01"}),
        f"{contract}/erasures": ("legal", {"reason": "ご希望"}),
        f"{contract}/service-start": ("provisioning", {"service_start_on": "2026-03-25"}),
        "/v1/disclosures": ("legal", {"contract_no": number, "requester": "某", "ground": "consent", "scope": "全部",
            "data": ["personal"], "legal_basis": {"reference": "同意書", "sha256": "0" * 64}, "reason": "同意"}),
        "/v1/publications": ("support", {"contract_no": number, "publication": "事例", "text_version": "v1",
            "text_sha256": "0" * 64, "scope": "冊子", "consent": {"on": "2037-04-01", "person": "某"},
            "reason": "公開"}),
    }  # fmt: skip
    for path, (role, body) in asked.items():
        assert (await desk.post(role, path, body)).status_code in {409, GONE}, path
    letter = (await desk.letters(contract_no=number))[0]
    again = await desk.post("support", f"/v1/notices/{letter['notice_no']}/reissues", {"reason": "再送"})
    assert again.status_code in {409, GONE}, again.text
    late = zengin(Transfer(reference=9, day="0401", amount=500, payer="ﾀﾞﾚｶ", edi=number))
    await desk.take_in("cash", "/v1/bank-files", late.replace(b"080401", b"190401"))  # 令和19年
    (deposit,) = [each for each in (await desk.read("/v1/deposits"))["items"] if each["reference"] == 9]
    assert deposit["state"] == "unmatched"
    path = f"/v1/deposits/{deposit['deposit_id']}"
    assert (await desk.post("cash", f"{path}/allocations", {"contract_no": number})).status_code in {409, GONE}
    back = await desk.do("cash", f"{path}/refunds", {"amount": 500, "reason": "契約の消去後の入金"})
    await approve(desk, back["approval_id"], "billing")
    assert (await desk.read(path, "cash"))["state"] == "refunded"
    assert await does_not_hold(desk) == []


def keep_a_copy(desk: Desk, copy: Path) -> None:
    """Copy the database as a backup does, while it is in use."""
    with (
        closing(sqlite3.connect(desk.premises.settings.data_dir / "yakkan.db", timeout=60)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)


def put_back(desk: Desk, copy: Path) -> None:
    """Put a copy of the database in the place of the newer one."""
    folder = desk.premises.settings.data_dir
    for name in ("yakkan.db-wal", "yakkan.db-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(copy, folder / "yakkan.db")
