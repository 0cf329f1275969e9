"""Issuing a month's invoices by the hundred: one transaction a chunk, rows copied by the database (Art. 27(1)).

Numbers are taken inside the transaction that uses them, so that a pass killed anywhere goes on without gap or double.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import and_, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from activities.bulk import insert_rows, table_of
from activities.issuing import take_numbers
from activities.journal import book, invoice_entry
from activities.late_usage import BILLED, advance
from activities.office import Office
from activities.records import audit_many, next_numbers
from models import ids
from models.messages.office import Event
from models.tables import (
    ApplicationRow,
    BillingResultRow,
    BillingRunRow,
    ContractRow,
    DraftInvoiceRow,
    DraftLineRow,
    DraftTaxRow,
    InvoiceAccountRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceTaxRow,
    LateUsageRow,
    NoticeRow,
    UsageRecordRow,
)
from models.tables.billing import LineColumns
from terms.letters import LETTERS, channel_of
from terms.numbering import fiscal_year, invoice_number
from terms.payment import DueDate, due_date

SLUG = "invoice"
STALE = "stale_adjustment"


def batch_of(run: BillingRunRow) -> str:
    """Name the mailing of a pass."""
    return f"billing-{run.month}-{run.pass_no}"


class Draft(NamedTuple):
    """A draft with what its invoice and letter need of the contract."""

    contract_no: str
    application_no: str
    terms_version: str
    electronic_delivery: bool
    non_taxed: int
    total: int
    adjusted: dict[str, Any]


async def issue_chunk(session: AsyncSession, office: Office, run: BillingRunRow, size: int, *, as_of: datetime) -> int:
    """Issue the next drafts of an approved pass inside the caller's transaction; returns how many it settled."""
    drafts = await _next_drafts(session, run, size)
    if not drafts:
        return 0
    stale = await _stale(session, drafts)
    await _hold(session, run, stale)
    going = [each for each in drafts if each.contract_no not in stale]
    if going:
        await _issue(session, office, run, going, as_of)
    return len(drafts)


async def _next_drafts(session: AsyncSession, run: BillingRunRow, size: int) -> list[Draft]:
    d, r, c, a = DraftInvoiceRow, BillingResultRow, ContractRow, ApplicationRow
    found = await session.execute(
        select(
            col(d.contract_no), col(c.application_no), col(c.terms_version), col(a.electronic_delivery),
            col(d.non_taxed), col(d.total), col(d.adjusted),
        )
        .join(r, and_(col(r.contract_no) == col(d.contract_no), col(r.month) == col(d.month)))
        .join(c, col(c.contract_no) == col(d.contract_no))
        .join(a, col(a.application_no) == col(c.application_no))
        .where(col(d.month) == run.month, col(d.pass_no) == run.pass_no, col(r.state) == "priced")
        .order_by(col(r.contract_no))  # as the index of what is priced has them
        .limit(size)
    )  # fmt: skip
    return [Draft(*row) for row in found.all()]


async def _stale(session: AsyncSession, drafts: Sequence[Draft]) -> set[str]:
    """Find drafts that complete a month which another run has completed meanwhile."""
    wanted = {(each.contract_no, month): seen for each in drafts for month, seen in each.adjusted.items()}
    if not wanted:
        return set()
    r = BillingResultRow
    found = await session.execute(
        select(col(r.contract_no), col(r.month), col(r.usage_through)).where(
            col(r.contract_no).in_({number for number, _ in wanted}), col(r.month).in_({month for _, month in wanted})
        )
    )
    return {number for number, month, through in found.all() if through > wanted.get((number, month), through)}


async def _hold(session: AsyncSession, run: BillingRunRow, numbers: set[str]) -> None:
    if numbers:
        await session.execute(
            update(BillingResultRow)
            .where(col(BillingResultRow.month) == run.month, col(BillingResultRow.contract_no).in_(numbers))
            .values(state="held", reason=STALE)
        )


