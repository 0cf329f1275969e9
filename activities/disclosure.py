"""Disclosures to third parties: proposed, decided by a second person, handed over (Art. 40, 44(4), 44(5), A37).

The rows are the register, and are only added to. Who asks, the document that it rests on and the scope are sealed with
the contract's key. An open one is an open case: it blocks the deletion of the contract's data (34, 44(6)).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.approvals import Act, Decision, propose
from activities.contractors import entrusted
from activities.office import Office
from activities.records import audit, instant, next_number
from activities.registers import PROPOSED, enter, entries_of, view_entries
from activities.retention import tell_deletion
from models.messages.office import Event
from models.tables import ApprovalRow, ContractRow, DisclosureRow, RegisterEntryRow
from terms.citation import Article, Refused
from terms.disclosure import (
    Data,
    DisclosureState,
    Ground,
    allowed_by,
    governing,
    must_be_decided,
    must_be_entrusted,
)
from terms.periods import day_of


class TooEarly(Exception):
    """What was handed over went out before anybody had agreed to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be disclosed: to whom, on which ground and document (by its hash), which data, in what scope."""

    requester: str
    ground: Ground
    data: Sequence[Data]
    basis_reference: str
    basis_sha256: str
    scope: str
    contractor_no: str | None = None


async def propose_disclosure(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    asked: Asked,
    *,
    reason: str,
    key: str,
    actor: str,
    as_of: datetime,
) -> DisclosureRow:
    """Propose a disclosure; it blocks the deletion of the contract's data from now on. The contract is locked.

    Raises:
        Refused: 40 or 44(4): the ground does not let these data out, or not to this contractor; 44(6): the contract's
            personal data are erased.
    """
    _must_be_there(contract)
    articles = [str(each) for each in await _check(session, asked.ground, asked.data, asked.contractor_no, as_of)]
    number = await next_number(session, "disclosure")
    shown: dict[str, JsonValue] = {
        "disclosure_no": number, "ground": asked.ground, "data": [*asked.data], "articles": [*articles],
    }  # fmt: skip
    if asked.contractor_no is not None:
        shown["contractor_no"] = asked.contractor_no
    approval_id = await propose(
        session, office, replace(DISCLOSE, article=str(governing(asked.data))), key=key, actor=actor, reason=reason,
        payload={"disclosure_no": number}, consequence=shown, as_of=as_of, contract_no=contract.contract_no,
    )  # fmt: skip
    vault, owner = office.vault, contract.contract_no
    row = DisclosureRow(
        disclosure_no=number,
        contract_no=owner,
        ground=asked.ground,
        data=[*asked.data],
        articles=articles,
        contractor_no=asked.contractor_no,
        requester=await vault.seal_text(owner, "erasable", asked.requester),
        basis_reference=await vault.seal_text(owner, "erasable", asked.basis_reference),
        basis_sha256=asked.basis_sha256,
        scope=await vault.seal_text(owner, "erasable", asked.scope),
        proposed_by=actor,
        proposed_at=as_of,
        approval_id=approval_id,
    )
    session.add(row)
    await session.flush()
    return row


async def _check(
    session: AsyncSession, ground: Ground, data: Sequence[Data], contractor_no: str | None, as_of: datetime
) -> tuple[Article, ...]:
    """Find by which clauses the data may go out; to a contractor only as the register has it today."""
    articles = allowed_by(ground, data)
    if ground == "contractor":
        entry = None if contractor_no is None else await entrusted(session, contractor_no)
        must_be_entrusted(entry, data, today=day_of(as_of))
    return articles


def _must_be_there(contract: ContractRow) -> None:
    if contract.state == "erased":
        raise Refused(Article(44, 6), "個人情報は既に消去されています。")


async def _must_be_decided(session: AsyncSession, row: DisclosureRow) -> RegisterEntryRow:
    """Find the decision on a disclosure that is still to be made; its approval is locked, as decisions do."""
    await session.get_one(ApprovalRow, row.approval_id, with_for_update=True)
    further = (await entries_of(session, [row.disclosure_no]))[row.disclosure_no]
    state = further[-1].kind if further else PROPOSED
    must_be_decided(cast("DisclosureState", state), cast("list[Data]", row.data))
    return further[-1]


async def hand_over(
    session: AsyncSession, row: DisclosureRow, at: datetime, sha256: str, *, key: str, actor: str, as_of: datetime
) -> None:
    """Record what was handed over, by its hash, and when; not before the decision.

    Raises:
        Refused: 40 or 44(5): it is not decided, or over.
        TooEarly: it was decided later.
    """
    decided = await _must_be_decided(session, row)
    if at < decided.at:
        raise TooEarly
    await enter(session, row.disclosure_no, "handed_over", by=actor, recorded_at=as_of, at=at, sha256=sha256)
    basis: dict[str, JsonValue] = {"handed_over_at": instant(at), "sha256": sha256}
    words = f"第三者への開示({row.disclosure_no})を実施しました。"
    await _tell(session, row, "disclosure_handed_over", words, basis, key=key, actor=actor, as_of=as_of)


async def give_up(
    session: AsyncSession, office: Office, row: DisclosureRow, reason: str, *, key: str, actor: str, as_of: datetime
) -> None:
    """Close a disclosure that was agreed to and is not to be made any more.

    Raises:
        Refused: 40 or 44(5): it is not decided, or over.
    """
    await _must_be_decided(session, row)
    sealed = await office.vault.seal_text(row.contract_no, "erasable", reason)
    await enter(session, row.disclosure_no, "withdrawn", by=actor, recorded_at=as_of, words=sealed)
    words = f"承認された第三者への開示({row.disclosure_no})を取りやめました。"
    await _tell(session, row, "disclosure_given_up", words, {}, key=key, actor=actor, as_of=as_of)


async def _approved(session: AsyncSession, _office: Office, decision: Decision) -> None:
    """Agree to it, if ground and contractor still let the data out."""
    row = await _proposed(session, decision.approval)
    contract = await session.get_one(ContractRow, row.contract_no, with_for_update=True)
    _must_be_there(contract)
    ground, data = cast("Ground", row.ground), cast("list[Data]", row.data)
    await _check(session, ground, data, row.contractor_no, decision.as_of)
    await enter(session, row.disclosure_no, "decided", by=decision.actor, recorded_at=decision.as_of)


async def _closed(session: AsyncSession, _office: Office, approval: ApprovalRow, as_of: datetime) -> None:
    row = await _proposed(session, approval)
    await enter(session, row.disclosure_no, approval.state, by="system", recorded_at=as_of)
    await _tell_deletion(session, row, as_of)


async def _proposed(session: AsyncSession, approval: ApprovalRow) -> DisclosureRow:
    return await session.get_one(DisclosureRow, str((approval.payload or {})["disclosure_no"]))


async def _tell(
    session: AsyncSession,
    row: DisclosureRow,
    action: str,
    words: str,
    basis: dict[str, JsonValue],
    *,
    key: str,
    actor: str,
    as_of: datetime,
) -> None:
    """Write into the contract's record how a disclosure ended, and tell the deletion."""
    event = Event(
        action=action, article=str(governing(cast("list[Data]", row.data))), actor=actor, at=as_of, summary=words,
        basis={"disclosure_no": row.disclosure_no, "articles": [*row.articles], "reading": "A37", **basis},
    )  # fmt: skip
    await audit(session, key, [event], contract_no=row.contract_no)
    await _tell_deletion(session, row, as_of)


