"""The sample companies' money: usage of three months, three billing runs, two months of bank files, to the yen."""

import asyncio
import json
from typing import Any

from sqlalchemy import make_url

from service.verify.command import examine, snapshot
from tests.desk import JSON, SAMPLES, Desk, OpenDesk
from tests.journeys.sample_customers import (
    TO_ACCEPT,
    one_gives_notice,
    registration,
    resources_of,
    the_forms_arrive,
    the_nine_are_accepted,
    the_service_starts,
    the_upstream_stood_still,
    two_are_gone_and_seven_stay,
    what_is_taken_away,
)

USAGE: dict[str, JSON] = json.loads((SAMPLES / "expected" / "usage.json").read_text())["files"]
INVOICES: list[JSON] = json.loads((SAMPLES / "expected" / "invoices.json").read_text())["invoices"]
PAYMENTS: JSON = json.loads((SAMPLES / "expected" / "payments.json").read_text())
DESIGNATED = {
    "bank_code": "9999", "bank_name": "例示銀行", "branch_code": "001", "branch_name": "本店",
    "type": "1", "number": "1234567", "holder_kana": "ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ",
}  # fmt: skip


async def test_the_money_of_the_samples(open_desk: OpenDesk, database_url: str) -> None:
    """Usage, invoices, payments and balances are those of the expected files, on either database."""
    desk = await open_desk("2026-03-25T09:00+09:00", database_url=database_url)
    await desk.do("admin", "/v1/bank-accounts", DESIGNATED)
    contracts = await the_nine_are_accepted(desk, await the_forms_arrive(desk))
    for expected in sorted(TO_ACCEPT.values(), key=lambda one: str(one["service_start_on"])):
        await the_service_starts(desk, contracts[expected["external_ref"]], expected)

    # April is used, imported, and billed on the fifth bank day of May
    await desk.until("2026-05-01T10:00:00+09:00")
    await register_what_came(desk, contracts, "2026-04-30")
    await usage_comes(desk, "2026-04.csv")
    await the_month_is_billed(desk, contracts, "2026-04", "2026-05-12")

    # 20 May: QPC-26-0107 gives notice
    await desk.until("2026-05-20T15:00:00+09:00")
    await one_gives_notice(desk, contracts)

    # May
    await desk.until("2026-06-01T10:00:00+09:00")
    await register_what_came(desk, contracts, "2026-05-31")
    await usage_comes(desk, "2026-05.csv")
    await the_month_is_billed(desk, contracts, "2026-05", "2026-06-05")

    # June: two leave; what was added in June is registered; the upstream's file is CP932
    await desk.until("2026-06-17T11:00:00+09:00")
    await register_what_came(desk, contracts, "2026-06-17")
    await the_upstream_stood_still(desk, contracts["QPC-26-0106"])
    await desk.until("2026-06-30T18:00:00+09:00")
    await register_what_came(desk, contracts, "2026-06-30")
    await what_is_taken_away(desk, contracts["QPC-26-0107"], "QPC-26-0107")
    await desk.until("2026-07-01T10:00:00+09:00")
    await two_are_gone_and_seven_stay(desk, contracts)
    await usage_comes(desk, "2026-06.csv")
    again = await desk.take_in("billing", "/v1/usage-files", (SAMPLES / "usage/2026-06-utf8.csv").read_bytes())
    assert again["accepted"] == 0
    await every_doubtful_row_is_discarded(desk)
    await the_month_is_billed(desk, contracts, "2026-06", "2026-07-07")

    # the bank's files of June and July; a person agrees where the rules want one
    await desk.until("2026-07-08T10:00:00+09:00")
    await the_bank_tells(desk, contracts, "2026-06")
    await desk.until("2026-07-31T18:00:00+09:00")
    await the_bank_tells(desk, contracts, "2026-07")
    await everything_is_paid_as_expected(desk, contracts)
    assert await breaches(database_url) == []


async def breaches(database_url: str) -> list[str]:
    """Have `yakkan verify` look at everything that is stored; gives what does not hold."""

    def look() -> list[str]:
        with snapshot(make_url(database_url)) as connection:
            return [str(breach) for finding in examine(connection) for breach in finding.breaches]

    return await asyncio.to_thread(look)


async def register_what_came(desk: Desk, contracts: dict[str, str], today: str) -> None:
    """Resources that came by a day are registered from their day on, those that went by then are removed."""
    for customer_ref, number in contracts.items():
        path = f"/v1/contracts/{number}/resources"
        standing = {(one["resource_id"], one["code"]): one for one in (await desk.read(path, limit="500"))["items"]}
        first_day = TO_ACCEPT[customer_ref]["billing_start_on"]
        later = [
            one
            for one in resources_of(customer_ref)
            if first_day < one["from_on"] <= today and (one["resource_id"], one["code"]) not in standing
        ]
        if later:
            await desk.do("provisioning", path, {"resources": [registration(one) for one in later]})
        for one in resources_of(customer_ref):
            known = standing.get((one["resource_id"], one["code"]), {})
            if one["to_on"] and one["to_on"] <= today and "to_on" not in known:
                body = {"code": one["code"], "to_on": one["to_on"]}
                await desk.do("provisioning", f"{path}/{one['resource_id']}/removal", body)


