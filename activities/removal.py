"""What is left over at an end: the request to remove it, the checklist, our own work after its day (38(1), 38(2) s1).

The checklist is a task of provisioning: open while something stands, due on the day that the letter names.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from activities.letters import queue_letter
from activities.office import Office
from activities.records import audit, close_tasks, open_task
from activities.resources import resources_left
from models.messages.office import Event, LetterOrder, TaskOrder
from models.tables import ContractRow, ResourceRow, TaskRow
from terms.periods import ONE_DAY, day_of
from terms.restoration import asks_for_restoration, restoration

LETTER = "restoration_request"
CHECKLIST = "restoration"
WORK_ORDER = "restoration_work"
DESK = "provisioning"
NAMED = 3  # so many resources are named in a task, others counted


async def ask_to_restore(
    session: AsyncSession, office: Office, contract: ContractRow, *, key: str, as_of: datetime
) -> None:
    """Ask the customer of a contract that has just ended to remove and restore what still stands.

    Nothing is asked where nothing stands, or after an end on a ground that 38(1) does not name (A60).
    """
    ground, ended_on, number = contract.end_ground, contract.ends_on, contract.contract_no
    if ground is None or ended_on is None or not asks_for_restoration(ground):
        return
    left = await resources_left(session, office, number, day_of(as_of))
    if not left:
        return
    found = restoration(office.terms, ground=ground, ended_on=ended_on)
    by_on = found.equipment_by_on
    basis: dict[str, JsonValue] = {
        "resources": len(left), "equipment_by_on": str(by_on), "reading": "A59", "steps": [*found.steps],
    }  # fmt: skip
    event = Event(
        action="restoration_asked", article="38(1)", actor="system", at=as_of, basis=basis,
        summary="契約終了日に残っていた設備等の撤去及び原状回復を求めました。",
    )  # fmt: skip
    await audit(session, f"{key}:{LETTER}", [event], contract_no=number, application_no=contract.application_no)
    facts: dict[str, JsonValue] = {
        "ends_on": str(ended_on),
        "end_ground": ground,
        "equipment_by_on": str(by_on),
        "deletion_charged": found.deletion_charged,
        "resources": left,
        "steps": [*found.steps],
    }
    if found.resources_by_on is not None:
        facts["resources_by_on"] = str(found.resources_by_on)
    await queue_letter(
        session, office, LetterOrder(slug=LETTER, facts=facts), key=f"{key}:{LETTER}", as_of=as_of,
        application_no=contract.application_no, contract_no=number,
    )  # fmt: skip
    task = TaskOrder(
        kind=CHECKLIST, role=DESK, article="38(1)", due_on=by_on,
        detail=f"契約終了日に残っていた設備等({_named(left)})の撤去及び原状回復を確認し、完了を記録してください。",
    )  # fmt: skip
    await open_task(
        session, f"{CHECKLIST}:{number}", task, as_of=as_of,
        contract_no=number, application_no=contract.application_no,
    )  # fmt: skip


def _named(left: Sequence[JsonValue]) -> str:
    names = "、".join(str(cast("dict[str, Any]", each)["resource_id"]) for each in left[:NAMED])
    return f"{names}ほか{len(left) - NAMED}件" if len(left) > NAMED else names


async def close_checklist(session: AsyncSession, contract_no: str, *, as_of: datetime, by: str) -> None:
    """Close the checklist and the work order of a contract if nothing of what was left over stands any more."""
    standing = exists().where(
        col(ResourceRow.contract_no) == contract_no, col(ResourceRow.left_over), col(ResourceRow.to_on).is_(None)
    )
    about = col(TaskRow.contract_no) == contract_no, col(TaskRow.kind).in_((CHECKLIST, WORK_ORDER))
    await close_tasks(session, *about, ~standing, as_of=as_of, by=by)


def _open() -> Sequence[Any]:
    """Find the checklists on which something is still to be done."""
    return col(TaskRow.state) == "open", col(TaskRow.role) == DESK, col(TaskRow.kind) == CHECKLIST


def _without_order() -> Sequence[Any]:
    order = aliased(TaskRow)
    ordered = exists().where(col(order.contract_no) == col(TaskRow.contract_no), col(order.kind) == WORK_ORDER)
    return *_open(), ~ordered


async def next_work_order(session: AsyncSession) -> date | None:
    """Find the next day on which somebody has let the day of a restoration pass."""
    found: date | None = await session.scalar(select(func.min(col(TaskRow.due_on))).where(*_without_order()))
    return None if found is None else found + ONE_DAY


async def order_work(office: Office, as_of: datetime) -> int:
    """Ask provisioning, once, to do itself what was not done by its day (38(2) s1); returns how often."""
    async with office.sessions() as session, session.begin():
        late = (col(TaskRow.due_on) < day_of(as_of), *_without_order())
        found = (await session.scalars(select(TaskRow).where(*late).order_by(col(TaskRow.task_id)))).all()
        for row in found:
            task = TaskOrder(
                kind=WORK_ORDER, role=DESK, article="38(2)",
                detail="撤去及び原状回復の期限を過ぎました。残っている設備等を当社が撤去し、完了後に費用及び損害金の"
                "請求を検討してください。",
            )  # fmt: skip
            await open_task(
                session, f"{WORK_ORDER}:{row.contract_no}", task, as_of=as_of,
                contract_no=row.contract_no, application_no=row.application_no,
            )  # fmt: skip
    return len(found)


async def next_restorations(
    session: AsyncSession, contracts: Sequence[ContractRow]
) -> dict[str, list[dict[str, JsonValue]]]:
    """Say by when what is left over of ended contracts has to be gone; contracts of which nothing is are missing."""
    ended = [row.contract_no for row in contracts if row.state == "ended"]
    if not ended:
        return {}
    found = await session.execute(
        select(col(TaskRow.contract_no), col(TaskRow.due_on)).where(*_open(), col(TaskRow.contract_no).in_(ended))
    )
    return {
        str(number): [{"on": str(due_on), "action": "restoration", "article": "38(1)"}]
        for number, due_on in found.all()
    }
