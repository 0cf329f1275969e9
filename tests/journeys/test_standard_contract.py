"""A standard contract from its application form to its end (Art. 4, 9, 5, 18(1))."""

from tests.desk import Desk, form


async def test_a_contract_lives(desk: Desk) -> None:
    """Filed, accepted, started, terminated in writing, and over at the right midnight, with every letter sent."""
    # 25 March: the form arrives
    filed = await desk.do("intake", "/v1/applications", form())
    assert filed["state"] == "received"
    application = f"/v1/applications/{filed['application_no']}"
    await desk.settle()
    shown = await desk.read(application)
    assert shown["answer_by_on"] == "2026-04-01"

    # accepted: formed with the dispatch of the e-mail
    await desk.do("reviewer", f"{application}/decisions", {"decision": "accept", "reason": "審査済み"})
    await desk.settle()
    shown = await desk.read(application)
    assert shown["state"] == "accepted"
    number = shown["contract_no"]
    contract = f"/v1/contracts/{number}"

    # 1 April: service starts
    await desk.until("2026-04-01T10:00:00+09:00")
    started = await desk.do("provisioning", f"{contract}/service-start", {"service_start_on": "2026-04-01"})
    assert (started["state"], started["min_term_ends_on"]) == ("active", "2026-04-30")

    # 20 May: the notice arrives in writing
    await desk.until("2026-05-20T15:00:00+09:00")
    notice = {"arrived_at": "2026-05-20T14:05:00+09:00", "form": "paper"}
    response = await desk.post("intake", f"{contract}/termination-notices", notice)
    assert response.status_code == 201, response.text
    assert response.json()["ends_on"] == "2026-06-30"

    # 30 June, 24:00: over
    await desk.until("2026-07-01T00:01:00+09:00")
    ended = await desk.read(contract)
    assert (ended["state"], ended["ended_at"]) == ("ended", "2026-07-01T00:00:00+09:00")
    slugs = [letter["slug"] for letter in await desk.letters()]
    assert slugs == [
        "application_received_notice", "acceptance_notice", "service_start_notice", "cancellation_receipt",
        "contract_end_notice",
    ]  # fmt: skip
    assert len(desk.mails()) == 5
    for moment in await desk.timeline(number):
        assert moment["article"]
