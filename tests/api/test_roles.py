"""Each endpoint × each role: who may post what, as the table of the specification says."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from activities.office import Office
from api.app import create_app
from api.auth import EVERYBODY, READERS, STAFF, GuardedRoute, Principal
from tests.api.offices import bare_office

APPLICATIONS = "/v1/applications/{}"
CONTRACTS = "/v1/contracts/{}"
LETTER_CLERKS = {"support", "intake", "dunning", "legal", "billing"}

MAY_POST: dict[str, set[str] | frozenset[str]] = {
    "/v1/rules/{}": EVERYBODY,
    "/v1/applications": {"intake", "customer"},
    f"{APPLICATIONS}/withdrawals": {"intake"},
    f"{APPLICATIONS}/completions": {"intake"},
    f"{APPLICATIONS}/decisions": {"reviewer"},
    f"{CONTRACTS}/termination-notices": {"intake", "customer"},
    f"{CONTRACTS}/termination-notices/withdrawals": {"intake"},
    f"{CONTRACTS}/cancellations": {"intake", "customer"},
    f"{CONTRACTS}/changes": {"intake", "customer"},
    f"{CONTRACTS}/changes/{{}}/decisions": {"reviewer"},
    f"{CONTRACTS}/name-changes": {"intake", "customer"},
    f"{CONTRACTS}/name-changes/{{}}/proof-requests": {"intake", "legal"},
    f"{CONTRACTS}/name-changes/{{}}/documents": {"intake"},
    f"{CONTRACTS}/successions": {"intake"},
    f"{CONTRACTS}/successions/{{}}/notices": {"intake"},
    f"{CONTRACTS}/successions/{{}}/documents": {"intake"},
    f"{CONTRACTS}/successions/{{}}/decisions": {"reviewer", "legal"},
    f"{CONTRACTS}/assignments": {"legal"},
    f"{CONTRACTS}/service-start": {"provisioning"},
    f"{CONTRACTS}/resources": {"provisioning"},
    f"{CONTRACTS}/resources/{{}}/removal": {"provisioning"},
    f"{CONTRACTS}/restorations": {"provisioning"},
    f"{CONTRACTS}/penalty-waivers": {"billing", "legal"},
    f"{CONTRACTS}/surcharges": {"billing"},
    f"{CONTRACTS}/deletions": {"legal"},
    f"{CONTRACTS}/erasures": {"legal", "admin"},
    f"{CONTRACTS}/suspensions": {"dunning", "legal"},
    f"{CONTRACTS}/resumptions": {"dunning", "legal"},
    f"{CONTRACTS}/rescissions": {"dunning", "legal"},
    f"{CONTRACTS}/violations": {"dunning", "legal", "support"},
    f"{CONTRACTS}/default/holds": {"dunning", "legal"},
    "/v1/usage-files": {"billing"},
    "/v1/quarantine/{}/decisions": {"billing"},
    "/v1/billing-runs": {"billing"},
    "/v1/price-lists": {"billing"},
    "/v1/invoices/{}/credit-notes": {"billing"},
    "/v1/invoices/{}/reissues": {"billing"},
    "/v1/invoices/{}/write-offs": {"cash"},
    "/v1/bank-files": {"cash"},
    "/v1/deposits/{}/allocations": {"cash"},
    "/v1/deposits/{}/refunds": {"cash"},
    "/v1/deposits/{}/reversals": {"cash"},
    "/v1/restrictions": {"support"},
    "/v1/restrictions/{}/closures": {"support"},
    "/v1/maintenance": {"support"},
    "/v1/maintenance/{}/closures": {"support"},
    "/v1/notices/{}/dispatches": LETTER_CLERKS,
    "/v1/notices/{}/deliveries": LETTER_CLERKS,
    "/v1/notices/{}/deemed-arrivals": {"legal"},
    "/v1/notices/{}/reissues": LETTER_CLERKS,
    "/v1/approvals/{}/decisions": STAFF,
    "/v1/approvals/{}/withdrawals": STAFF,
    "/v1/tasks/{}/completions": STAFF,
    "/v1/legal-holds": {"legal", "admin"},
    "/v1/legal-holds/{}/releases": {"legal", "admin"},
    "/v1/disclosures": {"legal"},
    "/v1/disclosures/{}/handovers": {"legal"},
    "/v1/disclosures/{}/withdrawals": {"legal"},
    "/v1/contractors": {"legal"},
    "/v1/contractors/{}/ends": {"legal"},
    "/v1/publications": {"support"},
    "/v1/publications/{}/withdrawals": {"support"},
    "/v1/clock": {"admin"},
    "/v1/api-keys": {"admin"},
    "/v1/bank-accounts": {"admin"},
    "/v1/settings/{}": {"admin"},
    "/v1/privileged-accesses": {"admin"},
}
"""From path to roles; more than is built already, so that what comes is held to it."""

OPEN = {"/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/v1/articles", "/console"}
"""Paths that may do without a key."""


class Roles:
    """A key ring in which each role's key is its name; it asks no database."""

    async def find(self, _office: Office, secret: str) -> Principal | None:
        """Know the roles."""
        customer = "crm-1" if secret == "customer" else None
        return Principal(f"K-{secret}", secret, f"{secret}-1", customer) if secret in EVERYBODY else None


