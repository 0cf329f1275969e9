"""Ends of contracts: reminders, the command to end, and letters that were not in writing (Art. 14, 18, 28, 38)."""

from datetime import UTC, date, datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.commands import NoSuchWorkflow, command
from activities.letters import queue_letter
from activities.office import Office
from activities.records import audit, insert_once
from activities.resources import resources_left
from models import ids
from models.messages.office import Event, LetterOrder, Origin, Reply
from models.messages.termination import End, EndOrder, ReminderOrder
from models.tables import (
    ContractLineRow,
    ContractRow,
    IncomingLetterRow,
    MaintenanceEventRow,
    PriceRow,
    ResourceRow,
    TerminationRow,
)
from terms.lifecycle import IN_FORCE
from terms.periods import ONE_DAY, day_of, month_end
from terms.settings import Terms
from terms.termination import by_notice

DELETION_WORK = "OPS-DEL"


class Terminations:
    """Activities of terminations and special cancellations."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def remind_of_resources(self, order: ReminderOrder) -> None:
        """Write to the customer what still stands before the end (Art. 18(1) sentence 2); nothing left, no letter.

        A notice that was withdrawn or overtaken reminds nobody.
        """
        office = self._office
        async with office.sessions() as session, session.begin():
            row = await session.get_one(ContractRow, order.contract_no)
            termination = await session.get_one(TerminationRow, (order.contract_no, order.n))
            left = await resources_left(session, office, order.contract_no, order.ends_on)
            if row.state not in IN_FORCE or termination.state != "running" or not left:
                return
            cost = await session.scalar(
                select(col(PriceRow.rate)).where(
                    col(PriceRow.price_list) == row.price_list, col(PriceRow.code) == DELETION_WORK
                )
            )
            facts: dict[str, JsonValue] = {
                "ends_on": order.ends_on.isoformat(),
                "days_left": order.days_left,
                "resources": left,
                "deletion_cost": int(cost or 0),
            }
            await queue_letter(
                session,
                office,
                LetterOrder(slug="resource_deletion_reminder", facts=facts),
                key=f"termination:{order.contract_no}:{order.n}:{order.days_left}",
                as_of=order.as_of,
                application_no=row.application_no,
                contract_no=order.contract_no,
            )
        await office.wake()

    @activity.defn
    async def end_contract(self, order: EndOrder) -> str:
        """Command the contract to end; `overtaken` if another end came first (A103)."""
        end = End(origin=Origin(key=order.key, actor="system"), n=order.n)
        try:
            reply = await command(self._office.client, ids.contract(order.contract_no), "end", end, Reply)
        except NoSuchWorkflow:
            message = "the contract's workflow has closed"
            raise ApplicationError(message, type="ContractClosed", non_retryable=True) from None
        return str(reply.body.get("state", "ended"))


INCOMING = {
    "13(1)": "registration_change_form",
    "18(1)": "cancellation_notice",
    "18(2)": "special_cancellation_notice",
}
"""The letters that the terms want in writing."""


async def reject_letter(  # noqa: PLR0913 (the columns of one row)
    office: Office,
    session: AsyncSession,
    row: ContractRow,
    *,
    article: str,
    form: str,
    arrived_at: datetime,
    key: str,
    actor: str,
    as_of: datetime,
) -> None:
    """Record a letter that is not in writing as rejected and tell the customer how to file it; once per key."""
    slug = INCOMING[article]
    letter = {
        "key": key,
        "contract_no": row.contract_no,
        "slug": slug,
        "form": form,
        "arrived_at": arrived_at,
        "state": "rejected",
        "article": article,
    }
    if not await insert_once(session, IncomingLetterRow, letter):
        return
    event = Event(
        action="notice_rejected",
        article=article,
        actor=actor,
        at=as_of,
        summary="書面によらない届出のため、受理しませんでした。",
        basis={"form": form, "arrived_at": arrived_at.astimezone(UTC).isoformat(), "setting": "written_forms"},
    )
    await audit(session, key, [event], contract_no=row.contract_no, application_no=row.application_no)
    facts: dict[str, JsonValue] = {"article": article, "received_at": arrived_at.isoformat(), "form": form}
    if article == "18(1)":
        facts["cutoff"] = cutoff(office.terms, day_of(as_of))
    await queue_letter(
        session,
        office,
        LetterOrder(slug="not_in_writing_notice", facts=facts),
        key=f"{key}:not_in_writing_notice",
        as_of=as_of,
        application_no=row.application_no,
        contract_no=row.contract_no,
    )


def cutoff(terms: Terms, today: date) -> dict[str, JsonValue]:
    """Give the last day of arrival for the earliest end that a notice arriving today would have (Art. 18(1))."""
    ends_on = by_notice(terms, arrived_on=today, form="paper").ends_on
    arrived_by_on = today
    while arrived_by_on < month_end(ends_on):
        if by_notice(terms, arrived_on=arrived_by_on + ONE_DAY, form="paper").ends_on > ends_on:
            break
        arrived_by_on += ONE_DAY
    return {"arrived_by_on": arrived_by_on.isoformat(), "ends_on": ends_on.isoformat()}


async def event_that_hit(
    session: AsyncSession, row: ContractRow, event_no: str, arrived_at: datetime
) -> MaintenanceEventRow | None:
    """Find an event of Art. 14 or 15 that hit the contract by the time its notice arrived: by name, or by a zone.

    One that still waits for a second person, or that nobody agreed to, counts for nothing.
    """
    event = await session.get(MaintenanceEventRow, event_no)
    if event is None or event.state != "recorded" or event.starts_at > arrived_at:
        return None
    if row.contract_no in event.contract_nos:
        return event
    found = await session.execute(
        select(col(ResourceRow.zone))
        .where(col(ResourceRow.contract_no) == row.contract_no, col(ResourceRow.from_on) <= day_of(arrived_at))
        .distinct()
    )
    lines = await zones_ordered(session, row.contract_no)
    return event if set(event.zones) & ({*found.scalars()} | lines) else None


async def zones_ordered(session: AsyncSession, contract_no: str) -> set[str]:
    """List the zones in which a contract has ordered something."""
    found = await session.execute(
        select(col(ContractLineRow.zone)).where(col(ContractLineRow.contract_no) == contract_no).distinct()
    )
    return {*found.scalars()}
