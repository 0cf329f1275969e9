"""`yakkan rule NAME JSON`: a rule's answer and derivation, without the service running."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from pydantic import ValidationError

from activities.gateways.calendars import JapanCalendars
from models.messages.rules import RULES, Rule, RuleName
from terms.calendars import CalendarUnknown
from terms.citation import InvalidRule, Refused
from terms.settings import TERMS_1_0

ANSWERED, FAILED, USAGE = 0, 1, 2


def run_rule(name: str, text: str) -> tuple[int, str]:
    """Answer a rule and return the exit code and the JSON to print.

    The code is 0 with the answer; 1 if the terms refuse, with the article; 2 if there is no such rule or the request
    is not one that it takes, with the fields at fault by JSON pointer.
    """
    if name not in RULES:
        return USAGE, _written({"title": "no such rule", "rules": [rule.value for rule in RuleName]})
    try:
        return ANSWERED, _written(_answer(RULES[RuleName(name)], text))
    except Refused as refusal:
        return FAILED, _written({"status": HTTPStatus.CONFLICT, "article": refusal.article, "detail": refusal.detail})
    except ValidationError as error:
        return USAGE, _invalid(
            (_pointer(each["loc"]), each["msg"].removeprefix("Value error, ")) for each in error.errors()
        )
    except InvalidRule as error:
        return USAGE, _invalid([(error.pointer, error.message)])
    except CalendarUnknown as error:
        return USAGE, _invalid([("", str(error))])


def _answer(rule: Rule, text: str) -> Mapping[str, object]:
    try:
        asked = json.loads(text)
    except ValueError:
        raise InvalidRule(pointer="", message="the request is not JSON") from None
    return rule.run(rule.request.model_validate(asked), TERMS_1_0, JapanCalendars())


def _pointer(place: Iterable[int | str]) -> str:
    return "".join(f"/{part}" for part in place)


def _invalid(errors: Iterable[tuple[str, str]]) -> str:
    found = [{"field": field, "message": message} for field, message in errors]
    return _written({"status": HTTPStatus.UNPROCESSABLE_ENTITY, "errors": found})


def _written(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)
