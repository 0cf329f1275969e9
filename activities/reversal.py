"""Deposits that the bank takes back (取消): their allocations undone by counter-entries, interest open again (36).

The original is the deposit of the same account, payer and amount that was booked on the value day of the reversal and
was not taken back before. Only its own allocations are undone; later ones stand. Whatever is not plain waits.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.ledger import standing
from activities.office import Office
from activities.payers import open_parties, party_rows, seal_party
from activities.rebalance import Changes, lock_accounts, rewrite, settle
from activities.records import audit, close_tasks
from models.messages.office import Event
from models.tables import AllocationRow, ContractRow, DepositRow, PayoutRow, TaskRow
from terms.citation import Article, Refused

ARTICLE = "27(2)"
TASK = "deposit_waits"


@dataclass(frozen=True, slots=True)
class Undone:
    """A deposit that was taken back: its contract, if it had one, and whether it had waited for a person."""

    original: DepositRow
    contract_no: str | None
    waited: bool


def task_of(deposit_id: str) -> str:
    """Name the task that asks about a deposit."""
    return f"{TASK}:{deposit_id}"


async def undo(
    session: AsyncSession, office: Office, reversal: DepositRow, *, actor: str, as_of: datetime
) -> Undone | str:
    """Take back the one deposit that a reversal cancels; else says why it waits for a person."""
    found = await session.execute(
        select(DepositRow)
        .where(col(DepositRow.account_id) == reversal.account_id, col(DepositRow.booked_on) == reversal.value_on)
        .where(col(DepositRow.amount) == reversal.amount, col(DepositRow.payer_hash) == reversal.payer_hash)
        .where(~col(DepositRow.reversal), col(DepositRow.reversed_by).is_(None))
    )
    originals = [*found.scalars()]
    if len(originals) != 1:
        return "several_originals" if originals else "no_original"
    (original,) = originals
    if await was_refunded(session, original.deposit_id):
        return "original_refunded"
    return await take_back_deposit(session, office, original, reversal, actor=actor, as_of=as_of)


async def was_refunded(session: AsyncSession, deposit_id: str) -> bool:
    """Tell whether anything of a deposit was given back."""
    found = await session.scalar(
        select(col(PayoutRow.approval_id)).where(col(PayoutRow.deposit_id) == deposit_id).limit(1)
    )
    return found is not None


async def reverse_by_hand(
    session: AsyncSession, office: Office, reversal: DepositRow, original: DepositRow, *, actor: str, as_of: datetime
) -> Undone:
    """Take back the deposit that a person named for a reversal that waits.

    Raises:
        Refused: 27(2): it is no deposit of the same account and amount, was taken back before or given back.
    """
    fits = (
        not original.reversal
        and original.reversed_by is None
        and (original.account_id, original.amount) == (reversal.account_id, reversal.amount)
        and original.booked_on <= reversal.booked_on
    )
    if not fits:
        raise Refused(Article(27, 2), "同じ口座、同じ金額の、取り消されていない入金ではありません。")
    if await was_refunded(session, original.deposit_id):
        raise Refused(Article(27, 2), "返金した入金を取り消すことはできません。")
    return await take_back_deposit(session, office, original, reversal, actor=actor, as_of=as_of)


async def take_back_deposit(
    session: AsyncSession, office: Office, original: DepositRow, reversal: DepositRow, *, actor: str, as_of: datetime
) -> Undone:
    """Undo what a deposit paid, and close both: the bank's own entry of the reversal has taken the money back."""
    contract_no, waited = original.contract_no, original.state == "unmatched"
    if contract_no is not None:
        await session.flush()
        await lock_accounts(session, contract_no)
        await session.refresh(original, with_for_update=True)
        made = await session.execute(
            select(AllocationRow)
            .where(col(AllocationRow.deposit_id) == original.deposit_id)
            .order_by(col(AllocationRow.id))
        )
        changes: Changes = {row.id: [] for row in standing(made.scalars()) if row.id is not None}
        await rewrite(session, office, contract_no, changes, as_of=as_of)
    original.state, original.unapplied, original.waits = "cancelled", 0, None
    original.reversed_by, reversal.reverses = reversal.deposit_id, original.deposit_id
    reversal.contract_no, reversal.waits = contract_no, None
    await session.flush()
    tasks = [task_of(each.deposit_id) for each in (original, reversal)]
    await close_tasks(session, col(TaskRow.key).in_(tasks), as_of=as_of, by=actor)
    await _tell(session, office, original, reversal, actor=actor, as_of=as_of)
    if contract_no is not None:
        await settle(session, office, contract_no, as_of=as_of)
    return Undone(original, contract_no, waited)


async def _tell(
    session: AsyncSession, office: Office, original: DepositRow, reversal: DepositRow, *, actor: str, as_of: datetime
) -> None:
    """Write the audit event; who paid goes with the contract's data, in the reversal too."""
    event = Event(
        action="deposit_reversed",
        article=ARTICLE,
        actor=actor,
        at=as_of,
        summary=f"入金({original.deposit_id})の取消({reversal.deposit_id})により充当を取り消しました。",
        basis={"deposit_id": original.deposit_id, "reversal": reversal.deposit_id, "amount": original.amount},
    )
    key, contract_no = f"reversed:{original.deposit_id}", original.contract_no
    if contract_no is None:
        await audit(session, key, [event])
        return
    contract = await session.get_one(ContractRow, contract_no)
    await audit(session, key, [event], contract_no=contract_no, application_no=contract.application_no)
    rows = await party_rows(session, [reversal.deposit_id])
    for deposit_id, party in (await open_parties(office, rows)).items():
        rows[deposit_id].owner = contract_no
        rows[deposit_id].party = await seal_party(office, contract_no, party)
