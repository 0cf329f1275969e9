"""Every number and every reading of the terms: one version of them is one frozen `Terms`.

A field says in its metadata which clause it carries out, which reading it follows (`A16` of the register of
readings), who confirms it (法 = legal, 経 = accounting, 税 = tax), and which other readings were considered.
Fields marked `fixed` stand in the text of the terms or in a statute; all others may be changed by decision, from
a date on, and never for a result already issued. Those marked `calculator` may be tried out for one calculation.
"""

# ruff: noqa: RUF009 (the defaults are calls because each carries its clause and reading; all are immutable)

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from fractions import Fraction
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

CancelNoticeRule = Literal["EOM_PREV", "SAME_DAY", "CLEAR"]
DayCount = Literal["CALENDAR", "FIXED365"]
DueShift = Literal["NEXT", "PREV", "NONE"]
TaxClass = Literal["taxable", "non_taxable", "exempt"]
Step = Literal["flag", "reminder", "warning", "suspension", "demand", "review"]
SettingValue = bool | int | str | tuple[str, ...]

MAX_DAYS = 365
MAX_YEARS = 100

LAST_KNOWN_DAY = date(2099, 12, 31)  # the formula for the equinoxes ends here
BUSINESS_CLOSES_ON = (12, 29)  # month and day; 民142, as public offices do (行政機関の休日に関する法律1)
BANKS_CLOSE_ON = (12, 31)  # 銀行法施行令5
NEW_YEAR_ENDS_ON = (1, 3)  # the last day off of both


class UnknownSetting(ValueError):
    """No setting of this name may be changed."""


class BadSettingValue(ValueError):
    """The value is none that the setting can take."""


def _fixed(default: Any, article: str, reading: str = "") -> Any:  # noqa: ANN401 (stands for a field of any type)
    """Declare what the text of the terms or a statute fixes."""
    return field(default=default, metadata={"article": article, "reading": reading, "who": "", "fixed": True})


