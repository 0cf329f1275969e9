"""The erasure of a contract's personal data: keys destroyed in the vault's own store, certified (Art. 44(6), A63)."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.erasure_record import file_record
from activities.office import Office
from activities.parties import forget_parties
from activities.records import audit, close_tasks
from activities.retention import certificate, decided_erasure
from models import ids
from models.messages.office import Event
from models.messages.retention import RetentionOrder
from models.tables import (
    ApplicationRow,
    CertificateRow,
    ContactRow,
    ContractRow,
    DeletionRow,
    DepositPartyRow,
    DepositRow,
    DisclosureRow,
    DocumentRow,
    NoticeRow,
    OpenWorkflowRow,
    PartyRow,
    PayerAliasRow,
    PublicationRow,
    ResourceRow,
    TaskRow,
    VaultKeyRow,
)
from models.vault import ERASED, OFFICE

METHOD = "暗号化消去 (鍵の破棄)"
PATIENCE = 50  # looks at workflows that are about to end, in one try
PAUSE = 0.1  # seconds between two looks
LATELY = timedelta(days=1)
"""A workflow noted as closed may take a moment longer on the server; one noted so long ago has ended."""


class StillRunning(Exception):
    """Workflows of the contract have not ended yet; names their ids."""


class Erasures:
    """Activities of the office's erasure."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def end_workflows(self, order: RetentionOrder) -> int:
        """Wait until nothing runs that is sealed with the contract's keys; returns how many had to be ended.

        The contract and its deletion end by themselves. A letter that nobody ever posted, or that never arrived, is
        taken back: without the key its workflow could not end any more.

        Raises:
            StillRunning: not yet; to be tried again.
        """
        await self._take_back_letters(order)
        by_themselves = {ids.contract(order.contract_no), ids.deletion(order.contract_no)}
        ended = 0
        running = await self._running(await self._noted(order))
        for workflow_id in sorted(running - by_themselves):
            with suppress(RPCError):
                await self._office.client.get_workflow_handle(workflow_id).terminate("erased, Art. 44(6)")
                ended += 1
        for _ in range(PATIENCE):
            running = await self._running(running)
            if not running:
                break
            await asyncio.sleep(PAUSE)
        if running:
            raise StillRunning(*sorted(running))
        return ended

    async def _take_back_letters(self, order: RetentionOrder) -> None:
        async with self._office.sessions() as session, session.begin():
            contract = await session.get_one(ContractRow, order.contract_no)
            taken = await session.scalars(
                update(NoticeRow)
                .where(_of(NoticeRow, contract), col(NoticeRow.state) == "queued")
                .values(state="withdrawn")
                .returning(col(NoticeRow.notice_no))
            )
            letters = [*taken]
            await close_tasks(session, col(TaskRow.notice_no).in_(letters), as_of=order.as_of)
            await close_tasks(session, _of(TaskRow, contract), as_of=order.as_of)
            if letters:
                event = Event(
                    action="letters_withdrawn", article="44(6)", actor="system", at=order.as_of,
                    summary="発送されていない書面を取り下げました。", basis={"letters": [*letters]},
                )  # fmt: skip
                await audit(session, f"{order.key}/letters", [event], contract_no=order.contract_no)

    async def _noted(self, order: RetentionOrder) -> set[str]:
        """List the workflows under the contract's keys that have not ended for long."""
        async with self._office.readers() as session:
            contract = await session.get_one(ContractRow, order.contract_no)
            number, application = contract.contract_no, contract.application_no
            lately = or_(
                col(OpenWorkflowRow.closed_at).is_(None), col(OpenWorkflowRow.closed_at) > order.as_of - LATELY
            )
            letters = select(col(NoticeRow.workflow_id)).where(_of(NoticeRow, contract))
            found = await session.scalars(
                select(col(OpenWorkflowRow.workflow_id)).where(
                    lately,
                    or_(
                        col(OpenWorkflowRow.contract_no) == number,
                        col(OpenWorkflowRow.workflow_id) == ids.application(application),
                        col(OpenWorkflowRow.workflow_id).in_(letters),
                    ),
                )
            )
            return {each for each in found if ids.owner(each) in {number, application}}

    async def _running(self, workflow_ids: set[str]) -> set[str]:
        """Ask the server which of some workflows run; one that it does not know has ended long ago."""
        running = set()
        for workflow_id in workflow_ids:
            try:
                description = await self._office.client.get_workflow_handle(workflow_id).describe()
            except RPCError as failed:
                if failed.status == RPCStatusCode.NOT_FOUND:
                    continue
                raise
            if description.status == WorkflowExecutionStatus.RUNNING:
                running.add(workflow_id)
        return running

    @activity.defn
    async def erase_personal_data(self, order: RetentionOrder) -> None:
        """Destroy the contract's keys for good, then take out of the rows what tells of people, and certify it; once.

        Keys go first: what a crash leaves after them can't be read, and is cleared by the next try.
        """
        office, number = self._office, order.contract_no
        async with office.readers() as session:
            contract = await session.get_one(ContractRow, number)
            deposits = [
                *await session.scalars(select(col(DepositRow.deposit_id)).where(col(DepositRow.contract_no) == number))
            ]
        await office.vault.destroy_all([contract.application_no, *deposits])
        async with office.sessions() as session, session.begin():
            contract = await session.get_one(ContractRow, number, with_for_update=True)
            key = f"{order.key}/personal"
            if await session.get(CertificateRow, key) is not None:
                return
            items, decided = await _sealed(session, contract), await decided_erasure(session, number)
            values = certificate(
                key=key, contract_no=number, kind="personal", article="44(6)", at=order.as_of, items=items,
                method=METHOD, performed_by="system", approval_id=decided,
                notice_no=await file_record(session, contract, key=order.key, as_of=order.as_of),
            )  # fmt: skip
            session.add(CertificateRow(**values))
            await self._clear(session, contract, deposits)
            await session.execute(
                update(VaultKeyRow)
                .where(col(VaultKeyRow.owner) == contract.application_no)
                .values(destroyed_at=order.as_of)
            )
            await session.execute(
                update(DeletionRow)
                .where(col(DeletionRow.contract_no) == number)
                .values(state="erased", erased_at=order.as_of)
            )
            await session.execute(
                update(ApplicationRow)
                .where(col(ApplicationRow.application_no) == contract.application_no)
                .values(erased_at=order.as_of)
            )
            by_decision = {} if decided is None else {"approval_id": decided}
            event = Event(
                action="personal_data_erased",
                article="44(6)",
                actor="system",
                at=order.as_of,
                summary=f"{'決定' if decided else '保存期間の満了'}により、個人情報を消去しました。",
                basis={"sha256": values["sha256"], "method": METHOD, "reading": "A63"} | by_decision,
            )
            await audit(
                session, f"{order.key}/personal", [event], contract_no=number, application_no=contract.application_no
            )

    async def _clear(self, session: AsyncSession, contract: ContractRow, deposits: Sequence[str]) -> None:
        """Take out what is left without its key, and the hashes by which names could be tried out."""
        vault = self._office.vault
        gone = await vault.seal_text(OFFICE, "statutory", ERASED)
        contract.name, contract.name_hash = gone, vault.hash(contract.contract_no)
        await forget_parties(session, contract.contract_no, gone, vault.hash(contract.contract_no))
        application = await session.get_one(ApplicationRow, contract.application_no, with_for_update=True)
        application.form = application.decision = None
        application.name, application.name_hash = gone, vault.hash(contract.application_no)
        await session.execute(
            update(ContactRow).where(col(ContactRow.application_no) == contract.application_no).values(contact=b"")
        )
        await session.execute(delete(PayerAliasRow).where(col(PayerAliasRow.contract_no) == contract.contract_no))
        for deposit_id in deposits:
            hashed = vault.hash(deposit_id)
            await session.execute(
                update(DepositRow)
                .where(col(DepositRow.deposit_id) == deposit_id)
                .values(payer_hash=hashed, payer_prefix_hash=hashed)
            )
        await session.flush()


