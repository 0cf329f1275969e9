"""Alive, ready, metrics: without a key, and without a name."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI

from activities.office import Office
from api.app import create_app
from api.problems import Conflict, Unavailable
from models.tables import OpenWorkflowRow, OutboxRow
from tests.api.offices import bare_office, give_key
from tests.desk import Desk

NOW = datetime(2026, 3, 25, tzinfo=UTC)
HELD = Unavailable("held", now=NOW, held_by=[{"workflow_id": "a", "what": "b"}])


class TestHealth:
    """What machines ask."""

    async def test_alive_needs_nothing(self) -> None:
        """A process answers though database and Temporal are away."""
        transport = httpx2.ASGITransport(create_app(await bare_office()))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
            assert (await http.get("/healthz")).json() == {"status": "ok"}

    async def test_not_ready_says_what_is_missing(self, http: httpx2.AsyncClient) -> None:
        """Without a Temporal server the service is not ready, and says so."""
        answer = await http.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["missing"] == ["temporal", "worker"]

    async def test_ready_with_a_worker(self, desk: Desk) -> None:
        """With database, server and a worker that polls it is ready, as soon as the server has seen the worker."""
        async with asyncio.timeout(30):
            while (answer := await desk.http.get("/readyz")).status_code != 200:
                assert answer.json()["missing"] == ["worker"]

        assert answer.json() == {"status": "ok"}

    async def test_metrics_count(self, office: Office, http: httpx2.AsyncClient) -> None:
        """Requests are counted by route template, the outbox and open workflows are shown."""
        async with office.sessions.begin() as session:
            session.add(
                OutboxRow(
                    key="1", kind="start", workflow_id="contract/C-1", name="contract", payload={}, created_at=NOW
                )
            )
            session.add(OpenWorkflowRow(workflow_id="contract/C-1", type="contract", opened_at=NOW))
            session.add(OpenWorkflowRow(workflow_id="contract/C-2", type="contract", opened_at=NOW, closed_at=NOW))
        await http.get("/v1/tasks/T-1/completions")
        shown = (await http.get("/metrics")).text

        assert "yakkan_outbox_waiting 1.0" in shown
        assert 'yakkan_workflows_open{type="contract"} 1.0' in shown
        assert 'route="/v1/tasks/{task_id}/completions",status="405"' in shown
        assert "T-1" not in shown


@dataclass
class Fired:
    """Something that fell due."""

    at: datetime
    what: str


@dataclass
class Movable:
    """A clock that can be moved, and what it says to that."""

    raises: Exception | None = None
    now: datetime = NOW
    fired: list[Fired] = field(default_factory=list)

    async def advance(self, target: datetime) -> "Movable":
        """Go there."""
        if self.raises:
            raise self.raises
        self.now = target
        self.fired = [Fired(target - timedelta(minutes=1), "probe")]
        return self


@pytest.fixture
def movable(app: FastAPI) -> Movable:
    """Let the clock of the application be moved."""
    clock = Movable()
    app.state.simulation = clock
    return clock


class TestClock:
    """Business time."""

    async def move(self, office: Office, http: httpx2.AsyncClient, body: object) -> httpx2.Response:
        """Post as an administrator."""
        key = await give_key(office.sessions, "admin")
        return await http.post("/v1/clock", json=body, headers=key)

    async def test_the_real_clock_is_not_moved(self, office: Office, http: httpx2.AsyncClient) -> None:
        """Without simulation moving the clock is a 404, whatever is sent."""
        assert (await self.move(office, http, {})).status_code == 404

    async def test_it_moves_without_an_idempotency_key(
        self, office: Office, http: httpx2.AsyncClient, movable: Movable
    ) -> None:
        """The answer says where the clock stands and what fell due."""
        answer = await self.move(office, http, {"advance_to": "2026-03-26T09:00:00+09:00"})

        assert answer.status_code == 200
        assert answer.json()["fired"] == [{"at": "2026-03-26T08:59:00+09:00", "what": "probe"}]
        assert movable.now == datetime(2026, 3, 26, tzinfo=UTC)

    @pytest.mark.parametrize(
        "body",
        [{}, {"advance_to": "2026-03-26T09:00:00"}, {"advance_to": "2026-03-26"}, {"advance_to": 1774483200}],
        ids=["nothing", "no offset", "a day", "a number"],
    )
    async def test_it_needs_an_instant(
        self, office: Office, http: httpx2.AsyncClient, movable: Movable, body: dict[str, object]
    ) -> None:
        """An instant without offset, or none, is a 422."""
        assert (await self.move(office, http, body)).status_code == 422
        assert movable.now == NOW

    @pytest.mark.parametrize(
        ("error", "status", "slug"),
        [
            pytest.param(Conflict("past"), 409, "conflict", id="backwards"),
            pytest.param(HELD, 503, "unavailable", id="held"),
        ],
    )
    async def test_it_may_not_go(
        self, office: Office, http: httpx2.AsyncClient, movable: Movable, error: Exception, status: int, slug: str
    ) -> None:
        """Backwards is a conflict; a clock that is held up says where it stands and by whom."""
        movable.raises = error
        answer = await self.move(office, http, {"advance_to": "2026-03-26T09:00:00+09:00"})

        assert answer.status_code == status
        assert answer.json()["type"].endswith(f"/{slug}")
        assert ("held_by" in answer.json()) == (status == 503)
