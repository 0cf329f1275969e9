"""The invoice of a penalty (28): issued at the end, or on arrival before the start; due at once (A74), outside tax."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.issuing import InvoiceOrder, NewLine, issue
from activities.ledger import VOID
from activities.office import Office
from models.messages.contract import Line
from models.messages.termination import Ending
from models.tables import ApplicationRow, ApprovalRow, ContractLineRow, ContractRow, InvoiceAccountRow, PriceRow
from terms.derivation import ja_yen
from terms.ending import Departure, OrderedLine, RescissionGround, end_by_rescission, monthly_of
from terms.letters import channel_of
from terms.notice import InPlace, deemed_arrival
from terms.payment import penalty_due_on
from terms.penalty import Ground, Penalty, penalty
from terms.periods import day_of
from terms.settings import Terms

CODE = "PENALTY"
LETTER = "penalty_invoice"
WAIVER = "penalty_waiver"
"""The act by which people lower a penalty or waive it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The sum in yen to which a penalty was lowered before it was issued, and the approval."""

    approval_id: str
    amount: int

    @property
    def step(self) -> str:
        """Say it as the last step of the derivation."""
        return (
            f"当社の決定により、違約金を{ja_yen(self.amount)}とします。"
            if self.amount
            else "当社の決定により、違約金を免除します。"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Under:
    """The lines under one minimum term: their monthly sum in yen, and the penalty for the rest of the term."""

    min_term_ends_on: date | None
    months: int
    monthly: int
    charge: Penalty


async def issue_penalty(
    session: AsyncSession, office: Office, contract: ContractRow, ending: Ending, lines: Sequence[Line], as_of: datetime
) -> str | None:
    """Issue the penalty of an end, once for its ground; returns the number, or None if none is due or it is there.

    Two people may have decided on another sum than the formula's, or to waive it.
    """
    article = "28(1)" if _before_start(ending) else "28(2)"
    if not ending.penalty or await _issued(session, contract.contract_no, article):
        return None
    decided = await decided_penalty(session, contract.contract_no, ending.ground, ending.ends_on)
    amount = ending.penalty if decided is None else decided.amount
    if not amount:
        return None
    issued_on = day_of(as_of)
    arrives_on = await _arrives_on(session, office, contract, as_of)
    under = _under(office.terms, ending, lines)
    basis: dict[str, JsonValue] = {
        "articles": [article, "5(2)"],
        "penalty": _facts(article, ending, under),
        "steps": [step for each in under if each.charge.penalty for step in each.charge.steps],
    }
    if decided is not None:
        basis["steps"] = [*(step for each in under for step in each.charge.steps), decided.step]
    if arrives_on is not None:
        basis["arrives_on"] = arrives_on.isoformat()
    line = NewLine(
        code=CODE, charge_type="penalty", amount=amount, article=article,
        tax_class=office.terms.tax_class.penalty,
    )  # fmt: skip
    order = InvoiceOrder(
        kind="penalty",
        contract_no=contract.contract_no,
        business_key=article,
        lines=[line],
        supplied_on=ending.ends_on,
        due_on=penalty_due_on(issued_on=issued_on, arrives_on=arrives_on),
        approval_id=None if decided is None else decided.approval_id,
        basis=basis,
    )
    return await issue(session, office, order, issued_on=issued_on, as_of=as_of)


def _before_start(ending: Ending) -> bool:
    """Tell whether a contract has ended before its service started: by a withdrawal, or rescinded (A10)."""
    return "28(1)" in {ending.ground, *ending.articles}


async def decided_penalty(
    session: AsyncSession, contract_no: str, ground: str, ends_on: date, *, before: str = ""
) -> Decided | None:
    """Find what people have decided on the penalty of an end before it was issued; mostly nothing.

    The approval `before` which it is asked is left out: it is being decided on.
    """
    found = await session.scalars(
        select(ApprovalRow)
        .where(col(ApprovalRow.contract_no) == contract_no, col(ApprovalRow.act) == WAIVER)
        .where(col(ApprovalRow.state) == "approved", col(ApprovalRow.approval_id) != before)
        .order_by(col(ApprovalRow.proposed_at).desc(), col(ApprovalRow.approval_id).desc())
    )
    end = {"ground": ground, "ends_on": ends_on.isoformat()}
    for row in found:
        told: Any = row.payload or {}
        if told.get("end") == end:
            return Decided(approval_id=row.approval_id, amount=told["amount"])
    return None


async def _issued(session: AsyncSession, contract_no: str, ground: str) -> bool:
    account = InvoiceAccountRow
    found = await session.scalar(
        select(col(account.invoice_no))
        .where(col(account.contract_no) == contract_no, col(account.kind) == "penalty", col(account.state) != VOID)
        .where(col(account.business_key) == ground)
    )
    return found is not None


async def _arrives_on(session: AsyncSession, office: Office, contract: ContractRow, as_of: datetime) -> date | None:
    """Say when a letter posted now normally arrives (42(2)); None by e-mail, which arrives as it is sent."""
    application = await session.get_one(ApplicationRow, contract.application_no)
    if channel_of(LETTER, electronic_delivery=application.electronic_delivery) == "email":
        return None
    answer = deemed_arrival(
        office.terms,
        office.calendars,
        channel="post",
        dispatched_at=as_of.replace(microsecond=0),
        contact_correct=True,
        requires_actual_arrival=False,
    )
    return None if answer.arrived_at is None else day_of(answer.arrived_at)


def _under(terms: Terms, ending: Ending, lines: Sequence[Line]) -> list[_Under]:
    """Work the penalty out once more, for each minimum term by itself, to say how it came about; the longest first."""
    before_start = _before_start(ending)
    groups: dict[tuple[date, int], list[Line]] = {}
    for line in lines:
        if before_start:
            groups.setdefault((date.min, line.min_term_months), []).append(line)
        elif line.min_term_ends_on is not None:
            groups.setdefault((line.min_term_ends_on, 0), []).append(line)
    found = []
    for (min_term_ends_on, months), group in sorted(groups.items(), key=lambda each: each[0], reverse=True):
        monthly = sum(monthly_of(terms, ordered_line(line)) for line in group)
        ground: Ground = "28(1)" if before_start else "18(1)"
        charge = penalty(
            terms,
            ground=ground,
            monthly=monthly,
            min_term_ends_on=None if before_start else min_term_ends_on,
            ends_on=ending.ends_on,
            term_months=months or None,
        )
        until = None if before_start else min_term_ends_on
        found.append(_Under(min_term_ends_on=until, months=months, monthly=monthly, charge=charge))
    return found


def ordered_line(line: Line) -> OrderedLine:
    """Give a line as the penalty rules ask for it."""
    return OrderedLine(
        code=line.code,
        quantity=line.quantity,
        charge_type=line.charge_type,
        monthly_fee=line.monthly_fee,
        monthly_cap=line.monthly_cap,
        min_term_months=line.min_term_months,
        min_term_ends_on=line.min_term_ends_on,
    )


async def would_end(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    ground: RescissionGround,
    arrived_at: datetime,
    in_place: InPlace | None = None,
) -> Departure:
    """Work out how a contract would end by a letter of ours that arrives at an instant."""
    line, price = ContractLineRow, PriceRow
    found = await session.execute(
        select(line, price)
        .join(price, (col(price.code) == col(line.code)) & (col(price.price_list) == contract.price_list))
        .where(col(line.contract_no) == contract.contract_no)
        .order_by(col(line.line_no))
    )
    ordered = [
        OrderedLine(
            code=each.code,
            quantity=each.quantity,
            charge_type=priced.charge_type,
            monthly_fee=priced.monthly_fee,
            monthly_cap=priced.monthly_cap,
            min_term_months=priced.min_term_months,
            min_term_ends_on=each.min_term_ends_on,
        )
        for each, priced in found.all()
    ]
    return end_by_rescission(office.terms, ordered, ground=ground, arrived_at=arrived_at, in_place=in_place)


def _facts(article: str, ending: Ending, under: Sequence[_Under]) -> dict[str, JsonValue]:
    """State the longest minimum term; the steps state all of them."""
    longest = under[0]
    whole = [part for part in longest.charge.parts if part.days == part.of]
    cut = [part for part in longest.charge.parts if part.days < part.of]
    facts: dict[str, JsonValue] = {
        "ground": article,
        "ends_on": ending.ends_on.isoformat(),
        "monthly": longest.monthly,
        "months": longest.months or len(whole),
        "days": sum(part.days for part in cut),
    }
    if longest.min_term_ends_on is not None:
        facts["min_term_ends_on"] = longest.min_term_ends_on.isoformat()
    return facts
