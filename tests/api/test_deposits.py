"""The workbench: deposits in their order, allotted, offset, given back and taken back (27(2), 36, 民488-489, A75)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.database import Sessions
from models.tables import AllocationRow, PayerAliasRow
from tests.cash_office import JSON, Cashier, Transfer, bill, breaches, cash_office, count, sign, zengin

NAME, OTHER = "ｶ)ﾐﾎﾝﾃﾞ-ﾀ", "ﾕ)ﾍﾞﾂﾉﾐﾎﾝ"


@pytest.fixture
async def cashier(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Cashier]:
    """Give somebody of the cash desk."""
    async with cash_office(sessions, tmp_path) as opened:
        yield opened


@pytest.fixture
async def contract_no(cashier: Cashier) -> str:
    """Give a customer who owes 10,000 yen due on 30 June, and 20,000 due on 31 July."""
    number = await sign(cashier.office, 1, "R1", [NAME])
    await bill(cashier.office, number, 10_000, month="2026-04", issued_on="2026-05-12", due_on="2026-06-30")
    await bill(cashier.office, number, 20_000, month="2026-05", issued_on="2026-06-05", due_on="2026-07-31")
    return number


async def invoices_of(cashier: Cashier, contract_no: str) -> list[JSON]:
    """List the invoices of a contract."""
    found: list[JSON] = (await cashier.read("/v1/invoices", "auditor", contract_no=contract_no))["items"]
    return found


def parts(deposit: JSON) -> list[tuple[str, int]]:
    """List part and yen of what a deposit pays."""
    return [(each["part"], each["amount"]) for each in deposit["allocations"]]


async def path_of(cashier: Cashier, reference: int, what: str) -> str:
    """Give the path of a command on a deposit."""
    return f"/v1/deposits/{(await cashier.deposit(reference))['deposit_id']}/{what}"


async def documents(cashier: Cashier, reference: int) -> set[str]:
    """Name the invoices that document the interest that a deposit has collected."""
    allocations = (await cashier.deposit(reference))["allocations"]
    return {each["interest_invoice"] for each in allocations if each["part"] == "interest"}


class TestWaiting:
    """Later deposits of a customer wait for its earlier ones."""

    async def test_the_later_one_waits(self, cashier: Cashier, contract_no: str) -> None:
        """A deposit that would apply waits while an earlier one waits, and applies once that one is allotted."""
        await cashier.take(zengin(Transfer(2, "0616", 20_000, NAME), Transfer(1, "0615", 4_000, NAME)))
        assert (await cashier.deposit(2))["waits"] == "earlier_waits"

        await cashier.allot(1, contract_no)
        first, second = await cashier.deposit(1), await cashier.deposit(2)
        assert (first["matched_by"], parts(first)) == ("person", [("principal", 4_000)])
        assert (second["matched_by"], parts(second)) == ("name", [("principal", 6_000), ("principal", 14_000)])
        assert await breaches(cashier.office) == []

    async def test_by_value_day_not_by_booking(self, cashier: Cashier, contract_no: str) -> None:
        """The value day decides which is the earlier one."""
        await cashier.take(
            zengin(Transfer(1, "0615", 20_000, NAME), Transfer(2, "0616", 4_000, NAME, value_day="0612"))
        )
        assert [(await cashier.deposit(n))["waits"] for n in (1, 2)] == ["earlier_waits", "no_exact_amount"]
        assert contract_no

    async def test_another_customer_does_not_wait(self, cashier: Cashier, contract_no: str) -> None:
        """A deposit of nobody known, or of another customer, keeps nobody waiting, whatever its amount."""
        other = await sign(cashier.office, 2, "R2", [OTHER])
        await bill(cashier.office, other, 7_000, month="2026-04", issued_on="2026-05-12", due_on="2026-06-30")
        await cashier.take(
            zengin(
                Transfer(1, "0612", 10_000, "ﾀﾞﾚｶ"), Transfer(2, "0613", 300, NAME), Transfer(3, "0614", 7_000, OTHER)
            )
        )
        found = await cashier.deposits()
        assert [found[n].get("contract_no") for n in (1, 2, 3)] == [None, None, other]
        assert contract_no != other

    async def test_two_contracts_of_one_customer(self, cashier: Cashier, contract_no: str) -> None:
        """What waits for one contract of a customer keeps the money of its other contract waiting too."""
        other = await sign(cashier.office, 2, "R1", [OTHER], external_ref="R1-2")
        await bill(cashier.office, other, 7_000, month="2026-04", issued_on="2026-05-12", due_on="2026-06-30")
        await cashier.take(zengin(Transfer(1, "0612", 300, NAME), Transfer(2, "0613", 7_000, OTHER)))
        assert (await cashier.deposit(2))["waits"] == "earlier_waits"

        await cashier.allot(1, contract_no)
        assert (await cashier.deposit(2))["contract_no"] == other

    async def test_a_name_of_two_contracts(self, cashier: Cashier, contract_no: str) -> None:
        """One name and one amount that fit two contracts are left to a person, with both as candidates."""
        other = await sign(cashier.office, 2, "R2", [NAME])
        await bill(cashier.office, other, 10_000, month="2026-04", issued_on="2026-05-12", due_on="2026-06-30")
        await cashier.take(zengin(Transfer(1, "0612", 10_000, NAME)))
        found = await cashier.deposit(1)

        assert found["waits"] == "two_candidates"
        assert [each["contract_no"] for each in found["candidates"]] == [contract_no, other]

    async def test_edi_from_a_later_format(self, cashier: Cashier, contract_no: str) -> None:
        """A later file that brings the EDI information completes the deposit, which is then tried again."""
        number = (await invoices_of(cashier, contract_no))[0]["invoice_no"]
        await cashier.take(zengin(Transfer(1, "0612", 10_000, "ﾀﾞﾚｶ")))
        assert (await cashier.deposit(1))["waits"] == "unknown_payer"
        taken = await cashier.take(zengin(Transfer(1, "0612", 10_000, "ﾀﾞﾚｶ", edi=number)))
        found = await cashier.deposit(1)

        assert (taken["duplicates"], taken["matched"]) == (1, 0)
        assert (found["matched_by"], found["edi"], len(found["sources"])) == ("edi", number, 2)
        assert found["allocations"][0]["designated_by"] == "customer"


class TestOrder:
    """Payments that are valued before others that were applied already."""

    async def test_out_of_order(self, cashier: Cashier, contract_no: str) -> None:
        """It waits; agreed, it moves no other, and interest collected for days on which less was owed is held."""
        await cashier.take(zengin(Transfer(1, "0720", 10_000, NAME)))
        late = await cashier.deposit(1)
        collected = 10_000 * 145 * 20 // 365_000
        assert parts(late) == [("interest", collected), ("principal", 10_000 - collected)]
        (document,) = [each["interest_invoice"] for each in late["allocations"] if each["part"] == "interest"]

        await cashier.take(zengin(Transfer(2, "0721", 20_000, NAME, value_day="0629")))
        assert (await cashier.deposit(2))["waits"] == "out_of_order"
        await cashier.allot(2, contract_no)

        late, early = await cashier.deposit(1), await cashier.deposit(2)
        assert parts(early) == [("principal", collected), ("principal", 20_000 - collected)]
        interest = sum(amount for part, amount in parts(late) if part == "interest")
        run = (10_000 - collected) * 145 * 20 // 365_000  # what stayed open until the late one came
        assert (interest, late["unapplied"]) == (run, collected - run)
        shown = await cashier.read(f"/v1/invoices/{document}", "auditor")
        assert (shown["state"], bool(run)) == ("void", True)
        assert await breaches(cashier.office) == []

    async def test_paid_before_it_was_due(self, cashier: Cashier, contract_no: str) -> None:
        """Deposits in order apply by themselves, on the same value day by their reference."""
        await cashier.take(zengin(Transfer(2, "0615", 20_000, NAME), Transfer(1, "0615", 10_000, NAME)))
        assert [(await cashier.deposit(n))["state"] for n in (1, 2)] == ["allocated", "allocated"]
        assert await cashier.owed(contract_no, "2026-08-01") == []

    async def test_invoices_issued_later(self, cashier: Cashier, contract_no: str) -> None:
        """A deposit meets the invoices issued by its value day; a rest goes on when a person allots it later."""
        await cashier.take(zengin(Transfer(1, "0601", 11_000, NAME)))
        first = await cashier.allot(1, contract_no)
        assert (first["state"], first["unapplied"], parts(first)) == ("part_allocated", 1_000, [("principal", 10_000)])

        second = await cashier.allot(1, contract_no)
        assert (second["state"], parts(second)) == ("allocated", [("principal", 10_000), ("principal", 1_000)])
        assert await breaches(cashier.office) == []


class TestDesignation:
    """Money designated for an invoice (民488(1), 489(1))."""

    async def test_a_number_in_edi(self, cashier: Cashier, contract_no: str) -> None:
        """An invoice number designates: its interest, its principal; the rest goes by law."""
        second = (await invoices_of(cashier, contract_no))[1]["invoice_no"]
        await cashier.take(zengin(Transfer(1, "0714", 25_000, "ﾀﾞﾚｶ", edi=second)))
        found = await cashier.deposit(1)
        interest = 10_000 * 145 * 14 // 365_000

        assert found["matched_by"] == "edi"
        told = [(each["part"], each["amount"], each.get("designated_by")) for each in found["allocations"]]
        assert sorted(told, key=str) == sorted(
            [("principal", 20_000, "customer"), ("interest", interest, None), ("principal", 5_000 - interest, None)],
            key=str,
        )
        assert found["contract_no"] == contract_no

    async def test_a_list(self, cashier: Cashier, contract_no: str) -> None:
        """A list says by whom it was designated; what it leaves goes by law."""
        first, second = [each["invoice_no"] for each in await invoices_of(cashier, contract_no)]
        await cashier.take(zengin(Transfer(1, "0612", 5_000, NAME)))
        body = {"allocations": [{"invoice_no": second, "amount": 3_000}], "designated_by": "provider"}
        found = await cashier.do(await path_of(cashier, 1, "allocations"), body)

        assert [(each["invoice_no"], each["amount"], each.get("designated_by")) for each in found["allocations"]] == [
            (second, 3_000, "provider"), (first, 2_000, None),
        ]  # fmt: skip

    async def test_more_than_is_owed(self, cashier: Cashier, contract_no: str) -> None:
        """More than interest and principal of the invoice, or than the deposit has, is refused and changes nothing."""
        first, _ = [each["invoice_no"] for each in await invoices_of(cashier, contract_no)]
        await cashier.take(zengin(Transfer(1, "0612", 12_000, NAME)))
        path = await path_of(cashier, 1, "allocations")
        for amount in (10_001, 12_001):
            body = {"allocations": [{"invoice_no": first, "amount": amount}], "designated_by": "customer"}
            response = await cashier.post(path, body)
            assert (response.status_code, response.json()["article"]) == (409, "27(2)")
        assert await count(cashier.office, AllocationRow) == 0
        assert (await cashier.deposit(1))["state"] == "unmatched"

    async def test_what_can_not_be_meant(self, cashier: Cashier, contract_no: str) -> None:
        """Unknown contracts and invoices, mixed contracts and half a request are not valid."""
        other = await sign(cashier.office, 2, "R2", [OTHER])
        foreign = await bill(cashier.office, other, 7_000, month="2026-04", issued_on="2026-05-12", due_on="2026-06-30")
        own = (await invoices_of(cashier, contract_no))[0]["invoice_no"]
        await cashier.take(zengin(Transfer(1, "0612", 12_000, NAME)))
        path = await path_of(cashier, 1, "allocations")
        for body in (
            {},
            {"contract_no": "C-999999"},
            {"contract_no": contract_no, "designated_by": "customer"},
            {"allocations": [{"invoice_no": own, "amount": 1}]},
            {"allocations": [{"invoice_no": "1269999999", "amount": 1}], "designated_by": "customer"},
            {"allocations": [{"invoice_no": own, "amount": 0}], "designated_by": "customer"},
            {
                "allocations": [{"invoice_no": own, "amount": 1}, {"invoice_no": foreign, "amount": 1}],
                "designated_by": "customer",
            },
        ):
            assert (await cashier.post(path, body)).status_code == 422, body

    async def test_never_across_contracts(self, cashier: Cashier, contract_no: str) -> None:
        """What belongs to a contract goes to no other."""
        other = await sign(cashier.office, 2, "R1", [OTHER], external_ref="R1-2")
        await cashier.take(zengin(Transfer(1, "0601", 11_000, NAME)))
        await cashier.allot(1, contract_no)
        response = await cashier.post(await path_of(cashier, 1, "allocations"), {"contract_no": other})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/conflict")


class TestNames:
    """Names that are learned."""

    async def test_learned_once_asked(self, cashier: Cashier, contract_no: str) -> None:
        """A name is learned by `learn` only; then its exact payments apply by themselves."""
        await cashier.take(zengin(Transfer(1, "0612", 10_000, "ｵﾔｶﾞｲｼﾔ")))
        await cashier.allot(1, contract_no, learn=True)
        await cashier.take(zengin(Transfer(2, "0613", 20_000, "ｵﾔｶﾞｲｼﾔ")))
        assert (await cashier.deposit(2))["matched_by"] == "name"
        assert await count(cashier.office, PayerAliasRow) == 2

    async def test_not_without_asking(self, cashier: Cashier, contract_no: str) -> None:
        """Without `learn` nothing is learned."""
        await cashier.take(zengin(Transfer(1, "0612", 10_000, "ｵﾔｶﾞｲｼﾔ")))
        await cashier.allot(1, contract_no)
        assert await count(cashier.office, PayerAliasRow) == 1

    async def test_never_for_two_contracts(self, cashier: Cashier, contract_no: str) -> None:
        """A name known for a contract is learned for no other: the allocation fails as a whole."""
        other = await sign(cashier.office, 2, "R2", [])
        await cashier.take(zengin(Transfer(1, "0612", 300, NAME)))
        path = await path_of(cashier, 1, "allocations")
        response = await cashier.post(path, {"contract_no": other, "learn": True})

        assert (response.status_code, response.json()["type"]) == (409, "/problems/conflict")
        assert (await cashier.deposit(1))["state"] == "unmatched", contract_no
