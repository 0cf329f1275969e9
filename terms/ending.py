"""A contract's way out as a whole: the end, the penalty of all its lines and the day of deletion.

- 18(1): by notice, at a month's end; 28(2) for every minimum term that is not over.
- 14(2), 18(2): at 24:00 of the day on which the notice arrives, without penalty (A15).
- 17(1), 17(2), 17(3): by the provider's rescission, at the instant at which its letter really arrives; 28(2). So too
  12(2), the rescission of a successor, and 43(2); before service starts by 28(1) (A10).
- 28(1): by withdrawal before service starts, at the instant of arrival: 36 months for cluster lines, 1 for the rest.
- 34(1): data are deleted after the days of grace.

Each minimum term has its own computation: the lines under it add up to one monthly basis. Workflows `contract`,
`termination`, `cancellation`; letters `cancellation_receipt`, `special_cancellation_receipt`,
`pre_start_withdrawal_receipt`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Literal

from terms.citation import Article, Refused, implements
from terms.derivation import ja_day, ja_yen
from terms.money import exact, floor_yen
from terms.notice import InPlace
from terms.penalty import Penalty, penalty, penalty_basis
from terms.periods import day_of
from terms.settings import SettingValue, Terms
from terms.termination import NoticeForm, by_notice
from terms.timetable import end_of

SpecialGround = Literal["14(2)", "18(2)"]
RescissionGround = Literal["17(1)", "17(2)", "12(2)", "43(2)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedLine:
    """What a line contributes to a penalty: its monthly price (yen, caps as decimal text) and its minimum term."""

    code: str
    quantity: int
    charge_type: str
    monthly_fee: int | None
    monthly_cap: str | None
    min_term_months: int
    min_term_ends_on: date | None
    recent_full_months: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """How a contract ends: `ends_at` is the instant at which it is over, 24:00 of `ends_on` or that of an arrival."""

    ground: str
    arrived_on: date
    runs_out_on: date | None
    ends_on: date
    ends_at: datetime
    penalty: int
    delete_from_on: date
    articles: tuple[str, ...]
    steps: tuple[str, ...]
    settings: Mapping[str, SettingValue]


def monthly_of(terms: Terms, line: OrderedLine) -> int:
    """Return a line's monthly amount for Art. 28 in yen (A12): the fee, the cap, or what full months cost."""
    recent = line.recent_full_months
    if line.charge_type == "monthly":
        fee = (line.monthly_fee or 0) * line.quantity
        return penalty_basis(terms, kind="fixed", monthly_fee=fee, recent_full_months=recent).monthly
    if line.monthly_cap is not None:
        cap = floor_yen(exact(line.monthly_cap) * line.quantity)
        return penalty_basis(terms, kind="capped", monthly_cap=cap, recent_full_months=recent).monthly
    return penalty_basis(terms, kind="metered", recent_full_months=recent).monthly


@implements(Article(18, 1), Article(28, 2))
def end_by_notice(
    terms: Terms,
    lines: Sequence[OrderedLine],
    *,
    arrived_at: datetime,
    form: NoticeForm,
    requested_end_on: date | None = None,
) -> Departure:
    """Work out the end by a notice of termination (解約届) with the penalty of every minimum term that is left.

    Raises:
        Refused: 18(1), as in `by_notice`.
    """
    arrived_on = day_of(arrived_at)
    end = by_notice(terms, arrived_on=arrived_on, form=form, requested_end_on=requested_end_on)
    charges = [
        penalty(
            terms,
            ground="18(1)",
            min_term_ends_on=min_term_ends_on,
            ends_on=end.ends_on,
            monthly=sum(monthly_of(terms, line) for line in group),
        )
        for min_term_ends_on, group in _by_minimum_term(lines)
    ]
    return _departure(
        terms,
        ground="18(1)",
        arrived_on=arrived_on,
        runs_out_on=end.runs_out_on,
        ends_on=end.ends_on,
        ends_at=end_of(end.ends_on),
        charges=charges,
        steps=end.steps,
        settings=end.settings,
    )


@implements(Article(14, 2), Article(18, 2))
def end_specially(terms: Terms, *, ground: SpecialGround, arrived_at: datetime, form: NoticeForm) -> Departure:
    """Work out the end by a special cancellation: 24:00 of the day of arrival (A106), no penalty (A15).

    Raises:
        Refused: 18(2) wants writing; 14(2) takes any recorded form (A24).
    """
    if ground == "18(2)" and form not in terms.written_forms:
        raise Refused(Article(18, 2), "利用規約第18条第2項の解除の通知は書面に限ります。")
    arrived_on = day_of(arrived_at)
    charge = penalty(terms, ground=ground, monthly=0)
    return _departure(
        terms,
        ground=ground,
        arrived_on=arrived_on,
        runs_out_on=None,
        ends_on=arrived_on,
        ends_at=end_of(arrived_on),
        charges=[charge],
        steps=(f"解除の通知は{ja_day(arrived_on)}に到着し、利用契約は同日をもって終了します。",),
        settings={},
    )


