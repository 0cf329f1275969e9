"""What payments pay (充当).

- 民489: over all debts costs first, then interest, then principal.
- 民488(4): inside a rank the debts that are due, the earliest due first, then pro rata by amount (A99).
- 36: interest runs on the principal left, from the day after the due day; interest bears none (A55).
- 37: interest is cut off below one yen once for each segment, a stretch of unchanged principal.

Charges (fee, avoided fee) and surcharges bear interest; penalties, damages and costs do not (A52).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Literal

from terms.citation import Article, implements
from terms.derivation import Derived, ja_day, ja_yen
from terms.interest import interest_yen
from terms.money import share_out
from terms.settings import Terms

DebtKind = Literal["fee", "surcharge", "penalty", "damages", "cost"]
Part = Literal["cost", "interest", "principal"]

SETTLEMENT = ("27", "36", "37", "Civil Code 488", "Civil Code 489")
RANKS: tuple[Part, ...] = ("cost", "interest", "principal")
_JA_PART = {"cost": "費用", "interest": "遅延損害金", "principal": "元本"}


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
    accounts = [_Account(terms, debt) for debt in debts]
    applied: list[Applied] = []
    unapplied = 0
    taken = [(place, payment) for place, payment in enumerate(payments) if payment.on <= as_of_on]
    for place, payment in sorted(taken, key=lambda each: each[1].on):
        rest = payment.amount
        for part in RANKS:
            for account, amount in _pay(accounts, part, rest, payment.on):
                applied.append(Applied(payment=place, debt=account.debt.id, part=part, amount=amount))
                rest -= amount
        unapplied += rest
    return Settlement(
        applied=tuple(applied),
        balances=tuple(account.balance(as_of_on) for account in accounts),
        unapplied=unapplied,
        articles=SETTLEMENT,
        settings=terms.used("daycount"),
        steps=tuple(_worded(accounts, payments, applied, unapplied, as_of_on)),
    )


@dataclass(slots=True)
class _Account:
    """A debt while payments come in: its principal, the interest of closed segments and what was paid of it."""

    terms: Terms
    debt: Debt
    principal: int = field(init=False)
    runs_from: date = field(init=False)
    closed: int = 0
    paid_interest: int = 0

    def __post_init__(self) -> None:
        self.principal = self.debt.amount
        self.runs_from = self.debt.due_on

    def open(self, part: Part, on: date) -> int:
        """Return what is open in a rank, interest up to and including a day."""
        if part == "interest":
            return self.interest(on)
        return self.principal if (part == "cost") == (self.debt.kind == "cost") else 0

    def interest(self, on: date) -> int:
        """Return the interest open on a day: all segments, each cut off, less what was paid."""
        return self.closed + self._running(on) - self.paid_interest

    def _running(self, on: date) -> int:
        if self.debt.kind not in self.terms.interest_on:
            return 0
        return interest_yen(self.terms, principal=self.principal, due_on=self.runs_from, paid_on=on)

    def pay(self, part: Part, amount: int, on: date) -> None:
        """Take a payment; one that lowers the principal ends the segment with its day."""
        if part == "interest":
            self.paid_interest += amount
            return
        self.closed += self._running(on)
        self.principal -= amount
        self.runs_from = max(self.runs_from, on)

    def balance(self, on: date) -> Balance:
        return Balance(id=self.debt.id, principal=self.principal, interest=self.interest(on))


def _pay(accounts: Sequence[_Account], part: Part, rest: int, on: date) -> Iterator[tuple[_Account, int]]:
    """Pay one rank: by due day, and pro rata among the debts of the same day where the money does not reach."""
    for _, same_day in groupby(sorted(accounts, key=_due_on), key=_due_on):
        if not rest:
            return
        group = list(same_day)
        shares = share_out(rest, [account.open(part, on) for account in group])
        for account, amount in zip(group, shares, strict=True):
            if amount:
                account.pay(part, amount, on)
                rest -= amount
                yield account, amount


def _due_on(account: _Account) -> date:
    return account.debt.due_on


def _worded(
    accounts: Sequence[_Account],
    payments: Sequence[Payment],
    applied: Sequence[Applied],
    unapplied: int,
    as_of_on: date,
) -> Iterator[str]:
    for each in applied:
        on = ja_day(payments[each.payment].on)
        yield f"{on}のお支払いから{ja_yen(each.amount)}を{each.debt}の{_JA_PART[each.part]}に充当しました。"
    for account in accounts:
        left = account.balance(as_of_on)
        yield (
            f"{ja_day(as_of_on)}現在、{left.id}の残高は元本{ja_yen(left.principal)}、"
            f"遅延損害金{ja_yen(left.interest)}です。"
        )
    if unapplied:
        yield f"充当先のない{ja_yen(unapplied)}をお預かりしています。"
