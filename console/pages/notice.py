"""Letters (notices): what went out, by which channel, and when it arrived (Art. 42)."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import select
from sqlmodel import col
from starlette.responses import Response

from activities.letters import print_letter
from activities.office import Office
from activities.records import audit
from activities.wording import CHANNELS
from console.errors import MayNot, NoSuchPage
from console.rendering import page
from console.session import TheOffice, TheVisitor, Visitor
from models.messages.office import Event
from models.tables import NoticeRow
from terms.letters import LETTERS

ARTICLE = "22(3)"  # access to confidential information by need, each view on record
ROWS = 50
STATES = {
    "queued": "発信待ち",
    "dispatched": "発信済み",
    "arrived": "到着",
    "undeliverable": "不到達",
    "withdrawn": "取りやめ",
}

Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,32}$")]

router = APIRouter()


@router.get("/letters")
async def show_all(
    visitor: TheVisitor,
    office: TheOffice,
    before: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9-]{1,32}$")] = None,
) -> Response:
    """List letters, the newest first."""
    query = select(NoticeRow).order_by(col(NoticeRow.notice_no).desc()).limit(ROWS + 1)
    if before is not None:
        query = query.where(col(NoticeRow.notice_no) < before)
    async with office.readers() as session:
        rows = (await session.execute(query)).scalars().all()
    older = rows[ROWS - 1].notice_no if len(rows) > ROWS else None
    letters = [_told(row) for row in rows[:ROWS]]
    return page("letters.html", visitor=visitor, letters=letters, older=older, first=before is None)


@router.get("/letters/{notice_no}")
async def show(notice_no: Number, visitor: TheVisitor, office: TheOffice) -> Response:
    """Show one letter with its dates and the way to its document; the view goes on record."""
    row = await _find(office, notice_no)
    await _record_view(office, visitor, row, "page")
    return page("letter.html", visitor=visitor, letter=_told(row))


@router.get("/letters/{notice_no}/document.pdf")
async def show_document(notice_no: Number, visitor: TheVisitor, office: TheOffice) -> Response:
    """Show the letter as it went out; the view goes on record before it is shown."""
    row = await _find(office, notice_no)
    if not visitor.reads_letters:
        raise MayNot
    pdf = await print_letter(office, row)
    if pdf is None:
        raise NoSuchPage
    await _record_view(office, visitor, row, "document")
    return Response(
        pdf, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{notice_no}.pdf"'}
    )


async def _find(office: Office, notice_no: str) -> NoticeRow:
    async with office.readers() as session:
        row = await session.get(NoticeRow, notice_no)
    if row is None:
        raise NoSuchPage
    return row


async def _record_view(office: Office, visitor: Visitor, row: NoticeRow, what: str) -> None:
    event = Event(
        action="letter_viewed",
        article=ARTICLE,
        actor=visitor.actor,
        at=await office.clock.now(),
        summary=f"{_title(row)}({row.notice_no})を閲覧しました。",
        basis={"notice_no": row.notice_no, "what": what},
    )
    async with office.sessions.begin() as session:
        key = f"view:{row.notice_no}:{secrets.token_hex(8)}"
        await audit(session, key, [event], contract_no=row.contract_no, application_no=row.application_no)


def _title(row: NoticeRow) -> str:
    kind = LETTERS.get(row.slug)
    return kind.title if kind else row.slug


def _told(row: NoticeRow) -> dict[str, object]:
    """Give what pages say about a letter; nothing of it is sealed."""
    return {
        "no": row.notice_no,
        "title": _title(row),
        "about": row.contract_no or row.application_no or "",
        "channel": CHANNELS.get(row.channel, row.channel),
        "state": STATES.get(row.state, row.state),
        "article": row.article,
        "queued_at": row.queued_at,
        "dispatched_at": row.dispatched_at,
        "arrived_at": row.arrived_at,
        "deemed": bool(row.deemed),
        "basis": row.basis,
        "sha256": row.sha256,
        "replaces": row.replaces,
        "message_id": row.message_id,
        "tracking_no": row.tracking_no,
    }
