"""Default (債務不履行) and suspension (利用停止).

- 16(1)(1): a debt unpaid after its due day lets us suspend; the ladder of dunning comes first (A33).
- 16(2): a suspension is announced beforehand with its first day and its period.
- 16(3): service resumes when the cause is gone, if asked on a pledge in writing.
- 17(1): who is suspended and still in default may be rescinded after a demand (催告).
- 36: late interest: `terms.interest`.

Workflow `default`; letters `first_reminder`, `second_reminder`, `suspension_warning`, `suspension_started_notice`,
`formal_demand`, `rescission_notice`, `service_resumed_notice`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from terms.citation import Article, implements
from terms.derivation import Derived, ja_day
from terms.periods import day_of
from terms.settings import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionNotice(Derived):
    """The first day on which a suspension that was announced may begin."""

    earliest_on: date


@implements(Article(16, 2))
def suspension_notice(terms: Terms, *, notice_arrives_at: datetime) -> SuspensionNotice:
    """Work out the first day of a suspension from the arrival of its announcement, by its day in Japan (A32)."""
    arrived_on = day_of(notice_arrives_at)
    earliest_on = arrived_on + timedelta(days=terms.suspend_lead_days)
    return SuspensionNotice(
        earliest_on=earliest_on,
        articles=("16(2)",),
        settings=terms.used("suspend_lead_days"),
        steps=(
            f"利用停止の予告は{ja_day(arrived_on)}に到達します。",
            f"利用停止は到達の日の{terms.suspend_lead_days}日後、{ja_day(earliest_on)}以降に行うことができます。",
        ),
    )
