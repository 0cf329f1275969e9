"""Price lists (料金表): shown, and proposed to a second person (Art. 2(1), 24(1))."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, StrictBool, StrictInt
from pydantic.types import StringConstraints
from sqlalchemy import select
from sqlmodel import col

from activities.approvals import propose
from activities.price_lists import PRICE_LIST, cap_differs, consequence_of, is_taken, view_price_lists
from api.auth import READERS, Caller, TheOffice, may
from api.dispatch import json_answer
from api.fields import Answer, Body, Code, FutureDay, Line, Number, Text
from api.idempotency import CommandRoute, TheCall
from api.paging import Page, PageWanted, fetch_page
from api.problems import Conflict, InvalidInput, NotFound
from models.tables import PriceListRow
from terms.periods import day_of
from terms.settings import TaxClass, Terms

ChargeType = Literal["capped", "metered", "monthly", "other", "initial"]
Meter = Literal["running", "allocated", "quantity", "month", "once", "work"]
PriceField = Literal["rate", "cap_hours", "monthly_cap", "monthly_fee"]

Rate = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,6})(\.[0-9]{1,6})?$")]
"""Yen per hour, GB or piece as decimal text."""

Cap = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$")]
"""Yen per month as decimal text."""

Fee = Annotated[StrictInt, Field(ge=0, lt=10**9)] | Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,8})$")]
"""Whole yen, as a number or as text."""

METERS: dict[ChargeType, frozenset[Meter]] = {
    "capped": frozenset({"running", "allocated"}),
    "metered": frozenset({"running", "allocated"}),
    "monthly": frozenset({"month"}),
    "other": frozenset({"quantity", "work"}),
    "initial": frozenset({"once"}),
}
"""How what is charged by a type is measured (24(1))."""

PRICED_BY: dict[ChargeType, frozenset[PriceField]] = {
    "capped": frozenset({"rate", "cap_hours", "monthly_cap"}),
    "metered": frozenset({"rate"}),
    "monthly": frozenset({"monthly_fee"}),
    "other": frozenset({"rate"}),
    "initial": frozenset({"rate"}),
}
"""Which fields price a type; work may be charged at cost, without a rate."""

PRICES: tuple[PriceField, ...] = ("rate", "cap_hours", "monthly_cap", "monthly_fee")

router = APIRouter(route_class=CommandRoute, tags=["price lists"])


class ItemBody(Body):
    """An item of a price list. `cap_differs` says aloud that the cap is not the price of the cap hours."""

    code: Code
    name: Annotated[Line, Field(max_length=100)]
    charge_type: ChargeType
    meter: Meter
    unit: Annotated[Line, Field(max_length=32)]
    rate: Rate | None = None
    cap_hours: Annotated[StrictInt, Field(ge=1, le=744)] | None = None
    monthly_cap: Cap | None = None
    monthly_fee: Fee | None = None
    initial_fee: Fee | None = None
    min_term_months: Annotated[StrictInt, Field(ge=1, le=120)] | None = None
    prorated: StrictBool | None = None
    console: StrictBool | None = None
    orderable: StrictBool | None = None
    tax_class: TaxClass
    cap_differs: StrictBool | None = None


class PriceListBody(Body):
    """A price list as the form has it; prices are yen without tax."""

    synthetic: StrictBool | None = None
    price_list: Number
    effective_from: FutureDay
    terms_version: Annotated[str, StringConstraints(max_length=16, pattern=r"^[0-9]+(\.[0-9]+)*$")]
    currency: Literal["JPY"] | None = None
    prices: Literal["without tax"] | None = None
    items: Annotated[list[ItemBody], Field(min_length=1, max_length=500)]
    reason: Text | None = None


class ItemAnswer(Answer):
    """An item of a price list; rates, caps and monthly fees in yen as decimal text."""

    code: str
    name: str
    charge_type: ChargeType
    meter: Meter
    unit: str
    rate: str | None = None
    cap_hours: int | None = None
    monthly_cap: str | None = None
    monthly_fee: str | None = None
    initial_fee: int
    min_term_months: int
    prorated: bool
    console: bool
    orderable: bool
    tax_class: TaxClass
    cap_differs: bool | None = None


class PriceListAnswer(Answer):
    """A price list in force from a day on, until the next one begins."""

    price_list: str
    effective_from: date
    terms_version: str
    currency: str
    prices: str
    recorded_at: AwareDatetime
    approval_id: str | None = None
    items: list[ItemAnswer]


class ProposedAnswer(Answer):
    """The approval that a second person decides."""

    approval_id: str


@router.get("/v1/price-lists")
@may(*READERS)
async def show_all(office: TheOffice, page: PageWanted) -> Page[PriceListAnswer]:
    """List price lists in the order in which they begin."""
    async with office.readers() as session:
        rows, cursor = await fetch_page(session, select(PriceListRow), page, col(PriceListRow.effective_from))
        shown = await view_price_lists(session, rows)
    return Page(items=[PriceListAnswer.model_validate(one) for one in shown], next_cursor=cursor)


@router.get("/v1/price-lists/{price_list}")
@may(*READERS)
async def show(price_list: Number, office: TheOffice) -> PriceListAnswer:
    """Show one price list."""
    async with office.readers() as session:
        row = await session.get(PriceListRow, price_list)
        if row is None:
            raise NotFound
        return PriceListAnswer.model_validate((await view_price_lists(session, [row]))[0])


@router.post("/v1/price-lists", status_code=202, responses={202: {"model": ProposedAnswer}})
@may("billing")
async def propose_list(body: PriceListBody, office: TheOffice, caller: Caller, call: TheCall) -> JSONResponse:
    """Propose a price list; recorded as it is once a second person agrees, and never changed after."""
    faults = [*_bad_day(office.terms, body, day_of(call.now)), *_bad_items(body)]
    if faults:
        raise InvalidInput(faults)
    form = body.model_dump(mode="json", exclude_none=True, exclude={"synthetic", "currency", "prices", "reason"})
    async with office.sessions.begin() as session:
        if await is_taken(session, body.price_list, body.effective_from):
            message = "A price list of this name, or from this day on, is recorded."
            raise Conflict(message)
        approval_id = await propose(
            session,
            office,
            PRICE_LIST,
            key=call.origin("price_list").key,
            actor=caller.actor,
            reason=body.reason or "料金の改定",
            payload=form,
            consequence=await consequence_of(session, form),
            as_of=call.now,
        )
        await call.store(session, 202, {"approval_id": approval_id})
    await office.wake()
    return json_answer({"approval_id": approval_id}, 202)


def _bad_day(terms: Terms, body: PriceListBody, today: date) -> Iterator[tuple[str, str]]:
    """Find what speaks against the first day of a list (附則, A104); lists in force are never changed."""
    pointer = "/effective_from"
    if body.effective_from < terms.effective_on:
        yield pointer, "must not lie before the terms"
    elif body.effective_from < today:
        yield pointer, "must not lie in the past"
    if terms.price_start_day not in {"ANY", body.effective_from.day}:
        yield pointer, "must be the first of a month"


def _bad_items(body: PriceListBody) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for place, item in enumerate(body.items):
        pointer = f"/items/{place}"
        if item.code in seen:
            yield f"{pointer}/code", "stands on the list already"
        seen.add(item.code)
        for field, message in _bad_item(item):
            yield f"{pointer}/{field}", message


def _bad_item(item: ItemBody) -> Iterator[tuple[str, str]]:
    """Find what does not fit together in an item (catalog.md 3)."""
    if item.meter not in METERS[item.charge_type]:
        yield "meter", "does not measure this charge_type"
    for name in PRICES:
        wanted, given = name in PRICED_BY[item.charge_type], getattr(item, name) is not None
        if given and not wanted:
            yield name, "has no meaning for this charge_type"
        elif wanted and not given and item.meter != "work":
            yield name, "is missing for this charge_type"
    if item.meter == "once" and item.rate is not None and not item.rate.isdecimal():
        yield "rate", "must be whole yen for what is charged once"
    if item.prorated and item.meter != "month":
        yield "prorated", "only monthly fees are prorated"
    differs = cap_differs(rate=item.rate, cap_hours=item.cap_hours, monthly_cap=item.monthly_cap)
    if differs and not item.cap_differs:
        yield "monthly_cap", "is not rate times cap_hours; declare cap_differs if it is meant"
