"""Problem documents (RFC 9457): one table from what went wrong to what the client reads.

No problem repeats a value that the client sent: values can be personal data, and problems end up in logs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar

import structlog
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from activities import commands
from models.vault import KeyGone
from terms.calendars import CalendarUnknown
from terms.citation import InvalidRule, Refused

MEDIA_TYPE = "application/problem+json"
BUSY = "Other work stood in the way; nothing has changed. Send it again."
CONTENTION = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, lock not available
SEND_AGAIN_SECONDS = 2  # Retry-After of answers whose outcome is not known yet

log = structlog.get_logger("api")


class Problem(Exception):
    """Something that ends a request with a problem document.

    Attributes:
        detail: one sentence for the reader, without values from the request.
        members: further members of the document.
        headers: further headers of the answer.
    """

    status: ClassVar[int] = HTTPStatus.INTERNAL_SERVER_ERROR
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "The service failed."

    def __init__(
        self, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.members = members
        self.headers = dict(headers or {})


class Malformed(Problem):
    """The request cannot be read."""

    status, slug, title = HTTPStatus.BAD_REQUEST, "malformed", "The request cannot be read."


class KeyMissing(Problem):
    """A command without a usable Idempotency-Key."""

    status, slug, title = HTTPStatus.BAD_REQUEST, "idempotency-key", "This command needs an Idempotency-Key."


class Unauthenticated(Problem):
    """No key, or one that nobody gave out."""

    status, slug, title = HTTPStatus.UNAUTHORIZED, "unauthenticated", "An API key is needed."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """The key's role may not do this."""

    status, slug, title = HTTPStatus.FORBIDDEN, "forbidden", "The role of this key may not do this."


class NotFound(Problem):
    """There is no such thing, or it is another customer's."""

    status, slug, title = HTTPStatus.NOT_FOUND, "not-found", "There is no such thing."


class MethodNotAllowed(Problem):
    """The path exists, with other methods."""

    status, slug, title = HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "This path has other methods."


class Conflict(Problem):
    """The present state stands against it; no article does."""

    status, slug, title = HTTPStatus.CONFLICT, "conflict", "The present state stands against this."


class Erased(Problem):
    """The personal data was destroyed at the end of its retention (Art. 44(6))."""

    status, slug, title = HTTPStatus.GONE, "erased", "This was erased at the end of its retention."


class TooLarge(Problem):
    """The body is over the limit."""

    status, slug, title = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is too large."


class Unsupported(Problem):
    """The body has a media type that this path does not take."""

    status, slug, title = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported", "This media type is not taken here."


class KeyReused(Problem):
    """The same Idempotency-Key came with another request."""

    status, slug, title = (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "This Idempotency-Key was used for another request.",
    )


class Pending(Problem):
    """The command was taken in, its outcome is not known; sending it again with the same key tells."""

    status, slug, title = (
        HTTPStatus.ACCEPTED,
        "pending",
        "The outcome is not known yet; send it again with the same key.",
    )

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(SEND_AGAIN_SECONDS)})


class InProgress(Conflict):
    """A copy of the same command is being worked on; never stored as the answer."""

    title = "The same command is under way; send it again."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": str(SEND_AGAIN_SECONDS)})


class Unavailable(Problem):
    """The service cannot do this at the moment."""

    status, slug, title = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The service cannot do this at the moment."

    def __init__(self, detail: str | None = None, **members: object) -> None:
        super().__init__(detail, headers={"Retry-After": str(SEND_AGAIN_SECONDS)}, **members)


class InvalidInput(Problem):
    """Fields of the request are wrong: pairs of JSON pointer (query parameters: name) and message."""

    status, slug, title = HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "The request is not valid."

    def __init__(self, errors: Iterable[tuple[str, str]]) -> None:
        super().__init__(errors=[{"field": field, "message": message} for field, message in errors])


class InvalidFile(Problem):
    """A file is refused whole: line (from 1), column and message of each fault."""

    status, slug, title = InvalidInput.status, InvalidInput.slug, "The file is not valid."

    def __init__(self, errors: Iterable[tuple[int, str, str]]) -> None:
        super().__init__(errors=[{"line": line, "field": field, "message": message} for line, field, message in errors])


class RefusedByTerms(Problem):
    """The terms refuse this; `article` says which clause."""

    status, slug, title = HTTPStatus.CONFLICT, "refused", "The terms of service refuse this."


BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (Malformed, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, TooLarge, Unsupported)
}
"""What Starlette and FastAPI themselves raise."""

DOCUMENTED: tuple[type[Problem], ...] = (
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Erased,
    TooLarge,
    Unsupported,
    InvalidInput,
    Unavailable,
)
"""What any operation may answer besides its own results."""


