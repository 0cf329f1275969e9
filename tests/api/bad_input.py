"""An office on which something of everything lies, and what may not stand in the fields of its commands."""

import copy
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
from sqlalchemy import func, select
from sqlmodel import SQLModel

from tests.desk import JSON, Desk, OpenDesk, form
from tests.journeys.successors import successor

PROBLEM = "application/problem+json"
ARRIVED = "2026-03-25T08:30:00+09:00"

COMMANDS: dict[str, tuple[str, str, JSON]] = {
    "api-keys": ("admin", "/v1/api-keys", {"role": "support", "person": "sato"}),
    "clock": ("admin", "/v1/clock", {"advance_to": "2026-03-26T00:00:00+09:00"}),
    "applications": ("intake", "/v1/applications", form("QPC-26-0106")),
    "completions": (
        "intake",
        "/v1/applications/{application}/completions",
        {"changes": [{"pointer": "/no_resale", "value": True}], "arrived_at": ARRIVED},
    ),
    "withdrawals": (
        "intake",
        "/v1/applications/{application}/withdrawals",
        {"arrived_at": ARRIVED, "form": "email", "reason": "都合により"},
    ),
    "application decisions": (
        "reviewer",
        "/v1/applications/{application}/decisions",
        {"decision": "refuse", "grounds": ["9(2)(1)"], "reason": "設備の余裕がない"},
    ),
    "approval decisions": ("legal", "/v1/approvals/{proposal}/decisions", {"decision": "reject", "reason": "不要"}),
    "approval withdrawals": ("reviewer", "/v1/approvals/{proposal}/withdrawals", {"reason": "撤回"}),
    "service-start": (
        "provisioning",
        "/v1/contracts/{accepted}/service-start",
        {
            "service_start_on": "2026-03-25",
            "billing_start_on": "2026-03-25",
            "resources": [
                {"resource_id": "srv-2", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web",
                 "from_on": "2026-03-25"},
            ],
        },
    ),
    "resources": (
        "provisioning",
        "/v1/contracts/{active}/resources",
        {
            "resources": [
                {"resource_id": "srv-3", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web",
                 "from_on": "2026-03-25"},
            ]
        },
    ),
    "removal": (
        "provisioning",
        "/v1/contracts/{active}/resources/srv-1/removal",
        {"code": "VM-S2", "to_on": "2026-03-25"},
    ),
    "termination-notices": (
        "intake",
        "/v1/contracts/{active}/termination-notices",
        {"arrived_at": "2026-03-25T09:00:00+09:00", "form": "paper", "requested_end_on": "2026-05-31"},
    ),
    "termination withdrawals": (
        "intake", "/v1/contracts/{active}/termination-notices/withdrawals", {"reason": "取下げ"},
    ),
    "cancellations": (
        "intake",
        "/v1/contracts/{active}/cancellations",
        {"ground": "14(2)", "event_no": "E-000001", "arrived_at": "2026-03-25T09:00:00+09:00", "form": "paper"},
    ),
    "restrictions": (
        "support",
        "/v1/restrictions",
        {"starts_at": ARRIVED, "ends_at": "2026-03-26T08:30:00+09:00", "scope": {"zones": ["fukuoka-1"]},
         "reason": "災害", "priority_traffic": "110番"},
    ),
    "maintenance": (
        "support",
        "/v1/maintenance",
        {"starts_at": ARRIVED, "scope": {"contract_nos": ["C-000001"]}, "reason": "脆弱性", "kind": "urgent",
         "supplier_notice": {"sent_at": ARRIVED, "message_id": "<1@bbix.example>"}, "without_notice": False},
    ),
    "disclosures": (
        "legal",
        "/v1/disclosures",
        {"contract_no": "C-000001", "requester": "警察署", "ground": "contractor", "data": ["personal"],
         "contractor_no": "CO-000001", "legal_basis": {"reference": "契約書", "sha256": "0" * 64}, "scope": "宛名",
         "reason": "発送"},
    ),
    "contractors": (
        "legal",
        "/v1/contractors",
        {"contractor": "発送会社", "task": "発送", "data": ["personal"], "contracted_on": "2026-03-25"},
    ),
    "publications": (
        "support",
        "/v1/publications",
        {"contract_no": "C-000001", "publication": "事例", "text_version": "v1", "text_sha256": "0" * 64,
         "scope": "冊子", "consent": {"on": "2026-03-25", "person": "担当者"}, "reason": "公開"},
    ),
    "closures": ("support", "/v1/restrictions/{event}/closures", {"ended_at": ARRIVED}),
    "dispatches": (
        "support",
        "/v1/notices/{paper}/dispatches",
        {"method": "post", "tracking_no": "123", "dispatched_at": "2026-03-25T09:00:00+09:00"},
    ),
    "deliveries": (
        "support",
        "/v1/notices/{sent}/deliveries",
        {"outcome": "returned", "at": "2026-03-25T09:00:00+09:00", "proof": "不達通知"},
    ),
    "reissues": ("support", "/v1/notices/{paper}/reissues", {"reason": "宛名の誤り"}),
    "price-lists": (
        "billing",
        "/v1/price-lists",
        {
            "price_list": "PL-2026-05",
            "effective_from": "2026-05-01",
            "terms_version": "1.0",
            "items": [
                {"code": "VM-T", "name": "試験用", "charge_type": "capped", "meter": "running", "unit": "VM",
                 "rate": "10.5", "cap_hours": 480, "monthly_cap": "5000", "min_term_months": 1, "console": True,
                 "orderable": True, "tax_class": "taxable", "cap_differs": True},
            ],
            "reason": "改定",
        },
    ),
    "credit-notes": (
        "billing",
        "/v1/invoices/1260000001/credit-notes",
        {"lines": [{"line_no": 1, "amount": 1000}], "reason": "訂正"},
    ),
    "invoice reissues": ("billing", "/v1/invoices/1260000001/reissues", {"reason": "誤記"}),
    "write-offs": ("cash", "/v1/invoices/1260000001/write-offs", {"amount": 440, "reason": "手数料"}),
    "surcharges": ("billing", "/v1/contracts/{active}/surcharges", {"avoided": 50_000, "facts": "未申告"}),
    "restorations": (
        "provisioning",
        "/v1/contracts/{active}/restorations",
        {"completed_on": "2026-03-24", "items": [{"description": "撤去", "cost": 30_000}]},
    ),
    "erasures": ("legal", "/v1/contracts/{active}/erasures", {"reason": "ご希望"}),
    "default holds": (
        "dunning",
        "/v1/contracts/{active}/default/holds",
        {"kind": "promise", "until_on": "2026-04-10", "reason": "分割払いの約束"},
    ),
    "suspensions": (
        "dunning",
        "/v1/contracts/{active}/suspensions",
        {
            "ground": "16(1)(1)",
            "scope": {"kind": "part", "resource_ids": ["srv-1"]},
            "from_on": "2026-04-10",
            "until_on": "2026-04-30",
            "reason": "未払い",
        },
    ),
    "resumptions": (
        "legal",
        "/v1/contracts/{active}/resumptions",
        {"pledge_document": "SEIYAKU-1", "reason": "解消"},
    ),
    "rescissions": ("legal", "/v1/contracts/{active}/rescissions", {"ground": "17(1)", "reason": "未払い"}),
    "successions": (
        "intake",
        "/v1/contracts/{active}/successions",
        {"kind": "absorption", "succeeded_on": "2026-03-25", "successor": successor(), "noticed_at": ARRIVED,
         "form": "email"},
    ),
    "succession notices": (
        "intake", "/v1/contracts/{active}/successions/1/notices", {"arrived_at": ARRIVED, "form": "email"},
    ),
    "succession documents": (
        "intake",
        "/v1/contracts/{active}/successions/1/documents",
        {"kind": "registry_certificate", "arrived_at": ARRIVED, "sha256": "0" * 64},
    ),
    "succession decisions": (
        "legal",
        "/v1/contracts/{active}/successions/1/decisions",
        {"decision": "rescind", "grounds": ["9(2)(1)"], "reason": "不可"},
    ),
    "assignments": (
        "legal", "/v1/contracts/{active}/assignments", {"assignee": successor(), "reason": "事業譲渡"},
    ),
    "name-changes": (
        "intake",
        "/v1/contracts/{active}/name-changes",
        {
            "arrived_at": ARRIVED,
            "form": "paper",
            "changes": {
                "name": "株式会社改称",
                "name_kana": "カイショウ",
                "address": successor()["applicant"]["address"],
                "contacts": successor()["contacts"],
            },
            "effective_on": "2026-04-15",
        },
    ),
    "change proofs": (
        "intake",
        "/v1/contracts/{active}/name-changes/1/documents",
        {"arrived_at": ARRIVED, "sha256": "0" * 64},
    ),
    "task completions": ("support", "/v1/tasks/{task}/completions", {"reason": "対応済み"}),
}  # fmt: skip
"""Each command with a body that would be taken."""

