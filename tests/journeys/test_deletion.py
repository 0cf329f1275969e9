"""From the end to the erasure: data deleted, closed, kept for ten years, erased (Art. 34, 38, 44(6))."""

import pytest

from terms.settings import TERMS_1_0
from tests.cash_office import Transfer, zengin
from tests.desk import Desk, OpenDesk
from tests.journeys.leaving import GATEWAY, a_leaver, approve, approve_bills, bill_the_rest, pay_all
from tests.journeys.recorded import broken_by, histories, replay
from tests.journeys.test_month_close import does_not_hold


async def test_twelve_years_to_the_erasure(desk: Desk) -> None:
    """Data go thirty days after the end, the paid contract is closed, and ten years later nothing names anybody."""
    number = await a_leaver(desk, GATEWAY)
    contract = f"/v1/contracts/{number}"
    await bill_the_rest(desk)
    assert await pay_all(desk, number, day="0604") > 0

    # 29 June, 24:00: grace is over ten minutes later
    before = await desk.read(f"{contract}/deletion")
    assert (before["state"], before["delete_from_on"], before["certificates"]) == ("grace", "2026-06-30", [])
    await desk.until("2026-06-30T00:09:00+09:00")
    assert (await desk.read(f"{contract}/deletion"))["state"] == "grace"
    await desk.until("2026-06-30T00:11:00+09:00")
    after = await desk.read(f"{contract}/deletion")
    assert (after["state"], after["erasable_from_on"]) == ("retained", "2037-04-01")
    (data,) = after["certificates"]
    letter = await desk.letter("data_erasure_certificate", contract_no=number)
    assert (data["kind"], data["notice_no"]) == ("data", letter["notice_no"])
    assert [each["resource_id"] for each in data["items"]] == [number, "gw-1"]
    assert "Purge" in await desk.text(letter["notice_no"])
    shown = await desk.read(contract)
    assert shown["state"] == "closed"
    assert shown["next_actions"] == [{"on": "2037-04-01", "action": "erasure", "article": "44(6)"}]

    # ten years no decision can erase it either
    assert await desk.refused("legal", f"{contract}/erasures", {"reason": "ご希望"}) == "44(6)"

    # 31 March 2037: the last day of retention
    fired = await desk.until("2037-03-31T23:00:00+09:00")
    assert len(fired) < 140  # a month costs one look of the office, and the contract nothing: so years take seconds
    assert not [what for _, what in fired if number in what]
    assert (await desk.read(contract))["state"] == "closed"
    assert await replay(desk, await histories(desk, "contract", "deletion")) == {}  # later they can't be opened
    await desk.until("2038-03-25T09:00:00+09:00")
    shown = await desk.read(contract)
    assert (shown["state"], shown["customer_name"], shown["next_actions"]) == ("erased", "(消去済)", [])
    erased = await desk.read(f"{contract}/deletion")
    assert erased["state"] == "erased"
    assert [each["kind"] for each in erased["certificates"]] == ["data", "personal"]
    assert erased["certificates"][1]["at"].startswith("2037-04-01T00:1")
    actions = [each["action"] for each in await desk.timeline(number)]
    assert actions[-3:] == ["erased", "letters_withdrawn", "personal_data_erased"]  # a copy that nobody posted
    assert actions.index("data_deleted") < actions.index("closed")
    (erasure,) = await histories(desk, "erasure")
    assert await replay(desk, [erasure]) == {}
    assert await broken_by(desk, [erasure], "erase_personal_data") == {erasure.run_id}
    assert await does_not_hold(desk) == []


async def test_an_unpaid_debt_blocks_closing_never_deletion(desk: Desk) -> None:
    """The data of who owes are deleted in time; paid, the contract is closed at once; a reversal leaves it closed."""
    number = await a_leaver(desk, GATEWAY)
    contract = f"/v1/contracts/{number}"
    await bill_the_rest(desk)
    await desk.until("2026-07-15T10:00:00+09:00")
    assert (await desk.read(f"{contract}/deletion"))["state"] == "retained"
    assert (await desk.read(contract))["state"] == "ended"
    assert [each["kind"] for each in await desk.tasks("restoration_cost")] == ["restoration_cost"]

    amount = await pay_all(desk, number, day="0715")
    assert (await desk.read(contract))["state"] == "closed"

    # 16 July: the bank takes the money back; what was closed stays closed, but is not erased while it owes
    back = Transfer(reference=2, day="0716", value_day="0715", amount=amount, payer="ｶ)ﾐﾎﾝ", cancels=True)
    await desk.take_in("cash", "/v1/bank-files", zengin(back))
    await desk.settle()
    shown = await desk.read(contract)
    assert (shown["state"], 0 < shown["open_balance"] < amount) == ("closed", True)  # the rest was interest
    await desk.until("2037-04-20T10:00:00+09:00")
    assert (await desk.read(contract))["state"] == "closed"
    assert await does_not_hold(desk) == []


async def test_the_last_bill_keeps_it_open(desk: Desk) -> None:
    """Nothing is owed yet, but May is not billed: it is closed only after the bill is issued and paid."""
    number = await a_leaver(desk, GATEWAY)
    contract = f"/v1/contracts/{number}"
    await desk.until("2026-05-08T10:00:00+09:00")
    await approve_bills(desk, "2026-04")
    await pay_all(desk, number, day="0508")
    await desk.until("2026-07-01T10:00:00+09:00")
    assert (await desk.read(f"{contract}/balances"))["items"] == []
    assert (await desk.read(contract))["state"] == "ended"
    run = await desk.read("/v1/billing-runs/2026-05")
    await approve(desk, run["approval_id"])
    await pay_all(desk, number, day="0701", reference=2)
    assert (await desk.read(contract))["state"] == "closed"