def document(problem: Problem) -> dict[str, object]:
    """Write a problem as the members of its document."""
    head: dict[str, object] = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": int(problem.status),
    }
    if problem.detail is not None:
        head["detail"] = problem.detail
    return head | problem.members


def respond(problem: Problem) -> Response:
    """Write a problem as an HTTP answer."""
    return JSONResponse(jsonable_encoder(document(problem)), int(problem.status), problem.headers, MEDIA_TYPE)


def _refused(error: Refused) -> Problem:
    problem = RefusedByTerms(error.detail, article=error.article)
    if (field := getattr(error, "field", None)) is not None:
        problem.members["errors"] = [{"field": field, "message": error.detail}]
    return problem


def _invalid_request(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return Malformed("The body is not JSON.")
    if any(each["loc"][0] == "path" for each in found):
        return NotFound()
    return InvalidInput((field_of(each["loc"], error.body), message_of(each)) for each in found)


def _http(error: HTTPException) -> Problem:
    kind = BY_STATUS.get(
        error.status_code, Malformed if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else Problem
    )
    problem = kind()
    problem.headers |= error.headers or {}
    return problem


TABLE: dict[type[Exception], Callable[..., Problem]] = {
    Problem: lambda error: error,
    Refused: _refused,
    InvalidRule: lambda error: InvalidInput([(error.pointer, error.message)]),
    CalendarUnknown: lambda _: InvalidInput([("", "a date lies beyond the calendar that is known")]),
    KeyGone: lambda _: Erased(),
    RequestValidationError: _invalid_request,
    HTTPException: _http,
    commands.Unknown: lambda _: Pending(),
    commands.Unavailable: lambda _: Unavailable("The Temporal server does not take commands now."),
    commands.NoSuchWorkflow: lambda _: NotFound(),
}
"""From what is raised to the problem that the client reads; the nearest base class counts."""


def problem_of(error: Exception) -> Problem | None:
    """Find the problem for an exception; None for one that nobody foresaw."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind](error)
    return Unavailable(BUSY) if _is_contention(error) else None


def _is_contention(error: Exception) -> bool:
    """Tell whether the database gave up on one of two transactions that stood in each other's way."""
    if not isinstance(error, DBAPIError):
        return False
    return getattr(error.orig, "sqlstate", None) in CONTENTION or "database is locked" in str(error.orig)


def problem_response(error: Exception) -> Response:
    """Answer an exception; one that nobody foresaw gives a 500 that names nobody, and a line in the log."""
    problem = problem_of(error)
    if problem is None:
        log.error("failed", error=type(error).__name__, at=places_of(error))
        problem = Problem()
    return respond(problem)


async def handle(_request: Request, error: Exception) -> Response:
    """Answer an exception of a request (Starlette's interface)."""
    return problem_response(error)


def places_of(error: BaseException) -> list[str]:
    """Tell where an exception came from: modules and lines, never messages or values."""
    places, trace = [], error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places


def field_of(where: Sequence[int | str], body: object) -> str:
    """Write pydantic's location as a JSON pointer into the body; other parameters go by their name.

    Pydantic puts tags of unions between the parts of a location; what the body does not have is left out, but for a
    missing last part.
    """
    source, *parts = where
    if source != "body":
        return "/".join(map(str, parts))
    pointer, here = "", body
    for place, part in enumerate(parts, 1):
        known, below = _step(here, part)
        if known or (place == len(parts) and isinstance(here, Mapping)):
            pointer += "/" + str(part).replace("~", "~0").replace("/", "~1")
            here = below
    return pointer


def _step(here: object, part: int | str) -> tuple[bool, object]:
    """Go one step into a body; tells whether there is such a step."""
    if isinstance(here, Mapping) and part in here:
        return True, here[part]
    if isinstance(here, list) and isinstance(part, int) and part < len(here):
        return True, here[part]
    return False, None


def message_of(error: Mapping[str, object]) -> str:
    """Give pydantic's message without anything of the value that was sent."""
    if error["type"] == "union_tag_invalid":
        context = error.get("ctx")
        expected = context.get("expected_tags", "") if isinstance(context, Mapping) else ""
        return f"Input should be one of {expected}"
    message = str(error["msg"])
    if message.startswith("value is not a valid email address"):
        return "value is not a valid email address"
    return message.removeprefix("Value error, ")


PROBLEM_SCHEMA: dict[str, object] = {
    "type": "object",
    "title": "Problem",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "article": {"type": "string", "description": "the clause that refuses, as 18(1)"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {"type": "string", "description": "JSON pointer, or name of a query parameter"},
                    "message": {"type": "string"},
                    "line": {"type": "integer"},
                },
            },
        },
    },
}


def responses(*kinds: type[Problem]) -> dict[int | str, dict[str, object]]:
    """Describe problems for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(kind.status): {"description": kind.title, "content": {MEDIA_TYPE: {"schema": schema}}} for kind in kinds
    }
