"""The till: what contracts owe while deposits are taken one by one, written down together (27(2), 36, 民488-489).

Debts are read and locked once and then paid in memory; `write` books everything in a few statements, however many
deposits there are. Interest that was collected gets its document (36).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.arrears import tell_case
from activities.books import allocation_entry
from activities.issuing import state_of
from activities.journal import book
from activities.late_interest import Collected, issue_interest
from activities.ledger import VOID, Debt, debts_of_many
from activities.office import Office
from activities.payers import Party, chunks, seal_party
from activities.rebalance import Piece, rewrite, still_owes
from activities.records import audit_many
from activities.retention import tell_of_money
from models.messages.office import Event
from models.tables import AllocationRow, ContractRow, DepositPartyRow, DepositRow, InvoiceAccountRow
from models.vault import KeyGone
from terms.account import OpenDebt, Share, apply_designated, apply_payment
from terms.citation import Article, Refused
from terms.periods import day_of

ARTICLE = "27(2)"
LEFT = ("part_allocated", "held")
"""States of deposits of which a rest is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An invoice for which money was designated: yen, or None for as much as it takes."""

    invoice_no: str
    amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An allocation: its key, who did it, by whom debts were designated, and how the customer was found."""

    key: str
    actor: str
    matched_by: str
    named: Sequence[Named] = ()
    designated_by: str | None = None
    in_full: bool = False
    issued_by: date


@dataclass(frozen=True, slots=True)
class _Paid:
    """A deposit that was allotted, in what parts, and the debts as they then stood."""

    deposit: DepositRow
    contract_no: str
    act: Act
    shares: Sequence[tuple[Share, bool]]
    debts: Mapping[str, OpenDebt]


