"""The running account of a contract: what is owed on its invoices, and what money does to it.

- 27(2): open is what was invoiced, less what was paid, credited or written off.
- 36: interest runs on the principal as it stood each day, from the day after the due day; it bears none (A55).
- 37: interest is cut off below one yen once for each segment, a stretch of unchanged principal.
- 民488(1), 489(1): a designated payment meets the interest, then the principal of the invoice it names.
- 民488(4), 489: any other meets costs, interest, principal of all; the earliest due first, then pro rata (A99).

A payment lowers the principal from its value day on (A53), a write-off from its day on (A50), a credit from the due day
on, as if it had never been owed (A49). Interest is never stored: it follows from this history. What was collected and
is no longer owed, after a credit or a payment out of order, is told by `surplus`; it belongs to whoever paid it (A75).
`terms.settlement` asks the same account about payments in the order of their days.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

from terms.citation import Article, Refused, implements
from terms.derivation import Derived, ja_day, ja_yen
from terms.interest import interest_yen
from terms.money import share_out
from terms.settings import Terms

DebtKind = Literal["fee", "surcharge", "penalty", "damages", "cost"]
Part = Literal["cost", "interest", "principal"]
MovementPart = Literal["cost", "interest", "principal", "credit", "write_off"]

SETTLEMENT = ("27", "36", "37", "Civil Code 488", "Civil Code 489")
DESIGNATION = ("27(2)", "36", "37", "Civil Code 488(1)", "Civil Code 489(1)")
RANKS: tuple[Part, ...] = ("cost", "interest", "principal")
_PAID: frozenset[MovementPart] = frozenset({"cost", "principal"})
_LOWERING: frozenset[MovementPart] = _PAID | {"write_off"}
_JA_PART = {"cost": "費用", "interest": "遅延損害金", "principal": "元本"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Yen by which a part of a debt was met: its value day for money, else the day of the credit or write-off."""

    on: date
    part: MovementPart
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDebt:
    """A debt in yen as it was invoiced, with its printed due day and the movements that still stand.

    What was undone (取消, a reissue) is left out by the caller; later movements stand as they are.
    """

    id: str
    kind: DebtKind
    due_on: date
    amount: int
    movements: tuple[Movement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of unchanged principal: its interest from the day after `after_on` to `to_on`, one floor."""

    after_on: date
    to_on: date
    principal: int
    interest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed(Derived):
    """What is open on a debt at the end of a day, and what was collected and is not owed; a cost is principal."""

    principal: int
    interest: int
    principal_excess: int
    interest_excess: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """Yen of a movement (its place in the list of its debt, from 0) that its debt no longer takes."""

    movement: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Yen of one payment that pay a part of a debt."""

    debt: str
    part: Part
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid(Derived):
    """What one payment paid, what no debt took (`rest`), and the debts with it, in the order in which they came."""

    applied: tuple[Share, ...]
    rest: int
    debts: tuple[OpenDebt, ...]


@implements(Article(27, 2), Article(36), Article(37))
def owed(terms: Terms, debt: OpenDebt, on: date) -> Owed:
    """Work out what is open on a debt at the end of a day; movements after it are left out."""
    account = Account(terms, replace(debt, movements=tuple(each for each in debt.movements if each.on <= on)))
    principal_excess = sum(account.principal_beyond.values())
    interest_excess = sum(account.interest_beyond.values())
    segments = tuple(account.segments(on))
    principal, interest = account.principal, account.interest(on)
    steps = [_of_segment(each) for each in segments]
    if account.interest_taken:
        steps.append(f"お支払いのうち{ja_yen(account.interest_taken)}を遅延損害金に充当しました。")
    steps.append(f"{ja_day(on)}現在の残高は元本{ja_yen(principal)}、遅延損害金{ja_yen(interest)}です。")
    if principal_excess or interest_excess:
        steps.append(f"お支払いのうち{ja_yen(principal_excess + interest_excess)}は充当先がなくなりました。")
    return Owed(
        principal=principal,
        interest=interest,
        principal_excess=principal_excess,
        interest_excess=interest_excess,
        segments=segments,
        articles=("27(2)", "36", "37"),
        settings=terms.used("daycount"),
        steps=tuple(steps),
    )


def surplus(terms: Terms, debt: OpenDebt) -> tuple[Surplus, ...]:
    """Tell which movements collected more than is owed now, and how much of each is to be taken back from the debt.

    Interest: what a movement collected beyond the interest run to its own day (36); later days that run since do not
    heal it. Principal: what was paid beyond the sum less its credits, of the latest payments first.
    """
    account = Account(terms, debt)
    beyond = account.principal_beyond | account.interest_beyond
    return tuple(Surplus(movement=place, amount=beyond[place]) for place in sorted(beyond))


@implements(Article(27, 2), Article(36), Article(37), Article(488, 4, law="Civil Code"), Article(489, law="Civil Code"))
def apply_payment(terms: Terms, debts: Sequence[OpenDebt], *, amount: int, on: date) -> Paid:
    """Apply a payment of a value day to debts by law, over all that was paid on them before.

    A payment valued before another one moves nothing of it: it meets the interest run to its own day and not yet
    paid, then the principal open after all movements. `surplus` of the debts then tells what the later one no
    longer pays.
    """
    return _paid(terms, debts, amount, on, articles=SETTLEMENT)


@implements(Article(27, 2), Article(488, 1, law="Civil Code"), Article(489, 1, law="Civil Code"))
def apply_designated(terms: Terms, debt: OpenDebt, *, amount: int, on: date, in_full: bool = False) -> Paid:
    """Apply money that was designated for one debt: its interest to the value day, then its principal.

    Args:
        terms: the version in force.
        debt: the debt that was named.
        amount: yen designated.
        on: the value day of the payment.
        in_full: the debt has to take all of it, as where a person shares a deposit out; else a rest is given back.

    Raises:
        Refused: `in_full`, and the debt takes less.
    """
    paid = _paid(terms, (debt,), amount, on, articles=DESIGNATION)
    if in_full and paid.rest:
        raise Refused(Article(27, 2), "指定された額が、その請求書の遅延損害金と元本の残高の合計を超えています。")
    return paid


@implements(Article(36), Article(488, law="Civil Code"))
def out_of_order(value_on: date, applied_value_days: Iterable[date]) -> bool:
    """Tell whether a payment is valued before one already applied to the same contract; a person then decides."""
    return any(value_on < each for each in applied_value_days)


def told(on: date, debt: str, part: Part, amount: int) -> str:
    """Word what a payment of a day paid, for letters."""
    return f"{ja_day(on)}のお支払いから{ja_yen(amount)}を{debt}の{_JA_PART[part]}に充当しました。"


def kept(amount: int) -> str:
    """Word what no debt took, for letters."""
    return f"充当先のない{ja_yen(amount)}をお預かりしています。"


def _of_segment(segment: Segment) -> str:
    days = (segment.to_on - segment.after_on).days
    return (
        f"元本{ja_yen(segment.principal)}に対する{ja_day(segment.after_on)}の翌日から{ja_day(segment.to_on)}まで"
        f"{days}日間の遅延損害金は{ja_yen(segment.interest)}です（1円未満切捨て）。"
    )


def _paid(terms: Terms, debts: Sequence[OpenDebt], amount: int, on: date, articles: tuple[str, ...]) -> Paid:
    applied = tuple(pay_out([Account(terms, debt) for debt in debts], amount=amount, on=on))
    rest = amount - sum(share.amount for share in applied)
    steps = [told(on, share.debt, share.part, share.amount) for share in applied]
    if rest:
        steps.append(kept(rest))
    return Paid(
        applied=applied,
        rest=rest,
        debts=tuple(_with(debt, applied, on) for debt in debts),
        articles=articles,
        settings=terms.used("daycount"),
        steps=tuple(steps),
    )


def _with(debt: OpenDebt, applied: Sequence[Share], on: date) -> OpenDebt:
    new = (Movement(on=on, part=share.part, amount=share.amount) for share in applied if share.debt == debt.id)
    return replace(debt, movements=(*debt.movements, *new))


def pay_out(accounts: Sequence["Account"], *, amount: int, on: date) -> Iterator[Share]:
    """Pay a sum to accounts by rank (民489), inside a rank by due day and pro rata (民488(4)); yields what it paid."""
    by_due_day = sorted(accounts, key=_due_on)
    for part in RANKS:
        for _, same_day in groupby(by_due_day, key=_due_on):
            if not amount:
                return
            group = list(same_day)
            shares = share_out(amount, [account.open(part, on) for account in group])
            for account, share in zip(group, shares, strict=True):
                if share:
                    account.pay(part, share, on)
                    amount -= share
                    yield Share(debt=account.debt.id, part=part, amount=share)


def _due_on(account: "Account") -> date:
    return account.debt.due_on


class _Stretch(NamedTuple):
    """Principal as it stands after a day, the sum that lowered it that day, and the interest run before."""

    after_on: date
    principal: int
    lowered: int
    run: int


@dataclass(slots=True)
class Account:
    """A debt while money comes in: its principal from day to day, and what was taken for interest.

    `principal_beyond` and `interest_beyond` tell by the place of a movement what of it the debt does not take.
    """

    terms: Terms
    debt: OpenDebt
    stretches: list[_Stretch] = field(init=False)
    interest_taken: int = field(init=False, default=0)
    principal_beyond: dict[int, int] = field(init=False)
    interest_beyond: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        """Read the history of the debt, in the order of its days; a movement of nothing ends no segment."""
        by_day = sorted(enumerate(self.debt.movements), key=lambda each: each[1].on)
        credited = sum(each.amount for _, each in by_day if each.part == "credit")
        remaining = self.debt.amount - credited
        self.stretches = [_Stretch(after_on=self.debt.due_on, principal=remaining, lowered=0, run=0)]
        for _, each in by_day:
            if each.part in _LOWERING and each.amount:
                self._lower(each.amount, each.on)
        paid = [(place, each.amount) for place, each in by_day if each.part in _PAID]
        self.principal_beyond = dict(_beyond(remaining, paid))
        self.interest_beyond = dict(self._take_interest(by_day))

    def _take_interest(self, by_day: Iterable[tuple[int, Movement]]) -> Iterator[tuple[int, int]]:
        """Take what each movement collected of the interest run to its day; yield what lies beyond."""
        for place, each in by_day:
            if each.part == "interest":
                taken = min(each.amount, self.interest(each.on))
                self.interest_taken += taken
                if taken < each.amount:
                    yield place, each.amount - taken

    @property
    def principal(self) -> int:
        """Principal open after all movements, whatever their day."""
        return max(self.stretches[-1].principal, 0)

    def interest(self, on: date) -> int:
        """Return the interest run to a day, itself counted, less all that was ever taken for interest."""
        stretch = self.stretches[-1]
        if on < stretch.after_on:  # before a movement that is known already, or before the due day
            stretch = next((each for each in reversed(self.stretches) if each.after_on <= on), self.stretches[0])
        return max(stretch.run + self._running(stretch, on) - self.interest_taken, 0)

    def open(self, part: Part, on: date) -> int:
        """Return what a payment of a day finds open in a rank."""
        if part == "interest":
            return self.interest(on)
        return self.principal if (part == "cost") == (self.debt.kind == "cost") else 0

    def pay(self, part: Part, amount: int, on: date) -> None:
        """Take a payment of no more than is open; one that lowers the principal ends the segment with its day."""
        if part == "interest":
            self.interest_taken += amount
        else:
            self._lower(amount, on)

    def segments(self, on: date) -> Iterator[Segment]:
        """Give the segments that bore interest up to a day, itself counted, in the order of time."""
        ends = [*(later.after_on for _, later in pairwise(self.stretches)), on]
        for each, to_on in zip(self.stretches, ends, strict=True):
            interest = self._running(each, to_on)
            if interest:
                yield Segment(after_on=each.after_on, to_on=to_on, principal=each.principal, interest=interest)

    def _running(self, stretch: _Stretch, on: date) -> int:
        if self.debt.kind not in self.terms.interest_on:
            return 0
        return interest_yen(self.terms, principal=max(stretch.principal, 0), due_on=stretch.after_on, paid_on=on)

    def _lower(self, amount: int, on: date) -> None:
        """End the stretch in which a day lies; the stretches after it begin as they did, on less principal."""
        on = max(on, self.debt.due_on)
        later = []
        while self.stretches[-1].after_on > on:
            later.append(self.stretches.pop())
        self._begin(on, amount)
        for each in reversed(later):
            self._begin(each.after_on, each.lowered)

    def _begin(self, on: date, lowered: int) -> None:
        last = self.stretches[-1]
        run = last.run + self._running(last, on)
        self.stretches.append(_Stretch(after_on=on, principal=last.principal - lowered, lowered=lowered, run=run))


def _beyond(remaining: int, paid: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Take what was paid beyond a sum out of the latest payments; yields their places and yen."""
    excess = sum(amount for _, amount in paid) - remaining
    for place, amount in reversed(paid):
        back = min(amount, excess)
        if back > 0:
            yield place, back
            excess -= back
