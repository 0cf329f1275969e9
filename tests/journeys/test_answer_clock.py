"""Until when an application is answered; what if something is missing, or it is taken back (Art. 8(1), 9, A105)."""

from typing import Any

from models.tables import ApplicationRow
from tests.desk import Desk, form

ACCEPT: dict[str, Any] = {"decision": "accept", "reason": "審査済み"}


def completion(arrived_at: str, **changes: bool) -> dict[str, Any]:
    """Write what an applicant completed."""
    listed = [{"pointer": f"/{field}", "value": value} for field, value in changes.items()]
    return {"changes": listed, "arrived_at": arrived_at}


async def test_nobody_answers(desk: Desk) -> None:
    """A task on the business day before the fifth, escalation the day after it; it can still be accepted."""
    # Wednesday, 25 March: the form is complete; five business days end on 1 April
    application = await desk.file()
    shown = await desk.read(application)
    assert shown["answer_by_on"] == "2026-04-01"
    assert "2026年4月1日" in await desk.text((await desk.letter("application_received_notice"))["notice_no"])

    # Tuesday, 31 March, 9:00: the reviewers are reminded
    await desk.until("2026-03-31T08:59:00+09:00")
    assert not await desk.tasks("answer_application")
    await desk.until("2026-03-31T09:00:00+09:00")
    (reminder,) = await desk.tasks("answer_application", state="open")
    assert (reminder["role"], reminder["article"], reminder["due_on"]) == ("reviewer", "9(1)", "2026-04-01")

    # Thursday, 2 April, 9:00: it is escalated, and nothing lapses
    await desk.until("2026-04-02T08:59:00+09:00")
    assert "escalated_at" not in await desk.read(application)
    await desk.until("2026-04-02T09:00:00+09:00")
    shown = await desk.read(application)
    assert (shown["state"], shown["escalated_at"][:16]) == ("received", "2026-04-02T09:00")
    (escalation,) = await desk.tasks("application_escalated", state="open")
    assert (escalation["role"], escalation["due_on"]) == ("legal", "2026-04-01")

    # the week after: accepted late, and nobody has to do anything any more
    await desk.until("2026-04-08T10:00:00+09:00")
    await desk.do("reviewer", f"{application}/decisions", ACCEPT)
    await desk.settle()
    assert (await desk.read(application))["state"] == "accepted"
    assert not (await desk.read("/v1/tasks", state="open"))["items"]


async def test_something_is_missing(desk: Desk) -> None:
    """Without a declaration the clock does not run; it starts when the last gap is closed, and stops again with one."""
    # 25 March: resale is not excluded, personal data not agreed to
    application = await desk.file(no_resale=False, personal_data_consent=False)
    shown = await desk.read(application)
    assert {one["article"] for one in shown["findings"] if one["severity"] == "blocking"} == {"23(1)", "44(1)"}
    assert "answer_by_on" not in shown
    (letter,) = await desk.letters()
    assert (letter["slug"], letter["article"]) == ("application_incomplete_notice", "8(1)")
    assert await desk.refused("reviewer", f"{application}/decisions", ACCEPT) == "23(1)"

    # 27 March: one of the two arrives; still nothing to answer
    await desk.until("2026-03-27T10:00:00+09:00")
    first = completion("2026-03-27T09:30:00+09:00", no_resale=True)
    await desk.do("intake", f"{application}/completions", first)
    await desk.settle()
    assert "answer_by_on" not in await desk.read(application)
    assert await desk.refused("reviewer", f"{application}/decisions", ACCEPT) == "44(1)"
    assert len(await desk.letters(slug="application_incomplete_notice")) == 2

    # Monday, 6 April: complete; the five days are counted from now, and no reminder has come
    await desk.until("2026-04-06T10:00:00+09:00")
    second = completion("2026-04-06T09:30:00+09:00", personal_data_consent=True)
    await desk.do("intake", f"{application}/completions", second)
    await desk.settle()
    shown = await desk.read(application)
    assert shown["answer_by_on"] == "2026-04-13"
    assert {one["severity"] for one in shown["findings"]} == {"info"}
    assert not (await desk.read("/v1/tasks"))["items"]
    assert (await desk.read(application, "intake"))["form"] == form()
    assert len(await desk.letters(slug="application_received_notice")) == 1

    # 8 April: the applicant takes a declaration back; the clock stops until it is given anew
    await desk.until("2026-04-08T10:00:00+09:00")
    third = completion("2026-04-08T09:30:00+09:00", anti_social_representation=False)
    await desk.do("intake", f"{application}/completions", third)
    await desk.until("2026-04-20T10:00:00+09:00")
    assert "answer_by_on" not in await desk.read(application)
    assert not (await desk.read("/v1/tasks"))["items"]
    fourth = completion("2026-04-20T09:30:00+09:00", anti_social_representation=True)
    await desk.do("intake", f"{application}/completions", fourth)

    # 24 and 28 April: reminded and escalated by the new clock, accepted at last
    await desk.until("2026-04-28T09:00:00+09:00")
    tasks = (await desk.read("/v1/tasks", state="open"))["items"]
    assert [(each["kind"], each["due_on"]) for each in tasks] == [
        ("answer_application", "2026-04-27"),
        ("application_escalated", "2026-04-27"),
    ]
    await desk.do("reviewer", f"{application}/decisions", ACCEPT)
    await desk.settle()
    assert (await desk.read(application))["state"] == "accepted"


