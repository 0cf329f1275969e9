"""What the office writes down of one contract or application, for rows that are written by hand: events and letters."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import SQLModel

from models.tables import (
    ApprovalRow,
    ApprovalVoteRow,
    AuditChainRow,
    AuditEventRow,
    DeliveryRow,
    DocumentRow,
    NoticeRow,
    OpenWorkflowRow,
)

Rows = Iterator[SQLModel]
TERMS = {"terms_version": "1.0"}


def on(text: str) -> date:
    """Read a day; of 2026, unless it names its year."""
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def at(text: str, hour: int = 0) -> datetime:
    """Give an instant of a day, UTC; 0:00 is 9:00 in Japan."""
    return datetime.combine(on(text), datetime.min.time(), UTC).replace(hour=hour)


def hashed(told: Any) -> str:  # noqa: ANN401 - any JSON
    """Hash canonical JSON."""
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


class Record:
    """The chain of a contract or an application, and the letters that go out; `seal` stands for sealed content."""

    def __init__(self, about: str, seal: bytes = b"sealed") -> None:
        self.about, self.seal = about, seal
        self.application_no = about.replace("C-", "A-")
        self.contract_no = about if about.startswith("C-") else None
        self.rows: list[SQLModel] = []
        self.seq, self.hash, self.letters = 0, "0" * 64, 0

    def event(
        self, when: datetime, action: str, article: str, actor: str = "system", *, key: str = "", **basis: Any  # noqa: ANN401
    ) -> "Record":  # fmt: skip
        """Write an event down; what `carries` the terms is of the contract's own workflow."""
        self.seq += 1
        basis = basis or {"reading": "A1"}
        key = key or f"{self.about}:{self.seq}#1"
        application_no = None if self.contract_no else self.application_no
        told = [
            self.hash, self.about, self.seq, key, when.isoformat(), action, article, actor, self.contract_no,
            application_no, action, basis,
        ]  # fmt: skip
        before, self.hash = self.hash, hashed(told)
        self.rows.append(
            AuditEventRow(
                key=key, chain=self.about, seq=self.seq, previous_hash=before, hash=self.hash, at=when, action=action,
                article=article, actor=actor, contract_no=self.contract_no, application_no=application_no,
                summary=action, basis=basis,
            )
        )  # fmt: skip
        return self

    def move(self, when: datetime, action: str, article: str, actor: str = "system", **basis: Any) -> "Record":  # noqa: ANN401
        """Write down what a contract's workflow committed."""
        return self.event(when, action, article, actor, **TERMS, **basis)

    def letter(
        self, when: datetime, slug: str, channel: str = "email", *, came: datetime | None = None, origin: str = "",
        notice_no: str = "", **more: Any,  # noqa: ANN401 - columns
    ) -> "Record":  # fmt: skip
        """Send a letter: a mail has arrived at once, what was posted with its delivery."""
        self.letters += 1
        number = notice_no or f"N-{self.about}-{self.letters}"
        mail = channel == "email"
        values: dict[str, Any] = {
            "notice_no": number, "key": number, "workflow_id": f"notice/{self.about}/{slug}/{number}/{channel}",
            "origin": origin or None, "slug": slug, "article": "42(1)", "contract_no": self.contract_no,
            "application_no": self.application_no, "channel": channel, "form": "42", "state": "arrived",
            "terms_version": "1.0", "queued_at": when, "stamped_at": when, "dispatched_at": when,
            "arrived_at": came or when, "deemed": mail, "basis": "dispatch" if mail else "delivery",
            "method": channel, "message_id": f"<{number}@yakkan.example>", "sha256": f"s{number}", "facts": self.seal,
        }  # fmt: skip
        self.rows.append(NoticeRow(**values | more))
        self.rows.append(
            DocumentRow(
                document_id=f"{number}/1", notice_no=number, owner=self.application_no, media_type="application/pdf",
                sha256=f"s{number}", content=self.seal, created_at=when,
            )
        )  # fmt: skip
        if came is not None:
            self.rows.append(
                DeliveryRow(
                    key=f"d{number}", notice_no=number, outcome="delivered", at=came, proof=self.seal,
                    recorded_by="support:a",
                )
            )  # fmt: skip
        if more.get("state") == "queued":
            return self
        return self.event(when, "letter_dispatched", "42(1)", notice_no=number)

    def approval(
        self, number: str, act: str, article: str, when: datetime, *votes: tuple[str, str], by: str = "system",
        needs: int = 1,
    ) -> "Record":  # fmt: skip
        """Let people agree to a proposal, each with a role, at the instant of the proposal."""
        self.rows.append(
            ApprovalRow(
                approval_id=number, key=number, act=act, article=article, roles=sorted({role for _, role in votes}),
                needs=needs, contract_no=self.contract_no,
                application_no=None if self.contract_no else self.application_no, proposed_by=by, proposed_at=when,
                expires_at=at("12-31"), consequence={}, evidence=self.seal, state="approved",
            )
        )  # fmt: skip
        for person, role in votes:
            self.rows.append(
                ApprovalVoteRow(
                    approval_id=number, person=person, role=role, decision="approve", reason=self.seal, at=when
                )
            )
        return self

    def workflow(self, workflow_id: str, opened_at: datetime, closed_at: datetime | None = None) -> "Record":
        """Note that a workflow was started, and whether it has done its work."""
        kind = workflow_id.partition("/")[0]
        self.rows.append(
            OpenWorkflowRow(
                workflow_id=workflow_id, type=kind, contract_no=self.contract_no,
                application_no=None if self.contract_no else self.application_no, opened_at=opened_at,
                closed_at=closed_at,
            )
        )  # fmt: skip
        return self

    def written(self) -> Rows:
        """Give all rows, with the head of the chain."""
        yield from self.rows
        yield AuditChainRow(chain=self.about, seq=self.seq, hash=self.hash)
