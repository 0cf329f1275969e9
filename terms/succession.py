"""Succession (承継) and assignment (譲渡).

- 11: rights under the contract are not assigned without our special consent.
- 12(1): the successor by merger or split gives notice within 30 days of the day of succession.
- 民140, 142: that day is left out; a last day without business moves to the next business day.
- 12(2): we may rescind if the successor is one we need not accept under 9(2).
- 13(1), 13(2): a change of name or address is told in writing; we may ask for proof.

Workflow `succession`; letters `succession_notice`, `succession_receipt`, `succession_rescission_notice`,
`proof_request`, `registration_change_receipt`, `assignment_consent`, `assignment_refusal`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from terms.calendars import Calendars, next_business_day
from terms.citation import Article, Refused, implements
from terms.derivation import Derived, ja_day
from terms.periods import ONE_DAY
from terms.review import Found
from terms.settings import Terms

SuccessionState = Literal[
    "notified", "documents_missing", "under_review", "continued", "rescinding", "rescinded", "overtaken"
]
SuccessionMove = Literal["notice", "document", "continue", "rescind", "end"]
AssignmentState = Literal["proposed", "consented", "transferred", "refused", "withdrawn", "overtaken"]
AssignmentMove = Literal["consent", "refuse", "transfer"]

UNDECIDED: frozenset[SuccessionState] = frozenset({"notified", "documents_missing", "under_review"})
_AFTER: tuple[SuccessionState, ...] = ("continued", "rescinding", "rescinded", "overtaken")

REFUSED: Mapping[SuccessionMove, Mapping[SuccessionState, str]] = MappingProxyType(
    {
        "notice": dict.fromkeys(_AFTER, "12(1)"),
        "document": dict.fromkeys(_AFTER, "12(1)"),
        "continue": {
            "notified": "12(1)",
            "documents_missing": "12(1)",
            "continued": "12(1)",
            "rescinding": "12(2)",
            "rescinded": "12(2)",
            "overtaken": "12(1)",
        },
        "rescind": dict.fromkeys(("notified", *_AFTER), "12(2)"),
        "end": dict.fromkeys(
            ("notified", "documents_missing", "under_review", "continued", "rescinded", "overtaken"), "12(2)"
        ),
    }
)
"""The clause that forbids a command in a state of a succession; all else is allowed.

