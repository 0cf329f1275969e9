"""I5: allocations fit into their deposit and their invoice; what is left is held; counter-rows negate once."""

from service.verify.checks import Check, Invariant

DEPOSIT_SPENT = Check(
    "deposit",
    "{paid} yen paid and {refunded} refunded do not fit into {amount}",
    """WITH @used SELECT d.deposit_id AS key, d.amount, u.paid, u.refunded FROM deposit d
    JOIN used u ON u.deposit_id = d.deposit_id
    WHERE u.paid < 0 OR u.paid + u.refunded > d.amount OR (d.reversal AND (u.paid <> 0 OR u.refunded <> 0))""",
)
UNAPPLIED = Check(
    "deposit",
    "{unapplied} yen are unapplied; {amount} less what was used are {left}",
    """WITH @used SELECT key, unapplied, amount, left_over AS left FROM (
      SELECT d.deposit_id AS key, d.unapplied, d.amount,
        CASE WHEN d.reversal OR d.reversed_by IS NOT NULL THEN 0
          ELSE d.amount - COALESCE(u.paid, 0) - COALESCE(u.refunded, 0) END AS left_over
      FROM deposit d LEFT JOIN used u ON u.deposit_id = d.deposit_id) told WHERE unapplied <> left_over""",
)
REVERSED_STILL_PAYS = Check(
    "deposit",
    "reversed, but {paid} yen of it still pay invoices",
    """WITH @used SELECT d.deposit_id AS key, u.paid FROM deposit d JOIN used u ON u.deposit_id = d.deposit_id
    WHERE d.reversed_by IS NOT NULL AND u.paid <> 0""",
)
DEPOSIT_STATE = Check(
    "deposit",
    "the state is {state} with {unapplied} yen unapplied, {paid} paid and {refunded} refunded",
    """WITH @used SELECT key, state, unapplied, paid, refunded FROM (
      SELECT d.deposit_id AS key, d.state, d.unapplied, COALESCE(u.paid, 0) AS paid,
        COALESCE(u.refunded, 0) AS refunded, CASE WHEN d.reversal OR d.reversed_by IS NOT NULL THEN 1 ELSE 0 END AS out
      FROM deposit d LEFT JOIN used u ON u.deposit_id = d.deposit_id) told
    WHERE (out = 1) <> (state = 'cancelled') OR (out = 0 AND (
      (state = 'allocated' AND (unapplied <> 0 OR paid = 0))
      OR (state = 'refunded' AND (unapplied <> 0 OR refunded = 0))
      OR (state = 'unmatched' AND (unapplied = 0 OR paid <> 0))
      OR (state IN ('part_allocated', 'held') AND unapplied = 0)))""",
)
REVERSAL_FITS = Check(
    "deposit",
    "it reverses {reverses}, which is no deposit of the same account and amount that names it",
    """SELECT r.deposit_id AS key, r.reverses FROM deposit r LEFT JOIN deposit d ON d.deposit_id = r.reverses
    WHERE r.reverses IS NOT NULL AND (NOT r.reversal OR d.deposit_id IS NULL OR d.reversal
      OR d.reversed_by IS NULL OR d.reversed_by <> r.deposit_id
      OR d.account_id <> r.account_id OR d.amount <> r.amount)""",
)
REVERSED_FITS = Check(
    "deposit",
    "reversed by {reversed_by}, which does not say so",
    """SELECT d.deposit_id AS key, d.reversed_by FROM deposit d LEFT JOIN deposit r ON r.deposit_id = d.reversed_by
    WHERE d.reversed_by IS NOT NULL AND (r.reverses IS NULL OR r.reverses <> d.deposit_id)""",
)
ALLOCATION_NAMES = Check(
    "allocation",
    "deposit, invoice and contract do not belong together",
    """SELECT x.id AS key FROM allocation x LEFT JOIN invoice i ON i.invoice_no = x.invoice_no
    LEFT JOIN deposit d ON d.deposit_id = x.deposit_id
    WHERE i.invoice_no IS NULL OR d.deposit_id IS NULL OR i.contract_no <> x.contract_no OR i.kind = 'credit'""",
)
COUNTER_ROW = Check(
    "allocation",
    "a counter-row negates one earlier row of its deposit, invoice and part, and only such a row is negative",
    """SELECT x.id AS key FROM allocation x LEFT JOIN allocation o ON o.id = x.undoes
    WHERE (x.amount < 0) <> (x.undoes IS NOT NULL) OR x.amount = 0
      OR (x.undoes IS NOT NULL AND (o.id IS NULL OR o.undoes IS NOT NULL OR o.amount <> -x.amount OR o.id >= x.id
        OR o.deposit_id <> x.deposit_id OR o.invoice_no <> x.invoice_no OR o.part <> x.part
        OR o.value_on <> x.value_on))""",
)
COUNTERED_ONCE = Check(
    "allocation",
    "it is taken back {n} times",
    """SELECT o.id AS key, COUNT(*) AS n FROM allocation o JOIN allocation x ON x.undoes = o.id
    GROUP BY o.id HAVING COUNT(*) > 1""",
)
INTEREST_INVOICED = Check(
    "allocation",
    "interest was collected, but no interest invoice of the contract documents it",
    """SELECT x.id AS key FROM allocation x LEFT JOIN allocation u ON u.undoes = x.id
    LEFT JOIN invoice i ON i.invoice_no = x.interest_invoice
    WHERE x.part = 'interest' AND x.undoes IS NULL AND u.id IS NULL
      AND (i.invoice_no IS NULL OR i.kind <> 'interest' OR i.contract_no <> x.contract_no)""",
)
BALANCE = Check(
    "invoice_account",
    "the balance is {balance} yen; {total} less payments, credits and write-offs are {left}",
    """WITH @lowered SELECT key, balance, total, left_over AS left FROM (
      SELECT a.invoice_no AS key, a.balance, i.total,
        CASE i.kind WHEN 'credit' THEN 0 ELSE i.total - COALESCE(w.lowered, 0) END AS left_over
      FROM invoice_account a JOIN invoice i ON i.invoice_no = a.invoice_no
      LEFT JOIN lowered w ON w.invoice_no = a.invoice_no WHERE a.state <> 'void') told
    WHERE balance <> left_over""",
)
PAID_TOO_MUCH = Check(
    "invoice_account",
    "{paid} yen were paid on a total of {total}",
    """WITH @lowered SELECT i.invoice_no AS key, w.paid, i.total FROM invoice i
    JOIN lowered w ON w.invoice_no = i.invoice_no WHERE w.paid < 0 OR w.paid > i.total""",
)
VOID_STILL_PAID = Check(
    "invoice_account",
    "void, but {paid} yen still pay it",
    """WITH @lowered SELECT a.invoice_no AS key, w.paid FROM invoice_account a
    JOIN lowered w ON w.invoice_no = a.invoice_no WHERE a.state = 'void' AND w.paid <> 0""",
)
INVOICE_STATE = Check(
    "invoice_account",
    "the state is {state} with {balance} of {total} yen open",
    """SELECT a.invoice_no AS key, a.state, a.balance, i.total FROM invoice_account a
    JOIN invoice i ON i.invoice_no = a.invoice_no
    WHERE a.state <> 'void' AND i.kind <> 'credit'
      AND a.state <> CASE WHEN a.balance = 0 THEN 'paid' WHEN a.balance = i.total THEN 'issued' ELSE 'part_paid' END""",
)

I5 = Invariant(
    "I5",
    "allocations fit into deposit and invoice, the rest is held, balances and states follow",
    ("deposit", "allocation", "payout", "invoice_account"),
    (
        DEPOSIT_SPENT, UNAPPLIED, REVERSED_STILL_PAYS, DEPOSIT_STATE, REVERSAL_FITS, REVERSED_FITS, ALLOCATION_NAMES,
        COUNTER_ROW, COUNTERED_ONCE, INTEREST_INVOICED, BALANCE, PAID_TOO_MUCH, VOID_STILL_PAID, INVOICE_STATE,
    ),
)  # fmt: skip
