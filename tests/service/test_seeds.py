"""What a fresh service carries."""

import json
from datetime import date
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import func, select

from activities.billing import price_list_on
from api.auth import STAFF, KeyRing
from models.database import Sessions, make_readers
from models.tables import ApiKeyRow, AuditEventRow, PersonRow, PriceRow
from service.seeds import PRICE_LIST, ensure_people, ensure_price_list
from service.settings import Settings
from tests.api.offices import open_office


async def test_people(sessions: Sessions, tmp_path: Path) -> None:
    """Two people a role and one auditor, whose keys and passwords work; new ones replace the old."""
    settings = Settings(data_dir=tmp_path, database_url=sessions.kw["bind"].url.render_as_string(hide_password=False))
    old = await ensure_people(settings)
    people = await ensure_people(settings)

    assert sorted(each["role"] for each in people) == sorted([*STAFF, *STAFF, "auditor"])
    assert {"intake-1", "intake-2", "auditor-1"} < {each["person"] for each in people}
    assert all(each.keys() == {"person", "role", "api_key", "login", "password"} for each in people)
    assert len({each["api_key"] for each in people + old}) == 2 * len(people)
    async with open_office(sessions, tmp_path) as office:
        ring = KeyRing()
        found = await ring.find(office, people[0]["api_key"])
        assert found is not None
        assert found.actor == f"{people[0]['role']}:{people[0]['person']}"
        assert await ring.find(office, old[0]["api_key"]) is None
    async with sessions() as session:
        row = await session.get_one(PersonRow, people[0]["person"])
        keys = await session.scalar(select(func.count()).select_from(ApiKeyRow))
    assert PasswordHasher().verify(row.password_hash, people[0]["password"])
    assert keys == len(people)


async def test_price_list(sessions: Sessions) -> None:
    """The first price list is recorded once, with all its items, its prices as written."""
    await ensure_price_list(sessions)
    await ensure_price_list(sessions)
    written = json.loads(PRICE_LIST.read_text(encoding="utf-8"))["items"]
    async with make_readers(sessions.kw["bind"])() as session:
        prices = await price_list_on(session, date(2026, 3, 1))
        events = (await session.execute(select(AuditEventRow))).scalars().all()

    assert prices.name == "PL-2026-03"
    assert prices.contract_fee == 10_000
    assert [item.code for item in prices.items.values()] == [item["code"] for item in written]
    assert [_amounts(prices.items[item["code"]]) for item in written] == [
        (
            item.get("rate"),
            item.get("cap_hours"),
            item.get("monthly_cap"),
            int(item["monthly_fee"]) if "monthly_fee" in item else None,
            item.get("initial_fee", 0),
            item.get("min_term_months", 1),
        )
        for item in written
    ]
    assert [event.action for event in events] == ["price_list_recorded"]


def _amounts(row: PriceRow) -> tuple[object, ...]:
    return row.rate, row.cap_hours, row.monthly_cap, row.monthly_fee, row.initial_fee, row.min_term_months
