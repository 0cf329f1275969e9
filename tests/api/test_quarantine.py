"""Doubtful rows of usage: what a person's decision does, on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import update
from sqlmodel import col

from activities.office import Office
from models.database import Sessions
from models.tables import (
    AuditEventRow,
    BillingResultRow,
    ContractRow,
    TaskRow,
    UsageQuarantineRow,
    UsageRecordRow,
    UsageSupersessionRow,
)
from tests.api.offices import give_key
from tests.usage_office import DISK, Clerk, count, doubts, register, row, rows_of, sheet, sign, sign_two, usage_office


@pytest.fixture
async def office(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Office]:
    """Open an office with two contracts: R1 charged from 2 April, R2 until 20 April."""
    async with usage_office(sessions, tmp_path) as opened:
        await sign_two(opened)
        yield opened


@pytest.fixture
async def clerk(office: Office, http: httpx2.AsyncClient) -> Clerk:
    """Give the clerk a key."""
    return Clerk(http, await give_key(office.sessions, "billing"))


OTHER_HOURS = {"Usage": "99", "Running": "99", "Stopped": "69"}


async def superseded(office: Office) -> list[tuple[int, int]]:
    """List which records count no more, and by which they are corrected."""
    return [(each.superseded_id, each.by_id) for each in await rows_of(office, UsageSupersessionRow)]


class TestAccept:
    """A person lets a row count."""

    async def test_conflict(self, office: Office, clerk: Clerk) -> None:
        """The row of the same days counts no more; it stays as it was."""
        number = await clerk.doubt("conflict", row(), row(**OTHER_HOURS))
        before = (await rows_of(office, UsageRecordRow))[0].model_dump()

        decided = await clerk.decide(number, "accept")
        assert (decided.status_code, decided.json()["state"]) == (200, "accepted")
        first, second = await rows_of(office, UsageRecordRow)
        assert first.model_dump() == before
        assert (second.seconds, second.quarantine_id, second.line) == (99 * 3600, number, 3)
        assert await superseded(office) == [(first.id, second.id)]
        again = await clerk.take(sheet(row(No="7", **OTHER_HOURS), row(No="8")))
        assert (again["duplicate_lines"], doubts(again)) == ([2], [(3, "conflict")])

    async def test_overlap(self, office: Office, clerk: Clerk) -> None:
        """All rows whose days it shares count no more, others still do."""
        rows = [row(StartDate=f"2026-04-{day:02}", EndDate=f"2026-04-{day + 6:02}") for day in (8, 15, 22)]
        number = await clerk.doubt("overlap", *rows, row(StartDate="2026-04-14", EndDate="2026-04-20"))

        assert (await clerk.decide(number, "accept")).status_code == 200
        first, second, _, new = await rows_of(office, UsageRecordRow)
        assert await superseded(office) == [(first.id, new.id), (second.id, new.id)]

    async def test_usage_mismatch_takes_usage(self, office: Office, clerk: Clerk) -> None:
        """Where hours disagree, `Usage` is what is charged."""
        number = await clerk.doubt("usage_mismatch", row(Usage="120.5"))

        assert (await clerk.decide(number, "accept")).status_code == 200
        (record,) = await rows_of(office, UsageRecordRow)
        assert (record.seconds, record.running_seconds) == (433_800, 360_000)

    @pytest.mark.parametrize(
        ("reason", "changes"),
        [
            pytest.param("bad_value", {"Usage": "x"}, id="a wrong value"),
            pytest.param("bad_value", {"ResourceDisplayName": "a,b"}, id="a cell too many"),
            pytest.param("unknown_item", {"Menu": "?"}, id="an unknown item"),
            pytest.param("crosses_month_end", {"EndDate": "2026-05-04"}, id="over a month's end"),
            pytest.param("hours_exceed_period", {"Allocated": "169", "Stopped": "69"}, id="too many hours"),
        ],
    )
    async def test_what_still_stands_against_it(
        self, office: Office, clerk: Clerk, reason: str, changes: dict[str, str]
    ) -> None:
        """A row that is as wrong as before does not count: 409 with the finding, no article; it stays open."""
        number = await clerk.doubt(reason, row(**changes))
        answer = await clerk.decide(number, "accept")

        problem = answer.json()
        assert (answer.status_code, problem["type"], problem["reason"]) == (409, "/problems/conflict", reason)
        assert reason in problem["detail"]
        assert "article" not in problem
        assert [each["state"] for each in (await clerk.read("/v1/quarantine"))["items"]] == ["open"]
        assert await count(office, UsageRecordRow) == 0

    async def test_a_mismatch_that_overlaps(self, office: Office, clerk: Clerk) -> None:
        """Taking `Usage` does not say that the row which counts is wrong: that is another finding."""
        number = await clerk.doubt("usage_mismatch", row(), row(No="2", Usage="99"))
        answer = await clerk.decide(number, "accept")

        assert (answer.status_code, answer.json()["reason"]) == (409, "conflict")
        assert await superseded(office) == []

    async def test_an_unknown_resource_is_registered_meanwhile(self, office: Office, clerk: Clerk) -> None:
        """What was missing is there now: the row counts."""
        number = await clerk.doubt("unknown_resource", row(resource_id="vm-7"))
        assert (await clerk.decide(number, "accept")).status_code == 409
        await register(office, "C-000001", [{"resource_id": "vm-7", "code": "VM-S2", "from_on": "2026-04-02"}])

        assert (await clerk.decide(number, "accept")).status_code == 200
        (record,) = await rows_of(office, UsageRecordRow)
        assert (record.resource_id, record.from_on, record.to_on) == ("vm-7", date(2026, 4, 8), date(2026, 4, 14))

    async def test_an_unknown_contract_is_formed_meanwhile(self, office: Office, clerk: Clerk) -> None:
        """The row moves to the contract that is there now, whichever way the file named it."""
        number = await clerk.doubt("unknown_contract", row(customer_ref="R5", resource_id="vm-5"))
        new = await sign(office, 5, "R5", date(2026, 4, 1))
        await register(office, new, [{"resource_id": "vm-5", "code": "VM-S2", "from_on": "2026-04-01"}])

        answer = await clerk.decide(number, "accept")
        assert (answer.status_code, answer.json()["contract_no"]) == (200, new)

    async def test_the_end_moves_meanwhile(self, office: Office, clerk: Clerk) -> None:
        """A row after the end counts once the end lies later."""
        days = {"StartDate": "2026-04-15", "EndDate": "2026-04-21"}
        number = await clerk.doubt("after_contract_end", row(customer_ref="R2", resource_id="vm-2", **days))
        async with office.sessions.begin() as session:
            table = ContractRow
            await session.execute(
                update(table).where(col(table.contract_no) == "C-000002").values(ends_on=date(2026, 4, 30))
            )
        assert (await clerk.decide(number, "accept")).status_code == 200

    async def test_in_a_billed_month(self, office: Office, clerk: Clerk) -> None:
        """A row that counts after its month was billed is late, whether it came late or was decided late."""
        number = await clerk.doubt("conflict", row(), row(**OTHER_HOURS))
        async with office.sessions.begin() as session:
            session.add(BillingResultRow(contract_no="C-000001", month="2026-04", pass_no=1, state="issued"))
        assert (await clerk.decide(number, "accept")).status_code == 200
        await clerk.take(sheet(row(**DISK), row(customer_ref="R2", resource_id="vm-2")))

        found = await rows_of(office, UsageRecordRow)
        assert [each.late for each in found] == [False, True, True, False]


class TestDiscard:
    """A person leaves a row out."""

    async def test_it_stays_out(self, office: Office, clerk: Clerk) -> None:
        """The earlier row counts on; the discarded one waits again when it comes again, once."""
        number = await clerk.doubt("conflict", row(), row(**OTHER_HOURS))
        assert (await clerk.decide(number, "discard")).json()["state"] == "discarded"

        again = await clerk.take(sheet(row(No="5", **OTHER_HOURS), row(No="6", **OTHER_HOURS)))
        assert (doubts(again), again["duplicate_lines"]) == ([(2, "discarded_before")], [3])
        assert await count(office, UsageRecordRow) == 1
        assert await superseded(office) == []

    async def test_what_was_discarded_by_mistake(self, office: Office, clerk: Clerk) -> None:
        """A row that is clean by itself counts when it comes again and a person accepts it."""
        number = await clerk.doubt("unknown_resource", row(resource_id="vm-7"))
        await clerk.decide(number, "discard")
        await register(office, "C-000001", [{"resource_id": "vm-7", "code": "VM-S2", "from_on": "2026-04-02"}])
        again = await clerk.doubt("discarded_before", row(No="2", resource_id="vm-7"))

        assert (await clerk.decide(again, "accept")).status_code == 200
        assert await count(office, UsageRecordRow) == 1

    async def test_decided_once(self, clerk: Clerk) -> None:
        """A second decision is a conflict; a row that is not there is not found."""
        number = await clerk.doubt("unknown_item", row(Menu="?"))
        assert (await clerk.decide(number, "discard")).status_code == 200

        second = await clerk.decide(number, "accept")
        assert (second.status_code, second.json()["type"]) == (409, "/problems/conflict")
        assert (await clerk.decide("Q-999999", "discard")).status_code == 404

    async def test_who_decides(self, office: Office, clerk: Clerk, http: httpx2.AsyncClient) -> None:
        """Only billing decides."""
        number = await clerk.doubt("unknown_item", row(Menu="?"))
        other = Clerk(http, await give_key(office.sessions, "cash"))

        assert (await other.decide(number, "discard")).status_code == 403


class TestRecords:
    """What a decision leaves behind."""

    async def test_the_task_ends_with_the_last_row(self, office: Office, clerk: Clerk) -> None:
        """The file's task is done when none of its rows is open."""
        await clerk.take(sheet(row(Menu="?"), row(Menu="!")))
        first, second = (await clerk.read("/v1/quarantine", state="open"))["items"]

        await clerk.decide(first["quarantine_id"], "discard")
        assert [each.state for each in await rows_of(office, TaskRow)] == ["open"]
        await clerk.decide(second["quarantine_id"], "discard")
        assert [each.state for each in await rows_of(office, TaskRow)] == ["done"]

    async def test_it_is_told(self, office: Office, clerk: Clerk) -> None:
        """The decision stands in the contract's chain; the reason a person gave is sealed."""
        number = await clerk.doubt("conflict", row(), row(**OTHER_HOURS))
        await clerk.decide(number, "accept", "山田様に確認")

        (event,) = [each for each in await rows_of(office, AuditEventRow) if each.action == "usage_accepted"]
        old, new = await rows_of(office, UsageRecordRow)
        assert (event.contract_no, event.actor) == ("C-000001", "billing:billing-1")
        assert (event.basis["supersedes"], event.basis["usage_id"]) == ([old.id], new.id)
        assert "山田" not in str(event.model_dump())
        (doubt,) = await rows_of(office, UsageQuarantineRow)
        assert await office.vault.unseal_text(doubt.decision_reason) == "山田様に確認"
