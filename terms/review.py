"""Review of an application (申込みの審査): what is refused at the door, what is found, and until when to answer.

- 4: one application form, one contract.
- 5(1) s2: whoever orders a dedicated cluster confirms the three-year minimum term.
- 6: the service is provided in Japan; a stated place of use abroad is refused at the door.
- 8(1): consent to the terms and the form; 8(2): nobody may file for the applicant.
- 9(1), A105: an answer within some business days, then escalation.
- 9(2)(1)-(5): grounds on which the provider may refuse; (5) needs a second person.
- 43(1), 44(1), 23: declarations without which nothing is accepted.

Workflow `application`; letters `application_received_notice`, `application_incomplete_notice`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from terms.calendars import Calendars, add_business_days, previous_business_day
from terms.citation import Article, Refused, implements
from terms.periods import ONE_DAY
from terms.settings import Terms

Severity = Literal["info", "warning", "blocking"]
GROUNDS = ("9(2)(1)", "9(2)(2)", "9(2)(3)", "9(2)(4)", "9(2)(5)")
SECOND_PERSON_GROUND = "9(2)(5)"
HOME = "JP"
CLUSTER, CLUSTER_HOST, GATEWAY, ROUTER = "DC-STD", "DC-HOST", "SGW", "VR-INET"


class RefusedAtTheDoor(Refused):
    """No application comes about; `field` is the JSON pointer to what stands in its way."""

    def __init__(self, article: Article, detail: str, field: str) -> None:
        super().__init__(article, detail)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding: its clause, how grave it is, and a sentence for reviewer and applicant that names nobody."""

    article: str
    severity: Severity
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What the review looks at: the declarations of the form and what the provider knows already."""

    terms_version: str
    consented: bool
    intermediary: bool
    country: str
    codes: Sequence[str]
    zones: Sequence[str]
    known_zones: frozenset[str]
    cluster_term_confirmed: bool
    officers: int
    no_resale: bool
    anti_social_representation: bool
    personal_data_consent: bool
    corporate_number_valid: bool
    under_16_elsewhere: int = 0
    open_elsewhere: int = 0


@implements(Article(6), Article(8, 1), Article(8, 2))
def refuse_at_the_door(terms: Terms, filed: Filed) -> None:
    """Refuse a form that can't become an application.

    Raises:
        RefusedAtTheDoor: no consent to the terms in force (8(1)), an intermediary (8(2)), a place of use abroad (6).
    """
    if not filed.consented:
        raise RefusedAtTheDoor(Article(8, 1), "利用規約への承諾がありません。", "/terms/consented_at")
    if filed.terms_version != terms.version:
        raise RefusedAtTheDoor(Article(8, 1), f"承諾いただく利用規約は第{terms.version}版です。", "/terms/version")
    if filed.intermediary:
        raise RefusedAtTheDoor(Article(8, 2), "第三者による取次ぎでのお申込みは受け付けていません。", "/intermediary")
    if filed.country != HOME:
        raise RefusedAtTheDoor(Article(6), "本サービスの提供区域は日本国内です。", "/use_location/country")


@implements(Article(5, 1), Article(9, 2), Article(14, 3), Article(23), Article(43, 1), Article(44, 1))
def find(filed: Filed) -> tuple[Found, ...]:
    """List what the form leaves open, most grave first; blocking findings forbid acceptance until completed."""
    return (*_missing(filed), *_doubts(filed), *_hints(filed))


def _missing(filed: Filed) -> list[Found]:
    """Declarations without which an application can't be accepted."""
    checks = (
        (
            CLUSTER in filed.codes and not filed.cluster_term_confirmed,
            Article(5, 1),
            "専有クラスターの最低利用期間(3年)のご確認がありません。",
        ),
        (
            CLUSTER_HOST in filed.codes and CLUSTER not in filed.codes,
            Article(5, 1),
            "専有クラスターの追加ホストには、専有クラスターのお申込みが必要です。",
        ),
        (not filed.no_resale, Article(23, 1), "再販を行わない旨の表明がありません。"),
        (not filed.anti_social_representation, Article(43, 1), "反社会的勢力でないことの表明確約がありません。"),
        (filed.officers == 0, Article(43, 1, 1), "表明確約の対象となる役員のご記入がありません。"),
        (not filed.personal_data_consent, Article(44, 1), "個人情報の取扱いへの同意がありません。"),
    )
    return [Found(article=str(a), severity="blocking", detail=words) for missing, a, words in checks if missing]


def _doubts(filed: Filed) -> list[Found]:
    """What may be a ground of 9(2): a person decides."""
    unknown = sorted(set(filed.zones) - filed.known_zones)
    checks = (
        (not filed.corporate_number_valid, Article(9, 2, 4), "法人番号の検査用数字が一致しません。"),
        (
            filed.under_16_elsewhere > 0,
            Article(9, 2, 3),
            f"同じ法人番号の契約{filed.under_16_elsewhere}件が第16条第1項に該当しています。",
        ),
        (bool(unknown), Article(9, 2, 1), f"提供できるゾーンの一覧にありません: {'、'.join(unknown)}"),
    )
    return [Found(article=str(a), severity="warning", detail=words) for doubtful, a, words in checks if doubtful]


def _hints(filed: Filed) -> list[Found]:
    """What the reviewer should know."""
    checks = (
        (
            filed.open_elsewhere > 0,
            Article(4),
            f"同じ法人番号のお申込み又は契約がほかに{filed.open_elsewhere}件あります。",
        ),
        (GATEWAY in filed.codes, Article(3), "サービスゲートウェイの接続先サービスを確認してください。"),
        (ROUTER in filed.codes, Article(14, 3), "インターネット接続には第14条第3項が適用されます。"),
    )
    return [Found(article=str(a), severity="info", detail=words) for there, a, words in checks if there]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDays:
    """Until when an application is to be answered, with the days of the reminder and of the escalation."""

    answer_by_on: date
    remind_on: date
    escalate_on: date


@implements(Article(9, 1), Article(9, 3))
def answer_days(terms: Terms, calendars: Calendars, *, complete_on: date) -> AnswerDays:
    """Count the business days of the answer from the day on which the application was complete (not counted, 民140).

    Raises:
        CalendarUnknown: the days lie beyond the known holidays.
    """
    answer_by_on = add_business_days(calendars, complete_on, terms.answer_days)
    return AnswerDays(
        answer_by_on=answer_by_on,
        remind_on=previous_business_day(calendars, answer_by_on - ONE_DAY),
        escalate_on=answer_by_on + ONE_DAY,
    )


@implements(Article(9, 2), Article(9, 3))
def check_grounds(grounds: Sequence[str]) -> None:
    """Check that a refusal names grounds of 9(2).

    Raises:
        Refused: no ground, or one that 9(2) doesn't know.
    """
    unknown = sorted(set(grounds) - set(GROUNDS))
    if not grounds or unknown:
        raise Refused(Article(9, 2), "不承諾には利用規約第9条第2項各号の事由を示してください。")
