"""Temporal's histories, decoded and readable, for the support page."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import JsonValue
from temporalio.service import RPCError, RPCStatusCode

from activities.history import read_history
from api.auth import CONTACT_READERS, TheOffice, may
from api.fields import Answer
from api.idempotency import CommandRoute
from api.problems import NotFound, Unavailable

router = APIRouter(route_class=CommandRoute, tags=["workflows"])


class HistoryAnswer(Answer):
    """The events of the runs that the server still keeps, oldest first."""

    workflow_id: str
    runs: list[dict[str, JsonValue]]


@router.get("/v1/workflows/{workflow_id:path}/history", responses={200: {"model": HistoryAnswer}})
@may(*CONTACT_READERS)
async def history(workflow_id: str, office: TheOffice) -> JSONResponse:
    """Show what a workflow did (slashes stand in the path); the timeline is the lasting record."""
    try:
        runs: list[dict[str, Any]] = await read_history(office.client, workflow_id)
    except RPCError as failed:
        if failed.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
            raise NotFound from None
        raise Unavailable from None
    if not runs:
        raise NotFound
    return JSONResponse({"workflow_id": workflow_id, "runs": runs})
