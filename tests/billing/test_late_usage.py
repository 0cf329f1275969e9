"""Usage that comes after its month was billed: the difference rides on the next invoice (money.md 8)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from models.tables import ApprovalRow, BillingResultRow, InvoiceLineRow, LateUsageRow
from tests.billing.office import (
    Billed,
    Desk,
    a_server,
    after,
    month_of,
    put_contracts,
    sign,
    stand,
    supersede,
    take_usage,
)
from tests.billing.oracle import Row, Stand

APRIL, MAY, JUNE, JULY = "2026-04", "2026-05", "2026-06", "2026-07"
ALL = (APRIL, MAY, JUNE, JULY)
ONE = "C-000001"


async def correct(desk: Desk, old: int, row: Row, *, number: str = ONE, late: bool = True) -> int:
    """Let somebody accept a correction of a row of usage; gives the id of the new one."""
    (new,) = await take_usage(desk.office, [(number, row)], late=late)
    await supersede(desk.office, old, new)
    return new


async def ids(desk: Desk, contract: Any) -> list[int]:  # noqa: ANN401
    """Sign a contract without its usage, then take that in; gives the ids of its rows."""
    rows = contract.rows
    await sign(desk.office, replace(contract, rows=[]))
    return await take_usage(desk.office, [(contract.number, row) for row in rows])


def told(billed: Billed) -> list[tuple[Any, ...]]:
    """Tell the lines of use of an invoice: resource, month, yen, the invoice that they complete."""
    return [
        (line.resource_id, line.month, line.amount, line.adjusts_invoice)
        for line in billed.lines
        if line.charge_type != "initial"
    ]


async def proposals(desk: Desk, state: str = "open") -> list[list[dict[str, Any]]]:
    """List the lines of the credits that are proposed."""
    rows = [row for row in await desk.all(ApprovalRow) if row.act == "credit_note" and row.state == state]
    return [row.payload["lines"] for row in rows]


class TestTheDifference:
    """New line less billed line, over the whole month."""

    @pytest.mark.parametrize(
        ("before", "then", "difference", "article"),
        [(100, 150, 300, "26(1)"), (470, 480, 60, "26(2)"), (479, 700, 6, "26(2)"), (0, 1, 6, "26(1)")],
    )
    async def test_more_use(self, billing: Desk, before: int, then: int, difference: int, article: str) -> None:
        """The difference stands on the next invoice with its month and invoice; the cap counts for the whole month."""
        april, *_ = await ids(billing, a_server(hours=before, months=ALL))
        await billing.bill(APRIL)
        first = (await billing.invoices(APRIL))[ONE].invoice.invoice_no
        await correct(billing, april, month_of(APRIL, then))
        await billing.bill(MAY)

        second = (await billing.invoices(MAY))[ONE]
        own = min(before * 6, 2880)
        assert sorted(told(second)) == [("vm-1", APRIL, difference, first), ("vm-1", MAY, own, None)]
        (line,) = [each for each in second.lines if each.month == APRIL]
        assert (line.article, line.seconds) == (article, then * 3600)
        assert [line.line_no for line in second.lines] == [1, 2]
        assert await proposals(billing) == []
        base = difference + own
        assert [(tax.base, tax.tax) for tax in second.taxes] == [(base, base // 10)]

    async def test_past_the_cap_nothing_more_is_due(self, billing: Desk) -> None:
        """More use of a server at its cap costs nothing, and the month is settled."""
        april, *_ = await ids(billing, a_server(hours=480, months=ALL))
        await billing.bill(APRIL)
        await correct(billing, april, month_of(APRIL, 700))
        await billing.bill(MAY)

        assert told((await billing.invoices(MAY))[ONE]) == [("vm-1", MAY, 2880, None)]
        assert (await billing.results(APRIL))[ONE].usage_through > april

    async def test_each_is_floored_by_itself(self, billing: Desk) -> None:
        """19.8 yen billed as 19; 39.6 then are 39: the difference is 20, not floor(19.8)."""
        contract = a_server(months=[])
        contract.stands = [Stand("vm-1", "VM-S1", 1, date(2026, 4, 1))]
        hours = [47_520, 95_040, 0]
        contract.rows = [replace(month_of(month, 0), code="VM-S1", seconds=hours[0]) for month in (APRIL, MAY)]
        april, _ = await ids(billing, contract)
        await billing.bill(APRIL)
        await correct(billing, april, replace(contract.rows[0], seconds=hours[1]))
        await billing.bill(MAY)

        assert [amount for _, month, amount, _ in told((await billing.invoices(MAY))[ONE]) if month == APRIL] == [20]

    async def test_a_resource_that_was_forgotten(self, billing: Desk) -> None:
        """A server of April that is registered and reported in May is a line that completes April's invoice."""
        await ids(billing, a_server(months=ALL))
        await billing.bill(APRIL)
        first = (await billing.invoices(APRIL))[ONE].invoice.invoice_no
        await stand(billing.office, ONE, Stand("vm-9", "VM-S2", 1, date(2026, 4, 1), date(2026, 4, 30)))
        await take_usage(billing.office, [(ONE, month_of(APRIL, 10, "vm-9"))], late=True)
        await billing.bill(MAY)

        assert ("vm-9", APRIL, 60, first) in told((await billing.invoices(MAY))[ONE])

    async def test_a_month_that_had_nothing_to_bill(self, billing: Desk) -> None:
        """Its first use completes no invoice: there is none."""
        contract = a_server(hours=0, months=[MAY, JUNE])
        may, _ = await ids(billing, contract)
        await take_usage(billing.office, [(ONE, month_of(APRIL, 0))])
        await billing.bill(APRIL)  # the initial fee
        await billing.bill(MAY)
        assert (await billing.results(MAY))[ONE].state == "nothing_to_bill"
        await correct(billing, may, month_of(MAY, 10))
        await billing.bill(JUNE)

        assert ("vm-1", MAY, 60, None) in told((await billing.invoices(JUNE))[ONE])

    async def test_one_late_delivery_after_another(self, billing: Desk) -> None:
        """Each brings its own difference; the lines of all invoices sum to the month's price."""
        april, *_ = await ids(billing, a_server(months=ALL))
        await billing.bill(APRIL)
        first = (await billing.invoices(APRIL))[ONE].invoice.invoice_no
        april = await correct(billing, april, month_of(APRIL, 150))
        await billing.bill(MAY)
        await correct(billing, april, month_of(APRIL, 500))
        await billing.bill(JUNE)
        await billing.bill(JULY)

        late = [line for line in await billing.all(InvoiceLineRow) if line.month == APRIL and line.seconds]
        assert [(line.amount, line.adjusts_invoice) for line in late] == [(600, None), (300, first), (1980, first)]
        assert not [row for row in await billing.all(ApprovalRow) if row.act == "credit_note"]
        assert told((await billing.invoices(JULY))[ONE]) == [("vm-1", JULY, 600, None)]


