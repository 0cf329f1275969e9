"""Pages for what went wrong; none repeats what the browser sent."""

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.rendering import page
from console.session import PATH, FormRefused, LoginNeeded
from models.vault import KeyGone


class NoSuchPage(Exception):
    """There is no such page, or no such letter."""


class MayNot(Exception):
    """The visitor's role may not see this."""


PAGES: dict[type[Exception], tuple[int, str]] = {
    NoSuchPage: (404, "お探しのページはありません。"),
    MayNot: (403, "この役割では、この内容を見ることができません。"),
    FormRefused: (403, "画面の有効期限が切れました。もう一度開いてください。"),
    KeyGone: (410, "保存期間が終わったため、消去されました。"),
}


async def tell(_request: Request, error: Exception) -> Response:
    """Show the page for an error."""
    for kind in type(error).__mro__:
        if kind in PAGES:
            status, words = PAGES[kind]
            return page("error.html", status, words=words, visitor=None)
    return await tell(_request, NoSuchPage())


async def ask_to_log_in(request: Request, _error: Exception) -> Response:
    """Send the browser to the login page, and back afterwards."""
    response: Response = RedirectResponse(f"{PATH}/login?after={request.url.path}", 303)
    return response


Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

HANDLERS: dict[int | type[Exception], Handler] = {**dict.fromkeys(PAGES, tell), LoginNeeded: ask_to_log_in}
