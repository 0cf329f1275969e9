"""Changes of name, seat and contacts (変更届): taken in writing, dated, with proof on demand (Art. 13, 42(2), A23)."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import cast

from pydantic import JsonValue
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.letters import queue_letter
from activities.office import Office
from activities.parties import KINDS, Cause, Json, change_contacts, change_party
from activities.records import audit, close_tasks, day, insert_once, instant, look_again, open_task
from models.messages.office import Event, LetterOrder, TaskOrder
from models.messages.succession import PartyChanges
from models.tables import ContractRow, IncomingLetterRow, NameChangeRow, NoticeRow, TaskRow
from models.vault import KeyGone
from terms.lifecycle import ALLOWED, Phase, must_allow
from terms.periods import ONE_DAY, at, day_of
from terms.succession import proof_by

FORM = "registration_change_form"


async def take_change(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    changes: PartyChanges,
    *,
    form: str,
    arrived_at: datetime,
    effective_on: date,
    by: tuple[str, str, datetime],
) -> NameChangeRow:
    """Take in a change in writing: the party from its day on, contacts from then or now on; the contract is locked.

    `by` is the key of the command, who gave it, and when.

    Raises:
        Refused: 13(1): the contract is closed.
    """
    key, actor, as_of = by
    must_allow(cast("Phase", contract.state), "change_party")
    number = contract.contract_no
    last = await session.scalar(select(func.max(col(NameChangeRow.n))).where(col(NameChangeRow.contract_no) == number))
    row = NameChangeRow(
        contract_no=number,
        n=(last or 0) + 1,
        form=form,
        arrived_at=arrived_at,
        effective_on=effective_on,
        recorded_at=as_of,
        changed=_changed(changes),
        changes=await office.vault.seal_json(number, "erasable", changes.model_dump(mode="json", exclude_none=True)),
    )
    session.add(row)
    await session.flush()
    letter = {
        "key": f"{number}/name/{row.n}", "contract_no": number, "slug": FORM, "form": form, "arrived_at": arrived_at,
        "state": "taken", "article": "13(1)",
    }  # fmt: skip
    await insert_once(session, IncomingLetterRow, letter)
    if {"name", "address"} & {*row.changed}:
        cause = Cause(event="name_change", n=row.n, at=as_of)
        await change_party(session, office, contract, changes, effective_on, cause)
    since = max(at(effective_on), as_of)
    await change_contacts(session, office, contract.application_no, KINDS, _merged(changes), since)
    event = Event(
        action="registration_changed",
        article="13(1)",
        actor=actor,
        at=as_of,
        summary="変更届を受け付け、登録された商号、住所又は連絡先を改めました。",
        basis={"n": row.n, "changed": [*row.changed], "effective_on": str(effective_on), "form": form,
               "arrived_at": arrived_at.astimezone(UTC).isoformat(), "reading": "A23"},
    )  # fmt: skip
    await audit(session, key, [event], contract_no=number, application_no=contract.application_no)
    facts: dict[str, JsonValue] = {
        "arrived_on": str(day_of(arrived_at)),
        "effective_on": str(effective_on),
        "from_on": str(day_of(since)),
        "changed": [*row.changed],
    }
    await queue_letter(
        session, office, LetterOrder(slug="registration_change_receipt", facts=facts), key=f"{key}:receipt",
        as_of=as_of, application_no=contract.application_no, contract_no=number,
    )  # fmt: skip
    return row


def _changed(changes: PartyChanges) -> list[str]:
    """Say what changes, without saying to what."""
    there = {
        "name": changes.name is not None or changes.name_kana is not None,
        "address": changes.address is not None,
        "contacts": changes.contacts is not None,
    }
    return [name for name, changed in there.items() if changed]


def _merged(changes: PartyChanges) -> Callable[[str, Json], Json]:
    """Give what becomes of a contact: the new one, or the old one at the new seat if it has no address of its own."""
    new = {} if changes.contacts is None else changes.contacts.model_dump(mode="json", exclude_none=True)
    home = None if changes.address is None else changes.address.model_dump(mode="json")

    def merge(kind: str, told: Json) -> Json:
        contact = {**new[kind]} if kind in new else {name: told[name] for name in told if name != "address"}
        return {**contact, "address": contact.get("postal_address") or home or told.get("address")}

    return merge


async def ask_for_proof(
    session: AsyncSession, office: Office, contract: ContractRow, row: NameChangeRow, *, by: tuple[str, str, datetime]
) -> None:
    """Ask the customer to prove the change (13(2)), and have somebody look after it."""
    key, actor, as_of = by
    row.proof_by_on = proof_by(office.terms, asked_on=day_of(as_of))
    row.proof_reminded = False
    event = Event(
        action="proof_requested",
        article="13(2)",
        actor=actor,
        at=as_of,
        summary="変更の事実を証明する書類の提出を求めました。",
        basis={"n": row.n, "proof_by_on": str(row.proof_by_on), "setting": "change_reminder_days"},
    )
    await audit(session, key, [event], contract_no=row.contract_no, application_no=contract.application_no)
    facts: dict[str, JsonValue] = {
        "article": "13(2)", "documents": ["proof_of_change"], "submit_by_on": str(row.proof_by_on),
    }  # fmt: skip
    await queue_letter(
        session, office, LetterOrder(slug="proof_request", facts=facts), key=f"{key}:proof", as_of=as_of,
        application_no=contract.application_no, contract_no=row.contract_no,
    )  # fmt: skip
    task = TaskOrder(
        kind="proof_of_change", role="intake", article="13(2)", due_on=row.proof_by_on,
        detail="変更の事実を証明する書類の到着を確認し、登録してください。",
    )  # fmt: skip
    await open_task(
        session, f"{_key(row)}:proof", task, as_of=as_of, contract_no=row.contract_no,
        application_no=contract.application_no,
    )  # fmt: skip
    await look_again(session, f"look:{key}", as_of)


async def take_proof(
    session: AsyncSession,
    contract: ContractRow,
    row: NameChangeRow,
    *,
    sha256: str,
    arrived_at: datetime,
    by: tuple[str, str, datetime],
) -> None:
    """Register the proof of a change by its hash; a further one changes nothing."""
    key, actor, as_of = by
    if row.proof_arrived_at is not None:
        return
    row.proof_arrived_at, row.proof_sha256 = arrived_at, sha256
    event = Event(
        action="proof_arrived",
        article="13(2)",
        actor=actor,
        at=as_of,
        summary="変更の事実を証明する書類を受け付けました。",
        basis={"n": row.n, "sha256": sha256, "arrived_at": arrived_at.astimezone(UTC).isoformat()},
    )
    await audit(session, key, [event], contract_no=row.contract_no, application_no=contract.application_no)
    await close_tasks(session, col(TaskRow.key).startswith(f"{_key(row)}:", autoescape=True), as_of=as_of, by=actor)


def _key(row: NameChangeRow) -> str:
    return f"name_change:{row.contract_no}:{row.n}"


def _waiting() -> tuple[ColumnElement[bool], ...]:
    """Proofs that were asked for, are not there, and that nobody was reminded of."""
    return (
        col(NameChangeRow.proof_by_on).is_not(None),
        col(NameChangeRow.proof_arrived_at).is_(None),
        col(NameChangeRow.proof_reminded).is_(False),
    )


def _unanswered() -> tuple[ColumnElement[bool], ...]:
    """Questions for the right contact (42(2)) that no change form has answered, and that nobody was reminded of."""
    answered = exists().where(
        col(NameChangeRow.contract_no) == col(NoticeRow.contract_no),
        col(NameChangeRow.recorded_at) >= col(NoticeRow.queued_at),
    )
    reminded = exists().where(
        col(TaskRow.notice_no) == col(NoticeRow.notice_no), col(TaskRow.kind) == "change_form_missing"
    )
    live = exists().where(
        col(ContractRow.contract_no) == col(NoticeRow.contract_no),
        col(ContractRow.state).in_(ALLOWED["change_party"]),
    )
    return col(NoticeRow.slug) == "contact_check_request", ~answered, ~reminded, live


async def next_change_reminder(session: AsyncSession, office: Office) -> date | None:
    """Find the next day on which somebody is reminded of a proof, or of a change form, that has not come."""
    proof = await session.scalar(select(func.min(col(NameChangeRow.proof_by_on))).where(*_waiting()))
    asked = await session.scalar(select(func.min(col(NoticeRow.queued_at))).where(*_unanswered()))
    days = [] if proof is None else [proof + ONE_DAY]
    if asked is not None:
        days.append(proof_by(office.terms, asked_on=day_of(asked)) + ONE_DAY)
    return min(days, default=None)


async def remind_of_changes(office: Office, as_of: datetime) -> int:
    """Remind of what has not come in time, once, and nothing more (13(1), 13(2), A23); returns how often."""
    today = day_of(as_of)
    async with office.sessions() as session, session.begin():
        proofs = await session.scalars(select(NameChangeRow).where(*_waiting(), col(NameChangeRow.proof_by_on) < today))
        done = 0
        for row in proofs.all():
            row.proof_reminded = True
            task = TaskOrder(
                kind="proof_missing", role="intake", article="13(2)", due_on=row.proof_by_on,
                detail="変更の事実を証明する書類が届いていません。お客さまに確認してください。",
            )  # fmt: skip
            await open_task(session, f"{_key(row)}:missing", task, as_of=as_of, contract_no=row.contract_no)
            done += 1
        letters = await session.scalars(select(NoticeRow).where(*_unanswered()).order_by(col(NoticeRow.notice_no)))
        for letter in letters.all():
            by_on = proof_by(office.terms, asked_on=day_of(letter.queued_at))
            if by_on >= today:
                continue
            task = TaskOrder(
                kind="change_form_missing", role="intake", article="13(1)", due_on=by_on, notice_no=letter.notice_no,
                detail="連絡先の確認に対する変更届が届いていません。お客さまに確認してください。",
            )  # fmt: skip
            key = f"change_form_missing:{letter.notice_no}"
            await open_task(session, key, task, as_of=as_of, contract_no=letter.contract_no)
            done += 1
    return done


async def view_change(office: Office, row: NameChangeRow, *, see: bool) -> dict[str, JsonValue]:
    """Show a change; what it says only to those who may see contact data."""
    view: dict[str, JsonValue] = {
        "n": row.n,
        "form": row.form,
        "arrived_at": instant(row.arrived_at),
        "effective_on": str(row.effective_on),
        "changed": [*row.changed],
    }
    if (by_on := day(row.proof_by_on)) is not None:
        view["proof_by_on"] = by_on
    if row.proof_arrived_at is not None:
        view["proof_arrived_at"] = instant(row.proof_arrived_at)
    if row.proof_sha256 is not None:
        view["proof_sha256"] = row.proof_sha256
    if see and row.changes:
        with suppress(KeyGone):
            view["changes"] = await office.vault.unseal_json(row.changes)
    return view
