"""Yen: exact fractions until the one floor that the terms allow.

- 37: amounts below one yen are cut off (floor); when is said by each rule, never "on the way".

Rates and prices come as decimal text and become fractions: binary floats would lose a yen.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from terms.citation import Article, implements

_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")


def exact(value: int | str | Fraction) -> Fraction:
    """Return the exact value of an integer or of a decimal text such as `9.6`.

    Raises:
        ValueError: the text is no plain decimal number from 0.
    """
    if isinstance(value, str) and _DECIMAL.fullmatch(value) is None:
        message = f"not a decimal number: {value!r}"
        raise ValueError(message)
    return Fraction(value)


@implements(Article(37))
def floor_yen(value: Fraction) -> int:
    """Cut off what is below one yen."""
    return value.numerator // value.denominator


def mean_floor(amounts: Sequence[int]) -> int:
    """Return the mean of at least one amount, cut off below one yen."""
    return sum(amounts) // len(amounts)


def share_out(amount: int, claims: Sequence[int]) -> tuple[int, ...]:
    """Share an amount among claims pro rata; it never gives more than is there or claimed.

    Each gets the floor of its share, then one yen each the largest remainders, equal remainders
    in the order of the claims. An amount that covers all claims pays each in full.
    """
    total = sum(claims)
    if amount >= total:
        return tuple(claims)
    shares = [divmod(amount * claim, total) for claim in claims]
    paid = [share for share, _ in shares]
    by_remainder = sorted(range(len(claims)), key=lambda place: -shares[place][1])
    for place in by_remainder[: amount - sum(paid)]:
        paid[place] += 1
    return tuple(paid)


def percent_of(amount: int, percent: int) -> int:
    """Return a percentage of an amount of yen, cut off below one yen."""
    return amount * percent // 100
