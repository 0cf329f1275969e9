"""A contract that was erased, row by row as the design wants it: C-000004 of `tests/service/consistent.py`."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import SQLModel

from models.tables import (
    ApplicationRow,
    ApprovalRow,
    ApprovalVoteRow,
    CertificateRow,
    ContactRow,
    ContractRow,
    DeletionRow,
    LegalHoldRow,
    NameChangeRow,
    NoticeRow,
    PartyRow,
    ResourceRow,
    SuccessionRow,
    VaultKeyRow,
)
from tests.service.consistent_life import accepted, left, terminated
from tests.service.record import Record, hashed

NUMBER, APPLICATION = "C-000004", "A-000004"
GONE = b"\x01" + b"4" * 16 + b"nonce and words"
"""What a destroyed key had sealed: a version, the key's id, and what nobody can open."""


def at(text: str) -> datetime:
    """Give 15:10 UTC of a day: ten minutes past midnight of the next in Japan."""
    return datetime.fromisoformat(f"{text}T15:10:00+00:00")


def erased() -> Iterator[SQLModel]:
    """Ended in May 2014, held for a day, deleted and closed in June, erased on 1 April 2025."""
    yield from _contract()
    yield from _hold()
    yield from _party()
    yield from _certificates()
    application, record = Record(APPLICATION, GONE), Record(NUMBER, GONE)
    accepted(application, at("2014-03-02"), at("2014-03-10"))
    record.move(at("2014-03-10"), "formed", "9(1)").workflow(f"contract/{NUMBER}", at("2014-03-10"), at("2025-03-31"))
    record.move(at("2014-03-31"), "started", "5(1)", "provisioning:a")
    record.letter(at("2014-03-31"), "service_start_notice")
    left(record, at("2014-04-20"), at("2014-05-31"))
    record.event(at("2014-05-31"), "restoration_asked", "38(1)").letter(at("2014-05-31"), "restoration_request")
    yield terminated(NUMBER, "18(1)", at("2014-04-20"), "2014-05-31")
    record.letter(at("2014-06-01"), "invoice", facts=b"", notice_no="N-000043", workflow_id="bulk/N-000043")
    record.event(at("2014-06-29"), "data_deleted", "34(1)")
    record.letter(at("2014-06-29"), "data_erasure_certificate", notice_no="N-000044")
    record.move(at("2014-06-29"), "closed", "34(1)").move(at("2025-03-31"), "erased", "44(6)")
    record.event(at("2025-03-31"), "personal_data_erased", "44(6)")
    yield NoticeRow(
        notice_no="N-000045", key="N-000045", workflow_id="record/N-000045", slug="personal_data_erasure_record",
        article="44(6)", contract_no=NUMBER, application_no=APPLICATION, channel="record", form="record",
        state="arrived", terms_version="1.0", queued_at=at("2025-03-31"), stamped_at=at("2025-03-31"),
        dispatched_at=at("2025-03-31"), arrived_at=at("2025-03-31"), deemed=False, basis="record", method="record",
    )  # fmt: skip
    record.workflow(f"deletion/{NUMBER}", at("2014-05-31"), at("2025-03-31"))
    yield from application.written()
    yield from record.written()


