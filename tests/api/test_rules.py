"""The rules over HTTP: open to any key, without an Idempotency-Key, with nothing remembered."""

import httpx2
import pytest

from activities.office import Office
from models.messages.rules import RULES, RuleName
from tests.api.offices import give_key

NOTICE = {"arrived_on": "2026-06-10", "form": "paper"}
PAID = {"principal": True, "due_on": 1, "paid_on": "x"}
DEBT = {"id": "A", "kind": "fee", "due_on": "2026-06-30", "amount": -1}
OWED = {"debts": [DEBT], "payments": [], "as_of_on": "2026-06-30"}
METERED = {"rate": "1", "seconds": 1, "quantity": "x"}


@pytest.mark.parametrize("role", ["customer", "auditor", "billing"])
async def test_any_key_may_ask(office: Office, http: httpx2.AsyncClient, role: str) -> None:
    """The answer has its fields, articles, settings and steps."""
    answer = await http.post("/v1/rules/termination-end", json=NOTICE, headers=await give_key(office.sessions, role))

    assert answer.status_code == 200
    told = answer.json()
    assert (told["runs_out_on"], told["ends_on"]) == ("2026-07-10", "2026-07-31")
    assert (told["articles"], told["settings"]) == (["18(1)"], {"cancel_notice_rule": "EOM_PREV"})
    assert told["steps"][-1] == "利用契約は2026年7月31日をもって終了します。"


async def test_nobody_asks_without_a_key(http: httpx2.AsyncClient) -> None:
    """The rules are no exception."""
    assert (await http.post("/v1/rules/termination-end", json=NOTICE)).status_code == 401


async def test_what_the_terms_refuse(office: Office, http: httpx2.AsyncClient) -> None:
    """409 with the article and a sentence for the customer."""
    key = await give_key(office.sessions, "billing")
    answer = await http.post("/v1/rules/termination-end", json=NOTICE | {"form": "email"}, headers=key)

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].endswith("/refused")
    assert problem["article"] == "18(1)"
    assert "書面" in problem["detail"]


@pytest.mark.parametrize(
    ("rule", "body", "fields"),
    [
        pytest.param("termination-end", {}, {"/arrived_on", "/form"}, id="missing"),
        pytest.param("termination-end", NOTICE | {"x": 1, "settings": {"y": 1}}, {"/x", "/settings/y"}, id="unknown"),
        pytest.param("late-interest", PAID, {"/principal", "/due_on", "/paid_on"}, id="of-another-type"),
        pytest.param("settlement", OWED, {"/debts/0/amount"}, id="nested"),
        pytest.param("metered-charge", METERED, {"/quantity"}, id="neither-integer-nor-decimal"),
        pytest.param("due-date", {}, {"/usage_month"}, id="values-that-do-not-fit"),
        pytest.param("due-date", {"usage_month": "2099-12"}, {""}, id="beyond-the-calendar"),
        pytest.param("due-date", [], {""}, id="no-object"),
    ],
)
async def test_a_wrong_request_names_its_fields(
    office: Office,
    http: httpx2.AsyncClient,
    rule: str,
    body: object,
    fields: set[str],
) -> None:
    """422 with JSON pointers, and without the values that were sent."""
    answer = await http.post(f"/v1/rules/{rule}", json=body, headers=await give_key(office.sessions, "billing"))

    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/invalid")
    assert {error["field"] for error in answer.json()["errors"]} == fields


async def test_an_unknown_rule_is_not_found(office: Office, http: httpx2.AsyncClient) -> None:
    """404, whatever the body."""
    key = await give_key(office.sessions, "billing")
    assert (await http.post("/v1/rules/no-such-rule", json={}, headers=key)).status_code == 404


async def test_the_rules_are_listed(office: Office, http: httpx2.AsyncClient) -> None:
    """All of them, with articles and the schemas of request and answer."""
    key = await give_key(office.sessions, "billing")
    page = (await http.get("/v1/rules", headers=key)).json()

    assert [item["rule"] for item in page["items"]] == list(RULES)
    assert page["next_cursor"] is None
    listed = next(item for item in page["items"] if item["rule"] == RuleName.TERMINATION_END)
    assert listed["articles"] == ["18(1)"]
    assert set(listed["request"]["required"]) == {"arrived_on", "form"}
    assert set(listed["response"]["required"]) == {"runs_out_on", "ends_on", "articles", "settings", "steps"}


async def test_the_list_comes_in_pages(office: Office, http: httpx2.AsyncClient) -> None:
    """Each rule once, in the same order; a cursor of another list is refused."""
    key = await give_key(office.sessions, "billing")
    seen: list[str] = []
    asked: dict[str, str | int] = {"limit": 7}
    while True:
        page = (await http.get("/v1/rules", params=asked, headers=key)).json()
        seen += [item["rule"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]

    assert seen == list(RULES)
    assert (await http.get("/v1/rules", params={"cursor": "bm9uZQ"}, headers=key)).status_code == 422
