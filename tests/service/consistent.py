"""A small office's money, written row by row as `spec/money.md` wants it: everything that `yakkan verify` looks at.

C-000001 is billed for April (void, re-issued lower) and May (part of it written off), C-000002 has ended: April paid
late with interest and a credit note, a penalty paid by a deposit that the bank took back. C-000003 is held in May.
What else happened to them, and to C-000005, stands in `consistent_life`; C-000004 was erased long ago.
"""

from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from models.tables import (
    AllocationRow,
    ApplicationRow,
    ApprovalRow,
    ApprovalVoteRow,
    BankAccountRow,
    BankFileRow,
    BankLineRow,
    BillingResultRow,
    BillingRunRow,
    ContractRow,
    DepositRow,
    InvoiceAccountRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceTaxRow,
    JournalEntryRow,
    JournalLineRow,
    NumberSeriesRow,
    OutboxRow,
    PayoutRow,
    UsageFileRow,
    UsageQuarantineRow,
    UsageRecordRow,
    UsageSupersessionRow,
)
from tests.service.consistent_erasure import erased
from tests.service.consistent_life import lives
from tests.service.consistent_registers import registers
from tests.service.record import Rows, at, on


def build(engine: Engine) -> None:
    """Write it all into a migrated database."""
    parts = (contracts, usage, bank, bills, payments, books, lives, erased, registers)
    rows = [row for part in parts for row in part()]
    places = {table.name: place for place, table in enumerate(SQLModel.metadata.sorted_tables)}
    rows.sort(key=lambda row: places[str(row.__tablename__)])
    with Session(engine) as session, session.begin():
        for _, of_a_table in groupby(rows, type):
            session.add_all(list(of_a_table))
            session.flush()


def contracts() -> Rows:
    """Three contracts; the second ended with 31 May, which is 15:00 UTC of that day."""
    for n, state, version in ((1, "active", 2), (2, "ended", 3), (3, "suspended", 3)):
        start, ended_at = on("05-01") if n == 3 else on("04-01"), at("05-31", 15) if n == 2 else None
        yield ApplicationRow(
            application_no=f"A-{n:06d}", external_ref=f"ref-{n}", customer_ref=f"ref-{n}", state="accepted",
            received_at=at("03-02"), corporate_number="9000000000001", price_list="PL-2026-03", terms_version="1.0",
            electronic_delivery=True, findings=[], contract_no=f"C-{n:06d}", name=b"sealed", name_hash="h",
            closed_at=at("03-10"),
        )  # fmt: skip
        yield ContractRow(
            contract_no=f"C-{n:06d}", application_no=f"A-{n:06d}", customer_ref=f"ref-{n}",
            corporate_number="9000000000001", state=state, version=version, terms_version="1.0",
            price_list="PL-2026-03", formed_at=at("03-10"), service_start_on=start, billing_start_on=start,
            ended_at=ended_at, ends_on=on("05-31") if ended_at else None, end_ground="18(1)" if ended_at else None,
            name=b"sealed", name_hash="h",
        )  # fmt: skip


def usage() -> Rows:
    """A file of six rows: three accepted, one duplicate, two quarantined, one of which a person accepted."""
    yield UsageFileRow(
        file_id="U-000001", sha256="u1", encoding="utf-8", rows=6, accepted=3, duplicates=1, duplicate_lines=[4],
        quarantined=[{"line": 5, "reason": "conflict"}, {"line": 6, "reason": "overlap"}],
        received_at=at("05-01"), received_by="billing:a",
    )  # fmt: skip
    for n, state in ((1, "accepted"), (2, "open")):
        decided: Any = {"decided_at": at("05-01"), "decided_by": "billing:a"} if state == "accepted" else {}
        yield UsageQuarantineRow(
            quarantine_id=f"Q-{n:06d}", file_id="U-000001", line=4 + n, reason="conflict", state=state,
            contract_no="C-000001", month="2026-04", values_hash=f"q{n}", row=b"sealed", **decided,
        )  # fmt: skip
    for n in (1, 2, 3, 4):
        yield UsageRecordRow(
            id=n, file_id="U-000001", line=n if n < 4 else 5, contract_no="C-000001", resource_id="r-1", code="VM-A",
            month="2026-04", from_on=on(f"04-0{n % 4}") if n < 4 else on("04-01"), to_on=on("04-10"), days=10,
            seconds=36, values_hash=f"v{n}", quarantine_id="Q-000001" if n == 4 else None,
        )  # fmt: skip
    yield UsageSupersessionRow(superseded_id=1, by_id=4, approved_by="billing:a", at=at("05-01"))


