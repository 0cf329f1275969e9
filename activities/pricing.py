"""The bills of a stretch of contracts for one month: usage summed by the database, priced by `terms.charges`.

Everything is read and written for many contracts at once; nothing is asked contract by contract (Art. 24-26).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.billing import CONTRACT_FEE
from activities.billing_facts import METERED, Billed, Month, Standing, Used, doubtful_in, standing_of, usage_of
from models.tables import ChangeChargeRow, ContractLineRow, PriceRow
from terms.billing import TaxOfRate
from terms.charges import (
    HourlyPrice,
    days_within,
    decimal_text,
    fixed_part,
    hourly_charge,
    measured_text,
    quantity_charge,
)
from terms.money import percent_of
from terms.periods import days_in_month, last_of
from terms.settings import Terms

Held = str
ARTICLES = {"initial": "25(1)", "change": "25(2)", "monthly": "24(3)", "other": "24(1)"}
RANKS = {"initial": 0, "monthly": 1, "capped": 2, "metered": 2, "other": 3}

Line = dict[str, Any]
"""A line as `draft_line` has it, without month and contract."""


async def price(
    session: AsyncSession, month: Month, contracts: Sequence[Billed], *, usage_through: int
) -> dict[str, list[Line] | Held]:
    """Price a stretch of contracts, in the database's order of numbers: their lines, or why they are held."""
    between = (contracts[0].contract_no, contracts[-1].contract_no)
    standing = await standing_of(session, month, between)
    used = await usage_of(session, month, between, standing, usage_through)
    once = await _once(session, month, contracts, between)
    doubtful = await doubtful_in(session, month.month, between)
    priced: dict[str, list[Line] | Held] = {}
    for each in contracts:
        number = each.contract_no
        if number in doubtful:
            priced[number] = "open_quarantine"
            continue
        priced[number] = _priced(month, each, used.get(number, ()), standing.get(number, ()), once.get(number, []))
    return priced


def _priced(
    month: Month, contract: Billed, used: Sequence[Used], standing: Sequence[Standing], once: list[Line]
) -> list[Line] | Held:
    """Price one contract's month (Art. 24-26)."""
    if _lacks_price(month, contract, used, standing):
        return "no_price"
    if contract.ends_on is not None and any(each.last > contract.ends_on for each in used):
        return "usage_after_end"  # a row across the last day: how much lies before it nobody can tell
    if _has_gap(month, contract, used, standing):
        return "usage_gap"
    lines = [*once, *_fixed(month, contract, standing)]
    for each in used:
        line = metered_line(month, each)
        if line == "no_price":
            return "no_price"
        if line is not None:
            lines.append(line)  # type: ignore[arg-type]  # a reason was handled above
    lines.sort(key=_place)  # stable: what came first stays first
    for place, line in enumerate(lines, 1):
        line["line_no"] = place
    return lines


def _place(line: Line) -> tuple[int, str]:
    rank = RANKS[line["charge_type"]]
    return rank, line["code"] if rank else ""


def _lacks_price(month: Month, contract: Billed, used: Sequence[Used], standing: Sequence[Standing]) -> bool:
    """Tell whether something was used, or stood on a charged day, for which the list of that day has no price."""
    if not month.parts or any(each.code not in month.parts[each.part].prices.items for each in used):
        return True
    first, last = _billed_days(month, contract)
    for each in standing:
        if each.code in month.always:
            continue
        charged = days_within(first, last, from_on=each.from_on, to_on=each.to_on)
        priced = sum(
            days_within(max(first, part.first), min(last, part.last), from_on=each.from_on, to_on=each.to_on)
            for part in month.parts
            if each.code in part.prices.items
        )
        if priced < charged:
            return True
    return False


def _has_gap(month: Month, contract: Billed, used: Sequence[Used], standing: Sequence[Standing]) -> bool:
    """Tell whether a metered resource lacks usage for a day on which it was charged (completeness)."""
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    first, last = _billed_days(month, contract)
    for each in standing:
        if each.code in month.metered:
            wanted[each.resource_id, each.code] += days_within(first, last, from_on=each.from_on, to_on=each.to_on)
    for spent in used:
        key = (spent.resource_id, spent.code)
        if key in wanted:
            wanted[key] -= spent.days
    return any(missing > 0 for missing in wanted.values())


def _billed_days(month: Month, contract: Billed) -> tuple[date, date]:
    """Art. 26(3): from the day charging began to the day of the end, within the month."""
    last = month.last if contract.ends_on is None else min(month.last, contract.ends_on)
    return max(month.first, contract.billing_start_on), last


def metered_line(month: Month, used: Used) -> Line | Held | None:
    """Price the use of a resource under one item (Art. 26(1), 26(2), 24(1)); nothing for items of a fixed fee."""
    prices = month.parts[used.part].prices
    key = (prices.name, used.code)
    if key not in month.begun:
        item = prices.items.get(used.code)
        if item is None:
            return "no_price"
        if item.meter not in METERED:
            return None
        month.begun[key] = _begun(month, item)
    begun, price, by_quantity = month.begun[key]
    line = begun.copy()
    line["resource_id"] = used.resource_id
    if by_quantity:
        line["quantity"], line["amount"] = measured_text(used.amount_e4), quantity_charge(price.rate, used.amount_e4)
    else:
        line["quantity"], line["seconds"] = decimal_text(used.size_e4), used.seconds
        line["amount"], capped = hourly_charge(price, used.seconds, used.size_e4)
        line["capped"], line["article"] = capped, "26(2)" if capped else "26(1)"
    return line


