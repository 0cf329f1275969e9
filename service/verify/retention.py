"""What is deleted and erased: in time (I6), with certificates (I7, I9), and no key left (I12)."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, text

from service.verify.checks import AT_ONCE, Breach, Check, Invariant

DELETED_IN_TIME = Check(
    "deletion",
    "data were deleted on {deleted_on}; they are kept until {delete_from_on}",
    """SELECT contract_no AS key, @jst_day(deleted_at) AS deleted_on, @day(delete_from_on) AS delete_from_on
    FROM deletion WHERE deleted_at IS NOT NULL AND @jst_day(deleted_at) < @day(delete_from_on)""",
)
ERASED_IN_TIME = Check(
    "deletion",
    "personal data were erased on {erased_on}; they are kept until {erasable_from_on}",
    """SELECT contract_no AS key, @jst_day(erased_at) AS erased_on, @day(erasable_from_on) AS erasable_from_on
    FROM deletion WHERE erased_at IS NOT NULL
      AND (erasable_from_on IS NULL OR @jst_day(erased_at) < @day(erasable_from_on))""",
)
HELD = Check(
    "legal_hold",
    "data of {contract_no} were deleted or erased while it stood",
    """SELECT h.hold_no AS key, h.contract_no FROM legal_hold h JOIN deletion d ON d.contract_no = h.contract_no
    WHERE h.state IN ('placed', 'released') AND (
      (d.deleted_at >= h.placed_at AND (h.released_at IS NULL OR d.deleted_at < h.released_at))
      OR (d.erased_at >= h.placed_at AND (h.released_at IS NULL OR d.erased_at < h.released_at)))""",
)
HOLD_AGREED = Check(
    "legal_hold",
    "it is {state}, but no second person agreed to that",
    """SELECT h.hold_no AS key, h.state FROM legal_hold h
    LEFT JOIN approval a ON a.approval_id = CASE h.state WHEN 'placed' THEN h.approval_id ELSE h.release_approval_id END
    WHERE h.state IN ('placed', 'released') AND (a.approval_id IS NULL OR a.state <> 'approved' OR NOT EXISTS (
      SELECT 1 FROM approval_vote v WHERE v.approval_id = a.approval_id AND v.decision = 'approve'
        AND a.proposed_by NOT LIKE '%:' || v.person))""",
)
SUCCESSION_AGREED = Check(
    "succession",
    "it is {state}, but no second person agreed to that",
    """SELECT s.contract_no || '/' || s.n AS key, s.state FROM succession s
    LEFT JOIN approval a ON a.approval_id = s.approval_id
    WHERE s.state IN ('rescinding', 'rescinded', 'consented', 'transferred')
      AND (a.approval_id IS NULL OR a.state <> 'approved' OR NOT EXISTS (
        SELECT 1 FROM approval_vote v WHERE v.approval_id = a.approval_id AND v.decision = 'approve'
          AND a.proposed_by NOT LIKE '%:' || v.person))""",
)
SUCCESSION_ENDS = Check(
    "contract",
    "it was rescinded with a successor (12(2)), but no succession says so",
    """SELECT k.contract_no AS key FROM contract k WHERE k.end_ground = '12(2)' AND NOT EXISTS (
      SELECT 1 FROM succession s WHERE s.contract_no = k.contract_no AND s.state = 'rescinded')""",
)
IN_PLACE = Check(
    "succession",
    "it is {state}, but the party is still another",
    """SELECT s.contract_no || '/' || s.n AS key, s.state FROM succession s
    WHERE s.state IN ('continued', 'rescinding', 'rescinded', 'transferred') AND NOT EXISTS (
      SELECT 1 FROM party p WHERE p.contract_no = s.contract_no AND p.event_n = s.n
        AND p.event = CASE s.kind WHEN 'assignment' THEN 'assignment' ELSE 'succession' END)""",
)

ERASURE_AGREED = Check(
    "certificate",
    "it names a decision to erase to which no second person agreed",
    """SELECT c.key AS key FROM certificate c
    LEFT JOIN approval a ON a.approval_id = c.approval_id AND a.contract_no = c.contract_no AND a.act = 'erasure'
    WHERE c.kind = 'personal' AND c.approval_id IS NOT NULL AND (a.approval_id IS NULL OR a.state <> 'approved'
      OR NOT EXISTS (SELECT 1 FROM approval_vote v WHERE v.approval_id = a.approval_id AND v.decision = 'approve'
        AND a.proposed_by NOT LIKE '%:' || v.person))""",
)

RETAINED = (
    DELETED_IN_TIME, ERASED_IN_TIME, HELD, HOLD_AGREED, ERASURE_AGREED, SUCCESSION_AGREED, SUCCESSION_ENDS, IN_PLACE,
)  # fmt: skip

HAS_CERTIFICATE = Check(
    "deletion",
    "data were deleted, but no certificate says what",
    """SELECT d.contract_no AS key FROM deletion d
    LEFT JOIN certificate c ON c.contract_no = d.contract_no AND c.kind = 'data' AND c.article = '34(1)'
    WHERE d.deleted_at IS NOT NULL AND json_array_length(d.inventory) > 0 AND c.key IS NULL""",
)
TOLD = Check(
    "certificate",
    "the customer has no letter of it",
    """SELECT c.key AS key FROM certificate c LEFT JOIN notice n
      ON n.notice_no = c.notice_no AND n.contract_no = c.contract_no AND n.slug = 'data_erasure_certificate'
    WHERE c.kind = 'data' AND c.article = '34(1)' AND n.notice_no IS NULL""",
)

RECORDED = Check(
    "certificate",
    "no record of the office tells of this erasure",
    """SELECT c.key AS key FROM certificate c LEFT JOIN notice n ON n.notice_no = c.notice_no
      AND n.contract_no = c.contract_no AND n.slug = 'personal_data_erasure_record' AND n.channel = 'record'
    WHERE c.kind = 'personal' AND n.notice_no IS NULL""",
)

CERTIFIED = (HAS_CERTIFICATE, TOLD, RECORDED)

STATED = """SELECT key, contract_no, kind, article, CAST(at AS TEXT) AS at, CAST(items AS TEXT) AS items, method,
  performed_by, approval_id, sha256 FROM certificate ORDER BY key"""


def certificates(connection: Connection) -> Iterator[Breach]:
    """Compute the hash of each certificate anew from its columns."""
    for row in connection.execute(text(STATED).execution_options(yield_per=AT_ONCE)).mappings():
        at = datetime.fromisoformat(row["at"])
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        stated = {name: value for name, value in row.items() if name != "sha256"}
        stated |= {"at": at.isoformat(), "items": json.loads(row["items"])}
        digest = hashlib.sha256(json.dumps(stated, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
        if digest != row["sha256"]:
            yield Breach("certificate", str(row["key"]), "its columns are not those that were hashed")


ERASURE_CERTIFIED = Check(
    "deletion",
    "it is erased, but contract or certificate do not say so",
    """SELECT d.contract_no AS key FROM deletion d JOIN contract k ON k.contract_no = d.contract_no
    LEFT JOIN certificate c ON c.contract_no = d.contract_no AND c.kind = 'personal'
    WHERE (d.state = 'erased') <> (d.erased_at IS NOT NULL)
      OR (d.state = 'erased' AND (c.key IS NULL OR k.state <> 'erased'))""",
)
# An erasure takes moments; one that was decided before the office's last day should be over.
ERASURE_DONE = Check(
    "contract",
    "it was to be erased, and is not",
    """SELECT k.contract_no AS key FROM contract k
    JOIN audit_event e ON e.chain = k.contract_no AND e.action = 'erased'
    LEFT JOIN deletion d ON d.contract_no = k.contract_no AND d.state = 'erased'
    WHERE k.state = 'erased' AND d.contract_no IS NULL
      AND @jst_day(e.at) < (SELECT MAX(@jst_day(at)) FROM audit_event)""",
)
KEYS_DESTROYED = Check(
    "vault_key",
    "the key of an erased contract is not noted as destroyed",
    """SELECT v.key_id AS key FROM vault_key v JOIN contract k ON k.application_no = v.owner
    JOIN deletion d ON d.contract_no = k.contract_no AND d.state = 'erased' WHERE v.destroyed_at IS NULL""",
)
CONTACTS_GONE = Check(
    "contact",
    "a contact of an erased contract is still there",
    """SELECT t.application_no || '/' || t.kind AS key FROM contact t JOIN contract k
      ON k.application_no = t.application_no
    JOIN deletion d ON d.contract_no = k.contract_no AND d.state = 'erased' WHERE length(t.contact) > 0""",
)
PAYERS_GONE = Check(
    "payer_alias",
    "the name of a payer of an erased contract is still known",
    """SELECT p.contract_no AS key FROM payer_alias p
    JOIN deletion d ON d.contract_no = p.contract_no AND d.state = 'erased'""",
)


def _gone(table: str, column: str) -> Check:
    """Check that a column of an erased contract's rows is empty."""
    return Check(
        table,
        "it is of an erased contract, and still says something of somebody",
        f"""SELECT s.contract_no || '/' || s.n AS key FROM {table} s
        JOIN deletion d ON d.contract_no = s.contract_no AND d.state = 'erased'
        WHERE length(s.{column}) > 0""",  # noqa: S608 (names of ours)
    )


