"""Bad input: whatever is sent, a problem document that points at the fault, and nothing is stored."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.bad_input import ARRIVED, COMMANDS, Counter, assert_problem, bad_for, places, put
from tests.desk import JSON

ANY_JSON = re.compile(r"/changes/0/value.*")
"""Where everything is allowed that is JSON."""


@pytest.mark.parametrize("name", COMMANDS)
class TestFields:
    """Every field of every command."""

    async def test_wrong_values(self, counter: Counter, name: str) -> None:
        """Whatever does not belong into a field is refused with a pointer to it."""
        role, path, body = COMMANDS[name]
        wrong = []
        async with counter.storing_nothing():
            for pointer, value in places(body):
                if ANY_JSON.fullmatch(pointer):
                    continue
                for bad in bad_for(value):
                    content = json.dumps(put(body, pointer, bad)).encode()
                    problem = (response := await counter.send(role, path, content)).json()
                    fields = [error["field"] for error in problem.get("errors", [])]
                    if response.status_code != 422 or not any(found.startswith(pointer) for found in fields):
                        wrong.append((pointer, str(bad)[:40], response.status_code, fields))
        assert not wrong

    async def test_unknown_and_missing_fields(self, counter: Counter, name: str) -> None:
        """No field that is unknown, none missing that is required, and null where one is required is missing."""
        role, path, body = COMMANDS[name]
        described = (await counter.desk.get("/v1/openapi.json")).json()
        async with counter.storing_nothing():
            for pointer, value in places(body):
                if isinstance(value, dict):
                    content = json.dumps(put(body, f"{pointer}/surprise~1", 1)).encode()
                    problem = assert_problem(await counter.send(role, path, content), 422, "invalid")
                    assert [error["field"] for error in problem["errors"]] == [f"{pointer}/surprise~01"]
            for field in required_fields(described, path):
                without = {other: value for other, value in body.items() if other != field}
                for changed in (without, without | {field: None}):
                    problem = assert_problem(
                        await counter.send(role, path, json.dumps(changed).encode()), 422, "invalid"
                    )
                    assert [error["field"] for error in problem["errors"]] == [f"/{field}"]


def required_fields(described: JSON, path: str) -> list[str]:
    """Look up which fields a command's body must have."""
    shape = re.sub(r"\{\w+\}|srv-1|1260000001|(?<=/)1(?=/)", "{}", path)
    (operation,) = [told["post"] for told_path, told in described["paths"].items()
                    if re.sub(r"\{\w+\}", "{}", told_path) == shape and "post" in told]  # fmt: skip
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    found: list[str] = described["components"]["schemas"][reference.rpartition("/")[2]].get("required", [])
    return found


REASON = ("support", "/v1/tasks/{task}/completions")
CHANGES = ("intake", "/v1/applications/{application}/completions")
NESTED = b"[" * 2_000 + b"]" * 2_000
UNREADABLE = [
    pytest.param(b"{", id="cut off"),
    pytest.param(b"", id="nothing"),
    pytest.param(b"reason=x", id="a form"),
    pytest.param(b'{"reason": "x"} {}', id="two bodies"),
    pytest.param(b"{'reason': 'x'}", id="single quotes"),
    pytest.param(b'{"reason": "x",}', id="a comma too many"),
    pytest.param(b'{"reason": "\xff\xfe"}', id="no UTF-8"),
    pytest.param('{"reason": "済"}'.encode("shift_jis"), id="Shift JIS"),
    pytest.param('{"reason": "x"}'.encode("utf-16"), id="UTF-16"),
    pytest.param(b'{"reason": "x", "reason": "y"}', id="the same field twice"),
    pytest.param(b'{"reason": "a\nb"}', id="a bare line break in a text"),
    pytest.param(rb'{"reason": "\ud800"}', id="half a character"),
    pytest.param(rb'{"\ud800": "x"}', id="half a character in a name"),
    pytest.param(b'{"reason": NaN}', id="NaN"),
    pytest.param(b'{"reason": -Infinity}', id="minus infinity"),
    pytest.param(b'{"reason": ' + NESTED + b"}", id="too deep"),
    pytest.param(b'{"reason": ' + NESTED[1_600:-1_600] + b"}", id="deep"),
    pytest.param(b'{"reason": ' + b"9" * 10_000 + b"}", id="a number without end"),
]
OVER = b'{"reason": "' + b"x" * 10_000_000 + b'"}'


class TestBodies:
    """Bodies that are none."""

    @pytest.mark.parametrize("content", UNREADABLE)
    async def test_unreadable(self, counter: Counter, content: bytes) -> None:
        """What is no JSON of one meaning is malformed (400); no body at all lacks its fields (422)."""
        status, slug = (400, "malformed") if content else (422, "invalid")
        async with counter.storing_nothing():
            assert_problem(await counter.send(*REASON, content), status, slug)

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(rb'"\udfff"', id="half a character"),
            pytest.param(b"NaN", id="NaN"),
            pytest.param(b"1e999", id="beyond any float"),
            pytest.param(b'{"a": 1, "a": 2}', id="the same field twice"),
            pytest.param(NESTED, id="too deep"),
            pytest.param(NESTED[1_500:-1_500], id="deep"),
        ],
    )
    async def test_unreadable_where_any_json_may_stand(self, counter: Counter, value: bytes) -> None:
        """Also where a field takes any JSON."""
        content = b'{"arrived_at": "%s", "changes": [{"pointer": "/no_resale", "value": %s}]}'
        async with counter.storing_nothing():
            assert_problem(await counter.send(*CHANGES, content % (ARRIVED.encode(), value)), 400, "malformed")

    @pytest.mark.parametrize("announced", [True, False], ids=["announced", "streamed"])
    async def test_ten_megabytes(self, counter: Counter, *, announced: bool) -> None:
        """Ten megabytes are too large (413), however they come."""

        async def stream() -> AsyncIterator[bytes]:
            for begin in range(0, len(OVER), 100_000):
                yield OVER[begin : begin + 100_000]

        content: Any = OVER if announced else stream()
        async with counter.storing_nothing():
            assert_problem(await counter.send(*REASON, content), 413, "too-large")

    @pytest.mark.parametrize(
        "content_type",
        ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"],
    )
    async def test_other_content_types(self, counter: Counter, content_type: str) -> None:
        """A body that does not say that it is JSON is not read (415)."""
        async with counter.storing_nothing():
            assert_problem(await counter.send(*REASON, b'{"reason": "x"}', content_type), 415, "unsupported")


