"""I9, the audit trail: each event has actor, article and basis, and the chains verify."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, text

from service.verify.checks import AT_ONCE, Breach, Check, Invariant
from service.verify.retention import certificates

FIRST_HASH = "0" * 64
ACTOR = re.compile(r"system|[a-z]+:\S.*")
ARTICLE = re.compile(r"([1-9]|[1-3][0-9]|4[0-4])(\([1-9][0-9]?\)){0,3}")
"""An article of the terms, 1 to 44, with paragraph and item."""

EMPTY = Check(
    "audit_event",
    "it does not say who did what",
    """SELECT chain || '/' || seq AS key FROM audit_event
    WHERE trim(actor) = '' OR trim(action) = '' OR trim(summary) = ''""",
)
# A contract's chain also holds what concerns its application from the formation on.
CHAIN = Check(
    "audit_event",
    "it stands in another chain than its contract's, its application's or the office's",
    """SELECT chain || '/' || seq AS key FROM audit_event
    WHERE chain <> COALESCE(contract_no, application_no, 'office')""",
)
HEADS = "SELECT chain, seq, hash FROM audit_chain ORDER BY chain"
EVENTS = """SELECT chain, seq, previous_hash, hash, key, CAST(at AS TEXT) AS at, action, article, actor, contract_no,
  application_no, summary, CAST(basis AS TEXT) AS basis FROM audit_event ORDER BY chain, seq"""


def trail(connection: Connection) -> Iterator[Breach]:
    """Read all events once: what each rests on, and the chains anew from the stored columns, up to their heads."""
    heads = {chain: (seq, digest) for chain, seq, digest in connection.execute(text(HEADS))}
    last: tuple[str, int, str] = ("", 0, FIRST_HASH)
    for row in connection.execute(text(EVENTS).execution_options(yield_per=AT_ONCE)).mappings():
        if row["chain"] != last[0]:
            yield from _ends(heads, last)
            last = (row["chain"], 0, FIRST_HASH)
        key = f"{row['chain']}/{row['seq']}"
        if row["seq"] != last[1] + 1:
            yield Breach("audit_event", key, f"its place follows place {last[1]}: events are missing")
        elif row["previous_hash"] != last[2]:
            yield Breach("audit_event", key, "it does not continue the event before")
        basis = json.loads(row["basis"] or "null")
        if digest_of(row, basis) != row["hash"]:
            yield Breach("audit_event", key, "its columns are not those that were hashed")
        yield from _unfounded(key, row, basis)
        last = (row["chain"], row["seq"], row["hash"])
    yield from _ends(heads, last)
    for chain, (seq, _) in sorted(heads.items()):
        if seq:
            yield Breach("audit_chain", chain, "the head of the chain is not its last event")


def _ends(heads: dict[str, tuple[int, str]], last: tuple[str, int, str]) -> Iterator[Breach]:
    """Compare the head of a chain that was read with its last event."""
    chain, seq, digest = last
    if seq and heads.pop(chain, (0, FIRST_HASH)) != (seq, digest):
        yield Breach("audit_chain", chain, "the head of the chain is not its last event")


def _unfounded(key: str, row: RowMapping, basis: object) -> Iterator[Breach]:
    """Tell what an event does not rest on."""
    if not ACTOR.fullmatch(row["actor"]):
        yield Breach("audit_event", key, "its actor is neither the system nor somebody in a role")
    if not ARTICLE.fullmatch(row["article"]):
        yield Breach("audit_event", key, f"{row['article']!r} is no article of the terms")
    if not isinstance(basis, dict) or not basis:
        yield Breach("audit_event", key, "it has no basis")


def digest_of(row: RowMapping, basis: object) -> str:
    """Hash the stored columns of an audit event together with the hash before it."""
    at = datetime.fromisoformat(row["at"])
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    told = [
        row["previous_hash"], row["chain"], row["seq"], row["key"], at.isoformat(), row["action"], row["article"],
        row["actor"], row["contract_no"], row["application_no"], row["summary"], basis,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


I9 = Invariant(
    "I9",
    "each event says who did what by which article and on what basis; the chains verify, and so do certificates",
    ("audit_event", "audit_chain", "certificate"),
    (EMPTY, CHAIN, trail, certificates),
)
