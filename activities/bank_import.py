"""Bank files (27(2)): taken in whole or not at all, each transfer once, whatever the format that brings it.

A transfer is known by its account, booking day, reference and amount; other movements are stored and pay nothing. The
keys under which payers are sealed are made before the transaction that needs them.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.allocation import SERIES, Queue, waiting
from activities.gateways.bank import AccountId, BankFile, BankFileBroken, Entry, Fault, read_bank_file
from activities.journal import Entry as BookEntry
from activities.journal import book
from activities.office import Office
from activities.payers import open_parties, party_of, party_rows, seal_party
from activities.records import audit, next_number, next_numbers
from activities.till import ARTICLE, Till
from activities.virtual_account import contract_of_virtual
from models.messages.office import Event
from models.tables import BankAccountRow, BankFileRow, BankLineRow, ContractRow, DepositPartyRow, DepositRow
from models.vault import OFFICE
from terms.payer import key_prefix, normal_name

COUNTS = ("records", "matched", "unmatched", "cancelled", "duplicates", "other")

Mark = tuple[str, date, int, int, str]
"""What makes a movement the same in all formats: account, booking day, reference, amount, direction."""


@dataclass(frozen=True, slots=True)
class Place:
    """The designated account that a movement belongs to, and the contract whose own number it bears."""

    account_id: str
    virtual_contract: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A bank file that was read: its hash, its records, and which of them brought nothing known when it came.

    `reserved` gives the numbers of deposits to be made, by line; their keys are committed.
    """

    sha256: str
    file: BankFile
    reserved: Mapping[int, str] = field(default_factory=dict)


def read(data: bytes, *, received_on: date) -> Sheet:
    """Read a bank file; takes a while, so call it in a thread.

    Raises:
        BankFileBroken: it is refused whole, with the places of its faults.
    """
    return Sheet(hashlib.sha256(data).hexdigest(), read_bank_file(data, received_on=received_on))


async def first_answer(session: AsyncSession, data: bytes) -> dict[str, JsonValue] | None:
    """Give the answer to a file that was taken in before: nothing but duplicates; None if it is new."""
    sha256 = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
    return await _answer_of_same(session, sha256)


async def _answer_of_same(session: AsyncSession, sha256: str) -> dict[str, JsonValue] | None:
    row = await session.scalar(select(BankFileRow).where(col(BankFileRow.sha256) == sha256))
    if row is None:
        return None
    nothing: dict[str, JsonValue] = dict.fromkeys(COUNTS, 0)
    return {"file_id": row.file_id, "format": row.format, **nothing, "records": row.records, "duplicates": row.records}


def answer_of(row: BankFileRow) -> dict[str, JsonValue]:
    """Answer what became of the records of a file when it came."""
    return {"file_id": row.file_id, "format": row.format, **{name: getattr(row, name) for name in COUNTS}}


async def prepare(office: Office, sheet: Sheet) -> Sheet:
    """Take numbers for the deposits that a file brings, and make the keys that seal their payers.

    Raises:
        BankFileBroken: an account is none of ours.
    """
    async with office.readers() as session:
        places = await find_places(session, sheet.file)
        known = await _known(session, sheet.file, places)
    fresh = [
        entry.line
        for entry in sheet.file.entries
        if entry.kind != "other" and _mark(places[entry.account], entry) not in known
    ]
    async with office.sessions.begin() as session:
        numbers = await next_numbers(session, "deposit", len(fresh)) if fresh else []
    await office.vault.create_many(numbers)
    await office.vault.preload_owners(numbers)
    return Sheet(sheet.sha256, sheet.file, dict(zip(fresh, numbers, strict=True)))


async def find_places(session: AsyncSession, file: BankFile) -> dict[AccountId | None, Place]:
    """Find the designated account of each account that a file names, and whose transfer-only number it is.

    Raises:
        BankFileBroken: an account is none of ours.
    """
    accounts = (await session.execute(select(BankAccountRow).order_by(col(BankAccountRow.account_id)))).scalars().all()
    places: dict[AccountId | None, Place] = {}
    wrong: list[Fault] = []
    for wanted in file.accounts:
        place = _place(accounts, wanted)
        if place is None:
            line = next((entry.line for entry in file.entries if entry.account == wanted), 1)
            wrong.append(Fault(line, "account", "is no designated account"))
        else:
            places[wanted] = place
    if wrong:
        raise BankFileBroken(tuple(wrong))
    named = {place.virtual_contract for place in places.values() if place.virtual_contract}
    found = await session.execute(select(col(ContractRow.contract_no)).where(col(ContractRow.contract_no).in_(named)))
    there = {*found.scalars()}
    return {
        key: place if place.virtual_contract in there else Place(place.account_id, None)
        for key, place in places.items()
    }


