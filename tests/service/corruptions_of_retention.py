"""Corruptions of the erased contract of `tests/service/consistent_erasure.py`."""

from tests.service.corruptions import Corruption

RETENTION = (
    Corruption(
        "closed by another article", "UPDATE audit_event SET article = '18(1)' WHERE action = 'closed'",
        "I6 audit_event C-000004/13", ("I9",), postgresql=True,
    ),
    Corruption(
        "closed without an end", "UPDATE audit_event SET action = 'ending' WHERE action = 'ended' AND "
        "chain = 'C-000004'", "I6 audit_event C-000004/13", ("I9",),
    ),
    Corruption(
        "closed, and nobody says so", "UPDATE contract SET state = 'closed' WHERE contract_no = 'C-000002'",
        "I6 contract C-000002", postgresql=True,
    ),
    Corruption(
        "data deleted in the grace period", "UPDATE deletion SET delete_from_on = '2014-07-01'",
        "I6 deletion C-000004", postgresql=True,
    ),
    Corruption(
        "erased before its time", "UPDATE deletion SET erasable_from_on = '2025-04-02'",
        "I6 deletion C-000004", postgresql=True,
    ),
    Corruption(
        "deleted while it was held", "UPDATE legal_hold SET released_at = '2014-07-01 00:00:00'",
        "I6 legal_hold LH-000001", postgresql=True,
    ),
    Corruption(
        "a hold lifted by one person", "UPDATE approval_vote SET person = 'a' WHERE approval_id = 'P-000012'",
        "I6 legal_hold LH-000001", postgresql=True,
    ),
    Corruption(
        "a deletion without its certificate", "DELETE FROM certificate WHERE kind = 'data'",
        "I7 deletion C-000004", postgresql=True,
    ),
    Corruption(
        "a certificate that nobody sent", "UPDATE notice SET slug = 'receipt' WHERE notice_no = 'N-000044'",
        "I7 certificate C-000004/data", postgresql=True,
    ),
    Corruption(
        "an erasure that is not on record", "UPDATE notice SET channel = 'web' WHERE notice_no = 'N-000045'",
        "I7 certificate C-000004/personal", postgresql=True,
    ),
    Corruption(
        "an erasure decided by nobody", "UPDATE certificate SET approval_id = 'P-000011' WHERE kind = 'personal'",
        "I6 certificate C-000004/personal", ("I9",), postgresql=True,
    ),
    Corruption(
        "an event of nobody", "UPDATE audit_event SET actor = ' ' WHERE action = 'data_deleted'",
        "I9 audit_event C-000004/11", postgresql=True,
    ),
    Corruption(
        "a certificate of something else", "UPDATE certificate SET method = 'none' WHERE kind = 'personal'",
        "I9 certificate C-000004/personal", postgresql=True,
    ),
    Corruption(
        "an erasure without its certificate", "DELETE FROM certificate WHERE kind = 'personal'",
        "I12 deletion C-000004", postgresql=True,
    ),
    Corruption(
        "an erasure that never came about",
        "UPDATE deletion SET state = 'retained', erased_at = NULL; DELETE FROM certificate WHERE kind = 'personal'",
        "I12 contract C-000004", ("I8",), postgresql=True,
    ),
    Corruption(
        "a key that is still there", "UPDATE vault_key SET destroyed_at = NULL WHERE key_class = 'erasable'",
        "I12 vault_key 5555555555555555", postgresql=True,
    ),
    Corruption(
        "a contact that is still there", "UPDATE contact SET contact = name FROM contract WHERE state = 'erased'",
        "I12 contact A-000004/billing", postgresql=True,
    ),
    Corruption(
        "a payer that is still known",
        "INSERT INTO payer_alias SELECT 'h', contract_no, 'h', name, 'x', formed_at FROM contract "
        "WHERE state = 'erased'",
        "I12 payer_alias C-000004", postgresql=True,
    ),
    Corruption(
        "a former party that is still there", "UPDATE party SET details = name WHERE n = 1",
        "I12 party C-000004/1", postgresql=True,
    ),
    Corruption(
        "a successor that is still there", "UPDATE succession SET successor = name",
        "I12 succession C-000004/1", postgresql=True,
    ),
    Corruption(
        "a change that is still there", "UPDATE name_change SET changes = name FROM party p WHERE p.n = 1",
        "I12 name_change C-000004/1", postgresql=True,
    ),
    Corruption(
        "a successor that was never put in its place", "DELETE FROM party WHERE event = 'succession'",
        "I6 succession C-000004/1", postgresql=True,
    ),
    Corruption(
        "a successor rescinded by nobody", "UPDATE succession SET state = 'rescinded'",
        "I6 succession C-000004/1", postgresql=True,
    ),
    Corruption(
        "a rescission without a succession", "UPDATE contract SET end_ground = '12(2)' WHERE contract_no = 'C-000004'",
        "I6 contract C-000004", ("I8",), postgresql=True,
    ),
    Corruption(
        "a form that is still there", "UPDATE application SET form = name WHERE application_no = 'A-000004'",
        "I12 application A-000004", postgresql=True,
    ),
    Corruption(
        "a letter under another key",
        "UPDATE document SET content = CAST('xabcdefghijklmnop and words' AS BLOB)",
        "I12 document N-000044/1",
    ),
    Corruption(
        "a name under another key", "UPDATE resource SET name = CAST('xabcdefghijklmnop and words' AS BLOB)",
        "I12 resource 1",
    ),
    Corruption(
        "a case under another key", "UPDATE legal_hold SET matter = CAST('xabcdefghijklmnop and words' AS BLOB)",
        "I12 legal_hold LH-000001",
    ),
)  # fmt: skip
