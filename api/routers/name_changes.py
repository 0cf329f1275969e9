"""Changes of name, address and contacts (変更届, Art. 13): taken in writing, with proof on demand."""

import json
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.name_changes import ask_for_proof, take_change, take_proof, view_change
from activities.office import Office
from activities.parties import company_since
from activities.termination import reject_letter
from api.auth import READERS, Caller, TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, FutureDay, Instant, Number, Sha256
from api.idempotency import Call, CommandRoute, TheCall
from api.problems import Forbidden, InvalidInput, NotFound, problem_response
from api.routers.contract import contract_row
from api.routers.termination import CUSTOMER_FORMS
from models.messages.application import IncomingForm
from models.messages.succession import PartyChanges
from models.tables import ContractRow, NameChangeRow
from terms.citation import Refused
from terms.lifecycle import must_allow
from terms.periods import day_of
from terms.succession import must_be_written

router = APIRouter(route_class=CommandRoute, tags=["name-changes"])

Place = Annotated[int, Path(ge=1, le=10**6)]


class ChangeBody(Body):
    """A change as it was told: when and in which form it arrived, what changes, and from which day on."""

    arrived_at: Instant
    form: IncomingForm
    changes: PartyChanges
    effective_on: FutureDay


class ProofBody(Body):
    """The proof of a change, by its hash."""

    arrived_at: Instant
    sha256: Sha256


class ChangeAnswer(Answer):
    """A change as it stands; `changes` only for who may see contact data."""

    n: int
    form: IncomingForm
    arrived_at: AwareDatetime
    effective_on: date
    changed: list[Literal["name", "address", "contacts"]]
    proof_by_on: date | None = None
    proof_arrived_at: AwareDatetime | None = None
    proof_sha256: str | None = None
    changes: dict[str, JsonValue] | None = None


@router.post("/v1/contracts/{contract_no}/name-changes", status_code=201, response_model=ChangeAnswer)
@may("intake", "customer")
async def take_in(
    contract_no: Number, body: ChangeBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Take in a change of name, address or contacts in writing (13(1)); from its day on everything goes by it."""
    row = await contract_row(office, contract_no, caller)
    call.owner = contract_no
    if caller.is_customer and body.form not in CUSTOMER_FORMS:
        raise Forbidden
    _check(row, body, call)
    must_allow(row.state, "change_party")  # type: ignore[arg-type] # by the table's check
    try:
        must_be_written(office.terms, body.form)
    except Refused as refused:
        await _reject(office, row, body, call, refused)
        raise
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        if body.effective_on < await company_since(session, contract):
            raise InvalidInput([("/effective_on", "must not lie before the day from which this company is the party")])
        change = await take_change(
            session, office, contract, body.changes, form=body.form, arrived_at=body.arrived_at,
            effective_on=body.effective_on, by=(call.origin("name_change").key, caller.actor, call.now),
        )  # fmt: skip
        response = await _answer(office, session, call, change, 201)
    await office.wake()
    return response


@router.get("/v1/contracts/{contract_no}/name-changes/{n}")
@may(*READERS, "customer")
async def show(contract_no: Number, n: Place, office: TheOffice, caller: Caller) -> ChangeAnswer:
    """Show one change."""
    await contract_row(office, contract_no, caller)
    async with office.readers() as session:
        row = await _find(session, contract_no, n)
    return ChangeAnswer.model_validate(await view_change(office, row, see=caller.reads_contacts))


@router.post("/v1/contracts/{contract_no}/name-changes/{n}/proof-requests", response_model=ChangeAnswer)
@may("intake", "legal")
async def ask(contract_no: Number, n: Place, office: TheOffice, caller: Caller, call: TheCall) -> JSONResponse:
    """Ask the customer to prove the change (13(2)); somebody is reminded when the proof does not come."""
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        must_allow(contract.state, "change_party")  # type: ignore[arg-type] # by the table's check
        row = await _find(session, contract_no, n, lock=True)
        by = (call.origin("proof_request").key, caller.actor, call.now)
        await ask_for_proof(session, office, contract, row, by=by)
        response = await _answer(office, session, call, row)
    await office.wake()
    return response


@router.post("/v1/contracts/{contract_no}/name-changes/{n}/documents", response_model=ChangeAnswer)
@may("intake")
async def prove(
    contract_no: Number, n: Place, body: ProofBody, office: TheOffice, caller: Caller, call: TheCall
) -> JSONResponse:
    """Register the proof of a change (13(2))."""
    await contract_row(office, contract_no, caller)
    call.owner = contract_no
    if body.arrived_at > call.now:
        raise InvalidInput([("/arrived_at", "must not lie in the future")])
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, contract_no, with_for_update=True)
        row = await _find(session, contract_no, n, lock=True)
        by = (call.origin("proof").key, caller.actor, call.now)
        await take_proof(session, contract, row, sha256=body.sha256, arrived_at=body.arrived_at, by=by)
        return await _answer(office, session, call, row)


def _check(row: ContractRow, body: ChangeBody, call: Call) -> None:
    wrong = []
    if body.arrived_at > call.now:
        wrong.append(("/arrived_at", "must not lie in the future"))
    if body.effective_on < day_of(row.formed_at):
        wrong.append(("/effective_on", "must not lie before the formation of the contract"))
    contacts = body.changes.contacts
    if not body.changes.model_dump(exclude_none=True) or (contacts and not contacts.model_dump(exclude_none=True)):
        wrong.append(("/changes", "must change something"))
    if wrong:
        raise InvalidInput(wrong)


async def _find(session: AsyncSession, contract_no: str, n: int, *, lock: bool = False) -> NameChangeRow:
    row = await session.get(NameChangeRow, (contract_no, n), with_for_update=lock)
    if row is None:
        raise NotFound
    return row


async def _answer(
    office: Office, session: AsyncSession, call: Call, row: NameChangeRow, status: int = 200
) -> JSONResponse:
    """Answer with the change as it stands, and keep the answer with the effect."""
    answer = await view_change(office, row, see=call.principal.reads_contacts)
    await call.store(session, status, answer, row.contract_no)
    return json_answer(answer, status)


async def _reject(office: Office, row: ContractRow, body: ChangeBody, call: Call, refused: Refused) -> None:
    """Record a change that is not in writing as rejected, answer it by a letter, and keep the refusal with both."""
    stored: dict[str, JsonValue] = json.loads(bytes(problem_response(refused).body))
    async with office.sessions.begin() as session:
        fresh = await session.get_one(ContractRow, row.contract_no, with_for_update=True)
        await reject_letter(
            office, session, fresh, article="13(1)", form=body.form, arrived_at=body.arrived_at,
            key=call.origin("reject_letter").key, actor=call.principal.actor, as_of=call.now,
        )  # fmt: skip
        await call.store(session, 409, stored, row.contract_no)
    await office.wake()
