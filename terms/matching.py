"""Whose money a deposit is (入金消込), decided from facts alone, in the order of money.md 6 and 8.

- 27(2): charges are paid by transfer to the designated account; the bank's fee is the customer's (A50).
- 民488(1): an invoice number in the EDI information or the 依頼人番号 is the customer's designation of a debt.
- 民489: what is designated, and any rest, pays interest before principal: `terms.settlement`.

1. The transfer-only account names the customer. 2. An invoice number designates; the number of a contract or the
customer's own reference is only proposed. 3. The payer's name and the open amount of one invoice. 4. The payer's name
and the oldest invoices whose sum is the amount: proposed. 5. A person. Candidates are contracts: two open invoices of
one contract are one candidate, two candidates at a step wait for a person. Only invoices issued by the value date
count, and of them the open principal.

Deposits are taken by value date, then reference; who calls keeps that order and lets the later ones of a customer wait.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Literal

from terms.citation import Article, implements
from terms.derivation import ja_yen
from terms.settings import Terms

Step = Literal["virtual_account", "edi", "name", "none"]
Reason = Literal[
    "virtual_account",
    "invoice_named",
    "exact_amount",
    "two_candidates",
    "issued_later",
    "named_in_edi",
    "combination",
    "short_by_fee",
    "no_exact_amount",
    "unknown_payer",
]
Why = Literal[
    "virtual_account",
    "invoice_named",
    "named_in_edi",
    "name_known",
    "exact_amount",
    "combination",
    "short_by_fee",
    "no_exact_amount",
]

_WORDS: dict[Why, str] = {
    "virtual_account": "お客様専用の口座へのお振込みです。",
    "invoice_named": "EDI情報または依頼人番号に請求書番号の記載があります。",
    "named_in_edi": "EDI情報に契約番号またはお客様番号の記載があります。",
    "name_known": "振込依頼人名が登録名と一致します。",
    "exact_amount": "振込依頼人名が登録名と、金額が未払いの請求書1通と一致します。",
    "combination": "振込依頼人名が登録名と、金額が未払いの古い請求書からの合計と一致します。",
    "short_by_fee": "振込依頼人名が登録名と一致し、金額は振込手数料に当たる{fee}だけ不足しています。",
    "no_exact_amount": "振込依頼人名は登録名と一致しますが、金額と一致する未払いの請求書はありません。",
}

_INVOICE_NUMBER = re.compile(r"(?<![0-9])[0-9]{10}(?![0-9])")
_REFERENCE = re.compile(r"[A-Za-z0-9._-]+")
_HYPHENS = str.maketrans(dict.fromkeys("ー‐‑‒–—―−", "-"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvoice:
    """An invoice with its open principal in yen; a void one is told by the one that took its place."""

    contract_no: str
    invoice_no: str
    issued_on: date
    due_on: date
    principal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositFacts:
    """A deposit in yen, and what was found by its marks; no name, for names are compared elsewhere.

    Attributes:
        amount: what came in, in yen.
        value_on: 起算日, the day on which it pays.
        virtual_contracts: contracts of the customer to whom the transfer-only account belongs.
        invoices_named: invoices whose numbers stand in the EDI information or the 依頼人番号, open or not.
        contracts_named: contracts whose number, or whose customer's reference, stands in the EDI information.
        contracts_by_name: contracts for which the payer's name is registered or learned.
        open_invoices: open invoices of these contracts, in any order.
    """

    amount: int
    value_on: date
    virtual_contracts: tuple[str, ...] = ()
    invoices_named: tuple[OpenInvoice, ...] = ()
    contracts_named: tuple[str, ...] = ()
    contracts_by_name: tuple[str, ...] = ()
    open_invoices: tuple[OpenInvoice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A contract whose money it may be, why in a code, and the same in a Japanese sentence."""

    contract_no: str
    code: Why
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What the marks of a deposit lead to.

    Attributes:
        step: the step that decided, or at which it waits; `none` if nobody is known.
        applies: whether it is applied by itself.
        contract_no: the contract it is applied to; None while a person has to agree.
        designated: invoices that the customer named, paid first, interest before principal; the rest by settlement.
        candidates: contracts among which a person chooses, or the one it is applied to.
        reason: why it applies or waits.
        fee: yen missing of what is owed if they are a known transfer fee (A50), else 0.
    """

    step: Step
    applies: bool
    contract_no: str | None
    designated: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    reason: Reason
    fee: int = 0


def invoice_numbers_in(text: str) -> tuple[str, ...]:
    """Return what may be invoice numbers (Civil Code 488(1)): whole runs of exactly ten digits, each once."""
    return _once(_INVOICE_NUMBER.findall(unicodedata.normalize("NFKC", text)))


def references_in(text: str) -> tuple[str, ...]:
    """Return what may be contract numbers or references of customers, each once, as written.

    Banks write capitals only, so they are to be compared without regard to case. A mark at either end, as the full
    stop of a sentence, may belong to the reference or not: both are returned.
    """
    tokens = _REFERENCE.findall(unicodedata.normalize("NFKC", text).translate(_HYPHENS))
    both = (form for token in tokens for form in (token, token.strip("._-")))
    return _once(form for form in both if form)


@implements(Article(27, 2), Article(488, 1, law="Civil Code"))
def match(terms: Terms, facts: DepositFacts) -> Match:
    """Decide to which contract a deposit is applied by itself, or among which a person chooses (27(2)).

    A reference in the EDI information applies nothing by itself; it narrows what the payer's name leads to, and
    where it contradicts the name, a person decides.
    """
    if facts.virtual_contracts or facts.invoices_named:
        return _by_account_or_number(terms, facts)
    named, by_name = _once(facts.contracts_named), _once(facts.contracts_by_name)
    agreed = [each for each in by_name if each in named]
    if by_name and (agreed or not named):
        return _by_name(terms, facts, agreed or by_name)
    if named:
        candidates = [_candidate(each, "named_in_edi") for each in named]
        candidates += [_candidate(each, "name_known") for each in by_name]
        return _waits("edi", "named_in_edi", candidates, _missing_fee(terms, facts, named[0]))
    return Match(step="none", applies=False, contract_no=None, designated=(), candidates=(), reason="unknown_payer")


def _by_account_or_number(terms: Terms, facts: DepositFacts) -> Match:
    """Steps 1 and 2: the account tells the customer, an invoice number (Civil Code 488(1)) the debt.

    A number may tell which of a customer's contracts is meant, but not contradict the account.
    """
    by_account = _once(facts.virtual_contracts)
    by_number = _once(each.contract_no for each in facts.invoices_named)
    narrowed = bool(by_number) and (not by_account or set(by_number) <= set(by_account))
    told = by_number if narrowed else _once((*by_account, *by_number))
    candidates = [_candidate(each, "virtual_account" if each in by_account else "invoice_named") for each in told]
    step: Step = "virtual_account" if len(by_account) == 1 or not by_number else "edi"
    if any(each.issued_on > facts.value_on for each in facts.invoices_named):
        return _waits(step, "issued_later", candidates)
    if len(told) > 1:
        return _waits(step, "two_candidates", candidates)
    return Match(
        step=step,
        applies=True,
        contract_no=told[0],
        designated=_once(each.invoice_no for each in facts.invoices_named),
        candidates=tuple(candidates),
        reason="invoice_named" if by_number else "virtual_account",
        fee=_missing_fee(terms, facts, told[0]),
    )


def _by_name(terms: Terms, facts: DepositFacts, contracts: Sequence[str]) -> Match:
    """Steps 3 to 5: the contracts of a name whose open invoices the amount meets; no invoice is designated by it.

    Under A99 a payment of an exact invoice sum is settled by law all the same (Civil Code 489).
    """
    exact = [each for each in contracts if facts.amount in {invoice.principal for invoice in _owed(facts, each)}]
    if len(exact) == 1:
        return Match(
            step="name",
            applies=True,
            contract_no=exact[0],
            designated=(),
            candidates=(_candidate(exact[0], "exact_amount"),),
            reason="exact_amount",
        )
    if exact:
        return _waits("name", "two_candidates", [_candidate(each, "exact_amount") for each in exact])
    combined = [each for each in contracts if facts.amount in _sums(_owed(facts, each))]
    if combined:
        return _waits("name", "combination", [_candidate(each, "combination") for each in combined])
    fees = {each: _missing_fee(terms, facts, each) for each in contracts}
    candidates = [_candidate(each, "short_by_fee" if fee else "no_exact_amount", fee) for each, fee in fees.items()]
    fee = fees[contracts[0]]
    return _waits("name", "short_by_fee" if fee else "no_exact_amount", candidates, fee)


def _waits(step: Step, reason: Reason, candidates: Sequence[Candidate], fee: int = 0) -> Match:
    """Leave it to a person; what concerns one candidate only is not said of several."""
    alone = len(candidates) == 1
    return Match(
        step=step,
        applies=False,
        contract_no=None,
        designated=(),
        candidates=tuple(candidates),
        reason=reason if alone else "two_candidates",
        fee=fee if alone else 0,
    )


def _candidate(contract_no: str, code: Why, fee: int = 0) -> Candidate:
    return Candidate(contract_no=contract_no, code=code, why=_WORDS[code].format(fee=ja_yen(fee)))


def _owed(facts: DepositFacts, contract_no: str) -> list[OpenInvoice]:
    """Return the invoices of a contract that the deposit may pay: open, issued by its value date; oldest first."""
    owed = [
        each
        for each in facts.open_invoices
        if each.contract_no == contract_no and each.issued_on <= facts.value_on and each.principal > 0
    ]
    return sorted(owed, key=lambda each: (each.due_on, each.issued_on, each.invoice_no))


def _sums(oldest_first: Sequence[OpenInvoice]) -> list[int]:
    return list(accumulate(each.principal for each in oldest_first))


def _missing_fee(terms: Terms, facts: DepositFacts, contract_no: str) -> int:
    """Return what lacks to an invoice, or to the sum of the oldest, if it is a known transfer fee (A50), else 0.

    27(2) puts the fee on the customer: the shortfall stays open until it is paid or given up.
    """
    owed = list(facts.invoices_named) or _owed(facts, contract_no)
    totals = [*(each.principal for each in owed), *_sums(owed)]
    return next((total - facts.amount for total in totals if total - facts.amount in terms.fee_table), 0)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
