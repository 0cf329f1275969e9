"""Locks on files that end with their holder, however it ends."""

import fcntl
from typing import IO


def locked(file: IO[str]) -> bool:
    """Try to take the lock of an open file."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
