"""Corruptions of the lives in `tests/service/consistent_life.py`: moves, people, defaults, letters, rows, the trail."""

from tests.service.corruptions import Corruption

LIFE = (
    Corruption(
        "formed by another article", "UPDATE audit_event SET article = '9(2)' WHERE action = 'formed' AND "
        "chain = 'C-000001'", "I6 audit_event C-000001/1", ("I9",), postgresql=True,
    ),
    Corruption(
        "suspended before it had started", "UPDATE audit_event SET action = 'beginning' WHERE action = 'started' AND "
        "chain = 'C-000003'", "I6 audit_event C-000003/10", ("I9",), postgresql=True,
    ),
    Corruption(
        "a state that no move led to", "UPDATE contract SET state = 'suspended' WHERE contract_no = 'C-000001'",
        "I6 contract C-000001", ("I8",), postgresql=True,
    ),
    Corruption(
        "formed before anybody was told", "UPDATE contract SET formed_at = '2026-03-09 00:00:00' WHERE "
        "contract_no = 'C-000001'", "I6 contract C-000001", postgresql=True,
    ),
    Corruption(
        "an application accepted without a decision", "UPDATE audit_event SET action = 'considered' WHERE "
        "action = 'acceptance_decided' AND chain = 'A-000001'", "I6 application A-000001", ("I9",), postgresql=True,
    ),
    Corruption(
        "an application decided by the system", "UPDATE audit_event SET actor = 'system' WHERE "
        "action = 'acceptance_decided' AND chain = 'A-000001'", "I6 audit_event A-000001/3", ("I9",),
    ),
    Corruption(
        "refused, and then accepted", "UPDATE audit_event SET action = 'acceptance_decided', article = '9(1)' WHERE "
        "action = 'refused'", "I6 audit_event A-000006/6", ("I7", "I9"), postgresql=True,
    ),
    Corruption(
        "refused by one person", "UPDATE approval SET state = 'withdrawn' WHERE approval_id = 'A-000006-2'",
        "I6 audit_event A-000006/4", postgresql=True,
    ),
    Corruption(
        "refused for nothing", "UPDATE audit_event SET basis = '{}' WHERE action = 'refusal_decided'",
        "I6 audit_event A-000006/4", ("I9",), postgresql=True,
    ),
    Corruption(
        "refused, but not in writing", "UPDATE application SET closed_at = '2026-06-04 00:00:00' WHERE "
        "application_no = 'A-000006'", "I6 application A-000006", postgresql=True,
    ),
    Corruption(
        "ended a month early", "UPDATE termination SET arrived_at = '2026-05-02 00:00:00', arrived_on = '2026-05-02' "
        "WHERE contract_no = 'C-000002'", "I6 termination C-000002/1", postgresql=True,
    ),
    Corruption(
        "a notice by telephone", "UPDATE termination SET form = 'telephone' WHERE contract_no = 'C-000002'",
        "I6 termination C-000002/1", postgresql=True,
    ),
    Corruption(
        "an end by no article", """UPDATE termination SET basis = '{"articles": []}' WHERE contract_no = 'C-000002'""",
        "I6 termination C-000002/1", postgresql=True,
    ),
    Corruption(
        "an end for an interruption that never was", "UPDATE termination SET ground = '18(2)', "
        "arrived_at = '2026-05-31 00:00:00', arrived_on = '2026-05-31' WHERE contract_no = 'C-000002'",
        "I6 termination C-000002/1", postgresql=True,
    ),
    Corruption(
        "ended by nothing", "UPDATE termination SET state = 'overtaken' WHERE contract_no = 'C-000002'",
        "I6 contract C-000002", postgresql=True,
    ),
    Corruption(
        "ended before its last day was over", "UPDATE audit_event SET at = '2026-05-31 14:59:00' WHERE "
        "action = 'ended' AND chain = 'C-000002'", "I6 audit_event C-000002/6", ("I9",), postgresql=True,
    ),
)  # fmt: skip

