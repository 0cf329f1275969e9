"""The console's application, put under /console beside the API."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from activities.office import Office
from console.errors import HANDLERS, tell
from console.pages import login, notice
from console.session import PATH, Doors, Sessions

STATIC = Path(__file__).parent / "static"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; object-src 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class PageHeaders:
    """ASGI middleware: the policy of every page; nothing but static files may be kept by a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request (ASGI)."""

        async def send_framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                static = scope["path"].startswith(f"{PATH}/static/")
                headers["Cache-Control"] = "max-age=3600" if static else "no-store"
            await send(message)

        await self._app(scope, receive, send_framed)


def create_console(office: Office, *, secret: bytes, secure: bool) -> FastAPI:
    """Build the console for an office.

    Args:
        office: Whose letters it shows.
        secret: Signs the sessions; see `console.session.session_secret`.
        secure: Whether browsers reach it by https; then the session travels no other way.
    """
    console = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[Middleware(PageHeaders)],
        exception_handlers={**HANDLERS, HTTPException: tell, RequestValidationError: tell},
    )
    console.state.office = office
    console.state.sessions = Sessions(secret, secure=secure)
    console.state.doors = Doors()
    for router in (login.router, notice.router):
        console.router.routes.extend(router.routes)
    console.add_route("/", _home)
    console.mount("/static", StaticFiles(directory=STATIC))
    return console


def put_under(app: Starlette, console: FastAPI) -> None:
    """Serve the console under /console of an application."""
    app.add_route(PATH, _home)
    app.mount(PATH, console)


async def _home(_request: Request) -> RedirectResponse:
    return RedirectResponse(login.HOME, 303)
