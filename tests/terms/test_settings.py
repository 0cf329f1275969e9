"""Every number and reading: documented, bounded, and changed only within what can be carried out."""

import re
from dataclasses import fields
from datetime import date

import pytest

from terms.citation import Article
from terms.settings import (
    CALCULATOR_SETTINGS,
    TERMS_1_0,
    VERSIONS,
    BadSettingValue,
    Terms,
    UnknownSetting,
)
from tests.terms.oracles import day

STATUTES = ("附則", "法人税法施行規則")


class TestDocumentation:
    """Each field says where it comes from."""

    @pytest.mark.parametrize("name", [each.name for each in fields(Terms)])
    def test_a_setting_has_its_clause_and_its_reading(self, name: str) -> None:
        """What may be changed also says who confirms it; nothing is both fixed and changeable."""
        known = next(each for each in fields(Terms) if each.name == name).metadata
        if not known["article"].startswith(STATUTES):
            Article.parse(known["article"])
        assert re.fullmatch(r"(A[0-9]{1,3})?", known["reading"])
        assert known["fixed"] or set(known["who"]) <= set("法経税")
        assert known["fixed"] or known["who"]

    def test_a_calculator_takes_the_settings_of_the_specification(self) -> None:
        """These eight, with these defaults."""
        assert {name: getattr(TERMS_1_0, name) for name in CALCULATOR_SETTINGS} == {
            "cancel_notice_rule": "EOM_PREV",
            "incl_first_day": False,
            "due_shift": "NEXT",
            "min_pay_days": 14,
            "daycount": "CALENDAR",
            "suspend_lead_days": 7,
            "delete_grace_days": 30,
            "retention_years": 10,
        }

    def test_a_version_is_found_by_its_number(self) -> None:
        """It is in force from 2026-03-01."""
        assert VERSIONS["1.0"] is TERMS_1_0
        assert TERMS_1_0.effective_on == date(2026, 3, 1)

    def test_terms_are_values(self) -> None:
        """Equal settings are equal terms, so that an answer can be replayed."""
        assert Terms() == TERMS_1_0
        assert hash(Terms()) == hash(TERMS_1_0)


class TestOverrides:
    """Only what may be changed, only to what can be carried out."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("cancel_notice_rule", "CLEAR"),
            ("incl_first_day", True),
            ("min_pay_days", 0),
            ("min_pay_days", 365),
            ("retention_years", 100),
            ("fiscal_year_end_month", 12),
            ("allow_34_2", True),
            ("cap_scope", "INSTANCE"),
            ("price_start_day", 1),
            ("price_start_day", "ANY"),
        ],
    )
    def test_a_setting_is_changed(self, name: str, value: object) -> None:
        """The others stay, and so do the terms it was taken from."""
        changed = TERMS_1_0.with_overrides({name: value})
        assert getattr(changed, name) == value
        assert changed.with_overrides({name: getattr(TERMS_1_0, name)}) == TERMS_1_0

    def test_lists_stand_for_tuples(self) -> None:
        """As JSON has no tuples."""
        changed = TERMS_1_0.with_overrides({"written_forms": ["paper"], "partners_allowed": ["P-1"]})
        assert (changed.written_forms, changed.partners_allowed) == (("paper",), ("P-1",))

    @pytest.mark.parametrize(
        "name",
        ["no_such", "", "interest_rate", "cluster_min_term_months", "version", "dunning", "tax_rates", "__class__"],
    )
    def test_other_names_are_unknown(self, name: str) -> None:
        """What the text or a statute fixes, and tables, which change as a whole."""
        with pytest.raises(UnknownSetting):
            TERMS_1_0.with_overrides({name: 1})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("cancel_notice_rule", "clear"),
            ("cancel_notice_rule", None),
            ("incl_first_day", 1),
            ("incl_first_day", "true"),
            ("min_pay_days", -1),
            ("min_pay_days", 366),
            ("min_pay_days", "14"),
            ("min_pay_days", True),
            ("min_pay_days", 14.0),
            ("retention_years", 101),
            ("fiscal_year_end_month", 0),
            ("fiscal_year_end_month", 13),
            ("penalty_proration", "CEIL"),
            ("price_start_day", True),
            ("written_forms", "paper"),
            ("written_forms", ["email"]),
            ("partners_allowed", [1]),
        ],
    )
    def test_other_values_are_refused(self, name: str, value: object) -> None:
        """Another type, out of bounds, or a reading that this version cannot carry out."""
        with pytest.raises(BadSettingValue):
            TERMS_1_0.with_overrides({name: value})

    def test_the_settings_used_are_told(self) -> None:
        """By name and value, as an answer states them."""
        assert TERMS_1_0.used("due_shift", "min_pay_days") == {"due_shift": "NEXT", "min_pay_days": 14}
        assert TERMS_1_0.used() == {}


class TestTables:
    """Tables by date and by name."""

    def test_the_tax_rate_of_a_day(self) -> None:
        """10 % from the day of the terms on."""
        assert TERMS_1_0.tax_percent(day("2026-03-01")) == TERMS_1_0.tax_percent(day("2099-12-31")) == 10

    def test_the_ladder_of_dunning(self) -> None:
        """Days after the printed due day; the reminder in business days."""
        steps = {each.step: (each.days, each.business) for each in TERMS_1_0.dunning}
        assert steps["reminder"] == (5, True)
        assert [days for days, business in steps.values() if not business] == [1, 15, 25, 40, 60]
        assert TERMS_1_0.ladder_step("review").days == 60
