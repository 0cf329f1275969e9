"""Price lists (料金表): proposed by one person, recorded with the approval of another, and shown (Art. 2(1), 24(1))."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.approvals import Act, Decision
from activities.billing import price_list_on
from activities.office import Office
from activities.records import audit, insert_once, instant
from models.messages.office import Event
from models.tables import PriceListRow, PriceRow
from terms.citation import Article, Refused
from terms.money import exact
from terms.periods import day_of

CURRENCY = "JPY"
PRICES = "without tax"
ITEM = (
    "code", "name", "charge_type", "meter", "unit", "rate", "cap_hours", "monthly_cap", "monthly_fee", "initial_fee",
    "min_term_months", "prorated", "console", "orderable", "tax_class",
)  # fmt: skip
"""What an item of a list says, in the order of the form."""


def cap_differs(*, rate: str | None, cap_hours: int | None, monthly_cap: str | None) -> bool:
    """Tell whether the price of the cap hours is not the cap: possible (A45), but to be said aloud."""
    if rate is None or cap_hours is None or monthly_cap is None:
        return False
    return exact(rate) * cap_hours != exact(monthly_cap)


def warnings_of(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the codes whose cap is not the price of its cap hours."""
    return [
        item["code"]
        for item in items
        if cap_differs(rate=item.get("rate"), cap_hours=item.get("cap_hours"), monthly_cap=item.get("monthly_cap"))
    ]


async def is_taken(session: AsyncSession, price_list: str, effective_from: date) -> bool:
    """Tell whether a list of this name, or one that begins on this day, is recorded."""
    same = or_(col(PriceListRow.price_list) == price_list, col(PriceListRow.effective_from) == effective_from)
    return (await session.scalar(select(col(PriceListRow.price_list)).where(same).limit(1))) is not None


async def consequence_of(session: AsyncSession, form: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Say what a list brings: its size, caps that are not the price of their hours, codes it no longer has.

    `left_out` are codes of the list before it: what stands under them can't be billed any more.
    """
    codes = {item["code"] for item in form["items"]}
    try:
        before = await price_list_on(session, date.fromisoformat(form["effective_from"]))
        left_out = [code for code in before.items if code not in codes]
    except Refused:  # it is the first one
        left_out = []
    return {
        "price_list": form["price_list"],
        "effective_from": form["effective_from"],
        "items": len(codes),
        "warnings": cast("list[JsonValue]", warnings_of(form["items"])),
        "left_out": cast("list[JsonValue]", left_out),
    }


async def _record(session: AsyncSession, _office: Office, decision: Decision) -> None:
    """Record an approved list.

    Raises:
        Refused: Art. 24(1): its day has passed since, or another list has taken its name or day.
    """
    form = decision.payload
    name, effective_from = form["price_list"], date.fromisoformat(form["effective_from"])
    if effective_from < day_of(decision.as_of):
        raise Refused(Article(24, 1), "料金表の適用開始日が過ぎています。")
    values = {
        "price_list": name,
        "effective_from": effective_from,
        "terms_version": form["terms_version"],
        "recorded_at": decision.as_of,
        "approval_id": decision.approval.approval_id,
    }
    if not await insert_once(session, PriceListRow, values):
        raise Refused(Article(24, 1), "同じ名称又は同じ適用開始日の料金表が登録されています。")
    session.add_all(_row(name, place, item) for place, item in enumerate(form["items"], 1))
    event = Event(
        action="price_list_recorded",
        article=decision.approval.article,
        actor=decision.actor,
        at=decision.as_of,
        summary=f"料金表{name}を登録しました。",
        basis={
            "price_list": name,
            "effective_from": form["effective_from"],
            "items": len(form["items"]),
            "approval_id": decision.approval.approval_id,
        },
    )
    await audit(session, f"price-list:{name}", [event])


def _row(price_list: str, place: int, item: Mapping[str, Any]) -> PriceRow:
    fees = {fee: int(item[fee]) for fee in ("monthly_fee", "initial_fee") if fee in item}
    told = {name: item[name] for name in ITEM if name in item}
    return PriceRow(**(told | fees), price_list=price_list, place=place)


PRICE_LIST = Act(name="price_list", article="24(1)", roles=("legal",), effect=_record, words="料金表の登録")


async def view_price_lists(session: AsyncSession, rows: Sequence[PriceListRow]) -> list[dict[str, JsonValue]]:
    """Show price lists as their form has them, with the approval that put them in force."""
    found = await session.execute(
        select(PriceRow)
        .where(col(PriceRow.price_list).in_([row.price_list for row in rows]))
        .order_by(col(PriceRow.price_list), col(PriceRow.place))
    )
    items: dict[str, list[JsonValue]] = {row.price_list: [] for row in rows}
    for item in found.scalars():
        items[item.price_list].append(_view_item(item))
    return [_view(row, items[row.price_list]) for row in rows]


def _view(row: PriceListRow, items: list[JsonValue]) -> dict[str, JsonValue]:
    view: dict[str, JsonValue] = {
        "price_list": row.price_list,
        "effective_from": row.effective_from.isoformat(),
        "terms_version": row.terms_version,
        "currency": CURRENCY,
        "prices": PRICES,
        "recorded_at": instant(row.recorded_at),
        "items": items,
    }
    return view | {"approval_id": row.approval_id} if row.approval_id else view


def _view_item(item: PriceRow) -> dict[str, JsonValue]:
    view: dict[str, JsonValue] = {
        name: value for name in ITEM if (value := getattr(item, name)) is not None and name != "monthly_fee"
    }
    if item.monthly_fee is not None:
        view["monthly_fee"] = str(item.monthly_fee)
    if cap_differs(rate=item.rate, cap_hours=item.cap_hours, monthly_cap=item.monthly_cap):
        view["cap_differs"] = True
    return view
