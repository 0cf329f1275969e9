"""The life that `yakkan demo` plays: applied for, billed, unpaid, suspended, paid, resumed, ended, deleted, erased.

Beside it another application is refused. What is printed is what the service answers.
"""

import json
from datetime import date, datetime
from pathlib import Path

from service.demo_files import server_usage, transfers
from service.demo_story import FORM, Counter, Story
from terms.citation import Article
from terms.periods import JST

CLUSTER, SERVER, GATEWAY = "res-cluster", "res-server-1", "res-gateway"
STATES = {
    "received": "受付済み", "refused": "不承諾", "active": "提供中", "suspended": "停止中", "ended": "終了",
    "closed": "完了", "erased": "消去済",
}  # fmt: skip
ACTIONS = {
    "reminder": "督促", "warning": "再度の督促", "suspension": "利用停止", "demand": "催告", "review": "解除の検討",
    "restoration": "撤去・原状回復の期限", "deletion": "データの削除", "erasure": "個人情報の消去",
}  # fmt: skip
PAYER = "ｶ)ｶｸｳﾌﾞﾂｻﾝ"
APPROVE = {"decision": "approve", "reason": "内容を確認しました。"}
DESIGNATED = {
    "bank_code": "9999", "bank_name": "例示銀行", "branch_code": "001", "branch_name": "本店",
    "type": "1", "number": "1234567", "holder_kana": "ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ",
}  # fmt: skip


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
    await _default(story, contract)
    await _payment(story, contract)
    await _notice(story, contract)
    await _end(story, contract)
    await _deletion(story, contract, refused)
    await _erasure(story, contract)
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
    await counter.do("legal", f"/v1/approvals/{run['approval_id']}/decisions", APPROVE)
    await counter.settle()


async def _default(story: Story, contract: str) -> None:
    """Art. 16, 36: nothing comes by the due day: reminders, an announcement, a suspension that somebody decides on."""
    counter = story.counter
    story.chapter("未払いから利用停止まで (第16条、第36条)")
    await _bill(story, "2026-05", datetime(2026, 6, 5, 10, tzinfo=JST))
    await counter.until(datetime(2026, 7, 1, 10, tzinfo=JST))
    await _bill(story, "2026-06", datetime(2026, 7, 7, 10, tzinfo=JST))
    await counter.until(datetime(2026, 7, 15, 10, tzinfo=JST))
    await _post(story)
    owed = (await counter.read(f"{contract}/default"))["owed"]
    for debt in owed:
        await story.note("36", f"未払額{debt['principal']:,}円、遅延損害金は本日まで{debt['interest']:,}円です。")
    await counter.until(datetime(2026, 7, 25, 10, tzinfo=JST))
    number = contract.rpartition("/")[2]
    (proposal,) = (await counter.read("/v1/approvals", contract_no=number, state="open"))["items"]
    await counter.do("dunning", f"/v1/approvals/{proposal['approval_id']}/decisions", APPROVE)
    await counter.settle()
    state = STATES[(await counter.read(contract))["state"]]
    await story.note("16(1)(1)", f"利用契約の状態は「{state}」です。停止期間中も料金が発生します。")
    await story.tell(contract)
    await story.keep_letters()


async def _post(story: Story) -> None:
    """Post what lies in the tray: a second reminder and a request to restore go on paper too."""
    counter = story.counter
    for letter in (await counter.read("/v1/notices", state="queued"))["items"]:
        posting = {"method": "post", "dispatched_at": (await counter.now()).isoformat()}
        await counter.do("support", f"/v1/notices/{letter['notice_no']}/dispatches", posting)
    await counter.settle()


async def _payment(story: Story, contract: str) -> None:
    """Art. 16(3), 27(2), 36: the transfer comes, with the interest to its day, and service resumes."""
    counter = story.counter
    story.chapter("入金、消込と再開 (第16条第3項、第27条第2項、第36条)")
    await counter.until(datetime(2026, 7, 30, 15, tzinfo=JST))
    owed = (await counter.read(f"{contract}/default"))["owed"]
    await _pay(story, contract, date(2026, 7, 30), sum(debt["principal"] + debt["interest"] for debt in owed))
    paid = (await counter.read("/v1/invoices", month="2026-04"))["items"][0]
    told = "支払済み" if paid["state"] == "paid" else paid["state"]
    await story.note("27(2)", f"請求書{paid['invoice_no']}は{told}です。")
    state = STATES[(await counter.read(contract))["state"]]
    await story.note("16(3)", f"利用契約の状態は「{state}」です。")
    await counter.until(datetime(2026, 7, 31, 15, tzinfo=JST))
    may = (await counter.read("/v1/invoices", month="2026-05"))["items"][0]
    await _pay(story, contract, date(2026, 7, 31), may["total"])
    await story.tell(contract)
    await story.keep_letters()


async def _pay(story: Story, contract: str, on: date, amount: int) -> None:
    """Take in a bank's file with one transfer; what its name and sum do not tell a person allots."""
    counter = story.counter
    taken = await counter.upload("cash", "/v1/bank-files", transfers(DESIGNATED, on, [(amount, PAYER)]))
    told = "名義と金額から消し込まれました" if taken["matched"] else "担当者が契約に充てました"
    for deposit in (await counter.read("/v1/deposits", state="unmatched"))["items"]:
        body = {"contract_no": contract.rpartition("/")[2]}
        await counter.do("cash", f"/v1/deposits/{deposit['deposit_id']}/allocations", body)
    await counter.settle()
    await story.note("27(2)", f"入金{amount:,}円は{told}。[入金消込]")


