"""I4, what never changes: tables that refuse changes by trigger, and the chain of the audit trail."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from service.verify.books import BOOKS
from service.verify.checks import AT_ONCE, Breach, Invariant

APPEND_ONLY = (
    "allocation", "approval_vote", "audit_event", "bank_line", "certificate", "delivery", "incoming_letter", "invoice",
    "invoice_line", "invoice_tax", "journal_entry", "journal_line", "payout", "price", "price_list", "resource_owner",
    "usage_record", "usage_supersession",
)  # fmt: skip

SQLITE_TRIGGERS = "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
# tgtype: 1 = for each row, 2 = before, 8 = delete, 16 = update; a disabled trigger is none
POSTGRESQL_TRIGGERS = """SELECT c.relname,
  CASE WHEN (t.tgtype & 2) = 2 AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND t.tgattr = '' THEN
    CASE WHEN (t.tgtype & 16) = 16 THEN 'UPDATE' WHEN (t.tgtype & 8) = 8 THEN 'DELETE' END END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace AND p.prosrc LIKE '%append-only%'"""
FIRST_HASH = "0" * 64


def refusals(connection: Connection) -> set[tuple[str, str]]:
    """Give which tables refuse UPDATE and DELETE, as the database tells its triggers."""
    if connection.dialect.name == "postgresql":
        found = connection.execute(text(POSTGRESQL_TRIGGERS))
        return {(table, event) for table, event in found if event}
    told = set()
    for table, sql in connection.execute(text(SQLITE_TRIGGERS)):
        words = " ".join(str(sql).split())
        for event in ("UPDATE", "DELETE"):
            if f"BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT," in words:
                told.add((table, event))
    return told


def triggers(connection: Connection) -> Iterator[Breach]:
    """Find append-only tables that would take a change."""
    there = refusals(connection)
    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            if (table, event) not in there:
                yield Breach(table, f"no_{event.lower()}", f"nothing refuses {event}: no such trigger")


AUDIT = """SELECT chain, seq, previous_hash, hash, key, CAST(at AS TEXT) AS at, action, article, actor, contract_no,
  application_no, summary, CAST(basis AS TEXT) AS basis FROM audit_event ORDER BY chain, seq"""
HEADS = "SELECT chain, seq, hash FROM audit_chain ORDER BY chain"


def audit_chain(connection: Connection) -> Iterator[Breach]:
    """Compute the chains anew from the stored columns: places from 1, each hash over the one before, and the heads."""
    heads = {chain: (seq, digest) for chain, seq, digest in connection.execute(text(HEADS))}
    seen: dict[str, tuple[int, str]] = {}
    for row in connection.execute(text(AUDIT).execution_options(yield_per=AT_ONCE)).mappings():
        place, before = seen.get(row["chain"], (0, FIRST_HASH))
        key = f"{row['chain']}/{row['seq']}"
        if row["seq"] != place + 1:
            yield Breach("audit_event", key, f"its place follows place {place}: events are missing")
        elif row["previous_hash"] != before:
            yield Breach("audit_event", key, "it does not continue the event before")
        if digest_of(row) != row["hash"]:
            yield Breach("audit_event", key, "its columns are not those that were hashed")
        seen[row["chain"]] = (row["seq"], row["hash"])
    for chain in sorted(heads.keys() | seen.keys()):
        if heads.get(chain, (0, FIRST_HASH)) != seen.get(chain, (0, FIRST_HASH)):
            yield Breach("audit_chain", chain, "the head of the chain is not its last event")


def digest_of(row: Any) -> str:  # noqa: ANN401 - a mapping of columns of any type
    """Hash the stored columns of an audit event together with the hash before it."""
    at = datetime.fromisoformat(row["at"])
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    told = [
        row["previous_hash"], row["chain"], row["seq"], row["key"], at.isoformat(), row["action"], row["article"],
        row["actor"], row["contract_no"], row["application_no"], row["summary"], json.loads(row["basis"]),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


I4 = Invariant(
    "I4",
    "each entry and the whole journal sum to zero and tell what was done; append-only tables never changed",
    ("journal_entry", "journal_line", "audit_event"),
    (*BOOKS, triggers, audit_chain),
)