PEOPLE = (
    Corruption(
        "decided by who proposed it", "UPDATE approval SET proposed_by = 'billing:b' WHERE approval_id = 'C-000003-2'",
        "I6 approval_vote C-000003-2/b", postgresql=True,
    ),
    Corruption(
        "decided by a role that may not", "UPDATE approval_vote SET role = 'support' WHERE approval_id = 'C-000003-2'",
        "I6 approval_vote C-000003-2/b", postgresql=True,
    ),
    Corruption(
        "decided after it had run out", "UPDATE approval SET expires_at = '2026-06-08 00:00:00' WHERE "
        "approval_id = 'C-000003-2'", "I6 approval_vote C-000003-2/b", postgresql=True,
    ),
    Corruption(
        "a rescission by one person", "DELETE FROM approval_vote WHERE person = 'c'", "I6 approval C-000005-4",
        postgresql=True,
    ),
    Corruption(
        "a rescission that asked for one person",
        "DELETE FROM approval_vote WHERE person = 'b' AND approval_id = 'C-000005-4'; "
        "UPDATE approval SET needs = 1 WHERE approval_id = 'C-000005-4'", "I6 approval C-000005-4",
    ),
    Corruption(
        "a rescission without legal",
        "UPDATE approval_vote SET role = 'dunning' WHERE approval_id = 'C-000005-4'", "I6 approval C-000005-4",
        postgresql=True,
    ),
    Corruption(
        "money given back by one person", "UPDATE approval SET act = 'offset' WHERE approval_id = 'P-000002'",
        "I6 payout P-000002", postgresql=True,
    ),
    Corruption(
        "a month issued by nobody", "UPDATE billing_run SET approval_id = NULL WHERE month = '2026-05'",
        "I6 billing_run 2026-05/1",
    ),
)  # fmt: skip

