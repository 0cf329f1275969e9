"""Art. 27(2), 36, 37, Civil Code 488, 489: what is owed on invoices over time, and what money does to it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from terms.account import (
    Account,
    DebtKind,
    Movement,
    MovementPart,
    OpenDebt,
    Paid,
    Segment,
    Surplus,
    apply_designated,
    apply_payment,
    out_of_order,
    owed,
    surplus,
)
from terms.citation import Refused
from tests.terms.oracles import TERMS, day


def invoice(amount: int, due_on: str = "2026-09-30", kind: DebtKind = "fee", name: str = "A") -> OpenDebt:
    """Return an invoice on which nothing has happened."""
    return OpenDebt(id=name, kind=kind, due_on=day(due_on), amount=amount)


def after(debt: OpenDebt, *movements: tuple[str, MovementPart, int]) -> OpenDebt:
    """Return a debt after movements."""
    new = (Movement(on=day(on), part=part, amount=amount) for on, part, amount in movements)
    return replace(debt, movements=(*debt.movements, *new))


def left(debt: OpenDebt, on: str) -> tuple[int, int]:
    """Return the principal and interest open at the end of a day."""
    found = owed(TERMS, debt, day(on))
    return found.principal, found.interest


def excess(debt: OpenDebt, on: str) -> tuple[int, int]:
    """Return the principal and interest collected and not owed."""
    found = owed(TERMS, debt, day(on))
    return found.principal_excess, found.interest_excess


def pay(debts: Sequence[OpenDebt], amount: int, on: str) -> Paid:
    """Apply a payment by law."""
    return apply_payment(TERMS, debts, amount=amount, on=day(on))


def shares(paid: Paid) -> list[tuple[str, str, int]]:
    """Return what was applied, as tuples."""
    return [(each.debt, each.part, each.amount) for each in paid.applied]


# ¥200,000 due on 30 September; ¥100,000 on 20 October: 20 days 1,589, principal 98,411, left 101,589
PART_PAID = after(invoice(200_000), ("2026-10-20", "interest", 1589), ("2026-10-20", "principal", 98_411))


class TestArticle36:
    """Interest follows from the history of the principal."""

    @pytest.mark.parametrize(
        ("debt", "on", "expected"),
        [
            pytest.param(invoice(200_000), "2026-09-29", (200_000, 0), id="before-the-due-day"),
            pytest.param(invoice(200_000), "2026-09-30", (200_000, 0), id="on-the-due-day"),
            pytest.param(invoice(200_000), "2026-10-01", (200_000, 79), id="a-day-late"),  # 200,000 × 14.5 % / 365
            pytest.param(invoice(200_000), "2026-10-20", (200_000, 1589), id="twenty-days-late"),
            pytest.param(PART_PAID, "2026-10-19", (200_000, 1509), id="before-the-payment"),  # 19 × 79.452
            pytest.param(PART_PAID, "2026-10-20", (101_589, 0), id="on-the-day-of-payment"),
            pytest.param(PART_PAID, "2026-10-21", (101_589, 40), id="a-day-after-it"),  # 101,589 × 14.5 % / 365
            pytest.param(invoice(200_000, kind="penalty"), "2027-09-30", (200_000, 0), id="a-penalty-bears-none"),
            pytest.param(
                after(invoice(200_000), ("2026-09-01", "principal", 100_000)), "2026-10-20", (100_000, 794),
                id="paid-before-it-was-due",
            ),  # 100,000 × 20 × 14.5 % / 365 = 794.52
            pytest.param(
                after(invoice(110_000), ("2026-10-01", "principal", 0)), "2026-10-02", (110_000, 87),
                id="a-movement-of-nothing-ends-no-segment",
            ),  # 2 × 43.70 = 87.40, not 43 + 43
        ],
    )  # fmt: skip
    def test_what_is_open_on_a_day(self, debt: OpenDebt, on: str, expected: tuple[int, int]) -> None:
        """All segments, each cut off, less the interest paid."""
        assert left(debt, on) == expected
        assert excess(debt, on) == (0, 0)

    def test_each_segment_is_told(self) -> None:
        """Its days, its principal, its one floor; what letters quote."""
        found = owed(TERMS, PART_PAID, day("2026-10-30"))
        assert found.segments == (
            Segment(after_on=day("2026-09-30"), to_on=day("2026-10-20"), principal=200_000, interest=1589),
            Segment(after_on=day("2026-10-20"), to_on=day("2026-10-30"), principal=101_589, interest=403),
        )
        assert found.steps == (
            "元本¥200,000に対する2026年9月30日の翌日から2026年10月20日まで20日間の遅延損害金は¥1,589です（1円未満切捨て）。",
            "元本¥101,589に対する2026年10月20日の翌日から2026年10月30日まで10日間の遅延損害金は¥403です（1円未満切捨て）。",
            "お支払いのうち¥1,589を遅延損害金に充当しました。",
            "2026年10月30日現在の残高は元本¥101,589、遅延損害金¥403です。",
        )
        assert (found.articles, found.settings) == (("27(2)", "36", "37"), {"daycount": "CALENDAR"})

    def test_a_debt_paid_in_time_has_no_segment(self) -> None:
        """Only the balance is told."""
        found = owed(TERMS, after(invoice(1000), ("2026-09-30", "principal", 1000)), day("2026-12-31"))
        assert (found.principal, found.interest, found.segments) == (0, 0, ())
        assert found.steps == ("2026年12月31日現在の残高は元本¥0、遅延損害金¥0です。",)


class TestCivilCode489:
    """A payment by law, over what was paid before."""

    def test_interest_is_paid_before_principal(self) -> None:
        """The example of the spec, with the history that it leaves and the words of a letter."""
        found = pay([invoice(200_000)], 100_000, "2026-10-20")
        assert shares(found) == [("A", "interest", 1589), ("A", "principal", 98_411)]
        assert (found.rest, found.debts) == (0, (PART_PAID,))
        assert found.steps == (
            "2026年10月20日のお支払いから¥1,589をAの遅延損害金に充当しました。",
            "2026年10月20日のお支払いから¥98,411をAの元本に充当しました。",
        )
        assert found.articles == ("27", "36", "37", "Civil Code 488", "Civil Code 489")

    def test_the_next_payment_meets_what_the_first_left(self) -> None:
        """10 days on 101,589 are 403.57; a rest is told and kept."""
        found = pay([PART_PAID], 102_000, "2026-10-30")
        assert shares(found) == [("A", "interest", 403), ("A", "principal", 101_589)]
        assert found.rest == 8
        assert found.steps[-1] == "充当先のない¥8をお預かりしています。"
        assert left(found.debts[0], "2027-10-30") == (0, 0)

    def test_ranks_go_over_all_debts(self) -> None:
        """Costs, then all interest, then the principal that is due first."""
        debts = [invoice(300, "2026-12-31", "cost", "C"), invoice(10_000, "2026-08-31", name="B"), PART_PAID]
        found = pay(debts, 1000, "2026-10-30")
        # B: 60 days on 10,000 are 238.36; A: 403; 1,000 − 300 − 238 − 403 = 59
        assert shares(found) == [
            *(("C", "cost", 300), ("B", "interest", 238), ("A", "interest", 403), ("B", "principal", 59)),
        ]

    def test_equal_due_days_share_pro_rata(self) -> None:
        """100 over 300, 200 and 1: 59.88, 39.92 and 0.20; the largest remainders get the missing yen."""
        debts = [invoice(300, name="A"), invoice(200, name="B"), invoice(1, name="C")]
        assert shares(pay(debts, 100, "2026-09-30")) == [("A", "principal", 60), ("B", "principal", 40)]

    def test_no_money_and_no_debts(self) -> None:
        """Nothing is applied; what no debt takes is the rest."""
        assert (shares(pay([PART_PAID], 0, "2026-10-30")), pay([], 5, "2026-10-30").rest) == ([], 5)


class TestCivilCode488Paragraph1:
    """Money that was designated for one invoice."""

    def test_its_interest_is_paid_before_its_principal(self) -> None:
        """Up to the value day; what it doesn't take is given back."""
        found = apply_designated(TERMS, PART_PAID, amount=102_000, on=day("2026-10-30"))
        assert shares(found) == [("A", "interest", 403), ("A", "principal", 101_589)]
        assert (found.rest, found.articles[-2:]) == (8, ("Civil Code 488(1)", "Civil Code 489(1)"))

    def test_a_cost_is_paid_as_a_cost(self) -> None:
        """It has no interest."""
        found = apply_designated(TERMS, invoice(300, kind="cost"), amount=200, on=day("2026-10-30"))
        assert shares(found) == [("A", "cost", 200)]
        assert left(found.debts[0], "2026-10-30") == (100, 0)

    def test_what_a_person_designates_may_take_everything(self) -> None:
        """403 of interest and 101,589 of principal are 101,992."""
        found = apply_designated(TERMS, PART_PAID, amount=101_992, on=day("2026-10-30"), in_full=True)
        assert (found.rest, left(found.debts[0], "2026-10-30")) == (0, (0, 0))

    def test_what_a_person_designates_has_to_fit(self) -> None:
        """A yen more than interest and principal is refused."""
        with pytest.raises(Refused) as no:
            apply_designated(TERMS, PART_PAID, amount=101_993, on=day("2026-10-30"), in_full=True)
        assert no.value.article == "27(2)"


