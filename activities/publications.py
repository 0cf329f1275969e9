"""Publications of what the customer tells, by its consent, one for each (Art. 41, A97).

The rows are the register, and are only added to. Title, scope and who consented are sealed with the contract's key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.approvals import Act, Decision, close_approval, propose
from activities.office import Office
from activities.records import audit, instant, next_number
from activities.registers import PROPOSED, enter, entries_of, state_of, view_entries
from models.messages.office import ApprovalClosing, Event, Origin
from models.tables import ApprovalRow, ContractRow, PublicationRow
from terms.citation import Article, Refused
from terms.disclosure import (
    CONSENTED,
    PublicationState,
    must_be_consented,
    must_be_the_only_one,
    must_have_consent,
)

ARTICLE = "41"
RIGHTS = "edited_work"
"""What is ours of a publication (A97); the customer's own text and marks stay its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is to be published where, in which text and scope, and who consented for the customer on which day."""

    publication: str
    text_version: str
    text_sha256: str
    scope: str
    consented_on: date | None
    consented_by: str


async def propose_publication(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    planned: Planned,
    *,
    reason: str,
    key: str,
    actor: str,
    as_of: datetime,
) -> PublicationRow:
    """Propose a publication to which the customer has consented. The contract is locked.

    Raises:
        Refused: 41: no consent, or the publication has an entry; 44(6): the contract's personal data are erased.
    """
    _must_be_there(contract)
    consented_on = must_have_consent(planned.consented_on)
    must_be_the_only_one(others=await _others(session, office, contract.contract_no, planned.publication))
    number = await next_number(session, "publication")
    approval_id = await propose(
        session, office, PUBLISH, key=key, actor=actor, reason=reason, payload={"publication_no": number},
        consequence={
            "publication_no": number, "text_version": planned.text_version, "text_sha256": planned.text_sha256,
            "consented_on": consented_on.isoformat(), "rights": RIGHTS,
        },
        as_of=as_of, contract_no=contract.contract_no,
    )  # fmt: skip
    vault, owner = office.vault, contract.contract_no
    row = PublicationRow(
        publication_no=number,
        contract_no=owner,
        publication=await vault.seal_text(owner, "erasable", planned.publication),
        text_version=planned.text_version,
        text_sha256=planned.text_sha256,
        scope=await vault.seal_text(owner, "erasable", planned.scope),
        consented_on=consented_on,
        consented_by=await vault.seal_text(owner, "erasable", planned.consented_by),
        proposed_by=actor,
        proposed_at=as_of,
        approval_id=approval_id,
    )
    session.add(row)
    await session.flush()
    return row


def _must_be_there(contract: ContractRow) -> None:
    if contract.state == "erased":
        raise Refused(Article(44, 6), "個人情報は既に消去されています。")


async def _others(session: AsyncSession, office: Office, contract_no: str, publication: str) -> int:
    """Count the entries of a contract that stand for the same publication; a hash of the title would outlive it."""
    number = col(PublicationRow.publication_no)
    found = await session.scalars(
        select(col(PublicationRow.publication)).where(
            col(PublicationRow.contract_no) == contract_no, state_of(number).in_(CONSENTED)
        )
    )
    return [await office.vault.unseal_text(each) for each in found.all()].count(publication)


async def state_now(session: AsyncSession, row: PublicationRow) -> PublicationState:
    """Tell where a publication stands."""
    further = (await entries_of(session, [row.publication_no]))[row.publication_no]
    return cast("PublicationState", further[-1].kind if further else PROPOSED)


async def withdraw_consent(
    session: AsyncSession,
    office: Office,
    row: PublicationRow,
    on: date,
    reason: str,
    *,
    key: str,
    actor: str,
    as_of: datetime,
) -> None:
    """Record that the customer took its consent back; a proposal that still waits goes with it.

    Raises:
        Refused: 41: no consent stands any more.
    """
    await session.get_one(ApprovalRow, row.approval_id, with_for_update=True)  # so do decisions
    state = await state_now(session, row)
    must_be_consented(state)
    if state == PROPOSED:
        closing = ApprovalClosing(
            origin=Origin(key=key, actor="system"), approval_id=row.approval_id, state="withdrawn"
        )
        await close_approval(session, closing, as_of=as_of)
    words = await office.vault.seal_text(row.contract_no, "erasable", reason)
    await enter(session, row.publication_no, "consent_withdrawn", by=actor, recorded_at=as_of, on_day=on, words=words)
    event = Event(
        action="publication_consent_withdrawn",
        article=ARTICLE,
        actor=actor,
        at=as_of,
        summary=f"発表({row.publication_no})についての契約者の承諾が撤回されました。",
        basis={"publication_no": row.publication_no, "on": on.isoformat(), "reading": "A97"},
    )
    await audit(session, key, [event], contract_no=row.contract_no)


async def _approved(session: AsyncSession, _office: Office, decision: Decision) -> None:
    row = await _proposed(session, decision.approval)
    contract = await session.get_one(ContractRow, row.contract_no, with_for_update=True)
    _must_be_there(contract)
    must_be_consented(await state_now(session, row))
    await enter(session, row.publication_no, "approved", by=decision.actor, recorded_at=decision.as_of)


async def _closed(session: AsyncSession, _office: Office, approval: ApprovalRow, as_of: datetime) -> None:
    row = await _proposed(session, approval)
    await enter(session, row.publication_no, approval.state, by="system", recorded_at=as_of)


async def _proposed(session: AsyncSession, approval: ApprovalRow) -> PublicationRow:
    return await session.get_one(PublicationRow, str((approval.payload or {})["publication_no"]))


PUBLISH = Act(
    name="publication", article=ARTICLE, roles=("legal", "support"), effect=_approved, closed=_closed, words="発表"
)


async def view_publications(
    session: AsyncSession, office: Office, rows: Sequence[PublicationRow]
) -> list[dict[str, JsonValue]]:
    """Show publications; title, scope and who consented are gone once the contract's data are erased."""
    further, vault = await entries_of(session, [row.publication_no for row in rows]), office.vault
    await vault.preload(row.publication for row in rows)
    shown = []
    for row in rows:
        entries = further[row.publication_no]
        view: dict[str, JsonValue] = {
            "publication_no": row.publication_no,
            "contract_no": row.contract_no,
            "state": entries[-1].kind if entries else PROPOSED,
            "publication": await vault.read_name(row.publication),
            "text_version": row.text_version,
            "text_sha256": row.text_sha256,
            "scope": await vault.read_name(row.scope),
            "consent": {"on": row.consented_on.isoformat(), "person": await vault.read_name(row.consented_by)},
            "proposed_by": row.proposed_by,
            "proposed_at": instant(row.proposed_at),
            "approval_id": row.approval_id,
            "entries": await view_entries(office, entries),
        }
        shown.append(view)
    return shown
