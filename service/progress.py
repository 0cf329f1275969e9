"""Show long work on stderr: one line that changes on a terminal, a line now and then in a log."""

import asyncio
import sys
import time
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")

LOG_EVERY = 15.0  # seconds between two lines where stderr is no terminal


def say(text: str) -> None:
    """Print one line to stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Progress:
    """One piece of work, its elapsed time and where it stands."""

    def __init__(self, title: str) -> None:
        self.title, self.begun = title, time.monotonic()
        self._shown, self._live = 0.0, sys.stderr.isatty()
        if not self._live:
            say(f"{title} ...")

    def show(self, state: str = "") -> None:
        """Show where the work stands; cheap to call often."""
        elapsed = time.monotonic() - self.begun
        if elapsed - self._shown < (0.2 if self._live else LOG_EVERY):
            return
        self._shown = elapsed
        line = f"{self.title}: {_clock(elapsed)}{', ' if state else ''}{state}"
        if self._live:
            sys.stderr.write(f"\r\x1b[2K{line[:110]}")
            sys.stderr.flush()
        else:
            say(line)

    async def during(self, work: Coroutine[None, None, T], state: str = "") -> T:
        """Do a piece of the work that tells nothing while it runs."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=1))[0]:
                self.show(state)
            return task.result()
        finally:
            task.cancel()

    def done(self, state: str = "done") -> None:
        """Close the line."""
        if self._live:
            sys.stderr.write("\r\x1b[2K")
        say(f"{self.title}: {state} after {_clock(time.monotonic() - self.begun)}")


def _clock(seconds: float) -> str:
    """Write a duration as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