PARTIES_GONE = (_gone("party", "details"), _gone("succession", "successor"), _gone("name_change", "changes"))

ERASED = "JOIN deletion d ON d.contract_no = k.contract_no AND d.state = 'erased'"
SEALED: dict[str, tuple[str, str]] = {
    "document": (
        "content",
        """SELECT s.document_id, substr(s.content, 2, 16) FROM document s
        JOIN contract k ON s.owner IN (k.application_no, k.contract_no) @erased""",
    ),
    "notice": (
        "facts",
        """SELECT s.notice_no, substr(s.facts, 2, 16) FROM notice s
        JOIN contract k ON s.contract_no = k.contract_no OR s.application_no = k.application_no @erased""",
    ),
    "resource": (
        "name",
        """SELECT s.id, substr(s.name, 2, 16) FROM resource s JOIN contract k ON k.contract_no = s.contract_no
        @erased""",
    ),
    "legal_hold": (
        "matter",
        """SELECT s.hold_no, substr(s.matter, 2, 16) FROM legal_hold s
        JOIN contract k ON k.contract_no = s.contract_no @erased""",
    ),
    "deposit_party": (
        "party",
        """SELECT s.deposit_id, substr(s.party, 2, 16) FROM deposit_party s
        JOIN contract k ON k.contract_no = s.owner @erased""",
    ),
    "disclosure": (
        "requester",
        """SELECT s.disclosure_no, substr(s.requester, 2, 16) FROM disclosure s
        JOIN contract k ON k.contract_no = s.contract_no @erased""",
    ),
    "publication": (
        "consented_by",
        """SELECT s.publication_no, substr(s.consented_by, 2, 16) FROM publication s
        JOIN contract k ON k.contract_no = s.contract_no @erased""",
    ),
    "register_entry": (
        "words",
        """SELECT s.register_no || '/' || s.n, substr(s.words, 2, 16) FROM register_entry s
        LEFT JOIN disclosure o ON o.disclosure_no = s.register_no
        LEFT JOIN publication p ON p.publication_no = s.register_no
        JOIN contract k ON k.contract_no = COALESCE(o.contract_no, p.contract_no) @erased
        WHERE s.words IS NOT NULL""",
    ),
    "approval": (
        "evidence",
        """SELECT s.approval_id, substr(s.evidence, 2, 16) FROM approval s
        JOIN contract k ON k.contract_no = s.contract_no @erased WHERE s.evidence IS NOT NULL""",
    ),
}
"""What is sealed of erased contracts, by table: of each value only the id of its key is read, never what it seals."""

