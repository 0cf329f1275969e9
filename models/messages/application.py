"""Applications: the form (利用申込書), its findings, and what the review remembers and is told (Art. 4-9, 43, 44)."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, EmailStr, Field, JsonValue, StrictBool, StrictInt, StringConstraints

from models.messages.base import Code, Day, FutureDay, Instant, LongText, Message, ShortText
from models.messages.office import (
    Answered,
    ApprovalClosing,
    ApprovalOrder,
    ApprovalVote,
    Command,
    Event,
    LetterOrder,
    TaskOrder,
)

CorporateNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{13}$")]
PostalCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}-?[0-9]{4}$")]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9()-]{4,24}$")]
ContactKind = Literal["contract", "billing", "technical", "emergency"]
IncomingForm = Literal["paper", "e-signature", "console", "email", "telephone"]


class Address(Message):
    """A Japanese postal address."""

    postal_code: PostalCode
    prefecture: ShortText
    city: ShortText
    street: ShortText
    building: ShortText | None = None


class Representative(Message):
    """Who represents the applicant (代表者)."""

    title: ShortText
    name: ShortText
    name_kana: ShortText


class Applicant(Message):
    """The company that applies (申込者)."""

    name: ShortText
    name_kana: ShortText
    corporate_number: CorporateNumber
    address: Address
    representative: Representative


class Contact(Message):
    """A registered contact of Art. 42."""

    department: ShortText | None = None
    name: ShortText
    name_kana: ShortText
    email: EmailStr
    phone: Telephone
    fax: Telephone | None = None
    postal_address: Address | None = None


class Contacts(Message):
    """The four registered contacts."""

    contract: Contact
    billing: Contact
    technical: Contact
    emergency: Contact


class Officer(Message):
    """A person for whom the representation of Art. 43(1) speaks (役員)."""

    name: ShortText
    kana: ShortText
    title: ShortText


class OrderedItem(Message):
    """One ordered line; for items per GB the quantity is the GB ordered."""

    code: Code
    quantity: Annotated[StrictInt, Field(ge=1, le=10**9)]
    zone: Code
    name: ShortText


class UseLocation(Message):
    """Where the service is used (Art. 6); country by ISO 3166-1."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    place: ShortText


class TermsConsent(Message):
    """Consent to the terms (Art. 8(1)); empty where the box is not ticked."""

    version: Annotated[ShortText, Field(max_length=16)]
    consented_at: Instant | None = None
    consented_by: ShortText | None = None


class Intermediary(Message):
    """Who files for the applicant; Art. 8(2) allows nobody."""

    name: ShortText
    contact: ShortText | None = None
    note: LongText | None = None


class Signature(Message):
    """How the form was signed."""

    kind: Literal["paper", "e-signature"]
    signed_on: Day


class ApplicationForm(Message):
    """The application form (利用申込書, Art. 8(1)) as filed."""

    external_ref: Code
    customer_ref: Code | None = None
    applicant: Applicant
    contacts: Contacts
    officers: Annotated[list[Officer], Field(max_length=100)]
    items: Annotated[list[OrderedItem], Field(min_length=1, max_length=500)]
    desired_start_on: FutureDay
    use_location: UseLocation
    dedicated_cluster_term_confirmed: StrictBool | None = None
    terms: TermsConsent
    no_resale: StrictBool
    intermediary: Intermediary | None = None
    anti_social_representation: StrictBool
    personal_data_consent: StrictBool
    publication_consent: StrictBool = False
    electronic_delivery_consent: StrictBool = False
    remitter_names_kana: Annotated[list[ShortText], Field(max_length=20)] = Field(default_factory=list)
    signature: Signature


class Finding(Message):
    """What a check of an application found: blocking findings stand in the way of acceptance."""

    article: str
    severity: Literal["info", "warning", "blocking"]
    detail: str


class ReviewState(BaseModel):
    """All that the review of an application remembers; goes through continue-as-new."""

    application_no: str
    received_at: AwareDatetime
    electronic_delivery: bool
    phase: Literal["received", "accepting", "second_opinion", "refusing", "accepted", "refused", "withdrawn"] = (
        "received"
    )
    version: int = 0
    findings: list[Finding] = Field(default_factory=list)
    screened: bool = False
    screening: list[Finding] = Field(default_factory=list)
    answer_by_on: date | None = None
    remind_at: AwareDatetime | None = None
    reminded: bool = False
    escalate_at: AwareDatetime | None = None
    escalated: bool = False
    contract_no: str | None = None
    grounds: list[str] = Field(default_factory=list)
    approval_id: str | None = None
    proposed_by: str | None = None
    answers: list[Answered] = Field(default_factory=list)

    def blocking(self) -> Finding | None:
        """Give the first finding that forbids acceptance."""
        return next((f for f in [*self.findings, *self.screening] if f.severity == "blocking"), None)

    def next_due(self) -> datetime | None:
        """Give the next instant at which the review acts by itself."""
        if self.phase != "received":
            return None
        open_ = [
            at
            for at, done in ((self.remind_at, self.reminded), (self.escalate_at, self.escalated))
            if at is not None and not done
        ]
        return min(open_, default=None)


class AnswerClock(Message):
    """Until when an application is to be answered (A105), with the instants of reminder and escalation."""

    answer_by_on: date
    remind_at: AwareDatetime
    escalate_at: AwareDatetime


class Decide(Command):
    """Accept (Art. 9(1)) or refuse (Art. 9(2)); grounds as `9(2)(1)`."""

    decision: Literal["accept", "refuse"]
    grounds: list[str]
    reason: str


class Complete(Command):
    """The applicant completed the form: judged anew (Art. 8(1)); `clock` is absent while something is missing.

    `form` is the form as filed, with the changes: JSON that was checked, so that its nulls stay as they were.
    """

    arrived_at: AwareDatetime
    form: dict[str, JsonValue]
    findings: list[Finding]
    clock: AnswerClock | None


class WithdrawApplication(Command):
    """The applicant takes the application back before it is accepted (A105)."""

    arrived_at: AwareDatetime
    form: str
    reason: str | None = None


class Screened(Message):
    """What the screening of Art. 43(1) found."""

    findings: list[Finding]


class ScreeningInput(Message):
    """Whom to screen, named by number only."""

    application_no: str
    as_of: AwareDatetime


class ReviewCommit(Message):
    """One step of a review, written in one transaction; `version` makes it happen once."""

    application_no: str
    version: int
    key: str
    scope: str | None = None
    status: int = 200
    as_of: AwareDatetime
    state: Literal["received", "accepted", "refused", "withdrawn"]
    answer_by_on: date | None
    findings: list[Finding]
    events: list[Event]
    form: dict[str, JsonValue] | None = None
    decided: Literal["accept", "refuse"] | None = None
    decision: dict[str, JsonValue] | None = None
    escalated: bool = False
    reserve_contract: bool = False
    letters: list[LetterOrder] = Field(default_factory=list)
    tasks: list[TaskOrder] = Field(default_factory=list)
    approval: ApprovalOrder | None = None
    vote: ApprovalVote | None = None
    closing: ApprovalClosing | None = None
    closes_answer_tasks: bool = False


class ReviewCommitted(Message):
    """What a commit gave out: the answer, and numbers taken in its transaction."""

    body: dict[str, JsonValue]
    contract_no: str | None = None
    approval_id: str | None = None


class FormationOrder(Message):
    """Form the contract: its acceptance was dispatched by e-mail, or has arrived on paper (Art. 9(1), A39)."""

    application_no: str
    contract_no: str
    formed_at: AwareDatetime
    version: int
    as_of: AwareDatetime
