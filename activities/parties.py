"""Who the party of a contract is on a day, and how that changes; the old party stays on record (Art. 11-13, 42).

Letters and invoices name the party of their day. Contacts hold from an instant to an instant: what changes on a day to
come is written now and holds from its 0:00 on.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.office import Office
from activities.payers import alias_rows
from activities.records import insert_once
from models.messages.application import Applicant, ApplicationForm
from models.messages.succession import PartyChanges, Successor
from models.tables import (
    ApplicationRow,
    ContactRow,
    ContractRow,
    NameChangeRow,
    PartyRow,
    PayerAliasRow,
    SuccessionRow,
)
from terms.periods import day_of

KINDS = ("contract", "billing", "technical", "emergency")
Json = dict[str, Any]
OnDay = tuple[str, date]
Merge = Callable[[str, Json], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """By what the party changes: the kind of event, its number, and when it was written down."""

    event: str
    n: int
    at: datetime


def normal_name(name: str) -> str:
    """Normalise a company name for exact search: compatible forms, no spaces, one case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


async def parties_of(session: AsyncSession, contract_no: str) -> Sequence[PartyRow]:
    """List the parties of a contract after its first one, in the order in which they were written down."""
    found = await session.scalars(
        select(PartyRow).where(col(PartyRow.contract_no) == contract_no).order_by(col(PartyRow.n))
    )
    return found.all()


async def company_since(session: AsyncSession, contract: ContractRow) -> date:
    """Say from which day on the present company is the party, whatever its name was."""
    rows = await parties_of(session, contract.contract_no)
    days = [row.from_on for row in rows if row.event != "name_change"]
    return days[-1] if days else day_of(contract.formed_at)


def party_among(rows: Sequence[PartyRow], on: date) -> PartyRow | None:
    """Find the party of a day: what was written down last of what holds by then; none: the first party."""
    return next((row for row in reversed(rows) if row.from_on <= on), None)


async def party_on(session: AsyncSession, contract_no: str, on: date) -> PartyRow | None:
    """Find the party of a contract on a day; None: still the first one."""
    return party_among(await parties_of(session, contract_no), on)


async def later_names(session: AsyncSession, wanted: Collection[OnDay]) -> dict[OnDay, bytes]:
    """Give the sealed names of the parties of contracts on days; where it is still the first party, it is missing."""
    found = await session.scalars(
        select(PartyRow)
        .where(col(PartyRow.contract_no).in_({contract_no for contract_no, _ in wanted}))
        .order_by(col(PartyRow.contract_no), col(PartyRow.n))
    )
    rows: dict[str, list[PartyRow]] = defaultdict(list)
    for row in found:
        rows[row.contract_no].append(row)
    parties = {each: party_among(rows[each[0]], each[1]) for each in wanted if each[0] in rows}
    return {each: row.name for each, row in parties.items() if row is not None}


def named(office: Office, q: str) -> ColumnElement[bool]:
    """Find contracts by the whole name of a party, present or former, or by a number of it."""
    hashed = office.vault.hash(normal_name(q))
    parties = select(col(PartyRow.contract_no)).where(
        or_(col(PartyRow.name_hash) == hashed, col(PartyRow.corporate_number) == q)
    )
    return or_(col(ContractRow.name_hash) == hashed, col(ContractRow.contract_no).in_(parties))


async def applicant_on(session: AsyncSession, office: Office, contract: ContractRow, on: date) -> tuple[Json, Json]:
    """Give the party of a day as its form or notice told of it, and all else that was told: officers."""
    row = await party_on(session, contract.contract_no, on)
    if row is not None:
        told = cast("Json", await office.vault.unseal_json(row.details))
        return told["applicant"], told
    application = await session.get_one(ApplicationRow, contract.application_no)
    form = ApplicationForm.model_validate(await office.vault.unseal_json(application.form or b""))
    return form.applicant.model_dump(mode="json"), {
        "officers": [each.model_dump(mode="json") for each in form.officers]
    }


async def change_party(
    session: AsyncSession, office: Office, contract: ContractRow, changes: PartyChanges, from_on: date, cause: Cause
) -> None:
    """Write a new name or seat of the same company from a day on; what is to change later takes it over."""
    fields = changes.model_dump(mode="json", exclude_none=True, include={"name", "name_kana", "address"})
    rows = await parties_of(session, contract.contract_no)
    days = sorted({from_on, *(row.from_on for row in rows if row.from_on > from_on)})
    known = [(day, *await applicant_on(session, office, contract, day)) for day in days]  # before what is written here
    for day, applicant, told in known:
        await _write(session, office, contract, {**told, "applicant": {**applicant, **fields}}, day, cause)


