"""Two transactions that wait for each other: PostgreSQL gives one up, and its command can be sent again (27(2))."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.database import Sessions
from models.tables import AllocationRow, DepositRow, InvoiceAccountRow
from tests.cash_office import Transfer, bill, breaches, cash_office, count, sign, zengin

PAYER = "ｶ)ﾐﾎﾝﾃﾞ-ﾀ"
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def lock(session: AsyncSession, invoice_no: str) -> None:
    """Lock an invoice as everybody does who pays, credits or voids it."""
    await session.execute(
        select(InvoiceAccountRow).where(col(InvoiceAccountRow.invoice_no) == invoice_no).with_for_update()
    )


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_command_can_be_sent_again(sessions: Sessions, tmp_path: Path) -> None:
    """It is answered 503 with Retry-After and has changed nothing; the same command succeeds a moment later."""
    async with cash_office(sessions, tmp_path) as cashier:
        number = await sign(cashier.office, 1, "R1", [PAYER])
        first = await bill(cashier.office, number, 10_000, month="2026-04", issued_on="2026-05-12", due_on="2026-06-30")
        last = await bill(cashier.office, number, 20_000, month="2026-05", issued_on="2026-06-05", due_on="2026-07-31")
        await cashier.take(zengin(Transfer(1, "0615", 4_000, PAYER)))
        path = f"/v1/deposits/{(await cashier.deposit(1))['deposit_id']}/allocations"
        command = (path, {"contract_no": number}, "cash", "allot-1")

        async with sessions.begin() as other:
            await lock(other, last)
            asked = asyncio.create_task(cashier.post(*command))  # has the first, waits for the last
            async with cashier.office.readers() as reader:
                while not await reader.scalar(WAITING):
                    await reader.rollback()
            await lock(other, first)  # and now both wait
            answer = await asked

        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable"), answer.text
        assert int(answer.headers["Retry-After"]) > 0
        assert await count(cashier.office, AllocationRow) == 0
        again = await cashier.post(*command)
        assert again.status_code == 200, again.text
        assert (await cashier.deposit(1))["state"] == "allocated"
        assert (await count(cashier.office, AllocationRow), await count(cashier.office, DepositRow)) == (1, 1)
        assert await breaches(cashier.office) == []