DEPOSITS: tuple[tuple[int, int, str, str, str | None, int, dict[str, Any]], ...] = (
    # number, amount, booked and valued, state, contract, unapplied, more
    (1, 5000, "05-07", "allocated", "C-000001", 0, {}),
    (2, 109_400, "06-10", "held", "C-000002", 6, {}),
    (3, 100_300, "06-11", "cancelled", "C-000002", 0, {"reversed_by": "D-000004"}),
    (4, 100_300, "06-12", "cancelled", "C-000002", 0, {"reverses": "D-000003", "reversal": True}),
    (5, 777, "06-12", "unmatched", None, 777, {}),
)


def bank() -> Rows:
    """A bank file of seven records: three deposits matched, one not, a reversal, a duplicate, and a fee."""
    yield BankAccountRow(
        account_id="BA-000001", bank_code="0177", bank_name="x", branch_code="100", branch_name="x", type="1",
        number="0000001", holder_kana="x", recorded_at=at("03-01"), recorded_by="admin:a",
    )  # fmt: skip
    yield BankFileRow(
        file_id="B-000001", sha256="b1", format="zengin-01", records=7, matched=3, unmatched=1, cancelled=1,
        duplicates=1, other=1, received_at=at("06-12"), received_by="cash:a",
    )  # fmt: skip
    for n, amount, day, state, contract, unapplied, more in DEPOSITS:
        yield DepositRow(
            deposit_id=f"D-{n:06d}", account_id="BA-000001", reference=n, booked_on=on(day), value_on=on(day),
            amount=amount, state=state, contract_no=contract, unapplied=unapplied, payer_hash="h",
            payer_prefix_hash="h", received_at=at("06-12"), **more,
        )  # fmt: skip
    lines = [(n, "reversal" if "reverses" in more else "deposit", amount, day)
             for n, amount, day, _, _, _, more in DEPOSITS]  # fmt: skip
    for line, outcome, amount, day in (*lines, (6, "duplicate", 777, "06-12"), (7, "other", 330, "06-12")):
        yield BankLineRow(
            file_id="B-000001", line=line, outcome=outcome, account_id="BA-000001", reference=line, booked_on=on(day),
            value_on=on(day), amount=amount, incoming=outcome == "deposit",
            deposit_id=f"D-{line:06d}" if line <= 5 else "D-000005" if line == 6 else None,
        )  # fmt: skip


INVOICES: tuple[tuple[str, str, int, str, str, int, int, tuple[int, ...], str, int, dict[str, Any]], ...] = (
    # number, kind, contract, key, issued, tax, without tax, taxed lines, state, balance, more
    ("1260000001", "monthly", 1, "2026-04", "05-01", 365, 0, (710, 1985, 960), "void", 0,
     {"replaced_by": "1260000004"}),
    ("1260000002", "monthly", 2, "2026-04", "05-01", 10_000, 0, (100_000,), "paid", 0, {}),
    ("1260000003", "monthly", 1, "2026-05", "06-01", 5000, 0, (50_000,), "part_paid", 54_560, {}),
    # 3,000 + 300 is lower than 4,020, so the due day stays.
    ("1260000004", "monthly", 1, "2026-04", "05-08", 300, 0, (3000,), "paid", 0, {"replaces": "1260000001"}),
    ("2260000001", "penalty", 2, "18(1)", "05-31", 0, 360_000, (), "issued", 360_000, {}),
    ("4260000001", "interest", 2, "D-000002", "06-10", 0, 500, (), "paid", 0, {}),
    ("4260000002", "interest", 2, "D-000003", "06-11", 0, 300, (), "void", 0, {}),
    # 10,000 - floor(98,995 × 10 %) = 10,000 - 9,899 = 101, a yen more than 10 % of 1,005.
    ("6260000001", "credit", 2, "P-000001", "06-05", 101, 0, (1005,), "issued", 0, {"corrects": "1260000002"}),
)  # fmt: skip