async def usage_comes(desk: Desk, name: str) -> None:
    """A month's file is taken in: what counts, what is there already, and what is doubtful for which reason."""
    expected = USAGE[name]
    taken = await desk.take_in("billing", "/v1/usage-files", (SAMPLES / "usage" / name).read_bytes())
    assert {k: taken[k] for k in ("rows", "accepted")} == {k: expected[k] for k in ("rows", "accepted")}
    assert taken["duplicate_lines"] == [one["line"] for one in expected["duplicates"]]
    assert [(one["line"], one["reason"]) for one in taken["quarantined"]] == [
        (one["line"], one["reason"]) for one in expected["quarantined"]
    ]
    await every_doubtful_row_is_discarded(desk)


async def every_doubtful_row_is_discarded(desk: Desk) -> None:
    """A person discards each row in quarantine: the earlier row stands, unknown ones stay out."""
    for one in (await desk.read("/v1/quarantine", state="open", limit="500"))["items"]:
        path = f"/v1/quarantine/{one['quarantine_id']}/decisions"
        await desk.do("billing", path, {"decision": "discard", "reason": "上流に確認済み"})


async def the_month_is_billed(desk: Desk, contracts: dict[str, str], month: str, issued_on: str) -> None:
    """The run begins on the third bank day by itself and is approved on the fifth: each invoice is the expected one."""
    await desk.until(f"{issued_on}T10:00:00+09:00")
    run = await desk.read(f"/v1/billing-runs/{month}")
    assert (run["state"], run["held"], run["counts"]["contracts"]) == ("proof", [], 9)
    approve = {"decision": "approve", "reason": "内訳を確認済み"}
    assert await desk.do("legal", f"/v1/approvals/{run['approval_id']}/decisions", approve) == {"state": "approved"}
    await desk.settle()
    run = await desk.read(f"/v1/billing-runs/{month}")
    assert (run["state"], run["counts"]["issued"]) == ("issued", 9)
    expected = {one["customer_ref"]: one for one in INVOICES if one["month"] == month}
    assert run["total"] == sum(one["total"] for one in expected.values())
    for customer_ref, wanted in expected.items():
        (found,) = (await desk.read("/v1/invoices", contract_no=contracts[customer_ref], month=month))["items"]
        assert {k: found[k] for k in ("issued_on", "due_on", "total")} == {
            k: wanted[k] for k in ("issued_on", "due_on", "total")
        }, customer_ref
        assert found["rates"] == [
            {"rate_percent": wanted["tax_percent"], "base": wanted["subtotal"], "tax": wanted["tax"]}
        ]
        assert sorted(map(line_of, found["lines"]), key=str) == sorted(map(line_of, wanted["lines"]), key=str)


async def the_bank_tells(desk: Desk, contracts: dict[str, str], month: str) -> None:
    """A month's transfers come in; what does not apply by itself is agreed to by a person, in the bank's order."""
    expected = [one for one in PAYMENTS["payments"] if f"{month}-01" <= one["booked_on"] <= f"{month}-31"]
    taken = await desk.take_in("cash", "/v1/bank-files", (SAMPLES / f"bank/furikomi-{month}.txt").read_bytes())
    assert (taken["records"], taken["other"], taken["duplicates"]) == (len(expected), 0, 0)
    for wanted in sorted(expected, key=lambda one: (one["value_on"], one["reference"])):
        found = await deposit(desk, wanted["reference"])
        if wanted["match"] == "person":
            assert found["state"] == "unmatched", wanted
            assert [one["contract_no"] for one in found["candidates"]] == [contracts[wanted["customer_ref"]]], wanted
            path = f"/v1/deposits/{found['deposit_id']}/allocations"
            await desk.do("cash", path, {"contract_no": contracts[wanted["customer_ref"]]})


async def deposit(desk: Desk, reference: int) -> JSON:
    """Find a deposit by the bank's inquiry number."""
    found = (await desk.read("/v1/deposits", limit="500"))["items"]
    (one,) = (each for each in found if each["reference"] == reference)
    return one  # type: ignore[no-any-return]  # JSON


async def everything_is_paid_as_expected(desk: Desk, contracts: dict[str, str]) -> None:
    """What each payment met, what is held, and what every customer owes on the last day of July."""
    names = {number: customer_ref for customer_ref, number in contracts.items()}
    invoices = {one["invoice_no"]: one for one in (await desk.read("/v1/invoices", limit="500"))["items"]}
    for wanted in PAYMENTS["payments"]:
        found = await deposit(desk, wanted["reference"])
        applied = [
            {
                "customer_ref": names[one["contract_no"]],
                "month": invoices[one["invoice_no"]]["month"],
                "part": one["part"],
                "amount": one["amount"],
            }
            for one in found["allocations"]
        ]
        assert sorted(applied, key=str) == sorted(wanted["applied"], key=str), wanted
        assert found["unapplied"] == wanted["unapplied"], wanted
    owed = []
    for customer_ref, number in contracts.items():
        path = f"/v1/contracts/{number}/balances"
        owed += [
            {k: one[k] for k in ("month", "due_on", "principal", "interest")} | {"customer_ref": customer_ref}
            for one in (await desk.read(path, as_of_on=PAYMENTS["balances_on"]))["items"]
        ]
    stated = ("month", "due_on", "principal", "interest", "customer_ref")
    assert sorted(owed, key=str) == sorted(({k: one[k] for k in stated} for one in PAYMENTS["balances"]), key=str)


def line_of(line: JSON) -> dict[str, Any]:
    """Keep of a line what the expected file states."""
    stated = (
        "charge_type", "code", "resource_id", "name", "quantity", "seconds", "days", "of", "capped", "unit", "amount",
        "tax_class",
    )  # fmt: skip
    return {name: line[name] for name in stated if name in line}
