"""What removal and restoration cost after an end (38(2)): work, deletion (A91), damages; decided by a person.

Damages are the metered and capped charges of what was left standing, from the day after the end to the completion.
What a person wrote about the work stays sealed with the proposal.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.approvals import Act, Decision, propose
from activities.billing import PriceList, lists_in, price_list_on
from activities.issuing import InvoiceOrder, NewLine, issue
from activities.ledger import VOID
from activities.office import Office
from models.tables import ContractRow, InvoiceAccountRow, InvoiceLineRow, PriceRow, ResourceRow
from terms.billing import InvoiceLine, invoice_total
from terms.citation import Article, Refused
from terms.derivation import ja_day
from terms.money import exact, floor_yen
from terms.payment import claim_due_on
from terms.periods import ONE_DAY, SECONDS_OF_HOUR, day_of, month_spans
from terms.restoration import restoration_damages

ARTICLE = "38(2)"
WORK = "OPS-RST"
DELETION = "OPS-DEL"
METERS = frozenset({"running", "allocated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Work that was done: what it was, in a person's words, and its cost in yen without tax."""

    description: str
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """What restoration invoices have charged already: how many they are, deletion, damages by resource and month."""

    invoices: int
    deletion: bool
    damages: Counter[tuple[str | None, str, str | None]]


async def propose_restoration(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    *,
    completed_on: date,
    items: Sequence[Work],
    key: str,
    actor: str,
    as_of: datetime,
) -> str:
    """Propose to charge what a removal cost; returns the number of the approval.

    Raises:
        Refused: 38(2): the contract has not ended, or nothing is to be charged.
    """
    ended_on = _ended_on(contract)
    before = await _before(session, contract.contract_no)
    lines = [*_work(office, items), *await _deletion(session, office, contract, before, completed_on)]
    lines += await _damages(session, office, contract.contract_no, before, ended_on, completed_on)
    if not any(line.amount for line in lines):
        raise Refused(Article(38, 2), "請求する費用及び損害金がありません。")
    today = day_of(as_of)
    sums = invoice_total(
        office.terms, lines=[InvoiceLine(amount=x.amount, tax_class=x.tax_class) for x in lines], supplied_on=today
    )
    told: list[JsonValue] = [_told(line) for line in lines]
    payload: dict[str, JsonValue] = {
        "ended_on": ended_on.isoformat(),
        "completed_on": completed_on.isoformat(),
        "invoices_before": before.invoices,
        "lines": told,
        "steps": [*_steps(ended_on, completed_on, lines)],
    }
    consequence: dict[str, JsonValue] = {
        "lines": [{"code": x.code, "charge_type": x.charge_type, "amount": x.amount} for x in lines],
        "rates": [{"rate_percent": each.rate_percent, "base": each.base, "tax": each.tax} for each in sums.rates],
        "total": sums.total,
        "due_on": claim_due_on(office.terms, office.calendars, issued_on=today).isoformat(),
    }
    return await propose(
        session,
        office,
        RESTORATION,
        key=key,
        actor=actor,
        reason="\n".join(f"{place}. {each.description}" for place, each in enumerate(items, 1)) or "損害金",
        payload=payload,
        consequence=consequence,
        as_of=as_of,
        contract_no=contract.contract_no,
    )


def _told(line: NewLine) -> dict[str, JsonValue]:
    return {name: value for name, value in asdict(line).items() if value is not None}


def _ended_on(contract: ContractRow) -> date:
    """Say on which day a contract ended.

    Raises:
        Refused: 38(2): it has not.
    """
    if contract.ended_at is None or contract.ends_on is None:
        raise Refused(Article(38, 2), "原状回復の費用等は、利用契約の終了後に請求します。")
    return contract.ends_on


async def _before(session: AsyncSession, contract_no: str) -> _Before:
    """Read what was charged for restoration before, so that nothing is charged twice."""
    found = await session.execute(
        select(InvoiceLineRow)
        .join(InvoiceAccountRow, col(InvoiceAccountRow.invoice_no) == col(InvoiceLineRow.invoice_no))
        .where(col(InvoiceAccountRow.contract_no) == contract_no, col(InvoiceAccountRow.kind) == "restoration")
        .where(col(InvoiceAccountRow.state) != VOID)
    )
    lines = [*found.scalars()]
    damages = Counter[tuple[str | None, str, str | None]]()
    for line in lines:
        if line.charge_type == "restoration_damages":
            damages[line.resource_id, line.code, line.month] += line.amount
    return _Before(
        invoices=len({line.invoice_no for line in lines}),
        deletion=any(line.charge_type == "deletion_cost" for line in lines),
        damages=damages,
    )


def _work(office: Office, items: Sequence[Work]) -> Iterator[NewLine]:
    for each in items:
        yield NewLine(
            code=WORK,
            charge_type="restoration_cost",
            amount=each.cost,
            article=ARTICLE,
            tax_class=office.terms.tax_class.restoration_cost,
        )


