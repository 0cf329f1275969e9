"""Art. 27(2), Civil Code 488: whose money a deposit is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.matching import DepositFacts, Match, OpenInvoice, invoice_numbers_in, match, references_in
from terms.payer import same_payer
from terms.settlement import Debt, Payment, settlement
from tests.terms.oracles import TERMS, day
from tests.terms.test_payer import PAYMENTS, REGISTERED, SAMPLES

ON = day("2026-07-31")
INVOICES: list[dict[str, Any]] = json.loads((SAMPLES / "expected/invoices.json").read_text(encoding="utf-8"))[
    "invoices"
]


def invoice(number: int, principal: int, contract: str = "A", due_on: str = "2026-07-31", **other: str) -> OpenInvoice:
    """Return an open invoice, issued by the day of the deposit."""
    return OpenInvoice(
        contract_no=contract,
        invoice_no=f"126{number:07d}",
        issued_on=day(other.get("issued_on", "2026-06-10")),
        due_on=day(due_on),
        principal=principal,
    )


def deposit(amount: int, **facts: Any) -> Match:  # noqa: ANN401 (fields of DepositFacts)
    """Match a deposit of 31 July 2026."""
    return match(TERMS, DepositFacts(amount=amount, value_on=ON, **facts))


def outcome(found: Match) -> tuple[str, str, str | None, list[tuple[str, str]]]:
    """Return step, reason, contract and candidates with their codes."""
    return found.step, found.reason, found.contract_no, [(each.contract_no, each.code) for each in found.candidates]


class TestTheAccount:
    """1: a transfer-only account tells the customer."""

    def test_it_applies_by_itself(self) -> None:
        """Whatever the name and the amount."""
        found = deposit(5, virtual_contracts=("A",), contracts_by_name=("B",), contracts_named=("C",))
        assert outcome(found) == ("virtual_account", "virtual_account", "A", [("A", "virtual_account")])
        assert found.applies
        assert found.designated == ()

    def test_two_contracts_wait(self) -> None:
        """A customer with two contracts has not said which."""
        found = deposit(5, virtual_contracts=("A", "B"))
        assert outcome(found) == (
            "virtual_account",
            "two_candidates",
            None,
            [("A", "virtual_account"), ("B", "virtual_account")],
        )
        assert not found.applies

    def test_an_invoice_number_beside_it_designates(self) -> None:
        """The account tells the customer, the number the debt."""
        found = deposit(5, virtual_contracts=("A",), invoices_named=(invoice(1, 9),))
        assert outcome(found) == ("virtual_account", "invoice_named", "A", [("A", "virtual_account")])
        assert (found.applies, found.designated) == (True, ("1260000001",))

    def test_an_invoice_number_tells_which_contract(self) -> None:
        """Of two contracts the one whose invoice is named."""
        found = deposit(5, virtual_contracts=("A", "B"), invoices_named=(invoice(1, 9, "B"),))
        assert outcome(found) == ("edi", "invoice_named", "B", [("B", "virtual_account")])
        assert found.designated == ("1260000001",)

    @pytest.mark.parametrize("numbers_of", [("B",), ("A", "B")])
    def test_an_invoice_of_someone_else_contradicts_it(self, numbers_of: tuple[str, ...]) -> None:
        """Account and number name two customers: a person decides."""
        named = tuple(invoice(place, 9, contract) for place, contract in enumerate(numbers_of))
        found = deposit(5, virtual_contracts=("A",), invoices_named=named)
        assert outcome(found) == (
            "virtual_account",
            "two_candidates",
            None,
            [("A", "virtual_account"), ("B", "invoice_named")],
        )
        assert (found.applies, found.designated) == (False, ())


class TestCivilCode488:
    """2: an invoice number in the EDI information or the 依頼人番号 designates a debt."""

    @pytest.mark.parametrize("amount", [1, 1000, 5000])
    def test_it_applies_by_itself(self, amount: int) -> None:
        """Part of it, all of it, or more; though the payer is known as another customer."""
        found = deposit(amount, invoices_named=(invoice(1, 1000),), contracts_by_name=("B",))
        assert outcome(found) == ("edi", "invoice_named", "A", [("A", "invoice_named")])
        assert (found.applies, found.designated) == (True, ("1260000001",))

    def test_two_invoices_of_one_contract_are_one_candidate(self) -> None:
        """Both are designated; a number that is told twice counts once."""
        first, second = invoice(1, 1000), invoice(2, 500)
        found = deposit(1500, invoices_named=(first, second, first))
        assert outcome(found) == ("edi", "invoice_named", "A", [("A", "invoice_named")])
        assert found.designated == ("1260000001", "1260000002")

    def test_invoices_of_two_contracts_wait(self) -> None:
        """One deposit is never shared between contracts by itself."""
        found = deposit(1500, invoices_named=(invoice(1, 1000), invoice(2, 500, "B")))
        assert outcome(found) == ("edi", "two_candidates", None, [("A", "invoice_named"), ("B", "invoice_named")])

    def test_an_invoice_issued_after_the_value_date_waits(self) -> None:
        """A deposit meets the debts that were issued by its value date."""
        found = deposit(1000, invoices_named=(invoice(1, 1000, issued_on="2026-08-01"),))
        assert outcome(found) == ("edi", "issued_later", None, [("A", "invoice_named")])
        assert not found.applies

    def test_a_settled_invoice_still_names_the_customer(self) -> None:
        """Nothing is open on it: the money goes by settlement."""
        found = deposit(1000, invoices_named=(invoice(1, 0),))
        assert (found.applies, found.contract_no) == (True, "A")

    def test_a_reference_is_proposed_only(self) -> None:
        """The payer is unknown, the EDI information names a customer; the amount does not matter."""
        found = deposit(1000, contracts_named=("A", "A"), open_invoices=(invoice(1, 1000),))
        assert outcome(found) == ("edi", "named_in_edi", None, [("A", "named_in_edi")])
        assert not found.applies

    def test_a_reference_of_two_contracts_waits(self) -> None:
        """A customer may have several."""
        found = deposit(1000, contracts_named=("A", "B"))
        assert outcome(found) == ("edi", "two_candidates", None, [("A", "named_in_edi"), ("B", "named_in_edi")])

    def test_a_reference_that_agrees_with_the_name_does_not_hinder(self) -> None:
        """The name and the amount suffice, also where the customer has a contract without this name."""
        found = deposit(1000, contracts_named=("A", "C"), contracts_by_name=("A",), open_invoices=(invoice(1, 1000),))
        assert outcome(found) == ("name", "exact_amount", "A", [("A", "exact_amount")])

    def test_a_reference_narrows_the_name(self) -> None:
        """Two contracts bear the name and owe the amount; the EDI information says which is meant."""
        owed = (invoice(1, 1000), invoice(2, 1000, "B"))
        found = deposit(1000, contracts_named=("B",), contracts_by_name=("A", "B"), open_invoices=owed)
        assert outcome(found) == ("name", "exact_amount", "B", [("B", "exact_amount")])

    def test_a_reference_that_contradicts_the_name_waits(self) -> None:
        """Two customers are told, even if the amount is that of one."""
        found = deposit(1000, contracts_named=("B",), contracts_by_name=("A",), open_invoices=(invoice(1, 1000),))
        assert outcome(found) == ("edi", "two_candidates", None, [("B", "named_in_edi"), ("A", "name_known")])
        assert not found.applies


class TestTheName:
    """3 to 5: the payer's name with the open amount of one invoice, of the oldest ones, or of none."""

    def test_the_amount_of_one_invoice_applies_by_itself(self) -> None:
        """Any of them; it is settled by law, so none is designated. Two invoices are one candidate."""
        owed = (invoice(1, 700), invoice(2, 1000), invoice(3, 1000))
        found = deposit(1000, contracts_by_name=("A",), open_invoices=owed)
        assert outcome(found) == ("name", "exact_amount", "A", [("A", "exact_amount")])
        assert (found.applies, found.designated) == (True, ())

    def test_the_amount_tells_which_contract(self) -> None:
        """Two contracts bear the name, one owes the amount."""
        owed = (invoice(1, 700), invoice(2, 1000, "B"))
        found = deposit(1000, contracts_by_name=("A", "B"), open_invoices=owed)
        assert outcome(found) == ("name", "exact_amount", "B", [("B", "exact_amount")])

    def test_two_contracts_with_the_amount_wait(self) -> None:
        """Nothing tells them apart."""
        owed = (invoice(1, 1000), invoice(2, 1000, "B"))
        found = deposit(1000, contracts_by_name=("A", "B"), open_invoices=owed)
        assert outcome(found) == ("name", "two_candidates", None, [("A", "exact_amount"), ("B", "exact_amount")])
        assert not found.applies

    def test_the_sum_of_the_oldest_is_proposed(self) -> None:
        """By their due days, whatever their order and numbers."""
        owed = (invoice(1, 400, due_on="2026-09-30"), invoice(3, 700), invoice(2, 300, due_on="2026-08-31"))
        found = deposit(1000, contracts_by_name=("A",), open_invoices=owed)
        assert outcome(found) == ("name", "combination", None, [("A", "combination")])
        assert not found.applies

    def test_the_sum_of_others_is_none(self) -> None:
        """The oldest and the youngest without the one between."""
        owed = (
            invoice(1, 700, due_on="2026-07-31"),
            invoice(2, 301, due_on="2026-08-31"),
            invoice(3, 300, "A", "2026-09-30"),
        )
        found = deposit(1000, contracts_by_name=("A",), open_invoices=owed)
        assert outcome(found) == ("name", "no_exact_amount", None, [("A", "no_exact_amount")])

    def test_two_sums_wait(self) -> None:
        """Both contracts are candidates."""
        owed = (invoice(1, 500), invoice(2, 500), invoice(3, 400, "B"), invoice(4, 600, "B"))
        found = deposit(1000, contracts_by_name=("A", "B"), open_invoices=owed)
        assert outcome(found) == ("name", "two_candidates", None, [("A", "combination"), ("B", "combination")])

    @pytest.mark.parametrize(
        "owed",
        [
            pytest.param(invoice(1, 1000, issued_on="2026-08-01"), id="issued after the value date"),
            pytest.param(invoice(1, 1000, "B"), id="of a contract of another name"),
            pytest.param(invoice(1, 999), id="another amount"),
        ],
    )
    def test_what_is_not_owed_is_not_met(self, owed: OpenInvoice) -> None:
        """The name is right, a person agrees."""
        found = deposit(1000, contracts_by_name=("A",), open_invoices=(owed,))
        assert outcome(found) == ("name", "no_exact_amount", None, [("A", "no_exact_amount")])
        assert (found.applies, found.fee) == (False, 0)

    def test_an_invoice_of_the_value_date_is_met(self) -> None:
        """Issued on the same day."""
        owed = invoice(1, 1000, issued_on="2026-07-31")
        assert deposit(1000, contracts_by_name=("A",), open_invoices=(owed,)).applies

    def test_two_contracts_of_a_name_wait(self) -> None:
        """Neither owes the amount; the fee that one lacks is told of it alone."""
        owed = (invoice(1, 1440), invoice(2, 700, "B"))
        found = deposit(1000, contracts_by_name=("A", "B"), open_invoices=owed)
        assert outcome(found) == ("name", "two_candidates", None, [("A", "short_by_fee"), ("B", "no_exact_amount")])
        assert found.fee == 0

    def test_nobody_is_known(self) -> None:
        """The amount alone tells nothing."""
        found = deposit(1000, open_invoices=(invoice(1, 1000),))
        assert outcome(found) == ("none", "unknown_payer", None, [])
        assert not found.applies

    @given(st.integers(1, 2000), st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 1000)), max_size=6))
    def test_what_applies_is_the_only_exact_one(self, amount: int, drawn: list[tuple[str, int]]) -> None:
        """By name a deposit applies if and only if one contract of the name owes just this on an invoice."""
        owed = tuple(invoice(place, principal, contract) for place, (contract, principal) in enumerate(drawn))
        found = deposit(amount, contracts_by_name=("A", "B"), open_invoices=owed)
        exact = {contract for contract, principal in drawn if principal == amount and contract != "C"}
        assert found.applies == (len(exact) == 1)
        assert found.contract_no is None or {found.contract_no} == exact
        assert 1 <= len(found.candidates) <= 2


