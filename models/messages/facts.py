"""What each letter states: one class of facts per slug, checked before a word is printed.

Invoices have layouts of their own and state `models.messages.billing.InvoiceFacts`.

A fact that nobody prints is a mistake, so unknown keys are refused. Sums are in yen, `*_on` are days and
`*_at` instants of Japan time. `steps` is the derivation of a computed date or sum in Japanese sentences.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, StrictBool, StrictInt, StringConstraints, model_validator

from models.messages.base import Message
from models.messages.notice import Line
from terms.citation import Article

Yen = Annotated[StrictInt, Field(ge=0)]
Count = Annotated[StrictInt, Field(ge=0)]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Prose = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\p{Cc}--\n]*$")]
"""Text that a person wrote; only line ends divide it."""


def _is_citation(text: str) -> str:
    Article.parse(text)
    return text


Clause = Annotated[str, AfterValidator(_is_citation)]
"""A citation as the code writes it, "18(1)"."""


class Facts(Message):
    """What every letter may carry."""

    steps: tuple[Line, ...] = ()


class Cutoff(Message):
    """An example of Art. 18(1): a notice that arrives on one day ends the contract on another."""

    arrived_on: date
    ends_on: date


class LastDay(Message):
    """Until which day a notice in writing must arrive for the contract to end on another."""

    arrived_by_on: date
    ends_on: date


class Gap(Message):
    """A point that an application lacks."""

    article: Clause
    detail: Line


class Item(Message):
    """An ordered line; `initial_fee` is the line's sum without tax."""

    code: Line
    name: Line
    quantity: Line | Count
    unit: Line | None = None
    zone: Line | None = None
    initial_fee: Yen


class MinimumTerm(Message):
    """A minimum term in months; without `code` it is that of every item not named otherwise."""

    code: Line | None = None
    months: Annotated[StrictInt, Field(ge=1)]


class Resource(Message):
    """An OCF resource that still stands."""

    resource_id: Line
    code: Line
    name: Line | Literal[""] | None = None
    quantity: Line | Count
    zone: Line | None = None


class ApplicationReceived(Facts):
    """`application_received_notice`."""

    received_at: AwareDatetime
    answer_by_on: date | None = None


class ApplicationIncomplete(Facts):
    """`application_incomplete_notice`."""

    received_at: AwareDatetime
    missing: Annotated[tuple[Gap, ...], Field(min_length=1)]


class Acceptance(Facts):
    """`acceptance_notice`: by e-mail formed at `formed_at`, on paper on its arrival, normally on `arrives_on`."""

    formed_at: AwareDatetime | None = None
    arrives_on: date | None = None
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    price_list: Line
    initial_fees: Yen
    initial_due_on: date
    minimum_terms: Annotated[tuple[MinimumTerm, ...], Field(min_length=1)]
    planned_start_on: date

    @model_validator(mode="after")
    def one_moment(self) -> Self:
        """A contract is formed once: at an instant or with the arrival of the letter."""
        if (self.formed_at is None) == (self.arrives_on is None):
            message = "give formed_at (e-mail) or arrives_on (paper)"
            raise ValueError(message)
        return self


class Refusal(Facts):
    """`refusal_notice`: grounds and reason may stay unsaid."""

    grounds: tuple[Clause, ...] = ()
    reason: Prose | None = None


class ServiceStart(Facts):
    """`service_start_notice`."""

    service_start_on: date
    billing_start_on: date
    min_term_ends_on: date
    cutoff: Cutoff


class CancellationReceipt(Facts):
    """`cancellation_receipt`."""

    arrived_on: date
    runs_out_on: date
    ends_on: date
    penalty: Yen
    last_usage_month: Month
    final_due_on: date
    delete_from_on: date
    steps: Annotated[tuple[Line, ...], Field(min_length=1)]


class NotInWriting(Facts):
    """`not_in_writing_notice`: `article` is the clause that wants writing, `form` the form that came instead."""

    article: Clause
    received_at: AwareDatetime
    form: Literal["email", "telephone", "console", "fax", "portal", "web"]
    cutoff: LastDay | None = None


class SpecialCancellationReceipt(Facts):
    """`special_cancellation_receipt`."""

    ground: Literal["14(2)", "18(2)"]
    event_no: Line
    arrived_on: date
    ends_on: date
    delete_from_on: date


class PreStartWithdrawalReceipt(Facts):
    """`pre_start_withdrawal_receipt`; the steps are the formula of the penalty."""

    arrived_on: date
    ends_on: date
    penalty: Yen
    steps: Annotated[tuple[Line, ...], Field(min_length=1)]