async def succeed(
    session: AsyncSession, office: Office, contract: ContractRow, successor: Successor, from_on: date, cause: Cause
) -> None:
    """Put a successor into the place of the party: name and seat from a day on, contacts and payers from now on."""
    applicant = successor.applicant
    told: Json = {
        "applicant": applicant.model_dump(mode="json"),
        "officers": [each.model_dump(mode="json") for each in successor.officers],
    }
    await _write(session, office, contract, told, from_on, cause)
    contract.corporate_number = applicant.corporate_number
    home = applicant.address.model_dump(mode="json")

    def theirs(kind: str, _: Json) -> Json:
        contact = getattr(successor.contacts, kind).model_dump(mode="json", exclude_none=True)
        return {**contact, "address": contact.get("postal_address", home)}

    await change_contacts(session, office, contract.application_no, KINDS, theirs, cause.at)
    rows = await alias_rows(
        office, contract.contract_no, successor.remitter_names_kana, by=f"{cause.event}:{cause.n}", at=cause.at
    )
    for row in rows:
        await insert_once(session, PayerAliasRow, row.model_dump())


async def _write(
    session: AsyncSession, office: Office, contract: ContractRow, told: Json, from_on: date, cause: Cause
) -> None:
    number, applicant = contract.contract_no, Applicant.model_validate(told["applicant"])
    last = await session.scalar(select(func.max(col(PartyRow.n))).where(col(PartyRow.contract_no) == number))
    session.add(
        PartyRow(
            contract_no=number,
            n=(last or 0) + 1,
            from_on=from_on,
            event=cause.event,
            event_n=cause.n,
            recorded_at=cause.at,
            corporate_number=applicant.corporate_number,
            name=await office.vault.seal_text(number, "statutory", applicant.name),
            name_hash=office.vault.hash(normal_name(applicant.name)),
            details=await office.vault.seal_json(number, "erasable", told),
        )
    )
    await session.flush()


async def change_contacts(
    session: AsyncSession, office: Office, application_no: str, kinds: Sequence[str], merge: Merge, since: datetime
) -> None:
    """Write new contacts from an instant on (Art. 42); what is to change later takes the change over."""
    found = await session.scalars(
        select(ContactRow)
        .where(col(ContactRow.application_no) == application_no, col(ContactRow.kind).in_(kinds))
        .where(or_(col(ContactRow.to_at).is_(None), col(ContactRow.to_at) > since))
        .order_by(col(ContactRow.kind), col(ContactRow.from_at))
    )
    for row in found.all():
        before = cast("Json", await office.vault.unseal_json(row.contact))
        told = merge(row.kind, before)
        if told == before:
            continue
        sealed = await office.vault.seal_json(application_no, "erasable", told)
        if row.from_at >= since:  # it has not held yet
            row.contact, row.known_wrong = sealed, False
            continue
        session.add(
            ContactRow(application_no=application_no, kind=row.kind, from_at=since, to_at=row.to_at, contact=sealed)
        )
        row.to_at = since
    await session.flush()


async def names_on(session: AsyncSession, rows: Sequence[ContractRow], wanted: Collection[OnDay]) -> dict[OnDay, bytes]:
    """Give the sealed names of the parties of contracts on days; one query."""
    first = {row.contract_no: row.name for row in rows}
    return {each: first[each[0]] for each in wanted} | await later_names(session, wanted)


async def forget_parties(session: AsyncSession, contract_no: str, gone: bytes, hashed: str) -> None:
    """Take the parties of a contract out of the rows, once their keys are destroyed (Art. 44(6))."""
    of = col(PartyRow.contract_no) == contract_no
    await session.execute(update(PartyRow).where(of).values(name=gone, name_hash=hashed, details=b""))
    await session.execute(
        update(NameChangeRow).where(col(NameChangeRow.contract_no) == contract_no).values(changes=b"")
    )
    await session.execute(
        update(SuccessionRow).where(col(SuccessionRow.contract_no) == contract_no).values(successor=b"", name=gone)
    )


async def view_parties(session: AsyncSession, office: Office, contract: ContractRow) -> list[dict[str, JsonValue]]:
    """Show the parties of a contract in the order in which they were written down, the first one first."""
    rows = await parties_of(session, contract.contract_no)
    first: dict[str, JsonValue] = {
        "from_on": str(day_of(contract.formed_at)),
        "event": "formation",
        "name": await office.vault.read_name(contract.name),
    }
    later: list[dict[str, JsonValue]] = [
        {
            "from_on": str(row.from_on),
            "event": row.event,
            "n": row.event_n,
            "name": await office.vault.read_name(row.name),
            "corporate_number": row.corporate_number,
        }
        for row in rows
    ]
    return [first, *later]
