"""Cash (27(2), 民488-489): bank files, and the workbench of deposits."""

import asyncio
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, File, Query, UploadFile
from fastapi.responses import JSONResponse
from pydantic import Field, JsonValue, StrictBool, model_validator
from pydantic.types import StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.allocation import try_again
from activities.allotment import (
    OFFSET,
    REFUND,
    NoSuchDebt,
    NothingLeft,
    OtherContract,
    Wish,
    allot,
    check_refund,
    outlook,
    read_deposit,
)
from activities.approvals import propose
from activities.bank_import import first_answer, prepare, read, take_file
from activities.gateways.bank import BankFileBroken
from activities.office import Office
from activities.payers import AliasTaken
from activities.payment import view_deposits
from activities.reversal import reverse_by_hand
from activities.till import Named
from api.auth import DEPOSIT_READERS, TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, Number, Text
from api.idempotency import Call, CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import Conflict, InvalidFile, InvalidInput, NotFound
from models.tables import ContractRow, DepositRow, InvoiceRow
from models.vault import OFFICE
from terms.periods import day_of

router = APIRouter(route_class=CommandRoute, tags=["cash"])

State = Literal["unmatched", "part_allocated", "allocated", "held", "refunded", "cancelled"]
InvoiceNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]
Sum = Annotated[int, Field(strict=True, ge=1, le=10**12)]
"""A sum of at least one yen."""


class FileTaken(Answer):
    """What became of the records of a bank file; the counts sum to `records`."""

    file_id: str
    format: Literal["zengin-01", "zengin-03", "camt.054", "anser-csv"]
    records: int
    matched: int
    unmatched: int
    cancelled: int
    duplicates: int
    other: int


class AllocationAnswer(Answer):
    """What a deposit pays of an invoice in yen; collected interest names the invoice that documents it."""

    invoice_no: str
    contract_no: str
    part: Literal["cost", "interest", "principal"]
    amount: int
    designated_by: Literal["customer", "provider"] | None = None
    interest_invoice: str | None = None


class SourceAnswer(Answer):
    """A record of a bank file."""

    file_id: str
    line: int


class CandidateAnswer(Answer):
    """A contract whose money it may be, and why."""

    contract_no: str
    why: str


class DepositAnswer(Answer):
    """Money that came in. `waits` is why a person is needed; `missing_fee` the transfer fee that it seems to lack."""

    deposit_id: str
    account_id: str
    reference: int
    booked_on: date
    value_on: date
    amount: int
    payer_kana: str | None = None
    payer_code: str | None = None
    edi: str | None = None
    state: State
    contract_no: str | None = None
    matched_by: Literal["virtual_account", "edi", "name", "person"] | None = None
    waits: str | None = None
    allocations: list[AllocationAnswer]
    unapplied: int
    reverses: str | None = None
    reversed_by: str | None = None
    sources: list[SourceAnswer]
    candidates: list[CandidateAnswer]
    missing_fee: int | None = None


class SumBody(Body):
    """Yen for an invoice."""

    invoice_no: InvoiceNumber
    amount: Sum


class AllocationBody(Body):
    """Whose the money is: a contract, shared out by law, or sums for its invoices, as somebody designated."""

    contract_no: Number | None = None
    allocations: Annotated[list[SumBody], Field(min_length=1, max_length=100)] | None = None
    designated_by: Literal["customer", "provider"] | None = None
    learn: StrictBool | None = None

    @model_validator(mode="after")
    def one_way(self) -> "AllocationBody":
        """A contract or a list, and a list says who designated it."""
        if (self.contract_no is None) == (self.allocations is None):
            message = "give either contract_no or allocations"
            raise ValueError(message)
        if (self.allocations is None) != (self.designated_by is None):
            message = "give designated_by with allocations, and only with them"
            raise ValueError(message)
        return self


class ReversalBody(Body):
    """The deposit that a reversal takes back."""

    reverses: Number


class RefundBody(Body):
    """What is given back, and why."""

    amount: Sum
    reason: Text


class ProposedAnswer(Answer):
    """The approval that a second person decides."""

    approval_id: str


