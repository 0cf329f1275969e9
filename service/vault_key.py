"""The key-encryption key of the vault: from the environment, or a file that only its owner may read."""

import base64
import binascii
import os
import secrets
from contextlib import suppress
from pathlib import Path

from service.settings import Settings, variable

KEY_BYTES = 32


class VaultKeyMissing(Exception):
    """There is no usable key-encryption key; says where it was looked for."""


def key_encryption_key(settings: Settings) -> bytes:
    """Read the key-encryption key, 32 bytes.

    Raises:
        VaultKeyMissing: neither the setting nor the file gives one.
    """
    if settings.vault_key:
        return _decoded(settings.vault_key.get_secret_value(), variable("vault_key"))
    try:
        text = settings.vault_key_file.read_text()
    except FileNotFoundError:
        message = f"neither {variable('vault_key')} nor the file {settings.vault_key_file} gives the vault's key"
        raise VaultKeyMissing(message) from None
    return _decoded(text, str(settings.vault_key_file))


def make_key_file(settings: Settings) -> None:
    """Make the key file of an embedded service, unless a key is there or the vault is older than it.

    Raises:
        VaultKeyMissing: there is a vault but no key: a new one could open nothing.
    """
    path = settings.vault_key_file
    if settings.vault_key or path.exists():
        return
    if (settings.data_dir / "vault.db").exists():
        message = f"the vault is there but its key {path} is gone; put the file back"
        raise VaultKeyMissing(message)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Path(f"{path}.part{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(part, path)  # never over a key that another process has just made
    part.unlink()


def _decoded(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        message = f"{source} must hold {KEY_BYTES} bytes as base64"
        raise VaultKeyMissing(message)
    return key
