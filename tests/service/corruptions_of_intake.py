"""More corruptions of `tests/service/consistent.py`: payments, numbers, days, and what files held."""

from tests.service.corruptions import BOOKS, IDENTITY, MONTHS, SUMS, Corruption
from tests.service.corruptions_of_life import DEFAULT, LETTERS, LIFE, PEOPLE, ROWS, TRAIL
from tests.service.corruptions_of_registers import REGISTERS
from tests.service.corruptions_of_retention import RETENTION

PAYMENTS = (
    Corruption(
        "a deposit that pays more than came in",
        "UPDATE deposit SET amount = 109000 WHERE deposit_id = 'D-000002'",
        "I5 deposit D-000002", ("I4", "I16"), postgresql=True,
    ),
    Corruption(
        "a rest that is not held",
        "UPDATE deposit SET unapplied = 0, state = 'allocated' WHERE deposit_id = 'D-000002'",
        "I5 deposit D-000002", ("I4",), postgresql=True,
    ),
    Corruption(
        "a deposit called allocated with a rest",
        "UPDATE deposit SET state = 'allocated' WHERE deposit_id = 'D-000002'",
        "I5 deposit D-000002", postgresql=True,
    ),
    Corruption(
        "a reversed deposit that still counts", "UPDATE deposit SET state = 'held' WHERE deposit_id = 'D-000003'",
        "I5 deposit D-000003",
    ),
    Corruption(
        "a reversal of another sum", "UPDATE deposit SET amount = 100301 WHERE deposit_id = 'D-000004'",
        "I5 deposit D-000004", ("I4", "I16"),
    ),
    Corruption(
        "a reversal that its original does not know",
        "UPDATE deposit SET reversed_by = 'D-000005' WHERE deposit_id = 'D-000003'",
        "I5 deposit D-000003", postgresql=True,
    ),
    Corruption(
        "a reversed deposit that still pays",
        "DELETE FROM allocation WHERE id = 9; UPDATE journal_line SET amount = sign(amount) * 300 "
        "WHERE entry_key = 'undo:D-000003:1'",
        "I5 deposit D-000003", ("I4",),
    ),
    Corruption(
        "a payment across contracts", "UPDATE allocation SET contract_no = 'C-000003' WHERE id = 5",
        "I5 allocation 5", postgresql=True,
    ),
    Corruption(
        "a counter-row of another sum",
        "UPDATE allocation SET amount = -4019 WHERE id = 2; UPDATE allocation SET amount = 3299 WHERE id = 3",
        "I5 allocation 2", ("I4",),
    ),
    Corruption(
        "a negative row that takes nothing back", "UPDATE allocation SET undoes = NULL WHERE id = 2", "I5 allocation 2",
    ),
    Corruption(
        "interest that no invoice documents", "UPDATE allocation SET interest_invoice = NULL WHERE id = 4",
        "I5 allocation 4", ("I4",), postgresql=True,
    ),
    Corruption(
        "a balance that does not follow",
        "UPDATE invoice_account SET balance = 54559 WHERE invoice_no = '1260000003'",
        "I5 invoice_account 1260000003", ("I4",), postgresql=True,
    ),
    Corruption(
        "a state that does not follow", "UPDATE invoice_account SET state = 'issued' WHERE invoice_no = '1260000003'",
        "I5 invoice_account 1260000003", postgresql=True,
    ),
    Corruption(
        "an invoice paid twice",
        "INSERT INTO allocation SELECT 10, 'a10', deposit_id, contract_no, invoice_no, part, 6, value_on, on_day, "
        "NULL, NULL, NULL FROM allocation WHERE id = 5; UPDATE allocation SET amount = 110000 WHERE id = 5",
        "I5 invoice_account 1260000002", ("I4",),
    ),
    Corruption(
        "a void invoice that is still paid",
        "UPDATE allocation SET invoice_no = '1260000001' WHERE id = 3",
        "I5 invoice_account 1260000001", ("I4",),
    ),
)  # fmt: skip

NUMBERS = (
    Corruption(
        "a sum with a fraction", "UPDATE billing_run SET total = 4020.5 WHERE month = '2026-04'",
        "I13 billing_run 2026-04/1",
    ),
    Corruption(
        "seconds as text", "UPDATE usage_record SET seconds = 'many' WHERE id = 2", "I13 usage_record 2",
    ),
    Corruption(
        "a price in scientific notation", "UPDATE invoice_line SET unit_price = '1.2e3' WHERE line_no = 3",
        "I13 invoice_line 1260000001/3", postgresql=True,
    ),
    Corruption(
        "a quantity with two points", "UPDATE invoice_line SET quantity = '1.2.3' WHERE line_no = 3",
        "I13 invoice_line 1260000001/3", postgresql=True,
    ),
    Corruption(
        "a fraction in the basis of an invoice",
        """UPDATE invoice SET basis = '{"rate": 0.1}' WHERE invoice_no = '2260000001'""",
        "I13 invoice 2260000001", postgresql=True,
    ),
    Corruption(
        "a column that could hold fractions", "ALTER TABLE payout ADD COLUMN fee DOUBLE PRECISION", "I13 payout fee",
        postgresql=True,
    ),
)  # fmt: skip