class TestCredits:
    """A credit lowers the principal from the due day on, as if it had never been owed."""

    CREDITED = after(invoice(200_000), ("2026-10-15", "credit", 50_000))

    def test_unpaid_interest_is_worked_out_anew(self) -> None:
        """20 days on 150,000 are 1,191.78; before its day the credit is not known."""
        assert left(self.CREDITED, "2026-10-20") == (150_000, 1191)
        assert left(self.CREDITED, "2026-10-14") == (200_000, 1112)  # 14 × 79.452

    def test_a_payment_valued_before_it_meets_the_lower_debt(self) -> None:
        """10 days on 150,000 are 595.89: the credit holds for every day."""
        found = pay([self.CREDITED], 200_000, "2026-10-10")
        assert (shares(found), found.rest) == ([("A", "interest", 595), ("A", "principal", 150_000)], 49_405)

    def test_interest_that_was_paid_comes_free(self) -> None:
        """1,589 was collected, 1,191 is owed to that day; what runs later does not heal it."""
        credited = after(PART_PAID, ("2026-11-01", "credit", 50_000))
        assert surplus(TERMS, credited) == (Surplus(movement=0, amount=398),)
        for on, interest in (("2026-11-01", 245), ("2027-10-20", 7480)):  # 12 days, then a year, on 51,589
            assert left(credited, on) == (51_589, interest)
            assert excess(credited, on) == (0, 398)
        assert excess(credited, "2026-10-31") == (0, 0)
        assert owed(TERMS, credited, day("2026-11-01")).steps[-1] == "お支払いのうち¥398は充当先がなくなりました。"

    @pytest.mark.parametrize(
        ("credit", "expected"),
        [
            pytest.param(11_000, [(1, 11_000)], id="of-the-last-payment"),
            pytest.param(50_000, [(1, 50_000)], id="all-of-it"),
            pytest.param(60_000, [(0, 10_000), (1, 50_000)], id="then-of-the-one-before"),
            pytest.param(110_000, [(0, 60_000), (1, 50_000)], id="everything"),
        ],
    )
    def test_principal_that_was_paid_comes_free(self, credit: int, expected: list[tuple[int, int]]) -> None:
        """110,000 was paid by 60,000 and 50,000: the latest payments give back first."""
        paid = after(invoice(110_000), ("2026-09-01", "principal", 60_000), ("2026-09-02", "principal", 50_000))
        credited = after(paid, ("2026-11-01", "credit", credit))
        assert [(each.movement, each.amount) for each in surplus(TERMS, credited)] == expected
        assert (left(credited, "2026-11-01"), excess(credited, "2026-11-01")) == ((0, 0), (credit, 0))

    def test_a_part_paid_invoice_gives_back_what_exceeds_it(self) -> None:
        """98,411 was paid of 200,000; 150,000 are credited: 48,411 are too much, and 1,192 of interest."""
        credited = after(PART_PAID, ("2026-11-01", "credit", 150_000))
        # 20 days on 50,000 are 397.26; 1,589 − 397 = 1,192
        assert surplus(TERMS, credited) == (Surplus(movement=0, amount=1192), Surplus(movement=1, amount=48_411))


