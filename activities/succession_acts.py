"""How a succession is decided: it goes on under the successor, or the successor is rescinded; assignments (11, 12).

Every decision but a plain continuation needs a second person. What was agreed to is carried out in the transaction of
the last vote; what has to hold for it is checked again there.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.approvals import Act, Decision, propose
from activities.letters import expected_on, queue_letter
from activities.office import Office
from activities.parties import Cause, succeed
from activities.penalty import would_end
from activities.records import audit, enqueue_start
from activities.succession_record import (
    ASSIGNMENT,
    close_own_tasks,
    keep_successor,
    next_n,
    opened,
    tell,
    waits_for_approval,
    workflow_of,
)
from models.messages.office import Event, LetterOrder, Opening
from models.messages.succession import SuccessionInput, Successor
from models.tables import ApprovalRow, ContractRow, SuccessionRow
from terms.citation import Article, Refused
from terms.lifecycle import Phase, must_allow
from terms.periods import at, day_of
from terms.review import check_grounds
from terms.succession import AssignmentState, SuccessionState, must_allow_assignment, must_allow_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants: why, who, under which key, and when."""

    reason: str
    key: str
    actor: str
    as_of: datetime


async def decide_to_continue(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    row: SuccessionRow,
    wish: Wish,
) -> str | None:
    """Go on with the successor: at once, or where legal has to agree by a proposal; returns its number.

    Legal looks at a split (A21) and at a hit of the screening (43(1)).

    Raises:
        Refused: 12(1) or 12(2): not ready or decided; 43(1): the screening is not done.
    """
    await _check_continue(session, contract, row, day_of(wish.as_of))
    if row.kind != "split" and not _hit(row):
        await _continue(session, office, contract, row, actor=wish.actor, as_of=wish.as_of)
        return None
    shown: dict[str, JsonValue] = {
        "n": row.n, "kind": row.kind, "succeeded_on": str(row.succeeded_on), "findings": [*row.findings],
    }  # fmt: skip
    return await _propose(session, office, row, CONTINUE, wish, shown)


async def decide_to_rescind(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    row: SuccessionRow,
    wish: Wish,
    *,
    grounds: list[str],
) -> str:
    """Propose to rescind the contract with the successor (12(2)); returns the number of the approval.

    Once the days of review are over, only legal may agree (A82).

    Raises:
        Refused: 12(2): no notice yet, decided, or the contract is not in force; 9(2): no ground.
    """
    await _check_rescind(session, contract, row, grounds)
    late = row.review_by_on is not None and day_of(wish.as_of) > row.review_by_on
    today = await would_end(session, office, contract, "12(2)", wish.as_of)
    consequence: dict[str, JsonValue] = {
        "n": row.n,
        "grounds": [*grounds],
        "penalty_if_it_arrived_today": today.penalty,
        "delete_from_on_if_it_arrived_today": str(today.delete_from_on),
        "steps": [*today.steps],
        "after_the_review": late,
    }
    act = RESCIND_LATE if late else RESCIND
    return await _propose(session, office, row, act, wish, consequence, grounds=[*grounds])


async def propose_assignment(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    assignee: Successor,
    wish: Wish,
) -> SuccessionRow:
    """Propose that we consent to an assignment of the contract (事業譲渡, Art. 11, A21); the contract is locked.

    Raises:
        Refused: 11: the contract is not in force, or a succession is under way.
    """
    must_allow(cast("Phase", contract.state), "assign")
    row = SuccessionRow(
        contract_no=contract.contract_no,
        n=await next_n(session, contract.contract_no, Article(11)),
        kind=ASSIGNMENT,
        state="proposed",
        recorded_at=wish.as_of,
        represented=assignee.anti_social_representation,
        findings=[],
        successor=b"",
        name=b"",
    )
    await keep_successor(session, office, row, assignee)
    await _propose(session, office, row, ASSIGN, wish, {"n": row.n, "effect": "on arrival of the consent"})
    payload = SuccessionInput(contract_no=row.contract_no, n=row.n).model_dump(mode="json")
    opening = Opening(workflow_id=workflow_of(row), type="succession", payload=payload)
    await enqueue_start(session, opening, contract_no=row.contract_no, as_of=wish.as_of)
    return row


