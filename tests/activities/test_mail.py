"""Mail over SMTP: connections that stay, failures that are told apart and tell no address."""

import asyncio
import hashlib
import ipaddress
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from activities.gateways import mail as gateway
from activities.gateways.mail import MailDeferred, MailRefused, SmtpMailer
from service.sink import start_sink
from tests.activities.conftest import Post

TO = "koga@customer.example"


def a_mail(number: int = 1) -> EmailMessage:
    """Write a small mail."""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = "契約窓口 <keiyaku@qtnet.example>"
    mail["To"] = f"古賀 真理子 <{TO}>"
    mail["Subject"] = "解約受付通知"
    mail["Message-ID"] = f"<{number}@qtnet.example>"
    mail.set_content("解約届は2026年4月10日に到達しました。\n.\n", cte="base64")
    return mail


@pytest.fixture
async def mailer(post: Post) -> AsyncIterator[SmtpMailer]:
    """Send to the sink."""
    opened = SmtpMailer(post.url, connections=2, timeout=5)
    yield opened
    await opened.close()


class TestSink:
    """The sink remembers that a mail came, not to whom or what it said."""

    async def test_it_writes_down_the_id_and_the_hash_only(self, post: Post, mailer: SmtpMailer) -> None:
        """One line for each mail: id, hash and size of the bytes sent, the real time."""
        mail = a_mail()
        before = datetime.now(UTC)
        proof = await mailer.send(mail, TO)
        (line,) = post.taken()
        assert line.keys() == {"message_id", "sha256", "size", "received_at"}
        assert line["message_id"] == "<1@qtnet.example>"
        assert line["size"] == len(mail.as_bytes())
        assert line["sha256"] == hashlib.sha256(mail.as_bytes()).hexdigest()
        assert before - timedelta(seconds=1) < datetime.fromisoformat(str(line["received_at"])) <= datetime.now(UTC)
        assert proof.reply.startswith("250 OK queued as ")
        assert "example" not in post.record_file.read_text("utf-8").replace("1@qtnet.example", "")

    def test_a_taken_port_is_an_error(self, post: Post, tmp_path: Path) -> None:
        """A second sink on the same port fails at once."""
        with pytest.raises(OSError, match="in use"):
            start_sink("127.0.0.1", post.sink.port, tmp_path / "other.jsonl")


