"""How an endpoint hands a command to a workflow, and what it does when the workflow is not there (yet)."""

import asyncio
from collections.abc import Mapping

from fastapi.responses import JSONResponse
from pydantic import JsonValue
from sqlalchemy import select
from sqlmodel import col
from temporalio.service import RPCError

from activities.commands import NoSuchWorkflow, command
from activities.office import Office
from activities.relay import Relay
from api.problems import Unavailable
from models.messages.office import Command, Reply
from models.tables import OpenWorkflowRow
from terms.citation import Article, Refused

TRIES = 20
PAUSE = 0.1  # seconds between two looks for a workflow whose start is on its way
CLOSED = "この手続きは既に終了しています。"


async def deliver(office: Office, workflow_id: str) -> None:
    """Deliver at once what was just committed for a workflow; what fails now the relay delivers later."""
    try:
        await Relay(office).drain(workflow_id)
    except (RPCError, RuntimeError):
        return


async def send(office: Office, workflow_id: str, update: str, message: Command, *, closed: Article) -> JSONResponse:
    """Send a command and give its answer; a workflow that has closed refuses it with the article `closed`.

    Raises:
        Refused: the terms refuse it.
        Unknown: no answer in time.
        Unavailable: Temporal is down, or the workflow's start is still on its way.
    """
    for _ in range(TRIES):
        try:
            return respond(await command(office.client, workflow_id, update, message, Reply))
        except NoSuchWorkflow:
            if await _has_closed(office, workflow_id):
                raise Refused(closed, CLOSED) from None
            await deliver(office, workflow_id)
            await asyncio.sleep(PAUSE)
    raise Unavailable


async def _has_closed(office: Office, workflow_id: str) -> bool:
    async with office.readers() as session:
        row = await session.scalar(select(OpenWorkflowRow).where(col(OpenWorkflowRow.workflow_id) == workflow_id))
    return row is not None and row.closed_at is not None


def respond(reply: Reply) -> JSONResponse:
    """Give a workflow's answer as it is stored."""
    return json_answer(reply.body, reply.status)


def json_answer(body: Mapping[str, JsonValue], status: int = 200) -> JSONResponse:
    """Give a JSON answer."""
    return JSONResponse(dict(body), status)
