"""Credit notes and write-offs: what they do to rows, balances, payments and books (27(2), 36, 37, A49, A50, A75)."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlmodel import col

from activities.approvals import NotOpen
from activities.corrections import propose_credit, propose_write_off
from activities.office import Office
from models.database import Sessions
from models.tables import (
    AllocationRow,
    ApprovalRow,
    AuditEventRow,
    InvoiceAccountRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceTaxRow,
    NoticeRow,
    PayoutRow,
    TaskRow,
)
from terms.citation import InvalidRule, Refused
from tests.activities.claims import TODAY, account, approve, breaches, deposit, everything, of_kind, office_on, pay
from tests.api.books import a_contract, a_line, an_invoice, at_noon

DUE = date(2026, 6, 30)
LATE_DAY = date(2026, 8, 1)
THREE = (
    a_line(710, code="VM-S1", resource_id="vm-1", month="2026-04"),
    a_line(1985, code="VM-S2", resource_id="vm-2", month="2026-04"),
    a_line(960, month="2026-04"),
    a_line(500, month="2026-04", tax_class="exempt"),
)


@pytest.fixture
async def office(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Office]:
    """Open an office with one contract."""
    async with office_on(sessions, tmp_path) as opened:
        await a_contract(opened.sessions, opened.vault)
        yield opened


async def propose(office: Office, invoice_no: str, *lines: tuple[int, int], key: str = "k", on: date = TODAY) -> str:
    """Propose a credit."""
    async with office.sessions.begin() as session:
        return await propose_credit(
            session, office, invoice_no=invoice_no, lines=lines, reason="訂正", key=key, actor="billing:billing-1",
            as_of=at_noon(on),
        )  # fmt: skip


async def credit(office: Office, invoice_no: str, *lines: tuple[int, int], key: str = "k") -> InvoiceRow:
    """Propose a credit and have it approved; gives the credit note."""
    approval_id = await propose(office, invoice_no, *lines, key=key)
    assert await approve(office, approval_id) == "approved"
    (note,) = [each for each in await of_kind(office, "credit") if each.approval_id == approval_id]
    return note


async def write_off(office: Office, invoice_no: str, amount: int, key: str = "w") -> str:
    """Propose a write-off."""
    async with office.sessions.begin() as session:
        return await propose_write_off(
            session, office, invoice_no=invoice_no, amount=amount, reason="手数料", key=key, actor="cash:cash-1",
            as_of=at_noon(TODAY),
        )  # fmt: skip


async def consequence(office: Office, approval_id: str) -> dict[str, object]:
    """Read what a proposal says it would do."""
    (row,) = await everything(office, ApprovalRow, col(ApprovalRow.approval_id) == approval_id)
    found: dict[str, object] = row.consequence
    return found


class TestCredit:
    """A credit note is an invoice of its own that names the one it corrects."""

    async def test_before_payment(self, office: Office) -> None:
        """It lowers what is open by its lines and their tax; the invoice itself stays as it is."""
        number = await an_invoice(office, "C-000001", lines=THREE)
        approval_id = await propose(office, number, (1, 710), (4, 100))
        shown = await consequence(office, approval_id)
        await approve(office, approval_id)
        (note,) = await of_kind(office, "credit")
        lines = await everything(office, InvoiceLineRow, col(InvoiceLineRow.invoice_no) == note.invoice_no)
        (letter,) = await everything(office, NoticeRow, col(NoticeRow.slug) == "credit_note")

        # 365 issued, floor((3,655 - 710) x 10 %) = 294 stay: 71 go back
        assert (note.total, note.non_taxed, note.corrects, note.business_key) == (881, 100, number, approval_id)
        assert (shown["total"], shown["balance"], shown["balance_after"], shown["held"]) == (881, 4520, 3639, 0)
        assert shown["rates"] == [{"rate_percent": 10, "base": 710, "tax": 71}]
        assert [(line.code, line.amount) for line in lines] == [("VM-S1", 710), ("SGW", 100)]
        assert note.invoice_no == "6260000001"
        assert await account(office, number) == ("part_paid", 3639)
        assert await account(office, note.invoice_no) == ("issued", 0)
        assert (letter.invoice_no, letter.state, letter.contact_kind) == (note.invoice_no, "queued", "billing")
        assert await breaches(office) == []

    async def test_on_a_paid_invoice(self, office: Office) -> None:
        """What payments had paid beyond it is held with the deposit, by counter-rows."""
        number = await an_invoice(office, "C-000001")
        payment = await pay(office, "C-000001", 11_000, DUE)
        approval_id = await propose(office, number, (1, 4_000))
        shown = await consequence(office, approval_id)
        await approve(office, approval_id)
        rows = await everything(office, AllocationRow)

        assert (shown["balance_after"], shown["held"]) == (0, 4_400)
        assert [(row.amount, row.value_on, row.on_day, row.undoes) for row in rows] == [
            (11_000, DUE, DUE, None), (-11_000, DUE, TODAY, rows[0].id), (6_600, DUE, TODAY, None),
        ]  # fmt: skip
        assert await account(office, number) == ("paid", 0)
        assert await deposit(office, payment) == ("held", 4_400)
        assert await breaches(office) == []

    async def test_a_rest_while_the_contract_owes(self, office: Office) -> None:
        """While another invoice is open the deposit counts as allocated in part."""
        number = await an_invoice(office, "C-000001")
        payment = await pay(office, "C-000001", 11_000, DUE)
        await an_invoice(office, "C-000001", month="2026-05", issued_on=date(2026, 7, 10), due_on=date(2026, 7, 31))
        await credit(office, number, (1, 10_000))

        assert await deposit(office, payment) == ("part_allocated", 11_000)
        assert await breaches(office) == []

    async def test_interest_that_was_paid(self, office: Office) -> None:
        """Interest is recomputed from the due day on; what is not owed any more is held, its invoice issued anew."""
        number = await an_invoice(office, "C-000001", lines=[a_line(1_000_000, month="2026-04")])
        # 32 days on 1,100,000: floor(1,100,000 x 14.5 % x 32 / 365) = 13,983
        payment = await pay(office, "C-000001", 1_113_983, LATE_DAY)
        (before,) = await of_kind(office, "interest")
        await credit(office, number, (1, 500_000))
        old, new = await of_kind(office, "interest")

        # on 550,000 it is 6,991
        assert (before.total, old.invoice_no) == (13_983, before.invoice_no)
        assert (new.total, new.replaces) == (6_991, old.invoice_no)
        assert await account(office, old.invoice_no) == ("void", 0)
        assert await account(office, new.invoice_no) == ("paid", 0)
        assert new.basis["interest"] == [
            {"invoice_no": number, "principal": 550_000, "from_on": "2026-07-01", "to_on": "2026-08-01", "days": 32,
             "parts": [{"days": 32, "basis": 365}], "interest": 6_991},
        ]  # fmt: skip
        assert await account(office, number) == ("paid", 0)
        assert await deposit(office, payment) == ("held", 550_000 + 6_992)
        assert await breaches(office) == []

    async def test_the_whole_invoice(self, office: Office) -> None:
        """With the last yen goes the interest, too: its invoice is void, and its letter, if it waits, withdrawn."""
        number = await an_invoice(office, "C-000001", lines=[a_line(1_000_000, month="2026-04")])
        payment = await pay(office, "C-000001", 1_113_983, LATE_DAY)
        await credit(office, number, (1, 1_000_000))
        (interest,) = await of_kind(office, "interest")
        letters = await everything(office, NoticeRow, col(NoticeRow.invoice_no) == interest.invoice_no)

        assert await account(office, interest.invoice_no) == ("void", 0)
        assert [letter.state for letter in letters] == ["withdrawn"]
        assert await account(office, number) == ("paid", 0)
        assert await deposit(office, payment) == ("held", 1_113_983)
        assert await breaches(office) == []

    async def test_interest_not_paid_yet(self, office: Office) -> None:
        """A payment before the credit keeps its principal; a later one finds less interest."""
        number = await an_invoice(office, "C-000001", lines=[a_line(1_000_000, month="2026-04")])
        await credit(office, number, (1, 500_000))
        await pay(office, "C-000001", 556_991, LATE_DAY)

        assert await account(office, number) == ("paid", 0)
        assert [each.total for each in await of_kind(office, "interest")] == [6_991]
        assert await breaches(office) == []

    @pytest.mark.parametrize("seed", range(4))
    async def test_any_split_sums_back(self, office: Office, seed: int) -> None:
        """However an invoice is taken back in parts, the parts sum to its bases, taxes and total."""
        chance = Random(seed)  # noqa: S311 (repeatable)
        number = await an_invoice(office, "C-000001", lines=THREE)
        await pay(office, "C-000001", chance.randrange(1, 6000), DUE)
        left = {1: 710, 2: 1985, 3: 960, 4: 500}
        notes: list[InvoiceRow] = []
        while any(left.values()):
            chosen = [no for no in left if left[no] and chance.random() < 0.7] or [no for no in left if left[no]][:1]
            lines = [(no, left[no] if len(notes) > 4 else chance.randint(1, left[no])) for no in chosen]
            left |= {no: left[no] - amount for no, amount in lines}
            notes.append(await credit(office, number, *lines, key=f"k{len(notes)}"))
        taxes = await everything(office, InvoiceTaxRow, col(InvoiceTaxRow.invoice_no) != number)

        assert sum(note.total for note in notes) == 4520
        assert sum(note.non_taxed for note in notes) == 500
        assert (sum(tax.base for tax in taxes), sum(tax.tax for tax in taxes)) == (3655, 365)
        assert await account(office, number) == ("paid", 0)
        assert await breaches(office) == []
        with pytest.raises(Refused) as refused:
            await propose(office, number, (1, 1), key="more")
        assert str(refused.value.article) == "27(1)"


class TestWhatIsRefused:
    """Nothing is taken back that is not claimed."""

    async def test_more_than_is_left(self, office: Office) -> None:
        """Above what is left of a line is refused, at the proposal and at the decision."""
        number = await an_invoice(office, "C-000001")
        with pytest.raises(Refused):
            await propose(office, number, (1, 10_001))
        first, second = await propose(office, number, (1, 6_000)), await propose(office, number, (1, 6_000), key="2")
        await approve(office, first)
        with pytest.raises(Refused) as refused:
            await approve(office, second)

        assert str(refused.value.article) == "27(1)"
        (row,) = await everything(office, ApprovalRow, col(ApprovalRow.approval_id) == second)
        assert row.state == "open"
        assert len(await of_kind(office, "credit")) == 1

    async def test_a_line_that_is_not_there(self, office: Office) -> None:
        """The fault is named with its place."""
        number = await an_invoice(office, "C-000001")
        with pytest.raises(InvalidRule) as wrong:
            await propose(office, number, (1, 1), (7, 1))
        assert wrong.value.pointer == "/lines/1/line_no"

    async def test_no_credit_on_a_credit(self, office: Office) -> None:
        """A credit note can't be credited."""
        note = await credit(office, await an_invoice(office, "C-000001"), (1, 100))
        with pytest.raises(Refused):
            await propose(office, note.invoice_no, (1, 100), key="2")

    async def test_twice_decided(self, office: Office) -> None:
        """An approved proposal can't be approved again: one effect."""
        approval_id = await propose(office, await an_invoice(office, "C-000001"), (1, 100))
        await approve(office, approval_id)
        with pytest.raises(NotOpen):
            await approve(office, approval_id, role="cash")
        assert len(await of_kind(office, "credit")) == 1

    async def test_rejected(self, office: Office) -> None:
        """A rejected proposal changes nothing."""
        number = await an_invoice(office, "C-000001")
        await approve(office, await propose(office, number, (1, 100)), decision="reject")
        assert await of_kind(office, "credit") == []
        assert await account(office, number) == ("issued", 11_000)

    async def test_what_was_given_up(self, office: Office) -> None:
        """A written-off part can't be credited as well; what is still open can."""
        number = await an_invoice(office, "C-000001")
        await approve(office, await write_off(office, number, 6_600))
        with pytest.raises(Refused):
            await propose(office, number, (1, 4_001))
        await credit(office, number, (1, 4_000))

        assert await account(office, number) == ("paid", 0)
        assert await breaches(office) == []


