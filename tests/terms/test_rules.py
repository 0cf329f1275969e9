"""The rules as they are called from outside: exact types, bounds, absent fields, plain JSON answers."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from models.messages.rule_requests import LateInterestRequest, MinimumTermEndRequest, UsageSplitRequest
from models.messages.rules import RULES, Rule, RuleName
from terms.calendars import CalendarUnknown
from terms.citation import InvalidRule, Refused
from terms.settings import CALCULATOR_SETTINGS
from tests.terms.oracles import CALENDARS, TERMS
from tests.terms.test_vectors import VECTORS

EVERY_RULE = [pytest.param(rule, id=rule.name) for rule in RULES.values()]
DATED = {"succession-deadline", "due-date", "deemed-arrival", "outlook"}
USED = {
    "termination-end": {"cancel_notice_rule"},
    "succession-deadline": {"incl_first_day"},
    "due-date": {"due_shift", "min_pay_days"},
    "late-interest": {"daycount"},
    "settlement": {"daycount"},
    "suspension-notice": {"suspend_lead_days"},
    "retention": {"retention_years"},
    "outlook": {"cancel_notice_rule", "due_shift", "delete_grace_days"},
}

NO_INTEGER: list[Any] = ["1", True, False, 1.0, 1.5, -1, [], {}, 10**15 + 1]
NO_BOOLEAN: list[Any] = ["true", "", 0, 1, 1.0, []]
NO_DAY: list[Any] = [
    20260401,
    1775001600,
    "1775001600",
    "",
    "2026-4-01",
    "2026-04-31",
    "2027-02-29",
    "2026-04-01T00:00:00",
    "2026-04-01 ",
    "２０２６-04-01",
    "2100-01-01",
    "0001-01-01",
    "1899-12-31",
]
NO_INSTANT: list[Any] = [
    1775001600,
    "2026-04-01",
    "2026-04-01T00:00:00",
    "2026-04-01 00:00:00+09:00",
    "2026-04-01T00:00+09:00",
    "2026-04-01T00:00:00.5+09:00",
    "2026-04-01T00:00:00.000+09:00",
    "2026-04-01T24:00:00+09:00",
    "2026-04-01T23:59:60+09:00",
    "2026-04-01T00:00:00+0900",
    "2026-04-31T00:00:00+09:00",
    "2026-02-28T23:59:59+09:00",
    "2026-02-28T14:59:59Z",
    "2100-01-01T00:00:00+09:00",
    "2099-12-31T15:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
]
NO_MONTH: list[Any] = [202604, "2026-4", "2026-13", "2026-02", "2100-01", "2026-04-01", "2026-04\n", "２０２６-04"]
NO_TEXT: list[Any] = [1, True, None, [], "", "\x00", "A\n", "\x7f", "\u2028", "\ud800", "x" * 101]
NO_DECIMAL: list[Any] = [
    1.5,
    True,
    "-1",
    "+1",
    "1.",
    ".5",
    "1e3",
    "1,000",
    " 1",
    "1\n",
    "１",
    "",
    "1000000000000000.1",
    "0" * 41,
]


def whole_request(rule: Rule) -> dict[str, Any]:
    """Gather every field that the worked cases of a rule use, so that each can be spoilt."""
    gathered: dict[str, Any] = {}
    for vector in VECTORS:
        if vector["rule"] == rule.name:
            gathered |= {name: value for name, value in vector["request"].items() if name != "settings"}
    return gathered


def spoilt(node: Any, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 (any JSON)
    """Give copies of a JSON value in which one thing of the same kind as `value` is replaced by it."""
    if isinstance(node, Mapping):
        for name, inner in node.items():
            yield from ((f"/{name}{where}", {**node, name: bad}) for where, bad in spoilt(inner, value))
    elif isinstance(node, list):
        for place, inner in enumerate(node):
            yield from (
                (f"/{place}{where}", [*node[:place], bad, *node[place + 1 :]]) for where, bad in spoilt(inner, value)
            )
    else:
        yield "", value


def accepted(rule: Rule, request: object) -> bool:
    """Tell whether a request has the right form."""
    try:
        rule.request.model_validate(request)
    except ValidationError:
        return False
    return True


def kinds(rule: Rule) -> Iterator[tuple[str, str]]:
    """Name each scalar of a rule's request with its kind, read from its JSON schema."""
    for where, _ in spoilt(whole_request(rule), None):
        schema = rule.request_schema
        for part in where.split("/")[1:]:
            schema = next(each for each in schema.get("anyOf", [schema]) if each.get("type") != "null")
            schema = schema["items"] if part.isdigit() else schema["properties"][part]
        offered = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        yield where, "+".join(sorted(_kind(each) for each in offered))


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "choice"
    if "format" in schema:
        return str(schema["format"])
    pattern = str(schema.get("pattern", ""))
    return {"^20": "month", "^[0": "decimal", "^T?": "number", "^[^": "text"}.get(pattern[:3], str(schema["type"]))


