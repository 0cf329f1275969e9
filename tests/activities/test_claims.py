"""Claims beside the month's: surcharge (35), restoration (38(2)), penalty (28), each with its letter and books."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

import pytest
from sqlmodel import col

from activities.invoice_facts import papers_of
from activities.office import Office
from activities.penalty import issue_penalty
from activities.penalty_waiver import propose_waiver
from activities.restoration import Work, propose_restoration
from activities.surcharge import propose_surcharge
from models.database import Sessions
from models.messages.contract import Line
from models.messages.termination import Ending
from models.tables import ApprovalRow, ContractRow, InvoiceLineRow, InvoiceRow, NoticeRow, ResourceRow, TerminationRow
from terms.citation import Refused
from tests.activities.claims import TODAY, account, approve, breaches, everything, of_kind, office_on
from tests.api.books import a_contract, at_noon

NUMBER = "C-000001"
ENDED_ON = date(2026, 6, 30)
COMPLETED_ON = date(2026, 7, 20)
WORK = (Work(description="ラックの撤去", cost=30_000), Work(description="配線の撤去", cost=5_500))


@pytest.fixture
async def office(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Office]:
    """Open an office with one contract."""
    async with office_on(sessions, tmp_path) as opened:
        await a_contract(opened.sessions, opened.vault, min_term_ends_on=date(2026, 4, 30))
        yield opened


async def ended(office: Office, ground: str = "18(1)", *, on: date = ENDED_ON) -> None:
    """Have the contract end on a day."""
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, NUMBER)
        contract.state, contract.ends_on, contract.end_ground = "ended", on, ground
        contract.ended_at = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)


async def left_over(office: Office, resource_id: str, code: str, quantity: int = 1) -> None:
    """Leave a resource standing at the end."""
    async with office.sessions.begin() as session:
        session.add(
            ResourceRow(
                contract_no=NUMBER, resource_id=resource_id, code=code, quantity=quantity, zone="tokyo-1",
                from_on=date(2026, 4, 1), left_over=True,
                name=await office.vault.seal_text(NUMBER, "erasable", "基幹DB"),
            )
        )  # fmt: skip


async def lines_of(office: Office, invoice: InvoiceRow) -> list[tuple[str, str, str | None, int]]:
    """Read code, charge type, month and yen of an invoice's lines."""
    rows = await everything(office, InvoiceLineRow, col(InvoiceLineRow.invoice_no) == invoice.invoice_no)
    return [(row.code, row.charge_type, row.month, row.amount) for row in rows]


async def printed(office: Office, invoice: InvoiceRow) -> dict[str, object]:
    """Put together what the letter of an invoice prints."""
    rows = await everything(office, NoticeRow, col(NoticeRow.invoice_no) == invoice.invoice_no)
    for row in rows:
        row.stamped_at = at_noon(TODAY)
    ((_, _, facts),) = await papers_of(office, rows)
    return facts.model_dump(mode="json", exclude_none=True)


