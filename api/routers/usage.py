"""Usage files and their doubtful rows (Art. 24(2), 29(3))."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, File, Query, UploadFile
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime
from sqlalchemy import select
from sqlmodel import col

from activities.gateways.usage_csv import UsageFileBroken, examine
from activities.quarantine import Decided, StillDoubtful, decide_row, view_row
from activities.usage import answer_of, first_answer, take_file
from api.auth import READERS, TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, Number, Text
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import Conflict, InvalidFile, NotFound
from models.tables import UsageFileRow, UsageQuarantineRow
from models.vault import OFFICE

router = APIRouter(route_class=CommandRoute, tags=["usage"])

State = Literal["open", "discarded", "accepted"]


class DoubtAnswer(Answer):
    """A line that counts only when a person accepts it; the header is line 1."""

    line: int
    reason: str


class FileTaken(Answer):
    """What became of the rows of a usage file when it came."""

    file_id: str
    rows: int
    accepted: int
    duplicates: int
    duplicate_lines: list[int]
    quarantined: list[DoubtAnswer]


class FileAnswer(FileTaken):
    """A usage file as it was taken in. `amount_differences`: rows whose amount upstream is not what our prices say."""

    sha256: str
    encoding: str
    amount_differences: int
    received_at: AwareDatetime
    received_by: str


class QuarantineAnswer(Answer):
    """A doubtful row; its cells are not shown."""

    quarantine_id: str
    file_id: str
    line: int
    reason: str
    state: State
    contract_no: str | None = None
    month: str | None = None


class QuarantineDecision(Body):
    """Discard the row, or let it count; and why."""

    decision: Literal["discard", "accept"]
    reason: Text


@router.post("/v1/usage-files", status_code=201, responses={201: {"model": FileTaken}, 200: {"model": FileTaken}})
@may("billing")
async def take(file: Annotated[UploadFile, File()], office: TheOffice, call: TheCall) -> JSONResponse:
    """Take a usage file in (CSV, at most 64 MB); the same file again gives the first answer."""
    try:
        examined = await asyncio.to_thread(examine, file.file)
        async with office.readers() as session:
            answer = await first_answer(session, examined.sha256)
        if answer is not None:
            return json_answer(answer, 200)
        async with office.sessions.begin() as session:
            answer, new = await take_file(
                session, office, file.file, examined, actor=call.principal.actor, as_of=call.now
            )
            status = 201 if new else 200
            await call.store(session, status, answer)
    except UsageFileBroken as broken:
        raise InvalidFile([(broken.line, broken.field, broken.message)]) from None
    return json_answer(answer, status)


@router.get("/v1/usage-files")
@may(*READERS)
async def show_files(office: TheOffice, page: PageWanted) -> Page[FileAnswer]:
    """List usage files in order of creation."""
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, select(UsageFileRow), page, col(UsageFileRow.file_id))
    return Page(items=[_file(row) for row in rows], next_cursor=cursor)


@router.get("/v1/usage-files/{file_id}")
@may(*READERS)
async def show_file(file_id: Number, office: TheOffice) -> FileAnswer:
    """Show a usage file."""
    async with office.readers() as session:
        row = await session.get(UsageFileRow, file_id)
    if row is None:
        raise NotFound
    return _file(row)


def _file(row: UsageFileRow) -> FileAnswer:
    more = row.model_dump(include={"sha256", "encoding", "amount_differences", "received_at", "received_by"})
    return FileAnswer.model_validate(answer_of(row) | more)


@router.get("/v1/quarantine")
@may(*READERS)
async def show_quarantine(
    office: TheOffice,
    page: PageWanted,
    file_id: Annotated[Number | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
) -> Page[QuarantineAnswer]:
    """List doubtful rows in order of creation."""
    query = select(UsageQuarantineRow)
    if file_id is not None:
        query = query.where(col(UsageQuarantineRow.file_id) == file_id)
    if state is not None:
        query = query.where(col(UsageQuarantineRow.state) == state)
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(UsageQuarantineRow.quarantine_id))
    return Page(items=[QuarantineAnswer.model_validate(view_row(row)) for row in rows], next_cursor=cursor)


@router.post("/v1/quarantine/{quarantine_id}/decisions")
@may("billing")
async def decide(quarantine_id: Number, body: QuarantineDecision, office: TheOffice, call: TheCall) -> QuarantineAnswer:
    """Discard a row, or accept it: then it counts, and supersedes the rows that it corrects."""
    try:
        async with office.sessions.begin() as session:
            row = await decide_row(
                session, office, quarantine_id, body.decision, body.reason, actor=call.principal.actor, as_of=call.now
            )
            if row is None:
                raise NotFound
            view = view_row(row)
            await call.store(session, 200, view, OFFICE)
    except Decided:
        message = "The row is not open any more."
        raise Conflict(message) from None
    except StillDoubtful as doubtful:
        message = f"The row can't count: {doubtful.finding}."
        raise Conflict(message, reason=doubtful.finding) from None
    return QuarantineAnswer.model_validate(view)
