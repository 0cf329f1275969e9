"""The contract (利用契約) and its minimum term (最低利用期間).

- 5(1) s1: the minimum term is one month, counted from the day charging starts (課金開始日), that day included.
- 5(1) s2: for a dedicated cluster (専有クラスター) it is three years.
- 民143(2): the term ends on the day before the corresponding day, else on the last month's last day; it merely
  runs, so neither a holiday (民142) nor an earlier month end moves it.

Workflow `contract`; letter `service_start_notice`.
"""

from dataclasses import dataclass
from datetime import date

from terms.citation import Article, implements
from terms.derivation import Derived, ja_day
from terms.periods import end_of_months
from terms.settings import Terms

MINIMUM_TERM = ("5(1)", "Civil Code 143(2)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumTerm(Derived):
    """The last day of a minimum term."""

    ends_on: date


@implements(Article(5, 1), Article(143, 2, law="Civil Code"))
def minimum_term_end(terms: Terms, *, billing_start_on: date, dedicated_cluster: bool) -> MinimumTerm:
    """Work out the last day of the minimum term (5(1)), which the day charging starts opens."""
    months = minimum_term_months(terms, dedicated_cluster=dedicated_cluster)
    ends_on = end_of_months(billing_start_on, months)
    return MinimumTerm(
        ends_on=ends_on,
        articles=MINIMUM_TERM,
        settings={},
        steps=(
            f"課金開始日は{ja_day(billing_start_on)}で、最低利用期間はこの日から起算して{months}か月です。",
            f"最低利用期間は{ja_day(ends_on)}に満了します。",
        ),
    )


def minimum_term_months(terms: Terms, *, dedicated_cluster: bool) -> int:
    """Return the length of the minimum term in months: the general one, or that of a dedicated cluster (5(1))."""
    return terms.cluster_min_term_months if dedicated_cluster else terms.min_term_months
