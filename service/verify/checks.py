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
    (last day before an end in Japan), `@after(x, n)`, `@jst_after(x, n)` (day so many days after a date, or after
    that of an instant); `@name` alone is a common table expression of `COMMON`. A key that is an expression is cast
    to text before a join: else SQLite builds no index on it.
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
    # the moves of a contract's state, each with the one before and the one after it
    "life": """life AS (
        SELECT chain, seq, action, article, at, basis, LAG(action) OVER (PARTITION BY chain ORDER BY seq) AS before,
          LEAD(action) OVER (PARTITION BY chain ORDER BY seq) AS after
        FROM audit_event WHERE contract_no = chain
          AND action IN ('formed', 'started', 'suspended', 'resumed', 'ended', 'closed', 'erased'))""",
    # defaults with the id that their letters bear
    "cases": """cases AS (
        SELECT d.*,
          CAST('default/' || d.contract_no || '/' || @day(d.first_due_on) || '/' || d.n AS VARCHAR(200)) AS id,
          d.contract_no || '/' || @day(d.first_due_on) || '/' || d.n AS key FROM default_case d)""",
    # letters that came back, with the instant at which the office knew
    "came_back": """came_back AS (
        SELECT CAST(basis ->> 'notice_no' AS VARCHAR(32)) AS notice_no, MIN(at) AS at FROM audit_event
        WHERE action = 'letter_returned' GROUP BY CAST(basis ->> 'notice_no' AS VARCHAR(32)))""",
    # the day in Japan of the newest instant of business that is known
    "newest": """newest AS (
        SELECT @jst_day(told.at) AS today FROM (
          SELECT MAX(at) AS at FROM (
            SELECT MAX(at) AS at FROM audit_event WHERE chain <> 'office'
            UNION ALL SELECT MAX(opened_at) FROM open_workflow
            UNION ALL SELECT MAX(created_at) FROM outbox) each_of_them) told)""",
    # the moves of an application's state, each with the one before and the one after it
    "filed": """filed AS (
        SELECT chain, seq, action, article, actor, basis, at,
          LAG(action) OVER (PARTITION BY chain ORDER BY seq) AS before,
          LEAD(action) OVER (PARTITION BY chain ORDER BY seq) AS after
        FROM audit_event WHERE application_no = chain AND action IN ('application_received', 'acceptance_decided',
          'refusal_proposed', 'refusal_decided', 'refusal_rejected', 'approval_withdrawn', 'approval_expired',
          'refused', 'application_withdrawn'))""",
    # who decides which act
    "roles": """roles(act, role) AS (VALUES
        ('billing_run', 'billing'), ('billing_run', 'legal'), ('billing_run', 'admin'), ('price_list', 'legal'),
        ('credit_note', 'cash'), ('credit_note', 'billing'), ('credit_note', 'legal'), ('write_off', 'cash'),
        ('write_off', 'billing'), ('write_off', 'legal'), ('refund', 'cash'), ('refund', 'billing'),
        ('refund', 'legal'), ('offset', 'cash'), ('offset', 'billing'), ('offset', 'legal'),
        ('invoice_reissue', 'billing'), ('penalty_waiver', 'legal'), ('penalty_waiver', 'billing'),
        ('invoice_reissue', 'legal'), ('surcharge', 'legal'), ('restoration', 'legal'), ('legal_hold', 'legal'),
        ('legal_hold', 'admin'), ('legal_hold_release', 'legal'), ('legal_hold_release', 'admin'),
        ('early_deletion', 'legal'), ('early_deletion', 'admin'), ('erasure', 'legal'), ('erasure', 'admin'),
        ('refusal_on_other_ground', 'legal'),
        ('refusal_on_other_ground', 'reviewer'), ('special_cancellation', 'legal'),
        ('special_cancellation', 'reviewer'),
        ('suspension', 'legal'), ('suspension', 'dunning'), ('suspension_unannounced', 'legal'),
        ('rescission', 'legal'), ('rescission', 'dunning'), ('rescission_without_suspension', 'legal'),
        ('rescission_without_suspension', 'dunning'), ('antisocial_rescission', 'legal'),
        ('antisocial_rescission', 'reviewer'), ('deemed_arrival', 'legal'),
        ('succession_continue', 'legal'), ('successor_rescission', 'legal'), ('successor_rescission', 'reviewer'),
        ('successor_rescission_late', 'legal'), ('assignment', 'legal'), ('assignment', 'reviewer'),
        ('disclosure', 'legal'), ('publication', 'legal'), ('publication', 'support'), ('interruption', 'support'),
        ('interruption_without_notice', 'support'))""",
    # how many people agreed to what, and how many have to: to a rescission and an early deletion two
    "counted": """counted AS (
        SELECT a.approval_id, a.act, a.state, CASE
            WHEN a.act IN ('rescission', 'rescission_without_suspension', 'early_deletion') AND a.needs < 2 THEN 2
            WHEN a.needs < 1 THEN 1 ELSE a.needs END AS needs,
          SUM(CASE v.decision WHEN 'approve' THEN 1 ELSE 0 END) AS agreed,
          SUM(CASE WHEN v.decision = 'reject' THEN 1 ELSE 0 END) AS rejected,
          SUM(CASE WHEN v.decision = 'approve' AND v.role = 'legal' THEN 1 ELSE 0 END) AS legal
        FROM approval a LEFT JOIN approval_vote v ON v.approval_id = a.approval_id
        GROUP BY a.approval_id, a.act, a.state, a.needs)""",
    # entries of the registers of disclosures and publications, each with what became of it in the end
    "last_entry": """last_entry AS (
        SELECT e.register_no, e.kind, e.at, e.recorded_at FROM register_entry e
        WHERE NOT EXISTS (SELECT 1 FROM register_entry l WHERE l.register_no = e.register_no AND l.n > e.n))""",
    # workflows that have to be at work by what the rows tell; letters that go out in bulk have none
    "at_work": """at_work AS (
        SELECT CAST('contract/' || contract_no AS VARCHAR(200)) AS id FROM contract WHERE state <> 'erased'
        UNION ALL
        SELECT 'application/' || application_no FROM application WHERE state = 'received'
        UNION ALL
        SELECT CASE ground WHEN '18(1)' THEN 'termination/' ELSE 'cancellation/' END || contract_no || '/' || n
        FROM termination WHERE state = 'running'
        UNION ALL
        SELECT 'suspension/' || contract_no || '/' || n FROM suspension WHERE state IN ('planned', 'running')
        UNION ALL
        SELECT 'default/' || contract_no || '/' || @day(first_due_on) || '/' || n FROM default_case
        WHERE closed_at IS NULL
        UNION ALL
        SELECT 'deletion/' || contract_no FROM deletion WHERE state <> 'erased'
        UNION ALL
        SELECT workflow_id FROM notice WHERE state IN ('queued', 'dispatched') AND workflow_id NOT LIKE 'bulk/%')""",
    # workflows whose work is done, and since when
    "done": """done AS (
        SELECT CAST('contract/' || contract_no AS VARCHAR(200)) AS id, erased_at AS at FROM deletion
        WHERE state = 'erased'
        UNION ALL
        SELECT 'deletion/' || contract_no, erased_at FROM deletion WHERE state = 'erased'
        UNION ALL
        SELECT 'application/' || application_no, closed_at FROM application WHERE state <> 'received'
        UNION ALL
        SELECT 'suspension/' || contract_no || '/' || n, ended_at FROM suspension WHERE state IN ('ended', 'withdrawn')
        UNION ALL
        SELECT 'default/' || contract_no || '/' || @day(first_due_on) || '/' || n, closed_at FROM default_case
        WHERE closed_at IS NOT NULL)""",
}
"""Parts of questions, most of them shared by several checks."""

