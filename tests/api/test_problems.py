"""Problem documents: which for what, and that they repeat nothing that was sent."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any, Literal

import httpx2
import pytest
import structlog
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, EmailStr, Field

from activities import commands
from activities.office import Office
from api import problems
from api.app import create_app
from api.auth import EVERYBODY, GuardedRoute, Principal, may
from api.fields import Body, Day, Instant, Text, Yen
from api.limits import JSON_BYTES
from models.vault import KeyGone
from terms.calendars import CalendarUnknown
from terms.citation import InvalidRule, Refused
from tests.api.offices import bare_office

CANARY = "山田太郎"


class Car(BaseModel):
    """One of two kinds of thing."""

    kind: Literal["car"]
    wheels: int


class Boat(BaseModel):
    """The other kind."""

    kind: Literal["boat"]
    sails: int


class Wish(Body):
    """A body with one field of each sort."""

    day: Day | None = None
    at: Instant | None = None
    sum: Yen | None = None
    text: Text | None = None
    mail: EmailStr | None = None
    thing: Annotated[Car | Boat, Field(discriminator="kind")] | None = None
    wishes: tuple["Wish", ...] = ()


@pytest.fixture
def raised() -> list[Exception]:
    """Hold what the probe raises."""
    return []


class KnownKey:
    """A key ring that asks no database."""

    async def find(self, _office: Office, secret: str) -> Principal | None:
        """Know one key."""
        return Principal("K-1", "support", "support-1") if secret == "known" else None


@pytest.fixture
async def app(raised: list[Exception]) -> FastAPI:
    """Add probes to the application of an office that needs no database."""
    app = create_app(await bare_office())
    app.state.key_ring = KnownKey()
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/v1/probe")
    @may(*EVERYBODY)
    async def fail() -> None:
        raise raised[0]

    @router.post("/v1/probe")
    @may(*EVERYBODY)
    async def wish(body: Wish) -> dict[str, str]:
        return {"heard": type(body).__name__}

    app.router.routes.extend(router.routes)
    return app


@pytest.fixture
def key() -> dict[str, str]:
    """Give the headers of somebody known."""
    return {"Authorization": "Bearer known"}


class FieldRefused(Refused):
    """A refusal at the door that knows its field."""

    field = "/consents/terms"


CASES: list[Any] = [
    pytest.param(Refused("18(1)", "書面でお願いします。"), 409, "refused", id="refused by the terms"),
    pytest.param(problems.Conflict("done"), 409, "conflict", id="conflict"),
    pytest.param(problems.NotFound(), 404, "not-found", id="not found"),
    pytest.param(problems.Forbidden(), 403, "forbidden", id="forbidden"),
    pytest.param(problems.InvalidInput([("/a", "wrong")]), 422, "invalid", id="invalid"),
    pytest.param(InvalidRule("/month", "before the start"), 422, "invalid", id="values that do not fit together"),
    pytest.param(CalendarUnknown(date(2100, 1, 1)), 422, "invalid", id="beyond the calendar"),
    pytest.param(KeyGone("k"), 410, "erased", id="erased"),
    pytest.param(problems.Unavailable("later", now="x"), 503, "unavailable", id="unavailable"),
    pytest.param(commands.Unknown(CANARY), 202, "pending", id="outcome unknown"),
    pytest.param(commands.Unavailable(CANARY), 503, "unavailable", id="no Temporal server"),
    pytest.param(commands.NoSuchWorkflow(CANARY), 404, "not-found", id="no such workflow"),
    pytest.param(RuntimeError(CANARY), 500, "internal", id="what nobody foresaw"),
]


@pytest.mark.parametrize(("error", "status", "slug"), CASES)
async def test_each_error_has_its_document(
    http: httpx2.AsyncClient,
    key: dict[str, str],
    raised: list[Exception],
    error: Exception,
    status: int,
    slug: str,
) -> None:
    """What is raised becomes one problem document, with status and type from one table."""
    raised.append(error)
    answer = await http.get("/v1/probe", headers=key)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].endswith(f"/problems/{slug}")
    assert answer.json()["status"] == status
    assert CANARY not in answer.text
    assert ("Retry-After" in answer.headers) == (status in {202, 503})


async def test_a_refusal_carries_article_detail_and_field(
    http: httpx2.AsyncClient, key: dict[str, str], raised: list[Exception]
) -> None:
    """A 409 of the terms names the article; at the door also the field."""
    raised.append(FieldRefused("8(1)", "約款への同意が必要です。"))
    told = (await http.get("/v1/probe", headers=key)).json()

    assert (told["article"], told["detail"]) == ("8(1)", "約款への同意が必要です。")
    assert told["errors"] == [{"field": "/consents/terms", "message": "約款への同意が必要です。"}]


async def test_a_failure_is_logged_without_its_words(
    http: httpx2.AsyncClient, key: dict[str, str], raised: list[Exception]
) -> None:
    """The log of an unforeseen failure names its kind and place, not its message."""
    raised.append(RuntimeError(CANARY))
    with structlog.testing.capture_logs() as lines:
        await http.get("/v1/probe", headers=key)

    failed = [line for line in lines if line["event"] == "failed"]
    assert [line["error"] for line in failed] == ["RuntimeError"]
    assert any("test_problems" in place for place in failed[0]["at"])
    assert CANARY not in str(lines)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param({"day": CANARY}, ["/day"], id="no day"),
        pytest.param({"day": 20000}, ["/day"], id="a number for a day"),
        pytest.param({"day": "1999-12-31"}, ["/day"], id="a day too early"),
        pytest.param({"day": "2026-02-29"}, ["/day"], id="a day that is none"),
        pytest.param({"at": "2026-04-01T09:00:00"}, ["/at"], id="an instant without offset"),
        pytest.param({"at": "2026-04-01"}, ["/at"], id="a day for an instant"),
        pytest.param({"at": 1775000000}, ["/at"], id="a number for an instant"),
        pytest.param({"sum": "100"}, ["/sum"], id="text for yen"),
        pytest.param({"sum": 1.0}, ["/sum"], id="a float for yen"),
        pytest.param({"sum": True}, ["/sum"], id="a truth for yen"),
        pytest.param({"sum": 10**13}, ["/sum"], id="more yen than there are"),
        pytest.param({"text": ""}, ["/text"], id="no text"),
        pytest.param({"text": "a\u0000b"}, ["/text"], id="a control character"),
        pytest.param({"text": "a\u202eb"}, ["/text"], id="a mark of direction"),
        pytest.param({"text": "a\u2028b"}, ["/text"], id="a line separator"),
        pytest.param({"text": CANARY * 1000}, ["/text"], id="text too long"),
        pytest.param({"mail": f"{CANARY}@"}, ["/mail"], id="no mail address"),
        pytest.param({"thing": {"kind": CANARY}}, ["/thing"], id="no kind of thing"),
        pytest.param({"thing": {"kind": "car"}}, ["/thing/wheels"], id="a field missing in a tagged thing"),
        pytest.param({"wishes": [{}, {"day": CANARY}]}, ["/wishes/1/day"], id="within a list"),
        pytest.param({"a/b~c": CANARY}, ["/a~1b~0c"], id="an unknown field with a slash"),
        pytest.param({"day": 1, "sum": "1"}, ["/day", "/sum"], id="two at once"),
        pytest.param([CANARY], [""], id="a list for an object"),
    ],
)
async def test_wrong_fields_are_pointed_at(
    http: httpx2.AsyncClient, key: dict[str, str], body: object, fields: list[str]
) -> None:
    """A 422 points at each wrong field by JSON pointer and repeats nothing of the value."""
    answer = await http.post("/v1/probe", json=body, headers=key)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == fields
    assert CANARY not in answer.text


async def test_null_stands_for_absent(http: httpx2.AsyncClient, key: dict[str, str]) -> None:
    """A request may send null for an optional field."""
    answer = await http.post("/v1/probe", json={"day": None, "text": "二行\n目"}, headers=key)

    assert answer.status_code == 200


class TestBody:
    """What cannot be read at all."""

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"{", id="cut off"),
            pytest.param(b"\xff\xfe", id="no UTF-8"),
            pytest.param(b"[" * 100_000, id="too deep"),
            pytest.param(b'{"sum": ' + b"9" * 10_000 + b"}", id="a number without end"),
        ],
    )
    async def test_no_json_is_malformed(self, http: httpx2.AsyncClient, key: dict[str, str], content: bytes) -> None:
        """A body that is no JSON gives 400."""
        answer = await http.post("/v1/probe", content=content, headers=key | {"Content-Type": "application/json"})

        assert answer.status_code == 400
        assert answer.json()["type"].endswith("/malformed")

    @pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
    async def test_other_media_types_are_unsupported(
        self, http: httpx2.AsyncClient, key: dict[str, str], media_type: str
    ) -> None:
        """A body that does not say it is JSON gives 415."""
        answer = await http.post("/v1/probe", content=b"{}", headers=key | {"Content-Type": media_type})

        assert answer.status_code == 415
        assert answer.json()["type"].endswith("/unsupported")

    async def test_the_limit_itself_passes(self, http: httpx2.AsyncClient, key: dict[str, str]) -> None:
        """One megabyte of JSON is read."""
        content = b"{}".ljust(JSON_BYTES)
        answer = await http.post("/v1/probe", content=content, headers=key | {"Content-Type": "application/json"})

        assert answer.status_code == 200

    @pytest.mark.parametrize("announced", [True, False], ids=["announced", "streamed"])
    async def test_more_is_too_large(self, http: httpx2.AsyncClient, key: dict[str, str], *, announced: bool) -> None:
        """One byte more is not, whether its length was announced or not."""

        async def stream() -> AsyncIterator[bytes]:
            yield b"{}".ljust(JSON_BYTES)
            yield b" "

        content = b"{}".ljust(JSON_BYTES + 1) if announced else stream()
        answer = await http.post("/v1/probe", content=content, headers=key | {"Content-Type": "application/json"})

        assert answer.status_code == 413
        assert answer.json()["type"].endswith("/too-large")

    async def test_no_body_is_invalid(self, http: httpx2.AsyncClient, key: dict[str, str]) -> None:
        """A request without its body gives 422."""
        answer = await http.post("/v1/probe", headers=key)

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == ""


class TestAddress:
    """Addresses that lead nowhere."""

    async def test_no_such_path(self, http: httpx2.AsyncClient) -> None:
        """A path that does not exist is a 404 problem."""
        answer = await http.get("/v1/nothing")

        assert answer.status_code == 404
        assert answer.json()["type"].endswith("/not-found")

    async def test_a_method_that_is_not_there(self, http: httpx2.AsyncClient) -> None:
        """Another method on a path is a 405 problem that names the methods."""
        answer = await http.delete("/v1/api-keys")

        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"
        assert answer.json()["type"].endswith("/method-not-allowed")

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            pytest.param("/v1/tasks%00", 404, id="in the path"),
            pytest.param("/v1/tasks?contract_no=%00", 422, id="in a value"),
            pytest.param("/v1/tasks?%0a=1", 422, id="in a name"),
        ],
    )
    async def test_control_characters(
        self, http: httpx2.AsyncClient, key: dict[str, str], path: str, status: int
    ) -> None:
        """Control characters in an address reach no database."""
        assert (await http.get(path, headers=key)).status_code == status


async def test_every_answer_is_framed(http: httpx2.AsyncClient) -> None:
    """Each answer has an id, may not be kept, and may do nothing in a browser."""
    answer = await http.get("/healthz")

    assert answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_the_log_names_nobody(http: httpx2.AsyncClient, key: dict[str, str]) -> None:
    """A request's log line has the route's template and the key's id, not what was asked for."""
    with structlog.testing.capture_logs() as lines:
        await http.get("/v1/clock", params={"contract_no": "C-000042"}, headers=key)

    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["route"], line["status"], line["role"]) == ("/v1/clock", 200, "support")
    assert "C-000042" not in str(line)
