"""Who tells the story of `yakkan demo`: somebody at the counter of the service, and what is printed of its answers.

Everything is asked of the public API, under the keys of the people who would ask. Sentences are Japanese, as in the
office. The chapters are those of `service/demo_life.py`.
"""

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import httpx2

from terms.citation import Article
from terms.letters import LETTERS
from terms.periods import JST

FORM = Path(__file__).parent / "data" / "application-form.json"
START = datetime(2026, 3, 25, 9, tzinfo=JST)
MINUTE = timedelta(minutes=1)
ARTICLE_WIDTH = 20
INDENT = 18 + ARTICLE_WIDTH
JSON = dict[str, Any]

ROLES = {
    "intake": "申込受付",
    "reviewer": "審査",
    "provisioning": "開通",
    "support": "サポート",
    "billing": "課金",
    "cash": "入金消込",
    "dunning": "督促",
    "legal": "法務",
    "admin": "管理",
    "system": "自動",
}


class Unexpected(Exception):
    """The service answered what this story does not expect."""


class Counter:
    """Somebody at the counter of the service: asks as any person, and moves the clock."""

    def __init__(self, http: httpx2.AsyncClient, keys: Mapping[str, str]) -> None:
        self._http, self._keys = http, keys
        self._numbers = count(1)

    async def post(self, role: str, path: str, body: object) -> httpx2.Response:
        """Command something as the first person of a role."""
        headers = self._headers(f"{role}-1") | {"Idempotency-Key": f"demo-{next(self._numbers)}"}
        return await self._http.post(path, json=body, headers=headers)

    async def upload(self, role: str, path: str, content: bytes) -> JSON:
        """Send a file that must be taken in.

        Raises:
            Unexpected: it was not.
        """
        headers = self._headers(f"{role}-1") | {"Idempotency-Key": f"demo-{next(self._numbers)}"}
        return _successful(await self._http.post(path, files={"file": ("file", content)}, headers=headers))

    async def do(self, role: str, path: str, body: object) -> JSON:
        """Command something that must succeed.

        Raises:
            Unexpected: it did not.
        """
        return _successful(await self.post(role, path, body))

    async def read(self, path: str, **query: str) -> JSON:
        """Read as the auditor what must be there.

        Raises:
            Unexpected: it is not.
        """
        return _successful(await self.get(path, **query))

    async def get(self, path: str, **query: str) -> httpx2.Response:
        """Read as the auditor."""
        return await self._http.get(path, params=query, headers=self._headers("auditor-1"))

    async def until(self, instant: datetime) -> None:
        """Move business time; on return all work that was due is done."""
        body = {"advance_to": instant.isoformat()}
        _successful(await self._http.post("/v1/clock", json=body, headers=self._headers("admin-1")))

    async def now(self) -> datetime:
        """Tell business time in Japan."""
        return datetime.fromisoformat((await self.read("/v1/clock"))["now"]).astimezone(JST)

    async def settle(self) -> None:
        """Let a minute pass: what was set going comes to rest, letters go out."""
        await self.until(await self.now() + MINUTE)

    def _headers(self, person: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._keys[person]}"}


def _successful(response: httpx2.Response) -> JSON:
    if not response.is_success:
        message = f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}"
        raise Unexpected(message)
    answer: JSON = response.json()
    return answer


class Story:
    """Tells what the service answers, with dates and articles, and keeps the letters."""

    def __init__(self, counter: Counter, out: Path) -> None:
        self.counter, self.out = counter, out
        self._noted: list[tuple[datetime, str, str]] = []
        self._told: set[tuple[str, str, str]] = set()
        self._kept: set[str] = set()

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        _say(f"\n■ {title}")

    async def note(self, article: str, text: str) -> None:
        """Note what was answered just now; it is told with what else happened."""
        self._noted.append((await self.counter.now(), article, text))

    async def refused(self, response: httpx2.Response) -> None:
        """Note a refusal with its article.

        Raises:
            Unexpected: it was none.
        """
        if response.status_code != httpx2.codes.CONFLICT:
            message = f"a refusal was expected, not {response.status_code}: {response.text}"
            raise Unexpected(message)
        problem = response.json()
        await self.note(problem["article"], f"× {problem['detail']}")

    async def tell(self, contract: str | None = None) -> None:
        """Tell what was noted and what is new in a contract's timeline, in the order in which it happened."""
        if contract is not None:
            await self._read_timeline(contract)
        for at, article, text in sorted(self._noted):
            _say(_line(at, article, text))
        self._noted.clear()

    async def _read_timeline(self, contract: str) -> None:
        for moment in (await self.counter.read(f"{contract}/timeline", limit="500"))["items"]:
            key = moment["at"], moment["action"], moment["summary"]
            if key in self._told or moment["basis"].get("basis") == "dispatch":
                continue  # an e-mail arrives with its dispatch (Art. 42(2))
            self._told.add(key)
            who = ROLES.get(moment["actor"].partition(":")[0], moment["actor"])
            self._noted.append(
                (datetime.fromisoformat(moment["at"]), moment["article"], f"{moment['summary']} [{who}]")
            )

    def steps(self, steps: list[str]) -> None:
        """Tell a derivation."""
        for step in steps:
            self.remark(f"・{step}")

    def remark(self, text: str) -> None:
        """Tell something that has no date of its own."""
        _say(" " * INDENT + text)

    async def keep_letters(self) -> None:
        """Save the letters that were rendered since."""
        for notice in (await self.counter.read("/v1/notices", limit="500"))["items"]:
            number = notice["notice_no"]
            if number in self._kept or "sha256" not in notice:
                continue
            response = await self.counter.get(f"/v1/notices/{number}/document.pdf")
            response.raise_for_status()
            (self.out / f"{number}-{notice['slug']}.pdf").write_bytes(response.content)
            self._kept.add(number)

    async def list_letters(self) -> None:
        """Tell which letters lie where."""
        self.chapter(f"書面 {len(self._kept)}通 ({self.out})")
        for notice in (await self.counter.read("/v1/notices", limit="500"))["items"]:
            if notice["notice_no"] in self._kept and "dispatched_at" in notice:
                at = datetime.fromisoformat(notice["dispatched_at"])
                name = f"{notice['notice_no']}-{notice['slug']}.pdf"
                _say(_line(at, notice["article"], f"{LETTERS[notice['slug']].title} → {name}"))


def _line(at: datetime, article: str, text: str) -> str:
    place = Article.parse(article).ja
    width = sum(2 if east_asian_width(character) in "WFA" else 1 for character in place)
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M}  {place}{' ' * max(ARTICLE_WIDTH - width, 1)}{text}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
