"""To whom a letter goes: the contact that holds when it is written, the registered office, a successor (12, 42)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.office import Office
from activities.parties import applicant_on, names_on
from models.messages.notice import Addressee
from models.messages.succession import Successor
from models.tables import ApplicationRow, ContactRow, ContractRow, NoticeRow, SuccessionRow
from terms.periods import day_of


def contact_of(application_no: str, kind: str, at: datetime) -> Select[ContactRow]:
    """Select the registered contact of a kind that holds at an instant (Art. 42)."""
    return (
        select(ContactRow)
        .where(col(ContactRow.application_no) == application_no, col(ContactRow.kind) == kind)
        .where(col(ContactRow.from_at) <= at, or_(col(ContactRow.to_at).is_(None), col(ContactRow.to_at) > at))
    )


async def addressee(session: AsyncSession, office: Office, row: NoticeRow, at: datetime) -> Addressee:
    """Name the party of the day with its registered contact, or its representative at the registered office.

    A letter about a succession that is not decided goes to the company that told of it (12(1)).
    """
    application = await session.get_one(ApplicationRow, cast("str", row.application_no))
    contract = await session.get(ContractRow, row.contract_no) if row.contract_no else None
    if row.contact_kind == "successor" and row.origin is not None:
        return await _successor(session, office, row)
    if row.contact_kind == "seat" and contract is not None and application.form is not None:
        applicant, _ = await applicant_on(session, office, contract, day_of(at))
        chief = applicant["representative"]
        told = {"name": f"{chief['title']} {chief['name']}", "address": applicant["address"]}
        return addressee_of(applicant["name"], told)
    sealed = application.name
    if contract is not None:
        day = (contract.contract_no, day_of(at))
        sealed = (await names_on(session, [contract], [day]))[day]
    contact_row = await session.scalar(contact_of(application.application_no, row.contact_kind, at))
    contact = cast("dict[str, Any]", await office.vault.unseal_json(contact_row.contact)) if contact_row else {}
    return addressee_of(await office.vault.unseal_text(sealed), contact)


async def _successor(session: AsyncSession, office: Office, row: NoticeRow) -> Addressee:
    n = int(cast("str", row.origin).rpartition("/")[2])
    succession = await session.get_one(SuccessionRow, (row.contract_no, n))
    told = Successor.model_validate(await office.vault.unseal_json(succession.successor))
    contact = told.contacts.contract.model_dump(mode="json", exclude_none=True)
    home = told.applicant.address.model_dump(mode="json")
    return addressee_of(told.applicant.name, {**contact, "address": contact.get("postal_address", home)})


def addressee_of(company: str, contact: Mapping[str, Any]) -> Addressee:
    """Write to a company's contact (Art. 42)."""
    address = contact.get("address") or {}
    place = "".join(address.get(part) or "" for part in ("prefecture", "city", "street"))
    building = f" {address['building']}" if address.get("building") else ""
    return Addressee(
        company=company,
        department=contact.get("department"),
        person=contact.get("name"),
        postal_code=address.get("postal_code"),
        address=place + building if address else None,
        email=contact.get("email"),
    )