class TestConnections:
    """Connections are few and stay open."""

    async def test_one_after_another_use_one_connection(self, post: Post, mailer: SmtpMailer) -> None:
        """Five mails in turn need one connection."""
        for number in range(5):
            await mailer.send(a_mail(number), TO)
        assert post.sink.recorder.connections == 1
        assert len(post.taken()) == 5

    async def test_many_at_once_use_no_more_than_allowed(self, post: Post, mailer: SmtpMailer) -> None:
        """Twenty mails at once wait for two connections, and each arrives once."""
        await asyncio.gather(*(mailer.send(a_mail(number), TO) for number in range(20)))
        assert post.sink.recorder.connections == 2
        assert {line["message_id"] for line in post.taken()} == {f"<{n}@qtnet.example>" for n in range(20)}

    async def test_a_rested_connection_is_asked_and_used_again(
        self, post: Post, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a rest a connection that still answers is used again."""
        monkeypatch.setattr(gateway, "NOOP_AFTER", 0.0)
        await mailer.send(a_mail(1), TO)
        await mailer.send(a_mail(2), TO)
        assert post.sink.recorder.connections == 1

    async def test_a_server_that_went_away_is_called_anew(self, post: Post, mailer: SmtpMailer) -> None:
        """After a restart of the server the next mail goes out on a new connection."""
        await mailer.send(a_mail(1), TO)
        port = post.sink.port
        post.sink.stop()
        with pytest.raises(MailDeferred, match="connection trouble") as deferred:
            await mailer.send(a_mail(2), TO)
        assert not deferred.value.perhaps_taken
        post.sink = start_sink("127.0.0.1", port, post.record_file)
        await mailer.send(a_mail(2), TO)
        assert [line["message_id"] for line in post.taken()] == ["<1@qtnet.example>", "<2@qtnet.example>"]

    async def test_close_leaves_nothing_open(self, post: Post) -> None:
        """A closed mailer holds no connection; closing twice is harmless."""
        mailer = SmtpMailer(post.url)
        await mailer.send(a_mail(), TO)
        await mailer.close()
        await mailer.close()
        assert not mailer._idle  # noqa: SLF001 - the open connections show nowhere else


class TestFailures:
    """Later or never, and no address in either."""

    async def test_4xx_is_deferred_and_may_succeed_later(self, post: Post, mailer: SmtpMailer) -> None:
        """A mailbox that is busy takes the mail the second time, on the same connection."""
        with pytest.raises(MailDeferred, match=r"^451 4\.2\.1$") as deferred:
            await mailer.send(a_mail(), "later@customer.example")
        assert not deferred.value.perhaps_taken
        await mailer.send(a_mail(), "later@customer.example")
        assert post.sink.recorder.connections == len(post.taken()) == 1

    async def test_5xx_is_refused(self, post: Post, mailer: SmtpMailer) -> None:
        """No such mailbox: refused, and the connection serves on."""
        with pytest.raises(MailRefused, match=r"^550 5\.1\.1$"):
            await mailer.send(a_mail(), "nobody@customer.example")
        await mailer.send(a_mail(), TO)
        assert post.sink.recorder.connections == len(post.taken()) == 1

    @pytest.mark.parametrize(
        "recipient", ["nobody@customer.example", "later@customer.example", "受付@customer.example"]
    )
    async def test_no_failure_names_the_address(self, mailer: SmtpMailer, recipient: str) -> None:
        """Neither the error nor what it was raised from holds the address or the server's words."""
        with pytest.raises((MailDeferred, MailRefused)) as failed:
            await mailer.send(a_mail(), recipient)
        assert "customer" not in "".join(traceback.format_exception_only(failed.value))
        assert failed.value.__cause__ is failed.value.__context__ is None

    @pytest.mark.parametrize("recipient", ["", "a@b, c@d", "a@b\r\nRCPT TO:<x@example.com>", "<a@b>", "a b@c"])
    async def test_what_is_no_address_is_refused_unsent(self, post: Post, mailer: SmtpMailer, recipient: str) -> None:
        """Nothing but one plain address reaches the server."""
        with pytest.raises(MailRefused, match="no address"):
            await mailer.send(a_mail(), recipient)
        assert post.sink.recorder.connections == 0

    @pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example:25", "smtp:///x"])
    def test_a_url_must_name_a_server(self, url: str) -> None:
        """A wrong setting is an error at the start, not at the first letter."""
        with pytest.raises(ValueError, match="SMTP URL"):
            SmtpMailer(url)


class Moody:
    """A server that drops or holds the line where it is told to, once for each entry of `moods`."""

    def __init__(self) -> None:
        self.moods: list[str] = []
        self.taken = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        mood = self.moods.pop(0) if self.moods else ""
        writer.write(b"220 moody\r\n")
        while mood != "greeting" and (line := await reader.readline()):
            verb = line.split(b" ")[0].strip().upper().decode()
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                self.taken += 1
            if verb == mood:
                break
            if f"hold {verb}" == mood:
                await reader.read()
                break
            writer.write(b"421 4.3.2 closing\r\n" if f"421 {verb}" == mood else b"250 fine\r\n")
            await writer.drain()
        writer.close()


@pytest.fixture
async def moody() -> AsyncIterator[Moody]:
    """Run a moody server."""
    it = Moody()
    async with await asyncio.start_server(it.serve, "127.0.0.1", 0) as server:
        it.port = server.sockets[0].getsockname()[1]
        yield it


class TestLostConnections:
    """A lost connection defers the mail, and the next one goes out."""

    @pytest.mark.parametrize(
        ("mood", "perhaps_taken"),
        [
            pytest.param("greeting", False, id="hangs up after the greeting"),
            pytest.param("EHLO", False, id="hangs up at EHLO"),
            pytest.param("RCPT", False, id="hangs up at the recipient"),
            pytest.param("DATA", True, id="hangs up after the final dot"),
            pytest.param("hold DATA", True, id="never answers the final dot"),
            pytest.param("421 MAIL", False, id="says that it closes"),
        ],
    )
    async def test_lost_at_any_point(self, moody: Moody, mood: str, perhaps_taken: bool) -> None:  # noqa: FBT001
        """Wherever the line breaks, the mail is deferred; the caller learns whether it may have been taken."""
        mailer = SmtpMailer(f"smtp://127.0.0.1:{moody.port}", timeout=0.5)
        moody.moods = [mood]
        with pytest.raises(MailDeferred) as deferred:
            await mailer.send(a_mail(), TO)
        assert deferred.value.perhaps_taken is perhaps_taken
        before = moody.taken
        await mailer.send(a_mail(), TO)
        assert moody.taken == before + 1
        await mailer.close()

    async def test_lost_while_at_rest(self, moody: Moody) -> None:
        """A server that hangs up between two mails costs neither of them."""
        mailer = SmtpMailer(f"smtp://127.0.0.1:{moody.port}", timeout=5)
        await mailer.send(a_mail(1), TO)
        for transport in [connection.transport for connection, _ in mailer._idle]:  # noqa: SLF001
            assert transport is not None
            transport.close()
        await mailer.send(a_mail(2), TO)
        assert moody.taken == 2
        await mailer.close()

    async def test_cancelled_in_the_middle(self, moody: Moody) -> None:
        """Half a mail stands on the wire of a cancelled send: that connection is never used again."""
        mailer = SmtpMailer(f"smtp://127.0.0.1:{moody.port}", connections=1, timeout=30)
        moody.moods = ["hold DATA"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(mailer.send(a_mail(1), TO), 0.3)
        await mailer.send(a_mail(2), TO)
        assert moody.taken == 2
        await mailer.close()


class Guard:
    """Knows one user; takes all mail of who is logged in."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        """Check a login."""
        known = isinstance(data, LoginPassword) and data == LoginPassword(b"keiyaku@qtnet", b"p@ss:w/rd")
        return AuthResult(success=known, handled=False)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        self.seen.append(str(envelope.mail_from))
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for this machine; returns the server's and the client's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # TLS is there from the start
class TestSecurity:
    """TLS and login come from the URL."""

    @pytest.fixture(params=["smtps", "smtp+starttls"])
    def guarded(
        self, request: pytest.FixtureRequest, certificate: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> Iterator[tuple[str, int, Guard]]:
        """Run a server that wants TLS and a login."""
        with socket.create_server(("127.0.0.1", 0)) as probe:  # aiosmtpd takes no port 0
            port = probe.getsockname()[1]
        guard = Guard()
        implicit = request.param == "smtps"
        controller = Controller(
            guard,
            hostname="127.0.0.1",
            port=port,
            server_hostname="guarded",
            ssl_context=certificate[0] if implicit else None,
            tls_context=None if implicit else certificate[0],
            require_starttls=not implicit,
            auth_required=True,
            auth_require_tls=not implicit,
            authenticator=guard,
        )
        controller.start()
        yield request.param, port, guard
        controller.stop()

    async def test_login_over_tls(
        self, guarded: tuple[str, int, Guard], certificate: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        """User and password are read from the URL, percent-encoded, and sent over TLS only."""
        scheme, port, guard = guarded
        url = f"{scheme}://keiyaku%40qtnet:p%40ss%3Aw%2Frd@127.0.0.1:{port}"
        mailer = SmtpMailer(url, tls_context=certificate[1], timeout=5)
        await mailer.send(a_mail(), TO)
        await mailer.close()
        assert guard.seen == ["keiyaku@qtnet.example"]

    async def test_a_wrong_password_is_no_fault_of_the_letter(
        self, guarded: tuple[str, int, Guard], certificate: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        """A refused login defers the letter: the setting is wrong, not the customer's address."""
        scheme, port, _ = guarded
        mailer = SmtpMailer(f"{scheme}://keiyaku:secret@127.0.0.1:{port}", tls_context=certificate[1], timeout=5)
        with pytest.raises(MailDeferred, match="535") as deferred:
            await mailer.send(a_mail(), TO)
        assert "secret" not in str(deferred.value)

    async def test_an_unknown_certificate_is_not_trusted(self, guarded: tuple[str, int, Guard]) -> None:
        """Without trust in the server's certificate nothing is sent."""
        scheme, port, guard = guarded
        mailer = SmtpMailer(f"{scheme}://127.0.0.1:{port}", timeout=5)
        with pytest.raises(MailDeferred, match="connection trouble"):
            await mailer.send(a_mail(), TO)
        assert not guard.seen