BAD: Mapping[str, list[Any]] = {
    "integer": [*NO_INTEGER, None],
    "boolean": [*NO_BOOLEAN, None],
    "date": NO_DAY,
    "date-time": NO_INSTANT,
    "month": NO_MONTH,
    "decimal": [*NO_DECIMAL, 1],
    "decimal+integer": NO_DECIMAL,
    "text": NO_TEXT,
    "choice": ["", "no such", 1, True, "PAPER", " paper"],
    "number": ["123", 1234567890123, "t8900000000001", "8900000000001\n"],
}
PLACES = [
    pytest.param(rule, where, kind, id=f"{rule.name}{where}") for rule in RULES.values() for where, kind in kinds(rule)
]


class TestInput:
    """Nothing is read into a request that it does not say."""

    @pytest.mark.parametrize(("rule", "where", "kind"), PLACES)
    def test_every_field_refuses_what_it_is_not(self, rule: Rule, where: str, kind: str) -> None:
        """Other types, other spellings, values out of bounds; null only where a field may be absent."""
        request = whole_request(rule)
        assert accepted(rule, request)
        optional = where.removeprefix("/") in set(request) - set(rule.request_schema.get("required", ()))
        for bad in BAD[kind]:
            if bad is None and optional:
                continue
            one_spoilt = next(found for place, found in spoilt(request, bad) if place == where)
            assert not accepted(rule, one_spoilt), bad

    @pytest.mark.parametrize("rule", EVERY_RULE)
    def test_unknown_fields_are_refused(self, rule: Rule) -> None:
        """Also those of nested objects and settings, and what is no object at all."""
        request = whole_request(rule)
        assert not accepted(rule, {**request, "extra": None})
        assert not accepted(rule, {**request, "settings": {"no_such": 1}})
        for name, value in request.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                assert not accepted(rule, {**request, name: [{**value[0], "extra": 1}]})
        for other in ([], "x", 1, None, [request]):
            assert not accepted(rule, other)

    @pytest.mark.parametrize("rule", EVERY_RULE)
    def test_null_stands_for_absent(self, rule: Rule) -> None:
        """An optional field may be null, a required one neither null nor missing."""
        request = whole_request(rule)
        for name in request:
            without = {each: value for each, value in request.items() if each != name}
            required = name in rule.request_schema.get("required", ())
            assert accepted(rule, without) != required, name
            assert accepted(rule, {**request, name: None}) != required, name
        assert accepted(rule, {**request, "settings": None})
        assert accepted(rule, {**request, "settings": dict.fromkeys(CALCULATOR_SETTINGS)})

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("cancel_notice_rule", ["", "eom_prev", 1]),
            ("incl_first_day", ["true", 1, 0]),
            ("due_shift", ["next", True]),
            ("daycount", ["ACTUAL", 365]),
            *((name, ["7", True, 1.0, -1, 366]) for name in ("min_pay_days", "suspend_lead_days", "delete_grace_days")),
            ("retention_years", ["7", True, 1.0, -1, 101]),
        ],
    )
    def test_settings_refuse_other_values(self, name: str, values: list[Any]) -> None:
        """Every rule refuses them, also one that does not use the setting."""
        request = {"billing_start_on": "2026-03-01", "dedicated_cluster": False}
        for value in values:
            with pytest.raises(ValidationError):
                MinimumTermEndRequest.model_validate({**request, "settings": {name: value}})

    def test_the_first_and_the_last_day_are_accepted(self) -> None:
        """2026-03-01 and 2099-12-31 in Japan, whatever the offset."""
        LateInterestRequest.model_validate({"principal": 10**15, "due_on": "2026-03-01", "paid_on": "2099-12-31"})
        found = UsageSplitRequest.model_validate(
            {"from_at": "2026-02-28T15:00:00Z", "to_at": "2100-01-01T00:59:59+10:00"}
        )
        assert (found.from_at.isoformat(), found.to_at.isoformat()) == (
            "2026-03-01T00:00:00+09:00",
            "2099-12-31T23:59:59+09:00",
        )

    def test_the_lookback_reaches_further_back(self) -> None:
        """From 1900-01-01 on."""
        rule = RULES[RuleName.ANTI_SOCIAL_LOOKBACK]
        assert accepted(rule, {"left_on": "1900-01-01"})
        assert not accepted(rule, {"left_on": "1899-12-31"})

    def test_values_of_python_are_taken_too(self) -> None:
        """Our own code hands in dates and instants; neither a datetime for a date nor fractions of a second."""
        paid = {"principal": 1, "due_on": date(2026, 6, 30), "paid_on": date(2026, 7, 1)}
        assert LateInterestRequest.model_validate(paid).paid_on == date(2026, 7, 1)
        instant = datetime(2026, 6, 30, tzinfo=UTC)
        assert UsageSplitRequest.model_validate({"from_at": instant, "to_at": instant}).from_at == instant
        with pytest.raises(ValidationError):
            LateInterestRequest.model_validate({**paid, "paid_on": instant})
        with pytest.raises(ValidationError):
            UsageSplitRequest.model_validate({"from_at": instant, "to_at": instant + timedelta(microseconds=1)})

    def test_every_debt_has_an_id_of_its_own(self) -> None:
        """Two of one name could not be told apart in the answer."""
        rule = RULES[RuleName.SETTLEMENT]
        debt = {"id": "A", "kind": "fee", "due_on": "2026-06-30", "amount": 1}
        request = {"debts": [debt, debt], "payments": [], "as_of_on": "2026-06-30"}
        assert not accepted(rule, request)
        assert accepted(rule, {**request, "debts": [debt, {**debt, "id": "B"}]})
        assert accepted(rule, {**request, "debts": [{**debt, "id": str(place)} for place in range(300)]})
        assert not accepted(rule, {**request, "debts": [{**debt, "id": str(place)} for place in range(301)]})


