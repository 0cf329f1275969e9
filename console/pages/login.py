"""Logging in and out."""

import asyncio
import re
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlmodel import col
from starlette.responses import Response

from console.rendering import page
from console.session import PATH, Doors, Sessions, TheOffice
from models.tables import PersonRow

HOME = f"{PATH}/letters"
MAX_TEXT = 200

router = APIRouter()
_INSIDE = re.compile(rf"{PATH}(/[A-Za-z0-9_-]+)+(\.pdf)?")
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody")  # a login that does not exist takes as long as one that does


class Credentials(BaseModel):
    """What the login form sends."""

    login: Annotated[str, Field(max_length=MAX_TEXT, pattern=r"^[^\u0000-\u001f]*$")] = ""
    password: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    token: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    after: Annotated[str, Field(max_length=MAX_TEXT)] = HOME


class Leaving(BaseModel):
    """What the logout button sends."""

    token: Annotated[str, Field(max_length=MAX_TEXT)] = ""


@router.get("/login")
async def show(request: Request, after: str = HOME) -> Response:
    """Show the login form."""
    return _form(request, after)


@router.post("/login")
async def enter(request: Request, sent: Annotated[Credentials, Form()], office: TheOffice) -> Response:
    """Log a person in, or show the form again; it does not say which of the two was wrong."""
    sessions: Sessions = request.app.state.sessions
    doors: Doors = request.app.state.doors
    sessions.check_form(request, sent.token)
    if doors.are_shut(sent.login):
        return _form(request, sent.after, error="ログインの失敗が続いたため、しばらく受け付けません。", status=429)
    async with office.readers() as session:
        found = await session.execute(select(PersonRow).where(col(PersonRow.login) == sent.login))
        row = found.scalar_one_or_none()
    if not await asyncio.to_thread(_fits, row.password_hash if row else _NOBODY, sent.password) or row is None:
        doors.failed(sent.login)
        return _form(request, sent.after, error="ログイン名またはパスワードが違います。", status=403)
    doors.opened(sent.login)
    response = RedirectResponse(_ours(sent.after), 303)
    sessions.begin(response, row)
    return response


@router.post("/logout")
async def leave(request: Request, sent: Annotated[Leaving, Form()]) -> Response:
    """Log out."""
    sessions: Sessions = request.app.state.sessions
    sessions.check_form(request, sent.token)
    response = RedirectResponse(f"{PATH}/login", 303)
    sessions.end(response)
    return response


def _form(request: Request, after: str, *, error: str | None = None, status: int = 200) -> Response:
    sessions: Sessions = request.app.state.sessions
    token = sessions.new_token()
    response = page("login.html", status, token=token, after=_ours(after), error=error, visitor=None)
    sessions.welcome(response, token)
    return response


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _ours(path: str) -> str:
    """Send nobody to somebody else's pages after the login."""
    return path if _INSIDE.fullmatch(path) else HOME
