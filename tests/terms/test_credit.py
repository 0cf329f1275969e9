"""Art. 24(4), 26, 27(1), 37: credits on an invoice, and late usage."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.billing import InvoiceLine, TaxOfRate, invoice_total
from terms.citation import InvalidRule, Refused
from terms.credit import (
    Credited,
    CreditLine,
    CreditNote,
    IssuedInvoice,
    IssuedLine,
    credit_note,
    late_usage_difference,
)
from tests.terms.oracles import TERMS, day

# 710 + 1,985 + 960 = 3,655 at 10 %: 365 (365.5 cut off); 500 bear no tax; 4,520 in all
INVOICE = IssuedInvoice(
    lines=(
        IssuedLine(line_no=1, amount=710, rate_percent=10),
        IssuedLine(line_no=2, amount=1985, rate_percent=10),
        IssuedLine(line_no=3, amount=960, rate_percent=10),
        IssuedLine(line_no=4, amount=500, rate_percent=None),
    ),
    rates=(TaxOfRate(rate_percent=10, base=3655, tax=365),),
)
LINES = st.lists(
    st.tuples(st.integers(0, 10**6), st.booleans(), st.lists(st.integers(1, 10**6), max_size=3), st.integers(0, 4)),
    min_size=1,
    max_size=5,
)


def credit(*lines: tuple[int, int], before: tuple[CreditNote, ...] = (), issued: IssuedInvoice = INVOICE) -> CreditNote:
    """Credit lines of an invoice, by their numbers."""
    return credit_note(
        TERMS,
        issued=issued,
        credited_before=[Credited(lines=note.lines, rates=note.rates) for note in before],
        lines=[CreditLine(line_no=line_no, amount=amount) for line_no, amount in lines],
    )


def taxes(note: CreditNote) -> list[tuple[int, int, int]]:
    """Return rate, base and tax, as tuples."""
    return [(each.rate_percent, each.base, each.tax) for each in note.rates]


class TestArticle24Paragraph4:
    """With a line goes its tax; what stays is cut off once for each rate."""

    @pytest.mark.parametrize(
        ("lines", "rates", "non_taxed", "total"),
        [
            pytest.param([(3, 960)], [(10, 960, 96)], 0, 1056, id="a-line"),  # 365 − floor(269.5) = 96
            pytest.param([(1, 4)], [(10, 4, 0)], 0, 4, id="too-little-for-a-yen-of-tax"),  # 365 − floor(365.1) = 0
            pytest.param([(1, 6)], [(10, 6, 1)], 0, 7, id="a-yen-of-tax"),  # 365 − floor(364.9) = 1
            pytest.param([(1, 10), (2, 20), (1, 5)], [(10, 35, 3)], 0, 38, id="several-lines"),  # 365 − 362 = 3
            pytest.param([(4, 500)], [], 500, 500, id="a-line-without-tax"),
            pytest.param([(4, 1), (1, 710)], [(10, 710, 71)], 1, 782, id="both"),  # 365 − floor(294.5) = 71
            pytest.param(
                [(1, 710), (2, 1985), (3, 960), (4, 500)], [(10, 3655, 365)], 500, 4520, id="the-whole-invoice"
            ),
        ],
    )
    def test_the_tax_of_a_credit(
        self, lines: list[tuple[int, int]], rates: list[tuple[int, int, int]], non_taxed: int, total: int
    ) -> None:
        """What was issued, less the tax of what stays."""
        found = credit(*lines)
        assert (taxes(found), found.non_taxed, found.total) == (rates, non_taxed, total)
        assert [(each.line_no, each.amount) for each in found.lines] == lines

    def test_earlier_credits_count(self) -> None:
        """Thrice 5: 0.5 of 365.5 stays behind first, then a yen, then none again."""
        first = credit((1, 5))  # 365 − floor(365.0) = 0
        second = credit((1, 5), before=(first,))  # 365 − floor(364.5) − 0 = 1
        third = credit((2, 5), before=(first, second))  # 365 − floor(364.0) − 1 = 0
        assert [taxes(note)[0][2] for note in (first, second, third)] == [0, 1, 0]

    def test_each_rate_has_its_tax(self) -> None:
        """An invoice over a change of the rate; only what is credited is named, the lower rate first."""
        issued = IssuedInvoice(
            lines=(
                IssuedLine(line_no=1, amount=99, rate_percent=12),
                IssuedLine(line_no=2, amount=99, rate_percent=10),
                IssuedLine(line_no=3, amount=99, rate_percent=8),
            ),
            rates=(
                TaxOfRate(rate_percent=12, base=99, tax=11),
                TaxOfRate(rate_percent=10, base=99, tax=9),
                TaxOfRate(rate_percent=8, base=99, tax=7),
            ),
        )
        first = credit((1, 50), (3, 50), issued=issued)
        assert taxes(first) == [(8, 50, 4), (12, 50, 6)]  # 7 − floor(3.92), 11 − floor(5.88)
        assert taxes(credit((1, 49), (2, 99), (3, 49), issued=issued, before=(first,))) == [
            *((8, 49, 3), (10, 99, 9), (12, 49, 5)),
        ]

    @given(drawn=LINES)
    def test_all_credits_sum_back_to_the_invoice(self, drawn: list[tuple[int, bool, list[int], int]]) -> None:
        """However the lines are cut and put together, base, tax and total come to those that were issued."""
        total = invoice_total(
            TERMS,
            lines=[
                InvoiceLine(amount=amount, tax_class="taxable" if taxed else "exempt") for amount, taxed, _, _ in drawn
            ],
            supplied_on=day("2026-06-30"),
        )
        lines = tuple(
            IssuedLine(line_no=place, amount=amount, rate_percent=10 if taxed else None)
            for place, (amount, taxed, _, _) in enumerate(drawn)
        )
        by_note: dict[int, list[tuple[int, int]]] = {}
        for place, (amount, _, cuts, note) in enumerate(drawn):
            left = amount
            for shift, cut in enumerate(cuts):
                if cut < left:
                    by_note.setdefault(note + shift, []).append((place, cut))
                    left -= cut
            if left:
                by_note.setdefault(note + len(cuts), []).append((place, left))
        notes: tuple[CreditNote, ...] = ()
        for _, each in sorted(by_note.items()):
            notes = (*notes, credit(*each, before=notes, issued=IssuedInvoice(lines=lines, rates=total.rates)))
        assert sum(rate.base for note in notes for rate in note.rates) == sum(rate.base for rate in total.rates)
        assert sum(rate.tax for note in notes for rate in note.rates) == sum(rate.tax for rate in total.rates)
        assert sum(note.non_taxed for note in notes) == total.non_taxed
        assert sum(note.total for note in notes) == total.total
        assert all(rate.tax >= 0 for note in notes for rate in note.rates)

    def test_the_steps_tell_the_way(self) -> None:
        """Each rate, what bears no tax, and the sum."""
        found = credit((1, 710), (4, 100))
        assert found.steps == (
            "10%対象の返還は¥710、その消費税は¥71です。",
            "消費税のかからないものの返還は¥100です。",
            "返還額の合計は¥881です。",
        )
        assert (found.articles, found.settings) == (("24(4)", "27(1)", "37"), {})
        assert credit((1, 710)).steps[1:] == ("返還額の合計は¥781です。",)


class TestArticle27Paragraph1:
    """Only what an invoice claims can be taken back."""

    def test_no_more_than_is_left_of_a_line(self) -> None:
        """Over this credit and all before it; another line's rest doesn't help."""
        before = (credit((1, 300)), credit((1, 400)))
        assert credit((1, 10), before=before).total == 11  # 365 − floor(294.5) − 30 − 40 = 1
        for lines in ([(1, 11)], [(1, 5), (1, 6)], [(2, 1986)]):
            with pytest.raises(Refused) as no:
                credit(*lines, before=before)
            assert no.value.article == "27(1)"

    @pytest.mark.parametrize(
        ("lines", "pointer"),
        [
            pytest.param([(1, 1), (5, 1)], "/lines/1/line_no", id="no-such-line"),
            pytest.param([(1, 0)], "/lines/0/amount", id="nothing"),
            pytest.param([(2, 1), (1, -1)], "/lines/1/amount", id="less-than-nothing"),
        ],
    )
    def test_what_is_no_credit(self, lines: list[tuple[int, int]], pointer: str) -> None:
        """A line of the invoice, and at least a yen of it."""
        with pytest.raises(InvalidRule) as wrong:
            credit(*lines)
        assert wrong.value.pointer == pointer


class TestArticle26:
    """Late usage: the line priced anew, less what was billed, each cut off."""

    @pytest.mark.parametrize(
        ("new_amount", "billed_amount", "charge", "proposed_credit"),
        [
            pytest.param(1500, 1000, 500, 0, id="more"),
            pytest.param(1000, 1000, 0, 0, id="the-same"),
            pytest.param(0, 1000, 0, 1000, id="all-of-it-back"),
            pytest.param("100.2", "99.9", 1, 0, id="each-is-cut-off"),  # 100 − 99, not floor(0.3)
            pytest.param("100.9", "100.1", 0, 0, id="no-fraction-is-charged"),
            pytest.param(Fraction(199, 2), "100.9", 0, 1, id="nor-credited"),  # 99 − 100
        ],
    )
    def test_the_difference(
        self, new_amount: str | int | Fraction, billed_amount: str | int, charge: int, proposed_credit: int
    ) -> None:
        """Charged on the next invoice, or proposed as a credit; never a negative line."""
        found = late_usage_difference(new_amount=new_amount, billed_amount=billed_amount)
        assert (found.charge, found.proposed_credit) == (charge, proposed_credit)

    def test_the_steps_tell_the_way(self) -> None:
        """Both amounts, and what follows."""
        assert late_usage_difference(new_amount=1500, billed_amount=1000).steps == (
            "再計算後の料金は¥1,500、請求済みの料金は¥1,000です。",
            "差額¥500を請求します。",
        )
        found = late_usage_difference(new_amount=1000, billed_amount=1500)
        assert found.steps[1] == "差額¥500の返還を担当者に提案します。"
        assert (found.articles, found.settings) == (("26(1)", "26(2)", "37"), {})
