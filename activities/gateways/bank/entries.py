"""What every bank file becomes, whatever its format: entries of accounts; and how a file is refused.

Amounts are yen, dates are bank days in Japan. A broken file is refused as a whole with the places of its faults;
what a fault says never repeats what the file holds, for that names people.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NoReturn

MAX_BYTES = 64 * 1024 * 1024
MAX_YEN = 10**12
MAX_FAULTS = 100

Kind = Literal["deposit", "reversal", "other"]
Format = Literal["zengin-01", "zengin-03", "camt.054", "anser-csv"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountId:
    """An account as a file names it; `type` is the 預金種目 (1 普通, 2 当座, 4 貯蓄), `number` has 7 digits or more.

    A code that the format does not carry is None. ANSER gives the names of bank and branch instead of the codes;
    the names are no part of the identity, for each format writes them in its own way.
    """

    bank_code: str | None
    branch_code: str | None
    type: str
    number: str
    bank_name: str = field(default="", compare=False)
    branch_name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement of an account.

    `line` counts from 1 and is unique in its file: the record (Zengin), the line (CSV) or the transaction (camt).
    `reference` is the 照会番号 as a number, `booked_on` the 勘定日, `value_on` the 起算日. A reversal takes back the
    deposit booked on its `value_on`. `payer` is what the bank wrote, without the blanks at its end.
    """

    line: int
    account: AccountId | None
    booked_on: date
    value_on: date
    reference: int
    amount: int
    kind: Kind
    incoming: bool
    payer_code: str
    payer: str
    bank: str
    branch: str
    edi: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile:
    """A bank file that has passed all checks: the accounts that it is about, and their movements in its order."""

    format: Format
    accounts: tuple[AccountId, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, and where; line 0 is the file as a whole."""

    line: int
    field: str
    message: str


class BankFileBroken(Exception):
    """A bank file is refused as a whole, so that nothing of it is booked."""

    def __init__(self, errors: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"line {each.line}, {each.field} {each.message}" for each in errors))
        self.errors = errors


class BadField(Exception):
    """A field is not what it must be; whoever reads the record knows the line."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.message = message


class Faults:
    """The faults of a file on the way; with too many of them the reading ends early."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, line: int, field: str, message: str) -> None:
        """Note a fault.

        Raises:
            BankFileBroken: it is the last one that anybody would read.
        """
        self._found.append(Fault(line, field, message))
        if len(self._found) == MAX_FAULTS:
            self.refuse()

    def end(self, line: int, field: str, message: str) -> NoReturn:
        """Refuse the file for a fault after which the rest can't be understood.

        Raises:
            BankFileBroken: always.
        """
        self._found.append(Fault(line, field, message))
        self.refuse()

    def refuse(self) -> NoReturn:
        """Refuse the file.

        Raises:
            BankFileBroken: always.
        """
        raise BankFileBroken(tuple(self._found))