async def test_a_completion_is_judged_like_a_form(desk: Desk) -> None:
    """What the form does not have, may not change, or may not contain is blamed on the change that brings it."""
    application = await desk.file(no_resale=False)
    path, now = f"{application}/completions", "2026-03-25T09:00:00+09:00"

    async def fault(pointer: str, value: Any, at: str = now) -> list[str]:  # noqa: ANN401 - any JSON
        return await desk.wrong("intake", path, {"changes": [{"pointer": pointer, "value": value}], "arrived_at": at})

    assert await fault("/no_such_field/x", 1) == ["/changes/0/pointer"]
    assert await fault("/external_ref", "another") == ["/changes/0/pointer"]
    assert await fault("/items/0/code", "VM-Z") == ["/changes/0/value"]
    assert await fault("/no_resale", value=True, at="2026-03-26T00:00:00+09:00") == ["/arrived_at"]
    assert (await desk.read(application))["findings"][0]["article"] == "23(1)"


async def test_an_application_is_taken_back_and_forgotten(desk: Desk) -> None:
    """Withdrawn until it is accepted; 180 days later nothing is left of the applicant (A110, Art. 44(6))."""
    # 25 March: filed, completed by telephone, taken back
    key = "the-filing"
    filed = (await desk.post("intake", "/v1/applications", form(), key=key)).json()
    application = f"/v1/applications/{filed['application_no']}"
    await desk.settle()
    withdrawal = {"arrived_at": "2026-03-25T09:00:00+09:00", "form": "telephone", "reason": "計画の中止"}
    assert await desk.do("intake", f"{application}/withdrawals", withdrawal) == {"state": "withdrawn"}
    await desk.settle()
    for path, body in (("decisions", ACCEPT), ("withdrawals", withdrawal)):
        role = "reviewer" if path == "decisions" else "intake"
        assert await desk.refused(role, f"{application}/{path}", body) == "9(1)"

    # the reference stays used, the answer to its filing stays known, no reminder comes
    assert await desk.refused("intake", "/v1/applications", form()) == "4"
    again = await desk.post("intake", "/v1/applications", form(), key=key)
    assert (again.status_code, again.headers["Idempotency-Replayed"], again.json()) == (201, "true", filed)
    await desk.until("2026-09-20")
    assert not (await desk.read("/v1/tasks"))["items"]
    assert (await desk.read(application, "intake"))["form"] == form()
    (letter,) = await desk.letters()

    # 21 September, 180 days later, 6:00: form, letter, reason and answer are gone; number, state and dates stay
    await desk.until("2026-09-21T06:00:00+09:00")
    shown = await desk.read(application, "intake")
    assert shown["state"] == "withdrawn"
    assert {"form", "decision"}.isdisjoint(shown)
    document = f"/v1/notices/{letter['notice_no']}/document.pdf"
    assert ((await desk.get(document)).status_code, (await desk.get(document)).json()["type"]) == (
        410,
        "/problems/erased",
    )
    assert (await desk.post("intake", "/v1/applications", form(), key=key)).status_code == 410
    async with desk.office.readers() as session:
        row = await session.get_one(ApplicationRow, filed["application_no"])
    assert await desk.office.vault.unseal_text(row.name) == "(消去済)"
    assert (await desk.read("/v1/notices"))["items"][0]["state"] == "arrived"
    await desk.until("2026-12-01")


async def test_a_letter_in_the_tray_is_not_posted_to_somebody_forgotten(desk: Desk) -> None:
    """Who wanted paper and was never written to: the letter is taken back, then the applicant is forgotten."""
    application = await desk.file("QPC-26-0103")
    withdrawal = {"arrived_at": "2026-03-25T09:00:00+09:00", "form": "telephone"}
    await desk.do("intake", f"{application}/withdrawals", withdrawal)
    await desk.until("2026-09-21T06:00:00+09:00")
    (letter,) = await desk.letters()
    assert (letter["channel"], letter["state"]) == ("post", "withdrawn")
    assert not (await desk.read("/v1/tasks", state="open"))["items"]
    await desk.until("2026-09-22T06:00:00+09:00")
    assert "form" not in await desk.read(application, "intake")
    body = {"method": "post", "dispatched_at": "2026-09-22T06:00:00+09:00"}
    response = await desk.post("support", f"/v1/notices/{letter['notice_no']}/dispatches", body)
    assert (response.status_code, response.json()["type"]) == (409, "/problems/conflict")
    await desk.until("2026-12-01")


async def test_what_was_accepted_is_not_taken_back(desk: Desk) -> None:
    """After the acceptance only the terms' own ways out are left."""
    number = await desk.contract()
    application = (await desk.read(f"/v1/contracts/{number}"))["application_no"]
    withdrawal = {"arrived_at": "2026-03-25T09:00:00+09:00", "form": "paper"}
    assert await desk.refused("intake", f"/v1/applications/{application}/withdrawals", withdrawal) == "9(1)"
