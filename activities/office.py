"""What every activity and every endpoint works with; built once per process and handed in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from temporalio.client import Client

from activities.documents import Sender
from activities.gateways.clock import Clock
from activities.gateways.mail import Mailer
from activities.gateways.provisioning import Provisioning
from activities.gateways.screening import Screening
from models.database import Sessions
from models.vault import Vault
from terms.calendars import Calendars
from terms.settings import Terms

CONTRACTS_QUEUE = "contracts"


async def _nothing() -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Office:
    """The office's hands: database, vault, clock, terms, Temporal client and gateways.

    `sessions` may write (one writer at a time on SQLite), `readers` never wait for a writer. `client` starts
    workflows on business time. `wake` asks the relay to deliver at once what was just committed.
    """

    sessions: Sessions
    readers: Sessions
    vault: Vault
    clock: Clock
    calendars: Calendars
    terms: Terms
    client: Client
    mailer: Mailer
    screening: Screening
    provisioning: Provisioning
    mail_from: str
    sender: Sender
    zones: frozenset[str]
    registration_no: str = ""
    temporal_ui_url: str | None = None
    task_queue: str = CONTRACTS_QUEUE
    wake: Callable[[], Awaitable[None]] = field(default=_nothing)
