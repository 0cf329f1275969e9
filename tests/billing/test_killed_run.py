"""A month's run killed at any transaction and done again: the same invoices, numbers without a gap (27(1))."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Literal

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session, SessionTransaction

from activities import billing_run
from activities.acts import ACTS
from activities.approvals import decide
from activities.billing_start import start_pass
from activities.office import Office
from models.messages.billing import BillingStep
from models.messages.office import ApprovalVote, Origin
from models.tables import ApprovalRow, BillingRunRow, InvoiceAccountRow, InvoiceRow, JournalEntryRow, NoticeRow
from service.verify.command import examine
from tests.billing.office import Desk, a_server, after, month_of, put_contracts, take_usage
from tests.billing.oracle import bill
from tests.billing.worlds import FIRST

CONTRACTS = 4
CHUNK = 2
BOUNDARIES = 11  # freeze, three of pricing, proof, decision, three of issuing, the end: ten, and an undisturbed month
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
MONTHS = [f"{2026 + (3 + n) // 12}-{(3 + n) % 12 + 1:02}" for n in range(BOUNDARIES)]

Moment = Literal["before", "after"]


class Killed(BaseException):
    """The process is gone: nothing that handles errors may handle this."""


@contextmanager
def killed_at(nth: int, moment: Moment) -> Iterator[None]:
    """Let the process die just before or just after its n-th commit from here on."""
    commits = count(1)

    def die() -> None:
        if next(commits) == nth:
            raise Killed

    def before(_: Session) -> None:
        if moment == "before":
            die()

    def after(session: Session) -> None:
        session.info["committed"] = True

    def ended(session: Session, _: SessionTransaction) -> None:
        if session.info.pop("committed", False) and moment == "after":
            die()

    listeners: dict[str, Callable[..., None]] = {
        "before_commit": before,
        "after_commit": after,
        "after_transaction_end": ended,
    }
    for name, listener in listeners.items():
        event.listen(Session, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(Session, name, listener)


async def bill_month(billing: Desk, month: str) -> int:
    """Bill a month as the workflow does, doing again what was killed; tells how often it was."""
    step, deaths = await billing.begin(month), 0

    async def until_done(work: Callable[[BillingStep], Awaitable[object]]) -> int:
        try:
            await work(step)
        except Killed:
            await work(step)
            return 1
        return 0

    for work in (billing.runs.freeze_usage, billing.runs.price_contracts, billing.runs.prove_run):
        deaths += await until_done(work)
    try:
        await billing.decide(step)
    except Killed:
        deaths += 1
        if (await billing.run(month)).state == "proof":  # otherwise the sender finds its answer
            await billing.decide(step)
    return deaths + await until_done(billing.runs.issue_invoices)


NOT_PLAYED = {"I6", "I7", "I8"}  # contracts stand here without the record of their lives, letters wait for no mailing


async def does_not_hold(billing: Desk) -> list[str]:
    """Have `yakkan verify` look at the rows of bills, books and the audit trail."""
    async with billing.office.readers() as session:
        connection = await session.connection()
        found = await connection.run_sync(examine)
    played = [finding for finding in found if finding.invariant.name not in NOT_PLAYED]
    return [str(breach) for finding in played for breach in finding.breaches]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_every_transaction(billing: Desk, moment: Moment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Month after month the process dies one transaction later, until a month is billed undisturbed."""
    monkeypatch.setattr(billing_run, "CHUNK", CHUNK)
    contracts = [a_server(f"C-{n:06d}", hours=100 + n, months=MONTHS) for n in range(1, CONTRACTS + 1)]
    await put_contracts(billing.office, MONTHS[0], contracts)
    deaths = []
    for nth, month in enumerate(MONTHS, 1):
        with killed_at(nth + 1, moment):  # the first commit begins the pass
            deaths.append(await bill_month(billing, month))
        issued = await billing.invoices(month)
        wanted = {each.number: bill(month, [FIRST], each) for each in contracts}
        assert {no: each.invoice.total for no, each in issued.items()} == {
            no: each.base + each.tax for no, each in wanted.items()
        }
        assert (await billing.run(month)).state == "issued"

    assert deaths == [1] * (BOUNDARIES - 1) + [0]
    invoices = await billing.all(InvoiceRow)
    assert len(invoices) == CONTRACTS * BOUNDARIES
    by_year: dict[str, list[int]] = {}
    for each in invoices:
        by_year.setdefault(each.invoice_no[:3], []).append(int(each.invoice_no[3:]))
    assert all(numbers == [*range(1, len(numbers) + 1)] for numbers in by_year.values())
    for table in (InvoiceAccountRow, JournalEntryRow, NoticeRow):
        assert len(await billing.all(table)) == len(invoices)
    assert await does_not_hold(billing) == []


async def test_two_workers_do_the_same_at_once(billing: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An activity that was thought dead and its repetition: each contract has one invoice, no number is lost."""
    monkeypatch.setattr(billing_run, "CHUNK", CHUNK)
    month = MONTHS[0]
    await put_contracts(billing.office, month, [a_server(f"C-{n:06d}") for n in range(1, CONTRACTS + 1)])
    step = await billing.begin(month)
    for work in (billing.runs.freeze_usage, billing.runs.price_contracts, billing.runs.prove_run):
        await asyncio.gather(work(step), work(step))
    await billing.decide(step)
    shares = await asyncio.gather(*(billing.runs.issue_invoices(step) for _ in range(2)))

    invoices = await billing.all(InvoiceRow)
    assert sum(shares) == len(invoices) == CONTRACTS
    assert [int(each.invoice_no[3:]) for each in invoices] == [*range(1, CONTRACTS + 1)]
    assert len({each.contract_no for each in invoices}) == len(await billing.all(NoticeRow)) == CONTRACTS
    assert await does_not_hold(billing) == []


async def until_waiting(office: Office, work: asyncio.Task[object]) -> None:
    """Let work go on until it waits for a lock that another transaction holds."""
    async with office.readers() as reader:
        while not await reader.scalar(WAITING):
            assert not work.done(), "it did not wait"
            await reader.rollback()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_approved_while_another_pass_is_asked_for(billing: Desk) -> None:
    """Newer facts would overtake a proof, but the second person was quicker: the approved pass is issued, once."""
    month = MONTHS[0]
    await put_contracts(billing.office, month, [a_server(f"C-{n:06d}") for n in range(1, CONTRACTS + 1)])
    step, _ = await billing.prove(month)
    await take_usage(billing.office, [("C-000001", month_of(month, 1))], at=after(month, 6))  # a newer fact
    begun: list[tuple[int, bool]] = []

    async def ask_for_another() -> None:
        async with billing.office.sessions.begin() as session:
            run, new = await start_pass(
                session, billing.office, month, actor="billing:billing-1", as_of=after(month, 6)
            )
            begun.append((run.pass_no, new))

    async with billing.office.sessions.begin() as deciding:
        (approval,) = await billing.all(ApprovalRow)
        vote = ApprovalVote(
            origin=Origin(key="vote", actor="legal:legal-2"), approval_id=approval.approval_id,
            person="legal-2", role="legal", decision="approve", reason="確認済み",
        )  # fmt: skip
        await decide(deciding, billing.office, ACTS, vote, as_of=after(month, 6))
        asking = asyncio.create_task(ask_for_another())
        await until_waiting(billing.office, asking)
    await asking

    assert begun == [(1, False)]
    assert [each.state for each in await billing.all(BillingRunRow)] == ["issuing"]
    assert await billing.runs.issue_invoices(step) == len(await billing.all(NoticeRow)) == CONTRACTS
    assert await does_not_hold(billing) == []