class TestTheFee:
    """A50: the bank's fee is the customer's; a shortfall that is one is pointed out and stays open."""

    @pytest.mark.parametrize("fee", TERMS.fee_table)
    def test_a_known_fee_is_told(self, fee: int) -> None:
        """The yen that lack, in the answer and in the sentence; a person agrees."""
        found = deposit(14_349 - fee, contracts_by_name=("A",), open_invoices=(invoice(1, 14_349),))
        assert outcome(found) == ("name", "short_by_fee", None, [("A", "short_by_fee")])
        assert (found.applies, found.fee) == (False, fee)
        assert f"¥{fee}" in found.candidates[0].why

    @pytest.mark.parametrize("lacking", [-660, 1, 659, 661])
    def test_other_differences_are_none(self, lacking: int) -> None:
        """Too much, or another shortfall."""
        found = deposit(14_349 - lacking, contracts_by_name=("A",), open_invoices=(invoice(1, 14_349),))
        assert (found.reason, found.fee) == ("no_exact_amount", 0)

    def test_it_may_lack_to_the_sum_of_the_oldest(self) -> None:
        """Two invoices in one transfer."""
        owed = (invoice(1, 10_000), invoice(2, 5000))
        assert deposit(14_560, contracts_by_name=("A",), open_invoices=owed).fee == 440

    def test_it_is_told_of_the_account_too(self) -> None:
        """The deposit applies all the same."""
        found = deposit(9560, virtual_contracts=("A",), open_invoices=(invoice(1, 10_000),))
        assert (found.applies, found.fee) == (True, 440)

    def test_it_is_told_of_the_invoice_that_is_named(self) -> None:
        """Not of others."""
        named, other = invoice(1, 10_000), invoice(2, 9780)
        assert deposit(9560, invoices_named=(named,), open_invoices=(named, other)).fee == 440
        assert deposit(9340, invoices_named=(other,), open_invoices=(named, other)).fee == 440
        assert deposit(9120, invoices_named=(named,), open_invoices=(other,)).fee == 880

    def test_it_is_told_of_a_reference_too(self) -> None:
        """The contract that the EDI information names."""
        found = deposit(9560, contracts_named=("A",), open_invoices=(invoice(1, 10_000),))
        assert (found.reason, found.fee) == ("named_in_edi", 440)