FUNCTIONS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "day": r"CAST(\1 AS TEXT)",
        "month": r"substr(CAST(\1 AS TEXT), 1, 7)",
        "jst_day": r"date(\1, '+9 hours')",
        "last_day": r"date(\1, '+9 hours', '-1 second')",
        "after": r"date(\1, '+\2 days')",
        "jst_after": r"date(\1, '+9 hours', '+\2 days')",
    },
    "postgresql": {
        "day": r"CAST(\1 AS TEXT)",
        "month": r"substr(CAST(\1 AS TEXT), 1, 7)",
        "jst_day": r"CAST(CAST(\1 AT TIME ZONE 'Asia/Tokyo' AS DATE) AS TEXT)",
        "last_day": r"CAST(CAST((\1 AT TIME ZONE 'Asia/Tokyo') - INTERVAL '1 second' AS DATE) AS TEXT)",
        "after": r"CAST(\1 + \2 AS TEXT)",
        "jst_after": r"CAST(CAST(\1 AT TIME ZONE 'Asia/Tokyo' AS DATE) + \2 AS TEXT)",
    },
}


def translated(sql: str, dialect: str) -> str:
    """Write a question in the words of a database."""
    for name, body in COMMON.items():
        sql = re.sub(rf"@{name}\b(?!\()", body, sql)
    for name, written in FUNCTIONS[dialect].items():
        sql = re.sub(rf"@{name}\(([\w.]+)(?:, (\d+))?\)", written, sql)
    return sql
