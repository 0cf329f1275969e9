"""What is written down of a succession: known, told, proven, reviewed, decided (Art. 12).

The rows are the record; the process looks at them. Names and addresses of the successor are sealed.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import cast

from pydantic import JsonValue
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.letters import queue_letter
from activities.office import Office
from activities.records import audit, close_tasks, day, enqueue_signal, enqueue_start, insert_once, instant, open_task
from models import ids
from models.messages.office import Event, LetterOrder, Opening, TaskOrder
from models.messages.succession import DocumentKind, SuccessionInput, Successor
from models.tables import (
    ApprovalRow,
    ContractRow,
    IncomingLetterRow,
    SuccessionDocumentRow,
    SuccessionRow,
    TaskRow,
)
from models.vault import KeyGone
from terms.application import corporate_number
from terms.citation import Article, Refused
from terms.lifecycle import Phase, must_allow
from terms.periods import day_of
from terms.succession import (
    UNDECIDED,
    SuccessionState,
    doubts,
    must_allow_in,
    proof_by,
    review_by,
    stage_of,
    succession_deadline,
)

ASSIGNMENT = "assignment"
UNDER_16 = ("17(1)", "17(2)", "43(2)")
WORDS = {
    "documents_missing": "承継届を受け付けましたが、証明する書類がそろっていません。",
    "under_review": "承継届と証明する書類がそろい、審査を始めました。",
}


def workflow_of(row: SuccessionRow) -> str:
    """Name the process of a succession or an assignment."""
    return ids.succession(row.contract_no, row.n)


async def next_n(session: AsyncSession, contract_no: str, article: Article) -> int:
    """Number the next succession or assignment; the contract is locked.

    Raises:
        Refused: one is under way.
    """
    of = col(SuccessionRow.contract_no) == contract_no
    if await session.scalar(select(col(SuccessionRow.n)).where(of, col(SuccessionRow.closed_at).is_(None))) is not None:
        raise Refused(article, "この利用契約の承継又は譲渡の手続きが既に進行しています。")
    last = await session.scalar(select(func.max(col(SuccessionRow.n))).where(of))
    return (last or 0) + 1


async def record(  # noqa: PLR0913 (what is known of one)
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    *,
    kind: str,
    succeeded_on: date,
    successor: Successor,
    noticed_at: datetime | None,
    form: str,
    key: str,
    actor: str,
    as_of: datetime,
) -> SuccessionRow:
    """Write down that the party of a contract was succeeded, with the window for the notice; the contract is locked.

    Raises:
        Refused: 12(1): the contract is not in force, or another succession is under way.
    """
    must_allow(cast("Phase", contract.state), "succeed")
    window = succession_deadline(office.terms, office.calendars, succeeded_on=succeeded_on)
    row = SuccessionRow(
        contract_no=contract.contract_no,
        n=await next_n(session, contract.contract_no, Article(12, 1)),
        kind=kind,
        state="notified",
        recorded_at=as_of,
        succeeded_on=succeeded_on,
        raw_on=window.raw_on,
        deadline_on=window.deadline_on,
        represented=successor.anti_social_representation,
        findings=[],
        successor=b"",
        name=b"",
    )
    await keep_successor(session, office, row, successor)
    event = Event(
        action="succession_recorded",
        article="12(1)",
        actor=actor,
        at=as_of,
        summary="契約者の地位の承継を記録しました。",
        basis={"n": row.n, "kind": kind, "succeeded_on": str(succeeded_on), "deadline_on": str(window.deadline_on),
               "steps": [*window.steps], "incl_first_day": office.terms.incl_first_day, "reading": "A22"},
    )  # fmt: skip
    await audit(session, key, [event], contract_no=contract.contract_no, application_no=contract.application_no)
    if noticed_at is not None:
        await take_notice(session, office, contract, row, noticed_at=noticed_at, form=form, actor=actor, as_of=as_of)
    else:
        await _ask_for_proof(session, office, contract, row, notice_missing=True, as_of=as_of)
    payload = SuccessionInput(contract_no=row.contract_no, n=row.n).model_dump(mode="json")
    opening = Opening(workflow_id=workflow_of(row), type="succession", payload=payload)
    await enqueue_start(session, opening, contract_no=row.contract_no, as_of=as_of)
    return row


async def keep_successor(session: AsyncSession, office: Office, row: SuccessionRow, successor: Successor) -> None:
    """Seal who succeeds, and note what may be a ground of 9(2)."""
    vault, number = office.vault, row.contract_no
    row.successor = await vault.seal_json(number, "erasable", successor.model_dump(mode="json"))
    row.name = await vault.seal_text(number, "statutory", successor.applicant.name)
    other = col(ContractRow.contract_no) != number
    under_16 = await session.scalar(
        select(func.count())
        .select_from(ContractRow)
        .where(col(ContractRow.corporate_number) == successor.applicant.corporate_number, other)
        .where(or_(col(ContractRow.state) == "suspended", col(ContractRow.end_ground).in_(UNDER_16)))
    )
    known = corporate_number(office.terms, number=successor.applicant.corporate_number)
    row.findings = [
        {"article": each.article, "severity": each.severity, "detail": each.detail}
        for each in doubts(corporate_number_valid=known.valid, under_16_elsewhere=under_16 or 0)
    ]
    session.add(row)
    await session.flush()


async def opened(office: Office, row: SuccessionRow) -> Successor:
    """Open who succeeds."""
    return Successor.model_validate(await office.vault.unseal_json(row.successor))


async def take_notice(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    row: SuccessionRow,
    *,
    noticed_at: datetime,
    form: str,
    actor: str,
    as_of: datetime,
) -> None:
    """Take in the successor's notice (承継届); the first one counts, late or not: lateness has no sanction.

    Raises:
        Refused: 12(1): the succession is decided.
    """
    must_allow_in(cast("SuccessionState", row.state), "notice")
    if row.noticed_at is not None:
        return
    noticed_on, deadline_on = day_of(noticed_at), cast("date", row.deadline_on)
    row.noticed_at, row.form, row.late = noticed_at, form, noticed_on > deadline_on
    row.review_by_on = review_by(office.terms, noticed_on=noticed_on)
    key = f"{workflow_of(row)}:noticed"
    letter = {
        "key": key, "contract_no": row.contract_no, "slug": "succession_notice", "form": form,
        "arrived_at": noticed_at, "state": "taken", "article": "12(1)",
    }  # fmt: skip
    await insert_once(session, IncomingLetterRow, letter)
    event = Event(
        action="succession_noticed",
        article="12(1)",
        actor=actor,
        at=as_of,
        summary=f"承継届を受け付けました（{'期限後' if row.late else '期限内'}）。",
        basis={"n": row.n, "noticed_at": noticed_at.astimezone(UTC).isoformat(), "late": row.late,
               "deadline_on": str(deadline_on), "review_by_on": str(row.review_by_on), "form": form},
    )  # fmt: skip
    await audit(session, key, [event], contract_no=row.contract_no, application_no=contract.application_no)
    missing = await missing_documents(session, row)
    window = succession_deadline(office.terms, office.calendars, succeeded_on=cast("date", row.succeeded_on))
    facts: dict[str, JsonValue] = {
        "kind": row.kind,
        "received_on": str(noticed_on),
        "succeeded_on": str(row.succeeded_on),
        "deadline_on": str(deadline_on),
        "late": row.late,
        "missing": [*missing],
        "steps": [*window.steps],
    }
    await _write(session, office, contract, row, LetterOrder(slug="succession_receipt", facts=facts), as_of)
    if missing:
        await _ask_for_proof(session, office, contract, row, notice_missing=False, as_of=as_of)
    await tell(session, row, "noticed", as_of)


async def _ask_for_proof(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    row: SuccessionRow,
    *,
    notice_missing: bool,
    as_of: datetime,
) -> None:
    """Ask the successor for what has to come with the notice, and for the notice itself where it is missing (A82)."""
    today = day_of(as_of)
    facts: dict[str, JsonValue] = {
        "article": "12(1)",
        "documents": [*await missing_documents(session, row)],
        "notice_missing": notice_missing,
        "submit_by_on": str(max(cast("date", row.deadline_on), proof_by(office.terms, asked_on=today))),
    }
    await _write(session, office, contract, row, LetterOrder(slug="proof_request", facts=facts), as_of)


async def _write(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    row: SuccessionRow,
    order: LetterOrder,
    as_of: datetime,
) -> None:
    """Write to the successor, whom we do not treat as the party yet."""
    workflow_id = workflow_of(row)
    await queue_letter(
        session, office, order.model_copy(update={"origin": workflow_id, "contact": "successor"}),
        key=f"{workflow_id}:{order.slug}:{order.facts.get('notice_missing', '')}", as_of=as_of,
        application_no=contract.application_no, contract_no=contract.contract_no,
    )  # fmt: skip


async def take_document(
    session: AsyncSession,
    contract: ContractRow,
    row: SuccessionRow,
    *,
    kind: DocumentKind,
    arrived_at: datetime,
    sha256: str,
    actor: str,
    as_of: datetime,
) -> None:
    """Register a document by its hash; the same one again changes nothing.

    Raises:
        Refused: 12(1): the succession is decided.
    """
    must_allow_in(cast("SuccessionState", row.state), "document")
    values = {
        "contract_no": row.contract_no, "n": row.n, "kind": kind, "sha256": sha256, "arrived_at": arrived_at,
        "recorded_by": actor,
    }  # fmt: skip
    if not await insert_once(session, SuccessionDocumentRow, values):
        return
    event = Event(
        action="succession_document",
        article="12(1)",
        actor=actor,
        at=as_of,
        summary="承継の証明書類を受け付けました。",
        basis={"n": row.n, "kind": kind, "sha256": sha256, "arrived_at": arrived_at.astimezone(UTC).isoformat()},
    )
    key = f"{workflow_of(row)}:{kind}:{sha256}"
    await audit(session, key, [event], contract_no=row.contract_no, application_no=contract.application_no)
    await tell(session, row, f"{kind}:{sha256}", as_of)


async def documents_of(session: AsyncSession, row: SuccessionRow) -> Sequence[SuccessionDocumentRow]:
    """List what has come."""
    document = SuccessionDocumentRow
    found = await session.scalars(
        select(document)
        .where(col(document.contract_no) == row.contract_no, col(document.n) == row.n)
        .order_by(col(document.arrived_at), col(document.kind), col(document.sha256))
    )
    return found.all()


async def missing_documents(session: AsyncSession, row: SuccessionRow) -> list[str]:
    """Say what is missing: proof of the succession (12(1)), and what 43(1) wants unless the notice itself has it."""
    there = {each.kind for each in await documents_of(session, row)}
    wanted = ["registry_certificate", *([] if row.represented else ["anti_social_representation"])]
    return [kind for kind in wanted if kind not in there]


async def advance(session: AsyncSession, contract: ContractRow, row: SuccessionRow, as_of: datetime) -> None:
    """Bring an undecided succession to where notice and documents put it; a review becomes a task."""
    if row.state not in UNDECIDED:
        return
    stage = stage_of(noticed=row.noticed_at is not None, missing=await missing_documents(session, row))
    if stage == row.state:
        return
    row.state = stage
    key = f"{workflow_of(row)}:{stage}"
    event = Event(
        action=f"succession_{stage}", article="12(1)", actor="system", at=as_of, summary=WORDS[stage],
        basis={"n": row.n, "noticed_at": instant(cast("datetime", row.noticed_at))},
    )  # fmt: skip
    await audit(session, key, [event], contract_no=row.contract_no, application_no=contract.application_no)
    if stage == "under_review":
        await close_own_tasks(session, row, as_of, "succession_reminder")
        task = TaskOrder(
            kind="succession_review", role="reviewer", article="12(2)", due_on=row.review_by_on,
            detail="承継した法人が第9条第2項各号に該当しないかを審査し、継続又は解除を決定してください。",
        )  # fmt: skip
        await open_own_task(session, contract, row, task, as_of)


async def open_own_task(
    session: AsyncSession,
    contract: ContractRow,
    row: SuccessionRow,
    task: TaskOrder,
    as_of: datetime,
    *,
    which: str = "",
) -> None:
    """Open a task of a succession once."""
    await open_task(
        session, f"{workflow_of(row)}:task:{task.kind}:{which}", task, as_of=as_of,
        contract_no=row.contract_no, application_no=contract.application_no,
    )  # fmt: skip


async def close_own_tasks(session: AsyncSession, row: SuccessionRow, as_of: datetime, kind: str = "") -> None:
    """Close the tasks of a succession, or those of a kind, that nobody has to do any more."""
    key = f"{workflow_of(row)}:task:{kind}"
    await close_tasks(session, col(TaskRow.key).startswith(key, autoescape=True), as_of=as_of)


async def tell(session: AsyncSession, row: SuccessionRow, fact: str, as_of: datetime) -> None:
    """Tell the process that a fact has changed; `fact` names it."""
    workflow_id = workflow_of(row)
    await enqueue_signal(
        session, key=f"look:{workflow_id}:{fact}", workflow_id=workflow_id, name="look_again", payload=None, as_of=as_of
    )  # fmt: skip


async def waits_for_approval(session: AsyncSession, row: SuccessionRow) -> bool:
    """Tell whether a proposal about a succession is open."""
    approval = await session.get(ApprovalRow, row.approval_id) if row.approval_id else None
    return approval is not None and approval.state == "open"


async def view_succession(
    office: Office, session: AsyncSession, row: SuccessionRow, *, see: bool
) -> dict[str, JsonValue]:
    """Show a succession as the API does; the successor itself only to those who may see contact data."""
    view: dict[str, JsonValue] = {
        "n": row.n,
        "kind": row.kind,
        "state": row.state,
        "late": row.late,
        "name": await office.vault.read_name(row.name),
        "missing_documents": [] if row.kind == ASSIGNMENT else [*await missing_documents(session, row)],
        "documents": [
            {"kind": each.kind, "arrived_at": instant(each.arrived_at), "sha256": each.sha256}
            for each in await documents_of(session, row)
        ],
        "findings": [*row.findings],
        "grounds": [*row.grounds],
    }
    for name in ("succeeded_on", "raw_on", "deadline_on", "review_by_on"):
        if (value := day(getattr(row, name))) is not None:
            view[name] = value
    for name in ("noticed_at", "screened_at", "closed_at"):
        if (at := getattr(row, name)) is not None:
            view[name] = instant(at)
    for name in ("form", "approval_id"):
        if (told := getattr(row, name)) is not None:
            view[name] = told
    if see and row.successor:
        with suppress(KeyGone):
            view["successor"] = await office.vault.unseal_json(row.successor)
    return view
