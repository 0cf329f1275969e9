"""Disclosure (開示): secrets and personal data that leave the office, contractors, publications.

- 40: business secrets, the secrecy of communications included, go to third parties only at the request of an authority
  by due procedure, with the customer's prior consent, or to a contractor (業務委託会社).
- 41: what the customer tells is edited and published with its consent; consent is given for one publication.
- 44(4): personal data are entrusted to a contractor within the purpose: to whom the register names, and of that kind.
- 44(5)(1)-(5): personal data go to third parties by consent, to a bank for collection, by warrant, by an inquiry or a
  statute, or in an emergency.

The three lists differ: mixed data need what all of them allow, and the duty goes on after the end (A37). What is
published is ours as an edited work only (A97).

Process: rows that a second person decides on; the workflow `deletion` waits for an open disclosure.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from terms.citation import Article, Refused, implements

Data = Literal["business_secret", "communications", "personal"]
"""Business secrets (業務上の機密), the secrecy of communications (通信の秘密), personal data (個人情報)."""

Ground = Literal["consent", "bank", "warrant", "inquiry", "statute", "emergency", "contractor"]
"""Why data are disclosed; `inquiry` is one by an authority with the power to inquire, `statute` any other law."""

DisclosureState = Literal["proposed", "decided", "handed_over", "rejected", "withdrawn", "expired"]
PublicationState = Literal["proposed", "approved", "rejected", "withdrawn", "expired", "consent_withdrawn"]

UNDER_WAY: frozenset[DisclosureState] = frozenset({"proposed", "decided"})
"""Of a disclosure that is not over: an open case (A94)."""

CONSENTED: frozenset[PublicationState] = frozenset({"proposed", "approved"})
"""Of a publication to which the customer's consent stands."""

SECRETS: Mapping[Ground, Article] = MappingProxyType(
    dict.fromkeys(("consent", "warrant", "inquiry", "contractor"), Article(40))
)
"""Grounds on which 40 lets secrets out: a bank, a statute without a request and an emergency are none of them."""

PERSONAL: Mapping[Ground, Article] = MappingProxyType(
    {
        "consent": Article(44, 5, 1),
        "bank": Article(44, 5, 2),
        "warrant": Article(44, 5, 3),
        "inquiry": Article(44, 5, 4),
        "statute": Article(44, 5, 4),
        "emergency": Article(44, 5, 5),
        "contractor": Article(44, 4),
    }
)
"""The clause by which each ground lets personal data out."""

_WORDS: Mapping[DisclosureState, str] = MappingProxyType(
    {
        "proposed": "この開示はまだ承認されていません。",
        "handed_over": "この開示は既に実施されています。",
        "rejected": "この開示は承認されませんでした。",
        "withdrawn": "この開示は取り下げられています。",
        "expired": "この開示の提案は期限が切れています。",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrusted:
    """An entry of the register of contractors: for which data, from which day, and the last day if there is one."""

    data: frozenset[str]
    from_on: date
    to_on: date | None = None


def governing(data: Collection[Data]) -> Article:
    """Say by which article a disclosure is judged first: 40 where a secret is among the data, else 44(5)."""
    return Article(44, 5) if set(data) == {"personal"} else Article(40)


@implements(Article(40), Article(44, 4), Article(44, 5))
def allowed_by(ground: Ground, data: Collection[Data]) -> tuple[Article, ...]:
    """Return the clauses by which a ground lets data out; for mixed data each list has to allow it (A37).

    Raises:
        Refused: 40: a secret is among the data, and the ground is none of Art. 40.
    """
    lists = []
    if set(data) != {"personal"}:
        if ground not in SECRETS:
            words = "業務上の機密及び通信の秘密は、この事由では第三者に開示できません。"
            raise Refused(Article(40), words)
        lists.append(SECRETS[ground])
    if "personal" in data:
        lists.append(PERSONAL[ground])
    return tuple(lists)


@implements(Article(40), Article(44, 4))
def must_be_entrusted(entry: Entrusted | None, data: Collection[Data], *, today: date) -> None:
    """Refuse a disclosure to a contractor that the register does not name, or not for these data today (in Japan).

    Raises:
        Refused: 44(4) where personal data are among the data, else 40.
    """
    article = Article(44, 4) if "personal" in data else Article(40)
    if entry is None:
        raise Refused(article, "業務委託先の登録簿に記載がありません。")
    if not entry.from_on <= today <= (entry.to_on or date.max):
        raise Refused(article, "この業務委託先との委託契約の期間外です。")
    if not {*data} <= entry.data:
        raise Refused(article, "この業務委託先に委託した情報の種別に含まれていません。")


@implements(Article(40), Article(44, 5))
def must_be_decided(state: DisclosureState, data: Collection[Data]) -> None:
    """Refuse to hand over, or to give up, a disclosure that is not decided on, or over.

    Raises:
        Refused: 40 or 44(5), whichever governs the data.
    """
    if state != "decided":
        raise Refused(governing(data), _WORDS[state])


@implements(Article(41))
def must_have_consent(consented_on: date | None) -> date:
    """Return the day of the customer's consent to a publication; a general one on the application form is none.

    Raises:
        Refused: 41: there is no consent.
    """
    if consented_on is None:
        raise Refused(Article(41), "契約者の承諾がないため、発表できません。")
    return consented_on


@implements(Article(41))
def must_be_consented(state: PublicationState) -> None:
    """Refuse whatever needs a consent that stands: its withdrawal, and the approval.

    Raises:
        Refused: 41: it was withdrawn, or the publication was never agreed to.
    """
    if state not in CONSENTED:
        raise Refused(Article(41), "この発表についての承諾は、現在有効ではありません。")


@implements(Article(41))
def must_be_the_only_one(*, others: int) -> None:
    """Refuse a second entry for a publication; the consent to another text takes the place of one withdrawn.

    Raises:
        Refused: 41: an entry of the same publication stands.
    """
    if others:
        raise Refused(Article(41), "この発表についての承諾は既に登録されています。")