class TestMarks:
    """What the EDI information and the 依頼人番号 may hold."""

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            pytest.param("1260000001", ("1260000001",), id="alone"),
            pytest.param("INV1260000001/07", ("1260000001",), id="between letters and signs"),
            pytest.param("ｾｲｷﾕｳ1260000001", ("1260000001",), id="after kana"),
            pytest.param("１２６００００００１", ("1260000001",), id="full width"),
            pytest.param("1260000001 1260000002 1260000001", ("1260000001", "1260000002"), id="two, each once"),
            pytest.param("12600000011", (), id="eleven digits"),
            pytest.param("126000000112600000021260000003", (), id="thirty digits"),
            pytest.param("126-0000001", (), id="parted"),
            pytest.param("", (), id="nothing"),
        ],
    )
    def test_invoice_numbers(self, text: str, numbers: tuple[str, ...]) -> None:
        """Whole runs of ten digits only."""
        assert invoice_numbers_in(text) == numbers

    @pytest.mark.parametrize(
        ("text", "references"),
        [
            pytest.param("QPC-26-0109", ("QPC-26-0109",), id="alone"),
            pytest.param("ﾘﾖｳｷﾝQPC-26-0109", ("QPC-26-0109",), id="after kana"),
            pytest.param("ＱＰＣ－２６‐０１０９", ("QPC-26-0109",), id="full width"),
            pytest.param("qpcｰ26ｰ0109", ("qpc-26-0109",), id="typed with long vowels"),
            pytest.param("C-000042/QPC-26-0109.", ("C-000042", "QPC-26-0109.", "QPC-26-0109"), id="a full stop"),
            pytest.param("- A_1 A_1 --", ("-", "A_1", "--"), id="each once"),
            pytest.param("ﾘﾖｳｷﾝ", (), id="kana only"),
        ],
    )
    def test_references(self, text: str, references: tuple[str, ...]) -> None:
        """Letters, digits and the signs of references."""
        assert references_in(text) == references


