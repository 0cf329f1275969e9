"""Corrections of invoices and claims beside them, all decided by a second person (27, 35, 37, 38(2), A49, A50)."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field, JsonValue, StrictInt
from sqlalchemy.ext.asyncio import AsyncSession

from activities.corrections import propose_credit, propose_write_off
from activities.penalty_waiver import propose_waiver
from activities.reissue import propose_reissue
from activities.restoration import Work, propose_restoration
from activities.surcharge import propose_surcharge
from api.auth import Caller, TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, Count, Day, Line, Number, Text
from api.idempotency import Call, CommandRoute, TheCall
from api.problems import InvalidInput, NotFound
from models.tables import ContractRow, InvoiceRow
from terms.periods import day_of

InvoiceNumber = Annotated[str, Field(pattern=r"^[0-9]{10}$")]
Sum = Annotated[StrictInt, Field(ge=1, le=10**12)]
"""Yen, at least one."""

router = APIRouter(route_class=CommandRoute, tags=["corrections"])


class ProposedAnswer(Answer):
    """The approval that a second person decides."""

    approval_id: str


class CreditLineBody(Body):
    """Yen without tax that are taken back on a line."""

    line_no: Count
    amount: Sum


class CreditBody(Body):
    """What a credit note takes back, each line once, and why."""

    lines: Annotated[list[CreditLineBody], Field(min_length=1, max_length=1000)]
    reason: Text


class ReasonBody(Body):
    """Why an invoice is issued anew."""

    reason: Text


class WriteOffBody(Body):
    """Yen that are given up, and why."""

    amount: Sum
    reason: Text


class WaiverBody(Body):
    """Yen to which a penalty is lowered, 0 to waive it, and why."""

    amount: Annotated[StrictInt, Field(ge=0, le=10**12)]
    reason: Text


class WaiverAnswer(ProposedAnswer):
    """The approval, and the penalty by the formula of Art. 28 beside what it is to come to; yen."""

    formula: int
    amount: int


class SurchargeBody(Body):
    """Charges that were avoided, in yen without tax, and the facts."""

    avoided: Annotated[StrictInt, Field(ge=1, le=10**11)]
    facts: Text


class WorkBody(Body):
    """Work that a removal took, and its cost in yen without tax."""

    description: Line
    cost: Sum


class RestorationBody(Body):
    """The day on which removal and restoration were complete, and what they took."""

    completed_on: Day
    items: Annotated[list[WorkBody], Field(max_length=100)]


@router.post("/v1/invoices/{invoice_no}/credit-notes", status_code=202, response_model=ProposedAnswer)
@may("billing")
async def credit(
    invoice_no: InvoiceNumber, body: CreditBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose a credit note; more than is left of a line is refused."""
    seen: set[int] = set()
    for place, line in enumerate(body.lines):
        if line.line_no in seen:
            raise InvalidInput([(f"/lines/{place}/line_no", "is named already")])
        seen.add(line.line_no)
    async with office.sessions.begin() as session:
        contract_no = await _contract_of(session, invoice_no)
        approval_id = await propose_credit(
            session,
            office,
            invoice_no=invoice_no,
            lines=[(line.line_no, line.amount) for line in body.lines],
            reason=body.reason,
            key=call.origin("credit_note").key,
            actor=caller.actor,
            as_of=call.now,
        )
        answer = await _keep(session, call, approval_id, contract_no)
    await office.wake()
    return answer


