"""Where to pay (27(2)): the designated account, and virtual accounts (バーチャル口座), a number for each contract."""

from typing import Any, cast

from models.messages.billing import PayInto
from models.tables import BankAccountRow

NUMBER_LENGTH = 7


def virtual_number(account: BankAccountRow, contract_no: str) -> str | None:
    """Give the transfer-only number of a contract: the account's prefix and the contract's own number.

    None where the account has no such numbers, or too few digits are left for the contract's.
    """
    if account.virtual_prefix is None:
        return None
    digits = contract_no.rpartition("-")[2].lstrip("0") or "0"
    room = NUMBER_LENGTH - len(account.virtual_prefix)
    return f"{account.virtual_prefix}{digits:0>{room}}" if len(digits) <= room else None


def contract_of_virtual(account: BankAccountRow, number: str) -> str | None:
    """Name the contract to which a transfer-only number belongs; None for any other number."""
    prefix = account.virtual_prefix
    if prefix is None or len(number) != NUMBER_LENGTH or not number.startswith(prefix):
        return None
    return f"C-{int(number[len(prefix) :]):06d}"


def pay_into(account: BankAccountRow | None, contract_no: str) -> PayInto | None:
    """Give the account into which a contract pays: under a number of its own, if the account has such numbers."""
    if account is None:
        return None
    own = virtual_number(account, contract_no)
    return PayInto(
        bank_name=account.bank_name,
        branch_name=account.branch_name,
        type=cast("Any", account.type),
        number=own or account.number,
        holder_kana=account.holder_kana,
        own=own is not None,
    )