async def _issue(
    session: AsyncSession, office: Office, run: BillingRunRow, drafts: Sequence[Draft], as_of: datetime
) -> None:
    """Write the invoices of some drafts: number, facts, lines, taxes, accounts, books, audit, letters, results."""
    issued_on = cast("date", run.issued_on)
    year = fiscal_year(office.terms, issued_on)
    first = await take_numbers(session, office, "monthly", issued_on, len(drafts))
    numbers = [invoice_number("monthly", year, first + place) for place in range(len(drafts))]
    due = due_date(office.terms, office.calendars, usage_month=run.month, issued_on=issued_on)
    numbered = list(zip(numbers, drafts, strict=True))
    await insert_rows(session, InvoiceRow, [_invoice(no, each, run, due, as_of) for no, each in numbered])
    await insert_rows(session, InvoiceAccountRow, [_account(no, each, run, due) for no, each in numbered])
    await _copy(session, run, InvoiceLineRow, DraftLineRow, [*LineColumns.model_fields], "month_of_run", numbered)
    await _copy(session, run, InvoiceTaxRow, DraftTaxRow, ["rate_percent", "base", "tax"], "month", numbered)
    taxes = await _taxes(session, run, drafts)
    entries = [
        invoice_entry(
            invoice_no=no, kind="monthly", contract_no=each.contract_no, on_day=issued_on, total=each.total,
            tax=taxes.get(each.contract_no, 0),
        )
        for no, each in numbered
    ]  # fmt: skip
    await book(session, entries, as_of=as_of)
    await audit_many(session, [_event(no, each, run, due, as_of) for no, each in numbered])
    await _letters(session, run, numbered, as_of)  # chains are locked before the series of letters, as everywhere
    await _settle(session, run, numbered)


def _invoice(number: str, draft: Draft, run: BillingRunRow, due: DueDate, as_of: datetime) -> dict[str, Any]:
    return {
        "invoice_no": number,
        "kind": "monthly",
        "contract_no": draft.contract_no,
        "business_key": run.month,
        "month": run.month,
        "issued_on": run.issued_on,
        "nominal_on": due.nominal_on,
        "due_on": due.due_on,
        "non_taxed": draft.non_taxed,
        "total": draft.total,
        "usage_through": run.usage_through,
        "approval_id": run.approval_id,
        "basis": {
            "articles": ["24", "26", "27(1)", "27(2)"],
            "settings": {"due_shift": due.settings["due_shift"], "min_pay_days": due.settings["min_pay_days"]},
            "steps": [*due.steps],
        },
        "issued_at": as_of,
    }


def _account(number: str, draft: Draft, run: BillingRunRow, due: DueDate) -> dict[str, Any]:
    return {
        "invoice_no": number,
        "contract_no": draft.contract_no,
        "kind": "monthly",
        "business_key": run.month,
        "state": "issued",
        "balance": draft.total,
        "due_on": due.due_on,
    }


async def _copy(
    session: AsyncSession,
    run: BillingRunRow,
    to: type[SQLModel],
    source: type[SQLModel],
    columns: Sequence[str],
    month_column: str,
    numbered: Sequence[tuple[str, Draft]],
) -> None:
    """Have the database copy rows of drafts into those of their invoices; both lie together in their orders."""
    (first, of_first), (last, of_last) = numbered[0], numbered[-1]
    drafts, target = table_of(source), table_of(to)
    query = (
        select(col(InvoiceRow.invoice_no), *(drafts.c[name] for name in columns))
        .join(drafts, drafts.c.contract_no == col(InvoiceRow.contract_no))
        .where(col(InvoiceRow.invoice_no).between(first, last), drafts.c[month_column] == literal(run.month))
        .where(drafts.c.contract_no.between(of_first.contract_no, of_last.contract_no))
    )
    await session.execute(target.insert().from_select(["invoice_no", *columns], query))