class TestSurcharge:
    """Avoided charges, twice as much again, tax on both (35)."""

    async def propose(self, office: Office, avoided: int) -> str:
        """Propose a surcharge."""
        async with office.sessions.begin() as session:
            return await propose_surcharge(
                session, office, await session.get_one(ContractRow, NUMBER), avoided=avoided,
                facts="計測を妨げた。\n\t申告なし。", key="s", actor="billing:billing-1", as_of=at_noon(TODAY),
            )  # fmt: skip

    async def test_the_invoice(self, office: Office) -> None:
        """One floor of tax on three times the fee; due two weeks after issue (A90); its case is the approval."""
        approval_id = await self.propose(office, 33_335)
        (shown,) = await everything(office, ApprovalRow)
        await approve(office, approval_id)
        (invoice,) = await of_kind(office, "surcharge")

        assert (shown.act, shown.article, shown.roles, shown.needs) == ("surcharge", "35", ["legal"], 1)
        assert (shown.consequence["total"], shown.consequence["due_on"]) == (110_005, "2026-09-15")
        assert await lines_of(office, invoice) == [
            ("AVOIDED", "avoided_fee", None, 33_335), ("SURCHARGE", "surcharge", None, 66_670),
        ]  # fmt: skip
        assert (invoice.total, invoice.business_key, invoice.due_on) == (110_005, approval_id, date(2026, 9, 15))
        assert await account(office, invoice.invoice_no) == ("issued", 110_005)
        assert await breaches(office) == []

    async def test_the_facts_stay_sealed(self, office: Office) -> None:
        """A person's words stand in no open column; the letter prints them."""
        await approve(office, await self.propose(office, 1_000))
        (invoice,) = await of_kind(office, "surcharge")
        (row,) = await everything(office, ApprovalRow)

        told = (await printed(office, invoice))["surcharge"]
        assert told == {"avoided": 1_000, "surcharge": 2_000, "facts": "計測を妨げた。\n 申告なし。"}
        assert "計測" not in str((invoice.basis, row.payload, row.consequence))


class TestRestoration:
    """Work, deletion, and damages for what was left standing (38(2))."""

    async def propose(
        self, office: Office, *items: Work, completed_on: date = COMPLETED_ON, key: str = "r", on: date = TODAY
    ) -> str:
        """Propose to charge a removal."""
        async with office.sessions.begin() as session:
            return await propose_restoration(
                session, office, await session.get_one(ContractRow, NUMBER), completed_on=completed_on, items=items,
                key=key, actor="provisioning:provisioning-1", as_of=at_noon(on),
            )  # fmt: skip

    async def test_after_a_notice(self, office: Office) -> None:
        """Deletion once (A91), damages by month with their caps and quantities, fixed fees left out (A80)."""
        await ended(office)
        await left_over(office, "vm-1", "VM-S1")
        await left_over(office, "vol-1", "VOL-STD", 100)
        await left_over(office, "gw-1", "SGW")
        await approve(office, await self.propose(office, *WORK, completed_on=date(2026, 8, 10)))
        (invoice,) = await of_kind(office, "restoration")
        by_type: dict[str, list[tuple[str, str | None, int]]] = {}
        for code, charge_type, month, amount in await lines_of(office, invoice):
            by_type.setdefault(charge_type, []).append((code, month, amount))

        assert by_type["restoration_cost"] == [("OPS-RST", None, 30_000), ("OPS-RST", None, 5_500)]
        assert by_type["deletion_cost"] == [("OPS-DEL", None, 20_000)]
        # July in full is at the cap of 720; 10 days of August are 240 h x 1.5
        assert by_type["restoration_damages"][:2] == [("VM-S1", "2026-07", 720), ("VM-S1", "2026-08", 360)]
        assert [(code, month) for code, month, _ in by_type["restoration_damages"][2:]] == [
            ("VOL-STD", "2026-07"), ("VOL-STD", "2026-08"),
        ]  # fmt: skip
        facts = await printed(office, invoice)
        assert facts["restoration"] == {"ended_on": "2026-06-30", "completed_on": "2026-08-10"}
        assert "ラック" not in str((invoice.basis, await everything(office, ApprovalRow)))
        assert await breaches(office) == []

    async def test_after_another_end(self, office: Office) -> None:
        """Where the terms put no duty on the customer the deletion is not charged by itself."""
        await ended(office, "18(2)")
        await left_over(office, "vm-1", "VM-S1")
        await approve(office, await self.propose(office))
        (invoice,) = await of_kind(office, "restoration")

        assert await lines_of(office, invoice) == [("VM-S1", "restoration_damages", "2026-07", 720)]

    async def test_a_second_one(self, office: Office) -> None:
        """Only what was not charged yet is charged; the cap of a month holds over both."""
        await ended(office)
        await left_over(office, "vm-1", "VM-S1")
        await approve(office, await self.propose(office, completed_on=date(2026, 7, 10)))
        await approve(office, await self.propose(office, completed_on=date(2026, 8, 1), key="r2"))
        first, second = await of_kind(office, "restoration")

        assert (await lines_of(office, first))[1:] == [("VM-S1", "restoration_damages", "2026-07", 360)]
        assert await lines_of(office, second) == [
            ("VM-S1", "restoration_damages", "2026-07", 360), ("VM-S1", "restoration_damages", "2026-08", 36),
        ]  # fmt: skip

    async def test_two_proposals_at_once(self, office: Office) -> None:
        """The second one has to be proposed anew: it would charge the same days."""
        await ended(office)
        await left_over(office, "vm-1", "VM-S1")
        first, second = await self.propose(office), await self.propose(office, key="r2")
        await approve(office, first)
        with pytest.raises(Refused) as refused:
            await approve(office, second)
        assert str(refused.value.article) == "38(2)"

    async def test_what_is_refused(self, office: Office) -> None:
        """Nothing is charged before the end, and nothing for nothing."""
        with pytest.raises(Refused):
            await self.propose(office, *WORK)
        await ended(office)
        with pytest.raises(Refused) as refused:
            await self.propose(office)
        assert str(refused.value.article) == "38(2)"


