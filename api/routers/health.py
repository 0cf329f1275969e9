"""For machines that watch: alive, ready, metrics. No key needed, nobody named."""

import asyncio
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from prometheus_client import generate_latest
from sqlalchemy import func, select
from sqlmodel import col
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from activities.office import Office
from api.auth import TheOffice
from api.fields import Answer
from api.observe import Metrics
from api.problems import Unavailable, responses
from models.tables import OpenWorkflowRow, OutboxRow

PATIENCE = timedelta(seconds=2)
POLLED_WITHIN = timedelta(seconds=75)  # a worker's poll lasts a minute, then the next one begins

router = APIRouter(tags=["health"])


class Alive(Answer):
    """The process answers."""

    status: str = "ok"


@router.get("/healthz")
async def alive() -> Alive:
    """Tell that the process answers."""
    return Alive()


@router.get("/readyz", responses=responses(Unavailable))
async def ready(office: TheOffice) -> Alive:
    """Tell whether commands can be carried out: database, Temporal server, a worker that polls."""
    checks = {"database": _database(office), "temporal": _temporal(office), "worker": _worker(office)}
    found = await asyncio.gather(*checks.values(), return_exceptions=True)
    missing = [name for name, result in zip(checks, found, strict=True) if result is not True]
    if missing:
        message = "Not ready."
        raise Unavailable(message, missing=missing)
    return Alive()


async def _database(office: Office) -> bool:
    async with asyncio.timeout(PATIENCE.total_seconds()), office.readers() as session:
        return await session.scalar(select(1)) == 1


async def _temporal(office: Office) -> bool:
    return await office.client.service_client.check_health(timeout=PATIENCE)


async def _worker(office: Office) -> bool:
    queue = DescribeTaskQueueRequest(
        namespace=office.client.namespace,
        task_queue=TaskQueue(name=office.task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    described = await office.client.workflow_service.describe_task_queue(queue, timeout=PATIENCE)
    since = datetime.now(UTC) - POLLED_WITHIN
    return any(poller.last_access_time.ToDatetime(UTC) > since for poller in described.pollers)


def metrics_of(request: Request) -> Metrics:
    """Give the application's metrics."""
    found: Metrics = request.app.state.metrics
    return found


@router.get("/metrics", response_class=PlainTextResponse, responses=responses(Unavailable))
async def metrics(request: Request, office: TheOffice) -> PlainTextResponse:
    """Show numbers for Prometheus."""
    shown = metrics_of(request)
    async with office.readers() as session:
        waiting = await session.scalar(
            select(func.count()).select_from(OutboxRow).where(col(OutboxRow.delivered_at).is_(None))
        )
        counted = await session.execute(
            select(col(OpenWorkflowRow.type), func.count())
            .where(col(OpenWorkflowRow.closed_at).is_(None))
            .group_by(col(OpenWorkflowRow.type))
        )
    shown.outbox.set(waiting or 0)
    shown.workflows.clear()
    for kind, count in counted.all():
        shown.workflows.labels(kind).set(count)
    return PlainTextResponse(generate_latest(shown.registry), media_type="text/plain; version=0.0.4; charset=utf-8")
