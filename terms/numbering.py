"""Numbers of invoices (請求書番号).

- 27(1): the month's invoice; its number is what a payer names to say which debt is paid (Civil Code 488(1)).

Ten digits: kind 1, fiscal year of the day of issue 2, series 7, gapless in each kind and fiscal year (money.md 2).
Payers write it into EDI information or 依頼人番号, where it is found as a whole run of digits.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from terms.periods import MONTHS_OF_YEAR
from terms.retention import fiscal_year_end
from terms.settings import Terms

InvoiceKind = Literal["monthly", "penalty", "surcharge", "interest", "restoration", "credit"]

KIND_DIGITS: dict[InvoiceKind, int] = {
    "monthly": 1,
    "penalty": 2,
    "surcharge": 3,
    "interest": 4,
    "restoration": 5,
    "credit": 6,
}
LAST_IN_SERIES = 9_999_999

_KINDS = {digit: kind for kind, digit in KIND_DIGITS.items()}
_CENTURY = 2000
_YEARS = 100
_NUMBER = re.compile(r"([1-6])([0-9]{2})([0-9]{7})")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceNumber:
    """What the number of an invoice says: its kind, the year in which its fiscal year begins, its place from 1."""

    kind: InvoiceKind
    fiscal_year: int
    n: int


def fiscal_year(terms: Terms, issued_on: date) -> int:
    """Return the year in which the fiscal year of a day of issue begins: 2026 from April 2026 to March 2027."""
    closing_on = fiscal_year_end(issued_on, terms.fiscal_year_end_month)
    return closing_on.year - (terms.fiscal_year_end_month < MONTHS_OF_YEAR)


def invoice_number(kind: InvoiceKind, fiscal_year: int, n: int) -> str:
    """Return the number of the `n`-th invoice of a kind in a fiscal year.

    Raises:
        ValueError: the year does not fit into two digits, or the series is used up.
    """
    if not (_CENTURY <= fiscal_year < _CENTURY + _YEARS and 1 <= n <= LAST_IN_SERIES):
        message = f"no invoice number: {kind} {fiscal_year} {n}"
        raise ValueError(message)
    return f"{KIND_DIGITS[kind]}{fiscal_year % _YEARS:02d}{n:07d}"


def parse(number: str) -> InvoiceNumber | None:
    """Read the number of an invoice; None if it is none."""
    found = _NUMBER.fullmatch(number)
    if found is None or not int(found[3]):
        return None
    return InvoiceNumber(kind=_KINDS[int(found[1])], fiscal_year=_CENTURY + int(found[2]), n=int(found[3]))
