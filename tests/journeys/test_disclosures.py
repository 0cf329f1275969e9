"""Art. 40, 44(4), 44(5): a ground for all of the data, a second person of legal, and what waits for them (A37)."""

from typing import Any

from tests.desk import JSON, Desk
from tests.journeys.leaving import GATEWAY, a_leaver, approve, bill_the_rest, pay_all
from tests.journeys.test_legal_holds import deletion_of
from tests.journeys.test_month_close import does_not_hold

HASH = "0123456789abcdef" * 4
REJECT = {"decision": "reject", "reason": "根拠が足りない"}
PATH = "/v1/disclosures"


def asked(number: str, **more: Any) -> JSON:  # noqa: ANN401 - fields of a request
    """Ask for a disclosure by warrant of everything there is."""
    return {
        "contract_no": number,
        "requester": "福岡県警察本部 捜査第二課",
        "ground": "warrant",
        "data": ["business_secret", "communications", "personal"],
        "legal_basis": {"reference": "差押許可状 令和8年(む)第1号", "sha256": HASH},
        "scope": "令和8年3月の接続記録",
        "reason": "令状の提示を受けた",
        **more,
    }


async def propose(desk: Desk, number: str, **more: Any) -> JSON:  # noqa: ANN401 - as above
    """Propose a disclosure; gives its numbers."""
    found = await desk.do("legal", PATH, asked(number, **more))
    await desk.settle()
    return found


async def test_an_open_disclosure_holds_the_deletion_up(desk: Desk) -> None:
    """From its proposal until it is handed over; then data go at once. The customer is told nothing of it."""
    customer = await desk.customer("QPC-26-0101")
    number = await a_leaver(desk, GATEWAY)
    await bill_the_rest(desk)
    await pay_all(desk, number, day="0604")

    # 29 June: proposed by one of legal, decided by another; nobody else has a say
    await desk.until("2026-06-29T10:00:00+09:00")
    found = await propose(desk, number)
    mine, no = f"{PATH}/{found['disclosure_no']}", found["disclosure_no"]
    assert (await deletion_of(desk, number))["blocked_by"] == [{"kind": "disclosure", "no": no}]
    decision = f"/v1/approvals/{found['approval_id']}/decisions"
    agree = {"decision": "approve", "reason": "適法な令状"}
    assert await desk.refused("legal", decision, agree) == "40"
    assert (await desk.post("admin", decision, agree)).status_code == 403
    handover = {"handed_over_at": "2026-06-29T10:00:00+09:00", "sha256": HASH}
    assert await desk.refused("legal", f"{mine}/handovers", handover) == "40"
    shown = await desk.read(f"/v1/approvals/{found['approval_id']}")
    assert (shown["act"], shown["article"], shown["needs"]) == ("disclosure", "40", 1)
    assert shown["consequence"] == {
        "disclosure_no": no, "ground": "warrant", "data": ["business_secret", "communications", "personal"],
        "articles": ["40", "44(5)(3)"],
    }  # fmt: skip
    await desk.until("2026-06-29T11:00:00+09:00")
    await approve(desk, found["approval_id"], "legal-2")

    # 30 June, 0:10: decided, but not handed over, it goes on blocking
    await desk.until("2026-07-01T09:00:00+09:00")
    stands = await deletion_of(desk, number)
    assert (stands["state"], stands["certificates"]) == ("blocked", [])
    assert [each["action"] for each in await desk.timeline(number)].count("deletion_blocked") == 1
    assert await desk.wrong("legal", f"{mine}/handovers", handover) == ["/handed_over_at"]  # before the decision
    late = handover | {"handed_over_at": "2026-07-01T09:30:00+09:00"}
    assert await desk.wrong("legal", f"{mine}/handovers", late) == ["/handed_over_at"]

    # the customer sees neither the disclosure nor what it holds up
    seen = await desk.read(f"/v1/contracts/{number}/deletion", customer)
    assert (seen["state"], seen["blocked_by"]) == ("ready", [])
    told = (await desk.read(f"/v1/contracts/{number}/timeline", customer, limit="500"))["items"]
    assert [each for each in told if "disclosure" in str(each) or each["action"] == "deletion_blocked"] == []
    assert "disclosure_proposed" in {each["action"] for each in await desk.timeline(number)}

    # handed over: what waited goes on
    await desk.do("legal", f"{mine}/handovers", handover | {"handed_over_at": "2026-07-01T08:00:00+09:00"})
    await desk.settle()
    stands = await deletion_of(desk, number)
    assert (stands["state"], stands["blocked_by"]) == ("retained", [])
    assert (await desk.read(f"/v1/contracts/{number}"))["state"] == "closed"
    shown = await desk.read(mine, "legal")
    assert (shown["state"], shown["requester"]) == ("handed_over", "福岡県警察本部 捜査第二課")
    entries = [(each["kind"], each["by"], each["at"], each.get("sha256")) for each in shown["entries"]]
    assert entries == [
        ("decided", "legal:legal-2", shown["entries"][0]["recorded_at"], None),
        ("handed_over", "legal:legal-1", "2026-07-01T08:00:00+09:00", HASH),
    ]
    assert await desk.refused("legal", f"{mine}/withdrawals", {"reason": "不要"}) == "40"
    assert (await desk.get(mine, "support")).status_code == 403
    assert await does_not_hold(desk) == []


