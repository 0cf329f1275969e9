"""Puts the parts together: the office from the settings, the API and the worker around it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities.application import Applications
from activities.billing_run import BillingRuns
from activities.calendar import Calendar
from activities.contract import Contracts
from activities.default import Defaults
from activities.deletion import Deletions
from activities.documents import Sender
from activities.erasure import Erasures
from activities.formation import Formation
from activities.gateways.calendars import JapanCalendars
from activities.gateways.clock import RealClock
from activities.gateways.mail import SmtpMailer
from activities.gateways.provisioning import SimulatedProvisioning
from activities.gateways.screening import SimulatedScreening
from activities.mailing import Mailings
from activities.notice import Notices
from activities.office import CONTRACTS_QUEUE, Office
from activities.relay import Relay, start
from activities.rescission import Rescinding
from activities.succession import Successions
from activities.suspension import SuspensionWork
from activities.termination import Terminations
from api.app import create_app
from console.app import create_console, put_under
from console.session import session_secret
from models import ids
from models.database import make_engine, make_readers, make_sessions
from models.messages.office import CalendarState, Opening
from models.vault import Vault
from service.convert import data_converter
from service.logs import configure_logging
from service.seeds import ensure_price_list
from service.settings import Settings
from service.simulation import SimulatedClock, Simulation, on_business_time
from service.vault_key import key_encryption_key
from terms.settings import TERMS_1_0
from workflows.application import ApplicationReview
from workflows.billing import BillingRun, Mailing
from workflows.calendar import DailySweep, OfficeCalendar
from workflows.contract import Contract
from workflows.default import PaymentDefault
from workflows.notice import Notice
from workflows.rescission import RescissionPeer
from workflows.retention import DataDeletion, DataErasure
from workflows.succession import Succession
from workflows.suspension import SuspensionPeer
from workflows.termination import SpecialCancellation, TerminationNotice

WORKFLOWS = [
    ApplicationReview,
    BillingRun,
    Contract,
    DailySweep,
    DataDeletion,
    DataErasure,
    Mailing,
    Notice,
    OfficeCalendar,
    PaymentDefault,
    RescissionPeer,
    SpecialCancellation,
    Succession,
    SuspensionPeer,
    TerminationNotice,
]
QUEUES = (CONTRACTS_QUEUE, "billing", "letters", "operations")
VERSION = WorkerDeploymentConfig(
    version=WorkerDeploymentVersion("yakkan", "1"), use_worker_versioning=False
)  # without a version the first worker of a process hashes all loaded code
ZONES = Path(__file__).parent / "data" / "zones.json"
CONNECT_SECONDS = 60.0
STICKY_PATIENCE = timedelta(seconds=2)  # so long does work wait for the worker that had it and was killed
SHUTDOWN_PATIENCE = timedelta(seconds=5)
log = structlog.get_logger()


@dataclass(frozen=True)
class Wired:
    """An office with what moves its clock, if it is simulated."""

    office: Office
    simulation: Simulation | None


async def connect(settings: Settings, vault: Vault) -> Client:
    """Connect to Temporal; a server that is still coming up is waited for.

    Raises:
        RuntimeError: it did not answer within a minute.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + CONNECT_SECONDS
    while True:
        try:
            return await Client.connect(
                settings.temporal_address,
                namespace=settings.temporal_namespace,
                data_converter=data_converter(vault),
            )
        except RuntimeError:
            if loop.time() > end:
                raise
            await asyncio.sleep(0.2)


@asynccontextmanager
async def open_office(settings: Settings, *, task_queue: str = CONTRACTS_QUEUE) -> AsyncIterator[Wired]:
    """Open everything an office works with; closed again at the end."""
    async with AsyncExitStack() as stack:
        engine = make_engine(settings.database_url)
        stack.push_async_callback(engine.dispose)
        sessions, readers = make_sessions(engine), make_readers(engine)
        vault = await Vault.open(settings.vault_url, key_encryption_key(settings))
        stack.push_async_callback(vault.close)
        plain = await connect(settings, vault)
        simulated = await SimulatedClock.open(sessions, settings.simulate) if settings.simulate else None
        mailer = SmtpMailer(settings.smtp_url.get_secret_value() if settings.smtp_url else "smtp://127.0.0.1:25")
        stack.push_async_callback(mailer.close)
        await ensure_price_list(sessions)
        office = Office(
            sessions=sessions,
            readers=readers,
            vault=vault,
            clock=simulated or RealClock(),
            calendars=JapanCalendars(),
            terms=TERMS_1_0,
            client=on_business_time(plain, sessions, simulated) if simulated else plain,
            mailer=mailer,
            screening=SimulatedScreening(),
            provisioning=SimulatedProvisioning(),
            mail_from=settings.mail_from,
            sender=Sender(
                department=settings.sender_department,
                postal_code=settings.sender_postal_code,
                address=settings.sender_address,
                phone=settings.sender_phone,
                email=parseaddr(settings.mail_from)[1],
            ),
            zones=frozenset(json.loads(ZONES.read_text(encoding="utf-8"))),
            registration_no=settings.registration_no,
            temporal_ui_url=settings.temporal_ui_url,
            task_queue=task_queue,
        )
        drain = Relay(office).drain
        yield Wired(office, Simulation(plain, sessions, simulated, drain=drain) if simulated else None)


