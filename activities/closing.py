"""What is left of an ended contract, and whether it may be closed or erased (Art. 27, 34, 38, 44(6))."""

from datetime import date, datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.ledger import debts_of
from activities.office import Office
from activities.retention import blocked_by, erasable_from, retention_of
from models.tables import ApprovalRow, BillingResultRow, ContractRow, DeletionRow, DepositRow, ResourceRow
from terms.account import owed
from terms.citation import Article, Refused
from terms.periods import day_of, month_of
from terms.retention import Leftovers, must_close, must_erase

BILLED = ("issued", "nothing_to_bill")


async def leftovers(session: AsyncSession, office: Office, contract: ContractRow, on: date) -> Leftovers:
    """Read what is left of a contract at the end of a day."""
    number = contract.contract_no
    principal = interest = 0
    for debt in await debts_of(session, number, issued_by=date.max):
        known = owed(office.terms, debt.open, max([on, *(each.on for each in debt.open.movements)]))
        principal, interest = principal + known.principal, interest + known.interest
    held = await session.scalar(
        select(func.sum(col(DepositRow.unapplied))).where(
            col(DepositRow.contract_no) == number, ~col(DepositRow.reversal), col(DepositRow.state) != "cancelled"
        )
    )
    standing = await session.scalar(
        select(
            exists().where(
                col(ResourceRow.contract_no) == number, col(ResourceRow.left_over), col(ResourceRow.to_on).is_(None)
            )
        )
    )
    proposals = await session.scalar(
        select(func.count())
        .select_from(ApprovalRow)
        .where(col(ApprovalRow.contract_no) == number, col(ApprovalRow.state) == "open")
    )
    deletion = await session.get(DeletionRow, number)
    return Leftovers(
        principal=principal,
        interest=interest,
        held=int(held or 0),
        billed=await _billed(session, contract),
        deleted=deletion is not None and deletion.deleted_at is not None,
        restored=not standing,
        proposals=proposals or 0,
        cases=len(await blocked_by(session, number)),
    )


async def _billed(session: AsyncSession, contract: ContractRow) -> bool:
    """Tell whether every month of a contract up to its last one is billed, or has nothing to bill."""
    if contract.billing_start_on is None or contract.ends_on is None or contract.billing_start_on > contract.ends_on:
        return True
    found = await session.execute(
        select(col(BillingResultRow.month), col(BillingResultRow.state)).where(
            col(BillingResultRow.contract_no) == contract.contract_no
        )
    )
    months = {str(month): str(state) for month, state in found.all()}
    return month_of(contract.ends_on) in months and all(state in BILLED for state in months.values())


async def check_move(session: AsyncSession, office: Office, contract: ContractRow, phase: str, as_of: datetime) -> None:
    """Check in the transaction that closes or erases a contract that it may be; other moves pass.

    Raises:
        Refused: with the article of what is left or stands against it.
    """
    if phase == "closed" and contract.state != "closed":
        must_close(await leftovers(session, office, contract, day_of(as_of)))
    if phase == "erased" and contract.state != "erased":
        kept = await retention_of(session, office, contract)
        if kept is None:
            raise Refused(Article(44, 6), "利用契約は終了していません。")
        left = await leftovers(session, office, contract, day_of(as_of))
        must_erase(
            erasable_from_on=await erasable_from(session, kept, contract.contract_no),
            today=day_of(as_of),
            owed=left.principal + left.interest + left.held,
            blocked_by=[each.kind for each in await blocked_by(session, contract.contract_no)],
        )
