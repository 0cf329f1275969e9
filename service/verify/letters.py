"""I7: a letter that is owed is there, goes out once under one name, and is dispatched or in somebody's hands.

What takes time is given a day or two, counted to the newest instant that is known.
"""

from service.verify.checks import Check, Invariant
from service.verify.retention import CERTIFIED

OWED = Check(
    "notice",
    "{owed} letters of this kind are owed by what happened, {written} are written",
    """WITH owed AS (
      SELECT chain AS about, CASE action
        WHEN 'application_received' THEN 'application_received_notice'
        WHEN 'application_completed' THEN 'application_received_notice'
        WHEN 'acceptance_decided' THEN 'acceptance_notice' WHEN 'refusal_decided' THEN 'refusal_notice'
        WHEN 'started' THEN 'service_start_notice' WHEN 'suspended' THEN 'suspension_started_notice'
        WHEN 'resumed' THEN 'service_resumed_notice' WHEN 'notice_rejected' THEN 'not_in_writing_notice'
        WHEN 'rescission_approved' THEN
          CASE article WHEN '43(2)' THEN 'antisocial_rescission_notice' ELSE 'rescission_notice' END
        WHEN 'ended' THEN 'contract_end_notice' WHEN 'restoration_asked' THEN 'restoration_request'
        ELSE CASE article WHEN '18(1)' THEN 'cancellation_receipt' WHEN '28(1)' THEN 'pre_start_withdrawal_receipt'
          ELSE 'special_cancellation_receipt' END END AS slug
      FROM audit_event WHERE action IN ('application_received', 'application_completed', 'acceptance_decided',
        'refusal_decided', 'started', 'suspended', 'resumed', 'notice_received', 'notice_rejected',
        'rescission_approved', 'ended', 'restoration_asked')),
    written AS (
      SELECT CAST(COALESCE(contract_no, application_no) AS VARCHAR(32)) AS about,
        CAST(CASE slug WHEN 'application_incomplete_notice' THEN 'application_received_notice' ELSE slug END
          AS VARCHAR(64)) AS slug, COUNT(*) AS n
      FROM notice WHERE replaces IS NULL AND same_as IS NULL GROUP BY 1, 2)
    SELECT o.about || '/' || o.slug AS key, COUNT(*) AS owed, COALESCE(MAX(w.n), 0) AS written FROM owed o
    LEFT JOIN written w ON w.about = o.about AND w.slug = o.slug
    GROUP BY o.about, o.slug HAVING COUNT(*) > COALESCE(MAX(w.n), 0)""",
)
OF_INVOICE = Check(
    "invoice",
    "no letter carries it",
    """SELECT i.invoice_no AS key FROM invoice i LEFT JOIN notice n ON n.invoice_no = i.invoice_no
    WHERE n.notice_no IS NULL""",
)
OF_DEFAULT = Check(
    "default_case",
    "its next step is {step}, but the second reminder was never written",
    """WITH @cases SELECT d.key, COALESCE(d.step, 'none') AS step FROM cases d LEFT JOIN notice n
      ON n.contract_no = d.contract_no AND n.origin = d.id AND n.slug = 'second_reminder'
    WHERE d.closed_at IS NULL AND COALESCE(d.step, '') NOT IN ('flag', 'reminder', 'warning')
      AND n.notice_no IS NULL AND NOT EXISTS (
      SELECT 1 FROM suspension s JOIN approval a ON a.approval_id = s.approval_id
      WHERE s.contract_no = d.contract_no AND s.state = 'running' AND a.act = 'suspension_unannounced')""",
)
STATE = Check(
    "notice",
    "{state}, which its instants do not fit",
    """SELECT notice_no AS key, state FROM notice WHERE NOT CASE state
      WHEN 'queued' THEN dispatched_at IS NULL AND arrived_at IS NULL
      WHEN 'withdrawn' THEN dispatched_at IS NULL AND arrived_at IS NULL
      WHEN 'arrived' THEN dispatched_at IS NOT NULL AND arrived_at IS NOT NULL
        AND (arrived_at >= dispatched_at OR basis = 'decision') AND deemed IS NOT NULL AND COALESCE(basis, '') <> ''
      ELSE dispatched_at IS NOT NULL AND arrived_at IS NULL END""",
)
ONE_NAME = Check(
    "notice",
    "{n} mails bear its Message-ID {message_id}",
    """SELECT MIN(notice_no) AS key, message_id, COUNT(*) AS n FROM notice WHERE message_id IS NOT NULL
    GROUP BY message_id HAVING COUNT(*) > 1""",
)
# The moment that is printed and the Message-ID are stored before a mail goes out, so one that is repeated is the same.
SAME_MAIL = Check(
    "notice",
    "it went out by e-mail; Message-ID, printed moment or document are not those of this letter",
    """SELECT n.notice_no AS key FROM notice n
    LEFT JOIN document d ON d.notice_no = n.notice_no AND d.sha256 = n.sha256 AND d.kind = 'letter'
    WHERE n.channel = 'email' AND n.dispatched_at IS NOT NULL
      AND (n.message_id IS NULL OR n.message_id NOT LIKE '<' || n.notice_no || '@%>' OR n.stamped_at IS NULL
        OR n.stamped_at <> n.dispatched_at OR d.document_id IS NULL)""",
)
ONCE = Check(
    "notice",
    "{state}: {told} events tell of its dispatch",
    """SELECT n.notice_no AS key, n.state, COALESCE(e.told, 0) AS told FROM notice n LEFT JOIN (
      SELECT CAST(basis ->> 'notice_no' AS VARCHAR(32)) AS notice_no, COUNT(*) AS told FROM audit_event
      WHERE action = 'letter_dispatched' GROUP BY CAST(basis ->> 'notice_no' AS VARCHAR(32))) e
      ON e.notice_no = n.notice_no
    WHERE COALESCE(e.told, 0) <> CASE WHEN n.dispatched_at IS NULL OR n.channel = 'record' THEN 0 ELSE 1 END""",
)
LIES = Check(
    "notice",
    "{slug} by {channel} waits since {queued_on}, and nobody is asked to look after it",
    """WITH @newest SELECT n.notice_no AS key, n.slug, n.channel, @jst_day(n.queued_at) AS queued_on FROM notice n
    LEFT JOIN (SELECT DISTINCT notice_no FROM task WHERE state = 'open') t ON t.notice_no = n.notice_no
    WHERE n.state = 'queued' AND t.notice_no IS NULL AND @jst_after(n.queued_at, 1) < (SELECT today FROM newest)""",
)
CAME_BACK = Check(
    "notice",
    "{slug} came back or did not arrive, and nobody was told",
    """SELECT DISTINCT n.notice_no AS key, n.slug FROM notice n
    LEFT JOIN delivery d ON d.notice_no = n.notice_no AND d.outcome = 'returned'
    LEFT JOIN task t ON t.notice_no = n.notice_no AND t.kind IN ('contact_wrong', 'letter_undeliverable')
    WHERE (n.state = 'undeliverable' OR d.key IS NOT NULL) AND t.task_id IS NULL""",
)
# The post keeps a registered letter for seven days; after eight somebody has to ask.
NO_RECORD = Check(
    "notice",
    "{slug} was posted on {posted_on}; nothing is known of its delivery, and nobody is asked to find out",
    """WITH @newest SELECT n.notice_no AS key, n.slug, @jst_day(n.dispatched_at) AS posted_on FROM notice n
    LEFT JOIN delivery d ON d.notice_no = n.notice_no
    LEFT JOIN task t ON t.notice_no = n.notice_no AND t.kind = 'no_delivery_record'
    WHERE n.channel IN ('registered', 'certified') AND n.method <> 'e-signature' AND d.key IS NULL
      AND t.task_id IS NULL AND @jst_after(n.dispatched_at, 10) < (SELECT today FROM newest)""",
)
UNANSWERED = Check(
    "application",
    "to be answered by {answer_by_on}; it is neither answered nor escalated",
    """WITH @newest SELECT a.application_no AS key, @day(a.answer_by_on) AS answer_by_on FROM application a
    LEFT JOIN approval p ON p.application_no = a.application_no
    WHERE a.state = 'received' AND a.decided IS NULL AND a.escalated_at IS NULL AND p.approval_id IS NULL
      AND @after(a.answer_by_on, 4) < (SELECT today FROM newest)""",
)

I7 = Invariant(
    "I7",
    "every letter that is owed goes out once, or somebody is asked to look after it",
    ("notice", "delivery", "certificate", "deletion"),
    (
        OWED, OF_INVOICE, OF_DEFAULT, STATE, ONE_NAME, SAME_MAIL, ONCE, LIES, CAME_BACK, NO_RECORD, UNANSWERED,
        *CERTIFIED,
    ),
)  # fmt: skip