CLUSTER = Line(
    line_no=1, code="DC-STD", quantity=1, zone="tokyo-1", charge_type="monthly", monthly_fee=900_000,
    min_term_months=36, from_on=date(2026, 4, 1), min_term_ends_on=date(2029, 3, 31),
)  # fmt: skip


def ending(ground: str, penalty: int, ends_on: date = ENDED_ON) -> Ending:
    """Make an end."""
    moment = at_noon(ends_on)
    return Ending(
        ground=ground, form="paper", arrived_at=moment, arrived_on=ends_on, ends_on=ends_on, ends_at=moment,
        penalty=penalty, delete_from_on=ends_on, articles=[ground], steps=["違約金"], settings={},
    )  # fmt: skip


class TestPenalty:
    """The penalty of an end is billed at once, outside tax (28, A74)."""

    async def issue(self, office: Office, end: Ending, line: Line = CLUSTER) -> str | None:
        """Issue the penalty of an end."""
        async with office.sessions.begin() as session:
            contract = await session.get_one(ContractRow, NUMBER)
            return await issue_penalty(session, office, contract, end, [line], at_noon(date(2026, 7, 1)))

    async def test_by_mail(self, office: Office) -> None:
        """By e-mail it is due on the day of issue; the formula is printed."""
        number = await self.issue(office, ending("18(1)", 29_700_000))
        (invoice,) = await of_kind(office, "penalty")

        assert (invoice.invoice_no, invoice.total, invoice.non_taxed) == (number, 29_700_000, 29_700_000)
        assert (invoice.business_key, invoice.due_on) == ("28(2)", date(2026, 7, 1))
        told = await printed(office, invoice)
        assert told["penalty"] == {
            "ground": "28(2)", "ends_on": "2026-06-30", "min_term_ends_on": "2029-03-31", "monthly": 900_000,
            "months": 33, "days": 0,
        }  # fmt: skip
        assert told["rates"] == []
        assert "33か月" in str(told["steps"])
        assert await breaches(office) == []

    async def test_on_paper(self, sessions: Sessions, tmp_path: Path) -> None:
        """On paper it is due on the day on which its letter normally arrives, and says so."""
        async with office_on(sessions, tmp_path) as office:
            await a_contract(office.sessions, office.vault, electronic_delivery=False)
            await self.issue(office, ending("18(1)", 29_700_000))
            (invoice,) = await of_kind(office, "penalty")

            assert (invoice.due_on, invoice.basis["arrives_on"]) == (date(2026, 7, 3), "2026-07-03")
            assert (await printed(office, invoice))["arrives_on"] == "2026-07-03"

    async def test_before_the_start(self, office: Office) -> None:
        """28(1): the whole term, on arrival."""
        await self.issue(office, ending("28(1)", 32_400_000))
        (invoice,) = await of_kind(office, "penalty")

        assert (invoice.business_key, invoice.total) == ("28(1)", 32_400_000)
        assert (await printed(office, invoice))["penalty"] == {
            "ground": "28(1)", "ends_on": "2026-06-30", "monthly": 900_000, "months": 36, "days": 0,
        }  # fmt: skip

    async def test_a_lower_sum_that_people_agreed_on(self, office: Office) -> None:
        """Decided before the end, it is billed instead of the formula's, which the steps still tell (28, 5(2))."""
        await self.on_its_way(office)
        await approve(office, await self.lower(office, 10_000_000), role="legal")
        number = await self.issue(office, ending("18(1)", 29_700_000))
        (invoice,) = await of_kind(office, "penalty")
        assert (invoice.invoice_no, invoice.total, invoice.approval_id) == (number, 10_000_000, "P-000001")
        *formula, last = cast("list[str]", invoice.basis["steps"])
        assert ("¥29,700,000" in str(formula), last) == (True, "当社の決定により、違約金を¥10,000,000とします。")
        assert last in str((await printed(office, invoice))["steps"])
        assert await breaches(office) == []

    async def test_it_holds_for_that_end_only(self, office: Office) -> None:
        """Another end that comes first has its own penalty, by the formula."""
        await self.on_its_way(office)
        await approve(office, await self.lower(office, 0), role="legal")
        await self.issue(office, ending("17(1)", 30_000_000, date(2026, 6, 20)))
        assert [each.total for each in await of_kind(office, "penalty")] == [30_000_000]

    async def test_what_changed_since_the_proposal(self, office: Office) -> None:
        """After another end than the one that was meant it has to be proposed anew; billed, it is credited."""
        await self.on_its_way(office)
        approval_id = await self.lower(office, 10_000_000)
        await self.issue(office, ending("17(1)", 30_000_000, date(2026, 6, 20)))
        with pytest.raises(Refused, match="改めて提案"):
            await approve(office, approval_id, role="legal")
        async with office.sessions.begin() as session:
            (await session.get_one(ApprovalRow, approval_id)).state = "withdrawn"
        await approve(office, await self.lower(office, 0), role="legal")
        (note,) = await of_kind(office, "credit")
        (invoice,) = await of_kind(office, "penalty")
        assert (note.total, note.corrects) == (30_000_000, invoice.invoice_no)
        assert await account(office, invoice.invoice_no) == ("paid", 0)
        with pytest.raises(Refused, match="¥0を下回る"):
            await self.lower(office, 0, "again")
        assert await breaches(office) == []

    async def on_its_way(self, office: Office) -> None:
        """Have an end come by notice, with a penalty."""
        end = ending("18(1)", 29_700_000)
        async with office.sessions.begin() as session:
            session.add(
                TerminationRow(
                    contract_no=NUMBER, n=1, ground=end.ground, form=end.form, arrived_at=end.arrived_at,
                    arrived_on=end.arrived_on, ends_on=end.ends_on, penalty=end.penalty,
                    delete_from_on=end.delete_from_on, basis={}, state="running",
                )
            )  # fmt: skip

    async def lower(self, office: Office, amount: int, key: str = "w") -> str:
        """Propose a lower penalty."""
        async with office.sessions.begin() as session:
            contract = await session.get_one(ContractRow, NUMBER)
            approval_id, _ = await propose_waiver(
                session, office, contract, amount=amount, reason="和解", key=f"{key}{amount}",
                actor="billing:billing-1", as_of=at_noon(TODAY),
            )  # fmt: skip
        return approval_id

    async def test_once(self, office: Office) -> None:
        """An end has one penalty invoice, and none where none is due."""
        assert await self.issue(office, ending("18(1)", 29_700_000)) is not None
        assert await self.issue(office, ending("18(1)", 29_700_000)) is None
        assert await self.issue(office, ending("18(2)", 0)) is None
        assert len(await of_kind(office, "penalty")) == 1