def _place(accounts: Sequence[BankAccountRow], wanted: AccountId) -> Place | None:
    """Find an account by what the format tells of it: by its own number first, then by a transfer-only one."""
    number = wanted.number.lstrip("0").zfill(7)
    near = [
        row
        for row in accounts
        if row.type == wanted.type
        and wanted.bank_code in {None, row.bank_code}
        and wanted.branch_code in {None, row.branch_code}
    ]
    own = [(row, None) for row in near if row.number == number]
    virtual = [(row, told) for row in near if (told := contract_of_virtual(row, number))]
    found: Sequence[tuple[BankAccountRow, str | None]] = own or virtual
    if len(found) > 1:  # a format without codes: the names decide
        found = [each for each in found if (each[0].bank_name, each[0].branch_name) == _names(wanted)]
    return Place(found[0][0].account_id, found[0][1]) if len(found) == 1 else None


def _names(wanted: AccountId) -> tuple[str, str]:
    return wanted.bank_name, wanted.branch_name


def _mark(place: Place, entry: Entry) -> Mark:
    direction = {"deposit": "in", "reversal": "reversal", "other": "other in" if entry.incoming else "out"}[entry.kind]
    return place.account_id, entry.booked_on, entry.reference, entry.amount, direction


async def _known(
    session: AsyncSession, file: BankFile, places: Mapping[AccountId | None, Place]
) -> dict[Mark, str | None]:
    """List the movements of the days of a file that came in before: the deposit that each is, None for others."""
    if not file.entries:
        return {}
    days = (min(entry.booked_on for entry in file.entries), max(entry.booked_on for entry in file.entries))
    accounts = {place.account_id for place in places.values()}
    found = await session.execute(
        select(BankLineRow)
        .where(col(BankLineRow.account_id).in_(accounts), col(BankLineRow.booked_on).between(*days))
        .where(col(BankLineRow.outcome) != "duplicate")
    )
    known: dict[Mark, str | None] = {}
    for row in found.scalars():
        same = (row.account_id, row.booked_on, row.reference, row.amount)
        if row.outcome == "deposit":
            known[*same, "in"] = known[*same, "other in"] = row.deposit_id
        elif row.outcome == "reversal":
            known[*same, "reversal"] = known[*same, "out"] = row.deposit_id
        else:
            known.setdefault((*same, "other in" if row.incoming else "out"), None)
    return known


async def take_file(
    session: AsyncSession, office: Office, sheet: Sheet, *, actor: str, as_of: datetime
) -> tuple[dict[str, JsonValue], bool]:
    """Take a prepared bank file in, and take the deposits that wait in their order; tells whether it was new.

    Raises:
        BankFileBroken: an account is none of ours any more; the caller's transaction must not be committed.
    """
    file_id = await next_number(session, SERIES)  # whoever holds the series is the only one at the till
    same = await _answer_of_same(session, sheet.sha256)
    if same is not None:
        return same, False
    row = BankFileRow(
        file_id=file_id,
        sha256=sheet.sha256,
        format=sheet.file.format,
        **dict.fromkeys(COUNTS, 0),
        received_at=as_of,
        received_by=actor,
    )
    session.add(row)
    await session.flush()
    taking = await Taking.of(session, office, sheet, row)
    for entry in sheet.file.entries:
        await taking.take(entry)
    completed = await taking.write(session)
    if taking.deposits or completed:
        till = Till(office, as_of)
        queue = await Queue.of(session, office, till, [*await waiting(session), *taking.reversals])
        await queue.run(session)
    matched = sum(each.contract_no is not None for each in taking.deposits if not each.reversal)
    row.records, row.matched = len(sheet.file.entries), matched
    row.unmatched = taking.counts["deposit"] - matched
    row.cancelled, row.duplicates = taking.counts["reversal"], taking.counts["duplicate"]
    row.other = taking.counts["other"]
    await session.flush()
    event = Event(
        action="bank_file_taken",
        article=ARTICLE,
        actor=actor,
        at=as_of,
        summary=f"入出金ファイル({file_id})を取り込みました。",
        basis=answer_of(row),
    )
    await audit(session, f"bank-file:{file_id}", [event])
    return answer_of(row), True


