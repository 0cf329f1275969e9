"""Letters that no workflow follows: posting, evidence and arrival are written on their rows (Art. 42)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.notice import Notices
from activities.office import Office
from models.messages.notice import Arrival, ArrivalRecord, Delivery, PaperDispatch, PaperDispatchOrder
from models.messages.office import Reply
from models.tables import ContactRow, NoticeRow
from terms.citation import Article, Refused
from terms.notice import deemed_arrival
from terms.periods import day_of

NOT_PRINTED = "この書面は印刷できていません。記載を訂正し、再発行してください。"
PREFIX = "bulk/"


def is_bulk(row: NoticeRow) -> bool:
    """Tell whether no workflow follows a letter."""
    return row.workflow_id.startswith(PREFIX)


async def post(office: Office, row: NoticeRow, c: PaperDispatch, *, as_of: datetime) -> Reply:
    """Write down that staff posted a letter.

    Raises:
        Refused: Art. 42(1): it was not printed yet.
    """
    if row.sha256 is None:
        raise Refused(Article(42, 1), NOT_PRINTED)
    posted = await Notices(office).record_posting(PaperDispatchOrder(notice_no=row.notice_no, command=c, as_of=as_of))
    return posted.reply


async def arrive(office: Office, row: NoticeRow, c: Delivery, *, as_of: datetime) -> None:
    """Write down an arrival that was proven: delivered, or refused (民97(2))."""
    basis = "delivery" if c.outcome == "delivered" else "refusal"
    arrival = Arrival(arrived_at=c.at, deemed=basis == "refusal", basis=basis)
    await Notices(office).record_arrival(ArrivalRecord(notice_no=row.notice_no, arrival=arrival, as_of=as_of))


async def next_arrival(session: AsyncSession, office: Office) -> date | None:
    """Find the first day on which a posted letter arrives by the normal time."""
    days = [day_of(arrival.arrived_at) for _, arrival in await _under_way(session, office) if arrival.arrived_at]
    return min(days, default=None)


async def arrive_normally(office: Office, as_of: datetime) -> int:
    """Write down the arrival of posted letters whose normal time has come (42(2), A65); returns how many."""
    async with office.readers() as session:
        letters = await _under_way(session, office)
    due = [(row, arrival) for row, arrival in letters if arrival.arrived_at and arrival.arrived_at <= as_of]
    for row, arrival in due:
        await Notices(office).record_arrival(ArrivalRecord(notice_no=row.notice_no, arrival=arrival, as_of=as_of))
    return len(due)


async def _under_way(session: AsyncSession, office: Office) -> Sequence[tuple[NoticeRow, Arrival]]:
    """List posted letters without evidence, with their normal arrival; one query."""
    query = (
        select(NoticeRow, col(ContactRow.known_wrong))
        .outerjoin(
            ContactRow,
            (col(ContactRow.application_no) == col(NoticeRow.application_no))
            & (col(ContactRow.kind) == col(NoticeRow.contact_kind))
            & (col(ContactRow.from_at) <= col(NoticeRow.dispatched_at))
            & or_(col(ContactRow.to_at).is_(None), col(ContactRow.to_at) > col(NoticeRow.dispatched_at)),
        )
        .where(col(NoticeRow.state) == "dispatched", col(NoticeRow.batch).is_not(None))
        .order_by(col(NoticeRow.dispatched_at))
    )
    found = []
    for row, known_wrong in (await session.execute(query)).all():
        dispatched_at = cast("datetime", row.dispatched_at)
        answer = deemed_arrival(
            office.terms,
            office.calendars,
            channel=cast("Any", "email" if row.method == "e-signature" else row.channel),
            dispatched_at=dispatched_at.replace(microsecond=0),
            contact_correct=not known_wrong,
            requires_actual_arrival=False,
        )
        found.append((row, Arrival(arrived_at=answer.arrived_at, deemed=answer.deemed, basis=answer.basis)))
    return found
