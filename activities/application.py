"""Applications: received as a fact, reviewed by a workflow, turned into a contract (Art. 4-9, 43, 44)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity

from activities.approvals import cast_vote, close_approval
from activities.billing import price_list_on
from activities.formation import with_facts_of_acceptance
from activities.letters import queue_letter
from activities.office import Office
from activities.parties import normal_name
from activities.records import (
    audit,
    close_tasks,
    day,
    enqueue_start,
    instant,
    look_again,
    next_number,
    open_approval,
    open_task,
    store_answer,
)
from models import ids
from models.messages.application import (
    AnswerClock,
    ApplicationForm,
    Finding,
    ReviewCommit,
    ReviewCommitted,
    ReviewState,
    Screened,
    ScreeningInput,
)
from models.messages.office import Event, LetterOrder, Opening
from models.tables import (
    ApplicationRow,
    ContactRow,
    ContractRow,
    TaskRow,
    VaultKeyRow,
)
from models.vault import KeyGone
from terms.application import corporate_number
from terms.citation import Article, Refused
from terms.periods import day_of
from terms.review import Filed, answer_days, find, refuse_at_the_door
from terms.timetable import reminder_at

ANSWER_TASKS = ("answer_application", "application_escalated")


async def filed(office: Office, session: AsyncSession, form: ApplicationForm, *, but: str | None = None) -> Filed:
    """Put together what the review looks at: the form, and what is known of the same corporate number."""
    number = form.applicant.corporate_number
    mine = col(ApplicationRow.application_no) != (but or "")
    open_applications = await session.scalar(
        select(func.count())
        .select_from(ApplicationRow)
        .where(col(ApplicationRow.corporate_number) == number, col(ApplicationRow.state) == "received", mine)
    )
    living = await session.scalar(
        select(func.count())
        .select_from(ContractRow)
        .where(col(ContractRow.corporate_number) == number, col(ContractRow.state).in_(("accepted", "active")))
    )
    under_16 = await session.scalar(
        select(func.count())
        .select_from(ContractRow)
        .where(col(ContractRow.corporate_number) == number)
        .where(or_(col(ContractRow.state) == "suspended", col(ContractRow.end_ground).in_(("17(1)", "17(2)", "43(2)"))))
    )
    return Filed(
        terms_version=form.terms.version,
        consented=form.terms.consented_at is not None and form.terms.consented_by is not None,
        intermediary=form.intermediary is not None,
        country=form.use_location.country,
        codes=[item.code for item in form.items],
        zones=[item.zone for item in form.items],
        known_zones=office.zones,
        cluster_term_confirmed=form.dedicated_cluster_term_confirmed is True,
        officers=len(form.officers),
        no_resale=form.no_resale,
        anti_social_representation=form.anti_social_representation,
        personal_data_consent=form.personal_data_consent,
        corporate_number_valid=corporate_number(office.terms, number=number).valid,
        under_16_elsewhere=under_16 or 0,
        open_elsewhere=(open_applications or 0) + (living or 0),
    )


async def judge(
    office: Office, session: AsyncSession, form: ApplicationForm, *, but: str | None = None
) -> list[Finding]:
    """List the findings of a form (Art. 4, 5, 9(2), 43, 44)."""
    return [
        Finding(article=found.article, severity=found.severity, detail=found.detail)
        for found in find(await filed(office, session, form, but=but))
    ]


def answer_clock(office: Office, complete_on: date) -> AnswerClock:
    """Say until when to answer an application that was complete on a day in Japan, and when to remind of it."""
    days = answer_days(office.terms, office.calendars, complete_on=complete_on)
    return AnswerClock(
        answer_by_on=days.answer_by_on,
        remind_at=reminder_at(days.remind_on),
        escalate_at=reminder_at(days.escalate_on),
    )


def is_complete(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing stands in the way of acceptance."""
    return not any(finding.severity == "blocking" for finding in findings)


async def receive(
    office: Office, form: ApplicationForm, *, actor: str, scope: str, received_at: datetime
) -> dict[str, JsonValue]:
    """Take in an application form: everything in one transaction, the review starts by the outbox.

    Raises:
        RefusedAtTheDoor: Art. 8(1), 8(2), 6.
        Refused: Art. 4: the reference was used before.
    """
    async with office.readers() as session:
        looked_at = await filed(office, session, form)
        refuse_at_the_door(office.terms, looked_at)
        prices = await price_list_on(session, day_of(received_at))
    async with office.sessions() as session, session.begin():
        await _reference_is_new(session, form.external_ref)
        number = await next_number(session, "application")
    keys = await office.vault.create(number)
    async with office.sessions() as session, session.begin():
        await _reference_is_new(session, form.external_ref)
        for key_id, key_class in keys:
            session.add(VaultKeyRow(key_id=key_id, owner=number, key_class=key_class, created_at=received_at))
        findings = await judge(office, session, form)
        clock = answer_clock(office, day_of(received_at)) if is_complete(findings) else None
        row = ApplicationRow(
            application_no=number,
            external_ref=form.external_ref,
            customer_ref=form.customer_ref or form.external_ref,
            state="received",
            received_at=received_at,
            corporate_number=form.applicant.corporate_number,
            price_list=prices.name,
            terms_version=form.terms.version,
            electronic_delivery=form.electronic_delivery_consent,
            findings=[finding.model_dump() for finding in findings],
            answer_by_on=clock.answer_by_on if clock else None,
            name=b"",
            name_hash="",
        )
        await _seal_form(office, row, form)
        session.add(row)
        await session.flush()
        await _keep_contacts(office, session, number, form, received_at)
        await _tell_of_receipt(office, session, row, findings, actor=actor, scope=scope)
        state = ReviewState(
            application_no=number,
            received_at=received_at,
            electronic_delivery=form.electronic_delivery_consent,
            findings=findings,
            **(clock.model_dump() if clock else {}),
        )
        opening = Opening(
            workflow_id=ids.application(number), type="application", payload=state.model_dump(mode="json")
        )
        await enqueue_start(session, opening, contract_no=None, as_of=received_at)
        body: dict[str, JsonValue] = {"application_no": number, "state": "received"}
        await store_answer(session, office.vault, scope, 201, body, number)
    return body


