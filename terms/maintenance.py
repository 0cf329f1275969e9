"""Maintenance (保守) and restriction of use (利用制限).

- 14(1), 14(2): restriction in an emergency; the customer may rescind if the purpose is lost.
- 15(1): interruption for maintenance, by the supplier, or where we deem it necessary; the last needs a second person.
- 15(2) s1: planned work is announced four weeks ahead; counted backwards, no holiday moves it (A26).
- 15(2) s2, s3, 15(3): urgent work is announced at once, or reported within hours of the stop. The proviso reaches
  planned and urgent work (A27); whoever interrupts without notice needs a second person.

Workflow `maintenance`; letters `planned_maintenance_notice`, `urgent_maintenance_notice`, `post_stop_notice`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from terms.citation import Article, implements
from terms.derivation import Derived, ja_day
from terms.periods import ONE_DAY
from terms.settings import Terms

Verdict = Literal["on_time", "warning", "late"]
EventKind = Literal["restriction", "planned", "urgent", "upstream_stop", "necessary"]

_JA_VERDICT = {
    "on_time": "期限内です",
    "warning": "最終期限内ですが、作業日との間に丸4週間がありません",
    "late": "期限を過ぎています",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceNotice(Derived):
    """By when planned work is to be announced, and how an announcement stands to that."""

    plan_by_on: date
    latest_on: date
    verdict: Verdict | None = None


@implements(Article(15, 2))
def maintenance_notice(terms: Terms, *, work_on: date, noticed_on: date | None = None) -> MaintenanceNotice:
    """Work out the days for the announcement of planned work: 28 clear days, and the last day of all."""
    latest_on = work_on - timedelta(days=terms.maintenance_notice_days)
    plan_by_on = latest_on - ONE_DAY
    steps = [
        f"作業日は{ja_day(work_on)}です。",
        f"丸4週間を空けるための告知期限は{ja_day(plan_by_on)}、最終期限は{ja_day(latest_on)}です。",
    ]
    verdict = None if noticed_on is None else _verdict(noticed_on, plan_by_on, latest_on)
    if noticed_on is not None and verdict is not None:
        steps.append(f"告知は{ja_day(noticed_on)}に行われ、{_JA_VERDICT[verdict]}。")
    return MaintenanceNotice(
        plan_by_on=plan_by_on,
        latest_on=latest_on,
        verdict=verdict,
        articles=("15(2)",),
        settings={},
        steps=tuple(steps),
    )


def _verdict(noticed_on: date, plan_by_on: date, latest_on: date) -> Verdict:
    if noticed_on <= plan_by_on:
        return "on_time"
    return "warning" if noticed_on <= latest_on else "late"


@implements(Article(15, 1, 3), Article(15, 2))
def second_person_by(kind: EventKind, *, without_notice: bool) -> Article | None:
    """Return the clause by which an event needs a second person; None: it is recorded as it is told."""
    if kind == "necessary":
        return Article(15, 1, 3)
    return Article(15, 2) if without_notice else None
