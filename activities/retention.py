"""What blocks a deletion, what lies on the platform, and how a deletion is shown (Art. 34, 44(6), A94)."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.office import Office
from activities.records import enqueue_signal, enqueue_start, insert_once, instant
from activities.registers import state_of
from models import ids
from models.messages.office import Opening
from models.messages.retention import DeletionInput
from models.tables import (
    ApprovalRow,
    CertificateRow,
    ContractRow,
    DefaultCaseRow,
    DefaultHoldRow,
    DeletionRow,
    DisclosureRow,
    InvoiceRow,
    LegalHoldRow,
    ResourceRow,
)
from terms.disclosure import UNDER_WAY
from terms.lifecycle import OVER
from terms.periods import day_of, month_of
from terms.retention import CaseKind, Retention, erasable_by_decision_from, retention

AT_ONCE = 500  # deletions opened in one sweep
BY_HAND = "erasure"
"""The act by which people decide on an erasure before it comes by itself."""
BLOCKING_HOLDS = ("proposed", "placed")
"""A hold blocks from its proposal on."""
DISCLOSURE: CaseKind = "disclosure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A legal hold or an open case, with its number."""

    kind: CaseKind
    no: str


async def _holds(session: AsyncSession, contract_no: str) -> list[Blocker]:
    found = await session.scalars(
        select(col(LegalHoldRow.hold_no))
        .where(col(LegalHoldRow.contract_no) == contract_no, col(LegalHoldRow.state).in_(BLOCKING_HOLDS))
        .order_by(col(LegalHoldRow.hold_no))
    )
    return [Blocker(kind="hold", no=number) for number in found]


async def _disputes(session: AsyncSession, contract_no: str) -> list[Blocker]:
    """A debt that is disputed is an open case; the debt by itself is none."""
    hold, case = DefaultHoldRow, DefaultCaseRow
    found = await session.execute(
        select(col(hold.first_due_on), col(hold.n))
        .join(
            case,
            and_(
                col(case.contract_no) == col(hold.contract_no),
                col(case.first_due_on) == col(hold.first_due_on),
                col(case.n) == col(hold.n),
            ),
        )
        .where(col(hold.contract_no) == contract_no, col(hold.kind) == "dispute", col(hold.outcome) == "running")
        .where(col(case.closed_at).is_(None))
        .distinct()
    )
    return [Blocker(kind="dispute", no=f"{first_due_on.isoformat()}/{n}") for first_due_on, n in found.all()]


async def _disclosures(session: AsyncSession, contract_no: str) -> list[Blocker]:
    """A disclosure is open from its proposal until it is handed over, refused or given up (Art. 40, 44(5))."""
    number = col(DisclosureRow.disclosure_no)
    found = await session.scalars(
        select(number)
        .where(col(DisclosureRow.contract_no) == contract_no, state_of(number).in_(UNDER_WAY))
        .order_by(number)
    )
    return [Blocker(kind=DISCLOSURE, no=each) for each in found]


CASES: tuple[Callable[[AsyncSession, str], Awaitable[list[Blocker]]], ...] = (_holds, _disputes, _disclosures)
"""Registers asked for what blocks deletion, closing and erasure of a contract; an unpaid debt is none of them."""


async def blocked_by(session: AsyncSession, contract_no: str) -> list[Blocker]:
    """List the legal holds and open cases of a contract."""
    return [blocker for ask in CASES for blocker in await ask(session, contract_no)]


def told(blockers: Sequence[Blocker]) -> list[JsonValue]:
    """Write blockers as JSON."""
    return [{"kind": each.kind, "no": each.no} for each in blockers]


async def begin_deletion(session: AsyncSession, contract_no: str, delete_from_on: date, *, as_of: datetime) -> None:
    """Open the deletion of a contract that has ended, inside the caller's transaction; once (Art. 34(1), A60).

    One that was opened early, by Art. 34(2), is told of the end.
    """
    values = {
        "contract_no": contract_no,
        "state": "grace",
        "delete_from_on": delete_from_on,
        "inventory": [],
    }
    if not await insert_once(session, DeletionRow, values):
        row = await session.get_one(DeletionRow, contract_no, with_for_update=True)
        row.state, row.delete_from_on = "grace", delete_from_on
        await tell_deletion(session, contract_no, "ended", as_of=as_of)
    await open_deletion(session, contract_no, as_of=as_of)


