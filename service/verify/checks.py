"""What a check is: a question to the database that only breaches answer."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

AT_ONCE = 1000  # breaches read at a time


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that does not hold: the table and key of the row, and what is wrong. Names no person."""

    table: str
    key: str
    wrong: str


@dataclass(frozen=True, slots=True)
class Check:
    """One question in plain SQL; each row of its answer is a breach.

    `sql` selects the column `key` and whatever `wrong` names in braces. What the two databases write differently is
    written `@day(x)`, `@month(x)` (ISO text of a date), `@jst_day(x)` (day of an instant in Japan), `@last_day(x)`
    (last day before an end in Japan); `@name` alone is a common table expression of `COMMON`. A key that is
    an expression is cast to text before a join: else SQLite builds no index on it.
    """

    table: str
    wrong: str
    sql: str

    def breaches(self, connection: Connection) -> Iterator[Breach]:
        """Ask the question; breaches are read as they come, however many there are."""
        statement = text(translated(self.sql, connection.dialect.name)).execution_options(yield_per=AT_ONCE)
        for row in connection.execute(statement).mappings():
            yield Breach(self.table, str(row["key"]), self.wrong.format(**row))


Asked = Callable[[Connection], Iterator[Breach]]
"""A check that SQL alone cannot do."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One of the invariants of the design, the tables whose rows it reads, and its checks."""

    name: str
    says: str
    tables: tuple[str, ...]
    checks: tuple[Check | Asked, ...]

    def breaches(self, connection: Connection, show: Callable[[str], None]) -> Iterator[Breach]:
        """Give what does not hold; tells `show` where the work stands."""
        for place, check in enumerate(self.checks, 1):
            show(f"{self.name}: check {place} of {len(self.checks)}")
            yield from check.breaches(connection) if isinstance(check, Check) else check(connection)


