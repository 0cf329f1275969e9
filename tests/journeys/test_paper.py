"""Acceptance by post forms the contract when it arrives, or would normally have (Art. 9(1), 42(2), A39)."""

from typing import Any

from tests.desk import JSON, Desk, OpenDesk

ON_PAPER = "QPC-26-0103"
POSTED = "2026-03-26T16:00:00+09:00"


async def accept(desk: Desk, external_ref: str) -> tuple[str, JSON]:
    """File and accept an application on paper; gives its path and the acceptance that waits to be posted."""
    application = await desk.file(ON_PAPER, external_ref=external_ref)
    await desk.do("reviewer", f"{application}/decisions", {"decision": "accept", "reason": "審査済み"})
    await desk.settle()
    number = application.rpartition("/")[2]
    return application, await desk.letter("acceptance_notice", application_no=number)


async def post(desk: Desk, letter: JSON, method: str = "post") -> None:
    """Take a letter to the post office on Thursday, 26 March."""
    body = {"method": method, "dispatched_at": POSTED}
    assert (await desk.do("support", f"/v1/notices/{letter['notice_no']}/dispatches", body))["state"] == "dispatched"


async def learn(desk: Desk, letter: JSON, outcome: str, at: str) -> JSON:
    """Record what the post told of a letter."""
    body = {"outcome": outcome, "at": at, "proof": "郵便追跡 987"}
    return await desk.do("support", f"/v1/notices/{letter['notice_no']}/deliveries", body)


async def test_five_acceptances_in_the_post(open_desk: OpenDesk) -> None:
    """Formed by delivery, by refusal, at the normal time, in spite of a return, and at once where it was e-signed."""
    # Thursday, 26 March: five are accepted; nothing is formed while the letters lie in the tray
    desk = await open_desk("2026-03-26T16:00+09:00")
    named = ("delivered", "refused", "silent", "returned", "e-signed")
    applications, letters = {}, {}
    for each in named:
        applications[each], letters[each] = await accept(desk, f"P-{each}")
    assert {(one["channel"], one["state"]) for one in letters.values()} == {("post", "queued")}
    assert await states(desk, applications) == dict.fromkeys(named, "received")
    assert "2026年3月30日" in await desk.text(letters["silent"]["notice_no"])  # when it will normally have arrived
    for each in named:
        await post(desk, letters[each], "e-signature" if each == "e-signed" else "post")
    await desk.settle()
    assert await states(desk, applications) == dict.fromkeys(named, "received") | {"e-signed": "accepted"}
    assert not (await desk.read("/v1/contracts"))["items"][1:]

    # Friday, 27 March: one is handed over, one is refused at the door, one comes back
    await desk.until("2026-03-27T18:00:00+09:00")
    told = await learn(desk, letters["delivered"], "delivered", "2026-03-27T11:05:00+09:00")
    assert (told["state"], told["arrived_at"]) == ("arrived", "2026-03-27T11:05:00+09:00")
    await learn(desk, letters["refused"], "refused", "2026-03-27T14:30:00+09:00")
    assert (await learn(desk, letters["returned"], "returned", "2026-03-27T17:00:00+09:00"))["state"] == "dispatched"
    await desk.settle()
    assert await states(desk, applications) == {
        "delivered": "accepted", "refused": "accepted", "silent": "received", "returned": "received",
        "e-signed": "accepted",
    }  # fmt: skip
    (task,) = await desk.tasks("contact_wrong")
    assert (task["notice_no"], task["article"]) == (letters["returned"]["notice_no"], "42(2)")

    # two days are Saturday; ordinary post comes on Monday, 30 March, and a day begins at 0:00
    await desk.until("2026-03-29T23:59:00+09:00")
    assert (await desk.read(applications["silent"]))["state"] == "received"
    await desk.until("2026-03-30")
    assert await states(desk, applications) == dict.fromkeys(named, "accepted")
    assert await moments(desk, applications) == {
        "delivered": "2026-03-27T11:05:00+09:00",
        "refused": "2026-03-27T14:30:00+09:00",
        "silent": "2026-03-30T00:00:00+09:00",
        "returned": "2026-03-30T00:00:00+09:00",
        "e-signed": POSTED,
    }
    arrived = {each: await desk.read(f"/v1/notices/{letters[each]['notice_no']}") for each in named}
    assert {each: (one["basis"], one["deemed"]) for each, one in arrived.items()} == {
        "delivered": ("delivery", False),
        "refused": ("refusal", True),
        "silent": ("normal_time", True),
        "returned": ("normal_time", True),
        "e-signed": ("dispatch", True),
    }

    # a record that comes after the normal time is kept as evidence and moves nothing
    await desk.until("2026-03-31T10:00:00+09:00")
    told = await learn(desk, letters["silent"], "delivered", "2026-03-31T09:00:00+09:00")
    assert (told["state"], told["arrived_at"]) == ("arrived", "2026-03-30T00:00:00+09:00")
    await desk.settle()
    assert (await moments(desk, applications))["silent"] == "2026-03-30T00:00:00+09:00"


async def states(desk: Desk, applications: dict[str, str]) -> dict[str, str]:
    """Read where applications stand."""
    return {each: (await desk.read(path))["state"] for each, path in applications.items()}


async def moments(desk: Desk, applications: dict[str, str]) -> dict[str, Any]:
    """Read when contracts were formed."""
    found = {}
    for each, path in applications.items():
        number = (await desk.read(path))["contract_no"]
        found[each] = (await desk.read(f"/v1/contracts/{number}"))["formed_at"]
    return found
