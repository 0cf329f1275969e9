"""Rescissions: the letter's arrival told to the contract, or the letter taken back (Art. 17(3))."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.letters import withdraw
from activities.office import Office
from activities.records import open_task
from activities.suspension import tell_contract
from models import ids
from models.messages.default import DropRescission, Rescind, RescissionOrder
from models.messages.office import Origin, TaskOrder
from models.tables import ContractRow, NoticeRow
from terms.citation import Refused


class Rescinding:
    """Activities of a rescission's peer."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name="rescission_rescind")
    async def rescind(self, order: RescissionOrder) -> None:
        """Command the contract to end at the instant of the arrival."""
        if order.arrived_at is None:
            message = "no arrival"
            raise ValueError(message)
        origin = Origin(key=order.key, actor="system")
        rescind = Rescind(origin=origin, n=order.n, arrived_at=order.arrived_at, in_place=order.in_place)
        await tell_contract(self._office, order.contract_no, "rescind", rescind)

    @activity.defn(name="rescission_take_back")
    async def take_back(self, order: RescissionOrder) -> bool:
        """Take the letter back if it has not gone out; else tell legal that its arrival decides."""
        workflow_id = ids.rescission(order.contract_no, order.n)
        if await take_back_letters(self._office, workflow_id, key=order.key, as_of=order.as_of):
            await self._ask_legal(
                order, "支払いの後に届く可能性のある解除通知書があります。到達の日を確認してください。"
            )
            return False
        origin = Origin(key=order.key, actor="system")
        with suppress(Refused, ApplicationError):  # the contract has ended, or closed, meanwhile
            await tell_contract(
                self._office, order.contract_no, "drop_rescission", DropRescission(origin=origin, n=order.n)
            )
        return True

    @activity.defn(name="rescission_tell_legal")
    async def tell_legal(self, order: RescissionOrder) -> None:
        """Open a task: the letter arrived, but the rescission has no effect."""
        await self._ask_legal(
            order, "解除通知書は到達しましたが、解除の要件が失われています。契約者への連絡が必要です。"
        )

    async def _ask_legal(self, order: RescissionOrder, detail: str) -> None:
        async with self._office.sessions() as session, session.begin():
            contract = await session.get_one(ContractRow, order.contract_no)
            task = TaskOrder(kind="rescission_in_doubt", role="legal", detail=detail, article="17(3)")
            await open_task(
                session, order.key, task, as_of=order.as_of, contract_no=order.contract_no,
                application_no=contract.application_no,
            )  # fmt: skip


async def take_back_letters(office: Office, origin: str, *, key: str, as_of: datetime) -> int:
    """Take back what a workflow has ordered and nobody has sent yet, copies too; returns how many are on their way."""
    async with office.sessions() as session, session.begin():
        found = await session.execute(
            select(NoticeRow).where(col(NoticeRow.origin) == origin).order_by(col(NoticeRow.notice_no))
        )
        rows = [*found.scalars()]
        for row in rows:
            await withdraw(session, row.notice_no, key=key, actor="system", as_of=as_of)
    await office.wake()
    return sum(row.state == "dispatched" for row in rows)
