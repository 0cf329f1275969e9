"""Art. 27(2), 36, 37, Civil Code 488, 489: what holds for any history of an account."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from terms.account import Movement, MovementPart, OpenDebt, Paid, apply_payment, owed, surplus
from terms.interest import late_interest
from terms.settlement import Debt, Payment, settlement
from tests.terms.oracles import TERMS
from tests.terms.test_settlement import DAYS, DEBTS, KINDS, PAYMENTS

LOWERING = {"cost", "principal", "write_off"}
MOVEMENTS = st.lists(
    st.builds(
        Movement,
        on=DAYS,
        part=st.sampled_from(["interest", "principal", "credit", "write_off"]),
        amount=st.integers(0, 10**5),
    ),
    max_size=6,
).map(tuple)
OPEN_DEBTS = st.builds(
    OpenDebt,
    id=st.just("A"),
    kind=st.sampled_from(KINDS),
    due_on=DAYS,
    amount=st.integers(0, 10**6),
    movements=MOVEMENTS,
)


def run_to(debt: OpenDebt, on: date) -> int:
    """Work out by the wording what interest has run to a day: each stretch of unchanged principal by itself."""
    if debt.kind not in {"fee", "surcharge"}:
        return 0
    credited = sum(each.amount for each in debt.movements if each.part == "credit")
    lowering = [(max(each.on, debt.due_on), each.amount) for each in debt.movements if each.part in LOWERING]
    ends = {debt.due_on, on, *(end for end, amount in lowering if amount)}
    total = 0
    for first, last in pairwise(sorted(end for end in ends if debt.due_on <= end <= on)):
        gone = credited + sum(amount for end, amount in lowering if end <= first)
        total += late_interest(TERMS, principal=max(debt.amount - gone, 0), due_on=first, paid_on=last).interest
    return total


def sum_of(debt: OpenDebt, *parts: MovementPart, until: date = date.max) -> int:
    """Add up some movements of a debt."""
    return sum(each.amount for each in debt.movements if each.part in parts and each.on <= until)


def unpaid(debts: list[Debt]) -> tuple[OpenDebt, ...]:
    """Open the accounts of debts."""
    return tuple(OpenDebt(id=each.id, kind=each.kind, due_on=each.due_on, amount=each.amount) for each in debts)


def replayed(debts: list[Debt], payments: Sequence[Payment]) -> list[Paid]:
    """Apply payments one by one, as they come."""
    found, accounts = list[Paid](), unpaid(debts)
    for payment in payments:
        found.append(apply_payment(TERMS, accounts, amount=payment.amount, on=payment.on))
        accounts = found[-1].debts
    return found


class TestInvariants:
    """What holds for any history."""

    @given(debts=DEBTS, payments=PAYMENTS, as_of_on=DAYS)
    def test_payments_one_by_one_are_a_settlement(
        self, debts: list[Debt], payments: list[Payment], as_of_on: date
    ) -> None:
        """In the order of their days they pay the same, and leave the same, as all of them at once."""
        in_order = sorted((each for each in payments if each.on <= as_of_on), key=lambda each: each.on)
        by_one = replayed(debts, in_order)
        at_once = settlement(TERMS, debts=debts, payments=in_order, as_of_on=as_of_on)
        assert [(each.payment, each.debt, each.part, each.amount) for each in at_once.applied] == [
            (place, each.debt, each.part, each.amount) for place, paid in enumerate(by_one) for each in paid.applied
        ]
        assert at_once.unapplied == sum(paid.rest for paid in by_one)
        accounts = by_one[-1].debts if by_one else unpaid(debts)
        for balance, account in zip(at_once.balances, accounts, strict=True):
            found = owed(TERMS, account, as_of_on)
            assert (balance.principal, balance.interest) == (found.principal, found.interest)
            assert (found.principal_excess, found.interest_excess) == (0, 0)

    @given(debt=OPEN_DEBTS, on=DAYS)
    def test_what_is_owed_follows_from_the_history(self, debt: OpenDebt, on: date) -> None:
        """By a second telling: what has run, less what was paid, but for what no day ever owed."""
        known = replace(debt, movements=tuple(each for each in debt.movements if each.on <= on))
        collected = {each.on for each in known.movements if each.part == "interest"}
        beyond = max([0, *(sum_of(known, "interest", until=last) - run_to(known, last) for last in collected)])
        principal = debt.amount - sum_of(known, "credit")
        found = owed(TERMS, debt, on)
        assert found.interest == run_to(known, on) - sum_of(known, "interest") + beyond
        assert found.interest_excess == beyond
        assert found.principal == max(principal - sum_of(known, "principal", "write_off"), 0)
        assert found.principal_excess == min(max(sum_of(known, "principal") - principal, 0), sum_of(known, "principal"))
        assert sum(each.interest for each in found.segments) == run_to(known, on)

    @given(debt=OPEN_DEBTS, on=DAYS)
    def test_taking_the_surplus_back_changes_no_balance(self, debt: OpenDebt, on: date) -> None:
        """Afterwards nothing is beyond what is owed, and what is open stays as it was."""
        back = {each.movement: each.amount for each in surplus(TERMS, debt)}
        kept = (replace(each, amount=each.amount - back.get(place, 0)) for place, each in enumerate(debt.movements))
        mended = replace(debt, movements=tuple(kept))
        assert all(each.amount >= 0 for each in mended.movements)
        assert surplus(TERMS, mended) == ()
        last = max([on, *(each.on for each in debt.movements)])
        was, now = owed(TERMS, debt, last), owed(TERMS, mended, last)
        assert (now.principal, now.interest, now.segments) == (was.principal, was.interest, was.segments)

    @given(debts=DEBTS, payments=PAYMENTS)
    def test_no_order_of_payments_makes_or_loses_a_yen(self, debts: list[Debt], payments: list[Payment]) -> None:
        """Each goes to debts or is the rest, and every principal is paid or open."""
        for payment, paid in zip(payments, replayed(debts, payments), strict=True):
            assert sum(share.amount for share in paid.applied) + paid.rest == payment.amount
            assert all(share.amount > 0 for share in paid.applied)
            for debt in paid.debts:
                open_principal = owed(TERMS, debt, date(2099, 12, 31)).principal
                assert open_principal + sum_of(debt, "cost", "principal") == debt.amount
                assert all(debt.movements[each.movement].part == "interest" for each in surplus(TERMS, debt))

    @given(debts=DEBTS, payments=PAYMENTS, place=st.integers(0, 5), as_of_on=DAYS)
    def test_a_reversal_undoes_one_payment_only(
        self, debts: list[Debt], payments: list[Payment], place: int, as_of_on: date
    ) -> None:
        """Its principal is open again and bears interest as if it had never come; the others stand in full."""
        on_days = {each.on: each for each in payments}  # one a day, so that its movements are known by their day
        in_order = [on_days[on] for on in sorted(on_days)]
        gone = in_order[place].on if place < len(in_order) else None
        for debt in replayed(debts, in_order)[-1].debts if in_order else ():
            standing = replace(debt, movements=tuple(each for each in debt.movements if each.on != gone))
            assert surplus(TERMS, standing) == ()
            known = replace(standing, movements=tuple(each for each in standing.movements if each.on <= as_of_on))
            found = owed(TERMS, standing, as_of_on)
            assert found.principal == debt.amount - sum_of(known, "cost", "principal")
            assert found.interest == run_to(known, as_of_on) - sum_of(known, "interest")
