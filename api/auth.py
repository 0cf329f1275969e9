"""Who calls and what they may: API keys, roles, reading rights.

Every operation under /v1 declares its roles with `@may(...)`; a route without them is a programming error, found when
the application is built.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from http import HTTPMethod
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response, params
from fastapi.routing import APIRoute
from sqlalchemy import select
from sqlmodel import col

from activities.office import Office
from api.limits import check_json
from api.problems import DOCUMENTED, Forbidden, NotFound, Unauthenticated, Unsupported, responses
from models.messages.roles import AUDITOR, CONTACT_READERS, CUSTOMER, DEPOSIT_READERS, EVERYBODY, READERS, STAFF
from models.tables import ApiKeyRow

__all__ = [
    "AUDITOR",
    "CONTACT_READERS",
    "CUSTOMER",
    "DEPOSIT_READERS",
    "EVERYBODY",
    "READERS",
    "STAFF",
    "Caller",
    "GuardedRoute",
    "KeyRing",
    "Principal",
    "TheOffice",
    "may",
    "secret_hash",
]

JSON = "application/json"
UPLOAD = "multipart/form-data"
REMEMBER_SECONDS = 5.0  # so long may a revoked key still open the door
REMEMBER_KEYS = 10_000

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a person of the office, a program under its key, or a customer."""

    key_id: str
    role: str
    person: str
    customer_ref: str | None = None

    @property
    def actor(self) -> str:
        """How audit rows name the caller: `role:person` or `customer:{customer_ref}`."""
        return f"{CUSTOMER}:{self.customer_ref}" if self.role == CUSTOMER else f"{self.role}:{self.person}"

    @property
    def is_customer(self) -> bool:
        """Whether the caller sees only what bears its own customer_ref."""
        return self.role == CUSTOMER

    @property
    def reads_contacts(self) -> bool:
        """Whether contact data is open to the caller; a customer reads its own."""
        return self.role in CONTACT_READERS or self.is_customer

    def check_owns(self, customer_ref: str) -> None:
        """Hide another customer's thing.

        Raises:
            NotFound: the caller is a customer and the thing is not its own.
        """
        if self.is_customer and customer_ref != self.customer_ref:
            raise NotFound


def secret_hash(secret: str) -> str:
    """Hash an API key for keeping; keys are random, so a plain hash can't be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def may(*roles: str) -> Callable[[Endpoint], Endpoint]:
    """Declare the roles that may call an endpoint; stands below the router's decorator."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["roles"] = frozenset(roles)
        return endpoint

    return mark


def roles_of(endpoint: Callable[..., object]) -> frozenset[str]:
    """Return the declared roles of an endpoint.

    Raises:
        TypeError: it declares none.
    """
    roles: frozenset[str] | None = getattr(endpoint, "roles", None)
    if not roles:
        message = f"{endpoint.__module__}.{endpoint.__qualname__} does not say who may call it"
        raise TypeError(message)
    return roles


async def office(request: Request) -> Office:
    """Give an endpoint the office it works for (a coroutine, as all of these: FastAPI runs others in threads)."""
    found: Office = request.app.state.office
    return found


async def principal(request: Request) -> Principal:
    """Give an endpoint its caller."""
    found: Principal = request.state.principal
    return found


TheOffice = Annotated[Office, Depends(office)]
Caller = Annotated[Principal, Depends(principal)]


class KeyRing:
    """Finds the owner of an API key; remembers it for a moment, so that a read costs one query, not two."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Principal]] = {}

    async def find(self, office: Office, secret: str) -> Principal | None:
        """Return whose key this is; None if nobody's."""
        hashed, now = secret_hash(secret), asyncio.get_running_loop().time()
        remembered = self._known.get(hashed)
        if remembered and now - remembered[0] < REMEMBER_SECONDS:
            return remembered[1]
        self._known.pop(hashed, None)
        async with office.readers() as session:
            query = select(ApiKeyRow).where(col(ApiKeyRow.secret_hash) == hashed, col(ApiKeyRow.revoked_at).is_(None))
            row = (await session.execute(query)).scalar_one_or_none()
        if row is None:
            return None
        if len(self._known) >= REMEMBER_KEYS:
            self._known.clear()
        found = Principal(row.key_id, row.role, row.person or row.key_id, row.customer_ref)
        self._known[hashed] = now, found
        return found


async def authenticate(request: Request) -> Principal:
    """Find the caller by `Authorization: Bearer KEY`.

    Raises:
        Unauthenticated: there is no key, or nobody gave it out.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Unauthenticated
    ring: KeyRing = request.app.state.key_ring
    found = await ring.find(request.app.state.office, secret.strip())
    if found is None:
        raise Unauthenticated
    return found


class GuardedRoute(APIRoute):
    """A route that first asks who calls, then whether the role may, then reads the request.

    Its answers leave out what is absent, and its description names the problems it may answer.
    """

    roles: frozenset[str]

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        self.roles = roles_of(endpoint)
        options["response_model_exclude_none"] = True
        options["responses"] = responses(*DOCUMENTED) | (options.get("responses") or {})
        options["openapi_extra"] = self.describe(options.get("methods") or ()) | (options.get("openapi_extra") or {})
        super().__init__(path, endpoint, **options)

    def describe(self, methods: Iterable[str]) -> dict[str, Any]:  # noqa: ARG002 - for those that build on it
        """Give what OpenAPI tells beyond FastAPI's own."""
        return {"security": [{"key": []}], "x-roles": sorted(self.roles)}

    def get_route_handler(self) -> Handler:
        """Put the guard before FastAPI's handler."""
        inner = super().get_route_handler()
        roles, media_type = self.roles, self._media_type()

        async def guarded(request: Request) -> Response:
            caller = await authenticate(request)
            if caller.role not in roles:
                raise Forbidden
            request.state.principal = caller
            if request.method == HTTPMethod.POST and media_type:
                check_media_type(request, media_type)
                if media_type == JSON and (body := await request.body()):
                    check_json(body)  # a body over the limit is told apart from one that is no JSON
            return await self.carry_out(request, inner)

        return guarded

    async def carry_out(self, request: Request, inner: Handler) -> Response:
        """Run the endpoint for a caller who may."""
        return await inner(request)

    def _media_type(self) -> str | None:
        """Which media type the body has; None when the endpoint takes no body."""
        if self.body_field is None:
            return None
        return UPLOAD if isinstance(self.body_field.field_info, params.Form) else JSON


def check_media_type(request: Request, wanted: str) -> None:
    """Take only the media type that is expected; a request without a body is judged by validation.

    Raises:
        Unsupported: the body has another media type.
    """
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    if headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
        message = f"The body must be {wanted}."
        raise Unsupported(message)
