"""I2: every contract × month in force is issued, has nothing to bill, or is held with a reason."""

from service.verify.checks import Check, Invariant

# A contract that ends at 24:00 ends at 0:00 of the next day: its last day lies before that instant.
FORGOTTEN = Check(
    "billing_result",
    "in force in a month that is billed, but its bill was forgotten",
    """WITH @latest SELECT c.contract_no || '/' || l.month AS key FROM latest l
    JOIN contract c ON @month(c.billing_start_on) <= l.month
      AND (c.ended_at IS NULL OR substr(@last_day(c.ended_at), 1, 7) >= l.month)
    LEFT JOIN billing_result b ON b.contract_no = c.contract_no AND b.month = l.month
    WHERE l.state = 'issued' AND b.contract_no IS NULL""",
)
LEFT_PRICED = Check(
    "billing_result",
    "priced, but its month was issued without it",
    """WITH @latest SELECT b.contract_no || '/' || b.month AS key FROM billing_result b
    JOIN latest l ON l.month = b.month WHERE l.state = 'issued' AND b.state = 'priced'""",
)
HELD_FOR_NOTHING = Check(
    "billing_result",
    "held without a reason",
    """SELECT contract_no || '/' || month AS key FROM billing_result
    WHERE state = 'held' AND COALESCE(reason, '') = ''""",
)
UNKNOWN_STATE = Check(
    "billing_result",
    "the state {state} is none",
    """SELECT contract_no || '/' || month AS key, state FROM billing_result
    WHERE state NOT IN ('held', 'priced', 'nothing_to_bill', 'issued')""",
)
ISSUED_WITHOUT_INVOICE = Check(
    "billing_result",
    "issued, but no live invoice stands for the month",
    """SELECT b.contract_no || '/' || b.month AS key FROM billing_result b
    LEFT JOIN invoice_account a ON a.contract_no = b.contract_no AND a.kind = 'monthly'
      AND a.business_key = b.month AND a.state <> 'void'
    WHERE b.state = 'issued' AND a.invoice_no IS NULL""",
)
INVOICE_WITHOUT_RESULT = Check(
    "billing_result",
    "the invoice {invoice_no} stands for the month, but the result is {state}",
    """SELECT a.contract_no || '/' || a.business_key AS key, a.invoice_no, COALESCE(b.state, 'missing') AS state
    FROM invoice_account a
    LEFT JOIN billing_result b ON b.contract_no = a.contract_no AND b.month = a.business_key
    WHERE a.kind = 'monthly' AND a.state <> 'void' AND COALESCE(b.state, '') <> 'issued'""",
)
NAMES_ITS_INVOICE = Check(
    "billing_result",
    "names the invoice {invoice_no}, which is not that of the contract and month",
    """SELECT b.contract_no || '/' || b.month AS key, b.invoice_no FROM billing_result b
    LEFT JOIN invoice i ON i.invoice_no = b.invoice_no
    WHERE b.invoice_no IS NOT NULL AND (b.state <> 'issued' OR i.invoice_no IS NULL OR i.kind <> 'monthly'
      OR i.contract_no <> b.contract_no OR i.business_key <> b.month)""",
)

I2 = Invariant(
    "I2",
    "every contract and month in force is issued, has nothing to bill, or is held with a reason",
    ("billing_run", "billing_result", "contract"),
    (
        FORGOTTEN, LEFT_PRICED, HELD_FOR_NOTHING, UNKNOWN_STATE, ISSUED_WITHOUT_INVOICE, INVOICE_WITHOUT_RESULT,
        NAMES_ITS_INVOICE,
    ),
)  # fmt: skip
