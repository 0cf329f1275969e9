"""Letters: ordered in the transaction of their cause, put together, rendered, kept and shown (Art. 42)."""

from datetime import UTC, date, datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.addressees import addressee, contact_of
from activities.documents import STATED, Composed
from activities.erasure_record import CHANNEL, print_record
from activities.issuing import queue_invoice_letter
from activities.office import Office
from activities.records import (
    audit,
    close_tasks,
    enqueue_signal,
    enqueue_start,
    insert_once,
    instant,
    next_number,
    open_task,
)
from activities.virtual_account import pay_into
from models import ids
from models.messages.notice import (
    Arrival,
    Channel,
    Letter,
    NoticeInput,
    Reissue,
)
from models.messages.office import Event, LetterOrder, Opening, TaskOrder
from models.tables import ApplicationRow, BankAccountRow, ContractRow, DocumentRow, NoticeRow, TaskRow
from terms.letters import LETTERS, channel_of, copy_of
from terms.letters import Channel as PostedOrSent
from terms.notice import deemed_arrival
from terms.periods import ONE_DAY, at, day_of

WRITTEN_ON_PAPER = frozenset({"post", "registered", "certified"})
HOW_TO_POST = {
    "certified": "を3通印刷して契印を押し、謄本を確認のうえ、内容証明(一般書留・配達証明付き)で単独の封書として差し出し"
}
"""What else there is to do with a letter than to post it: nothing may be enclosed with certified content."""


async def queue_letter(
    session: AsyncSession,
    office: Office,
    order: LetterOrder,
    *,
    key: str,
    as_of: datetime,
    application_no: str,
    contract_no: str | None = None,
) -> str:
    """Order a letter inside the caller's transaction: its row, its audit event, the start of its workflow.

    Returns its number; the same key gives the same letter.
    """
    found = await session.scalar(select(col(NoticeRow.notice_no)).where(col(NoticeRow.key) == key))
    if found is not None:
        return found
    application = await session.get_one(ApplicationRow, application_no)
    channel = channel_of(order.slug, electronic_delivery=application.electronic_delivery)
    n = await _times(session, contract_no or application_no, order.slug) + 1
    number = await _queue(
        session, office, order, application, channel, n, key=key, as_of=as_of, contract_no=contract_no
    )
    copied = copy_of(order.slug, channel)
    if copied is not None:
        again = order.model_copy(update={"origin": None})  # who waits hears of the letter, not of its copy
        await _queue(
            session, office, again, application, copied, n,
            key=f"{key}:{copied}", as_of=as_of, contract_no=contract_no, same_as=number,
        )  # fmt: skip
    return number


async def _times(session: AsyncSession, about: str, slug: str) -> int:
    """Count the letters of a kind so far."""
    letters = select(func.count()).where(col(NoticeRow.workflow_id).like(f"notice/{about}/{slug}/%"))
    return await session.scalar(letters) or 0


async def _queue(  # noqa: PLR0913 (the columns of one row)
    session: AsyncSession,
    office: Office,
    order: LetterOrder,
    application: ApplicationRow,
    channel: PostedOrSent,
    n: int,
    *,
    key: str,
    as_of: datetime,
    contract_no: str | None,
    same_as: str | None = None,
) -> str:
    """Order one letter by one channel; what is posted becomes a task."""
    kind = LETTERS[order.slug]
    application_no = application.application_no
    number = await next_number(session, "notice")
    workflow_id = ids.notice(contract_no or application_no, order.slug, n, channel)
    article = str(order.facts.get("article") or order.facts.get("ground") or kind.article)
    session.add(
        NoticeRow(
            notice_no=number,
            key=key,
            workflow_id=workflow_id,
            origin=order.origin,
            slug=order.slug,
            article=article,
            contract_no=contract_no,
            application_no=application_no,
            channel=channel,
            form=kind.form,
            contact_kind=order.contact or kind.contact,
            terms_version=application.terms_version,
            queued_at=as_of,
            replaces=order.replaces,
            same_as=same_as,
            facts=await office.vault.seal_json(application_no, "statutory", cast("JsonValue", dict(order.facts))),
        )
    )
    await session.flush()
    payload = NoticeInput(notice_no=number, channel=channel, origin=order.origin).model_dump(mode="json")
    opening = Opening(workflow_id=workflow_id, type="notice", payload={**payload})
    await enqueue_start(session, opening, contract_no=contract_no, as_of=as_of)
    if channel in WRITTEN_ON_PAPER:
        task = TaskOrder(
            kind="post_letter",
            role="support",
            detail=f"{kind.title}({number}){HOW_TO_POST.get(channel, 'を発送し')}、発送を記録してください。",
            article=article,
            notice_no=number,
        )
        await open_task(
            session, f"post:{number}", task, as_of=as_of, contract_no=contract_no, application_no=application_no
        )
    return number


