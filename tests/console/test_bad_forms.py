"""Bad forms: what no browser sends gets a page, never a failure."""

import httpx2
import pytest
from fastapi import FastAPI

from console.session import COOKIE
from tests.console.conftest import Desk

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ODD = {
    "a control character": "%00",
    "half a character": "%ED%A0%80",
    "no UTF-8": "%FF%FE",
    "Japanese": "%E9%8D%B5",
    "a mark of direction": "%E2%80%AE",
    "a header": "%0D%0ASet-Cookie:%20a=b",
    "long": "a" * 200,
    "too long": "a" * 201,
    "SQL": "%27%20OR%201=1--",
    "HTML": "%3Cscript%3E",
}
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def desk(app: FastAPI) -> Desk:
    """Give somebody whose program shows failures as outside."""
    return Desk(
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app, raise_app_exceptions=False), base_url="http://test")
    )


@pytest.mark.parametrize("field", ["login", "password", "token", "after", "surprise"])
async def test_odd_fields(desk: Desk, field: str) -> None:
    """Whatever stands in a field of the login form, nobody gets in and nothing fails, on either database."""
    for odd, text in ODD.items():
        values = {"token": await desk.token(), "login": "nobody", "password": "x"} | {field: text}
        content = "&".join(f"{name}={value}" for name, value in values.items())
        answer = await desk.http.post("/console/login", content=content.encode(), headers=FORM)
        assert answer.status_code in {403, 404, 429}, odd
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "a=b" not in answer.headers.get("Set-Cookie", "")
        assert "<script>" not in answer.text


@one_database
@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        pytest.param(b"", "application/x-www-form-urlencoded", id="nothing"),
        pytest.param(b"\xff\xfe\x00", "application/x-www-form-urlencoded", id="bytes"),
        pytest.param(b"{}", "application/json", id="JSON"),
        pytest.param(b"x", "multipart/form-data", id="no boundary"),
        pytest.param(b"--x\r\n\r\n", "multipart/form-data; boundary=x", id="half a part"),
        pytest.param(b"login=" + b"x" * 2_000_000, "application/x-www-form-urlencoded", id="two megabytes"),
        pytest.param(b"&".join(b"a=b" for _ in range(2_000)), "application/x-www-form-urlencoded", id="many fields"),
    ],
)
async def test_odd_bodies(desk: Desk, content: bytes, content_type: str) -> None:
    """Whatever the body is, the answer is a page."""
    answer = await desk.http.post("/console/login", content=content, headers={"Content-Type": content_type})
    assert 400 <= answer.status_code < 500
    assert answer.headers["Content-Type"].startswith("text/html")


@one_database
@pytest.mark.parametrize("cookie", ["x", "a.b.c", "鍵", "\x01", "W10.aaaa.bbbb", "x" * 8_000])
async def test_odd_cookies(desk: Desk, cookie: str) -> None:
    """A cookie that is none of ours opens nothing."""
    answer = await desk.http.get("/console/letters", headers={b"Cookie": f"{COOKIE}={cookie}".encode()})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/login?after=/console/letters")


@one_database
@pytest.mark.parametrize(
    "path",
    [
        "letters/%00", "letters/%F0%28", "letters/" + "N" * 500, "letters?cursor=%00", "letters?state=%E2%80%AE",
        "%2e%2e/", "static/%2e%2e/app.py", "static/%00",
    ],
)  # fmt: skip
async def test_odd_addresses(desk: Desk, path: str) -> None:
    """An odd address leads to the login or nowhere; somebody inside finds nothing there."""
    answer = await desk.http.get(f"/console/{path}")
    assert answer.status_code in {303, 404, 422}
    await desk.log_in("support-1")
    answer = await desk.http.get(f"/console/{path}")
    assert answer.status_code in {303, 404, 422}
