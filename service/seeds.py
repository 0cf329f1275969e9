"""What a fresh service carries: people with their keys, and the first price list."""

import asyncio
import json
import secrets
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.records import audit
from api.auth import secret_hash
from models.database import Sessions, make_engine, make_sessions
from models.messages.office import Event
from models.messages.roles import AUDITOR, STAFF
from models.tables import ApiKeyRow, PersonRow, PriceListRow, PriceRow
from service.settings import Settings

PRICE_LIST = Path(__file__).parent / "data" / "price-list.json"
PEOPLE = [*(f"{role}-{n}" for role in sorted(STAFF) for n in (1, 2)), f"{AUDITOR}-1"]
KEY_BYTES = 32
PASSWORD_BYTES = 12
FEES = ("monthly_fee", "initial_fee")  # yen; the list writes some of them as text


async def ensure_people(settings: Settings) -> list[dict[str, str]]:
    """Give two people to each role of the office and one auditor, with new keys and passwords.

    Called again it gives them new ones, and the old ones open nothing any more: whoever calls keeps the answer.

    Returns:
        For each person: person, role, api_key, login, password.
    """
    people = [_person(name) for name in PEOPLE]
    hasher = PasswordHasher()
    hashes = [await asyncio.to_thread(hasher.hash, each["password"]) for each in people]
    engine = make_engine(settings.database_url)
    try:
        async with make_sessions(engine).begin() as session:
            for each, password_hash in zip(people, hashes, strict=True):
                await _let_in(session, each, password_hash)
    finally:
        await engine.dispose()
    return people


def _person(name: str) -> dict[str, str]:
    return {
        "person": name,
        "role": name.rpartition("-")[0],
        "api_key": secrets.token_urlsafe(KEY_BYTES),
        "login": name,
        "password": secrets.token_urlsafe(PASSWORD_BYTES),
    }


async def _let_in(session: AsyncSession, person: dict[str, str], password_hash: str) -> None:
    name, role, now = person["person"], person["role"], datetime.now(UTC)
    hashed = secret_hash(person["api_key"])
    key_id = f"seed-{name}"
    if (await session.get(PersonRow, name)) is None:
        session.add(
            PersonRow(person=name, role=role, login=person["login"], created_at=now, password_hash=password_hash)
        )
        session.add(ApiKeyRow(key_id=key_id, role=role, person=name, created_at=now, secret_hash=hashed))
        return
    await session.execute(update(PersonRow).where(col(PersonRow.person) == name).values(password_hash=password_hash))
    await session.execute(update(ApiKeyRow).where(col(ApiKeyRow.key_id) == key_id).values(secret_hash=hashed))


async def ensure_price_list(sessions: Sessions) -> None:
    """Record the first price list (Art. 24(1)) unless it is there; prices are yen without tax."""
    found: dict[str, Any] = json.loads(PRICE_LIST.read_text(encoding="utf-8"))
    name, now = found["price_list"], datetime.now(UTC)
    row = PriceListRow(
        price_list=name,
        effective_from=date.fromisoformat(found["effective_from"]),
        terms_version=found["terms_version"],
        recorded_at=now,
    )
    event = Event(
        action="price_list_recorded",
        article="24(1)",
        actor="system",
        at=now,
        summary=f"料金表{name}を登録しました。",
        basis={"price_list": name, "effective_from": found["effective_from"], "items": len(found["items"])},
    )
    async with sessions.begin() as session:
        if (await session.get(PriceListRow, name)) is not None:
            return
        session.add(row)
        await session.flush()
        session.add_all(_price(name, place, item) for place, item in enumerate(found["items"], 1))
        await audit(session, f"price-list:{name}", [event])


def _price(price_list: str, place: int, item: dict[str, Any]) -> PriceRow:
    fees = {fee: int(item[fee]) for fee in FEES if fee in item}
    return PriceRow(**(item | fees), price_list=price_list, place=place)
