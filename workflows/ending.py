"""How the contract words its ends: what is remembered, printed, answered, and who waits for the instant."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import JsonValue
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models import ids
    from models.messages.contract import Line
    from models.messages.office import (
        Opening,
        Reply,
    )
    from models.messages.termination import (
        Cancel,
        Ending,
        GiveNotice,
        TerminationInput,
        TerminationRecord,
    )
    from terms.ending import Departure, OrderedLine
    from terms.periods import month_end
    from terms.settings import SettingValue, Terms
    from terms.termination import by_notice
    from terms.timetable import reminder_at


def _json(value: SettingValue) -> JsonValue:
    return [*value] if isinstance(value, tuple) else value


def is_cluster(terms: Terms, line: Line) -> bool:
    """Tell whether a line has the minimum term of a dedicated cluster (Art. 5(1))."""
    return line.min_term_months >= terms.cluster_min_term_months


def ordered(lines: Sequence[Line]) -> list[OrderedLine]:
    """Give the lines as the penalty rules ask for them."""
    return [
        OrderedLine(
            code=line.code,
            quantity=line.quantity,
            charge_type=line.charge_type,
            monthly_fee=line.monthly_fee,
            monthly_cap=line.monthly_cap,
            min_term_months=line.min_term_months,
            min_term_ends_on=line.min_term_ends_on,
        )
        for line in lines
    ]


def cutoff(terms: Terms, min_term_ends_on: date) -> dict[str, Any]:
    """An example of Art. 18(1): the last day of arrival for an end with the month in which the minimum term is over."""
    ends_on = month_end(min_term_ends_on)
    arrived_on = ends_on
    while by_notice(terms, arrived_on=arrived_on, form="paper").ends_on > ends_on:
        arrived_on -= timedelta(days=1)
    return {"arrived_on": str(arrived_on), "ends_on": str(ends_on)}


def basis_of(ending: Ending) -> dict[str, Any]:
    """Give what the timeline shows as the basis of an end."""
    return {
        "arrived_on": str(ending.arrived_on),
        "ends_on": str(ending.ends_on),
        "penalty": ending.penalty,
        "steps": [*ending.steps],
        "settings": ending.settings,
        **({"event_no": ending.event_no} if ending.event_no else {}),
    }


def special_reply(ending: Ending) -> Reply:
    """Answer a special cancellation or a withdrawal before the start."""
    body: dict[str, Any] = {
        "ground": ending.ground,
        "arrived_on": str(ending.arrived_on),
        "ends_on": str(ending.ends_on),
        "penalty": ending.penalty,
        "articles": [*ending.articles],
        "steps": [*ending.steps],
    }
    return Reply(status=201, body=body)


def ending_of(d: Departure, c: GiveNotice | Cancel) -> Ending:
    """Put down how and when a contract ends, as the terms worked it out from a notice."""
    return Ending(
        ground=d.ground,
        form=c.form,
        arrived_at=c.arrived_at,
        arrived_on=d.arrived_on,
        runs_out_on=d.runs_out_on,
        requested_end_on=c.requested_end_on if isinstance(c, GiveNotice) else None,
        ends_on=d.ends_on,
        ends_at=d.ends_at,
        event_no=c.event_no if isinstance(c, Cancel) else None,
        penalty=d.penalty,
        delete_from_on=d.delete_from_on,
        articles=[*d.articles],
        steps=[*d.steps],
        settings={name: _json(value) for name, value in d.settings.items()},
    )


def ended_by_letter(d: Departure, arrived_at: datetime) -> Ending:
    """Put down how a contract ended by the provider's letter (Art. 17(3))."""
    return Ending(
        ground=d.ground,
        form="paper",
        arrived_at=arrived_at,
        arrived_on=d.arrived_on,
        ends_on=d.ends_on,
        ends_at=d.ends_at,
        penalty=d.penalty,
        delete_from_on=d.delete_from_on,
        articles=[*d.articles],
        steps=[*d.steps],
        settings={name: _json(value) for name, value in d.settings.items()},
    )


def peer_of(terms: Terms, contract_no: str, record: TerminationRecord) -> Opening:
    """Say which workflow waits for an end: after a notice with reminders to delete the resources (Art. 18(1))."""
    ending = record.ending
    by_the_customer = ending.ground == "18(1)"
    days = terms.deletion_reminder_days if by_the_customer else ()
    told = TerminationInput(
        contract_no=contract_no,
        n=record.n,
        ground=ending.ground,
        ends_on=ending.ends_on,
        ends_at=ending.ends_at,
        reminders=[reminder_at(ending.ends_on - timedelta(days=before)) for before in sorted(days, reverse=True)],
    )
    make_id = ids.termination if by_the_customer else ids.cancellation
    return Opening(
        workflow_id=make_id(contract_no, record.n),
        type="termination" if by_the_customer else "cancellation",
        payload=told.model_dump(mode="json"),
    )
