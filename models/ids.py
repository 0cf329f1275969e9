"""Workflow ids, built and parsed in one place; no id names a person."""

from datetime import date

CALENDAR = "office/calendar"
OFFICE = "office"


def application(application_no: str) -> str:
    """Art. 4-9: the review of one application."""
    return f"application/{application_no}"


def contract(contract_no: str) -> str:
    """The entity: one contract from its formation to its erasure."""
    return f"contract/{contract_no}"


def termination(contract_no: str, n: int) -> str:
    """Art. 18(1): a notice of termination on its way to the month's end."""
    return f"termination/{contract_no}/{n}"


def cancellation(contract_no: str, n: int) -> str:
    """Art. 14(2), 18(2): a special cancellation on its way to 24:00."""
    return f"cancellation/{contract_no}/{n}"


def default(contract_no: str, first_due_on: date, n: int) -> str:
    """Art. 16(1)(1), 17(1): an unpaid contract on the ladder of dunning."""
    return f"default/{contract_no}/{first_due_on.isoformat()}/{n}"


def suspension(contract_no: str, n: int) -> str:
    """Art. 16: a suspension from its approval to the resumption."""
    return f"suspension/{contract_no}/{n}"


def rescission(contract_no: str, n: int) -> str:
    """Art. 17(3): a rescission whose letter is under way."""
    return f"rescission/{contract_no}/{n}"


def succession(contract_no: str, n: int) -> str:
    """Art. 11-13: a succession or an assignment, from what we hear of it to its decision and the letter's arrival."""
    return f"succession/{contract_no}/{n}"


def deletion(contract_no: str) -> str:
    """Art. 34, 44(6): the data of a contract, from its end to the end of their retention."""
    return f"deletion/{contract_no}"


def erasure(contract_no: str) -> str:
    """Art. 44(6): the erasure of a contract's personal data; the office's, for no workflow can end without its key."""
    return f"office/erasure/{contract_no}"


def notice(about: str, slug: str, n: int, channel: str) -> str:
    """Art. 42: one letter by one channel; `about` is a contract or application number."""
    return f"notice/{about}/{slug}/{n}/{channel}"


def bulk_letter(notice_no: str) -> str:
    """Stand for the workflow of a letter that goes out in bulk and has none."""
    return f"bulk/{notice_no}"


def mailing(batch: str) -> str:
    """Art. 27(1), 42: letters that go out together, from their rows."""
    return f"mailing/{batch}"


def billing(month: str, pass_no: int) -> str:
    """Art. 24-27: one pass over the bills of a month."""
    return f"billing/{month}/{pass_no}"


def sweep(day: date) -> str:
    """The daily sweep of a business day in Japan."""
    return f"sweep/{day.isoformat()}"


def owner(workflow_id: str | None) -> str:
    """Whose key seals the payloads of a workflow: the second part of its id, or the office."""
    kind, _, rest = (workflow_id or "").partition("/")
    if kind in {"office", "sweep", "billing", "mailing", "revision", "maintenance", "restriction"} or not rest:
        return OFFICE
    return rest.partition("/")[0]