def _read(
    default: Any,  # noqa: ANN401 (stands for a field of any type)
    article: str,
    reading: str,
    who: str = "法",
    *,
    others: tuple[str, ...] = (),
    calculator: bool = False,
    limits: tuple[int, int] | None = None,
    table: bool = False,
) -> Any:  # noqa: ANN401
    """Declare a reading: `others` were considered, `limits` bound a number, a `table` changes as a whole only."""
    return field(
        default=default,
        metadata={
            "article": article,
            "reading": reading,
            "who": who,
            "others": others,
            "calculator": calculator,
            "limits": limits,
            "fixed": False,
            "table": table,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxClasses:
    """Class of consumption tax for each charge (消費税法)."""

    initial: TaxClass = "taxable"
    metered: TaxClass = "taxable"
    capped: TaxClass = "taxable"
    monthly: TaxClass = "taxable"
    other: TaxClass = "taxable"
    avoided_fee: TaxClass = "taxable"
    surcharge: TaxClass = "taxable"
    penalty: TaxClass = "non_taxable"
    late_interest: TaxClass = "exempt"
    deletion_cost: TaxClass = "taxable"
    restoration_cost: TaxClass = "taxable"
    restoration_damages: TaxClass = "taxable"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """Rate of consumption tax, local tax included, for what is supplied from a day on."""

    from_on: date
    percent: int


@dataclass(frozen=True, slots=True)
class LadderStep:
    """A step of dunning: days after the printed due date, in business days where `business`."""

    step: Step
    days: int
    business: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """QT PRO Cloud サービス利用規約: one version with the readings under which it is carried out."""

    version: str = _fixed("1.0", "1")
    effective_on: date = _fixed(date(2026, 3, 1), "附則")

    # Fixed by the text of the terms.
    min_term_months: int = _fixed(1, "5(1)", "A8")
    cluster_min_term_months: int = _fixed(36, "5(1)", "A8")
    succession_notice_days: int = _fixed(30, "12(1)", "A22")
    maintenance_notice_days: int = _fixed(28, "15(2)", "A26")
    cancel_notice_months: int = _fixed(1, "18(1)", "A16")
    payment_months: int = _fixed(2, "27(2)", "A42")
    surcharge_multiple: int = _fixed(2, "35")
    interest_rate: Fraction = _fixed(Fraction(145, 1000), "36")
    anti_social_years: int = _fixed(5, "43(1)(1)")

    # Fixed by statutes.
    statutory_interest_rate: Fraction = _fixed(Fraction(3, 100), "Civil Code 404", "A52")
    tax_rates: tuple[TaxRate, ...] = _read((TaxRate(date(2019, 10, 1), 10),), "24(4)", "A76", "税", table=True)
    tax_class: TaxClasses = _read(TaxClasses(), "24(4)", "A14", "税", table=True)
    tax_filing_months: int = _fixed(2, "法人税法施行規則59")
    tax_retention_years: int = _fixed(7, "法人税法施行規則59")
    tax_loss_retention_years: int = _fixed(10, "法人税法施行規則59")
    companies_act_years: int = _fixed(10, "Companies Act 432(2)")

    # Formation and change of the contract.
    terms_notice_lead_days: int = _read(30, "2(2)", "A1", others=("same day as posting",), limits=(0, MAX_DAYS))
    discontinue_lead_days: int = _read(180, "18(3)", "A2", others=("clause inoperative",), limits=(0, MAX_DAYS))
    console_new_contract: Literal[False] = _read(default=False, article="4", reading="A5", others=("true",))
    billing_start_rule: Literal["SERVICE_START"] = _read(
        "SERVICE_START", "5(1)", "A6", others=("FIRST_RESOURCE", "THIRD_DAY")
    )
    min_term_scope: Literal["CLUSTER_LINE"] = _read("CLUSTER_LINE", "5(1)", "A8", others=("CONTRACT",))
    written_forms: tuple[Literal["paper", "e-signature"], ...] = _read(
        ("paper", "e-signature"), "18(1)", "A18", others=("paper only",)
    )
    partners_allowed: tuple[str, ...] = _read((), "8(2)", "A38", others=("listed partners",))
    answer_days: int = _read(5, "9(1)", "A105", others=("the application lapses",), limits=(1, MAX_DAYS))
    application_retention_days: int = _read(
        180, "44(6)", "A110", others=("as long as a contract's",), limits=(0, MAX_DAYS)
    )
    change_reminder_days: int = _read(14, "13(1)", "A23", limits=(0, MAX_DAYS))
    revision_exit_exempt: Literal[False] = _read(default=False, article="2", reading="A107", others=("true",))
    price_start_day: Literal[1, "ANY"] = _read(1, "24(2)", "A104", "経", others=("ANY",))

    # Succession.
    succession_types: tuple[Literal["merger", "split"], ...] = _read(("merger", "split"), "12(1)", "A21")
    incl_first_day: bool = _read(default=False, article="12(1)", reading="A22", others=("true",), calculator=True)
    succession_review_days: int = _read(30, "12(2)", "A82", others=("without notice too",), limits=(0, MAX_DAYS))
    succession_reminder_days: tuple[int, ...] = _read((14, 3), "12(1)", "", table=True)

    # Maintenance and restriction.
    maint_rule: Literal["CLEAR"] = _read("CLEAR", "15(2)", "A26", others=("ORDINARY",))
    maint_reschedule: Literal["RECOUNT"] = _read("RECOUNT", "15(2)", "A101", others=("KEEP",))
    maint_fallback: Literal[True] = _read(default=True, article="15(2)", reading="A109", others=("fallback cures",))
    maint_reminder_days: int = _read(35, "15(2)", "", limits=(0, MAX_DAYS))
    post_notice_hours: int = _read(24, "15(3)", "A28", limits=(0, MAX_DAYS))

    # Default, suspension, rescission.
    suspend_debts: Literal["ALL"] = _read("ALL", "16(1)(1)", "A30", others=("NAMED",))
    suspend_lead_days: int = _read(7, "16(2)", "A32", calculator=True, limits=(0, MAX_DAYS))
    suspend_end: Literal["RENOTIFY"] = _read("RENOTIFY", "16(3)", "A85", others=("EXTEND",))
    suspend_end_task_days: int = _read(5, "16(3)", "", limits=(0, MAX_DAYS))
    suspend_billing: Literal["METERED"] = _read("METERED", "26(4)", "A48", others=("DEEMED",))
    pledge_required: tuple[str, ...] = _read(
        ("16(1)(2)", "16(1)(3)", "16(1)(4)", "16(1)(5)", "16(1)(9)"), "16(3)", "", table=True
    )
    dunning: tuple[LadderStep, ...] = _read(
        (
            LadderStep("flag", 1),
            LadderStep("reminder", 5, business=True),
            LadderStep("warning", 15),
            LadderStep("suspension", 25),
            LadderStep("demand", 40),
            LadderStep("review", 60),
        ),
        "16(1)(1)",
        "A33",
        others=("at once",),
        table=True,
    )
    demand_days: int = _read(14, "17(1)", "A34", limits=(0, MAX_DAYS))
    rescind_wait_days: int = _read(14, "17(1)", "A34", others=("same item only",), limits=(0, MAX_DAYS))

    # Termination.
    cancel_notice_rule: CancelNoticeRule = _read(
        "EOM_PREV", "18(1)", "A16", others=("SAME_DAY", "CLEAR"), calculator=True
    )
    cancel_withdrawal: Literal["CONSENT"] = _read("CONSENT", "18(1)", "A102", others=("FREE",))
    receipt_shift: Literal["NONE"] = _read("NONE", "18(1)", "A96", others=("NEXT",))
    start_day_is_before: Literal[False] = _read(default=False, article="28(1)", reading="A89", others=("true",))
    penalty_basis: Literal["MEAN3"] = _read("MEAN3", "28", "A12", others=("CAP", "LAST_MONTH"))
    penalty_mean_months: int = _read(3, "28", "A12", limits=(1, 12))
    penalty_proration: Literal["CALENDAR"] = _read("CALENDAR", "28(2)", "A13", others=("CEIL", "ANNIVERSARY", "DAYS30"))
    penalty_exempt: tuple[Literal["14(2)", "18(2)", "18(3)"], ...] = _read(
        ("14(2)", "18(2)", "18(3)"), "28(2)", "A15", others=("wording only",)
    )
    deletion_reminder_days: tuple[int, ...] = _read((14, 7, 1), "18(1)", "", table=True)
    discontinue_reminder_days: int = _read(30, "18(3)", "", limits=(0, MAX_DAYS))
    restore_days: int = _read(14, "38(2)", "A59", limits=(0, MAX_DAYS))
    restoration_fixed: Literal[False] = _read(default=False, article="38(2)", reading="A80", others=("true",))
    deletion_charge_on: tuple[Literal["18(1)"], ...] = _read(("18(1)",), "38(2)", "A91", others=("every end",))

    # Charges, invoices, payment.
    cap_scope: Literal["INSTANCE"] = _read("INSTANCE", "26(2)", "A45", "経", others=("ITEM",))
    usage_rounding: Literal["SECOND"] = _read("SECOND", "26(1)", "A47", "経", others=("MINUTE_UP", "HOUR_UP"))
    close_freeze_bank_day: int = _read(3, "27(1)", "", "経", limits=(1, 20))
    due_shift: DueShift = _read("NEXT", "27(2)", "A56", "経", others=("PREV", "NONE"), calculator=True)
    min_pay_days: int = _read(14, "27(2)", "A73", "経", calculator=True, limits=(0, MAX_DAYS))
    claim_due_days: int = _read(
        14, "35", "A90", "経", others=("end of the second month after issue",), limits=(0, MAX_DAYS)
    )
    fee_tolerance: int = _read(0, "27(2)", "A50", "経", limits=(0, 10_000))
    fee_table: tuple[int, ...] = _read((220, 330, 440, 550, 660, 770, 880), "27(2)", "A50", "経", table=True)
    interest_base: Literal["TAX_INCLUDED"] = _read("TAX_INCLUDED", "36", "A51", others=("TAX_EXCLUDED",))
    interest_on: tuple[Literal["fee", "surcharge"], ...] = _read(
        ("fee", "surcharge"), "36", "A52", others=("all debts",)
    )
    daycount: DayCount = _read("CALENDAR", "36", "A54", others=("FIXED365",), calculator=True)
    interest_min: Literal[0] = _read(0, "36", "A55")
    appropriation: Literal["STATUTORY_489"] = _read("STATUTORY_489", "36", "A99", others=("INVOICE_FIRST",))

    # Deletion, retention, screening.
    delete_grace_days: int = _read(30, "34(1)", "A62", others=("at once",), calculator=True, limits=(0, MAX_DAYS))
    allow_34_2: bool = _read(default=False, article="34(2)", reading="A61", others=("true",))
    retention_years: int = _read(10, "44(6)", "A68", "法税", calculator=True, limits=(0, MAX_YEARS))
    fiscal_year_end_month: int = _read(3, "44(6)", "A68", "経", limits=(1, 12))
    legal_hold_review_days: int = _read(180, "44(6)", "A94", others=("erase anyway",), limits=(1, MAX_DAYS))
    screening_roles: tuple[str, ...] = _read(
        ("director", "executive_officer", "auditor", "representative"), "43(1)(1)", "A93", others=("beneficial owner",)
    )
    screening_interval_months: int = _read(12, "43(1)(1)", "", limits=(1, 120))

    # Notices and the office.
    transit_days: int = _read(2, "42(2)", "A65", limits=(1, 3))
    registered_task_days: int = _read(8, "17(3)", "", limits=(0, MAX_DAYS))
    approval_expires_days: int = _read(14, "16(1)", "", limits=(1, MAX_DAYS))
    approval_reminder_days: int = _read(7, "16(1)", "", limits=(0, MAX_DAYS))
    cert_layout: Literal["26x20", "20x26", "13x40"] = _read("26x20", "17(3)", "")

    def with_overrides(self, overrides: Mapping[str, object]) -> Self:
        """Return these terms with some settings changed; lists stand for tuples, as in JSON.

        Raises:
            UnknownSetting: no such setting, or one that the text of the terms or a statute fixes.
            BadSettingValue: no value that this version can carry out.
        """
        changes: dict[str, Any] = {name: _checked(name, value) for name, value in overrides.items()}
        return replace(self, **changes)

    def used(self, *names: str) -> dict[str, SettingValue]:
        """Return the named settings with their values, for an answer to state."""
        return {name: getattr(self, name) for name in names}

    def tax_percent(self, supplied_on: date) -> int:
        """Return the rate of consumption tax in percent for what is supplied on a day (24(4))."""
        return max((rate.from_on, rate.percent) for rate in self.tax_rates if rate.from_on <= supplied_on)[1]

    def ladder_step(self, step: str) -> LadderStep:
        """Return a step of the dunning ladder by its name."""
        return next(each for each in self.dunning if each.step == step)


_FIELDS = {each.name: each for each in fields(Terms)}
_HINTS = get_type_hints(Terms)

CALCULATOR_SETTINGS = tuple(name for name, each in _FIELDS.items() if each.metadata.get("calculator"))


def _checked(name: str, value: object) -> SettingValue:
    known = _FIELDS.get(name)
    if known is None or known.metadata["fixed"] or known.metadata["table"]:
        message = f"no setting of this name can be changed: {name}"
        raise UnknownSetting(message)
    accepted: SettingValue | None = _accepted(_HINTS[name], value)
    limits = known.metadata["limits"]
    if accepted is None or (isinstance(accepted, int) and limits and not limits[0] <= accepted <= limits[1]):
        message = f"{name} cannot be {value!r}"
        raise BadSettingValue(message)
    return accepted


def _accepted(hint: Any, value: object) -> Any:  # noqa: ANN401 (type hints are values of any type)
    """Return the value in the type of the hint, or None; `true` is no number and `1` no truth value."""
    if get_origin(hint) is Literal:
        return next((each for each in get_args(hint) if type(each) is type(value) and each == value), None)
    if get_origin(hint) is not tuple:
        return value if type(value) is hint else None
    if not isinstance(value, list | tuple):
        return None
    items = [_accepted(get_args(hint)[0], each) for each in value]
    return None if None in items else tuple(items)


TERMS_1_0 = Terms()
VERSIONS = {TERMS_1_0.version: TERMS_1_0}
