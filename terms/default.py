"""Default (債務不履行) and suspension (利用停止).

- 16(1)(1): a debt unpaid after its due day lets us suspend; the ladder of dunning comes first (A33).
- 16(2): a suspension is announced beforehand with its first day and its period, unless that is impossible or urgent.
- 16(3): service resumes when the cause is gone, if asked on a pledge in writing.
- 17(1): who is suspended and still in default may be rescinded after a demand (催告).
- 17(2): where the default gravely hampers our business, at once and without a suspension.
- 36: late interest: `terms.interest`.

Workflow `default`; letters `first_reminder`, `second_reminder`, `suspension_warning`, `suspension_started_notice`,
`formal_demand`, `rescission_notice`, `service_resumed_notice`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from terms.calendars import Calendars, add_business_days
from terms.citation import Article, Refused, implements
from terms.derivation import Derived, ja_day
from terms.periods import day_of
from terms.settings import LadderStep, Step, Terms

AFTER_THE_END: tuple[Step, ...] = ("flag", "reminder", "warning", "demand", "review")
"""The steps that are left once a contract has ended: nothing can be suspended any more, the second reminder warns of
nothing, and the review is a task of legal."""

CaseState = Literal[
    "none", "overdue", "reminded", "warned", "suspended", "demanded", "rescinding", "rescinded", "settled"
]
CaseMove = Literal["hold", "suspend", "suspend_unannounced", "resume", "rescind", "rescind_17_2"]
Unannounced = Literal["impossible", "urgent"]
"""Why a suspension is not announced (16(2), proviso): that is impossible in fact, or there is no time for it."""

REFUSED: Mapping[CaseMove, Mapping[CaseState, str]] = MappingProxyType(
    {
        "hold": {"none": "16(1)(1)", "rescinded": "16(1)(1)", "settled": "16(1)(1)"},
        "suspend": {
            "none": "16(1)(1)",
            "overdue": "16(2)",
            "reminded": "16(2)",
            "suspended": "16(1)",
            "demanded": "16(1)",
            "rescinding": "16(1)",
            "rescinded": "16(1)",
            "settled": "16(1)(1)",
        },
        "suspend_unannounced": {
            "none": "16(1)(1)",
            "suspended": "16(1)",
            "demanded": "16(1)",
            "rescinding": "16(1)",
            "rescinded": "16(1)",
            "settled": "16(1)(1)",
        },
        "resume": {
            "none": "16(3)",
            "overdue": "16(3)",
            "reminded": "16(3)",
            "warned": "16(3)",
            "suspended": "16(3)",
            "demanded": "16(3)",
            "rescinding": "16(3)",
            "rescinded": "16(3)",
            "settled": "16(3)",
        },
        "rescind": {
            "none": "17(1)",
            "overdue": "17(1)",
            "reminded": "17(1)",
            "warned": "17(1)",
            "suspended": "17(1)",
            "rescinding": "17(1)",
            "rescinded": "17(1)",
            "settled": "17(1)",
        },
        "rescind_17_2": dict.fromkeys(("none", "rescinding", "rescinded", "settled"), "17(2)"),
    }
)
"""The clause that forbids what people may want in each state of a default for an unpaid debt; all else is allowed.

Service resumes by itself with the payment, so nobody resumes it before; a demanded debt can be rescinded for once the
periods of 17(1) are over. The rules below prove each case from the books; a journey compares them with this table.
"""
ALLOWED_BY: Mapping[CaseMove, str] = MappingProxyType(
    {
        "hold": "16(1)(1)",
        "suspend": "16(1)(1)",
        "suspend_unannounced": "16(2)",
        "resume": "16(3)",
        "rescind": "17(1)",
        "rescind_17_2": "17(2)",
    }
)
"""The clause by which each is allowed."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderDay:
    """A step of dunning and the day in Japan from which it is due."""

    step: Step
    on: date


@implements(Article(16, 1, 1))
def ladder(terms: Terms, calendars: Calendars, *, first_due_on: date, ended: bool = False) -> tuple[LadderDay, ...]:
    """Lay out the ladder of dunning from the printed due day of the oldest unpaid invoice, in its order (A33).

    Days of the calendar, or business days where the step says so; the due day itself is not counted (Civil Code 140).
    The clock stays pinned to that day until no principal is overdue. A contract that has `ended` climbs what is left.
    """
    wanted = AFTER_THE_END if ended else tuple(each.step for each in terms.dunning)
    return tuple(
        LadderDay(step=each.step, on=_day_of_step(calendars, first_due_on, each))
        for each in terms.dunning
        if each.step in wanted
    )