async def begin_missing(office: Office, as_of: datetime) -> int:
    """Open the deletions of ended contracts that have none: they ended before there were any."""
    number = col(ContractRow.contract_no)
    without = ~exists().where(col(DeletionRow.contract_no) == number)
    ended = select(number, col(ContractRow.delete_from_on)).where(col(ContractRow.state) == "ended", without)
    async with office.sessions() as session, session.begin():
        found = (await session.execute(ended.order_by(number).limit(AT_ONCE))).all()
        for contract_no, delete_from_on in found:
            await begin_deletion(session, contract_no, delete_from_on or day_of(as_of), as_of=as_of)
    return len(found)


async def open_deletion(session: AsyncSession, contract_no: str, *, as_of: datetime) -> None:
    """Have the deletion's workflow started after the commit."""
    payload = DeletionInput(contract_no=contract_no).model_dump(mode="json")
    opening = Opening(workflow_id=ids.deletion(contract_no), type="deletion", payload=payload)
    await enqueue_start(session, opening, contract_no=contract_no, as_of=as_of)


async def tell_deletion(session: AsyncSession, contract_no: str, fact: str, *, as_of: datetime) -> None:
    """Tell the deletion of a contract, if there is one, that a fact has changed; `fact` names it."""
    if await session.get(DeletionRow, contract_no) is None:
        return
    workflow_id = ids.deletion(contract_no)
    await enqueue_signal(
        session, key=f"look:{workflow_id}:{fact}", workflow_id=workflow_id, name="look_again", payload=None,
        as_of=as_of,
    )  # fmt: skip


async def tell_of_money(session: AsyncSession, contract_nos: Collection[str], *, as_of: datetime) -> None:
    """Tell the deletions of ended contracts that their accounts have changed: what was waited for may be over."""
    found = await session.scalars(
        select(col(ContractRow.contract_no))
        .where(col(ContractRow.contract_no).in_(contract_nos), col(ContractRow.state).in_(("ended", "closed")))
        .order_by(col(ContractRow.contract_no))
    )
    for contract_no in found.all():
        await tell_deletion(session, contract_no, f"money:{as_of.astimezone(UTC).isoformat()}", as_of=as_of)


async def retention_of(session: AsyncSession, office: Office, contract: ContractRow) -> Retention | None:
    """Work out how long an ended contract's records are kept, by the facts of today (Art. 44(6)); else None.

    Whether a fiscal year closed with a loss is not on record: the general period of 7 years counts for tax.
    """
    if contract.state not in OVER or contract.ends_on is None:
        return None
    last = await session.scalar(
        select(func.max(col(InvoiceRow.issued_on))).where(col(InvoiceRow.contract_no) == contract.contract_no)
    )
    return retention(
        office.terms,
        ended_on=contract.ends_on,
        last_invoice_month=month_of(last or contract.ends_on),
        loss_year=False,
    )


async def decided_erasure(session: AsyncSession, contract_no: str) -> str | None:
    """Find the approval by which people decided to erase a contract's personal data; mostly there is none."""
    found: str | None = await session.scalar(
        select(col(ApprovalRow.approval_id)).where(
            col(ApprovalRow.contract_no) == contract_no, col(ApprovalRow.act) == BY_HAND,
            col(ApprovalRow.state) == "approved",
        )
    )  # fmt: skip
    return found


async def erasable_from(session: AsyncSession, kept: Retention, contract_no: str) -> date:
    """Say from which day on a contract is erased: by itself, or as people have decided."""
    decided = await decided_erasure(session, contract_no)
    return kept.erasable_from_on if decided is None else erasable_by_decision_from(kept)


