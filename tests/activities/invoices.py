"""Invoices of each kind, with the facts that they would have in life."""

from datetime import datetime

from pydantic import JsonValue

from activities.invoices import SLUGS, ComposedInvoice, compose_invoice
from models.messages.billing import InvoiceFacts
from models.messages.notice import Addressee, Letter
from terms.letters import LETTERS
from terms.periods import JST
from tests.activities.letters import ADDRESSEE, SENDER

DUE_STEPS = ["2026年1月分のお支払期限は翌々月の末日、2026年3月31日です。", "2026年3月31日は金融機関の休業日です。"]
ACCOUNT: dict[str, JsonValue] = {
    "bank_name": "架空ふくおか銀行",
    "branch_name": "天神支店",
    "type": "1",
    "number": "9900042",
    "holder_kana": "ｶ)ｷﾕ-ﾃｲ-ﾈﾂﾄ",
    "own": True,
}
Lines = list[dict[str, JsonValue]]


def line(line_no: int, amount: int, **changes: JsonValue) -> dict[str, JsonValue]:
    """Write a line of metered use below the cap; a change of None leaves a fact out."""
    usual: dict[str, JsonValue] = {
        "line_no": line_no,
        "code": "VM-S2",
        "item": "仮想サーバー 2 vCPU 4 GB",
        "charge_type": "capped",
        "resource_id": f"vm-{line_no:08x}",
        "name": f"web-{line_no:02}",
        "quantity": "1",
        "unit": "VM",
        "unit_price": "6",
        "seconds": 736056,
        "running_seconds": 736056,
        "allocated_seconds": 2678400,
        "amount": amount,
        "article": "26(1)",
        "tax_class": "taxable",
    }
    return {key: value for key, value in {**usual, **changes}.items() if value is not None}


def plain(
    line_no: int, amount: int, item: str, tax_class: str = "taxable", **changes: JsonValue
) -> dict[str, JsonValue]:
    """Write a line that is no use of a resource."""
    none = dict.fromkeys(("resource_id", "name", "unit_price", "seconds", "running_seconds", "allocated_seconds"))
    return line(line_no, amount, item=item, tax_class=tax_class, unit="", **{**none, **changes})


# money.md 1: 710.4 + 1,985.25 + 960 → 710 + 1,985 + 960 = 3,655; tax 365; total 4,020.
THREE = [
    line(1, 710),
    line(2, 1985, capped=True, seconds=2554560, monthly_cap="2880", name="基幹DB"),
    line(3, 960, charge_type="monthly", seconds=None, running_seconds=None, days=17, of=31, unit_price="1751"),
]


def invoice(lines: Lines | None = None, /, **changes: object) -> InvoiceFacts:
    """State an invoice of January 2026 with one rate; its sums follow from its lines."""
    stated = lines or THREE
    taxed = sum(int(str(each["amount"])) for each in stated if each["tax_class"] == "taxable")
    free = sum(int(str(each["amount"])) for each in stated if each["tax_class"] != "taxable")
    usual: dict[str, object] = {
        "invoice_no": "1250000321",
        "kind": "monthly",
        "month": "2026-01",
        "issued_on": "2026-02-05",
        "due_on": "2026-04-01",
        "nominal_due_on": "2026-03-31",
        "due_steps": DUE_STEPS,
        "registration_no": "T8900000000001",
        "lines": stated,
        "rates": [{"rate_percent": 10, "base": taxed, "tax": taxed // 10}] if taxed else [],
        "non_taxed": free,
        "total": taxed + taxed // 10 + free,
        "account": ACCOUNT,
    }
    return InvoiceFacts.model_validate({**usual, **changes})


def composed(facts: InvoiceFacts, addressee: Addressee = ADDRESSEE, channel: str = "email") -> ComposedInvoice:
    """Compose an invoice as it goes out on 5 February 2026."""
    return compose_invoice(facts, letter(facts, addressee, channel), SENDER)


def letter(facts: InvoiceFacts, addressee: Addressee = ADDRESSEE, channel: str = "email") -> Letter:
    """Write the frame of an invoice's letter."""
    slug = SLUGS[facts.kind]
    frame = {
        "notice_no": "N-000123",
        "slug": slug,
        "article": LETTERS[slug].article,
        "channel": channel,
        "issued_at": datetime(2026, 2, 5, 9, 0, tzinfo=JST),
        "addressee": addressee,
        "contract_no": "C-000042",
        "terms_version": "1.0",
        "facts": {},
    }
    return Letter.model_validate(frame)


def kinds() -> dict[str, InvoiceFacts]:
    """State an invoice of each other kind."""
    other = {"month": None, "due_steps": ()}
    penalty = {"ground": "28(2)", "ends_on": "2026-05-31", "min_term_ends_on": "2028-07-15", "monthly": 900000}
    interest = {"invoice_no": "1250000007", "principal": 200000, "from_on": "2026-10-01", "to_on": "2026-10-20"}
    return {
        "penalty": invoice(
            [plain(1, 22935483, "違約金", "non_taxable", charge_type="penalty", article="28(2)")],
            **{**other, "kind": "penalty", "arrives_on": "2026-04-01", "steps": ("¥900,000×25と15/31か月です。",)},
            penalty={**penalty, "months": 25, "days": 15},
        ),
        "surcharge": invoice(
            [
                plain(1, 50000, "免れた料金", charge_type="avoided_fee", article="35"),
                plain(2, 100000, "割増金", charge_type="surcharge", article="35"),
            ],
            **{**other, "kind": "surcharge"},
            surcharge={"avoided": 50000, "surcharge": 100000, "facts": "計測を妨げた。\n三か月続いた。"},
        ),
        "interest": invoice(
            [plain(1, 1589, "遅延損害金", "exempt", charge_type="late_interest", article="36")],
            **{**other, "kind": "interest", "paid_on": "2026-10-20"},
            interest=[{**interest, "days": 20, "parts": [{"days": 20, "basis": 365}], "interest": 1589}],
        ),
        "restoration": invoice(
            [
                plain(1, 20000, "OCF リソース削除代行", charge_type="deletion_cost", article="38(2)"),
                line(2, 2880, charge_type="restoration_damages", month="2026-06", capped=True, article="38(2)"),
            ],
            **{**other, "kind": "restoration"},
            restoration={"ended_on": "2026-05-31", "completed_on": "2026-06-20"},
        ),
        "credit": invoice(
            [line(1, 710)],
            **{**other, "kind": "credit", "due_on": None, "account": None, "invoice_no": "6250000001"},
            corrects={"invoice_no": "1250000007", "issued_on": "2026-01-06", "month": "2025-12"},
        ),
    }
