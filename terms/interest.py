"""Late interest (遅延損害金).

- 36: 14.5 % a year on the sum unpaid, from the day after the due day to the day of payment, both counted.
- 37: cut off below one yen, once, at the end.

Whole years bear the yearly rate; the days left bear it over 365 or 366, by the calendar year they lie in
(端数期間暦年閏年説, A54). Letters `late_interest_invoice`, `first_reminder`, `second_reminder`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache

from terms.citation import Article, implements
from terms.derivation import Derived, ja_day, ja_yen
from terms.periods import ONE_DAY, days_in_year, end_of_years, year_end
from terms.settings import DayCount, Terms

_COMMON_YEAR = 365
_WHOLE_YEARS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestPart:
    """Either whole `years` (basis 1) or `days` over the `basis` of 365 or 366."""

    years: int | None = None
    days: int | None = None
    basis: int

    @property
    def fraction(self) -> Fraction:
        """The part in years."""
        return Fraction(self.years or self.days or 0, self.basis)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateInterest(Derived):
    """Late interest in yen with the days and parts of years it runs for."""

    days: int
    parts: tuple[InterestPart, ...]
    interest: int


@implements(Article(36), Article(37))
def late_interest(terms: Terms, *, principal: int, due_on: date, paid_on: date) -> LateInterest:
    """Work out late interest on an unpaid sum (tax included, yen) paid on a day in Japan."""
    parts = parts_of(terms.daycount, due_on, paid_on)
    interest = interest_yen(terms, principal=principal, due_on=due_on, paid_on=paid_on)
    days = max((paid_on - due_on).days, 0)
    steps: tuple[str, ...] = (f"お支払期限{ja_day(due_on)}までのお支払いのため、遅延損害金はかかりません。",)
    if days:
        steps = (
            f"元本{ja_yen(principal)}に{ja_day(due_on)}の翌日から{ja_day(paid_on)}まで{days}日間の遅延損害金がかかります。",
            f"期間の内訳は{'と'.join(_worded(part) for part in parts)}です。",
            f"年{float(terms.interest_rate):.1%}で計算し、遅延損害金は{ja_yen(interest)}です（1円未満切捨て）。",
        )
    return LateInterest(
        days=days,
        parts=parts,
        interest=interest,
        articles=("36", "37"),
        settings=terms.used("daycount"),
        steps=steps,
    )


def interest_yen(terms: Terms, *, principal: int, due_on: date, paid_on: date) -> int:
    """Return the interest in yen alone: one cut below one yen over all parts."""
    if not principal or paid_on <= due_on:
        return 0
    years, rate = _years(terms.daycount, due_on, paid_on), terms.interest_rate
    return principal * years.numerator * rate.numerator // (years.denominator * rate.denominator)


@lru_cache(maxsize=100_000)  # a settlement asks for the same days again for each debt and payment
def _years(daycount: DayCount, due_on: date, paid_on: date) -> Fraction:
    return sum((part.fraction for part in parts_of(daycount, due_on, paid_on)), Fraction(0))


def parts_of(daycount: DayCount, due_on: date, paid_on: date) -> tuple[InterestPart, ...]:
    """Cut the time from the day after `due_on` to `paid_on` into parts, in the order of time, none of zero."""
    if paid_on <= due_on:
        return ()
    if daycount == "FIXED365":
        return (InterestPart(days=(paid_on - due_on).days, basis=_COMMON_YEAR),)
    return tuple(_by_calendar(due_on + ONE_DAY, paid_on))


def _by_calendar(first_on: date, paid_on: date) -> Iterator[InterestPart]:
    years = _whole_years(first_on, paid_on)
    if years:
        yield InterestPart(years=years, basis=_WHOLE_YEARS)
        first_on = end_of_years(first_on, years) + ONE_DAY
    while first_on <= paid_on:
        last = min(year_end(first_on), paid_on)
        yield InterestPart(days=(last - first_on).days + 1, basis=days_in_year(first_on))
        first_on = last + ONE_DAY


def _whole_years(first_on: date, paid_on: date) -> int:
    """Count by anniversary of the first day; no anniversary is skipped, so at most one year too many is tried."""
    years = paid_on.year - first_on.year + 1
    while end_of_years(first_on, years) > paid_on:
        years -= 1
    return years


def _worded(part: InterestPart) -> str:
    if part.years:
        return f"{part.years}年"
    return f"{part.days}日（1年を{part.basis}日として計算）"