def workers(office: Office, queues: Sequence[str] = QUEUES) -> list[Worker]:
    """Make the workers of an office for some of its task queues."""
    notices = Notices(office)
    letters: list[Any] = [notices.dispatch_by_mail, notices.prepare_paper, Mailings(office).send_letters]
    runs = BillingRuns(office)
    billing: list[Any] = [runs.freeze_usage, runs.price_contracts, runs.prove_run, runs.issue_invoices]
    applications = Applications(office)
    suspensions, rescissions, defaults = SuspensionWork(office), Rescinding(office), Defaults(office)
    deletions, erasures, successions = Deletions(office), Erasures(office), Successions(office)
    operations: list[Any] = [
        applications.screen_applicant,
        deletions.delete_data,
        successions.screen,
        suspensions.open,
        suspensions.shut,
    ]
    calendar, contracts, terminations = Calendar(office), Contracts(office), Terminations(office)
    records: list[Any] = [
        applications.commit_review,
        Formation(office).form_contract,
        calendar.close_workflow,
        calendar.next_due,
        calendar.start_due,
        calendar.sweep,
        contracts.commit_contract,
        defaults.climb,
        defaults.take_back_letters,
        defaults.tell,
        deletions.close_contract,
        deletions.erase_contract,
        deletions.look_at_deletion,
        erasures.end_workflows,
        erasures.erase_personal_data,
        notices.record_arrival,
        notices.record_delivery,
        notices.record_posting,
        rescissions.rescind,
        rescissions.take_back,
        rescissions.tell_legal,
        successions.end_contract,
        successions.look,
        suspensions.ask_for_the_end,
        suspensions.begin,
        suspensions.drop,
        suspensions.end_of_period,
        terminations.end_contract,
        terminations.remind_of_resources,
    ]
    made = {
        CONTRACTS_QUEUE: ([*WORKFLOWS], records),
        "billing": ([], billing),
        "letters": ([], letters),
        "operations": ([], operations),
    }
    return [
        Worker(
            office.client,
            task_queue=office.task_queue.replace(CONTRACTS_QUEUE, queue, 1),
            workflows=made[queue][0],
            activities=made[queue][1],
            deployment_config=VERSION,
            sticky_queue_schedule_to_start_timeout=STICKY_PATIENCE,
            graceful_shutdown_timeout=SHUTDOWN_PATIENCE,
        )
        for queue in queues
    ]


@asynccontextmanager
async def working(office: Office, queues: Sequence[str] = QUEUES) -> AsyncIterator[Office]:
    """Run workers and the relay; the office's calendar is started if nobody has yet."""
    relay = Relay(office)
    office = replace(office, wake=relay.wake)
    async with AsyncExitStack() as stack:
        for worker in workers(office, queues):
            await stack.enter_async_context(worker)
        task = asyncio.create_task(relay.run_for_ever())
        try:
            if CONTRACTS_QUEUE in queues:
                payload = CalendarState().model_dump(mode="json")
                await start(office, Opening(workflow_id=ids.CALENDAR, type="calendar", payload=payload))
            yield office
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def serve_worker(settings: Settings, queues: Sequence[str] | None = None) -> None:
    """Work until cancelled (SIGTERM)."""
    configure_logging(settings.log_level)
    async with open_office(settings) as wired, working(wired.office, queues or QUEUES):
        log.info("worker.ready", queues=list(queues or QUEUES))
        await asyncio.Event().wait()


def build_app(wired: Wired, settings: Settings) -> FastAPI:
    """Build the API with the console of an open office."""
    app = create_app(wired.office, simulation=wired.simulation)
    secure = settings.public_url.startswith("https://")
    put_under(app, create_console(wired.office, secret=session_secret(key_encryption_key(settings)), secure=secure))
    return app


async def serve_api(settings: Settings, host: str, port: int) -> None:
    """Serve API and console until stopped (SIGTERM)."""
    configure_logging(settings.log_level)
    async with open_office(settings) as wired:
        app = build_app(wired, settings)
        config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="off")
        await uvicorn.Server(config).serve()
