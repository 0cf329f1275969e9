"""Lists: pages in order of creation, and cursors that nobody made."""

import base64
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from sqlalchemy import select
from sqlmodel import col

from activities.office import Office
from api.paging import Wanted, fetch_page, make_cursor
from models.tables import TaskRow
from tests.api.offices import give_key

BEGAN = datetime(2026, 3, 25, tzinfo=UTC)


def task(n: int, *, minute: int = 0, role: str = "support") -> TaskRow:
    """Make a task."""
    return TaskRow(
        task_id=f"T-{n:06d}",
        key=f"task {n}",
        kind="probe",
        detail="確認してください。",
        role=role,
        created_at=BEGAN + timedelta(minutes=minute),
    )


@pytest.fixture
async def key(office: Office) -> dict[str, str]:
    """Store seven tasks; give the key of somebody who reads them."""
    async with office.sessions.begin() as session:
        session.add_all(task(n, role="legal" if n % 2 else "support") for n in (3, 1, 2, 7, 5, 6, 4))
    return await give_key(office.sessions, "auditor")


async def test_pages_bring_each_item_once(http: httpx2.AsyncClient, key: dict[str, str]) -> None:
    """Following next_cursor shows everything once, in order; at the end it is null."""
    seen, cursor, sizes = [], None, []
    while True:
        params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/v1/tasks", params=params, headers=key)).json()
        seen += [item["task_id"] for item in page["items"]]
        sizes.append(len(page["items"]))
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [f"T-{n:06d}" for n in range(1, 8)]
    assert sizes == [3, 3, 1]


async def test_a_full_last_page_ends_the_list(http: httpx2.AsyncClient, key: dict[str, str]) -> None:
    """A page that holds just the rest says that it is the last one."""
    page = (await http.get("/v1/tasks", params={"limit": "7"}, headers=key)).json()

    assert (len(page["items"]), page["next_cursor"]) == (7, None)


async def test_absent_fields_are_left_out(http: httpx2.AsyncClient, key: dict[str, str]) -> None:
    """An answer has no nulls but for next_cursor."""
    page = (await http.get("/v1/tasks", params={"limit": "1", "role": "legal"}, headers=key)).json()

    assert page["items"] == [
        {"task_id": "T-000001", "kind": "probe", "detail": "確認してください。", "role": "legal", "state": "open"}
    ]


async def test_what_comes_meanwhile_moves_nothing(
    office: Office, http: httpx2.AsyncClient, key: dict[str, str]
) -> None:
    """A row that is added between two pages shifts no other."""
    first = (await http.get("/v1/tasks", params={"limit": "3"}, headers=key)).json()
    async with office.sessions.begin() as session:
        session.add(task(0))
    second = (await http.get("/v1/tasks", params={"limit": "3", "cursor": first["next_cursor"]}, headers=key)).json()

    assert [item["task_id"] for item in second["items"]] == ["T-000004", "T-000005", "T-000006"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("limit", "0", id="limit 0"),
        pytest.param("limit", "501", id="limit 501"),
        pytest.param("limit", "-1", id="negative limit"),
        pytest.param("limit", "many", id="limit in words"),
        pytest.param("limit", "", id="empty limit"),
        pytest.param("cursor", "", id="empty cursor"),
        pytest.param("cursor", "!", id="no base64"),
        pytest.param("cursor", "AAAA", id="no JSON"),
        pytest.param("cursor", "x" * 501, id="too long"),
        pytest.param("cursor", make_cursor([1]), id="a number for a text"),
        pytest.param("cursor", make_cursor(["T-000001", 1]), id="too many keys"),
        pytest.param("cursor", make_cursor(["T\u0000"]), id="a control character"),
        pytest.param("cursor", base64.urlsafe_b64encode(b"[" * 300).decode(), id="deep"),
        pytest.param("cursor", "ｶｰｿﾙ", id="no ASCII"),
        pytest.param("state", "lost", id="no such state"),
        pytest.param("contract_no", "C 1", id="no number"),
    ],
)
async def test_bad_parameters(http: httpx2.AsyncClient, key: dict[str, str], name: str, value: str) -> None:
    """A bad limit, cursor or filter is a 422 that names the parameter."""
    answer = await http.get("/v1/tasks", params={name: value}, headers=key)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [name]


async def test_the_largest_page(http: httpx2.AsyncClient, key: dict[str, str]) -> None:
    """500 items are the most that one page may have."""
    assert (await http.get("/v1/tasks", params={"limit": "500"}, headers=key)).status_code == 200


async def test_instants_order_lists_too(office: Office) -> None:
    """A list ordered by instant and number goes on where it was, also among rows of one instant."""
    minutes = (0, 1, 1, 1, 2)
    async with office.sessions.begin() as session:
        session.add_all(task(n, minute=minute) for n, minute in enumerate(minutes))
    seen, cursor = [], None
    async with office.readers() as session:
        while cursor != "":
            keys = (col(TaskRow.created_at), col(TaskRow.task_id))
            rows, cursor = await fetch_page(session, select(TaskRow), Wanted(2, cursor), *keys)
            seen += [row.task_id for row in rows]

    assert seen == [f"T-{n:06d}" for n in range(5)]