@dataclass(slots=True)
class Till:
    """Debts of contracts, locked until the commit unless `locks` is off; what is paid of them, and not yet written."""

    office: Office
    as_of: datetime
    locks: bool = True
    contracts: dict[str, ContractRow] = field(default_factory=dict)
    debts: dict[str, dict[str, Debt]] = field(default_factory=dict)
    _accounts: dict[str, InvoiceAccountRow] = field(default_factory=dict)
    _paid: list[_Paid] = field(default_factory=list)

    async def load(self, session: AsyncSession, contracts: Collection[str]) -> None:
        """Read what contracts owe, unless it is known here already."""
        for some in chunks(sorted({*contracts} - {*self.contracts})):
            rows = await session.execute(select(ContractRow).where(col(ContractRow.contract_no).in_(some)))
            self.contracts |= {row.contract_no: row for row in rows.scalars()}
            await self._read(session, some)

    async def reload(self, session: AsyncSession, contract_no: str) -> None:
        """Read anew what a contract owes, after it was changed beside the till."""
        await self._read(session, [contract_no])

    async def _read(self, session: AsyncSession, contracts: Sequence[str]) -> None:
        if self.locks:
            table = InvoiceAccountRow
            locked = await session.execute(
                select(table)
                .where(col(table.contract_no).in_(contracts), col(table.state) != VOID)
                .order_by(col(table.invoice_no))
                .with_for_update()
                .execution_options(populate_existing=True)
            )
            self._accounts |= {row.invoice_no: row for row in locked.scalars()}
        debts = await debts_of_many(session, contracts, issued_by=date.max)
        self.debts |= {each: {debt.invoice_no: debt for debt in debts.get(each, [])} for each in contracts}

    def applied_days(self, contract_no: str) -> list[date]:
        """List the value days of the money that was applied to a contract."""
        return [
            each.on
            for debt in self.debts[contract_no].values()
            for each in debt.open.movements
            if each.part not in {"credit", "write_off"}
        ]

    def still_owes(self, contract_no: str) -> bool:
        """Tell whether anything is owed on a contract today, on whatever invoice."""
        today = day_of(self.as_of)
        return any(still_owes(self.office, debt, today) for debt in self.debts[contract_no].values())

    def pay(self, deposit: DepositRow, contract_no: str, act: Act) -> list[Share]:
        """Pay what is left of a deposit to a contract: what was designated first, the rest by law (民488, 489).

        Raises:
            Refused: 27(2): a designated sum exceeds the deposit, or what the invoice takes where all has to be taken.
        """
        own = self.debts[contract_no]
        shares: list[tuple[Share, bool]] = []
        left = deposit.unapplied
        before = {number: debt.open for number, debt in own.items()}
        for each in act.named:
            if (each.amount or 0) > left:
                raise Refused(Article(27, 2), "指定された額の合計が、入金の残額を超えています。")
            met = apply_designated(
                self.office.terms,
                own[each.invoice_no].open,
                amount=left if each.amount is None else each.amount,
                on=deposit.value_on,
                in_full=act.in_full,
            )
            shares += [(share, True) for share in met.applied]
            left -= self._take(own, met.applied, met.debts)
        claimed = [debt.open for debt in own.values() if debt.issued_on <= act.issued_by]
        if left and claimed:
            rest = apply_payment(self.office.terms, claimed, amount=left, on=deposit.value_on)
            shares += [(share, False) for share in rest.applied]
            left -= self._take(own, rest.applied, rest.debts)
        deposit.unapplied, deposit.waits = left, None
        deposit.contract_no, deposit.matched_by = contract_no, act.matched_by
        if deposit.state not in LEFT:
            deposit.state = "part_allocated"  # until it is written
        self._paid.append(_Paid(deposit, contract_no, act, shares, before))
        return [share for share, _ in shares]

    @staticmethod
    def _take(own: dict[str, Debt], applied: Iterable[Share], debts: Iterable[OpenDebt]) -> int:
        """Enter what debts have taken; returns the yen."""
        total, principal = 0, defaultdict[str, int](int)
        for share in applied:
            total += share.amount
            principal[share.debt] += 0 if share.part == "interest" else share.amount
        for debt in debts:
            known = own[debt.id]
            own[debt.id] = replace(known, open=debt, balance=known.balance - principal[debt.id])
        return total

    async def write(self, session: AsyncSession, parties: Mapping[str, Party]) -> None:
        """Write down what was paid: audit, allocations, documents of interest, books, balances, states of deposits."""
        paid, self._paid = self._paid, []
        if not paid:
            return
        await audit_many(session, [self._event(each) for each in paid])
        rows: list[AllocationRow] = []
        for each in paid:
            rows += await self._rows(session, each)
        session.add_all(rows)
        await book(session, [allocation_entry(row) for row in rows], as_of=self.as_of)
        contracts = {each.contract_no for each in paid}
        for contract_no in contracts:
            for debt in self.debts[contract_no].values():
                account = self._accounts[debt.invoice_no]
                account.balance = debt.balance
                account.state = state_of(debt.open.amount, debt.balance)
        await session.flush()
        await self._settle(session, contracts)
        await self._rewrap(session, paid, parties)
        await tell_case(session, sorted(contracts), None, self.as_of)

    def _event(self, paid: _Paid) -> tuple[str, str, str, Event]:
        """Say in the contract's record what a deposit paid."""
        deposit, act = paid.deposit, paid.act
        event = Event(
            action="deposit_allocated",
            article=ARTICLE,
            actor=act.actor,
            at=self.as_of,
            summary=f"入金({deposit.deposit_id})を充当しました。",
            basis={
                "deposit_id": deposit.deposit_id, "matched_by": act.matched_by, "value_on": str(deposit.value_on),
                "designated_by": act.designated_by, "unapplied": deposit.unapplied,
                "allocations": [
                    {"invoice_no": share.debt, "part": share.part, "amount": share.amount} for share, _ in paid.shares
                ],
            },
        )  # fmt: skip
        return f"allocated:{act.key}", paid.contract_no, self.contracts[paid.contract_no].application_no, event

    async def _rows(self, session: AsyncSession, paid: _Paid) -> list[AllocationRow]:
        """Make the rows of an allocation; interest gets its document first, or the one that stands is replaced."""
        deposit, act = paid.deposit, paid.act
        rows = [
            AllocationRow(
                key=f"{act.key}:{place}",
                deposit_id=deposit.deposit_id,
                contract_no=paid.contract_no,
                invoice_no=share.debt,
                part=share.part,
                amount=share.amount,
                value_on=deposit.value_on,
                on_day=day_of(self.as_of),
                designated_by=act.designated_by if designated else None,
            )
            for place, (share, designated) in enumerate(paid.shares, 1)
        ]
        interest = [row for row in rows if row.part == "interest"]
        if not interest:
            return rows
        documented = await _documented(session, deposit.deposit_id)
        if documented:  # one document for a deposit: it is replaced by one over all of it
            await session.flush()
            await rewrite(session, self.office, paid.contract_no, documented, more=interest, as_of=self.as_of)
            return [row for row in rows if row.part != "interest"]
        collected = [Collected(row.invoice_no, row.value_on, row.amount) for row in interest]
        number = await issue_interest(
            session, self.office, paid.contract_no, deposit.deposit_id, collected, paid.debts, as_of=self.as_of
        )
        for row in interest:
            row.interest_invoice = number
        return rows

    async def _settle(self, session: AsyncSession, contracts: Collection[str]) -> None:
        """Bring the states of the deposits of contracts to what is left of them.

        What is held stays held until the customer has its say (A75); a rest beside open debts is only part of it.
        """
        owing = {each: self.still_owes(each) for each in contracts}
        for some in chunks(sorted(contracts)):
            found = await session.execute(
                select(DepositRow)
                .where(col(DepositRow.contract_no).in_(some), col(DepositRow.state).in_(LEFT))
                .order_by(col(DepositRow.deposit_id))
                .with_for_update()
            )
            for deposit in found.scalars():
                if not deposit.unapplied:
                    deposit.state = "allocated"
                elif not owing[deposit.contract_no or ""]:
                    deposit.state = "held"
            await tell_of_money(session, some, as_of=self.as_of)
        await session.flush()

    async def _rewrap(self, session: AsyncSession, paid: Sequence[_Paid], parties: Mapping[str, Party]) -> None:
        """Seal who paid with the key of the contract, so that it goes when the contract's data go."""
        owners = {each.deposit.deposit_id: each.contract_no for each in paid}
        await self.office.vault.preload_owners(owners.values())
        for deposit_id, owner in owners.items():
            if deposit_id not in parties:
                continue
            row = await session.get_one(DepositPartyRow, deposit_id)  # there already: `parties` were read from it
            with suppress(KeyGone):  # money for a contract that is erased stays sealed with the deposit's own key
                row.owner, row.party = owner, await seal_party(self.office, owner, parties[deposit_id])
        await session.flush()


async def _documented(session: AsyncSession, deposit_id: str) -> dict[int, list[Piece]]:
    """Find the interest that a deposit has collected and that still stands, by allocation."""
    found = await session.execute(
        select(AllocationRow).where(col(AllocationRow.deposit_id) == deposit_id).order_by(col(AllocationRow.id))
    )
    rows = [*found.scalars()]
    undone = {row.undoes for row in rows}
    return {
        row.id: [Piece(row.invoice_no, "interest", row.amount)]
        for row in rows
        if row.part == "interest" and row.undoes is None and row.id is not None and row.id not in undone
    }