async def _taxes(session: AsyncSession, run: BillingRunRow, drafts: Sequence[Draft]) -> dict[str, int]:
    t = DraftTaxRow
    found = await session.execute(
        select(col(t.contract_no), col(t.tax)).where(
            col(t.month) == run.month, col(t.contract_no).in_([each.contract_no for each in drafts])
        )
    )
    taxes: dict[str, int] = {}
    for number, tax in found.all():
        taxes[number] = taxes.get(number, 0) + tax
    return taxes


async def _letters(
    session: AsyncSession, run: BillingRunRow, numbered: Sequence[tuple[str, Draft]], as_of: datetime
) -> None:
    """Queue the letters as rows; the run's mailing sends them."""
    kind = LETTERS[SLUG]
    notices = await next_numbers(session, "notice", len(numbered))
    rows = [
        {
            "notice_no": notice_no,
            "key": f"{SLUG}:{number}",
            "batch": batch_of(run),
            "workflow_id": ids.bulk_letter(notice_no),
            "slug": SLUG,
            "article": kind.article,
            "contract_no": each.contract_no,
            "application_no": each.application_no,
            "invoice_no": number,
            "channel": channel_of(SLUG, electronic_delivery=each.electronic_delivery),
            "form": kind.form,
            "contact_kind": kind.contact,
            "state": "queued",
            "terms_version": each.terms_version,
            "queued_at": as_of,
            "facts": b"",
            "record_missed": False,
        }
        for notice_no, (number, each) in zip(notices, numbered, strict=True)
    ]
    await insert_rows(session, NoticeRow, rows)


def _event(number: str, draft: Draft, run: BillingRunRow, due: DueDate, as_of: datetime) -> tuple[str, str, str, Event]:
    event = Event(
        action="invoice_issued",
        article="27(1)",
        actor="system",
        at=as_of,
        summary=f"{run.month}分の{LETTERS[SLUG].title}({number})を発行しました。",
        basis={"invoice_no": number, "kind": "monthly", "month": run.month, "total": draft.total,
               "due_on": str(due.due_on), "approval_id": run.approval_id},
    )  # fmt: skip
    return f"invoice:{number}", draft.contract_no, draft.application_no, event


async def _settle(session: AsyncSession, run: BillingRunRow, numbered: Sequence[tuple[str, Draft]]) -> None:
    """Note the invoices as the results of the month, and that completed months have seen their usage."""
    r = table_of(BillingResultRow)
    between = (numbered[0][0], numbered[-1][0])
    number = (
        select(col(InvoiceRow.invoice_no))
        .where(col(InvoiceRow.contract_no) == r.c.contract_no, col(InvoiceRow.invoice_no).between(*between))
        .scalar_subquery()
    )
    await session.execute(
        r.update()
        .where(r.c.month == run.month, r.c.contract_no.in_([each.contract_no for _, each in numbered]))
        .values(state="issued", reason=None, invoice_no=number)
    )
    months: dict[str, list[str]] = {}
    for _, each in numbered:
        for month in each.adjusted:
            months.setdefault(month, []).append(each.contract_no)
    for month, contracts in months.items():
        await advance(session, month, contracts, run.usage_through)


async def mark_late(session: AsyncSession, run: BillingRunRow) -> None:
    """Mark usage of the month that came between the freeze and the issue: the next run looks at it.

    The caller holds the lock of imports, so nothing comes unseen.
    """
    u, b = UsageRecordRow, BillingResultRow
    late = (
        select(col(u.contract_no), col(u.month))
        .join(b, and_(col(b.contract_no) == col(u.contract_no), col(b.month) == col(u.month)))
        .where(col(u.id) > run.usage_through, col(u.month) == run.month, col(b.state).in_(BILLED))
        .where(~col(u.late), col(b.usage_through) < col(u.id))
        .distinct()
    )
    marks = table_of(LateUsageRow)
    there = select(col(LateUsageRow.contract_no)).where(col(LateUsageRow.month) == run.month)
    await session.execute(
        marks.insert().from_select(["contract_no", "month"], late.where(col(u.contract_no).not_in(there)))
    )
