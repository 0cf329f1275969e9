"""Whatever is sent, the answer is one that the description names, and never a failure of the service."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from models.database import make_engine, make_sessions
from service.database import upgrade
from service.seeds import ensure_price_list
from tests.api.offices import bare_office, open_office
from tests.api.test_roles import Roles

CHECKS = [  # what fits the schema may still be refused, for dates and codes have meanings
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
NEED_TEMPORAL = "/readyz|/history"


@asynccontextmanager
async def with_database(app: FastAPI) -> AsyncIterator[None]:
    """Give the application an office with a database while it is fuzzed."""
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        engine = make_engine(f"sqlite+aiosqlite:///{folder}/fuzz.db")
        await upgrade(engine)
        sessions = make_sessions(engine)
        await ensure_price_list(sessions)
        async with open_office(sessions, Path(folder)) as office:
            app.state.office = office
            yield
        await engine.dispose()


def fuzzed() -> FastAPI:
    """Build the application whose keys are the names of the roles."""
    app = create_app(asyncio.run(bare_office()))
    app.state.key_ring = Roles()
    app.router.lifespan_context = with_database
    return app


schema = schemathesis.openapi.from_asgi("/v1/openapi.json", fuzzed()).exclude(path_regex=NEED_TEMPORAL)


def _integral(value: object) -> object:
    """Write 1.0 as 1: JSON Schema calls both an integer, our amounts accept only the second."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_integral(item) for item in value]
        case dict():
            return {key: _integral(item) for key, item in value.items()}
        case _:
            return value


@schemathesis.hook
def map_body(_context: schemathesis.HookContext, body: object) -> object:
    """Send integers as integers."""
    return _integral(body)


@pytest.mark.timeout(300)
@schema.parametrize()
@settings(max_examples=8)
def test_fuzz(case: schemathesis.Case[Any]) -> None:
    """Each operation keeps what its description says, for a role that may call it."""
    roles = case.operation.definition.raw.get("x-roles", ["admin"])
    case.headers["Authorization"] = f"Bearer {roles[0]}"
    case.headers["Idempotency-Key"] = uuid4().hex
    case.call_and_validate(checks=CHECKS)