@dataclass(slots=True)
class Taking:
    """A file on its way into the database: rows of its records, deposits, who paid, entries of the books."""

    office: Office
    row: BankFileRow
    reserved: Mapping[int, str]
    places: Mapping[AccountId | None, Place]
    known: dict[Mark, str | None]
    deposits: list[DepositRow] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _parties: list[DepositPartyRow] = field(default_factory=list)
    _lines: list[BankLineRow] = field(default_factory=list)
    _again: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    async def of(cls, session: AsyncSession, office: Office, sheet: Sheet, row: BankFileRow) -> "Taking":
        """Look up what came in before."""
        places = await find_places(session, sheet.file)
        return cls(office, row, sheet.reserved, places, await _known(session, sheet.file, places))

    @property
    def reversals(self) -> list[DepositRow]:
        """The records that take deposits back."""
        return [row for row in self.deposits if row.reversal]

    async def take(self, entry: Entry) -> None:
        """Take a record: as a deposit, a reversal, another movement, or as one that came before."""
        place = self.places[entry.account]
        mark = _mark(place, entry)
        if mark in self.known:
            deposit_id = self.known[mark]
            if deposit_id and entry.kind != "other" and (entry.edi or entry.payer_code):
                self._again[deposit_id] = entry
            self._line(entry, place, "duplicate", deposit_id)
            return
        if entry.kind == "other":
            self.known[mark] = None
            told: dict[str, JsonValue] = {"text": entry.text, "payer": entry.payer}
            self._line(entry, place, "other", None, await self.office.vault.seal_json(OFFICE, "erasable", told))
            return
        deposit_id = self.reserved[entry.line]
        self.known[mark] = deposit_id
        self.known.setdefault((*mark[:4], "other in" if entry.kind == "deposit" else "out"), deposit_id)
        self._line(entry, place, entry.kind, deposit_id)
        await self._deposit(entry, place, deposit_id)

    def _line(
        self, entry: Entry, place: Place, outcome: str, deposit_id: str | None, text: bytes | None = None
    ) -> None:
        self.counts[outcome] += 1
        self._lines.append(
            BankLineRow(
                file_id=self.row.file_id,
                line=entry.line,
                outcome=outcome,
                account_id=place.account_id,
                reference=entry.reference,
                booked_on=entry.booked_on,
                value_on=entry.value_on,
                amount=entry.amount,
                incoming=entry.incoming,
                deposit_id=deposit_id,
                text=text,
            )
        )

    async def _deposit(self, entry: Entry, place: Place, deposit_id: str) -> None:
        is_reversal, vault = entry.kind == "reversal", self.office.vault
        self.deposits.append(
            DepositRow(
                deposit_id=deposit_id,
                account_id=place.account_id,
                reference=entry.reference,
                booked_on=entry.booked_on,
                value_on=entry.value_on,
                amount=entry.amount,
                reversal=is_reversal,
                state="cancelled" if is_reversal else "unmatched",
                virtual_contract=place.virtual_contract,
                unapplied=0 if is_reversal else entry.amount,
                payer_hash=vault.hash(normal_name(entry.payer)),
                payer_prefix_hash=vault.hash(key_prefix(entry.payer)),
                received_at=self.row.received_at,
            )
        )
        sealed = await seal_party(self.office, deposit_id, party_of(entry))
        self._parties.append(DepositPartyRow(deposit_id=deposit_id, owner=deposit_id, party=sealed))

    async def write(self, session: AsyncSession) -> bool:
        """Write the records, deposits and entries; tells whether a deposit that was there learned who paid."""
        session.add_all(self.deposits)
        await session.flush()
        session.add_all([*self._parties, *self._lines])
        await session.flush()
        await book(session, [_entry(row) for row in self.deposits], as_of=self.row.received_at)
        return await self._complete(session)

    async def _complete(self, session: AsyncSession) -> bool:
        """Take over what this form of known transfers tells, and the first one did not."""
        rows = await party_rows(session, [*self._again])
        done = False
        for deposit_id, party in (await open_parties(self.office, rows)).items():
            whole = party.completed(party_of(self._again[deposit_id]))
            if whole != party:
                row = rows[deposit_id]
                row.party = await seal_party(self.office, row.owner, whole)
                done = True
        await session.flush()
        return done


def _entry(row: DepositRow) -> BookEntry:
    """Book money that came in, or that the bank has taken back, on the bank's day."""
    amount = -row.amount if row.reversal else row.amount
    return BookEntry(
        key=f"deposit:{row.deposit_id}",
        event="deposit",
        on_day=row.booked_on,
        lines={"bank": amount, "deposits_held": -amount},
        deposit_id=row.deposit_id,
    )