`notified` is a succession that we know of without a notice of the successor's: it is still to come (A82). The letter's
arrival ends (`end`) what is being rescinded and nothing else.
"""
ALLOWED_BY: Mapping[SuccessionMove, str] = MappingProxyType(
    {"notice": "12(1)", "document": "12(1)", "continue": "12(1)", "rescind": "12(2)", "end": "12(2)"}
)
"""The clause by which each is allowed."""

ASSIGNABLE: Mapping[AssignmentMove, AssignmentState] = MappingProxyType(
    {"consent": "proposed", "refuse": "proposed", "transfer": "consented"}
)
"""The one state of an assignment in which each command is allowed; 11 forbids it in all others."""

_WORDS: Mapping[SuccessionState, str] = MappingProxyType(
    {
        "notified": "承継した法人からの届出がありません。",
        "documents_missing": "承継を証明する書類がそろっていません。",
        "under_review": "承継は審査中です。",
        "continued": "承継した法人との契約の継続は既に決定しています。",
        "rescinding": "承継した法人との契約の解除は既に決定しています。",
        "rescinded": "承継した法人との契約は既に解除されています。",
        "overtaken": "利用契約が終了したため、承継の手続きは終了しています。",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessionDeadline(Derived):
    """The thirtieth day as counted, and the last day on which the notice is in time."""

    raw_on: date
    deadline_on: date


@implements(Article(12, 1), Article(140, law="Civil Code"), Article(142, law="Civil Code"))
def succession_deadline(terms: Terms, calendars: Calendars, *, succeeded_on: date) -> SuccessionDeadline:
    """Work out the last day for the notice of a succession, in Japan.

    Raises:
        CalendarUnknown: the day lies beyond the known holidays.
    """
    first_on = succeeded_on if terms.incl_first_day else succeeded_on + ONE_DAY
    raw_on = first_on + timedelta(days=terms.succession_notice_days) - ONE_DAY
    deadline_on = next_business_day(calendars, raw_on)
    steps = [
        f"承継の日は{ja_day(succeeded_on)}で、{ja_day(first_on)}を1日目として数えます。",
        f"{terms.succession_notice_days}日目は{ja_day(raw_on)}です。",
    ]
    if deadline_on != raw_on:
        steps.append(f"{ja_day(raw_on)}は休業日のため、翌営業日まで延びます。")
    steps.append(f"届出の期限は{ja_day(deadline_on)}です。")
    return SuccessionDeadline(
        raw_on=raw_on,
        deadline_on=deadline_on,
        articles=("12(1)", "Civil Code 140", "Civil Code 142"),
        settings=terms.used("incl_first_day"),
        steps=tuple(steps),
    )


@implements(Article(12, 1), Article(12, 2))
def must_allow_in(state: SuccessionState, move: SuccessionMove) -> None:
    """Refuse a command that the state of a succession does not allow.

    Raises:
        Refused: 12(1) or 12(2).
    """
    forbidden = REFUSED[move].get(state)
    if forbidden is not None:
        raise Refused(Article.parse(forbidden), _WORDS[state])


@implements(Article(11))
def must_allow_assignment(state: AssignmentState, move: AssignmentMove) -> None:
    """Refuse a command that the state of a request for our consent does not allow.

    Raises:
        Refused: 11.
    """
    if state != ASSIGNABLE[move]:
        raise Refused(Article(11), "この譲渡の承諾の可否は、既に決定されています。")


@implements(Article(12, 1))
def stage_of(*, noticed: bool, missing: Sequence[str]) -> SuccessionState:
    """Say where an undecided succession stands: no notice, notice without its documents, or ready for review."""
    if not noticed:
        return "notified"
    return "documents_missing" if missing else "under_review"


@implements(Article(12, 1))
def reminder_days(terms: Terms, *, deadline_on: date) -> tuple[date, ...]:
    """Name the days before the end of the window on which somebody is reminded of what is missing."""
    return tuple(deadline_on - timedelta(days=days) for days in sorted(terms.succession_reminder_days, reverse=True))


@implements(Article(12, 2))
def review_by(terms: Terms, *, noticed_on: date) -> date:
    """Say until which day the successor is reviewed; after it only legal agrees to a rescission (A82)."""
    return noticed_on + timedelta(days=terms.succession_review_days)


@implements(Article(9, 2), Article(12, 2))
def doubts(*, corporate_number_valid: bool, under_16_elsewhere: int) -> tuple[Found, ...]:
    """List what about a successor may be a ground of 9(2); a person decides (A20)."""
    found = []
    if not corporate_number_valid:
        found.append(
            Found(article="9(2)(4)", severity="warning", detail="承継した法人の法人番号の検査用数字が一致しません。")
        )
    if under_16_elsewhere:
        words = f"同じ法人番号の契約{under_16_elsewhere}件が第16条第1項に該当しています。"
        found.append(Found(article="9(2)(3)", severity="warning", detail=words))
    return tuple(found)


@implements(Article(13, 1))
def must_be_written(terms: Terms, form: str) -> None:
    """Refuse a change of name or address that is not told in writing.

    Raises:
        Refused: 13(1).
    """
    if form not in terms.written_forms:
        raise Refused(Article(13, 1), "利用規約第13条第1項の届出は書面によるものとされています。")


@implements(Article(13, 2))
def proof_by(terms: Terms, *, asked_on: date) -> date:
    """Say until which day a proof that we ask for is to come; then somebody is reminded, and nothing more (A23)."""
    return asked_on + timedelta(days=terms.change_reminder_days)
