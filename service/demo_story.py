"""The story of `yakkan demo`: one application that becomes a contract and ends, and one that is refused.

Everything is asked of the public API, under the keys of the people who would ask; what is printed is what the
service answers. Sentences are Japanese, as in the office.
"""

import json
import sys
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import httpx2

from service.demo_files import server_usage, transfers
from terms.citation import Article
from terms.letters import LETTERS
from terms.periods import JST

FORM = Path(__file__).parent / "data" / "application-form.json"
START = datetime(2026, 3, 25, 9, tzinfo=JST)
CLUSTER, SERVER, GATEWAY = "res-cluster", "res-server-1", "res-gateway"
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
    "legal": "法務",
    "admin": "管理",
    "system": "自動",
}
STATES = {"received": "受付済み", "refused": "不承諾", "ended": "終了"}
ACTIONS = {"deletion": "データの削除", "erasure": "個人情報の消去"}
DESIGNATED = {
    "bank_code": "9999", "bank_name": "例示銀行", "branch_code": "001", "branch_name": "本店",
    "type": "1", "number": "1234567", "holder_kana": "ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ",
}  # fmt: skip


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
            _say(" " * INDENT + f"・{step}")

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
            if notice["notice_no"] in self._kept:
                at = datetime.fromisoformat(notice["dispatched_at"])
                name = f"{notice['notice_no']}-{notice['slug']}.pdf"
                _say(_line(at, notice["article"], f"{LETTERS[notice['slug']].title} → {name}"))


async def tell(counter: Counter, out: Path) -> None:
    """Tell the whole story; the letters lie in `out` afterwards.

    Raises:
        Unexpected: the service answered otherwise than the terms say.
    """
    story = Story(counter, out)
    contract = await _application(story)
    await _start(story, contract)
    refused = await _refusal(story)
    await _usage(story, contract)
    await _payment(story, contract)
    await _notice(story, contract)
    await _end(story, contract)
    await _afterwards(story, contract, refused)
    await story.list_letters()


async def _application(story: Story) -> str:
    """Art. 4, 8, 9, 43: an incomplete form, completed, accepted; gives the contract's path."""
    counter = story.counter
    story.chapter("申込みから承諾まで (第4条、第8条、第9条、第43条)")
    form = json.loads(FORM.read_text(encoding="utf-8")) | {"anti_social_representation": False}
    filed = await counter.do("intake", "/v1/applications", form)
    application = f"/v1/applications/{filed['application_no']}"
    await counter.settle()
    for finding in (await counter.read(application))["findings"]:
        await story.note(finding["article"], f"審査の指摘: {finding['detail']}")
    accept = {"decision": "accept", "reason": "審査のとおり"}
    await story.refused(await counter.post("reviewer", f"{application}/decisions", accept))
    await counter.until(datetime(2026, 3, 27, 10, tzinfo=JST))
    change = {"pointer": "/anti_social_representation", "value": True}
    completion = {"changes": [change], "arrived_at": datetime(2026, 3, 27, 9, 40, tzinfo=JST).isoformat()}
    await counter.do("intake", f"{application}/completions", completion)
    await counter.until(datetime(2026, 3, 30, 11, tzinfo=JST))
    await counter.do("reviewer", f"{application}/decisions", accept)
    await counter.settle()
    contract = f"/v1/contracts/{(await counter.read(application))['contract_no']}"
    await story.tell(contract)
    return contract


async def _start(story: Story, contract: str) -> None:
    """Art. 5, 26(3): the service starts, and with it the minimum terms."""
    counter = story.counter
    story.chapter("提供の開始 (第5条、第26条第3項)")
    await counter.until(datetime(2026, 4, 1, 10, tzinfo=JST))
    ordered = ((CLUSTER, "DC-STD", "基幹クラスター"), (SERVER, "VM-M8", "受発注"), (GATEWAY, "SGW", "閉域接続"))
    resources = [
        {"resource_id": number, "code": code, "quantity": 1, "zone": "fukuoka-1", "name": name}
        for number, code, name in ordered
    ]
    body = {"service_start_on": "2026-04-01", "resources": resources}
    started = await counter.do("provisioning", f"{contract}/service-start", body)
    await counter.settle()
    await story.note("5(1)", f"最低利用期間は{started['min_term_ends_on']}に満了します。")
    await story.tell(contract)
    await story.keep_letters()


