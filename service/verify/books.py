"""I4, the books: every entry sums to zero, every document has its entry, and what is open is what the books say."""

from service.verify.checks import Check

ENTRY_IS_ZERO = Check(
    "journal_entry",
    "its lines sum to {total} yen",
    "SELECT entry_key AS key, SUM(amount) AS total FROM journal_line GROUP BY entry_key HAVING SUM(amount) <> 0",
)
JOURNAL_IS_ZERO = Check(
    "journal_line",
    "the whole journal sums to {total} yen",
    """SELECT 'all lines' AS key, total FROM (SELECT COALESCE(SUM(amount), 0) AS total FROM journal_line) told
    WHERE total <> 0""",
)
# An invoice of 0 yen moves nothing: its entry has no line.
TWO_LINES = Check(
    "journal_entry",
    "it has {n} lines",
    """SELECT e.entry_key AS key, COUNT(l.account) AS n FROM journal_entry e
    LEFT JOIN journal_line l ON l.entry_key = e.entry_key LEFT JOIN invoice i ON i.invoice_no = e.invoice_no
    WHERE i.total IS NULL OR i.total <> 0 GROUP BY e.entry_key HAVING COUNT(l.account) < 2""",
)
LINE_HAS_ENTRY = Check(
    "journal_line",
    "the line on {account} has no entry",
    """SELECT l.entry_key AS key, l.account FROM journal_line l
    LEFT JOIN journal_entry e ON e.entry_key = l.entry_key WHERE e.entry_key IS NULL""",
)
HAS_DOCUMENT = Check(
    "journal_entry",
    "the entry of a {event} has no such document",
    """SELECT e.entry_key AS key, e.event FROM journal_entry e
    LEFT JOIN invoice i ON i.invoice_no = e.invoice_no LEFT JOIN deposit d ON d.deposit_id = e.deposit_id
    WHERE (e.event = 'invoice' AND COALESCE(i.kind, 'credit') = 'credit')
      OR (e.event = 'credit_note' AND COALESCE(i.kind, '') <> 'credit')
      OR (e.event = 'write_off' AND i.kind IS NULL)
      OR (e.event IN ('deposit', 'allocation', 'refund') AND d.deposit_id IS NULL)
      OR e.event NOT IN ('invoice', 'credit_note', 'deposit', 'allocation', 'write_off', 'refund', 'correction')""",
)
INVOICE_ONCE = Check(
    "journal_entry",
    "the invoice is booked {n} times",
    """SELECT i.invoice_no AS key, COUNT(e.entry_key) AS n FROM invoice i LEFT JOIN journal_entry e
      ON e.invoice_no = i.invoice_no AND e.event = CASE i.kind WHEN 'credit' THEN 'credit_note' ELSE 'invoice' END
    GROUP BY i.invoice_no HAVING COUNT(e.entry_key) <> 1""",
)
INVOICE_DAY = Check(
    "journal_entry",
    "booked on {on_day}, issued on {issued_on}",
    """SELECT e.entry_key AS key, @day(e.on_day) AS on_day, @day(i.issued_on) AS issued_on
    FROM journal_entry e JOIN invoice i ON i.invoice_no = e.invoice_no
    WHERE e.event IN ('invoice', 'credit_note') AND e.on_day <> i.issued_on""",
)
INVOICE_SIDES = Check(
    "journal_entry",
    "the invoice claims {total} yen with {tax} of tax; the books say receivable {receivable}, tax {booked_tax}, "
    "income {income}, and move {moved} in all",
    """WITH @taxes, @sides SELECT * FROM (
      SELECT e.entry_key AS key, i.total, COALESCE(t.tax, 0) AS tax, COALESCE(s.receivable, 0) AS receivable,
        COALESCE(s.tax, 0) AS booked_tax, COALESCE(s.moved, 0) AS moved,
        COALESCE(CASE i.kind WHEN 'monthly' THEN s.revenue WHEN 'surcharge' THEN s.revenue
          WHEN 'penalty' THEN s.penalty_income WHEN 'interest' THEN s.interest_income
          WHEN 'restoration' THEN s.restoration_income END, 0) AS income
      FROM journal_entry e JOIN invoice i ON i.invoice_no = e.invoice_no
      LEFT JOIN taxes t ON t.invoice_no = i.invoice_no LEFT JOIN sides s ON s.entry_key = e.entry_key
      WHERE e.event = 'invoice') told
    WHERE receivable <> total OR booked_tax <> -tax OR income <> tax - total OR moved <> 2 * total""",
)
CREDIT_SIDES = Check(
    "journal_entry",
    "the credit note gives back {total} yen with {tax} of tax; the books say receivable {receivable}, tax {booked_tax}",
    """WITH @taxes, @sides SELECT * FROM (
      SELECT e.entry_key AS key, i.total, COALESCE(t.tax, 0) AS tax, COALESCE(s.receivable, 0) AS receivable,
        COALESCE(s.tax, 0) AS booked_tax, COALESCE(s.sales_returns, 0) AS returned
      FROM journal_entry e JOIN invoice i ON i.invoice_no = e.invoice_no
      LEFT JOIN taxes t ON t.invoice_no = i.invoice_no LEFT JOIN sides s ON s.entry_key = e.entry_key
      WHERE e.event = 'credit_note') told
    WHERE receivable <> -total OR booked_tax <> tax OR returned <> total - tax""",
)
DEPOSIT_ONCE = Check(
    "journal_entry",
    "the deposit is booked {n} times",
    """SELECT d.deposit_id AS key, COUNT(e.entry_key) AS n FROM deposit d LEFT JOIN journal_entry e
      ON e.deposit_id = d.deposit_id AND e.event = 'deposit'
    GROUP BY d.deposit_id HAVING COUNT(e.entry_key) <> 1""",
)
DEPOSIT_SIDES = Check(
    "journal_entry",
    "{amount} yen came in on {booked_on}; the books say bank {bank}, held {held} on {on_day}",
    """WITH @sides SELECT * FROM (
      SELECT e.entry_key AS key, CASE WHEN d.reversal THEN -d.amount ELSE d.amount END AS amount,
        @day(d.booked_on) AS booked_on, @day(e.on_day) AS on_day, COALESCE(s.bank, 0) AS bank,
        COALESCE(s.held, 0) AS held
      FROM journal_entry e JOIN deposit d ON d.deposit_id = e.deposit_id
      LEFT JOIN sides s ON s.entry_key = e.entry_key WHERE e.event = 'deposit') told
    WHERE bank <> amount OR held <> -amount OR on_day <> booked_on""",
)
# One entry may stand for several allocations of a day, and a counter-entry for several counter-rows.
ALLOCATIONS = Check(
    "journal_entry",
    "allocations of the day are {told} yen; the books say held {held}, receivable {receivable}",
    """WITH @about, @sides SELECT COALESCE(deposit_id, '?') || '/' || on_day AS key, SUM(told) AS told,
      SUM(held) AS held, SUM(receivable) AS receivable
    FROM (
      SELECT deposit_id, @day(on_day) AS on_day, amount AS told, 0 AS held, 0 AS receivable FROM allocation
      UNION ALL
      SELECT a.deposit_id, @day(a.on_day), 0, s.held, s.receivable FROM about a
        JOIN sides s ON s.entry_key = a.entry_key WHERE a.subject = 'allocation') parts
    GROUP BY deposit_id, on_day HAVING SUM(told) <> SUM(held) OR SUM(told) <> -SUM(receivable)""",
)
REFUNDS = Check(
    "journal_entry",
    "refunds of the day are {told} yen; the books say bank {bank}, held {held}",
    """WITH @about, @sides SELECT COALESCE(deposit_id, '?') || '/' || on_day AS key, SUM(told) AS told,
      SUM(bank) AS bank, SUM(held) AS held
    FROM (
      SELECT deposit_id, @day(on_day) AS on_day, amount AS told, 0 AS bank, 0 AS held FROM payout WHERE kind = 'refund'
      UNION ALL
      SELECT a.deposit_id, @day(a.on_day), 0, s.bank, s.held FROM about a
        JOIN sides s ON s.entry_key = a.entry_key WHERE a.subject = 'refund') parts
    GROUP BY deposit_id, on_day HAVING SUM(told) <> SUM(held) OR SUM(told) <> -SUM(bank)""",
)
WRITE_OFFS = Check(
    "journal_entry",
    "write-offs of the day are {told} yen; the books say write_off {given_up}, receivable {receivable}",
    """WITH @about, @sides SELECT COALESCE(invoice_no, '?') || '/' || on_day AS key, SUM(told) AS told,
      SUM(given_up) AS given_up, SUM(receivable) AS receivable
    FROM (
      SELECT invoice_no, @day(on_day) AS on_day, amount AS told, 0 AS given_up, 0 AS receivable FROM payout
        WHERE kind = 'write_off'
      UNION ALL
      SELECT a.invoice_no, @day(a.on_day), 0, s.write_off, s.receivable FROM about a
        JOIN sides s ON s.entry_key = a.entry_key WHERE a.subject = 'write_off') parts
    GROUP BY invoice_no, on_day HAVING SUM(told) <> SUM(given_up) OR SUM(told) <> -SUM(receivable)""",
)
ACCOUNTS = Check(
    "journal_line",
    "an entry of a {subject} moves the account {account}",
    """WITH @about SELECT a.entry_key AS key, a.subject, l.account FROM about a
    JOIN journal_line l ON l.entry_key = a.entry_key
    WHERE (a.subject = 'allocation' AND l.account NOT IN ('deposits_held', 'receivable'))
      OR (a.subject IN ('deposit', 'refund') AND l.account NOT IN ('bank', 'deposits_held'))
      OR (a.subject = 'write_off' AND l.account NOT IN ('write_off', 'receivable'))
      OR (a.subject = 'credit_note' AND l.account NOT IN ('sales_returns', 'consumption_tax_payable', 'receivable'))""",
)
CORRECTS = Check(
    "journal_entry",
    "a correction names the entry that it takes back, and lies on no earlier day; nothing else names one",
    """SELECT e.entry_key AS key FROM journal_entry e LEFT JOIN journal_entry o ON o.entry_key = e.corrects
    WHERE (e.event = 'correction' AND (o.entry_key IS NULL OR o.on_day > e.on_day OR o.event = 'correction'))
      OR (e.event <> 'correction' AND e.corrects IS NOT NULL)""",
)
# An act of allocation is taken back in parts (one payment of several); all else as a whole.
NEGATES = Check(
    "journal_entry",
    "on {account} it does not negate {corrects}: {left} yen are left",
    """SELECT e.entry_key AS key, e.corrects, p.account, SUM(p.amount) AS left FROM journal_entry e
    JOIN journal_entry o ON o.entry_key = e.corrects JOIN journal_line p ON p.entry_key IN (e.entry_key, o.entry_key)
    WHERE e.event = 'correction' AND o.event <> 'allocation'
    GROUP BY e.entry_key, e.corrects, p.account HAVING SUM(p.amount) <> 0""",
)
UNDONE_TOO_MUCH = Check(
    "journal_entry",
    "its counter-entries take back {beyond} yen more than it moved",
    """WITH @sides SELECT key, -moved AS beyond FROM (
      SELECT o.entry_key AS key, MAX(os.held) + CAST(SUM(es.held) AS BIGINT) AS moved
      FROM journal_entry o JOIN journal_entry e ON e.corrects = o.entry_key AND e.event = 'correction'
      JOIN sides os ON os.entry_key = o.entry_key JOIN sides es ON es.entry_key = e.entry_key
      WHERE o.event = 'allocation' GROUP BY o.entry_key) told WHERE moved < 0""",
)
VOID_TAKEN_BACK = Check(
    "journal_entry",
    "the invoice is {state}, its entry was taken back {n} times",
    """SELECT a.invoice_no AS key, a.state, COUNT(c.entry_key) AS n FROM invoice_account a
    JOIN journal_entry e ON e.invoice_no = a.invoice_no AND e.event IN ('invoice', 'credit_note')
    LEFT JOIN journal_entry c ON c.corrects = e.entry_key AND c.event = 'correction'
    GROUP BY a.invoice_no, a.state
    HAVING COUNT(c.entry_key) <> CASE a.state WHEN 'void' THEN 1 ELSE 0 END""",
)
RECEIVABLE = Check(
    "invoice_account",
    "by the books {booked} yen are open, its balance is {balance}",
    """WITH @about, @sides SELECT a.invoice_no AS key, a.balance, COALESCE(b.booked, 0) AS booked FROM invoice_account a
    LEFT JOIN (
      SELECT CAST(invoice_no AS VARCHAR(10)) AS invoice_no, CAST(SUM(amount) AS BIGINT) AS booked FROM (
        SELECT CASE i.kind WHEN 'credit' THEN i.corrects ELSE i.invoice_no END AS invoice_no, s.receivable AS amount
          FROM about e JOIN sides s ON s.entry_key = e.entry_key JOIN invoice i ON i.invoice_no = e.invoice_no
          WHERE e.subject IN ('invoice', 'credit_note', 'write_off')
        UNION ALL
        SELECT invoice_no, -amount FROM allocation WHERE part <> 'interest'
        UNION ALL
        SELECT COALESCE(o.interest_invoice, x.interest_invoice), -x.amount FROM allocation x
          LEFT JOIN allocation o ON o.id = x.undoes WHERE x.part = 'interest') parts
      GROUP BY invoice_no) b ON b.invoice_no = a.invoice_no
    WHERE a.state <> 'void' AND a.kind <> 'credit' AND COALESCE(b.booked, 0) <> a.balance""",
)
HELD = Check(
    "deposit",
    "by the books {booked} yen of it are held, {unapplied} are unapplied",
    """WITH @about, @sides SELECT d.deposit_id AS key, COALESCE(b.booked, 0) AS booked, d.unapplied FROM deposit d
    LEFT JOIN (
      SELECT CAST(COALESCE(r.reverses, e.deposit_id) AS VARCHAR(32)) AS deposit_id,
        CAST(-SUM(s.held) AS BIGINT) AS booked
      FROM about e JOIN sides s ON s.entry_key = e.entry_key LEFT JOIN deposit r ON r.deposit_id = e.deposit_id
      GROUP BY COALESCE(r.reverses, e.deposit_id)) b ON b.deposit_id = d.deposit_id
    WHERE NOT d.reversal AND COALESCE(b.booked, 0) <> d.unapplied""",
)

BOOKS = (
    ENTRY_IS_ZERO, JOURNAL_IS_ZERO, TWO_LINES, LINE_HAS_ENTRY, HAS_DOCUMENT, INVOICE_ONCE, INVOICE_DAY, INVOICE_SIDES,
    CREDIT_SIDES, DEPOSIT_ONCE, DEPOSIT_SIDES, ALLOCATIONS, REFUNDS, WRITE_OFFS, ACCOUNTS, CORRECTS, NEGATES,
    UNDONE_TOO_MUCH, VOID_TAKEN_BACK, RECEIVABLE, HELD,
)  # fmt: skip
