"""Billing runs: begin a month's bills, and see what proves that none was forgotten (24(2), 27(1))."""

from datetime import date
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from activities.billing_start import latest_run, start_pass, view_run
from api.auth import READERS, Caller, TheOffice, may
from api.dispatch import deliver, json_answer
from api.fields import Answer, Body, Month
from api.idempotency import CommandRoute, TheCall
from api.problems import NotFound
from models import ids

router = APIRouter(route_class=CommandRoute, tags=["billing"])


class RunBody(Body):
    """The month to bill."""

    month: Month


class Counts(Answer):
    """How the contracts of the month stand.

    `contracts` are those in force; each is issued, priced (waiting for the approval), held, or has nothing to bill.
    `adjusted` are billed besides, for late usage only: they are over.
    """

    contracts: int
    issued: int
    priced: int
    nothing_to_bill: int
    held: int
    adjusted: int


class HeldAnswer(Answer):
    """A contract that can't be billed yet, and why."""

    contract_no: str
    reason: str


class RunAnswer(Answer):
    """A billing run: its newest pass; `total` in yen, tax included."""

    month: str
    state: Literal["running", "proof", "rejected", "issued"]
    pass_no: int = Field(alias="pass")
    approval_id: str | None = None
    counts: Counts
    held: list[HeldAnswer]
    total: int
    issued_on: date | None = None


@router.post(
    "/v1/billing-runs",
    status_code=202,
    responses={200: {"model": RunAnswer, "description": "No new pass is needed."}, 202: {"model": RunAnswer}},
)
@may("billing")
async def start(body: RunBody, office: TheOffice, caller: Caller, call: TheCall) -> JSONResponse:
    """Begin a pass over a month (24(2)); where none is needed, show the run as it stands."""
    async with office.sessions.begin() as session:
        run, begun = await start_pass(session, office, body.month, actor=caller.actor, as_of=call.now)
        answer = await view_run(session, run)
        status = 202 if begun else 200
        await call.store(session, status, answer)
    if begun:
        await deliver(office, ids.billing(run.month, run.pass_no))
    return json_answer(answer, status)


@router.get("/v1/billing-runs/{month}", responses={200: {"model": RunAnswer}})
@may(*READERS)
async def show(month: Month, office: TheOffice) -> JSONResponse:
    """Show the newest pass over a month: state, counts, sums, who is held and why."""
    async with office.readers() as session:
        run = await latest_run(session, month)
        if run is None:
            raise NotFound
        return json_answer(await view_run(session, run))
