"""The worked cases of the specification, each through its rule."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from models.messages.rules import RULES, RuleName
from terms.citation import Refused
from tests.terms.oracles import CALENDARS, TERMS

VECTORS: list[Mapping[str, Any]] = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))


def _run(vector: Mapping[str, Any]) -> Mapping[str, Any]:
    rule = RULES[RuleName(vector["rule"])]
    return rule.run(rule.request.model_validate(vector["request"]), TERMS, CALENDARS)


def _named(vector: Mapping[str, Any]) -> str:
    return f"{vector['id']}-{vector['rule']}"


@pytest.mark.parametrize("vector", [each for each in VECTORS if "expect" in each], ids=_named)
def test_a_worked_case_is_answered(vector: Mapping[str, Any]) -> None:
    """Every expected field is answered as expected, under the articles of the rule, with steps."""
    answer = _run(vector)
    absent = object()
    assert {field: answer.get(field, absent) for field in vector["expect"]} == vector["expect"]
    assert answer["articles"] == vector["articles"]
    assert answer["steps"]


@pytest.mark.parametrize("vector", [each for each in VECTORS if "refused" in each], ids=_named)
def test_a_worked_case_is_refused(vector: Mapping[str, Any]) -> None:
    """The refusal names the clause."""
    with pytest.raises(Refused) as refusal:
        _run(vector)
    assert refusal.value.article == vector["refused"]


def test_every_rule_has_worked_cases() -> None:
    """No rule goes without a case that a lawyer can check."""
    assert {vector["rule"] for vector in VECTORS} == set(RULES)
