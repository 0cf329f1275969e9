"""The freeze of a month's usage beside a file that is being taken in: it waits for it, and sees all of it (24(2))."""

import asyncio
import io
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from activities.gateways.usage_csv import examine
from activities.usage import take_file
from models.database import Sessions
from models.tables import UsageRecordRow
from tests.billing.office import Desk, after
from tests.usage_office import row, sheet, sign_two, usage_office

APRIL = "2026-04"
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_freeze_waits_for_a_file(sessions: Sessions, tmp_path: Path) -> None:
    """Rows that had their ids before the freeze but were committed after it began would be in no bill: there are none.

    SQLite has one writer at a time; the question is PostgreSQL's.
    """
    async with usage_office(sessions, tmp_path) as office:
        await sign_two(office)
        desk = Desk(office)
        step = await desk.begin(APRIL)
        file = io.BytesIO(sheet(row(), row(No="2", StartDate="2026-04-15", EndDate="2026-04-21")))
        async with sessions.begin() as taking:
            answer, _ = await take_file(
                taking, office, file, examine(file), actor="billing:billing-1", as_of=after(APRIL)
            )
            assert answer["accepted"] == 2
            freezing = asyncio.create_task(desk.runs.freeze_usage(step))
            async with office.readers() as reader:
                while not await reader.scalar(WAITING):
                    assert not freezing.done(), "the freeze did not wait"
                    await reader.rollback()
        await freezing

        run = await desk.run(APRIL)
        async with office.readers() as session:
            taken = await session.scalars(select(col(UsageRecordRow.id)))
        assert (len(ids := [*taken]), run.usage_through) == (2, max(ids))