NOT_TEXT = [1, 1.5, True, [], {}, ["x"]]
BAD_TEXT = [
    *NOT_TEXT, "", "a\u0000b", "a\u001b[2Jb", "a\u007fb", "a\u0085b", "a\u202eb", "a\u2066b", "a\rb", "x" * 2001,
]  # fmt: skip
BAD_DAYS = [
    *NOT_TEXT, "", "2026-02-30", "2026-13-01", "2026-2-3", "20260330", "1775000000", 20260330, "2026-04-01T00:00:00Z",
    "0000-01-01", "1900-01-01", "9999-12-31", "２０２６-０４-０１", "2026-04-01\n", "today",
]  # fmt: skip
BAD_INSTANTS = [
    *NOT_TEXT, "", "2026-03-25T08:30:00", "2026-03-25", "2026-02-30T08:30:00+09:00", "2026-03-25T24:30:00+09:00",
    "2026-03-25T08:60:00+09:00", "2026-03-25T08:30:00+99:00", "1775000000", 1775000000, "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00", "now",
]  # fmt: skip
BAD_NUMBERS = ["1", "", True, 1.0, 1.5, 0, -1, 10**13, 10**40, 1e300, [], {}, [1]]
BAD_TRUTHS = ["true", "1", "", 1, 0, 1.0, [], {}]
BAD_LISTS = [{}, "x", 1, True, {"0": {}}]
BAD_OBJECTS = [[], "x", 1, True, [{}]]


