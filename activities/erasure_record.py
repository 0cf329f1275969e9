"""The record of an erasure (44(6)): an internal document, made from its certificate and sent to nobody.

It says how much of each class was erased, when, how, on which ground and who agreed; it names no customer. Whoever
asks for a certificate is given it.
"""

import asyncio
from datetime import datetime
from typing import Literal, cast

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.documents import compose
from activities.office import Office
from activities.records import instant, next_number
from models.messages.notice import Addressee, Letter
from models.tables import ApprovalVoteRow, CertificateRow, ContractRow, NoticeRow
from terms.letters import LETTERS

RECORD = "personal_data_erasure_record"
CHANNEL: Literal["record"] = "record"


async def file_record(session: AsyncSession, contract: ContractRow, *, key: str, as_of: datetime) -> str:
    """File the record of an erasure in the transaction of its certificate; returns its number.

    Nothing is sent: it is there from the moment at which it is written.
    """
    number = await next_number(session, "notice")
    session.add(
        NoticeRow(
            notice_no=number,
            key=f"{key}:{RECORD}",
            workflow_id=f"record/{number}",
            slug=RECORD,
            article=LETTERS[RECORD].article,
            contract_no=contract.contract_no,
            application_no=contract.application_no,
            channel=CHANNEL,
            form=LETTERS[RECORD].form,
            state="arrived",
            terms_version=contract.terms_version,
            queued_at=as_of,
            stamped_at=as_of,
            dispatched_at=as_of,
            arrived_at=as_of,
            deemed=False,
            basis=CHANNEL,
            method=CHANNEL,
        )
    )
    await session.flush()
    return number


async def print_record(office: Office, row: NoticeRow) -> bytes | None:
    """Make the PDF of a record from its certificate; nothing if there is none."""
    async with office.readers() as session:
        certified = await session.scalar(select(CertificateRow).where(col(CertificateRow.notice_no) == row.notice_no))
        if certified is None:
            return None
        facts = await _facts(session, certified)
    letter = Letter(
        notice_no=row.notice_no,
        slug=row.slug,
        article=row.article,
        channel=CHANNEL,
        issued_at=cast("datetime", row.stamped_at),
        addressee=Addressee(company=office.sender.company, department="法務"),
        contract_no=row.contract_no,
        application_no=row.application_no,
        terms_version=row.terms_version,
        facts=facts,
    )
    return (await asyncio.to_thread(compose, letter, office.sender)).pdf


async def _facts(session: AsyncSession, certified: CertificateRow) -> dict[str, JsonValue]:
    facts: dict[str, JsonValue] = {
        "erased_at": instant(certified.at),
        "items": [*certified.items],
        "method": certified.method,
        "sha256": certified.sha256,
    }
    if certified.approval_id is None:
        return facts
    vote = ApprovalVoteRow
    people = await session.execute(
        select(col(vote.role), col(vote.person))
        .where(col(vote.approval_id) == certified.approval_id, col(vote.decision) == "approve")
        .order_by(col(vote.at))
    )
    approvers: list[JsonValue] = [f"{role}:{person}" for role, person in people.all()]
    return facts | {"approval_id": certified.approval_id, "approvers": approvers}