class TestWhileTheMonthIsBilled:
    """Usage between the freeze and the issue is late usage too."""

    async def test_usage_after_the_freeze(self, billing: Desk) -> None:
        """The bill does not see it, the next one does; the month is marked until then."""
        april, *_ = await ids(billing, a_server(months=ALL))
        step, _ = await billing.prove(APRIL)
        await correct(billing, april, month_of(APRIL, 200), late=False)
        await billing.decide(step)
        await billing.runs.issue_invoices(step)

        first = (await billing.invoices(APRIL))[ONE]
        assert told(first) == [("vm-1", APRIL, 600, None)]
        assert [(row.contract_no, row.month) for row in await billing.all(LateUsageRow)] == [(ONE, APRIL)]
        await billing.bill(MAY)
        assert ("vm-1", APRIL, 600, first.invoice.invoice_no) in told((await billing.invoices(MAY))[ONE])
        assert await billing.all(LateUsageRow) == []

    async def test_a_correction_between_freeze_and_price(self, billing: Desk) -> None:
        """The row that was frozen is billed although another has taken its place since."""
        april, *_ = await ids(billing, a_server(months=ALL))
        step = await billing.begin(APRIL)
        await billing.runs.freeze_usage(step)
        await correct(billing, april, month_of(APRIL, 200), late=False)
        await billing.runs.price_contracts(step)
        await billing.runs.prove_run(step)
        await billing.decide(step)
        await billing.runs.issue_invoices(step)
        await billing.bill(MAY)

        first = (await billing.invoices(APRIL))[ONE]
        assert told(first) == [("vm-1", APRIL, 600, None)]
        assert ("vm-1", APRIL, 600, first.invoice.invoice_no) in told((await billing.invoices(MAY))[ONE])

    async def test_a_month_without_any_invoice(self, billing: Desk) -> None:
        """Where nothing was to bill, what came meanwhile is not forgotten either."""
        _, may, *_ = await ids(billing, a_server(hours=0, months=ALL))
        await billing.bill(APRIL)
        step = await billing.begin(MAY)
        await billing.runs.freeze_usage(step)
        await correct(billing, may, month_of(MAY, 10), late=False)
        await billing.runs.price_contracts(step)
        assert await billing.runs.prove_run(step) == "issued"
        await billing.bill(JUNE)

        assert ("vm-1", MAY, 60, None) in told((await billing.invoices(JUNE))[ONE])

    async def test_the_next_run_was_frozen_already(self, billing: Desk) -> None:
        """Usage that came after the freeze of the next month's run too waits for the run after that."""
        april, *_ = await ids(billing, a_server(months=ALL))
        step, _ = await billing.prove(APRIL)
        following = await billing.begin(MAY)
        await billing.runs.freeze_usage(following)
        await correct(billing, april, month_of(APRIL, 200), late=False)
        await billing.decide(step)
        await billing.runs.issue_invoices(step)
        await billing.runs.price_contracts(following)
        await billing.runs.prove_run(following)
        await billing.decide(following)
        await billing.runs.issue_invoices(following)
        await billing.bill(JUNE)

        first = (await billing.invoices(APRIL))[ONE].invoice.invoice_no
        assert told((await billing.invoices(MAY))[ONE]) == [("vm-1", MAY, 600, None)]
        assert ("vm-1", APRIL, 600, first) in told((await billing.invoices(JUNE))[ONE])


