"""A customer that is merged into another company, and what the office does about it."""

import hashlib
from typing import Any

from tests.desk import JSON, Desk, form

NAME = "株式会社承継あかつき"
MAIL = "keiyaku@akatsuki.example"
SEAT = "代表取締役 承継 太郎"
PAYER = "ｶ)ｼﾖｳｹｲｱｶﾂｷ"


def successor(**changes: Any) -> JSON:  # noqa: ANN401 - fields of a successor
    """Tell who succeeds; `a__b=value` changes the field /a/b."""
    told = form("QPC-26-0101")
    applicant, contacts = told["applicant"], told["contacts"]
    applicant |= {"name": NAME, "name_kana": "ショウケイアカツキ", "corporate_number": "7000012050002"}
    applicant["representative"] |= {"title": "代表取締役", "name": "承継 太郎", "name_kana": "ショウケイ タロウ"}
    applicant["address"] |= {"postal_code": "100-0001", "city": "承継市", "street": "継町1番1号"}
    for kind, contact in contacts.items():
        contact |= {"email": f"{kind}@akatsuki.example" if kind != "contract" else MAIL, "name": f"承継 {kind}"}
        contact.pop("postal_address", None)
    found: JSON = {
        "applicant": applicant,
        "contacts": contacts,
        "officers": [{"name": "承継 太郎", "kana": "ショウケイ タロウ", "title": "取締役"}],
        "remitter_names_kana": [PAYER],
        "anti_social_representation": True,
    }
    for path, value in changes.items():
        *parts, last = path.split("__")
        here: Any = found
        for part in parts:
            here = here[int(part)] if isinstance(here, list) else here[part]
        here[last] = value
    return found


class Merger:
    """The merger of one contract's party."""

    def __init__(self, desk: Desk, number: str) -> None:
        self.desk, self.number, self.n = desk, number, 0
        self.path = f"/v1/contracts/{number}"

    @property
    def at(self) -> str:
        """Where the succession is."""
        return f"{self.path}/successions/{self.n}"

    def body(self, succeeded_on: str, **more: Any) -> JSON:  # noqa: ANN401 - fields of a succession
        """Tell of the merger."""
        return {"kind": "absorption", "succeeded_on": succeeded_on, "successor": successor(), **more}

    async def record(self, succeeded_on: str, **more: Any) -> JSON:  # noqa: ANN401 - fields of a succession
        """Record the merger; gives the answer."""
        answer = await self.desk.do("intake", f"{self.path}/successions", self.body(succeeded_on, **more))
        await self.desk.settle()
        self.n = answer["n"]
        return answer

    async def state(self) -> JSON:
        """Read where it stands."""
        return await self.desk.read(self.at)

    async def notify(self, arrived_at: str) -> JSON:
        """Let the successor's notice arrive."""
        answer = await self.desk.do("intake", f"{self.at}/notices", {"arrived_at": arrived_at, "form": "email"})
        await self.desk.settle()
        return answer

    async def prove(self, arrived_at: str, kind: str = "registry_certificate") -> JSON:
        """Let a document arrive."""
        body = {"kind": kind, "arrived_at": arrived_at, "sha256": hashlib.sha256(kind.encode()).hexdigest()}
        answer = await self.desk.do("intake", f"{self.at}/documents", body)
        await self.desk.settle()
        return answer

    async def decide(self, decision: str, *grounds: str) -> JSON:
        """Have the reviewer continue, or legal rescind."""
        body = {"decision": decision, "grounds": [*grounds], "reason": "審査済み"}
        role = {"continue": "reviewer", "rescind": "legal"}[decision]
        answer = await self.desk.do(role, f"{self.at}/decisions", body)
        await self.desk.settle()
        return answer

    async def agree(self, approval_id: str, role: str, decision: str = "approve") -> str:
        """Decide on a proposal; gives its state."""
        body = {"decision": decision, "reason": "確認済み"}
        answer = await self.desk.do(role, f"/v1/approvals/{approval_id}/decisions", body)
        await self.desk.settle()
        state: str = answer["state"]
        return state
