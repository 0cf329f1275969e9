"""Whatever is sent, the answer is one that the description names, and nothing fails or hangs behind it.

The service is whole: workers and a Temporal server stand behind the API, with an office on which something of
everything lies. It is served in a thread of its own, for Schemathesis does not know asyncio.
"""

import asyncio
import itertools
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import schemathesis
import uvicorn
from pydantic import ValidationError
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select
from sqlmodel import col

from api.app import create_app
from models.messages.rules import RULES, Rule
from models.tables import OpenWorkflowRow, OutboxRow
from service.temporal_server import Opened
from tests.api.bad_input import Counter, lay_out
from tests.api.offices import bare_office
from tests.desk import OpenDesk

CHECKS = [  # what fits the schema may still be refused, for dates and codes have meanings
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
RULES_PATH = "/v1/rules/{rule}"
TOO_MANY = ["/v1/applications", RULES_PATH]
"""Bodies with so many fields that others go through them: `test_bad_input.py`, `test_rules.py`."""

LATEST = "2026-03-26T09:00:00+09:00"
REAL = {
    "application_no": "application",
    "approval_id": "proposal",
    "contract_no": "active",
    "event_no": "event",
    "notice_no": "paper",
    "task_id": "task",
}
"""Which of the things on the counter a path is about."""

SENSE = {
    "arrived_at": "2026-03-25T09:00:00+09:00",
    "at": "2026-03-25T09:00:00+09:00",
    "code": "VM-S2",
    "consented_at": "2026-03-20T09:00:00+09:00",
    "contract_nos": "C-000001",
    "country": "JP",
    "customer_ref": None,
    "desired_start_on": "2026-04-01",
    "dispatched_at": "2026-03-25T09:00:00+09:00",
    "email": "a@customer.example",
    "ended_at": "2026-03-25T09:00:00+09:00",
    "ends_at": None,
    "event_no": "E-000001",
    "from_on": "2026-03-25",
    "intermediary": None,
    "sent_at": "2026-03-25T08:00:00+09:00",
    "service_start_on": "2026-03-25",
    "signed_on": "2026-03-20",
    "starts_at": "2026-03-25T08:30:00+09:00",
    "to_on": "2026-03-25",
    "version": "1.0",
    "zone": "fukuoka-1",
    "zones": "fukuoka-1",
}
Result = TypeVar("Result")


@dataclass
class Served:
    """A served office and the loop of the thread in which it lives."""

    url: str
    counter: Counter
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something in the office's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


@pytest.fixture(scope="module")
def served(temporal: Opened, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve an office on a port of its own until the last test is through."""
    folder = tmp_path_factory.mktemp("fuzz")
    up, over, told = threading.Event(), asyncio.Event(), []

    async def serve() -> None:
        async with OpenDesk(temporal.address, sqlite_template, folder) as open_desk:
            counter = await lay_out(open_desk)
            await counter.desk.customer("QPC-26-0101")
            app = create_app(counter.desk.office, simulation=counter.desk.simulation)
            config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 (uvicorn tells by this flag only)
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            told.append(Served(f"http://127.0.0.1:{port}", counter, asyncio.get_running_loop()))
            up.set()
            await over.wait()
            server.should_exit = True
            await serving

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert up.wait(60)
    yield told[0]
    told[0].loop.call_soon_threadsafe(over.set)
    thread.join(60)


DESCRIPTION = create_app(asyncio.run(bare_office())).openapi()

strange = schemathesis.openapi.from_dict(DESCRIPTION).exclude(path=TOO_MANY, method="POST")
strange.config.phases.coverage.unexpected_methods = {"put"}
strange.config.generation.update(max_examples=4)

plausible = schemathesis.openapi.from_dict(DESCRIPTION)
plausible.config.phases.coverage.enabled = False
plausible.config.generation.update(modes=[GenerationMode.POSITIVE], max_examples=12)

turns = itertools.count()


def with_sense(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any JSON
    """Put what the office knows where it is asked for; 1.0 becomes 1, for JSON Schema calls both an integer."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [with_sense(item, name) for item in value]
        case dict():
            return {key: with_sense(item, key) for key, item in value.items()}
        case str() | None:
            return SENSE.get(name, value)
        case _:
            return value


def aim(case: schemathesis.Case[Any], counter: Counter) -> None:
    """Give a case a caller who may and a clock that does not run away."""
    roles = [role for role in case.operation.definition.raw.get("x-roles", ["admin"]) if role != "customer"]
    case.headers["Authorization"] = f"Bearer {counter.desk.keys[roles[next(turns) % len(roles)]]}"
    case.headers["Idempotency-Key"] = uuid4().hex
    if case.path == "/v1/clock" and isinstance(case.body, dict) and str(case.body.get("advance_to")) > LATEST:
        case.body["advance_to"] = LATEST


@pytest.mark.timeout(300)
@strange.parametrize()
def test_strange(served: Served, case: schemathesis.Case[Any]) -> None:
    """Each operation keeps what its description says, whatever it is sent by a role that may call it."""
    aim(case, served.counter)
    case.call_and_validate(base_url=served.url, checks=CHECKS)


@pytest.mark.timeout(300)
@plausible.parametrize()
def test_plausible(served: Served, case: schemathesis.Case[Any]) -> None:
    """Each operation keeps what its description says when it is sent something that may make sense."""
    aim(case, served.counter)
    for name in case.path_parameters or {}:
        case.path_parameters[name] = served.counter.names.get(REAL.get(name, ""), case.path_parameters[name])
    if case.method.upper() == "POST":
        case.body = with_sense(case.body)
    if case.path == RULES_PATH:
        case.path_parameters["rule"] = next((name for name, rule in RULES.items() if fits(rule, case.body)), "penalty")
    case.call_and_validate(base_url=served.url, checks=CHECKS)


def fits(rule: Rule, body: object) -> bool:
    """Tell whether a rule can be asked this."""
    try:
        rule.request.model_validate(body)
    except ValidationError:
        return False
    return True


def test_nothing_is_stuck(served: Served) -> None:
    """Behind the API everything that was taken came through: no activity fails again and again, no message waits."""
    counter = served.counter
    served.run(counter.desk.settle())
    assert served.run(troubles(counter)) == []


async def troubles(counter: Counter) -> list[str]:
    """List what fails again and again, and what was not delivered."""
    office = counter.desk.office
    async with office.readers() as session:
        waiting = await session.scalars(select(col(OutboxRow.key)).where(col(OutboxRow.delivered_at).is_(None)))
        opened = await session.scalars(
            select(col(OpenWorkflowRow.workflow_id)).where(col(OpenWorkflowRow.closed_at).is_(None))
        )
    found = [f"not delivered: {key}" for key in waiting]
    for workflow_id in opened:
        told = (await office.client.get_workflow_handle(workflow_id).describe()).raw_description
        attempts = [told.pending_workflow_task.attempt, *(pending.attempt for pending in told.pending_activities)]
        if max(attempts) > 1:
            found.append(f"{workflow_id}: {told.pending_activities}")
    return found
