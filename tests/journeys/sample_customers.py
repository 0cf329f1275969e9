"""The twelve sample applications: nine become contracts, three are refused at the door, two contracts end."""

import json
from typing import Any

from tests.desk import JSON, SAMPLES, Desk, form

EXPECTED: list[JSON] = json.loads((SAMPLES / "applications" / "expected.json").read_text())["applications"]
RESOURCES: list[JSON] = json.loads((SAMPLES / "resources.json").read_text())["resources"]
TO_ACCEPT = {one["external_ref"]: one for one in EXPECTED if one["verdict"] == "accept"}
TO_REFUSE = {one["external_ref"]: one for one in EXPECTED if one["verdict"] == "refuse"}
BY_POST = {"QPC-26-0103", "QPC-26-0107"}


def resources_of(customer_ref: str) -> list[JSON]:
    """List what stands, or will stand, on a customer's contract."""
    return [one for one in RESOURCES if one["customer_ref"] == customer_ref]


def registration(resource: JSON) -> JSON:
    """Write a resource as a request does."""
    return {name: resource[name] for name in ("resource_id", "code", "quantity", "zone", "name", "from_on")}


async def the_forms_arrive(desk: Desk) -> dict[str, str]:
    """Nine are taken in; three are refused with the article and a pointer to the fault, and leave nothing behind."""
    applications = {}
    for external_ref in [*TO_ACCEPT, *TO_REFUSE]:
        response = await desk.post("intake", "/v1/applications", form(external_ref))
        if expected := TO_REFUSE.get(external_ref):
            problem = response.json()
            assert (response.status_code, problem["article"]) == (409, expected["article"])
            assert [error["field"] for error in problem["errors"]] == [expected["pointer"]]
        else:
            assert response.status_code == 201, response.text
            applications[external_ref] = response.json()["application_no"]
    listed = (await desk.read("/v1/applications", limit="500"))["items"]
    assert [one["external_ref"] for one in listed] == [*TO_ACCEPT]
    assert not [finding for one in listed for finding in one["findings"] if finding["severity"] == "blocking"]
    return applications


async def the_nine_are_accepted(desk: Desk, applications: dict[str, str]) -> dict[str, str]:
    """All nine pass the review; who wants paper waits for the post."""
    accept = {"decision": "accept", "reason": "審査済み"}
    for number in applications.values():
        assert await desk.do("reviewer", f"/v1/applications/{number}/decisions", accept) == {"state": "received"}
    await desk.settle()
    posted = {"method": "post", "dispatched_at": "2026-03-25T09:00:00+09:00"}
    for letter in await desk.letters(slug="acceptance_notice", state="queued"):
        await desk.do("support", f"/v1/notices/{letter['notice_no']}/dispatches", posted)
    states = {one["external_ref"]: one["state"] for one in (await desk.read("/v1/applications"))["items"]}
    assert {each for each, state in states.items() if state == "received"} == BY_POST
    await desk.until("2026-03-27T00:00:01+09:00")
    contracts = {one["customer_ref"]: one for one in (await desk.read("/v1/contracts"))["items"]}
    assert {one["state"] for one in contracts.values()} == {"accepted"}
    assert {contracts[each]["formed_at"] for each in BY_POST} == {"2026-03-27T00:00:00+09:00"}
    assert contracts.keys() == TO_ACCEPT.keys()
    return {customer_ref: one["contract_no"] for customer_ref, one in contracts.items()}


async def the_service_starts(desk: Desk, contract_no: str, expected: JSON) -> None:
    """Service, charging and minimum terms begin; what is there from the first day is registered with it."""
    first_day = expected["billing_start_on"]
    await desk.until(f"{expected['service_start_on']}T10:00:00+09:00")
    there = [one for one in resources_of(expected["external_ref"]) if one["from_on"] == first_day]
    body: dict[str, Any] = {name: expected[name] for name in ("service_start_on", "billing_start_on")}
    body["resources"] = [registration(one) for one in there]
    started = await desk.do("provisioning", f"/v1/contracts/{contract_no}/service-start", body)
    assert started["state"] == "active"
    assert started["min_term_ends_on"] == expected["minimum_term_ends_on"]
    for line in started["lines"]:
        of_a_cluster = line["code"].startswith("DC-")
        assert of_a_cluster <= expected["dedicated_cluster"]
        assert (line["min_term_ends_on"] == expected["minimum_term_ends_on"]) == (
            of_a_cluster or not expected["dedicated_cluster"]
        )