async def _reference_is_new(session: AsyncSession, external_ref: str) -> None:
    known = await session.scalar(
        select(col(ApplicationRow.application_no)).where(col(ApplicationRow.external_ref) == external_ref)
    )
    if known is not None:
        raise Refused(Article(4), "この受付番号の利用申込書は受付済みです。利用申込書1通につき利用契約は1つです。")


def as_filed(form: ApplicationForm) -> dict[str, JsonValue]:
    """Write a form as its applicant did: what was left out stays out, what was null stays null."""
    return form.model_dump(mode="json", exclude_unset=True)


async def _seal_form(office: Office, row: ApplicationRow, form: ApplicationForm) -> None:
    """Put the form into a row: the form itself erasable, the company's name statutory."""
    number = row.application_no
    row.form = await office.vault.seal_json(number, "erasable", as_filed(form))
    row.name = await office.vault.seal_text(number, "statutory", form.applicant.name)
    row.name_hash = office.vault.hash(normal_name(form.applicant.name))
    row.corporate_number = form.applicant.corporate_number
    row.electronic_delivery = form.electronic_delivery_consent


async def _keep_contacts(
    office: Office, session: AsyncSession, number: str, form: ApplicationForm, at: datetime
) -> None:
    """Write the registered contacts (Art. 42) with the address that holds for each."""
    await session.execute(
        update(ContactRow)
        .where(col(ContactRow.application_no) == number, col(ContactRow.to_at).is_(None))
        .values(to_at=at)
    )
    home = form.applicant.address
    for kind in ("contract", "billing", "technical", "emergency"):
        contact = getattr(form.contacts, kind)
        told = contact.model_dump(mode="json", exclude_none=True)
        told["address"] = (contact.postal_address or home).model_dump(mode="json")
        sealed = await office.vault.seal_json(number, "erasable", told)
        session.add(ContactRow(application_no=number, kind=kind, from_at=at, contact=sealed))
    await session.flush()


async def _tell_of_receipt(
    office: Office, session: AsyncSession, row: ApplicationRow, findings: list[Finding], *, actor: str, scope: str
) -> None:
    """Audit the receipt and write to the applicant: received, or what is missing."""
    at = row.received_at
    events = [
        Event(
            action="application_received",
            article="8(1)",
            actor=actor,
            at=at,
            summary=f"利用申込書({row.external_ref})を受け付けました。",
            basis={"findings": [f.model_dump() for f in findings], "answer_by_on": day(row.answer_by_on)},
        )
    ]
    await audit(session, f"receipt:{row.application_no}", events, application_no=row.application_no)
    for order in receipt_letters(at, findings, row.answer_by_on):
        await queue_letter(
            session, office, order, key=f"{scope}:{order.slug}", as_of=at, application_no=row.application_no
        )


def receipt_letters(at: datetime, findings: list[Finding], answer_by_on: date | None) -> list[LetterOrder]:
    """Say which letters answer a form: the receipt, and what is missing if something is (Art. 8(1))."""
    facts: dict[str, JsonValue] = {"received_at": at.isoformat()}
    missing: list[JsonValue] = [
        {"article": f.article, "detail": f.detail} for f in findings if f.severity == "blocking"
    ]
    if missing:
        return [LetterOrder(slug="application_incomplete_notice", facts={**facts, "missing": missing})]
    if answer_by_on is not None:
        facts["answer_by_on"] = answer_by_on.isoformat()
    return [LetterOrder(slug="application_received_notice", facts=facts)]


