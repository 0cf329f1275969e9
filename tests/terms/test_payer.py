"""Art. 27(2): payers are known by the names that banks pass on."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from terms.payer import (
    KEY_CHARACTERS,
    NAME_BYTES,
    bank_form,
    key_prefix,
    normal_name,
    same_payer,
    split_payer_code,
    was_cut,
)

SAMPLES = Path(__file__).parents[1] / "samples"
PAYMENTS: list[dict[str, Any]] = json.loads((SAMPLES / "expected/payments.json").read_text(encoding="utf-8"))[
    "payments"
]

ASSOCIATION = "シャ）キュウシュウオキナワコウイキデジタルトウダイジンザイイクセイスイシンキョウギカイ"

KANA = "アイウエオカガキギクグパピプペポバビブベボャュョッァィーヲヴン"
LETTERS = st.text(KANA + "ぁあがぱっゔゐヱヵ・ 　-－ｶﾞﾊﾟｰｦABcdｅＦ09３，.&'（）()〔]株髙é", max_size=60)
NAMES = st.text(KANA + "がぱｶﾞﾊﾟA", min_size=1, max_size=60)
LONG_NAMES = st.text(KANA, min_size=50, max_size=80)
FORMS = st.sampled_from(["カ）{}", "{}（カ", "ﾕ){}", "{}(ｶﾞｸ", "トクヒ）{}", "シャ) {}", "{}", "{}(シュッ"])


def registered() -> dict[str, list[str]]:
    """Return the names that the applications of the samples register, by customer."""
    found = {}
    for path in sorted((SAMPLES / "applications").glob("QPC-*.json")):
        text = path.read_text(encoding="utf-8")
        names = re.search(r'"remitter_names_kana": (\[[^\]]*\])', text)
        assert names
        found[path.stem] = json.loads(names[1])
    return found


REGISTERED = registered()


class TestTheSamples:
    """Every payment of the samples finds its payer and nobody else."""

    @pytest.mark.parametrize("payment", PAYMENTS, ids=lambda payment: f"{payment['reference']} {payment['class']}")
    def test_a_payer_is_recognised(self, payment: dict[str, Any]) -> None:
        """Full width, small kana, cut names, digits, blanks, second names; unknown names are nobody's."""
        expected = {payment["customer_ref"]} if payment["matched_by"] == "name" else set()
        known = {ref for ref, names in REGISTERED.items() if any(same_payer(payment["payer"], name) for name in names)}
        assert known == expected

    @pytest.mark.parametrize("payment", PAYMENTS, ids=lambda payment: f"{payment['reference']} {payment['class']}")
    def test_a_payer_is_looked_up_by_hashes(self, payment: dict[str, Any]) -> None:
        """The whole normal name finds it, or for a cut name its beginning."""
        key = key_prefix if was_cut(payment["payer"]) else normal_name
        known = {ref for ref, names in REGISTERED.items() if key(payment["payer"]) in map(key, names)}
        assert known == ({payment["customer_ref"]} if payment["matched_by"] == "name" else set())

    def test_no_two_customers_share_a_name(self) -> None:
        """Each registered name is one customer's."""
        for ref, names in REGISTERED.items():
            others = [name for other, theirs in REGISTERED.items() if other != ref for name in theirs]
            assert not any(same_payer(name, other) for name in names for other in others)


