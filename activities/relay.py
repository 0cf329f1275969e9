"""Delivers what was committed to the outbox: starts workflows by their id and signals them.

The outbox is written in the transaction of its cause, so nothing is told that did not happen, and what a crash
left is sent again. A start that was made already and a signal to a workflow that has closed count as delivered.
"""

import asyncio
import contextlib
from collections.abc import Container, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlmodel import col
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.office import Office
from activities.records import START, insert_once
from models.messages.office import Opening
from models.tables import OpenWorkflowRow, OutboxRow

PATIENCE = timedelta(seconds=5)
TASK_PATIENCE = timedelta(seconds=5)  # so long is a killed worker's task waited for; a task takes milliseconds
PAUSE = 0.5  # seconds between two looks when nobody woke the relay
BATCH = 100
AT_ONCE = 8  # workflows that are told something at the same time
SUMMARIES = {
    "application": "第4条〜第9条 申込みの審査",
    "contract": "第4条 利用契約",
    "termination": "第18条第1項 解約",
    "cancellation": "第14条第2項・第18条第2項 特別解除",
    "default": "第16条第1項第1号 督促",
    "succession": "第12条 承継",
    "suspension": "第16条 利用停止",
    "rescission": "第17条第3項 解除通知書の到達",
    "deletion": "第34条・第44条第6項 データの削除と保存",
    "erasure": "第44条第6項 個人情報の消去",
    "notice": "第42条 通知",
    "billing": "第24条〜第27条 月次請求",
    "mailing": "第42条 一斉発送",
    "calendar": "予定表",
    "sweep": "点検",
}
"""What Temporal's page calls a workflow of a type; stands there unsealed, so it names nobody."""

log = structlog.get_logger()


async def start(office: Office, opening: Opening) -> None:
    """Start a workflow once: its row in `open_workflow` is the proof, Temporal's id only repeats it.

    A workflow that has run and closed is not started again.
    """
    if opening.workflow_id not in await _register(office, [opening]):
        await _launch(office, opening)


async def _register(office: Office, openings: Sequence[Opening]) -> set[str]:
    """Write the rows that prove the starts; gives the ids of workflows that have run and closed."""
    if not openings:
        return set()
    now = await office.clock.now()
    async with office.sessions() as session, session.begin():
        for opening in openings:
            contract_no = opening.payload.get("contract_no")
            row = {
                "workflow_id": opening.workflow_id,
                "type": opening.type,
                "contract_no": contract_no if isinstance(contract_no, str) else None,
                "opened_at": now,
            }
            await insert_once(session, OpenWorkflowRow, row)
        closed = await session.execute(
            select(col(OpenWorkflowRow.workflow_id))
            .where(col(OpenWorkflowRow.workflow_id).in_([each.workflow_id for each in openings]))
            .where(col(OpenWorkflowRow.closed_at).is_not(None))
        )
        return {*closed.scalars()}


async def _launch(office: Office, opening: Opening) -> None:
    with contextlib.suppress(WorkflowAlreadyStartedError):
        await office.client.start_workflow(
            opening.type,
            opening.payload,
            id=opening.workflow_id,
            task_queue=office.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=SUMMARIES.get(opening.type),
            task_timeout=TASK_PATIENCE,
            rpc_timeout=PATIENCE,
        )


class Relay:
    """Carries the outbox to Temporal; one runs in every worker, and the API delivers what it has just committed."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._woken = asyncio.Event()
        self._lock = asyncio.Lock()

    async def wake(self) -> None:
        """Have the relay look at once."""
        self._woken.set()

    async def run_for_ever(self) -> None:
        """Deliver until cancelled; trouble is logged and tried again."""
        while True:
            self._woken.clear()
            try:
                delivered = await self.drain()
            except Exception as trouble:  # noqa: BLE001 - the relay outlives a lost database or server
                log.warning("relay.trouble", kind=type(trouble).__name__)
                delivered = 0
            if not delivered:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), PAUSE)

    async def drain(self, workflow_id: str | None = None) -> int:
        """Deliver what waits, oldest first (only what is for one workflow, if named); returns how much was."""
        async with self._lock:
            async with self._office.readers() as session:
                query = select(OutboxRow).where(col(OutboxRow.delivered_at).is_(None))
                if workflow_id is not None:
                    query = query.where(col(OutboxRow.workflow_id) == workflow_id)
                rows = (await session.execute(query.order_by(col(OutboxRow.id)).limit(BATCH))).scalars().all()
            openings = [_opening(row) for row in rows if row.kind == START]
            closed = await _register(self._office, openings)
            by_workflow: dict[str, list[OutboxRow]] = {}
            for row in rows:
                by_workflow.setdefault(row.workflow_id, []).append(row)
            room = asyncio.Semaphore(AT_ONCE)
            parts = await asyncio.gather(*(self._carry(room, each, closed) for each in by_workflow.values()))
            delivered = [row.id for part in parts for row in part]
            if delivered:
                async with self._office.sessions() as session, session.begin():
                    await session.execute(
                        update(OutboxRow).where(col(OutboxRow.id).in_(delivered)).values(delivered_at=datetime.now(UTC))
                    )
            return len(delivered)

    async def _carry(
        self, room: asyncio.Semaphore, rows: Sequence[OutboxRow], closed: Container[str]
    ) -> list[OutboxRow]:
        """Deliver what is for one workflow, in order, up to the first that can't be; gives what was delivered."""
        delivered: list[OutboxRow] = []
        async with room:
            for row in rows:
                trouble = await self._deliver(row, closed)
                if trouble is not None:
                    await self._note(row, trouble)
                    break
                delivered.append(row)
        return delivered

    async def _deliver(self, row: OutboxRow, closed: Container[str]) -> str | None:
        """Deliver one row; returns what stood in the way. A workflow that has closed is not started again."""
        try:
            if row.kind == START:
                if row.workflow_id not in closed:
                    await _launch(self._office, _opening(row))
            else:
                handle = self._office.client.get_workflow_handle(row.workflow_id)
                await handle.signal(row.name, args=[row.payload] if row.payload else [], rpc_timeout=PATIENCE)
        except RPCError as failed:
            if row.kind != START and failed.status == RPCStatusCode.NOT_FOUND:
                return None  # it has closed; what it should know is on record
            return failed.status.name
        except Exception as failed:  # noqa: BLE001 - one poisoned row must not hold up all others
            return type(failed).__name__
        return None

    async def _note(self, row: OutboxRow, trouble: str) -> None:
        log.warning("relay.not_delivered", outbox=row.key, trouble=trouble)
        async with self._office.sessions() as session, session.begin():
            await session.execute(
                update(OutboxRow)
                .where(col(OutboxRow.id) == row.id)
                .values(attempts=OutboxRow.attempts + 1, trouble=trouble)
            )


def _opening(row: OutboxRow) -> Opening:
    return Opening(workflow_id=row.workflow_id, type=row.name, payload=row.payload)
