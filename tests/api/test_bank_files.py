"""Bank files: the sample payments to the yen in each format, all or nothing, each transfer once (27(2))."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.database import Sessions
from models.tables import (
    AllocationRow,
    BankFileRow,
    BankLineRow,
    DepositPartyRow,
    DepositRow,
    JournalEntryRow,
    TaskRow,
)
from tests.cash_office import (
    ACCOUNT,
    JSON,
    PAYMENTS,
    Cashier,
    Transfer,
    bank_file,
    bill,
    breaches,
    cash_office,
    count,
    furnish,
    sign,
    zengin,
)

FORMATS = {
    "zengin-01": ("furikomi-2026-06.txt", "furikomi-2026-07.txt"),
    "zengin-03": ("meisai-2026-06.txt", "meisai-2026-07.txt"),
    "camt.054": ("camt054-2026-06.xml", "camt054-2026-07.xml"),
    "anser-csv": ("anser-2026-06.csv", "anser-2026-07.csv"),
}
PERSON = [each for each in PAYMENTS["payments"] if each["match"] == "person"]


@pytest.fixture
async def cashier(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Cashier]:
    """Give somebody of the cash desk."""
    async with cash_office(sessions, tmp_path) as opened:
        yield opened


@pytest.fixture
async def contracts(cashier: Cashier) -> dict[str, str]:
    """Bring in the sample customers with their invoices."""
    return await furnish(cashier.office)


async def agree(cashier: Cashier, contracts: dict[str, str]) -> None:
    """Allot whatever waits for a person to the customer whose it is, in the order of the payments."""
    for each in PERSON:
        await cashier.allot(each["reference"], contracts[each["customer_ref"]])


async def paid(cashier: Cashier, contracts: dict[str, str]) -> dict[int, list[tuple[str, str, str, int]]]:
    """List by reference what each deposit has paid: customer, month, part, yen."""
    refs = {number: ref for ref, number in contracts.items()}
    invoices = (await cashier.read("/v1/invoices", "auditor", limit="500"))["items"]
    months = {each["invoice_no"]: each.get("month") for each in invoices}
    return {
        reference: sorted(
            (refs[each["contract_no"]], months[each["invoice_no"]], each["part"], each["amount"])
            for each in deposit["allocations"]
        )
        for reference, deposit in (await cashier.deposits()).items()
    }


def expected() -> dict[int, list[tuple[str, str, str, int]]]:
    """List by reference what each deposit has to pay."""
    return {
        each["reference"]: sorted(
            (one["customer_ref"], one["month"], one["part"], one["amount"]) for one in each["applied"]
        )
        for each in PAYMENTS["payments"]
    }


async def check_balances(cashier: Cashier, contracts: dict[str, str]) -> None:
    """Compare what every customer owes at the end of July."""
    owed = [
        (ref, month, principal, interest)
        for ref, number in contracts.items()
        for month, principal, interest in await cashier.owed(number, "2026-07-31")
    ]
    told = [(each["customer_ref"], each["month"], each["principal"], each["interest"]) for each in PAYMENTS["balances"]]
    assert sorted(owed) == sorted(told)


class TestSamples:
    """The sample files lead to what the expected file says."""

    @pytest.mark.parametrize("first", FORMATS)
    async def test_any_format_first(self, cashier: Cashier, contracts: dict[str, str], first: str) -> None:
        """Whatever format comes first, the others bring nothing new; people agree, and every yen is right."""
        order = [first, *(each for each in FORMATS if each != first)]
        for month in (0, 1):
            taken = [await cashier.take(bank_file(FORMATS[each][month])) for each in order]
            assert [each["format"] for each in taken] == order
            new = taken[0]
            assert (new["records"], new["cancelled"]) == (len_of(first, month), 1 - month)
            deposits, others = 11 - (1 - month), sum(each["other"] for each in taken)
            assert new["matched"] + new["unmatched"] == deposits
            assert others == 2
            for each in taken[1:]:
                assert each["matched"] + each["unmatched"] + each["cancelled"] == 0
                assert each["duplicates"] + each["other"] == each["records"]
        assert await count(cashier.office, DepositRow) == 22
        await agree(cashier, contracts)

        assert await paid(cashier, contracts) == expected()
        await check_balances(cashier, contracts)
        told = {each["reference"]: each["amount"] for each in PAYMENTS["unapplied"]}
        assert {n: one["unapplied"] for n, one in (await cashier.deposits()).items() if one["unapplied"]} == told
        assert await breaches(cashier.office) == []

    async def test_what_applies_by_itself(self, cashier: Cashier, contracts: dict[str, str]) -> None:
        """What the expected file calls automatic applies by itself or after its elder, the rest waits for a person."""
        taken = await cashier.take(bank_file("furikomi-2026-06.txt"))
        counts = {name: taken[name] for name in ("records", "matched", "unmatched", "cancelled", "duplicates", "other")}
        assert counts == {
            "records": 11, "matched": 5, "unmatched": 5, "cancelled": 1, "duplicates": 0, "other": 0,
        }  # fmt: skip
        await cashier.take(bank_file("furikomi-2026-07.txt"))
        waits = {n: one["waits"] for n, one in (await cashier.deposits()).items() if one["state"] == "unmatched"}
        assert waits == {
            414: "unknown_payer", 421: "named_in_edi", 422: "short_by_fee", 423: "unknown_payer", 425: "combination",
            430: "no_exact_amount", 432: "no_exact_amount", 433: "unknown_payer", 439: "no_exact_amount",
            434: "no_exact_amount", 436: "earlier_waits", 438: "earlier_waits",
        }  # fmt: skip
        await agree(cashier, contracts)

        found = await cashier.deposits()
        for each in PAYMENTS["payments"]:
            one = found[each["reference"]]
            if each["match"] == "auto" and each["class"] != "reversal":
                assert one["matched_by"] == each["matched_by"], each["reference"]
            elif each["match"] == "person":
                assert one["matched_by"] == "person"
        assert {n for n, one in found.items() if one["state"] == "held"} == {432}
        assert {n for n, one in found.items() if one["state"] == "cancelled"} == {416, 418}
        assert found[418]["reverses"] == found[416]["deposit_id"]

    async def test_people_are_asked(self, cashier: Cashier, contracts: dict[str, str]) -> None:
        """Each deposit that waits is a task of the cash desk, closed when it is allotted; names are in no task."""
        await cashier.take(bank_file("furikomi-2026-06.txt"))

        async def tasks(state: str) -> list[JSON]:
            items = (await cashier.read("/v1/tasks", limit="500", state=state, role="cash"))["items"]
            return [each for each in items if each["kind"] == "deposit_waits"]

        assert len(await tasks("open")) == 5
        await cashier.allot(421, contracts["QPC-26-0109"])
        assert (len(await tasks("open")), len(await tasks("done"))) == (4, 1)
        assert all("ｶ" not in each["detail"] for each in await tasks("open"))

    async def test_candidates_say_why(self, cashier: Cashier, contracts: dict[str, str]) -> None:
        """What waits shows whose it may be, with the reason in Japanese, and the fee that it seems to lack."""
        await cashier.take(bank_file("furikomi-2026-06.txt"))
        found = await cashier.deposits()

        short = found[422]
        assert [each["contract_no"] for each in short["candidates"]] == [contracts["QPC-26-0103"]]
        assert "660" in short["candidates"][0]["why"]
        assert short["missing_fee"] == 660
        assert (short["payer_kana"], found[421]["edi"]) == ("ﾕ)ﾂﾂﾞﾗﾄﾞｳｼﾖﾎﾞｳ", "QPC-26-0109")
        assert found[423]["candidates"] == []
        assert "candidates" in found[413]

    async def test_interest_is_documented(self, cashier: Cashier, contracts: dict[str, str]) -> None:
        """Interest that was collected has a paid invoice of its own; the allocation names the one that bore it."""
        assert contracts
        await cashier.take(bank_file("furikomi-2026-06.txt"))
        await cashier.take(bank_file("furikomi-2026-07.txt"))
        late = await cashier.deposit(428)
        (interest,) = [each for each in late["allocations"] if each["part"] == "interest"]
        shown = await cashier.read(f"/v1/invoices/{interest['interest_invoice']}", "auditor")

        assert (shown["kind"], shown["state"], shown["total"], shown["balance"]) == ("interest", "paid", 76, 0)
        assert [(each["amount"], each["tax_class"]) for each in shown["lines"]] == [(76, "exempt")]
        bearing = await cashier.read(f"/v1/invoices/{interest['invoice_no']}", "auditor")
        assert (bearing["month"], bearing["balance"], bearing["state"]) == ("2026-04", 76, "part_paid")


def len_of(name: str, month: int) -> int:
    """Say how many records a sample file has."""
    told = {each["file"]: each["entries"] for each in PAYMENTS["files"] if "entries" in each}
    return int(told[FORMATS[name][month]])


class TestAllOrNothing:
    """A file is taken whole and once, or not at all."""

    @pytest.mark.parametrize(
        ("name", "line"), [("furikomi-broken-length.txt", 3), ("furikomi-broken-totals.txt", None)]
    )
    async def test_a_broken_file(
        self, cashier: Cashier, contracts: dict[str, str], name: str, line: int | None
    ) -> None:
        """A broken file is refused with its faults and leaves nothing behind."""
        response = await cashier.send(bank_file(name))

        assert response.status_code == 422, contracts
        errors = response.json()["errors"]
        assert all({"line", "field", "message"} <= set(each) for each in errors)
        assert line in {None, *(each["line"] for each in errors)}
        for table in (BankFileRow, BankLineRow, DepositRow, DepositPartyRow, AllocationRow, TaskRow):
            assert await count(cashier.office, table) == 0

    async def test_an_account_that_is_not_ours(self, cashier: Cashier) -> None:
        """A file about another account is refused, and nothing is stored."""
        response = await cashier.send(zengin(Transfer(1, "0601", 100, "ｶ)ｱ"), number="7654321"))

        assert response.status_code == 422
        assert [(each["line"], each["field"]) for each in response.json()["errors"]] == [(2, "account")]
        assert await count(cashier.office, DepositRow) == 0

    async def test_the_same_file_again(self, cashier: Cashier, contracts: dict[str, str]) -> None:
        """Byte for byte the same file is answered with the first number and changes nothing."""
        first = await cashier.take(bank_file("furikomi-2026-06.txt"))
        before = [await count(cashier.office, table) for table in (DepositRow, AllocationRow, JournalEntryRow, TaskRow)]
        again = await cashier.take(bank_file("furikomi-2026-06-copy.txt"), status=200)

        assert again == {
            "file_id": first["file_id"], "format": "zengin-01", "records": 11, "matched": 0, "unmatched": 0,
            "cancelled": 0, "duplicates": 11, "other": 0,
        }, contracts  # fmt: skip
        after = [await count(cashier.office, table) for table in (DepositRow, AllocationRow, JournalEntryRow, TaskRow)]
        assert (before, await count(cashier.office, BankFileRow)) == (after, 1)

    async def test_the_same_records_in_other_bytes(self, cashier: Cashier, contracts: dict[str, str]) -> None:
        """Other bytes with the same records are another file that brings only duplicates."""
        first = await cashier.take(bank_file("furikomi-2026-06.txt"))
        other = await cashier.take(bank_file("furikomi-2026-06-stream.txt"))

        assert other["file_id"] != first["file_id"], contracts
        assert (other["records"], other["duplicates"]) == (11, 11)
        assert len((await cashier.deposit(413))["sources"]) == 2

    async def test_two_at_once(self, cashier: Cashier, contracts: dict[str, str]) -> None:
        """Two imports of the same transfers at once book them once."""
        names = ("furikomi-2026-06.txt", "camt054-2026-06.xml", "furikomi-2026-06-stream.txt")
        answers = await asyncio.gather(*(cashier.send(bank_file(name)) for name in names))

        assert [each.status_code for each in answers] == [201, 201, 201], contracts
        assert sum(each.json()["matched"] for each in answers) == 5
        assert sum(each.json()["duplicates"] for each in answers) == 22
        assert await count(cashier.office, DepositRow) == 11
        assert await breaches(cashier.office) == []

    async def test_the_same_file_twice_at_once(self, cashier: Cashier, contracts: dict[str, str]) -> None:
        """One file posted twice at once is taken once."""
        answers = await asyncio.gather(*(cashier.send(bank_file("anser-2026-06.csv")) for _ in range(2)))

        assert sorted(each.status_code for each in answers) == [200, 201], contracts
        assert len({each.json()["file_id"] for each in answers}) == 1

    async def test_payers_are_sealed(self, cashier: Cashier, contracts: dict[str, str]) -> None:
        """Who paid stands sealed: under the deposit's key until it is known whose the money is, then the contract's."""
        await cashier.take(bank_file("furikomi-2026-06.txt"))
        async with cashier.office.readers() as session:
            exact = await session.get_one(DepositPartyRow, (await cashier.deposit(413))["deposit_id"])
            unknown = await session.get_one(DepositPartyRow, (await cashier.deposit(414))["deposit_id"])
        assert (exact.owner, unknown.owner) == (contracts["QPC-26-0102"], unknown.deposit_id)

        await cashier.office.vault.destroy(contracts["QPC-26-0102"], "statutory")
        await cashier.office.vault.destroy("A-000002", "statutory")
        found = await cashier.deposits()
        assert "payer_kana" not in found[413]
        assert found[414]["payer_kana"] == "ｶ)ﾌﾒｲｼﾖｳｶｲ"


class TestAccounts:
    """Designated accounts."""

    async def test_the_same_again(self, cashier: Cashier) -> None:
        """The same account again changes nothing; in other words it is a conflict."""
        first = await cashier.do("/v1/bank-accounts", ACCOUNT, "admin")
        assert await cashier.do("/v1/bank-accounts", ACCOUNT, "admin") == first
        other = await cashier.post("/v1/bank-accounts", ACCOUNT | {"bank_name": "別の銀行"}, "admin")

        assert other.status_code == 409
        assert (await cashier.read("/v1/bank-accounts", "auditor"))["items"] == [first]

    @pytest.mark.parametrize(
        "changes", [{"number": "8800001"}, {"number": "7000000", "virtual_prefix": "8"},
                    {"number": "7000000", "virtual_prefix": "123"}]
    )  # fmt: skip
    async def test_numbers_of_two_accounts(self, cashier: Cashier, changes: JSON) -> None:
        """No number may be meant for two accounts."""
        response = await cashier.post("/v1/bank-accounts", ACCOUNT | changes, "admin")
        assert response.status_code == 409

    async def test_a_transfer_only_number(self, cashier: Cashier) -> None:
        """Money on a customer's own number is the customer's, whatever the name: settled, and the rest held."""
        number = await sign(cashier.office, 3, "R3", [])
        await bill(cashier.office, number, 5000, month="2026-04", issued_on="2026-05-12", due_on="2026-06-30")
        await cashier.take(zengin(Transfer(1, "0615", 7000, "ｶ)ﾀﾞﾚｶ"), number="8800003"))
        deposit = await cashier.deposit(1)

        assert (deposit["matched_by"], deposit["contract_no"]) == ("virtual_account", number)
        assert (deposit["state"], deposit["unapplied"]) == ("held", 2000)
        assert await cashier.owed(number, "2026-08-01") == []
        assert await breaches(cashier.office) == []
