"""What of a request is read at all: JSON of one meaning up to 1 MB, uploads up to 64 MB, printable addresses."""

import json
import math
from typing import NoReturn
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import InvalidInput, Malformed, NotFound, Problem, TooLarge, respond

JSON_BYTES = 1 << 20
UPLOAD_BYTES = 64 << 20
MOST_DEPTH = 64  # of arrays and objects in each other; whatever walks through a body needs a stack


class BodyLimit:
    """ASGI middleware: reading more than the limit ends the request with a problem, wherever the reading happens."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = UPLOAD_BYTES if headers.get("content-type", "").startswith("multipart/") else JSON_BYTES
        announced = headers.get("content-length", "")
        too_large = announced.isdecimal() and int(announced[:20]) > limit
        taken = 0

        async def receive_limited() -> Message:
            nonlocal taken
            if too_large:
                raise TooLarge
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise TooLarge
            return message

        await self._app(scope, receive_limited, send)


class CleanAddress:
    """ASGI middleware: an address with control characters names nothing here, and no database takes them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request (ASGI)."""
        problem = _unclean(scope) if scope["type"] == "http" else None
        await (respond(problem) if problem else self._app)(scope, receive, send)


def _unclean(scope: Scope) -> Problem | None:
    if not scope["path"].isprintable():
        return NotFound()
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    spaced = "\u3000"  # company names have wide spaces; to Python they are not printable
    wrong = [name for name, value in query if not (name + value.replace(spaced, " ")).isprintable()]
    if not wrong:
        return None
    return InvalidInput((name if name.isprintable() else "", "control characters are not taken") for name in wrong)


def check_json(body: bytes) -> None:
    """Take only JSON that every reader reads alike (I-JSON, RFC 7493); Python's own reader is more generous.

    Raises:
        Malformed: no JSON, not UTF-8, half a character, a name that comes twice, a number that is none or without
            end, or more depth than anybody needs.
    """
    try:
        _check_value(json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_number), MOST_DEPTH)
    except (ValueError, RecursionError):  # no JSON, no UTF-8 and no Unicode are ValueErrors
        message = "The body is not JSON."
        raise Malformed(message) from None


def _check_value(value: object, depth: int) -> None:
    if depth == 0:
        raise RecursionError
    match value:
        case str():
            value.encode()
        case float() if not math.isfinite(value):
            raise ValueError
        case list():
            for item in value:
                _check_value(item, depth - 1)
        case dict():
            for name, item in value.items():
                name.encode()
                _check_value(item, depth - 1)
        case _:  # numbers, truths and null have one meaning
            pass


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_number(_name: str) -> NoReturn:
    raise ValueError