DAYS = (
    Corruption(
        "billed before the month was over",
        "UPDATE invoice SET issued_on = '2026-05-31', issued_at = '2026-05-31 00:00:00' WHERE invoice_no = "
        "'1260000003'; UPDATE journal_entry SET on_day = '2026-05-31' WHERE entry_key = 'invoice:1260000003'",
        "I14 invoice 1260000003", postgresql=True,
    ),
    Corruption(
        "a month that is not its key", "UPDATE invoice SET month = '2026-03' WHERE invoice_no = '1260000003'",
        "I14 invoice 1260000003",
    ),
    Corruption(
        "a line of the next month", "UPDATE invoice_line SET month = '2026-06' WHERE invoice_no = '1260000003'",
        "I14 invoice_line 1260000003/1",
    ),
    Corruption(
        "due before it was issued", "UPDATE invoice SET due_on = '2026-05-30' WHERE invoice_no = '2260000001'",
        "I14 invoice 2260000001", postgresql=True,
    ),
    Corruption(
        # 15:00 UTC is midnight in Japan: the next day has begun.
        "issued by the day of Greenwich",
        "UPDATE invoice SET issued_at = '2026-05-31 15:00:00' WHERE invoice_no = '2260000001'",
        "I14 invoice 2260000001", postgresql=True,
    ),
    Corruption(
        "a run that bears another day than its approval",
        "UPDATE approval_vote SET at = '2026-06-01 15:00:00' WHERE approval_id = 'P-2026-05'",
        "I14 billing_run 2026-05/1", postgresql=True,
    ),
    Corruption(
        "booked by the day of Greenwich",
        "UPDATE journal_entry SET recorded_at = '2026-06-03 15:00:00' WHERE event = 'write_off'",
        "I14 journal_entry write_off:P-000003", postgresql=True,
    ),
    Corruption(
        "usage across the end of its month", "UPDATE usage_record SET to_on = '2026-05-01' WHERE id = 3",
        "I14 usage_record 3", postgresql=True,
    ),
    Corruption(
        "a date that is none", "UPDATE invoice SET due_on = '2026-6-30' WHERE invoice_no = '1260000003'",
        "I14 invoice 1260000003",
    ),
)  # fmt: skip

INTAKE = (
    Corruption(
        "a file with a row too many", "UPDATE usage_file SET rows = 7", "I16 usage_file U-000001", postgresql=True,
    ),
    Corruption(
        "a lost row of usage", "DELETE FROM usage_record WHERE id = 3", "I16 usage_file U-000001", postgresql=True,
    ),
    Corruption(
        "a lost row of quarantine", "DELETE FROM usage_quarantine WHERE quarantine_id = 'Q-000002'",
        "I16 usage_file U-000001", postgresql=True,
    ),
    Corruption(
        "usage of no file", "UPDATE usage_record SET file_id = 'U-000002' WHERE id = 3", "I16 usage_record 3",
    ),
    Corruption(
        "a hidden row of quarantine", "UPDATE usage_quarantine SET state = 'hidden' WHERE state = 'open'",
        "I16 usage_quarantine Q-000002",
    ),
    Corruption(
        "discarded by nobody", "UPDATE usage_quarantine SET state = 'discarded' WHERE state = 'open'",
        "I16 usage_quarantine Q-000002", postgresql=True,
    ),
    Corruption(
        "accepted, but nothing counts",
        "UPDATE usage_quarantine SET state = 'accepted', decided_by = 'x', decided_at = '2026-05-01 00:00:00' "
        "WHERE state = 'open'",
        "I16 usage_quarantine Q-000002",
    ),
    Corruption(
        "accepted out of nowhere", "UPDATE usage_record SET quarantine_id = 'Q-000009' WHERE id = 4",
        "I16 usage_record 4",
    ),
    Corruption(
        "superseded by nothing", "UPDATE usage_supersession SET by_id = 99", "I16 usage_supersession 1",
    ),
    Corruption(
        "superseded by another resource", "UPDATE usage_record SET resource_id = 'r-2' WHERE id = 4",
        "I16 usage_supersession 1", postgresql=True,
    ),
    Corruption(
        "a bank file that does not add up", "UPDATE bank_file SET records = 8", "I16 bank_file B-000001",
        postgresql=True,
    ),
    Corruption(
        "a lost record of a bank file", "DELETE FROM bank_line WHERE line = 7", "I16 bank_file B-000001",
        postgresql=True,
    ),
    Corruption(
        "a record without its deposit", "UPDATE bank_line SET deposit_id = NULL WHERE line = 5",
        "I16 bank_line B-000001/5",
    ),
    Corruption(
        "a deposit that no file brought", "UPDATE bank_line SET deposit_id = NULL WHERE line = 1",
        "I16 deposit D-000001",
    ),
)  # fmt: skip

CORRUPTIONS = (
    *IDENTITY, *MONTHS, *SUMS, *BOOKS, *PAYMENTS, *NUMBERS, *DAYS, *INTAKE, *LIFE, *PEOPLE, *DEFAULT, *LETTERS, *ROWS,
    *TRAIL, *RETENTION, *REGISTERS,
)  # fmt: skip
