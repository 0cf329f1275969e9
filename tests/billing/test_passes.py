"""Passes over a month: what each bills, when another one is needed, and what is left after a crash (24(2), 27(1))."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from activities import billing_issue, billing_run
from activities.acts import ACTS
from activities.approvals import close_row
from activities.billing_start import propose_anew, run_out, start_pass, view_run
from activities.records import audit
from models.messages.billing import BillingStep
from models.messages.office import ApprovalClosing, Event, Origin
from models.tables import (
    ApprovalRow,
    BillingRunRow,
    ContractRow,
    InvoiceRow,
    JournalEntryRow,
    NoticeRow,
    UsageQuarantineRow,
)
from terms.citation import Refused
from tests.api.books import at_noon
from tests.billing.office import (
    Desk,
    a_server,
    after,
    month_of,
    put_contracts,
    put_doubts,
    stand,
    take_usage,
)
from tests.billing.oracle import Contract, Stand

APRIL, MAY = "2026-04", "2026-05"
NAMES = [f"C-{place:06d}" for place in range(1, 6)]


async def states(billing: Desk, month: str = APRIL) -> dict[str, str]:
    """Tell how the contracts of a month stand, with the reason of those held."""
    return {number: row.reason or row.state for number, row in (await billing.results(month)).items()}


async def begin_again(billing: Desk, month: str = APRIL, days: int = 6) -> tuple[int, bool]:
    """Ask for a pass; tells its number and whether it has just begun."""
    async with billing.office.sessions.begin() as session:
        run, begun = await start_pass(
            session, billing.office, month, actor="billing:billing-1", as_of=after(month, days)
        )
        return run.pass_no, begun


class TestHeldContracts:
    """A gap, a doubt or a missing price holds one contract; the others go on."""

    async def test_cured_ones_are_billed_by_the_next_pass(self, billing: Desk) -> None:
        """The second pass bills them and nobody else; the numbers go on without a gap."""
        contracts = [a_server(number) for number in NAMES]
        contracts[1].rows = []
        contracts[3].stands.append(Stand("odd", "VM-OLD", 1, date(2026, 4, 1)))
        await put_contracts(billing.office, APRIL, contracts)
        (doubt,) = await put_doubts(billing.office, APRIL, [NAMES[2]])
        await billing.bill(APRIL)
        assert await states(billing) == {
            NAMES[0]: "issued", NAMES[1]: "usage_gap", NAMES[2]: "open_quarantine", NAMES[3]: "no_price",
            NAMES[4]: "issued",
        }  # fmt: skip
        first = await billing.all(InvoiceRow)

        await take_usage(billing.office, [(NAMES[1], month_of(APRIL, 7, "vm-2"))])
        async with billing.office.sessions.begin() as session:
            await session.execute(update(UsageQuarantineRow).values(state="discarded", decided_at=after(APRIL, 6)))
        assert doubt
        await billing.bill(APRIL, after(APRIL, 7))

        assert await states(billing) == dict.fromkeys(NAMES, "issued") | {NAMES[3]: "no_price"}
        invoices = await billing.all(InvoiceRow)
        assert invoices[:2] == first
        assert [row.contract_no for row in invoices] == [NAMES[0], NAMES[4], NAMES[1], NAMES[2]]
        assert [int(row.invoice_no) - int(first[0].invoice_no) for row in invoices] == [0, 1, 2, 3]
        assert [row.issued_on for row in invoices[2:]] == [date(2026, 5, 7)] * 2
        run = await billing.run(APRIL)
        assert (run.pass_no, run.total) == (2, sum(row.total for row in invoices[2:]))

    async def test_a_pass_that_cures_nothing(self, billing: Desk) -> None:
        """It ends without approval, issues nothing, and keeps the contract held with its reason."""
        held = a_server(NAMES[1])
        held.rows = []
        await put_contracts(billing.office, APRIL, [a_server(), held])
        await billing.bill(APRIL)
        _, state = await billing.prove(APRIL, after(APRIL, 7))

        assert (state, await states(billing)) == ("issued", {NAMES[0]: "issued", NAMES[1]: "usage_gap"})
        assert len(await billing.all(InvoiceRow)) == 1

    async def test_rows_of_nobody_hold_none(self, billing: Desk) -> None:
        """An open row without a contract stands in the proof only."""
        await put_contracts(billing.office, APRIL, [a_server()])
        await put_doubts(billing.office, APRIL, [None, None])
        await billing.prove(APRIL)

        assert await states(billing) == {NAMES[0]: "priced"}
        assert (await billing.run(APRIL)).proof["rows_without_contract"] == 2

    async def test_use_across_the_end(self, billing: Desk) -> None:
        """An end that became known after the row was taken in: the row holds the contract, a shorter one cures it."""
        await put_contracts(billing.office, APRIL, [a_server()])
        async with billing.office.sessions.begin() as session:
            await session.execute(update(ContractRow).values(ends_on=date(2026, 4, 20)))
        await billing.prove(APRIL)
        assert await states(billing) == {NAMES[0]: "usage_after_end"}


class TestWhetherAPassIsNeeded:
    """None while a pass runs, in proof without news, or when all is billed (api.md 7)."""

    async def test_a_month_that_is_not_over(self, billing: Desk) -> None:
        """On its last day it is refused by 24(2), the day after it is not."""
        async with billing.office.sessions.begin() as session:
            with pytest.raises(Refused) as refused:
                await start_pass(session, billing.office, APRIL, actor="x:y", as_of=at_noon(date(2026, 4, 30)))
        assert str(refused.value.article) == "24(2)"
        assert await begin_again(billing, days=1) == (1, True)

    async def test_while_it_runs_and_in_proof(self, billing: Desk) -> None:
        """Without newer facts the pass that is there is the answer."""
        await put_contracts(billing.office, APRIL, [a_server()])
        step = await billing.begin(APRIL)
        assert await begin_again(billing) == (1, False)
        await billing.runs.freeze_usage(step)
        await billing.runs.price_contracts(step)
        await billing.runs.prove_run(step)
        assert await begin_again(billing) == (1, False)
        await billing.decide(step)
        assert await begin_again(billing) == (1, False)
        await billing.runs.issue_invoices(step)
        assert await begin_again(billing) == (1, False)

    @pytest.mark.parametrize("fact", ["usage", "event", "decision", "doubt"])
    async def test_newer_facts_in_proof(self, billing: Desk, fact: str) -> None:
        """The open approval is withdrawn, and the new pass sees the newer fact."""
        await put_contracts(billing.office, APRIL, [a_server(), a_server(NAMES[1], hours=200)])
        await put_doubts(billing.office, APRIL, [None])
        await billing.prove(APRIL)
        later = after(APRIL, 6)
        if fact == "usage":
            await stand(billing.office, NAMES[0], Stand("vm-9", "VM-S2", 1, date(2026, 4, 1), date(2026, 4, 30)))
            await take_usage(billing.office, [(NAMES[0], month_of(APRIL, 10, "vm-9"))], at=later)
        elif fact == "doubt":
            await put_doubts(billing.office, APRIL, [NAMES[1]], at=later)
        else:
            async with billing.office.sessions.begin() as session:
                if fact == "decision":
                    await session.execute(update(UsageQuarantineRow).values(state="discarded", decided_at=later))
                else:
                    event = Event(
                        action="resources_registered", article="26", actor="x:y", at=later, summary="-", basis={}
                    )
                    await audit(session, "more", [event], contract_no=NAMES[0])
        step, state = await billing.prove(APRIL, after(APRIL, 7))

        assert (step.pass_no, state) == (2, "proof")
        assert [row.state for row in await billing.all(ApprovalRow)] == ["withdrawn", "open"]
        assert [row.state for row in await billing.all(BillingRunRow)] == ["rejected", "proof"]
        bases = {number: each.total for number, each in (await self._issued(billing, step)).items()}
        assert bases.get(NAMES[0]) == (10_000 + 600 + (60 if fact == "usage" else 0)) * 11 // 10
        assert bases.get(NAMES[1]) == (None if fact == "doubt" else (10_000 + 1200) * 11 // 10)

    async def _issued(self, billing: Desk, step: BillingStep) -> dict[str, InvoiceRow]:
        await billing.decide(step)
        await billing.runs.issue_invoices(step)
        return {number: each.invoice for number, each in (await billing.invoices(APRIL)).items()}

    async def test_facts_of_a_later_month(self, billing: Desk) -> None:
        """Usage of May is nothing new for April."""
        await put_contracts(billing.office, APRIL, [a_server()])
        await billing.prove(APRIL)
        await take_usage(billing.office, [(NAMES[0], month_of(MAY, 10))], at=after(APRIL, 6))
        assert await begin_again(billing, days=7) == (1, False)

    async def test_after_a_rejection(self, billing: Desk) -> None:
        """A new pass begins; the rejected one has issued nothing."""
        await put_contracts(billing.office, APRIL, [a_server()])
        step, _ = await billing.prove(APRIL)
        await billing.decide(step, "reject")
        assert await billing.runs.issue_invoices(step) == 0
        assert (await billing.run(APRIL)).state == "rejected"
        step, state = await billing.prove(APRIL, after(APRIL, 7))
        assert (step.pass_no, state) == (2, "proof")

    async def test_nothing_to_bill_is_proved_anew(self, billing: Desk) -> None:
        """A licence that is registered after a rejected pass found nothing is on the bill of the next one."""
        contract = Contract(NAMES[0], date(2026, 3, 2), "PL-A")
        await put_contracts(billing.office, APRIL, [contract, a_server(NAMES[1])])
        step, _ = await billing.prove(APRIL)
        assert (await states(billing))[NAMES[0]] == "nothing_to_bill"
        await billing.decide(step, "reject")
        await stand(billing.office, NAMES[0], Stand("lic", "LIC-WIN", 1, date(2026, 4, 30)))
        await billing.bill(APRIL, after(APRIL, 7))

        assert (await billing.invoices(APRIL))[NAMES[0]].invoice.total == 1650

    async def test_nothing_to_bill_at_all(self, billing: Desk) -> None:
        """The month ends without an approval, and is over."""
        await put_contracts(billing.office, APRIL, [Contract(NAMES[0], date(2026, 3, 2), "PL-A")])
        _, state = await billing.prove(APRIL)
        assert (state, await billing.all(ApprovalRow)) == ("issued", [])
        assert await begin_again(billing) == (1, False)
        async with billing.office.readers() as session:
            view = await view_run(session, await billing.run(APRIL))
        assert view["counts"] == {
            "contracts": 1, "issued": 0, "priced": 0, "nothing_to_bill": 1, "held": 0, "adjusted": 0
        }  # fmt: skip
        assert "approval_id" not in view

    async def test_who_is_in_force(self, billing: Desk) -> None:
        """From the start of charging to the end, both included: 26(3)."""
        first, last = date(2026, 4, 1), date(2026, 4, 30)
        ends = [
            (date(2026, 3, 2), first), (date(2026, 3, 2), first - timedelta(days=1)), (last, None),
            (last + timedelta(days=1), None), (first, last),
        ]  # fmt: skip
        contracts = [
            Contract(number, start, "PL-A", end, state="ended" if end else "active")
            for number, (start, end) in zip(NAMES, ends, strict=True)
        ]
        await put_contracts(billing.office, APRIL, contracts)
        await billing.prove(APRIL)
        assert [*await states(billing)] == [NAMES[0], NAMES[2], NAMES[4]]


class TestUndecided:
    """A proof of the calendar that nobody decides on in time is proposed anew (backoffice.md 2)."""

    @pytest.mark.parametrize("newer", [False, True])
    async def test_proposed_anew(self, billing: Desk, *, newer: bool) -> None:
        """The same pass, and it can be issued; with newer usage it is over, and another one begins."""
        office, later = billing.office, after(APRIL, 20)
        await put_contracts(office, APRIL, [a_server()])
        async with office.sessions.begin() as session:
            await start_pass(session, office, APRIL, actor="system", as_of=after(APRIL))
        step = BillingStep(month=APRIL, pass_no=1, as_of=after(APRIL))
        for work in (billing.runs.freeze_usage, billing.runs.price_contracts, billing.runs.prove_run):
            await work(step)
        first = (await billing.run(APRIL)).approval_id or ""
        if newer:
            await stand(office, NAMES[0], Stand("vm-9", "VM-S2", 1, date(2026, 4, 1), date(2026, 4, 30)))
            await take_usage(office, [(NAMES[0], month_of(APRIL, 10, "vm-9"))], at=later)
        closing = ApprovalClosing(origin=Origin(key="expire", actor="system"), approval_id=first, state="expired")
        async with office.sessions.begin() as session:
            assert await run_out(session) == []
            await close_row(session, office, ACTS, closing, as_of=later)
            assert await run_out(session) == [APRIL]
            await propose_anew(session, office, APRIL, as_of=later)

        run = await billing.run(APRIL)
        assert (run.pass_no, run.state) == ((2, "running") if newer else (1, "proof"))
        if newer:
            assert [row.state for row in await billing.all(BillingRunRow)] == ["rejected", "running"]
            return
        assert run.approval_id != first
        await billing.decide(replace_step(step))
        assert await billing.runs.issue_invoices(step) == 1


class TestAfterACrash:
    """Chunks are whole transactions: what is done again is done once."""

    async def test_issuing_goes_on(self, billing: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """Killed between two chunks, each step done twice: numbers without gap, each contract once."""
        monkeypatch.setattr(billing_run, "CHUNK", 2)
        await put_contracts(billing.office, APRIL, [a_server(number) for number in NAMES])
        step = await billing.begin(APRIL)
        for _ in range(2):
            await billing.runs.freeze_usage(step)
        assert [await billing.runs.price_contracts(step) for _ in range(2)] == [5, 0]
        assert [await billing.runs.prove_run(step) for _ in range(2)] == ["proof", "proof"]
        await billing.decide(step)
        whole = billing_issue.issue_chunk
        calls = iter([whole])

        async def dies(*args: object, **more: object) -> int:
            return await next(calls)(*args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(billing_run, "issue_chunk", dies)
        with pytest.raises(RuntimeError):  # StopIteration of the second chunk
            await billing.runs.issue_invoices(step)
        monkeypatch.setattr(billing_run, "issue_chunk", whole)
        assert [await billing.runs.issue_invoices(replace_step(step)) for _ in range(2)] == [3, 0]

        invoices = await billing.all(InvoiceRow)
        assert [row.contract_no for row in invoices] == NAMES
        assert [int(row.invoice_no) % 10**7 for row in invoices] == [1, 2, 3, 4, 5]
        assert len(await billing.all(NoticeRow)) == len(await billing.all(JournalEntryRow)) == 5

    async def test_a_frozen_pass_stays_frozen(self, billing: Desk) -> None:
        """A second freeze sees no more than the first."""
        contract = a_server()
        await put_contracts(billing.office, APRIL, [replace(contract, rows=[])])
        step = await billing.begin(APRIL)
        await billing.runs.freeze_usage(step)
        await take_usage(billing.office, [(NAMES[0], contract.rows[0])])
        await billing.runs.freeze_usage(step)
        await billing.runs.price_contracts(step)
        assert await states(billing) == {NAMES[0]: "usage_gap"}


def replace_step(step: BillingStep) -> BillingStep:
    """Give the step as it is told again, a minute later."""
    return step.model_copy(update={"as_of": step.as_of + timedelta(minutes=1)})
