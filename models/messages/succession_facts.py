"""What the letters about a succession, an assignment or a change of name state (Art. 11-13)."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.messages.facts import Clause, Facts, Yen
from models.messages.notice import Line
from models.messages.succession import DocumentKind, Kind

Proof = Literal["registry_certificate", "anti_social_representation", "proof_of_change"]
"""A document that is asked for; `proof_of_change` proves a new name or seat (13(2))."""


class SuccessionReceipt(Facts):
    """`succession_receipt`: `missing` are the documents that did not come with the notice."""

    kind: Kind
    received_on: date
    succeeded_on: date
    deadline_on: date
    late: bool
    missing: tuple[DocumentKind, ...] = ()

    @model_validator(mode="after")
    def late_is_after_the_deadline(self) -> Self:
        """A notice is late if, and only if, it came after the last day."""
        if self.late != (self.received_on > self.deadline_on):
            message = "late must say whether received_on lies after deadline_on"
            raise ValueError(message)
        return self


class ProofRequest(Facts):
    """`proof_request`, by 12(1) or 13(2); `notice_missing`: the successor's notice itself is still to come."""

    article: Clause
    documents: tuple[Proof, ...] = ()
    notice_missing: bool = False
    submit_by_on: date

    @model_validator(mode="after")
    def something_is_wanted(self) -> Self:
        """A letter that asks for nothing is none."""
        if not (self.documents or self.notice_missing):
            message = "ask for documents or for the notice"
            raise ValueError(message)
        return self


class SuccessionRescission(Facts):
    """`succession_rescission_notice`: ends the contract when it arrives; the rest is told for `arrives_on`."""

    successor: Line
    kind: Kind
    succeeded_on: date
    grounds: Annotated[tuple[Clause, ...], Field(min_length=1)]
    arrives_on: date
    penalty: Yen
    delete_from_on: date


class RegistrationChange(Facts):
    """`registration_change_receipt`: letters and invoices use what changed from `from_on` on."""

    arrived_on: date
    effective_on: date
    from_on: date
    changed: Annotated[tuple[Literal["name", "address", "contacts"], ...], Field(min_length=1)]


class Assignment(Facts):
    """`assignment_consent` and `assignment_refusal`."""

    assignee: Line


SUCCESSION_FACTS: Mapping[str, type[Facts]] = MappingProxyType(
    {
        "succession_receipt": SuccessionReceipt,
        "proof_request": ProofRequest,
        "succession_rescission_notice": SuccessionRescission,
        "registration_change_receipt": RegistrationChange,
        "assignment_consent": Assignment,
        "assignment_refusal": Assignment,
    }
)
