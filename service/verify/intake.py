"""I16: nothing is dropped silently: what a file held was taken in, refused, quarantined or parked, and is shown."""

from service.verify.checks import Check, Invariant

USAGE_ADDS_UP = Check(
    "usage_file",
    "{accepted} accepted, {duplicates} duplicate and {quarantined} quarantined rows are not its {rows}",
    """SELECT file_id AS key, rows, accepted, duplicates, json_array_length(quarantined) AS quarantined FROM usage_file
    WHERE rows <> accepted + duplicates + json_array_length(quarantined)
      OR duplicates <> json_array_length(duplicate_lines)""",
)
USAGE_STORED = Check(
    "usage_file",
    "{accepted} rows were accepted, {stored} are stored",
    """SELECT f.file_id AS key, f.accepted, COALESCE(r.n, 0) AS stored FROM usage_file f LEFT JOIN (
      SELECT file_id, COUNT(*) AS n FROM usage_record WHERE quarantine_id IS NULL GROUP BY file_id) r
      ON r.file_id = f.file_id WHERE f.accepted <> COALESCE(r.n, 0)""",
)
QUARANTINE_STORED = Check(
    "usage_file",
    "{quarantined} rows were quarantined, {stored} are stored",
    """SELECT f.file_id AS key, json_array_length(f.quarantined) AS quarantined, COALESCE(q.n, 0) AS stored
    FROM usage_file f LEFT JOIN (SELECT file_id, COUNT(*) AS n FROM usage_quarantine GROUP BY file_id) q
      ON q.file_id = f.file_id WHERE json_array_length(f.quarantined) <> COALESCE(q.n, 0)""",
)
HAS_FILE = Check(
    "usage_record",
    "its file {file_id} is not there",
    """SELECT r.id AS key, r.file_id FROM usage_record r LEFT JOIN usage_file f ON f.file_id = r.file_id
    WHERE f.file_id IS NULL""",
)
QUARANTINE_SHOWN = Check(
    "usage_quarantine",
    "the state {state} does not fit: open rows are shown and decided by nobody, others by a person",
    """SELECT quarantine_id AS key, state FROM usage_quarantine
    WHERE state NOT IN ('open', 'discarded', 'accepted')
      OR (state = 'open') <> (decided_at IS NULL) OR (state = 'open') <> (decided_by IS NULL)""",
)
ACCEPTED_COUNTS = Check(
    "usage_quarantine",
    "the state is {state}, and {n} rows of usage come from it",
    """SELECT q.quarantine_id AS key, q.state, COALESCE(r.n, 0) AS n FROM usage_quarantine q LEFT JOIN (
      SELECT quarantine_id, COUNT(*) AS n FROM usage_record WHERE quarantine_id IS NOT NULL GROUP BY quarantine_id) r
      ON r.quarantine_id = q.quarantine_id
    WHERE COALESCE(r.n, 0) <> CASE q.state WHEN 'accepted' THEN 1 ELSE 0 END""",
)
FROM_QUARANTINE = Check(
    "usage_record",
    "accepted out of {quarantine_id}, which is not there",
    """SELECT r.id AS key, r.quarantine_id FROM usage_record r
    LEFT JOIN usage_quarantine q ON q.quarantine_id = r.quarantine_id
    WHERE r.quarantine_id IS NOT NULL AND q.quarantine_id IS NULL""",
)
SUCCESSOR = Check(
    "usage_supersession",
    "superseded by {by_id}, which is no later row of the same resource that a person accepted",
    """SELECT s.superseded_id AS key, s.by_id FROM usage_supersession s
    LEFT JOIN usage_record o ON o.id = s.superseded_id LEFT JOIN usage_record n ON n.id = s.by_id
    WHERE o.id IS NULL OR n.id IS NULL OR n.id <= o.id OR n.contract_no <> o.contract_no
      OR n.resource_id <> o.resource_id OR n.quarantine_id IS NULL""",
)
BANK_ADDS_UP = Check(
    "bank_file",
    "{sorted} sorted records are not its {records}",
    """SELECT key, sorted, records FROM (
      SELECT file_id AS key, records, matched + unmatched + cancelled + duplicates + other AS sorted
      FROM bank_file) told WHERE sorted <> records""",
)
BANK_STORED = Check(
    "bank_file",
    "stored are {deposits} deposits, {reversals} reversals, {doubles} duplicates and {others} other records; "
    "the file says {said}, {cancelled}, {duplicates} and {other}",
    """SELECT * FROM (
      SELECT f.file_id AS key, f.matched + f.unmatched AS said, f.cancelled, f.duplicates, f.other,
        SUM(CASE l.outcome WHEN 'deposit' THEN 1 ELSE 0 END) AS deposits,
        SUM(CASE l.outcome WHEN 'reversal' THEN 1 ELSE 0 END) AS reversals,
        SUM(CASE l.outcome WHEN 'duplicate' THEN 1 ELSE 0 END) AS doubles,
        SUM(CASE l.outcome WHEN 'other' THEN 1 ELSE 0 END) AS others
      FROM bank_file f LEFT JOIN bank_line l ON l.file_id = f.file_id
      GROUP BY f.file_id, f.matched, f.unmatched, f.cancelled, f.duplicates, f.other) told
    WHERE deposits <> said OR reversals <> cancelled OR doubles <> duplicates OR others <> other""",
)
LINE_HAS_DEPOSIT = Check(
    "bank_line",
    "a {outcome} of {amount} yen, but no such deposit",
    """SELECT l.file_id || '/' || l.line AS key, l.outcome, l.amount FROM bank_line l
    LEFT JOIN deposit d ON d.deposit_id = l.deposit_id
    WHERE l.outcome IN ('deposit', 'reversal') AND (d.deposit_id IS NULL OR d.amount <> l.amount
      OR d.booked_on <> l.booked_on OR d.value_on <> l.value_on OR d.account_id <> l.account_id
      OR (l.outcome = 'reversal' AND NOT d.reversal) OR (l.outcome = 'deposit' AND d.reversal))""",
)
DEPOSIT_HAS_LINE = Check(
    "deposit",
    "{n} records of bank files brought it, not one",
    """SELECT d.deposit_id AS key, COUNT(l.line) AS n FROM deposit d LEFT JOIN bank_line l
      ON l.deposit_id = d.deposit_id AND l.outcome IN ('deposit', 'reversal')
    GROUP BY d.deposit_id HAVING COUNT(l.line) <> 1""",
)

# A worker that is down, or a server that is not reached: tried in vain, or left over from before the office's last day.
# The next delivery may be under way, so this is no breach.
OUTBOX_WAITS = Check(
    "outbox",
    "{name} waits since {created_at}, {attempts} attempts",
    """SELECT id AS key, name, CAST(created_at AS TEXT) AS created_at, attempts FROM outbox
    WHERE delivered_at IS NULL AND (attempts > 1 OR trouble IS NOT NULL
      OR @jst_day(created_at) < (SELECT MAX(@jst_day(at)) FROM audit_event))""",
)

I16 = Invariant(
    "I16",
    "nothing is dropped silently: what files held is stored, sorted and shown",
    ("usage_file", "usage_record", "usage_quarantine", "usage_supersession", "bank_file", "bank_line"),
    (
        USAGE_ADDS_UP, USAGE_STORED, QUARANTINE_STORED, HAS_FILE, QUARANTINE_SHOWN, ACCEPTED_COUNTS, FROM_QUARANTINE,
        SUCCESSOR, BANK_ADDS_UP, BANK_STORED, LINE_HAS_DEPOSIT, DEPOSIT_HAS_LINE,
    ),
)  # fmt: skip
