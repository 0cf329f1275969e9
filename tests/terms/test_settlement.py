"""Art. 27, 36, 37, Civil Code 488, 489: what payments pay."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.interest import interest_yen
from terms.settlement import Debt, DebtKind, Payment, Settlement, settlement
from tests.terms.oracles import TERMS, day

FIRST = day("2026-03-01")
DAYS = st.integers(0, 900).map(lambda days: FIRST + timedelta(days=days))
KINDS: tuple[DebtKind, ...] = ("fee", "surcharge", "penalty", "damages", "cost")
DEBTS = st.lists(st.tuples(st.sampled_from(KINDS), DAYS, st.integers(0, 10**6)), max_size=6).map(
    lambda drawn: [
        Debt(id=str(place), kind=kind, due_on=due_on, amount=amount)
        for place, (kind, due_on, amount) in enumerate(drawn)
    ]
)
PAYMENTS = st.lists(st.builds(Payment, on=DAYS, amount=st.integers(0, 10**6)), max_size=6)


def debt(name: str, amount: int, due_on: str = "2026-06-30", kind: DebtKind = "fee") -> Debt:
    """Return a debt."""
    return Debt(id=name, kind=kind, due_on=day(due_on), amount=amount)


def settle(debts: list[Debt], *payments: tuple[str, int], as_of_on: str) -> Settlement:
    """Apply payments."""
    paid = [Payment(on=day(on), amount=amount) for on, amount in payments]
    return settlement(TERMS, debts=debts, payments=paid, as_of_on=day(as_of_on))


def applied(found: Settlement) -> list[tuple[int, str, str, int]]:
    """Return what was applied, as tuples."""
    return [(each.payment, each.debt, each.part, each.amount) for each in found.applied]


def balances(found: Settlement) -> list[tuple[str, int, int]]:
    """Return what is open, as tuples."""
    return [(each.id, each.principal, each.interest) for each in found.balances]


class TestCivilCode489:
    """Costs, then interest, then principal, over all debts."""

    def test_interest_is_paid_before_principal(self) -> None:
        """200,000 due on 30 September, 100,000 paid after 20 days."""
        found = settle([debt("A", 200_000, "2026-09-30")], ("2026-10-20", 100_000), as_of_on="2026-10-20")
        assert applied(found) == [(0, "A", "interest", 1589), (0, "A", "principal", 98_411)]
        assert balances(found) == [("A", 101_589, 0)]

    def test_costs_come_first_though_not_due(self) -> None:
        """A cost is paid as cost and stands under principal."""
        debts = [debt("A", 1000), debt("B", 300, "2026-12-31", "cost")]
        found = settle(debts, ("2026-06-30", 400), as_of_on="2026-06-30")
        assert applied(found) == [(0, "B", "cost", 300), (0, "A", "principal", 100)]
        assert balances(found) == [("A", 900, 0), ("B", 0, 0)]

    def test_interest_of_every_debt_comes_before_any_principal(self) -> None:
        """The later debt's interest goes before the earlier debt's principal."""
        debts = [debt("A", 1_000_000, "2026-05-31", "penalty"), debt("B", 1_000_000)]
        found = settle(debts, ("2026-07-01", 1000), as_of_on="2026-07-01")
        assert applied(found) == [(0, "B", "interest", 397), (0, "A", "principal", 603)]

    @pytest.mark.parametrize("kind", ["penalty", "damages", "cost"])
    def test_other_debts_bear_no_interest(self, kind: DebtKind) -> None:
        """Only charges and surcharges do (A52)."""
        assert balances(settle([debt("A", 10**6, kind=kind)], as_of_on="2028-06-30")) == [("A", 10**6, 0)]

    @pytest.mark.parametrize("kind", ["fee", "surcharge"])
    def test_charges_bear_interest(self, kind: DebtKind) -> None:
        """Two years at 14.5 %."""
        assert balances(settle([debt("A", 10**6, kind=kind)], as_of_on="2028-06-30")) == [("A", 10**6, 290_000)]


class TestCivilCode488:
    """Inside a rank: the earliest due first, then pro rata."""

    def test_the_earliest_due_is_paid_first(self) -> None:
        """Whatever the order of the list."""
        debts = [debt("A", 1000, "2026-07-31"), debt("B", 1000, "2026-06-30")]
        found = settle(debts, ("2026-06-30", 1500), as_of_on="2026-06-30")
        assert applied(found) == [(0, "B", "principal", 1000), (0, "A", "principal", 500)]

    def test_equal_due_days_share_by_what_is_open(self) -> None:
        """100 over 300, 200 and 1: 59.88, 39.92 and 0.20; the largest remainders get the missing yen."""
        debts = [debt("A", 300), debt("B", 200), debt("C", 1)]
        found = settle(debts, ("2026-06-30", 100), as_of_on="2026-06-30")
        assert applied(found) == [(0, "A", "principal", 60), (0, "B", "principal", 40)]

    def test_equal_remainders_go_by_the_order_of_the_debts(self) -> None:
        """One yen over three equal debts."""
        found = settle([debt("C", 5), debt("A", 5), debt("B", 5)], ("2026-06-30", 1), as_of_on="2026-06-30")
        assert applied(found) == [(0, "C", "principal", 1)]

    def test_interest_is_shared_by_interest(self) -> None:
        """In the rank of interest what is open of it counts, not the principal."""
        debts = [debt("A", 1_000_000), debt("B", 3_000_000)]  # 397 and 1,191 yen for a day
        found = settle(debts, ("2026-07-01", 400), as_of_on="2026-07-01")
        assert applied(found) == [(0, "A", "interest", 100), (0, "B", "interest", 300)]
        assert balances(found) == [("A", 1_000_000, 297), ("B", 3_000_000, 891)]


class TestSegments:
    """Interest runs on unchanged principal; each segment is cut off once; none is compounded."""

    def test_the_payment_day_counts_on_the_old_principal(self) -> None:
        """The new segment starts the day after."""
        found = settle([debt("A", 110_000)], ("2026-07-15", 50_000), as_of_on="2026-07-16")
        # 60,655 × 0.145 / 365 = 24.09
        assert balances(found) == [("A", 60_655, 24)]

    def test_a_payment_of_interest_alone_ends_no_segment(self) -> None:
        """41 days are cut off once: 1,791, less what was paid."""
        payments = (("2026-07-15", 300), ("2026-07-31", 400))
        found = settle([debt("A", 110_000)], *payments, as_of_on="2026-08-10")
        assert balances(found) == [("A", 110_000, 1791 - 700)]

    def test_interest_left_open_bears_none(self) -> None:
        """What is left of the old segment stays as it is while the new one runs."""
        debts = [debt("A", 1_000_000, "2026-06-30"), debt("B", 1_000_000, "2026-06-30", "cost")]
        found = settle(debts, ("2026-07-31", 1_000_000), as_of_on="2027-06-30")
        assert balances(found) == [("A", 1_000_000, 145_000), ("B", 0, 0)]

    def test_a_payment_before_the_due_day_moves_no_start(self) -> None:
        """Interest runs from the due day on what is left."""
        found = settle([debt("A", 110_000)], ("2026-06-01", 10_000), as_of_on="2026-07-01")
        assert balances(found) == [("A", 100_000, 39)]

    def test_a_segment_has_whole_years_of_its_own(self) -> None:
        """After a payment the year starts anew: 500,000 for a year from 1 March 2028 bear 72,500."""
        debts = [debt("A", 1_000_000, "2028-02-29", "fee")]
        found = settle(debts, ("2028-02-29", 500_000), as_of_on="2029-02-28")
        assert balances(found) == [("A", 500_000, 72_500)]


class TestPayments:
    """Payments by day; what no debt takes is kept."""

    def test_payments_are_taken_by_day_then_by_the_list(self) -> None:
        """`payment` stays the place in the list."""
        payments = (("2026-06-30", 10), ("2026-06-29", 20), ("2026-06-30", 30))
        found = settle([debt("A", 1000)], *payments, as_of_on="2026-06-30")
        assert [(each[0], each[3]) for each in applied(found)] == [(1, 20), (0, 10), (2, 30)]

    def test_payments_after_the_day_are_left_out(self) -> None:
        """On the day they count, a day later not."""
        payments = (("2026-06-30", 10), ("2026-07-01", 20))
        assert balances(settle([debt("A", 100)], *payments, as_of_on="2026-06-30")) == [("A", 90, 0)]

    def test_what_no_debt_takes_is_one_sum(self) -> None:
        """Over all payments."""
        found = settle([debt("A", 100)], ("2026-06-01", 150), ("2026-06-02", 7), as_of_on="2026-06-30")
        assert found.unapplied == 57
        assert found.steps[-1] == "充当先のない¥57をお預かりしています。"

    def test_nothing_at_all(self) -> None:
        """No debts, no payments, nothing to say."""
        found = settle([], as_of_on="2026-06-30")
        assert (found.applied, found.balances, found.unapplied, found.steps) == ((), (), 0, ())

    def test_the_steps_tell_the_way(self) -> None:
        """Each application and each balance is a sentence."""
        found = settle([debt("A", 200_000, "2026-09-30")], ("2026-10-20", 100_000), as_of_on="2026-10-20")
        assert found.steps == (
            "2026年10月20日のお支払いから¥1,589をAの遅延損害金に充当しました。",
            "2026年10月20日のお支払いから¥98,411をAの元本に充当しました。",
            "2026年10月20日現在、Aの残高は元本¥101,589、遅延損害金¥0です。",
        )


class TestInvariants:
    """What holds for any debts and payments."""

    @given(debts=DEBTS, payments=PAYMENTS, as_of_on=DAYS)
    def test_no_yen_is_made_or_lost(self, debts: list[Debt], payments: list[Payment], as_of_on: date) -> None:
        """Every payment goes to debts or is kept, every principal is paid or open, nothing goes below zero."""
        found = settlement(TERMS, debts=debts, payments=payments, as_of_on=as_of_on)
        taken = [payment.amount if payment.on <= as_of_on else 0 for payment in payments]
        for place, amount in enumerate(taken):
            assert sum(each.amount for each in found.applied if each.payment == place) <= amount
        assert sum(each.amount for each in found.applied) + found.unapplied == sum(taken)
        assert all(each.amount > 0 for each in found.applied)
        for owed, left in zip(debts, found.balances, strict=True):
            mine = [each for each in found.applied if each.debt == owed.id]
            assert sum(each.amount for each in mine if each.part != "interest") + left.principal == owed.amount
            assert left.principal >= 0
            assert left.interest >= 0
            most = interest_yen(TERMS, principal=owed.amount, due_on=owed.due_on, paid_on=as_of_on)
            paid = sum(each.amount for each in mine if each.part == "interest")
            assert paid + left.interest <= (most if owed.kind in {"fee", "surcharge"} else 0)

    @given(debts=DEBTS, payments=PAYMENTS, as_of_on=DAYS)
    def test_money_is_kept_only_when_nothing_is_open(
        self, debts: list[Debt], payments: list[Payment], as_of_on: date
    ) -> None:
        """A last payment that leaves a rest has paid everything by its day."""
        found = settlement(TERMS, debts=debts, payments=payments, as_of_on=as_of_on)
        if found.unapplied and all(payment.on <= as_of_on for payment in payments):
            last = max(payments, key=lambda payment: payment.on)
            kept = settlement(TERMS, debts=debts, payments=[*payments, Payment(on=last.on, amount=1)], as_of_on=last.on)
            assert kept.unapplied == found.unapplied + 1
            assert all((left.principal, left.interest) == (0, 0) for left in kept.balances)

    @given(debts=DEBTS, amount=st.integers(0, 10**6), on=DAYS)
    def test_ranks_are_kept(self, debts: list[Debt], amount: int, on: date) -> None:
        """What a rank gets, the ranks before it have got in full; inside a rank the same goes by due day."""
        found = settlement(TERMS, debts=debts, payments=[Payment(on=on, amount=amount)], as_of_on=on)
        due_on = {owed.id: owed.due_on for owed in debts}
        rank = {"cost": 0, "interest": 1, "principal": 2}
        order = [(rank[each.part], due_on[each.debt]) for each in found.applied]
        assert order == sorted(order)
        last = order[-1] if order else (0, date.min)
        for owed, left in zip(debts, found.balances, strict=True):
            if left.interest:
                assert last <= (1, owed.due_on)
            if left.principal:
                assert last <= (0 if owed.kind == "cost" else 2, owed.due_on)
