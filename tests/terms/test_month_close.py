"""Art. 27(1): when a month is closed and billed."""

from datetime import date, datetime

from activities.gateways.calendars import JapanCalendars
from terms.billing import billed_from
from terms.periods import JST
from terms.settings import TERMS_1_0
from terms.timetable import billing_at


class TestArticle27Paragraph1:
    """A month is billed on the third bank business day of the next one, five minutes after midnight."""

    def test_the_third_bank_day(self) -> None:
        """April 2026: 1 May, 7 May (holidays from the 3rd to the 6th), 8 May."""
        assert billed_from(TERMS_1_0, JapanCalendars(), month="2026-04") == date(2026, 5, 8)

    def test_the_minute(self) -> None:
        """The run begins at 0:05 in Japan."""
        assert billing_at(date(2026, 5, 8)) == datetime(2026, 5, 8, 0, 5, tzinfo=JST)
