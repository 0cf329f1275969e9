"""Corruptions of `tests/service/consistent.py`, in plain SQL, and what `yakkan verify` has to say of each."""

from typing import NamedTuple


class Corruption(NamedTuple):
    """What was done to the rows, the breach that must be named, and which other invariants it breaks by nature."""

    name: str
    sql: str
    breach: str
    others: tuple[str, ...] = ()
    postgresql: bool = False


IDENTITY = (
    Corruption(
        "two live invoices of one month",
        "DROP INDEX uq_invoice_account_live; UPDATE invoice_account SET business_key = '2026-04' "
        "WHERE invoice_no = '1260000003'; UPDATE invoice SET business_key = '2026-04' WHERE invoice_no = '1260000003'",
        "I1 invoice_account 1260000003", ("I2", "I14"), postgresql=True,
    ),
    Corruption(
        "an invoice without a state", "DELETE FROM invoice_account WHERE invoice_no = '4260000001'",
        "I1 invoice_account 4260000001", postgresql=True,
    ),
    Corruption(
        "a state without an invoice",
        "INSERT INTO invoice_account SELECT '1260000009', contract_no, kind, 'x', 'void', 0, due_on, '1260000010' "
        "FROM invoice_account WHERE invoice_no = '1260000001'",
        "I1 invoice_account 1260000009",
    ),
    Corruption(
        "the state names another contract",
        "UPDATE invoice_account SET contract_no = 'C-000003' WHERE invoice_no = '2260000001'",
        "I1 invoice_account 2260000001", postgresql=True,
    ),
    Corruption(
        "void with nothing in its place",
        "UPDATE invoice_account SET replaced_by = NULL WHERE invoice_no = '1260000001'",
        "I1 invoice_account 1260000001", postgresql=True,
    ),
    Corruption(
        "replaced, but alive", "UPDATE invoice_account SET replaced_by = '1260000004' WHERE invoice_no = '1260000003'",
        "I1 invoice_account 1260000003",
    ),
    Corruption(
        "replaced by the invoice of another contract",
        "UPDATE invoice_account SET replaced_by = '1260000002' WHERE invoice_no = '1260000001'",
        "I1 invoice_account 1260000001",
    ),
    Corruption(
        "replaces an invoice that does not know it",
        "UPDATE invoice SET replaces = '1260000002' WHERE invoice_no = '1260000003'", "I1 invoice 1260000003",
    ),
    Corruption(
        "a credit note for nothing",
        "UPDATE invoice SET corrects = '1260000009' WHERE invoice_no = '6260000001'",
        "I1 invoice 6260000001", ("I3", "I4", "I5"),
    ),
    Corruption(
        "a number of another fiscal year",
        "UPDATE invoice SET issued_on = '2026-03-31', issued_at = '2026-03-31 00:00:00' WHERE invoice_no = "
        "'2260000001'; UPDATE journal_entry SET on_day = '2026-03-31' WHERE invoice_no = '2260000001'",
        "I1 invoice 2260000001", postgresql=True,
    ),
    Corruption(
        "a number of another kind", "UPDATE invoice SET kind = 'surcharge' WHERE invoice_no = '2260000001'",
        "I1 invoice 2260000001", ("I4",),
    ),
    Corruption(
        "a gap in the numbers",
        "UPDATE number_series SET last = 3 WHERE kind = 'invoice:interest'; "
        "{move invoice_no 4260000002 4260000003}",
        "I1 invoice 4260000003", ("I7",),
    ),
    Corruption(
        "a series that ran ahead", "UPDATE number_series SET last = 5 WHERE kind = 'invoice:monthly'",
        "I1 number_series invoice:monthly/2026", postgresql=True,
    ),
    Corruption(
        "a series that is lost", "DELETE FROM number_series WHERE kind = 'invoice:credit'",
        "I1 number_series invoice:credit/2026",
    ),
)  # fmt: skip