async def test_what_closes_a_disclosure_lets_the_deletion_go_on(desk: Desk) -> None:
    """Rejected, taken back, run out or given up after all: each of them frees what the last one held up."""
    number = await a_leaver(desk)
    await desk.until("2026-06-29T10:00:00+09:00")
    rejected, taken_back, run_out, given_up = [
        await propose(desk, number, data=["personal"], ground="emergency") for _ in range(4)
    ]
    decision = f"/v1/approvals/{rejected['approval_id']}/decisions"
    assert await desk.refused("legal", decision, REJECT) == "44(5)"  # the governing article of personal data
    await desk.do("legal-2", decision, REJECT)
    await desk.do("legal", f"/v1/approvals/{taken_back['approval_id']}/withdrawals", {"reason": "取下げ"})
    await approve(desk, given_up["approval_id"], "legal-2")
    await desk.until("2026-07-01T09:00:00+09:00")
    blockers = [each["no"] for each in (await deletion_of(desk, number))["blocked_by"]]
    assert blockers == [run_out["disclosure_no"], given_up["disclosure_no"]]

    await desk.do("legal", f"{PATH}/{given_up['disclosure_no']}/withdrawals", {"reason": "照会が撤回された"})
    await desk.settle()
    assert (await deletion_of(desk, number))["state"] == "blocked"
    await desk.until("2026-07-15T09:00:00+09:00")  # 14 days after its proposal
    assert (await deletion_of(desk, number))["state"] == "retained"
    listed = (await desk.read(PATH, "legal", contract_no=number))["items"]
    assert [each["state"] for each in listed] == ["rejected", "withdrawn", "expired", "withdrawn"]
    assert [each.get("reason") for each in listed[3]["entries"]] == [None, "照会が撤回された"]
    assert {each["articles"][0] for each in listed} == {"44(5)(5)"}
    expired = (await desk.read(PATH, "auditor", contract_no=number, state="expired"))["items"]
    assert [each["disclosure_no"] for each in expired] == [run_out["disclosure_no"]]
    assert await does_not_hold(desk) == []


async def test_a_contractor_of_the_register(desk: Desk) -> None:
    """Data go to a contractor whom the register names, for what it is entrusted with, while its contract runs."""
    number = await desk.active()
    entry = {
        "contractor": "株式会社委託先",
        "task": "請求書の発送",
        "data": ["personal"],
        "contracted_on": "2026-03-26",
    }
    known = (await desk.do("legal", "/v1/contractors", entry))["contractor_no"]
    mine = f"/v1/contractors/{known}"
    to_it = {"ground": "contractor", "contractor_no": known, "data": ["personal"]}
    assert await desk.refused("legal", PATH, asked(number, **to_it)) == "44(4)"  # its contract begins tomorrow
    await desk.until("2026-03-26T09:00:00+09:00")
    for body, article in (
        (to_it | {"data": ["personal", "business_secret"]}, "44(4)"),  # it is not entrusted with secrets
        (to_it | {"data": ["communications"]}, "40"),
        (to_it | {"contractor_no": "CO-999999"}, "44(4)"),
        (to_it | {"contractor_no": None}, "44(4)"),
    ):
        assert await desk.refused("legal", PATH, asked(number, **body)) == article
    assert await desk.wrong("legal", PATH, asked(number, contractor_no=known)) == ["/contractor_no"]

    # proposed while it runs; it ends before a second person agrees
    found = await propose(desk, number, **to_it)
    assert await desk.wrong("legal", f"{mine}/ends", {"ends_on": "2026-03-25"}) == ["/ends_on"]
    assert (await desk.do("legal", f"{mine}/ends", {"ends_on": "2026-03-27"}))["ends_on"] == "2026-03-27"
    assert await desk.refused("legal", f"{mine}/ends", {"ends_on": "2026-04-01"}) == "44(4)"
    await desk.until("2026-03-28T09:00:00+09:00")
    decision = f"/v1/approvals/{found['approval_id']}/decisions"
    assert await desk.refused("legal-2", decision, {"decision": "approve", "reason": "可"}) == "44(4)"
    assert (await desk.read(f"/v1/approvals/{found['approval_id']}"))["state"] == "open"
    (listed,) = (await desk.read("/v1/contractors"))["items"]
    assert listed == await desk.read(mine, "legal")
    assert (listed["contractor"], listed["task"], listed["entries"][0]["kind"]) == (
        "株式会社委託先", "請求書の発送", "ended",
    )  # fmt: skip


async def test_what_a_disclosure_needs(desk: Desk) -> None:
    """A known contract, a ground that lets all of the data out, a document; legal asks, whatever else one may do."""
    number = await desk.active()
    mixed = ["personal", "business_secret"]
    for ground in ("bank", "statute", "emergency"):
        assert await desk.refused("legal", PATH, asked(number, ground=ground, data=mixed)) == "40"
    assert await desk.wrong("legal", PATH, asked("C-999999")) == ["/contract_no"]
    assert await desk.wrong("legal", PATH, asked(number, ground=None)) == ["/ground"]
    assert await desk.wrong("legal", PATH, asked(number, data=[])) == ["/data"]
    assert await desk.wrong("legal", PATH, asked(number, legal_basis=None)) == ["/legal_basis"]
    assert (await desk.post("support", PATH, asked(number))).status_code == 403
    assert (await desk.get(f"{PATH}/DS-999999")).status_code == 404
    assert (await desk.read(PATH))["items"] == []