@pytest.fixture
async def app() -> FastAPI:
    """Build the application of an office without a database."""
    app = create_app(await bare_office())
    app.state.key_ring = Roles()
    return app


def routes(app: FastAPI) -> Iterator[tuple[str, str, APIRoute]]:
    """List method, path template and route of every operation."""
    for route in app.routes:
        if isinstance(route, APIRoute):
            for method in route.methods or ():
                yield method, re.sub(r"\{[^}]*\}", "{}", route.path), route


def test_every_post_has_its_line(app: FastAPI) -> None:
    """A command that the table does not know fails here: somebody has to say who may give it."""
    unknown = {path for method, path, _ in routes(app) if method == "POST"} - MAY_POST.keys()

    assert unknown == set()


def test_every_operation_is_guarded(app: FastAPI) -> None:
    """Whatever is not open by name asks for a key and a role."""
    unguarded = {path for _, path, route in routes(app) if not isinstance(route, GuardedRoute)}

    assert unguarded <= OPEN


def test_customers_and_staff_read_nothing_by_chance(app: FastAPI) -> None:
    """The auditor reads everything that anybody reads."""
    reading = {
        path: route.roles for method, path, route in routes(app) if method == "GET" and isinstance(route, GuardedRoute)
    }

    assert reading
    assert all("auditor" in roles for roles in reading.values())
    assert all(roles <= EVERYBODY for roles in reading.values())


@pytest.mark.parametrize("role", sorted(EVERYBODY))
async def test_each_role_may_post_what_the_table_says(app: FastAPI, http: httpx2.AsyncClient, role: str) -> None:
    """A role that may not gets 403, before the body is looked at; one that may gets something else."""
    wrong = []
    for method, path, _ in routes(app):
        if method == "POST":
            answer = await http.post(
                path.replace("{}", "X-1"), content=b"{", headers={"Authorization": f"Bearer {role}"}
            )
            if (answer.status_code == 403) == (role in MAY_POST[path]):
                wrong.append((path, answer.status_code))

    assert wrong == []


async def test_nobody_gets_in_without_a_key(app: FastAPI, http: httpx2.AsyncClient) -> None:
    """Every operation that is not open answers 401 without a key."""
    let_in = []
    for method, path, _ in routes(app):
        if path not in OPEN:
            answer = await http.request(method, path.replace("{}", "X-1"))
            if answer.status_code != 401:
                let_in.append((method, path, answer.status_code))

    assert let_in == []


def test_the_description_tells_roles_and_problems(app: FastAPI) -> None:
    """OpenAPI names for each guarded operation its roles, its key, its problems and the Idempotency-Key."""
    described = app.openapi()
    assert described["openapi"].startswith("3.1")
    for method, _, route in routes(app):
        if not isinstance(route, GuardedRoute):
            continue
        operation = described["paths"][route.path_format][method.lower()]
        assert set(operation["x-roles"]) == route.roles
        assert operation["security"] == [{"key": []}]
        assert {"401", "403", "422"} <= operation["responses"].keys()
        headers = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}
        keyless = route.path in {"/v1/clock", "/v1/rules/{rule}"}
        assert ("Idempotency-Key" in headers) == (method == "POST" and not keyless), route.path


def test_staff_is_whom_the_specification_names() -> None:
    """Nine roles of the office, the auditor, the customer."""
    assert len(STAFF) == 9
    assert {"auditor"} == READERS - STAFF
    assert {"customer"} == EVERYBODY - READERS
