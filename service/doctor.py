"""`yakkan doctor`: what is configured, reachable, missing. It changes nothing and starts nothing."""

import asyncio
import os
import stat
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client

from models.database import make_engine
from service import temporal_binary as binaries
from service.data_folder import read
from service.database import alembic_config
from service.settings import Settings, variable
from service.vault_key import VaultKeyMissing, key_encryption_key

ANSWER_SECONDS = 5.0


class State(StrEnum):
    """How a thing is."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    name: str
    state: State
    detail: str


async def examine(settings: Settings) -> int:
    """Print what was found; 1 if something is missing without which the service does not run."""
    findings = [
        _python(),
        _folder(settings),
        await _temporal(settings),
        await _database(settings),
        await _vault(settings),
        _vault_key(settings),
        await _mail(settings),
        _fonts(),
        _registration(settings),
    ]
    for finding in findings:
        sys.stdout.write(f"{finding.state:8} {finding.name:18} {finding.detail}\n")
    sys.stdout.flush()
    return 1 if any(finding.state is State.MISSING for finding in findings) else 0


def _python() -> Finding:
    return Finding("Python", State.OK, f"{sys.version.split()[0]} in {sys.prefix}")


def _folder(settings: Settings) -> Finding:
    home = settings.data_dir
    if not home.exists():
        return Finding("data folder", State.NOTE, f"{home}: the first `yakkan up` makes it")
    if not os.access(home, os.W_OK):
        return Finding("data folder", State.MISSING, f"{home} cannot be written")
    running = read(home / "service.json")
    mode = read(home / "mode.json") or {}
    clock = f"simulated since {mode['simulate']}" if mode.get("simulate") else "real clock"
    serves = f"serves {running['base_url']}" if running else "at rest"
    return Finding("data folder", State.OK, f"{home}, {clock}, {serves}")


async def _temporal(settings: Settings) -> Finding:
    if "temporal_address" in settings.model_fields_set:
        address = settings.temporal_address
        try:
            await asyncio.wait_for(Client.connect(address, namespace=settings.temporal_namespace), ANSWER_SECONDS)
        except (RuntimeError, TimeoutError) as failure:
            return Finding("Temporal server", State.MISSING, f"{address} (TEMPORAL_ADDRESS) does not answer: {failure}")
        return Finding("Temporal server", State.OK, f"{address} (TEMPORAL_ADDRESS)")
    if found := binaries.on_path() or binaries.cached() or binaries.fetched():
        return Finding("Temporal server", State.OK, str(found.path))
    return Finding("Temporal server", State.MISSING, "no program yet; `make setup` fetches or builds one")


async def _database(settings: Settings) -> Finding:
    head = ScriptDirectory.from_config(alembic_config(settings.database_url)).get_current_head()
    found, detail = await _asked(settings.database_url, "SELECT version_num FROM alembic_version")
    if found is None:
        return Finding("database", *_unanswered(settings.database_url, detail))
    if found != head:
        return Finding("database", State.NOTE, f"{detail}: schema {found}, newest {head}; `yakkan migrate`")
    return Finding("database", State.OK, f"{detail}, schema {found}")


async def _vault(settings: Settings) -> Finding:
    found, detail = await _asked(settings.vault_url, "SELECT count(*) FROM wrapped_key")
    if found is None:
        return Finding("vault", *_unanswered(settings.vault_url, detail))
    return Finding("vault", State.OK, f"{detail}, {found} keys")


def _vault_key(settings: Settings) -> Finding:
    path = settings.vault_key_file
    if settings.vault_key is None and not path.exists() and not settings.data_dir.joinpath("vault.db").exists():
        return Finding("vault's key", State.NOTE, f"{path}: the first `yakkan up` makes it")
    try:
        key_encryption_key(settings)
    except (VaultKeyMissing, OSError) as missing:
        return Finding("vault's key", State.MISSING, str(missing))
    if settings.vault_key:
        return Finding("vault's key", State.OK, variable("vault_key"))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("vault's key", State.MISSING, f"{path} can be read by others: chmod 600")
    return Finding("vault's key", State.OK, str(path))


async def _mail(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        return Finding(
            "mail", State.NOTE, f"{variable('smtp_url')} is not set: `yakkan up` keeps letters on this machine"
        )
    url = make_url(settings.smtp_url.get_secret_value())
    port = url.port or {"smtps": 465, "smtp+starttls": 587}.get(url.drivername, 25)
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(url.host, port), ANSWER_SECONDS)
    except (OSError, TimeoutError) as failure:
        return Finding("mail", State.MISSING, f"{url.host}:{port} does not answer: {failure!r}")
    writer.close()
    return Finding("mail", State.OK, f"{url.host}:{port}")


def _fonts() -> Finding:
    try:
        import noto_cjk_sans_jp_bold  # noqa: F401, PLC0415 - missing is one of the answers
        import noto_cjk_sans_jp_regular  # noqa: F401, PLC0415
    except ImportError as missing:
        return Finding("fonts", State.MISSING, f"{missing.name}: letters cannot be printed")
    return Finding("fonts", State.OK, "Noto Sans CJK JP, regular and bold")


def _registration(settings: Settings) -> Finding:
    if "registration_no" in settings.model_fields_set:
        return Finding("invoice issuer", State.OK, settings.registration_no)
    return Finding(
        "invoice issuer", State.NOTE, f"{variable('registration_no')} is not set: invoices would bear no number"
    )


async def _asked(url: str, question: str) -> tuple[object | None, str]:
    """Ask a database one question; None and the reason where it does not answer."""
    shown = make_url(url).render_as_string(hide_password=True)
    if _no_file(url):
        return None, f"{shown} is not there"
    engine = make_engine(url)
    try:
        async with engine.connect() as connection:
            answer = await asyncio.wait_for(connection.scalar(text(question)), ANSWER_SECONDS)
    except (SQLAlchemyError, OSError, TimeoutError) as failure:
        return None, f"{shown}: {str(failure).splitlines()[0]}"
    finally:
        await engine.dispose()
    return answer, shown


def _unanswered(url: str, detail: str) -> tuple[State, str]:
    """Judge a database that does not answer: a file that is not there yet will be made."""
    if _no_file(url):
        return State.NOTE, f"{detail}: the first `yakkan up` makes it"
    return State.MISSING, detail


def _no_file(url: str) -> bool:
    """Tell whether an address names an SQLite file that is not there."""
    parsed = make_url(url)
    return parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists()
