"""Credits (返還) on an invoice, and the difference of usage that came in late.

- 27(1): a credit takes back what an invoice claims, line by line, and no more than it claims.
- 24(4): with a line goes its consumption tax, so that all credits of an invoice sum back to its tax.
- 37: lines are in whole yen; the tax that stays is cut off once for each rate.
- 26(1), 26(2): late usage is priced anew with the month's other usage; the difference is charged or credited.

Nothing is credited by itself: a person proposes, a second one approves (A49). Letter `credit_note` (適格返還請求書).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from terms.billing import TaxOfRate
from terms.citation import Article, InvalidRule, Refused, implements
from terms.derivation import Derived, ja_yen
from terms.money import exact, floor_yen, percent_of
from terms.settings import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedLine:
    """A line of an issued invoice in yen without tax, and the rate of its tax; None where it bears none."""

    line_no: int
    amount: int
    rate_percent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedInvoice:
    """What an invoice claims: its lines, and the base and tax of each rate."""

    lines: tuple[IssuedLine, ...]
    rates: tuple[TaxOfRate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLine:
    """Yen without tax, above 0, that are credited on a line of the invoice."""

    line_no: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What one credit note gave back: lines without tax, and the base and tax of each rate."""

    lines: tuple[CreditLine, ...]
    rates: tuple[TaxOfRate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNote(Derived):
    """What a credit note gives back in yen: lines without tax, tax by rate, what bears no tax, and the sum."""

    lines: tuple[CreditLine, ...]
    rates: tuple[TaxOfRate, ...]
    non_taxed: int
    total: int


@implements(Article(24, 4), Article(27, 1), Article(37))
def credit_note(
    terms: Terms,  # noqa: ARG001 (every rule takes the terms first; this one has no reading of its own)
    *,
    issued: IssuedInvoice,
    credited_before: Sequence[Credited],
    lines: Sequence[CreditLine],
) -> CreditNote:
    """Work out a credit on an invoice.

    The tax of a rate is what was issued, less the tax of the base that stays, less what was credited before. The one
    floor lies in what stays, so this tax may be a yen more than the rate of its own base, cut off.

    Args:
        terms: the version in force.
        issued: the invoice as it was issued.
        credited_before: all its credit notes until now.
        lines: what is to be credited; a line may be named more than once.

    Raises:
        InvalidRule: a line that the invoice does not have, or an amount below one yen.
        Refused: more than what is left of a line. 27(1) makes the line a claim, and only a claim can be taken back;
            37 speaks of fractions of a yen alone.
    """
    rate_of = {line.line_no: line.rate_percent for line in issued.lines}
    _check(issued, credited_before, lines)
    bases, before = _by_rate(lines, rate_of), Counter[int | None]()
    for note in credited_before:
        before.update(_by_rate(note.lines, rate_of))
    issued_at = {of_rate.rate_percent: of_rate for of_rate in issued.rates}
    rates = []
    for percent in sorted(each for each in bases if each is not None):
        of_rate, base = issued_at[percent], bases[percent]
        stays = percent_of(of_rate.base - before[percent] - base, percent)
        tax = of_rate.tax - stays - _tax_before(credited_before, percent)
        rates.append(TaxOfRate(rate_percent=percent, base=base, tax=tax))
    non_taxed = bases[None]
    total = sum(each.base + each.tax for each in rates) + non_taxed
    return CreditNote(
        lines=tuple(lines),
        rates=tuple(rates),
        non_taxed=non_taxed,
        total=total,
        articles=("24(4)", "27(1)", "37"),
        settings={},
        steps=tuple(_worded(rates, non_taxed, total)),
    )


def _check(issued: IssuedInvoice, credited_before: Sequence[Credited], lines: Sequence[CreditLine]) -> None:
    left = {line.line_no: line.amount for line in issued.lines}
    for note in credited_before:
        for credited in note.lines:
            left[credited.line_no] -= credited.amount
    for place, line in enumerate(lines):
        if line.line_no not in left:
            raise InvalidRule(pointer=f"/lines/{place}/line_no", message="the invoice has no such line")
        if line.amount < 1:
            raise InvalidRule(pointer=f"/lines/{place}/amount", message="at least one yen")
        if line.amount > left[line.line_no]:
            raise Refused(Article(27, 1), f"明細{line.line_no}の残額を超える額は返還できません。")
        left[line.line_no] -= line.amount


def _by_rate(lines: Sequence[CreditLine], rate_of: Mapping[int, int | None]) -> Counter[int | None]:
    bases = Counter[int | None]()
    for line in lines:
        bases[rate_of[line.line_no]] += line.amount
    return bases


def _tax_before(credited_before: Sequence[Credited], percent: int) -> int:
    return sum(each.tax for note in credited_before for each in note.rates if each.rate_percent == percent)


def _worded(rates: Sequence[TaxOfRate], non_taxed: int, total: int) -> Iterator[str]:
    for each in rates:
        yield f"{each.rate_percent}%対象の返還は{ja_yen(each.base)}、その消費税は{ja_yen(each.tax)}です。"
    if non_taxed:
        yield f"消費税のかからないものの返還は{ja_yen(non_taxed)}です。"
    yield f"返還額の合計は{ja_yen(total)}です。"


@dataclass(frozen=True, slots=True, kw_only=True)
class LateUsageDifference(Derived):
    """Yen without tax to charge on the next invoice, or to propose as a credit; one of them is 0."""

    charge: int
    proposed_credit: int


@implements(Article(26, 1), Article(26, 2), Article(37))
def late_usage_difference(
    *, new_amount: int | str | Fraction, billed_amount: int | str | Fraction
) -> LateUsageDifference:
    """Compare a line priced anew with late usage with what was billed of it until now, each cut off below one yen.

    An invoice never gets a negative line: where less is due than was billed, a credit note is proposed to a person.
    """
    new, billed = floor_yen(exact(new_amount)), floor_yen(exact(billed_amount))
    charge, credit = max(new - billed, 0), max(billed - new, 0)
    result = f"差額{ja_yen(charge)}を請求します。"
    if credit:
        result = f"差額{ja_yen(credit)}の返還を担当者に提案します。"
    return LateUsageDifference(
        charge=charge,
        proposed_credit=credit,
        articles=("26(1)", "26(2)", "37"),
        settings={},
        steps=(f"再計算後の料金は{ja_yen(new)}、請求済みの料金は{ja_yen(billed)}です。", result),
    )
