"""What each rule is asked: fields exact to the type, bounded, and none that the rule does not know.

Dates and instants count by Japan's time and lie in the span for which the rules answer; null stands for absent.
"""

import re
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StrictBool, StrictInt, StringConstraints

from models.messages.base import Message
from terms.application import CORPORATE_NUMBER
from terms.billing import InvoiceLine
from terms.notice import Channel
from terms.penalty import ChargeKind, Ground
from terms.periods import JST
from terms.settings import (
    LAST_KNOWN_DAY,
    MAX_DAYS,
    MAX_YEARS,
    TERMS_1_0,
    CancelNoticeRule,
    DayCount,
    DueShift,
    TaxClass,
)
from terms.settlement import Debt, DebtKind, Payment
from terms.termination import NoticeForm

FIRST_DAY, LAST_DAY = TERMS_1_0.effective_on, LAST_KNOWN_DAY
FIRST_DAY_OF_THE_PAST = date(1900, 1, 1)
MOST = 10**15
MOST_DEBTS = 300  # with as many payments the answer may have 90,000 entries
MOST_LINES = 10_000

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_INSTANT = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}:[0-5][0-9](?:Z|[+-]{_CLOCK})")
_DECIMAL = r"^[0-9]+(\.[0-9]+)?$"
_MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
_ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"


def _read_day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    message = "a day is written YYYY-MM-DD"
    raise ValueError(message)


def _read_instant(value: object) -> object:
    if isinstance(value, datetime) and not value.microsecond:
        return value
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return value
    message = "an instant is written YYYY-MM-DDThh:mm:ss with an offset, Z or ±hh:mm"
    raise ValueError(message)


def _in_span(day: date) -> date:
    return _between(FIRST_DAY, day, LAST_DAY)


def _in_past_or_span(day: date) -> date:
    return _between(FIRST_DAY_OF_THE_PAST, day, LAST_DAY)


def _between(first: date, day: date, last: date) -> date:
    if first <= day <= last:
        return day
    message = f"the day in Japan must lie between {first.isoformat()} and {last.isoformat()}"
    raise ValueError(message)


def _in_japan(instant: datetime) -> datetime:
    """Take the instant by Japan's time; at the very ends of the calendar there is none, and no span either."""
    try:
        there = instant.astimezone(JST)
    except OverflowError:
        there = instant
    _in_span(there.date())
    return there


def _month_in_span(month: str) -> str:
    first, last = f"{FIRST_DAY:%Y-%m}", f"{LAST_DAY:%Y-%m}"
    if first <= month <= last:
        return month
    message = f"the month must lie between {first} and {last}"
    raise ValueError(message)


def _at_most(value: str) -> str:
    if Fraction(value) <= MOST:
        return value
    message = f"must not be greater than {MOST}"
    raise ValueError(message)


Day = Annotated[date, BeforeValidator(_read_day, json_schema_input_type=date), AfterValidator(_in_span)]
PastDay = Annotated[date, BeforeValidator(_read_day, json_schema_input_type=date), AfterValidator(_in_past_or_span)]
Instant = Annotated[
    AwareDatetime, BeforeValidator(_read_instant, json_schema_input_type=datetime), AfterValidator(_in_japan)
]
Month = Annotated[str, StringConstraints(pattern=_MONTH), AfterValidator(_month_in_span)]
Yen = Annotated[StrictInt, Field(ge=0, le=MOST)]
Count = Annotated[StrictInt, Field(ge=0, le=MOST)]
Days = Annotated[StrictInt, Field(ge=0, le=MAX_DAYS)]
Years = Annotated[StrictInt, Field(ge=0, le=MAX_YEARS)]
DecimalText = Annotated[str, StringConstraints(pattern=_DECIMAL, max_length=40), AfterValidator(_at_most)]
Amount = Yen | DecimalText
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_ONE_LINE)]


class SettingsOverride(Message):
    """Settings tried out for one calculation; those that a rule does not use are let pass."""

    cancel_notice_rule: CancelNoticeRule | None = None
    incl_first_day: StrictBool | None = None
    due_shift: DueShift | None = None
    min_pay_days: Days | None = None
    daycount: DayCount | None = None
    suspend_lead_days: Days | None = None
    delete_grace_days: Days | None = None
    retention_years: Years | None = None


class RuleRequest(Message):
    """What every rule takes; the other fields are the arguments of its function, by their names."""

    settings: SettingsOverride | None = None

    def overrides(self) -> dict[str, object]:
        """Return the settings to try out."""
        return {} if self.settings is None else self.settings.model_dump(exclude_none=True)

    def arguments(self) -> dict[str, object]:
        """Return the arguments of the rule's function; what is absent is left to its defaults."""
        return {name: value for name, value in self if name != "settings" and value is not None}


class MinimumTermEndRequest(RuleRequest):
    """5(1)."""

    billing_start_on: Day
    dedicated_cluster: StrictBool


class TerminationEndRequest(RuleRequest):
    """18(1)."""

    arrived_on: Day
    form: NoticeForm
    requested_end_on: Day | None = None


class SuccessionDeadlineRequest(RuleRequest):
    """12(1)."""

    succeeded_on: Day


