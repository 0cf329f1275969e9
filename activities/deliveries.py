"""What was learned of a letter's delivery: kept as evidence, with what follows from it (Art. 42(2), 17(3), 民97)."""

from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from activities.addressees import contact_of
from activities.letters import queue_letter
from activities.office import Office
from activities.records import audit, enqueue_signal, insert_once, look_again, open_task
from models.messages.notice import Delivery, LetterMoved
from models.messages.office import Event, LetterOrder, TaskOrder
from models.tables import ContactRow, DeliveryRow, NoticeRow
from terms.derivation import ja_time
from terms.letters import LETTERS


async def keep_delivery(session: AsyncSession, office: Office, row: NoticeRow, c: Delivery, *, as_of: datetime) -> None:
    """Write evidence of a delivery; a letter that came back puts the contact in doubt (Art. 42(2), A65)."""
    owner = row.application_no or "office"
    values = {
        "key": c.origin.key,
        "notice_no": row.notice_no,
        "outcome": c.outcome,
        "at": c.at,
        "proof": await office.vault.seal_text(owner, "statutory", c.proof),
        "recorded_by": c.origin.actor,
    }
    if not await insert_once(session, DeliveryRow, values):
        return
    event = Event(
        action=f"letter_{c.outcome}",
        article="42(2)",
        actor=c.origin.actor,
        at=as_of,
        summary=f"{LETTERS[row.slug].title}({row.notice_no})の配達結果を記録しました。",
        basis={"notice_no": row.notice_no, "outcome": c.outcome, "at": c.at.astimezone(UTC).isoformat()},
    )
    await audit(session, c.origin.key, [event], contract_no=row.contract_no, application_no=row.application_no)
    if c.outcome != "returned":
        return
    contact = await session.scalar(contact_of(row.application_no or "", row.contact_kind, row.dispatched_at or as_of))
    if contact is not None:
        contact.known_wrong = True
    task = _after_return(row)
    await open_task(
        session, f"{task.kind}:{row.notice_no}", task, as_of=as_of,
        contract_no=row.contract_no, application_no=row.application_no,
    )  # fmt: skip
    if row.channel == "email" and contact is not None:
        await _ask_for_contact(session, office, row, contact, as_of)


async def arrive_late(session: AsyncSession, row: NoticeRow, c: Delivery, *, as_of: datetime) -> None:
    """Write down that a letter which came back had arrived after all: delivered, or refused without cause (民97(2)).

    Its workflow has closed; who waits for the letter is told through the outbox.
    """
    row.state, row.arrived_at, row.deemed = "arrived", c.at, c.outcome == "refused"
    row.basis = "refusal" if c.outcome == "refused" else "delivery"
    event = Event(
        action="letter_arrived",
        article=row.article or "42(2)",
        actor=c.origin.actor,
        at=as_of,
        summary=f"{LETTERS[row.slug].title}({row.notice_no})は{ja_time(c.at)}に到着していました。",
        basis={"notice_no": row.notice_no, "basis": row.basis, "deemed": row.deemed},
    )
    await audit(
        session, f"arrival_late:{row.notice_no}", [event],
        contract_no=row.contract_no, application_no=row.application_no,
    )  # fmt: skip
    if row.origin is None:
        return
    moved = LetterMoved(
        notice_no=row.notice_no, slug=row.slug, state="arrived", channel=cast("Any", row.channel), at=c.at
    )
    await enqueue_signal(
        session, key=f"arrival_late:{row.notice_no}", workflow_id=row.origin, name="letter_moved",
        payload=moved.model_dump(mode="json"), as_of=as_of,
    )  # fmt: skip


def _after_return(row: NoticeRow) -> TaskOrder:
    """Say who looks after a letter that came back: a rescission has not arrived, which is for legal (17(3), A35)."""
    title = f"{LETTERS[row.slug].title}({row.notice_no})"
    if LETTERS[row.slug].actual_arrival:
        return TaskOrder(
            kind="letter_undeliverable",
            role="legal",
            detail=f"{title}が返送され、到達していません。受領拒絶にあたるか(民法第97条第2項)、"
            "再送するか、公示によるか(民法第98条)を判断してください。",
            article=row.article,
            notice_no=row.notice_no,
        )
    return TaskOrder(
        kind="contact_wrong",
        role="support",
        detail=f"{title}が不達です。連絡先を確認してください。",
        article="42(2)",
        notice_no=row.notice_no,
    )


async def _ask_for_contact(
    session: AsyncSession, office: Office, row: NoticeRow, contact_row: ContactRow, as_of: datetime
) -> None:
    """Ask by post for the right address, once for each letter that came back."""
    contact = cast("dict[str, Any]", await office.vault.unseal_json(contact_row.contact))
    await queue_letter(
        session,
        office,
        LetterOrder(
            slug="contact_check_request",
            facts={
                "contact_kind": row.contact_kind,
                "on_record": contact.get("email", ""),
                "notice_no": row.notice_no,
                "notice_title": LETTERS[row.slug].title,
            },
        ),
        key=f"contact_check:{row.notice_no}",
        as_of=as_of,
        application_no=cast("str", row.application_no),
        contract_no=row.contract_no,
    )
    await look_again(session, f"look:contact_check:{row.notice_no}", as_of)  # an answer will be missed some day
