"""Art. 4, 5(1), 6, 8, 9, 23, 43(1), 44(1): what a form is refused for, what is found, until when to answer."""

from dataclasses import replace
from typing import Any

import pytest

from terms.citation import Refused
from terms.review import Filed, RefusedAtTheDoor, answer_days, check_grounds, find, refuse_at_the_door
from tests.terms.oracles import CALENDARS, ONE, SUNDAY, TERMS, day, each_day

GOOD = Filed(
    terms_version="1.0",
    consented=True,
    intermediary=False,
    country="JP",
    codes=["VM-S2", "VOL-STD"],
    zones=["fukuoka-1"],
    known_zones=frozenset({"fukuoka-1", "osaka-1"}),
    cluster_term_confirmed=False,
    officers=3,
    no_resale=True,
    anti_social_representation=True,
    personal_data_consent=True,
    corporate_number_valid=True,
)


def filed(**changes: Any) -> Filed:  # noqa: ANN401 (fields of any type)
    """Return a form that is right but for the named fields."""
    return replace(GOOD, **changes)


def found(**changes: Any) -> list[tuple[str, str]]:  # noqa: ANN401 (fields of any type)
    """Return article and severity of each finding."""
    return [(one.article, one.severity) for one in find(filed(**changes))]


class TestAtTheDoor:
    """Art. 6, 8(1), 8(2): no application comes about."""

    @pytest.mark.parametrize(
        ("changes", "article", "field"),
        [
            pytest.param({"consented": False}, "8(1)", "/terms/consented_at", id="no-consent"),
            pytest.param({"terms_version": "0.9"}, "8(1)", "/terms/version", id="consent-to-other-terms"),
            pytest.param({"intermediary": True}, "8(2)", "/intermediary", id="filed-by-somebody-else"),
            pytest.param({"country": "KR"}, "6", "/use_location/country", id="used-abroad"),
        ],
    )
    def test_the_refusal_names_article_and_field(self, changes: dict[str, Any], article: str, field: str) -> None:
        """Each fault by itself is refused, and the applicant is shown where it stands."""
        with pytest.raises(RefusedAtTheDoor) as refused:
            refuse_at_the_door(TERMS, filed(**changes))
        assert (refused.value.article, refused.value.field) == (article, field)
        assert refused.value.detail.endswith("。")

    def test_consent_comes_first(self) -> None:
        """Without consent to the terms nothing else of them is asked."""
        with pytest.raises(RefusedAtTheDoor) as refused:
            refuse_at_the_door(TERMS, filed(consented=False, intermediary=True, country="KR"))
        assert refused.value.article == "8(1)"

    def test_a_form_without_fault_passes(self) -> None:
        """Gaps that can be completed do not close the door."""
        refuse_at_the_door(TERMS, filed(no_resale=False, corporate_number_valid=False, officers=0))


class TestWhatIsMissing:
    """Art. 5(1) s2, 23, 43(1), 44(1): declarations without which nothing is accepted."""

    @pytest.mark.parametrize(
        ("changes", "article"),
        [
            pytest.param({"codes": ["DC-STD"]}, "5(1)", id="cluster-term-not-confirmed"),
            pytest.param({"codes": ["DC-HOST"]}, "5(1)", id="a-host-without-its-cluster"),
            pytest.param({"no_resale": False}, "23(1)", id="resale"),
            pytest.param({"anti_social_representation": False}, "43(1)", id="no-representation"),
            pytest.param({"officers": 0}, "43(1)(1)", id="nobody-to-represent"),
            pytest.param({"personal_data_consent": False}, "44(1)", id="personal-data"),
        ],
    )
    def test_it_stands_in_the_way(self, changes: dict[str, Any], article: str) -> None:
        """Each is found by itself, and blocks."""
        assert found(**changes) == [(article, "blocking")]

    @pytest.mark.parametrize("codes", [["DC-STD"], ["DC-STD", "DC-HOST"], ["VM-S1", "DC-STD"]])
    def test_a_confirmed_cluster_passes(self, codes: list[str]) -> None:
        """Whoever confirmed the three years may order a cluster, with or without more hosts."""
        assert found(codes=codes, cluster_term_confirmed=True) == []


class TestWhatIsDoubtful:
    """Art. 9(2)(1), (3), (4): a person decides."""

    @pytest.mark.parametrize(
        ("changes", "article"),
        [
            pytest.param({"corporate_number_valid": False}, "9(2)(4)", id="wrong-check-digit"),
            pytest.param({"under_16_elsewhere": 1}, "9(2)(3)", id="suspended-elsewhere"),
            pytest.param({"zones": ["fukuoka-1", "moon-1"]}, "9(2)(1)", id="unknown-zone"),
        ],
    )
    def test_it_is_a_warning(self, changes: dict[str, Any], article: str) -> None:
        """It may be a ground of refusal, but forbids nothing."""
        assert found(**changes) == [(article, "warning")]

    def test_unknown_zones_are_named_once(self) -> None:
        """In order, however often they were ordered."""
        (one,) = find(filed(zones=["moon-2", "moon-1", "moon-2"]))
        assert one.detail.endswith("moon-1、moon-2")