class TestLateUsage:
    """Late usage proposes by itself; only its newest proposal stands."""

    async def test_a_newer_proposal(self, office: Office) -> None:
        """An older one for the same invoice is withdrawn; a person's stays."""
        number = await an_invoice(office, "C-000001")
        by_hand = await propose(office, number, (1, 100))
        old = await propose(office, number, (1, 200), key=f"late:{number}:2026-04:2026-05:1")
        new = await propose(office, number, (1, 300), key=f"late:{number}:2026-04:2026-06:1")

        states = {row.approval_id: row.state for row in await everything(office, ApprovalRow)}
        assert states == {by_hand: "open", old: "withdrawn", new: "open"}

    async def test_no_more_than_is_left(self, office: Office) -> None:
        """What a person has credited before is not proposed once more."""
        number = await an_invoice(office, "C-000001")
        await credit(office, number, (1, 9_900))
        approval_id = await propose(office, number, (1, 500), key="late:1")
        assert (await consequence(office, approval_id))["lines"] == [{"line_no": 1, "amount": 100}]
        await approve(office, approval_id)
        assert await propose(office, number, (1, 500), key="late:2") == ""

    async def test_what_can_not_be_proposed(self, office: Office) -> None:
        """Where a claim was given up a person is asked; the run goes on."""
        number = await an_invoice(office, "C-000001")
        await approve(office, await write_off(office, number, 11_000))

        assert await propose(office, number, (1, 500), key="late:1") == ""
        (task,) = await everything(office, TaskRow, col(TaskRow.kind) == "credit_impossible")
        assert (task.role, task.contract_no) == ("billing", "C-000001")


