"""A pass over a month's bills: freeze, price, prove, wait for the second person, issue (Art. 24-27).

Each step is done in chunks of contracts, one transaction each. What is still to do is asked of the database, so a step
that was killed goes on where it was, and one that runs twice changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Select, and_, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity

from activities import late_usage
from activities.approvals import Act, Decision, propose
from activities.billing import lists_in
from activities.billing_facts import Billed, Month, settled
from activities.billing_issue import batch_of, issue_chunk, mark_late
from activities.bulk import insert_rows
from activities.heartbeat import beating
from activities.office import Office
from activities.pricing import Line, price, sums_of
from activities.records import (
    audit,
    close_tasks,
    enqueue_signal,
    enqueue_start,
    insert_once,
    look_again,
    open_task,
)
from activities.usage import seldom_collected
from models import ids
from models.messages.billing import BillingStep, MailingInput
from models.messages.office import Event, Opening, TaskOrder
from models.tables import (
    ApprovalRow,
    BillingResultRow,
    BillingRunRow,
    ContractRow,
    DraftInvoiceRow,
    DraftLineRow,
    DraftTaxRow,
    NumberSeriesRow,
    TaskRow,
    UsageQuarantineRow,
    UsageRecordRow,
)
from terms.periods import day_of, first_of, last_of

CHUNK = 1000  # contracts in a transaction


def in_force(month: str) -> tuple[Any, ...]:
    """Say of which contracts a month is billed (26(3)): charging began by its end, not over before its first day."""
    return (
        col(ContractRow.billing_start_on) <= last_of(month),
        or_(
            col(ContractRow.state).in_(("active", "suspended")),
            col(ContractRow.ends_on) >= first_of(month),
        ),
    )


class BillingRuns:
    """Activities of a billing run."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def freeze_usage(self, s: BillingStep) -> None:
        """Fix which usage the pass sees: all that is committed now; what comes later is late usage. Once."""
        async with self._office.sessions() as session, session.begin():
            run = await _run(session, s)
            if run.frozen_at is not None:
                return
            await lock_usage(session)
            run.usage_through = await session.scalar(select(func.max(col(UsageRecordRow.id)))) or 0
            run.frozen_at = s.as_of

    @activity.defn
    async def price_contracts(self, s: BillingStep) -> int:
        """Price all contracts of the month that no pass has billed, chunk by chunk; returns how many this pass saw."""
        seen = 0
        async with beating():
            async with self._office.readers() as session:
                run = await session.get_one(BillingRunRow, (s.month, s.pass_no))
                month = Month.of(s.month, await lists_in(session, self._office.terms.effective_on, last_of(s.month)))
            with seldom_collected():
                after = ""
                while chunk := await self._price_chunk(s, run, month, after):
                    seen, after = seen + len(chunk), chunk[-1].contract_no
        return seen

    async def _price_chunk(self, s: BillingStep, run: BillingRunRow, month: Month, after: str) -> list[Billed]:
        """Price the next contracts after one that this pass has not seen; gives them, none once the pass is proved."""
        office = self._office
        async with office.sessions() as session, session.begin():
            if (await _run(session, s)).state != "running":
                return []
            found = await session.execute(_unseen(s.month, s.pass_no, after).limit(CHUNK))
            contracts = [Billed(*row) for row in found.all()]
            if not contracts:
                return []
            priced = await price(session, month, contracts, usage_through=run.usage_through)
            billable = [each.contract_no for each in contracts if not isinstance(priced[each.contract_no], str)]
            late = await late_usage.adjustments(session, office, run, billable, as_of=s.as_of)
            await self._keep_drafts(session, run, month, contracts, priced, late)
        return contracts

    async def _keep_drafts(
        self,
        session: AsyncSession,
        run: BillingRunRow,
        month: Month,
        contracts: Sequence[Billed],
        priced: dict[str, list[Line] | str],
        late: dict[str, late_usage.Late],
    ) -> None:
        """Write what was priced in place of what an earlier pass had: drafts, their lines, taxes, and the results."""
        results, drafts, lines, taxes = [], [], [], []
        for each in contracts:
            number, outcome = each.contract_no, priced[each.contract_no]
            over = each.ends_on is not None and each.ends_on < month.first
            adjustment = late.get(number)
            held = outcome if isinstance(outcome, str) else None
            bill = [*outcome] if isinstance(outcome, list) and not over else []
            bill += adjustment.lines if adjustment else []
            total = sum(line["amount"] for line in bill)
            state = "held" if held else "priced" if total else "nothing_to_bill"
            results.append(
                {
                    "contract_no": number, "month": run.month, "pass_no": run.pass_no, "state": state, "reason": held,
                    "invoice_no": None, "usage_through": run.usage_through, "adjusts": over,
                }
            )  # fmt: skip
            if state != "priced":
                continue
            key = {"month": run.month, "contract_no": number}
            sums, non_taxed = sums_of(self._office.terms, bill)
            taxes += [key | {"rate_percent": t.rate_percent, "base": t.base, "tax": t.tax} for t in sums]
            whole = sum(t.base + t.tax for t in sums) + non_taxed
            drafts.append(
                key | {"pass_no": run.pass_no, "non_taxed": non_taxed, "total": whole,
                       "adjusted": adjustment.seen if adjustment else {}}
            )  # fmt: skip
            for place, line in enumerate(bill, 1):
                line["line_no"], line["month_of_run"], line["contract_no"] = place, run.month, number
                lines.append(line)
        numbers = [each.contract_no for each in contracts]
        for table, column in ((DraftLineRow, DraftLineRow.month_of_run), (DraftTaxRow, DraftTaxRow.month),
                              (DraftInvoiceRow, DraftInvoiceRow.month)):  # fmt: skip
            await session.execute(delete(table).where(col(column) == run.month, col(table.contract_no).in_(numbers)))
        r = BillingResultRow
        await session.execute(delete(r).where(col(r.month) == run.month, col(r.contract_no).in_(numbers)))
        for kind, rows in ((DraftInvoiceRow, drafts), (DraftLineRow, lines), (DraftTaxRow, taxes), (r, results)):
            await insert_rows(session, kind, rows)

    @activity.defn
    async def prove_run(self, s: BillingStep) -> str:
        """Prove that no contract was forgotten, and ask for the second person; returns the state of the pass."""
        office = self._office
        async with office.sessions() as session, session.begin():
            run = await _run(session, s)
            if run.state != "running":
                return run.state
            counts, total = await counts_of(session, s.month), await _total(session, s)
            nobodys = await _nobodys_rows(session, s.month)
            run.drafts, run.total = counts["issued"] + counts["priced"], total
            run.proof = {**counts, "rows_without_contract": nobodys}
            held = counts["held"]
            await close_tasks(
                session, col(TaskRow.key).startswith(f"billing_held:{s.month}:", autoescape=True), as_of=s.as_of
            )
            if held:
                task = TaskOrder(
                    kind="billing_held", role="billing", article="24(2)",
                    detail=f"{s.month}分の請求で{held}件を保留しています。理由を確認し、再実行してください。",
                )  # fmt: skip
                await open_task(session, f"billing_held:{s.month}:{s.pass_no}", task, as_of=s.as_of)
            if not counts["priced"]:
                await lock_usage(session)
                await mark_late(session, run)
                await _finish(session, run, s.as_of)
                return run.state
            told = {"month": s.month, "pass": s.pass_no, "invoices": counts["priced"], "total": total, **run.proof}
            await propose_run(session, office, run, told, key=f"billing:{s.month}:{s.pass_no}", as_of=s.as_of)
            run.state = "proof"
        await office.wake()
        return "proof"

    @activity.defn
    async def issue_invoices(self, s: BillingStep) -> int:
        """Issue what was approved, chunk by chunk: numbers, invoices, books, letters; then end the pass."""
        issued = 0
        async with beating():
            with seldom_collected():
                while chunk := await self._issue_chunk(s):
                    issued += chunk
            await self._end(s)
        await self._office.wake()
        return issued

    async def _issue_chunk(self, s: BillingStep) -> int:
        office = self._office
        async with office.sessions() as session, session.begin():
            run = await _run(session, s)
            if run.state != "issuing":
                return 0
            return await issue_chunk(session, office, run, CHUNK, as_of=s.as_of)

    async def _end(self, s: BillingStep) -> None:
        """End the pass: late usage marked, the letters' mailing started, the pass closed."""
        office = self._office
        async with office.sessions() as session, session.begin():
            run = await _run(session, s)
            if run.state != "issuing":
                return
            await lock_usage(session)
            await mark_late(session, run)
            batch = batch_of(run)
            payload = MailingInput(batch=batch).model_dump(mode="json")
            opening = Opening(workflow_id=ids.mailing(batch), type="mailing", payload=payload)
            await enqueue_start(session, opening, contract_no=None, as_of=s.as_of)
            await _finish(session, run, s.as_of)


