"""The vault: data keys per owner and class, wrapped, in a store of their own outside the database.

Personal data is sealed from birth: whoever erases, destroys the key. A sealed value is `version, key id, nonce,
AES-256-GCM ciphertext` with the key id as associated data. Nothing is sealed before its key is committed.
"""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding, aes_key_wrap_with_padding
from pydantic import JsonValue
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    event,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from models.database import make_engine

KeyClass = Literal["erasable", "statutory"]
CLASSES: tuple[KeyClass, ...] = ("erasable", "statutory")
OFFICE = "office"
VERSION = b"\x01"
KEY_ID_BYTES = 16
NONCE_BYTES = 12
ROW_HASH_BYTES = 16
ERASED = "(消去済)"
"""What stands in the place of a name whose key was destroyed (money.md 4)."""
CACHE_SECONDS = 5.0  # so long may a process still open what another one has just erased

STORE = MetaData()
WRAPPED = Table(
    "wrapped_key",
    STORE,
    Column("key_id", String(KEY_ID_BYTES), primary_key=True),
    Column("owner", String(32), nullable=False),
    Column("key_class", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("owner", "key_class"),
)
ALIAS = Table(
    "alias",
    STORE,
    Column("owner", String(32), primary_key=True),
    Column("alias_of", String(32), nullable=False),
)


class KeyGone(Exception):
    """A key is missing: destroyed, or never made. Says the key id or owner number only."""


@dataclass(frozen=True)
class DataKey:
    """An unwrapped data key and when this process read it (seconds, monotonic)."""

    key_id: str
    material: bytes
    read_at: float


class Vault:
    """Seals and opens values; one object per process."""

    def __init__(self, engine: AsyncEngine, key_encryption_key: bytes) -> None:
        self._engine = engine
        self._readers = engine.execution_options(reads_only=True)  # a look never waits for a writer
        self._kek = key_encryption_key
        self._hash_key = HKDF(hashes.SHA256(), 32, None, b"yakkan search hash").derive(key_encryption_key)
        self._row_key = HKDF(hashes.SHA256(), 32, None, b"yakkan row hash").derive(key_encryption_key)
        self._by_id: dict[str, DataKey] = {}
        self._by_owner: dict[tuple[str, str], str] = {}

    @classmethod
    async def open(cls, url: str, key_encryption_key: bytes) -> "Vault":
        """Open the store at `url`, making its tables and the office's keys when it is new."""
        engine = make_engine(url, pool_size=2)
        if engine.dialect.name == "sqlite":
            event.listen(engine.sync_engine, "connect", _overwrite_what_is_deleted)
        async with engine.begin() as connection:
            await connection.run_sync(STORE.create_all)
        vault = cls(engine, key_encryption_key)
        await vault.create(OFFICE)
        return vault

    async def close(self) -> None:
        """Close the store."""
        await self._engine.dispose()

    async def create(self, owner: str) -> list[tuple[str, KeyClass]]:
        """Make the owner's keys unless they are there; committed on return. Returns (key id, class) of each."""
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        async with self._engine.begin() as connection:
            for key_class in CLASSES:
                row = {
                    "key_id": secrets.token_hex(KEY_ID_BYTES // 2),
                    "owner": owner,
                    "key_class": key_class,
                    "wrapped": aes_key_wrap_with_padding(self._kek, AESGCM.generate_key(256)),
                    "created_at": datetime.now(UTC),
                }
                await connection.execute(insert(WRAPPED).values(row).on_conflict_do_nothing())
            found = await connection.execute(
                select(WRAPPED.c.key_id, WRAPPED.c.key_class).where(WRAPPED.c.owner == owner)
            )
            return [(key_id, key_class) for key_id, key_class in found.all()]

    async def create_many(self, owners: Iterable[str]) -> None:
        """Make the keys of many owners in one transaction, committed on return; keys that are there stay."""
        now = datetime.now(UTC)
        rows = [
            {
                "key_id": secrets.token_hex(KEY_ID_BYTES // 2),
                "owner": owner,
                "key_class": key_class,
                "wrapped": aes_key_wrap_with_padding(self._kek, AESGCM.generate_key(256)),
                "created_at": now,
            }
            for owner in owners
            for key_class in CLASSES
        ]
        if not rows:
            return
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        async with self._engine.begin() as connection:
            await connection.execute(insert(WRAPPED).on_conflict_do_nothing(), rows)

    async def adopt(self, contract_no: str, application_no: str) -> None:
        """Let a contract use the keys of its application (one to one, Art. 4)."""
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        row = {"owner": contract_no, "alias_of": application_no}
        async with self._engine.begin() as connection:
            await connection.execute(insert(ALIAS).values(row).on_conflict_do_nothing())

    async def destroy(self, owner: str, key_class: KeyClass) -> None:
        """Destroy a key for good; what it sealed can't be opened by anybody again."""
        await self._destroy(WRAPPED.c.owner == owner, WRAPPED.c.key_class == key_class)

    async def destroy_all(self, owners: Collection[str]) -> None:
        """Destroy every key of some owners for good."""
        await self._destroy(WRAPPED.c.owner.in_(owners))

    async def _destroy(self, *which: ColumnElement[bool]) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(WRAPPED.delete().where(*which))
        self._by_id.clear()
        self._by_owner.clear()
        if self._engine.dialect.name == "sqlite":
            await self._empty_log()

    async def _empty_log(self) -> None:
        """Bring the log of writes into the file, which overwrites what was deleted; the log still held the keys.

        Who reads at this moment keeps the log in use: then the next checkpoint does it.
        """
        async with self._engine.connect() as connection:
            await connection.run_sync(_checkpoint)

    async def seal(self, owner: str, key_class: KeyClass, plain: bytes) -> bytes:
        """Seal bytes with the owner's key.

        Raises:
            KeyGone: the owner has no such key.
        """
        key = await self._key_of(owner, key_class)
        nonce = os.urandom(NONCE_BYTES)
        key_id = key.key_id.encode()
        return VERSION + key_id + nonce + AESGCM(key.material).encrypt(nonce, plain, key_id)

    async def unseal(self, sealed: bytes) -> bytes:
        """Open a sealed value by the key id that it carries.

        Raises:
            KeyGone: the key was destroyed.
        """
        key_id = self.key_of(sealed)
        nonce = sealed[1 + KEY_ID_BYTES : 1 + KEY_ID_BYTES + NONCE_BYTES]
        key = await self._key(key_id)
        return AESGCM(key.material).decrypt(nonce, sealed[1 + KEY_ID_BYTES + NONCE_BYTES :], key_id.encode())

    @staticmethod
    def key_of(sealed: bytes) -> str:
        """Tell which key sealed a value (its id)."""
        return sealed[1 : 1 + KEY_ID_BYTES].decode()

    async def seal_json(self, owner: str, key_class: KeyClass, value: JsonValue) -> bytes:
        """Seal a JSON value."""
        return await self.seal(owner, key_class, json.dumps(value, ensure_ascii=False, sort_keys=True).encode())

    async def unseal_json(self, sealed: bytes) -> JsonValue:
        """Open a sealed JSON value."""
        value: JsonValue = json.loads(await self.unseal(sealed))
        return value

    async def seal_text(self, owner: str, key_class: KeyClass, text: str) -> bytes:
        """Seal a text."""
        return await self.seal(owner, key_class, text.encode())

    async def unseal_text(self, sealed: bytes) -> str:
        """Open a sealed text."""
        return (await self.unseal(sealed)).decode()

    async def read_name(self, sealed: bytes) -> str:
        """Open a sealed name to be shown; one whose key was destroyed reads as `ERASED`."""
        try:
            return await self.unseal_text(sealed)
        except KeyGone:
            return ERASED

    async def preload(self, sealed: Iterable[bytes]) -> None:
        """Read the keys of many sealed values in one query."""
        now = time.monotonic()
        wanted = {self.key_of(value) for value in sealed}
        missing = [k for k in wanted if k not in self._by_id or now - self._by_id[k].read_at > CACHE_SECONDS]
        if missing:
            async with self._readers.connect() as connection:
                found = await connection.execute(
                    select(WRAPPED.c.key_id, WRAPPED.c.wrapped).where(WRAPPED.c.key_id.in_(missing))
                )
                for key_id, wrapped in found.all():
                    self._keep(key_id, wrapped)

    async def preload_owners(self, owners: Iterable[str]) -> None:
        """Learn the keys of many owners, for sealing, in two queries."""
        now = time.monotonic()
        unknown = [o for o in {*owners} if not all(self._holds(o, key_class, now) for key_class in CLASSES)]
        if not unknown:
            return
        async with self._readers.connect() as connection:
            found = await connection.execute(select(ALIAS.c.owner, ALIAS.c.alias_of).where(ALIAS.c.owner.in_(unknown)))
            aliases = {str(owner): str(alias_of) for owner, alias_of in found.all()}
            known_as: dict[str, list[str]] = {}
            for owner in unknown:
                known_as.setdefault(aliases.get(owner, owner), []).append(owner)
            keys = await connection.execute(
                select(WRAPPED.c.owner, WRAPPED.c.key_class, WRAPPED.c.key_id, WRAPPED.c.wrapped).where(
                    WRAPPED.c.owner.in_(known_as)
                )
            )
            for owner, key_class, key_id, wrapped in keys.all():
                self._keep(key_id, wrapped)
                for name in known_as[owner]:
                    self._by_owner[name, key_class] = key_id

    def _holds(self, owner: str, key_class: KeyClass, now: float) -> bool:
        """Tell whether an owner's key is known and was read just now."""
        key = self._by_id.get(self._by_owner.get((owner, key_class), ""))
        return key is not None and now - key.read_at <= CACHE_SECONDS

    def hash(self, text: str) -> str:
        """Give a keyed hash (hex) by which an exact text can be found without being readable."""
        mac = hmac.HMAC(self._hash_key, hashes.SHA256())
        mac.update(text.encode())
        return mac.finalize().hex()

    def row_hash(self) -> Callable[[str], bytes]:
        """Give a fast keyed hash (16 bytes) that tells equal rows of a file, a million at a time."""
        keyed = hashlib.blake2b(key=self._row_key, digest_size=ROW_HASH_BYTES)

        def hash_row(text: str) -> bytes:
            made = keyed.copy()
            made.update(text.encode())
            return made.digest()

        return hash_row

    async def _key_of(self, owner: str, key_class: KeyClass) -> DataKey:
        key_id = self._by_owner.get((owner, key_class))
        if key_id is None:
            async with self._readers.connect() as connection:
                alias_of = await connection.scalar(select(ALIAS.c.alias_of).where(ALIAS.c.owner == owner))
                key_id = await connection.scalar(
                    select(WRAPPED.c.key_id).where(
                        WRAPPED.c.owner == (alias_of or owner), WRAPPED.c.key_class == key_class
                    )
                )
            if key_id is None:
                raise KeyGone(owner)
            self._by_owner[owner, key_class] = key_id
        return await self._key(key_id)

    async def _key(self, key_id: str) -> DataKey:
        key = self._by_id.get(key_id)
        if key is None or time.monotonic() - key.read_at > CACHE_SECONDS:
            async with self._readers.connect() as connection:
                wrapped = await connection.scalar(select(WRAPPED.c.wrapped).where(WRAPPED.c.key_id == key_id))
            if wrapped is None:
                self._by_id.pop(key_id, None)
                raise KeyGone(key_id)
            key = self._keep(key_id, wrapped)
        return key

    def _keep(self, key_id: str, wrapped: bytes) -> DataKey:
        key = DataKey(key_id, aes_key_unwrap_with_padding(self._kek, wrapped), time.monotonic())
        self._by_id[key_id] = key
        return key


def _overwrite_what_is_deleted(connection: Any, _record: object) -> None:  # noqa: ANN401 (a DBAPI connection)
    """Have SQLite overwrite deleted rows with zeros, so that a destroyed key lies in no free page."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _checkpoint(connection: Connection) -> None:
    """Checkpoint outside of any transaction, past the events that would begin one."""
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    cursor.close()
