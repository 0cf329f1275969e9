"""Defaults: those that are missing opened set-based by the sweep, never twice; holds placed on them (Art. 16(1)(1))."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.arrears import OWING, tell_case
from activities.bulk import table_of
from activities.ledger import DEBT_KINDS
from activities.office import Office
from activities.records import START, audit, insert_once, open_task
from activities.retention import tell_deletion
from models import ids
from models.messages.default import UNPAID, DefaultInput
from models.messages.office import Event, TaskOrder
from models.tables import ContractRow, DefaultCaseRow, DefaultHoldRow, InvoiceAccountRow, OutboxRow
from terms.default import ladder
from terms.derivation import ja_day
from terms.lifecycle import OVER
from terms.periods import day_of
from terms.settings import Step

CHUNK = 500
FLAG: Step = "flag"
ENDS = {
    (True, False): ("promise_broken", "お支払いの約束の日までに入金がありませんでした。"),
    (True, True): ("promise_kept", "お支払いの約束が果たされました。"),
    (False, False): ("hold_over", "督促の保留が終わりました。"),
    (False, True): ("hold_over", "未払いがなくなり、督促の保留が終わりました。"),
}
"""What the end of a hold is called: of a promise to pay or another one, of a default that goes on or is settled."""


def _unclaimed() -> Sequence[Any]:
    """Unpaid invoices that no open default claims, and that did not stand when the contract was rescinded."""
    account, case = InvoiceAccountRow, DefaultCaseRow
    own = col(case.contract_no) == col(account.contract_no)
    return (
        col(account.state).in_(OWING),
        col(account.kind).in_(DEBT_KINDS),
        col(account.balance) > 0,
        ~exists().where(own, col(case.closed_at).is_(None)),
        ~exists().where(own, col(case.state) == "rescinded", col(case.closed_on) > col(account.due_on)),
    )


async def next_overdue(session: AsyncSession, office: Office) -> date | None:
    """Find the day whose sweep opens the next default."""
    first = await session.scalar(select(func.min(col(InvoiceAccountRow.due_on))).where(*_unclaimed()))
    return None if first is None else first + timedelta(days=office.terms.ladder_step(FLAG).days)


async def open_missing(office: Office, as_of: datetime) -> int:
    """Open a default for each contract with an overdue debt that has none; returns how many were new."""
    opened = 0
    while True:
        async with office.sessions() as session, session.begin():
            found = await _overdue(session, office, day_of(as_of))
            new = await _open(session, office, found, as_of) if found else 0
        opened += new
        if len(found) < CHUNK or not new:
            return opened


async def _overdue(session: AsyncSession, office: Office, today: date) -> list[tuple[str, date, str]]:
    """List contracts, the oldest due day of what they owe, and their state; at most a chunk."""
    account = InvoiceAccountRow
    before = today - timedelta(days=office.terms.ladder_step(FLAG).days)
    rows = await session.execute(
        select(col(account.contract_no), func.min(col(account.due_on)), col(ContractRow.state))
        .join(ContractRow, col(ContractRow.contract_no) == col(account.contract_no))
        .where(*_unclaimed(), col(account.due_on) <= before)
        .group_by(col(account.contract_no), col(ContractRow.state))
        .order_by(col(account.contract_no))
        .limit(CHUNK)
    )
    return [(contract_no, first_due_on, state) for contract_no, first_due_on, state in rows.all()]


async def _open(session: AsyncSession, office: Office, found: Sequence[tuple[str, date, str]], as_of: datetime) -> int:
    """Write the cases and the starts of their workflows in two statements; a case that is there stays as it is."""
    before = await _earlier(session, [contract_no for contract_no, _, _ in found])
    cases: list[dict[str, Any]] = []
    for contract_no, first_due_on, state in found:
        ended = state in OVER
        steps = ladder(office.terms, office.calendars, first_due_on=first_due_on, ended=ended)
        cases.append(
            {
                "contract_no": contract_no,
                "first_due_on": first_due_on,
                "n": before.get((contract_no, first_due_on), 0) + 1,
                "state": "overdue",
                "step": steps[0].step,
                "steps": [{"step": each.step, "on": each.on.isoformat()} for each in steps],
                "ended": ended,
                "terms_version": office.terms.version,
                "opened_at": as_of,
                "rejected": False,
            }
        )
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table, outbox = table_of(DefaultCaseRow), table_of(OutboxRow)
    connection = await session.connection()
    wanted = insert(table).on_conflict_do_nothing().returning(table.c.contract_no, table.c.first_due_on, table.c.n)
    written = await connection.execute(wanted, cases)
    keys = [DefaultInput(contract_no=contract_no, first_due_on=on, n=n) for contract_no, on, n in written.all()]
    if keys:
        await connection.execute(insert(outbox).on_conflict_do_nothing(), [_start(key, as_of) for key in keys])
    return len(keys)


async def _earlier(session: AsyncSession, contract_nos: Sequence[str]) -> Mapping[tuple[str, date], int]:
    """Count the defaults of contracts that are over, by their first due day: a debt that reopens gets the next n."""
    case = DefaultCaseRow
    rows = await session.execute(
        select(col(case.contract_no), col(case.first_due_on), func.max(col(case.n)))
        .where(col(case.contract_no).in_(contract_nos))
        .group_by(col(case.contract_no), col(case.first_due_on))
    )
    return {(contract_no, on): n for contract_no, on, n in rows.all()}


def _start(key: DefaultInput, as_of: datetime) -> dict[str, Any]:
    workflow_id = ids.default(key.contract_no, key.first_due_on, key.n)
    return {
        "key": f"start:{workflow_id}", "kind": START, "workflow_id": workflow_id, "name": "default",
        "task_queue": "contracts", "payload": key.model_dump(mode="json"), "contract_no": key.contract_no,
        "created_at": as_of, "attempts": 0,
    }  # fmt: skip


async def place_hold(  # noqa: PLR0913 (the columns of one row)
    session: AsyncSession,
    office: Office,
    case: DefaultCaseRow,
    *,
    key: str,
    kind: str,
    until_on: date,
    reason: str,
    actor: str,
    as_of: datetime,
) -> None:
    """Hold a default up to a day, itself counted: a promise to pay, a dispute, an insolvency, a match to be checked.

    While it is held no letter goes out and no act of law can be decided; an insolvency is put before legal.
    """
    contract = await session.get_one(ContractRow, case.contract_no)
    hold = {
        "key": key, "contract_no": case.contract_no, "first_due_on": case.first_due_on, "n": case.n, "kind": kind,
        "until_on": until_on, "placed_at": as_of, "placed_by": actor, "outcome": "running",
        "reason": await office.vault.seal_text(case.contract_no, "erasable", reason),
    }  # fmt: skip
    if not await insert_once(session, DefaultHoldRow, hold):
        return
    event = Event(
        action="default_held", article=UNPAID, actor=actor, at=as_of,
        summary=f"{ja_day(until_on)}まで督促を保留しました。", basis={"kind": kind, "until_on": until_on.isoformat()},
    )  # fmt: skip
    await audit(session, key, [event], contract_no=case.contract_no, application_no=contract.application_no)
    if kind == "insolvency":
        task = TaskOrder(
            kind="insolvency_reported", role="legal", article="16(1)(7)", due_on=until_on,
            detail="支払停止又は倒産の手続きの知らせがありました。督促は保留しています。",
        )  # fmt: skip
        await open_task(
            session, f"{key}:task", task, as_of=as_of, contract_no=case.contract_no,
            application_no=contract.application_no,
        )  # fmt: skip
    await tell_case(session, [case.contract_no], key, as_of)


async def end_holds(
    session: AsyncSession, case: DefaultCaseRow, application_no: str, *, as_of: datetime, settled: bool = False
) -> None:
    """Close holds whose last day is over; of a default that is settled all, and its promise to pay was kept."""
    hold = DefaultHoldRow
    query = (
        select(hold)
        .where(col(hold.contract_no) == case.contract_no, col(hold.first_due_on) == case.first_due_on)
        .where(col(hold.n) == case.n, col(hold.outcome) == "running")
    )
    if not settled:
        query = query.where(col(hold.until_on) < day_of(as_of))
    for each in (await session.execute(query.with_for_update())).scalars().all():
        promise = each.kind == "promise"
        each.outcome = "kept" if promise and settled else "over"
        await tell_deletion(session, case.contract_no, f"{each.kind}:{each.until_on}", as_of=as_of)
        action, words = ENDS[promise, settled]
        event = Event(
            action=action, article=UNPAID, actor="system", at=as_of, summary=words,
            basis={"kind": each.kind, "until_on": str(each.until_on)},
        )  # fmt: skip
        await audit(
            session, f"{action}:{each.key}", [event], contract_no=case.contract_no, application_no=application_no
        )
