"""An erasure of personal data by decision of two people (44(6)), once no statute keeps them any more.

The end of retention erases by itself. By hand there are two things to decide. Our own period (`retention_years`, A68)
may be longer than those of the statutes: what is left of it people may waive, but never a day of a statute. And an
erasure that is due may have been held up by something that is over: the decision has it tried at once. Usage and books
stay in any case, and name nobody (29(3), A63); a legal hold or an open case stands against it (A94).
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.approvals import Act, Decision, propose
from activities.closing import leftovers
from activities.office import Office
from activities.retention import BY_HAND, blocked_by, retention_of, tell_deletion
from models.tables import ApprovalRow, ContractRow
from terms.citation import Article, Refused
from terms.periods import day_of
from terms.retention import Retention, erasable_by_decision_from, must_erase_by_decision

ARTICLE = "44(6)"


async def propose_erasure(
    session: AsyncSession, office: Office, contract: ContractRow, *, reason: str, key: str, actor: str, as_of: datetime
) -> str:
    """Propose to erase a contract's personal data now; returns the number of the approval. The contract is locked.

    Raises:
        Refused: 44(6): it is not closed or erased already, a statute keeps the data, something is owed, something
            blocks it, or it is proposed already.
    """
    kept = await _check(session, office, contract, as_of)
    number = contract.contract_no
    before = select(col(ApprovalRow.approval_id)).where(
        col(ApprovalRow.contract_no) == number, col(ApprovalRow.act) == BY_HAND,
        col(ApprovalRow.state).in_(("open", "approved")),
    )  # fmt: skip
    if await session.scalar(before) is not None:
        raise Refused(Article(44, 6), "この利用契約の個人情報の消去は既に提案又は決定されています。")
    return await propose(
        session,
        office,
        ERASURE,
        key=key,
        actor=actor,
        reason=reason,
        payload={"contract_no": number},
        consequence={
            "company_until_on": str(kept.company_until_on),
            "tax_until_on": str(kept.tax_until_on),
            "companies_act_until_on": str(kept.companies_act_until_on),
            "erasable_by_decision_from_on": str(erasable_by_decision_from(kept)),
            "erasable_from_on": str(kept.erasable_from_on),
            "steps": [*kept.steps],
        },
        as_of=as_of,
        contract_no=number,
    )


async def _check(session: AsyncSession, office: Office, contract: ContractRow, as_of: datetime) -> Retention:
    if contract.state == "erased":
        raise Refused(Article(44, 6), "個人情報は既に消去されています。")
    kept = await retention_of(session, office, contract)
    if kept is None:
        raise Refused(Article(44, 6), "利用契約は終了していません。")
    left = await leftovers(session, office, contract, day_of(as_of))
    must_erase_by_decision(
        kept,
        today=day_of(as_of),
        closed=contract.state == "closed",
        owed=left.principal + left.interest + left.held,
        blocked_by=[each.kind for each in await blocked_by(session, contract.contract_no)],
    )
    return kept


async def _erase(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Have the deletion's workflow erase at once: from now on its day is the one of the decision."""
    number, approval_id = decision.approval.contract_no or "", decision.approval.approval_id
    contract = await session.get_one(ContractRow, number, with_for_update=True)
    await _check(session, office, contract, decision.as_of)
    await tell_deletion(session, number, approval_id, as_of=decision.as_of)


ERASURE = Act(name=BY_HAND, article=ARTICLE, roles=("legal", "admin"), effect=_erase, words="個人情報の消去")