class TestLessUse:
    """What was billed too much is proposed as credit, never a negative line."""

    async def test_a_credit_is_proposed(self, billing: Desk) -> None:
        """The next invoice has no line of the month; a second person's word issues the credit note, and all is even."""
        april, *_ = await ids(billing, a_server(hours=300, months=ALL))
        await billing.bill(APRIL)
        first = (await billing.invoices(APRIL))[ONE]
        await correct(billing, april, month_of(APRIL, 100))
        await billing.bill(MAY)
        (line,) = [each for each in first.lines if each.charge_type != "initial"]
        assert told((await billing.invoices(MAY))[ONE]) == [("vm-1", MAY, 1800, None)]
        assert await proposals(billing) == [[{"line_no": line.line_no, "amount": 1200}]]

        (approval,) = [row for row in await billing.all(ApprovalRow) if row.act == "credit_note"]
        await billing.agree(approval.approval_id, after(MAY, 7))
        credit = (await billing.invoices(APRIL, kind="credit"))[ONE]
        assert (credit.invoice.corrects, credit.invoice.total) == (first.invoice.invoice_no, 1320)
        await billing.bill(JUNE)
        assert await proposals(billing) == []
        assert told((await billing.invoices(JUNE))[ONE]) == [("vm-1", JUNE, 1800, None)]

    async def test_after_a_credit_the_rest_counts(self, billing: Desk) -> None:
        """Use that comes after a credit note is charged over what the credit left."""
        april, *_ = await ids(billing, a_server(hours=300, months=ALL))
        await billing.bill(APRIL)
        april = await correct(billing, april, month_of(APRIL, 100))
        await billing.bill(MAY)
        (approval,) = [row for row in await billing.all(ApprovalRow) if row.act == "credit_note"]
        await billing.agree(approval.approval_id, after(MAY, 7))
        await correct(billing, april, month_of(APRIL, 150))
        await billing.bill(JUNE)

        late = [line for line in told((await billing.invoices(JUNE))[ONE]) if line[1] == APRIL]
        assert [amount for _, _, amount, _ in late] == [300]

    async def test_a_proposal_that_newer_usage_overtakes(self, billing: Desk) -> None:
        """What was proposed and not decided is withdrawn when the month is compared anew."""
        april, *_ = await ids(billing, a_server(hours=300, months=ALL))
        await billing.bill(APRIL)
        april = await correct(billing, april, month_of(APRIL, 100))
        await billing.bill(MAY)
        assert len(await proposals(billing)) == 1
        await correct(billing, april, month_of(APRIL, 350))
        await billing.bill(JUNE)

        assert (await proposals(billing), len(await proposals(billing, "withdrawn"))) == ([], 1)
        late = [line for line in told((await billing.invoices(JUNE))[ONE]) if line[1] == APRIL]
        assert [amount for _, _, amount, _ in late] == [300]

    async def test_two_months_on_one_invoice(self, billing: Desk) -> None:
        """Credits of two months on the same invoice are two proposals; neither takes the other's place."""
        april, may, *_ = await ids(billing, a_server(months=ALL))
        await billing.bill(APRIL)
        april = await correct(billing, april, month_of(APRIL, 200))
        await billing.bill(MAY)
        await correct(billing, april, month_of(APRIL, 150))
        await correct(billing, may, month_of(MAY, 50))
        await billing.bill(JUNE)

        second = (await billing.invoices(MAY))[ONE]
        of = {line.month: line.line_no for line in second.lines}
        assert await proposals(billing) == [
            [{"line_no": of[APRIL], "amount": 300}],
            [{"line_no": of[MAY], "amount": 300}],
        ]


