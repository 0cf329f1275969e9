"""Notices of termination: copies, e-mails, wishes, early, late and withdrawn ones (Art. 18(1))."""

from typing import Any

from sqlalchemy import select

from models.tables import IncomingLetterRow
from tests.desk import Desk, OpenDesk

ARRIVED = "2026-05-20T14:05:00+09:00"


def notice(arrived_at: str = ARRIVED, form: str = "paper", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Write a notice of termination."""
    return {"arrived_at": arrived_at, "form": form, **more}


async def test_the_first_notice_counts(desk: Desk) -> None:
    """A copy, a later one and an earlier one get the first answer, while it runs and after the end."""
    number = await desk.active()
    contract = f"/v1/contracts/{number}"
    path = f"{contract}/termination-notices"
    await desk.until("2026-05-20T15:00:00+09:00")
    first = await desk.post("intake", path, notice())
    assert first.status_code == 201
    assert first.json()["ends_on"] == "2026-06-30"
    assert (first.json()["final_due_on"], first.json()["delete_from_on"]) == ("2026-08-31", "2026-07-30")

    # a copy by another hand, a second one in June, one dated back: nothing changes
    await desk.until("2026-06-02T15:00:00+09:00")
    for again in (notice(), notice("2026-06-02T09:00:00+09:00"), notice("2026-04-30T09:00:00+09:00", "e-signature")):
        response = await desk.post("intake", path, again)
        assert (response.status_code, response.json()) == (200, first.json())
    await desk.until("2026-07-01T09:00:00+09:00")
    response = await desk.post("intake", path, notice("2026-07-01T08:00:00+09:00"))
    assert (response.status_code, response.json()) == (200, first.json())
    shown = await desk.read(contract)
    assert (shown["state"], shown["ends_on"]) == ("ended", "2026-06-30")
    assert len(await desk.letters(slug="cancellation_receipt")) == 1
    actions = [each["action"] for each in await desk.timeline(number)]
    assert (actions.count("notice_received"), actions.count("notice_copy_received")) == (1, 4)


async def test_an_email_is_no_notice(desk: Desk) -> None:
    """Not in writing: refused with its article, kept as rejected, answered by a letter once for each key."""
    number = await desk.active()
    contract = f"/v1/contracts/{number}"
    path = f"{contract}/termination-notices"
    await desk.until("2026-05-20T15:00:00+09:00")

    # the e-mail is handed in twice under one key: one refusal, one letter
    first = await desk.post("intake", path, notice(form="email"), key="the-email")
    again = await desk.post("intake", path, notice(form="email"), key="the-email")
    assert (first.status_code, first.json()["article"]) == (409, "18(1)")
    assert (again.status_code, again.content) == (409, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    await desk.settle()
    letter = await desk.letter("not_in_writing_notice")
    text = await desk.text(letter["notice_no"])
    assert "書面によるものとされています" in text
    assert "2026年5月31日" in text  # until then a notice on paper would still end the contract on 30 June
    assert "2026年6月30日" in text

    # a call is another message, and another letter
    assert await desk.refused("intake", path, notice(form="telephone")) == "18(1)"
    await desk.settle()
    assert len(await desk.letters(slug="not_in_writing_notice")) == 2
    rejected = [each for each in await desk.timeline(number) if each["action"] == "notice_rejected"]
    assert [each["basis"]["form"] for each in rejected] == ["email", "telephone"]

    async with desk.office.readers() as session:
        incoming = (await session.execute(select(IncomingLetterRow))).scalars().all()
    assert {(one.slug, one.state, one.article) for one in incoming} == {("cancellation_notice", "rejected", "18(1)")}
    assert [one.form for one in incoming] == ["email", "telephone"]

    # nothing ends: only the paper that comes in June does that
    assert "ends_on" not in await desk.read(contract)
    await desk.until("2026-06-10T15:00:00+09:00")
    assert (await desk.do("intake", path, notice("2026-06-10T10:00:00+09:00")))["ends_on"] == "2026-07-31"

    # after that an e-mail is no copy either
    assert await desk.refused("intake", path, notice("2026-06-10T11:00:00+09:00", "console")) == "18(1)"


async def test_wishes(desk: Desk) -> None:
    """A later month end is kept; a day in a month, or an end too early, is refused and changes nothing."""
    number = await desk.active()
    contract = f"/v1/contracts/{number}"
    path = f"{contract}/termination-notices"
    await desk.until("2026-05-20T15:00:00+09:00")
    for wish in ("2026-07-30", "2026-06-15", "2026-05-31"):
        assert await desk.refused("intake", path, notice(requested_end_on=wish)) == "18(1)"
    assert "ends_on" not in await desk.read(contract)
    told = await desk.do("intake", path, notice(requested_end_on="2026-08-31"))
    assert (told["runs_out_on"], told["ends_on"], told["final_due_on"]) == ("2026-06-20", "2026-08-31", "2026-11-02")
    await desk.until("2026-08-31T23:59:00+09:00")
    assert (await desk.read(contract))["state"] == "active"
    await desk.until("2026-09-01")
    assert (await desk.read(contract))["ended_at"] == "2026-09-01T00:00:00+09:00"


async def test_too_early_and_too_late(open_desk: OpenDesk) -> None:
    """Before the start 28(1) holds; the future and the time before the contract are no dates of arrival."""
    desk = await open_desk("2026-03-25T09:00+09:00")
    number = await desk.contract()
    contract = f"/v1/contracts/{number}"
    path = f"{contract}/termination-notices"

    # 25 March: formed, not started
    assert await desk.refused("intake", path, notice("2026-03-25T09:00:00+09:00")) == "28(1)"
    assert await desk.refused("intake", path, notice("2026-03-25T09:00:00+09:00", "email")) == "28(1)"
    await desk.do("provisioning", f"{contract}/service-start", {"service_start_on": "2026-03-25"})
    assert await desk.wrong("intake", path, notice("2026-03-26T09:00:00+09:00")) == ["/arrived_at"]
    assert await desk.wrong("intake", path, notice("2026-03-24T23:59:00+09:00")) == ["/arrived_at"]
    assert await desk.wrong("intake", path, notice("2026-03-25T09:00:00")) == ["/arrived_at"]
    assert await desk.wrong("intake", path, notice("2026-03-25T09:00:00+09:00", "fax")) == ["/form"]

    # 10 June: a notice of 25 March is found in the post room; its end has passed
    await desk.until("2026-06-10T11:00:00+09:00")
    late = await desk.post("intake", path, notice("2026-03-25T10:00:00+09:00"))
    assert late.status_code == 201
    told = late.json()
    assert (told["ends_on"], told["ended_at"]) == ("2026-04-30", "2026-05-01T00:00:00+09:00")
    shown = await desk.read(contract)
    assert (shown["state"], shown["ended_at"], shown["end_ground"]) == ("ended", told["ended_at"], "18(1)")
    again = await desk.post("intake", path, notice())
    assert (again.status_code, again.json()) == (200, told)
    await desk.until("2026-07-01")
    assert [one["slug"] for one in await desk.letters(contract_no=number)] == [
        "service_start_notice", "cancellation_receipt", "contract_end_notice", "data_erasure_certificate",
    ]  # fmt: skip


async def test_reminders_whose_day_has_passed_are_left_out(desk: Desk) -> None:
    """A notice found ten days before the end: only the reminders that still lie ahead go out."""
    number = await desk.active()
    server = {"resource_id": "vm-1", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}
    await desk.do("provisioning", f"/v1/contracts/{number}/resources", {"resources": [server]})
    await desk.until("2026-06-20T09:30:00+09:00")
    await desk.do("intake", f"/v1/contracts/{number}/termination-notices", notice())
    await desk.until("2026-07-01")
    reminders = await desk.letters(slug="resource_deletion_reminder")
    assert [one["dispatched_at"][:16] for one in reminders] == ["2026-06-23T09:00", "2026-06-29T09:00"]
    assert (await desk.read(f"/v1/contracts/{number}"))["state"] == "ended"


async def test_a_notice_is_withdrawn_by_consent(desk: Desk) -> None:
    """A102: the end is lifted, its workflow finds nothing to end; a new notice counts anew. After the end: refused."""
    number = await desk.active()
    contract = f"/v1/contracts/{number}"
    path = f"{contract}/termination-notices"
    consent = {"reason": "契約者の申し出に当社が同意"}
    assert await desk.refused("intake", f"{path}/withdrawals", consent) == "18(1)"
    await desk.until("2026-05-20T15:00:00+09:00")
    first = await desk.do("intake", path, notice())
    assert await desk.do("intake", f"{path}/withdrawals", consent) == {"state": "active"}
    shown = await desk.read(contract)
    assert ("ends_on" in shown, shown["next_actions"]) == (False, [])
    assert await desk.refused("intake", f"{path}/withdrawals", consent) == "18(1)"

    # the old end passes unnoticed, without a reminder
    server = {"resource_id": "vm-1", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}
    await desk.do("provisioning", f"{contract}/resources", {"resources": [server]})
    await desk.until("2026-07-10T15:00:00+09:00")
    assert (await desk.read(contract))["state"] == "active"
    assert not await desk.letters(slug="resource_deletion_reminder")

    # the second notice is a first one again
    second = await desk.post("intake", path, notice("2026-07-10T10:00:00+09:00"))
    assert (second.status_code, second.json()["ends_on"], first["ends_on"]) == (201, "2026-08-31", "2026-06-30")
    await desk.until("2026-09-01")
    assert (await desk.read(contract))["state"] == "ended"
    assert await desk.refused("intake", f"{path}/withdrawals", consent) == "18(1)"
    actions = [each["action"] for each in await desk.timeline(number)]
    assert [each for each in actions if each.startswith("notice_") or each == "ended"] == [
        "notice_received", "notice_withdrawn", "notice_received", "ended",
    ]  # fmt: skip