async def _refusal(story: Story) -> str:
    """Art. 9(2), 9(3): another application is refused; it closes when its letter is posted. Gives its path."""
    counter = story.counter
    story.chapter("別の申込み: 不承諾 (第9条第2項、第3項)")
    form = json.loads(FORM.read_text(encoding="utf-8")) | {"external_ref": "DEMO-2026-002"}
    filed = await counter.do("intake", "/v1/applications", form)
    application = f"/v1/applications/{filed['application_no']}"
    await story.note("8(1)", f"利用申込書を受け付けました。申込番号は{filed['application_no']}です。")
    await counter.settle()
    decision = {"decision": "refuse", "grounds": ["9(2)(1)"], "reason": "ご希望の構成は設備の上限を超えます。"}
    answer = await counter.do("reviewer", f"{application}/decisions", decision)
    await story.note(
        "9(2)(1)", f"不承諾を決定しました。書面を発送するまで、申込みの状態は「{STATES[answer['state']]}」のままです。"
    )
    await counter.settle()
    query = {"application_no": filed["application_no"], "slug": "refusal_notice"}
    letter = f"/v1/notices/{(await counter.read('/v1/notices', **query))['items'][0]['notice_no']}"
    now = await counter.now()
    posting = {"method": "registered", "tracking_no": "000-00-00000-0", "dispatched_at": now.isoformat()}
    await counter.do("support", f"{letter}/dispatches", posting)
    await counter.settle()
    state = STATES[(await counter.read(application))["state"]]
    await story.note("9(3)", f"不承諾通知書を書留で発送しました。申込みの状態は「{state}」です。")
    await story.tell()
    await story.keep_letters()
    return application


async def _usage(story: Story, contract: str) -> None:
    """Art. 24-27: a month's usage comes, a run prices it, a second person agrees, the invoice goes out."""
    counter = story.counter
    story.chapter("利用実績と請求 (第24条から第27条)")
    await counter.until(datetime(2026, 5, 1, 10, tzinfo=JST))
    await counter.do("admin", "/v1/bank-accounts", DESIGNATED)
    removal = {"code": "VM-M8", "to_on": "2026-04-30"}
    await counter.do("provisioning", f"{contract}/resources/{SERVER}/removal", removal)
    customer_ref = (await counter.read(contract))["customer_ref"]
    used = server_usage(customer_ref, SERVER, "VM-M8", date(2026, 4, 1), date(2026, 4, 30), hours_a_day=10)
    taken = await counter.upload("billing", "/v1/usage-files", used)
    await story.note("26(1)", f"利用実績{taken['rows']}行のうち{taken['accepted']}行を受け入れました。[課金]")
    await _bill(story, "2026-04", datetime(2026, 5, 12, 10, tzinfo=JST))
    await story.tell(contract)
    invoice = (await counter.read("/v1/invoices", month="2026-04"))["items"][0]
    for line in invoice["lines"]:
        story.steps([f"{line['code']}: {line['amount']:,}円 ({Article.parse(line['article']).ja})"])
    story.steps([f"請求額 {invoice['total']:,}円、お支払期日 {invoice['due_on']}"])
    await story.keep_letters()


async def _bill(story: Story, month: str, at: datetime) -> None:
    """A run began by itself on the third bank day; a second person agrees on the fifth (27(1))."""
    counter = story.counter
    await counter.until(at)
    run = await counter.read(f"/v1/billing-runs/{month}")
    counts = run["counts"]
    await story.note(
        "24(2)", f"{month}分: 対象{counts['contracts']}件、請求{counts['priced']}件、保留{counts['held']}件。"
    )
    approve = {"decision": "approve", "reason": "内訳を確認しました。"}
    await counter.do("legal", f"/v1/approvals/{run['approval_id']}/decisions", approve)
    await counter.settle()


