"""Price lists: proposed in the form of the sample, recorded by a second person, never changed (Art. 24(1))."""

import copy
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from activities.billing import lists_in, price_list_on
from activities.office import Office
from models.tables import ApprovalRow, AuditEventRow, PriceListRow
from service.seeds import PRICE_LIST, ensure_price_list
from terms.periods import day_of, first_of_next_month
from tests.api.books import at_noon
from tests.api.offices import command_key, give_key

FORM: dict[str, Any] = json.loads(PRICE_LIST.read_text(encoding="utf-8"))
VM_T = {
    "code": "VM-T", "name": "試験用サーバー", "charge_type": "capped", "meter": "running", "unit": "VM",
    "rate": "10.5", "cap_hours": 480, "monthly_cap": "5000", "tax_class": "taxable", "console": True,
}  # fmt: skip


class StoppedClock:
    """Business time that stands still."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    async def now(self) -> datetime:
        """Tell the time."""
        return self._now


class Counter:
    """Somebody of billing and somebody of legal before an office with the first list."""

    def __init__(self, office: Office, http: httpx2.AsyncClient, today: date, keys: dict[str, dict[str, str]]) -> None:
        self.office, self.http, self.today, self.keys = office, http, today, keys
        self._sent = 0

    async def post(self, role: str, path: str, body: object) -> httpx2.Response:
        """Post a command."""
        self._sent += 1
        return await self.http.post(path, json=body, headers=command_key(str(self._sent), self.keys[role]))

    async def propose(self, form: dict[str, Any]) -> str:
        """Propose a list that must be taken; returns the number of the approval."""
        answer = await self.post("billing", "/v1/price-lists", form)
        assert answer.status_code == 202, answer.text
        number: str = answer.json()["approval_id"]
        return number

    async def decide(self, approval_id: str, decision: str = "approve", role: str = "legal") -> httpx2.Response:
        """Decide on a proposal."""
        body = {"decision": decision, "reason": "確認済み"}
        return await self.post(role, f"/v1/approvals/{approval_id}/decisions", body)

    async def read(self, path: str) -> dict[str, Any]:
        """Read what must be there."""
        answer = await self.http.get(path, headers=self.keys["auditor"])
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def form(self, **changes: object) -> dict[str, Any]:
        """Write a list from the next month on, like the sample but for what is given."""
        begins = first_of_next_month(self.today).isoformat()
        return copy.deepcopy(FORM) | {"price_list": "PL-NEXT", "effective_from": begins} | changes


@pytest.fixture
async def counter(office: Office, http: httpx2.AsyncClient) -> Counter:
    """Open an office with the first price list."""
    await ensure_price_list(office.sessions)
    keys = {role: await give_key(office.sessions, role) for role in ("billing", "legal", "auditor", "cash")}
    return Counter(office, http, day_of(await office.clock.now()), keys)


class TestShowing:
    """What a fresh service carries."""

    async def test_the_first_list_is_the_sample(self, counter: Counter) -> None:
        """Every field of the form comes back as it was written."""
        shown = await counter.read("/v1/price-lists/PL-2026-03")

        assert shown | {"items": FORM["items"], "synthetic": True} == shown | FORM
        assert len(shown["items"]) == len(FORM["items"])
        for item, wanted in zip(shown["items"], FORM["items"], strict=True):
            assert item | wanted == item

    async def test_lists_in_the_order_in_which_they_begin(self, counter: Counter) -> None:
        """Pages bring one list after the other."""
        for months in (2, 1):
            begins = counter.today
            for _ in range(months):
                begins = first_of_next_month(begins)
            form = counter.form(price_list=f"PL-{months}", effective_from=begins.isoformat())
            assert (await counter.decide(await counter.propose(form))).status_code == 200
        first = await counter.read("/v1/price-lists?limit=2")
        second = await counter.read(f"/v1/price-lists?limit=2&cursor={first['next_cursor']}")

        assert [one["price_list"] for one in (*first["items"], *second["items"])] == ["PL-2026-03", "PL-1", "PL-2"]
        assert second["next_cursor"] is None

    async def test_one_that_is_not_there(self, counter: Counter) -> None:
        """An unknown list is a 404."""
        answer = await counter.http.get("/v1/price-lists/PL-NONE", headers=counter.keys["auditor"])

        assert answer.status_code == 404


class TestFourEyes:
    """Proposed by billing, approved by legal (backoffice.md 2)."""

    async def test_an_approved_list_is_recorded(self, counter: Counter) -> None:
        """Before the decision there is nothing; after it the list stands with its approval and its audit event."""
        approval_id = await counter.propose(counter.form(reason="改定"))
        proposed = await counter.read(f"/v1/approvals/{approval_id}")
        before = await counter.read("/v1/price-lists")
        decided = await counter.decide(approval_id)
        shown = await counter.read("/v1/price-lists/PL-NEXT")
        async with counter.office.readers() as session:
            told = await session.scalars(
                select(col(AuditEventRow.action)).where(col(AuditEventRow.action).like("price_list_%"))
            )
            actions = [*told]

        assert (proposed["act"], proposed["article"], proposed["roles"]) == ("price_list", "24(1)", ["legal"])
        assert proposed["consequence"] == {
            "price_list": "PL-NEXT",
            "effective_from": shown["effective_from"],
            "items": len(FORM["items"]),
            "warnings": [],
            "left_out": [],
        }
        assert [one["price_list"] for one in before["items"]] == ["PL-2026-03"]
        assert decided.json() == {"state": "approved"}
        assert shown["approval_id"] == approval_id
        assert [item["code"] for item in shown["items"]] == [item["code"] for item in FORM["items"]]
        assert actions == ["price_list_recorded", "price_list_proposed", "price_list_recorded", "price_list_approved"]

    async def test_who_may_not_decide(self, counter: Counter) -> None:
        """The proposer is refused with the article, another role is forbidden, and nothing is recorded."""
        approval_id = await counter.propose(counter.form())

        own = await counter.decide(approval_id, role="billing")
        other = await counter.decide(approval_id, role="cash")

        assert (own.status_code, own.json()["article"], other.status_code) == (409, "24(1)", 403)
        assert len((await counter.read("/v1/price-lists"))["items"]) == 1

    async def test_a_rejected_list_is_none(self, counter: Counter) -> None:
        """After a rejection the name is free again."""
        rejected = await counter.decide(await counter.propose(counter.form()), "reject")
        answer = await counter.decide(await counter.propose(counter.form()))

        assert (rejected.json(), answer.json()) == ({"state": "rejected"}, {"state": "approved"})

    async def test_the_effect_looks_again(self, counter: Counter) -> None:
        """Of two proposals of one list the second can't be carried out; it stays open."""
        first, second = await counter.propose(counter.form()), await counter.propose(counter.form())
        await counter.decide(first)
        answer = await counter.decide(second)

        assert (answer.status_code, answer.json()["article"]) == (409, "24(1)")
        assert (await counter.read(f"/v1/approvals/{second}"))["state"] == "open"

    async def test_the_same_command_again(self, counter: Counter) -> None:
        """Under one Idempotency-Key there is one proposal."""
        headers = command_key("once", counter.keys["billing"])
        answers = [await counter.http.post("/v1/price-lists", json=counter.form(), headers=headers) for _ in range(2)]

        assert answers[0].json() == answers[1].json()
        assert answers[1].headers["Idempotency-Replayed"] == "true"
        assert len((await counter.read("/v1/approvals"))["items"]) == 1


