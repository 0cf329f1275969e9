"""I3: lines sum to the bases, one floor of tax for each rate, and all of it to the total; credits sum back."""

from service.verify.checks import Check, Invariant

TAX_CLASS = Check(
    "invoice_line",
    "the tax class {tax_class} is none",
    """SELECT invoice_no || '/' || line_no AS key, tax_class FROM invoice_line
    WHERE tax_class NOT IN ('taxable', 'non_taxable', 'exempt')""",
)
BASES = Check(
    "invoice_tax",
    "taxed lines sum to {taxed} yen, the bases to {base}",
    """WITH @lines, @taxes
    SELECT i.invoice_no AS key, COALESCE(l.taxed, 0) AS taxed, COALESCE(t.base, 0) AS base FROM invoice i
    LEFT JOIN lines l ON l.invoice_no = i.invoice_no LEFT JOIN taxes t ON t.invoice_no = i.invoice_no
    WHERE COALESCE(l.taxed, 0) <> COALESCE(t.base, 0)""",
)
NON_TAXED = Check(
    "invoice",
    "lines without tax sum to {lines} yen, the invoice says {non_taxed}",
    """WITH @lines
    SELECT i.invoice_no AS key, COALESCE(l.non_taxed, 0) AS lines, i.non_taxed FROM invoice i
    LEFT JOIN lines l ON l.invoice_no = i.invoice_no WHERE COALESCE(l.non_taxed, 0) <> i.non_taxed""",
)
TOTAL = Check(
    "invoice",
    "bases, taxes and what bears no tax sum to {summed} yen, the total is {total}",
    """WITH @taxes SELECT key, summed, total FROM (
      SELECT i.invoice_no AS key, COALESCE(t.base, 0) + COALESCE(t.tax, 0) + i.non_taxed AS summed, i.total
      FROM invoice i LEFT JOIN taxes t ON t.invoice_no = i.invoice_no) told WHERE summed <> total""",
)
# Bases are not below zero (the next check), so the division of integers is the floor.
ONE_FLOOR = Check(
    "invoice_tax",
    "the tax is {tax} yen, {rate_percent} % of {base} are {floor}",
    """SELECT key, tax, rate_percent, base, floor FROM (
      SELECT t.invoice_no || '/' || t.rate_percent AS key, t.tax, t.rate_percent, t.base,
        t.base * t.rate_percent / 100 AS floor
      FROM invoice_tax t JOIN invoice i ON i.invoice_no = t.invoice_no WHERE i.kind <> 'credit') told
    WHERE tax <> floor""",
)
BELOW_ZERO = Check(
    "invoice_tax",
    "base, tax or rate lie below zero",
    """SELECT invoice_no || '/' || rate_percent AS key FROM invoice_tax
    WHERE base < 0 OR tax < 0 OR rate_percent < 0""",
)
CREDITED_TAX = Check(
    "invoice_tax",
    "credits of {base} yen on a base of {issued} bear {tax} yen of tax, not {due}",
    """WITH @credits SELECT key, base, tax, issued, due FROM (
      SELECT c.corrects || '/' || c.rate_percent AS key, c.base, c.tax, COALESCE(t.base, 0) AS issued,
        COALESCE(t.tax - (t.base - c.base) * t.rate_percent / 100, 0) AS due
      FROM (
        SELECT x.corrects, y.rate_percent, CAST(SUM(y.base) AS BIGINT) AS base, CAST(SUM(y.tax) AS BIGINT) AS tax
        FROM credits x JOIN invoice_tax y ON y.invoice_no = x.invoice_no GROUP BY x.corrects, y.rate_percent) c
      LEFT JOIN invoice_tax t ON t.invoice_no = c.corrects AND t.rate_percent = c.rate_percent) told
    WHERE base > issued OR tax <> due""",
)
CREDITED_NON_TAXED = Check(
    "invoice",
    "credits of {credited} yen without tax exceed the {non_taxed} of the invoice",
    """WITH @credits SELECT i.invoice_no AS key, c.credited, i.non_taxed FROM invoice i JOIN (
      SELECT corrects, CAST(SUM(non_taxed) AS BIGINT) AS credited FROM credits GROUP BY corrects) c
      ON c.corrects = i.invoice_no WHERE c.credited > i.non_taxed""",
)

I3 = Invariant(
    "I3",
    "lines sum to the bases, one floor of tax for each rate, bases and taxes to the total",
    ("invoice", "invoice_line", "invoice_tax"),
    (TAX_CLASS, BASES, NON_TAXED, TOTAL, ONE_FLOOR, BELOW_ZERO, CREDITED_TAX, CREDITED_NON_TAXED),
)
