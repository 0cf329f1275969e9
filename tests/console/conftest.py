"""A console with people and letters, and a browser."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.console.letters import PASSWORD

if TYPE_CHECKING:
    import httpx2
    from fastapi import FastAPI
    from playwright.async_api import Browser, Page

    from activities.office import Office
    from models.database import Sessions


@pytest.fixture
async def office(sessions: "Sessions", tmp_path: Path) -> AsyncIterator["Office"]:
    """Open an office with two people and three letters."""
    from tests.api.offices import open_office
    from tests.console.letters import fill

    async with open_office(sessions, tmp_path) as opened:
        await fill(opened)
        yield opened


@pytest.fixture
def app(office: "Office") -> "FastAPI":
    """Build API and console, as they are served."""
    from api.app import create_app
    from console.app import create_console, put_under

    app = create_app(office)
    put_under(app, create_console(office, secret=b"s" * 32, secure=False))
    return app


@dataclass
class Desk:
    """Somebody with a browser that runs no scripts."""

    http: "httpx2.AsyncClient"

    async def token(self, path: str = "/console/login") -> str:
        """Read the token of the first form of a page."""
        page = (await self.http.get(path)).text
        return page.partition('name="token" value="')[2].partition('"')[0]

    async def log_in(self, login: str, password: str = PASSWORD, **more: str) -> "httpx2.Response":
        """Fill in the login form."""
        values = {"token": await self.token(), "login": login, "password": password}
        return await self.http.post("/console/login", data=values | more)


@pytest.fixture
async def desk(app: "FastAPI") -> AsyncIterator[Desk]:
    """Give somebody at the console."""
    import httpx2

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as http:
        yield Desk(http)


@pytest.fixture
async def console_url(app: "FastAPI") -> AsyncIterator[str]:
    """Serve the console on a free port of this machine."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator["Browser"]:
    """Drive the system's Chromium, with the Japanese fonts of our own documents."""
    import noto_cjk_sans_jp_bold
    import noto_cjk_sans_jp_regular
    from playwright.async_api import async_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("no browser: apt-get install --no-install-recommends chromium")
    data = tmp_path_factory.mktemp("xdg")
    (data / "fonts").mkdir()
    for font in (noto_cjk_sans_jp_regular, noto_cjk_sans_jp_bold):
        (data / "fonts" / font.FONT_FILE).symlink_to(str(font.FONT_PATH))
    async with async_playwright() as driver:
        opened = await driver.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
            env={**os.environ, "XDG_DATA_HOME": str(data)},
        )
        yield opened
        await opened.close()


@pytest.fixture
async def page(browser: "Browser", console_url: str) -> AsyncIterator["Page"]:
    """Open a fresh page in Japan; an error on its console fails the test."""
    context = await browser.new_context(base_url=console_url, locale="ja-JP", timezone_id="Asia/Tokyo")
    context.set_default_timeout(20_000)
    opened = await context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield opened
    await context.close()
    assert not errors