class TestConflicts:
    """What is recorded is never changed."""

    @pytest.mark.parametrize("same", ["price_list", "effective_from"])
    async def test_a_name_or_a_day_that_is_taken(self, counter: Counter, same: str) -> None:
        """A second list of a name, or from a day on, is a conflict."""
        form = counter.form()
        await counter.decide(await counter.propose(form))
        later = first_of_next_month(date.fromisoformat(form["effective_from"])).isoformat()
        other = {"price_list": "PL-OTHER", "effective_from": later} | {same: form[same]}
        answer = await counter.post("billing", "/v1/price-lists", form | other)

        assert answer.status_code == 409
        assert answer.json()["type"].endswith("/conflict")


class TestForm:
    """What does not fit together is refused with a pointer."""

    @pytest.mark.parametrize(
        ("item", "field"),
        [
            pytest.param({"monthly_cap": None}, "monthly_cap", id="hours without a cap"),
            pytest.param({"cap_hours": None}, "cap_hours", id="a cap without hours"),
            pytest.param({"rate": None}, "rate", id="no price"),
            pytest.param({"monthly_fee": 1}, "monthly_fee", id="a fee beside a rate"),
            pytest.param({"meter": "month"}, "meter", id="a meter of another type"),
            pytest.param({"prorated": True}, "prorated", id="prorated hours"),
            pytest.param({"code": "VM-S1"}, "code", id="a code twice"),
            pytest.param({"rate": 6}, "rate", id="a rate as a number"),
            pytest.param({"rate": "6.", "monthly_cap": "2880"}, "rate", id="no decimal"),
            pytest.param({"rate": "-6"}, "rate", id="below zero"),
            pytest.param({"rate": "1e3"}, "rate", id="with an exponent"),
            pytest.param({"charge_type": "free"}, "charge_type", id="an unknown type"),
            pytest.param({"tax_class": "reduced"}, "tax_class", id="an unknown tax class"),
            pytest.param({"colour": "red"}, "colour", id="an unknown field"),
        ],
    )
    async def test_an_item(self, counter: Counter, item: dict[str, object], field: str) -> None:
        """The pointer names the field of the item."""
        form = counter.form()
        form["items"][1] |= item
        answer = await counter.post("billing", "/v1/price-lists", form)

        assert answer.status_code == 422
        assert f"/items/1/{field}" in [error["field"] for error in answer.json()["errors"]]

    async def test_what_is_charged_once_costs_whole_yen(self, counter: Counter) -> None:
        """An initial fee has no decimals."""
        form = counter.form()
        place = next(n for n, item in enumerate(form["items"]) if item["code"] == "INIT")
        form["items"][place]["rate"] = "10000.5"
        answer = await counter.post("billing", "/v1/price-lists", form)

        assert [error["field"] for error in answer.json()["errors"]] == [f"/items/{place}/rate"]

    async def test_codes_may_be_new_and_work_at_cost(self, counter: Counter) -> None:
        """A code that nobody knows is taken; work may do without a rate."""
        form = counter.form()
        form["items"] += [
            VM_T | {"code": "VM-XX", "monthly_cap": "5040"},
            {"code": "OPS-RST", "name": "原状回復", "charge_type": "other", "meter": "work", "unit": "case",
             "tax_class": "taxable"},
        ]  # fmt: skip
        await counter.decide(await counter.propose(form))
        shown = await counter.read("/v1/price-lists/PL-NEXT")

        assert [item["code"] for item in shown["items"]][-2:] == ["VM-XX", "OPS-RST"]

    async def test_what_is_left_out_is_told(self, counter: Counter) -> None:
        """The consequence names the codes that the list before had."""
        form = counter.form()
        form["items"] = [item for item in form["items"] if item["code"] not in {"SNAP", "IMG"}]
        shown = await counter.read(f"/v1/approvals/{await counter.propose(form)}")

        assert shown["consequence"]["left_out"] == ["SNAP", "IMG"]