async def _propose(
    session: AsyncSession,
    office: Office,
    row: SuccessionRow,
    act: Act,
    wish: Wish,
    consequence: dict[str, JsonValue],
    **more: JsonValue,
) -> str:
    row.approval_id = await propose(
        session, office, act, key=wish.key, actor=wish.actor, reason=wish.reason, payload={"n": row.n, **more},
        consequence=consequence, as_of=wish.as_of, contract_no=row.contract_no,
    )  # fmt: skip
    await session.flush()
    return row.approval_id


async def _check_continue(session: AsyncSession, contract: ContractRow, row: SuccessionRow, today: date) -> None:
    must_allow_in(cast("SuccessionState", row.state), "continue")
    if contract.state in {"closed", "erased"}:
        raise Refused(Article(12, 1), "利用契約は既に終了しています。")
    if row.succeeded_on is not None and row.succeeded_on > today:
        raise Refused(Article(12, 1), "承継の日が到来していません。")
    if row.screened_at is None:
        raise Refused(Article(43, 1), "承継した法人についての照会が終わっていません。")
    if await waits_for_approval(session, row):
        raise Refused(Article(12, 2), "承継についての提案が既に承認を待っています。")


async def _check_rescind(session: AsyncSession, contract: ContractRow, row: SuccessionRow, grounds: list[str]) -> None:
    must_allow_in(cast("SuccessionState", row.state), "rescind")
    must_allow(cast("Phase", contract.state), "rescind_successor")
    check_grounds(grounds)
    if await waits_for_approval(session, row):
        raise Refused(Article(12, 2), "承継についての提案が既に承認を待っています。")


def _hit(row: SuccessionRow) -> bool:
    return any(found["severity"] == "blocking" for found in row.findings)


async def _continue(
    session: AsyncSession, office: Office, contract: ContractRow, row: SuccessionRow, *, actor: str, as_of: datetime
) -> None:
    """The contract goes on under the successor (12(1)): name and seat from the day of succession, contacts from now."""
    row.state, row.closed_at = "continued", as_of
    await _put_in_place(session, office, contract, row, cast("date", row.succeeded_on), actor=actor, as_of=as_of)
    await close_own_tasks(session, row, as_of)
    await tell(session, row, "decided", as_of)


async def _put_in_place(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    row: SuccessionRow,
    from_on: date,
    *,
    actor: str,
    as_of: datetime,
) -> None:
    event_kind = "assignment" if row.kind == ASSIGNMENT else "succession"
    await succeed(
        session, office, contract, await opened(office, row), from_on, Cause(event=event_kind, n=row.n, at=as_of)
    )
    event = Event(
        action=f"{event_kind}_{row.state}",
        article="11" if row.kind == ASSIGNMENT else "12(1)",
        actor=actor,
        at=as_of,
        summary="契約者の名義、連絡先及び振込名義を、承継した法人のものに改めました。",
        basis={"n": row.n, "kind": row.kind, "from_on": str(from_on)},
    )
    key = f"{workflow_of(row)}:{row.state}"
    await audit(session, key, [event], contract_no=row.contract_no, application_no=contract.application_no)


async def transfer(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    row: SuccessionRow,
    arrived_at: datetime,
    as_of: datetime,
) -> None:
    """Our consent has arrived: the contract is the assignee's (11)."""
    must_allow_assignment(cast("AssignmentState", row.state), "transfer")
    row.state, row.closed_at, row.succeeded_on = "transferred", as_of, day_of(arrived_at)
    await _put_in_place(session, office, contract, row, day_of(arrived_at), actor="system", as_of=as_of)


async def _approved_continue(session: AsyncSession, office: Office, decision: Decision) -> None:
    contract, row = await _decided_on(session, decision.approval)
    row.approval_id = None  # it is being decided
    await _check_continue(session, contract, row, day_of(decision.as_of))
    row.approval_id = decision.approval.approval_id
    await _continue(session, office, contract, row, actor=decision.actor, as_of=decision.as_of)