async def letter_of(office: Office, row: NoticeRow) -> Letter:
    """Put a letter together from its row, the contact on record and the facts it was ordered with."""
    async with office.readers() as session:
        application = await session.get_one(ApplicationRow, cast("str", row.application_no))
        stamped_at = cast("datetime", row.stamped_at)
        to = await addressee(session, office, row, stamped_at)
        account = await session.scalar(select(BankAccountRow).order_by(col(BankAccountRow.recorded_at)).limit(1))
    facts = cast("dict[str, JsonValue]", await office.vault.unseal_json(row.facts))
    if row.slug == "acceptance_notice":
        facts |= await _moment_of_formation(office, row, stamped_at)
    into = pay_into(account, row.contract_no) if row.contract_no else None
    if into is not None and "account" in STATED[row.slug].model_fields and "owed" in facts:
        facts = {"account": into.model_dump(mode="json"), **facts}
    return Letter(
        notice_no=row.notice_no,
        slug=row.slug,
        article=row.article,
        channel=cast("Channel", row.channel),
        issued_at=stamped_at,
        addressee=to,
        contract_no=row.contract_no or application.contract_no,
        application_no=row.application_no,
        terms_version=row.terms_version,
        replaces=row.replaces,
        facts=facts,
    )


async def _moment_of_formation(office: Office, row: NoticeRow, stamped_at: datetime) -> dict[str, JsonValue]:
    """The contract is formed with the dispatch of the e-mail, on paper with the arrival (A39)."""
    if row.channel == "email":
        return {"formed_at": stamped_at.isoformat()}
    arrival = await normal_arrival(office, row, stamped_at)
    return {"arrives_on": day_of(cast("datetime", arrival.arrived_at)).isoformat()}


async def normal_arrival(office: Office, row: NoticeRow, dispatched_at: datetime) -> Arrival:
    """Compute when a letter arrives without further evidence (Art. 42(2), A65)."""
    channel = "email" if row.method in {"email", "e-signature"} else row.channel
    known_wrong = await _contact_wrong(office, row, dispatched_at)
    answer = deemed_arrival(
        office.terms,
        office.calendars,
        channel=cast("Any", channel if channel != "certified" else "registered"),
        dispatched_at=dispatched_at.replace(microsecond=0),
        contact_correct=not known_wrong,
        requires_actual_arrival=LETTERS[row.slug].actual_arrival,
    )
    at_once = answer.arrived_at is not None and answer.arrived_at <= dispatched_at  # seconds are whole in the rule
    return Arrival(arrived_at=dispatched_at if at_once else answer.arrived_at, deemed=answer.deemed, basis=answer.basis)


def expected_on(office: Office, channel: PostedOrSent, as_of: datetime) -> date:
    """Say on which day a letter that goes out now normally arrives; what depends on it is printed for this day."""
    answer = deemed_arrival(
        office.terms,
        office.calendars,
        channel="registered" if channel == "certified" else channel,
        dispatched_at=as_of.replace(microsecond=0),
        contact_correct=True,
        requires_actual_arrival=False,
    )
    return day_of(cast("datetime", answer.arrived_at))


def record_awaited_until(office: Office, row: NoticeRow, dispatched_at: datetime) -> datetime | None:
    """Say until when a delivery record is awaited before a letter of certified content counts by the normal time.

    It comes with a card of its delivery (配達証明), so the record is nearly always there by then.
    """
    if row.channel != "certified" or LETTERS[row.slug].actual_arrival:
        return None
    return at(day_of(dispatched_at) + office.terms.registered_task_days * ONE_DAY)


async def _contact_wrong(office: Office, row: NoticeRow, dispatched_at: datetime) -> bool:
    async with office.readers() as session:
        contact = await session.scalar(contact_of(row.application_no or "", row.contact_kind, dispatched_at))
        return bool(contact and contact.known_wrong)


async def keep_document(office: Office, row: NoticeRow, composed: Composed) -> None:
    """Keep the rendered letter, sealed, and its hash; a letter stamped anew replaces one that never went out."""
    owner = row.application_no or "office"
    values: dict[str, Any] = {
        "document_id": f"{row.notice_no}/{composed.sha256[:16]}",
        "notice_no": row.notice_no,
        "owner": owner,
        "media_type": "application/pdf",
        "sha256": composed.sha256,
        "content": await office.vault.seal(owner, "statutory", composed.pdf),
        "created_at": datetime.now(UTC),
    }
    async with office.sessions() as session, session.begin():
        await insert_once(session, DocumentRow, values)
        await session.execute(
            update(NoticeRow).where(col(NoticeRow.notice_no) == row.notice_no).values(sha256=composed.sha256)
        )


