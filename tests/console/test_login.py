"""Who gets in, and from where."""

import pytest
from sqlalchemy import delete, update

from activities.office import Office
from console.session import MAX_FAILURES
from models.tables import PersonRow
from tests.console.conftest import Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # which database makes no difference

POLICY = "default-src 'self'; img-src 'self' data:"


async def test_the_way_in_and_out(desk: Desk) -> None:
    """A person logs in, sees the letters, logs out, and sees them no more."""
    entered = await desk.log_in("support-1")
    assert (entered.status_code, entered.headers["Location"]) == (303, "/console/letters")
    seen = await desk.http.get("/console/letters")
    assert seen.status_code == 200
    assert "support-1" in seen.text

    left = await desk.http.post("/console/logout", data={"token": await desk.token("/console/letters")})
    assert left.headers["Location"] == "/console/login"
    assert (await desk.http.get("/console/letters")).status_code == 303


async def test_nobody_sees_pages_without_login(desk: Desk) -> None:
    """Without login every page leads to the form, and back after it."""
    for path in ("/console/letters", "/console/letters/N-000001", "/console/letters/N-000001/document.pdf"):
        answer = await desk.http.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/login?after={path}")

    entered = await desk.log_in("support-1", after="/console/letters/N-000001")
    assert entered.headers["Location"] == "/console/letters/N-000001"


@pytest.mark.parametrize("path", ["/console", "/console/"])
async def test_the_front_door(desk: Desk, path: str) -> None:
    """The console's address leads to the letters."""
    assert (await desk.http.get(path)).headers["Location"] == "/console/letters"


@pytest.mark.parametrize(
    ("login", "password"),
    [("support-1", "wrong"), ("nobody", "correct horse"), ("", ""), ("support-1", "x" * 200)],
    ids=["wrong password", "no such login", "nothing", "long password"],
)
async def test_wrong_credentials(desk: Desk, login: str, password: str) -> None:
    """Whatever is wrong, the answer is the same."""
    answer = await desk.log_in(login, password)

    assert answer.status_code == 403
    assert "ログイン名またはパスワードが違います。" in answer.text
    assert (await desk.http.get("/console/letters")).status_code == 303


async def test_the_door_shuts_after_failures(desk: Desk) -> None:
    """After too many failures not even the right password opens; other logins are not touched."""
    for _ in range(MAX_FAILURES):
        await desk.log_in("support-1", "wrong")

    assert (await desk.log_in("support-1")).status_code == 429
    assert (await desk.log_in("billing-1")).status_code == 303


@pytest.mark.parametrize(
    "after",
    [
        "//evil.example/",
        "https://evil.example/console/",
        "/console/../v1",
        "/console//evil",
        "/console/\\evil",
        "/v1/clock",
    ],
)
async def test_the_login_leads_nowhere_else(desk: Desk, after: str) -> None:
    """A prepared link does not lead away from the console."""
    location = (await desk.log_in("support-1", after=after)).headers["Location"]

    assert location == "/console/letters"


class TestForms:
    """Forms come from our own pages only."""

    async def test_without_its_token_a_form_is_refused(self, desk: Desk) -> None:
        """Neither login nor logout can be sent by another site."""
        for path in ("/console/login", "/console/logout"):
            answer = await desk.http.post(path, data={"login": "support-1", "password": "correct horse"})
            assert answer.status_code == 403

    async def test_a_token_belongs_to_one_browser(self, desk: Desk) -> None:
        """A token that was given to another browser is refused."""
        token = await desk.token()
        desk.http.cookies.clear()
        answer = await desk.http.post("/console/login", data={"token": token, "login": "support-1"})

        assert answer.status_code == 403

    async def test_the_cookie_is_kept_close(self, desk: Desk) -> None:
        """Scripts and other sites get no session."""
        cookie = (await desk.log_in("support-1")).headers["Set-Cookie"].lower()

        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/console" in cookie

    async def test_a_forged_cookie_is_none(self, desk: Desk) -> None:
        """A cookie that we did not sign opens nothing."""
        desk.http.cookies.set("yakkan_session", "eyJwZXJzb24iOiJzdXBwb3J0LTEifQ.aaaa.bbbb")

        assert (await desk.http.get("/console/letters")).status_code == 303


class TestEndOfSession:
    """What ends a session that is still open somewhere."""

    @pytest.mark.parametrize("change", [{"password_hash": "new"}, {"role": "billing"}], ids=["password", "role"])
    async def test_a_change_ends_it(self, office: Office, desk: Desk, change: dict[str, str]) -> None:
        """A new password or role ends the sessions of the person."""
        await desk.log_in("support-1")
        async with office.sessions.begin() as session:
            await session.execute(update(PersonRow).values(change))

        assert (await desk.http.get("/console/letters")).status_code == 303

    async def test_leaving_the_office_ends_it(self, office: Office, desk: Desk) -> None:
        """Who is not a person of the office any more sees nothing."""
        await desk.log_in("support-1")
        async with office.sessions.begin() as session:
            await session.execute(delete(PersonRow))

        assert (await desk.http.get("/console/letters")).status_code == 303


async def test_pages_may_run_nothing_foreign(desk: Desk) -> None:
    """Each page has its policy, and no browser keeps it."""
    for path in ("/console/login", "/console/letters", "/console/nothing"):
        headers = (await desk.http.get(path)).headers
        assert headers["Content-Security-Policy"].startswith(POLICY)
        assert headers["Cache-Control"] == "no-store"
    style = await desk.http.get("/console/static/console.css")
    assert style.status_code == 200
    assert style.headers["Cache-Control"] == "max-age=3600"
