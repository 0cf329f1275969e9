"""An office for tests of the API and the console: a real database and a real vault, no Temporal server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from temporalio.client import Client

from activities.documents import Sender
from activities.gateways.calendars import JapanCalendars
from activities.gateways.clock import RealClock
from activities.gateways.mail import SmtpProof
from activities.gateways.provisioning import SimulatedProvisioning
from activities.gateways.screening import SimulatedScreening
from activities.office import Office
from api.auth import CUSTOMER, secret_hash
from models.database import Sessions, make_readers
from models.tables import ApiKeyRow
from models.vault import Vault
from terms.settings import TERMS_1_0


class NoMail:
    """A mailer that nobody should use."""

    async def send(self, mail: EmailMessage, recipient: str) -> SmtpProof:
        """Fail the test."""
        raise AssertionError(mail, recipient)

    async def close(self) -> None:
        """Close nothing."""


@asynccontextmanager
async def open_office(sessions: Sessions, folder: Path) -> AsyncIterator[Office]:
    """Open an office on a migrated database."""
    vault = await Vault.open(f"sqlite+aiosqlite:///{folder / 'vault.db'}", b"k" * 32)
    bare = await bare_office()
    yield replace(bare, sessions=sessions, readers=make_readers(sessions.kw["bind"]), vault=vault)
    await vault.close()


async def bare_office() -> Office:
    """Make an office without database and vault."""
    nothing: Any = None
    return Office(
        sessions=nothing,
        readers=nothing,
        vault=nothing,
        clock=RealClock(),
        calendars=JapanCalendars(),
        terms=TERMS_1_0,
        client=await Client.connect("127.0.0.1:1", lazy=True),
        mailer=NoMail(),
        screening=SimulatedScreening(),
        provisioning=SimulatedProvisioning(),
        sender=Sender(),
        mail_from="Yakkan <office@yakkan.example>",
        zones=frozenset({"tokyo-1"}),
    )


async def give_key(
    sessions: Sessions, role: str, person: str | None = None, *, key_id: str | None = None
) -> dict[str, str]:
    """Give a key to a role; returns the headers that carry it. A customer's customer_ref is `person`."""
    name = person or f"{role}-1"
    key_id = key_id or f"K-{name}"
    row = ApiKeyRow(
        key_id=key_id,
        secret_hash=secret_hash(f"secret of {key_id}"),
        role=role,
        person=None if role == CUSTOMER else name,
        customer_ref=name if role == CUSTOMER else None,
        created_at=datetime.now(UTC),
    )
    async with sessions.begin() as session:
        session.add(row)
    return {"Authorization": f"Bearer secret of {key_id}"}


def command_key(text: str, key: dict[str, str]) -> dict[str, str]:
    """Add an Idempotency-Key to a caller's headers."""
    return {**key, "Idempotency-Key": text}
