"""What payments pay (充当).

- 民489: over all debts costs first, then interest, then principal.
- 民488(4): inside a rank the debts that are due, the earliest due first, then pro rata by amount (A99).
- 36: interest runs on the principal left, from the day after the due day; interest bears none (A55).
- 37: interest is cut off below one yen once for each segment, a stretch of unchanged principal.

Charges (fee, avoided fee) and surcharges bear interest; penalties, damages and costs do not (A52). The account of a
debt and the order of its ranks stand in `terms.account`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from terms.account import RANKS, SETTLEMENT, Account, DebtKind, OpenDebt, Part, kept, pay_out, told
from terms.citation import Article, implements
from terms.derivation import Derived, ja_day, ja_yen
from terms.settings import Terms

__all__ = [
    "RANKS",
    "SETTLEMENT",
    "Applied",
    "Balance",
    "Debt",
    "DebtKind",
    "Part",
    "Payment",
    "Settlement",
    "settlement",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A debt in yen, tax included, with its printed due day."""

    id: str
    kind: DebtKind
    due_on: date
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Yen credited on a day."""

    on: date
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Yen of a payment (its place in the list, from 0) that pay a part of a debt."""

    payment: int
    debt: str
    part: Part
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is open on a debt; a cost stands under `principal`."""

    id: str
    principal: int
    interest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(Derived):
    """What the payments paid, what is open, and what no debt took (`unapplied`), in yen."""

    applied: tuple[Applied, ...]
    balances: tuple[Balance, ...]
    unapplied: int


@implements(Article(27), Article(36), Article(37), Article(488, law="Civil Code"), Article(489, law="Civil Code"))
def settlement(terms: Terms, *, debts: Sequence[Debt], payments: Sequence[Payment], as_of_on: date) -> Settlement:
    """Apply payments to debts by law, in the order of their days; those after `as_of_on` are left out."""
    accounts = [Account(terms, _unpaid(debt)) for debt in debts]
    applied: list[Applied] = []
    unapplied = 0
    taken = [(place, payment) for place, payment in enumerate(payments) if payment.on <= as_of_on]
    for place, payment in sorted(taken, key=lambda each: each[1].on):
        unapplied += payment.amount
        for share in pay_out(accounts, amount=payment.amount, on=payment.on):
            applied.append(Applied(payment=place, debt=share.debt, part=share.part, amount=share.amount))
            unapplied -= share.amount
    balances = tuple(_balance(account, as_of_on) for account in accounts)
    return Settlement(
        applied=tuple(applied),
        balances=balances,
        unapplied=unapplied,
        articles=SETTLEMENT,
        settings=terms.used("daycount"),
        steps=tuple(_worded(payments, applied, balances, unapplied, as_of_on)),
    )


def _unpaid(debt: Debt) -> OpenDebt:
    return OpenDebt(id=debt.id, kind=debt.kind, due_on=debt.due_on, amount=debt.amount)


def _balance(account: Account, on: date) -> Balance:
    return Balance(id=account.debt.id, principal=account.principal, interest=account.interest(on))


def _worded(
    payments: Sequence[Payment],
    applied: Sequence[Applied],
    balances: Sequence[Balance],
    unapplied: int,
    as_of_on: date,
) -> Iterator[str]:
    for each in applied:
        yield told(payments[each.payment].on, each.debt, each.part, each.amount)
    for left in balances:
        yield (
            f"{ja_day(as_of_on)}現在、{left.id}の残高は元本{ja_yen(left.principal)}、"
            f"遅延損害金{ja_yen(left.interest)}です。"
        )
    if unapplied:
        yield kept(unapplied)