@implements(
    Article(12, 2), Article(17, 1), Article(17, 2), Article(17, 3), Article(28, 1), Article(28, 2), Article(43, 2)
)
def end_by_rescission(
    terms: Terms,
    lines: Sequence[OrderedLine],
    *,
    ground: RescissionGround,
    arrived_at: datetime,
    in_place: InPlace | None = None,
) -> Departure:
    """Work out the end by the provider's letter: the instant of its arrival, its day inclusive, the rest of each term.

    Only an arrival that somebody has witnessed counts, or what people have put in its place (A35, A67), as `in_place`
    says; a payment after it does not revive the contract. Before service starts no minimum term runs: the whole of it
    is due (28(1)).
    """
    arrived_on = day_of(arrived_at)
    clause = {"12(2)": "第12条第2項", "43(2)": "第43条第2項"}.get(ground, "第17条第3項")
    by_term = _by_minimum_term(lines)
    charges = [
        penalty(
            terms,
            ground=ground,
            min_term_ends_on=min_term_ends_on,
            ends_on=arrived_on,
            monthly=sum(monthly_of(terms, line) for line in group),
        )
        for min_term_ends_on, group in by_term
    ]
    return _departure(
        terms,
        ground=ground,
        arrived_on=arrived_on,
        runs_out_on=None,
        ends_on=arrived_on,
        ends_at=arrived_at,
        charges=charges if by_term else _whole_terms(terms, lines),
        before_start=not by_term,
        steps=(_arrival_told(arrived_on, clause, in_place),),
        settings={},
    )


@implements(Article(28, 1))
def end_before_start(terms: Terms, lines: Sequence[OrderedLine], *, arrived_at: datetime) -> Departure:
    """Work out the end by a withdrawal before service starts: the instant of arrival, the whole minimum term to pay."""
    arrived_on = day_of(arrived_at)
    return _departure(
        terms,
        ground="28(1)",
        arrived_on=arrived_on,
        runs_out_on=None,
        ends_on=arrived_on,
        ends_at=arrived_at,
        charges=_whole_terms(terms, lines),
        before_start=True,
        steps=(f"解除の通知は提供開始前の{ja_day(arrived_on)}に到着し、利用契約は到着の時に終了しました。",),
        settings={},
    )


def _arrival_told(on: date, clause: str, in_place: InPlace | None) -> str:
    if in_place == "decision":
        return f"解除は決定の時に効力を生じ、利用契約は{ja_day(on)}に終了しました（{clause}）。"
    told = "到達し" if in_place is None else "到達したものとみなし（第42条第2項）"
    return f"解除通知書は{ja_day(on)}に{told}、利用契約は到達の時に終了しました（{clause}）。"


def _whole_terms(terms: Terms, lines: Sequence[OrderedLine]) -> list[Penalty]:
    """Charge the whole minimum term of every line (28(1)), those of one length together, the longest first."""
    by_months = sorted(lines, key=lambda line: line.min_term_months, reverse=True)
    return [
        penalty(terms, ground="28(1)", monthly=sum(monthly_of(terms, line) for line in group), term_months=months)
        for months, group in groupby(by_months, key=lambda line: line.min_term_months)
    ]


def _by_minimum_term(lines: Sequence[OrderedLine]) -> list[tuple[date, list[OrderedLine]]]:
    """Group the lines that run under one minimum term."""
    under = sorted((line.min_term_ends_on, place) for place, line in enumerate(lines) if line.min_term_ends_on)
    return [
        (ends_on, [lines[place] for _, place in group]) for ends_on, group in groupby(under, key=lambda pair: pair[0])
    ]


def _told(charges: Sequence[Penalty]) -> list[str]:
    """Word the penalties: those that are due, with their sum if there are several; else why none is."""
    due = [charge for charge in charges if charge.penalty]
    steps = [step for charge in due or charges[-1:] for step in charge.steps]
    if len(due) > 1:
        steps.append(f"違約金の合計は{ja_yen(sum(charge.penalty for charge in due))}です。")
    return steps


def _departure(  # noqa: PLR0913 (the parts of one departure)
    terms: Terms,
    *,
    ground: str,
    arrived_on: date,
    runs_out_on: date | None,
    ends_on: date,
    ends_at: datetime,
    charges: Sequence[Penalty],
    steps: tuple[str, ...],
    settings: Mapping[str, SettingValue],
    before_start: bool = False,
) -> Departure:
    total = sum(charge.penalty for charge in charges)
    delete_from_on = ends_on + timedelta(days=terms.delete_grace_days)
    told = _told(charges)
    penal = ("28(1)",) if before_start else ("28(2)",)
    return Departure(
        ground=ground,
        arrived_on=arrived_on,
        runs_out_on=runs_out_on,
        ends_on=ends_on,
        ends_at=ends_at,
        penalty=total,
        delete_from_on=delete_from_on,
        articles=tuple(dict.fromkeys((ground, *penal, "34(1)"))),
        steps=(*steps, *told, f"データ等は{ja_day(delete_from_on)}以降に削除します。"),
        settings={**settings, **terms.used("delete_grace_days")},
    )
