"""`yakkan up --seed`: applications and contracts in every state that is built, made through the public API."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from service.progress import say
from terms.periods import JST

FORM = Path(__file__).parent / "data" / "application-form.json"
PATIENCE = 60.0  # seconds for an acceptance notice to go out
PAUSE = 0.2
JSON = dict[str, Any]
ACCEPT = {"decision": "accept", "reason": "審査のとおり"}


class SeedRefused(Exception):
    """The service did not answer as the seeds expect; says where and with which status."""


class Seeder:
    """Plants once: a folder that was seeded before is left as it is."""

    def __init__(self, http: httpx2.AsyncClient, people: list[dict[str, str]]) -> None:
        self._http = http
        self._keys = {person["person"]: person["api_key"] for person in people}

    async def plant(self) -> None:
        """Make two applications under review, one that is refused, and contracts accepted, active, leaving and ended.

        Raises:
            SeedRefused: the service answered otherwise.
        """
        found = await self._ask("GET", "auditor", "/v1/applications?customer_ref=SEED-1")
        if found["items"]:
            return
        say("planting applications and contracts ...")
        await self._file(1)
        await self._file(2, anti_social_representation=False)
        refused = await self._file(3)
        body = {"decision": "refuse", "grounds": ["9(2)(1)"], "reason": "ご希望の構成は設備の上限を超えます。"}
        await self._post("reviewer", f"{refused}/decisions", body)
        numbers = [await self._contract(n) for n in (4, 5, 6, 7)]
        _, active, leaving, ended = [f"/v1/contracts/{number}" for number in numbers]
        now = await self._now()
        for contract, resource in ((active, "vm-5"), (leaving, "vm-6")):
            await self._post("provisioning", f"{contract}/service-start", _start(now, resource))
        notice = {"arrived_at": now.isoformat(), "form": "paper"}
        await self._post("intake", f"{leaving}/termination-notices", notice)
        await self._post("intake", f"{ended}/cancellations", notice | {"ground": "28(1)"})

    async def _file(self, n: int, **changes: object) -> str:
        """File an application; gives its path."""
        form: JSON = json.loads(FORM.read_text(encoding="utf-8"))
        form |= {"external_ref": f"SEED-{n}", "customer_ref": f"SEED-{n}"} | changes
        filed = await self._post("intake", "/v1/applications", form)
        return f"/v1/applications/{filed['application_no']}"

    async def _contract(self, n: int) -> str:
        """File and accept an application, and wait until its acceptance notice has formed the contract."""
        application = await self._file(n)
        await self._post("reviewer", f"{application}/decisions", ACCEPT)
        async with asyncio.timeout(PATIENCE):
            while True:
                shown = await self._ask("GET", "auditor", application)
                if shown["state"] == "accepted":
                    return str(shown["contract_no"])
                await asyncio.sleep(PAUSE)

    async def _now(self) -> datetime:
        """Tell business time in Japan, in whole seconds."""
        now = datetime.fromisoformat((await self._ask("GET", "auditor", "/v1/clock"))["now"])
        return now.astimezone(JST).replace(microsecond=0)

    async def _post(self, role: str, path: str, body: Mapping[str, object]) -> JSON:
        return await self._ask("POST", role, path, body)

    async def _ask(self, method: str, role: str, path: str, body: Mapping[str, object] | None = None) -> JSON:
        headers = {"Authorization": f"Bearer {self._keys[f'{role}-1']}", "Idempotency-Key": uuid4().hex}
        response = await self._http.request(method, path, json=body, headers=headers)
        if not response.is_success:
            message = f"{method} {path}: {response.status_code}"
            raise SeedRefused(message)
        answer: JSON = response.json()
        return answer


def _start(now: datetime, resource_id: str) -> JSON:
    resource = {"resource_id": resource_id, "code": "VM-S2", "quantity": 1, "zone": "fukuoka-1", "name": "web"}
    return {"service_start_on": now.date().isoformat(), "resources": [resource]}
