"""Payment (支払): when a debt is due, what lateness costs, and what a payment pays.

- 25(1): initial fees are due at the end of the second month after the month of start.
- 25(2): those of a change likewise (A43).
- 27(2): charges are due by the end of the second month after the month of use; the transfer fee is the customer's.
- 27(2), 35, 36, 38: claims without a month of use are due some days after issue (A90); so is a reissue over more.
- 28: a penalty is due at once: on the day on which its invoice arrives (A74).
- 民142: a due day on which banks are closed is carried over to the next bank business day (A56).
- 36: late interest: `terms.interest`.
- 民488, 489: what a payment pays: `terms.settlement`, and over what was paid before: `terms.account`.

Workflows `billing` and `default`; letters `invoice`, `first_reminder`, `second_reminder`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from terms.calendars import Calendars, next_bank_day, previous_bank_day
from terms.citation import Article, InvalidRule, implements
from terms.derivation import Derived, ja_day, ja_month
from terms.interest import InterestPart, LateInterest, late_interest
from terms.periods import first_of, first_of_month_after, month_end
from terms.settings import Terms
from terms.settlement import Applied, Balance, Debt, DebtKind, Payment, Settlement, settlement

__all__ = [
    "Applied",
    "Balance",
    "Debt",
    "DebtKind",
    "DueDate",
    "InterestPart",
    "LateInterest",
    "Payment",
    "Settlement",
    "claim_due_on",
    "due_date",
    "late_interest",
    "penalty_due_on",
    "reissue_due_on",
    "settlement",
    "shifted",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDate(Derived):
    """The due day by the wording of the terms, and the one that is printed."""

    nominal_on: date
    due_on: date


@implements(Article(25, 1), Article(25, 2), Article(27, 2))
def due_date(
    terms: Terms,
    calendars: Calendars,
    *,
    usage_month: str | None = None,
    started_on: date | None = None,
    issued_on: date | None = None,
) -> DueDate:
    """Work out the due day for a month of use (27(2)) or for a start (25(1)).

    An invoice issued late leaves at least `min_pay_days`; the later of both days is shifted (A73).

    Args:
        terms: the version in force.
        calendars: the bank business days.
        usage_month: month of use, `YYYY-MM`; exactly one of this and `started_on`.
        started_on: day of the start to which an initial fee belongs.
        issued_on: day of issue of the invoice, if known.

    Raises:
        InvalidRule: both or none of `usage_month` and `started_on`.
        CalendarUnknown: the day lies beyond the known holidays.
    """
    charged = _charged_in(usage_month, started_on)
    nominal_on = month_end(first_of_month_after(charged, terms.payment_months))
    steps = [f"{ja_month(charged)}分のお支払期限は翌々月の末日、{ja_day(nominal_on)}です。"]
    wanted = nominal_on
    if issued_on is not None:
        earliest = issued_on + timedelta(days=terms.min_pay_days)
        wanted = max(nominal_on, earliest)
        steps.append(f"請求書の発行日{ja_day(issued_on)}から{terms.min_pay_days}日後は{ja_day(earliest)}です。")
    due_on = shifted(terms, calendars, wanted)
    if due_on != wanted:
        steps.append(f"{ja_day(wanted)}は金融機関の休業日です。")
    steps.append(f"お支払期限は{ja_day(due_on)}です。")
    return DueDate(
        nominal_on=nominal_on,
        due_on=due_on,
        articles=("25(1)", "27(2)"),
        settings=terms.used("due_shift", "min_pay_days"),
        steps=tuple(steps),
    )


def _charged_in(usage_month: str | None, started_on: date | None) -> date:
    """Return a day of the month from which the due day is counted."""
    match usage_month, started_on:
        case str() as month, None:
            return first_of(month)
        case None, date() as day:
            return day
        case _:
            raise InvalidRule(pointer="/usage_month", message="exactly one of usage_month and started_on is required")


@implements(Article(27, 2))
def reissue_due_on(
    terms: Terms, calendars: Calendars, *, old_due_on: date, old_total: int, new_total: int, issued_on: date
) -> date:
    """Return the due day of an invoice that replaces a wrong one; totals in yen, tax included.

    One over no more keeps its day, however late it comes; one over more leaves `min_pay_days` from its own issue (A73),
    shifted as any due day.

    Raises:
        CalendarUnknown: the day lies beyond the known holidays.
    """
    if new_total <= old_total:
        return old_due_on
    return shifted(terms, calendars, issued_on + timedelta(days=terms.min_pay_days))


@implements(Article(27, 2), Article(35), Article(36), Article(38, 2))
def claim_due_on(terms: Terms, calendars: Calendars, *, issued_on: date) -> date:
    """Return the due day of a claim without a month of use: `claim_due_days` after issue (A90), then shifted.

    Raises:
        CalendarUnknown: the day lies beyond the known holidays.
    """
    return shifted(terms, calendars, issued_on + timedelta(days=terms.claim_due_days))


@implements(Article(28, 1), Article(28, 2))
def penalty_due_on(*, issued_on: date, arrives_on: date | None) -> date:
    """Return the due day of a penalty, at once and never shifted (A74).

    Args:
        issued_on: day of issue in Japan; e-mail arrives that day.
        arrives_on: day on which a letter normally arrives; None if it goes by e-mail.
    """
    return issued_on if arrives_on is None else arrives_on


@implements(Article(142, law="Civil Code"))
def shifted(terms: Terms, calendars: Calendars, day: date) -> date:
    """Move a due day off bank holidays by the reading in force (A56); without a shift no calendar is asked."""
    if terms.due_shift == "NEXT":
        return next_bank_day(calendars, day)
    return previous_bank_day(calendars, day) if terms.due_shift == "PREV" else day
