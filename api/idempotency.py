"""One key, one effect: the first answer to a command is kept, and a repetition gets it again.

The order of questions: who calls (401), may the role (403), can the body be read at all (400, 413, 415), the key (400),
the same key with another request (422), a kept answer, a copy under way; only then is the body judged (422) and the
command carried out.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPMethod, HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from pydantic import JsonValue
from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from starlette.datastructures import UploadFile

from activities.office import Office
from activities.records import store_answer
from api import problems
from api.auth import GuardedRoute, Handler, Principal
from api.problems import MEDIA_TYPE, InProgress, KeyMissing, KeyReused
from models.messages.office import Origin
from models.tables import IdempotencyKeyRow
from models.vault import OFFICE, KeyGone

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LEASE = timedelta(seconds=8)  # renewed while the command runs; when it lapses, its process counts as dead
RENEW_SECONDS = 3.0
WAIT_SECONDS = 10.0  # so long does a copy wait for the first one: longer than the lease of a dead process
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.02, 0.5
CHUNK = 1 << 20

_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_NO_EFFECT = range(HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

PARAMETER: dict[str, object] = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "The same key again gives the first answer, and no second effect.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x20-\x7e]+$"},
}


@dataclass
class Call:
    """One command of a client: its place in the memory of answers, who gave it and when (business time).

    A handler names in `owner` whose key seals the answer: a contract or application number.
    """

    office: Office
    scope: str
    fingerprint: str
    principal: Principal
    now: datetime
    owner: str = field(default=OFFICE)

    def origin(self, command: str) -> Origin:
        """Tell a workflow where its command comes from, and which answer to store with the effect."""
        return Origin(key=f"{command}:{self.scope}", actor=self.principal.actor, scope=self.scope)

    async def store(self, session: AsyncSession, status: int, body: dict[str, JsonValue], owner: str = "") -> None:
        """Store the answer in the transaction that has the effect."""
        self.owner = owner or self.owner
        await store_answer(session, self.office.vault, self.scope, status, body, self.owner)


async def call(request: Request) -> Call:
    """Give an endpoint the command that it carries out."""
    found: Call = request.state.call
    return found


TheCall = Annotated[Call, Depends(call)]


def keyless(endpoint: Endpoint) -> Endpoint:
    """Declare that a POST changes nothing that a repetition would change again: it needs no Idempotency-Key."""
    endpoint.__dict__["keyless"] = True
    return endpoint


@dataclass(frozen=True)
class Kept:
    """A stored answer: status and exact bytes."""

    status: int
    body: bytes

    def respond(self, *, replayed: bool) -> Response:
        """Give the answer once more, byte for byte."""
        media_type = MEDIA_TYPE if self.status >= HTTPStatus.BAD_REQUEST else "application/json"
        headers = {REPLAYED: "true"} if replayed else {}
        return Response(self.body, self.status, headers, media_type)


class CommandRoute(GuardedRoute):
    """A route whose POST is a command under an Idempotency-Key; other methods are only guarded."""

    def describe(self, methods: Iterable[str]) -> dict[str, Any]:
        """Name the header, and the answers that only commands give."""
        told = super().describe(methods)
        return told | {"parameters": [PARAMETER]} if self._is_command(methods) else told

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        self.endpoint = endpoint
        if self._is_command(options.get("methods") or ()):
            options["responses"] = problems.responses(problems.Pending) | (options.get("responses") or {})
        super().__init__(path, endpoint, **options)

    def _is_command(self, methods: Iterable[str]) -> bool:
        return HTTPMethod.POST in methods and not getattr(self.endpoint, "keyless", False)

    async def carry_out(self, request: Request, inner: Handler) -> Response:
        """Run a command once; give a repetition the first answer."""
        if not self._is_command((request.method,)):
            return await inner(request)
        office: Office = request.app.state.office
        caller: Principal = request.state.principal
        key = request.headers.get(HEADER, "")
        if not _KEY.fullmatch(key):
            raise KeyMissing
        scope = digest(caller.key_id, request.url.path, key)
        try:
            fingerprint = await fingerprint_of(request)
            kept = await claim(office, scope, fingerprint)
            if kept is not None:
                return kept.respond(replayed=True)
            request.state.call = Call(office, scope, fingerprint, caller, await office.clock.now())
            return await self._first(request, inner)
        finally:
            await request.close()  # an upload that was read for its hash, in a repetition too

    async def _first(self, request: Request, inner: Handler) -> Response:
        """Carry the command out and keep its answer, or let go of the key."""
        this: Call = request.state.call
        try:
            async with renewed(this):
                response = await inner(request)
        except Exception as error:
            if problems.problem_of(error) is None:
                kept = await stored(this.office, this.scope)
                if kept is not None:  # a copy that took over was quicker, and its commit stood in our way
                    return kept.respond(replayed=True)
                await let_go(this, forget=False)
                raise
            response = problems.problem_response(error)
        if "retry-after" in response.headers or not _is_kept(response.status_code):
            await let_go(this, forget=response.status_code in _NO_EFFECT)
            return response
        return await keep(this, response)


def _is_kept(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.CONFLICT


def digest(*parts: str | bytes) -> str:
    """Hash parts so that no two lists of parts give the same."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


