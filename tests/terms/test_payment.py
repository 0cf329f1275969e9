"""Art. 25(1), 27(2), 28, 35, 36, 38(2): due days."""

from datetime import date, timedelta

import pytest

from terms.calendars import CalendarUnknown
from terms.citation import InvalidRule
from terms.payment import claim_due_on, due_date, penalty_due_on, reissue_due_on
from terms.settings import DueShift
from tests.terms.oracles import BANK_DAYS_OFF, CALENDARS, TERMS, day, each_day, last_of_month, moved_back, moved_on

PREV = TERMS.with_overrides({"due_shift": "PREV"})
NONE = TERMS.with_overrides({"due_shift": "NONE"})


def due(usage_month: str, issued_on: str | None = None) -> date:
    """Return the due day for a month of use."""
    issued = None if issued_on is None else day(issued_on)
    return due_date(TERMS, CALENDARS, usage_month=usage_month, issued_on=issued).due_on


class TestArticle27Paragraph2:
    """The last day of the second month after the month of use, moved off bank holidays."""

    @pytest.mark.parametrize(
        ("usage_month", "nominal_on", "due_on"),
        [
            pytest.param("2026-06", "2026-08-31", "2026-08-31", id="a-Monday"),
            pytest.param("2026-03", "2026-05-31", "2026-06-01", id="a-Sunday"),
            pytest.param("2026-10", "2026-12-31", "2027-01-04", id="over-the-years-end"),
            pytest.param("2027-12", "2028-02-29", "2028-02-29", id="a-leap-day"),
        ],
    )
    def test_the_due_day(self, usage_month: str, nominal_on: str, due_on: str) -> None:
        """By its month, carried over to the next bank business day."""
        found = due_date(TERMS, CALENDARS, usage_month=usage_month)
        assert (found.nominal_on, found.due_on) == (day(nominal_on), day(due_on))

    @pytest.mark.parametrize("shift", ["NEXT", "PREV", "NONE"])
    def test_every_month_under_every_reading(self, shift: DueShift) -> None:
        """By a second telling of the holiday law, for each start day of seven years."""
        terms = TERMS.with_overrides({"due_shift": shift})
        for started_on in each_day():
            nominal_on = last_of_month(last_of_month(last_of_month(started_on) + timedelta(1)) + timedelta(1))
            expected = {
                "NEXT": moved_on(nominal_on, BANK_DAYS_OFF),
                "PREV": moved_back(nominal_on, BANK_DAYS_OFF),
                "NONE": nominal_on,
            }[shift]
            by_month = due_date(terms, CALENDARS, usage_month=f"{started_on:%Y-%m}")
            by_start = due_date(terms, CALENDARS, started_on=started_on)
            assert by_month.nominal_on == by_start.nominal_on == nominal_on, started_on
            assert by_month.due_on == by_start.due_on == expected, started_on

    @pytest.mark.parametrize(
        ("issued_on", "due_on"),
        [
            pytest.param("2026-05-07", "2026-06-30", id="in-time"),
            pytest.param("2026-06-16", "2026-06-30", id="fourteen-days-before"),
            pytest.param("2026-06-17", "2026-07-01", id="thirteen-days-before"),
            pytest.param("2026-06-20", "2026-07-06", id="from-Saturday-to-Monday"),
        ],
    )
    def test_a_late_invoice_leaves_fourteen_days(self, issued_on: str, due_on: str) -> None:
        """The later of both days is taken, then shifted (A73)."""
        assert due("2026-04", issued_on) == day(due_on)

    def test_the_days_left_are_a_reading(self) -> None:
        """With none required an invoice may be due on the day of its issue; PREV may go below them."""
        none_left = TERMS.with_overrides({"min_pay_days": 0})
        issued_on = day("2026-07-15")
        assert due_date(none_left, CALENDARS, usage_month="2026-04", issued_on=issued_on).due_on == issued_on
        assert due_date(PREV, CALENDARS, usage_month="2026-04", issued_on=day("2026-06-20")).due_on == day("2026-07-03")

    def test_the_readings_used_are_told(self) -> None:
        """Both settings of the rule stand in its answer."""
        found = due_date(PREV, CALENDARS, usage_month="2026-04")
        assert found.settings == {"due_shift": "PREV", "min_pay_days": 14}

    def test_one_of_month_and_start_is_needed(self) -> None:
        """Both or none say nothing."""
        for month, start in ((None, None), ("2026-04", day("2026-04-01"))):
            with pytest.raises(InvalidRule) as wrong:
                due_date(TERMS, CALENDARS, usage_month=month, started_on=start)
            assert wrong.value.pointer == "/usage_month"

    def test_beyond_the_calendar_only_an_unshifted_day_is_known(self) -> None:
        """October 2099 is due on 31 December, a bank holiday; November's last day of January lies beyond."""
        assert due_date(PREV, CALENDARS, usage_month="2099-10").due_on == day("2099-12-30")
        for terms, month in ((TERMS, "2099-10"), (TERMS, "2099-11"), (PREV, "2099-11")):
            with pytest.raises(CalendarUnknown):
                due_date(terms, CALENDARS, usage_month=month)
        assert due_date(NONE, CALENDARS, usage_month="2099-12").due_on == day("2100-02-28")

    def test_the_steps_tell_the_way(self) -> None:
        """Issue and shift are named where they matter."""
        found = due_date(TERMS, CALENDARS, usage_month="2026-04", issued_on=day("2026-06-20"))
        assert found.steps == (
            "2026年4月分のお支払期限は翌々月の末日、2026年6月30日です。",
            "請求書の発行日2026年6月20日から14日後は2026年7月4日です。",
            "2026年7月4日は金融機関の休業日です。",
            "お支払期限は2026年7月6日です。",
        )

    @pytest.mark.parametrize(
        ("new_total", "due_on"),
        [
            pytest.param(4019, "2026-08-31", id="over-less"),
            pytest.param(4020, "2026-08-31", id="over-the-same"),
            pytest.param(4021, "2026-10-05", id="over-more"),
        ],
    )
    def test_a_reissue_keeps_its_day_unless_it_asks_for_more(self, new_total: int, due_on: str) -> None:
        """Issued on 19 September over 4,020 of before; 3 October is a Saturday."""
        found = reissue_due_on(
            TERMS,
            CALENDARS,
            old_due_on=day("2026-08-31"),
            old_total=4020,
            new_total=new_total,
            issued_on=day("2026-09-19"),
        )
        assert found == day(due_on)

    def test_a_reissue_follows_the_readings(self) -> None:
        """The days to pay, and the shift."""
        for terms, due_on in ((PREV, "2026-10-02"), (NONE, "2026-10-03")):
            found = reissue_due_on(
                terms, CALENDARS, old_due_on=day("2026-08-31"), old_total=1, new_total=2, issued_on=day("2026-09-19")
            )
            assert found == day(due_on)
        longer = TERMS.with_overrides({"min_pay_days": 30})
        assert reissue_due_on(
            longer, CALENDARS, old_due_on=day("2026-08-31"), old_total=1, new_total=2, issued_on=day("2026-09-19")
        ) == day("2026-10-19")


