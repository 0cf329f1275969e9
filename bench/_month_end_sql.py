"""What `bench.month_end` is held against: raw SQL, the same on both databases."""

# ruff: noqa: E501 (SQL)

_GROUPED = """
SELECT contract_no, resource_id, code, size_e4, SUM(seconds) AS seconds, SUM(amount_e4) AS amount_e4, SUM(days) AS days,
    SUM(seconds) / 3600 + SUM(amount_e4) / 10000 AS amount
FROM usage_record WHERE month = '{month}' GROUP BY contract_no, resource_id, code, size_e4
"""
_TOTALS = """
SELECT contract_no, SUM(amount) AS base, SUM(amount) / 10 AS tax, COUNT(*) AS lines,
    '1261' || SUBSTR(contract_no, 3) AS invoice_no FROM bench_line GROUP BY contract_no
"""
_SAME = """
INSERT INTO invoice (invoice_no, kind, contract_no, business_key, month, issued_on, due_on, non_taxed, total,
    usage_through, approval_id, basis, issued_at)
SELECT invoice_no, 'monthly', contract_no, '{month}', '{month}', '2026-05-12', '2026-05-31', 0, base + tax,
    1000000, 'P-000001', '{{"articles": ["24", "26", "27(1)", "27(2)"], "settings": {{"due_shift": "next", "min_pay_days":
    "10"}}, "steps": ["2026-05-31", "2026-06-01"]}}', '2026-05-12 01:00:00.000000+00:00' FROM bench_total;

INSERT INTO invoice_account (invoice_no, contract_no, kind, business_key, state, balance, due_on)
SELECT invoice_no, contract_no, 'monthly', '{month}', 'issued', base + tax, '2026-05-31' FROM bench_total;

INSERT INTO invoice_line (invoice_no, line_no, code, charge_type, resource_id, month, quantity, unit, unit_price,
    seconds, amount, capped, article, tax_class, price_list)
SELECT '1261' || SUBSTR(contract_no, 3), ROW_NUMBER() OVER (PARTITION BY contract_no ORDER BY resource_id, code),
    code, 'capped', resource_id, '{month}', '1', 'VM', '6', seconds, amount, false, '26(1)', 'taxable', 'PL-2026-03'
FROM bench_line;

INSERT INTO invoice_tax (invoice_no, rate_percent, base, tax) SELECT invoice_no, 10, base, tax FROM bench_total;

INSERT INTO journal_entry (entry_key, event, on_day, contract_no, invoice_no, recorded_at)
SELECT 'invoice:' || invoice_no, 'invoice', '2026-05-12', contract_no, invoice_no, '2026-05-12 01:00:00.000000+00:00'
FROM bench_total;

INSERT INTO journal_line (entry_key, account, amount)
SELECT 'invoice:' || invoice_no, 'receivable', base + tax FROM bench_total
UNION ALL SELECT 'invoice:' || invoice_no, 'revenue', -base FROM bench_total
UNION ALL SELECT 'invoice:' || invoice_no, 'consumption_tax_payable', -tax FROM bench_total;

INSERT INTO notice (notice_no, key, batch, workflow_id, slug, article, contract_no, application_no, invoice_no, channel,
    form, contact_kind, state, terms_version, queued_at, facts, record_missed)
SELECT 'N-1' || SUBSTR(contract_no, 3), 'invoice:' || invoice_no, 'billing-{month}-1', 'bulk/N-1' || SUBSTR(contract_no, 3),
    'invoice', '27(1)', contract_no, 'A-' || SUBSTR(contract_no, 3), invoice_no, 'email', 'W', 'billing', 'queued', '1.0',
    '2026-05-12 01:00:00.000000+00:00', '', false FROM bench_total;

UPDATE audit_chain SET seq = seq + 1, hash = '{zeros}' WHERE chain IN (SELECT contract_no FROM bench_total);

INSERT INTO audit_event (key, chain, seq, previous_hash, hash, at, action, article, actor, contract_no, application_no,
    summary, basis)
SELECT 'invoice:' || invoice_no || '#1', contract_no, 2, '{zeros}', '{zeros}', '2026-05-12 01:00:00.000000+00:00',
    'invoice_issued', '27(1)', 'system', contract_no, 'A-' || SUBSTR(contract_no, 3), '{month}分のご請求書を発行しました。',
    '{{"invoice_no": "1260000000", "kind": "monthly", "month": "{month}", "total": 100000, "due_on": "2026-05-31",
    "approval_id": "P-000001"}}' FROM bench_total;

INSERT INTO billing_result (contract_no, month, pass_no, state, invoice_no, usage_through, adjusts)
SELECT contract_no, '{month}', 1, 'issued', invoice_no, 1000000, false FROM bench_total
"""


def least(month: str) -> list[str]:
    """Group the usage of a month into lines of a plain table, and these into totals by contract."""
    return [f"CREATE TABLE bench_line AS {_GROUPED.format(month=month)}", f"CREATE TABLE bench_total AS {_TOTALS}"]


def same_rows(month: str) -> list[str]:
    """Group the usage of a month, and write the rows that a month's end leaves, without working any of them out."""
    lines, totals = (statement.replace("TABLE", "TEMP TABLE", 1) for statement in least(month))
    return [lines, totals, *_SAME.format(month=month, zeros="0" * 64).split(";")]