DEFAULT = (
    Corruption(
        "a suspension to which nobody agreed", "UPDATE suspension SET approval_id = NULL WHERE contract_no = "
        "'C-000003'", "I6 suspension C-000003/1", postgresql=True,
    ),
    Corruption(
        "a warning that came too late", "UPDATE notice SET queued_at = '2026-06-03 00:00:00', stamped_at = "
        "'2026-06-03 00:00:00', dispatched_at = '2026-06-03 00:00:00', arrived_at = '2026-06-03 00:00:00' WHERE "
        "slug = 'suspension_warning' AND contract_no = 'C-000003'", "I6 suspension C-000003/1", postgresql=True,
    ),
    Corruption(
        "a warning that stated a later day", "UPDATE default_case SET stated_from_on = '2026-06-10' WHERE "
        "contract_no = 'C-000003'", "I6 suspension C-000003/1", postgresql=True,
    ),
    Corruption(
        "a warning that had come back",
        "UPDATE audit_event SET action = 'letter_returned', basis = (SELECT n.basis FROM ("
        "SELECT w.basis FROM audit_event w JOIN notice m ON m.notice_no = w.basis ->> 'notice_no' "
        "WHERE m.slug = 'suspension_warning' AND m.contract_no = 'C-000003') n) "
        "WHERE chain = 'C-000003' AND action = 'suspension_proposed'",
        "I6 suspension C-000003/1", ("I8", "I9"), postgresql=True,
    ),
    Corruption(
        "suspended in spite of a promise", "UPDATE default_hold SET until_on = '2026-06-09'",
        "I6 suspension C-000003/1", postgresql=True,
    ),
    Corruption(
        "suspended before its day", "UPDATE suspension SET from_on = '2026-06-10' WHERE contract_no = 'C-000003'",
        "I6 suspension C-000003/1", postgresql=True,
    ),
    Corruption(
        "a suspension of which nothing is told", "DELETE FROM suspension WHERE contract_no = 'C-000005'",
        "I6 contract C-000005", postgresql=True,
    ),
    Corruption(
        "service that resumed for nothing",
        "UPDATE audit_event SET action = 'resumed', article = '16(3)', basis = '{\"n\": 1, \"ended_by\": \"payment\"}' "
        "WHERE action = 'default_settled'", "I6 audit_event C-000001/10", ("I7", "I8", "I9"), postgresql=True,
    ),
    Corruption(
        "a rescission before the demand was over",
        "UPDATE notice SET arrived_at = '2026-05-31 00:00:00' WHERE slug = 'formal_demand'",
        "I6 rescission C-000005/1", postgresql=True,
    ),
    Corruption(
        "a rescission after a short suspension",
        "UPDATE suspension SET started_at = '2026-06-01 00:00:00' WHERE contract_no = 'C-000005'",
        "I6 rescission C-000005/1", postgresql=True,
    ),
    Corruption(
        "a rescission of another day than its votes",
        "UPDATE rescission SET decided_at = '2026-06-14 01:00:00'", "I6 rescission C-000005/1", postgresql=True,
    ),
    Corruption(
        "a rescission whose letter counts as arrived",
        "UPDATE notice SET basis = 'normal' WHERE slug = 'rescission_notice'", "I6 rescission C-000005/1",
        postgresql=True,
    ),
    Corruption(
        "a rescission that counts as arrived by nobody's leave",
        "UPDATE notice SET basis = 'normal_time', deemed = TRUE WHERE slug = 'rescission_notice'",
        "I6 notice N-C-000005-7", postgresql=True,
    ),
    Corruption(
        "a rescission without suspension that the system proposed",
        "UPDATE approval SET act = 'rescission_without_suspension', article = '17(2)' WHERE approval_id = 'C-000005-4'",
        "I6 approval C-000005-4", postgresql=True,
    ),
    Corruption(
        "a suspension that came unannounced, by dunning alone",
        "UPDATE approval SET act = 'suspension_unannounced', article = '16(2)', roles = '[\"legal\"]' WHERE "
        "approval_id = 'C-000003-2'", "I6 approval_vote C-000003-2/b", postgresql=True,
    ),
    Corruption(
        "a rescission in effect without an arrival", "UPDATE rescission SET arrived_at = NULL",
        "I6 rescission C-000005/1", postgresql=True,
    ),
    Corruption(
        "a rescission that was forgotten",
        "UPDATE rescission SET state = 'sent', arrived_at = NULL; UPDATE default_case SET state = 'rescinding', "
        "step = 'review', closed_at = NULL, closed_on = NULL WHERE contract_no = 'C-000005'",
        "I6 rescission C-000005/1", ("I8",), postgresql=True,
    ),
    Corruption(
        "two open defaults of a contract",
        "DROP INDEX uq_default_case_open; UPDATE default_case SET closed_at = NULL, closed_on = NULL, "
        "state = 'overdue', step = 'reminder', contract_no = 'C-000003' WHERE contract_no = 'C-000001'",
        "I6 default_case C-000003", ("I8",), postgresql=True,
    ),
    Corruption(
        "a default that never closed", "UPDATE default_case SET closed_at = NULL, closed_on = NULL WHERE "
        "contract_no = 'C-000001'", "I6 default_case C-000001/2026-04-10/1", ("I7", "I8"), postgresql=True,
    ),
    Corruption(
        "a default that is suspended without a suspension",
        "UPDATE suspension SET ground = '16(1)(2)' WHERE contract_no = 'C-000003'",
        "I6 default_case C-000003/2026-05-15/1", postgresql=True,
    ),
    Corruption(
        "a default settled with a debt",
        "UPDATE default_case SET closed_at = '2026-07-02 00:00:00', closed_on = '2026-07-02' WHERE state = 'settled'",
        "I6 default_case C-000001/2026-04-10/1", postgresql=True,
    ),
    Corruption(
        "settled after the rescission", "UPDATE default_case SET state = 'settled' WHERE state = 'rescinded'",
        "I6 default_case C-000005/2026-04-15/1", postgresql=True,
    ),
    Corruption(
        "a reminder before its day", "UPDATE notice SET queued_at = '2026-04-21 00:00:00' WHERE "
        "slug = 'first_reminder' AND contract_no = 'C-000005'", "I6 default_case C-000005/2026-04-15/1",
        postgresql=True,
    ),
    Corruption(
        "a ladder that is laid out too steep",
        "UPDATE default_case SET steps = '[{\"step\": \"flag\", \"on\": \"2026-04-11\"}, "
        "{\"step\": \"suspension\", \"on\": \"2026-04-30\"}]' WHERE contract_no = 'C-000001'",
        "I6 default_case C-000001/2026-04-10/1", postgresql=True,
    ),
)  # fmt: skip

