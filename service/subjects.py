"""Where the files of a subject lie, and why the other files of a layer exist.

In every layer a file bears the name of its subject (`terms.articles.SUBJECTS`). What serves all subjects is listed
here with its reason, and nothing else may be there; `tests/test_architecture.py` compares.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

LAYERS = (
    "terms",
    "models/messages",
    "models/tables",
    "activities",
    "workflows",
    "api/routers",
    "console/pages",
)
"""Folders whose files are named for subjects, innermost first."""

PARTS: dict[str, dict[str, str]] = {
    "activities": {
        "addressees": "notice",
        "allocation": "payment",
        "allotment": "payment",
        "arrears": "default",
        "bank_import": "payment",
        "billing_facts": "billing",
        "billing_issue": "billing",
        "billing_run": "billing",
        "billing_start": "billing",
        "bills": "billing",
        "books": "payment",
        "bulk_letters": "notice",
        "certified": "notice",
        "corrections": "billing",
        "closing": "retention",
        "contractors": "disclosure",
        "credits": "billing",
        "dunning": "default",
        "deemed_arrivals": "notice",
        "deliveries": "notice",
        "deletion": "retention",
        "early_deletion": "retention",
        "erasure": "retention",
        "erasure_by_hand": "retention",
        "erasure_record": "retention",
        "formation": "contract",
        "invoice_facts": "billing",
        "invoices": "billing",
        "issuing": "billing",
        "ladder_letters": "default",
        "late_interest": "default",
        "late_usage": "billing",
        "ledger": "payment",
        "legal_holds": "retention",
        "letters": "notice",
        "mailing": "notice",
        "name_changes": "change",
        "parties": "succession",
        "payers": "payment",
        "penalty": "termination",
        "penalty_waiver": "termination",
        "price_lists": "billing",
        "pricing": "billing",
        "publications": "disclosure",
        "quarantine": "billing",
        "rebalance": "payment",
        "registers": "disclosure",
        "reissue": "billing",
        "removal": "termination",
        "rescission": "termination",
        "resources": "contract",
        "restoration": "termination",
        "reversal": "payment",
        "surcharge": "violation",
        "succession_acts": "succession",
        "succession_record": "succession",
        "suspension": "default",
        "till": "payment",
        "usage": "billing",
        "usage_books": "billing",
        "usage_checks": "billing",
        "virtual_account": "payment",
    },
    "workflows": {
        "contract_record": "contract",
        "contract_retention": "contract",
        "ending": "termination",
        "rescission": "termination",
        "suspension": "default",
    },
    "api/routers": {
        "name_changes": "change",
        "balances": "payment",
        "bank_accounts": "payment",
        "corrections": "billing",
        "invoices": "billing",
        "price_lists": "billing",
        "publications": "disclosure",
        "usage": "billing",
    },
    "models/messages": {
        "ladder_facts": "default",
        "succession_facts": "succession",
    },
    "terms": {
        "account": "payment",
        "certified": "notice",
        "charges": "billing",
        "credit": "billing",
        "ending": "termination",
        "interest": "default",
        "letters": "notice",
        "lifecycle": "contract",
        "matching": "payment",
        "numbering": "billing",
        "payer": "payment",
        "penalty": "termination",
        "restoration": "termination",
        "review": "application",
        "settlement": "payment",
    },
}
"""Files that are a part of a subject too large for one file, with the subject."""

SERVING: dict[str, dict[str, str]] = {
    "terms": {
        "articles": "the clauses, their subjects, and how far each has come",
        "calendars": "which days are business, bank and delivery days",
        "citation": "how clauses are cited, marked and refused with",
        "derivation": "what every rule returns beside its result",
        "money": "exact numbers, cut off below one yen",
        "periods": "days, months and instants of Japan",
        "settings": "every number and reading of a version of the terms",
        "timetable": "the minute of the day at which each kind of deadline acts",
    },
    "models/messages": {
        "base": "what all messages share",
        "facts": "what each letter states, one class a letter",
        "office": "what every command, event, letter order and task carries",
        "roles": "the roles of the office",
        "rule_requests": "what the rules are asked over HTTP",
        "rules": "the rules by their public names",
    },
    "models/tables": {
        "office": "audit, outbox, tasks, approvals, keys: rows of all subjects",
        "types": "columns: instants in UTC, JSON",
    },
    "activities": {
        "acts": "the acts that need a second person, by name",
        "approvals": "the second person, whatever the act",
        "bulk": "rows by the thousand, as the driver writes them",
        "calendar": "what falls due next, and the sweep of a day",
        "commands": "the one way to command a workflow",
        "documents": "letters as text, HTML and PDF",
        "heartbeat": "signs of life, so that a killed worker is noticed soon",
        "history": "Temporal's history, readable",
        "journal": "the books, whatever the document",
        "office": "what activities and endpoints work with",
        "records": "numbers, audit, outbox, tasks, answers: parts of one transaction",
        "relay": "delivers the outbox",
        "wording": "the words of letters from their templates",
    },
    "workflows": {
        "calendar": "wakes the office on days on which something falls due",
        "clock": "business time",
        "entity": "commands one at a time, answered after their commit",
        "options": "timeouts and retries by kind of work",
        "wording": "days in words for Temporal's page",
    },
    "api/routers": {
        "api_keys": "keys of people and programs",
        "approvals": "the second person, whatever the act",
        "articles": "the clauses and how far each has come",
        "clock": "business time, and the simulation's",
        "exports": "invoices and books as CSV, for accounting",
        "health": "alive, ready, metrics",
        "journal": "the books, whatever the document",
        "rules": "the calculators",
        "tasks": "what a person has to do, whatever the subject",
        "workflows": "Temporal's history for support",
    },
    "console/pages": {
        "login": "who works at the console",
    },
}
"""Files that serve all subjects, with what for."""


def modules_in(root: Path, layer: str) -> list[str]:
    """Return the names of the modules of a layer."""
    found = (root / layer).glob("*.py")
    return sorted(path.stem for path in found if path.stem != "__init__")


def files_of(root: Path, subject: str) -> Iterator[tuple[str, str]]:
    """Give the files of a subject, innermost first, with the first line of what they are."""
    for layer in LAYERS:
        for module in modules_in(root, layer):
            if subject in {module, PARTS.get(layer, {}).get(module)}:
                path = root / layer / f"{module}.py"
                told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
                yield path.relative_to(root).as_posix(), told.partition("\n")[0]
