"""Bad addresses: limits, cursors, filters, numbers and keys that are nonsense get a problem document."""

import base64
import json

import pytest

from tests.api.bad_input import Counter, assert_problem

LISTS = [
    "/v1/applications", "/v1/approvals", "/v1/contractors", "/v1/contracts", "/v1/contracts/{active}/timeline",
    "/v1/contracts/{active}/resources", "/v1/contracts/{active}/workflows", "/v1/disclosures", "/v1/maintenance",
    "/v1/notices", "/v1/publications", "/v1/restrictions", "/v1/rules", "/v1/tasks",
]  # fmt: skip


def cursor(*values: object) -> str:
    """Write a cursor as the service does."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


BAD_QUERIES = [
    *(("limit", value) for value in ("0", "-1", "501", "1.5", "x", "", "1e2", "９", "1" * 40, "null")),
    *(
        ("cursor", value)
        for value in (
            "x", "!!!!", "====", "", "x" * 501, cursor(), cursor(None), cursor({}), cursor([1]), cursor(1.5),
            cursor("a", "b", "c"), cursor(10**30), cursor("2026-02-30T00:00:00+00:00", "x"),
            cursor("2026-03-25T00:00:00", 1), base64.b64encode(b"[" * 90_00)[:500].decode(),
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
async def test_limits_and_cursors(counter: Counter, path: str) -> None:
    """A limit or cursor that is nonsense is refused by its name (422)."""
    for name, value in BAD_QUERIES:
        response = await counter.desk.get(path.format_map(counter.names), **{name: value})
        problem = assert_problem(response, 422, "invalid")
        assert [error["field"] for error in problem["errors"]] == [name], value


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/applications", "state"),
        ("/v1/applications", "customer_ref"),
        ("/v1/approvals", "state"),
        ("/v1/approvals", "contract_no"),
        ("/v1/contracts", "state"),
        ("/v1/contracts", "customer_ref"),
        ("/v1/contracts", "q"),
        ("/v1/disclosures", "contract_no"),
        ("/v1/disclosures", "state"),
        ("/v1/maintenance", "kind"),
        ("/v1/maintenance", "state"),
        ("/v1/notices", "contract_no"),
        ("/v1/notices", "application_no"),
        ("/v1/notices", "slug"),
        ("/v1/notices", "state"),
        ("/v1/publications", "contract_no"),
        ("/v1/publications", "state"),
        ("/v1/tasks", "state"),
        ("/v1/tasks", "contract_no"),
        ("/v1/tasks", "role"),
    ],
)
async def test_filters(counter: Counter, path: str, name: str) -> None:
    """A filter that can't match anything by its form is refused by its name (422)."""
    for value in ("", "x" * 300, "a\u0000", "a\u202eb", "a\nb"):
        headers = {"Authorization": f"Bearer {counter.desk.keys['auditor']}"}
        response = await counter.desk.http.get(path, params={name: value}, headers=headers)
        problem = assert_problem(response, 422, "invalid")
        assert [error["field"] for error in problem["errors"]] == [name], value


@pytest.mark.parametrize(
    "path",
    [
        "/v1/applications/%00", "/v1/applications/..%2F..%2Fetc", "/v1/contracts/" + "C" * 300, "/v1/contracts/%F0%28",
        "/v1/contracts/C-000001'--", "/v1/notices/%E2%80%AE/document.pdf", "/v1/workflows/%00/history",
        "/v1/workflows/" + "x" * 2_000 + "/history", "/v1/approvals/%ED%A0%80", "/v1/tasks/１",
    ],
)  # fmt: skip
async def test_numbers_that_nobody_gave_out(counter: Counter, path: str) -> None:
    """A number that can't be one leads nowhere (404)."""
    assert_problem(await counter.desk.get(path), 404, "not-found")


@pytest.mark.parametrize("key", ["", " \t", "x" * 256, "鍵", "a\tb", "a\x7fb"])
async def test_idempotency_keys(counter: Counter, key: str) -> None:
    """A key that is not printable, or too long, is no key (400)."""
    headers = {b"Authorization": f"Bearer {counter.desk.keys['support']}".encode(), b"Idempotency-Key": key.encode()}
    path = "/v1/tasks/{task}/completions".format_map(counter.names)
    async with counter.storing_nothing():
        response = await counter.desk.http.post(path, json={"reason": "x"}, headers=headers)
        assert_problem(response, 400, "idempotency-key")