LETTERS = (
    Corruption(
        "an end that nobody was told of", "UPDATE notice SET slug = 'receipt' WHERE slug = 'contract_end_notice' AND "
        "contract_no = 'C-000002'", "I7 notice C-000002/contract_end_notice", postgresql=True,
    ),
    Corruption(
        "a restoration that nobody was asked for",
        "UPDATE notice SET slug = 'receipt' WHERE slug = 'restoration_request'",
        "I7 notice C-000004/restoration_request",
    ),
    Corruption(
        "an invoice that nobody got", "UPDATE notice SET invoice_no = NULL WHERE invoice_no = '2260000001'",
        "I7 invoice 2260000001", postgresql=True,
    ),
    Corruption(
        "a suspended debtor who was never reminded", "UPDATE notice SET origin = NULL WHERE slug = 'second_reminder'",
        "I7 default_case C-000003/2026-05-15/1",
    ),
    Corruption(
        "a letter that arrived before it went out",
        "UPDATE notice SET arrived_at = '2026-03-31 00:00:00' WHERE slug = 'service_start_notice' AND "
        "contract_no = 'C-000001'", "I7 notice N-C-000001-1", postgresql=True,
    ),
    Corruption(
        "two mails of one name", "UPDATE notice SET message_id = '<N-C-000001-1@yakkan.example>' WHERE "
        "slug = 'service_start_notice'", "I7 notice N-C-000001-1", postgresql=True,
    ),
    Corruption(
        "a mail that was repeated under another name", "UPDATE notice SET message_id = '<again@yakkan.example>' WHERE "
        "slug = 'service_start_notice' AND contract_no = 'C-000001'", "I7 notice N-C-000001-1", postgresql=True,
    ),
    Corruption(
        "a mail that was repeated with another moment",
        "UPDATE notice SET dispatched_at = '2026-04-01 00:01:00', arrived_at = '2026-04-01 00:01:00' WHERE "
        "slug = 'service_start_notice' AND contract_no = 'C-000001'", "I7 notice N-C-000001-1",
    ),
    Corruption(
        "a letter that went out twice", "UPDATE audit_event SET action = 'letter_dispatched', "
        "basis = '{\"notice_no\": \"N-C-000001-1\"}' WHERE action = 'default_opened'",
        "I7 notice N-C-000001-1", ("I9",), postgresql=True,
    ),
    Corruption(
        "a letter that lies about", "UPDATE task SET state = 'done'", "I7 notice N-000099", postgresql=True,
    ),
    Corruption(
        "a letter that came back unnoticed", "UPDATE delivery SET outcome = 'returned' WHERE notice_no IN ("
        "SELECT notice_no FROM notice WHERE slug = 'refusal_notice')", "I7 notice N-A-000006-2", postgresql=True,
    ),
    Corruption(
        "a registered letter without news", "DELETE FROM delivery WHERE notice_no IN ("
        "SELECT notice_no FROM notice WHERE slug = 'refusal_notice')", "I7 notice N-A-000006-2", postgresql=True,
    ),
    Corruption(
        "an application that was forgotten", "UPDATE application SET answer_by_on = '2026-06-15' WHERE "
        "application_no = 'A-000007'", "I7 application A-000007", postgresql=True,
    ),
)  # fmt: skip