MONTHS = (
    Corruption(
        "a forgotten contract", "DELETE FROM billing_result WHERE contract_no = 'C-000003'",
        "I2 billing_result C-000003/2026-05", postgresql=True,
    ),
    Corruption(
        "a contract in its last month forgotten",
        "DELETE FROM billing_result WHERE contract_no = 'C-000002' AND month = '2026-05'",
        "I2 billing_result C-000002/2026-05", postgresql=True,
    ),
    Corruption(
        "priced in a month that is issued",
        "UPDATE billing_result SET state = 'priced' WHERE state = 'nothing_to_bill'",
        "I2 billing_result C-000002/2026-05",
    ),
    Corruption(
        "held for no reason", "UPDATE billing_result SET reason = NULL WHERE state = 'held'",
        "I2 billing_result C-000003/2026-05",
    ),
    Corruption(
        "a state that is none", "UPDATE billing_result SET state = 'lost' WHERE state = 'held'",
        "I2 billing_result C-000003/2026-05",
    ),
    Corruption(
        "issued without an invoice",
        "UPDATE billing_result SET state = 'issued' WHERE state = 'nothing_to_bill'",
        "I2 billing_result C-000002/2026-05",
    ),
    Corruption(
        "an invoice where there was nothing to bill",
        "UPDATE billing_result SET state = 'nothing_to_bill', invoice_no = NULL WHERE invoice_no = '1260000003'",
        "I2 billing_result C-000001/2026-05", postgresql=True,
    ),
    Corruption(
        "the invoice of another contract",
        "UPDATE billing_result SET invoice_no = '1260000002' WHERE invoice_no = '1260000003'",
        "I2 billing_result C-000001/2026-05",
    ),
)  # fmt: skip

SUMS = (
    Corruption(
        "a tax class that is none",
        "UPDATE invoice_line SET tax_class = 'reduced' WHERE invoice_no = '2260000001'",
        "I3 invoice_line 2260000001/1",
    ),
    Corruption(
        "a line that was raised", "UPDATE invoice_line SET amount = amount + 1 WHERE invoice_no = '1260000002'",
        "I3 invoice_tax 1260000002", postgresql=True,
    ),
    Corruption(
        "a line without tax that was lowered",
        "UPDATE invoice_line SET amount = amount - 1 WHERE invoice_no = '4260000001'", "I3 invoice 4260000001",
    ),
    Corruption(
        "a total that is not the sum",
        "UPDATE invoice SET total = total + 1, non_taxed = 0 WHERE invoice_no = '6260000001'",
        "I3 invoice 6260000001", ("I4", "I5"),
    ),
    Corruption(
        "tax rounded up",
        # 3,655 × 10 % = 365.5
        "UPDATE invoice_tax SET tax = 366 WHERE invoice_no = '1260000001'; UPDATE invoice SET total = 4021 "
        "WHERE invoice_no = '1260000001'; UPDATE journal_line SET amount = sign(amount) * 366 WHERE amount IN "
        "(365, -365); UPDATE journal_line SET amount = sign(amount) * 4021 WHERE entry_key IN ('invoice:1260000001', "
        "'void:1260000001') AND account = 'receivable'",
        "I3 invoice_tax 1260000001/10", postgresql=True,
    ),
    Corruption(
        "a base below zero",
        "INSERT INTO invoice_tax VALUES ('4260000001', 8, -100, -8); "
        "UPDATE invoice_tax SET base = 100100, tax = 10008 WHERE invoice_no = '1260000002'",
        "I3 invoice_tax 4260000001/8", ("I4",),
    ),
    Corruption(
        "a credit with too little tax",
        "UPDATE invoice_tax SET tax = 100 WHERE invoice_no = '6260000001'",
        "I3 invoice_tax 1260000002/10", ("I4",), postgresql=True,
    ),
    Corruption(
        "a credit without tax on what bore it",
        "UPDATE invoice SET corrects = '1260000002', non_taxed = 5 WHERE invoice_no = '6260000001'",
        "I3 invoice 1260000002",
    ),
)  # fmt: skip

