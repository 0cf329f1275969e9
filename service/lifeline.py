"""Run a program that ends with the process that started it, even one that was killed.

This file is run by its path (`python -I lifeline.py PARENT PROGRAM ARGUMENT…`), so that it starts in some
milliseconds and needs no package. On Linux the kernel does the watching: the program takes this process's place and
is sent SIGTERM when its parent dies. Elsewhere this process stays and looks twice a second.
"""

import ctypes
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PARENT_VARIABLE = "YAKKAN_UP_PID"  # set for the children of `yakkan up`
PR_SET_PDEATHSIG = 1
LOOK_EVERY = 0.5  # seconds
GRACE = 10.0  # seconds that a program has to end after SIGTERM


def tied(*command: str) -> list[str]:
    """Give the command line that runs a program as long as this process lives."""
    return [sys.executable, "-I", str(Path(__file__).resolve()), str(os.getpid()), *command]


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def end_when_orphaned(parent: int) -> None:
    """End this process for good some seconds after its parent has gone: a shutdown of its own may hang."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=look, name="lifeline", daemon=True).start()


def become(parent: int, command: list[str]) -> None:
    """Take the program's place, with the kernel's promise to end it (Linux); returns if the parent is gone."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == parent:  # it may have died before the promise held
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


def keep(parent: int, command: list[str]) -> int:
    """Run the program beside us and end it when the parent has gone (any Unix)."""
    child = subprocess.Popen(command)  # noqa: S603 - our own parent chose the command
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while True:
        try:
            return child.wait(LOOK_EVERY)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                break
    child.terminate()
    try:
        return child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def main() -> int:
    """Run the command line `PARENT PROGRAM ARGUMENT…`."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if platform.system() == "Linux":
        become(parent, command)
        return 1
    return keep(parent, command)


if __name__ == "__main__":
    sys.exit(main())