class MaintenanceNoticeRequest(RuleRequest):
    """15(2)."""

    work_on: Day
    noticed_on: Day | None = None


class DueDateRequest(RuleRequest):
    """25(1), 27(2); exactly one of `usage_month` and `started_on`."""

    usage_month: Month | None = None
    started_on: Day | None = None
    issued_on: Day | None = None


class LateInterestRequest(RuleRequest):
    """36."""

    principal: Yen
    due_on: Day
    paid_on: Day


class DebtRequest(Message):
    """A debt in yen, tax included."""

    id: Identifier
    kind: DebtKind
    due_on: Day
    amount: Yen


class PaymentRequest(Message):
    """Yen credited on a day."""

    on: Day
    amount: Yen


def _ids_once(debts: list[DebtRequest]) -> list[DebtRequest]:
    if len({debt.id for debt in debts}) == len(debts):
        return debts
    message = "every debt needs an id of its own"
    raise ValueError(message)


class SettlementRequest(RuleRequest):
    """27, 36, 37; Civil Code 488, 489."""

    debts: Annotated[list[DebtRequest], Field(max_length=MOST_DEBTS), AfterValidator(_ids_once)]
    payments: Annotated[list[PaymentRequest], Field(max_length=MOST_DEBTS)]
    as_of_on: Day

    def arguments(self) -> dict[str, object]:
        """Return the debts and payments as the rule knows them."""
        return {
            "debts": [Debt(id=each.id, kind=each.kind, due_on=each.due_on, amount=each.amount) for each in self.debts],
            "payments": [Payment(on=each.on, amount=each.amount) for each in self.payments],
            "as_of_on": self.as_of_on,
        }


class PenaltyRequest(RuleRequest):
    """28(1), 28(2), 5(2); `term_months` for ground 28(1), both days for the grounds charged by 28(2)."""

    ground: Ground
    min_term_ends_on: Day | None = None
    ends_on: Day | None = None
    monthly: Yen
    term_months: Count | None = None


class PenaltyBasisRequest(RuleRequest):
    """28; `monthly_fee` for a fixed charge, `monthly_cap` (of the whole quantity) for a capped one."""

    kind: ChargeKind
    monthly_fee: Yen | None = None
    monthly_cap: Yen | None = None
    recent_full_months: Annotated[list[Yen], Field(max_length=MOST_LINES)]


class SurchargeRequest(RuleRequest):
    """35."""

    avoided: Yen


class UsageSplitRequest(RuleRequest):
    """24(2)."""

    from_at: Instant
    to_at: Instant


class MeteredChargeRequest(RuleRequest):
    """26(1), 26(2); `cap_hours` and `monthly_cap` go together."""

    rate: DecimalText
    cap_hours: Annotated[StrictInt, Field(ge=1, le=MOST)] | None = None
    monthly_cap: Amount | None = None
    seconds: Count
    quantity: Amount | None = None


class FixedChargeRequest(RuleRequest):
    """26, 37."""

    monthly_fee: Yen
    month: Month
    from_on: Day | None = None
    to_on: Day | None = None
    prorated: StrictBool


class InvoiceLineRequest(Message):
    """An unrounded line amount, yen without tax."""

    amount: DecimalText
    tax_class: TaxClass


class InvoiceTotalRequest(RuleRequest):
    """24(4), 37."""

    lines: Annotated[list[InvoiceLineRequest], Field(max_length=MOST_LINES)]
    supplied_on: Day

    def arguments(self) -> dict[str, object]:
        """Return the lines as the rule knows them."""
        lines = [InvoiceLine(amount=each.amount, tax_class=each.tax_class) for each in self.lines]
        return {"lines": lines, "supplied_on": self.supplied_on}


class DeemedArrivalRequest(RuleRequest):
    """42, Civil Code 97."""

    channel: Channel
    dispatched_at: Instant
    contact_correct: StrictBool
    delivered_at: Instant | None = None
    refused_at: Instant | None = None
    transit_days: Annotated[StrictInt, Field(ge=1, le=3)] | None = None
    requires_actual_arrival: StrictBool


class SuspensionNoticeRequest(RuleRequest):
    """16(2)."""

    notice_arrives_at: Instant


class RestorationDamagesRequest(RuleRequest):
    """38(2); `cap_hours` and `monthly_cap` go together."""

    ended_on: Day
    restored_on: Day
    rate: DecimalText
    cap_hours: Annotated[StrictInt, Field(ge=1, le=MOST)] | None = None
    monthly_cap: Amount | None = None


class RetentionRequest(RuleRequest):
    """44(6) and statutes."""

    ended_on: Day
    last_invoice_month: Month
    loss_year: StrictBool
    fiscal_year_end_month: Annotated[StrictInt, Field(ge=1, le=12)] | None = None


class CorporateNumberRequest(RuleRequest):
    """9(2)(4)."""

    number: Annotated[str, StringConstraints(pattern=rf"^{CORPORATE_NUMBER}$")]


class AntiSocialLookbackRequest(RuleRequest):
    """43(1)(1)."""

    left_on: PastDay


class OutlookRequest(RuleRequest):
    """5, 18, 27, 28, 34."""

    billing_start_on: Day
    dedicated_cluster: StrictBool
    monthly: Yen
    notice_arrives_on: Day
