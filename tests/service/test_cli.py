"""The command line: what there is, what it answers, how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import app
from service.doctor import examine
from service.settings import Settings, as_environment, variables
from service.vault_key import VaultKeyMissing, key_encryption_key, make_key_file

COMMANDS = {"up", "demo", "rule", "articles", "about", "api", "worker", "migrate", "verify", "doctor"}


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without any setting."""
    for name in variables():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cli() -> CliRunner:
    """Give a runner."""
    return CliRunner()


class TestCommands:
    """Each has help; wrong usage ends with 2."""

    def test_every_command_is_listed(self, cli: CliRunner) -> None:
        """The help names each command."""
        shown = cli.invoke(app, ["--help"]).stdout
        assert {word for line in shown.splitlines() for word in line.split()[:1]} >= COMMANDS

    @pytest.mark.parametrize("command", sorted(COMMANDS))
    def test_every_command_has_help(self, cli: CliRunner, command: str) -> None:
        """Help says what a command does, and needs no service."""
        shown = cli.invoke(app, [command, "--help"])
        assert shown.exit_code == 0
        assert len(shown.stdout.splitlines()) > 3

    @pytest.mark.parametrize(
        "instant",
        [
            pytest.param("2026-03-25T09:00", id="no offset"),
            pytest.param("2026-02-30T09:00+09:00", id="no such day"),
            pytest.param("tomorrow", id="no instant"),
        ],
    )
    def test_a_bad_instant_is_wrong_usage(self, cli: CliRunner, tmp_path: Path, instant: str) -> None:
        """Simulated time begins at an instant with an offset, or not at all."""
        shown = cli.invoke(app, ["up", "--data", str(tmp_path), "--simulate", instant])
        assert shown.exit_code == 2
        assert instant in shown.stderr
        assert list(tmp_path.iterdir()) == []

    def test_a_bad_setting_is_named(self, cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
        """A variable that is no good is named, and ends with 2."""
        monkeypatch.setenv("YAKKAN_REGISTRATION_NO", "12345")
        shown = cli.invoke(app, ["migrate"])
        assert shown.exit_code == 2
        assert "YAKKAN_REGISTRATION_NO" in shown.stderr

    def test_a_rule_is_answered(self, cli: CliRunner) -> None:
        """An answer ends with 0, a refusal with 1, a question that makes no sense with 2."""
        answered = cli.invoke(app, ["rule", "termination-end", '{"arrived_on": "2026-04-10", "form": "paper"}'])
        refused = cli.invoke(app, ["rule", "termination-end", '{"arrived_on": "2026-04-10", "form": "email"}'])
        unknown = cli.invoke(app, ["rule", "no-such-rule", "{}"])
        assert (answered.exit_code, refused.exit_code, unknown.exit_code) == (0, 1, 2)
        assert '"ends_on": "2026-05-31"' in answered.stdout
        assert '"article": "18(1)"' in refused.stdout
        assert unknown.stdout == ""

    def test_it_runs_as_a_module(self) -> None:
        """`python -m service.cli` does what `yakkan` does."""
        done = subprocess.run([sys.executable, "-m", "service.cli", "--help"], stdout=subprocess.PIPE, check=True)
        assert b"yakkan" in done.stdout or b"service.cli" in done.stdout


class TestSettings:
    """Variables in, variables out."""

    def test_what_is_unset_lies_in_the_data_folder(self, tmp_path: Path) -> None:
        """Database, vault and key are files of the data folder; nothing else is needed to start."""
        settings = Settings(data_dir=tmp_path)
        assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/yakkan.db"
        assert settings.vault_url == f"sqlite+aiosqlite:///{tmp_path}/vault.db"
        assert settings.vault_key_file == tmp_path / "vault.key"

    def test_children_read_the_same_settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is written into a child's environment is read as it was."""
        monkeypatch.setenv("YAKKAN_SMTP_URL", "smtp://user:secret@mail.example:25")
        monkeypatch.setenv("YAKKAN_SIMULATE", "2026-03-25T09:00+09:00")
        monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1234")
        before = Settings(data_dir=tmp_path)
        for name, value in as_environment(before).items():
            monkeypatch.setenv(name, value)
        assert Settings() == before

    def test_secrets_are_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Settings may end up in a log; passwords and keys may not."""
        monkeypatch.setenv("YAKKAN_SMTP_URL", "smtp://user:secret@mail.example:25")
        monkeypatch.setenv("YAKKAN_DATABASE_URL", "postgresql+psycopg://user:secret@db.example/x")
        monkeypatch.setenv("YAKKAN_VAULT_KEY", "secret")
        assert "secret" not in repr(Settings())


class TestVaultKey:
    """The key-encryption key: made once, never replaced."""

    def test_it_is_made_once(self, tmp_path: Path) -> None:
        """The file is the owner's only, and stays as it is."""
        settings = Settings(data_dir=tmp_path)
        make_key_file(settings)
        key = key_encryption_key(settings)
        make_key_file(settings)
        assert key_encryption_key(settings) == key
        assert len(key) == 32
        assert settings.vault_key_file.stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["vault.key"]

    def test_a_lost_key_is_not_replaced(self, tmp_path: Path) -> None:
        """A new key could open nothing of a vault that is there."""
        (tmp_path / "vault.db").touch()
        with pytest.raises(VaultKeyMissing, match="put the file back"):
            make_key_file(Settings(data_dir=tmp_path))

    def test_it_may_come_from_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The variable comes first; 32 bytes as base64 or nothing."""
        monkeypatch.setenv("YAKKAN_VAULT_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        assert key_encryption_key(Settings(data_dir=tmp_path)) == b"01234567890123456789012345678901"
        monkeypatch.setenv("YAKKAN_VAULT_KEY", "c2hvcnQ=")
        with pytest.raises(VaultKeyMissing, match="32 bytes as base64"):
            key_encryption_key(Settings(data_dir=tmp_path))


class TestDoctor:
    """What is missing is told, and what can be made is not missing."""

    async def test_a_new_folder_lacks_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """With a server program on PATH a first start can go ahead; nothing is made by looking."""
        (tmp_path / "temporal").write_text("#!/bin/sh\n")
        (tmp_path / "temporal").chmod(0o700)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert await examine(Settings(data_dir=tmp_path / "data")) == 0
        shown = capsys.readouterr().out
        assert f"{tmp_path}/temporal" in shown
        assert "missing" not in shown
        assert not (tmp_path / "data").exists()

    async def test_what_does_not_answer_is_missing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A server, a mail server and a key that are configured but not there end it with 1."""
        monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
        monkeypatch.setenv("YAKKAN_SMTP_URL", "smtp://127.0.0.1:9")
        (tmp_path / "vault.db").touch()
        assert await examine(Settings(data_dir=tmp_path)) == 1
        missing = [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("missing")]
        assert missing == ["Temporal", "vault", "vault's", "mail"]
