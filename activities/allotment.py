"""Deposits allotted by a person, and held money offset or given back with a second one (27(2), 民488, A75)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.allocation import hold_cash, try_again
from activities.approvals import Act as ApprovedAct
from activities.approvals import Decision
from activities.journal import Entry, book
from activities.letters import queue_letter
from activities.office import Office
from activities.payers import AliasTaken, learn, open_parties, party_rows
from activities.rebalance import rebalance
from activities.records import audit, close_tasks
from activities.reversal import task_of
from activities.till import ARTICLE, Act, Named, Till
from models.messages.office import Event, LetterOrder
from models.tables import ContractRow, DepositRow, PayoutRow, TaskRow
from terms.account import out_of_order
from terms.citation import Article, Refused
from terms.periods import day_of

DECIDE = ("cash", "billing", "legal")
BACK_TO = "お振込元の口座"
REFUNDABLE = ("held", "unmatched")


class NothingLeft(Exception):
    """Nothing of the deposit is left to be allotted or given back."""


class OtherContract(Exception):
    """The deposit belongs to another contract; an allocation never crosses contracts."""


class NoSuchDebt(Exception):
    """A named invoice claims nothing of this contract; `places` tells which of the list."""

    def __init__(self, places: Sequence[int]) -> None:
        super().__init__(len(places))
        self.places = places


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a person allots a deposit: to a contract by law, or with sums for its invoices, designated by somebody."""

    contract_no: str
    named: tuple[Named, ...] = ()
    designated_by: str | None = None
    learn: bool = False

    def payload(self, deposit_id: str) -> dict[str, JsonValue]:
        """Write it down for a proposal."""
        named: list[JsonValue] = [{"invoice_no": each.invoice_no, "amount": each.amount} for each in self.named]
        return {
            "deposit_id": deposit_id, "contract_no": self.contract_no, "allocations": named,
            "designated_by": self.designated_by, "learn": self.learn,
        }  # fmt: skip

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> "Wish":
        """Read it from a proposal."""
        return cls(
            contract_no=payload["contract_no"],
            named=tuple(Named(**each) for each in payload["allocations"]),
            designated_by=payload["designated_by"],
            learn=payload["learn"],
        )


async def read_deposit(session: AsyncSession, deposit_id: str) -> DepositRow | None:
    """Read a deposit; other cash acts wait from here on.

    What changes invoices locks them first, and deposits after; so does every cash act.
    """
    await hold_cash(session)
    return await session.get(DepositRow, deposit_id, populate_existing=True)


async def allot(
    session: AsyncSession, office: Office, deposit: DepositRow, wish: Wish, *, key: str, actor: str, as_of: datetime
) -> None:
    """Allot what is left of a deposit as a person wishes; then try again what has waited for it.

    A first allocation meets the invoices issued by the value day, a rest those issued by today. A payment that comes
    out of order moves no other; interest collected since for days on which less was owed is held.

    Raises:
        NothingLeft: the deposit is spent, given back or cancelled.
        OtherContract: it belongs to another contract.
        NoSuchDebt: a named invoice claims nothing on the contract.
        AliasTaken: the payer's name is to be learned, but is known for another contract.
        Refused: 27(2): a designated sum is more than the invoice's interest and principal, or than what is left.
    """
    till = Till(office, as_of)
    await till.load(session, [wish.contract_no])
    await session.refresh(deposit, with_for_update=True)
    check(deposit, wish)
    check_named(till, wish)
    parties = await open_parties(office, await party_rows(session, [deposit.deposit_id]))
    if wish.learn:
        if deposit.deposit_id not in parties:
            raise AliasTaken
        payer = parties[deposit.deposit_id].payer
        await learn(session, office, wish.contract_no, payer, by=actor, at=as_of)
    late = out_of_order(deposit.value_on, till.applied_days(wish.contract_no))
    till.pay(deposit, wish.contract_no, act_of(deposit, wish, key=key, actor=actor, as_of=as_of))
    await till.write(session, parties)
    if late:
        await rebalance(session, office, wish.contract_no, as_of=as_of)
    await close_tasks(session, col(TaskRow.key) == task_of(deposit.deposit_id), as_of=as_of, by=actor)
    await try_again(session, office, as_of=as_of)


def check(deposit: DepositRow, wish: Wish) -> None:
    """Check that something is left, and that it is not another contract's."""
    if deposit.reversal or not deposit.unapplied:
        raise NothingLeft
    if deposit.contract_no not in {None, wish.contract_no}:
        raise OtherContract


def check_named(till: Till, wish: Wish) -> None:
    """Check that each named invoice is a live claim of the contract."""
    wrong = [place for place, each in enumerate(wish.named) if each.invoice_no not in till.debts[wish.contract_no]]
    if wrong:
        raise NoSuchDebt(wrong)


def act_of(deposit: DepositRow, wish: Wish, *, key: str, actor: str, as_of: datetime) -> Act:
    """Word a wish for the till."""
    first = deposit.state == "unmatched"
    return Act(
        key=key,
        actor=actor,
        matched_by="person" if first else deposit.matched_by or "person",
        named=wish.named,
        designated_by=wish.designated_by,
        in_full=True,
        issued_by=deposit.value_on if first else day_of(as_of),
    )


