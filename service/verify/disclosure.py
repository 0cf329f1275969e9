"""What leaves the office, and events that wait: on a ground, agreed to, and nothing deleted meanwhile (I6)."""

from service.verify.checks import Check

# Secrets go out by Art. 40 only; it knows no bank, no statute without a request and no emergency.
GROUND = Check(
    "disclosure",
    "a secret was to go out on the ground {ground}",
    """SELECT disclosure_no AS key, ground FROM disclosure WHERE ground IN ('bank', 'statute', 'emergency')
      AND CAST(data AS TEXT) <> '["personal"]'""",
)
CONTRACTOR = Check(
    "disclosure",
    "the register of contractors does not name who was to get its data",
    """SELECT s.disclosure_no AS key FROM disclosure s LEFT JOIN contractor c ON c.contractor_no = s.contractor_no
    WHERE (s.ground = 'contractor') <> (c.contractor_no IS NOT NULL)
      OR @day(c.contracted_on) > @jst_day(s.proposed_at)""",
)
AGREED = Check(
    "register_entry",
    "it is {kind}, but no second person agreed to that before",
    """SELECT e.register_no || '/' || e.n AS key, e.kind FROM register_entry e
    LEFT JOIN disclosure s ON s.disclosure_no = e.register_no
    LEFT JOIN publication p ON p.publication_no = e.register_no
    LEFT JOIN approval a ON a.approval_id = COALESCE(s.approval_id, p.approval_id)
    WHERE e.kind IN ('decided', 'handed_over', 'approved') AND (a.approval_id IS NULL OR a.state <> 'approved'
      OR NOT EXISTS (
        SELECT 1 FROM approval_vote v WHERE v.approval_id = a.approval_id AND v.decision = 'approve'
          AND a.proposed_by NOT LIKE '%:' || v.person AND @jst_day(v.at) <= @jst_day(e.at)))""",
)
EDGES = Check(
    "register_entry",
    "{kind} after {before}: no such move",
    """SELECT key, kind, COALESCE(before, 'nothing') AS before FROM (
      SELECT e.register_no || '/' || e.n AS key, e.kind, e.register_no,
        LAG(e.kind) OVER (PARTITION BY e.register_no ORDER BY e.n) AS before FROM register_entry e) moves
    WHERE (COALESCE(before, '') || '>' || kind) NOT IN ('>decided', '>approved', '>rejected', '>withdrawn', '>expired',
      '>consent_withdrawn', '>ended', 'decided>handed_over', 'decided>withdrawn', 'approved>consent_withdrawn')""",
)
HANDED_OVER = Check(
    "register_entry",
    "it was handed over, but no hash tells what",
    """SELECT register_no || '/' || n AS key FROM register_entry
    WHERE (kind = 'handed_over') <> (sha256 IS NOT NULL)""",
)
# An open disclosure blocks deletion and erasure as a legal hold does.
HELD_UP = Check(
    "disclosure",
    "data of {contract_no} were deleted or erased while it was open",
    """WITH @last_entry SELECT s.disclosure_no AS key, s.contract_no FROM disclosure s
    JOIN deletion d ON d.contract_no = s.contract_no
    LEFT JOIN last_entry e ON e.register_no = s.disclosure_no AND e.kind <> 'decided'
    WHERE (d.deleted_at >= s.proposed_at AND (e.register_no IS NULL OR d.deleted_at < e.recorded_at))
      OR (d.erased_at >= s.proposed_at AND (e.register_no IS NULL OR d.erased_at < e.recorded_at))""",
)
# An event that was recorded before there were proposals has none.
EVENT_AGREED = Check(
    "maintenance_event",
    "it is {state}, its proposal is {approval}",
    """SELECT m.event_no AS key, m.state, COALESCE(a.state, 'missing') AS approval FROM maintenance_event m
    LEFT JOIN approval a ON a.approval_id = m.approval_id
    WHERE (m.approval_id IS NOT NULL OR m.state <> 'recorded' OR m.without_notice)
      AND m.state <> COALESCE(CASE a.state WHEN 'open' THEN 'proposed' WHEN 'approved' THEN 'recorded'
        ELSE a.state END, '')""",
)

DISCLOSED = (GROUND, CONTRACTOR, AGREED, EDGES, HANDED_OVER, HELD_UP, EVENT_AGREED)
