"""Letters sent in bulk from their rows: rendered in threads, mailed over a few connections, no workflow each (Art. 42).

The moment printed on a letter and its Message-ID are stored before it goes out, so that one repeated after a crash is
the same mail. What is put off is tried again; what can't be sent becomes a task and stays queued.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from pydantic import ValidationError
from sqlalchemy import exists, insert, select, update
from sqlmodel import col
from temporalio import activity

from activities.documents import GlyphMissing, HeaderRefused, to_email
from activities.gateways.mail import MailDeferred, MailRefused
from activities.heartbeat import beating
from activities.invoice_facts import papers_of
from activities.invoices import ComposedInvoice, compose_invoice
from activities.letters import WRITTEN_ON_PAPER
from activities.office import Office
from activities.records import audit_many, open_task
from models.messages.billing import InvoiceFacts, MailingStep
from models.messages.notice import Letter
from models.messages.office import Event, TaskOrder
from models.tables import DocumentRow, NoticeRow, TaskRow
from terms.letters import LETTERS

CHUNK = 64
AT_ONCE = 12  # mails in the making: more than the mailer has connections
TROUBLES = ("mail_refused", "glyph_missing", "contact_unusable", "letter_incomplete")
WORDS = {
    "mail_refused": "メールサーバーが配信を拒否しました。連絡先を確認してください。",
    "glyph_missing": "印字できない文字があります。外字を置き換えてください。",
    "contact_unusable": "メールの宛先が使用できません。連絡先を確認してください。",
    "letter_incomplete": "書面の記載事項が不足しています。管理者に連絡してください。",
}

Paper = tuple[NoticeRow, Letter, ComposedInvoice]
Trouble = tuple[NoticeRow, str]


class Mailings:
    """Activities of the bulk mailing."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def send_letters(self, s: MailingStep) -> int:
        """Send or print the queued letters of a batch; returns how many.

        Raises:
            MailDeferred: the mail server did not take some of them for now.
        """
        counts: list[tuple[int, int]] = []
        sending: asyncio.Task[None] | None = None

        async def send(good: list[Paper], troubles: list[Trouble]) -> None:
            counts.append(await self._send_chunk(good, troubles, s.as_of))

        async with beating():
            after = ""
            try:
                while rows := await self._next(s.batch, after):
                    after = rows[-1].notice_no
                    made = await self._prepare(rows)  # while those before are on their way
                    if sending is not None:
                        await sending
                    sending = asyncio.create_task(send(*made))
            finally:
                if sending is not None:
                    await asyncio.wait({sending})
            if sending is not None:
                await sending
        deferred = sum(put_off for _, put_off in counts)
        if deferred:
            reason = f"{deferred} letters were put off"
            raise MailDeferred(reason)
        return sum(sent for sent, _ in counts)

    async def _next(self, batch: str, after: str) -> Sequence[NoticeRow]:
        """Find the next letters that wait and about which nobody has been asked."""
        trouble = exists().where(col(TaskRow.notice_no) == col(NoticeRow.notice_no), col(TaskRow.kind).in_(TROUBLES))
        waits = (col(NoticeRow.channel) == "email") | col(NoticeRow.sha256).is_(None)
        async with self._office.readers() as session:
            found = await session.execute(
                select(NoticeRow)
                .where(col(NoticeRow.batch) == batch, col(NoticeRow.state) == "queued", waits, ~trouble)
                .where(col(NoticeRow.notice_no) > after)
                .order_by(col(NoticeRow.notice_no))
                .limit(CHUNK)
            )
            return found.scalars().all()

    async def _prepare(self, rows: Sequence[NoticeRow]) -> tuple[list[Paper], list[Trouble]]:
        """Stamp, render, keep; gives what is ready to go out, and what is not."""
        office = self._office
        await self._stamp(rows)
        await office.vault.preload_owners(cast("str", row.application_no) for row in rows)
        papers = await papers_of(office, rows)
        made = await asyncio.gather(*(self._compose(*paper) for paper in papers))
        troubles: list[Trouble] = [
            (row, each) for (row, _, _), each in zip(papers, made, strict=True) if isinstance(each, str)
        ]
        good: list[Paper] = [
            (row, letter, each)
            for (row, letter, _), each in zip(papers, made, strict=True)
            if not isinstance(each, str)
        ]
        await self._keep(good)
        return good, troubles

    async def _send_chunk(self, good: list[Paper], troubles: list[Trouble], as_of: datetime) -> tuple[int, int]:
        """Send and record; returns how many were sent or printed, and how many put off."""
        by_mail = [each for each in good if each[0].channel == "email"]
        free = asyncio.Semaphore(AT_ONCE)
        outcomes = await asyncio.gather(*(self._send(free, *each) for each in by_mail))
        sent = [(each[0], reply) for each, (state, reply) in zip(by_mail, outcomes, strict=True) if state == "sent"]
        put_off = sum(state == "deferred" for state, _ in outcomes)
        troubles += [(e[0], state) for e, (state, _) in zip(by_mail, outcomes, strict=True) if state in TROUBLES]
        on_paper = [each[0] for each in good if each[0].channel in WRITTEN_ON_PAPER]
        await self._record(sent, on_paper, troubles, as_of)
        return len(sent) + len(on_paper), put_off

    async def _stamp(self, rows: Sequence[NoticeRow]) -> None:
        """Store the moment that the letters print, and the names of the mails."""
        now = await self._office.clock.now()
        domain = self._office.mail_from.rpartition("@")[2].rstrip("> ") or "yakkan.example"
        fresh = [row for row in rows if row.stamped_at is None]
        for row in fresh:
            row.stamped_at, row.message_id = now, f"<{row.notice_no}@{domain}>"
        if fresh:
            async with self._office.sessions() as session, session.begin():
                await session.execute(
                    update(NoticeRow),
                    [{"notice_no": r.notice_no, "stamped_at": now, "message_id": r.message_id} for r in fresh],
                )

    async def _compose(self, row: NoticeRow, letter: Letter, facts: InvoiceFacts) -> ComposedInvoice | str:
        """Render a letter; gives the kind of trouble where it can't be."""
        del row
        try:
            return await asyncio.to_thread(compose_invoice, facts, letter, self._office.sender)
        except GlyphMissing:
            return "glyph_missing"

    async def _keep(self, papers: Sequence[Paper]) -> None:
        """Keep the documents, sealed, and their hashes; a letter that never went out is kept once more."""
        vault, rows, now = self._office.vault, [], await self._office.clock.now()
        for row, _, made in papers:
            owner = cast("str", row.application_no)
            parts = [("letter", made.sha256, made.pdf)]
            if made.statement_pdf is not None:
                parts.append(("statement", hashlib.sha256(made.statement_pdf).hexdigest(), made.statement_pdf))
            for kind, sha256, pdf in parts:
                rows.append(
                    {
                        "document_id": f"{row.notice_no}/{sha256[:16]}",
                        "notice_no": row.notice_no,
                        "owner": owner,
                        "kind": kind,
                        "media_type": "application/pdf",
                        "sha256": sha256,
                        "content": await vault.seal(owner, "statutory", pdf),
                        "created_at": now,
                    }
                )
        async with self._office.sessions() as session, session.begin():
            ids_ = [each["document_id"] for each in rows]
            there = await session.execute(
                select(col(DocumentRow.document_id)).where(col(DocumentRow.document_id).in_(ids_))
            )
            known = {*there.scalars()}
            new = [each for each in rows if each["document_id"] not in known]
            if new:
                await session.execute(insert(DocumentRow), new)
            if papers:
                await session.execute(
                    update(NoticeRow), [{"notice_no": row.notice_no, "sha256": made.sha256} for row, _, made in papers]
                )

    async def _send(
        self, free: asyncio.Semaphore, row: NoticeRow, letter: Letter, made: ComposedInvoice
    ) -> tuple[str, str]:
        """Mail one letter; gives what became of it and the server's reply."""
        office = self._office
        try:
            async with free:  # a few are written while a few are on the wire
                mail = to_email(made, letter, office.mail_from, cast("str", row.message_id), enclosed=made.enclosed)
                proof = await office.mailer.send(mail, letter.addressee.email or "")
        except (HeaderRefused, ValidationError):
            return "contact_unusable", ""
        except MailDeferred:
            return "deferred", ""
        except MailRefused:
            return "mail_refused", ""
        return "sent", proof.reply

    async def _record(
        self,
        sent: Sequence[tuple[NoticeRow, str]],
        on_paper: Sequence[NoticeRow],
        troubles: Sequence[tuple[NoticeRow, str]],
        as_of: datetime,
    ) -> None:
        """Write down what went out and arrived by it (42(2)), what is to be posted, and what people must look at."""
        office = self._office
        now = await office.clock.now()
        proofs = {
            row.notice_no: await office.vault.seal_json(
                cast("str", row.application_no), "statutory", {"reply": reply, "accepted_at": now.isoformat()}
            )
            for row, reply in sent
        }
        async with office.sessions() as session, session.begin():
            fresh = await self._still_queued(session, [row.notice_no for row, _ in sent])
            done = [row for row, _ in sent if row.notice_no in fresh]
            if done:
                await session.execute(
                    update(NoticeRow),
                    [
                        {
                            "notice_no": row.notice_no, "state": "arrived", "dispatched_at": row.stamped_at,
                            "arrived_at": row.stamped_at, "deemed": True, "basis": "dispatch", "method": "email",
                            "proof": proofs[row.notice_no],
                        }
                        for row in done
                    ],
                )  # fmt: skip
                await self._audit(session, done)
            for row in on_paper:
                task = TaskOrder(
                    kind="post_letter", role="support", article=row.article, notice_no=row.notice_no,
                    detail=f"{LETTERS[row.slug].title}({row.notice_no})を発送し、発送を記録してください。",
                )  # fmt: skip
                await self._task(session, f"post:{row.notice_no}", row, task, as_of)
            for row, kind in troubles:
                task = TaskOrder(
                    kind=kind, role="support", article="42(1)", notice_no=row.notice_no, detail=WORDS[kind]
                )
                await self._task(session, f"{kind}:{row.notice_no}", row, task, as_of)

    async def _still_queued(self, session: Any, numbers: Sequence[str]) -> set[str]:  # noqa: ANN401 (a session)
        found = await session.execute(
            select(col(NoticeRow.notice_no))
            .where(col(NoticeRow.notice_no).in_(numbers), col(NoticeRow.state) == "queued")
            .with_for_update()
        )
        return {*found.scalars()}

    async def _audit(self, session: Any, rows: Sequence[NoticeRow]) -> None:  # noqa: ANN401 (a session)
        events = []
        for row in rows:
            event = Event(
                action="letter_dispatched",
                article=row.article or "42(1)",
                actor="system",
                at=cast("datetime", row.stamped_at),
                summary=f"{LETTERS[row.slug].title}({row.notice_no})を発信しました。",
                basis={"notice_no": row.notice_no, "slug": row.slug, "channel": row.channel, "method": "email",
                       "invoice_no": row.invoice_no},
            )  # fmt: skip
            events.append(
                (f"dispatch:{row.notice_no}", cast("str", row.contract_no), cast("str", row.application_no), event)
            )
        await audit_many(session, events)

    async def _task(self, session: Any, key: str, row: NoticeRow, task: TaskOrder, as_of: datetime) -> None:  # noqa: ANN401
        await open_task(session, key, task, as_of=as_of, contract_no=row.contract_no, application_no=row.application_no)
