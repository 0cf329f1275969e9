"""Corruptions of the registers of `tests/service/consistent_registers.py`."""

from tests.service.corruptions import Corruption

REGISTERS = (
    Corruption(
        "a secret told to a bank", "UPDATE disclosure SET ground = 'bank' WHERE disclosure_no = 'DS-000001'",
        "I6 disclosure DS-000001", postgresql=True,
    ),
    Corruption(
        "told to nobody of the register", "UPDATE disclosure SET contractor_no = NULL",
        "I6 disclosure DS-000002", postgresql=True,
    ),
    Corruption(
        "told to a contractor before its contract", "UPDATE contractor SET contracted_on = '2014-06-05'",
        "I6 disclosure DS-000002", postgresql=True,
    ),
    Corruption(
        "disclosed by one person", "UPDATE approval_vote SET person = 'a' WHERE approval_id = 'P-000021'",
        "I6 register_entry DS-000001/1", postgresql=True,
    ),
    Corruption(
        "published before anybody agreed",
        "UPDATE register_entry SET at = '2014-06-01 00:00:00' WHERE kind = 'approved'",
        "I6 register_entry PB-000001/1", postgresql=True,
    ),
    Corruption(
        "handed over though it was refused",
        "UPDATE register_entry SET n = 2 WHERE register_no = 'DS-000002'; INSERT INTO register_entry "
        "SELECT 'DS-000002', 1, 'expired', at, on_day, sha256, words, recorded_by, recorded_at FROM register_entry "
        "WHERE register_no = 'DS-000002'",
        "I6 register_entry DS-000002/2", postgresql=True,
    ),
    Corruption(
        "nothing tells what was handed over", "UPDATE register_entry SET sha256 = NULL",
        "I6 register_entry DS-000001/2", postgresql=True,
    ),
    Corruption(
        "deleted while a disclosure was open", "DELETE FROM register_entry WHERE register_no = 'DS-000001' AND n = 2",
        "I6 disclosure DS-000001", postgresql=True,
    ),
    Corruption(
        "an interruption that counts though it was refused",
        "UPDATE approval SET state = 'rejected' WHERE approval_id = 'P-000024'; "
        "UPDATE approval_vote SET decision = 'reject' WHERE approval_id = 'P-000024'",
        "I6 maintenance_event E-000001", postgresql=True,
    ),
    Corruption(
        "an interruption without notice that nobody proposed",
        "UPDATE maintenance_event SET approval_id = NULL, without_notice = (1 = 1)",
        "I6 maintenance_event E-000001", postgresql=True,
    ),
    Corruption(
        "a requester under another key",
        "UPDATE disclosure SET requester = CAST('xabcdefghijklmnop and words' AS BLOB) "
        "WHERE disclosure_no = 'DS-000001'",
        "I12 disclosure DS-000001",
    ),
    Corruption(
        "who consented under another key",
        "UPDATE publication SET consented_by = CAST('xabcdefghijklmnop and words' AS BLOB)",
        "I12 publication PB-000001",
    ),
    Corruption(
        "a reason under another key",
        "UPDATE register_entry SET words = CAST('xabcdefghijklmnop and words' AS BLOB) WHERE words IS NOT NULL",
        "I12 register_entry PB-000001/2",
    ),
)  # fmt: skip
