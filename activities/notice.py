"""Letters: ordered in the transaction of their cause, sent, posted, and followed to their arrival (Art. 42)."""

import asyncio
from datetime import datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import update
from sqlmodel import col
from temporalio import activity

from activities.deliveries import keep_delivery
from activities.documents import Composed, FactsWrong, GlyphMissing, HeaderRefused, compose, to_email
from activities.gateways.mail import MailDeferred, MailRefused
from activities.heartbeat import beating
from activities.letters import (
    keep_document,
    letter_of,
    normal_arrival,
    record_awaited_until,
    view_notice,
)
from activities.office import Office
from activities.records import (
    audit,
    close_tasks,
    instant,
    look_again,
    open_task,
    store_answer,
)
from models.messages.notice import (
    Arrival,
    ArrivalRecord,
    DeliveryOrder,
    Dispatched,
    DispatchOrder,
    DispatchOutcome,
    Letter,
    PaperDispatchOrder,
    Posted,
)
from models.messages.office import Event, Reply, TaskOrder
from models.tables import NoticeRow, TaskRow
from terms.certified import NotCertifiable
from terms.citation import Article, Refused
from terms.derivation import ja_time
from terms.letters import LETTERS

UNPRINTABLE = (GlyphMissing, FactsWrong, HeaderRefused, NotCertifiable)


