"""The letters of the ladder with the facts that they would have in life: one debt, and five of all kinds.

With them the rescission that needs no ladder (43(2)).
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import cast

from pydantic import JsonValue

from terms.interest import late_interest
from terms.periods import ONE_DAY
from terms.settings import TERMS_1_0

AS_OF = date(2026, 9, 9)
BEARING = ("monthly", "surcharge")

ACCOUNT: dict[str, JsonValue] = {
    "bank_name": "架空ふくおか銀行",
    "branch_name": "博多支店",
    "type": "1",
    "number": "9900042",
    "holder_kana": "ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ",
    "own": True,
}
RESOURCE: dict[str, JsonValue] = {
    "resource_id": "vm-41f0c2d8",
    "code": "VM-S2",
    "name": "web-01",
    "quantity": 1,
    "zone": "fukuoka-1",
}


def owed(invoice_no: str, kind: str, due_on: str, principal: int, *, month: str | None = None) -> dict[str, JsonValue]:
    """State an open invoice with its interest to 9 September 2026, as the calculator has it."""
    one: dict[str, JsonValue] = {"invoice_no": invoice_no, "kind": kind, "due_on": due_on, "principal": principal}
    if month:
        one["month"] = month
    if kind in BEARING:
        due = date.fromisoformat(due_on)
        found = late_interest(TERMS_1_0, principal=principal, due_on=due, paid_on=AS_OF)
        one |= {
            "interest": found.interest,
            "from_on": (due + ONE_DAY).isoformat(),
            "days": found.days,
            "parts": [
                {key: value for key in ("years", "days", "basis") if (value := getattr(part, key)) is not None}
                for part in found.parts
            ],
        }
    return one


def debt(*invoices: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Sum invoices up as a letter states them."""
    principal, interest = (sum(cast("int", one.get(name, 0)) for one in invoices) for name in ("principal", "interest"))
    return {
        "as_of_on": AS_OF.isoformat(),
        "owed": list(invoices),
        "principal": principal,
        "interest": interest,
        "total": principal + interest,
        "account": ACCOUNT,
    }


ONE = debt(owed("1260000007", "monthly", "2026-07-31", 123456, month="2026-05"))
FIVE = debt(
    owed("1250000004", "monthly", "2025-06-30", 9876543, month="2025-04"),
    owed("1260000007", "monthly", "2026-07-31", 123456, month="2026-05"),
    owed("1260000131", "monthly", "2026-08-31", 1234567890, month="2026-06"),
    owed("2260000003", "penalty", "2026-08-03", 30600000),
    owed("3260000001", "surcharge", "2026-08-17", 363000),
)
STEPS: list[JsonValue] = list(late_interest(TERMS_1_0, principal=123456, due_on=date(2026, 7, 31), paid_on=AS_OF).steps)

LADDER: Mapping[str, dict[str, JsonValue]] = MappingProxyType(
    {
        "first_reminder": {**ONE, "pay_by_on": "2026-09-18", "steps": STEPS},
        "second_reminder": {**ONE, "pay_by_on": "2026-09-18", "from_on": "2026-09-25", "steps": STEPS},
        "suspension_warning": {
            **ONE,
            "pay_by_on": "2026-09-18",
            "from_on": "2026-09-25",
            "until_on": "2026-12-24",
            "arrives_on": "2026-09-11",
            "scope": "part",
            "resources": [RESOURCE],
            "steps": STEPS,
        },
        "suspension_started_notice": {
            **ONE,
            "started_at": "2026-09-09T09:00:00+09:00",
            "pledge_required": True,
        },
        "suspension_extension_notice": {**ONE, "ended_on": "2026-09-18", "from_on": "2026-09-19"},
        "pledge_request": {"item": 4, "suspended_on": "2026-08-25", "submit_by_on": "2026-09-30"},
        "service_resumed_notice": {"resumed_at": "2026-09-09T10:05:00+09:00"},
        "formal_demand": {
            **ONE,
            "suspended_on": "2026-08-25",
            "demand_days": 14,
            "arrives_on": "2026-09-11",
            "pay_by_on": "2026-09-25",
            "steps": STEPS,
        },
        "rescission_notice": {
            **ONE,
            "paragraph": 1,
            "warned_on": "2026-08-17",
            "suspended_on": "2026-08-25",
            "demanded_on": "2026-09-02",
            "arrives_on": "2026-09-11",
            "penalty": 30600000,
            "delete_from_on": "2026-10-11",
            "restore_by_on": "2026-09-25",
            "steps": ["違約金は¥900,000×34=¥30,600,000である。"],
        },
        "antisocial_rescission_notice": {
            "item": "43(2)(2)③",
            "arrives_on": "2026-06-12",
            "penalty": 30600000,
            "delete_from_on": "2026-07-12",
            "steps": ["違約金は¥900,000×34=¥30,600,000である。"],
        },
    }
)
LADDER_ARTICLES: Mapping[str, str] = MappingProxyType(
    {
        "first_reminder": "16(1)(1)",
        "second_reminder": "16(1)(1)",
        "suspension_warning": "16(2)",
        "suspension_started_notice": "16(2)",
        "suspension_extension_notice": "16(2)",
        "pledge_request": "16(3)",
        "service_resumed_notice": "16(3)",
        "formal_demand": "17(1)",
        "rescission_notice": "17(3)",
        "antisocial_rescission_notice": "43(2)",
    }
)

