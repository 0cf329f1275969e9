"""The letters of successions, assignments and changes of name with the facts that they would have in life."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import JsonValue

SUCCESSOR = "株式会社承継あかつき"

SUCCESSION: Mapping[str, dict[str, JsonValue]] = MappingProxyType(
    {
        "succession_receipt": {
            "kind": "absorption",
            "received_on": "2026-07-14",
            "succeeded_on": "2026-06-11",
            "deadline_on": "2026-07-13",
            "late": True,
            "missing": ["registry_certificate", "anti_social_representation"],
            "steps": ["2026年7月11日は休業日のため、翌営業日まで延びます。"],
        },
        "proof_request": {
            "article": "13(2)",
            "documents": ["proof_of_change"],
            "submit_by_on": "2026-04-24",
        },
        "registration_change_receipt": {
            "arrived_on": "2026-04-10",
            "effective_on": "2026-04-15",
            "from_on": "2026-04-15",
            "changed": ["name", "address", "contacts"],
        },
        "assignment_consent": {"assignee": SUCCESSOR},
        "assignment_refusal": {"assignee": SUCCESSOR},
        "succession_rescission_notice": {
            "successor": SUCCESSOR,
            "kind": "new_company",
            "succeeded_on": "2026-06-01",
            "grounds": ["9(2)(2)", "9(2)(5)"],
            "arrives_on": "2026-06-12",
            "penalty": 30600000,
            "delete_from_on": "2026-07-12",
            "steps": ["違約金は¥900,000×34=¥30,600,000である。"],
        },
    }
)
SUCCESSION_ARTICLES: Mapping[str, str] = MappingProxyType(
    {
        "succession_receipt": "12(1)",
        "proof_request": "13(2)",
        "registration_change_receipt": "13(1)",
        "assignment_consent": "11",
        "assignment_refusal": "11",
        "succession_rescission_notice": "12(2)",
    }
)
SUCCESSION_FIXED: Mapping[str, str] = MappingProxyType(
    {
        "succession_rescission_notice": (
            "利用規約第12条第2項に基づき、本書面をもって、承継した法人である貴社との利用契約を解除します。"
            "解除は、本書面が到達した時に効力を生じます。"
        ),
    }
)
SUCCESSION_STATED: Mapping[str, list[str]] = MappingProxyType(
    {
        "succession_receipt": [
            "2026年7月14日に届出の期限後に到達しました", "吸収合併", "2026年6月11日", "2026年7月13日",
            "登記事項証明書、反社会的勢力でないことの表明確約書", "結果を追ってご連絡します",
        ],
        "proof_request": ["第13条第2項", "変更の事実を証明する書類", "2026年4月24日まで"],
        "registration_change_receipt": [
            "2026年4月10日", "商号、住所、連絡先", "2026年4月15日からの通知及び請求書には", "第13条第1項",
        ],
        "assignment_consent": [SUCCESSOR, "第11条ただし書", "契約番号C-2026-00042", "譲渡を承諾します", "到達の日"],
        "assignment_refusal": [SUCCESSOR, "第11条", "承諾をしないこととしました"],
        "succession_rescission_notice": [
            f"承継した法人 {SUCCESSOR}", "新設合併", "承継の日 2026年6月1日", "第9条第2項第2号、第9条第2項第5号",
            "契約番号第2026-00042号", "本書面が2026年6月12日に到達した場合", "利用契約の終了日 2026年6月12日",
            "違約金 金30,600,000円", "データ削除予定日 2026年7月12日", "金900,000円×34=金30,600,000円",
        ],
    }
)  # fmt: skip
"""What each letter states (notices.md 5)."""
