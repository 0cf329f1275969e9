"""What the letters of the ladder state: reminders, suspension and resumption, demand, rescission (Art. 16, 17, 36).

Each carries the debt as it stood on `as_of_on`: principal and late interest in yen, with the days and parts of
years for which the interest runs. The sums are checked: a letter that contradicts itself is not printed.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StrictInt, model_validator

from models.messages.base import Message
from models.messages.billing import InterestPartFacts, PayInto
from models.messages.facts import Count, Facts, Month, Prose, Resource, Yen
from models.messages.notice import Line
from terms.default import Unannounced
from terms.numbering import InvoiceKind
from terms.periods import ONE_DAY

Item = Annotated[StrictInt, Field(ge=1, le=9)]
"""A ground of suspension: the item of 16(1)."""

UNPAID: Item = 1


class OwedInvoice(Message):
    """An invoice that is open: what is left of it, and its late interest, `days` from `from_on` on, both counted."""

    invoice_no: Line
    kind: InvoiceKind
    month: Month | None = None
    due_on: date
    principal: Yen
    interest: Yen = 0
    from_on: date | None = None
    days: Count = 0
    parts: tuple[InterestPartFacts, ...] = ()

    @model_validator(mode="after")
    def interest_has_its_days(self) -> Self:
        """Interest runs from a day after the due day on for some days; where none runs there are none (A52)."""
        runs = self.from_on is not None and self.from_on > self.due_on and self.days > 0
        if not runs and (self.interest or self.days or self.parts):
            message = "interest needs from_on after due_on, and its days"
            raise ValueError(message)
        return self


class Debt(Facts):
    """What is owed on a day; `account` is filled in when the letter is made, if it is not given."""

    as_of_on: date
    owed: tuple[OwedInvoice, ...] = ()
    principal: Yen = 0
    interest: Yen = 0
    total: Yen = 0
    account: PayInto | None = None

    @model_validator(mode="after")
    def sums_are_right(self) -> Self:
        """The sums are those of the invoices, and no interest runs beyond the day."""
        principal, interest = (sum(getattr(one, name) for one in self.owed) for name in ("principal", "interest"))
        if (self.principal, self.interest, self.total) != (principal, interest, principal + interest):
            message = "principal, interest and total must be the sums of what is owed"
            raise ValueError(message)
        if any(one.from_on and one.from_on + one.days * ONE_DAY > self.as_of_on + ONE_DAY for one in self.owed):
            message = "interest must not run beyond as_of_on"
            raise ValueError(message)
        return self


class Ground(Debt):
    """Why service is stopped: an unpaid debt, or another item of 16(1) with its reason."""

    item: Item = UNPAID
    reason: Prose | None = None

    @model_validator(mode="after")
    def ground_is_said(self) -> Self:
        """An unpaid debt names what is owed, another ground what happened."""
        if not (self.owed if self.item == UNPAID else self.reason):
            message = "item 1 needs owed, any other item a reason"
            raise ValueError(message)
        return self


class Scope(Message):
    """What of the service is meant: all, or the resources named."""

    scope: Literal["all", "part"] = "all"
    resources: tuple[Resource, ...] = ()

    @model_validator(mode="after")
    def part_is_named(self) -> Self:
        """A part is named, the whole is not."""
        if (self.scope == "part") != bool(self.resources):
            message = "name resources if, and only if, the scope is a part"
            raise ValueError(message)
        return self


Owed = Annotated[tuple[OwedInvoice, ...], Field(min_length=1)]


class FirstReminder(Debt):
    """`first_reminder`: pay by a new day."""

    owed: Owed
    pay_by_on: date


class SecondReminder(Debt):
    """`second_reminder`: with the first day of the suspension, unless the contract has ended."""

    owed: Owed
    pay_by_on: date
    from_on: date | None = None


class SuspensionWarning(Ground, Scope):
    """`suspension_warning`: stop from `from_on` to `until_on`, or until the cause is gone; avoided by `pay_by_on`.

    `arrives_on` is the normal day of arrival of a letter by post, for which the days are printed.
    """

    pay_by_on: date
    from_on: date
    until_on: date | None = None
    arrives_on: date | None = None

    @model_validator(mode="after")
    def days_in_order(self) -> Self:
        """One can pay before the stop, and it does not end before it begins."""
        if not self.pay_by_on < self.from_on <= (self.until_on or self.from_on):
            message = "pay_by_on must lie before from_on, until_on not before it"
            raise ValueError(message)
        return self


class SuspensionStarted(Ground, Scope):
    """`suspension_started_notice`; `without_announcement`: why nothing was announced beforehand (16(2), proviso)."""

    started_at: AwareDatetime
    without_announcement: Unannounced | None = None
    until_on: date | None = None
    pledge_required: bool


class SuspensionExtension(Ground, Scope):
    """`suspension_extension_notice`: the period that was told ends on `ended_on`, the new one runs from `from_on`."""

    ended_on: date
    from_on: date
    until_on: date | None = None

    @model_validator(mode="after")
    def days_in_order(self) -> Self:
        """The new period follows the old one and does not end before it begins."""
        if not self.ended_on < self.from_on <= (self.until_on or self.from_on):
            message = "from_on must lie after ended_on, until_on not before it"
            raise ValueError(message)
        return self


class PledgeRequest(Facts):
    """`pledge_request`: a pledge (誓約書) is wanted before service resumes."""

    item: Item = UNPAID
    suspended_on: date
    submit_by_on: date | None = None


class ServiceResumed(Facts, Scope):
    """`service_resumed_notice`."""

    resumed_at: AwareDatetime


class FormalDemand(Debt):
    """`formal_demand` (催告): `demand_days` from its arrival; the last is `pay_by_on` if it comes on `arrives_on`."""

    owed: Owed
    suspended_on: date | None = None
    demand_days: Annotated[StrictInt, Field(ge=1)]
    arrives_on: date
    pay_by_on: date

    @model_validator(mode="after")
    def period_is_right(self) -> Self:
        """The day of arrival is not counted (Civil Code 140)."""
        if self.pay_by_on != self.arrives_on + self.demand_days * ONE_DAY:
            message = "pay_by_on must be arrives_on + demand_days"
            raise ValueError(message)
        return self


class Rescission(Ground):
    """`rescission_notice`: ends the contract when it arrives; what depends on that is told for `arrives_on`.

    `paragraph` of Art. 17; `suspended_on`, `warned_on` and `demanded_on` (arrivals) are the course of the suspension.
    """

    paragraph: Literal[1, 2]
    warned_on: date | None = None
    suspended_on: date | None = None
    demanded_on: date | None = None
    arrives_on: date
    penalty: Yen
    delete_from_on: date
    restore_by_on: date | None = None

    @model_validator(mode="after")
    def suspended_before(self) -> Self:
        """17(1) rescinds who has been suspended."""
        if self.paragraph == 1 and self.suspended_on is None:
            message = "17(1) needs suspended_on"
            raise ValueError(message)
        return self


LADDER_FACTS: Mapping[str, type[Facts]] = MappingProxyType(
    {
        "first_reminder": FirstReminder,
        "second_reminder": SecondReminder,
        "suspension_warning": SuspensionWarning,
        "suspension_started_notice": SuspensionStarted,
        "suspension_extension_notice": SuspensionExtension,
        "pledge_request": PledgeRequest,
        "service_resumed_notice": ServiceResumed,
        "formal_demand": FormalDemand,
        "rescission_notice": Rescission,
    }
)