def bills() -> Rows:
    """April and May are issued, June waits for approval; the invoices with lines, taxes, states and series."""
    for month, state, issued_on in (
        ("2026-04", "issued", on("05-01")), ("2026-05", "issued", on("06-01")), ("2026-06", "proof", None),
    ):  # fmt: skip
        yield from approval(f"P-{month}", issued_on)
        yield BillingRunRow(
            month=month, pass_no=1, state=state, started_at=at("05-01"), started_by="billing:a",
            approval_id=f"P-{month}", issued_on=issued_on,
        )  # fmt: skip
    results: tuple[tuple[int, str, str, dict[str, Any]], ...] = (
        (1, "2026-04", "issued", {"invoice_no": "1260000001"}),
        (2, "2026-04", "issued", {"invoice_no": "1260000002"}),
        (1, "2026-05", "issued", {"invoice_no": "1260000003"}),
        (2, "2026-05", "nothing_to_bill", {}),
        (3, "2026-05", "held", {"reason": "usage_gap"}),
        (1, "2026-06", "priced", {}),
    )
    for n, month, result, more in results:
        yield BillingResultRow(contract_no=f"C-{n:06d}", month=month, pass_no=1, state=result, **more)
    for number, kind, n, key, day, tax, non_taxed, lines, state, balance, more in INVOICES:
        of_month = key if kind == "monthly" else None
        links: Any = {"contract_no": f"C-{n:06d}", "kind": kind, "business_key": key, "due_on": on("06-30")}
        yield InvoiceRow(
            **links, invoice_no=number, month=of_month, issued_on=on(day), non_taxed=non_taxed,
            total=sum(lines) + tax + non_taxed, issued_at=at(day), basis={"rate": "10"},
            **{name: value for name, value in more.items() if name != "replaced_by"},
        )  # fmt: skip
        yield InvoiceAccountRow(
            **links, invoice_no=number, state=state, balance=balance, replaced_by=more.get("replaced_by")
        )
        sides = [("taxable", amount) for amount in lines] + [("exempt", non_taxed)] * bool(non_taxed)
        for place, (tax_class, amount) in enumerate(sides, 1):
            yield InvoiceLineRow(
                invoice_no=number, line_no=place, code="VM-A", charge_type="metered", month=of_month, quantity="1.5",
                unit="h", unit_price="12.25", amount=amount, article="26(1)", tax_class=tax_class,
            )  # fmt: skip
        if lines:
            yield InvoiceTaxRow(invoice_no=number, rate_percent=10, base=sum(lines), tax=tax)
    for kind, last in (("monthly", 4), ("penalty", 1), ("interest", 2), ("credit", 1)):
        yield NumberSeriesRow(kind=f"invoice:{kind}", year=2026, last=last)
    yield NumberSeriesRow(kind="deposit", year=0, last=5)
    yield OutboxRow(
        id=1, key="k", kind="signal", workflow_id="billing/2026-06", name="decided", payload={}, created_at=at("06-20")
    )


def payments() -> Rows:
    """What deposits paid, what was taken back, refunded and given up."""
    allocations: tuple[tuple[int, int, int, str, str, int, str, str, dict[str, Any]], ...] = (
        (1, 1, 1, "1260000001", "principal", 4020, "05-07", "05-07", {}),
        (2, 1, 1, "1260000001", "principal", -4020, "05-07", "05-08", {"undoes": 1}),
        (3, 1, 1, "1260000004", "principal", 3300, "05-07", "05-08", {}),
        (4, 2, 2, "1260000002", "interest", 500, "06-10", "06-10", {"interest_invoice": "4260000001"}),
        (5, 2, 2, "1260000002", "principal", 108_894, "06-10", "06-10", {}),
        (6, 3, 2, "2260000001", "interest", 300, "06-11", "06-11", {"interest_invoice": "4260000002"}),
        (7, 3, 2, "2260000001", "principal", 100_000, "06-11", "06-11", {}),
        (8, 3, 2, "2260000001", "interest", -300, "06-11", "06-12", {"undoes": 6}),
        (9, 3, 2, "2260000001", "principal", -100_000, "06-11", "06-12", {"undoes": 7}),
    )
    for id_, deposit, contract, invoice, part, amount, value_on, on_day, more in allocations:
        yield AllocationRow(
            id=id_, key=f"a{id_}", deposit_id=f"D-{deposit:06d}", contract_no=f"C-{contract:06d}", invoice_no=invoice,
            part=part, amount=amount, value_on=on(value_on), on_day=on(on_day), **more,
        )  # fmt: skip
    yield from approval("P-000002", on("05-20"), "refund")
    yield from approval("P-000003", on("06-03"), "write_off")
    yield PayoutRow(
        approval_id="P-000002", kind="refund", deposit_id="D-000001", contract_no="C-000001", amount=1700,
        on_day=on("05-20"),
    )  # fmt: skip
    yield PayoutRow(
        approval_id="P-000003", kind="write_off", invoice_no="1260000003", contract_no="C-000001", amount=440,
        on_day=on("06-03"),
    )  # fmt: skip


