"""Art. 27(1): numbers of invoices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terms.numbering import KIND_DIGITS, LAST_IN_SERIES, InvoiceKind, InvoiceNumber, fiscal_year, invoice_number, parse
from tests.terms.oracles import TERMS, day


class TestArticle27Paragraph1:
    """Ten digits: kind, fiscal year of the day of issue, place in the series."""

    @pytest.mark.parametrize(
        ("kind", "number"),
        [
            ("monthly", "1260000001"),
            ("penalty", "2260000001"),
            ("surcharge", "3260000001"),
            ("interest", "4260000001"),
            ("restoration", "5260000001"),
            ("credit", "6260000001"),
        ],
    )
    def test_each_kind_has_its_digit(self, kind: InvoiceKind, number: str) -> None:
        """The first invoice of the fiscal year 2026 in each of the six series."""
        assert invoice_number(kind, 2026, 1) == number

    @given(st.sampled_from([*KIND_DIGITS]), st.integers(2000, 2099), st.integers(1, LAST_IN_SERIES))
    def test_a_number_is_read_as_it_was_made(self, kind: InvoiceKind, year: int, n: int) -> None:
        """Kind, fiscal year and place are all there; ten digits without a blank."""
        number = invoice_number(kind, year, n)
        assert len(number) == 10
        assert parse(number) == InvoiceNumber(kind=kind, fiscal_year=year, n=n)

    @pytest.mark.parametrize(
        ("year", "n"),
        [
            pytest.param(2026, 0, id="a series begins with 1"),
            pytest.param(2026, 10_000_000, id="the series is used up"),
            pytest.param(1999, 1, id="a year before the century"),
            pytest.param(2100, 1, id="a year after the century"),
        ],
    )
    def test_what_has_no_number(self, year: int, n: int) -> None:
        """A number that would not be told from another is not made."""
        with pytest.raises(ValueError, match="no invoice number"):
            invoice_number("monthly", year, n)

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("", id="nothing"),
            pytest.param("0260000001", id="kind 0"),
            pytest.param("7260000001", id="a kind that is none"),
            pytest.param("1260000000", id="place 0"),
            pytest.param("126000001", id="nine digits"),
            pytest.param("12600000011", id="eleven digits"),
            pytest.param("１２６００００００１", id="full-width digits"),
            pytest.param("1260000001\n", id="a line end after it"),
        ],
    )
    def test_what_is_no_number(self, text: str) -> None:
        """Other texts are none."""
        assert parse(text) is None


class TestFiscalYear:
    """The year in which the fiscal year of the day of issue begins."""

    @pytest.mark.parametrize(
        ("issued_on", "closing_month", "year"),
        [
            pytest.param("2026-03-31", 3, 2025, id="last day of the year before"),
            pytest.param("2026-04-01", 3, 2026, id="first day"),
            pytest.param("2026-12-31", 3, 2026, id="the calendar year ends, the fiscal year does not"),
            pytest.param("2027-03-31", 3, 2026, id="last day"),
            pytest.param("2026-01-01", 12, 2026, id="calendar year, first day"),
            pytest.param("2026-12-31", 12, 2026, id="calendar year, last day"),
            pytest.param("2028-02-29", 2, 2027, id="closing in February of a leap year"),
            pytest.param("2028-03-01", 2, 2028, id="the day after"),
        ],
    )
    def test_it_follows_the_closing_month(self, issued_on: str, closing_month: int, year: int) -> None:
        """From April to March unless the setting says otherwise."""
        terms = TERMS.with_overrides({"fiscal_year_end_month": closing_month})
        assert fiscal_year(terms, day(issued_on)) == year
