"""A whole office in one process for a test: API, workers, relay, mail sink and simulated time on a real server."""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx2
from pydantic import SecretStr
from pypdfium2 import PdfDocument

from activities.office import Office
from api.auth import STAFF, secret_hash
from models.tables import ApiKeyRow
from service.settings import Settings
from service.sink import Sink, start_sink
from service.temporal_namespace import prepare
from service.vault_key import make_key_file
from service.wiring import Wired, build_app, open_office, working
from terms.periods import at

SAMPLES = Path(__file__).parent / "samples"
JSON = dict[str, Any]


def form(name: str = "QPC-26-0101", **changes: Any) -> JSON:  # noqa: ANN401 - fields of a form
    """Read a sample application form; `a__b=value` changes the field /a/b."""
    found: JSON = json.loads((SAMPLES / "applications" / f"{name}.json").read_text(encoding="utf-8"))
    for path, value in changes.items():
        *parts, last = path.split("__")
        here: Any = found
        for part in parts:
            here = here[int(part)] if isinstance(here, list) else here[part]
        here[last] = value
    return found


@dataclass(frozen=True)
class Premises:
    """What stays of an office when it closes: its settings, with database, folder and namespace, and the sink."""

    settings: Settings
    sink_file: Path
    doors: AsyncExitStack


class Desk:
    """Somebody at the counter: posts and reads as any role, and moves the clock."""

    def __init__(self, premises: Premises, wired: Wired, http: httpx2.AsyncClient, keys: dict[str, str]) -> None:
        self.premises, self.office, self.http, self.keys = premises, wired.office, http, keys
        assert wired.simulation is not None
        self.simulation = wired.simulation
        self.patient = False

    async def post(self, role: str, path: str, body: Any = None, *, key: str | None = None) -> httpx2.Response:  # noqa: ANN401
        """Post a command under a key of its own, unless one is given; the patient ask until its outcome is known."""
        headers = {"Authorization": f"Bearer {self.keys[role]}", "Idempotency-Key": key or uuid4().hex}
        while True:
            response = await self.http.post(path, json=body, headers=headers)
            if not (self.patient and "retry-after" in response.headers):
                return response

    async def upload(self, role: str, path: str, content: bytes, *, key: str | None = None) -> httpx2.Response:
        """Post a file under a key of its own, unless one is given."""
        headers = {"Authorization": f"Bearer {self.keys[role]}", "Idempotency-Key": key or uuid4().hex}
        return await self.http.post(path, files={"file": ("file", content)}, headers=headers)

    async def take_in(self, role: str, path: str, content: bytes) -> JSON:
        """Post a file that must be taken in, and give the answer."""
        response = await self.upload(role, path, content)
        assert response.is_success, response.text
        answer: JSON = response.json()
        return answer

    async def get(self, path: str, role: str = "auditor", **query: str) -> httpx2.Response:
        """Read as a role."""
        return await self.http.get(path, headers={"Authorization": f"Bearer {self.keys[role]}"}, params=query)

    async def do(self, role: str, path: str, body: Any = None) -> JSON:  # noqa: ANN401 - any JSON
        """Post a command that must succeed, and give its answer."""
        response = await self.post(role, path, body)
        assert response.is_success, response.text
        answer: JSON = response.json()
        return answer

    async def refused(self, role: str, path: str, body: Any = None, *, key: str | None = None) -> str:  # noqa: ANN401
        """Post a command that the terms refuse, and give the article."""
        response = await self.post(role, path, body, key=key)
        problem: JSON = response.json()
        assert (response.status_code, problem["type"]) == (409, "/problems/refused"), response.text
        article: str = problem["article"]
        return article

    async def wrong(self, role: str, path: str, body: Any = None) -> list[str]:  # noqa: ANN401 - any JSON
        """Post a command that is not valid, and give the pointers to its faults."""
        response = await self.post(role, path, body)
        assert response.status_code == 422, response.text
        return [error["field"] for error in response.json()["errors"]]

    async def read(self, path: str, role: str = "auditor", **query: str) -> JSON:
        """Read what must be there."""
        response = await self.get(path, role, **query)
        assert response.status_code == 200, response.text
        answer: JSON = response.json()
        return answer

    async def until(self, when: str | date | datetime) -> list[tuple[datetime, str]]:
        """Advance the clock through the API to a day's midnight or an instant; returns what fired."""
        if isinstance(when, str):
            when = datetime.fromisoformat(when) if "T" in when else date.fromisoformat(when)
        if not isinstance(when, datetime):
            when = at(when)
        headers = {"Authorization": f"Bearer {self.keys['admin']}"}
        response = await self.http.post("/v1/clock", json={"advance_to": when.isoformat()}, headers=headers)
        assert response.status_code == 200, response.text
        return [(datetime.fromisoformat(f["at"]), f["what"]) for f in response.json()["fired"]]

    async def settle(self) -> None:
        """Let everything that runs come to rest, without moving the clock."""
        await self.simulation.resume()

    async def letters(self, **query: str) -> list[JSON]:
        """List all letters."""
        found: list[JSON] = (await self.read("/v1/notices", **query, limit="500"))["items"]
        return found

    async def letter(self, slug: str, **query: str) -> JSON:
        """Find the one letter of its kind."""
        (found,) = await self.letters(slug=slug, **query)
        return found

    async def text(self, notice_no: str) -> str:
        """Read a letter's PDF."""
        response = await self.get(f"/v1/notices/{notice_no}/document.pdf")
        assert response.status_code == 200, response.text
        with PdfDocument(response.content) as pdf:
            return "\n".join(page.get_textpage().get_text_bounded() for page in pdf)

    async def tasks(self, kind: str, **query: str) -> list[JSON]:
        """List the tasks of a kind."""
        found = (await self.read("/v1/tasks", **query, limit="500"))["items"]
        return [task for task in found if task["kind"] == kind]

    async def timeline(self, contract_no: str) -> list[JSON]:
        """Tell a contract's life."""
        found: list[JSON] = (await self.read(f"/v1/contracts/{contract_no}/timeline", limit="500"))["items"]
        return found

    def mails(self) -> list[JSON]:
        """List what the mail sink took in."""
        if not self.premises.sink_file.exists():
            return []
        return [json.loads(line) for line in self.premises.sink_file.read_text().splitlines()]

    async def customer(self, customer_ref: str) -> str:
        """Give a customer a key; returns the name under which it posts and reads."""
        given = await self.do("admin", "/v1/api-keys", {"role": "customer", "customer_ref": customer_ref})
        self.keys[customer_ref] = given["api_key"]
        return customer_ref

    async def file(self, name: str = "QPC-26-0101", **changes: Any) -> str:  # noqa: ANN401 - fields of a form
        """File an application; gives its path."""
        filed = await self.do("intake", "/v1/applications", form(name, **changes))
        await self.settle()
        return f"/v1/applications/{filed['application_no']}"

    async def contract(self, name: str = "QPC-26-0101", **changes: Any) -> str:  # noqa: ANN401 - fields of a form
        """File and accept an application; gives the contract's number."""
        filed = await self.do("intake", "/v1/applications", form(name, **changes))
        path = f"/v1/applications/{filed['application_no']}"
        await self.do("reviewer", f"{path}/decisions", {"decision": "accept", "reason": "審査済み"})
        await self.settle()
        number: str = (await self.read(path))["contract_no"]
        return number

    async def active(self, name: str = "QPC-26-0101", start_on: str | None = None, **changes: Any) -> str:  # noqa: ANN401
        """File, accept and start; gives the contract's number."""
        number = await self.contract(name, **changes)
        today = (await self.office.clock.now()).astimezone(at(date(2026, 1, 1)).tzinfo).date()
        await self.do(
            "provisioning", f"/v1/contracts/{number}/service-start", {"service_start_on": start_on or str(today)}
        )
        await self.settle()
        return number


