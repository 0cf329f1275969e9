"""One key, one effect: what a repeated command gets."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, File, UploadFile
from sqlalchemy import select, update

from activities import commands
from activities.office import Office
from api import idempotency
from api.auth import TheOffice, may
from api.fields import Answer, Body, Count
from api.idempotency import CommandRoute, TheCall, digest
from api.problems import NotFound, Unavailable
from models.tables import IdempotencyKeyRow
from terms.citation import Refused
from tests.api.offices import command_key, give_key

PATH = "/v1/probe"


class Wish(Body):
    """What the probe is told."""

    n: Count


class Done(Answer):
    """What the probe answers: which effect this was."""

    effect: int
    nothing: str | None = None


@dataclass
class Probe:
    """What the endpoint does, and how often it did."""

    effects: int = 0
    raises: Exception | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    owner: str | None = None
    stores: dict[str, int] | None = None


@pytest.fixture
def probe() -> Probe:
    """Give a probe that does its work at once."""
    made = Probe()
    made.gate.set()
    return made


@pytest.fixture
def app(app: FastAPI, probe: Probe) -> FastAPI:
    """Add endpoints on the real route class."""
    router = APIRouter(route_class=CommandRoute)

    async def carry_out(body: Wish, call: TheCall, office: TheOffice) -> Done:
        probe.entered.set()
        await probe.gate.wait()
        probe.effects += body.n
        call.owner = probe.owner or call.owner
        if probe.stores is not None:
            async with office.sessions.begin() as session:
                await call.store(session, 201, {"stored": probe.effects})
        if probe.raises:
            raise probe.raises
        return Done(effect=probe.effects)

    for path in (PATH, f"{PATH}/other"):
        router.post(path, status_code=201)(may("intake", "cash")(carry_out))

    @router.post(f"{PATH}/files", status_code=201)
    @may("intake")
    async def take(file: Annotated[UploadFile, File()]) -> Done:
        assert await file.read(3) == b"a,b"
        probe.effects += 1
        return Done(effect=probe.effects)

    app.router.routes.extend(router.routes)
    return app


Send = Callable[..., Coroutine[None, None, httpx2.Response]]


@pytest.fixture
async def send(office: Office, http: httpx2.AsyncClient) -> Send:
    """Send a command as an intake clerk, under the key "1" unless told otherwise."""
    intake = await give_key(office.sessions, "intake")

    async def command(
        n: object = 1, *, key: str = "1", path: str = PATH, caller: dict[str, str] | None = None
    ) -> httpx2.Response:
        return await http.post(path, json={"n": n}, headers=command_key(key, caller or intake))

    return command


async def row_of(office: Office) -> IdempotencyKeyRow | None:
    """Read the only row of the memory."""
    async with office.readers() as session:
        return (await session.execute(select(IdempotencyKeyRow))).scalar_one_or_none()


class TestKey:
    """The header Idempotency-Key."""

    @pytest.mark.parametrize(
        "key",
        [
            pytest.param(None, id="absent"),
            pytest.param("", id="empty"),
            pytest.param("k" * 256, id="256 characters"),
            pytest.param("a\tb", id="a control character"),
            pytest.param("é", id="no ASCII"),
        ],
    )
    async def test_it_must_be_usable(
        self, office: Office, http: httpx2.AsyncClient, probe: Probe, key: str | None
    ) -> None:
        """A command needs a key of 1 to 255 printable characters."""
        headers = list((await give_key(office.sessions, "intake")).items())
        sent = [(name.encode(), value.encode()) for name, value in headers]
        sent += [] if key is None else [(b"Idempotency-Key", key.encode("latin-1"))]
        answer = await http.post(PATH, json={"n": 1}, headers=sent)

        assert answer.status_code == 400
        assert answer.json()["type"].endswith("/idempotency-key")
        assert probe.effects == 0

    async def test_its_limits_pass(self, send: Send) -> None:
        """One character is enough, 255 are not too many, spaces and signs are fine."""
        for key in ("1", "~" * 255, 'a "b" / c'):
            assert (await send(key=key)).status_code == 201

    async def test_its_scope_is_the_api_key_and_the_path(self, office: Office, send: Send, probe: Probe) -> None:
        """The same key of another caller, or on another path, is another command."""
        cash = await give_key(office.sessions, "cash")
        answers = [await send(), await send(caller=cash), await send(path=f"{PATH}/other"), await send(key="2")]

        assert [answer.json()["effect"] for answer in answers] == [1, 2, 3, 4]
        assert probe.effects == 4


class TestRepetition:
    """The same command again."""

    async def test_it_gets_the_first_answer(self, send: Send, probe: Probe) -> None:
        """Status, media type and bytes are those of the first answer, and a header says so."""
        first, again = await send(), await send()

        assert probe.effects == 1
        assert (again.status_code, again.content) == (first.status_code, first.content) == (201, b'{"effect":1}')
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first.headers

    async def test_another_body_is_refused(self, send: Send, probe: Probe) -> None:
        """The key with another body is a mistake of the client."""
        await send(1)
        answer = await send(2)

        assert answer.status_code == 422
        assert answer.json()["type"].endswith("/idempotency-key-reused")
        assert probe.effects == 1

    async def test_a_refusal_is_kept(self, send: Send, probe: Probe) -> None:
        """A 409 is an answer like any other: it comes again though the reason has gone."""
        probe.raises = Refused("18(1)", "書面でお願いします。")
        first = await send()
        probe.raises = None
        again = await send()

        assert (first.status_code, again.status_code) == (409, 409)
        assert again.content == first.content
        assert again.headers["Content-Type"] == "application/problem+json"
        assert again.headers["Idempotency-Replayed"] == "true"

    async def test_what_the_command_stored_itself_is_the_answer(self, send: Send, probe: Probe) -> None:
        """An answer stored with the effect is the one that the first caller gets, too."""
        probe.stores = {}
        first, again = await send(), await send()

        assert first.content == again.content == b'{"stored":1}'
        assert (first.status_code, again.status_code) == (201, 201)

    async def test_an_upload_is_known_by_its_file(self, office: Office, http: httpx2.AsyncClient, probe: Probe) -> None:
        """The boundary of a form differs each time, the file does not."""
        headers = command_key("1", await give_key(office.sessions, "intake"))
        sent = [{"file": ("usage.csv", content)} for content in (b"a,b\n1,2\n", b"a,b\n1,2\n", b"a,b\n1,3\n")]
        answers = [await http.post(f"{PATH}/files", files=files, headers=headers) for files in sent]

        assert [answer.status_code for answer in answers] == [201, 201, 422]
        assert probe.effects == 1


class TestNotKept:
    """Answers after which the command may be sent again."""

    @pytest.mark.parametrize(("error", "status"), [(NotFound(), 404), (None, 422)])
    async def test_without_effect_the_key_is_free(
        self, office: Office, send: Send, probe: Probe, error: Exception | None, status: int
    ) -> None:
        """After an answer without effect the key may come with another body."""
        probe.raises = error
        assert (await send(1 if error else 0)).status_code == status
        assert await row_of(office) is None

        probe.raises = None
        assert (await send(2)).status_code == 201

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            pytest.param(Unavailable(), 503, id="unavailable"),
            pytest.param(commands.Unknown("x"), 202, id="outcome unknown"),
            pytest.param(RuntimeError("x"), 500, id="failed"),
        ],
    )
    async def test_with_an_unknown_outcome_only_the_same_may_come(
        self, send: Send, probe: Probe, error: Exception, status: int
    ) -> None:
        """After an unknown outcome the same command is carried out again, another body is refused."""
        probe.raises = error
        first = await send(1)
        assert first.status_code == status
        assert ("Retry-After" in first.headers) == (status != 500)

        probe.raises = None
        assert (await send(2)).status_code == 422
        assert (await send(1)).status_code == 201

    async def test_an_effect_that_came_late_is_found(self, send: Send, probe: Probe) -> None:
        """If the effect stored its answer after all, the repetition gets that one."""
        probe.raises, probe.stores = commands.Unknown("x"), {}
        assert (await send()).status_code == 202
        assert (await send()).json() == {"stored": 1}
        assert probe.effects == 1


class TestCopies:
    """Simultaneous copies of one command."""

    async def test_eight_at_once_have_one_effect(self, send: Send, probe: Probe) -> None:
        """Eight copies: the first works, seven wait for its answer."""
        probe.gate.clear()
        copies = [asyncio.create_task(send()) for _ in range(8)]
        await probe.entered.wait()
        probe.gate.set()
        answers = await asyncio.gather(*copies)

        assert probe.effects == 1
        assert {answer.content for answer in answers} == {b'{"effect":1}'}
        assert [answer.status_code for answer in answers] == [201] * 8
        assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7

    async def test_eight_after_a_failure_have_one_effect(self, send: Send, probe: Probe) -> None:
        """Copies of a command whose outcome was unknown carry it out once more, not eight times."""
        probe.raises = Unavailable()
        await send()
        probe.raises, probe.effects = None, 0
        answers = await asyncio.gather(*(send() for _ in range(8)))

        assert probe.effects == 1
        assert {answer.content for answer in answers} == {b'{"effect":1}'}

    async def test_a_copy_does_not_wait_for_ever(
        self, send: Send, probe: Probe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A copy of a command that takes long is told to come again; that is never the kept answer."""
        monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.0)
        probe.gate.clear()
        first = asyncio.create_task(send())
        await probe.entered.wait()
        copy = await send()
        probe.gate.set()

        assert copy.status_code == 409
        assert int(copy.headers["Retry-After"]) > 0
        assert copy.json()["type"].endswith("/conflict")
        assert (await first).json() == (await send()).json() == {"effect": 1}

    @pytest.mark.parametrize("late", [True, False], ids=["lapsed", "alive"])
    async def test_the_command_of_a_dead_process_is_taken_over(
        self, office: Office, send: Send, probe: Probe, monkeypatch: pytest.MonkeyPatch, *, late: bool
    ) -> None:
        """A copy carries out what a process left behind, once its lease has lapsed and not before."""
        monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.0)
        lease = timedelta(seconds=-1 if late else 60)
        row = IdempotencyKeyRow(
            scope=digest("K-intake-1", PATH, "1"),
            fingerprint=digest("POST", PATH, b'{"n":1}'),
            leased_until=datetime.now(UTC) + lease,
            created_at=datetime.now(UTC),
        )
        async with office.sessions.begin() as session:
            session.add(row)
        answer = await send()

        assert answer.status_code == (201 if late else 409)
        assert probe.effects == int(late)

    async def test_a_long_command_keeps_its_lease(
        self, office: Office, send: Send, probe: Probe, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While a command runs its lease is renewed."""
        monkeypatch.setattr(idempotency, "RENEW_SECONDS", 0.01)
        probe.gate.clear()
        first = asyncio.create_task(send())
        await probe.entered.wait()
        async with office.sessions.begin() as session:
            await session.execute(update(IdempotencyKeyRow).values(leased_until=datetime.now(UTC)))
        ahead = datetime.now(UTC) + timedelta(seconds=1)
        while (row := await row_of(office)) is None or row.leased_until < ahead:  # noqa: ASYNC110 - a row tells no event
            await asyncio.sleep(0.01)
        probe.gate.set()

        assert (await first).status_code == 201


class TestSealed:
    """What the memory of answers gives away."""

    async def test_nothing_stands_in_plain_text(self, office: Office, send: Send) -> None:
        """Neither the client's key nor body or answer can be read from the row."""
        await send(key="yamada@example.jp")
        row = await row_of(office)

        assert row is not None
        assert row.answer is not None
        told = row.model_dump_json(exclude={"answer"}).encode() + row.answer
        assert b"yamada" not in told
        assert b"effect" not in told

    async def test_an_answer_goes_with_its_owners_key(self, office: Office, send: Send, probe: Probe) -> None:
        """Once the owner's data is erased the answer is, too; the effect is not repeated."""
        await office.vault.create("A-000001")
        probe.owner = "A-000001"
        await send()
        await office.vault.destroy("A-000001", "erasable")
        answer = await send()

        assert answer.status_code == 410
        assert answer.json()["type"].endswith("/erased")
        assert probe.effects == 1