def approval(approval_id: str, decided_on: date | None, act: str = "billing_run") -> Rows:
    """An act of two people; the second one agreed late in the evening of Japan, 14:00 UTC, if at all."""
    yield ApprovalRow(
        approval_id=approval_id, key=approval_id, act=act, article="27(1)", roles=["legal"],
        proposed_by="billing:a", proposed_at=at("05-01"), expires_at=at("12-31"), consequence={"total": 1},
        state="approved" if decided_on else "open",
    )  # fmt: skip
    if decided_on:
        decided_at = datetime.combine(decided_on, datetime.min.time(), UTC).replace(hour=14)
        yield ApprovalVoteRow(
            approval_id=approval_id, person="b", role="legal", decision="approve", reason=b"sealed", at=decided_at
        )


INCOME = {"monthly": "revenue", "penalty": "penalty_income", "interest": "interest_income"}


def books() -> Rows:
    """One entry for each document, and a counter-entry for each that was taken back."""
    for number, kind, n, _, day, tax, non_taxed, lines, *_ in INVOICES:
        total, links = sum(lines) + tax + non_taxed, {"invoice_no": number, "contract_no": f"C-{n:06d}"}
        if kind == "credit":
            yield from entry(f"credit_note:{number}", "credit_note", day, sales_returns=total - tax,
                             consumption_tax_payable=tax, receivable=-total, **links)  # fmt: skip
        else:
            yield from entry(f"invoice:{number}", "invoice", day, receivable=total, consumption_tax_payable=-tax,
                             **{INCOME[kind]: tax - total}, **links)  # fmt: skip
    for n, amount, day, *_, more in DEPOSITS:
        signed = -amount if "reverses" in more else amount
        yield from entry(f"deposit:D-{n:06d}", "deposit", day, bank=signed, deposits_held=-signed,
                         deposit_id=f"D-{n:06d}")  # fmt: skip
    for key, event, day, deposit, amount, corrects in (
        ("allocation:D-000001:1", "allocation", "05-07", 1, 4020, None),
        ("undo:D-000001:1", "correction", "05-08", 1, -4020, "allocation:D-000001:1"),
        ("allocation:D-000001:2", "allocation", "05-08", 1, 3300, None),
        ("allocation:D-000002:1", "allocation", "06-10", 2, 109_394, None),
        ("allocation:D-000003:1", "allocation", "06-11", 3, 100_300, None),
        ("undo:D-000003:1", "correction", "06-12", 3, -100_300, "allocation:D-000003:1"),
    ):
        yield from entry(key, event, day, deposits_held=amount, receivable=-amount, deposit_id=f"D-{deposit:06d}",
                         corrects=corrects)  # fmt: skip
    yield from entry("void:1260000001", "correction", "05-08", receivable=-4020, consumption_tax_payable=365,
                     revenue=3655, invoice_no="1260000001", corrects="invoice:1260000001")  # fmt: skip
    yield from entry("void:4260000002", "correction", "06-12", receivable=-300, interest_income=300,
                     invoice_no="4260000002", corrects="invoice:4260000002")  # fmt: skip
    yield from entry("refund:P-000002", "refund", "05-20", deposits_held=1700, bank=-1700, deposit_id="D-000001")
    yield from entry("write_off:P-000003", "write_off", "06-03", write_off=440, receivable=-440,
                     invoice_no="1260000003")  # fmt: skip


def entry(key: str, event: str, day: str, **told: Any) -> Rows:  # noqa: ANN401 - accounts in yen, links as texts
    """Give an entry and its lines; zeros are left out."""
    links = {name: told.pop(name) for name in ("invoice_no", "contract_no", "deposit_id", "corrects") if name in told}
    yield JournalEntryRow(entry_key=key, event=event, on_day=on(day), recorded_at=at(day), **links)
    yield from (JournalLineRow(entry_key=key, account=name, amount=each) for name, each in told.items() if each)