BOOKS = (
    Corruption(
        "an entry that does not sum to zero",
        "UPDATE journal_line SET amount = amount + 1 WHERE entry_key = 'deposit:D-000005' AND account = 'bank'",
        "I4 journal_entry deposit:D-000005", postgresql=True,
    ),
    Corruption(
        "a lost line", "DELETE FROM journal_line WHERE entry_key = 'refund:P-000002' AND account = 'bank'",
        "I4 journal_entry refund:P-000002",
    ),
    Corruption(
        "lines without their entry",
        "INSERT INTO journal_line VALUES ('ghost', 'bank', 1), ('ghost', 'revenue', -1)", "I4 journal_line ghost",
    ),
    Corruption(
        "the entry of an invoice that is not there",
        "INSERT INTO journal_entry SELECT 'x', event, on_day, contract_no, '1260000009', NULL, NULL, recorded_at "
        "FROM journal_entry WHERE entry_key = 'invoice:1260000002'; INSERT INTO journal_line VALUES "
        "('x', 'receivable', 1), ('x', 'revenue', -1)",
        "I4 journal_entry x", postgresql=True,
    ),
    Corruption(
        "an invoice that was never booked",
        "DELETE FROM journal_line WHERE entry_key = 'invoice:1260000002'; "
        "DELETE FROM journal_entry WHERE entry_key = 'invoice:1260000002'",
        "I4 journal_entry 1260000002", postgresql=True,
    ),
    Corruption(
        "an invoice booked on another day",
        "UPDATE journal_entry SET on_day = '2026-05-02' WHERE entry_key = 'invoice:1260000002'",
        "I4 journal_entry invoice:1260000002", postgresql=True,
    ),
    Corruption(
        "income on the wrong account",
        "UPDATE journal_line SET account = 'revenue' WHERE entry_key = 'invoice:2260000001' AND account LIKE '%income'",
        "I4 journal_entry invoice:2260000001", postgresql=True,
    ),
    Corruption(
        "a credit note that leaves the tax",
        "UPDATE journal_line SET amount = amount + 101 WHERE entry_key = 'credit_note:6260000001' AND account = "
        "'sales_returns'; DELETE FROM journal_line WHERE entry_key = 'credit_note:6260000001' AND account LIKE '%tax%'",
        "I4 journal_entry credit_note:6260000001",
    ),
    Corruption(
        "a deposit booked twice",
        "INSERT INTO journal_entry SELECT 'again', event, on_day, contract_no, invoice_no, deposit_id, corrects, "
        "recorded_at FROM journal_entry WHERE entry_key = 'deposit:D-000005'; INSERT INTO journal_line "
        "SELECT 'again', account, amount FROM journal_line WHERE entry_key = 'deposit:D-000005'",
        "I4 journal_entry D-000005", postgresql=True,
    ),
    Corruption(
        "a deposit booked on the day after",
        "UPDATE journal_entry SET on_day = '2026-06-13' WHERE entry_key = 'deposit:D-000005'",
        "I4 journal_entry deposit:D-000005",
    ),
    Corruption(
        "an allocation that the books do not know",
        "DELETE FROM journal_line WHERE entry_key = 'allocation:D-000001:2'; "
        "DELETE FROM journal_entry WHERE entry_key = 'allocation:D-000001:2'",
        "I4 journal_entry D-000001/2026-05-08", postgresql=True,
    ),
    Corruption(
        "an allocation booked on its value day",
        "UPDATE journal_entry SET on_day = '2026-05-07', recorded_at = '2026-05-07 00:00:00' "
        "WHERE entry_key = 'allocation:D-000001:2'",
        "I4 journal_entry D-000001/2026-05-07", postgresql=True,
    ),
    Corruption(
        "a refund of another sum",
        "UPDATE journal_line SET amount = amount * 2 WHERE entry_key = 'refund:P-000002'",
        "I4 journal_entry D-000001/2026-05-20",
    ),
    Corruption(
        "a write-off of another sum",
        "UPDATE journal_line SET amount = amount * 2 WHERE entry_key = 'write_off:P-000003'",
        "I4 journal_entry 1260000003/2026-06-03",
    ),
    Corruption(
        "a refund through the sales",
        "UPDATE journal_line SET account = 'revenue' WHERE entry_key = 'refund:P-000002' AND account = 'bank'",
        "I4 journal_line refund:P-000002",
    ),
    Corruption(
        "a correction of nothing", "UPDATE journal_entry SET corrects = 'lost' WHERE entry_key = 'undo:D-000003:1'",
        "I4 journal_entry undo:D-000003:1",
    ),
    Corruption(
        "a correction that leaves something",
        "UPDATE journal_line SET amount = amount / 2 WHERE entry_key = 'void:4260000002'",
        "I4 journal_entry void:4260000002", postgresql=True,
    ),
    Corruption(
        "an allocation taken back twice",
        "INSERT INTO journal_entry SELECT 'again', event, on_day, contract_no, invoice_no, deposit_id, corrects, "
        "recorded_at FROM journal_entry WHERE entry_key = 'undo:D-000003:1'; INSERT INTO journal_line "
        "SELECT 'again', account, amount FROM journal_line WHERE entry_key = 'undo:D-000003:1'",
        "I4 journal_entry allocation:D-000003:1",
    ),
    Corruption(
        "a void invoice that the books still claim",
        "DELETE FROM journal_line WHERE entry_key = 'void:1260000001'; "
        "DELETE FROM journal_entry WHERE entry_key = 'void:1260000001'",
        "I4 journal_entry 1260000001",
    ),
)  # fmt: skip
