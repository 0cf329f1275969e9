"""I8: the row of a contract is what its workflow last committed, and who should be at work is.

A workflow's memory is not read: this needs no server. It commits its version, its state, its lines, its ends and its
suspension in one transaction with the record of the command, so these have to tell the same; `open_workflow` tells
which workflows were started and which have done their work. Replays compare a workflow with its history (I15).
"""

from service.verify.checks import Check, Invariant

# Every command of a contract's workflow is a version, and the first of its events bears the version of the terms.
VERSION = Check(
    "contract",
    "its version is {version}, its record tells of {told} commands",
    """SELECT c.contract_no AS key, c.version, COALESCE(e.told, 0) AS told FROM contract c LEFT JOIN (
      SELECT chain, COUNT(*) AS told FROM audit_event
      WHERE contract_no = chain AND key LIKE '%#1' AND action <> 'formed' AND basis ->> 'terms_version' IS NOT NULL
      GROUP BY chain) e ON e.chain = c.contract_no
    WHERE c.version <> COALESCE(e.told, 0)""",
)
STARTED = Check(
    "contract",
    "it is {state}, which the days of its start do not fit",
    """SELECT contract_no AS key, state FROM contract WHERE CASE
      WHEN state = 'accepted' THEN service_start_on IS NOT NULL OR billing_start_on IS NOT NULL
      WHEN state IN ('active', 'suspended') THEN service_start_on IS NULL OR billing_start_on IS NULL
        OR @day(service_start_on) < @jst_day(formed_at)
      ELSE (service_start_on IS NULL) <> (billing_start_on IS NULL) END""",
)
# By a month's end or the end of a day a contract is over at 24:00; by an arrival at that instant.
ENDED = Check(
    "contract",
    "it is {state}, which ground, day and instant of its end do not fit",
    """SELECT contract_no AS key, state FROM contract WHERE CASE
      WHEN state IN ('accepted', 'active', 'suspended') THEN ended_at IS NOT NULL
      WHEN ended_at IS NULL OR ends_on IS NULL OR end_ground IS NULL THEN TRUE
      WHEN end_ground IN ('14(2)', '18(1)', '18(2)', '18(3)') THEN @last_day(ended_at) <> @day(ends_on)
        OR @jst_day(ended_at) <> @after(ends_on, 1)
      ELSE @jst_day(ended_at) <> @day(ends_on) END""",
)
ENDS_ON = Check(
    "contract",
    "it is to end on {ends_on}, the first of its notices that runs says {first_on}",
    """SELECT c.contract_no AS key, COALESCE(@day(c.ends_on), 'no day') AS ends_on,
      COALESCE(@day(t.first_on), 'no day') AS first_on
    FROM contract c LEFT JOIN (
      SELECT contract_no, MIN(ends_on) AS first_on FROM termination WHERE state = 'running' GROUP BY contract_no) t
      ON t.contract_no = c.contract_no
    WHERE c.state IN ('accepted', 'active', 'suspended')
      AND COALESCE(@day(c.ends_on), '') <> COALESCE(@day(t.first_on), '')""",
)
NOTICE_RUNS = Check(
    "termination",
    "it is {state}, the contract is {contract}",
    """SELECT t.contract_no || '/' || t.n AS key, t.state, c.state AS contract FROM termination t
    JOIN contract c ON c.contract_no = t.contract_no
    WHERE (t.state = 'running' AND c.state NOT IN ('active', 'suspended'))
      OR (t.state IN ('ended', 'overtaken') AND c.state NOT IN ('ended', 'closed', 'erased'))""",
)
LINES = Check(
    "contract_line",
    "from {from_on} to {to_on}, which the contract's days do not fit",
    """SELECT l.contract_no || '/' || l.line_no AS key, @day(l.from_on) AS from_on,
      COALESCE(@day(l.to_on), 'no day') AS to_on
    FROM contract_line l JOIN contract c ON c.contract_no = l.contract_no WHERE CASE
      WHEN c.state IN ('ended', 'closed', 'erased') THEN l.to_on IS NULL OR l.to_on > c.ends_on
      ELSE l.to_on IS NOT NULL AND l.to_on < l.from_on END
      OR l.from_on < c.billing_start_on""",
)
MIN_TERM = Check(
    "contract",
    "its minimum term ends on {own_on}, the last of its lines on {last_on}",
    """SELECT c.contract_no AS key, COALESCE(@day(c.min_term_ends_on), 'no day') AS own_on,
      COALESCE(@day(l.last_on), 'no day') AS last_on
    FROM contract c JOIN (
      SELECT contract_no, MAX(min_term_ends_on) AS last_on FROM contract_line GROUP BY contract_no) l
      ON l.contract_no = c.contract_no
    WHERE COALESCE(@day(c.min_term_ends_on), '') <> COALESCE(@day(l.last_on), '')""",
)
SUSPENDED = Check(
    "contract",
    "it is {state}; {running} suspensions run, {planned} are to begin",
    """SELECT key, state, running, planned FROM (
      SELECT c.contract_no AS key, c.state, SUM(CASE s.state WHEN 'running' THEN 1 ELSE 0 END) AS running,
        SUM(CASE s.state WHEN 'planned' THEN 1 ELSE 0 END) AS planned
      FROM contract c LEFT JOIN suspension s ON s.contract_no = c.contract_no GROUP BY c.contract_no, c.state) told
    WHERE running <> CASE state WHEN 'suspended' THEN 1 ELSE 0 END OR running + planned > 1
      OR (planned > 0 AND state <> 'active')""",
)
RESCISSION_RUNS = Check(
    "contract",
    "it is {state}; {sent} rescissions are under way",
    """SELECT c.contract_no AS key, c.state, COUNT(*) AS sent FROM contract c
    JOIN rescission r ON r.contract_no = c.contract_no AND r.state = 'sent' GROUP BY c.contract_no, c.state
    HAVING COUNT(*) > 1 OR c.state NOT IN ('active', 'suspended')""",
)

# A start that was committed waits in the outbox until it is delivered.
NOT_AT_WORK = Check(
    "open_workflow",
    "it should be at work: {found}",
    """WITH @at_work SELECT e.id AS key, CASE WHEN w.workflow_id IS NULL THEN 'it was never started'
      ELSE 'it has closed' END AS found
    FROM at_work e LEFT JOIN open_workflow w ON w.workflow_id = e.id
    LEFT JOIN outbox o ON o.workflow_id = e.id AND o.kind = 'start' AND o.delivered_at IS NULL
    WHERE o.id IS NULL AND (w.workflow_id IS NULL OR w.closed_at IS NOT NULL)""",
)
# It closes moments after its last commit: by the next day it has.
STILL_AT_WORK = Check(
    "open_workflow",
    "its work is done since {done_on}, but it has never closed",
    """WITH @newest, @done SELECT d.id AS key, @jst_day(d.at) AS done_on FROM done d
    JOIN open_workflow w ON w.workflow_id = d.id
    WHERE w.closed_at IS NULL AND @jst_after(d.at, 1) < (SELECT today FROM newest)""",
)

I8 = Invariant(
    "I8",
    "the row of a contract is what its workflow last committed, and who should be at work is",
    ("contract", "contract_line", "termination", "suspension", "rescission", "open_workflow"),
    (
        VERSION, STARTED, ENDED, ENDS_ON, NOTICE_RUNS, LINES, MIN_TERM, SUSPENDED, RESCISSION_RUNS, NOT_AT_WORK,
        STILL_AT_WORK,
    ),
)  # fmt: skip