ROWS = (
    Corruption(
        "a version ahead of the record", "UPDATE contract SET version = 3 WHERE contract_no = 'C-000001'",
        "I8 contract C-000001", postgresql=True,
    ),
    Corruption(
        "active without a start", "UPDATE contract SET service_start_on = NULL WHERE contract_no = 'C-000001'",
        "I8 contract C-000001", postgresql=True,
    ),
    Corruption(
        "over at midday", "UPDATE contract SET ended_at = '2026-05-31 03:00:00' WHERE contract_no = 'C-000002'",
        "I8 contract C-000002", postgresql=True,
    ),
    Corruption(
        "an end that nobody gave notice of", "UPDATE contract SET ends_on = '2026-12-31' WHERE "
        "contract_no = 'C-000001'", "I8 contract C-000001", postgresql=True,
    ),
    Corruption(
        "a notice that runs after the end", "UPDATE termination SET state = 'running' WHERE contract_no = 'C-000002'",
        "I8 termination C-000002/1", ("I6",), postgresql=True,
    ),
    Corruption(
        "a line that goes on", "UPDATE contract_line SET to_on = NULL WHERE contract_no = 'C-000005'",
        "I8 contract_line C-000005/1", postgresql=True,
    ),
    Corruption(
        "another minimum term", "UPDATE contract SET min_term_ends_on = '2026-04-30' WHERE contract_no = 'C-000001'",
        "I8 contract C-000001",
    ),
    Corruption(
        "a suspension that runs without the contract", "UPDATE suspension SET state = 'running', ended_at = NULL "
        "WHERE contract_no = 'C-000005'", "I8 contract C-000005", ("I6",), postgresql=True,
    ),
    Corruption(
        "a rescission on its way after the end", "UPDATE rescission SET state = 'sent', arrived_at = NULL",
        "I8 contract C-000005", ("I6",),
    ),
    Corruption(
        "a workflow that was never started", "DELETE FROM open_workflow WHERE workflow_id = 'suspension/C-000003/1'",
        "I8 open_workflow suspension/C-000003/1", postgresql=True,
    ),
    Corruption(
        "a workflow that gave up", "UPDATE open_workflow SET closed_at = opened_at WHERE workflow_id = "
        "'default/C-000003/2026-05-15/1'", "I8 open_workflow default/C-000003/2026-05-15/1", postgresql=True,
    ),
    Corruption(
        "a workflow that never ends", "UPDATE open_workflow SET closed_at = NULL WHERE workflow_id = "
        "'default/C-000001/2026-04-10/1'", "I8 open_workflow default/C-000001/2026-04-10/1", postgresql=True,
    ),
)  # fmt: skip

TRAIL = (
    Corruption(
        "an audit event that was reworded", "UPDATE audit_event SET summary = 'x' WHERE seq = 2",
        "I9 audit_event C-000001/2", postgresql=True,
    ),
    Corruption(
        "an audit event that was cut out", "DELETE FROM audit_event WHERE key = 'k1260000003#1'",
        "I9 audit_event C-000001/7", postgresql=True,
    ),
    Corruption(
        "an audit chain that was shortened", "DELETE FROM audit_event WHERE action = 'default_settled'",
        "I9 audit_chain C-000001", ("I8",),
    ),
    Corruption(
        "an audit event of another chain", "UPDATE audit_event SET previous_hash = 'f' WHERE seq = 1",
        "I9 audit_event C-000001/1",
    ),
    Corruption(
        "a chain that is gone as a whole", "DELETE FROM audit_event WHERE chain = 'A-000007'",
        "I9 audit_chain A-000007", ("I6", "I7"), postgresql=True,
    ),
    Corruption(
        "an event by nobody in particular", "UPDATE audit_event SET actor = 'somebody' WHERE key = 'k1260000003#1'",
        "I9 audit_event C-000001/6", postgresql=True,
    ),
    Corruption(
        "an event by an article that is none", "UPDATE audit_event SET article = '99' WHERE key = 'k1260000003#1'",
        "I9 audit_event C-000001/6", postgresql=True,
    ),
    Corruption(
        "an event without a basis", "UPDATE audit_event SET basis = '{}' WHERE key = 'k1260000003#1'",
        "I9 audit_event C-000001/6", postgresql=True,
    ),
    Corruption(
        "an event in the chain of somebody else", "UPDATE audit_event SET contract_no = 'C-000002' WHERE "
        "key = 'k1260000003#1'", "I9 audit_event C-000001/6", postgresql=True,
    ),
)  # fmt: skip
