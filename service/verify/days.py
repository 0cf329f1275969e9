"""I14: business dates are days of Japan; nothing is billed before its period ends."""

from service.verify.checks import Check, Invariant

PERIOD_OVER = Check(
    "invoice",
    "issued on {issued_on}, before its month {month} was over",
    """SELECT invoice_no AS key, @day(issued_on) AS issued_on, month FROM invoice
    WHERE kind = 'monthly' AND (month IS NULL OR month >= @month(issued_on))""",
)
MONTH_IS_KEY = Check(
    "invoice",
    "its month is {month}, its business key another",
    """SELECT invoice_no AS key, month FROM invoice WHERE kind = 'monthly' AND business_key <> month""",
)
LINE_OVER = Check(
    "invoice_line",
    "a line of {line_month} on the invoice of {month}",
    """SELECT l.invoice_no || '/' || l.line_no AS key, l.month AS line_month, i.month FROM invoice_line l
    JOIN invoice i ON i.invoice_no = l.invoice_no WHERE i.kind = 'monthly' AND l.month > i.month""",
)
# A re-issue keeps the old due day; credit notes and documents of collected interest claim nothing.
DUE = Check(
    "invoice",
    "due on {due_on}, issued on {issued_on}",
    """SELECT invoice_no AS key, @day(due_on) AS due_on, @day(issued_on) AS issued_on FROM invoice
    WHERE kind NOT IN ('credit', 'interest') AND replaces IS NULL AND due_on < issued_on""",
)
# A run issues in chunks, the last of them maybe after midnight: its invoices bear the day of its approval.
ISSUED_IN_JAPAN = Check(
    "invoice",
    "issued on {issued_on}, but in Japan that instant was {there}",
    """SELECT i.invoice_no AS key, @day(i.issued_on) AS issued_on, @jst_day(i.issued_at) AS there FROM invoice i
    LEFT JOIN billing_run r ON r.month = i.month AND r.approval_id = i.approval_id AND r.issued_on = i.issued_on
    WHERE r.month IS NULL AND @day(i.issued_on) <> @jst_day(i.issued_at)""",
)
APPROVED_IN_JAPAN = Check(
    "billing_run",
    "its invoices bear the day {issued_on}, but in Japan it was approved on {there}",
    """SELECT r.month || '/' || r.pass_no AS key, @day(r.issued_on) AS issued_on, @jst_day(v.at) AS there
    FROM billing_run r JOIN (
      SELECT approval_id, MAX(at) AS at FROM approval_vote WHERE decision = 'approve' GROUP BY approval_id) v
      ON v.approval_id = r.approval_id
    WHERE r.issued_on IS NOT NULL AND @day(r.issued_on) <> @jst_day(v.at)""",
)
# A deposit is booked on the bank's day, an invoice on its day of issue (see I4); all else on the day it was done.
BOOKED_IN_JAPAN = Check(
    "journal_entry",
    "booked on {on_day}, but in Japan that instant was {there}",
    """SELECT entry_key AS key, @day(on_day) AS on_day, @jst_day(recorded_at) AS there FROM journal_entry
    WHERE event NOT IN ('deposit', 'invoice', 'credit_note') AND @day(on_day) <> @jst_day(recorded_at)""",
)
USAGE_MONTH = Check(
    "usage_record",
    "used from {from_on} to {to_on}, stored for {month}",
    """SELECT id AS key, @day(from_on) AS from_on, @day(to_on) AS to_on, month FROM usage_record
    WHERE month <> @month(from_on) OR month <> @month(to_on) OR to_on < from_on""",
)
DATES_READ = Check(
    "invoice",
    "its dates are no days",
    """SELECT invoice_no AS key FROM invoice WHERE length(@day(issued_on)) <> 10 OR length(@day(due_on)) <> 10""",
)

I14 = Invariant(
    "I14",
    "business dates are days of Japan; no invoice before its period ends",
    ("invoice", "invoice_line", "billing_run", "journal_entry", "usage_record"),
    (
        PERIOD_OVER,
        MONTH_IS_KEY,
        LINE_OVER,
        DUE,
        ISSUED_IN_JAPAN,
        APPROVED_IN_JAPAN,
        BOOKED_IN_JAPAN,
        USAGE_MONTH,
        DATES_READ,
    ),
)
