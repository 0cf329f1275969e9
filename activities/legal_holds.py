"""Legal holds (A94): placed and lifted by two people; blocks deletion and erasure from its proposal on (34, 44(6)).

The case and the reasons are sealed with the contract's key; the register's other columns name nobody.
"""

from datetime import date, datetime, timedelta

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.approvals import Act, Decision, propose
from activities.office import Office
from activities.records import audit, instant, look_again, next_number, open_task
from activities.retention import tell_deletion
from models.messages.office import Event, TaskOrder
from models.tables import ApprovalRow, ContractRow, LegalHoldRow
from terms.citation import Article, Refused
from terms.periods import day_of

DECIDE = ("legal", "admin")
ARTICLE = "44(6)"


async def propose_hold(  # noqa: PLR0913 (what the register holds of one)
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    *,
    case: str,
    reason: str,
    review_on: date,
    key: str,
    actor: str,
    as_of: datetime,
) -> tuple[str, str]:
    """Propose a hold, which blocks at once; returns its number and that of the approval. The contract is locked.

    Raises:
        Refused: 44(6): the contract's personal data are erased, nothing is left to be held.
    """
    if contract.state == "erased":
        raise Refused(Article(44, 6), "個人情報は既に消去されています。")
    hold_no = await next_number(session, "legal_hold")
    approval_id = await propose(
        session,
        office,
        PLACE,
        key=key,
        actor=actor,
        reason=reason,
        payload={"hold_no": hold_no},
        consequence={"hold_no": hold_no, "review_on": review_on.isoformat(), "blocks": ["34", "44(6)"]},
        as_of=as_of,
        contract_no=contract.contract_no,
    )
    vault, number = office.vault, contract.contract_no
    session.add(
        LegalHoldRow(
            hold_no=hold_no,
            contract_no=number,
            matter=await vault.seal_text(number, "erasable", case),
            reason=await vault.seal_text(number, "erasable", reason),
            review_on=review_on,
            proposed_by=actor,
            proposed_at=as_of,
            approval_id=approval_id,
        )
    )
    await session.flush()
    return hold_no, approval_id


async def propose_release(
    session: AsyncSession, office: Office, hold: LegalHoldRow, *, reason: str, key: str, actor: str, as_of: datetime
) -> str:
    """Propose to lift a hold that is placed; it blocks until that is agreed to. Returns the number of the approval.

    Raises:
        Refused: 44(6): it is not in place, or its release is proposed already.
    """
    _must_be_placed(hold)
    if hold.release_approval_id is not None:
        before = await session.get_one(ApprovalRow, hold.release_approval_id)
        if before.state == "open":
            raise Refused(Article(44, 6), "このリーガルホールドの解除は既に提案されています。")
    approval_id = await propose(
        session,
        office,
        RELEASE,
        key=key,
        actor=actor,
        reason=reason,
        payload={"hold_no": hold.hold_no},
        consequence={"hold_no": hold.hold_no, "unblocks": ["34", "44(6)"]},
        as_of=as_of,
        contract_no=hold.contract_no,
    )
    hold.release_approval_id = approval_id
    await session.flush()
    return approval_id


def _must_be_placed(hold: LegalHoldRow) -> None:
    if hold.state != "placed":
        raise Refused(Article(44, 6), "このリーガルホールドは設定されていません。")


async def _place(session: AsyncSession, _office: Office, decision: Decision) -> None:
    hold = await _held(session, decision.approval)
    if hold.state != "proposed":
        raise Refused(Article(44, 6), "このリーガルホールドは既に決定されています。")
    hold.state, hold.placed_at = "placed", decision.as_of
    await _tell(session, hold, "placed", decision.actor, decision.as_of, "リーガルホールドを設定しました。")
    await look_again(session, f"look:{hold.hold_no}:placed", decision.as_of)


async def _not_placed(session: AsyncSession, _office: Office, approval: ApprovalRow, as_of: datetime) -> None:
    hold = await _held(session, approval)
    hold.state = "rejected"
    await _tell(session, hold, "rejected", "system", as_of, "リーガルホールドは設定されませんでした。")


async def _release(session: AsyncSession, _office: Office, decision: Decision) -> None:
    hold = await _held(session, decision.approval)
    _must_be_placed(hold)
    hold.state, hold.released_at = "released", decision.as_of
    await _tell(session, hold, "released", decision.actor, decision.as_of, "リーガルホールドを解除しました。")


async def _held(session: AsyncSession, approval: ApprovalRow) -> LegalHoldRow:
    return await session.get_one(LegalHoldRow, str((approval.payload or {})["hold_no"]), with_for_update=True)


async def _tell(session: AsyncSession, hold: LegalHoldRow, state: str, actor: str, as_of: datetime, words: str) -> None:
    """Write what became of a hold into the contract's record, and tell the deletion."""
    event = Event(
        action=f"legal_hold_{state}",
        article=ARTICLE,
        actor=actor,
        at=as_of,
        summary=f"{words}({hold.hold_no})",
        basis={"hold_no": hold.hold_no, "review_on": hold.review_on.isoformat(), "reading": "A94"},
    )
    await audit(session, f"{hold.hold_no}:{state}", [event], contract_no=hold.contract_no)
    await tell_deletion(session, hold.contract_no, f"{hold.hold_no}:{state}", as_of=as_of)


PLACE = Act(
    name="legal_hold", article=ARTICLE, roles=DECIDE, effect=_place, closed=_not_placed, words="リーガルホールドの設定"
)
RELEASE = Act(name="legal_hold_release", article=ARTICLE, roles=DECIDE, effect=_release, words="リーガルホールドの解除")


async def next_review(session: AsyncSession) -> date | None:
    """Find the next day on which a hold has to be reviewed."""
    found: date | None = await session.scalar(
        select(func.min(col(LegalHoldRow.review_on))).where(col(LegalHoldRow.state) == "placed")
    )
    return found


async def review_holds(office: Office, as_of: datetime) -> int:
    """Ask legal whether holds are still needed whose day of review has come; the next review follows by itself."""
    today = day_of(as_of)
    async with office.sessions() as session, session.begin():
        found = await session.scalars(
            select(LegalHoldRow).where(col(LegalHoldRow.state) == "placed", col(LegalHoldRow.review_on) <= today)
        )
        holds = found.all()
        for hold in holds:
            task = TaskOrder(
                kind="legal_hold_review", role="legal", article=ARTICLE, due_on=hold.review_on,
                detail=f"リーガルホールド({hold.hold_no})の継続の要否を確認してください。",
            )  # fmt: skip
            key = f"legal_hold_review:{hold.hold_no}:{hold.review_on}"
            await open_task(session, key, task, as_of=as_of, contract_no=hold.contract_no)
            hold.review_on = today + timedelta(days=office.terms.legal_hold_review_days)
    return len(holds)


async def view_hold(office: Office, row: LegalHoldRow) -> dict[str, JsonValue]:
    """Show a hold; case and reason are gone once the contract's data are erased."""
    view: dict[str, JsonValue] = {
        "hold_no": row.hold_no,
        "contract_no": row.contract_no,
        "state": row.state,
        "case": await office.vault.read_name(row.matter),
        "reason": await office.vault.read_name(row.reason),
        "review_on": row.review_on.isoformat(),
        "proposed_by": row.proposed_by,
        "proposed_at": instant(row.proposed_at),
        "approval_id": row.approval_id,
    }
    if row.release_approval_id is not None:
        view["release_approval_id"] = row.release_approval_id
    for name in ("placed_at", "released_at"):
        if (at := getattr(row, name)) is not None:
            view[name] = instant(at)
    return view