NOTED = "SELECT key_id FROM vault_key WHERE destroyed_at IS NOT NULL AND key_id IN :ids"
FILED = """SELECT s.application_no FROM application s JOIN contract k ON k.application_no = s.application_no @erased
WHERE s.form IS NOT NULL OR s.decision IS NOT NULL OR s.erased_at IS NULL"""


def sealed(connection: Connection) -> Iterator[Breach]:
    """Find what of an erased contract is sealed by a key that is not destroyed: it can still be opened."""
    for application_no in connection.scalars(text(FILED.replace("@erased", ERASED))):
        yield Breach("application", str(application_no), "its contract is erased, but what was filed is still there")
    for table, (column, sql) in SEALED.items():
        found = connection.execute(text(sql.replace("@erased", ERASED)))
        rows = [(str(key), bytes(key_id).decode(errors="replace")) for key, key_id in found if key_id]
        gone = set[str]()
        ids = sorted({key_id for _, key_id in rows})
        for place in range(0, len(ids), AT_ONCE):
            statement = text(NOTED).bindparams(bindparam("ids", expanding=True))
            gone |= {*connection.scalars(statement, {"ids": ids[place : place + AT_ONCE]})}
        for key, key_id in rows:
            if key_id not in gone:
                yield Breach(table, key, f"its {column} is sealed by a key that is not destroyed")


I12 = Invariant(
    "I12",
    "after an erasure nothing that names people can be opened",
    ("deletion", "vault_key", "contact", "payer_alias", "party", "succession", "name_change"),
    (ERASURE_CERTIFIED, ERASURE_DONE, KEYS_DESTROYED, CONTACTS_GONE, PAYERS_GONE, *PARTIES_GONE, sealed),
)
