"""A wrong invoice issued anew: numbers, links, prices of today, payments that move with their value days (27(1))."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import col

from activities.corrections import propose_credit
from activities.office import Office
from activities.reissue import propose_reissue
from models.database import Sessions
from models.tables import (
    AllocationRow,
    ApprovalRow,
    BillingResultRow,
    InvoiceLineRow,
    InvoiceRow,
    JournalEntryRow,
    LateUsageRow,
    NoticeRow,
    ResourceRow,
    UsageFileRow,
    UsageQuarantineRow,
    UsageRecordRow,
)
from terms.citation import Refused
from tests.activities.claims import TODAY, account, approve, breaches, deposit, everything, of_kind, office_on, pay
from tests.api.books import a_contract, a_line, an_invoice, at_noon

NUMBER = "C-000001"
DUE = date(2026, 6, 30)
INITIAL = a_line(10_000, code="INIT", charge_type="initial", article="25(1)", month="2026-04", unit="contract")
"""What the month costs without any resource: 11,000 yen with tax."""


@pytest.fixture
async def office(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Office]:
    """Open an office with one contract that began in April."""
    async with office_on(sessions, tmp_path) as opened:
        await a_contract(opened.sessions, opened.vault)
        yield opened


async def a_bill(office: Office, *more: int) -> str:
    """Bill April with other lines besides the initial fee: a wrong bill, unless there are none."""
    lines = [INITIAL, *(a_line(amount, month="2026-04") for amount in more)]
    number = await an_invoice(office, NUMBER, lines=lines)
    async with office.sessions.begin() as session:
        session.add(BillingResultRow(contract_no=NUMBER, month="2026-04", pass_no=1, state="issued", invoice_no=number))
        session.add(LateUsageRow(contract_no=NUMBER, month="2026-04"))
    return number


async def a_server(office: Office, *, seconds: int | None) -> None:
    """Register a server for all April, with its usage unless there is none."""
    async with office.sessions.begin() as session:
        session.add(
            ResourceRow(
                contract_no=NUMBER, resource_id="vm-1", code="VM-S1", quantity=1, zone="tokyo-1",
                from_on=date(2026, 4, 1), to_on=date(2026, 4, 30),
                name=await office.vault.seal_text(NUMBER, "erasable", "基幹DB"),
            )
        )  # fmt: skip
        if seconds is None:
            return
        session.add(
            UsageFileRow(
                file_id="U-1", sha256="0" * 64, encoding="utf-8", rows=1, accepted=1, duplicates=0, duplicate_lines=[],
                quarantined=[], received_at=at_noon(TODAY), received_by="billing:billing-1",
            )
        )  # fmt: skip
        await session.flush()
        session.add(
            UsageRecordRow(
                file_id="U-1", line=1, contract_no=NUMBER, resource_id="vm-1", code="VM-S1", month="2026-04",
                from_on=date(2026, 4, 1), to_on=date(2026, 4, 30), days=30, seconds=seconds, values_hash="0" * 64,
            )
        )  # fmt: skip


async def propose(office: Office, invoice_no: str, key: str = "r") -> str:
    """Propose a reissue."""
    async with office.sessions.begin() as session:
        return await propose_reissue(
            session, office, invoice_no=invoice_no, reason="誤記", key=key, actor="billing:billing-1",
            as_of=at_noon(TODAY),
        )  # fmt: skip


async def reissue(office: Office, invoice_no: str) -> InvoiceRow:
    """Propose a reissue and have it approved; gives the new invoice."""
    await approve(office, await propose(office, invoice_no))
    (new,) = await everything(office, InvoiceRow, col(InvoiceRow.replaces) == invoice_no)
    found: InvoiceRow = new
    return found


class TestMonth:
    """A month's invoice is priced from what is known now."""

    async def test_less_than_before(self, office: Office) -> None:
        """The new one takes the next number and names the old, void one; its due day stays."""
        old = await a_bill(office, 5_000)
        approval_id = await propose(office, old)
        (shown,) = await everything(office, ApprovalRow, col(ApprovalRow.approval_id) == approval_id)
        await approve(office, approval_id)
        (new,) = await everything(office, InvoiceRow, col(InvoiceRow.replaces) == old)
        (result,) = await everything(office, BillingResultRow)
        entries = {row.entry_key for row in await everything(office, JournalEntryRow)}

        assert shown.consequence == {
            "invoice_no": old, "old_total": 16_500, "new_total": 11_000, "old_due_on": "2026-06-30",
            "due_on": "2026-06-30",
        }  # fmt: skip
        assert (old, new.invoice_no, new.business_key) == ("1260000001", "1260000002", "2026-04")
        assert (new.total, new.due_on, new.issued_on, new.approval_id) == (11_000, DUE, TODAY, approval_id)
        assert await account(office, old) == ("void", 0)
        assert await account(office, new.invoice_no) == ("issued", 11_000)
        assert result.invoice_no == new.invoice_no
        assert await everything(office, LateUsageRow) == []
        assert entries == {f"invoice:{old}", f"void:{old}", f"invoice:{new.invoice_no}"}
        assert await breaches(office) == []

    async def test_more_than_before(self, office: Office) -> None:
        """Usage that was missing is charged; over more than before it leaves fourteen days from its issue."""
        old = await a_bill(office)
        await a_server(office, seconds=3_600 * 100)
        new = await reissue(office, old)
        lines = await everything(office, InvoiceLineRow, col(InvoiceLineRow.invoice_no) == new.invoice_no)
        (result,) = await everything(office, BillingResultRow)

        assert [(line.code, line.amount) for line in lines] == [("INIT", 10_000), ("VM-S1", 150)]
        assert (new.total, new.due_on, new.usage_through) == (11_165, TODAY + timedelta(days=14), 1)
        assert result.usage_through == 1
        assert "2026年9月15日" in str(new.basis["steps"])
        assert await breaches(office) == []

    async def test_lines_of_other_months_stay(self, office: Office) -> None:
        """What stood on it for another month is taken over as it was."""
        other = a_line(70, month="2026-03", adjusts_invoice="1250000009")
        old = await an_invoice(office, NUMBER, lines=[INITIAL, other])
        new = await reissue(office, old)
        lines = await everything(office, InvoiceLineRow, col(InvoiceLineRow.invoice_no) == new.invoice_no)

        kept = [(line.month, line.amount, line.adjusts_invoice) for line in lines]
        assert kept[:2] == [("2026-04", 10_000, None), ("2026-03", 70, "1250000009")]

    async def test_letters(self, office: Office) -> None:
        """The old letter, if it waits, does not go out any more; the new one does."""
        old = await a_bill(office, 5_000)
        new = await reissue(office, old)
        letters = await everything(office, NoticeRow)

        assert [(letter.invoice_no, letter.state) for letter in letters] == [
            (old, "withdrawn"), (new.invoice_no, "queued"),
        ]  # fmt: skip

    async def test_other_proposals(self, office: Office) -> None:
        """What else was proposed about the old one is withdrawn."""
        old = await a_bill(office, 5_000)
        async with office.sessions.begin() as session:
            credit = await propose_credit(
                session, office, invoice_no=old, lines=[(1, 1)], reason="訂正", key="k", actor="billing:billing-2",
                as_of=at_noon(TODAY),
            )  # fmt: skip
        await reissue(office, old)

        states = {row.approval_id: row.state for row in await everything(office, ApprovalRow)}
        assert states[credit] == "withdrawn"


