"""Application (申込) and what speaks against accepting it.

- 4: one form, one contract. 8(1): consent to the terms. 8(2): no intermediary. 6: places in Japan only.
- 9(1): the contract is formed by our acceptance. 9(2)(1)-(5): grounds on which we may decline.
- 9(2)(4): false statements; a wrong check digit of the corporate number (法人番号) points to one.

Workflow `application`; letters `application_received_notice`, `application_incomplete_notice`,
`acceptance_notice`, `refusal_notice`.
"""

import re
from dataclasses import dataclass

from terms.citation import Article, InvalidRule, implements
from terms.derivation import Derived
from terms.settings import Terms

CORPORATE_NUMBER = r"T?[0-9]{13}"
_CORPORATE_NUMBER = re.compile(CORPORATE_NUMBER)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorporateNumber(Derived):
    """Whether a corporate number carries the check digit that its other digits ask for."""

    valid: bool
    expected_check_digit: int


@implements(Article(9, 2, 4))
def corporate_number(terms: Terms, *, number: str) -> CorporateNumber:  # noqa: ARG001 (rules take the terms first)
    """Check a corporate number of 13 digits, or a registration number, T and 13 digits.

    Raises:
        InvalidRule: the text has another form.
    """
    if _CORPORATE_NUMBER.fullmatch(number) is None:
        raise InvalidRule(pointer="/number", message="must be 13 digits, or T and 13 digits")
    stated, *basic = (int(digit) for digit in number.removeprefix("T"))
    expected = check_digit(basic)
    valid = stated == expected
    return CorporateNumber(
        valid=valid,
        expected_check_digit=expected,
        articles=("9(2)(4)",),
        settings={},
        steps=(
            f"基礎番号12桁から計算した検査用数字は{expected}です。",
            f"番号の先頭の数字は{stated}で、{'一致します' if valid else '一致しません'}。",
        ),
    )


def check_digit(basic: list[int]) -> int:
    """Return the check digit, 1 to 9, of the 12 basic digits (法人番号の指定等に関する省令)."""
    weighted = (digit * (2 if place % 2 else 1) for place, digit in enumerate(reversed(basic)))
    return 9 - sum(weighted) % 9