def _day_of_step(calendars: Calendars, first_due_on: date, step: LadderStep) -> date:
    if step.business:
        return add_business_days(calendars, first_due_on, step.days)
    return first_due_on + timedelta(days=step.days)


@implements(Article(16, 1, 1), Article(16, 2))
def must_allow_suspension(
    terms: Terms,
    *,
    overdue: int,
    warning_arrived_at: datetime | None,
    stated_from_on: date | None,
    on: date,
    without_announcement: Unannounced | None = None,
) -> None:
    """Refuse a suspension for an unpaid debt that is not due to begin on a day.

    `overdue` is the overdue principal in yen on that day, `stated_from_on` the first day (実施期日) that the warning
    names; a warning that arrived later than it was printed for moves the suspension (A32). `without_announcement` is
    why none is asked for: legal has judged so.

    Raises:
        Refused: 16(1)(1) when nothing is overdue, 16(2) when the warning is missing or the day is too early.
    """
    if overdue <= 0:
        raise Refused(Article(16, 1, 1), "支払期日を経過した未払いの料金等はありません。")
    if without_announcement is not None:
        return
    if warning_arrived_at is None or stated_from_on is None:
        raise Refused(Article(16, 2), "利用停止の予告が契約者に到達していません。")
    earliest_on = max(stated_from_on, suspension_notice(terms, notice_arrives_at=warning_arrived_at).earliest_on)
    if on < earliest_on:
        raise Refused(Article(16, 2), f"利用停止は{ja_day(earliest_on)}以降に行うことができます。")


@implements(Article(17, 1))
def must_allow_rescission(
    terms: Terms, *, overdue: int, suspended_on: date | None, demand_arrived_on: date | None, on: date
) -> None:
    """Refuse a rescission for an unpaid debt whose preconditions are not met on a day (A34).

    The contract has been suspended for `rescind_wait_days`, still is, and still owes `overdue` yen of principal; the
    demand (催告) has arrived and its `demand_days` are over (Civil Code 140, 541).

    Raises:
        Refused: 17(1), naming what is missing.
    """
    if overdue <= 0:
        raise Refused(Article(17, 1), "支払期日を経過した未払いの料金等はありません。")
    if suspended_on is None:
        raise Refused(Article(17, 1), "サービスの提供を停止していないため、利用契約を解除できません。")
    waits_until = suspended_on + timedelta(days=terms.rescind_wait_days)
    if on < waits_until:
        raise Refused(
            Article(17, 1), f"利用停止から{terms.rescind_wait_days}日を経過する{ja_day(waits_until)}より前です。"
        )
    if demand_arrived_on is None:
        raise Refused(Article(17, 1), "催告書が契約者に到達していません。")
    last_on = demand_arrived_on + timedelta(days=terms.demand_days)
    if on <= last_on:
        raise Refused(Article(17, 1), f"催告の期間は{ja_day(last_on)}まで経過していません。")


@implements(Article(17, 2))
def must_allow_rescission_at_once(*, overdue: int) -> None:
    """Refuse a rescission without suspension where no item of 16(1) is on record: `overdue` yen of principal.

    Whether that gravely hampers our business people judge; no suspension, demand or days are asked for.

    Raises:
        Refused: 17(2).
    """
    if overdue <= 0:
        raise Refused(Article(17, 2), "第16条第1項各号に該当する事実(支払期日を経過した未払い)の記録がありません。")


@implements(Article(16, 3))
def must_allow_resumption(terms: Terms, *, ground: str, overdue: int, pledged: bool) -> None:
    """Refuse a resumption while the cause of the suspension lasts, or without the pledge (誓約書) that it needs.

    `overdue` is the overdue principal in yen; whether another cause than a debt is gone, a person has to judge.

    Raises:
        Refused: 16(3), naming what is missing.
    """
    if ground == "16(1)(1)" and overdue > 0:
        raise Refused(Article(16, 3), "支払期日を経過した未払いの料金等が残っています。")
    if needs_pledge(terms, ground) and not pledged:
        raise Refused(Article(16, 3), "停止事由の解消と再発のおそれがないことを誓約する書面が必要です。")


def needs_pledge(terms: Terms, ground: str) -> bool:
    """Tell whether a suspension on a ground is lifted on a pledge in writing only."""
    return ground in terms.pledge_required
