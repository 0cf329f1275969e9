"""Reminders, warnings, stops and restarts: what they say in each case, and facts that contradict themselves."""

import re

import pytest
from pydantic import JsonValue

from activities.documents import FactsWrong, compose
from tests.activities.ladder_letters import FIVE, ONE, RESOURCE, owed
from tests.activities.letters import SENDER, letter
from tests.activities.test_documents import in_all_forms, squeeze

NASTY = '<script>alert(1)</script> & "#panic()" {{ frame }} *x*'
REMINDERS = ("first_reminder", "second_reminder")
STOPS = ("suspension_warning", "suspension_started_notice", "suspension_extension_notice")
OTHER: dict[str, JsonValue] = {
    "item": 4, "reason": "攻撃が続いている。", "owed": None, "principal": None, "interest": None, "total": None
}  # fmt: skip


def text(slug: str, facts: dict[str, JsonValue] | None = None) -> str:
    """Write a letter as text, squeezed."""
    return squeeze(compose(letter(slug, facts), SENDER).text)


class TestDebts:
    """The debt with its interest, days and basis (16(1)(1), 36)."""

    @pytest.mark.parametrize("slug", [*REMINDERS, *STOPS])
    def test_five_debts_are_listed_and_summed(self, slug: str) -> None:
        """Each with its own days; whole years and leap years as the calculator has them; a penalty bears none."""
        for words in in_all_forms(compose(letter(slug, FIVE), SENDER)).values():
            for told in (
                "2025年7月1日から436日(1年、71日/365日)", "¥1,710,671", "2026年9月1日から9日(9日/365日)", "¥4,414,003",
                "違約金", "¥30,600,000", "割増金", "¥363,000", "¥1,275,530,889", "¥6,129,951", "¥1,281,660,840",
            ):  # fmt: skip
                assert told in words

    @pytest.mark.parametrize("slug", REMINDERS)
    def test_of_several_the_oldest_stands_in_the_sentence(self, slug: str) -> None:
        """With the sum of all, and the remark that the table tells them apart."""
        words = text(slug, FIVE)
        assert "遅延損害金は2025年7月1日から436日分、6,129,951円です。本状と行き違い" in words
        assert "請求書ごとの起算日と日数は、下記の内訳のとおりです。" in words

    @pytest.mark.parametrize("slug", REMINDERS)
    def test_a_debt_that_bears_no_interest(self, slug: str) -> None:
        """Only a penalty is open: nothing is said of interest (A52)."""
        one = owed("2260000003", "penalty", "2026-08-03", 30600000)
        facts: dict[str, JsonValue] = {"owed": [one], "principal": 30600000, "interest": 0, "total": 30600000}
        words = text(slug, facts)
        assert "下記料金のご入金を確認できません。本状と行き違い" in words

    def test_without_an_account_the_invoice_says_where_to_pay(self) -> None:
        """No bank account was registered yet."""
        assert "振込先:請求書に記載の口座" in text("first_reminder", {"account": None})

    def test_an_ended_contract_is_warned_of_nothing(self) -> None:
        """The second reminder then announces no suspension."""
        assert "停止" not in text("second_reminder", {"from_on": None})