Staff = Callable[[Settings, Office], AbstractAsyncContextManager[object]]
"""What runs an office's workers and relay while it is open."""


def here(_: Settings, office: Office) -> AbstractAsyncContextManager[object]:
    """Run the workers in this process."""
    return working(office)


class OpenDesk:
    """Opens offices on one Temporal server, each with a namespace, database and folder of its own.

    `staff` may be set to have the work done elsewhere.
    """

    def __init__(self, address: str, template: Path, folder: Path) -> None:
        self._address, self._template, self._folder = address, template, folder
        self._stack = AsyncExitStack()
        self.opened = 0
        self.staff: Staff = here

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def __call__(self, start: str, *, database_url: str = "", smtp_url: str = "") -> Desk:
        """Open an office whose business time begins at `start`; its mail goes to a sink unless told otherwise."""
        self.opened += 1
        folder = self._folder / f"office{self.opened}"
        folder.mkdir()
        sink_file = folder / "sink.jsonl"
        sink: Sink = start_sink("127.0.0.1", 0, sink_file)
        self._stack.callback(sink.stop)
        settings = Settings(
            data_dir=folder,
            database_url=database_url,
            smtp_url=SecretStr(smtp_url or f"smtp://127.0.0.1:{sink.port}"),
            simulate=datetime.fromisoformat(start),
            temporal_address=self._address,
            temporal_namespace=f"test-{uuid4().hex[:12]}",
        )
        make_key_file(settings)
        if not database_url:
            shutil.copy(self._template, folder / "yakkan.db")
        await prepare(settings.temporal_address, settings.temporal_namespace)
        return await self._open(settings, sink_file, None)

    async def again(self, desk: Desk) -> Desk:
        """Close an office in the middle of its work and open it anew: what it did not write down is gone."""
        await desk.premises.doors.aclose()
        return await self._open(desk.premises.settings, desk.premises.sink_file, desk.keys)

    async def _open(self, settings: Settings, sink_file: Path, keys: dict[str, str] | None) -> Desk:
        doors = await self._stack.enter_async_context(AsyncExitStack())
        wired = await doors.enter_async_context(open_office(settings))
        await doors.enter_async_context(self.staff(settings, wired.office))
        transport = httpx2.ASGITransport(build_app(wired, settings))
        http = await doors.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url="http://desk", timeout=60)
        )
        return Desk(Premises(settings, sink_file, doors), wired, http, keys or await _keys(wired))


async def _keys(wired: Wired) -> dict[str, str]:
    """Give each role two keys: `intake` and `intake-2` are two people."""
    keys: dict[str, str] = {}
    async with wired.office.sessions() as session, session.begin():
        for role in [*sorted(STAFF), "auditor"]:
            for n in (1, 2):
                secret = uuid4().hex
                keys[role if n == 1 else f"{role}-2"] = secret
                session.add(
                    ApiKeyRow(
                        key_id=f"{role}-{n}",
                        secret_hash=secret_hash(secret),
                        role=role,
                        person=f"{role}-{n}",
                        created_at=datetime.now(UTC),
                    )
                )
    return keys