def _of(table: Any, contract: ContractRow) -> Any:  # noqa: ANN401 (a condition on a table of any type)
    """Find what belongs to a contract or to the application that it came from."""
    return or_(col(table.contract_no) == contract.contract_no, col(table.application_no) == contract.application_no)


async def _sealed(session: AsyncSession, contract: ContractRow) -> list[dict[str, JsonValue]]:
    """Count what the destroyed keys had sealed, by kind."""
    number, application = contract.contract_no, contract.application_no
    counted: dict[str, tuple[type[SQLModel], Any]] = {
        "contacts": (ContactRow, col(ContactRow.application_no) == application),
        "disclosures": (DisclosureRow, col(DisclosureRow.contract_no) == number),
        "documents": (DocumentRow, col(DocumentRow.owner).in_((number, application))),
        "letters": (NoticeRow, _of(NoticeRow, contract)),
        "parties": (PartyRow, col(PartyRow.contract_no) == number),
        "payers": (DepositPartyRow, col(DepositPartyRow.owner) == number),
        "publications": (PublicationRow, col(PublicationRow.contract_no) == number),
        "resources": (ResourceRow, col(ResourceRow.contract_no) == number),
    }
    items: list[dict[str, JsonValue]] = []
    for name, (table, condition) in counted.items():
        count = await session.scalar(select(func.count()).select_from(table).where(condition))
        items.append({"class": name, "count": count or 0})
    return items
