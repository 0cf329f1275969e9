"""The minute of the day (Japan) at which each kind of deadline acts: two at one instant would have no order.

Contract end 0:00 (24:00 of the last day), billing 0:05, deletion 0:10, sweep 6:00, reminders 9:00.
"""

from datetime import date, datetime

from terms.periods import ONE_DAY, at

BILLING_MINUTE = 5
DELETION_MINUTE = 10
SWEEP_HOUR = 6
REMINDER_HOUR = 9


def end_of(day: date) -> datetime:
    """Return 24:00 of a day: the instant at which a contract that ends with it is over."""
    return at(day + ONE_DAY)


def billing_at(day: date) -> datetime:
    """Return when a month's billing run begins on a day."""
    return at(day, 0, BILLING_MINUTE)


def deletion_at(day: date) -> datetime:
    """Return when data and personal data that are due on a day are deleted."""
    return at(day, 0, DELETION_MINUTE)


def sweep_at(day: date) -> datetime:
    """Return when the sweep of a day runs."""
    return at(day, SWEEP_HOUR)


def reminder_at(day: date) -> datetime:
    """Return when reminders of a day go out and escalations of a day happen."""
    return at(day, REMINDER_HOUR)
