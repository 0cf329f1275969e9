"""What of a request is read at all: JSON up to 1 MB, uploads up to 64 MB, no control characters in addresses."""

from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import InvalidInput, NotFound, Problem, TooLarge, respond

JSON_BYTES = 1 << 20
UPLOAD_BYTES = 64 << 20


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
    wrong = [name for name, value in query if not (name + value).isprintable()]
    if not wrong:
        return None
    return InvalidInput((name if name.isprintable() else "", "control characters are not taken") for name in wrong)