class TestCaps:
    """The trap VM-T: 10.5 yen × 480 hours are 5,040, the cap is 5,000 (A45)."""

    async def test_a_cap_that_differs_is_to_be_declared(self, counter: Counter) -> None:
        """Undeclared it is refused with a pointer."""
        form = counter.form()
        form["items"].append(VM_T)
        answer = await counter.post("billing", "/v1/price-lists", form)

        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [f"/items/{len(FORM['items'])}/monthly_cap"]

    async def test_declared_it_is_a_warning(self, counter: Counter) -> None:
        """The approver reads the code among the warnings; the list says it, too."""
        form = counter.form()
        form["items"].append(VM_T | {"cap_differs": True})
        approval_id = await counter.propose(form)
        shown = await counter.read(f"/v1/approvals/{approval_id}")
        await counter.decide(approval_id)
        recorded = (await counter.read("/v1/price-lists/PL-NEXT"))["items"]

        assert shown["consequence"]["warnings"] == ["VM-T"]
        assert [item["code"] for item in recorded if item.get("cap_differs")] == ["VM-T"]


class TestFirstDay:
    """A list begins on the first of a month that has not begun (A104)."""

    @pytest.mark.parametrize(
        "day",
        [pytest.param("2026-02-01", id="before the terms"), pytest.param("2026-03-01", id="in the past")],
    )
    async def test_days_that_are_over(self, counter: Counter, day: str) -> None:
        """No list begins before the terms, or in the past."""
        answer = await counter.post("billing", "/v1/price-lists", counter.form(effective_from=day))

        assert [error["field"] for error in answer.json()["errors"]] == ["/effective_from"]

    async def test_the_middle_of_a_month(self, counter: Counter) -> None:
        """Any other day of the month is refused, unless the setting says ANY."""
        begins = (first_of_next_month(counter.today) + timedelta(days=14)).isoformat()
        answer = await counter.post("billing", "/v1/price-lists", counter.form(effective_from=begins))

        assert [error["field"] for error in answer.json()["errors"]] == ["/effective_from"]

    async def test_the_day_passes_while_the_proposal_waits(self, counter: Counter, app: FastAPI) -> None:
        """Approved on its first day the list holds, on the day after it is refused."""
        form = counter.form()
        begins = date.fromisoformat(form["effective_from"])
        approval_id = await counter.propose(form)
        answers = []
        async with counter.office.sessions.begin() as session:
            (await session.get_one(ApprovalRow, approval_id)).expires_at = at_noon(begins + timedelta(days=9))
        for days in (1, 0):
            clock = StoppedClock(at_noon(begins + timedelta(days=days)))
            app.state.office = replace(counter.office, clock=clock)
            answers.append(await counter.decide(approval_id))

        assert [answer.status_code for answer in answers] == [409, 200]
        assert answers[0].json()["article"] == "24(1)"

    async def test_any_day_by_decision(self, counter: Counter, app: FastAPI) -> None:
        """With `price_start_day` = ANY a list begins where it says."""
        terms = counter.office.terms.with_overrides({"price_start_day": "ANY"})
        app.state.office = replace(counter.office, terms=terms)
        begins = (first_of_next_month(counter.today) + timedelta(days=14)).isoformat()
        await counter.decide(await counter.propose(counter.form(effective_from=begins)))

        assert (await counter.read("/v1/price-lists/PL-NEXT"))["effective_from"] == begins


