"""I4, what never changes: tables that refuse changes by trigger."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from service.verify.books import BOOKS
from service.verify.checks import Breach, Invariant

APPEND_ONLY = (
    "allocation", "approval_vote", "audit_event", "bank_line", "certificate", "contractor", "delivery", "disclosure",
    "incoming_letter", "invoice", "invoice_line", "invoice_tax", "journal_entry", "journal_line", "payout", "price",
    "price_list", "publication", "register_entry", "resource_owner", "succession_document", "usage_record",
    "usage_supersession",
)  # fmt: skip

SQLITE_TRIGGERS = "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
# tgtype: 1 = for each row, 2 = before, 8 = delete, 16 = update; a disabled trigger is none
POSTGRESQL_TRIGGERS = """SELECT c.relname,
  CASE WHEN (t.tgtype & 2) = 2 AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND t.tgattr = '' THEN
    CASE WHEN (t.tgtype & 16) = 16 THEN 'UPDATE' WHEN (t.tgtype & 8) = 8 THEN 'DELETE' END END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace AND p.prosrc LIKE '%append-only%'"""


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


I4 = Invariant(
    "I4",
    "each entry and the whole journal sum to zero and tell what was done; append-only tables never changed",
    ("journal_entry", "journal_line"),
    (*BOOKS, triggers),
)