COMMON: Mapping[str, str] = {
    # the latest pass of each month
    "latest": """latest AS (
        SELECT r.month, r.state FROM billing_run r
        JOIN (SELECT month, MAX(pass_no) AS pass_no FROM billing_run GROUP BY month) m
          ON m.month = r.month AND m.pass_no = r.pass_no)""",
    # what the number of an invoice says, of numbers that can be read
    "numbers": """numbers AS (
        SELECT invoice_no, substr(invoice_no, 1, 3) AS series, CAST(substr(invoice_no, 4) AS INTEGER) AS n,
          2000 + CAST(substr(invoice_no, 2, 2) AS INTEGER) AS year,
          CASE substr(invoice_no, 1, 1) WHEN '1' THEN 'monthly' WHEN '2' THEN 'penalty' WHEN '3' THEN 'surcharge'
            WHEN '4' THEN 'interest' WHEN '5' THEN 'restoration' ELSE 'credit' END AS kind
        FROM invoice WHERE length(invoice_no) = 10 AND trim(invoice_no, '0123456789') = '')""",
    # taxes of an invoice, all rates
    "taxes": """taxes AS (
        SELECT invoice_no, CAST(SUM(base) AS BIGINT) AS base, CAST(SUM(tax) AS BIGINT) AS tax
        FROM invoice_tax GROUP BY invoice_no)""",
    # lines of an invoice, with and without tax
    "lines": """lines AS (
        SELECT invoice_no, CAST(SUM(CASE WHEN tax_class = 'taxable' THEN amount ELSE 0 END) AS BIGINT) AS taxed,
          CAST(SUM(CASE WHEN tax_class = 'taxable' THEN 0 ELSE amount END) AS BIGINT) AS non_taxed
        FROM invoice_line GROUP BY invoice_no)""",
    # live credit notes and what they correct
    "credits": """credits AS (
        SELECT i.invoice_no, i.corrects, i.total, i.non_taxed FROM invoice i
        JOIN invoice_account a ON a.invoice_no = i.invoice_no
        WHERE i.kind = 'credit' AND a.state <> 'void')""",
    # what lowered the principal of an invoice: payments, credits, write-offs
    "lowered": """lowered AS (
        SELECT CAST(invoice_no AS VARCHAR(10)) AS invoice_no, CAST(SUM(paid) AS BIGINT) AS paid,
          CAST(SUM(paid + given_up) AS BIGINT) AS lowered FROM (
          SELECT invoice_no, amount AS paid, 0 AS given_up FROM allocation WHERE part <> 'interest'
          UNION ALL
          SELECT COALESCE(o.interest_invoice, x.interest_invoice), x.amount, 0 FROM allocation x
            LEFT JOIN allocation o ON o.id = x.undoes
            WHERE x.part = 'interest' AND COALESCE(o.interest_invoice, x.interest_invoice) IS NOT NULL
          UNION ALL
          SELECT i.corrects, 0, i.total FROM invoice i JOIN invoice_account a ON a.invoice_no = i.invoice_no
            WHERE i.kind = 'credit' AND a.state <> 'void'
          UNION ALL
          SELECT invoice_no, 0, amount FROM payout WHERE kind = 'write_off') parts
        GROUP BY invoice_no)""",
    # what a deposit paid, and what of it was given back
    "used": """used AS (
        SELECT deposit_id, CAST(SUM(paid) AS BIGINT) AS paid, CAST(SUM(refunded) AS BIGINT) AS refunded FROM (
          SELECT deposit_id, amount AS paid, 0 AS refunded FROM allocation
          UNION ALL
          SELECT deposit_id, 0, amount FROM payout WHERE kind = 'refund') parts
        GROUP BY deposit_id)""",
    # entries with the event that they are about: a counter-entry is about what it takes back
    "about": """about AS (
        SELECT e.entry_key, e.event, e.on_day, COALESCE(o.event, e.event) AS subject,
          COALESCE(e.invoice_no, o.invoice_no) AS invoice_no, COALESCE(e.deposit_id, o.deposit_id) AS deposit_id
        FROM journal_entry e LEFT JOIN journal_entry o ON o.entry_key = e.corrects AND e.event = 'correction')""",
    # the sides of an entry by account
    "sides": """sides AS (
        SELECT entry_key, CAST(SUM(ABS(amount)) AS BIGINT) AS moved,
          CAST(SUM(CASE WHEN account = 'receivable' THEN amount ELSE 0 END) AS BIGINT) AS receivable,
          CAST(SUM(CASE WHEN account = 'consumption_tax_payable' THEN amount ELSE 0 END) AS BIGINT) AS tax,
          CAST(SUM(CASE WHEN account = 'revenue' THEN amount ELSE 0 END) AS BIGINT) AS revenue,
          CAST(SUM(CASE WHEN account = 'penalty_income' THEN amount ELSE 0 END) AS BIGINT) AS penalty_income,
          CAST(SUM(CASE WHEN account = 'interest_income' THEN amount ELSE 0 END) AS BIGINT) AS interest_income,
          CAST(SUM(CASE WHEN account = 'restoration_income' THEN amount ELSE 0 END) AS BIGINT) AS restoration_income,
          CAST(SUM(CASE WHEN account = 'sales_returns' THEN amount ELSE 0 END) AS BIGINT) AS sales_returns,
          CAST(SUM(CASE WHEN account = 'write_off' THEN amount ELSE 0 END) AS BIGINT) AS write_off,
          CAST(SUM(CASE WHEN account = 'bank' THEN amount ELSE 0 END) AS BIGINT) AS bank,
          CAST(SUM(CASE WHEN account = 'deposits_held' THEN amount ELSE 0 END) AS BIGINT) AS held
        FROM journal_line GROUP BY entry_key)""",
}
"""Parts of questions that several checks share."""

FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "day": r"CAST(\1 AS TEXT)",
        "month": r"substr(CAST(\1 AS TEXT), 1, 7)",
        "jst_day": r"date(\1, '+9 hours')",
        "last_day": r"date(\1, '+9 hours', '-1 second')",
    },
    "postgresql": {
        "day": r"CAST(\1 AS TEXT)",
        "month": r"substr(CAST(\1 AS TEXT), 1, 7)",
        "jst_day": r"CAST(CAST(\1 AT TIME ZONE 'Asia/Tokyo' AS DATE) AS TEXT)",
        "last_day": r"CAST(CAST((\1 AT TIME ZONE 'Asia/Tokyo') - INTERVAL '1 second' AS DATE) AS TEXT)",
    },
}


def translated(sql: str, dialect: str) -> str:
    """Write a question in the words of a database."""
    for name, body in COMMON.items():
        sql = re.sub(rf"@{name}\b(?!\()", body, sql)
    for name, written in FUNCTIONS[dialect].items():
        sql = re.sub(rf"@{name}\(([\w.]+)\)", written, sql)
    return sql
