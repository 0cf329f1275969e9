"""Letters that do not arrive as they should: refused mail, mail that comes back, letters written anew (Art. 42)."""

from tests.desk import Desk


async def test_mail_that_is_refused_for_good(desk: Desk) -> None:
    """No such mailbox: the letter stays queued, somebody is asked; the corrected address gets a new one."""
    # 25 March: the receipt can't be delivered
    application = await desk.file(contacts__contract__email="nobody@genkai.example")
    (letter,) = await desk.letters()
    assert (letter["state"], "dispatched_at" in letter) == ("queued", False)
    (task,) = await desk.tasks("mail_refused")
    assert (task["role"], task["notice_no"]) == ("support", letter["notice_no"])
    assert desk.mails() == []

    # an e-mail is nothing that staff could post
    posted = {"method": "post", "dispatched_at": "2026-03-25T09:00:00+09:00"}
    response = await desk.post("support", f"/v1/notices/{letter['notice_no']}/dispatches", posted)
    assert (response.status_code, response.json()["type"]) == (409, "/problems/conflict")

    # the applicant names another address; the letter is written anew under a new number, the old one is withdrawn
    change = {"pointer": "/contacts/contract/email", "value": "keiyaku@genkai.example"}
    completion = {"changes": [change], "arrived_at": "2026-03-25T09:00:00+09:00"}
    await desk.do("intake", f"{application}/completions", completion)
    path = f"/v1/notices/{letter['notice_no']}"
    new = await desk.post("support", f"{path}/reissues", {"reason": "宛先の訂正"})
    assert (new.status_code, new.json()["replaces"]) == (201, letter["notice_no"])
    await desk.settle()
    assert (await desk.read(path))["state"] == "withdrawn"
    fresh = await desk.read(f"/v1/notices/{new.json()['notice_no']}")
    assert (fresh["state"], fresh["slug"]) == ("arrived", letter["slug"])
    assert letter["notice_no"] in await desk.text(fresh["notice_no"])
    assert {mail["message_id"] for mail in desk.mails()} >= {fresh["message_id"]}
    response = await desk.post("support", f"{path}/reissues", {"reason": "もう一度"})
    assert (response.status_code, response.json()["type"]) == (409, "/problems/conflict")


async def test_mail_that_is_put_off(desk: Desk) -> None:
    """Greylisted: the same letter goes out a little later, and once."""
    await desk.file(contacts__contract__email="later@genkai.example")
    assert desk.mails() == []
    await desk.until("2026-03-25T09:10:00+09:00")
    (letter,) = await desk.letters()
    assert letter["state"] == "arrived"
    assert [mail["message_id"] for mail in desk.mails()] == [letter["message_id"]]
    assert not (await desk.read("/v1/tasks"))["items"]


async def test_mail_that_comes_back(desk: Desk) -> None:
    """A bounce leaves the moment of the letter as it was, opens a task, and asks by post, once (Art. 42(2), A65)."""
    number = await desk.contract()
    formed_at = (await desk.read(f"/v1/contracts/{number}"))["formed_at"]
    letter = await desk.letter("acceptance_notice")
    assert (letter["basis"], letter["deemed"], letter["arrived_at"]) == ("dispatch", True, letter["dispatched_at"])
    path = f"/v1/notices/{letter['notice_no']}/deliveries"
    bounce = {"outcome": "returned", "at": "2026-03-25T09:05:00+09:00", "proof": "550 5.1.1 (DSN)"}
    assert await desk.wrong("support", path, bounce) == ["/at"]  # it is not yet that late
    await desk.until("2026-03-25T10:00:00+09:00")
    told = await desk.do("support", path, bounce)
    assert (told["state"], told["arrived_at"]) == ("arrived", letter["arrived_at"])
    await desk.do("support", path, bounce)
    await desk.settle()
    (task,) = await desk.tasks("contact_wrong")
    assert (task["role"], task["article"], task["notice_no"]) == ("support", "42(2)", letter["notice_no"])
    request = await desk.letter("contact_check_request")
    assert (request["channel"], request["state"], request["article"]) == ("post", "queued", "42(2)")
    text = await desk.text(request["notice_no"])
    assert ("承諾通知書" in text, letter["notice_no"] in text) == (True, True)
    shown = await desk.read(f"/v1/contracts/{number}")
    assert (shown["state"], shown["formed_at"]) == ("accepted", formed_at)


async def test_an_acceptance_written_anew(desk: Desk) -> None:
    """Before it was posted the acceptance is written anew: the old one is withdrawn, the new one forms the contract."""
    application = await desk.file("QPC-26-0103")
    await desk.do("reviewer", f"{application}/decisions", {"decision": "accept", "reason": "審査済み"})
    await desk.settle()
    old = await desk.letter("acceptance_notice")
    new = await desk.do("support", f"/v1/notices/{old['notice_no']}/reissues", {"reason": "誤記の訂正"})
    posted = {"method": "post", "dispatched_at": "2026-03-25T09:00:00+09:00"}
    gone = await desk.post("support", f"/v1/notices/{old['notice_no']}/dispatches", posted)
    assert (gone.status_code, gone.json()["type"]) == (409, "/problems/conflict")
    await desk.do("support", f"/v1/notices/{new['notice_no']}/dispatches", posted)
    await desk.until("2026-03-27")
    assert [one["state"] for one in await desk.letters(slug="acceptance_notice")] == ["withdrawn", "arrived"]
    assert (await desk.read(application))["state"] == "accepted"
    assert [one["kind"] for one in (await desk.read("/v1/tasks", state="open"))["items"]] == ["post_letter"]


async def test_a_name_that_the_screening_knows(desk: Desk) -> None:
    """A hit stands in the way of acceptance, and goes to legal; the application can be refused (Art. 43(1))."""
    application = await desk.file(applicant__representative__name="反社 照会")
    shown = await desk.read(application)
    assert [one["article"] for one in shown["findings"] if one["severity"] == "blocking"] == ["43(1)"]
    (task,) = await desk.tasks("screening_hit")
    assert (task["role"], "反社 照会" in task["detail"]) == ("legal", False)
    accept = {"decision": "accept", "reason": "審査済み"}
    assert await desk.refused("reviewer", f"{application}/decisions", accept) == "43(1)"
    refuse = {"decision": "refuse", "grounds": ["9(2)(5)"], "reason": "反社会的勢力"}
    assert (await desk.post("reviewer", f"{application}/decisions", refuse)).status_code == 202
