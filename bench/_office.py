"""An office for measurements: a real database and a real vault, no Temporal server, the work called as coroutines."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from temporalio.client import Client

from activities.acts import ACTS
from activities.approvals import decide
from activities.billing_run import BillingRuns
from activities.billing_start import start_pass
from activities.documents import Sender
from activities.gateways.calendars import JapanCalendars
from activities.gateways.clock import RealClock
from activities.gateways.mail import Mailer, SmtpMailer
from activities.gateways.provisioning import SimulatedProvisioning
from activities.gateways.screening import SimulatedScreening
from activities.office import Office
from models.database import make_engine, make_readers, make_sessions
from models.messages.billing import BillingStep
from models.messages.office import ApprovalVote, Origin
from models.tables import BillingRunRow
from models.vault import Vault
from terms.periods import JST
from terms.settings import TERMS_1_0

NOBODY = "smtp://127.0.0.1:9"
ZONE = "fukuoka-1"
AFTER = datetime(2026, 5, 12, 10, tzinfo=JST)  # when April is billed


@asynccontextmanager
async def open_vault(folder: Path) -> AsyncIterator[Vault]:
    """Open the vault of a bench."""
    vault = await Vault.open(f"sqlite+aiosqlite:///{folder / 'vault.sqlite'}", b"k" * 32)
    yield vault
    await vault.close()


@asynccontextmanager
async def open_office(url: str, vault: Vault, mailer: Mailer | None = None) -> AsyncIterator[Office]:
    """Open an office on a database."""
    engine = make_engine(url)
    mailer = mailer or SmtpMailer(NOBODY)
    try:
        yield Office(
            sessions=make_sessions(engine),
            readers=make_readers(engine),
            vault=vault,
            clock=RealClock(),
            calendars=JapanCalendars(),
            terms=TERMS_1_0,
            client=await Client.connect("127.0.0.1:1", lazy=True),
            mailer=mailer,
            screening=SimulatedScreening(),
            provisioning=SimulatedProvisioning(),
            sender=Sender(),
            mail_from="Yakkan <office@yakkan.example>",
            zones=frozenset({ZONE}),
            registration_no="T9999999999999",
        )
    finally:
        await mailer.close()
        await engine.dispose()


async def bill(office: Office, month: str) -> int:
    """Bill a month from its usage to its issued invoices and queued letters; gives how many."""
    async with office.sessions.begin() as session:
        run, _ = await start_pass(session, office, month, actor="billing:billing-1", as_of=AFTER)
    step, runs = BillingStep(month=month, pass_no=run.pass_no, as_of=AFTER), BillingRuns(office)
    await runs.freeze_usage(step)
    await runs.price_contracts(step)
    await runs.prove_run(step)
    async with office.sessions.begin() as session:
        proved = await session.get_one(BillingRunRow, (month, run.pass_no))
        vote = ApprovalVote(
            origin=Origin(key=f"bench-vote-{month}", actor="legal:legal-1"), approval_id=proved.approval_id or "",
            person="legal-1", role="legal", decision="approve", reason="bench",
        )  # fmt: skip
        await decide(session, office, ACTS, vote, as_of=AFTER)
    return await runs.issue_invoices(step)