async def fingerprint_of(request: Request) -> str:
    """Hash method, path and body; of an upload the file's own hash, for the boundary differs each time."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return digest(request.method, request.url.path, await request.body())
    parts: list[str | bytes] = [request.method, request.url.path]
    for name, value in (await request.form()).multi_items():
        parts += [name, await _file_hash(value) if isinstance(value, UploadFile) else value]
    return digest(*parts)


async def _file_hash(file: UploadFile) -> bytes:
    found = hashlib.sha256()
    while chunk := await file.read(CHUNK):
        await asyncio.to_thread(found.update, chunk)
    await file.seek(0)
    return found.digest()


async def claim(office: Office, scope: str, fingerprint: str) -> Kept | None:
    """Take a command for this process, or wait for the answer of the one that has it.

    Returns:
        The kept answer, or None when the caller is to carry the command out.

    Raises:
        KeyReused: the key belongs to another request.
        InProgress: the first copy is still under way after the wait.
        KeyGone: the kept answer went with its owner's data.
    """
    if await _take(office, scope, fingerprint):
        return None
    loop, look = asyncio.get_running_loop(), FIRST_LOOK_SECONDS
    end = loop.time() + WAIT_SECONDS
    while True:
        async with office.readers() as session:
            row = await session.get(IdempotencyKeyRow, scope)
        if row is None:  # the first copy had no effect and let go
            if await _take(office, scope, fingerprint):
                return None
        elif row.fingerprint != fingerprint:
            raise KeyReused
        elif row.status is not None:
            return await _open(office, row)
        elif row.leased_until <= datetime.now(UTC) and await _take_over(office, row):
            return None
        if loop.time() >= end:
            raise InProgress
        await asyncio.sleep(look)
        look = min(look * 2, LONGEST_LOOK_SECONDS)


async def _take(office: Office, scope: str, fingerprint: str) -> bool:
    now = datetime.now(UTC)
    row = {"scope": scope, "fingerprint": fingerprint, "leased_until": now + LEASE, "created_at": now}
    async with office.sessions.begin() as session:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        query = insert(IdempotencyKeyRow).values(row).on_conflict_do_nothing().returning(col(IdempotencyKeyRow.scope))
        return (await session.execute(query)).first() is not None


async def _take_over(office: Office, row: IdempotencyKeyRow) -> bool:
    """Take a command from a process that died or let go; only one copy can."""
    table = IdempotencyKeyRow
    lapsed = (
        col(table.scope) == row.scope,
        col(table.leased_until) == row.leased_until,
        col(table.status).is_(None),
    )
    async with office.sessions.begin() as session:
        done = await session.execute(update(table).where(*lapsed).values(leased_until=datetime.now(UTC) + LEASE))
    return bool(getattr(done, "rowcount", 0))


async def _open(office: Office, row: IdempotencyKeyRow) -> Kept:
    return Kept(row.status or HTTPStatus.OK, await office.vault.unseal(row.answer or b""))


@asynccontextmanager
async def renewed(this: Call) -> AsyncIterator[None]:
    """Keep the lease alive while a command runs, so that a short lease suffices to tell the dead."""
    table = IdempotencyKeyRow
    mine = (col(table.scope) == this.scope, col(table.status).is_(None))

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            async with this.office.sessions.begin() as session:
                await session.execute(update(table).where(*mine).values(leased_until=datetime.now(UTC) + LEASE))

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def stored(office: Office, scope: str) -> Kept | None:
    """Read the answer that is kept for a command, if one is."""
    async with office.readers() as session:
        row = await session.get(IdempotencyKeyRow, scope)
    return await _open(office, row) if row is not None and row.status is not None else None


async def keep(this: Call, response: Response) -> Response:
    """Keep the answer unless the command's own transaction kept one; answer what is kept."""
    office, table = this.office, IdempotencyKeyRow
    kept = await stored(office, this.scope)
    if kept is not None:
        return kept.respond(replayed=False)
    owner = this.owner
    try:
        sealed = await office.vault.seal(owner, "erasable", bytes(response.body))
    except KeyGone:
        if response.status_code != HTTPStatus.CONFLICT:
            raise
        owner = OFFICE  # a refusal names nobody; it may concern what is erased already
        sealed = await office.vault.seal(owner, "erasable", bytes(response.body))
    values = {"status": response.status_code, "answer": sealed, "owner": owner}
    async with office.sessions.begin() as session:
        await session.execute(
            update(table).where(col(table.scope) == this.scope, col(table.status).is_(None)).values(values)
        )
    return response


async def let_go(this: Call, *, forget: bool) -> None:
    """Open the key for the next copy.

    With `forget` the command had no effect, so the key may come with another body. Else its outcome is unknown: the
    fingerprint stays, for an effect may still come under this scope.
    """
    table = IdempotencyKeyRow
    mine = (col(table.scope) == this.scope, col(table.status).is_(None))
    async with this.office.sessions.begin() as session:
        if forget:
            await session.execute(delete(table).where(*mine))
        else:
            await session.execute(update(table).where(*mine).values(leased_until=datetime.now(UTC)))
