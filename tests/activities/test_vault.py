"""The vault: sealed from birth, gone with the key."""

import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from models.vault import KeyGone, Vault

KEK = bytes(range(32))


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[Vault]:
    """Open a vault on a file of its own."""
    opened = await Vault.open(f"sqlite+aiosqlite:///{tmp_path / 'vault.db'}", KEK)
    yield opened
    await opened.close()


async def test_what_is_sealed_opens_again(vault: Vault) -> None:
    """Also in another process, which shares only the store and the key-encryption key."""
    await vault.create("A-000001")
    sealed = await vault.seal_text("A-000001", "erasable", "髙﨑 邉")

    assert "髙﨑".encode() not in sealed
    assert await vault.unseal_text(sealed) == "髙﨑 邉"


async def test_two_seals_of_one_text_differ(vault: Vault) -> None:
    """Nobody sees from outside that two values are the same."""
    await vault.create("A-000001")

    assert await vault.seal_text("A-000001", "erasable", "x") != await vault.seal_text("A-000001", "erasable", "x")


async def test_a_contract_uses_the_keys_of_its_application(vault: Vault) -> None:
    """One application, one contract (Art. 4): erasing the application's key erases what the contract sealed."""
    await vault.create("A-000001")
    await vault.adopt("C-000001", "A-000001")
    sealed = await vault.seal_text("C-000001", "erasable", "x")
    await vault.destroy("A-000001", "erasable")

    with pytest.raises(KeyGone):
        await vault.unseal(sealed)


async def test_a_destroyed_key_leaves_the_other_class(vault: Vault) -> None:
    """What a statute keeps stays readable."""
    await vault.create("A-000001")
    kept = await vault.seal_text("A-000001", "statutory", "株式会社")
    gone = await vault.seal_text("A-000001", "erasable", "担当")
    await vault.destroy("A-000001", "erasable")

    assert await vault.unseal_text(kept) == "株式会社"
    with pytest.raises(KeyGone):
        await vault.unseal(gone)
    with pytest.raises(KeyGone):
        await vault.seal_text("A-000001", "erasable", "x")


async def test_an_unknown_owner_has_no_key(vault: Vault) -> None:
    """Nothing is sealed with a key that is not kept."""
    with pytest.raises(KeyGone, match="C-000009"):
        await vault.seal_text("C-000009", "erasable", "x")


async def test_creating_keys_again_changes_nothing(vault: Vault) -> None:
    """A repetition after a crash finds the first keys."""
    first = await vault.create("A-000001")

    assert await vault.create("A-000001") == first


async def test_another_key_encryption_key_opens_nothing(vault: Vault, tmp_path: Path) -> None:
    """The store alone is worth nothing."""
    await vault.create("A-000001")
    sealed = await vault.seal_text("A-000001", "erasable", "x")
    thief = await Vault.open(f"sqlite+aiosqlite:///{tmp_path / 'vault.db'}", secrets.token_bytes(32))
    try:
        with pytest.raises(InvalidUnwrap):
            await thief.unseal(sealed)
    finally:
        await thief.close()


async def test_a_swapped_value_is_noticed(vault: Vault) -> None:
    """A value does not open under another key's name."""
    await vault.create("A-000001")
    sealed = bytearray(await vault.seal_text("A-000001", "erasable", "x"))
    sealed[-1] ^= 1

    with pytest.raises(InvalidTag):
        await vault.unseal(bytes(sealed))


async def test_the_search_hash_is_keyed(vault: Vault, tmp_path: Path) -> None:
    """The same name gives the same hash here, another one elsewhere."""
    other = await Vault.open(f"sqlite+aiosqlite:///{tmp_path / 'other.db'}", secrets.token_bytes(32))
    try:
        assert vault.hash("株式会社") == vault.hash("株式会社") != other.hash("株式会社")
    finally:
        await other.close()


async def test_a_destroyed_key_leaves_no_trace_in_the_store(vault: Vault, tmp_path: Path) -> None:
    """Not even its wrapped form is left, neither in the file's free pages nor in the log of writes."""
    await vault.create("A-000001")
    await vault.create("D-000001")
    wrapped = wrapped_in(tmp_path, "A-000001") + wrapped_in(tmp_path, "D-000001")
    assert len(wrapped) == 4
    await vault.destroy_all(["A-000001", "D-000001"])

    stored = files_in(tmp_path)
    assert [key for key in wrapped if key in stored] == []


async def test_a_name_reads_as_erased_without_its_key(vault: Vault) -> None:
    """Lists go on after an erasure (money.md 4)."""
    await vault.create("A-000001")
    name = await vault.seal_text("A-000001", "statutory", "株式会社")
    assert await vault.read_name(name) == "株式会社"
    await vault.destroy_all(["A-000001"])
    assert await vault.read_name(name) == "(消去済)"


def files_in(folder: Path) -> bytes:
    """Read all files of a folder, one after the other."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


def wrapped_in(folder: Path, owner: str) -> list[bytes]:
    """Read an owner's keys as the store keeps them."""
    with closing(sqlite3.connect(folder / "vault.db")) as connection:
        found = connection.execute("SELECT wrapped FROM wrapped_key WHERE owner = ?", (owner,))
        return [bytes(wrapped) for (wrapped,) in found]