class TestNormalName:
    """One form for what banks pass on and what customers register."""

    @pytest.mark.parametrize(
        ("raw", "name"),
        [
            pytest.param("ｶ)ﾊｶﾀﾃﾞ-ﾀ", "ハカタデタ", id="as banks write"),
            pytest.param("カ）ハカタデータ", "ハカタデタ", id="full width"),
            pytest.param("か）はかたでーた", "ハカタデタ", id="hiragana"),
            pytest.param("(カ)ハカタデータ", "ハカタデタ", id="two brackets at the head"),
            pytest.param("㈱ハカタデータ", "ハカタデタ", id="one sign for the form"),
            pytest.param("【株】ハカタデータ", "ハカタデタ", id="other brackets"),
            pytest.param("ﾊｶﾀﾃﾞ-ﾀ(ｶ", "ハカタデタ", id="at the tail"),
            pytest.param("ハカタデータ （カ）", "ハカタデタ", id="at the tail with a blank"),
            pytest.param("ﾊｶﾀ(ｶ)ﾃﾞ-ﾀ", "ハカタデタ", id="between"),
            pytest.param("ｶ)ﾊｶﾀﾃﾞ-ﾀ(ｴｲ", "ハカタデタ", id="a business office"),
            pytest.param("ハカタデータ（シュッ", "ハカタデタ", id="a branch office, small kana"),
            pytest.param("ﾄｸﾋ)ﾐﾄﾞﾘ", "ミドリ", id="a non-profit"),
            pytest.param("ﾄﾞｸ)ﾐﾄﾞﾘ", "ミドリ", id="an agency"),
            pytest.param("カブシキガイシャ　ハカタ", "カブシキガイシヤハカタ", id="written out is no short form"),
            pytest.param("ｶﾊｶﾀ", "カハカタ", id="no bracket, no form"),
            pytest.param("ﾊｶﾀ(ﾌｸｵｶ)", "ハカタフクオカ", id="brackets around something else"),
            pytest.param("キャノンマーケティング", "キヤノンマケテイング", id="small kana"),
            pytest.param("ヵヶㇰㇷ゚ゎ", "カケクプワ", id="rare small kana"),
            pytest.param("ｦﾘｵﾝ ヲリオン", "オリオンオリオン", id="no wo"),
            pytest.param("ヰヱゐゑ", "イエイエ", id="old kana"),
            pytest.param("ｳﾞｨｰﾅｽ", "ヴイナス", id="vu is u with its mark"),
            pytest.param("ハ゜ナソニツク カ゛", "パナソニツクガ", id="marks typed apart"),
            pytest.param("ソーラ〜ー‐―", "ソラ", id="every long vowel"),
            pytest.param("ﾌｸ) ﾓｸﾚﾝ ｴﾝ", "モクレンエン", id="blanks"),
            pytest.param("A・B, Co.＆c／é", "ABCOCE", id="signs and case"),
            pytest.param("0731 ｶ)ﾊｶﾀ", "ハカタ", id="digits and a blank before it"),
            pytest.param("０７３１カ）ハカタ", "ハカタ", id="full-width digits"),
            pytest.param("1260000001-ﾊｶﾀ2ｺﾞｳ", "ハカタ2ゴウ", id="digits within stay"),
            pytest.param("ｶ)21ｾｲｷ", "21セイキ", id="digits after the form are the name"),
            pytest.param("", "", id="nothing"),
            pytest.param("12345 (ｶ)", "", id="nobody"),
        ],
    )
    def test_names(self, raw: str, name: str) -> None:
        """Width, kana, marks, forms, digits, blanks and signs tell no payer from another."""
        assert normal_name(raw) == name

    @given(LETTERS)
    def test_a_normal_name_stays_as_it_is(self, raw: str) -> None:
        """Unless it begins with digits, which a second time would be taken for a code."""
        name = normal_name(raw)
        assume(not name[:1].isdigit())
        assert normal_name(name) == name

    @given(NAMES, FORMS)
    def test_forms_do_not_tell(self, name: str, form: str) -> None:
        """The short form stands at the head or at the tail, or is left out."""
        assert normal_name(form.format(name)) == normal_name(name)

    @given(LETTERS)
    def test_the_key_is_its_beginning(self, raw: str) -> None:
        """Twelve characters, or all."""
        assert key_prefix(raw) == normal_name(raw)[:12]


class TestPayerCode:
    """依頼人番号: digits before the name."""

    @pytest.mark.parametrize(
        ("raw", "code", "name"),
        [
            pytest.param("0731 ｶ)ｹﾞﾝｶｲ", "0731", "ｶ)ｹﾞﾝｶｲ", id="a blank between"),
            pytest.param("1260000001ｶ)ｹﾞﾝｶｲ", "1260000001", "ｶ)ｹﾞﾝｶｲ", id="nothing between"),
            pytest.param(" ０７３１－ｶ)ｹﾞﾝｶｲ ", "0731", "ｶ)ｹﾞﾝｶｲ", id="full width, a hyphen"),
            pytest.param(" ｵｶﾞﾀ ｻｸﾗ ", "", "ｵｶﾞﾀ ｻｸﾗ", id="none"),
            pytest.param("0731", "0731", "", id="no name"),
        ],
    )
    def test_it_is_split_off(self, raw: str, code: str, name: str) -> None:
        """The code in plain digits, the name as it was written."""
        assert split_payer_code(raw) == (code, name)


