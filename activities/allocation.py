"""Deposits taken one after the other, and allotted by people (27(2), 民488-489).

Deposits are taken by value day, then reference. What the marks of a deposit decide applies by itself; the rest waits
for a person. While an earlier deposit of a customer waits, its later ones wait too; all that wait are tried again after
each allocation or decision. Cash acts come one at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.office import Office
from activities.payers import Known, Party, open_parties, party_rows, recognise
from activities.records import close_tasks, insert_once, next_numbers
from activities.reversal import TASK, Undone, task_of, undo
from activities.till import ARTICLE, Act, Named, Till
from models.tables import DepositRow, NumberSeriesRow, TaskRow
from terms.account import out_of_order
from terms.matching import DepositFacts, Match, OpenInvoice, match
from terms.settings import Terms

SERIES = "bank_file"
EARLIER_WAITS = "earlier_waits"
OUT_OF_ORDER = "out_of_order"

WORDS: Mapping[str, str] = {
    "two_candidates": "充当先の候補が複数あります。",
    "issued_later": "記載された請求書は起算日より後に発行されています。",
    "named_in_edi": "EDI情報に契約番号またはお客様番号の記載があります。",
    "combination": "金額が複数の請求書の合計と一致します。",
    "short_by_fee": "金額が振込手数料の分だけ不足しています。",
    "no_exact_amount": "金額と一致する未払いの請求書がありません。",
    "unknown_payer": "振込依頼人に心当たりがありません。",
    EARLIER_WAITS: "同じお客様の先の入金が確認待ちです。",
    OUT_OF_ORDER: "起算日が充当済みの入金より前です。",
    "no_original": "取り消される入金が見つかりません。",
    "several_originals": "取り消される入金の候補が複数あります。",
    "original_refunded": "取り消される入金は返金済みです。",
}
"""Why a deposit waits for a person, as its task says it."""


async def hold_cash(session: AsyncSession) -> None:
    """Wait for a cash act that is under way, and keep others waiting until the commit."""
    await insert_once(session, NumberSeriesRow, {"kind": SERIES, "year": 0, "last": 0})
    await session.execute(
        update(NumberSeriesRow).where(col(NumberSeriesRow.kind) == SERIES).values(last=NumberSeriesRow.last)
    )


async def waiting(session: AsyncSession) -> list[DepositRow]:
    """List the deposits that wait for a person."""
    found = await session.execute(
        select(DepositRow).where(col(DepositRow.state) == "unmatched").order_by(col(DepositRow.deposit_id))
    )
    return [*found.scalars()]


def facts_of(deposit: DepositRow, known: Known, till: Till) -> DepositFacts:
    """State what is known of a deposit, and what its contracts owe now."""

    def invoice(contract_no: str, number: str) -> OpenInvoice:
        debt = till.debts[contract_no][number]
        return OpenInvoice(
            contract_no=contract_no,
            invoice_no=number,
            issued_on=debt.issued_on,
            due_on=debt.due_on,
            principal=debt.balance,
        )

    return DepositFacts(
        amount=deposit.unapplied,
        value_on=deposit.value_on,
        virtual_contracts=known.virtual,
        invoices_named=tuple(invoice(*each) for each in known.invoices),
        contracts_named=known.named,
        contracts_by_name=known.by_name,
        open_invoices=tuple(
            invoice(contract_no, number)
            for contract_no in sorted(known.contracts)
            for number, debt in till.debts[contract_no].items()
            if debt.balance
        ),
    )


def decide(terms: Terms, deposit: DepositRow, known: Known, till: Till) -> tuple[Match, str | None]:
    """Decide what the marks of a deposit lead to, and why it waits, if it does."""
    found = match(terms, facts_of(deposit, known, till))
    if not found.applies or found.contract_no is None:
        return found, found.reason
    if out_of_order(deposit.value_on, till.applied_days(found.contract_no)):
        return found, OUT_OF_ORDER
    return found, None


@dataclass(slots=True)
class Queue:
    """Deposits in their order, what is known of each, and the customers whose earlier deposit waits."""

    office: Office
    till: Till
    deposits: list[DepositRow]
    parties: dict[str, Party]
    known: dict[str, Known]
    waits: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    async def of(cls, session: AsyncSession, office: Office, till: Till, deposits: Iterable[DepositRow]) -> "Queue":
        """Open the parties of deposits, find whom they tell, and read what these owe."""
        rows = sorted(deposits, key=lambda each: (each.value_on, each.reference, each.deposit_id))
        parties = await open_parties(office, await party_rows(session, {row.deposit_id for row in rows}))
        known = await recognise(session, office, rows, parties)
        await till.load(session, {number for each in known.values() for number in each.contracts})
        return cls(office, till, rows, parties, known)

    def customers(self, deposit: DepositRow) -> set[str]:
        """Name the customers whom the marks of a deposit tell."""
        return {self.till.contracts[each].customer_ref for each in self.known[deposit.deposit_id].contracts}

    async def run(self, session: AsyncSession) -> None:
        """Take the deposits in order, until nothing that waits could go on."""
        while await self._once(session):
            pass
        await self.till.write(session, self.parties)
        await _tell(session, self.deposits, self.waits, self.till.as_of)

    async def _once(self, session: AsyncSession) -> bool:
        """Take those that are open; tells whether one was taken back for which others wait."""
        blocked: set[str] = set()
        again = False
        for deposit in self.deposits:
            if deposit.reversal:
                again |= await self._reverse(session, deposit)
            elif deposit.state == "unmatched":
                reason = self._take(deposit, blocked)
                self.waits[deposit.deposit_id] = deposit.waits = reason
                if reason:
                    blocked |= self.customers(deposit)
        return again

    def _take(self, deposit: DepositRow, blocked: set[str]) -> str | None:
        """Apply a deposit if its marks decide; returns why it waits, if it does."""
        known = self.known[deposit.deposit_id]
        found, reason = decide(self.office.terms, deposit, known, self.till)
        if reason or found.contract_no is None:
            return reason
        if self.customers(deposit) & blocked:
            return EARLIER_WAITS
        act = Act(
            key=f"auto:{deposit.deposit_id}",
            actor="system",
            matched_by=found.step,
            named=[Named(invoice_no=each) for each in found.designated],
            designated_by="customer" if found.designated else None,
            issued_by=deposit.value_on,
        )
        self.till.pay(deposit, found.contract_no, act)
        return None

    async def _reverse(self, session: AsyncSession, reversal: DepositRow) -> bool:
        """Take back the deposit that a record cancels; tells whether others had waited for it."""
        if reversal.reverses or reversal.deposit_id in self.waits:
            return False
        await self.till.write(session, self.parties)
        undone = await undo(session, self.office, reversal, actor="system", as_of=self.till.as_of)
        if isinstance(undone, str):
            self.waits[reversal.deposit_id] = reversal.waits = undone
            return False
        await self.after(session, undone)
        self.waits[undone.original.deposit_id] = None
        return undone.waited

    async def after(self, session: AsyncSession, undone: Undone) -> None:
        """Learn what a reversal has changed."""
        if undone.contract_no in self.till.debts:
            await self.till.reload(session, undone.contract_no)


async def try_again(session: AsyncSession, office: Office, *, as_of: datetime) -> None:
    """Try the deposits that wait once more, after an allocation or a decision."""
    till = Till(office, as_of)
    queue = await Queue.of(session, office, till, await waiting(session))
    await queue.run(session)


async def _tell(
    session: AsyncSession, deposits: Sequence[DepositRow], waits: Mapping[str, str | None], as_of: datetime
) -> None:
    """Open a task for each deposit that waits, and close those of deposits that wait no more."""
    keys = {task_of(deposit_id): reason for deposit_id, reason in waits.items()}
    there = await session.execute(
        select(col(TaskRow.key), col(TaskRow.state)).where(col(TaskRow.kind) == TASK, col(TaskRow.key).in_(keys))
    )
    known = {str(key): str(state) for key, state in there.all()}
    done = [key for key, reason in keys.items() if reason is None and known.get(key) == "open"]
    if done:
        await close_tasks(session, col(TaskRow.key).in_(done), as_of=as_of)
    fresh = [row for row in deposits if waits.get(row.deposit_id) and task_of(row.deposit_id) not in known]
    if not fresh:
        return
    rows = [
        {
            "task_id": task_id,
            "key": task_of(row.deposit_id),
            "kind": TASK,
            "article": ARTICLE,
            "detail": f"入金({row.deposit_id})の確認が必要です。{WORDS[waits[row.deposit_id] or '']}",
            "role": "cash",
            "state": "open",
            "created_at": as_of,
        }
        for row, task_id in zip(fresh, await next_numbers(session, "task", len(fresh)), strict=True)
    ]
    await session.execute(insert(TaskRow), rows)