def _unseen(month: str, pass_no: int, after: str) -> Select[*tuple[Any, ...]]:
    """Select the contracts that a pass has still to price: not billed, and not seen by it.

    They are in force, or late usage waits for them, or an earlier pass has left them held or unissued; in the order of
    their numbers, those after one.
    """
    r = BillingResultRow
    mine = and_(col(r.contract_no) == col(ContractRow.contract_no), col(r.month) == month)
    done = exists().where(mine, col(r.contract_no) > after, or_(settled(), col(r.pass_no) == pass_no))
    late = late_usage.waiting(month)
    left = exists().where(mine, col(r.state).in_(("held", "priced")))
    return (
        select(
            col(ContractRow.contract_no), col(ContractRow.billing_start_on), col(ContractRow.ends_on),
            col(ContractRow.price_list),
        )
        .where(col(ContractRow.contract_no) > after, or_(and_(*in_force(month)), late, left), ~done)
        .order_by(col(ContractRow.contract_no))
    )  # fmt: skip


async def _run(session: AsyncSession, s: BillingStep) -> BillingRunRow:
    return await session.get_one(BillingRunRow, (s.month, s.pass_no), with_for_update=True)


async def lock_usage(session: AsyncSession) -> None:
    """Wait for imports of usage that are under way, and let none begin before this transaction ends."""
    await insert_once(session, NumberSeriesRow, {"kind": "usage_file", "year": 0, "last": 0})
    await session.execute(select(NumberSeriesRow).where(col(NumberSeriesRow.kind) == "usage_file").with_for_update())


