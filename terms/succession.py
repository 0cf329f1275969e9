"""Succession (承継) and assignment (譲渡).

- 11: rights under the contract are not assigned without our special consent.
- 12(1): the successor by merger or split gives notice within 30 days of the day of succession.
- 民140, 142: that day is left out; a last day without business moves to the next business day.
- 12(2): we may rescind if the successor is one we need not accept under 9(2).

Workflow `succession`; letters `succession_notice`, `succession_rescission_notice`, `assignment_consent`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from terms.calendars import Calendars, next_business_day
from terms.citation import Article, implements
from terms.derivation import Derived, ja_day
from terms.periods import ONE_DAY
from terms.settings import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessionDeadline(Derived):
    """The thirtieth day as counted, and the last day on which the notice is in time."""

    raw_on: date
    deadline_on: date


@implements(Article(12, 1), Article(140, law="Civil Code"), Article(142, law="Civil Code"))
def succession_deadline(terms: Terms, calendars: Calendars, *, succeeded_on: date) -> SuccessionDeadline:
    """Work out the last day for the notice of a succession, in Japan.

    Raises:
        CalendarUnknown: the day lies beyond the known holidays.
    """
    first_on = succeeded_on if terms.incl_first_day else succeeded_on + ONE_DAY
    raw_on = first_on + timedelta(days=terms.succession_notice_days) - ONE_DAY
    deadline_on = next_business_day(calendars, raw_on)
    steps = [
        f"承継の日は{ja_day(succeeded_on)}で、{ja_day(first_on)}を1日目として数えます。",
        f"{terms.succession_notice_days}日目は{ja_day(raw_on)}です。",
    ]
    if deadline_on != raw_on:
        steps.append(f"{ja_day(raw_on)}は休業日のため、翌営業日まで延びます。")
    steps.append(f"届出の期限は{ja_day(deadline_on)}です。")
    return SuccessionDeadline(
        raw_on=raw_on,
        deadline_on=deadline_on,
        articles=("12(1)", "Civil Code 140", "Civil Code 142"),
        settings=terms.used("incl_first_day"),
        steps=tuple(steps),
    )