LADDER_FIXED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("first_reminder", "second_reminder"),
            "2026年9月9日現在、下記料金のご入金を確認できません。遅延損害金は2026年8月1日から40日分、1,961円です。"
            "本状と行き違いにご入金の場合は、ご容赦ください。",
        ),
        "suspension_warning": (
            "2026年9月18日までにお支払いのない場合、利用規約第16条第1項第1号により、2026年9月25日から"
            "2026年12月24日まで、サービスの一部の提供を停止します。停止期間中も料金が発生します(同第26条第4項)。"
        ),
        "formal_demand": (
            "本書面到達後14日以内に下記金額をお支払いください。"
            "お支払いのない場合、利用規約第17条第1項により利用契約を解除します。"
        ),
        "rescission_notice": (
            "利用規約第17条第1項に基づき、本書面をもって利用契約を解除します。"
            "解除は、本書面が到達した時に効力を生じます(同条第3項)。"
        ),
        "antisocial_rescission_notice": "利用規約第43条第2項に基づき、催告を要せず利用契約を解除します。",
    }
)
"""The sentences of notices.md 8."""

COURT = "本契約に関する訴訟は、福岡地方裁判所を第一審の合意管轄裁判所とします(利用規約第45条)。"
PRINTED = ["1260000007", "料金等(2026年5月分)", "2026年7月31日", "2026年8月1日", "40日"]
SUMS = ["¥123,456", "¥1,961", "¥125,417", "年14.5%", "架空ふくおか銀行 博多支店 普通 9900042 ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ"]
GOLD = ["金123,456円", "金1,961円", "金125,417円", "年14.5%", "架空ふくおか銀行 博多支店", "普通預金 9900042", COURT]

LADDER_STATED: Mapping[str, list[str]] = MappingProxyType(
    {
        "first_reminder": [*PRINTED, *SUMS, "2026年9月18日までに", "40日(40日/365日)"],
        "second_reminder": [*PRINTED, *SUMS, "2026年9月18日までに", "2026年9月25日からサービスの提供を停止します"],
        "suspension_warning": [
            *PRINTED, *SUMS, "第16条第2項", "本書面が2026年9月11日に到達した場合", "vm-41f0c2d8", "web-01",
            "全額をお支払いいただいた場合は、停止いたしません。",
        ],
        "suspension_started_notice": [
            *PRINTED, *SUMS, "2026年9月9日 9時00分", "サービスの全部", "停止事由が解消するまで",
            "必要(利用規約第16条第3項)", "再開の条件", "第26条第4項",
        ],
        "suspension_extension_notice": [
            *PRINTED, *SUMS, "2026年9月18日に満了", "2026年9月19日から停止事由が解消するまで", "第26条第4項",
        ],
        "pledge_request": [
            "2026年8月25日", "2026年9月30日", "第16条第3項", "第16条第1項第4号(第19条の規定に違反した場合)",
            "再発のおそれがないこと", "代表者", "C-2026-00042",
        ],
        "service_resumed_notice": ["2026年9月9日 10時05分", "サービスの全部"],
        "formal_demand": [
            *PRINTED, *GOLD, "本書面が2026年9月11日に到達した場合、お支払いの期限は2026年9月25日です。",
            "2026年8月25日からサービスの提供を停止しています", "第16条第1項第1号", "40日は1年を365日とする",
        ],
        "rescission_notice": [
            *PRINTED, *GOLD, "契約番号第2026-00042号", "第16条第1項第1号", "2026年8月17日 利用停止の予告の到達",
            "2026年8月25日 サービスの提供の停止", "2026年9月2日 催告書の到達", "本書面が2026年9月11日に到達した場合",
            "利用契約の終了日 2026年9月11日", "違約金 金30,600,000円", "データ削除予定日 2026年10月11日",
            "原状回復期限 2026年9月25日", "金900,000円×34=金30,600,000円", "違約金の請求書は、別便でお送りします。",
        ],
        "antisocial_rescission_notice": [
            "遅くとも本書面が到達した時に効力を生じます", "契約番号第2026-00042号", "第43条第2項第2号③に該当すること",
            "賠償する責任を負いません(同条第3項)", "本書面が2026年6月12日に到達した場合",
            "利用契約の終了日 2026年6月12日", "違約金 金30,600,000円(不課税、利用規約第28条第2項)",
            "データ削除予定日 2026年7月12日", COURT,
        ],
    }
)  # fmt: skip
"""What each letter states (notices.md 5)."""
