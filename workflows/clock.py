"""Business time inside workflows: the only module of this layer that reads `workflow.now()`.

In a simulation a workflow's start carries the distance from the server's time to business time as the memo
`clock_shift` (seconds). The memo survives continue-as-new; on the real clock it is absent and the distance is 0.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

CLOCK_SHIFT = "clock_shift"


def now() -> datetime:
    """Return the present instant of business time in UTC."""
    return workflow.now() + timedelta(seconds=workflow.memo_value(CLOCK_SHIFT, 0.0, type_hint=float))


async def wait_until(due: datetime | None, cond: Callable[[], bool], summary: str) -> bool:
    """Wait for `cond` or for the instant `due` (aware), whichever comes first; `due` None waits for `cond` alone.

    Args:
        due: The deadline in business time; one that has passed is not waited for.
        cond: What is waited for; must depend on the workflow's state only.
        summary: What the timer is for, as shown in Temporal's UI; stands there unsealed, so it names nobody.

    Returns:
        True if `cond` holds, False if the deadline came first.
    """
    if due is None:
        await workflow.wait_condition(cond)
        return True
    left = due - now()
    if left <= timedelta(0):  # a negative timer would fail the workflow task for ever
        return cond()
    try:
        await workflow.wait_condition(cond, timeout=left, timeout_summary=summary)
    except TimeoutError:  # uncaught it would end the workflow
        return False
    return True


async def sleep_until(instant: datetime, summary: str = "next deadline") -> None:
    """Sleep until an instant (aware) of business time; return at once if it has passed."""
    await wait_until(instant, lambda: False, summary)