class ResourceDeletionReminder(Facts):
    """`resource_deletion_reminder`; `deletion_cost` is without tax."""

    ends_on: date
    days_left: Count
    resources: Annotated[tuple[Resource, ...], Field(min_length=1)]
    deletion_cost: Yen


class ContractEnd(Facts):
    """`contract_end_notice`."""

    ends_on: date
    ended_at: AwareDatetime
    ground: Clause
    penalty: Yen
    last_usage_month: Month | None = None
    final_due_on: date | None = None
    delete_from_on: date
    left_over: tuple[Resource, ...] = ()


class RestorationRequest(Facts):
    """`restoration_request`: without `resources_by_on` the deletion of OCF resources was no duty of the customer's.

    Where `deletion_charged` its cost is charged in full, else by decision (38(2), A91).
    """

    ends_on: date
    end_ground: Clause
    resources_by_on: date | None = None
    equipment_by_on: date
    deletion_charged: StrictBool
    resources: Annotated[tuple[Resource, ...], Field(min_length=1)]
    steps: Annotated[tuple[Line, ...], Field(min_length=1)]


class DataErasure(Facts):
    """`data_erasure_certificate`: `reference` is that of the platform that deleted."""

    ends_on: date
    deleted_at: AwareDatetime
    method: Line
    reference: Line
    department: Line
    person: Line
    responsible: Line
    resources: tuple[Resource, ...] = ()


class ErasedClass(Message):
    """How much of a class of personal data was erased."""

    class_: Annotated[Line, Field(alias="class")]
    count: Count


class PersonalDataErasure(Facts):
    """`personal_data_erasure_record`: what a certificate states, `sha256` is its hash; it names no customer.

    Without `approval_id` the erasure came by itself with the end of retention; `approvers` are people of the office.
    """

    erased_at: AwareDatetime
    items: Annotated[tuple[ErasedClass, ...], Field(min_length=1)]
    method: Line
    sha256: Line
    approval_id: Line | None = None
    approvers: tuple[Line, ...] = ()


class ContactCheck(Facts):
    """`contact_check_request`."""

    contact_kind: Literal["contract", "billing", "technical", "emergency", "registered_office"]
    on_record: Line
    notice_no: Line
    notice_title: Line


class Paid(Message):
    """What a payment paid of an invoice (充当)."""

    invoice_no: Line
    part: Literal["cost", "interest", "principal"]
    amount: Yen


class Receipt(Facts):
    """`receipt`; `rest` is what no invoice has taken."""

    paid_on: date
    amount: Yen
    paid: Annotated[tuple[Paid, ...], Field(min_length=1)]
    rest: Yen = 0


class PaymentInquiry(Facts):
    """`payment_inquiry`: `short` is what the payment lacks of an invoice."""

    received_on: date
    amount: Yen
    payer: Line
    invoice_no: Line | None = None
    short: Yen | None = None
    question: Prose


class RefundNotice(Facts):
    """`refund_notice`: without an account and a day the customer is asked what is to be done with the sum."""

    received_on: date
    amount: Yen
    refund_on: date | None = None
    account: Line | None = None

    @model_validator(mode="after")
    def where_and_when(self) -> Self:
        """Money goes back to an account on a day, or is asked about."""
        if (self.refund_on is None) != (self.account is None):
            message = "give refund_on and account together"
            raise ValueError(message)
        return self


FACTS: Mapping[str, type[Facts]] = MappingProxyType(
    {
        "application_received_notice": ApplicationReceived,
        "application_incomplete_notice": ApplicationIncomplete,
        "acceptance_notice": Acceptance,
        "refusal_notice": Refusal,
        "service_start_notice": ServiceStart,
        "cancellation_receipt": CancellationReceipt,
        "not_in_writing_notice": NotInWriting,
        "special_cancellation_receipt": SpecialCancellationReceipt,
        "pre_start_withdrawal_receipt": PreStartWithdrawalReceipt,
        "resource_deletion_reminder": ResourceDeletionReminder,
        "contract_end_notice": ContractEnd,
        "restoration_request": RestorationRequest,
        "data_erasure_certificate": DataErasure,
        "personal_data_erasure_record": PersonalDataErasure,
        "contact_check_request": ContactCheck,
        "receipt": Receipt,
        "payment_inquiry": PaymentInquiry,
        "refund_notice": RefundNotice,
    }
)