async def outlook(
    session: AsyncSession, office: Office, deposit: DepositRow, wish: Wish, *, as_of: datetime
) -> dict[str, JsonValue]:
    """Say what an allocation would pay, without doing it.

    Raises:
        NothingLeft, OtherContract, NoSuchDebt, Refused: it can't be done; see `allot`.
    """
    check(deposit, wish)
    till = Till(office, as_of, locks=False)
    await till.load(session, [wish.contract_no])
    check_named(till, wish)
    copy = DepositRow(**deposit.model_dump())
    shares = till.pay(copy, wish.contract_no, act_of(deposit, wish, key="", actor="", as_of=as_of))
    paid: list[JsonValue] = [{"invoice_no": share.debt, "part": share.part, "amount": share.amount} for share in shares]
    return {
        "deposit_id": deposit.deposit_id, "contract_no": wish.contract_no, "allocations": paid,
        "unapplied": copy.unapplied,
    }  # fmt: skip


async def _offset(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Allot held money with the customer's word (A75).

    Raises:
        Refused: 27(2): nothing is left, or what was proposed no longer fits.
    """
    deposit = await read_deposit(session, decision.payload["deposit_id"])
    key = f"offset:{decision.approval.approval_id}"
    wish = Wish.read(decision.payload)
    try:
        await allot(
            session, office, cast("DepositRow", deposit), wish, key=key, actor=decision.actor, as_of=decision.as_of
        )
    except (NothingLeft, OtherContract, NoSuchDebt, AliasTaken):
        raise Refused(Article(27, 2), "提案された充当は、入金または請求の現状に合いません。") from None


OFFSET = ApprovedAct(name="offset", article=ARTICLE, roles=DECIDE, effect=_offset, words="お預かり金の充当")


def check_refund(deposit: DepositRow, amount: int) -> None:
    """Check that a sum can be given back.

    Raises:
        NothingLeft: the deposit is spent or cancelled.
        Refused: 27(2): the contract still owes, or less is left of it.
    """
    if deposit.reversal or not deposit.unapplied:
        raise NothingLeft
    if deposit.state not in REFUNDABLE:
        raise Refused(Article(27, 2), "未払いの請求があるため、返金できません。")
    if amount > deposit.unapplied:
        raise Refused(Article(27, 2), "返金額が入金の残額を超えています。")


async def _refund(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Give money back: a row, an entry of the books, the state of the deposit, a letter to a known customer.

    Raises:
        Refused: 27(2): less is left of the deposit by now, or the contract owes again.
    """
    amount, as_of = int(decision.payload["amount"]), decision.as_of
    deposit = cast("DepositRow", await read_deposit(session, decision.payload["deposit_id"]))
    await session.refresh(deposit, with_for_update=True)
    try:
        check_refund(deposit, amount)
    except NothingLeft:
        raise Refused(Article(27, 2), "返金できる残額がありません。") from None
    approval_id, today = decision.approval.approval_id, day_of(as_of)
    was_waiting = deposit.state == "unmatched"
    deposit.unapplied -= amount
    if not deposit.unapplied:
        deposit.state, deposit.waits = "refunded", None
        await close_tasks(session, col(TaskRow.key) == task_of(deposit.deposit_id), as_of=as_of, by=decision.actor)
    session.add(
        PayoutRow(
            approval_id=approval_id, kind="refund", deposit_id=deposit.deposit_id, contract_no=deposit.contract_no,
            amount=amount, on_day=today,
        )
    )  # fmt: skip
    entry = Entry(
        key=f"refund:{approval_id}", event="refund", on_day=today, lines={"deposits_held": amount, "bank": -amount},
        contract_no=deposit.contract_no, deposit_id=deposit.deposit_id,
    )  # fmt: skip
    await book(session, [entry], as_of=as_of)
    await _tell(session, office, deposit, decision, amount, today)
    if was_waiting:
        await try_again(session, office, as_of=as_of)


async def _tell(
    session: AsyncSession, office: Office, deposit: DepositRow, decision: Decision, amount: int, today: date
) -> None:
    event = Event(
        action="deposit_refunded",
        article=ARTICLE,
        actor=decision.actor,
        at=decision.as_of,
        summary=f"入金({deposit.deposit_id})から返金しました。",
        basis={"deposit_id": deposit.deposit_id, "amount": amount, "approval_id": decision.approval.approval_id},
    )
    key = f"refund:{decision.approval.approval_id}"
    if deposit.contract_no is None:
        await audit(session, key, [event])
        return
    contract = await session.get_one(ContractRow, deposit.contract_no)
    names = {"contract_no": contract.contract_no, "application_no": contract.application_no}
    await audit(session, key, [event], **names)
    facts: dict[str, JsonValue] = {
        "received_on": deposit.value_on.isoformat(), "amount": amount, "refund_on": today.isoformat(),
        "account": BACK_TO,
    }  # fmt: skip
    order = LetterOrder(slug="refund_notice", facts=facts)
    await queue_letter(session, office, order, key=key, as_of=decision.as_of, **names)


REFUND = ApprovedAct(name="refund", article=ARTICLE, roles=DECIDE, effect=_refund, words="返金")
CASH_ACTS = (OFFSET, REFUND)
