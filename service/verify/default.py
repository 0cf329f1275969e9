"""I6, the default of an unpaid contract: each step on its day, suspension and rescission on what the terms want first.

Numbers of days stand here a second time: 7 from the arrival of a warning (16(2)), 14 for a demand and 14 of a
suspension before a rescission (17(1)), and the ladder's days after the printed due day.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Connection, text

from service.verify.checks import AT_ONCE, Breach, Check, translated

LADDER = {"flag": 1, "warning": 15, "suspension": 25, "demand": 40, "review": 60}
FIRST_REMINDER = 5  # business days; so many days at least
STEP_OF = {
    "first_reminder": "reminder", "second_reminder": "warning", "suspension_warning": "warning",
    "formal_demand": "demand", "suspension": "suspension", "rescission": "review",
}  # fmt: skip
"""By which step of the ladder a letter goes out, and the system proposes an act."""

# A suspension that was approved for a later day and fell before it never began.
PERIOD = Check(
    "suspension",
    "{state}: its instants do not fit, or it began before its day or after its period",
    """SELECT contract_no || '/' || n AS key, state FROM suspension
    WHERE (state IN ('running', 'ended') AND started_at IS NULL)
      OR (state IN ('planned', 'withdrawn') AND started_at IS NOT NULL)
      OR (state IN ('ended', 'withdrawn')) <> (ended_at IS NOT NULL)
      OR @jst_day(started_at) < @day(from_on) OR @jst_day(started_at) > @day(until_on) OR ended_at < started_at""",
)
AGREED = Check(
    "suspension",
    "no second person agreed to it",
    """SELECT s.contract_no || '/' || s.n AS key FROM suspension s LEFT JOIN approval a
      ON a.approval_id = s.approval_id AND a.contract_no = s.contract_no AND a.state = 'approved'
        AND a.article = CASE a.act WHEN 'suspension' THEN s.ground WHEN 'suspension_unannounced' THEN '16(2)' END
    WHERE a.approval_id IS NULL""",
)
# Only what legal agreed to as impossible to announce, or urgent, came unannounced.
WARNED = Check(
    "suspension",
    "it began on {started_on}; no warning had arrived 7 days before, or it stated a later day",
    """WITH @cases, @came_back, warned AS (
      SELECT d.contract_no, d.opened_at, d.closed_at, w.arrived_at, b.at AS back_at, d.stated_from_on FROM cases d
      JOIN notice w ON w.contract_no = d.contract_no AND w.origin = d.id AND w.slug = 'suspension_warning'
        AND w.arrived_at IS NOT NULL
      LEFT JOIN came_back b ON b.notice_no = w.notice_no)
    SELECT s.contract_no || '/' || s.n AS key, @jst_day(s.started_at) AS started_on FROM suspension s
    WHERE s.ground = '16(1)(1)' AND s.started_at IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM approval a WHERE a.approval_id = s.approval_id AND a.act = 'suspension_unannounced')
      AND NOT EXISTS (
      SELECT 1 FROM warned w WHERE w.contract_no = s.contract_no AND w.opened_at <= s.started_at
        AND (w.closed_at IS NULL OR w.closed_at >= s.started_at) AND (w.back_at IS NULL OR w.back_at > s.started_at)
        AND @jst_after(w.arrived_at, 7) <= @jst_day(s.started_at)
        AND @day(w.stated_from_on) <= @jst_day(s.started_at))""",
)
HELD = """SELECT x.key, h.kind, @day(h.until_on) AS until_on FROM (@acts) x
JOIN default_hold h ON h.contract_no = x.contract_no AND h.placed_at < x.at AND @day(h.until_on) >= @jst_day(x.at)
JOIN default_case d ON d.contract_no = h.contract_no AND d.first_due_on = h.first_due_on AND d.n = h.n
WHERE d.opened_at <= x.at AND (d.closed_at IS NULL OR d.closed_at >= x.at)"""
SUSPENDED_WHILE_HELD = Check(
    "suspension",
    "it began although the default was held until {until_on} ({kind})",
    HELD.replace(
        "@acts",
        """SELECT contract_no || '/' || n AS key, contract_no, started_at AS at FROM suspension
        WHERE ground = '16(1)(1)' AND started_at IS NOT NULL""",
    ),
)
RESCINDED_WHILE_HELD = Check(
    "rescission",
    "it was decided although the default was held until {until_on} ({kind})",
    HELD.replace(
        "@acts",
        "SELECT contract_no || '/' || n AS key, contract_no, decided_at AS at FROM rescission WHERE ground <> '43(2)'",
    ),
)
TOLD = Check(
    "contract",
    "{rows} suspensions began and {over} are over; {begun} and {done} moves say so",
    """WITH @life SELECT key, rows, over, begun, done FROM (
      SELECT contract_no AS key, SUM(rows) AS rows, SUM(over) AS over, SUM(begun) AS begun, SUM(done) AS done FROM (
        SELECT contract_no, 1 AS rows, CASE state WHEN 'ended' THEN 1 ELSE 0 END AS over, 0 AS begun, 0 AS done
        FROM suspension WHERE started_at IS NOT NULL
        UNION ALL
        SELECT chain, 0, 0, CASE action WHEN 'suspended' THEN 1 ELSE 0 END,
          CASE WHEN action = 'resumed' OR (action = 'ended' AND before = 'suspended') THEN 1 ELSE 0 END
        FROM life) parts GROUP BY contract_no) told WHERE rows <> begun OR over <> done""",
)
# Paid: with the default that is settled. The period that was announced is over (A85). Else a person saw the cause gone.
RESUMED_BECAUSE = Check(
    "audit_event",
    "service resumed ({because}), which the record does not bear out",
    """WITH @life SELECT l.chain || '/' || l.seq AS key, COALESCE(l.basis ->> 'ended_by', 'nothing') AS because
    FROM life l LEFT JOIN suspension s ON s.contract_no = l.chain AND s.n = CAST(l.basis ->> 'n' AS INTEGER)
    WHERE l.action = 'resumed' AND (s.n IS NULL OR NOT CASE l.basis ->> 'ended_by'
      WHEN 'payment' THEN EXISTS (SELECT 1 FROM default_case d WHERE d.contract_no = l.chain AND d.state = 'settled'
        AND d.closed_at = l.at)
      WHEN 'period' THEN s.until_on IS NOT NULL AND @jst_day(l.at) > @day(s.until_on)
      WHEN 'cause' THEN s.ground NOT IN ('16(1)(2)', '16(1)(3)', '16(1)(4)', '16(1)(5)', '16(1)(9)')
        OR CAST(l.basis ->> 'pledged' AS TEXT) IN ('1', 'true')
      ELSE s.n <> s.n END)""",
)

RESCISSION_AGREED = Check(
    "rescission",
    "the people whom it needs did not agree to it",
    """SELECT r.contract_no || '/' || r.n AS key FROM rescission r LEFT JOIN (
      SELECT a.contract_no, a.act, MAX(v.at) AS at FROM approval a
      JOIN approval_vote v ON v.approval_id = a.approval_id
      WHERE a.state = 'approved' GROUP BY a.approval_id, a.contract_no, a.act) d
      ON d.contract_no = r.contract_no AND d.at = r.decided_at AND d.act = CASE r.ground WHEN '17(1)' THEN 'rescission'
        WHEN '17(2)' THEN 'rescission_without_suspension' WHEN '43(2)' THEN 'antisocial_rescission' END
    WHERE d.at IS NULL""",
)
IN_DEFAULT = Check(
    "rescission",
    "decided by {ground}, but no default was open",
    """SELECT r.contract_no || '/' || r.n AS key, r.ground FROM rescission r
    WHERE r.ground IN ('17(1)', '17(2)') AND NOT EXISTS (
      SELECT 1 FROM default_case d WHERE d.contract_no = r.contract_no AND d.opened_at <= r.decided_at
        AND (d.closed_at IS NULL OR d.closed_at >= r.decided_at))""",
)
WAITED = Check(
    "rescission",
    "decided on {decided_on}; service had not been suspended for 14 days",
    """SELECT r.contract_no || '/' || r.n AS key, @jst_day(r.decided_at) AS decided_on FROM rescission r
    WHERE r.ground = '17(1)' AND NOT EXISTS (
      SELECT 1 FROM suspension s WHERE s.contract_no = r.contract_no AND s.started_at IS NOT NULL
        AND @jst_after(s.started_at, 14) <= @jst_day(r.decided_at)
        AND (s.ended_at IS NULL OR s.ended_at >= r.decided_at))""",
)
DEMANDED = Check(
    "rescission",
    "decided on {decided_on}; the period of no demand that had arrived was over",
    """WITH @cases, @came_back, demanded AS (
      SELECT d.contract_no, d.opened_at, d.closed_at, w.arrived_at, b.at AS back_at FROM cases d
      JOIN notice w ON w.contract_no = d.contract_no AND w.origin = d.id AND w.slug = 'formal_demand'
        AND w.arrived_at IS NOT NULL
      LEFT JOIN came_back b ON b.notice_no = w.notice_no)
    SELECT r.contract_no || '/' || r.n AS key, @jst_day(r.decided_at) AS decided_on FROM rescission r
    WHERE r.ground = '17(1)' AND NOT EXISTS (
      SELECT 1 FROM demanded w WHERE w.contract_no = r.contract_no AND w.opened_at <= r.decided_at
        AND (w.closed_at IS NULL OR w.closed_at >= r.decided_at) AND (w.back_at IS NULL OR w.back_at > r.decided_at)
        AND @jst_after(w.arrived_at, 14) < @jst_day(r.decided_at))""",
)
# A deemed arrival ends nothing: only what the post told, a refusal, or what two people of legal have put in its place.
IN_PLACE = Check(
    "notice",
    "a {slug} counts as arrived ({basis}), to which nobody agreed",
    """SELECT w.notice_no AS key, w.slug, w.basis FROM notice w
    WHERE w.slug IN ('rescission_notice', 'antisocial_rescission_notice') AND w.state = 'arrived'
      AND w.basis NOT IN ('delivery', 'refusal') AND NOT EXISTS (
      SELECT 1 FROM approval a WHERE a.act = 'deemed_arrival' AND a.state = 'approved'
        AND a.contract_no = w.contract_no AND a.payload ->> 'notice_no' = w.notice_no
        AND a.payload ->> 'counts' = w.basis AND (w.basis = 'normal_time' OR a.article = '43(2)'))""",
)
ARRIVED = Check(
    "rescission",
    "{state}, which letter, arrival and end of the contract do not bear out",
    """WITH letters AS (
      SELECT contract_no, origin, arrived_at FROM notice
      WHERE slug IN ('rescission_notice', 'antisocial_rescission_notice')
        AND basis IN ('delivery', 'refusal', 'normal_time', 'decision'))
    SELECT r.contract_no || '/' || r.n AS key, r.state FROM rescission r
    JOIN contract c ON c.contract_no = r.contract_no
    LEFT JOIN letters l ON l.contract_no = r.contract_no AND l.arrived_at = r.arrived_at
      AND l.origin = 'rescission/' || r.contract_no || '/' || r.n
    WHERE (r.state = 'effective' AND (l.arrived_at IS NULL OR c.ended_at IS NULL OR c.ended_at <> r.arrived_at
        OR c.end_ground <> r.ground))
      OR (r.state <> 'effective' AND r.arrived_at IS NOT NULL)""",
)
# The letter of a rescission that is not withdrawn has arrived and the debt, if it is for one, is not paid: so it has
# taken effect.
IGNORED = Check(
    "rescission",
    "its letter arrived on {arrived_on}, but the contract goes on",
    """WITH @newest SELECT r.contract_no || '/' || r.n AS key, @jst_day(l.arrived_at) AS arrived_on FROM rescission r
    JOIN notice l ON l.contract_no = r.contract_no AND l.arrived_at IS NOT NULL
      AND l.origin = 'rescission/' || r.contract_no || '/' || r.n
    LEFT JOIN default_case d ON d.contract_no = r.contract_no AND d.closed_at IS NULL AND d.opened_at <= r.decided_at
    WHERE r.state = 'sent' AND (r.ground = '43(2)' OR d.state = 'rescinding')
      AND @jst_day(l.arrived_at) < (SELECT today FROM newest)
      AND NOT EXISTS (SELECT 1 FROM task t WHERE t.contract_no = r.contract_no AND t.kind = 'rescission_in_doubt')""",
)

ONE_OPEN = Check(
    "default_case",
    "{n} defaults of the contract are open",
    """SELECT contract_no AS key, COUNT(*) AS n FROM default_case WHERE closed_at IS NULL
    GROUP BY contract_no HAVING COUNT(*) > 1""",
)
CASE_STATE = Check(
    "default_case",
    "{state}, which its step and its days do not fit",
    """WITH @cases SELECT key, state FROM cases
    WHERE (state IN ('settled', 'rescinded')) <> (closed_at IS NOT NULL) OR (closed_at IS NOT NULL AND step IS NOT NULL)
      OR COALESCE(@day(closed_on), '') <> COALESCE(@jst_day(closed_at), '') OR closed_at < opened_at
      OR @jst_day(opened_at) <= @day(first_due_on)""",
)
CASE_FOUNDED = Check(
    "default_case",
    "it is {state}, but what that takes is missing",
    """WITH @cases, letters AS (SELECT DISTINCT contract_no, origin, slug FROM notice WHERE origin LIKE 'default/%')
    SELECT d.key, d.state FROM cases d JOIN contract c ON c.contract_no = d.contract_no
    LEFT JOIN letters w ON w.contract_no = d.contract_no AND w.origin = d.id AND w.slug = 'suspension_warning'
    LEFT JOIN letters f ON f.contract_no = d.contract_no AND f.origin = d.id AND f.slug = 'formal_demand'
    WHERE d.closed_at IS NULL AND c.state IN ('active', 'suspended') AND NOT CASE d.state
      WHEN 'warned' THEN w.slug IS NOT NULL
      WHEN 'suspended' THEN EXISTS (SELECT 1 FROM suspension s WHERE s.contract_no = d.contract_no
        AND s.state = 'running' AND s.ground = '16(1)(1)')
      WHEN 'demanded' THEN f.slug IS NOT NULL
      WHEN 'rescinding' THEN EXISTS (SELECT 1 FROM rescission r WHERE r.contract_no = d.contract_no
        AND r.state = 'sent' AND r.ground <> '43(2)')
      ELSE d.key = d.key END""",
)
# What was due before the closing day, less all that had lowered it by then; what fell back on that day came later.
SETTLED = Check(
    "default_case",
    "settled on {closed_on} with {open} yen overdue",
    """WITH @cases, lowering AS (
      SELECT invoice_no, amount, on_day, undoes FROM allocation WHERE part <> 'interest'
      UNION ALL
      SELECT i.corrects, i.total, i.issued_on, NULL FROM invoice i JOIN invoice_account a ON a.invoice_no = i.invoice_no
      WHERE i.kind = 'credit' AND a.state <> 'void'
      UNION ALL
      SELECT invoice_no, amount, on_day, NULL FROM payout WHERE kind = 'write_off')
    SELECT key, closed_on, SUM(owed) AS open FROM (
      SELECT d.key, @day(d.closed_on) AS closed_on, i.invoice_no, i.total - COALESCE(SUM(p.amount), 0) AS owed
      FROM cases d JOIN invoice i ON i.contract_no = d.contract_no AND i.issued_on <= d.closed_on
        AND i.due_on < d.closed_on AND i.kind IN ('monthly', 'surcharge', 'penalty', 'restoration')
      JOIN invoice_account a ON a.invoice_no = i.invoice_no AND a.state <> 'void'
      LEFT JOIN lowering p ON p.invoice_no = i.invoice_no AND p.on_day <= d.closed_on
        AND (p.undoes IS NULL OR p.on_day < d.closed_on)
      WHERE d.state = 'settled' GROUP BY d.key, d.closed_on, i.invoice_no, i.total) each_invoice
    WHERE owed > 0 GROUP BY key, closed_on""",
)
# Settled by a payment, and then rescinded by a letter that had arrived before it: of that the office heard later.
RESCINDED = Check(
    "default_case",
    "{state} on {closed_on}, against what became of the rescission",
    """WITH @cases, known AS (
      SELECT r.contract_no, r.decided_at, e.at FROM rescission r JOIN audit_event e ON e.chain = r.contract_no
        AND e.action = 'rescission_arrived' AND CAST(e.basis ->> 'n' AS INTEGER) = r.n
      WHERE r.state = 'effective' AND r.ground <> '43(2)')
    SELECT d.key, d.state, @day(d.closed_on) AS closed_on FROM cases d LEFT JOIN known k
      ON k.contract_no = d.contract_no AND k.decided_at BETWEEN d.opened_at AND d.closed_at AND k.at <= d.closed_at
    WHERE d.closed_at IS NOT NULL AND (d.state = 'rescinded') <> (k.at IS NOT NULL)""",
)

STEPS = """WITH @cases
SELECT d.key, @day(d.first_due_on) AS due_on, @jst_day(d.opened_at) AS opened_on, CAST(d.steps AS TEXT) AS steps,
  t.what, t.first_on