async def _notice(story: Story, contract: str) -> None:
    """Art. 18(1), 28(2): the customer leaves before its three years are over; an e-mail is no writing, a paper is."""
    counter = story.counter
    story.chapter("解約の届出 (第18条第1項、第28条第2項)")
    await _bill(story, "2026-07", datetime(2026, 8, 7, 10, tzinfo=JST))
    await counter.until(datetime(2026, 8, 10, 9, 30, tzinfo=JST))
    notices = f"{contract}/termination-notices"
    arrived_at = datetime(2026, 8, 10, 9, 15, tzinfo=JST).isoformat()
    await story.refused(await counter.post("intake", notices, {"arrived_at": arrived_at, "form": "email"}))
    await counter.until(datetime(2026, 8, 13, 15, tzinfo=JST))
    written = {"arrived_at": datetime(2026, 8, 13, 14, 5, tzinfo=JST).isoformat(), "form": "paper"}
    end = await counter.do("intake", notices, written)
    await counter.settle()
    await story.tell(contract)
    story.steps(end["steps"])
    await counter.do("intake", notices, written)
    await story.tell(contract)
    story.remark("同じ届出がもう一度届いても、回答は最初のとおりです。")
    await story.keep_letters()


async def _end(story: Story, contract: str) -> None:
    """Art. 18(1) sentence 2, 38(1): reminders, a resource removed, another left; over at 24:00, the penalty is due."""
    counter = story.counter
    story.chapter("終了まで (第18条第1項、第38条)")
    await counter.until(datetime(2026, 8, 31, 15, tzinfo=JST))
    june = (await counter.read("/v1/invoices", month="2026-06"))["items"][0]
    await _pay(story, contract, date(2026, 8, 31), june["total"])
    await _bill(story, "2026-08", datetime(2026, 9, 7, 10, tzinfo=JST))
    await counter.until(datetime(2026, 9, 30, 10, tzinfo=JST))
    removal = {"code": "DC-STD", "to_on": "2026-09-30"}
    await counter.do("provisioning", f"{contract}/resources/{CLUSTER}/removal", removal)
    await counter.until(datetime(2026, 10, 1, 10, tzinfo=JST))
    await _post(story)
    await story.tell(contract)
    await story.keep_letters()


async def _deletion(story: Story, contract: str, refused: str) -> None:
    """Art. 28, 34(1), 38(2): the last bill and the penalty are paid; thirty days after the end the data are deleted."""
    counter = story.counter
    story.chapter("精算とデータの削除 (第28条、第34条第1項、第38条第2項)")
    await _bill(story, "2026-09", datetime(2026, 10, 7, 10, tzinfo=JST))
    ended = await counter.read(contract)
    await story.note("18(1)", f"利用契約の状態は「{STATES[ended['state']]}」、終了時刻は{ended['ended_at']}です。")
    for resource in (await counter.read(f"{contract}/resources"))["items"]:
        if resource["left_over"]:
            await story.note("38(2)", f"削除されずに残ったリソース: {resource['resource_id']} ({resource['name']})")
    for following in ended["next_actions"]:
        await story.note(following["article"], f"次の予定: {following['on']} {ACTIONS[following['action']]}")
    await counter.until(datetime(2026, 10, 20, 15, tzinfo=JST))
    owed = (await counter.read(f"{contract}/balances"))["items"]
    for debt in owed:
        about = "違約金" if debt["kind"] == "penalty" else f"{debt.get('month', '')}分"
        await story.note("27(2)", f"未収: {about} {debt['principal']:,}円 (期日 {debt['due_on']})")
    await _pay(story, contract, date(2026, 10, 20), sum(debt["principal"] + debt["interest"] for debt in owed))
    if "form" not in await counter.read(refused):
        await story.note("44(6)", "不承諾とした申込みの個人情報は、180日後に消去されました。")
    await counter.until(datetime(2026, 11, 2, 10, tzinfo=JST))
    deletion = await counter.read(f"{contract}/deletion")
    state = STATES[(await counter.read(contract))["state"]]
    await story.note("34(1)", f"消去証明書{len(deletion['certificates'])}通。利用契約の状態は「{state}」です。")
    await story.note("44(6)", f"個人情報の消去は{deletion['erasable_from_on']}以降です。")
    await story.tell(contract)
    await story.keep_letters()


async def _erasure(story: Story, contract: str) -> None:
    """Art. 44(6): ten years of retention later the keys are destroyed; the books stay and name nobody."""
    counter = story.counter
    story.chapter("十年の後 (第44条第6項)")
    await counter.until(datetime(2037, 4, 2, 10, tzinfo=JST))
    shown = await counter.read(contract)
    name = shown["customer_name"]
    await story.note("44(6)", f"利用契約の状態は「{STATES[shown['state']]}」、契約者名は「{name}」です。")
    await story.tell(contract)
