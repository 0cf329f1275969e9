"""The roles of the office (spec: who proposes, who approves) and what each may read."""

from typing import Literal

StaffRole = Literal["intake", "reviewer", "provisioning", "billing", "cash", "dunning", "legal", "support", "admin"]
Role = Literal[
    "intake", "reviewer", "provisioning", "billing", "cash", "dunning", "legal", "support", "admin", "auditor",
    "customer",
]  # fmt: skip

STAFF: frozenset[str] = frozenset(
    {"intake", "reviewer", "provisioning", "billing", "cash", "dunning", "legal", "support", "admin"}
)
AUDITOR = "auditor"
CUSTOMER = "customer"

READERS = STAFF | {AUDITOR}
"""Everybody with a staff role reads what the work needs; the auditor reads everything."""

EVERYBODY = READERS | {CUSTOMER}
CONTACT_READERS = frozenset({"intake", "reviewer", "legal", "support", "dunning", AUDITOR})
"""Who reads contact data, and with it the content of letters (Art. 22(3))."""

DEPOSIT_READERS = frozenset({"cash", "billing", "dunning", AUDITOR})
