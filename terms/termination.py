"""Termination (解約, 解除): how a contract ends and what that costs.

- 5(2): who leaves before the minimum term is over pays for the rest of it; claimed through 28(2), never twice.
- 18(1): the customer terminates in writing (書面) a month ahead; the contract ends with the billing month (課金単位月).
- 18(1) s2, 38: resources are deleted by then, equipment is removed: `terms.restoration`.
- 28(1), 28(2): the penalty (違約金): `terms.penalty`.

A notice period that runs out on a holiday is not moved (民142): nobody has anything left to do on that day.
Workflows `contract` and `termination`; letters `cancellation_receipt`, `not_in_writing_notice`,
`contract_end_notice`, `penalty_invoice`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from terms.calendars import Calendars
from terms.citation import Article, InvalidRule, Refused, implements
from terms.contract import minimum_term_end
from terms.derivation import Derived, ja_day, ja_month
from terms.payment import due_date
from terms.penalty import Ground, Penalty, PenaltyBasis, penalty, penalty_basis
from terms.periods import ONE_DAY, days_in_month, end_of_months, first_of_month_after, month_end, month_of
from terms.restoration import RestorationDamages, restoration_damages
from terms.settings import Terms

__all__ = [
    "Ground",
    "NoticeForm",
    "Outlook",
    "Penalty",
    "PenaltyBasis",
    "RestorationDamages",
    "Termination",
    "by_notice",
    "outlook",
    "penalty",
    "penalty_basis",
    "restoration_damages",
]

NoticeForm = Literal["paper", "e-signature", "console", "email", "telephone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Termination(Derived):
    """When a contract ends, with the day on which the notice period runs out."""

    runs_out_on: date
    ends_on: date


@implements(Article(18, 1))
def by_notice(terms: Terms, *, arrived_on: date, form: NoticeForm, requested_end_on: date | None = None) -> Termination:
    """Work out the end of a contract from the day in Japan on which the customer's notice (解約届) arrived.

    Raises:
        Refused: 18(1): the notice is not in writing, or the wished end is no month end or too early.
    """
    if form not in terms.written_forms:
        raise Refused(
            Article(18, 1),
            "解約のお届けは書面に限ります。電子メール、コンソール又は電話によるお届けでは解約できません。",
        )
    runs_out_on = _runs_out(terms, arrived_on)
    earliest_on = month_end(runs_out_on)
    ends_on = earliest_on if requested_end_on is None else _wished_end(earliest_on, requested_end_on)
    steps = [
        f"解約届は{ja_day(arrived_on)}に到着しました。",
        f"{terms.cancel_notice_months}か月の予告期間は{ja_day(runs_out_on)}に満了します。",
        f"満了日の属する課金単位月の末日は{ja_day(earliest_on)}です。",
    ]
    if requested_end_on is not None:
        steps.append(f"ご希望の終了日は{ja_day(requested_end_on)}です。")
    steps.append(f"利用契約は{ja_day(ends_on)}をもって終了します。")
    return Termination(
        runs_out_on=runs_out_on,
        ends_on=ends_on,
        articles=("18(1)",),
        settings=terms.used("cancel_notice_rule"),
        steps=tuple(steps),
    )


def _runs_out(terms: Terms, arrived_on: date) -> date:
    """Return the day on which the month's notice runs out, by the reading in force (A16)."""
    months = terms.cancel_notice_months
    if terms.cancel_notice_rule == "EOM_PREV":
        return end_of_months(arrived_on + ONE_DAY, months)
    same_day = _same_day(arrived_on, months)
    return same_day + ONE_DAY if terms.cancel_notice_rule == "CLEAR" else same_day


def _same_day(day: date, months: int) -> date:
    """Return the same-numbered day `months` later; without one, the first day after that month."""
    later = first_of_month_after(day, months)
    if day.day > days_in_month(later):
        return month_end(later) + ONE_DAY
    return later.replace(day=day.day)


def _wished_end(earliest_on: date, requested_end_on: date) -> date:
    if requested_end_on != month_end(requested_end_on):
        raise Refused(
            Article(18, 1), f"終了日は月の末日に限ります。ご希望の{ja_day(requested_end_on)}は末日ではありません。"
        )
    if requested_end_on < earliest_on:
        raise Refused(
            Article(18, 1),
            f"ご希望の終了日{ja_day(requested_end_on)}は、予告期間を満たす最も早い終了日{ja_day(earliest_on)}より前です。",
        )
    return requested_end_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook(Derived):
    """What would follow if a notice of termination arrived on a day: dates and the penalty in yen."""

    min_term_ends_on: date
    ends_on: date
    penalty: int
    last_usage_month: str
    final_due_on: date
    delete_from_on: date


@implements(Article(5), Article(18), Article(27), Article(28), Article(34))
def outlook(
    terms: Terms,
    calendars: Calendars,
    *,
    billing_start_on: date,
    dedicated_cluster: bool,
    monthly: int,
    notice_arrives_on: date,
) -> Outlook:
    """Show the whole way out of a contract: a paper notice that arrives on a day, by the rules of 5, 18, 27, 28, 34.

    Raises:
        InvalidRule: the notice arrives before charging starts.
        CalendarUnknown: the last due date lies beyond the known holidays.
    """
    if notice_arrives_on < billing_start_on:
        raise InvalidRule(pointer="/notice_arrives_on", message="a notice before billing_start_on has no outlook")
    term = minimum_term_end(terms, billing_start_on=billing_start_on, dedicated_cluster=dedicated_cluster)
    end = by_notice(terms, arrived_on=notice_arrives_on, form="paper")
    charge = penalty(terms, ground="18(1)", min_term_ends_on=term.ends_on, ends_on=end.ends_on, monthly=monthly)
    last_usage_month = month_of(end.ends_on)
    due = due_date(terms, calendars, usage_month=last_usage_month)
    delete_from_on = end.ends_on + timedelta(days=terms.delete_grace_days)
    return Outlook(
        min_term_ends_on=term.ends_on,
        ends_on=end.ends_on,
        penalty=charge.penalty,
        last_usage_month=last_usage_month,
        final_due_on=due.due_on,
        delete_from_on=delete_from_on,
        articles=("5", "18", "27", "28", "34"),
        settings=terms.used("cancel_notice_rule", "due_shift", "delete_grace_days"),
        steps=(
            *term.steps,
            *end.steps,
            *charge.steps,
            f"{ja_month(last_usage_month)}分の料金のお支払期限は{ja_day(due.due_on)}です。",
            f"データ等は{ja_day(delete_from_on)}以降に削除します。",
        ),
    )
