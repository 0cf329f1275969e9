"""Send mail by SMTP over a few connections that stay open (Art. 42: a letter is dispatched when the server takes it).

What went wrong is told without addresses and without the server's words, which often repeat the address:
a failure travels into logs and workflow histories.
"""

import asyncio
import contextlib
import io
import re
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass
from email.generator import BytesGenerator
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
NOOP_AFTER = 10.0
"""Seconds of rest after which a connection is asked whether it still lives; most servers hang up after minutes."""

MAILBOX = re.compile(r"[!#-'*+./0-9=?A-Z^-~-]{1,64}@[0-9A-Za-z.-]{1,189}")
"""One plain address: no name, comment, list or quoted part, and nothing outside of ASCII."""

_FOR_GOOD = 500
_TROUBLE = (SMTPException, OSError, TimeoutError)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
_CONTROL = re.compile(r"[^ -~]+")
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


class MailDeferred(Exception):
    """The mail was not taken for now (4xx, connection trouble): try again, with the same Message-ID.

    `perhaps_taken`: the connection was lost while the mail was on its way; nobody knows whether the server took it.
    """

    def __init__(self, reason: str, *, perhaps_taken: bool = False) -> None:
        super().__init__(reason)
        self.perhaps_taken = perhaps_taken


class MailRefused(Exception):
    """The mail was refused for good (5xx): the address is wrong or the server does not want it."""


@dataclass(frozen=True, slots=True)
class SmtpProof:
    """The server's answer when it took the mail, kept as evidence of dispatch."""

    reply: str


class Mailer(Protocol):
    """Whatever takes mail for delivery."""

    async def send(self, mail: EmailMessage, recipient: str) -> SmtpProof:
        """Hand one mail to the server for one recipient.

        Raises:
            MailDeferred: not now; the same mail may be sent again.
            MailRefused: never.
        """
        ...

    async def close(self) -> None:
        """Say goodbye to the server."""
        ...


class SmtpMailer:
    """Mail over SMTP; `send` may run many times at once on one event loop.

    `url` is `smtp://` (plain), `smtps://` (TLS from the start) or `smtp+starttls://`, with
    `user:password@` (percent-encoded) where the server wants a login. `timeout` is in seconds, per answer.
    """

    def __init__(
        self, url: str, *, connections: int = 8, timeout: float = 30.0, tls_context: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            message = f"an SMTP URL names a host and begins with one of {', '.join(PORTS)}"
            raise ValueError(message)
        self._host = parts.hostname
        self._port = parts.port or PORTS[parts.scheme]
        self._scheme = parts.scheme
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._timeout = timeout
        self._tls_context = tls_context
        self._slots = asyncio.Semaphore(connections)
        self._idle: list[tuple[SMTP, float]] = []
        self._closed = False

    async def send(self, mail: EmailMessage, recipient: str) -> SmtpProof:
        """Hand one mail to the server; the envelope's sender is the mail's From.

        Raises:
            MailDeferred: 4xx, or the connection could not be made or was lost.
            MailRefused: 5xx, or the recipient is no address.
        """
        if MAILBOX.fullmatch(recipient) is None:
            reason = "the recipient is no address"
            raise MailRefused(reason)
        sender = mail["From"].addresses[0].addr_spec
        async with self._slots:
            content = bytes_of(mail)
            outcome = await self._deliver(sender, recipient, content)
        if isinstance(outcome, SmtpProof):
            return outcome
        raise outcome  # outside of any handler: no traceback may carry the library's error, which names addresses

    async def close(self) -> None:
        """Say goodbye on the connections at rest; those in use are closed when their mail is through."""
        self._closed = True
        while self._idle:
            await _quit(self._idle.pop()[0])

    async def _deliver(self, sender: str, recipient: str, content: bytes) -> SmtpProof | MailDeferred | MailRefused:
        try:
            connection = await self._take()
        except _TROUBLE as error:
            return _failure(error)
        reusable = under_way = False
        try:
            await connection.mail(sender)
            await connection.rcpt(recipient)
            under_way = True
            response = await connection.data(content)
            reusable = True
            return SmtpProof(f"{response.code} {_CONTROL.sub(' ', response.message)[:300]}")
        except SMTPResponseException as error:
            reusable = await _answers(connection.rset())
            return _failure(error, serving=True)
        except _TROUBLE as error:
            return _failure(error, perhaps_taken=under_way)
        finally:  # also when cancelled: half a mail may stand on the wire
            if reusable and connection.is_connected and not self._closed:
                self._idle.append((connection, asyncio.get_running_loop().time()))
            else:
                connection.close()

    async def _take(self) -> SMTP:
        while self._idle:
            connection, since = self._idle.pop()
            alive = False
            try:
                alive = await self._lives(connection, since)
            finally:
                if not alive:
                    connection.close()
            if alive:
                return connection
        connection = SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            timeout=self._timeout,
            use_tls=self._scheme == "smtps",
            start_tls=self._scheme == "smtp+starttls",
            tls_context=self._tls_context,
        )
        await connection.connect()
        return connection

    async def _lives(self, connection: SMTP, since: float) -> bool:
        if not connection.is_connected:
            return False
        rested = asyncio.get_running_loop().time() - since
        return rested < NOOP_AFTER or await _answers(connection.noop())


class _InOnePiece(BytesGenerator):
    """Writes a text at once; the library's own writes each of the thousands of lines of an attachment by itself."""

    def _write_lines(self, lines: str) -> None:
        self.write(_LINE_ENDS.sub(self._NL, lines))  # type: ignore[attr-defined]  # what `policy` says


def bytes_of(mail: EmailMessage) -> bytes:
    """Write a mail as `as_bytes` does."""
    written = io.BytesIO()
    _InOnePiece(written, mangle_from_=False, policy=mail.policy).flatten(mail)
    return written.getvalue()


async def _answers(command: Awaitable[object]) -> bool:
    """Tell whether the server answers a command, and well."""
    try:
        await command
    except _TROUBLE:
        return False
    return True


def _failure(error: Exception, *, serving: bool = False, perhaps_taken: bool = False) -> MailDeferred | MailRefused:
    """Say what went wrong; a server that refuses the login or the connection (not `serving`) may not stay so."""
    if not isinstance(error, SMTPResponseException):
        return MailDeferred(f"connection trouble: {type(error).__name__}", perhaps_taken=perhaps_taken)
    enhanced = _ENHANCED.match(error.message)
    reason = f"{error.code} {enhanced.group()}" if enhanced else str(error.code)
    return MailRefused(reason) if serving and error.code >= _FOR_GOOD else MailDeferred(reason)


async def _quit(connection: SMTP) -> None:
    with contextlib.suppress(*_TROUBLE):
        await connection.quit()
    connection.close()
