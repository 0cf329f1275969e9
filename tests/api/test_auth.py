"""Who calls, and what comes first when several things are wrong."""

from datetime import UTC, datetime

import httpx2
import pytest
from pydantic import ValidationError
from sqlalchemy import select, update

from activities.office import Office
from api.auth import Principal
from api.problems import NotFound
from api.routers.api_keys import NewKey
from models.tables import ApiKeyRow, AuditEventRow
from tests.api.offices import command_key, give_key


class TestKeys:
    """`Authorization: Bearer KEY`."""

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({}, id="no header"),
            pytest.param({"Authorization": "Bearer"}, id="no key"),
            pytest.param({"Authorization": "Bearer  "}, id="blank key"),
            pytest.param({"Authorization": "Bearer nobody's"}, id="unknown key"),
            pytest.param({"Authorization": "Basic c2VjcmV0IG9mIGFkbWluLTE="}, id="another scheme"),
        ],
    )
    async def test_nobody_is_let_in_without_a_key(self, http: httpx2.AsyncClient, headers: dict[str, str]) -> None:
        """Without a key that was given out the answer is 401."""
        answer = await http.get("/v1/clock", headers=headers)

        assert answer.status_code == 401
        assert answer.json()["type"].endswith("/unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    async def test_a_revoked_key_opens_nothing(self, office: Office, http: httpx2.AsyncClient) -> None:
        """A key that was revoked is nobody's."""
        key = await give_key(office.sessions, "billing")
        async with office.sessions.begin() as session:
            await session.execute(update(ApiKeyRow).values(revoked_at=datetime.now(UTC)))

        assert (await http.get("/v1/clock", headers=key)).status_code == 401

    async def test_a_new_key_works(self, office: Office, http: httpx2.AsyncClient) -> None:
        """An administrator gives a customer a key, and the customer reads the clock with it."""
        admin = await give_key(office.sessions, "admin")
        body = {"role": "customer", "customer_ref": "crm-1"}
        given = await http.post("/v1/api-keys", json=body, headers=command_key("1", admin))

        assert given.status_code == 201
        assert set(given.json()) == {"key_id", "api_key"}
        key = {"Authorization": f"bearer {given.json()['api_key']}"}
        assert (await http.get("/v1/clock", headers=key)).json()["simulated"] is False

    async def test_the_secret_is_kept_nowhere(self, office: Office, http: httpx2.AsyncClient) -> None:
        """Of a key only its hash is stored, and that it was given out stands in the audit."""
        admin = await give_key(office.sessions, "admin")
        body = {"role": "legal", "person": "legal-7"}
        given = (await http.post("/v1/api-keys", json=body, headers=command_key("1", admin))).json()

        async with office.readers() as session:
            row = await session.get_one(ApiKeyRow, given["key_id"])
            event = (await session.execute(select(AuditEventRow))).scalar_one()
        assert given["api_key"] not in row.model_dump_json()
        assert (row.role, row.person, row.customer_ref) == ("legal", "legal-7", None)
        assert (event.action, event.actor) == ("api_key_given_out", "admin:admin-1")
        assert given["api_key"] not in event.model_dump_json()

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            pytest.param({}, "role", id="no role"),
            pytest.param({"role": "king"}, "role", id="no such role"),
            pytest.param({"role": "customer"}, "", id="a customer without reference"),
            pytest.param({"role": "cash", "customer_ref": "a"}, "", id="staff with a customer's reference"),
            pytest.param({"role": "customer", "customer_ref": "a", "person": "b"}, "", id="a customer as a person"),
            pytest.param({"role": "customer", "customer_ref": "a b"}, "customer_ref", id="a space in the reference"),
            pytest.param({"role": "cash", "pin": 1}, "pin", id="an unknown field"),
        ],
    )
    def test_a_key_belongs_to_somebody(self, body: dict[str, object], field: str) -> None:
        """A key is for a person or program of the office, or for a customer with its reference."""
        with pytest.raises(ValidationError) as refused:
            NewKey.model_validate(body)

        assert ["/".join(map(str, error["loc"])) for error in refused.value.errors()] == [field]


class TestOrder:
    """401, then 403, then the key, then the body."""

    async def test_without_a_key_nothing_else_counts(self, http: httpx2.AsyncClient) -> None:
        """An unauthenticated, keyless, broken command is answered 401."""
        answer = await http.post("/v1/api-keys", content=b"{", headers={"Content-Type": "text/plain"})

        assert answer.status_code == 401

    async def test_a_role_that_may_not_learns_nothing_more(self, office: Office, http: httpx2.AsyncClient) -> None:
        """A role that may not is told so before key and body are judged, and before a thing is looked for."""
        auditor = await give_key(office.sessions, "auditor")

        for path in ("/v1/api-keys", "/v1/tasks/T-999999/completions"):
            assert (await http.post(path, content=b"{", headers=auditor)).status_code == 403

    async def test_the_idempotency_key_comes_before_the_body(self, office: Office, http: httpx2.AsyncClient) -> None:
        """A command without Idempotency-Key is answered 400 though its body is wrong too."""
        admin = await give_key(office.sessions, "admin")
        answer = await http.post("/v1/api-keys", json={}, headers=admin)

        assert answer.status_code == 400
        assert answer.json()["type"].endswith("/idempotency-key")


class TestPrincipal:
    """Who is named in records, and what a customer sees."""

    def test_actors(self) -> None:
        """Staff acts as role and person, a customer under its reference."""
        assert Principal("K-1", "legal", "legal-1").actor == "legal:legal-1"
        assert Principal("K-2", "customer", "K-2", "crm-1").actor == "customer:crm-1"

    def test_another_customers_thing_is_not_there(self) -> None:
        """A customer gets 404 for what bears another reference; staff sees all."""
        customer = Principal("K-2", "customer", "K-2", "crm-1")
        customer.check_owns("crm-1")
        Principal("K-1", "cash", "cash-1").check_owns("crm-2")

        with pytest.raises(NotFound):
            customer.check_owns("crm-2")
