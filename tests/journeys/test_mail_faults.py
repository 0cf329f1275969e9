"""Mail that goes wrong in the middle of a contract's life: once dispatched, once told, never lost (Art. 9(1), 42)."""

from collections.abc import AsyncIterator

import pytest

from tests.desk import JSON, Desk, OpenDesk
from tests.journeys.postmaster import Postmaster, at_the_post

ACCEPT = {"decision": "accept", "reason": "審査済み"}
BUSY = "451 4.2.1 try again later"
NOBODY = "550 5.1.1 no such mailbox"


@pytest.fixture
async def postmaster() -> AsyncIterator[Postmaster]:
    """Open a mail server."""
    async with at_the_post() as opened:
        yield opened


@pytest.fixture
async def desk(open_desk: OpenDesk, postmaster: Postmaster) -> Desk:
    """Open an office whose mail goes there."""
    return await open_desk("2026-03-25T09:00+09:00", smtp_url=postmaster.url)


async def accepted(desk: Desk) -> str:
    """File and accept; gives the application's path."""
    application = await desk.file()
    await desk.do("reviewer", f"{application}/decisions", ACCEPT)
    await desk.settle()
    return application


async def formed_at(desk: Desk, application: str) -> str:
    """Tell when the contract was formed."""
    number = (await desk.read(application))["contract_no"]
    moment: str = (await desk.read(f"/v1/contracts/{number}"))["formed_at"]
    return moment


async def test_a_server_that_is_busy(desk: Desk, postmaster: Postmaster) -> None:
    """451: the acceptance is stamped anew, so that letter and contract tell the moment at which it went out."""
    application = await desk.file()
    postmaster.moods = [BUSY, BUSY]
    await desk.do("reviewer", f"{application}/decisions", ACCEPT)
    await desk.until("2026-03-25T10:00:00+09:00")
    letter = await desk.letter("acceptance_notice")
    assert letter["state"] == "arrived"
    assert letter["dispatched_at"] > "2026-03-25T09:00:05"
    assert await formed_at(desk, application) == letter["dispatched_at"]
    assert [mail["Message-ID"] for mail in postmaster.mails()[1:]] == [letter["message_id"]]
    assert not (await desk.read("/v1/tasks"))["items"]


async def test_a_line_that_breaks_after_the_last_dot(desk: Desk, postmaster: Postmaster) -> None:
    """Nobody knows whether it was taken: the very same mail goes out again, and there is one contract."""
    application = await desk.file()
    postmaster.moods = ["hang up", "hang up"]
    await desk.do("reviewer", f"{application}/decisions", ACCEPT)
    await desk.until("2026-03-25T10:00:00+09:00")
    letter = await desk.letter("acceptance_notice")
    assert [mail["Message-ID"] for mail in postmaster.mails()[1:]] == [letter["message_id"]] * 3
    assert len(set(postmaster.hashes()[1:])) == 1
    assert letter["state"] == "arrived"
    assert await formed_at(desk, application) == letter["dispatched_at"]
    assert len((await desk.read("/v1/contracts"))["items"]) == 1


async def test_an_acceptance_that_nobody_takes(desk: Desk, postmaster: Postmaster) -> None:
    """550: nothing is formed until the letter written anew goes out; it names the old one, which is withdrawn."""
    application = await desk.file()
    postmaster.moods = [NOBODY]
    await desk.do("reviewer", f"{application}/decisions", ACCEPT)
    await desk.settle()
    old = await desk.letter("acceptance_notice")
    (task,) = await desk.tasks("mail_refused", state="open")
    assert (old["state"], task["role"], task["notice_no"]) == ("queued", "support", old["notice_no"])
    assert (await desk.read(application))["state"] == "received"
    assert not (await desk.read("/v1/contracts"))["items"]

    # days later it still waits; then the customer has opened the mailbox
    await desk.until("2026-03-30T09:00:00+09:00")
    assert (await desk.read(f"/v1/notices/{old['notice_no']}"))["state"] == "queued"
    new = await desk.do("support", f"/v1/notices/{old['notice_no']}/reissues", {"reason": "宛先の開通"})
    assert (new["state"], new["replaces"]) == ("queued", old["notice_no"])
    await desk.settle()
    old, fresh = await desk.letters(slug="acceptance_notice")
    assert (old["state"], fresh["state"], fresh["notice_no"]) == ("withdrawn", "arrived", new["notice_no"])
    shown = await desk.read(application)
    assert (shown["state"], await formed_at(desk, application)) == ("accepted", fresh["dispatched_at"])
    assert old["notice_no"] in await desk.text(fresh["notice_no"])
    assert [mail["Message-ID"] for mail in postmaster.mails()[1:]] == [fresh["message_id"]]