async def withdraw(session: AsyncSession, notice_no: str, *, key: str, actor: str, as_of: datetime) -> bool:
    """Take a letter back that has not gone out, its copy too; its workflow hears of it after the commit.

    Tells whether it was still there to be taken back: what was dispatched is dispatched.
    """
    which = (col(NoticeRow.notice_no) == notice_no) | (col(NoticeRow.same_as) == notice_no)
    query = select(NoticeRow).where(which, col(NoticeRow.state) == "queued").with_for_update()
    rows = (await session.execute(query)).scalars().all()
    for row in rows:
        row.state = "withdrawn"
        await close_tasks(session, col(TaskRow.notice_no) == row.notice_no, as_of=as_of, by=actor)
        event = Event(
            action="letter_withdrawn",
            article=row.article or "42(1)",
            actor=actor,
            at=as_of,
            summary=f"{LETTERS[row.slug].title}({row.notice_no})を発信前に取り下げました。",
            basis={"notice_no": row.notice_no},
        )
        await audit(
            session, f"{key}:{row.notice_no}", [event], contract_no=row.contract_no, application_no=row.application_no
        )
        await enqueue_signal(
            session, key=f"withdrawn:{row.notice_no}", workflow_id=row.workflow_id, name="taken_back", payload=None,
            as_of=as_of,
        )  # fmt: skip
    return any(row.notice_no == notice_no for row in rows)


async def reissue(session: AsyncSession, office: Office, row: NoticeRow, c: Reissue, *, as_of: datetime) -> NoticeRow:
    """Write a letter anew under a new number that names the old one; the old one is withdrawn if still queued."""
    if row.state == "queued":
        row.state = "withdrawn"
        await close_tasks(session, col(TaskRow.notice_no) == row.notice_no, as_of=as_of, by=c.origin.actor)
    key = c.origin.key
    number = await _queue_again(session, office, row, key, as_of)
    event = Event(
        action="letter_reissued",
        article=row.article or "42(1)",
        actor=c.origin.actor,
        at=as_of,
        summary=f"{LETTERS[row.slug].title}({row.notice_no})を{number}として再発行しました。",
        basis={"notice_no": number, "replaces": row.notice_no},
    )
    await audit(session, key, [event], contract_no=row.contract_no, application_no=row.application_no)
    new = await session.get_one(NoticeRow, number)
    new.proof = await office.vault.seal_json(
        cast("str", row.application_no), "statutory", {"reissue_reason": c.reason, "replaces": row.notice_no}
    )
    return new


async def _queue_again(session: AsyncSession, office: Office, row: NoticeRow, key: str, as_of: datetime) -> str:
    """Queue a letter with the same facts once more, or an invoice's from the same invoice."""
    if row.invoice_no is not None:
        contract = await session.get_one(ContractRow, cast("str", row.contract_no))
        again = await queue_invoice_letter(
            session, contract, row.invoice_no, row.slug, as_of=as_of, key=key, replaces=row.notice_no
        )
        return again.notice_no
    facts = cast("dict[str, JsonValue]", await office.vault.unseal_json(row.facts))
    order = LetterOrder(slug=row.slug, facts=facts, origin=row.origin, replaces=row.notice_no, contact=row.contact_kind)
    if row.same_as is not None:
        application = await session.get_one(ApplicationRow, row.application_no)
        n = await _times(session, row.contract_no or application.application_no, row.slug) + 1
        return await _queue(
            session, office, order, application, cast("PostedOrSent", row.channel), n,
            key=key, as_of=as_of, contract_no=row.contract_no, same_as=row.same_as,
        )  # fmt: skip
    return await queue_letter(
        session, office, order, key=key, as_of=as_of,
        application_no=cast("str", row.application_no), contract_no=row.contract_no,
    )  # fmt: skip


def view_notice(row: NoticeRow) -> dict[str, JsonValue]:
    """Show a letter as the API does; what does not apply is absent."""
    view: dict[str, JsonValue] = {
        "notice_no": row.notice_no,
        "slug": row.slug,
        "channel": row.channel,
        "state": row.state,
    }
    for name in (
        "article", "contract_no", "application_no", "dispatched_at", "arrived_at", "deemed", "basis", "message_id",
        "replaces", "same_as", "sha256", "invoice_no",
    ):  # fmt: skip
        value = getattr(row, name)
        if value is not None:
            view[name] = instant(value) if isinstance(value, datetime) else value
    return view


async def print_letter(office: Office, row: NoticeRow) -> bytes | None:
    """Give the PDF of a letter as it went out or waits to be posted, or of a record; nothing before it was rendered."""
    if row.channel == CHANNEL:
        return await print_record(office, row)
    async with office.readers() as session:
        content = await session.scalar(
            select(col(DocumentRow.content)).where(
                col(DocumentRow.notice_no) == row.notice_no, col(DocumentRow.sha256) == row.sha256
            )
        )
    return None if content is None else await office.vault.unseal(content)
