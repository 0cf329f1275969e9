"""Art. 41: publications by the customer's consent, one for each, agreed to by a second person (A97)."""

from typing import Any

from tests.desk import JSON, Desk
from tests.journeys.leaving import approve
from tests.journeys.test_month_close import does_not_hold

PATH = "/v1/publications"
AGREE = {"decision": "approve", "reason": "承諾書を確認"}


def planned(number: str, **more: Any) -> JSON:  # noqa: ANN401 - fields of a request
    """Plan a case study on our own pages."""
    return {
        "contract_no": number,
        "publication": "導入事例 株式会社みほん様",
        "text_version": "v1",
        "text_sha256": "ab" * 32,
        "scope": "当社ホームページ",
        "consent": {"on": "2026-03-25", "person": "広報部 見本太郎"},
        "reason": "導入事例の公開",
        **more,
    }


async def test_a_consent_given_and_withdrawn(desk: Desk) -> None:
    """One entry a publication; its withdrawal is a further entry, and another consent a new one."""
    number = await desk.active()
    assert await desk.refused("support", PATH, planned(number, consent=None)) == "41"
    first = await desk.do("support", PATH, planned(number))
    mine = f"{PATH}/{first['publication_no']}"
    assert await desk.refused("support", PATH, planned(number, text_version="v2")) == "41"
    decision = f"/v1/approvals/{first['approval_id']}/decisions"
    assert await desk.refused("support", decision, AGREE) == "41"
    assert (await desk.post("billing", decision, AGREE)).status_code == 403
    await approve(desk, first["approval_id"], "support-2")
    shown = await desk.read(mine, "support")
    assert (shown["state"], shown["consent"]["person"]) == ("approved", "広報部 見本太郎")
    assert await desk.refused("support", PATH, planned(number)) == "41"
    other = await desk.do("support", PATH, planned(number, publication="会社案内"))  # another one, another consent

    # the customer takes both back: the one that was agreed to, and the one that still waits
    await desk.until("2026-04-02T09:00:00+09:00")
    back = {"on": "2026-04-01", "reason": "社名の変更"}
    assert await desk.wrong("support", f"{mine}/withdrawals", back | {"on": "2026-04-03"}) == ["/on"]
    assert await desk.wrong("support", f"{mine}/withdrawals", back | {"on": "2026-03-24"}) == ["/on"]
    for each in (first, other):
        told = await desk.do("support", f"{PATH}/{each['publication_no']}/withdrawals", back)
        assert (told["state"], told["entries"][-1]["on"]) == ("consent_withdrawn", "2026-04-01")
    assert await desk.refused("support", f"{mine}/withdrawals", back) == "41"
    assert (await desk.read(f"/v1/approvals/{other['approval_id']}"))["state"] == "withdrawn"
    assert [each["kind"] for each in (await desk.read(mine))["entries"]] == ["approved", "consent_withdrawn"]
    again = await desk.do("support", PATH, planned(number, text_version="v2"))
    await approve(desk, again["approval_id"], "legal")
    listed = (await desk.read(PATH, contract_no=number, state="approved"))["items"]
    assert [each["publication_no"] for each in listed] == [again["publication_no"]]
    assert (await desk.get(PATH, "billing")).status_code == 403
    assert await does_not_hold(desk) == []


async def test_what_nobody_agreed_to_is_free_again(desk: Desk) -> None:
    """Rejected or run out, a publication may be proposed anew; its consent is none that could be withdrawn."""
    number = await desk.active()
    rejected = await desk.do("support", PATH, planned(number))
    no = {"decision": "reject", "reason": "表現が不適切"}
    await desk.do("legal", f"/v1/approvals/{rejected['approval_id']}/decisions", no)
    run_out = await desk.do("support", PATH, planned(number))
    await desk.until("2026-04-09T09:00:00+09:00")
    await desk.do("support", PATH, planned(number))
    states = [each["state"] for each in (await desk.read(PATH))["items"]]
    assert states == ["rejected", "expired", "proposed"]
    back = {"on": "2026-04-01", "reason": "撤回"}
    assert await desk.refused("support", f"{PATH}/{run_out['publication_no']}/withdrawals", back) == "41"
    assert await desk.wrong("support", PATH, planned("C-999999")) == ["/contract_no"]
    tomorrow = {"on": "2026-04-10", "person": "見本太郎"}
    assert await desk.wrong("support", PATH, planned(number, consent=tomorrow)) == ["/consent/on"]
