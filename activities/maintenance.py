"""Events of Art. 14 and 15: recorded, closed, shown."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.records import audit, instant, next_number
from models.messages.office import Event
from models.tables import MaintenanceEventRow

ARTICLES = {
    "restriction": "14(1)",
    "planned": "15(1)(1)",
    "urgent": "15(1)(1)",
    "upstream_stop": "15(1)(2)",
    "necessary": "15(1)(3)",
}


async def record_event(session: AsyncSession, row: MaintenanceEventRow, *, key: str) -> str:
    """Record an event under a number of its own, with its article."""
    row.event_no = await next_number(session, "event")
    row.article = ARTICLES[row.kind]
    session.add(row)
    await session.flush()
    event = Event(
        action="event_recorded",
        article=row.article,
        actor=row.recorded_by,
        at=row.recorded_at,
        summary=f"事象({row.event_no})を記録しました。",
        basis={"event_no": row.event_no, "kind": row.kind, "starts_at": instant(row.starts_at)},
    )
    await audit(session, key, [event])
    return row.event_no


async def close_event(
    session: AsyncSession, row: MaintenanceEventRow, ended_at: datetime, *, key: str, actor: str, as_of: datetime
) -> None:
    """Record the end of an event."""
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


def view_event(row: MaintenanceEventRow) -> dict[str, JsonValue]:
    """Show an event as the API does; what does not apply is absent."""
    scope: dict[str, JsonValue] = {"zones": [*row.zones]} if row.zones else {"contract_nos": [*row.contract_nos]}
    view: dict[str, JsonValue] = {
        "event_no": row.event_no,
        "kind": row.kind,
        "article": row.article,
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
    return view
