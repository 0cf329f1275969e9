"""The real process tree of `yakkan up` for a test: started, called over HTTP, its processes killed."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx2

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0  # seconds for a start, or for a command while processes come back
PAUSE = 0.1
JSON = dict[str, Any]


class Tree:
    """One `yakkan up --simulate` on a folder of its own."""

    def __init__(self, folder: Path, start: str) -> None:
        self.folder, self._start = folder, start
        self._up: asyncio.subprocess.Process | None = None
        self._http = httpx2.AsyncClient(timeout=60)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._http.aclose()

    async def start(self) -> None:
        """Start the tree and wait until it is ready."""
        command = [sys.executable, "-m", "service.cli", "up", "--data", str(self.folder), "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        self._up = await asyncio.create_subprocess_exec(
            *command, "--simulate", self._start, cwd=ROOT, stdout=log, stderr=log, env=environment
        )
        log.close()
        async with asyncio.timeout(PATIENCE):
            while not (self.folder / "service.json").exists():
                assert self._up.returncode is None, "yakkan up has ended"
                await asyncio.sleep(PAUSE)

    async def stop(self) -> int:
        """Stop it as Ctrl-C does; gives the exit code."""
        assert self._up is not None
        if self._up.returncode is None:
            self._up.send_signal(signal.SIGINT)
        return await self._up.wait()

    @property
    def pids(self) -> dict[str, int]:
        """Give the process ids as the service tells them."""
        told: dict[str, int] = json.loads((self.folder / "service.json").read_text())["pids"]
        return told

    def kill(self, name: str) -> None:
        """Kill a process at once, as a power cut would."""
        os.kill(self.pids[name], signal.SIGKILL)

    async def replaced(self, name: str, pid: int) -> None:
        """Wait until a killed process has a successor."""
        async with asyncio.timeout(PATIENCE):
            while not (self.folder / "service.json").exists() or self.pids.get(name) in {pid, None}:  # noqa: ASYNC110
                await asyncio.sleep(PAUSE)

    def key(self, role: str) -> str:
        """Give the API key of a role's first person."""
        people: list[dict[str, str]] = json.loads((self.folder / "credentials.json").read_text())["people"]
        return next(person["api_key"] for person in people if person["role"] == role)

    async def post(self, role: str, path: str, body: JSON, key: str | None = None) -> httpx2.Response:
        """Post a command as a careful client does: again under the same key until the outcome is known."""
        headers = {"Authorization": f"Bearer {self.key(role)}", "Idempotency-Key": key or uuid4().hex}
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    response = await self._http.post(f"{self._base_url()}{path}", json=body, headers=headers)
                except httpx2.TransportError:
                    await asyncio.sleep(PAUSE)
                    continue
                if response.status_code < 500 and "retry-after" not in response.headers:
                    return response
                await asyncio.sleep(PAUSE)

    async def read(self, path: str, role: str = "auditor") -> JSON:
        """Read, until the service answers."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    response = await self._http.get(
                        f"{self._base_url()}{path}", headers={"Authorization": f"Bearer {self.key(role)}"}
                    )
                except httpx2.TransportError:
                    await asyncio.sleep(PAUSE)
                    continue
                if response.status_code < 500:
                    assert response.status_code == 200, response.text
                    answer: JSON = response.json()
                    return answer
                await asyncio.sleep(PAUSE)

    async def until(self, instant: str) -> None:
        """Advance the clock, sending it again where a kill has cut it off."""
        async with asyncio.timeout(PATIENCE):
            while True:
                response = await self.post("admin", "/v1/clock", {"advance_to": instant})
                if response.status_code == 200:
                    return
                assert response.status_code in {409, 503}, response.text
                await asyncio.sleep(PAUSE)

    async def accepted(self, application_no: str) -> str:
        """Wait until an application has become a contract; gives its number."""
        async with asyncio.timeout(PATIENCE):
            while True:
                shown = await self.read(f"/v1/applications/{application_no}")
                if shown["state"] == "accepted":
                    number: str = shown["contract_no"]
                    return number
                await asyncio.sleep(PAUSE)

    def mails(self) -> list[JSON]:
        """List what the embedded mail sink took in."""
        return [json.loads(line) for line in (self.folder / "mail.jsonl").read_text().splitlines()]

    def _base_url(self) -> str:
        try:
            url: str = json.loads((self.folder / "service.json").read_text())["base_url"]
        except FileNotFoundError:
            message = "the service is not up"
            raise httpx2.TransportError(message) from None
        return url
