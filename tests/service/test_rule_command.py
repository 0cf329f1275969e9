"""`yakkan rule NAME JSON`: answers, refusals and usage errors with their exit codes."""

import json
from typing import Any

import pytest

from service.rule_command import run_rule


def ran(name: str, request: object) -> tuple[int, Any]:
    """Run a rule and read what it prints."""
    code, text = run_rule(name, request if isinstance(request, str) else json.dumps(request))
    return code, json.loads(text)


def test_an_answer_is_printed_with_its_derivation() -> None:
    """Exit code 0, fields first, Japanese as it is written."""
    code, text = run_rule("termination-end", '{"arrived_on": "2026-06-10", "form": "paper"}')
    answer = json.loads(text)
    assert code == 0
    assert answer["ends_on"] == "2026-07-31"
    assert answer["articles"] == ["18(1)"]
    assert "解約届は2026年6月10日に到着しました。" in text


def test_a_refusal_fails_with_its_article() -> None:
    """Exit code 1."""
    code, told = ran("termination-end", {"arrived_on": "2026-06-10", "form": "email"})
    assert (code, told["article"]) == (1, "18(1)")
    assert "書面" in told["detail"]


@pytest.mark.parametrize(
    ("name", "request_", "fields"),
    [
        pytest.param("termination-end", "{", [""], id="no-JSON"),
        pytest.param("termination-end", [], [""], id="no-object"),
        pytest.param("termination-end", {"form": "paper"}, ["/arrived_on"], id="missing"),
        pytest.param(
            "late-interest",
            {"principal": "1", "due_on": "x", "paid_on": "2026-06-30", "settings": {"x": 1}},
            ["/settings/x", "/principal", "/due_on"],
            id="several",
        ),
        pytest.param("due-date", {}, ["/usage_month"], id="values-that-do-not-fit"),
        pytest.param("succession-deadline", {"succeeded_on": "2099-12-31"}, [""], id="beyond-the-calendar"),
    ],
)
def test_a_wrong_request_is_a_usage_error(name: str, request_: object, fields: list[str]) -> None:
    """Exit code 2, with each field at fault by JSON pointer."""
    code, told = ran(name, request_)
    assert code == 2
    assert sorted(error["field"] for error in told["errors"]) == sorted(fields)
    assert all(error["message"] for error in told["errors"])


def test_an_unknown_rule_is_a_usage_error() -> None:
    """Exit code 2, with the names that there are."""
    code, told = ran("no-such-rule", {})
    assert code == 2
    assert "termination-end" in told["rules"]
