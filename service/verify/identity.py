"""I1: one live invoice for each contract, kind and business key; what replaces it names it; numbers have no gap."""

from service.verify.checks import Check, Invariant

ONE_LIVE = Check(
    "invoice_account",
    "{n} live invoices stand for one contract, kind and business key, the last of them {last}",
    """SELECT MIN(invoice_no) AS key, MAX(invoice_no) AS last, COUNT(*) AS n FROM invoice_account
    WHERE state <> 'void' GROUP BY contract_no, kind, business_key HAVING COUNT(*) > 1""",
)
HAS_ACCOUNT = Check(
    "invoice_account",
    "the invoice has no state: its row is missing",
    """SELECT i.invoice_no AS key FROM invoice i LEFT JOIN invoice_account a ON a.invoice_no = i.invoice_no
    WHERE a.invoice_no IS NULL""",
)
HAS_INVOICE = Check(
    "invoice_account",
    "the invoice itself is missing",
    """SELECT a.invoice_no AS key FROM invoice_account a LEFT JOIN invoice i ON i.invoice_no = a.invoice_no
    WHERE i.invoice_no IS NULL""",
)
AGREES = Check(
    "invoice_account",
    "contract, kind or business key are not those of the invoice",
    """SELECT a.invoice_no AS key FROM invoice_account a JOIN invoice i ON i.invoice_no = a.invoice_no
    WHERE a.contract_no <> i.contract_no OR a.kind <> i.kind OR a.business_key <> i.business_key""",
)
# An interest invoice documents collected money: if all of it was taken back, it is void with nothing in its place.
VOID_IS_REPLACED = Check(
    "invoice_account",
    "void, but nothing replaces it",
    """SELECT a.invoice_no AS key FROM invoice_account a
    WHERE a.state = 'void' AND a.replaced_by IS NULL AND (a.kind <> 'interest' OR EXISTS (
      SELECT 1 FROM allocation x LEFT JOIN allocation u ON u.undoes = x.id
      WHERE x.interest_invoice = a.invoice_no AND x.undoes IS NULL AND u.id IS NULL))""",
)
REPLACED_IS_VOID = Check(
    "invoice_account",
    "replaced by {replaced_by}, but its state is {state}",
    """SELECT invoice_no AS key, replaced_by, state FROM invoice_account
    WHERE replaced_by IS NOT NULL AND state <> 'void'""",
)
REPLACEMENT_FITS = Check(
    "invoice_account",
    "replaced by {replaced_by}, which is no later invoice of the same contract, kind and key that names it",
    """SELECT a.invoice_no AS key, a.replaced_by FROM invoice_account a
    LEFT JOIN invoice n ON n.invoice_no = a.replaced_by
    WHERE a.replaced_by IS NOT NULL AND (n.invoice_no IS NULL OR n.replaces IS NULL OR n.replaces <> a.invoice_no
      OR n.contract_no <> a.contract_no OR n.kind <> a.kind OR n.business_key <> a.business_key
      OR n.invoice_no <= a.invoice_no)""",
)
REPLACES_FITS = Check(
    "invoice",
    "replaces {replaces}, which does not say so",
    """SELECT i.invoice_no AS key, i.replaces FROM invoice i
    LEFT JOIN invoice_account a ON a.invoice_no = i.replaces
    WHERE i.replaces IS NOT NULL AND (a.replaced_by IS NULL OR a.replaced_by <> i.invoice_no)""",
)
CREDIT_NAMES = Check(
    "invoice",
    "a credit note names an invoice of the same contract, and nothing else does",
    """SELECT i.invoice_no AS key FROM invoice i LEFT JOIN invoice o ON o.invoice_no = i.corrects
    WHERE (i.kind = 'credit' AND (o.invoice_no IS NULL OR o.kind = 'credit' OR o.contract_no <> i.contract_no))
      OR (i.kind <> 'credit' AND i.corrects IS NOT NULL)""",
)
NUMBER_READS = Check(
    "invoice",
    "the number is not ten digits: kind {kind}, fiscal year of {issued_on}, place from 1",
    """SELECT invoice_no AS key, kind, issued_on FROM (
      SELECT invoice_no, kind, @day(issued_on) AS issued_on,
        CASE kind WHEN 'monthly' THEN '1' WHEN 'penalty' THEN '2' WHEN 'surcharge' THEN '3'
          WHEN 'interest' THEN '4' WHEN 'restoration' THEN '5' WHEN 'credit' THEN '6' END AS digit,
        CAST(substr(@day(issued_on), 1, 4) AS INTEGER)
          - CASE WHEN substr(@day(issued_on), 6, 2) < '04' THEN 1 ELSE 0 END AS year
      FROM invoice) told
    WHERE length(invoice_no) <> 10 OR trim(invoice_no, '0123456789') <> '' OR digit IS NULL
      OR substr(invoice_no, 1, 1) <> digit OR substr(invoice_no, 2, 2) <> substr(CAST(year AS VARCHAR(4)), 3, 2)
      OR substr(invoice_no, 4) = '0000000'""",
)
NO_GAP = Check(
    "invoice",
    "the number before it is missing: the one before is place {before} of its series",
    """WITH @numbers SELECT invoice_no AS key, before FROM (
      SELECT invoice_no, n, COALESCE(LAG(n) OVER (PARTITION BY series ORDER BY n), 0) AS before FROM numbers) told
    WHERE n - before <> 1""",
)
SERIES_FITS = Check(
    "number_series",
    "the last number given out is {last}, the largest of an invoice {largest}",
    """WITH @numbers SELECT s.kind || '/' || s.year AS key, s.last, COALESCE(m.largest, 0) AS largest
    FROM number_series s LEFT JOIN (
      SELECT 'invoice:' || kind AS kind, year, MAX(n) AS largest FROM numbers GROUP BY kind, year) m
      ON m.kind = s.kind AND m.year = s.year
    WHERE s.kind LIKE 'invoice:%' AND s.last <> COALESCE(m.largest, 0)""",
)
SERIES_THERE = Check(
    "number_series",
    "invoices bear its numbers, but the series is missing",
    """WITH @numbers SELECT DISTINCT 'invoice:' || n.kind || '/' || n.year AS key FROM numbers n
    LEFT JOIN number_series s ON s.kind = 'invoice:' || n.kind AND s.year = n.year WHERE s.kind IS NULL""",
)

I1 = Invariant(
    "I1",
    "one live invoice for each contract, kind and business key; gapless numbers",
    ("invoice", "invoice_account", "number_series"),
    (
        ONE_LIVE, HAS_ACCOUNT, HAS_INVOICE, AGREES, VOID_IS_REPLACED, REPLACED_IS_VOID, REPLACEMENT_FITS,
        REPLACES_FITS, CREDIT_NAMES, NUMBER_READS, NO_GAP, SERIES_FITS, SERIES_THERE,
    ),
)  # fmt: skip