class Notices:
    """Activities of the notice workflow."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def dispatch_by_mail(self, order: DispatchOrder) -> DispatchOutcome:
        """Send a queued letter by e-mail and record its dispatch; a repetition sends the same bytes.

        The moment printed on the letter is stored before it goes out. After a failure that is certain the letter
        is stamped anew; after one that is not, the same letter with the same Message-ID goes out again.
        """
        office = self._office
        async with office.readers() as session:
            row = await session.get_one(NoticeRow, order.notice_no)
        if row.state in {"dispatched", "arrived"}:
            return DispatchOutcome(state="dispatched", dispatched=await self._told(row))
        if row.state != "queued":
            return DispatchOutcome(state="withdrawn")
        async with beating():
            return await self._send(row, order)

    async def _send(self, row: NoticeRow, order: DispatchOrder) -> DispatchOutcome:
        """Render, send and record."""
        office = self._office
        try:
            message, recipient = await self._prepare(row)
        except UNPRINTABLE as trouble:
            await self._trouble(row, *_words_of(trouble), order)
            return DispatchOutcome(state="refused")
        try:
            proof = await office.mailer.send(message, recipient)
        except MailDeferred as deferred:
            if not deferred.perhaps_taken:
                await self._unstamp(row)
            raise
        except MailRefused:
            await self._trouble(
                row, "mail_refused", "メールサーバーが配信を拒否しました。連絡先を確認してください。", order
            )
            return DispatchOutcome(state="refused")
        dispatched = await self.record_dispatch(
            row.notice_no,
            key=f"dispatch:{row.notice_no}",
            actor="system",
            method="email",
            proof={"reply": proof.reply, "accepted_at": (await office.clock.now()).isoformat()},
            dispatched_at=None,
        )
        return DispatchOutcome(state="dispatched", dispatched=dispatched)

    @activity.defn
    async def record_posting(self, order: PaperDispatchOrder) -> Posted:
        """Write down that staff posted a letter, and close the task; the first record stays."""
        office, c = self._office, order.command
        key = c.origin.key
        dispatched = await self.record_dispatch(
            order.notice_no,
            key=key,
            actor=c.origin.actor,
            method=c.method,
            proof={"method": c.method, "tracking_no": c.tracking_no, "recorded_at": order.as_of.isoformat()},
            dispatched_at=c.dispatched_at,
            tracking_no=c.tracking_no,
        )
        async with office.sessions() as session, session.begin():
            row = await session.get_one(NoticeRow, order.notice_no)
            body = view_notice(row)
            task = col(TaskRow.key) == f"post:{order.notice_no}"
            await close_tasks(session, task, as_of=order.as_of, by=c.origin.actor)
            await look_again(session, f"look:{order.notice_no}", order.as_of)
            await store_answer(session, office.vault, c.origin.scope, 200, body, row.application_no or "office")
        await office.wake()
        return Posted(reply=Reply(status=200, body=body), dispatched=dispatched)

    @activity.defn
    async def record_delivery(self, order: DeliveryOrder) -> Reply:
        """Keep what was learned of a letter's delivery as evidence, with the task or letter that follows."""
        office, c = self._office, order.delivery
        async with office.sessions() as session, session.begin():
            row = await session.get_one(NoticeRow, order.notice_no, with_for_update=True)
            await keep_delivery(session, office, row, c, as_of=order.as_of)
            body = view_notice(row)
            if c.outcome != "returned" and row.state == "dispatched":
                body |= {"state": "arrived", "arrived_at": instant(c.at)}
            elif row.channel == "certified" and row.state == "dispatched":
                body |= {"state": "undeliverable"}
            await store_answer(session, office.vault, c.origin.scope, 200, body, row.application_no or "office")
        await office.wake()
        return Reply(status=200, body=body)

    async def record_dispatch(
        self,
        notice_no: str,
        *,
        key: str,
        actor: str,
        method: str,
        proof: dict[str, JsonValue],
        dispatched_at: datetime | None,
        tracking_no: str | None = None,
    ) -> Dispatched:
        """Write down that a letter went out (once) and when it will count as arrived (Art. 42(2)).

        Raises:
            Refused: 42(1): it was taken back meanwhile.
        """
        office = self._office
        async with office.sessions() as session, session.begin():
            row = await session.get_one(NoticeRow, notice_no, with_for_update=True)
            if row.state == "withdrawn" and method != "email":  # a mail that the server has taken is out
                raise Refused(Article(42, 1), "この書面は発信前に取り下げられています。")
            if row.state in {"queued", "withdrawn"}:
                row.state = "dispatched"
                row.method = method
                row.dispatched_at = dispatched_at or row.stamped_at
                row.tracking_no = tracking_no
                row.proof = await office.vault.seal_json(row.application_no or "office", "statutory", proof)
                event = Event(
                    action="letter_dispatched",
                    article=row.article or "42(1)",
                    actor=actor,
                    at=cast("datetime", row.dispatched_at),
                    summary=f"{LETTERS[row.slug].title}({row.notice_no})を発信しました。",
                    basis={"notice_no": row.notice_no, "slug": row.slug, "channel": row.channel, "method": method,
                           "sha256": row.sha256},
                )  # fmt: skip
                await audit(session, key, [event], contract_no=row.contract_no, application_no=row.application_no)
        return await self._told(row)

    @activity.defn
    async def record_arrival(self, record: ArrivalRecord) -> Arrival | None:
        """Write down when a letter arrived or counts as arrived, with the basis; the first record stays.

        Returns it, if it is another one.
        """
        office = self._office
        async with office.sessions() as session, session.begin():
            row = await session.get_one(NoticeRow, record.notice_no, with_for_update=True)
            if row.state != "dispatched":
                return Arrival(arrived_at=row.arrived_at, deemed=bool(row.deemed), basis=row.basis or "no_arrival")
            arrival = record.arrival
            row.state = "arrived" if arrival.arrived_at else "undeliverable"
            row.arrived_at, row.deemed, row.basis = arrival.arrived_at, arrival.deemed, arrival.basis
            words = f"{ja_time(arrival.arrived_at)}に到着しました" if arrival.arrived_at else "到達しませんでした"
            event = Event(
                action="letter_arrived" if arrival.arrived_at else "letter_undeliverable",
                article="42(2)" if arrival.deemed else (row.article or "42(2)"),
                actor="system",
                at=record.as_of,
                summary=f"{LETTERS[row.slug].title}({row.notice_no})は{words}。",
                basis={"notice_no": row.notice_no, "basis": arrival.basis, "deemed": arrival.deemed},
            )
            await audit(
                session, f"arrival:{row.notice_no}", [event],
                contract_no=row.contract_no, application_no=row.application_no,
            )  # fmt: skip
        return None

    @activity.defn
    async def prepare_paper(self, order: DispatchOrder) -> DispatchOutcome:
        """Render a letter that is to be posted and keep the document, as it will be printed and enclosed."""
        async with self._office.readers() as session:
            row = await session.get_one(NoticeRow, order.notice_no)
        if row.state == "queued" and row.sha256 is None:
            try:
                async with beating():
                    await self._render(row)
            except UNPRINTABLE as trouble:
                await self._trouble(row, *_words_of(trouble), order)
                return DispatchOutcome(state="refused")
        return DispatchOutcome(state="withdrawn" if row.state == "withdrawn" else "dispatched")

    async def _prepare(self, row: NoticeRow) -> tuple[Any, str]:
        """Make the e-mail of a letter; returns it with its recipient."""
        composed, letter, message_id = await self._render(row)
        message = await asyncio.to_thread(to_email, composed, letter, self._office.mail_from, message_id)
        return message, cast("str", letter.addressee.email)

    async def _render(self, row: NoticeRow) -> tuple[Composed, Letter, str]:
        """Stamp the letter, render it and keep the document."""
        office = self._office
        if row.stamped_at is None:
            now = await office.clock.now()
            async with office.sessions() as session, session.begin():
                await session.execute(
                    update(NoticeRow)
                    .where(col(NoticeRow.notice_no) == row.notice_no, col(NoticeRow.stamped_at).is_(None))
                    .values(stamped_at=now, message_id=f"<{row.notice_no}@{_domain(office.mail_from)}>")
                )
            async with office.readers() as session:
                row = await session.get_one(NoticeRow, row.notice_no)
        letter = await letter_of(office, row)
        composed = await asyncio.to_thread(compose, letter, office.sender, cert_layout=office.terms.cert_layout)
        await keep_document(office, row, composed)
        return composed, letter, cast("str", row.message_id)

    async def _unstamp(self, row: NoticeRow) -> None:
        """Forget the printed moment: the letter has certainly not gone out."""
        async with self._office.sessions() as session, session.begin():
            await session.execute(
                update(NoticeRow)
                .where(col(NoticeRow.notice_no) == row.notice_no, col(NoticeRow.state) == "queued")
                .values(stamped_at=None)
            )

    async def _trouble(self, row: NoticeRow, kind: str, detail: str, order: DispatchOrder) -> None:
        """Open a task for a letter that cannot go out; it stays queued."""
        async with self._office.sessions() as session, session.begin():
            task = TaskOrder(kind=kind, role="support", detail=detail, article="42(1)", notice_no=row.notice_no)
            await open_task(
                session, f"{kind}:{row.notice_no}", task, as_of=order.as_of,
                contract_no=row.contract_no, application_no=row.application_no,
            )  # fmt: skip

    async def _told(self, row: NoticeRow) -> Dispatched:
        at = cast("datetime", row.dispatched_at)
        return Dispatched(
            notice_no=row.notice_no,
            dispatched_at=at,
            arrival=await normal_arrival(self._office, row, at),
            record_until=record_awaited_until(self._office, row, at),
        )


def _domain(mail_from: str) -> str:
    return mail_from.rpartition("@")[2].rstrip("> ") or "yakkan.example"


def _words_of(trouble: Exception) -> tuple[str, str]:
    """Say as which task, and in which words, a letter is reported that can't be made."""
    match trouble:
        case GlyphMissing():
            return "glyph_missing", "印字できない文字があります。外字を置き換えてください。"
        case NotCertifiable():
            return "not_certifiable", "内容証明に使用できない文字があります。文言を改めてください。"
        case HeaderRefused():
            return "contact_unusable", "メールの宛先が使用できません。連絡先を確認してください。"
        case _:
            return "letter_incomplete", "書面の記載事項が不足しています。管理者に連絡してください。"
