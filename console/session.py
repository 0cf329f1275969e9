"""Who sits at the console: a signed cookie, checked against the person's row at each request."""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Depends, Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from activities.office import Office
from models.messages.roles import CONTACT_READERS
from models.tables import PersonRow

COOKIE = "yakkan_session"
HOURS = 8
MAX_AGE = HOURS * 3600
PATH = "/console"
MAX_FAILURES, SHUT_SECONDS, MAX_LOGINS = 10, 300.0, 10_000


class LoginNeeded(Exception):
    """Nobody is logged in; the browser is sent to the login page."""


class FormRefused(Exception):
    """A form did not come from a page of ours, or it is too old."""


def session_secret(key_encryption_key: bytes) -> bytes:
    """Derive the key that signs sessions from the vault's: all processes have it, and no further file is needed."""
    return HKDF(hashes.SHA256(), 32, None, b"yakkan console session").derive(key_encryption_key)


@dataclass(frozen=True)
class Visitor:
    """A person of the office at the console."""

    person: str
    role: str
    csrf: str

    @property
    def actor(self) -> str:
        """How audit rows name the visitor."""
        return f"{self.role}:{self.person}"

    @property
    def reads_letters(self) -> bool:
        """Whether contact data, and so the content of letters, is open to the visitor."""
        return self.role in CONTACT_READERS


class Sessions:
    """Signs and reads the session cookie. A changed password or role ends the sessions of that person."""

    def __init__(self, secret: bytes, *, secure: bool) -> None:
        digest = {"digest_method": hashlib.sha256}
        self._signer = URLSafeTimedSerializer(secret, salt="console session", signer_kwargs=digest)
        self._secure = secure

    def begin(self, response: Response, row: PersonRow) -> None:
        """Log a person in."""
        self._set(response, {"person": row.person, "seal": _seal(row), "csrf": self.new_token()})

    @staticmethod
    def new_token() -> str:
        """Make a token for a form."""
        return secrets.token_urlsafe(16)

    def welcome(self, response: Response, token: str) -> None:
        """Give somebody who is not logged in a cookie that belongs to the token of the login form."""
        self._set(response, {"csrf": token})

    def end(self, response: Response) -> None:
        """Log out."""
        response.delete_cookie(COOKIE, path=PATH)

    def read(self, request: Request) -> dict[str, str]:
        """Read the cookie; empty if there is none, or a wrong or old one."""
        try:
            found: dict[str, str] = self._signer.loads(request.cookies.get(COOKIE, ""), max_age=MAX_AGE)
        except BadSignature:
            return {}
        return found

    def check_form(self, request: Request, token: str) -> None:
        """Take a form only from a page of ours.

        Raises:
            FormRefused: the token is not the one of this browser's session.
        """
        expected = self.read(request).get("csrf", secrets.token_hex())
        if not hmac.compare_digest(expected.encode(), token.encode(errors="replace")):  # as text it takes ASCII only
            raise FormRefused

    def _set(self, response: Response, values: dict[str, str]) -> None:
        response.set_cookie(
            COOKIE,
            str(self._signer.dumps(values)),
            max_age=MAX_AGE,
            path=PATH,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )


class Doors:
    """Shuts the door of a login for a while after too many failures; in this process, as Argon2 costs time anyway."""

    def __init__(self) -> None:
        self._failures: dict[str, list[float]] = {}

    def are_shut(self, login: str) -> bool:
        """Tell whether a login is shut now."""
        since = asyncio.get_running_loop().time() - SHUT_SECONDS
        recent = [at for at in self._failures.pop(login, ()) if at > since]
        if recent:
            self._failures[login] = recent
        return len(recent) >= MAX_FAILURES

    def failed(self, login: str) -> None:
        """Remember a failure."""
        if len(self._failures) >= MAX_LOGINS:
            self._failures.clear()
        self._failures.setdefault(login, []).append(asyncio.get_running_loop().time())

    def opened(self, login: str) -> None:
        """Forget the failures of a login."""
        self._failures.pop(login, None)


def _seal(row: PersonRow) -> str:
    return hashlib.sha256(f"{row.role} {row.password_hash}".encode()).hexdigest()[:32]


async def visitor(request: Request) -> Visitor:
    """Find who sits at the console.

    Raises:
        LoginNeeded: nobody.
    """
    sessions: Sessions = request.app.state.sessions
    office: Office = request.app.state.office
    found = sessions.read(request)
    if "person" not in found:
        raise LoginNeeded
    async with office.readers() as session:
        row = await session.get(PersonRow, found["person"])
    if row is None or not hmac.compare_digest(_seal(row), found["seal"]):
        raise LoginNeeded
    return Visitor(row.person, row.role, found["csrf"])


async def _office(request: Request) -> Office:
    found: Office = request.app.state.office
    return found


TheVisitor = Annotated[Visitor, Depends(visitor)]
TheOffice = Annotated[Office, Depends(_office)]
