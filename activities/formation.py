"""The formation of a contract (Art. 4, 9(1)): its row and lines, the keys taken over, its workflow started."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.billing import PriceList, price_list_on
from activities.office import Office
from activities.payers import alias_rows
from activities.records import (
    audit,
    enqueue_start,
)
from models import ids
from models.messages.application import (
    ApplicationForm,
    FormationOrder,
)
from models.messages.contract import ContractState, Line
from models.messages.office import Event, LetterOrder, Opening
from models.tables import (
    ApplicationRow,
    ContractLineRow,
    ContractRow,
)
from terms.payment import due_date
from terms.periods import day_of


class Formation:
    """The activity that turns an accepted application into a contract."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def form_contract(self, order: FormationOrder) -> None:
        """Form the contract (Art. 9(1)): its row and lines, the keys taken over, its workflow by the outbox; once."""
        office = self._office
        async with office.readers() as session:
            there = await session.get(ContractRow, order.contract_no)
        if there is not None:
            return
        await office.vault.adopt(order.contract_no, order.application_no)
        async with office.sessions() as session, session.begin():
            row = await session.get_one(ApplicationRow, order.application_no, with_for_update=True)
            if row.state == "accepted" or row.form is None:
                return
            form = ApplicationForm.model_validate(await office.vault.unseal_json(row.form))
            prices = await price_list_on(session, day_of(row.received_at))
            lines = _lines(form, prices, day_of(order.formed_at))
            row.state, row.version, row.closed_at = "accepted", order.version, order.formed_at
            row.contract_no = order.contract_no
            await self._write_contract(session, order, row, form, lines)
        await office.wake()

    async def _write_contract(
        self,
        session: AsyncSession,
        order: FormationOrder,
        row: ApplicationRow,
        form: ApplicationForm,
        lines: list[Line],
    ) -> None:
        office, number = self._office, order.contract_no
        session.add(
            ContractRow(
                contract_no=number,
                application_no=row.application_no,
                customer_ref=row.customer_ref,
                corporate_number=row.corporate_number,
                state="accepted",
                terms_version=row.terms_version,
                price_list=row.price_list,
                formed_at=order.formed_at,
                name=row.name,
                name_hash=row.name_hash,
            )
        )
        await session.flush()
        for line, item in zip(lines, form.items, strict=True):
            session.add(
                ContractLineRow(
                    contract_no=number,
                    line_no=line.line_no,
                    code=line.code,
                    quantity=line.quantity,
                    zone=line.zone,
                    initial_fee=line.initial_fee,
                    from_on=line.from_on,
                    name=await office.vault.seal_text(row.application_no, "erasable", item.name),
                )
            )
        session.add_all(await alias_rows(office, number, form.remitter_names_kana, by="application", at=order.as_of))
        event = Event(
            action="formed",
            article="9(1)",
            actor="system",
            at=order.formed_at,
            summary=f"承諾通知により利用契約({number})が成立しました。",
            basis={"application_no": row.application_no, "price_list": row.price_list,
                   "terms_version": row.terms_version, "reading": "A39"},
        )  # fmt: skip
        await audit(session, f"formed:{number}", [event], contract_no=number, application_no=row.application_no)
        state = ContractState(
            contract_no=number,
            application_no=row.application_no,
            terms_version=row.terms_version,
            price_list=row.price_list,
            formed_at=order.formed_at,
            lines=lines,
        )
        opening = Opening(workflow_id=ids.contract(number), type="contract", payload=state.model_dump(mode="json"))
        await enqueue_start(session, opening, contract_no=number, as_of=order.as_of)


def _lines(form: ApplicationForm, prices: PriceList, from_on: date) -> list[Line]:
    return [
        Line(
            line_no=place,
            code=item.code,
            quantity=item.quantity,
            zone=item.zone,
            charge_type=prices.items[item.code].charge_type,
            rate=prices.items[item.code].rate,
            monthly_fee=prices.items[item.code].monthly_fee,
            monthly_cap=prices.items[item.code].monthly_cap,
            initial_fee=prices.items[item.code].initial_fee * item.quantity,
            min_term_months=prices.items[item.code].min_term_months,
            from_on=from_on,
        )
        for place, item in enumerate(form.items, start=1)
    ]


async def with_facts_of_acceptance(
    session: AsyncSession, office: Office, order: LetterOrder, row: ApplicationRow, as_of: datetime
) -> LetterOrder:
    """Add what only the database and the calendars know to the facts of an acceptance."""
    if order.slug != "acceptance_notice" or row.form is None:
        return order
    form = ApplicationForm.model_validate(await office.vault.unseal_json(row.form))
    prices = await price_list_on(session, day_of(row.received_at))
    planned = max(form.desired_start_on, day_of(as_of))
    due = due_date(office.terms, office.calendars, started_on=planned)
    items = [
        {
            "code": item.code,
            "name": prices.items[item.code].name,
            "quantity": item.quantity,
            "unit": prices.items[item.code].unit,
            "zone": item.zone,
            "initial_fee": prices.items[item.code].initial_fee * item.quantity,
        }
        for item in form.items
    ]
    months = sorted({prices.items[item.code].min_term_months for item in form.items})
    facts = {
        "items": items,
        "price_list": prices.name,
        "initial_fees": prices.contract_fee
        + sum(prices.items[item.code].initial_fee * item.quantity for item in form.items),
        "initial_due_on": due.due_on.isoformat(),
        "minimum_terms": [{"months": m} for m in months],
        "planned_start_on": planned.isoformat(),
        "steps": [*due.steps],
    }
    return order.model_copy(update={"facts": {**order.facts, **facts}})