class TestWhatIsGoodToKnow:
    """Art. 3, 4, 14(3): hints for the reviewer."""

    @pytest.mark.parametrize(
        ("changes", "article"),
        [
            pytest.param({"open_elsewhere": 2}, "4", id="another-of-the-same-company"),
            pytest.param({"codes": ["SGW"]}, "3", id="gateway"),
            pytest.param({"codes": ["VR-INET"]}, "14(3)", id="internet"),
        ],
    )
    def test_it_is_a_hint(self, changes: dict[str, Any], article: str) -> None:
        """It neither blocks nor warns."""
        assert found(**changes) == [(article, "info")]

    def test_a_plain_form_leaves_nothing_open(self) -> None:
        """Nothing missing, nothing doubtful, nothing to know."""
        assert found() == []

    def test_the_gravest_stand_first(self) -> None:
        """Blocking findings, then warnings, then hints."""
        listed = found(codes=["SGW"], corporate_number_valid=False, no_resale=False)
        assert [severity for _, severity in listed] == ["blocking", "warning", "info"]


class TestArticle9Paragraph1:
    """A105: an answer within five business days, the first day not counted."""

    @pytest.mark.parametrize(
        ("complete_on", "remind_on", "answer_by_on", "escalate_on"),
        [
            # Thursday, Friday, Monday, Tuesday, Wednesday.
            pytest.param("2026-03-25", "2026-03-31", "2026-04-01", "2026-04-02", id="over-a-weekend"),
            # Due on a Monday: the business day before is the Friday.
            pytest.param("2026-06-01", "2026-06-05", "2026-06-08", "2026-06-09", id="reminded-before-the-weekend"),
            # Due on a Friday: the day after is a Saturday, and it is escalated all the same.
            pytest.param("2026-06-05", "2026-06-11", "2026-06-12", "2026-06-13", id="escalated-on-a-saturday"),
            pytest.param("2026-06-06", "2026-06-11", "2026-06-12", "2026-06-13", id="filed-on-a-saturday"),
            # 3-6 May 2026 are holidays: the 7th is the first day.
            pytest.param("2026-05-01", "2026-05-12", "2026-05-13", "2026-05-14", id="golden-week"),
            # Monday the 28th, then nothing until 4 January.
            pytest.param("2026-12-25", "2027-01-06", "2027-01-07", "2027-01-08", id="new-year"),
        ],
    )
    def test_the_days_of_an_answer(self, complete_on: str, remind_on: str, answer_by_on: str, escalate_on: str) -> None:
        """Reminder on the business day before the last, escalation on the day after it."""
        days = answer_days(TERMS, CALENDARS, complete_on=day(complete_on))
        assert (days.remind_on, days.answer_by_on, days.escalate_on) == (
            day(remind_on),
            day(answer_by_on),
            day(escalate_on),
        )

    def test_every_day_of_four_years(self) -> None:
        """Five business days lie after the receipt up to the last day, which is one; four up to the reminder's."""
        for complete_on in each_day("2026-03-01", "2030-02-28"):
            days = answer_days(TERMS, CALENDARS, complete_on=complete_on)
            counted = [
                each
                for each in each_day(str(complete_on + ONE), str(days.answer_by_on))
                if each.weekday() < SUNDAY - 1
                and not CALENDARS.is_holiday(each)
                and (each.month, each.day) not in {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
            ]
            assert (len(counted), counted[-1], counted[-2]) == (5, days.answer_by_on, days.remind_on), complete_on


class TestArticle9Paragraph2:
    """A refusal names its grounds."""

    @pytest.mark.parametrize("grounds", [["9(2)(1)"], ["9(2)(2)", "9(2)(4)"], ["9(2)(5)"]])
    def test_grounds_of_the_list_pass(self, grounds: list[str]) -> None:
        """One or several of the five."""
        check_grounds(grounds)

    @pytest.mark.parametrize("grounds", [[], ["9(2)(6)"], ["8(1)"], ["9(2)(1)", "16(1)(1)"]])
    def test_others_are_refused(self, grounds: list[str]) -> None:
        """No ground, or one that 9(2) does not know, beside a good one too."""
        with pytest.raises(Refused) as refused:
            check_grounds(grounds)
        assert refused.value.article == "9(2)"
