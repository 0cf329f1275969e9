"""What letters of suspension and rescission state beside what the contract knows: debts, days of the course (16, 17).

Read in the transaction of the commit that orders them, on the day on which it is made.
"""

from collections.abc import Sequence
from datetime import timedelta

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.arrears import case_of, latest_of, letter_key, owed_facts
from activities.letters import expected_on
from activities.office import Office
from activities.penalty import ordered_line
from models.messages.contract import ContractCommit
from models.messages.default import ANTISOCIAL
from models.messages.office import LetterOrder
from models.tables import DefaultCaseRow, ResourceRow, SuspensionRow
from terms.ending import end_by_rescission
from terms.periods import at, day_of

WITH_DEBTS = frozenset({"suspension_started_notice", "rescission_notice"})
WITH_RESOURCES = frozenset({"suspension_started_notice", "service_resumed_notice"})


async def ladder_facts(
    session: AsyncSession, office: Office, order: LetterOrder, c: ContractCommit
) -> dict[str, JsonValue]:
    """Add what only the database knows to a letter about a suspension or a rescission; nothing to any other."""
    facts: dict[str, JsonValue] = {}
    if order.slug in WITH_DEBTS:
        facts |= await owed_facts(session, office, c.contract_no, day_of(c.as_of))
    if order.slug in WITH_RESOURCES and order.facts.get("scope") == "part" and c.suspension is not None:
        facts["resources"] = await _named(session, office, c.contract_no, c.suspension.scope.resource_ids)
    if order.slug in {"rescission_notice", "pledge_request"}:
        running = await running_suspension(session, c.contract_no)
        if running is not None and running.started_at is not None:
            facts["suspended_on"] = day_of(running.started_at).isoformat()
    if order.slug in {"rescission_notice", "antisocial_rescission_notice"}:
        facts |= _consequences(office, c)
    if order.slug == "rescission_notice":
        facts |= await _course(session, office, c)
    return facts


async def running_suspension(session: AsyncSession, contract_no: str) -> SuspensionRow | None:
    """Find the suspension under which a contract stands."""
    row = SuspensionRow
    found: SuspensionRow | None = await session.scalar(
        select(row).where(col(row.contract_no) == contract_no, col(row.state) == "running")
    )
    return found


def _consequences(office: Office, c: ContractCommit) -> dict[str, JsonValue]:
    """Work out what follows from a rescission that arrives at the normal time."""
    arrives_on = expected_on(office, "certified", c.as_of)
    told: dict[str, JsonValue] = {"arrives_on": arrives_on.isoformat()}
    if c.rescission is None:
        return told
    lines = [ordered_line(line) for line in c.lines]
    ground, arrival = c.rescission.ground, at(arrives_on)
    departure = end_by_rescission(office.terms, lines, ground=ground, arrived_at=arrival)
    told |= {"penalty": departure.penalty, "delete_from_on": departure.delete_from_on.isoformat()}
    if ground == ANTISOCIAL:
        told["penalty_article"] = departure.articles[1]
    return told


async def _course(session: AsyncSession, office: Office, c: ContractCommit) -> dict[str, JsonValue]:
    """Tell the course of a rescission: announced, demanded; and until when what is ours is to be restored (38(1))."""
    arrives_on = expected_on(office, "certified", c.as_of)
    course: dict[str, JsonValue] = {
        "restore_by_on": (arrives_on + timedelta(days=office.terms.restore_days)).isoformat(),
    }
    case = await case_of(session, c.contract_no)
    if case is not None:
        course |= await _arrivals(session, case)
    return course


async def _arrivals(session: AsyncSession, case: DefaultCaseRow) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for name, slug in (("warned_on", "suspension_warning"), ("demanded_on", "formal_demand")):
        letter = await latest_of(session, letter_key(case, slug))
        if letter is not None and letter.effective_at is not None:
            found[name] = day_of(letter.effective_at).isoformat()
    return found


async def _named(session: AsyncSession, office: Office, contract_no: str, wanted: Sequence[str]) -> list[JsonValue]:
    """Name resources as the customer calls them."""
    found = await session.execute(
        select(ResourceRow)
        .where(col(ResourceRow.contract_no) == contract_no, col(ResourceRow.resource_id).in_(wanted))
        .order_by(col(ResourceRow.id))
    )
    return [
        {
            "resource_id": row.resource_id,
            "code": row.code,
            "name": await office.vault.unseal_text(row.name),
            "quantity": row.quantity,
            "zone": row.zone,
        }
        for row in found.scalars()
    ]
