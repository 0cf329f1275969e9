"""An SMTP server that takes every mail and delivers none: the outside world of simulation and tests.

It remembers a mail by its Message-ID and hash, never by address or text. Two kinds of recipient are refused,
so that both ways of failing can be played through: `nobody…@` for good, `later…@` for the first time.
"""

import hashlib
import json
import socket
import threading
from asyncio import AbstractServer
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

MAX_MAIL = 32 * 1024 * 1024  # bytes


class Recorder:
    """Answers the server's questions and writes one JSON line for each mail taken."""

    def __init__(self, record_file: Path) -> None:
        self._file = record_file
        self._lock = threading.Lock()
        self._put_off: set[str] = set()
        self.connections = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count a connection."""
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, refuse `nobody`, put off `later` once."""
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later") and address not in self._put_off:
            self._put_off.add(address)
            return "451 4.2.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail and write down that it came."""
        content = envelope.content or b""
        data = content if isinstance(content, bytes) else content.encode()
        digest = hashlib.sha256(data).hexdigest()
        line = {
            "message_id": BytesHeaderParser().parsebytes(data).get("Message-ID"),
            "sha256": digest,
            "size": len(data),
            "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return f"250 OK queued as {digest[:16]}"


class _BoundController(Controller):
    """A controller on a socket that is bound already: aiosmtpd itself refuses port 0."""

    def __init__(self, recorder: Recorder, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__(recorder, hostname=host, port=port, server_hostname="yakkan", data_size_limit=MAX_MAIL)
        self._listener = listener

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink; `host` and `port` are where it listens."""

    host: str
    port: int
    recorder: Recorder
    _controller: Controller

    def stop(self) -> None:
        """Hang up and free the port."""
        self._controller.stop()


def start_sink(host: str, port: int, record_file: Path) -> Sink:
    """Start a sink in a thread of its own; port 0 takes a free one.

    Raises:
        OSError: the port is taken, or the file cannot be written.
    """
    record_file.parent.mkdir(parents=True, exist_ok=True)
    record_file.touch()
    recorder = Recorder(record_file)
    controller = _BoundController(recorder, socket.create_server((host, port)))
    controller.start()
    return Sink(controller.hostname, controller.port, recorder, controller)