async def one_gives_notice(desk: Desk, contracts: dict[str, str]) -> None:
    """QPC-26-0107 gives notice by Article 18(1); the answer tells the end and the penalty."""
    notice = TO_ACCEPT["QPC-26-0107"]["end"]
    path = f"/v1/contracts/{contracts['QPC-26-0107']}/termination-notices"
    told = await desk.do("intake", path, {k: notice[k] for k in ("arrived_at", "form")})
    assert {k: told[k] for k in ("arrived_on", "ends_on", "penalty")} == {
        k: notice[k] for k in ("arrived_on", "ends_on", "penalty")
    }


async def the_upstream_stood_still(desk: Desk, contract_no: str) -> None:
    """The event of Article 15 is recorded for its zone; the paper that arrived this morning ends the contract today."""
    end = TO_ACCEPT["QPC-26-0106"]["end"]
    event = {"kind": end["event"]["kind"], "starts_at": end["event"]["starts_at"]}
    reason = {"scope": {"zones": ["osaka-1"]}, "reason": "上流サービスの停止"}
    event_no = (await desk.do("support", "/v1/maintenance", event | reason))["event_no"]
    assert (await desk.read(f"/v1/maintenance/{event_no}"))["article"] == end["event"]["article"]
    cancellation = {name: end[name] for name in ("ground", "form", "arrived_at")} | {"event_no": event_no}
    told = await desk.do("intake", f"/v1/contracts/{contract_no}/cancellations", cancellation)
    assert {k: told[k] for k in ("ground", "arrived_on", "ends_on", "penalty")} == {
        k: end[k] for k in ("ground", "arrived_on", "ends_on", "penalty")
    }
    await what_is_taken_away(desk, contract_no, "QPC-26-0106")


async def what_is_taken_away(desk: Desk, contract_no: str, customer_ref: str) -> None:
    """A customer who leaves deletes its resources by the last day (Art. 18(1) s2)."""
    path = f"/v1/contracts/{contract_no}/resources"
    standing = (await desk.read(path, limit="500"))["items"]
    last_days = {(one["resource_id"], one["code"]): one["to_on"] for one in resources_of(customer_ref)}
    for one in standing:
        if "to_on" not in one:
            body = {"code": one["code"], "to_on": last_days[one["resource_id"], one["code"]]}
            await desk.do("provisioning", f"{path}/{one['resource_id']}/removal", body)


async def two_are_gone_and_seven_stay(desk: Desk, contracts: dict[str, str]) -> None:
    """The ends are those of expected.json, nothing is left over on them, and every e-mail went out once."""
    shown = {one["customer_ref"]: one for one in (await desk.read("/v1/contracts"))["items"]}
    for customer_ref, expected in TO_ACCEPT.items():
        contract, end = shown[customer_ref], expected["end"]
        assert contract["state"] == ("ended" if end else "active")
        if end:
            assert (contract["ends_on"], contract["end_ground"]) == (end["ends_on"], end["ground"])
            standing = (await desk.read(f"/v1/contracts/{contracts[customer_ref]}/resources", limit="500"))["items"]
            assert {one["left_over"] for one in standing} == {False}
    assert shown["QPC-26-0106"]["ended_at"] == "2026-06-18T00:00:00+09:00"
    assert shown["QPC-26-0107"]["ended_at"] == "2026-07-01T00:00:00+09:00"
    by_mail = [one for one in await desk.letters() if one["channel"] == "email"]
    assert {one["state"] for one in by_mail} == {"arrived"}
    assert sorted(mail["message_id"] for mail in desk.mails()) == sorted(one["message_id"] for one in by_mail)