@router.post("/v1/bank-files", status_code=201, responses={201: {"model": FileTaken}, 200: {"model": FileTaken}})
@may("cash")
async def take(file: Annotated[UploadFile, File()], office: TheOffice, call: TheCall) -> JSONResponse:
    """Take a bank file in, whole or not at all (at most 64 MB); the same file again brings nothing but duplicates."""
    data = await file.read()
    async with office.readers() as session:
        answer = await first_answer(session, data)
    if answer is not None:
        return json_answer(answer, 200)
    try:
        sheet = await prepare(office, await asyncio.to_thread(read, data, received_on=day_of(call.now)))
        async with office.sessions.begin() as session:
            answer, new = await take_file(session, office, sheet, actor=call.principal.actor, as_of=call.now)
            status = 201 if new else 200
            await call.store(session, status, answer, OFFICE)
    except BankFileBroken as broken:
        raise InvalidFile([(each.line, each.field, each.message) for each in broken.errors]) from None
    await office.wake()
    return json_answer(answer, status)


@router.get("/v1/deposits")
@may(*DEPOSIT_READERS)
async def show_all(
    office: TheOffice,
    page: PageWanted,
    state: Annotated[State | None, Query()] = None,
    contract_no: Annotated[Number | None, Query()] = None,
) -> Page[DepositAnswer]:
    """List deposits in order of creation, with whose they may be."""
    query = select(DepositRow)
    if state is not None:
        query = query.where(col(DepositRow.state) == state)
    if contract_no is not None:
        query = query.where(col(DepositRow.contract_no) == contract_no)
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, query, page, col(DepositRow.deposit_id))
        views = await view_deposits(session, office, rows, as_of=await office.clock.now())
    return Page(items=[DepositAnswer.model_validate(view) for view in views], next_cursor=cursor)


@router.get("/v1/deposits/{deposit_id}")
@may(*DEPOSIT_READERS)
async def show(deposit_id: Number, office: TheOffice) -> DepositAnswer:
    """Show a deposit."""
    async with office.readers() as session:
        row = await session.get(DepositRow, deposit_id)
        if row is None:
            raise NotFound
        (view,) = await view_deposits(session, office, [row], as_of=await office.clock.now())
    return DepositAnswer.model_validate(view)


@router.post(
    "/v1/deposits/{deposit_id}/allocations",
    responses={200: {"model": DepositAnswer}, 202: {"model": ProposedAnswer}},
)
@may("cash")
async def allocate(deposit_id: Number, body: AllocationBody, office: TheOffice, call: TheCall) -> JSONResponse:
    """Allot a deposit; what is held needs the customer's word and a second person (202)."""
    status = 200
    try:
        async with office.sessions.begin() as session:
            deposit = await _found(session, deposit_id)
            wish = await _wish(session, body)
            if deposit.state == "held":
                status, answer = 202, await _propose_offset(session, office, deposit, wish, call)
                await call.store(session, 202, answer, wish.contract_no)
            else:
                key = call.origin("allocation").key
                await allot(session, office, deposit, wish, key=key, actor=call.principal.actor, as_of=call.now)
                (answer,) = await view_deposits(session, office, [deposit], as_of=call.now)
                await call.store(session, 200, answer, wish.contract_no)
    except NothingLeft:
        message = "Nothing of the deposit is left."
        raise Conflict(message) from None
    except OtherContract:
        message = "The deposit belongs to another contract."
        raise Conflict(message) from None
    except AliasTaken:
        message = "The payer's name is known for another contract, or names nobody."
        raise Conflict(message) from None
    except NoSuchDebt:
        message = "A named invoice is void, or claims nothing that could be paid."
        raise Conflict(message) from None
    await office.wake()
    return json_answer(answer, status)


async def _found(session: AsyncSession, deposit_id: str) -> DepositRow:
    deposit = await read_deposit(session, deposit_id)
    if deposit is None:
        raise NotFound
    return deposit