def _begun(month: Month, item: PriceRow) -> tuple[Line, HourlyPrice, bool]:
    """Begin a line of what is metered: all that its item says, its price, and whether it is charged by quantity."""
    line: Line = {
        "code": item.code,
        "charge_type": item.charge_type,
        "resource_id": None,
        "month": month.month,
        "quantity": "",
        "unit": item.unit,
        "unit_price": item.rate,
        "seconds": None,
        "days": None,
        "of_days": None,
        "amount": 0,
        "capped": None,
        "article": ARTICLES["other"],
        "tax_class": item.tax_class,
        "price_list": item.price_list,
        "adjusts_invoice": None,
    }
    price = HourlyPrice.of(rate=item.rate or "0", cap_hours=item.cap_hours, monthly_cap=item.monthly_cap)
    return line, price, item.meter == "quantity"


def _fixed(month: Month, contract: Billed, standing: Sequence[Standing]) -> Iterable[Line]:
    """Price what costs a fixed fee (24(3), A46): prorated by days, or whole once, for each resource by itself."""
    first, last = _billed_days(month, contract)
    stood: dict[tuple[str, str, int, int], int] = defaultdict(int)
    items: dict[tuple[str, str, int, int], tuple[PriceRow, Standing]] = {}
    whole: dict[tuple[str, str], tuple[str, str, int, int]] = {}
    for each in standing:
        if each.code not in month.fixed:
            continue
        for place, part in enumerate(month.parts):
            item = part.prices.items.get(each.code)
            days = days_within(max(first, part.first), min(last, part.last), from_on=each.from_on, to_on=each.to_on)
            if item is None or item.meter != "month" or not days:
                continue
            key = (each.resource_id, each.code, each.quantity, place)
            if not item.prorated:  # all days of the month stand at the price of the first one
                key = whole.setdefault((each.resource_id, each.code), key)
            items.setdefault(key, (item, each))
            stood[key] += days
    for key, (item, each) in items.items():
        yield _fixed_line(month, item, each, stood[key])


def _fixed_line(month: Month, item: PriceRow, each: Standing, days: int) -> Line:
    of = days_in_month(month.first)
    fee = (item.monthly_fee or 0) * each.quantity
    return {
        "code": each.code,
        "charge_type": item.charge_type,
        "resource_id": each.resource_id,
        "month": month.month,
        "quantity": str(each.quantity),
        "unit": item.unit,
        "unit_price": str(item.monthly_fee),
        "seconds": None,
        "days": days,
        "of_days": of,
        "amount": fixed_part(fee, days, of, prorated=item.prorated),
        "capped": None,
        "article": ARTICLES["monthly"],
        "tax_class": item.tax_class,
        "price_list": item.price_list,
        "adjusts_invoice": None,
    }


async def _once(
    session: AsyncSession, month: Month, contracts: Sequence[Billed], between: tuple[str, str]
) -> Mapping[str, list[Line]]:
    """Give what is charged once (25): a contract's and its lines' initial fees, and those of accepted changes."""
    found: dict[str, list[Line]] = defaultdict(list)
    begun = {each.contract_no: each for each in contracts if month.first <= each.billing_start_on <= month.last}
    for number, each in begun.items():
        ordered = month.lists[each.price_list]
        fee = ordered.items.get(CONTRACT_FEE)
        if fee is not None:
            found[number].append(_once_line(month, fee, 1, ordered.contract_fee))
    lines = (
        select(ContractLineRow)
        .where(col(ContractLineRow.contract_no).between(*between), col(ContractLineRow.initial_fee) > 0)
        .where(col(ContractLineRow.from_on).between(month.first, month.last))
        .order_by(col(ContractLineRow.contract_no), col(ContractLineRow.line_no))
    )
    for line in (await session.execute(lines)).scalars():
        first = begun.get(line.contract_no)
        if first is not None and line.from_on == first.billing_start_on:  # what a change adds is charged as a change
            item = month.lists[first.price_list].items[line.code]
            found[line.contract_no].append(_once_line(month, item, line.quantity, line.initial_fee))
    c = ChangeChargeRow
    changes = (
        select(c)
        .where(col(c.contract_no).between(*between), col(c.start_on).between(month.first, month.last))
        .order_by(col(c.contract_no), col(c.n), col(c.code))
    )
    for charge in (await session.execute(changes)).scalars():
        item = month.lists[charge.price_list].items[charge.code]
        charged = _once_line(month, item, charge.quantity, charge.unit_fee * charge.quantity)
        found[charge.contract_no].append(charged | {"article": ARTICLES["change"]})
    return found


def _once_line(month: Month, item: PriceRow, quantity: int, amount: int) -> Line:
    return {
        "code": item.code,
        "charge_type": "initial",
        "resource_id": None,
        "month": month.month,
        "quantity": str(quantity),
        "unit": item.unit,
        "unit_price": str(amount // quantity),
        "seconds": None,
        "days": None,
        "of_days": None,
        "amount": amount,
        "capped": None,
        "article": ARTICLES["initial"],
        "tax_class": item.tax_class,
        "price_list": item.price_list,
        "adjusts_invoice": None,
    }


def sums_of(terms: Terms, lines: Sequence[Line]) -> tuple[list[TaxOfRate], int]:
    """Add up a bill (24(4), 37): base and tax at each rate, one floor a rate, and what bears no tax."""
    by_month: dict[str, int] = defaultdict(int)
    non_taxed = 0
    for line in lines:
        if line["tax_class"] == "taxable":
            by_month[line["month"]] += line["amount"]
        else:
            non_taxed += line["amount"]
    bases: dict[int, int] = defaultdict(int)
    for month, base in by_month.items():
        bases[terms.tax_percent(last_of(month))] += base
    taxes = [
        TaxOfRate(rate_percent=rate, base=base, tax=percent_of(base, rate)) for rate, base in sorted(bases.items())
    ]
    return taxes, non_taxed
