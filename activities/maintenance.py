"""Events of Art. 14 and 15: recorded, some of them once a second person agrees, closed, shown."""

from datetime import datetime
from typing import cast

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.approvals import Act, Decision, propose
from activities.office import Office
from activities.records import audit, instant, next_number
from models.messages.office import Event
from models.tables import ApprovalRow, MaintenanceEventRow
from terms.citation import Refused
from terms.maintenance import EventKind, second_person_by

ARTICLES = {
    "restriction": "14(1)",
    "planned": "15(1)(1)",
    "urgent": "15(1)(1)",
    "upstream_stop": "15(1)(2)",
    "necessary": "15(1)(3)",
}
OPEN = ("proposed", "recorded")
"""States of an event that may yet count, or does."""


async def record_event(session: AsyncSession, office: Office, row: MaintenanceEventRow, *, key: str) -> None:
    """Record an event under a number of its own, with its article; one that needs a second person waits for it."""
    row.event_no = await next_number(session, "event")
    row.article = ARTICLES[row.kind]
    clause = second_person_by(cast("EventKind", row.kind), without_notice=row.without_notice)
    if clause is not None:
        row.state = "proposed"
        row.approval_id = await propose(
            session, office, BY_CLAUSE[str(clause)], key=key, actor=row.recorded_by, reason=row.reason,
            payload={"event_no": row.event_no},
            consequence={
                "event_no": row.event_no, "kind": row.kind, "starts_at": instant(row.starts_at),
                "without_notice": row.without_notice, "zones": [*row.zones], "contracts": len(row.contract_nos),
            },
            as_of=row.recorded_at,
        )  # fmt: skip
    session.add(row)
    await session.flush()
    if row.state == "recorded":
        await _tell_recorded(session, row, key, row.recorded_by, row.recorded_at)


async def _tell_recorded(session: AsyncSession, row: MaintenanceEventRow, key: str, actor: str, at: datetime) -> None:
    event = Event(
        action="event_recorded",
        article=row.article,
        actor=actor,
        at=at,
        summary=f"事象({row.event_no})を記録しました。",
        basis={"event_no": row.event_no, "kind": row.kind, "starts_at": instant(row.starts_at)},
    )
    await audit(session, key, [event])


async def close_event(
    session: AsyncSession, row: MaintenanceEventRow, ended_at: datetime, *, key: str, actor: str, as_of: datetime
) -> None:
    """Record the end of an event.

    Raises:
        Refused: 15: nobody agreed to it, so that it never counted.
    """
    if row.state not in OPEN:
        raise Refused(row.article, "この事象は承認されていません。")
    row.ends_at = ended_at
    event = Event(
        action="event_closed",
        article=row.article,
        actor=actor,
        at=as_of,
        summary=f"事象({row.event_no})の終了を記録しました。",
        basis={"event_no": row.event_no, "ended_at": instant(ended_at)},
    )
    await audit(session, key, [event])


async def _approved(session: AsyncSession, _office: Office, decision: Decision) -> None:
    """Let the event count from now on."""
    row = await _proposed(session, decision.approval)
    row.state = "recorded"
    await _tell_recorded(session, row, f"{row.event_no}:recorded", decision.actor, decision.as_of)


async def _closed(session: AsyncSession, _office: Office, approval: ApprovalRow, _as_of: datetime) -> None:
    row = await _proposed(session, approval)
    row.state = approval.state


async def _proposed(session: AsyncSession, approval: ApprovalRow) -> MaintenanceEventRow:
    number = str((approval.payload or {})["event_no"])
    return await session.get_one(MaintenanceEventRow, number, with_for_update=True)


INTERRUPT = Act(
    name="interruption", article="15(1)(3)", roles=("support",), effect=_approved, closed=_closed,
    words="当社が必要と認めた提供の中止",
)  # fmt: skip
WITHOUT_NOTICE = Act(
    name="interruption_without_notice", article="15(2)", roles=("support",), effect=_approved, closed=_closed,
    words="事前の通知によらない提供の中止",
)  # fmt: skip
BY_CLAUSE = {act.article: act for act in (INTERRUPT, WITHOUT_NOTICE)}


def view_event(row: MaintenanceEventRow) -> dict[str, JsonValue]:
    """Show an event as the API does; what does not apply is absent."""
    scope: dict[str, JsonValue] = {"zones": [*row.zones]} if row.zones else {"contract_nos": [*row.contract_nos]}
    view: dict[str, JsonValue] = {
        "event_no": row.event_no,
        "kind": row.kind,
        "article": row.article,
        "state": row.state,
        "starts_at": instant(row.starts_at),
        "scope": scope,
        "reason": row.reason,
    }
    if row.ends_at is not None:
        view["ends_at"] = instant(row.ends_at)
    if row.priority_traffic is not None:
        view["priority_traffic"] = row.priority_traffic
    if row.supplier_notice is not None:
        view["supplier_notice"] = row.supplier_notice
    if row.without_notice:
        view["without_notice"] = True
    if row.approval_id is not None:
        view["approval_id"] = row.approval_id
    return view
