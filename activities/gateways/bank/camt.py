"""ISO 20022 camt.054.001.02, the 振込入金通知 of ZEDI: one record for each transaction of each booked entry.

Where the bank sums up its entries, the sums must agree.
"""

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date

from activities.gateways.bank.elements import GROUP, Part, Values, parts_of
from activities.gateways.bank.entries import MAX_YEN, AccountId, BadField, BankFile, Entry, Faults, Kind

ACCOUNT, SUMS, ENTRY = "Acct", "TxsSummry", "Ntry"
ACCOUNT_ID, ACCOUNT_BANK = "Id/Othr/Id", "Svcr/FinInstnId/ClrSysMmbId/MmbId"
TOTALS = {"CRDT": "TtlCdtNtries", "DBIT": "TtlDbtNtries"}
REFERENCES = ("AcctSvcrRef", "NtryRef")
OWN_REFERENCE = "Refs/AcctSvcrRef"
OWN_AMOUNTS = ("AmtDtls/TxAmt/Amt", "Amt", "AmtDtls/InstdAmt/Amt")
"""Where a transaction has its amount; the instructed one stands in only where an entry has several."""
PAYER = "RltdPties/Dbtr/Nm"
BANKS = tuple(f"RltdAgts/DbtrAgt/FinInstnId/{each}" for each in ("Nm", "ClrSysMmbId/MmbId", "BIC"))
BRANCHES = tuple(f"RltdAgts/DbtrAgt/BrnchId/{each}" for each in ("Nm", "Id"))
REMITTANCE = "RmtInf/Ustrd"

MOST_TEXT, MOST_REMARK, MOST_REPEATS = 140, 500, 100
REFERENCE_DIGITS = 15
SAME = 10**REFERENCE_DIGITS
"""What tells transactions of one entry apart that have one reference and the same amount."""
MOST_SAME = 9_000

_ACCOUNT = re.compile(r"([0-9]{3})([0-9])([0-9]{7})")
_BANK = re.compile(r"[0-9]{4}")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\+09:00)?")
_REFERENCE = re.compile(rf"[0-9]{{1,{REFERENCE_DIGITS}}}")
_YEN = re.compile(r"[0-9]{1,15}")
_SUM = re.compile(r"([0-9]{1,15})(?:\.0+)?")


@dataclass(slots=True)
class Notification:
    """An account on the way: what the bank sums up, and what its entries are by direction; yen."""

    account: AccountId | None = None
    sums: Part | None = None
    entries: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    yen: Counter[str] = field(default_factory=Counter)


def read_camt(data: bytes) -> BankFile:
    """Read a camt.054.001.02 file.

    Raises:
        BankFileBroken: it is no such file, or an account, amount, date, status or sum is wrong.
    """
    faults = Faults()
    entries: list[Entry] = []
    accounts: dict[AccountId, None] = {}
    now, line = Notification(), 1
    for part in parts_of(data, faults):
        try:
            if part.name == ACCOUNT:
                now.account = _account(part.values)
                accounts[now.account] = None
            elif part.name == SUMS:
                now.sums = part
            elif part.name == ENTRY:
                made = _records(part, now, line)
                entries += made
                line += len(made)
            elif part.name == GROUP:
                ended, now = now, Notification()
                if not faults:  # with a broken entry the sums can't agree
                    _check_sums(ended)
        except BadField as bad:
            faults.add(line - (part.name == GROUP), bad.field, bad.message)
            line += part.name == ENTRY
    if not accounts and not faults:
        faults.add(0, GROUP, "is missing")
    if faults:
        faults.refuse()
    return BankFile(format="camt.054", accounts=tuple(accounts), entries=tuple(entries))


def _account(values: Values) -> AccountId:
    found = _ACCOUNT.fullmatch(_text(values, ACCOUNT_ID))
    if found is None:
        raise BadField(ACCOUNT_ID, "is not branch, type and number in 11 digits")
    currency = "Ccy"
    if _text(values, currency) not in {"", "JPY"}:
        raise BadField(currency, "is not JPY")
    bank = _text(values, ACCOUNT_BANK)
    return AccountId(
        bank_code=bank if _BANK.fullmatch(bank) else None, branch_code=found[1], type=found[2], number=found[3]
    )


def _records(part: Part, now: Notification, line: int) -> list[Entry]:
    """Read an entry: one record for each of its transactions, or one if it has none."""
    if now.account is None:
        raise BadField(ACCOUNT, "is missing before the entry")
    values = part.values
    status, booking, valuing, amount = "Sts", "BookgDt/Dt", "ValDt/Dt", "Amt"
    if _text(values, status) != "BOOK":
        raise BadField(status, "is not BOOK")
    kind, direction = _kind(values)
    booked_on = _day(values, booking)
    whole = Entry(
        line=line,
        account=now.account,
        booked_on=booked_on,
        value_on=_day(values, valuing) if {valuing, "ValDt/DtTm"} & values.keys() else booked_on,
        reference=_reference(values),
        amount=_yen(values, amount),
        kind=kind,
        incoming=direction == "CRDT",
        payer_code="",
        payer="",
        bank="",
        branch="",
        edi="",
        text=_text(values, "AddtlNtryInf", MOST_REMARK),
    )
    made = _transactions(part.details, whole) or [whole]
    if sum(each.amount for each in made) != whole.amount:
        raise BadField(amount, "is not the sum of the transactions")
    now.entries[direction] += 1
    now.records[direction] += len(made)
    now.yen[direction] += whole.amount
    return made


