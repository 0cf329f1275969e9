"""I13: no float near money: yen are integers, rates and caps decimal text, JSON beside them holds no fraction."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Float,
    Integer,
    Numeric,
    Select,
    String,
    cast,
    column,
    func,
    inspect,
    or_,
    select,
    table,
)

from service.verify.checks import AT_ONCE, Breach, Invariant


class Columns(NamedTuple):
    """Key columns of a table, its whole numbers, its decimal texts, and its JSON."""

    key: tuple[str, ...]
    whole: tuple[str, ...]
    decimal: tuple[str, ...] = ()
    json: tuple[str, ...] = ()


MONEY: Mapping[str, Columns] = {
    "allocation": Columns(("id",), ("amount",)),
    "approval": Columns(("approval_id",), (), (), ("consequence", "payload")),
    "bank_line": Columns(("file_id", "line"), ("reference", "amount")),
    "billing_run": Columns(("month", "pass_no"), ("usage_through", "drafts", "total"), (), ("proof",)),
    "change_charge": Columns(("contract_no", "n", "code"), ("quantity", "unit_fee")),
    "contract_line": Columns(("contract_no", "line_no"), ("quantity", "initial_fee")),
    "deposit": Columns(("deposit_id",), ("reference", "amount", "unapplied")),
    "draft_invoice": Columns(("month", "contract_no"), ("non_taxed", "total"), (), ("adjusted",)),
    "draft_line": Columns(
        ("month_of_run", "contract_no", "line_no"), ("seconds", "days", "of_days", "amount"), ("quantity", "unit_price")
    ),
    "draft_tax": Columns(("month", "contract_no", "rate_percent"), ("rate_percent", "base", "tax")),
    "invoice": Columns(("invoice_no",), ("non_taxed", "total", "usage_through"), (), ("basis",)),
    "invoice_account": Columns(("invoice_no",), ("balance",)),
    "invoice_line": Columns(
        ("invoice_no", "line_no"), ("seconds", "days", "of_days", "amount"), ("quantity", "unit_price")
    ),
    "invoice_tax": Columns(("invoice_no", "rate_percent"), ("rate_percent", "base", "tax")),
    "journal_line": Columns(("entry_key", "account"), ("amount",)),
    "payout": Columns(("approval_id",), ("amount",)),
    "price": Columns(("price_list", "code"), ("monthly_fee", "initial_fee"), ("rate", "monthly_cap")),
    "resource": Columns(("id",), ("quantity",)),
    "termination": Columns(("contract_no", "n"), ("penalty",), (), ("basis",)),
    "usage_record": Columns(
        ("id",),
        ("days", "seconds", "amount_e4", "size_e4", "allocated_seconds", "running_seconds", "upstream_amount"),
    ),
}
"""Where money and what makes it stands."""

DIGITS = "0123456789"


class Fraction(Exception):
    """A number in JSON is not whole."""


def declared(connection: Connection) -> Iterator[Breach]:
    """Find columns of money whose declared type could hold a fraction."""
    looked = inspect(connection)
    for name, columns in MONEY.items():
        for each in looked.get_columns(name):
            wrong = isinstance(each["type"], Float | Numeric) or (
                each["name"] in columns.whole and not isinstance(each["type"], Integer)
            )
            if wrong:
                yield Breach(name, each["name"], f"the column is declared {each['type']}")


def stored(connection: Connection) -> Iterator[Breach]:
    """Find values that are no integers; SQLite keeps them whatever the column says, PostgreSQL can't."""
    if connection.dialect.name != "sqlite":
        return
    for name, columns in MONEY.items():
        for each in columns.whole:
            kind = func.typeof(column(each))
            query: Select[*tuple[Any, ...]] = select(*map(column, columns.key), kind).select_from(table(name))
            for *key, found in connection.execute(query.where(kind.not_in(("integer", "null")))):
                yield Breach(name, _written(key), f"{each} is stored as {found}")


def decimals(connection: Connection) -> Iterator[Breach]:
    """Find rates, caps and quantities that are not written as plain decimal text (no sign, no exponent)."""
    for name, columns in MONEY.items():
        for each in columns.decimal:
            value = column(each, String)
            inside = func.trim(value, DIGITS)  # what stands between the digits at both ends
            query: Select[*tuple[Any, ...]] = select(*map(column, columns.key)).select_from(table(name))
            wrong = or_(inside.not_in(("", ".")), func.trim(value, f"{DIGITS}.") != "", value == "", value.like(".%"))
            for key in connection.execute(query.where(wrong)):
                yield Breach(name, _written(key), f"{each} is no decimal text")


def fractions(connection: Connection) -> Iterator[Breach]:
    """Find JSON beside money with a number that is not whole."""
    for name, columns in MONEY.items():
        for each in columns.json:
            query: Select[*tuple[Any, ...]] = select(*map(column, columns.key), cast(column(each), String)).select_from(
                table(name)
            )
            rows = connection.execute(query.where(column(each).is_not(None)).execution_options(yield_per=AT_ONCE))
            for *key, text in rows:
                try:
                    json.loads(text, parse_float=_refuse, parse_constant=_refuse)
                except Fraction:
                    yield Breach(name, _written(key), f"{each} holds a number that is not whole")


def _refuse(_number: str) -> None:
    raise Fraction


def _written(key: Iterable[object]) -> str:
    return "/".join(str(part) for part in key)


I13 = Invariant(
    "I13",
    "no float near money: yen are integers, rates and caps decimal text",
    tuple(MONEY),
    (declared, stored, decimals, fractions),
)