def _contract() -> Iterator[SQLModel]:
    yield ApplicationRow(
        application_no=APPLICATION, external_ref="ref-4", customer_ref="ref-4", state="accepted",
        received_at=at("2014-03-02"), corporate_number="9000000000001", price_list="PL-2026-03", terms_version="1.0",
        electronic_delivery=True, findings=[], contract_no=NUMBER, name=b"office", name_hash="h",
        erased_at=at("2025-03-31"), closed_at=at("2014-03-10"),
    )  # fmt: skip
    yield ContractRow(
        contract_no=NUMBER, application_no=APPLICATION, customer_ref="ref-4", corporate_number="9000000000001",
        state="erased", version=5, terms_version="1.0", price_list="PL-2026-03", formed_at=at("2014-03-10"),
        service_start_on=date(2014, 4, 1), billing_start_on=date(2014, 4, 1), end_ground="18(1)",
        ended_at=datetime(2014, 5, 31, 15, tzinfo=UTC), ends_on=date(2014, 5, 31), name=b"office", name_hash="h",
    )  # fmt: skip
    yield ContactRow(application_no=APPLICATION, kind="billing", from_at=at("2014-03-02"), contact=b"")
    yield ResourceRow(
        contract_no=NUMBER, resource_id="gw-4", code="SGW", quantity=1, zone="fukuoka-1", from_on=date(2014, 3, 10),
        to_on=date(2014, 6, 30), left_over=True, name=GONE,
    )  # fmt: skip
    for key_id, key_class in (("4" * 16, "statutory"), ("5" * 16, "erasable")):
        yield VaultKeyRow(
            key_id=key_id, owner=APPLICATION, key_class=key_class, created_at=at("2014-03-02"),
            destroyed_at=at("2025-03-31"),
        )  # fmt: skip


def _hold() -> Iterator[SQLModel]:
    yield LegalHoldRow(
        hold_no="LH-000001", contract_no=NUMBER, state="released", matter=GONE, reason=GONE,
        review_on=date(2014, 12, 1), proposed_by="legal:a", proposed_at=at("2014-06-01"), approval_id="P-000011",
        placed_at=at("2014-06-01"), release_approval_id="P-000012", released_at=at("2014-06-02"),
    )  # fmt: skip
    for number, act in (("P-000011", "legal_hold"), ("P-000012", "legal_hold_release")):
        yield ApprovalRow(
            approval_id=number, key=number, act=act, article="44(6)", roles=["legal", "admin"], contract_no=NUMBER,
            proposed_by="legal:a", proposed_at=at("2014-06-01"), expires_at=at("2014-06-15"), consequence={},
            evidence=GONE, state="approved",
        )  # fmt: skip
        yield ApprovalVoteRow(
            approval_id=number, person="b", role="admin", decision="approve", reason=GONE, at=at("2014-06-01")
        )


def _party() -> Iterator[SQLModel]:
    """Succeeded in April 2014, renamed in May; the successor's words are gone."""
    yield SuccessionRow(
        contract_no=NUMBER, n=1, kind="split", state="continued", recorded_at=at("2014-04-01"), findings=[],
        succeeded_on=date(2014, 4, 1), approval_id="P-000013", closed_at=at("2014-04-02"), successor=b"", name=GONE,
    )  # fmt: skip
    for n, event in ((1, "succession"), (2, "name_change")):
        yield PartyRow(
            contract_no=NUMBER, n=n, from_on=date(2014, 3 + n, 1), event=event, event_n=1, recorded_at=at("2014-05-01"),
            corporate_number="7000012050002", name=GONE, name_hash="g", details=b"",
        )  # fmt: skip
    yield NameChangeRow(
        contract_no=NUMBER, n=1, form="paper", arrived_at=at("2014-05-01"), effective_on=date(2014, 5, 1),
        recorded_at=at("2014-05-01"), changed=["name"], changes=b"",
    )  # fmt: skip


def _certificates() -> Iterator[SQLModel]:
    yield DeletionRow(
        contract_no=NUMBER, state="erased", delete_from_on=date(2014, 6, 30), inventory=[{"resource_id": "gw-4"}],
        deleted_at=at("2014-06-29"), erasable_from_on=date(2025, 4, 1), erased_at=at("2025-03-31"),
    )  # fmt: skip
    for kind, article, on, notice_no in (
        ("data", "34(1)", "2014-06-29", "N-000044"), ("personal", "44(6)", "2025-03-31", "N-000045"),
    ):  # fmt: skip
        stated: dict[str, Any] = {
            "key": f"{NUMBER}/{kind}", "contract_no": NUMBER, "kind": kind, "article": article,
            "items": [{"resource_id": "gw-4"}], "method": "Purge", "performed_by": "system", "approval_id": None,
        }  # fmt: skip
        digest = hashed(stated | {"at": at(on).isoformat()})
        yield CertificateRow(**stated, at=at(on), notice_no=notice_no, sha256=digest)