FROM cases d LEFT JOIN (
  SELECT contract_no, CAST(origin AS VARCHAR(200)) AS id, slug AS what, MIN(@jst_day(queued_at)) AS first_on FROM notice
  WHERE origin LIKE 'default/%' GROUP BY contract_no, CAST(origin AS VARCHAR(200)), slug
  UNION ALL
  SELECT c.contract_no, c.id, a.act, MIN(@jst_day(a.proposed_at)) FROM cases c
  JOIN approval a ON a.contract_no = c.contract_no AND a.act IN ('suspension', 'rescission')
    AND a.proposed_by = 'system' AND a.proposed_at >= c.opened_at
    AND (c.closed_at IS NULL OR a.proposed_at <= c.closed_at)
  GROUP BY c.contract_no, c.id, a.act) t ON t.contract_no = d.contract_no AND t.id = d.id
ORDER BY d.key"""


def steps_in_time(connection: Connection) -> Iterator[Breach]:
    """Find steps of a ladder that are laid out for too early a day, or were taken before their day."""
    statement = text(translated(STEPS, connection.dialect.name)).execution_options(yield_per=AT_ONCE)
    laid_out = ""
    for row in connection.execute(statement).mappings():
        due_on, days = date.fromisoformat(row["due_on"]), {e["step"]: e["on"] for e in json.loads(row["steps"])}
        if row["key"] != laid_out:
            laid_out = row["key"]
            for step, on in days.items():
                after = LADDER.get(step)
                earliest = str(due_on + timedelta(days=FIRST_REMINDER if after is None else after))
                if on < earliest or (after is not None and on > earliest):
                    yield Breach("default_case", laid_out, f"{step} is laid out for {on}, due on {due_on}")
            if row["opened_on"] < days.get("flag", ""):
                yield Breach("default_case", laid_out, f"opened on {row['opened_on']}, before its first step")
        on = days.get(STEP_OF.get(row["what"] or "", ""))
        if on is not None and row["first_on"] < on:
            yield Breach("default_case", laid_out, f"{row['what']} on {row['first_on']}; its day was {on}")


DEFAULT = (
    PERIOD, AGREED, WARNED, SUSPENDED_WHILE_HELD, RESCINDED_WHILE_HELD, TOLD, RESUMED_BECAUSE, RESCISSION_AGREED,
    IN_DEFAULT, WAITED, DEMANDED, IN_PLACE, ARRIVED, IGNORED, ONE_OPEN, CASE_STATE, CASE_FOUNDED, SETTLED, RESCINDED,
    steps_in_time,
)  # fmt: skip