class TestWriteOff:
    """A claim that is given up: a row, an entry, less that is open (A50)."""

    async def test_a_part(self, office: Office) -> None:
        """The balance is lowered on the day of the approval; interest runs on the rest only from then on."""
        number = await an_invoice(office, "C-000001", lines=[a_line(1_000_000, month="2026-04")])
        approval_id = await write_off(office, number, 550_000)
        shown = await consequence(office, approval_id)
        await approve(office, approval_id)
        (row,) = await everything(office, PayoutRow)

        assert shown == {"invoice_no": number, "amount": 550_000, "balance": 1_100_000, "balance_after": 550_000}
        assert (row.kind, row.amount, row.invoice_no, row.on_day) == ("write_off", 550_000, number, TODAY)
        assert await account(office, number) == ("part_paid", 550_000)
        # 63 days on 1,100,000 and 1 day on 550,000
        later = TODAY + timedelta(days=1)
        await pay(office, "C-000001", 550_000 + 27_530 + 218, later)
        assert await account(office, number) == ("paid", 0)
        assert [each.total for each in await of_kind(office, "interest")] == [27_530 + 218]
        assert await breaches(office) == []

    async def test_the_rest_of_a_short_payment(self, office: Office) -> None:
        """With the last yen given up the invoice is paid, and the event is in the contract's life."""
        number = await an_invoice(office, "C-000001")
        payment = await pay(office, "C-000001", 10_560, DUE)
        await approve(office, await write_off(office, number, 440))
        events = await everything(office, AuditEventRow, col(AuditEventRow.action) == "written_off")

        assert await account(office, number) == ("paid", 0)
        assert await deposit(office, payment) == ("allocated", 0)
        assert [event.contract_no for event in events] == ["C-000001"]
        assert await breaches(office) == []

    async def test_above_the_balance(self, office: Office) -> None:
        """More than is open is refused, at the proposal and at the decision."""
        number = await an_invoice(office, "C-000001")
        with pytest.raises(Refused) as refused:
            await write_off(office, number, 11_001)
        assert str(refused.value.article) == "27(2)"
        approval_id = await write_off(office, number, 11_000)
        await pay(office, "C-000001", 1, DUE)
        with pytest.raises(Refused):
            await approve(office, approval_id)
        assert await everything(office, PayoutRow) == []
        assert len(await everything(office, InvoiceAccountRow)) == 1
