"""A suspension of a part for a stated period, and what its letters say (Art. 16(2), 16(3), 36; A85)."""

from datetime import date

from tests.desk import JSON, Desk
from tests.journeys.debtor import Debtor
from tests.journeys.recorded import histories, replay

PART = {"kind": "part", "resource_ids": ["gw-1"]}


async def interest(desk: Desk, principal: int, due_on: str, on: str) -> int:
    """Ask the calculator for the late interest that has run by a day (36)."""
    body = {"principal": principal, "due_on": due_on, "paid_on": on}
    response = await desk.post("legal", "/v1/rules/late-interest", body)
    assert response.status_code == 200, response.text
    yen: int = response.json()["interest"]
    return yen


async def words_of(desk: Desk, slug: str) -> str:
    """Read the letter of its kind without blanks."""
    letter = (await desk.letters(slug=slug))[0]
    return "".join((await desk.text(letter["notice_no"])).split())


async def proposed(debtor: Debtor, **more: object) -> JSON:
    """Propose to suspend a part from 12 to 31 May."""
    body = {"ground": "16(1)(1)", "scope": PART, "from_on": "2026-05-12", "until_on": "2026-05-31", "reason": "未払い"}
    return await debtor.desk.do("dunning", f"{debtor.path}/suspensions", body | more)


async def test_a_part_for_a_stated_period(desk: Desk) -> None:
    """A part stops; five days before the end somebody is asked; with the period service resumes (A85)."""
    debtor = await Debtor.of(desk)
    resources = [{"resource_id": "gw-1", "code": "SGW", "quantity": 1, "zone": "fukuoka-1", "name": "閉域接続"}]
    await desk.do("provisioning", f"{debtor.path}/resources", {"resources": resources})
    await desk.until("2026-05-10T09:10:00+09:00")
    await debtor.decide(await debtor.proposal("suspension"), "dunning", "reject")
    path = f"{debtor.path}/suspensions"
    wrong = {"ground": "16(1)(1)", "scope": PART, "from_on": "2026-05-12", "until_on": "2026-05-11", "reason": "x"}
    assert await desk.wrong("dunning", path, wrong) == ["/until_on"]
    assert await desk.wrong("dunning", path, wrong | {"until_on": "2026-05-31", "scope": {"kind": "part"}}) == [
        "/scope/resource_ids"
    ]
    other = {"kind": "part", "resource_ids": ["gw-2"]}
    assert await desk.wrong("dunning", path, wrong | {"until_on": "2026-05-31", "scope": other}) == [
        "/scope/resource_ids"
    ]
    plan = await proposed(debtor)
    again = wrong | {"until_on": "2026-05-31"}
    assert await desk.refused("legal", path, again) == "16(1)"  # one at a time
    await debtor.decide(plan["approval_id"], "legal")
    await desk.until("2026-05-12T09:00:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "suspended"
    words = await words_of(desk, "suspension_started_notice")
    assert "gw-1" in words
    assert "2026年5月31日" in words

    await desk.until("2026-05-26T08:59:00+09:00")
    assert await desk.tasks("suspension_ends") == []
    await desk.until("2026-05-26T09:00:00+09:00")
    (task,) = await desk.tasks("suspension_ends")
    assert (task["role"], task["due_on"]) == ("dunning", "2026-05-31")
    await desk.until("2026-05-31T23:59:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "suspended"
    await desk.until("2026-06-01T00:00:00+09:00")
    assert (await desk.read(debtor.path))["state"] == "active"
    assert (await debtor.state())["state"] == "warned"
    (resumed,) = [each for each in await desk.timeline(debtor.number) if each["action"] == "resumed"]
    assert resumed["basis"]["ended_by"] == "period"
    assert "gw-1" in await words_of(desk, "service_resumed_notice")
    assert await replay(desk, await histories(desk, "contract", "default", "suspension")) == {}


async def test_letters_say_what_the_calculators_say(desk: Desk) -> None:
    """Principal and interest of each letter are those of its day, also after a part was paid (36)."""
    debtor = await Debtor.of(desk)
    await desk.until("2026-04-30T09:00:00+09:00")
    for slug, on in (("first_reminder", "2026-04-22"), ("suspension_warning", "2026-04-30")):
        words = await words_of(desk, slug)
        assert f"¥{await interest(desk, 165_000, '2026-04-15', on):,}" in words, slug
        assert "¥165,000" in words
    await debtor.pay(60_000, date(2026, 4, 30))
    paid = 60_000 - await interest(desk, 165_000, "2026-04-15", "2026-04-30")
    await debtor.until_suspended()
    rest = 165_000 - paid
    since = await interest(desk, rest, "2026-04-30", "2026-05-10")
    words = await words_of(desk, "suspension_started_notice")
    assert f"¥{rest:,}" in words
    assert f"¥{since:,}" in words
    (owed,) = (await debtor.state())["owed"]
    assert (owed["principal"], owed["interest"]) == (rest, since)