async def test_a_withdrawal_before_the_start(desk: Desk) -> None:
    """Nothing was ever stored: nothing is deleted, no certificate is written, and the contract is closed."""
    number = await desk.contract()
    contract = f"/v1/contracts/{number}"
    gone = {"ground": "28(1)", "arrived_at": "2026-03-25T09:00:00+09:00", "form": "email"}
    penalty = (await desk.do("intake", f"{contract}/cancellations", gone))["penalty"]
    await desk.settle()
    await desk.until("2026-04-26T10:00:00+09:00")
    found = await desk.read(f"{contract}/deletion")
    assert (found["state"], found["inventory"], found["certificates"]) == ("retained", [], [])
    assert await desk.letters(slug="data_erasure_certificate") == []
    assert await pay_all(desk, number, day="0426") >= penalty
    assert (await desk.read(contract))["state"] == "closed"


async def test_two_people_erase_what_no_statute_keeps(open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own 12 years are waived after the statutes' 10 (44(6), A68): the keys go at once, and it is on record."""
    monkeypatch.setattr("service.wiring.TERMS_1_0", TERMS_1_0.with_overrides({"retention_years": 12}))
    desk = await open_desk("2026-03-25T09:00+09:00")
    number = await desk.contract()
    contract, body = f"/v1/contracts/{number}", {"reason": "お客さまのご希望"}
    gone = {"ground": "28(1)", "arrived_at": "2026-03-25T09:00:00+09:00", "form": "email"}
    await desk.do("intake", f"{contract}/cancellations", gone)
    await desk.until("2026-04-26T10:00:00+09:00")
    assert await desk.refused("admin", f"{contract}/erasures", body) == "44(6)"  # it owes a penalty and is not closed
    await pay_all(desk, number, day="0426")
    assert (await desk.read(contract))["next_actions"] == [
        {"on": "2038-04-01", "action": "erasure", "article": "44(6)"}
    ]

    await desk.until("2036-03-31T23:00:00+09:00")
    assert await desk.refused("legal", f"{contract}/erasures", body) == "44(6)"  # a day of the Companies Act is left
    await desk.until("2036-04-01T09:00:00+09:00")
    proposed = await desk.do("legal", f"{contract}/erasures", body)
    await approve(desk, proposed["approval_id"], "legal-2")
    assert (await desk.read(contract))["state"] == "erased"
    (personal,) = (await desk.read(f"{contract}/deletion"))["certificates"]
    record = await desk.letter("personal_data_erasure_record")
    assert (personal["approval_id"], personal["notice_no"]) == (proposed["approval_id"], record["notice_no"])
    assert "legal:legal-2" in await desk.text(record["notice_no"])
    customer = await desk.customer((await desk.read(contract))["customer_ref"])
    assert (await desk.get(f"/v1/notices/{record['notice_no']}", customer)).status_code == 404
    assert record not in (await desk.read("/v1/notices", customer, limit="500"))["items"]
    for what, role, told in (
        ("reissues", "legal", {"reason": "再送"}),
        ("deliveries", "legal", {"outcome": "delivered", "at": "2036-04-01T09:00:00+09:00", "proof": "x"}),
    ):
        answer = await desk.post(role, f"/v1/notices/{record['notice_no']}/{what}", told)
        assert answer.status_code == 409, answer.text
    assert await does_not_hold(desk) == []


async def test_deletion_without_notice_is_off(desk: Desk) -> None:
    """Art. 34(2): nobody can even propose it."""
    number = await desk.active()
    body = {"ground": "34(2)", "reason": "他の契約者への影響"}
    assert await desk.refused("legal", f"/v1/contracts/{number}/deletions", body) == "34(2)"
    assert (await desk.post("support", f"/v1/contracts/{number}/deletions", body)).status_code == 403


async def test_two_people_agree_to_a_deletion_without_notice(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is on, the second of two votes deletes at once, without a letter; the end deletes what came after."""
    monkeypatch.setattr("service.wiring.TERMS_1_0", TERMS_1_0.with_overrides({"allow_34_2": True}))
    desk = await open_desk("2026-03-25T09:00+09:00")
    number = await a_leaver(desk, GATEWAY)
    contract, body = f"/v1/contracts/{number}", {"ground": "34(2)", "reason": "他の契約者への影響"}
    proposed = await desk.do("legal", f"{contract}/deletions", body)
    await approve(desk, proposed["approval_id"], "legal-2")
    assert (await desk.read(f"{contract}/deletion"))["certificates"] == []
    await approve(desk, proposed["approval_id"], "admin")
    found = await desk.read(f"{contract}/deletion")
    (early,) = found["certificates"]
    assert (found["state"], (await desk.read(contract))["state"]) == ("deleted", "active")
    assert (early["article"], early["approval_id"]) == ("34(2)", proposed["approval_id"])
    assert await desk.refused("legal", f"{contract}/deletions", body) == "34(2)"
    assert await desk.letters(slug="data_erasure_certificate") == []

    await desk.until("2026-07-01T10:00:00+09:00")
    after = (await desk.read(f"{contract}/deletion"))["certificates"]
    assert [(each["article"], len(each["items"])) for each in after] == [("34(2)", 2), ("34(1)", 1)]
