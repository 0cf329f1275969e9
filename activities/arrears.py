"""What the steps of dunning have in common: overdue sums, the open case, its letters and holds (Art. 16, 36)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import cast
from uuid import uuid4

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.ledger import DEBT_KINDS, debts_of
from activities.office import Office
from activities.records import enqueue_signal
from models import ids
from models.tables import DefaultCaseRow, DefaultHoldRow, DeliveryRow, InvoiceAccountRow, NoticeRow
from terms.account import Owed, owed
from terms.interest import parts_of
from terms.periods import ONE_DAY, day_of

OWING = ("issued", "part_paid")
ARTICLES = {"suspension": "16(2)", "demand": "17(1)", "review": "17(1)"}


@dataclass(frozen=True, slots=True)
class LatestLetter:
    """The letter of a step as it was last written anew; `effective_at` is None until it arrives, or if it came back."""

    notice_no: str
    state: str
    effective_at: datetime | None
    returned: bool


async def case_of(session: AsyncSession, contract_no: str, *, lock: bool = False) -> DefaultCaseRow | None:
    """Find the open default of a contract."""
    query = select(DefaultCaseRow).where(
        col(DefaultCaseRow.contract_no) == contract_no, col(DefaultCaseRow.closed_at).is_(None)
    )
    found = await session.execute(query.with_for_update() if lock else query)
    return found.scalar_one_or_none()


def close_case(case: DefaultCaseRow, state: str, as_of: datetime) -> None:
    """Close a default; nobody climbs it any more."""
    case.state, case.step, case.closed_at, case.closed_on = state, None, as_of, day_of(as_of)


def case_id(case: DefaultCaseRow) -> str:
    """Name the workflow of a default."""
    return ids.default(case.contract_no, case.first_due_on, case.n)


def letter_key(case: DefaultCaseRow, slug: str) -> str:
    """Name a letter of a default by its step."""
    return f"{case_id(case)}:{slug}"


async def overdue_principal(session: AsyncSession, contract_no: str, on: date, *, as_of_on: date | None = None) -> int:
    """Sum up the principal in yen whose printed due day lies before `on` (A30: every invoiced sum).

    With `as_of_on` as it stood at the end of that day; else by the balances, all known payments counted.
    """
    if as_of_on is None:
        account = InvoiceAccountRow
        total = await session.scalar(
            select(func.sum(col(account.balance)))
            .where(col(account.contract_no) == contract_no, col(account.state).in_(OWING))
            .where(col(account.kind).in_(DEBT_KINDS), col(account.due_on) < on)
        )
        return int(total or 0)
    debts = await debts_of(session, contract_no, issued_by=as_of_on, as_of_on=as_of_on)
    return sum(
        max(debt.open.amount - sum(each.amount for each in debt.open.movements if each.part != "interest"), 0)
        for debt in debts
        if debt.due_on < on
    )


async def owed_facts(session: AsyncSession, office: Office, contract_no: str, on: date) -> dict[str, JsonValue]:
    """State what is overdue on a day, as letters print it: each debt with its interest, its first day and its days."""
    rows: list[JsonValue] = []
    principal = interest = 0
    for debt in await debts_of(session, contract_no, issued_by=on, as_of_on=on):
        now = owed(office.terms, debt.open, on)
        if debt.due_on >= on or not (now.principal or now.interest):
            continue
        principal, interest = principal + now.principal, interest + now.interest
        row: dict[str, JsonValue] = {
            "invoice_no": debt.invoice_no,
            "kind": debt.kind,
            "due_on": debt.due_on.isoformat(),
            "principal": now.principal,
            "interest": now.interest,
        }
        rows.append(row | _runs(office, now) | ({} if debt.month is None else {"month": debt.month}))
    return {
        "as_of_on": on.isoformat(), "owed": rows, "principal": principal, "interest": interest,
        "total": principal + interest,
    }  # fmt: skip


def _runs(office: Office, now: Owed) -> dict[str, JsonValue]:
    """Say for which days interest ran on a debt; the parts of years where the principal never changed."""
    if not now.segments:
        return {}
    first, last = now.segments[0], now.segments[-1]
    told: dict[str, JsonValue] = {
        "from_on": (first.after_on + ONE_DAY).isoformat(),
        "days": (last.to_on - first.after_on).days,
    }
    if len(now.segments) == 1:
        ran = parts_of(office.terms.daycount, first.after_on, last.to_on)
        told["parts"] = [{k: v for k, v in asdict(part).items() if v is not None} for part in ran]
    return told


async def latest_of(session: AsyncSession, key: str) -> LatestLetter | None:
    """Find how the letter of a step stands, along its reissues; what came back counts as not arrived (A65)."""
    row = await session.scalar(select(NoticeRow).where(col(NoticeRow.key) == key))
    while row is not None:
        again = await session.scalar(select(NoticeRow).where(col(NoticeRow.replaces) == row.notice_no))
        if again is None:
            break
        row = again
    if row is None:
        return None
    returned = await session.scalar(
        select(col(DeliveryRow.key))
        .where(col(DeliveryRow.notice_no) == row.notice_no, col(DeliveryRow.outcome) == "returned")
        .limit(1)
    )
    effective = row.arrived_at if row.state == "arrived" and returned is None else None
    return LatestLetter(row.notice_no, row.state, effective, returned is not None)


def next_step(case: DefaultCaseRow) -> dict[str, JsonValue] | None:
    """Say which step of an open default comes next, from which day, by which clause."""
    if case.step is None:
        return None
    days = {each["step"]: each["on"] for each in cast("list[dict[str, str]]", case.steps)}
    on = date.fromisoformat(days[case.step])
    if case.step == "suspension" and case.stated_from_on is not None:
        on = max(on, case.stated_from_on)
    return {"on": on.isoformat(), "action": case.step, "article": ARTICLES.get(case.step, "16(1)(1)")}


async def next_default_actions(
    session: AsyncSession, contract_nos: Sequence[str]
) -> dict[str, list[dict[str, JsonValue]]]:
    """Give the next step of dunning of contracts; others are missing. No query where nobody owes anything."""
    if not contract_nos:
        return {}
    case = DefaultCaseRow
    found = await session.scalars(
        select(case).where(col(case.contract_no).in_(contract_nos), col(case.closed_at).is_(None))
    )
    steps = {row.contract_no: next_step(row) for row in found}
    return {number: [step] for number, step in steps.items() if step is not None and step["action"] != "flag"}


async def runs_a_hold(session: AsyncSession, case: DefaultCaseRow, on: date) -> bool:
    """Tell whether something holds a case on a day."""
    return await held_until(session, case, on) is not None


async def held_until(session: AsyncSession, case: DefaultCaseRow, on: date) -> date | None:
    """Find the last day on which a case is held, if it is held on `on`."""
    hold = DefaultHoldRow
    last: date | None = await session.scalar(
        select(func.max(col(hold.until_on)))
        .where(col(hold.contract_no) == case.contract_no, col(hold.first_due_on) == case.first_due_on)
        .where(col(hold.n) == case.n, col(hold.until_on) >= on)
    )
    return last


async def tell_case(session: AsyncSession, contract_nos: Sequence[str], key: str | None, as_of: datetime) -> None:
    """Have the open defaults of contracts look again after the commit: money moved, or a decision fell."""
    if not contract_nos:
        return
    found = await session.execute(
        select(DefaultCaseRow)
        .where(col(DefaultCaseRow.contract_no).in_(contract_nos), col(DefaultCaseRow.closed_at).is_(None))
        .order_by(col(DefaultCaseRow.contract_no))
    )
    for case in found.scalars():
        await wake_case(session, case, key, as_of)


async def wake_case(session: AsyncSession, case: DefaultCaseRow, key: str | None, as_of: datetime) -> None:
    """Have a default look again after the commit; one that the commit has closed ends."""
    await enqueue_signal(
        session, key=f"look:{case_id(case)}:{key or uuid4().hex}", workflow_id=case_id(case), name="look_again",
        payload=None, as_of=as_of,
    )  # fmt: skip
