"""The calculators of the terms over HTTP: the list of them, and what each answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from api.auth import EVERYBODY, GuardedRoute, TheOffice, may
from api.fields import Answer
from api.paging import Page, PageWanted, make_cursor
from api.problems import InvalidInput, RefusedByTerms, responses
from models.messages.rules import RULES, Rule, RuleName

router = APIRouter(prefix="/v1/rules", route_class=GuardedRoute, tags=["rules"])


class RuleDescription(Answer):
    """A rule with its articles and the JSON schemas of its request and its answer."""

    rule: RuleName
    articles: tuple[str, ...]
    request: dict[str, Any]
    response: dict[str, Any]


def _describe(rule: Rule) -> RuleDescription:
    return RuleDescription(
        rule=rule.name, articles=rule.articles, request=rule.request_schema, response=rule.answer_schema
    )


@router.get("")
@may(*EVERYBODY)
def list_rules(page: PageWanted) -> Page[RuleDescription]:
    """List the rules with their articles and JSON schemas, in the order of the specification."""
    rules = list(RULES.values())
    if page.after is not None:
        cursors = [make_cursor([rule.name]) for rule in rules]
        if page.after not in cursors:
            raise InvalidInput([("cursor", "not a cursor of this list")])
        rules = rules[cursors.index(page.after) + 1 :]
    shown = rules[: page.limit]
    following = make_cursor([shown[-1].name]) if len(rules) > len(shown) else ""
    return Page(items=[_describe(rule) for rule in shown], next_cursor=following)


_REQUEST = {"anyOf": [rule.request_schema | {"title": rule.name} for rule in RULES.values()]}
_ANSWER = {"anyOf": [rule.answer_schema | {"title": rule.name} for rule in RULES.values()]}


@router.post(
    "/{rule}",
    responses=responses(RefusedByTerms)
    | {200: {"description": "The answer of the rule.", "content": {"application/json": {"schema": _ANSWER}}}},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _REQUEST}}}},
)
@may(*EVERYBODY)
def answer_rule(rule: RuleName, body: Annotated[dict[str, Any], Body()], office: TheOffice) -> JSONResponse:
    """Answer a rule: its result, its articles, the settings used with their values, and the steps of the derivation.

    It changes nothing and needs no Idempotency-Key. It computes in a thread: a long settlement holds up nobody.
    """
    known = RULES[rule]
    try:
        request = known.request.model_validate(body)
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        raise RequestValidationError(found, body=body) from None
    return JSONResponse(known.run(request, office.terms, office.calendars))
