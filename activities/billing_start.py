"""When a month is billed, and whether a new pass over it is needed (24(2), 27(1); the close of the month)."""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import String, and_, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities import late_usage
from activities.approvals import close_row
from activities.billing_facts import settled
from activities.billing_run import BILLING_RUN, counts_of, end_pass, in_force, propose_run
from activities.office import Office
from activities.records import enqueue_start, insert_once
from models import ids
from models.messages.billing import BillingRunInput
from models.messages.office import ApprovalClosing, Opening, Origin
from models.tables import (
    ApprovalRow,
    AuditEventRow,
    BillingResultRow,
    BillingRunRow,
    ContractRow,
    UsageFileRow,
    UsageQuarantineRow,
    UsageRecordRow,
)
from terms.billing import billed_from
from terms.citation import Article, Refused
from terms.periods import ONE_DAY, day_of, first_of, first_of_next_month, last_of, month_of
from terms.timetable import billing_at

FACTS = ("started", "ended", "resources_registered", "resource_removed", "price_list_recorded")
"""Events after which a month may have to be priced anew."""


async def latest_run(session: AsyncSession, month: str) -> BillingRunRow | None:
    """Find the newest pass over a month."""
    found: BillingRunRow | None = await session.scalar(
        select(BillingRunRow)
        .where(col(BillingRunRow.month) == month)
        .order_by(col(BillingRunRow.pass_no).desc())
        .limit(1)
    )
    return found


async def start_pass(
    session: AsyncSession, office: Office, month: str, *, actor: str, as_of: datetime
) -> tuple[BillingRunRow, bool]:
    """Begin a pass over a month where one is needed; tells the newest pass and whether it has just begun.

    A pass is needed where there was none, after a rejection or expiry, in proof when newer facts are there, and when
    contracts of an issued month are still held.

    Raises:
        Refused: Art. 24(2): the month is not over.
    """
    if day_of(as_of) <= last_of(month):
        raise Refused(Article(24, 2), "この月はまだ終わっていません。")
    run = await latest_run(session, month)
    if run is not None and not await _needs_another(session, run):
        return run, False
    if run is not None and run.state == "proof" and run.approval_id:
        origin = Origin(key=f"overtaken:{month}:{run.pass_no}", actor="system")
        closing = ApprovalClosing(origin=origin, approval_id=run.approval_id, state="withdrawn")
        if not await close_row(session, office, {BILLING_RUN.name: BILLING_RUN}, closing, as_of=as_of):
            await session.refresh(run, with_for_update=True)
            if run.state != "proof":  # somebody was quicker: decided on it, or began another pass
                return await start_pass(session, office, month, actor=actor, as_of=as_of)
            await end_pass(session, run, "expired", as_of)
    pass_no = run.pass_no + 1 if run else 1
    new = {
        "month": month, "pass_no": pass_no, "state": "running", "started_at": as_of, "started_by": actor,
        "usage_through": 0, "drafts": 0, "total": 0, "proof": {},
    }  # fmt: skip
    begun = await insert_once(session, BillingRunRow, new)
    row = await session.get_one(BillingRunRow, (month, pass_no))
    if not begun:  # somebody was quicker
        return row, False
    payload = BillingRunInput(month=month, pass_no=pass_no).model_dump(mode="json")
    opening = Opening(workflow_id=ids.billing(month, pass_no), type="billing", payload=payload)
    await enqueue_start(session, opening, contract_no=None, as_of=as_of)
    return row, True


async def _needs_another(session: AsyncSession, run: BillingRunRow) -> bool:
    match run.state:
        case "rejected":
            return True
        case "proof":
            return await _newer_facts(session, run)
        case "issued":
            return await _unsettled(session, run.month)
        case _:
            return False


async def _newer_facts(session: AsyncSession, run: BillingRunRow) -> bool:
    """Tell whether usage, decisions on doubtful rows, contracts or resources came after the freeze."""
    month_end = first_of_next_month(first_of(run.month))
    usage = exists().where(col(UsageRecordRow.id) > run.usage_through, col(UsageRecordRow.from_on) < month_end)
    decided = exists().where(col(UsageQuarantineRow.decided_at) > run.frozen_at)
    doubtful = exists().where(
        col(UsageQuarantineRow.state) == "open", col(UsageQuarantineRow.month) == run.month,
        col(UsageQuarantineRow.file_id).in_(
            select(col(UsageFileRow.file_id)).where(col(UsageFileRow.received_at) > run.frozen_at)
        ),
    )  # fmt: skip
    happened = exists().where(col(AuditEventRow.action).in_(FACTS), col(AuditEventRow.at) > run.frozen_at)
    return bool(await session.scalar(select(or_(usage, decided, doubtful, happened))))


async def _unsettled(session: AsyncSession, month: str) -> bool:
    """Tell whether a contract in force in a month is neither billed nor found to owe nothing."""
    r = BillingResultRow
    done = exists().where(col(r.contract_no) == col(ContractRow.contract_no), col(r.month) == month, settled())
    left = select(col(ContractRow.contract_no)).where(*in_force(month), ~done).limit(1)
    held = select(col(r.contract_no)).where(col(r.month) == month, col(r.state) == "held").limit(1)
    return await session.scalar(left) is not None or await session.scalar(held) is not None