async def _approved_rescind(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Write to the successor, who is the party by law; its letter ends the contract when it arrives."""
    contract, row = await _decided_on(session, decision.approval)
    grounds = cast("list[str]", decision.payload["grounds"])
    row.approval_id = None  # it is being decided
    await _check_rescind(session, contract, row, grounds)
    row.approval_id, row.state, row.grounds = decision.approval.approval_id, "rescinding", [*grounds]
    as_of = decision.as_of
    await _put_in_place(
        session, office, contract, row, min(cast("date", row.succeeded_on), day_of(as_of)), actor=decision.actor,
        as_of=as_of,
    )  # fmt: skip
    arrives_on = expected_on(office, "certified", as_of)
    then = await would_end(session, office, contract, "12(2)", at(arrives_on))
    successor = await opened(office, row)
    facts: dict[str, Any] = {
        "successor": successor.applicant.name,
        "kind": row.kind,
        "succeeded_on": str(row.succeeded_on),
        "grounds": [*grounds],
        "arrives_on": str(arrives_on),
        "penalty": then.penalty,
        "delete_from_on": str(then.delete_from_on),
    }
    await _letter(session, office, contract, row, "succession_rescission_notice", facts, as_of)
    await close_own_tasks(session, row, as_of)
    await tell(session, row, "decided", as_of)


async def _approved_assignment(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Consent to the assignment in writing; it takes effect with the arrival."""
    contract, row = await _decided_on(session, decision.approval)
    must_allow_assignment(cast("AssignmentState", row.state), "consent")
    must_allow(cast("Phase", contract.state), "assign")
    if row.screened_at is None or _hit(row):
        raise Refused(Article(43, 1), "譲受人についての照会が終わっていないか、一致があります。")
    row.state = "consented"
    facts = {"assignee": (await opened(office, row)).applicant.name}
    await _letter(session, office, contract, row, "assignment_consent", facts, decision.as_of)
    await tell(session, row, "decided", decision.as_of)


async def _assignment_closed(session: AsyncSession, office: Office, approval: ApprovalRow, as_of: datetime) -> None:
    """Nobody consented: a refusal is told in writing; a proposal taken back or run out is not."""
    contract, row = await _decided_on(session, approval)
    if row.closed_at is not None:
        return  # overtaken by the contract's end
    must_allow_assignment(cast("AssignmentState", row.state), "refuse")
    row.closed_at = as_of
    row.state = "refused" if approval.state == "rejected" else "withdrawn"
    if row.state == "refused":
        facts = {"assignee": (await opened(office, row)).applicant.name}
        await _letter(session, office, contract, row, "assignment_refusal", facts, as_of)
    await tell(session, row, "decided", as_of)


async def _letter(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    row: SuccessionRow,
    slug: str,
    facts: dict[str, Any],
    as_of: datetime,
) -> None:
    workflow_id = workflow_of(row)
    await queue_letter(
        session, office, LetterOrder(slug=slug, facts=facts, origin=workflow_id), key=f"{workflow_id}:{slug}",
        as_of=as_of, application_no=contract.application_no, contract_no=contract.contract_no,
    )  # fmt: skip


async def _decided_on(session: AsyncSession, approval: ApprovalRow) -> tuple[ContractRow, SuccessionRow]:
    number, n = approval.contract_no or "", (approval.payload or {})["n"]
    contract = await session.get_one(ContractRow, number, with_for_update=True)
    return contract, await session.get_one(SuccessionRow, (number, n), with_for_update=True)


CONTINUE = Act(
    name="succession_continue", article="12(1)", roles=("legal",), effect=_approved_continue, words="承継の承認"
)
RESCIND = Act(
    name="successor_rescission", article="12(2)", roles=("legal", "reviewer"), effect=_approved_rescind,
    words="承継した法人との契約の解除",
)  # fmt: skip
RESCIND_LATE = Act(
    name="successor_rescission_late", article="12(2)", roles=("legal",), effect=_approved_rescind,
    words="審査期間後の、承継した法人との契約の解除",
)  # fmt: skip
ASSIGN = Act(
    name="assignment", article="11", roles=("legal", "reviewer"), effect=_approved_assignment,
    closed=_assignment_closed, words="譲渡の承諾",
)  # fmt: skip