class TestTheSamples:
    """The payments of the samples, one after the other, each on what those before it have left open."""

    REASONS = {  # noqa: RUF012 (read only)
        "short_by_fee": "short_by_fee",
        "exact_two_invoices": "combination",
        "arrears_and_current": "combination",
        "partial": "no_exact_amount",
        "overpaid": "no_exact_amount",
        "by_reference": "named_in_edi",
        "unknown_payer": "unknown_payer",
    }

    def test_they_apply_or_wait(self) -> None:
        """Who is known, whether it applies by itself, and why not."""
        paid: list[dict[str, Any]] = []
        for payment in sorted(PAYMENTS, key=lambda each: (each["value_on"], each["reference"])):
            if payment["reverses"]:
                paid = [each for each in paid if each["reference"] != payment["reverses"]]
                continue
            found = match(TERMS, facts_of(payment, paid))
            assert found.applies == (payment["match"] == "auto"), payment["reference"]
            assert [each.contract_no for each in found.candidates] == [*filter(None, [payment["customer_ref"]])]
            assert found.step == (payment["matched_by"] or "none")
            assert found.reason == self.REASONS.get(payment["class"], "exact_amount")
            paid.append(payment)


def facts_of(payment: dict[str, Any], paid: list[dict[str, Any]]) -> DepositFacts:
    """Return the facts of a payment of the samples; its customers' references stand for their contracts."""
    references = references_in(payment["edi"] or "")
    return DepositFacts(
        amount=payment["amount"],
        value_on=day(payment["value_on"]),
        contracts_named=tuple(ref for ref in REGISTERED if ref in references),
        contracts_by_name=tuple(
            ref for ref, names in REGISTERED.items() if any(same_payer(payment["payer"], name) for name in names)
        ),
        open_invoices=tuple(each for ref in REGISTERED for each in left_open(ref, payment, paid)),
    )


def left_open(ref: str, payment: dict[str, Any], paid: list[dict[str, Any]]) -> list[OpenInvoice]:
    """Return the invoices of a customer with what its payments so far have left of them."""
    issued = [each for each in INVOICES if each["customer_ref"] == ref and each["issued_on"] <= payment["value_on"]]
    balances = settlement(
        TERMS,
        debts=[Debt(id=each["month"], kind="fee", due_on=day(each["due_on"]), amount=each["total"]) for each in issued],
        payments=[
            Payment(on=day(each["value_on"]), amount=each["amount"]) for each in paid if each["customer_ref"] == ref
        ],
        as_of_on=day(payment["value_on"]),
    ).balances
    return [
        OpenInvoice(
            contract_no=ref,
            invoice_no=each["month"],
            issued_on=day(each["issued_on"]),
            due_on=day(each["due_on"]),
            principal=balance.principal,
        )
        for each, balance in zip(issued, balances, strict=True)
    ]
