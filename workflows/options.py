"""Timeouts and retries, named once by kind of work; what Temporal's UI is told in words without personal data."""

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey, SearchAttributeUpdate

CONTRACT_NO = SearchAttributeKey.for_keyword("ContractNo")
SUBJECT = SearchAttributeKey.for_keyword("Subject")
PHASE = SearchAttributeKey.for_keyword("Phase")
NEXT_ACTION_AT = SearchAttributeKey.for_datetime("NextActionAt")

HEARTBEAT = timedelta(seconds=10)
"""So long may a slow activity give no sign of life before its worker counts as dead."""

FOR_EVER = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10))

DATABASE: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=10), "retry_policy": FOR_EVER}
"""One transaction: short, so that a killed worker is noticed soon, and tried until the database is back."""

COMMAND: dict[str, Any] = {"start_to_close_timeout": timedelta(seconds=10), "retry_policy": FOR_EVER}
"""A command to another workflow: longer than the patience of the call inside."""

MAIL: dict[str, Any] = {
    "start_to_close_timeout": timedelta(minutes=2),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(hours=1)),
}
"""One mail: it may take its time while it gives signs of life; a server that is down is asked again, at last hourly."""

BATCH: dict[str, Any] = {
    "start_to_close_timeout": timedelta(hours=12),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": FOR_EVER,
}
"""Many short transactions: it may take hours while it gives signs of life, and goes on where a killed one was."""

MAILING: dict[str, Any] = {
    "start_to_close_timeout": timedelta(hours=12),
    "heartbeat_timeout": timedelta(seconds=30),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(hours=1)),
}
"""Many mails: as a batch; a server that is down is asked again, at last hourly."""

OUTSIDE: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=20),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(hours=1)),
}
"""A question to an outside system."""


def show(
    *, subject: str, phase: str, contract_no: str | None = None, next_at: datetime | None = None, words: str = ""
) -> None:
    """Tell Temporal where the workflow stands: search attributes, and one line in Japanese for its page."""
    known = workflow.info().typed_search_attributes
    changes: list[SearchAttributeUpdate[Any]] = []
    shown: tuple[tuple[SearchAttributeKey[Any], Any], ...] = (
        (SUBJECT, subject),
        (PHASE, phase),
        (CONTRACT_NO, contract_no),
        (NEXT_ACTION_AT, next_at),
    )
    for key, value in shown:
        if known.get(key) == value:
            continue
        changes.append(key.value_set(value) if value is not None else key.value_unset())
    if changes:
        workflow.upsert_search_attributes(changes)
    if words:
        workflow.set_current_details(words)


def queue(kind: str) -> str:
    """Name the task queue of a kind of activity beside that of the workflow, so that letters can't hold up law."""
    return workflow.info().task_queue.replace("contracts", kind, 1)