async def inventory_of(session: AsyncSession, contract: ContractRow) -> list[dict[str, JsonValue]]:
    """List what lies on the platform for a contract: its data area once service has started, and what still stands."""
    if contract.service_start_on is None:
        return []
    found = await session.scalars(
        select(ResourceRow)
        .where(col(ResourceRow.contract_no) == contract.contract_no, col(ResourceRow.to_on).is_(None))
        .order_by(col(ResourceRow.id))
    )
    resources: list[dict[str, JsonValue]] = [
        {
            "kind": "resource",
            "resource_id": row.resource_id,
            "code": row.code,
            "quantity": row.quantity,
            "zone": row.zone,
            "left_over": row.left_over,
        }
        for row in found
    ]
    return [{"kind": "data_area", "resource_id": contract.contract_no}, *resources]


def certificate(  # noqa: PLR0913 (the columns of one row)
    *,
    key: str,
    contract_no: str,
    kind: str,
    article: str,
    at: datetime,
    items: list[dict[str, JsonValue]],
    method: str,
    performed_by: str,
    approval_id: str | None = None,
    notice_no: str | None = None,
) -> dict[str, Any]:
    """Make the columns of a certificate with the hash over all that it states."""
    stated: dict[str, Any] = {
        "key": key, "contract_no": contract_no, "kind": kind, "article": article, "items": items, "method": method,
        "performed_by": performed_by, "approval_id": approval_id,
    }  # fmt: skip
    hashed = certificate_hash(stated | {"at": at.astimezone(UTC).isoformat()})
    return stated | {"at": at, "notice_no": notice_no, "sha256": hashed}


def certificate_hash(stated: Mapping[str, Any]) -> str:
    """Hash what a certificate states as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(stated, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


async def view_deletion(
    session: AsyncSession, contract: ContractRow, *, to_customer: bool = False
) -> dict[str, JsonValue]:
    """Show where the deletion of a contract stands; before the end there is none, but maybe a day for it.

    A customer is not told of a disclosure: an order may forbid it.
    """
    row = await session.get(DeletionRow, contract.contract_no)
    found = await session.scalars(
        select(CertificateRow)
        .where(col(CertificateRow.contract_no) == contract.contract_no)
        .order_by(col(CertificateRow.at), col(CertificateRow.key))
    )
    blockers = [] if contract.state == "erased" else await blocked_by(session, contract.contract_no)
    if to_customer:
        blockers = [each for each in blockers if each.kind != DISCLOSURE]
    state = "none" if row is None else row.state
    if state in {"grace", "ready"} and blockers:
        state = "blocked"
    elif state == "blocked" and not blockers:
        state = "ready"
    inventory = row.inventory if row and row.deleted_at else await inventory_of(session, contract)
    view: dict[str, JsonValue] = {
        "state": state,
        "blocked_by": told(blockers),
        "inventory": [*inventory],
        "certificates": [_certificate_view(each) for each in found],
    }
    days = {
        "delete_from_on": row.delete_from_on if row else contract.delete_from_on,
        "erasable_from_on": row.erasable_from_on if row else None,
    }
    return view | {name: day.isoformat() for name, day in days.items() if day is not None}


def _certificate_view(row: CertificateRow) -> dict[str, JsonValue]:
    view: dict[str, JsonValue] = {
        "kind": row.kind,
        "article": row.article,
        "at": instant(row.at),
        "sha256": row.sha256,
        "items": [*row.items],
        "method": row.method,
        "performed_by": row.performed_by,
    }
    for name in ("approval_id", "notice_no"):
        if (value := getattr(row, name)) is not None:
            view[name] = value
    return view


async def next_retention_actions(
    session: AsyncSession, contracts: Sequence[ContractRow]
) -> dict[str, list[dict[str, JsonValue]]]:
    """Say when the data of ended contracts are deleted or their personal data erased; others are missing."""
    over = [row.contract_no for row in contracts if row.state in {"ended", "closed"}]
    if not over:
        return {}
    found = await session.scalars(select(DeletionRow).where(col(DeletionRow.contract_no).in_(over)))
    actions: dict[str, list[dict[str, JsonValue]]] = {}
    for row in found:
        due, action, article = row.erasable_from_on, "erasure", "44(6)"
        if row.deleted_at is None:
            due, action, article = row.delete_from_on, "deletion", "34(1)"
        if due is not None:
            actions[row.contract_no] = [{"on": due.isoformat(), "action": action, "article": article}]
    return actions
