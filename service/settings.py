"""The settings of the running service: environment variables `YAKKAN_*`, and Temporal's own `TEMPORAL_*`.

What the terms leave to choice is not here but in `terms/settings.py`.
"""

import functools
from pathlib import Path
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the service keeps things, whom it talks to and how it names itself."""

    model_config = SettingsConfigDict(
        env_prefix="YAKKAN_",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,  # compose passes unset variables as empty ones
        use_attribute_docstrings=True,
    )

    data_dir: Path = Path(".yakkan")
    """Folder of the embedded service: databases, keys, logs, what the mail sink took in."""

    database_url: str = Field(default="", repr=False)  # holds a password
    """Database: `sqlite+aiosqlite:///FILE` or `postgresql+psycopg://…`. Unset: a file in `data_dir`."""

    vault_url: str = Field(default="", repr=False)
    """Store of the wrapped data keys, kept out of the database's backups. Unset: a file in `data_dir`."""

    vault_key: SecretStr | None = None
    """Key-encryption key, 32 bytes as base64. Unset: read from `vault_key_file`."""

    vault_key_file: Path = Path()
    """File with the key-encryption key (mode 0600, made when missing). Unset: a file in `data_dir`."""

    smtp_url: SecretStr | None = None
    """Mail server: `smtp://` (port 25), `smtps://` or `smtp+starttls://`, with user and password if it wants them.

    Unset: `yakkan up` starts a sink of its own, and no letter leaves this machine.
    """

    mail_from: str = "Yakkan <office@yakkan.example>"
    """Sender of the letters, as in an e-mail's From."""

    sender_department: str = "QT PRO Cloud 契約窓口"
    """Department that signs the letters."""

    sender_postal_code: str = "810-0000"
    """Postal code of the provider, as letters print it. The default is a made-up one."""

    sender_address: str = "福岡県福岡市中央区例示町1丁目1番1号"
    """Postal address of the provider, to which customers post their notices. The default is a made-up one."""

    sender_phone: str = "092-000-0000"
    """Telephone number of the provider, as letters print it. The default is a made-up one."""

    registration_no: Annotated[str, StringConstraints(pattern=r"^T\d{13}$")] = "T0000000000000"
    """Number of the qualified invoice issuer (適格請求書発行事業者登録番号): T and 13 digits. The default is none."""

    public_url: str = "http://127.0.0.1:8000"
    """Address under which people and programs reach API and console."""

    simulate: AwareDatetime | None = None
    """Instant at which simulated business time began. Unset: the real clock."""

    log_level: str = "INFO"
    """Least severe level that is logged."""

    temporal_address: str = Field(default="127.0.0.1:7233", validation_alias="TEMPORAL_ADDRESS")
    """Host and port of the Temporal server's frontend."""

    temporal_namespace: str = Field(default="default", validation_alias="TEMPORAL_NAMESPACE")
    """Temporal namespace of this office."""

    temporal_ui_url: str | None = Field(default=None, validation_alias="TEMPORAL_UI_URL")
    """Address of Temporal's web UI; unset: pages show no links to it."""

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        """Derive what is unset from the data folder; paths become absolute, for children may start elsewhere."""
        home = self.data_dir.absolute()
        derived = {
            "data_dir": home,
            "database_url": self.database_url or f"sqlite+aiosqlite:///{home / 'yakkan.db'}",
            "vault_url": self.vault_url or f"sqlite+aiosqlite:///{home / 'vault.db'}",
            "vault_key_file": (self.vault_key_file if self.vault_key_file != Path() else home / "vault.key").absolute(),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)  # frozen for everybody else
        return self


def variable(field: str) -> str:
    """Name the environment variable of a setting.

    Raises:
        KeyError: there is no such setting.
    """
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"YAKKAN_{field.upper()}"


@functools.cache
def variables() -> frozenset[str]:
    """Name every environment variable that the service reads."""
    return frozenset(map(variable, Settings.model_fields))


def as_environment(settings: Settings) -> dict[str, str]:
    """Write settings as environment variables, for a child process."""
    found = {}
    for field in Settings.model_fields:
        value = getattr(settings, field)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            found[variable(field)] = str(value)
    return found
