"""One letter of each slug, with the facts that it would have in life."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from pydantic import JsonValue

from activities.documents import Sender
from models.messages.notice import Addressee, Channel, Letter
from terms.periods import JST
from tests.activities.ladder_letters import LADDER, LADDER_ARTICLES
from tests.activities.succession_letters import SUCCESSION, SUCCESSION_ARTICLES

SENDER = Sender(
    department="QT PRO Cloud 契約窓口",
    postal_code="810-0000",
    address="福岡県福岡市中央区例示町1丁目2番3号",
    phone="092-000-0000",
    email="keiyaku@qtnet.example",
)
ADDRESSEE = Addressee(
    company="株式会社玄海ななつ星物流",
    department="総務部",
    person="古賀 真理子",
    postal_code="812-0000",
    address="福岡県福岡市博多区例示が丘6丁目23番15号 架空第一ビル 7階",
    email="keiyaku@genkai-nanatsuboshi.example",
)
SEAT = ADDRESSEE.model_copy(update={"department": None, "person": "代表取締役 古賀 真理子", "email": None})
CERTIFIED = ("formal_demand", "rescission_notice", "succession_rescission_notice", "antisocial_rescission_notice")
CHANNELS: Mapping[str, Channel] = MappingProxyType(
    {
        "refusal_notice": "registered",
        "personal_data_erasure_record": "record",
        "assignment_consent": "post",
        "assignment_refusal": "post",
        **dict.fromkeys(CERTIFIED, "certified"),
    }
)
ISSUED_AT = datetime(2026, 3, 25, 9, 0, tzinfo=JST)

ITEMS: list[JsonValue] = [
    {
        "code": code,
        "name": name,
        "quantity": quantity,
        "unit": unit,
        "zone": zone,
        "initial_fee": fee,
    }
    for code, name, quantity, unit, zone, fee in (
        ("VM-S2", "仮想サーバー 2 vCPU 4 GB", 8, "VM", "fukuoka-1", 0),
        ("VOL-SSD", "ディスク 高速", 2600, "GB", "fukuoka-2", 0),
        ("SGW", "サービスゲートウェイ", 1, "gateway", "fukuoka-1", 30000),
        ("DC-STD", "専有クラスター (3 ホスト)", 1, "cluster", "fukuoka-2", 500000),
        ("LIC-WIN", "Windows ライセンス", 3, None, None, 0),
    )
]
RESOURCES: list[JsonValue] = [
    {"resource_id": "vm-41f0c2d8", "code": "VM-S2", "name": "web-01", "quantity": 1, "zone": "fukuoka-1"},
    {"resource_id": "vol-9a77e310", "code": "VOL-SSD", "name": "基幹DB データ", "quantity": 2600, "zone": "fukuoka-2"},
    {"resource_id": "ip-b0210a42", "code": "IP-G", "name": "203.0.113.10", "quantity": 1, "zone": "fukuoka-1"},
    {"resource_id": "snap-00c4", "code": "SNAP", "name": None, "quantity": "12.5", "zone": None},
]
NOTICE_STEPS: list[JsonValue] = [
    "解約届は2026年4月10日に到達した。",
    "1か月の予告期間は、到達の翌日の2026年4月11日から起算し、2026年5月10日に満了する。",
    "予告期間が満了する月の末日は2026年5月31日であり、この日が解除日となる。",
]

FACTS: Mapping[str, dict[str, JsonValue]] = MappingProxyType(
    {
        "application_received_notice": {"received_at": "2026-03-12T15:19:00+09:00", "answer_by_on": "2026-03-19"},
        "application_incomplete_notice": {
            "received_at": "2026-03-12T06:19:00Z",
            "missing": [
                {"article": "8(1)", "detail": "利用申込書の代表者の氏名が登記の記録と異なります。"},
                {"article": "43(1)", "detail": "反社会的勢力でないことの表明・確約のご記入がありません。"},
            ],
        },
        "acceptance_notice": {
            "formed_at": "2026-03-25T09:00:00+09:00",
            "items": ITEMS,
            "price_list": "PL-2026-03",
            "initial_fees": 540000,
            "initial_due_on": "2026-06-30",
            "minimum_terms": [{"code": "DC-STD", "months": 36}, {"months": 1}],
            "planned_start_on": "2026-04-01",
        },
        "refusal_notice": {
            "grounds": ["9(2)(1)", "9(2)(5)"],
            "reason": "ご希望のゾーンに、専有ホストを設置できません。\n他のゾーンであれば、ご検討いただけます。",
        },
        "service_start_notice": {
            "service_start_on": "2026-04-01",
            "billing_start_on": "2026-04-01",
            "min_term_ends_on": "2026-04-30",
            "cutoff": {"arrived_on": "2026-04-30", "ends_on": "2026-05-31"},
            "steps": [
                "課金開始日は提供開始日の2026年4月1日である。",
                "最低利用期間は1か月であり、2026年4月30日に満了する。",
            ],
        },
        "cancellation_receipt": {
            "arrived_on": "2026-04-10",
            "runs_out_on": "2026-05-10",
            "ends_on": "2026-05-31",
            "penalty": 30600000,
            "last_usage_month": "2026-05",
            "final_due_on": "2026-07-31",
            "delete_from_on": "2026-06-30",
            "steps": NOTICE_STEPS,
        },
        "not_in_writing_notice": {
            "article": "18(1)",
            "received_at": "2026-04-30T23:59:00+09:00",
            "form": "email",
            "cutoff": {"arrived_by_on": "2026-04-30", "ends_on": "2026-05-31"},
        },
        "special_cancellation_receipt": {
            "ground": "18(2)",
            "event_no": "EV-2026-0003",
            "arrived_on": "2026-05-12",
            "ends_on": "2026-05-12",
            "delete_from_on": "2026-06-11",
        },
        "pre_start_withdrawal_receipt": {
            "arrived_on": "2026-03-30",
            "ends_on": "2026-03-30",
            "penalty": 32400000,
            "steps": ["月額費用は¥900,000、契約期間は36か月である。", "違約金は¥900,000×36=¥32,400,000である。"],
        },
        "resource_deletion_reminder": {
            "ends_on": "2026-05-31",
            "days_left": 7,
            "resources": RESOURCES,
            "deletion_cost": 20000,
        },
        "contract_end_notice": {
            "ends_on": "2026-05-31",
            "ended_at": "2026-06-01T00:00:00+09:00",
            "ground": "18(1)",
            "penalty": 0,
            "last_usage_month": "2026-05",
            "final_due_on": "2026-07-31",
            "delete_from_on": "2026-06-30",
            "left_over": RESOURCES,
        },
        "restoration_request": {
            "ends_on": "2026-05-31",
            "end_ground": "18(1)",
            "resources_by_on": "2026-05-31",
            "equipment_by_on": "2026-06-14",
            "deletion_charged": True,
            "resources": RESOURCES,
            "steps": [
                "OCFリソースの削除の期限は、契約終了日の2026年5月31日でした。",
                "設備の撤去及び原状回復の期限は、契約終了日の14日後の2026年6月14日です。",
            ],
        },
        "data_erasure_certificate": {
            "ends_on": "2026-05-31",
            "deleted_at": "2026-06-30T00:10:00+09:00",
            "method": "暗号化消去 (Purge, NIST SP 800-88)",
            "reference": "DEL-0123456789AB",
            "department": "クラウド運用部",
            "person": "運用自動処理",
            "responsible": "クラウド運用部長",
            "resources": RESOURCES[:2],
        },
        "personal_data_erasure_record": {
            "erased_at": "2037-04-01T00:10:00+09:00",
            "items": [
                {"class": "contacts", "count": 4},
                {"class": "documents", "count": 1203},
                {"class": "letters", "count": 30},
                {"class": "parties", "count": 2},
                {"class": "payers", "count": 1},
                {"class": "resources", "count": 7},
            ],
            "method": "暗号化消去 (鍵の破棄)",
            "sha256": "0123456789abcdef" * 4,
            "approval_id": "P-000123",
            "approvers": ["admin:admin-1"],
        },
        "contact_check_request": {
            "contact_kind": "billing",
            "on_record": "keiri@genkai-nanatsuboshi.example",
            "notice_no": "N-2026-000118",
            "notice_title": "QT PRO Cloud サービス 解約受付通知",
        },
        "receipt": {
            "paid_on": "2026-10-20",
            "amount": 110000,
            "paid": [
                {"invoice_no": "1260000007", "part": "interest", "amount": 1589},
                {"invoice_no": "1260000007", "part": "principal", "amount": 98411},
            ],
            "rest": 10000,
        },
        "payment_inquiry": {
            "received_on": "2026-09-01",
            "amount": 23320,
            "payer": "ｶ)ｹﾞﾝｶｲﾅﾅﾂﾎﾞｼﾌﾞﾂﾘﾕｳ",
            "invoice_no": "1260000007",
            "short": 440,
            "question": "振込手数料を差し引いてお振込みになりましたか。\n不足額のお支払い予定日をお知らせください。",
        },
        "refund_notice": {
            "received_on": "2026-09-01",
            "amount": 10000,
            "refund_on": "2026-09-15",
            "account": "架空ふくおか銀行 博多支店 普通 9900042 ｶ)ｹﾞﾝｶｲﾅﾅﾂﾎﾞｼﾌﾞﾂﾘﾕｳ",
        },
        **LADDER,
        **SUCCESSION,
    }
)
ARTICLES: Mapping[str, str] = MappingProxyType(
    {
        "application_received_notice": "8(1)",
        "application_incomplete_notice": "8(1)",
        "acceptance_notice": "9(1)",
        "refusal_notice": "9(3)",
        "service_start_notice": "5(1)",
        "cancellation_receipt": "18(1)",
        "not_in_writing_notice": "18(1)",
        "special_cancellation_receipt": "18(2)",
        "pre_start_withdrawal_receipt": "28(1)",
        "resource_deletion_reminder": "18(1)",
        "contract_end_notice": "18(1)",
        "restoration_request": "38(1)",
        "data_erasure_certificate": "34(1)",
        "personal_data_erasure_record": "44(6)",
        "contact_check_request": "42(2)",
        "receipt": "27(2)",
        "payment_inquiry": "27(2)",
        "refund_notice": "27(2)",
        **LADDER_ARTICLES,
        **SUCCESSION_ARTICLES,
    }
)


def letter(slug: str, facts: Mapping[str, JsonValue] | None = None, **changes: object) -> Letter:
    """Build the letter of a slug; `facts` replaces single facts, a fact of None is left out."""
    stated: dict[str, JsonValue] = {
        key: value for key, value in {**FACTS[slug], **(facts or {})}.items() if value is not None
    }
    applied = slug.startswith(("application", "acceptance", "refusal"))
    sent = Letter(
        notice_no="N-2026-000123",
        slug=slug,
        article=ARTICLES[slug],
        channel=CHANNELS.get(slug, "email"),
        issued_at=ISSUED_AT,
        addressee=SEAT if slug in CERTIFIED else ADDRESSEE,
        contract_no=None if applied and slug != "acceptance_notice" else "C-2026-00042",
        application_no="A-2026-00077" if applied else None,
        terms_version="1.0",
        facts=stated,
    )
    return sent.model_copy(update=changes)
