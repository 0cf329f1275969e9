"""A mail server that does to the next mails what it is told: defers, refuses, or hangs up after taking them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message

MAX_MAIL = 1 << 24  # bytes


class Postmaster:
    """Takes mail; `moods` says what befalls the next ones: an answer to the recipient, or `hang up` after the dot."""

    def __init__(self) -> None:
        self.moods: list[str] = []
        self.taken: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client (RFC 5321)."""
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            answer = "250 fine"
            match line.split()[0].upper():
                case b"RCPT" if self.moods and self.moods[0] != "hang up":
                    answer = self.moods.pop(0)
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    self.taken.append(await reader.readuntil(b"\r\n.\r\n"))
                    if self.moods:
                        self.moods.pop(0)
                        break
                case b"QUIT":
                    break
                case _:
                    pass
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
        writer.close()

    def mails(self) -> list[Message]:
        """Read the mails taken."""
        return [message_from_bytes(content) for content in self.taken]

    def hashes(self) -> list[str]:
        """Hash the mails taken, byte for byte."""
        return [hashlib.sha256(content).hexdigest() for content in self.taken]


@asynccontextmanager
async def at_the_post() -> AsyncIterator[Postmaster]:
    """Open a mail server for a while."""
    postmaster = Postmaster()
    async with await asyncio.start_server(postmaster.serve, "127.0.0.1", 0, limit=MAX_MAIL) as server:
        postmaster.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield postmaster