@router.post("/v1/invoices/{invoice_no}/reissues", status_code=202, response_model=ProposedAnswer)
@may("billing")
async def reissue(
    invoice_no: InvoiceNumber, body: ReasonBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose to issue a wrong invoice anew; a month is priced from what is known now."""
    async with office.sessions.begin() as session:
        contract_no = await _contract_of(session, invoice_no)
        approval_id = await propose_reissue(
            session,
            office,
            invoice_no=invoice_no,
            reason=body.reason,
            key=call.origin("invoice_reissue").key,
            actor=caller.actor,
            as_of=call.now,
        )
        answer = await _keep(session, call, approval_id, contract_no)
    await office.wake()
    return answer


@router.post("/v1/invoices/{invoice_no}/write-offs", status_code=202, response_model=ProposedAnswer)
@may("cash")
async def write_off(
    invoice_no: InvoiceNumber, body: WriteOffBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose to give up a claim, in part or whole; more than is open is refused."""
    async with office.sessions.begin() as session:
        contract_no = await _contract_of(session, invoice_no)
        approval_id = await propose_write_off(
            session,
            office,
            invoice_no=invoice_no,
            amount=body.amount,
            reason=body.reason,
            key=call.origin("write_off").key,
            actor=caller.actor,
            as_of=call.now,
        )
        answer = await _keep(session, call, approval_id, contract_no)
    await office.wake()
    return answer


@router.post("/v1/contracts/{contract_no}/penalty-waivers", status_code=202, response_model=WaiverAnswer)
@may("billing", "legal")
async def waive(
    contract_no: Number, body: WaiverBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose to lower a penalty or to waive it (28): one on its way, or one that is issued, by a credit note."""
    async with office.sessions.begin() as session:
        approval_id, formula = await propose_waiver(
            session,
            office,
            await _contract(session, contract_no),
            amount=body.amount,
            reason=body.reason,
            key=call.origin("penalty_waiver").key,
            actor=caller.actor,
            as_of=call.now,
        )
        answer: dict[str, JsonValue] = {"approval_id": approval_id, "formula": formula, "amount": body.amount}
        await call.store(session, 202, answer, contract_no)
    await office.wake()
    return json_answer(answer, 202)


@router.post("/v1/contracts/{contract_no}/surcharges", status_code=202, response_model=ProposedAnswer)
@may("billing")
async def surcharge(
    contract_no: Number, body: SurchargeBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose a surcharge for charges that were avoided (35)."""
    async with office.sessions.begin() as session:
        approval_id = await propose_surcharge(
            session,
            office,
            await _contract(session, contract_no),
            avoided=body.avoided,
            facts=body.facts,
            key=call.origin("surcharge").key,
            actor=caller.actor,
            as_of=call.now,
        )
        answer = await _keep(session, call, approval_id, contract_no)
    await office.wake()
    return answer


@router.post("/v1/contracts/{contract_no}/restorations", status_code=202, response_model=ProposedAnswer)
@may("provisioning")
async def restore(
    contract_no: Number, body: RestorationBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Propose to charge a removal after the end (38(2)): work, deletion, damages up to its completion."""
    if body.completed_on >= day_of(call.now):
        raise InvalidInput([("/completed_on", "must lie before today")])
    async with office.sessions.begin() as session:
        approval_id = await propose_restoration(
            session,
            office,
            await _contract(session, contract_no),
            completed_on=body.completed_on,
            items=[Work(description=each.description, cost=each.cost) for each in body.items],
            key=call.origin("restoration").key,
            actor=caller.actor,
            as_of=call.now,
        )
        answer = await _keep(session, call, approval_id, contract_no)
    await office.wake()
    return answer


async def _contract(session: AsyncSession, contract_no: str) -> ContractRow:
    row = await session.get(ContractRow, contract_no)
    if row is None:
        raise NotFound
    return row


async def _contract_of(session: AsyncSession, invoice_no: str) -> str:
    row = await session.get(InvoiceRow, invoice_no)
    if row is None:
        raise NotFound
    return row.contract_no


async def _keep(session: AsyncSession, call: Call, approval_id: str, contract_no: str) -> JSONResponse:
    """Store the answer with the proposal."""
    body: dict[str, JsonValue] = {"approval_id": approval_id}
    await call.store(session, 202, body, contract_no)
    return json_answer(body, 202)
