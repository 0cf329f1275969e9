"""API keys: given out by an administrator, shown once."""

import secrets
from typing import Self

from fastapi import APIRouter
from pydantic import model_validator

from activities.records import audit
from api.auth import CUSTOMER, Caller, TheOffice, may, secret_hash
from api.fields import Answer, Body, Reference
from api.idempotency import CommandRoute, TheCall
from models.messages.office import Event
from models.messages.roles import Role
from models.tables import ApiKeyRow

ARTICLE = "22(3)"  # access to confidential information by need
SECRET_BYTES = 32

router = APIRouter(route_class=CommandRoute, tags=["api keys"])


class NewKey(Body):
    """Whom a key is for: a person of the office, a program of the office, or a customer."""

    role: Role
    person: Reference | None = None
    customer_ref: Reference | None = None

    @model_validator(mode="after")
    def _belongs_to_somebody(self) -> Self:
        if (self.role == CUSTOMER) != (self.customer_ref is not None):
            message = "customer_ref belongs to the role customer, and only there"
            raise ValueError(message)
        if self.role == CUSTOMER and self.person is not None:
            message = "person belongs to the roles of the office"
            raise ValueError(message)
        return self


class KeyAnswer(Answer):
    """The new key; the service keeps only its hash."""

    key_id: str
    api_key: str


@router.post("/v1/api-keys", status_code=201)
@may("admin")
async def give_out(body: NewKey, office: TheOffice, caller: Caller, call: TheCall) -> KeyAnswer:
    """Give out a key."""
    answer = KeyAnswer(key_id=f"K-{secrets.token_hex(8)}", api_key=secrets.token_urlsafe(SECRET_BYTES))
    row = ApiKeyRow(
        key_id=answer.key_id,
        secret_hash=secret_hash(answer.api_key),
        role=body.role,
        person=body.person,
        customer_ref=body.customer_ref,
        created_at=call.now,
    )
    event = Event(
        action="api_key_given_out",
        article=ARTICLE,
        actor=caller.actor,
        at=call.now,
        summary=f"APIキーの発行: {body.role}",
        basis={"key_id": answer.key_id, "role": body.role},
    )
    async with office.sessions.begin() as session:
        session.add(row)
        await audit(session, call.origin("give_out_api_key").key, [event])
        await call.store(session, 201, answer.model_dump())
    return answer