async def _deletion(
    session: AsyncSession, office: Office, contract: ContractRow, before: _Before, completed_on: date
) -> list[NewLine]:
    """Charge the deletion of what was left over once, after ends that name it as the customer's duty (18(1), A91)."""
    if before.deletion or contract.end_ground not in office.terms.deletion_charge_on:
        return []
    if not await _left_over(session, contract.contract_no):
        return []
    prices = await price_list_on(session, completed_on)
    item = prices.items.get(DELETION)
    if item is None or item.rate is None:  # at cost: it stands among the work
        return []
    return [
        NewLine(
            code=DELETION,
            charge_type="deletion_cost",
            amount=floor_yen(exact(item.rate)),
            article=ARTICLE,
            tax_class=office.terms.tax_class.deletion_cost,
            unit=item.unit,
            unit_price=item.rate,
            price_list=prices.name,
        )
    ]


async def _left_over(session: AsyncSession, contract_no: str) -> list[ResourceRow]:
    found = await session.execute(
        select(ResourceRow)
        .where(col(ResourceRow.contract_no) == contract_no, col(ResourceRow.left_over))
        .order_by(col(ResourceRow.id))
    )
    return [*found.scalars()]


async def _damages(
    session: AsyncSession, office: Office, contract_no: str, before: _Before, ended_on: date, completed_on: date
) -> list[NewLine]:
    """Charge what was left standing, 24 hours a day, month by month at its prices; fixed fees stay out (A80).

    Of a month that was charged in part before only the difference is charged, so that its cap holds.
    """
    lists = await lists_in(session, ended_on, completed_on)
    lines: list[NewLine] = []
    for row in await _left_over(session, contract_no):
        last = completed_on if row.to_on is None else min(row.to_on, completed_on)
        for first, end in month_spans(ended_on + ONE_DAY, last):
            prices = max((each for each in lists if each.effective_from <= first), key=_begin, default=None)
            item = None if prices is None else prices.items.get(row.code)
            if item is not None and item.meter in METERS:
                line = _damage(office, row, item, first, end)
                charged = before.damages[line.resource_id, line.code, line.month]
                lines.append(replace(line, amount=line.amount - charged))
    return [line for line in lines if line.amount > 0]


def _begin(prices: PriceList) -> date:
    return prices.effective_from


def _damage(office: Office, row: ResourceRow, item: PriceRow, first: date, last: date) -> NewLine:
    """Work out the damages of one resource in one month; its quantity multiplies rate and cap before the one floor."""
    cap = None if item.monthly_cap is None else exact(item.monthly_cap) * row.quantity
    found = restoration_damages(
        office.terms,
        ended_on=first - ONE_DAY,
        restored_on=last,
        rate=exact(item.rate or "0") * row.quantity,
        cap_hours=item.cap_hours,
        monthly_cap=cap,
    )
    (month,) = found.months
    return NewLine(
        code=row.code,
        charge_type="restoration_damages",
        amount=month.amount,
        article=ARTICLE,
        tax_class=office.terms.tax_class.restoration_damages,
        quantity=str(row.quantity),
        unit=item.unit,
        unit_price=item.rate,
        resource_id=row.resource_id,
        month=month.month,
        seconds=month.hours * SECONDS_OF_HOUR,
        capped=cap is not None and month.amount == floor_yen(cap),
        price_list=item.price_list,
    )


def _steps(ended_on: date, completed_on: date, lines: Sequence[NewLine]) -> Iterator[str]:
    if any(line.charge_type == "restoration_damages" for line in lines):
        days = (completed_on - ended_on).days
        yield f"損害金は{ja_day(ended_on)}の翌日から完了日{ja_day(completed_on)}までの{days}日間が対象です。"
        yield "1日を24時間とし、月ごとに上限を適用し、1円未満を切り捨てます。"
    if any(line.charge_type == "deletion_cost" for line in lines):
        yield "契約終了時に残されていたOCFリソースの削除費用を加えます。"


async def _issue(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Issue the invoice of an approved restoration; its case is the approval.

    Raises:
        Refused: 38(2): another one was issued since.
    """
    payload, approval, issued_on = decision.payload, decision.approval, day_of(decision.as_of)
    contract_no = approval.contract_no or ""
    if (await _before(session, contract_no)).invoices != payload["invoices_before"]:
        raise Refused(Article(38, 2), "提案の後に別の原状回復費用が請求されました。改めて提案してください。")
    lines = [NewLine(**line) for line in payload["lines"]]
    order = InvoiceOrder(
        kind="restoration",
        contract_no=contract_no,
        business_key=approval.approval_id,
        lines=lines,
        supplied_on=issued_on,
        due_on=claim_due_on(office.terms, office.calendars, issued_on=issued_on),
        approval_id=approval.approval_id,
        basis={
            "articles": [ARTICLE],
            "restoration": {"ended_on": payload["ended_on"], "completed_on": payload["completed_on"]},
            "steps": payload["steps"],
        },
        actor=decision.actor,
    )
    await issue(session, office, order, issued_on=issued_on, as_of=decision.as_of)


RESTORATION = Act(
    name="restoration", article=ARTICLE, roles=("legal",), effect=_issue, words="原状回復費用及び損害金の請求"
)
