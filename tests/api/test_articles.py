"""How far each clause has come, over HTTP: for the office and the auditor, in the order of the terms."""

import httpx2
import pytest

from activities.office import Office
from terms.articles import CLAUSES
from tests.api.offices import give_key

PATH = "/v1/articles"


async def test_the_clauses(office: Office, http: httpx2.AsyncClient) -> None:
    """All of them, each with its title, status, rules and letters; what is open names none."""
    answer = await http.get(PATH, params={"limit": 500}, headers=await give_key(office.sessions, "auditor"))

    assert answer.status_code == 200
    listed = answer.json()
    assert [each["ref"] for each in listed["items"]] == [clause.ref for clause in CLAUSES]
    assert listed["next_cursor"] is None
    shown = {each["ref"]: each for each in listed["items"]}
    assert shown["18(1) s1"] == {
        "ref": "18(1) s1",
        "title": "契約者が行う利用契約の解除",
        "kind": "RULE",
        "subject": "termination",
        "status": "implemented",
        "what": "Notice in writing, one month ahead; the end is a month's last day.",
        "rules": ["ending.end_by_notice", "lifecycle.must_allow", "termination.by_notice"],
        "letters": [
            "cancellation_receipt",
            "not_in_writing_notice",
            "resource_deletion_reminder",
            "contract_end_notice",
        ],
    }
    assert (shown["10(1)"]["status"], shown["10(1)"]["rules"]) == ("planned", [])
    assert shown["27(1)"]["status"] == "implemented"
    assert "title" not in shown["附則"]


async def test_pages_and_filters(office: Office, http: httpx2.AsyncClient) -> None:
    """Pages join without a gap; a subject and a status narrow the list."""
    key = await give_key(office.sessions, "legal")
    wanted = {"subject": "violation", "status": "planned", "limit": "4"}
    refs, cursor = [], ""
    while True:
        page = (await http.get(PATH, params=wanted | ({"cursor": cursor} if cursor else {}), headers=key)).json()
        refs += [each["ref"] for each in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    expected = [each.ref for each in CLAUSES if (each.subject, each.status) == ("violation", "planned")]
    assert refs == expected
    assert len(refs) > int(wanted["limit"])


@pytest.mark.parametrize(
    "query",
    [{"subject": "weather"}, {"status": "done"}, {"cursor": "x"}, {"limit": "0"}],
    ids=lambda query: str(*query),
)
async def test_bad_questions(office: Office, http: httpx2.AsyncClient, query: dict[str, str]) -> None:
    """An unknown subject, status, cursor or limit is a 422."""
    answer = await http.get(PATH, params=query, headers=await give_key(office.sessions, "legal"))
    assert answer.status_code == 422


async def test_a_customer_may_not(office: Office, http: httpx2.AsyncClient) -> None:
    """How the provider works is for the office."""
    assert (await http.get(PATH, headers=await give_key(office.sessions, "customer"))).status_code == 403
