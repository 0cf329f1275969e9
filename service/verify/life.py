"""I6, the life of contracts and applications: moves that are allowed, by their articles, with what they rest on."""

from service.verify.checks import Check

EDGES = Check(
    "audit_event",
    "{action} after {before}: no such move",
    """WITH @life SELECT chain || '/' || seq AS key, action, COALESCE(before, 'nothing') AS before FROM life
    WHERE (COALESCE(before, '') || '>' || action) NOT IN (
      '>formed', 'formed>started', 'formed>ended', 'started>suspended', 'started>ended', 'suspended>resumed',
      'suspended>ended', 'resumed>suspended', 'resumed>ended', 'ended>closed', 'closed>erased')""",
)
# Who leaves before service starts withdraws by 28(1); afterwards 28(1) ends nothing.
ARTICLES = Check(
    "audit_event",
    "{action} by {article}, which is not its article",
    """WITH @life SELECT chain || '/' || seq AS key, action, article FROM life WHERE NOT CASE action
      WHEN 'formed' THEN article = '9(1)' WHEN 'started' THEN article = '5(1)'
      WHEN 'suspended' THEN article LIKE '16(1)(%)' OR article = '16(2)' WHEN 'resumed' THEN article = '16(3)'
      WHEN 'closed' THEN article = '34(1)' WHEN 'erased' THEN article = '44(6)'
      WHEN 'ended' THEN article IN ('12(2)', '17(1)', '17(2)', '43(2)') OR CASE before
        WHEN 'formed' THEN article = '28(1)' ELSE article IN ('14(2)', '18(1)', '18(2)', '18(3)') END
      END""",
)
STATE = Check(
    "contract",
    "it is {state}, the last of its moves is {last}",
    """WITH @life SELECT c.contract_no AS key, c.state, COALESCE(l.action, 'missing') AS last FROM contract c
    LEFT JOIN life l ON l.chain = c.contract_no AND l.after IS NULL
    WHERE c.state <> COALESCE(CASE l.action WHEN 'formed' THEN 'accepted' WHEN 'started' THEN 'active'
      WHEN 'resumed' THEN 'active' ELSE l.action END, '')""",
)
# By e-mail an acceptance takes effect with its dispatch, on paper with its arrival.
FORMED = Check(
    "contract",
    "formed on {formed_on}, but no acceptance had taken effect",
    """SELECT c.contract_no AS key, @jst_day(c.formed_at) AS formed_on FROM contract c
    WHERE NOT EXISTS (
      SELECT 1 FROM notice n WHERE n.application_no = c.application_no AND n.slug = 'acceptance_notice'
        AND (n.arrived_at <= c.formed_at
          OR ((n.channel = 'email' OR n.method = 'e-signature') AND n.dispatched_at <= c.formed_at)))""",
)

FILED_EDGES = Check(
    "audit_event",
    "{action} after {before}: no such move",
    """WITH @filed SELECT chain || '/' || seq AS key, action, COALESCE(before, 'nothing') AS before FROM filed
    WHERE NOT CASE
      WHEN action = 'application_received' THEN before IS NULL
      WHEN action IN ('acceptance_decided', 'refusal_proposed') THEN
        before IN ('application_received', 'refusal_rejected', 'approval_withdrawn', 'approval_expired')
      WHEN action IN ('refusal_rejected', 'approval_withdrawn', 'approval_expired') THEN before = 'refusal_proposed'
      WHEN action = 'refused' THEN before = 'refusal_decided'
      ELSE before IS NOT NULL AND before NOT IN ('acceptance_decided', 'refused', 'application_withdrawn') END
      OR before IS NULL AND action <> 'application_received'""",
)
FILED_ARTICLES = Check(
    "audit_event",
    "{action} by {article}, which is not its article",
    """WITH @filed SELECT chain || '/' || seq AS key, action, article FROM filed
    WHERE action NOT IN ('refusal_rejected', 'approval_withdrawn', 'approval_expired') AND article <> CASE action
      WHEN 'application_received' THEN '8(1)' WHEN 'acceptance_decided' THEN '9(1)' WHEN 'refusal_proposed'
      THEN '9(2)(5)' WHEN 'refusal_decided' THEN '9(2)' WHEN 'refused' THEN '9(3)' ELSE '9(1)' END""",
)
FILED_STATE = Check(
    "application",
    "it is {state}, the last of its moves is {last}",
    """WITH @filed SELECT a.application_no AS key, a.state, COALESCE(f.action, 'missing') AS last FROM application a
    LEFT JOIN filed f ON f.chain = a.application_no AND f.after IS NULL
    LEFT JOIN contract c ON c.application_no = a.application_no
    WHERE f.action IS NULL OR a.state <> CASE f.action WHEN 'refused' THEN 'refused'
      WHEN 'application_withdrawn' THEN 'withdrawn' WHEN 'acceptance_decided' THEN
        CASE WHEN c.contract_no IS NULL THEN 'received' ELSE 'accepted' END ELSE 'received' END
      OR (a.state <> 'accepted' AND c.contract_no IS NOT NULL)""",
)
DECIDED_BY_PEOPLE = Check(
    "audit_event",
    "{action} by {actor}: people decide on an application",
    """WITH @filed SELECT chain || '/' || seq AS key, action, actor FROM filed
    WHERE action IN ('acceptance_decided', 'refusal_proposed', 'refusal_decided', 'refusal_rejected')
      AND (actor = 'system' OR actor LIKE 'customer:%')""",
)
REFUSED_IN_WRITING = Check(
    "application",
    "refused, but no letter had said so",
    """SELECT a.application_no AS key FROM application a WHERE a.state = 'refused' AND NOT EXISTS (
      SELECT 1 FROM notice n WHERE n.application_no = a.application_no AND n.slug = 'refusal_notice'
        AND n.dispatched_at <= a.closed_at)""",
)
# 9(2)(5), the ground that is not listed, needs a second person.
REFUSED_FOR = Check(
    "audit_event",
    "refused on {grounds} grounds, or on that of 9(2)(5) without a second person",
    """WITH @filed SELECT f.chain || '/' || f.seq AS key,
      COALESCE(json_array_length(f.basis -> 'grounds'), 0) AS grounds FROM filed f
    LEFT JOIN approval a ON a.application_no = f.chain AND a.act = 'refusal_on_other_ground' AND a.state = 'approved'
    WHERE f.action = 'refusal_decided' AND (COALESCE(json_array_length(f.basis -> 'grounds'), 0) = 0
      OR (CAST(f.basis AS TEXT) LIKE '%"9(2)(5)"%' AND a.approval_id IS NULL))""",
)