class TestRuns:
    """Whatever runs do, a difference is billed once."""

    async def test_a_contract_that_is_over(self, billing: Desk) -> None:
        """It gets an invoice that holds only the adjustment; the run counts it apart from those in force."""
        contract = a_server()
        contract.ends_on, contract.state = date(2026, 4, 30), "ended"
        (april,) = await ids(billing, contract)
        await put_contracts(billing.office, MAY, [a_server("C-000002", months=[APRIL, MAY, JUNE])])
        await billing.bill(APRIL)
        first = (await billing.invoices(APRIL))[ONE].invoice.invoice_no
        await correct(billing, april, month_of(APRIL, 150))
        await billing.bill(MAY)
        await billing.bill(JUNE)

        (line,) = (await billing.invoices(MAY))[ONE].lines
        assert (line.month, line.amount, line.adjusts_invoice) == (APRIL, 300, first)
        proof = (await billing.run(MAY)).proof
        assert (proof["contracts"], proof["priced"], proof["adjusted"]) == (1, 2, 1)
        assert ONE not in await billing.invoices(JUNE)

    async def test_a_second_pass_changes_nothing(self, billing: Desk) -> None:
        """A rejected pass is priced anew with the same difference and the same single proposal."""
        contract = a_server(hours=300, months=ALL)
        contract.stands.append(Stand("vm-2", "VM-S2", 1, date(2026, 4, 1)))
        contract.rows += [month_of(month, 300, "vm-2") for month in ALL]
        rows = await ids(billing, contract)
        await billing.bill(APRIL)
        await correct(billing, rows[0], month_of(APRIL, 350))
        await correct(billing, rows[4], month_of(APRIL, 200, "vm-2"))
        step, _ = await billing.prove(MAY)
        before = await proposals(billing)
        await billing.decide(step, "reject")
        await billing.bill(MAY)
        await billing.bill(JUNE)

        late = [line for line in told((await billing.invoices(MAY))[ONE]) if line[1] == APRIL]
        assert [line[:3] for line in late] == [("vm-1", APRIL, 300)]
        assert await proposals(billing) == before
        assert [amount["amount"] for (amount,) in before] == [600]
        assert all(month == JUNE for _, month, _, _ in told((await billing.invoices(JUNE))[ONE]))

    async def test_two_months_in_proof_at_once(self, billing: Desk) -> None:
        """The second one that is approved holds the contract; a new pass bills it without the adjustment."""
        april, *_ = await ids(billing, a_server(months=ALL))
        await put_contracts(billing.office, MAY, [a_server("C-000002", months=ALL)])
        await billing.bill(APRIL)
        await correct(billing, april, month_of(APRIL, 150))
        may, _ = await billing.prove(MAY)
        june, _ = await billing.prove(JUNE)
        for step in (may, june):
            await billing.decide(step)
            await billing.runs.issue_invoices(step)

        held = (await billing.results(JUNE))[ONE]
        assert (held.state, held.reason) == ("held", "stale_adjustment")
        assert (await billing.results(JUNE))["C-000002"].state == "issued"
        await billing.bill(JUNE)
        assert told((await billing.invoices(JUNE))[ONE]) == [("vm-1", JUNE, 600, None)]
        late = [line.amount for line in await billing.all(InvoiceLineRow) if line.adjusts_invoice]
        assert late == [300]

    async def test_two_runs_for_a_contract_that_is_over(self, billing: Desk) -> None:
        """Held for a stale adjustment it owes nothing more; the next pass ends the month."""
        contract = a_server()
        contract.ends_on, contract.state = date(2026, 4, 30), "ended"
        (april,) = await ids(billing, contract)
        await billing.bill(APRIL)
        await correct(billing, april, month_of(APRIL, 150))
        may, _ = await billing.prove(MAY)
        june, _ = await billing.prove(JUNE)
        for step in (may, june):
            await billing.decide(step)
            await billing.runs.issue_invoices(step)
        assert (await billing.results(JUNE))[ONE].reason == "stale_adjustment"
        _, state = await billing.prove(JUNE)

        assert (state, (await billing.results(JUNE))[ONE].state) == ("issued", "nothing_to_bill")
        assert [row.state for row in await billing.all(BillingResultRow)] == ["issued", "issued", "nothing_to_bill"]

    @pytest.mark.parametrize("may_first", [True, False])
    async def test_usage_of_a_month_in_proof_is_billed_once(self, billing: Desk, may_first: bool) -> None:  # noqa: FBT001
        """A contract with nothing to bill in a proof is priced anew in the next pass, not adjusted besides."""
        _, may, *_ = await ids(billing, a_server(hours=0, months=ALL))
        await put_contracts(billing.office, MAY, [a_server("C-000002", months=ALL)])
        await billing.bill(APRIL)
        step, _ = await billing.prove(MAY)
        await correct(billing, may, month_of(MAY, 10))
        june, _ = await billing.prove(JUNE)
        await billing.decide(step, "reject")
        if may_first:
            await billing.bill(MAY)
        await billing.decide(june)
        await billing.runs.issue_invoices(june)
        if not may_first:
            await billing.bill(MAY)
        await billing.bill(JULY)

        of_may = [
            line.amount for line in await billing.all(InvoiceLineRow) if (line.resource_id, line.month) == ("vm-1", MAY)
        ]
        assert of_may == [60]