async def run_out(session: AsyncSession) -> list[str]:
    """Name the months whose newest pass stands in proof, but nobody decided on it in time."""
    newest = (
        select(col(BillingRunRow.month), func.max(col(BillingRunRow.pass_no)).label("pass_no"))
        .group_by(col(BillingRunRow.month))
        .subquery()
    )
    found = await session.execute(
        select(col(BillingRunRow.month))
        .join(
            newest,
            and_(newest.c.month == col(BillingRunRow.month), newest.c.pass_no == col(BillingRunRow.pass_no)),
        )
        .join(ApprovalRow, col(ApprovalRow.approval_id) == col(BillingRunRow.approval_id))
        .where(col(BillingRunRow.state) == "proof", col(ApprovalRow.state) == "expired")
        .order_by(col(BillingRunRow.month))
    )
    return [*found.scalars()]


async def propose_anew(session: AsyncSession, office: Office, month: str, *, as_of: datetime) -> None:
    """Ask anew for the second person of a pass that nobody decided in time; with newer facts a new pass begins."""
    run, begun = await start_pass(session, office, month, actor="system", as_of=as_of)
    if not begun:
        ran_out = await session.get_one(ApprovalRow, run.approval_id)
        key = f"billing:{month}:{run.pass_no}:{day_of(as_of)}"
        await propose_run(session, office, run, ran_out.consequence, key=key, as_of=as_of)


async def came_late(session: AsyncSession) -> list[str]:
    """Name the billed months that a contract has come into since, because its start was entered late (26(3))."""
    last_run = await session.scalar(select(func.max(col(BillingRunRow.month))))
    if last_run is None:
        return []
    r, c = BillingResultRow, ContractRow
    begun = func.substr(cast(col(c.billing_start_on), String), 1, 7)
    seen = exists().where(col(r.contract_no) == col(c.contract_no), col(r.month) == begun)
    month = await session.scalar(select(func.min(begun)).where(col(c.billing_start_on) <= last_of(last_run), ~seen))
    months = []
    while month is not None and month <= last_run:
        run = await latest_run(session, month)
        if (run is None or run.state == "issued") and await _unsettled(session, month):
            months.append(month)
        month = month_of(last_of(month) + ONE_DAY)
    return months


async def next_billing(session: AsyncSession, office: Office, as_of: datetime) -> datetime | None:
    """Find when the calendar bills the next month: its first month without a run for which there is something to do."""
    due = await due_month(session, as_of)
    return None if due is None else billing_at(billed_from(office.terms, office.calendars, month=due))


async def due_month(session: AsyncSession, as_of: datetime) -> str | None:
    """Name the first month, up to the running one, that the calendar has to bill.

    No run is made while no contract was in force in the month and no late usage waits.
    """
    last_run = await session.scalar(select(func.max(col(BillingRunRow.month))))
    first_start: date | None = await session.scalar(select(func.min(col(ContractRow.billing_start_on))))
    if first_start is None:
        return None
    month = month_of(last_of(last_run) + ONE_DAY) if last_run else month_of(first_start)
    last = month_of(day_of(as_of))
    if not await _late_usage_waits(session, last):
        month = max(month, await _next_in_force(session, month) or month_of(first_of_next_month(first_of(last))))
    while month <= last:
        if await _something_to_do(session, month):
            return month
        month = month_of(last_of(month) + ONE_DAY)
    return None


async def _late_usage_waits(session: AsyncSession, month: str) -> bool:
    """Tell whether late usage waits for a month; if it does not, it waits for no earlier one either."""
    query = select(col(ContractRow.contract_no)).where(late_usage.waiting(month)).limit(1)
    return await session.scalar(query) is not None


async def _next_in_force(session: AsyncSession, month: str) -> str | None:
    """Name the first month from one on in which a contract can be in force: years without any are passed over."""
    begun = col(ContractRow.billing_start_on)
    _, not_over = in_force(month)
    start: date | None = await session.scalar(select(func.min(begun)).where(begun.is_not(None), not_over))
    return None if start is None else month_of(start)


async def _something_to_do(session: AsyncSession, month: str) -> bool:
    query = select(col(ContractRow.contract_no)).where(or_(and_(*in_force(month)), late_usage.waiting(month))).limit(1)
    return await session.scalar(query) is not None


async def view_run(session: AsyncSession, run: BillingRunRow, held_limit: int = 1000) -> dict[str, JsonValue]:
    """Show a run as the API does: state, counts and sums that prove completeness, and who is held, with the reason."""
    counts = await counts_of(session, run.month)
    r = BillingResultRow
    held = await session.execute(
        select(col(r.contract_no), col(r.reason))
        .where(col(r.month) == run.month, col(r.state) == "held")
        .order_by(col(r.contract_no))
        .limit(held_limit)
    )
    view: dict[str, JsonValue] = {
        "month": run.month,
        "state": "running" if run.state == "issuing" else run.state,
        "pass": run.pass_no,
        "counts": dict(counts),
        "held": [{"contract_no": number, "reason": reason} for number, reason in held.all()],
        "total": run.total,
    }
    if run.approval_id is not None:
        view["approval_id"] = run.approval_id
    if run.issued_on is not None:
        view["issued_on"] = run.issued_on.isoformat()
    return view