async def test_a_letter_written_anew_after_it_went_out(desk: Desk, postmaster: Postmaster) -> None:
    """A second acceptance corrects the first one; the contract stays the one that was formed."""
    application = await accepted(desk)
    moment = await formed_at(desk, application)
    first = await desk.letter("acceptance_notice")
    await desk.until("2026-03-26T09:00:00+09:00")
    await desk.do("support", f"/v1/notices/{first['notice_no']}/reissues", {"reason": "誤記"})
    await desk.settle()
    first, second = await desk.letters(slug="acceptance_notice")
    assert (first["state"], second["state"], second["replaces"]) == ("arrived", "arrived", first["notice_no"])
    assert await formed_at(desk, application) == moment
    assert len((await desk.read("/v1/contracts"))["items"]) == 1
    assert len(postmaster.taken) == 3


async def test_a_character_that_no_font_has(desk: Desk, postmaster: Postmaster) -> None:
    """外字: the letter waits, somebody is asked; with the name completed it is written anew and goes out."""
    application = await desk.file(contacts__contract__name="渡\ue000 真理子")
    letter = await desk.letter("application_received_notice")
    (task,) = await desk.tasks("glyph_missing")
    assert (letter["state"], task["role"], task["notice_no"]) == ("queued", "support", letter["notice_no"])
    assert "\ue000" not in task["detail"]
    assert (await desk.get(f"/v1/notices/{letter['notice_no']}/document.pdf")).status_code == 404
    assert not postmaster.taken

    await complete(desk, application, "/contacts/contract/name", "渡邊 真理子")
    await desk.do("support", f"/v1/notices/{letter['notice_no']}/reissues", {"reason": "外字の置換え"})
    await desk.settle()
    states = {one["notice_no"]: one["state"] for one in await desk.letters()}
    assert states.pop(letter["notice_no"]) == "withdrawn"
    assert set(states.values()) == {"arrived"}
    assert len(postmaster.taken) == len(states)


async def test_a_character_that_no_printer_has(desk: Desk) -> None:
    """On paper too: a letter that was not printed can't have been posted."""
    application = await desk.file("QPC-26-0103", applicant__name="渡\ue000商店")
    letter = await desk.letter("application_received_notice")
    (task,) = await desk.tasks("glyph_missing")
    assert (letter["channel"], letter["state"], task["notice_no"]) == ("post", "queued", letter["notice_no"])
    posted = {"method": "post", "dispatched_at": "2026-03-25T09:00:00+09:00"}
    path = f"/v1/notices/{letter['notice_no']}"
    assert await desk.refused("support", f"{path}/dispatches", posted) == "42(1)"

    await complete(desk, application, "/applicant/name", "渡邊商店")
    new = await desk.do("support", f"{path}/reissues", {"reason": "外字の置換え"})
    await desk.settle()
    assert "渡邊商店" in await desk.text(new["notice_no"])
    told = await desk.do("support", f"/v1/notices/{new['notice_no']}/dispatches", posted)
    assert told["state"] == "dispatched"
    assert (await desk.read(path))["state"] == "withdrawn"


async def complete(desk: Desk, application: str, pointer: str, value: str) -> JSON:
    """Correct one field of a form."""
    change = {"pointer": pointer, "value": value}
    body = {"changes": [change], "arrived_at": "2026-03-25T09:00:00+09:00"}
    told = await desk.do("intake", f"{application}/completions", body)
    await desk.settle()
    return told


async def test_an_acceptance_that_comes_back(desk: Desk) -> None:
    """A bounce moves nothing: the contract stays formed, starts and runs; the request to check goes by post."""
    application = await accepted(desk)
    moment = await formed_at(desk, application)
    letter = await desk.letter("acceptance_notice")
    await desk.until("2026-03-25T12:00:00+09:00")
    bounce = {"outcome": "returned", "at": "2026-03-25T11:00:00+09:00", "proof": "DSN 5.2.2"}
    told = await desk.do("support", f"/v1/notices/{letter['notice_no']}/deliveries", bounce)
    assert (told["state"], told["arrived_at"], told["basis"]) == ("arrived", letter["dispatched_at"], "dispatch")
    await desk.settle()
    request = await desk.letter("contact_check_request")
    assert (request["channel"], request["state"]) == ("post", "queued")
    assert {task["notice_no"] for task in await desk.tasks("contact_wrong")} == {letter["notice_no"]}
    number = (await desk.read(application))["contract_no"]
    started = await desk.do("provisioning", f"/v1/contracts/{number}/service-start", {"service_start_on": "2026-03-25"})
    assert (started["state"], started["formed_at"]) == ("active", moment)
