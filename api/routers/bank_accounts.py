"""Designated accounts (指定口座) of the provider: where customers pay (27(2))."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from pydantic.types import StringConstraints
from sqlalchemy import select
from sqlmodel import col

from activities.payment import AccountDiffers, designate_account, view_account
from api.auth import READERS, TheOffice, may
from api.fields import Answer, Body, Line
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import Conflict
from models.tables import BankAccountRow
from models.vault import OFFICE

router = APIRouter(route_class=CommandRoute, tags=["cash"])


class AccountBody(Body):
    """A designated account of a bank; `virtual_prefix` begins the transfer-only numbers of customers."""

    bank_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
    bank_name: Annotated[Line, Field(max_length=60)]
    branch_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")]
    branch_name: Annotated[Line, Field(max_length=60)]
    type: Literal["1", "2", "4"]
    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{7}$")]
    holder_kana: Annotated[Line, Field(max_length=100)]
    virtual_prefix: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")] | None = None


class AccountAnswer(Answer):
    """A designated account."""

    account_id: str
    bank_code: str
    bank_name: str
    branch_code: str
    branch_name: str
    type: str
    number: str
    holder_kana: str
    virtual_prefix: str | None = None


@router.get("/v1/bank-accounts")
@may(*READERS)
async def show_accounts(office: TheOffice, page: PageWanted) -> Page[AccountAnswer]:
    """List the designated accounts."""
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, select(BankAccountRow), page, col(BankAccountRow.account_id))
    return Page(items=[AccountAnswer.model_validate(view_account(row)) for row in rows], next_cursor=cursor)


@router.post("/v1/bank-accounts")
@may("admin")
async def designate(body: AccountBody, office: TheOffice, call: TheCall) -> AccountAnswer:
    """Designate an account; the same again changes nothing."""
    try:
        async with office.sessions.begin() as session:
            view = await designate_account(session, body.model_dump(), actor=call.principal.actor, as_of=call.now)
            await call.store(session, 200, view, OFFICE)
    except AccountDiffers:
        message = "The account is designated in other words, or its numbers could be another account's."
        raise Conflict(message) from None
    return AccountAnswer.model_validate(view)