async def counts_of(session: AsyncSession, month: str) -> dict[str, int]:
    """Count how the contracts of a month stand, those in force and those only adjusted; these prove completeness."""
    contracts = await session.scalar(select(func.count()).select_from(ContractRow).where(*in_force(month)))
    found = await session.execute(
        select(col(BillingResultRow.state), col(BillingResultRow.adjusts), func.count())
        .where(col(BillingResultRow.month) == month)
        .group_by(col(BillingResultRow.state), col(BillingResultRow.adjusts))
    )
    counts = {"contracts": contracts or 0, "issued": 0, "priced": 0, "nothing_to_bill": 0, "held": 0, "adjusted": 0}
    for state, adjusts, count in found.all():
        counts[state] += count
        counts["adjusted"] += count if adjusts else 0
    return counts


async def _nobodys_rows(session: AsyncSession, month: str) -> int:
    """Count the rows in quarantine that name no contract: they hold none, and stand in the proof."""
    q = UsageQuarantineRow
    mine = (col(q.state) == "open", col(q.month) == month, col(q.contract_no).is_(None))
    return await session.scalar(select(func.count()).select_from(q).where(*mine)) or 0


async def _total(session: AsyncSession, s: BillingStep) -> int:
    total = await session.scalar(
        select(func.sum(col(DraftInvoiceRow.total))).where(
            col(DraftInvoiceRow.month) == s.month, col(DraftInvoiceRow.pass_no) == s.pass_no
        )
    )
    return int(total or 0)


async def _finish(session: AsyncSession, run: BillingRunRow, as_of: datetime) -> None:
    """Close a pass: everything that could be billed is."""
    run.state, run.ended_at = "issued", as_of
    counts = await counts_of(session, run.month)
    event = Event(
        action="month_billed",
        article="27(1)",
        actor="system",
        at=as_of,
        summary=f"{run.month}分の請求({run.pass_no}回目)を終えました。",
        basis={"month": run.month, "pass": run.pass_no, "total": run.total, **counts},
    )
    await audit(session, f"billed:{run.month}:{run.pass_no}", [event])
    await look_again(session, f"look:billed:{run.month}:{run.pass_no}", as_of)  # due days have come


async def propose_run(
    session: AsyncSession, office: Office, run: BillingRunRow, told: dict[str, JsonValue], *, key: str, as_of: datetime
) -> None:
    """Ask for the second person of a pass, telling what it comes to."""
    run.approval_id = await propose(
        session, office, BILLING_RUN, key=key, actor=run.started_by, reason=f"{run.month}分の請求",
        payload={"month": run.month, "pass_no": run.pass_no}, consequence=told, as_of=as_of,
    )  # fmt: skip


async def end_pass(session: AsyncSession, run: BillingRunRow, state: str, as_of: datetime) -> None:
    """End a pass that was proved and will not be issued, and tell its workflow why."""
    run.state, run.ended_at = "rejected", as_of
    await _tell(session, run, state, as_of)


async def _approve(session: AsyncSession, _office: Office, decision: Decision) -> None:
    """Let an approved pass issue its invoices on this day."""
    month, pass_no = decision.payload["month"], decision.payload["pass_no"]
    run = await session.get_one(BillingRunRow, (month, pass_no), with_for_update=True)
    run.state, run.issued_on = "issuing", day_of(decision.as_of)
    await _tell(session, run, "approved", decision.as_of)


async def _closed(session: AsyncSession, _office: Office, row: ApprovalRow, as_of: datetime) -> None:
    """End a pass whose proposal was rejected, withdrawn or has run out; one of the calendar is proposed anew."""
    payload = row.payload or {}
    run = await session.get_one(BillingRunRow, (payload["month"], payload["pass_no"]), with_for_update=True)
    if run.state == "proof" and (row.state != "expired" or run.started_by != "system"):
        await end_pass(session, run, row.state, as_of)


async def _tell(session: AsyncSession, run: BillingRunRow, state: str, as_of: datetime) -> None:
    workflow_id = ids.billing(run.month, run.pass_no)
    await enqueue_signal(
        session, key=f"decided:{workflow_id}", workflow_id=workflow_id, name="decided",
        payload={"state": state}, as_of=as_of,
    )  # fmt: skip


BILLING_RUN = Act(
    name="billing_run",
    article="27(1)",
    roles=("billing", "legal", "admin"),
    effect=_approve,
    words="月次請求の発行",
    closed=_closed,
)
