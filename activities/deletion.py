"""The deletion of a contract's data: what is due, the order to the platform, its certificate (Art. 34, 38, 44(6))."""

from datetime import datetime, timedelta
from typing import cast

from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity

from activities.closing import leftovers
from activities.commands import NoSuchWorkflow, command
from activities.gateways.provisioning import DeletionProof
from activities.letters import queue_letter
from activities.office import Office
from activities.records import audit, instant, open_task
from activities.removal import close_checklist
from activities.retention import blocked_by, certificate, erasable_from, inventory_of, retention_of, told
from models import ids
from models.messages.office import Command, Event, LetterOrder, Origin, Reply, TaskOrder
from models.messages.retention import Close, Erase, Look, Outlook, RetentionOrder
from models.tables import CertificateRow, ContractRow, DeletionRow, ResourceRow
from terms.lifecycle import IN_FORCE, OVER
from terms.periods import day_of
from terms.retention import closing_waits_for, must_delete, must_delete_early
from terms.timetable import deletion_at

LOOK_AGAIN = timedelta(days=31)
"""So long does a deletion that is held up wait before it looks again by itself; whoever frees it tells it at once."""

CERTIFICATE = "data_erasure_certificate"


class Deletions:
    """Activities of the deletion."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def look_at_deletion(self, look: Look) -> Outlook:
        """Find out what is to be done with a contract's data now, and note where they stand."""
        office = self._office
        async with office.sessions() as session, session.begin():
            contract = await session.get_one(ContractRow, look.contract_no, with_for_update=True)
            row = await session.get_one(DeletionRow, look.contract_no, with_for_update=True)
            if contract.state == "erased":
                return Outlook(step="end", phase=row.state)
            if contract.state not in OVER:
                return await self._while_it_lives(session, row)
            if row.deleted_at is None:
                return await self._before_deletion(session, row, look.as_of)
            return await self._after_deletion(session, contract, row, look.as_of)

    async def _while_it_lives(self, session: AsyncSession, row: DeletionRow) -> Outlook:
        """Art. 34(2): what two people have agreed to is done at once; then the contract's end is waited for."""
        done = await session.get(CertificateRow, data_key(row.contract_no, early=True))
        if row.early_approval_id is None or done is not None:
            return Outlook(step="wait", phase=row.state)
        return Outlook(step="delete", phase=row.state)

    async def _before_deletion(self, session: AsyncSession, row: DeletionRow, as_of: datetime) -> Outlook:
        if row.delete_from_on is None:
            return Outlook(step="wait", phase=row.state)
        due = deletion_at(row.delete_from_on)
        if as_of < due:
            return Outlook(step="wait", phase=row.state, until=due)
        blockers = await blocked_by(session, row.contract_no)
        if not blockers:
            row.state = "ready"
            return Outlook(step="delete", phase=row.state)
        if row.state != "blocked":
            row.state = "blocked"
            event = Event(
                action="deletion_blocked",
                article="34(1)",
                actor="system",
                at=as_of,
                summary="リーガルホールド又は未了の案件があるため、データ等の削除を見合わせました。",
                basis={"blocked_by": told(blockers), "delete_from_on": str(row.delete_from_on), "reading": "A94"},
            )
            key = f"{ids.deletion(row.contract_no)}/blocked/{as_of.isoformat()}"
            await audit(session, key, [event], contract_no=row.contract_no)
        return Outlook(step="wait", phase=row.state, until=as_of + LOOK_AGAIN)

    async def _after_deletion(
        self, session: AsyncSession, contract: ContractRow, row: DeletionRow, as_of: datetime
    ) -> Outlook:
        """Close once nothing is left, keep until retention is over, then erase."""
        row.state = "retained"
        kept = await retention_of(session, self._office, contract)
        if kept is None:
            return Outlook(step="wait", phase=row.state)
        row.erasable_from_on = await erasable_from(session, kept, contract.contract_no)
        left = await leftovers(session, self._office, contract, day_of(as_of))
        if contract.state == "ended":
            waits = closing_waits_for(left)
            return Outlook(step="wait" if waits else "close", phase=row.state, until=as_of + LOOK_AGAIN)
        due = deletion_at(row.erasable_from_on)
        if as_of < due:
            return Outlook(step="wait", phase=row.state, until=due)
        held_up = left.principal or left.interest or left.held or left.cases
        return Outlook(step="wait" if held_up else "erase", phase=row.state, until=as_of + LOOK_AGAIN)

    @activity.defn
    async def delete_data(self, order: RetentionOrder) -> None:
        """Have the platform delete what lies there for a contract, certify it and write to the customer; once.

        Raises:
            Refused: 34: its day has not come, or something blocks it.
        """
        office, number = self._office, order.contract_no
        async with office.sessions() as session, session.begin():
            contract = await session.get_one(ContractRow, number, with_for_update=True)
            row = await session.get_one(DeletionRow, number, with_for_update=True)
            early = contract.state in IN_FORCE
            key = data_key(number, early=early)
            if row.deleted_at is not None or await session.get(CertificateRow, key) is not None:
                return
            kinds = [each.kind for each in await blocked_by(session, number)]
            if early:
                must_delete_early(office.terms, in_force=True, blocked_by=kinds)
            elif row.delete_from_on is not None:
                must_delete(delete_from_on=row.delete_from_on, today=day_of(order.as_of), blocked_by=kinds)
            inventory = await inventory_of(session, contract)
            row.state = "ready"
        proof = None
        if inventory:
            resources = [str(item["resource_id"]) for item in inventory if item["kind"] == "resource"]
            proof = await office.provisioning.delete(key, number, resources)
        at = await office.clock.now()
        async with office.sessions() as session, session.begin():
            contract = await session.get_one(ContractRow, number, with_for_update=True)
            row = await session.get_one(DeletionRow, number, with_for_update=True)
            if row.deleted_at is not None or await session.get(CertificateRow, key) is not None:
                return
            await self._deleted(session, contract, row, inventory, proof, at=at, early=early)
        await office.wake()

    async def _deleted(
        self,
        session: AsyncSession,
        contract: ContractRow,
        row: DeletionRow,
        inventory: list[dict[str, JsonValue]],
        proof: DeletionProof | None,
        *,
        at: datetime,
        early: bool,
    ) -> None:
        """Write that the data are gone: certificate, letter, resources, audit."""
        number, article = contract.contract_no, "34(2)" if early else "34(1)"
        key = data_key(number, early=early)
        basis: dict[str, JsonValue] = {"items": len(inventory), "reading": "A61" if early else "A60"}
        if proof is not None:
            notice_no = None if early else await self._tell_customer(session, contract, inventory, proof, key, at)
            values = certificate(
                key=key, contract_no=number, kind="data", article=article, at=at, items=inventory,
                method=f"{proof.method} {proof.reference}", performed_by=f"{proof.department} {proof.person}",
                approval_id=row.early_approval_id if early else None, notice_no=notice_no,
            )  # fmt: skip
            session.add(CertificateRow(**values))
            basis |= {"method": proof.method, "reference": proof.reference, "sha256": values["sha256"]}
        await session.execute(
            update(ResourceRow)
            .where(col(ResourceRow.contract_no) == number, col(ResourceRow.to_on).is_(None))
            .values(to_on=day_of(at))
        )
        await close_checklist(session, number, as_of=at, by="system")
        row.state = "deleted"
        if not early:
            row.deleted_at, row.inventory = at, inventory
            if any(item.get("left_over") for item in inventory):
                await self._ask_for_costs(session, contract, at)
        words = "データ等を削除しました。" if proof is not None else "削除すべきデータ等はありませんでした。"
        event = Event(action="data_deleted", article=article, actor="system", at=at, summary=words, basis=basis)
        await audit(session, key, [event], contract_no=number, application_no=contract.application_no)

    async def _tell_customer(
        self,
        session: AsyncSession,
        contract: ContractRow,
        inventory: list[dict[str, JsonValue]],
        proof: DeletionProof,
        key: str,
        at: datetime,
    ) -> str:
        """Queue the certificate for the customer, with its own names of the resources."""
        found = await session.execute(
            select(col(ResourceRow.resource_id), col(ResourceRow.code), col(ResourceRow.name)).where(
                col(ResourceRow.contract_no) == contract.contract_no, col(ResourceRow.to_on).is_(None)
            )
        )
        names = {
            (resource_id, code): await self._office.vault.unseal_text(sealed)
            for resource_id, code, sealed in found.all()
        }
        resources: list[JsonValue] = [
            {
                "resource_id": item["resource_id"],
                "code": item["code"],
                "name": names.get((cast("str", item["resource_id"]), cast("str", item["code"]))),
                "quantity": item["quantity"],
                "zone": item["zone"],
            }
            for item in inventory
            if item["kind"] == "resource"
        ]
        facts: dict[str, JsonValue] = {
            "ends_on": str(contract.ends_on),
            "deleted_at": instant(at),
            "method": proof.method,
            "reference": proof.reference,
            "department": proof.department,
            "person": proof.person,
            "responsible": proof.responsible,
            "resources": resources,
        }
        return await queue_letter(
            session,
            self._office,
            LetterOrder(slug=CERTIFICATE, facts=facts),
            key=f"{key}:{CERTIFICATE}",
            as_of=at,
            application_no=contract.application_no,
            contract_no=contract.contract_no,
        )

    async def _ask_for_costs(self, session: AsyncSession, contract: ContractRow, at: datetime) -> None:
        """What was left standing was removed by us: a person decides on the cost (38(2))."""
        task = TaskOrder(
            kind="restoration_cost",
            role="provisioning",
            article="38(2)",
            detail="契約終了後に残されたOCFリソースを当社が削除しました。費用の請求を検討してください。",
        )
        await open_task(
            session, f"restoration_cost:{contract.contract_no}", task, as_of=at,
            contract_no=contract.contract_no, application_no=contract.application_no,
        )  # fmt: skip

    @activity.defn
    async def close_contract(self, order: RetentionOrder) -> str:
        """Command the contract to close.

        Raises:
            Refused: something is left after all.
        """
        return await self._command(order, "close", Close(origin=Origin(key=order.key, actor="system")))

    @activity.defn
    async def erase_contract(self, order: RetentionOrder) -> str:
        """Command the contract to be erased; its commit has the office destroy the keys.

        Raises:
            Refused: its time is not over, something is owed, or something blocks it.
        """
        return await self._command(order, "erase", Erase(origin=Origin(key=order.key, actor="system")))

    async def _command(self, order: RetentionOrder, update_name: str, message: Command) -> str:
        try:
            reply = await command(self._office.client, ids.contract(order.contract_no), update_name, message, Reply)
        except NoSuchWorkflow:
            async with self._office.readers() as session:
                contract = await session.get_one(ContractRow, order.contract_no)
            if contract.state != "erased":
                raise
            return contract.state
        return str(reply.body.get("state"))


def data_key(contract_no: str, *, early: bool) -> str:
    """Name the one deletion of a contract's data after its end, or the one before it (34(2))."""
    return f"{ids.deletion(contract_no)}/{'early' if early else 'data'}"
