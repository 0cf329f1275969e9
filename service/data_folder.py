"""The data folder of `yakkan up`: one service at a time, its mode, its ports, and what it tells the world.

Files are written whole or not at all; those that hold secrets can be read by their owner only.
"""

import asyncio
import json
import os
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from service.lifeline import is_alive
from service.locks import locked
from service.ports import free_ports, is_free

PATIENCE = 15.0  # seconds for the children of a killed `up` to end; they give up after ten
SECRET = 0o600
PUBLIC = 0o644


class FolderBusy(Exception):
    """Another `yakkan up` runs on this folder."""


class WrongMode(Exception):
    """A folder that began on the real clock can't be simulated."""


class PortTaken(Exception):
    """Somebody else listens on the port that was asked for."""


class DataFolder:
    """What one embedded service keeps between two runs."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.temporal = self.path / "temporal"
        self.service_file = self.path / "service.json"
        self.credentials_file = self.path / "credentials.json"
        self.mail_file = self.path / "mail.jsonl"
        self._mode_file = self.path / "mode.json"
        self._lock: IO[str] | None = None

    @property
    def lock_number(self) -> int:
        """File descriptor of the lock; children hold it too, so that it lasts as long as the last of them."""
        if self._lock is None:
            message = "take the folder first"
            raise RuntimeError(message)
        return self._lock.fileno()

    async def take(self) -> None:
        """Take the folder for this process; waits for the children of one that was killed.

        Raises:
            FolderBusy: another service runs on it.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds personal data
        self.logs.mkdir(exist_ok=True)
        lock = (self.path / "lock").open("a+")
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not locked(lock):
            lock.seek(0)
            holder = lock.read().strip()
            if (holder.isdigit() and is_alive(int(holder))) or asyncio.get_running_loop().time() > deadline:
                lock.close()
                message = f"another `yakkan up` runs on {self.path} (process {holder or 'unknown'})"
                raise FolderBusy(message)
            await asyncio.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def free(self) -> None:
        """Give the folder free."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def begin(self, simulate: datetime | None) -> datetime | None:
        """Give the instant at which simulated time began here, None on the real clock; the first run decides.

        Raises:
            WrongMode: `simulate` is given, but this folder began on the real clock.
        """
        kept = read(self._mode_file)
        if kept is None:
            return simulate
        began = kept["simulate"]
        if simulate and not began:
            message = f"{self.path} holds a service on the real clock; simulate in another folder (--data DIR)"
            raise WrongMode(message)
        return datetime.fromisoformat(began) if began else None

    def settle(self, simulate: datetime | None) -> None:
        """Write the first run's decision down, once it is sure that the service can run so."""
        if read(self._mode_file) is None:
            write(self._mode_file, {"simulate": simulate.isoformat() if simulate else None})

    def port(self, name: str, wanted: int = 0) -> int:
        """Give the port of a listener: the one wanted, else the one of the last run, else a free one; keeps it.

        Raises:
            PortTaken: the one wanted is taken.
            OSError: no port is free.
        """
        ports = read(self.path / "ports.json") or {}
        if wanted and not is_free(wanted):
            message = f"port {wanted} is taken; choose another with --port, or any free one with --port 0"
            raise PortTaken(message)
        port = wanted or int(ports.get(name, 0))
        if not port or not is_free(port):
            port = free_ports(1)[0]
        write(self.path / "ports.json", ports | {name: port})
        return port

    def log(self, name: str) -> Path:
        """Give the log file of a child; one that has grown long is set aside first."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > 10_000_000:  # noqa: PLR2004 - ten megabytes are long
            path.replace(path.with_suffix(".log.1"))
        return path


def read(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None where there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return found


def write(path: Path, value: object, mode: int = PUBLIC) -> None:
    """Write JSON so that a reader sees the old file or the whole new one."""
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        json.dump(value, file, ensure_ascii=False, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