# 18(1): in writing, a month ahead, with the end of a month; the other ends come with the arrival of their letter.
NOTICE_PERIOD = Check(
    "termination",
    "{ground}: arrived on {arrived_on}, ends on {ends_on}",
    """SELECT contract_no || '/' || n AS key, ground, @day(arrived_on) AS arrived_on, @day(ends_on) AS ends_on
    FROM termination WHERE @day(arrived_on) <> @jst_day(arrived_at) OR CASE
      WHEN ground = '18(1)' THEN runs_out_on IS NULL OR runs_out_on <= arrived_on OR ends_on < runs_out_on
        OR @month(ends_on) <= @month(arrived_on) OR substr(@after(ends_on, 1), 9, 2) <> '01'
      ELSE ends_on <> arrived_on END""",
)
WRITTEN = Check(
    "termination",
    "{ground} by {form}: not in writing",
    """SELECT contract_no || '/' || n AS key, ground, form FROM termination
    WHERE ground IN ('12(2)', '17(1)', '17(2)', '18(1)', '18(2)') AND form NOT IN ('paper', 'e-signature')""",
)
GROUNDED = Check(
    "termination",
    "it does not say by which articles it ends, with {ground} first",
    """SELECT contract_no || '/' || n AS key, ground FROM termination
    WHERE COALESCE(json_array_length(basis -> 'articles'), 0) = 0 OR basis -> 'articles' ->> 0 <> ground""",
)
EVENT_HIT = Check(
    "termination",
    "{ground}: no restriction or interruption that counts had begun by then",
    """SELECT t.contract_no || '/' || t.n AS key, t.ground FROM termination t
    LEFT JOIN maintenance_event e ON e.event_no = t.event_no
    WHERE t.ground IN ('14(2)', '18(2)')
      AND (e.event_no IS NULL OR e.state <> 'recorded' OR e.starts_at > t.arrived_at)""",
)
TAKEN_BACK = Check(
    "termination",
    "{n} notices are withdrawn, but {told} events say so",
    """SELECT t.contract_no || '/' || MIN(t.n) AS key, COUNT(*) AS n, COALESCE(MAX(e.told), 0) AS told
    FROM termination t LEFT JOIN (
      SELECT chain, COUNT(*) AS told FROM audit_event WHERE action = 'notice_withdrawn' GROUP BY chain) e
      ON e.chain = t.contract_no
    WHERE t.state = 'withdrawn' GROUP BY t.contract_no HAVING COUNT(*) <> COALESCE(MAX(e.told), 0)""",
)
ENDED_BY = Check(
    "contract",
    "ended by {ground} on {ends_on}; {n} terminations say that they ended it",
    """SELECT c.contract_no AS key, COALESCE(c.end_ground, 'nothing') AS ground,
      COALESCE(@day(c.ends_on), 'no day') AS ends_on, COUNT(t.n) AS n
    FROM contract c LEFT JOIN termination t ON t.contract_no = c.contract_no AND t.state = 'ended'
    WHERE c.state IN ('ended', 'closed', 'erased') GROUP BY c.contract_no, c.end_ground, c.ends_on
    HAVING COUNT(t.n) <> 1 OR MIN(t.ground) <> c.end_ground OR MIN(t.ends_on) <> c.ends_on""",
)
ENDED_IN_TIME = Check(
    "audit_event",
    "ended on {told_on} by {article}, which was to be at a later instant or by another article",
    """WITH @life SELECT l.chain || '/' || l.seq AS key, @jst_day(l.at) AS told_on, l.article FROM life l
    JOIN contract c ON c.contract_no = l.chain
    WHERE l.action = 'ended' AND (c.ended_at IS NULL OR l.at < c.ended_at OR l.article <> c.end_ground)""",
)

LIFE = (
    EDGES, ARTICLES, STATE, FORMED, FILED_EDGES, FILED_ARTICLES, FILED_STATE, DECIDED_BY_PEOPLE, REFUSED_IN_WRITING,
    REFUSED_FOR, NOTICE_PERIOD, WRITTEN, GROUNDED, EVENT_HIT, TAKEN_BACK, ENDED_BY, ENDED_IN_TIME,
)  # fmt: skip