class TestAnswers:
    """Plain JSON, explained, with nothing that does not apply."""

    @pytest.mark.parametrize("vector", [each for each in VECTORS if "expect" in each], ids=lambda each: each["id"])
    def test_an_answer_is_plain_json(self, vector: Mapping[str, Any]) -> None:
        """It survives JSON unchanged, holds no null, names its fields as its schema does."""
        rule = RULES[RuleName(vector["rule"])]
        answer = rule.run(rule.request.model_validate(vector["request"]), TERMS, CALENDARS)
        assert json.loads(json.dumps(answer)) == answer
        assert not any(value is None for value in _values(answer))
        assert not any(isinstance(value, float) for value in _values(answer))
        schema = rule.answer_schema
        assert set(schema["required"]) <= set(answer) <= set(schema["properties"])
        assert list(answer)[-3:] == ["articles", "settings", "steps"]
        assert answer["articles"] == list(rule.articles)

    @pytest.mark.parametrize("rule", EVERY_RULE)
    def test_an_answer_tells_the_settings_used(self, rule: Rule) -> None:
        """All that the rule uses with their values, no other; they are accepted again as overrides."""
        vector = next(each for each in VECTORS if each["rule"] == rule.name and "expect" in each)
        every = {name: getattr(TERMS, name) for name in CALCULATOR_SETTINGS}
        request = rule.request.model_validate({**vector["request"], "settings": every})
        answer = rule.run(request, TERMS, CALENDARS)
        assert answer["settings"] == {name: every[name] for name in USED.get(rule.name, set())}

    @pytest.mark.parametrize("rule", EVERY_RULE)
    def test_the_steps_are_sentences(self, rule: Rule) -> None:
        """Japanese, each whole, none with a line end."""
        for vector in VECTORS:
            if vector["rule"] == rule.name and "expect" in vector:
                steps = rule.run(rule.request.model_validate(vector["request"]), TERMS, CALENDARS)["steps"]
                assert isinstance(steps, list)
                assert all(isinstance(step, str) and step.endswith("。") and "\n" not in step for step in steps)

    @pytest.mark.parametrize("rule", EVERY_RULE)
    def test_schemas_stand_alone(self, rule: Rule) -> None:
        """No reference leads out of them, and answers know no null."""
        assert '"$ref"' not in json.dumps([rule.request_schema, rule.answer_schema])
        assert '"null"' not in json.dumps(rule.answer_schema)
        assert rule.request_schema["additionalProperties"] is False

    def test_what_does_not_fit_together_is_told(self) -> None:
        """The error names the field; a refusal names the clause; the calendar ends."""
        cases: list[tuple[RuleName, dict[str, Any], type[Exception]]] = [
            (RuleName.DUE_DATE, {}, InvalidRule),
            (RuleName.PENALTY, {"ground": "28(1)", "monthly": 1}, InvalidRule),
            (RuleName.TERMINATION_END, {"arrived_on": "2026-06-10", "form": "email"}, Refused),
            (RuleName.SUCCESSION_DEADLINE, {"succeeded_on": "2099-12-31"}, CalendarUnknown),
        ]
        for name, request, error in cases:
            rule = RULES[name]
            with pytest.raises(error):
                rule.run(rule.request.model_validate(request), TERMS, CALENDARS)

    def test_the_rules_are_those_of_the_specification(self) -> None:
        """21 of them; the dated ones look into the calendars."""
        assert len(RULES) == len(RuleName) == 21
        assert {rule.name for rule in RULES.values() if rule.dated} == DATED


def _values(node: object) -> Iterator[object]:
    if isinstance(node, dict):
        for each in node.values():
            yield from _values(each)
    elif isinstance(node, list):
        for each in node:
            yield from _values(each)
    else:
        yield node