async def _tell_deletion(session: AsyncSession, row: DisclosureRow, as_of: datetime) -> None:
    await tell_deletion(session, row.contract_no, f"{row.disclosure_no}:over", as_of=as_of)


DISCLOSE = Act(
    name="disclosure", article="40", roles=("legal",), effect=_approved, closed=_closed, words="第三者への開示"
)


async def view_disclosures(
    session: AsyncSession, office: Office, rows: Sequence[DisclosureRow]
) -> list[dict[str, JsonValue]]:
    """Show disclosures; who asked and what for are gone once the contract's data are erased."""
    further, vault = await entries_of(session, [row.disclosure_no for row in rows]), office.vault
    await vault.preload(row.requester for row in rows)
    shown = []
    for row in rows:
        entries = further[row.disclosure_no]
        view: dict[str, JsonValue] = {
            "disclosure_no": row.disclosure_no,
            "contract_no": row.contract_no,
            "state": entries[-1].kind if entries else PROPOSED,
            "requester": await vault.read_name(row.requester),
            "ground": row.ground,
            "data": [*row.data],
            "articles": [*row.articles],
            "legal_basis": {"reference": await vault.read_name(row.basis_reference), "sha256": row.basis_sha256},
            "scope": await vault.read_name(row.scope),
            "proposed_by": row.proposed_by,
            "proposed_at": instant(row.proposed_at),
            "approval_id": row.approval_id,
            "entries": await view_entries(office, entries),
        }
        if row.contractor_no is not None:
            view["contractor_no"] = row.contractor_no
        shown.append(view)
    return shown
