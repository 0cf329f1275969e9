"""I6, acts that need a second person (四眼): who may decide, how many have to, and never who proposed it."""

from service.verify.checks import Check

ROLE = Check(
    "approval_vote",
    "a vote of {role} on {act}, which is not for that role",
    """WITH @roles SELECT v.approval_id || '/' || v.person AS key, v.role, a.act FROM approval_vote v
    JOIN approval a ON a.approval_id = v.approval_id LEFT JOIN roles r ON r.act = a.act AND r.role = v.role
    WHERE r.role IS NULL OR CAST(a.roles AS TEXT) NOT LIKE '%"' || v.role || '"%'""",
)
# A proposer is written `role:person`; under another role it is the same person.
OWN_PROPOSAL = Check(
    "approval_vote",
    "whoever proposed it decides on it",
    """SELECT v.approval_id || '/' || v.person AS key FROM approval_vote v
    JOIN approval a ON a.approval_id = v.approval_id
    WHERE a.proposed_by NOT LIKE 'customer:%'
      AND substr(a.proposed_by, length(a.proposed_by) - length(v.person)) = ':' || v.person""",
)
# A vote that was sent in time may be written down moments later.
VOTE_IN_TIME = Check(
    "approval_vote",
    "decided before it was proposed, or after it had run out",
    """SELECT v.approval_id || '/' || v.person AS key FROM approval_vote v
    LEFT JOIN approval a ON a.approval_id = v.approval_id
    WHERE a.approval_id IS NULL OR v.at < a.proposed_at
      OR @jst_day(v.at) > @jst_day(a.expires_at)""",
)
VOTES = Check(
    "approval",
    "{act} is {state} with {agreed} of {needs} people for it and {rejected} against",
    """WITH @counted SELECT approval_id AS key, act, state, agreed, needs, rejected FROM counted
    WHERE (state = 'approved') <> (agreed >= needs) OR (state = 'rejected') <> (rejected > 0)""",
)
ONE_OF_LEGAL = Check(
    "approval",
    "a rescission to which nobody of legal agreed",
    """WITH @counted SELECT approval_id AS key FROM counted
    WHERE act IN ('rescission', 'rescission_without_suspension') AND state = 'approved' AND legal = 0""",
)
PROPOSED_BY_LEGAL = Check(
    "approval",
    "{act} was proposed by {proposed_by}; only legal may",
    """SELECT approval_id AS key, act, proposed_by FROM approval
    WHERE act IN ('rescission_without_suspension', 'antisocial_rescission', 'deemed_arrival')
      AND proposed_by NOT LIKE 'legal:%'""",
)
PAID_OUT = Check(
    "payout",
    "a {kind} to which nobody agreed",
    """SELECT p.approval_id AS key, p.kind FROM payout p LEFT JOIN approval a ON a.approval_id = p.approval_id
    WHERE a.approval_id IS NULL OR a.state <> 'approved' OR a.act <> p.kind""",
)
ISSUED = Check(
    "billing_run",
    "its invoices are issued, but nobody agreed to that",
    """SELECT r.month || '/' || r.pass_no AS key FROM billing_run r
    LEFT JOIN approval a ON a.approval_id = r.approval_id
    WHERE r.issued_on IS NOT NULL AND (a.approval_id IS NULL OR a.state <> 'approved' OR a.act <> 'billing_run')""",
)

PENALTY_LOWERED = Check(
    "invoice",
    "a penalty over another sum than the formula's, to which nobody agreed",
    """SELECT i.invoice_no AS key FROM invoice i LEFT JOIN approval a ON a.approval_id = i.approval_id
    WHERE i.kind = 'penalty' AND i.approval_id IS NOT NULL
      AND (a.approval_id IS NULL OR a.state <> 'approved' OR a.act NOT IN ('penalty_waiver', 'invoice_reissue'))""",
)
PENALTY_DUE = Check(
    "termination",
    "it cost a penalty of {penalty} yen, which was neither billed nor waived",
    """SELECT t.contract_no || '/' || t.n AS key, t.penalty FROM termination t
    WHERE t.state = 'ended' AND t.penalty > 0
      AND NOT EXISTS (SELECT 1 FROM invoice i WHERE i.contract_no = t.contract_no AND i.kind = 'penalty')
      AND NOT EXISTS (SELECT 1 FROM approval a WHERE a.contract_no = t.contract_no AND a.act = 'penalty_waiver'
        AND a.state = 'approved')""",
)

ACTS = (
    *(ROLE, OWN_PROPOSAL, VOTE_IN_TIME, VOTES, ONE_OF_LEGAL, PROPOSED_BY_LEGAL),
    *(PAID_OUT, ISSUED, PENALTY_LOWERED, PENALTY_DUE),
)