async def _wish(session: AsyncSession, body: AllocationBody) -> Wish:
    """Find the contract that is meant.

    Raises:
        InvalidInput: there is no such contract or invoice, or the invoices are of several contracts.
    """
    if body.contract_no is not None:
        if await session.get(ContractRow, body.contract_no) is None:
            raise InvalidInput([("/contract_no", "is no contract")])
        return Wish(contract_no=body.contract_no, learn=bool(body.learn))
    wanted = body.allocations or []
    numbers = [each.invoice_no for each in wanted]
    found = await session.execute(
        select(col(InvoiceRow.invoice_no), col(InvoiceRow.contract_no)).where(col(InvoiceRow.invoice_no).in_(numbers))
    )
    contracts = {str(number): str(contract_no) for number, contract_no in found.all()}
    faults = []
    for place, number in enumerate(numbers):
        pointer = f"/allocations/{place}/invoice_no"
        if number not in contracts:
            faults.append((pointer, "is no invoice"))
        elif contracts[number] != contracts.get(numbers[0]):
            faults.append((pointer, "is an invoice of another contract"))
        if number in numbers[:place]:
            faults.append((pointer, "stands in the list already"))
    if faults:
        raise InvalidInput(faults)
    return Wish(
        contract_no=contracts[numbers[0]],
        named=tuple(Named(invoice_no=each.invoice_no, amount=each.amount) for each in wanted),
        designated_by=body.designated_by,
        learn=bool(body.learn),
    )


async def _propose_offset(
    session: AsyncSession, office: Office, deposit: DepositRow, wish: Wish, call: Call
) -> dict[str, JsonValue]:
    consequence = await outlook(session, office, deposit, wish, as_of=call.now)
    approval_id = await propose(
        session,
        office,
        OFFSET,
        key=call.origin("offset").key,
        actor=call.principal.actor,
        reason="お預かり金の充当",
        payload=wish.payload(deposit.deposit_id),
        consequence=consequence,
        as_of=call.now,
        contract_no=wish.contract_no,
    )
    return {"approval_id": approval_id}


@router.post("/v1/deposits/{deposit_id}/reversals")
@may("cash")
async def reverse(deposit_id: Number, body: ReversalBody, office: TheOffice, call: TheCall) -> DepositAnswer:
    """Name the deposit that a reversal takes back, where the bank's marks do not tell it."""
    async with office.sessions.begin() as session:
        reversal = await _found(session, deposit_id)
        if not reversal.reversal or reversal.reverses:
            message = "This is no reversal that waits."
            raise Conflict(message)
        original = await session.get(DepositRow, body.reverses)
        if original is None:
            raise InvalidInput([("/reverses", "is no deposit")])
        await reverse_by_hand(session, office, reversal, original, actor=call.principal.actor, as_of=call.now)
        await try_again(session, office, as_of=call.now)
        (view,) = await view_deposits(session, office, [reversal], as_of=call.now)
        await call.store(session, 200, view, reversal.contract_no or OFFICE)
    await office.wake()
    return DepositAnswer.model_validate(view)


@router.post("/v1/deposits/{deposit_id}/refunds", status_code=202, responses={202: {"model": ProposedAnswer}})
@may("cash")
async def refund(deposit_id: Number, body: RefundBody, office: TheOffice, call: TheCall) -> JSONResponse:
    """Propose to give money back; carried out once a second person agrees."""
    try:
        async with office.sessions.begin() as session:
            deposit = await _found(session, deposit_id)
            check_refund(deposit, body.amount)
            told: dict[str, JsonValue] = {"deposit_id": deposit_id, "amount": body.amount}
            approval_id = await propose(
                session,
                office,
                REFUND,
                key=call.origin("refund").key,
                actor=call.principal.actor,
                reason=body.reason,
                payload=told,
                consequence=told | {"unapplied": deposit.unapplied - body.amount},
                as_of=call.now,
                contract_no=deposit.contract_no,
            )
            await call.store(session, 202, {"approval_id": approval_id}, deposit.contract_no or OFFICE)
    except NothingLeft:
        message = "Nothing of the deposit is left."
        raise Conflict(message) from None
    await office.wake()
    return json_answer({"approval_id": approval_id}, 202)
