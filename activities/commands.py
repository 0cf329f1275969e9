"""The one way to command a workflow, for the API and for activities."""

import asyncio
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.messages.office import Command
from terms.citation import Refused

Answer = TypeVar("Answer")
PATIENCE = timedelta(seconds=5)  # without it the call waits for ever when no worker is up
REFUSED = "Refused"


class Unknown(Exception):
    """No answer in time: the command may still be carried out; sent again under the same key it tells."""


class Unavailable(Exception):
    """The Temporal server does not take commands now."""


class NoSuchWorkflow(Exception):
    """Nobody by this id is there, or it has closed."""


async def command(client: Client, workflow_id: str, update: str, message: Command, answer: type[Answer]) -> Answer:
    """Send a command as an Update whose id is the command's key; a repetition gets the first answer.

    Raises:
        Refused: the terms refuse it; nothing has changed.
        Unknown: no answer within seconds.
        Unavailable: the server is down or busy.
        NoSuchWorkflow: there is no open workflow of this id.
    """
    handle = client.get_workflow_handle(workflow_id)
    try:
        async with asyncio.timeout(PATIENCE.total_seconds() + 1):
            answered: Answer = await handle.execute_update(
                update, message, id=message.origin.key, result_type=answer, rpc_timeout=PATIENCE
            )
            return answered
    except WorkflowUpdateFailedError as failed:
        cause = failed.cause
        if isinstance(cause, ApplicationError) and cause.type == REFUSED:
            raise Refused(**cause.details[0]) from None
        if isinstance(cause, ApplicationError) and cause.type == "AcceptedUpdateCompletedWorkflow":
            raise NoSuchWorkflow(workflow_id) from None
        raise
    except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
        raise Unknown(workflow_id) from None
    except RPCError as failed:
        if failed.status == RPCStatusCode.NOT_FOUND:
            raise NoSuchWorkflow(workflow_id) from None
        if failed.status in {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}:
            raise Unknown(workflow_id) from None
        raise Unavailable(failed.status.name) from None
