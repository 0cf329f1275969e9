"""Billing: what a run over a month is told, and the letters that go out together (Art. 24-27, 35, 37)."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from models.messages.base import Message
from models.messages.facts import Clause, Count, Facts, Month, Prose, Yen
from models.messages.notice import Line
from terms.numbering import InvoiceKind

Decimals = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?$", max_length=32)]
"""An exact number as decimal text."""

ChargeType = Literal[
    "initial", "metered", "capped", "monthly", "other", "penalty", "avoided_fee", "surcharge", "late_interest",
    "deletion_cost", "restoration_cost", "restoration_damages",
]  # fmt: skip


class BillingRunInput(Message):
    """A pass over a month (`YYYY-MM`); its row is there already."""

    month: str
    pass_no: int


class BillingStep(Message):
    """A step of a pass, with the business time at which it is done."""

    month: str
    pass_no: int
    as_of: AwareDatetime


class BillingDecided(Message):
    """What became of the proposal of a pass: approved, rejected, expired, withdrawn or overtaken by a new pass."""

    state: str


class MailingInput(Message):
    """Letters that go out together: the rows that name this batch."""

    batch: str


class MailingStep(Message):
    """A mailing at a business time."""

    batch: str
    as_of: AwareDatetime


class InvoiceLineFacts(Message):
    """A line of an invoice; yen without tax, floored. Of a credit note: what is taken back, as a positive sum.

    `unit_price` is decimal text in yen: by the hour, the month or the piece. `monthly_cap`, where known, is printed in
    its place on a line that reached it (26(2)).
    `seconds` is the time charged; `running_seconds` and `allocated_seconds` tell how it came about, where known.
    `month` marks a line that belongs to another month than its invoice (late usage: the difference alone).
    """

    line_no: Count
    code: Line
    item: Line
    charge_type: ChargeType
    resource_id: Line | None = None
    name: Line | Literal[""] | None = None
    quantity: Decimals
    unit: Line | Literal[""] = ""
    unit_price: Decimals | None = None
    monthly_cap: Decimals | None = None
    seconds: Count | None = None
    running_seconds: Count | None = None
    allocated_seconds: Count | None = None
    days: Count | None = None
    of: Count | None = None
    month: Month | None = None
    amount: Yen
    capped: bool = False
    article: Clause
    tax_class: Literal["taxable", "non_taxable", "exempt"]


class TaxFacts(Message):
    """What is charged at one rate, without tax, and the tax on it (消費税額等), floored once."""

    rate_percent: Count
    base: Yen
    tax: Yen


class PayInto(Message):
    """The account to pay into (27(2)); `type` as in bank files: 1 ordinary, 2 current, 4 savings.

    `own` marks a number that is given to this customer alone (virtual account).
    """

    bank_name: Line
    branch_name: Line
    type: Literal["1", "2", "4"]
    number: Line
    holder_kana: Line
    own: bool = False


class ArrearFacts(Message):
    """An earlier invoice that is still unpaid, with the interest that has run up."""

    invoice_no: Line
    month: Month | None = None
    due_on: date
    principal: Yen
    interest: Yen


class CorrectedFacts(Message):
    """The invoice that a credit note takes back in part; `month` is the period of the original supply."""

    invoice_no: Line
    issued_on: date
    month: Month | None = None


class PenaltyFacts(Message):
    """Why a penalty is due (28): by the end of the contract before its minimum term is over."""

    ground: Literal["28(1)", "28(2)"]
    ends_on: date
    min_term_ends_on: date | None = None
    monthly: Yen
    months: Count
    days: Count = 0


class SurchargeFacts(Message):
    """What a surcharge rests on (35): the charge that was avoided, and how; yen without tax."""

    avoided: Yen
    surcharge: Yen
    from_on: date | None = None
    to_on: date | None = None
    facts: Prose


class InterestPartFacts(Message):
    """A part of the time that interest runs: whole years (basis 1), or days of a year of 365 or 366."""

    years: Count | None = None
    days: Count | None = None
    basis: Count


class InterestFacts(Message):
    """Late interest (36) on one sum: from the day after the due day to the day of payment, both counted."""

    invoice_no: Line
    principal: Yen
    from_on: date
    to_on: date
    days: Count
    parts: tuple[InterestPartFacts, ...] = ()
    interest: Yen


class RestorationFacts(Message):
    """What a restoration invoice covers (38(2)): from the end of the contract to the day all was removed."""

    ended_on: date
    completed_on: date


class InvoiceFacts(Facts):
    """Everything that an invoice or a credit note prints; `steps` is the derivation of its sum.

    `due_on` and `due_steps` (how the day was shifted, as sentences) belong to every invoice but a credit note.
    `arrives_on` is the normal arrival of a paper letter whose due day hangs on it. `paid_on` marks an invoice that
    documents money already collected: nothing has to be paid any more. The sums must agree with the lines.
    """

    invoice_no: Line
    kind: InvoiceKind
    month: Month | None = None
    issued_on: date
    due_on: date | None = None
    nominal_due_on: date | None = None
    due_steps: tuple[Line, ...] = ()
    arrives_on: date | None = None
    paid_on: date | None = None
    registration_no: Line
    lines: Annotated[tuple[InvoiceLineFacts, ...], Field(min_length=1)]
    rates: tuple[TaxFacts, ...] = ()
    non_taxed: Yen = 0
    total: Yen
    account: PayInto | None = None
    arrears: tuple[ArrearFacts, ...] = ()
    arrears_on: date | None = None
    replaces: Line | None = None
    corrects: CorrectedFacts | None = None
    penalty: PenaltyFacts | None = None
    surcharge: SurchargeFacts | None = None
    interest: tuple[InterestFacts, ...] = ()
    restoration: RestorationFacts | None = None

    @property
    def metered(self) -> tuple[InvoiceLineFacts, ...]:
        """The lines of the usage statement: what resources cost in a month."""
        return tuple(line for line in self.lines if line.resource_id) if self.kind == "monthly" else ()

    @property
    def statement_no(self) -> str | None:
        """The number of the usage statement that belongs to the invoice, if there is one."""
        return f"{self.invoice_no}-U" if self.metered else None

    @model_validator(mode="after")
    def adds_up(self) -> Self:
        """No invoice goes out whose lines, sums and total do not agree (消法57の4)."""
        taxed = sum(line.amount for line in self.lines if line.tax_class == "taxable")
        non_taxed = sum(line.amount for line in self.lines if line.tax_class != "taxable")
        total = sum(rate.base + rate.tax for rate in self.rates) + self.non_taxed
        agreed = (sum(rate.base for rate in self.rates), self.non_taxed, self.total)
        if agreed != (taxed, non_taxed, total):
            message = "lines, sums and total do not agree"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def is_complete(self) -> Self:
        """Each kind states what it rests on, and a due day unless it gives money back."""
        needed = {
            "monthly": self.month,
            "credit": self.corrects,
            "penalty": self.penalty,
            "surcharge": self.surcharge,
            "interest": self.interest,
            "restoration": self.restoration,
        }
        if not needed[self.kind] or (self.kind != "credit" and self.due_on is None):
            message = f"an invoice of kind {self.kind} lacks a fact"
            raise ValueError(message)
        return self
