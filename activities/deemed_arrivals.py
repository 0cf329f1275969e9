"""What people put in the place of the real arrival of a rescission: the normal time, or that of the decision.

For 17(3) only real arrival counts (A35), and 43(2) needs none (A67). Where the letter came back or nothing is known of
it, legal may propose that it counts as arrived; another person of legal decides. Nothing of this happens by itself.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.approvals import Act, Decision, propose
from activities.office import Office
from activities.penalty import would_end
from activities.records import audit, close_tasks, enqueue_signal, instant
from activities.suspension import prove_debt_on
from models.messages.notice import Arrival, LetterMoved
from models.messages.office import Event
from models.tables import ApprovalRow, ContractRow, DeliveryRow, NoticeRow, RescissionRow, TaskRow
from terms.citation import Article, Refused
from terms.derivation import ja_time
from terms.ending import RescissionGround
from terms.letters import LETTERS
from terms.lifecycle import OVER
from terms.notice import InPlace, arrival_in_place
from terms.periods import day_of

Shown = dict[str, JsonValue]
CLAUSES = {"rescission_notice": Article(17, 3), "antisocial_rescission_notice": Article(43, 2)}
"""The letters for which something can stand in the place of their arrival, with the clause of their effect."""
ASKING = ("letter_undeliverable", "no_delivery_record")
"""Tasks that are done with the decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """A letter that counts as arrived at an instant: by which clause, of which contract and rescission."""

    clause: Article
    contract: ContractRow
    ground: RescissionGround
    at: datetime


async def propose_arrival(
    session: AsyncSession,
    office: Office,
    row: NoticeRow,
    counts: InPlace,
    *,
    reason: str,
    key: str,
    actor: str,
    as_of: datetime,
) -> str:
    """Propose that an undelivered rescission counts as arrived; the letter is locked. Gives the approval's number.

    Raises:
        Refused: 17(3), 43(2): not such a letter, not undelivered, or the instant has not come; 17(1), 17(2): it was
            paid by then.
    """
    standing = await _standing(session, office, row, counts, as_of)
    open_ones = await session.scalars(
        select(col(ApprovalRow.payload))
        .where(col(ApprovalRow.contract_no) == row.contract_no, col(ApprovalRow.act) == DEEMED_ARRIVAL.name)
        .where(col(ApprovalRow.state) == "open")
    )
    if any(payload and payload["notice_no"] == row.notice_no for payload in open_ones):
        raise Refused(standing.clause, "この書面の到達についての提案が既に承認を待っています。")
    then = await would_end(session, office, standing.contract, standing.ground, standing.at, counts)
    payload: Shown = {"notice_no": row.notice_no, "counts": counts}
    consequence = payload | {
        "arrived_at": instant(standing.at),
        "ends_on": str(then.ends_on),
        "penalty": then.penalty,
        "delete_from_on": str(then.delete_from_on),
        "steps": [*then.steps],
    }
    return await propose(
        session, office, replace(DEEMED_ARRIVAL, article=str(standing.clause)), key=key, actor=actor, reason=reason,
        payload=payload, consequence=consequence, as_of=as_of, contract_no=row.contract_no,
    )  # fmt: skip


async def _standing(
    session: AsyncSession, office: Office, row: NoticeRow, counts: InPlace, as_of: datetime
) -> _Standing:
    """Check that something may stand in the place of a letter's arrival, and work out what."""
    clause = CLAUSES.get(row.slug)
    if clause is None:
        raise Refused(row.article or "42(2)", "到達に代えることができるのは、当社による解除通知書に限ります。")
    evidence = await session.scalar(
        select(col(DeliveryRow.key))
        .where(col(DeliveryRow.notice_no) == row.notice_no, col(DeliveryRow.outcome) != "returned")
        .limit(1)
    )
    if row.state not in {"dispatched", "undeliverable"} or row.dispatched_at is None or evidence is not None:
        raise Refused(clause, "発送され、到達の記録のない解除通知書に限ります。")
    n = int((row.origin or "0").rpartition("/")[2])
    rescission = await session.get(RescissionRow, (row.contract_no, n))
    contract = await session.get_one(ContractRow, row.contract_no)
    if rescission is None or rescission.state != "sent" or contract.state in OVER:
        raise Refused(clause, "この解除は既に効力を生じたか、取り下げられました。")
    arrival = arrival_in_place(
        office.terms, office.calendars, clause=clause, counts=counts,
        dispatched_at=row.dispatched_at.replace(microsecond=0), decided_at=rescission.decided_at, now=as_of,
    )  # fmt: skip
    at = cast("datetime", arrival.arrived_at)
    await prove_debt_on(session, contract.contract_no, rescission.ground, day_of(at))
    return _Standing(clause=clause, contract=contract, ground=cast("RescissionGround", rescission.ground), at=at)


async def _arrive(session: AsyncSession, office: Office, decision: Decision) -> None:
    """The letter counts as arrived; who waits for it is told through the outbox, and its own workflow closes."""
    counts = cast("InPlace", decision.payload["counts"])
    row = await session.get_one(NoticeRow, decision.payload["notice_no"], with_for_update=True)
    standing = await _standing(session, office, row, counts, decision.as_of)
    waited_for = row.state == "dispatched"
    row.state, row.arrived_at, row.deemed, row.basis = "arrived", standing.at, True, counts
    asking = (col(TaskRow.notice_no) == row.notice_no, col(TaskRow.kind).in_(ASKING))
    await close_tasks(session, *asking, as_of=decision.as_of, by=decision.actor)
    event = Event(
        action="letter_arrived",
        article=str(standing.clause),
        actor=decision.actor,
        at=decision.as_of,
        summary=f"{LETTERS[row.slug].title}({row.notice_no})は{ja_time(standing.at)}に到達したものとして扱います。",
        basis={
            "notice_no": row.notice_no, "basis": counts, "deemed": True, "approval_id": decision.approval.approval_id,
        },
    )  # fmt: skip
    key = f"arrival_in_place:{row.notice_no}"
    await audit(session, key, [event], contract_no=row.contract_no, application_no=row.application_no)
    moved = LetterMoved(
        notice_no=row.notice_no, slug=row.slug, state="arrived", channel="certified", at=standing.at, in_place=counts
    )
    await enqueue_signal(
        session, key=key, workflow_id=row.origin or "", name="letter_moved", payload=moved.model_dump(mode="json"),
        as_of=decision.as_of,
    )  # fmt: skip
    if waited_for:
        arrival = Arrival(arrived_at=standing.at, deemed=True, basis=counts)
        await enqueue_signal(
            session, key=f"{key}:closes", workflow_id=row.workflow_id, name="counts_as_arrived",
            payload=arrival.model_dump(mode="json"), as_of=decision.as_of,
        )  # fmt: skip


DEEMED_ARRIVAL = Act(
    name="deemed_arrival", article="17(3)", roles=("legal",), effect=_arrive, words="解除通知書の到達に代わる扱い"
)
