"""The rules that answer over HTTP and on the command line, by their names.

An answer is plain JSON: the fields of the rule's result, then its articles, settings and steps. What does not
apply is absent, never null.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import JsonValue, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from models.messages import rule_requests as asked
from terms import (
    application,
    billing,
    contract,
    default,
    maintenance,
    notice,
    payment,
    retention,
    succession,
    termination,
    violation,
)
from terms.calendars import Calendars
from terms.derivation import Derived
from terms.settings import Terms


class RuleName(StrEnum):
    """The names by which rules are called."""

    MINIMUM_TERM_END = "minimum-term-end"
    TERMINATION_END = "termination-end"
    SUCCESSION_DEADLINE = "succession-deadline"
    MAINTENANCE_NOTICE = "maintenance-notice"
    DUE_DATE = "due-date"
    LATE_INTEREST = "late-interest"
    SETTLEMENT = "settlement"
    PENALTY = "penalty"
    PENALTY_BASIS = "penalty-basis"
    SURCHARGE = "surcharge"
    USAGE_SPLIT = "usage-split"
    METERED_CHARGE = "metered-charge"
    FIXED_CHARGE = "fixed-charge"
    INVOICE_TOTAL = "invoice-total"
    DEEMED_ARRIVAL = "deemed-arrival"
    SUSPENSION_NOTICE = "suspension-notice"
    RESTORATION_DAMAGES = "restoration-damages"
    RETENTION = "retention"
    CORPORATE_NUMBER = "corporate-number"
    ANTI_SOCIAL_LOOKBACK = "anti-social-lookback"
    OUTLOOK = "outlook"


@dataclass(frozen=True)
class Rule:
    """A rule with what it is asked and what it answers; `dated` ones also look into the holiday calendars."""

    name: RuleName
    articles: tuple[str, ...]
    request: type[asked.RuleRequest]
    answer: type[Derived]
    function: Callable[..., Derived]
    dated: bool = False

    def run(self, request: asked.RuleRequest, terms: Terms, calendars: Calendars) -> dict[str, JsonValue]:
        """Answer a request as plain JSON.

        Raises:
            Refused: the terms refuse it.
            InvalidRule: the values do not fit together.
            CalendarUnknown: a day lies beyond the known holidays.
        """
        changed = terms.with_overrides(request.overrides())
        leading = (changed, calendars) if self.dated else (changed,)
        result = self.function(*leading, **request.arguments())
        told: dict[str, JsonValue] = self._adapter.dump_python(result, mode="json", exclude_none=True)
        explained = {name: told.pop(name) for name in ("articles", "settings", "steps")}
        return told | explained

    @cached_property
    def request_schema(self) -> dict[str, Any]:
        """The JSON schema of the request, whole in itself."""
        return _whole(self.request.model_json_schema())

    @cached_property
    def answer_schema(self) -> dict[str, Any]:
        """The JSON schema of the answer, whole in itself."""
        return _whole(self._adapter.json_schema(mode="serialization", schema_generator=_Absent))

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.answer)


class _Absent(GenerateJsonSchema):
    """Describe optional fields of an answer as absent: they are never null and have no default."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def _whole(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Put definitions where they are referred to, so that a schema can stand anywhere."""
    definitions = schema.get("$defs", {})

    def put(node: object) -> object:
        if isinstance(node, list):
            return [put(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return put(definitions[node["$ref"].rpartition("/")[2]])
        return {key: put(value) for key, value in node.items()}

    return {key: put(value) for key, value in schema.items() if key != "$defs"}


def _rules(*rules: Rule) -> dict[RuleName, Rule]:
    return {rule.name: rule for rule in rules}


RULES = _rules(
    Rule(
        RuleName.MINIMUM_TERM_END,
        ("5(1)", "Civil Code 143(2)"),
        asked.MinimumTermEndRequest,
        contract.MinimumTerm,
        contract.minimum_term_end,
    ),
    Rule(
        RuleName.TERMINATION_END,
        ("18(1)",),
        asked.TerminationEndRequest,
        termination.Termination,
        termination.by_notice,
    ),
    Rule(
        RuleName.SUCCESSION_DEADLINE,
        ("12(1)", "Civil Code 140", "Civil Code 142"),
        asked.SuccessionDeadlineRequest,
        succession.SuccessionDeadline,
        succession.succession_deadline,
        dated=True,
    ),
    Rule(
        RuleName.MAINTENANCE_NOTICE,
        ("15(2)",),
        asked.MaintenanceNoticeRequest,
        maintenance.MaintenanceNotice,
        maintenance.maintenance_notice,
    ),
    Rule(
        RuleName.DUE_DATE,
        ("25(1)", "27(2)"),
        asked.DueDateRequest,
        payment.DueDate,
        payment.due_date,
        dated=True,
    ),
    Rule(
        RuleName.LATE_INTEREST,
        ("36", "37"),
        asked.LateInterestRequest,
        payment.LateInterest,
        payment.late_interest,
    ),
    Rule(
        RuleName.SETTLEMENT,
        ("27", "36", "37", "Civil Code 488", "Civil Code 489"),
        asked.SettlementRequest,
        payment.Settlement,
        payment.settlement,
    ),
    Rule(
        RuleName.PENALTY,
        ("28(1)", "28(2)", "5(2)"),
        asked.PenaltyRequest,
        termination.Penalty,
        termination.penalty,
    ),
    Rule(
        RuleName.PENALTY_BASIS,
        ("28",),
        asked.PenaltyBasisRequest,
        termination.PenaltyBasis,
        termination.penalty_basis,
    ),
    Rule(RuleName.SURCHARGE, ("35",), asked.SurchargeRequest, violation.Surcharge, violation.surcharge),
    Rule(RuleName.USAGE_SPLIT, ("24(2)",), asked.UsageSplitRequest, billing.UsageSplit, billing.usage_split),
    Rule(
        RuleName.METERED_CHARGE,
        ("26(1)", "26(2)", "37"),
        asked.MeteredChargeRequest,
        billing.MeteredCharge,
        billing.metered_charge,
    ),
    Rule(
        RuleName.FIXED_CHARGE,
        ("26", "37"),
        asked.FixedChargeRequest,
        billing.FixedCharge,
        billing.fixed_charge,
    ),
    Rule(
        RuleName.INVOICE_TOTAL,
        ("24(4)", "37"),
        asked.InvoiceTotalRequest,
        billing.InvoiceTotal,
        billing.invoice_total,
    ),
    Rule(
        RuleName.DEEMED_ARRIVAL,
        ("42", "Civil Code 97"),
        asked.DeemedArrivalRequest,
        notice.Arrival,
        notice.deemed_arrival,
        dated=True,
    ),
    Rule(
        RuleName.SUSPENSION_NOTICE,
        ("16(2)",),
        asked.SuspensionNoticeRequest,
        default.SuspensionNotice,
        default.suspension_notice,
    ),
    Rule(
        RuleName.RESTORATION_DAMAGES,
        ("38(2)",),
        asked.RestorationDamagesRequest,
        termination.RestorationDamages,
        termination.restoration_damages,
    ),
    Rule(RuleName.RETENTION, ("44(6)",), asked.RetentionRequest, retention.Retention, retention.retention),
    Rule(
        RuleName.CORPORATE_NUMBER,
        ("9(2)(4)",),
        asked.CorporateNumberRequest,
        application.CorporateNumber,
        application.corporate_number,
    ),
    Rule(
        RuleName.ANTI_SOCIAL_LOOKBACK,
        ("43(1)(1)",),
        asked.AntiSocialLookbackRequest,
        violation.AntiSocialLookback,
        violation.anti_social_lookback,
    ),
    Rule(
        RuleName.OUTLOOK,
        ("5", "18", "27", "28", "34"),
        asked.OutlookRequest,
        termination.Outlook,
        termination.outlook,
        dated=True,
    ),
)