class TestForm:
    """An application form with faults that only a form has."""

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            pytest.param("/external_ref", "a b", id="a reference with a blank"),
            pytest.param("/external_ref", "x" * 65, id="a reference too long"),
            pytest.param("/external_ref", "a/../b", id="a reference that is a path"),
            pytest.param("/customer_ref", "x:y", id="another character than those of references"),
            pytest.param("/applicant/name", "株" * 201, id="a name too long"),
            pytest.param("/applicant/name", "株式会社\u202e社会", id="a name that turns round"),
            pytest.param("/applicant/name", "株式会社\n御中", id="a name of two lines"),
            pytest.param("/applicant/corporate_number", "12345", id="a number too short"),
            pytest.param("/applicant/corporate_number", "６９０３３０５４５８１７８", id="full-width digits"),
            pytest.param("/applicant/address/postal_code", "812-00000", id="a postal code too long"),
            pytest.param("/applicant/address/postal_code", "٨١٢-٠٠٠٠", id="a postal code in other digits"),
            pytest.param("/contacts/contract/email", "keiyaku", id="no address"),
            pytest.param("/contacts/contract/email", "a@b\r\nBcc: x@evil.example", id="a header in an address"),
            pytest.param("/contacts/contract/email", "x@" + "a" * 250 + ".example", id="an address too long"),
            pytest.param("/contacts/contract/phone", "080-CALL-ME", id="letters in a telephone number"),
            pytest.param("/items", [], id="nothing ordered"),
            pytest.param("/items/0/code", "NO-SUCH", id="an item that is not in the price list"),
            pytest.param("/items/0/quantity", 10**9 + 1, id="more than there can be"),
            pytest.param("/use_location/country", "Japan", id="no country code"),
            pytest.param("/desired_start_on", "2026-02-29", id="no leap year"),
            pytest.param("/desired_start_on", "2100-01-01", id="beyond the calendar"),
            pytest.param("/desired_start_on", "2099-12-31", id="too late for a due date"),
            pytest.param("/terms/version", "1." + "0" * 15, id="a version longer than any"),
            pytest.param("/terms/consented_at", "2026-03-12T15:19:00", id="a consent without offset"),
            pytest.param("/terms/consented_at", 1_773_000_000, id="a consent in seconds"),
            pytest.param("/signature/signed_on", 20_000, id="a signature in days"),
            pytest.param("/officers", [{"name": "甲", "kana": "コウ", "title": "取締役"}] * 101, id="a crowd"),
            pytest.param("/remitter_names_kana", ["ｶ)ｱ\u0000"], id="a control character in a list"),
        ],
    )  # fmt: skip
    async def test_each_fault_is_pointed_at(self, counter: Counter, pointer: str, value: object) -> None:
        """A fault in a form is refused with a pointer to it (422), and the answer does not repeat it."""
        content = json.dumps(put(COMMANDS["applications"][2], pointer, value)).encode()
        async with counter.storing_nothing():
            response = await counter.send("intake", "/v1/applications", content)
        problem = assert_problem(response, 422, "invalid")
        assert all(error["field"].startswith(pointer) for error in problem["errors"]), problem
        assert not isinstance(value, str) or value not in response.text

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            pytest.param(["/applicant/name", 1], "/changes/0/value", id="a wrong type"),
            pytest.param(["/applicant/name", "a\u202eb"], "/changes/0/value", id="a name that turns round"),
            pytest.param(["/applicant", {"name": "x"}], "/changes/0/value", id="half an applicant"),
            pytest.param(["/items/0/code", "NO-SUCH"], "/changes/0/value", id="an unknown item"),
            pytest.param(["/items/9999/code", "VM-S2"], "/changes/0/pointer", id="beyond a list"),
            pytest.param(["/items/-1/code", "VM-S2"], "/changes/0/pointer", id="before a list"),
            pytest.param(["/items/x/code", "VM-S2"], "/changes/0/pointer", id="no place of a list"),
            pytest.param(["/surprise", 1], "/changes/0/pointer", id="an unknown field"),
            pytest.param(["/applicant/name/first", "x"], "/changes/0/pointer", id="into a text"),
            pytest.param(["/external_ref", "other"], "/changes/0/pointer", id="the reference"),
            pytest.param(["applicant", "x"], "/changes/0/pointer", id="no pointer"),
        ],
    )
    async def test_a_completion_is_judged_as_the_form_is(self, counter: Counter, change: list[Any], field: str) -> None:
        """What is wrong in a form is wrong in its completion, and the pointer is one into the request."""
        body = {"changes": [{"pointer": change[0], "value": change[1]}], "arrived_at": ARRIVED}
        async with counter.storing_nothing():
            response = await counter.send(*CHANGES, json.dumps(body).encode())
        problem = assert_problem(response, 422, "invalid")
        assert {error["field"] for error in problem["errors"]} == {field}