class TestWriteOffs:
    """A write-off lowers the principal on its day (A50)."""

    def test_interest_stops_with_its_day(self) -> None:
        """660 of a bank's fee, 20 days: 5.24; nothing runs later."""
        short = after(invoice(200_000), ("2026-09-30", "principal", 199_340), ("2026-10-20", "write_off", 660))
        assert left(short, "2026-10-19") == (660, 4)
        assert left(short, "2027-10-20") == (0, 5)

    def test_it_is_no_money_to_give_back(self) -> None:
        """What is credited after a write-off frees only what was paid beyond the sum."""
        written_off = after(invoice(1000), ("2026-09-30", "principal", 900), ("2026-10-20", "write_off", 100))
        assert surplus(TERMS, after(written_off, ("2026-11-01", "credit", 100))) == ()
        assert surplus(TERMS, after(written_off, ("2026-11-01", "credit", 150))) == (Surplus(movement=0, amount=50),)


class TestReversals:
    """A reversed deposit's movements are left out; later ones stand."""

    def test_interest_is_worked_out_over_what_stands(self) -> None:
        """The first payment was never made: 30 days on 200,000 are 2,383.56, less 403 that the second one paid."""
        second = pay([PART_PAID], 50_000, "2026-10-30").debts[0]
        assert left(second, "2026-10-30") == (101_589 - 49_597, 0)
        reversed_first = replace(second, movements=second.movements[2:])
        assert left(reversed_first, "2026-10-30") == (200_000 - 49_597, 2383 - 403)
        assert surplus(TERMS, reversed_first) == ()


