"""I12, the other half: the vault's own store holds no key that the database tells to be destroyed."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, bindparam, make_url, text

from service.verify.checks import AT_ONCE, Breach

DESTROYED = "SELECT key_id FROM vault_key WHERE destroyed_at IS NOT NULL ORDER BY key_id"
LEFT = "SELECT key_id FROM wrapped_key WHERE key_id IN :ids ORDER BY key_id"


def has_store(url: str) -> bool:
    """Tell whether there is a store to look into: a file may never have been made."""
    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def keys_left(connection: Connection, store: Engine) -> Iterator[Breach]:
    """Find keys that were destroyed by the database's word and still lie in the store."""
    destroyed = [*connection.scalars(text(DESTROYED))]
    statement = text(LEFT).bindparams(bindparam("ids", expanding=True))
    with store.connect() as vault:
        for place in range(0, len(destroyed), AT_ONCE):
            for key_id in vault.scalars(statement, {"ids": destroyed[place : place + AT_ONCE]}):
                yield Breach("wrapped_key", str(key_id), "the key was destroyed, but the vault still has it")