def _kind(values: Values) -> tuple[Kind, str]:
    """Tell what an entry is, and its direction; what takes back a debit is no payment."""
    way, taking_back = "CdtDbtInd", "RvslInd"
    direction, reversal = _text(values, way), _text(values, taking_back)
    if direction not in TOTALS:
        raise BadField(way, "is neither CRDT nor DBIT")
    if reversal not in {"", "true", "false", "1", "0"}:
        raise BadField(taking_back, "is neither true nor false")
    if direction == "CRDT" and reversal not in {"true", "1"}:
        return "deposit", direction
    return "reversal" if direction == "DBIT" and reversal in {"true", "1"} else "other", direction


def _transactions(details: list[Values], whole: Entry) -> list[Entry]:
    """Read the transactions of an entry.

    They mostly share its reference. Those with the same amount too would pass for duplicates of each other, so the
    second and later ones get a number of their own before the digits of the reference.
    """
    several = len(details) > 1
    made: list[Entry] = []
    alike: Counter[tuple[int, int]] = Counter()
    for n, detail in enumerate(details):
        amount, reference = whole.amount, whole.reference
        given = [path for path in (OWN_AMOUNTS if several else OWN_AMOUNTS[:2]) if path in detail]
        if given:
            amount = _yen(detail, given[0])
        elif several:
            raise BadField(OWN_AMOUNTS[0], "is missing in one of several transactions")
        own = _text(detail, OWN_REFERENCE)
        if several and _REFERENCE.fullmatch(own):
            reference = int(own)
        same = alike[reference, amount]
        if same > MOST_SAME:
            raise BadField(OWN_REFERENCE, "is the same, with one amount, in too many transactions")
        alike[reference, amount] += 1
        made.append(
            replace(
                whole,
                line=whole.line + n,
                amount=amount,
                reference=reference + same * SAME,
                payer=_text(detail, PAYER),
                bank=_first(detail, BANKS),
                branch=_first(detail, BRANCHES),
                edi=_remittance(detail),
            )
        )
    return made


def _check_sums(now: Notification) -> None:
    """Compare what the bank sums up, where it does; it may count entries or transactions."""
    if now.account is None:
        raise BadField(ACCOUNT, "is missing")
    values = now.sums.values if now.sums else {}
    for direction, name in TOTALS.items():
        at_count, at_sum = f"{name}/NbOfNtries", f"{name}/Sum"
        count, total = _text(values, at_count), _text(values, at_sum)
        if count and count.lstrip("0") not in {str(n[direction] or "") for n in (now.entries, now.records)}:
            raise BadField(at_count, "does not agree with the entries")
        written = _SUM.fullmatch(total)
        if total and (written is None or int(written[1]) != now.yen[direction]):
            raise BadField(at_sum, "does not agree with the entries")


def _reference(values: Values) -> int:
    for path in REFERENCES:
        text = _text(values, path)
        if _REFERENCE.fullmatch(text):
            return int(text)
    raise BadField(REFERENCES[0], f"is no number of at most {REFERENCE_DIGITS} digits")


def _text(values: Values, path: str, most: int = MOST_TEXT) -> str:
    """Read a text that stands once; an absent one is empty."""
    texts = values.get(path)
    if texts is None:
        return ""
    if len(texts) > 1:
        raise BadField(path, "stands there more than once")
    if len(texts[0]) > most:
        raise BadField(path, f"is longer than {most} characters")
    return texts[0]


def _first(values: Values, paths: tuple[str, ...]) -> str:
    return next((text for path in paths if (text := _text(values, path))), "")


def _remittance(values: Values) -> str:
    """Join the repeats with a blank, so that the digits of two references don't run together."""
    texts = values.get(REMITTANCE, [])
    if len(texts) > MOST_REPEATS or any(len(text) > MOST_TEXT for text in texts):
        raise BadField(REMITTANCE, f"is longer than {MOST_TEXT} characters or repeated too often")
    return " ".join(texts)


def _day(values: Values, path: str) -> date:
    found = _DATE.fullmatch(_text(values, path))
    if found:
        with suppress(ValueError):
            return date.fromisoformat(found[1])
    raise BadField(path, "is no date")


def _yen(values: Values, path: str) -> int:
    text = _text(values, path)
    if not _YEN.fullmatch(text) or not 0 < int(text) <= MAX_YEN:
        raise BadField(path, "is no amount in whole yen above zero")
    if values.get(f"{path}/@Ccy") != ["JPY"]:
        raise BadField(path, "is not in JPY")
    return int(text)
