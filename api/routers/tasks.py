"""Tasks: what a person of a role has to do."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlalchemy import select, update
from sqlmodel import col

from activities.records import audit
from api.auth import READERS, STAFF, Caller, TheOffice, may
from api.fields import Answer, Body, Number, Text
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import Conflict, Forbidden, NotFound
from models.messages.office import Event
from models.messages.roles import StaffRole
from models.tables import TaskRow
from models.vault import OFFICE

DUTY = "1"  # the office works by the terms; tasks without a clause of their own

router = APIRouter(route_class=CommandRoute, tags=["tasks"])


class TaskAnswer(Answer):
    """A task as lists show it."""

    task_id: str
    kind: str
    article: str | None = None
    detail: str
    role: str
    contract_no: str | None = None
    application_no: str | None = None
    notice_no: str | None = None
    due_on: date | None = None
    state: Literal["open", "done"]


class Completion(Body):
    """What was done, or why nothing had to be."""

    reason: Text


@router.get("/v1/tasks")
@may(*READERS)
async def show_all(
    office: TheOffice,
    page: PageWanted,
    state: Annotated[Literal["open", "done"] | None, Query()] = None,
    contract_no: Annotated[Number | None, Query()] = None,
    role: Annotated[StaffRole | None, Query()] = None,
) -> Page[TaskAnswer]:
    """List tasks in order of creation."""
    query = select(TaskRow)
    for column, wanted in ((TaskRow.state, state), (TaskRow.contract_no, contract_no), (TaskRow.role, role)):
        if wanted is not None:
            query = query.where(col(column) == wanted)
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(TaskRow.task_id))
    return Page(items=[_show(row) for row in rows], next_cursor=cursor)


@router.post("/v1/tasks/{task_id}/completions")
@may(*STAFF)
async def complete(task_id: Number, body: Completion, office: TheOffice, caller: Caller, call: TheCall) -> TaskAnswer:
    """Complete a task of one's own role."""
    async with office.sessions.begin() as session:
        row = await session.get(TaskRow, task_id)
        if row is None:
            raise NotFound
        if row.role != caller.role:
            raise Forbidden
        owner = row.contract_no or row.application_no or OFFICE
        done = await session.execute(
            update(TaskRow)
            .where(col(TaskRow.task_id) == task_id, col(TaskRow.state) == "open")
            .values(
                state="done",
                done_at=call.now,
                done_by=caller.actor,
                outcome=await office.vault.seal_text(owner, "erasable", body.reason),
            )
        )
        if not getattr(done, "rowcount", 0):
            message = "The task is done already."
            raise Conflict(message)
        event = Event(
            action="task_completed",
            article=row.article or DUTY,
            actor=caller.actor,
            at=call.now,
            summary=f"タスクの完了: {row.kind}",
            basis={"task_id": task_id, "kind": row.kind},
        )
        await audit(
            session,
            call.origin("complete_task").key,
            [event],
            contract_no=row.contract_no,
            application_no=row.application_no,
        )
        answer = _show(row).model_copy(update={"state": "done"})
        await call.store(session, 200, answer.model_dump(mode="json", exclude_none=True), owner)
    return answer


def _show(row: TaskRow) -> TaskAnswer:
    return TaskAnswer.model_validate(row, from_attributes=True)
