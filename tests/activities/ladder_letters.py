"""The letters of the ladder with the facts that they would have in life: one debt, and five of all kinds."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import cast

from pydantic import JsonValue

from terms.interest import late_interest
from terms.periods import ONE_DAY
from terms.settings import TERMS_1_0

AS_OF = date(2026, 9, 9)
BEARING = ("monthly", "surcharge")

ACCOUNT: dict[str, JsonValue] = {
    "bank_name": "架空ふくおか銀行",
    "branch_name": "博多支店",
    "type": "1",
    "number": "9900042",
    "holder_kana": "ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ",
    "own": True,
}
RESOURCE: dict[str, JsonValue] = {
    "resource_id": "vm-41f0c2d8",
    "code": "VM-S2",
    "name": "web-01",
    "quantity": 1,
    "zone": "fukuoka-1",
}


def owed(invoice_no: str, kind: str, due_on: str, principal: int, *, month: str | None = None) -> dict[str, JsonValue]:
    """State an open invoice with its interest to 9 September 2026, as the calculator has it."""
    one: dict[str, JsonValue] = {"invoice_no": invoice_no, "kind": kind, "due_on": due_on, "principal": principal}
    if month:
        one["month"] = month
    if kind in BEARING:
        due = date.fromisoformat(due_on)
        found = late_interest(TERMS_1_0, principal=principal, due_on=due, paid_on=AS_OF)
        one |= {
            "interest": found.interest,
            "from_on": (due + ONE_DAY).isoformat(),
            "days": found.days,
            "parts": [
                {key: value for key in ("years", "days", "basis") if (value := getattr(part, key)) is not None}
                for part in found.parts
            ],
        }
    return one


def debt(*invoices: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Sum invoices up as a letter states them."""
    principal, interest = (sum(cast("int", one.get(name, 0)) for one in invoices) for name in ("principal", "interest"))
    return {
        "as_of_on": AS_OF.isoformat(),
        "owed": list(invoices),
        "principal": principal,
        "interest": interest,
        "total": principal + interest,
        "account": ACCOUNT,
    }


ONE = debt(owed("1260000007", "monthly", "2026-07-31", 123456, month="2026-05"))
FIVE = debt(
    owed("1250000004", "monthly", "2025-06-30", 9876543, month="2025-04"),
    owed("1260000007", "monthly", "2026-07-31", 123456, month="2026-05"),
    owed("1260000131", "monthly", "2026-08-31", 1234567890, month="2026-06"),
    owed("2260000003", "penalty", "2026-08-03", 30600000),
    owed("3260000001", "surcharge", "2026-08-17", 363000),
)
STEPS: list[JsonValue] = list(late_interest(TERMS_1_0, principal=123456, due_on=date(2026, 7, 31), paid_on=AS_OF).steps)

LADDER: Mapping[str, dict[str, JsonValue]] = MappingProxyType(
    {
        "first_reminder": {**ONE, "pay_by_on": "2026-09-18", "steps": STEPS},
        "second_reminder": {**ONE, "pay_by_on": "2026-09-18", "from_on": "2026-09-25", "steps": STEPS},
        "suspension_warning": {
            **ONE,
            "pay_by_on": "2026-09-18",
            "from_on": "2026-09-25",
            "until_on": "2026-12-24",
            "arrives_on": "2026-09-11",
            "scope": "part",
            "resources": [RESOURCE],
            "steps": STEPS,
        },
        "suspension_started_notice": {
            **ONE,
            "started_at": "2026-09-09T09:00:00+09:00",
            "pledge_required": True,
        },
        "suspension_extension_notice": {**ONE, "ended_on": "2026-09-18", "from_on": "2026-09-19"},
        "pledge_request": {"item": 4, "suspended_on": "2026-08-25", "submit_by_on": "2026-09-30"},
        "service_resumed_notice": {"resumed_at": "2026-09-09T10:05:00+09:00"},
        "formal_demand": {
            **ONE,
            "suspended_on": "2026-08-25",
            "demand_days": 14,
            "arrives_on": "2026-09-11",
            "pay_by_on": "2026-09-25",
            "steps": STEPS,
        },
        "rescission_notice": {
            **ONE,
            "paragraph": 1,
            "warned_on": "2026-08-17",
            "suspended_on": "2026-08-25",
            "demanded_on": "2026-09-02",
            "arrives_on": "2026-09-11",
            "penalty": 30600000,
            "delete_from_on": "2026-10-11",
            "restore_by_on": "2026-09-25",
            "steps": ["違約金は¥900,000×34=¥30,600,000である。"],
        },
    }
)
LADDER_ARTICLES: Mapping[str, str] = MappingProxyType(
    {
        "first_reminder": "16(1)(1)",
        "second_reminder": "16(1)(1)",
        "suspension_warning": "16(2)",
        "suspension_started_notice": "16(2)",
        "suspension_extension_notice": "16(2)",
        "pledge_request": "16(3)",
        "service_resumed_notice": "16(3)",
        "formal_demand": "17(1)",
        "rescission_notice": "17(3)",
    }
)
