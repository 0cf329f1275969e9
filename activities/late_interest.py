"""Invoices for late interest that was collected (36): they document it, are paid as issued, and name its debts.

One stands for each deposit; the allocations that it lists name it. Where a debt changes afterwards it is replaced.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import NamedTuple

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.issuing import InvoiceOrder, NewLine, issue
from activities.office import Office
from terms.account import OpenDebt, Segment, owed
from terms.interest import late_interest
from terms.periods import ONE_DAY, day_of

CODE = "INTEREST"


class Collected(NamedTuple):
    """Interest in yen that a payment of a value day met on an invoice."""

    invoice_no: str
    value_on: date
    amount: int


async def issue_interest(
    session: AsyncSession,
    office: Office,
    contract_no: str,
    business_key: str,
    collected: Sequence[Collected],
    debts: Mapping[str, OpenDebt],
    *,
    as_of: datetime,
    replaces: str | None = None,
) -> str:
    """Document interest that was collected, one line for each debt; returns the number.

    `debts` tell by their movements on which principal it ran. The caller writes the allocations that name the number.
    """
    issued_on = day_of(as_of)
    sums: dict[str, int] = {}
    for each in collected:
        sums[each.invoice_no] = sums.get(each.invoice_no, 0) + each.amount
    days = {each.invoice_no: each.value_on for each in collected}
    facts: list[JsonValue] = []
    steps: list[JsonValue] = []
    for invoice_no, value_on in days.items():
        found = owed(office.terms, _as_never_owed(debts[invoice_no]), value_on)
        facts += [*_facts(office, invoice_no, found.segments)]
        steps += found.steps[: len(found.segments)]
    basis: dict[str, JsonValue] = {
        "articles": ["36", "37"],
        "interest": facts,
        "paid_on": max(days.values()).isoformat(),
        "steps": steps,
    }
    tax_class = office.terms.tax_class.late_interest
    order = InvoiceOrder(
        kind="interest",
        contract_no=contract_no,
        business_key=business_key,
        lines=[
            NewLine(code=CODE, charge_type="late_interest", amount=amount, article="36", tax_class=tax_class)
            for amount in sums.values()
        ],
        supplied_on=issued_on,
        due_on=issued_on,
        paid=True,
        replaces=replaces,
        basis=basis,
    )
    return await issue(session, office, order, issued_on=issued_on, as_of=as_of)


def _as_never_owed(debt: OpenDebt) -> OpenDebt:
    """Have credits count from the due day on, as interest does, whenever they came (A49)."""
    movements = (replace(each, on=debt.due_on) if each.part == "credit" else each for each in debt.movements)
    return replace(debt, movements=tuple(movements))


def _facts(office: Office, invoice_no: str, segments: Sequence[Segment]) -> Iterator[JsonValue]:
    """Say for each stretch of principal how long interest ran on it, as the letter prints it."""
    for each in segments:
        ran = late_interest(office.terms, principal=each.principal, due_on=each.after_on, paid_on=each.to_on)
        parts: list[JsonValue] = [
            {name: value for name, value in asdict(part).items() if value is not None} for part in ran.parts
        ]
        yield {
            "invoice_no": invoice_no,
            "principal": each.principal,
            "from_on": (each.after_on + ONE_DAY).isoformat(),
            "to_on": each.to_on.isoformat(),
            "days": ran.days,
            "parts": parts,
            "interest": ran.interest,
        }