class TestOutOfOrder:
    """A payment valued before one that is applied already moves nothing of it."""

    @pytest.mark.parametrize(
        ("applied", "expected"),
        [
            pytest.param([], False, id="the-first"),
            pytest.param(["2026-10-09", "2026-10-10"], False, id="of-the-same-day"),
            pytest.param(["2026-10-11", "2026-10-09"], True, id="before-one-of-them"),
        ],
    )
    def test_it_is_recognised(self, applied: list[str], expected: bool) -> None:  # noqa: FBT001 (a case)
        """By its value day, against every day that was applied to the contract."""
        assert out_of_order(day("2026-10-10"), [day(each) for each in applied]) is expected

    def test_interest_for_later_days_comes_free(self) -> None:
        """50,000 of 10 October after 100,000 of the 20th: 794.52 and 595.89 are owed, 1,589 was collected."""
        found = pay([PART_PAID], 50_000, "2026-10-10")
        assert shares(found) == [("A", "principal", 50_000)]  # the 794 run by then have been paid already
        assert left(found.debts[0], "2026-10-20") == (51_589, 0)
        assert left(found.debts[0], "2026-10-25") == (51_589, 102)  # 5 days on 51,589 are 102.47
        assert excess(found.debts[0], "2026-10-25") == (0, 200)
        assert surplus(TERMS, found.debts[0]) == (Surplus(movement=0, amount=200),)

    def test_it_meets_the_interest_that_nobody_paid(self) -> None:
        """500 were paid later of the 794 that had run by its day."""
        found = pay([after(invoice(200_000), ("2026-10-20", "interest", 500))], 1000, "2026-10-10")
        assert shares(found) == [("A", "interest", 294), ("A", "principal", 706)]
        assert surplus(TERMS, found.debts[0]) == ()

    def test_it_meets_no_more_principal_than_is_open_after_all(self) -> None:
        """101,589 are left, whatever was open on its day."""
        found = pay([PART_PAID], 150_000, "2026-10-10")
        assert (shares(found), found.rest) == ([("A", "principal", 101_589)], 48_411)

    def test_movements_are_read_by_their_days(self) -> None:
        """Not as they were made: of 1,000 for 10 October 794 were owed, and then 500 for the 20th too."""
        debt = after(invoice(200_000), ("2026-10-20", "interest", 500), ("2026-10-10", "interest", 1000))
        assert surplus(TERMS, debt) == (Surplus(movement=1, amount=206),)
        assert left(debt, "2026-10-20") == (200_000, 1589 - 794 - 500)

    def test_a_running_account_tells_the_same_as_its_history(self) -> None:
        """Between the stretches that are known a new one begins; those after it stand on less principal."""
        account = Account(TERMS, after(invoice(200_000), ("2026-10-20", "principal", 98_411)))
        account.pay("principal", 50_000, day("2026-10-10"))
        assert [(each.principal, each.interest) for each in account.segments(day("2026-10-25"))] == [
            *((200_000, 794), (150_000, 595), (51_589, 102)),
        ]
        for on, run in (("2026-10-10", 794), ("2026-10-20", 1389), ("2026-10-25", 1491)):
            assert (account.principal, account.interest(day(on))) == (51_589, run)