class TestClaims:
    """Art. 35, 36, 38(2): claims without a month of use."""

    @pytest.mark.parametrize(
        ("issued_on", "due_on"),
        [
            pytest.param("2026-06-01", "2026-06-15", id="a-Monday"),
            pytest.param("2026-06-06", "2026-06-22", id="from-Saturday-to-Monday"),
            pytest.param("2026-12-18", "2027-01-04", id="over-the-turn-of-the-year"),  # 1 January
            pytest.param("2026-09-07", "2026-09-24", id="over-a-silver-week"),  # 21 to 23 September are holidays
        ],
    )
    def test_they_are_due_fourteen_days_after_issue(self, issued_on: str, due_on: str) -> None:
        """Then the next bank day (A90)."""
        assert claim_due_on(TERMS, CALENDARS, issued_on=day(issued_on)) == day(due_on)

    def test_the_days_and_the_shift_are_readings(self) -> None:
        """`claim_due_days`, which no other due day uses, and `due_shift`."""
        for overrides, due_on in (
            ({"claim_due_days": 30}, "2026-07-06"),
            ({"due_shift": "PREV"}, "2026-06-19"),
            ({"due_shift": "NONE", "min_pay_days": 0}, "2026-06-20"),
        ):
            terms = TERMS.with_overrides(overrides)
            assert claim_due_on(terms, CALENDARS, issued_on=day("2026-06-06")) == day(due_on)


class TestArticle28:
    """A penalty is due at once (A74)."""

    @pytest.mark.parametrize(
        ("arrives_on", "due_on"),
        [
            pytest.param(None, "2026-09-19", id="by-email-on-the-day-of-issue"),
            pytest.param("2026-09-24", "2026-09-24", id="by-post-on-arrival"),
            pytest.param("2026-09-21", "2026-09-21", id="on-a-holiday-too"),
        ],
    )
    def test_it_is_due_when_its_invoice_arrives(self, arrives_on: str | None, due_on: str) -> None:
        """On whatever day that is: Saturday 19 September stays."""
        arrives = None if arrives_on is None else day(arrives_on)
        assert penalty_due_on(issued_on=day("2026-09-19"), arrives_on=arrives) == day(due_on)