class TestListsInForce:
    """What the billing run asks for: the lists of a stretch of days."""

    @pytest.mark.parametrize(
        ("first", "last", "names"),
        [
            pytest.param("2026-04-01", "2026-04-30", ["PL-2026-03"], id="one list"),
            pytest.param("2026-06-01", "2026-06-30", ["PL-2026-03", "PL-MID"], id="a change inside"),
            pytest.param("2026-06-15", "2026-06-30", ["PL-MID"], id="from the first day of a list"),
            pytest.param("2026-06-01", "2026-06-14", ["PL-2026-03"], id="until the day before"),
            pytest.param("2026-07-01", "2026-07-31", ["PL-MID"], id="after the change"),
            pytest.param("2026-02-01", "2026-03-31", ["PL-2026-03"], id="from before the first list"),
            pytest.param("2026-02-01", "2026-02-28", [], id="before all lists"),
        ],
    )
    async def test_the_lists_of_a_stretch(self, counter: Counter, first: str, last: str, names: list[str]) -> None:
        """In the order in which they begin, each with its first day and its items."""
        async with counter.office.sessions.begin() as session:
            session.add(
                PriceListRow(
                    price_list="PL-MID",
                    effective_from=date(2026, 6, 15),
                    terms_version="1.0",
                    recorded_at=await counter.office.clock.now(),
                )
            )
        async with counter.office.readers() as session:
            found = await lists_in(session, date.fromisoformat(first), date.fromisoformat(last))
            one = await price_list_on(session, date(2026, 4, 1))

        assert [each.name for each in found] == names
        assert [each.effective_from for each in found] == sorted(each.effective_from for each in found)
        assert all(each.items == one.items or each.name != one.name for each in found)
        assert (one.effective_from, one.contract_fee, len(one.items)) == (date(2026, 3, 1), 10_000, len(FORM["items"]))
