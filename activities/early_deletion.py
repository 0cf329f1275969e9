"""Deletion of data without notice while a contract lives (34(2), A61): off; where it is on, two people decide."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from activities.approvals import Act, Decision, propose
from activities.office import Office
from activities.records import insert_once
from activities.retention import blocked_by, inventory_of, open_deletion, tell_deletion
from models.tables import ContractRow, DeletionRow
from terms.citation import Article, Refused
from terms.lifecycle import IN_FORCE
from terms.retention import must_delete_early

ARTICLE = "34(2)"


async def propose_early_deletion(
    session: AsyncSession, office: Office, contract: ContractRow, *, reason: str, key: str, actor: str, as_of: datetime
) -> str:
    """Propose to delete a contract's data at once and without notice; returns the number of the approval.

    Raises:
        Refused: 34(2): it is switched off, the contract is not in force, something blocks it, or it is agreed already.
    """
    await _check(session, office, contract)
    inventory = await inventory_of(session, contract)
    return await propose(
        session,
        office,
        EARLY_DELETION,
        key=key,
        actor=actor,
        reason=reason,
        payload={"contract_no": contract.contract_no},
        consequence={"items": len(inventory), "notice": False},
        as_of=as_of,
        contract_no=contract.contract_no,
    )


async def _check(session: AsyncSession, office: Office, contract: ContractRow) -> None:
    kinds = [each.kind for each in await blocked_by(session, contract.contract_no)]
    must_delete_early(office.terms, in_force=contract.state in IN_FORCE, blocked_by=kinds)
    before = await session.get(DeletionRow, contract.contract_no)
    if before is not None:
        raise Refused(Article(34, 2), "この利用契約のデータ等の削除は既に決定されています。")


async def _delete(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Have the deletion's workflow delete at once."""
    number = decision.approval.contract_no or ""
    contract = await session.get_one(ContractRow, number, with_for_update=True)
    await _check(session, office, contract)
    values = {
        "contract_no": number, "state": "ready", "inventory": [], "early_approval_id": decision.approval.approval_id,
    }  # fmt: skip
    await insert_once(session, DeletionRow, values)
    await open_deletion(session, number, as_of=decision.as_of)
    await tell_deletion(session, number, decision.approval.approval_id, as_of=decision.as_of)


EARLY_DELETION = Act(
    name="early_deletion", article=ARTICLE, roles=("legal", "admin"), needs=2, effect=_delete,
    words="契約期間中のデータ等の削除",
)  # fmt: skip
