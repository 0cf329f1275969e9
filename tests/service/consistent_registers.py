"""What left the office of the erased contract C-000004, and an interruption that two people agreed to, row by row."""

from collections.abc import Iterator
from datetime import date

from sqlmodel import SQLModel

from models.tables import (
    ApprovalRow,
    ApprovalVoteRow,
    ContractorRow,
    DisclosureRow,
    MaintenanceEventRow,
    PublicationRow,
    RegisterEntryRow,
)
from tests.service.consistent_erasure import GONE, NUMBER, at


def registers() -> Iterator[SQLModel]:
    """A disclosure handed over before the deletion of June 2014, one refused, a consent withdrawn, an interruption."""
    yield ContractorRow(
        contractor_no="CO-000001", name=b"office", task=b"office", data=["personal"], contracted_on=date(2014, 4, 1),
        recorded_by="legal:a", recorded_at=at("2014-04-01"),
    )  # fmt: skip
    for n, ground, data, contractor_no in (
        (1, "warrant", ["business_secret", "personal"], None), (2, "contractor", ["personal"], "CO-000001"),
    ):  # fmt: skip
        yield DisclosureRow(
            disclosure_no=f"DS-{n:06d}", contract_no=NUMBER, ground=ground, data=data, articles=["40"],
            contractor_no=contractor_no, requester=GONE, basis_reference=GONE, basis_sha256="0" * 64, scope=GONE,
            proposed_by="legal:a", proposed_at=at("2014-06-03"), approval_id=f"P-00002{n}",
        )  # fmt: skip
    yield PublicationRow(
        publication_no="PB-000001", contract_no=NUMBER, publication=GONE, text_version="v1", text_sha256="0" * 64,
        scope=GONE, consented_on=date(2014, 6, 1), consented_by=GONE, proposed_by="support:a",
        proposed_at=at("2014-06-03"), approval_id="P-000023",
    )  # fmt: skip
    for number, n, kind, on, sha256, words in (
        ("DS-000001", 1, "decided", "2014-06-03", None, None),
        ("DS-000001", 2, "handed_over", "2014-06-10", "1" * 64, None),
        ("DS-000002", 1, "rejected", "2014-06-03", None, None),
        ("PB-000001", 1, "approved", "2014-06-03", None, None),
        ("PB-000001", 2, "consent_withdrawn", "2014-06-20", None, GONE),
    ):
        yield RegisterEntryRow(
            register_no=number, n=n, kind=kind, at=at(on), sha256=sha256, words=words, recorded_by="legal:b",
            recorded_at=at(on),
        )  # fmt: skip
    yield MaintenanceEventRow(
        event_no="E-000001", kind="necessary", article="15(1)(3)", starts_at=at("2014-06-03"), zones=["fukuoka-1"],
        contract_nos=[], reason="x", recorded_by="support:a", recorded_at=at("2014-06-03"), approval_id="P-000024",
    )  # fmt: skip
    for number, act, article, role, decision in (
        ("P-000021", "disclosure", "40", "legal", "approve"),
        ("P-000022", "disclosure", "44(5)", "legal", "reject"),
        ("P-000023", "publication", "41", "support", "approve"),
        ("P-000024", "interruption", "15(1)(3)", "support", "approve"),
    ):
        of = None if act == "interruption" else NUMBER
        yield ApprovalRow(
            approval_id=number, key=number, act=act, article=article, roles=[role], contract_no=of,
            proposed_by=f"{role}:a", proposed_at=at("2014-06-03"), expires_at=at("2014-06-17"), consequence={},
            evidence=GONE, state={"approve": "approved", "reject": "rejected"}[decision],
        )  # fmt: skip
        yield ApprovalVoteRow(
            approval_id=number, person="b", role=role, decision=decision, reason=GONE, at=at("2014-06-03")
        )