class Applications:
    """Activities of the review."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def screen_applicant(self, order: ScreeningInput) -> Screened:
        """Ask the screening about the company, its representative and officers (Art. 43(1)); names stay in here."""
        async with self._office.readers() as session:
            row = await session.get_one(ApplicationRow, order.application_no)
        if row.form is None:
            return Screened(findings=[])
        form = ApplicationForm.model_validate(await self._office.vault.unseal_json(row.form))
        names = [form.applicant.name, form.applicant.representative.name, *(o.name for o in form.officers)]
        hits = await self._office.screening.hits(names)
        if not hits:
            return Screened(findings=[])
        found = Finding(
            article="43(1)",
            severity="blocking",
            detail=f"反社会的勢力の照会で{len(hits)}件の一致があります。法務の確認が必要です。",
        )
        return Screened(findings=[found])

    @activity.defn
    async def commit_review(self, c: ReviewCommit) -> ReviewCommitted:
        """Write one step of a review with its audit rows, letters, tasks and answer: all or nothing, once."""
        office, number = self._office, c.application_no
        async with office.sessions() as session, session.begin():
            row = await session.get_one(ApplicationRow, number, with_for_update=True)
            approval_id = f"{number}-{c.version}" if c.approval else None
            if row.version >= c.version:
                return ReviewCommitted(
                    body=_answer(c, row, approval_id), contract_no=row.contract_no, approval_id=approval_id
                )
            row.version = c.version
            row.state, row.answer_by_on = c.state, c.answer_by_on
            row.findings = [finding.model_dump() for finding in c.findings]
            row.decided = c.decided or row.decided
            if c.escalated:
                row.escalated_at = c.as_of
            if c.state in {"refused", "withdrawn"}:
                row.closed_at = c.as_of
                await look_again(session, f"look:{number}", c.as_of)
            if c.decision is not None:
                row.decision = await office.vault.seal_json(number, "erasable", c.decision)
            if c.form is not None:
                form = ApplicationForm.model_validate(c.form)
                await _seal_form(office, row, form)
                await _keep_contacts(office, session, number, form, c.as_of)
            if c.reserve_contract and row.contract_no is None:
                row.contract_no = await next_number(session, "contract")
            await session.flush()
            await self._consequences(session, c, row, approval_id)
            body = _answer(c, row, approval_id)
            await store_answer(session, office.vault, c.scope, c.status, body, number)
        await office.wake()
        return ReviewCommitted(body=body, contract_no=row.contract_no, approval_id=approval_id)

    async def _consequences(
        self, session: AsyncSession, c: ReviewCommit, row: ApplicationRow, approval_id: str | None
    ) -> None:
        """Write what follows from a step: audit, letters, tasks, approval, votes."""
        office, number = self._office, c.application_no
        await audit(session, c.key, c.events, application_no=number)
        for order in c.letters:
            full = await with_facts_of_acceptance(session, office, order, row, c.as_of)
            await queue_letter(session, office, full, key=f"{c.key}:{order.slug}", as_of=c.as_of, application_no=number)
        for place, task in enumerate(c.tasks):
            await open_task(session, f"{c.key}:task:{place}", task, as_of=c.as_of, application_no=number)
        if c.approval is not None and approval_id is not None:
            await open_approval(
                session, office.vault, office.terms, c.key, approval_id, c.approval, as_of=c.as_of, owner=number,
                workflow_id=ids.application(number), application_no=number,
            )  # fmt: skip
        if c.vote is not None:
            await cast_vote(session, office, c.vote, owner=number, as_of=c.as_of)
        if c.closing is not None:
            await close_approval(session, c.closing, as_of=c.as_of)
        if c.closes_answer_tasks:
            mine = (col(TaskRow.application_no) == number, col(TaskRow.kind).in_(ANSWER_TASKS))
            await close_tasks(session, *mine, as_of=c.as_of)


def _answer(c: ReviewCommit, row: ApplicationRow, approval_id: str | None) -> dict[str, JsonValue]:
    body: dict[str, JsonValue] = {"state": c.state}
    if c.state == "accepted" and row.contract_no:
        body["contract_no"] = row.contract_no
    if approval_id:
        body["approval_id"] = approval_id
    if c.vote is not None:
        body = {"state": "approved" if c.vote.decision == "approve" else "rejected"}
    if c.closing is not None:
        body = {"state": c.closing.state}
    return body


async def view_application(office: Office, row: ApplicationRow, *, with_form: bool) -> dict[str, Any]:
    """Show an application as the API does; the form only to those who may see contact data."""
    view: dict[str, Any] = {
        "application_no": row.application_no,
        "external_ref": row.external_ref,
        "customer_ref": row.customer_ref,
        "state": row.state,
        "received_at": instant(row.received_at),
        "findings": row.findings,
    }
    if row.answer_by_on is not None and row.state == "received":
        view["answer_by_on"] = row.answer_by_on.isoformat()
    if row.escalated_at is not None:
        view["escalated_at"] = instant(row.escalated_at)
    if row.decided is not None:
        decision = await _read(office, row.decision) if with_form else {}
        view["decision"] = {"decision": row.decided, **decision}
    if row.state == "accepted":
        view["contract_no"] = row.contract_no
    if with_form and (form := await _read(office, row.form)):
        view["form"] = form
    return view


async def _read(office: Office, sealed: bytes | None) -> dict[str, Any]:
    """Open what was filed or decided; empty where there is nothing, or where it was erased."""
    if sealed is None:
        return {}
    with suppress(KeyGone):
        return cast("dict[str, Any]", await office.vault.unseal_json(sealed))
    return {}