BAD: tuple[tuple[type, str, list[Any]], ...] = (
    (bool, "", BAD_TRUTHS),
    (int, "", BAD_NUMBERS),
    (str, r"\d{4}-\d{2}-\d{2}", BAD_DAYS),
    (str, r"\d{4}-\d{2}-\d{2}T.*", BAD_INSTANTS),
    (str, r".*", BAD_TEXT),
    (list, "", BAD_LISTS),
    (dict, "", BAD_OBJECTS),
)
"""What may not stand where a value of a type, and texts of a form, stand; the first that fits counts."""


def bad_for(value: object) -> list[Any]:
    """List what may not stand where a value stands."""
    for kind, form_of_text, bad in BAD:
        if isinstance(value, kind) and (kind is not str or re.fullmatch(form_of_text, str(value))):
            return bad
    return []


def places(value: object, pointer: str = "") -> Iterator[tuple[str, object]]:
    """List every value in a body with its JSON pointer."""
    yield pointer, value
    if isinstance(value, dict):
        for name, below in value.items():
            yield from places(below, f"{pointer}/{name}")
    if isinstance(value, list):
        for place, below in enumerate(value[:1]):  # the others are like the first
            yield from places(below, f"{pointer}/{place}")


def put(body: JSON, pointer: str, value: object) -> object:
    """Put a value at a place of a copy of a body."""
    if not pointer:
        return value
    changed: Any = copy.deepcopy(body)
    *path, last = pointer.split("/")[1:]
    here = changed
    for part in path:
        here = here[int(part)] if isinstance(here, list) else here[part]
    here[int(last) if isinstance(here, list) else last] = value
    return changed


@dataclass
class Counter:
    """A desk on which something of everything lies."""

    desk: Desk
    names: dict[str, str]

    async def send(
        self, role: str, path: str, content: bytes, content_type: str = "application/json"
    ) -> httpx2.Response:
        """Post bytes as a command."""
        headers = {
            "Authorization": f"Bearer {self.desk.keys[role]}",
            "Idempotency-Key": uuid4().hex,
            "Content-Type": content_type,
        }
        return await self.desk.http.post(path.format_map(self.names), content=content, headers=headers)

    async def counts(self) -> dict[str, int]:
        """Count the rows of every table."""
        found = {}
        async with self.desk.office.readers() as session:
            for table in SQLModel.metadata.sorted_tables:
                found[table.name] = await session.scalar(select(func.count()).select_from(table)) or 0
        return found

    @asynccontextmanager
    async def storing_nothing(self) -> AsyncIterator[None]:
        """See to it that what is done inside leaves no row behind."""
        before = await self.counts()
        yield
        assert await self.counts() == before


def assert_problem(response: httpx2.Response, status: int, slug: str) -> JSON:
    """Check that an answer is the problem document that it should be."""
    problem: JSON = response.json()
    told = (response.status_code, response.headers["Content-Type"], problem.get("type"))
    assert told == (status, PROBLEM, f"/problems/{slug}"), response.text
    assert problem["status"] == status
    return problem


async def lay_out(open_desk: OpenDesk) -> Counter:
    """Open an office with applications, contracts, letters, a proposal, an event and a task."""
    desk = await open_desk("2026-03-25T09:00+09:00")
    active = await desk.active("QPC-26-0101")
    resource = {"resource_id": "srv-1", "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}
    await desk.do("provisioning", f"/v1/contracts/{active}/resources", {"resources": [resource]})
    accepted = await desk.contract("QPC-26-0102")
    waiting = await desk.file("QPC-26-0105")
    on_paper = await desk.file("QPC-26-0103")
    await desk.do("reviewer", f"{on_paper}/decisions", {"decision": "accept", "reason": "審査済み"})
    other = {"decision": "refuse", "grounds": ["9(2)(5)"], "reason": "業務上の支障"}
    proposed = await desk.do("reviewer", f"{await desk.file('QPC-26-0104')}/decisions", other)
    event = await desk.do(
        "support", "/v1/restrictions", {"starts_at": ARRIVED, "scope": {"zones": ["fukuoka-1"]}, "reason": "災害"}
    )
    await desk.settle()
    (paper,) = await desk.letters(slug="acceptance_notice", state="queued")
    (task, *_) = await desk.tasks("post_letter", state="open")
    names = {
        "active": active,
        "accepted": accepted,
        "application": waiting.rpartition("/")[2],
        "proposal": proposed["approval_id"],
        "event": event["event_no"],
        "paper": paper["notice_no"],
        "sent": (await desk.letters(slug="acceptance_notice", state="arrived"))[0]["notice_no"],
        "task": task["task_id"],
    }
    return Counter(desk, names)