class TestPayments:
    """Payments move to the new invoice with their value days; what is too much is held."""

    async def test_excess(self, office: Office) -> None:
        """Of a payment in full the difference is held."""
        old = await a_bill(office, 5_000)
        payment = await pay(office, NUMBER, 16_500, DUE)
        new = await reissue(office, old)
        rows = await everything(office, AllocationRow)

        assert [(row.invoice_no, row.amount, row.value_on) for row in rows] == [
            (old, 16_500, DUE), (old, -16_500, DUE), (new.invoice_no, 11_000, DUE),
        ]  # fmt: skip
        assert await account(office, new.invoice_no) == ("paid", 0)
        assert await deposit(office, payment) == ("held", 5_500)
        assert await breaches(office) == []

    async def test_two_payments_and_interest(self, office: Office) -> None:
        """Interest that was collected is worked out anew, and its invoices with it."""
        old = await a_bill(office, 2_000_000)
        first = await pay(office, NUMBER, 1_000, DUE - timedelta(days=1))
        second = await pay(office, NUMBER, 1_500_000, date(2026, 8, 1))
        before = await of_kind(office, "interest")
        new = await reissue(office, old)
        after = await of_kind(office, "interest")

        assert [each.total for each in before] == [28_094]  # 32 days on 2,210,000
        # 32 days on 10,000
        assert [(each.total, each.replaces) for each in after[1:]] == [(127, before[0].invoice_no)]
        assert (await account(office, before[0].invoice_no))[0] == "void"
        assert await account(office, new.invoice_no) == ("paid", 0)
        assert [await deposit(office, each) for each in (first, second)] == [
            ("allocated", 0), ("held", 1_500_000 - 10_000 - 127),
        ]  # fmt: skip
        assert await breaches(office) == []

    async def test_a_later_due_day(self, office: Office) -> None:
        """Before its own due day the new invoice bears no interest: what was collected pays its principal."""
        old = await a_bill(office, 1_000_000)
        payment = await pay(office, NUMBER, 1_111_000 + 14_123, date(2026, 8, 1))
        await a_server(office, seconds=3_600 * 300)
        async with office.sessions.begin() as session:
            for n in range(3):
                session.add(
                    ResourceRow(
                        contract_no=NUMBER, resource_id=f"cl-{n}", code="DC-STD", quantity=1, zone="tokyo-1",
                        from_on=date(2026, 4, 1), name=b"",
                    )
                )  # fmt: skip
        new = await reissue(office, old)

        assert new.total > 1_125_123
        assert await account(office, new.invoice_no) == ("part_paid", new.total - 1_125_123)
        assert [await account(office, each.invoice_no) for each in await of_kind(office, "interest")] == [("void", 0)]
        assert await deposit(office, payment) == ("allocated", 0)
        assert await breaches(office) == []