class TestBankForm:
    """Names as banks write them."""

    @pytest.mark.parametrize(
        ("name", "written"),
        [
            pytest.param("カ）ソーラーファーム", "ｶ)ｿ-ﾗ-ﾌｱ-ﾑ", id="long vowels and small kana"),
            pytest.param("がぱヴヲ", "ｶﾞﾊﾟｳﾞｵ", id="marks apart, no wo"),
            pytest.param("「abc」, d・e", "｢ABC｣  D E", id="capitals, signs that banks do not have"),
        ],
    )
    def test_names(self, name: str, written: str) -> None:
        """One byte a letter."""
        assert bank_form(name) == written
        assert len(written.encode("cp932")) == len(written)

    @given(LETTERS)
    def test_it_is_the_same_name(self, name: str) -> None:
        """A bank passes on what it can of a name; it is still the same one, and written so for good."""
        assert normal_name(bank_form(name)) == normal_name(name)
        assert bank_form(bank_form(name)) == bank_form(name)


class TestCutNames:
    """A name field holds 48 bytes."""

    @pytest.mark.parametrize(
        ("raw", "with_edi", "cut"),
        [
            pytest.param("ｱ" * 47, False, False, id="a byte is free"),
            pytest.param("ｱ" * 48, False, True, id="full"),
            pytest.param("ｶﾞ" * 24, False, True, id="marks count"),
            pytest.param("ガ" * 24, False, True, id="marks count in full width too"),
            pytest.param("ｱ" * 47 + " ", False, False, id="a blank fills"),
            pytest.param("ｱ" * 49, False, False, id="other records hold more"),
            pytest.param("ｱ" * 26, False, False, id="26 bytes alone"),
            pytest.param("ｱ" * 26, True, True, id="26 bytes beside EDI information"),
            pytest.param("ｱ" * 27, True, False, id="27 bytes beside EDI information"),
            pytest.param("ｱ" * 48, True, True, id="48 bytes beside EDI information"),
        ],
    )
    def test_a_full_field_was_cut(self, raw: str, *, with_edi: bool, cut: bool) -> None:
        """Whatever fills the field may go on."""
        assert was_cut(raw, with_edi=with_edi) is cut

    @given(LONG_NAMES, FORMS)
    def test_a_cut_name_is_recognised(self, name: str, form: str) -> None:
        """Wherever 48 bytes end: at a letter, before its mark, within the form at the tail."""
        whole = form.format(name)
        raw = bank_form(whole)[:NAME_BYTES]
        assume(len(normal_name(raw)) >= KEY_CHARACTERS + 1)  # not all long vowels
        assert same_payer(raw, whole)
        assert key_prefix(raw) == key_prefix(whole)

    @pytest.mark.parametrize("form", ["(ﾄｸﾋ", "(ｶﾞｸ", "(ｼﾔ"])
    @pytest.mark.parametrize("left", [1, 2, 3, 4])
    def test_a_form_is_cut(self, form: str, left: int) -> None:
        """What is left of a bracketed form at the end is no part of the name."""
        raw = ("ｱ" * 48)[: 48 - len(form[:left])] + form[:left]
        assert same_payer(raw, "ア" * (48 - len(form[:left])) + form)

    def test_a_mark_is_cut(self) -> None:
        """The 48th byte is a letter, its mark is lost."""
        assert same_payer("ｱ" * 47 + "ｶ", "ア" * 47 + "ガイ")
        assert not same_payer("ｱ" * 47 + "ｶ", "ア" * 47 + "キ")

    def test_digits_before_it_shorten_it(self) -> None:
        """The code and the name share the field."""
        raw = f"0731 {bank_form(ASSOCIATION)}"[:NAME_BYTES]
        assert same_payer(raw, ASSOCIATION)

    def test_edi_information_shortens_it(self) -> None:
        """26 bytes are left; without EDI information that many would be the whole name."""
        raw = bank_form(ASSOCIATION)[:26]
        assert same_payer(raw, ASSOCIATION, with_edi=True)
        assert not same_payer(raw, ASSOCIATION)

    @pytest.mark.parametrize(
        ("raw", "name"),
        [
            pytest.param("ｶ)ﾊｶﾀ", "カ）ハカタデータ", id="a beginning that was not cut"),
            pytest.param("ｶ)ﾊｶﾀﾃﾞ-ﾀ", "カ）ハカタ", id="more than the name"),
            pytest.param("", "", id="no names"),
            pytest.param("0731 ｶ)", "カ）", id="no names but forms"),
            pytest.param("-" * 48, "ハカタ", id="a full field without a letter"),
            pytest.param("ﾊｶﾀﾃﾞ-ﾀ" + "-" * 41, "ハカタデータセンター", id="a full field with too few letters"),
            pytest.param("ｱ" * 42 + "(ﾐﾄﾞﾘ", "ア" * 42 + "カイ", id="a bracket that begins no form"),
        ],
    )
    def test_others_are_others(self, raw: str, name: str) -> None:
        """Only a full field is compared as a beginning, and nobody is not a payer."""
        assert not same_payer(raw, name)
