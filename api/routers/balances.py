"""What a contract owes on a day (Art. 27(2), 36, 37; money.md 8)."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from activities.ledger import Debt, debts_of
from api.auth import READERS, Caller, TheOffice, may
from api.fields import Answer, Day, Number
from api.idempotency import CommandRoute
from api.paging import Page, PageWanted, cut_page
from api.routers.contract import contract_row
from terms.account import owed
from terms.numbering import InvoiceKind
from terms.periods import day_of

router = APIRouter(route_class=CommandRoute, tags=["contracts"])


class BalanceAnswer(Answer):
    """What is owed on an invoice in yen: principal, and the interest run up to the day, itself counted."""

    invoice_no: str
    kind: InvoiceKind
    month: str | None = None
    due_on: date
    principal: int
    interest: int


@router.get("/v1/contracts/{contract_no}/balances")
@may(*READERS, "customer")
async def balances(
    contract_no: Number,
    office: TheOffice,
    caller: Caller,
    page: PageWanted,
    as_of_on: Annotated[Day | None, Query()] = None,
) -> Page[BalanceAnswer]:
    """List what is open at the end of a day (today) on the invoices issued by that day; settled ones are left out."""
    await contract_row(office, contract_no, caller)
    on = as_of_on or day_of(await office.clock.now())
    async with office.readers() as session:
        debts = await debts_of(session, contract_no, issued_by=on, as_of_on=on)
    owing = [(debt, now) for debt in debts if (now := owed(office.terms, debt.open, on)).principal or now.interest]
    shown, cursor = cut_page(owing, page, lambda each: _place(each[0]))
    items = [
        BalanceAnswer.model_validate(
            {
                "invoice_no": debt.invoice_no, "kind": debt.kind, "month": debt.month, "due_on": debt.due_on,
                "principal": now.principal, "interest": now.interest,
            }
        )
        for debt, now in shown
    ]  # fmt: skip
    return Page(items=items, next_cursor=cursor)


def _place(debt: Debt) -> tuple[date, str]:
    return debt.issued_on, debt.invoice_no
