"""A dedicated cluster that is left early: the penalty after the start and before it (Art. 5, 28)."""

from tests.desk import Desk

CLUSTER = "QPC-26-0104"  # one DC-STD, two DC-HOST, and metered items beside them
MONTHLY = 900_000 + 2 * 280_000


async def test_a_cluster_left_after_ten_months(desk: Desk) -> None:
    """28(2): the rest of three years, whole months and 24 of 31 days; shown in answer, letters and timeline."""
    # 25 March 2026: the service starts, so the three years run until 24 March 2029
    number = await desk.active(CLUSTER)
    contract = f"/v1/contracts/{number}"
    shown = await desk.read(contract)
    terms = {line["code"]: line["min_term_ends_on"] for line in shown["lines"]}
    assert (terms["DC-STD"], terms["DC-HOST"], terms["SGW"]) == ("2029-03-24", "2029-03-24", "2026-04-24")
    assert shown["min_term_ends_on"] == "2029-03-24"

    # the start day itself counts as started: no withdrawal any more (A89)
    withdrawal = {"ground": "28(1)", "arrived_at": "2026-03-25T09:00:00+09:00", "form": "paper"}
    assert await desk.refused("intake", f"{contract}/cancellations", withdrawal) == "28(1)"

    # 20 January 2027: the notice arrives; March 2027 to February 2029 and 24 of 31 days of March 2029 are left
    await desk.until("2027-01-20T15:00:00+09:00")
    notice = {"arrived_at": "2027-01-20T14:00:00+09:00", "form": "paper"}
    told = await desk.do("intake", f"{contract}/termination-notices", notice)
    assert told["ends_on"] == "2027-02-28"
    assert told["penalty"] == 24 * MONTHLY + MONTHLY * 24 // 31 == 36_170_322
    assert told["articles"] == ["18(1)", "28(2)", "34(1)"]
    asked = {
        "ground": "18(1)", "min_term_ends_on": "2029-03-24", "ends_on": "2027-02-28", "monthly": MONTHLY,
    }  # fmt: skip
    assert (await desk.do("intake", "/v1/rules/penalty", asked))["penalty"] == told["penalty"]

    # 28 February, 24:00: over, and every letter names the sum
    await desk.until("2027-03-01")
    assert (await desk.read(contract))["state"] == "ended"
    for slug in ("cancellation_receipt", "contract_end_notice"):
        letter = await desk.letter(slug)
        assert "¥36,170,322" in await desk.text(letter["notice_no"])
    moments = {each["action"]: each["basis"] for each in await desk.timeline(number)}
    assert {moments[action]["penalty"] for action in ("notice_received", "ended")} == {36_170_322}


async def test_a_cluster_left_before_it_stood(desk: Desk) -> None:
    """28(1): 36 months for the cluster's lines and one for the rest, at the instant of arrival, in any form."""
    # 25 March: accepted, not started; in the afternoon the customer calls and withdraws
    number = await desk.contract(CLUSTER)
    contract = f"/v1/contracts/{number}"
    await desk.until("2026-03-25T15:00:00+09:00")
    withdrawal = {"ground": "28(1)", "arrived_at": "2026-03-25T14:20:00+09:00", "form": "telephone"}
    told = await desk.do("intake", f"{contract}/cancellations", withdrawal)
    # a month of the rest: two servers, 5,000 and 1,500 GB, two addresses, a router, a gateway
    rest = 2 * 2_880 + 5_000 * 24 + 1_500 * 12 + 2 * 480 + 9_600 + 10_000
    assert told["penalty"] == 36 * MONTHLY + rest == 52_724_320
    assert (told["ground"], told["ends_on"]) == ("28(1)", "2026-03-25")
    assert told["ended_at"] == "2026-03-25T14:20:00+09:00"
    await desk.settle()
    shown = await desk.read(contract)
    assert (shown["state"], shown["end_ground"]) == ("ended", "28(1)")
    assert shown["ended_at"] == "2026-03-25T14:20:00+09:00"
    for slug in ("pre_start_withdrawal_receipt", "contract_end_notice"):
        letter = await desk.letter(slug)
        assert (letter["article"], letter["state"]) == ("28(1)", "arrived")
        assert "¥52,724,320" in await desk.text(letter["notice_no"])

    # it does not start any more, nor end again
    start = {"service_start_on": "2026-03-25"}
    assert await desk.refused("provisioning", f"{contract}/service-start", start) == "5(1)"
    assert await desk.refused("intake", f"{contract}/cancellations", withdrawal) == "28(1)"
    notice = {"arrived_at": "2026-03-25T14:30:00+09:00", "form": "paper"}
    assert await desk.refused("intake", f"{contract}/termination-notices", notice) == "18(1)"
    await desk.until("2026-06-01")
    assert [each["action"] for each in await desk.timeline(number)].count("ended") == 1