async def _payment(story: Story, contract: str) -> None:
    """Art. 27(2): the transfer comes, is recognised by name and sum, and pays the invoice."""
    counter = story.counter
    story.chapter("入金と消込 (第27条第2項)")
    await _bill(story, "2026-05", datetime(2026, 6, 5, 10, tzinfo=JST))
    await counter.until(datetime(2026, 6, 30, 15, tzinfo=JST))
    invoice = (await counter.read("/v1/invoices", month="2026-04"))["items"][0]
    came = transfers(DESIGNATED, date(2026, 6, 30), [(invoice["total"], "ｶ)ｶｸｳﾌﾞﾂｻﾝ")])
    taken = await counter.upload("cash", "/v1/bank-files", came)
    await story.note("27(2)", f"入金{taken['records']}件のうち{taken['matched']}件が名義と金額から消し込まれました。")
    paid = (await counter.read(f"/v1/invoices/{invoice['invoice_no']}"))["state"]
    await story.note("27(2)", f"請求書{invoice['invoice_no']}は{'支払済み' if paid == 'paid' else paid}です。")
    await story.tell(contract)
    await _bill(story, "2026-06", datetime(2026, 7, 7, 10, tzinfo=JST))
    await story.tell(contract)
    await story.keep_letters()


async def _notice(story: Story, contract: str) -> None:
    """Art. 18(1), 28(2): the customer leaves before its three years are over; an e-mail is no writing, a paper is."""
    counter = story.counter
    story.chapter("解約の届出 (第18条第1項、第28条第2項)")
    await counter.until(datetime(2026, 7, 10, 9, 30, tzinfo=JST))
    notices = f"{contract}/termination-notices"
    arrived_at = datetime(2026, 7, 10, 9, 15, tzinfo=JST).isoformat()
    await story.refused(await counter.post("intake", notices, {"arrived_at": arrived_at, "form": "email"}))
    await counter.until(datetime(2026, 7, 13, 15, tzinfo=JST))
    written = {"arrived_at": datetime(2026, 7, 13, 14, 5, tzinfo=JST).isoformat(), "form": "paper"}
    end = await counter.do("intake", notices, written)
    await counter.settle()
    await story.tell(contract)
    story.steps(end["steps"])
    await counter.do("intake", notices, written)
    await story.tell(contract)
    _say(" " * INDENT + "同じ届出がもう一度届いても、回答は最初のとおりです。")
    await story.keep_letters()


async def _end(story: Story, contract: str) -> None:
    """Art. 18(1) sentence 2: reminders, a resource removed, another left; over at 24:00, and the penalty is due."""
    counter = story.counter
    story.chapter("終了まで (第18条第1項、第38条第2項)")
    await _bill(story, "2026-07", datetime(2026, 8, 7, 10, tzinfo=JST))
    await counter.until(datetime(2026, 8, 31, 10, tzinfo=JST))
    removal = {"code": "DC-STD", "to_on": "2026-08-31"}
    await counter.do("provisioning", f"{contract}/resources/{CLUSTER}/removal", removal)
    await counter.until(datetime(2026, 9, 1, 0, 1, tzinfo=JST))
    await story.tell(contract)
    await story.keep_letters()


async def _afterwards(story: Story, contract: str, refused: str) -> None:
    """What is left: the ended contract, and nothing of the applicant who was refused."""
    counter = story.counter
    story.chapter("その後 (第28条、第34条第1項、第38条第2項、第44条第6項)")
    await _bill(story, "2026-08", datetime(2026, 9, 7, 10, tzinfo=JST))
    await counter.until(datetime(2026, 10, 1, 10, tzinfo=JST))
    ended = await counter.read(contract)
    await story.note("18(1)", f"利用契約の状態は「{STATES[ended['state']]}」、終了時刻は{ended['ended_at']}です。")
    for resource in (await counter.read(f"{contract}/resources"))["items"]:
        if resource["left_over"]:
            await story.note("38(2)", f"削除されずに残ったリソース: {resource['resource_id']} ({resource['name']})")
    for following in ended["next_actions"]:
        await story.note(following["article"], f"次の予定: {following['on']} {ACTIONS[following['action']]}")
    for owed in (await counter.read(f"{contract}/balances"))["items"]:
        about = "違約金" if owed["kind"] == "penalty" else f"{owed.get('month', '')}分"
        await story.note("27(2)", f"未収: {about} {owed['principal']:,}円 (期日 {owed['due_on']})")
    if "form" not in await counter.read(refused):
        await story.note("44(6)", "不承諾とした申込みの個人情報は、180日後に消去されました。")
    await story.tell()


def _line(at: datetime, article: str, text: str) -> str:
    place = Article.parse(article).ja
    width = sum(2 if east_asian_width(character) in "WFA" else 1 for character in place)
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M}  {place}{' ' * max(ARTICLE_WIDTH - width, 1)}{text}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