class TestStops:
    """A stop of all or a part, for a debt or another item of 16(1), for a time or until the cause is gone."""

    def test_open_end_and_all_of_the_service(self) -> None:
        """Without `until_on` the stop lasts until the cause is gone; by e-mail nothing hangs on the arrival."""
        words = text(
            "suspension_warning", {"until_on": None, "scope": None, "resources": None, "arrives_on": None}
        )  # fmt: skip
        assert "2026年9月25日から停止事由が解消するまで、サービスの全部の提供を停止します。" in words
        assert "に到達した場合" not in words
        assert "対象のOCFリソース" not in words

    @pytest.mark.parametrize("slug", STOPS)
    def test_another_item_tells_what_happened(self, slug: str) -> None:
        """No debt is listed; the reason is."""
        words = text(slug, OTHER)
        assert "第16条第1項第4号(第19条の規定に違反した場合)" in words
        assert "攻撃が続いている。" in words
        assert "未払額" not in words

    @pytest.mark.parametrize("slug", [*STOPS, "service_resumed_notice"])
    def test_a_part_is_listed(self, slug: str) -> None:
        """Resources by their ids."""
        words = text(slug, {"scope": "part", "resources": [RESOURCE]})
        assert "サービスの一部" in words
        assert "vm-41f0c2d8" in words

    def test_no_pledge(self) -> None:
        """An unpaid debt needs none by default."""
        words = text("suspension_started_notice", {"pledge_required": False})
        assert "誓約書の提出:不要" in words
        assert "ご提出いただいたうえで" not in words

    def test_a_pledge_without_a_day(self) -> None:
        """The row is left out."""
        assert "ご提出の期日" not in text("pledge_request", {"submit_by_on": None})

    @pytest.mark.parametrize("slug", STOPS)
    def test_markup_stays_text(self, slug: str) -> None:
        """HTML, Typst and Jinja marks in a reason or a resource are printed, never obeyed."""
        named: dict[str, JsonValue] = {**RESOURCE, "name": NASTY}
        made = compose(letter(slug, {**OTHER, "reason": NASTY, "scope": "part", "resources": [named]}), SENDER)
        assert "<script>" not in made.html
        assert made.html.count("&lt;script&gt;") == 2
        assert all(words.count(squeeze(NASTY)) == 2 for words in in_all_forms(made).values())


class TestWrongFacts:
    """A letter that contradicts itself is not printed."""

    @pytest.mark.parametrize(
        ("slug", "facts"),
        [
            pytest.param("first_reminder", {"total": 1}, id="a sum that is none"),
            pytest.param("first_reminder", {"interest": 1962}, id="interest that no invoice bears"),
            pytest.param("first_reminder", {"as_of_on": "2026-09-08"}, id="interest beyond the day"),
            pytest.param("suspension_warning", {"pay_by_on": "2026-09-25"}, id="no day left to pay"),
            pytest.param("suspension_warning", {"until_on": "2026-09-24"}, id="an end before the beginning"),
            pytest.param("suspension_warning", {"scope": "all"}, id="all, with resources"),
            pytest.param("suspension_warning", {"resources": None}, id="a part, without resources"),
            pytest.param("suspension_started_notice", {"item": 4}, id="another item without a reason"),
            pytest.param("suspension_extension_notice", {"from_on": "2026-09-18"}, id="periods that overlap"),
            pytest.param("suspension_extension_notice", {"until_on": "2026-09-18"}, id="an end before its beginning"),
        ],
    )
    def test_contradictions(self, slug: str, facts: dict[str, JsonValue]) -> None:
        """Named without a value."""
        with pytest.raises(FactsWrong) as refused:
            compose(letter(slug, facts), SENDER)
        assert refused.value.fields == ("value_error",)

    @pytest.mark.parametrize(
        "wrong",
        [
            pytest.param({"from_on": None}, id="days without a first day"),
            pytest.param({"days": 0}, id="a first day without days"),
            pytest.param({"from_on": "2026-07-31"}, id="interest on the due day"),
        ],
    )
    def test_interest_has_its_days(self, wrong: dict[str, JsonValue]) -> None:
        """Interest in yen needs the days for which it runs."""
        one = {**owed("1260000007", "monthly", "2026-07-31", 123456), **wrong}
        facts: dict[str, JsonValue] = {**ONE, "owed": [one], "pay_by_on": "2026-09-18"}
        with pytest.raises(FactsWrong) as refused:
            compose(letter("first_reminder", facts), SENDER)
        assert refused.value.fields[0] == "owed.0"

    @pytest.mark.parametrize("slug", [*REMINDERS, *STOPS])
    def test_no_iso_date_is_printed(self, slug: str) -> None:
        """Days are worded."""
        assert not re.search(r"\d{4}-\d\d-\d\d", compose(letter(slug, FIVE), SENDER).text)
