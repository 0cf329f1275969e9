"""Tasks: each role completes its own, once, on record."""

from datetime import UTC, datetime

import httpx2
import pytest
from sqlalchemy import select

from activities.office import Office
from models.tables import AuditEventRow, TaskRow
from tests.api.offices import command_key, give_key

PATH = "/v1/tasks/T-000001/completions"


@pytest.fixture
async def task(office: Office) -> TaskRow:
    """Store a task of the support role."""
    row = TaskRow(
        task_id="T-000001",
        key="1",
        kind="mail_refused",
        article="42(1)",
        detail="連絡先を確認してください。",
        role="support",
        created_at=datetime.now(UTC),
    )
    async with office.sessions.begin() as session:
        session.add(row)
    return row


async def test_its_role_completes_it(office: Office, http: httpx2.AsyncClient, task: TaskRow) -> None:
    """The task is done, who did it stands in the audit, the reason is sealed."""
    key = command_key("1", await give_key(office.sessions, "support"))
    first = await http.post(PATH, json={"reason": "電話で確認"}, headers=key)
    again = await http.post(PATH, json={"reason": "電話で確認"}, headers=key)
    async with office.readers() as session:
        row = await session.get_one(TaskRow, task.task_id)
        event = (await session.execute(select(AuditEventRow))).scalar_one()

    assert first.status_code == 200
    assert first.json()["state"] == "done"
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (row.state, row.done_by) == ("done", "support:support-1")
    assert row.outcome is not None
    assert await office.vault.unseal_text(row.outcome) == "電話で確認"
    assert (event.action, event.article, event.actor) == ("task_completed", "42(1)", "support:support-1")
    assert "電話" not in event.model_dump_json()


async def test_another_role_does_not(office: Office, http: httpx2.AsyncClient, task: TaskRow) -> None:
    """A role may complete only its own tasks."""
    key = command_key("1", await give_key(office.sessions, "billing"))
    answer = await http.post(PATH, json={"reason": "済"}, headers=key)

    assert task.role != "billing"
    assert answer.status_code == 403


async def test_once_only(office: Office, http: httpx2.AsyncClient, task: TaskRow) -> None:
    """A second completion, by whomever, is a conflict, and changes nothing."""
    first = command_key("1", await give_key(office.sessions, "support"))
    second = command_key("2", await give_key(office.sessions, "support", "support-2"))
    answers = [await http.post(PATH, json={"reason": "済"}, headers=key) for key in (first, second)]
    async with office.readers() as session:
        row = await session.get_one(TaskRow, task.task_id)

    assert [answer.status_code for answer in answers] == [200, 409]
    assert row.done_by == "support:support-1"


async def test_an_unknown_one(office: Office, http: httpx2.AsyncClient) -> None:
    """A task that is not there is a 404."""
    key = command_key("1", await give_key(office.sessions, "support"))

    assert (await http.post(PATH, json={"reason": "済"}, headers=key)).status_code == 404