class TestOtherKinds:
    """An invoice that no month prices says again what it said."""

    async def test_the_same_again(self, office: Office) -> None:
        """Lines, sums, key and due day are those of the old one."""
        line = a_line(50_000, code="PENALTY", charge_type="penalty", article="28(2)", tax_class="non_taxable")
        old = await an_invoice(
            office,
            NUMBER,
            kind="penalty",
            month=None,
            business_key="28(2)",
            lines=[line],
            basis={"penalty": {"days": 1}},
        )
        new = await reissue(office, old)

        assert new.invoice_no == "2260000002"
        assert (new.total, new.non_taxed, new.due_on, new.business_key) == (50_000, 50_000, DUE, "28(2)")
        assert new.basis == {"penalty": {"days": 1}}
        assert await breaches(office) == []


class TestWhatIsRefused:
    """What can't be replaced is corrected by a credit note."""

    async def refused(self, office: Office, invoice_no: str) -> str:
        """Propose what is refused; gives the article."""
        with pytest.raises(Refused) as refused:
            await propose(office, invoice_no, "again")
        return str(refused.value.article)

    async def test_twice(self, office: Office) -> None:
        """A void invoice can't be replaced; its replacement can."""
        old = await a_bill(office, 5_000)
        new = await reissue(office, old)
        assert await self.refused(office, old) == "27(1)"
        await approve(office, await propose(office, new.invoice_no, "third"))
        assert await account(office, new.invoice_no) == ("void", 0)
        assert await breaches(office) == []

    async def test_with_a_credit_note(self, office: Office) -> None:
        """While credit notes name it, it stays."""
        old = await a_bill(office, 5_000)
        async with office.sessions.begin() as session:
            approval_id = await propose_credit(
                session, office, invoice_no=old, lines=[(1, 1)], reason="訂正", key="k", actor="billing:billing-2",
                as_of=at_noon(TODAY),
            )  # fmt: skip
        await approve(office, approval_id)
        (note,) = await of_kind(office, "credit")

        assert await self.refused(office, old) == "27(1)"
        assert await self.refused(office, note.invoice_no) == "27(1)"

    async def test_late_usage_that_is_billed(self, office: Office) -> None:
        """Where a later invoice completes the month, pricing it anew would charge that twice."""
        old = await a_bill(office)
        await an_invoice(office, NUMBER, month="2026-05", lines=[a_line(70, month="2026-04", adjusts_invoice=old)])
        assert await self.refused(office, old) == "27(1)"

    async def test_a_month_that_can_not_be_priced(self, office: Office) -> None:
        """Usage that is missing or doubtful is refused by 24(2)."""
        old = await a_bill(office)
        await a_server(office, seconds=None)
        assert await self.refused(office, old) == "24(2)"
        async with office.sessions.begin() as session:
            session.add(
                UsageFileRow(
                    file_id="U-2", sha256="1" * 64, encoding="utf-8", rows=1, accepted=0, duplicates=0,
                    duplicate_lines=[], quarantined=[], received_at=at_noon(TODAY), received_by="billing:billing-1",
                )
            )  # fmt: skip
            await session.flush()
            session.add(
                UsageQuarantineRow(
                    quarantine_id="Q-1", file_id="U-2", line=1, reason="overlap", contract_no=NUMBER, month="2026-04",
                    values_hash="0" * 64, row=b"",
                )
            )  # fmt: skip
        assert await self.refused(office, old) == "24(2)"

    async def test_another_sum_than_was_approved(self, office: Office) -> None:
        """If usage came between proposal and decision, it has to be proposed anew."""
        old = await a_bill(office)
        approval_id = await propose(office, old)
        await a_server(office, seconds=3_600 * 100)
        with pytest.raises(Refused):
            await approve(office, approval_id)

        assert await account(office, old) == ("issued", 11_000)
        assert await breaches(office) == []
