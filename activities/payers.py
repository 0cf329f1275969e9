"""Who paid (27(2)): the bank's words sealed beside each deposit, and whom they tell.

A payer is known by the transfer-only account, by numbers and references in the EDI information or the 依頼人番号, and
by names that customers registered or that a person has learned. Names are found by keyed hashes; those that the bank
cut are compared with the registered ones.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.gateways.bank import Entry
from activities.ledger import DEBT_KINDS, VOID
from activities.office import Office
from models.tables import ApplicationRow, ContractRow, DepositPartyRow, DepositRow, InvoiceAccountRow, PayerAliasRow
from models.vault import KeyClass, KeyGone
from terms.matching import invoice_numbers_in, references_in
from terms.payer import key_prefix, normal_name, same_payer, split_payer_code, was_cut

KEY_CLASS: KeyClass = "statutory"
"""Who paid belongs to the vouchers and is kept as long as they are."""

AT_ONCE = 1000  # values in one query


class AliasTaken(Exception):
    """The payer's name is known for another contract already, or names nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who paid, in the bank's words."""

    payer: str = ""
    payer_code: str = ""
    edi: str = ""
    bank: str = ""
    branch: str = ""

    @property
    def marks(self) -> str:
        """What may hold numbers and references: EDI information, 依頼人番号, digits before the name."""
        return " ".join((self.edi, self.payer_code, split_payer_code(self.payer)[0]))

    def completed(self, other: "Party") -> "Party":
        """Take over what another form of the same transfer brings and this one lacks."""
        return replace(self, **{name: value or getattr(other, name) for name, value in asdict(self).items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Whom the marks of a deposit tell: contracts by account, by a reference, by name; invoices that are named.

    A void invoice is told by the one that took its place.
    """

    virtual: tuple[str, ...] = ()
    invoices: tuple[tuple[str, str], ...] = ()
    named: tuple[str, ...] = ()
    by_name: tuple[str, ...] = ()

    @property
    def contracts(self) -> set[str]:
        """All contracts that are told in any way."""
        return {*self.virtual, *self.named, *self.by_name, *(contract_no for contract_no, _ in self.invoices)}

    def without(self, gone: Collection[str]) -> "Known":
        """Leave out contracts that nobody can pay any more."""
        return Known(
            virtual=tuple(each for each in self.virtual if each not in gone),
            invoices=tuple(each for each in self.invoices if each[0] not in gone),
            named=tuple(each for each in self.named if each not in gone),
            by_name=tuple(each for each in self.by_name if each not in gone),
        )


def party_of(entry: Entry) -> Party:
    """Take who paid out of a record of a bank file."""
    return Party(payer=entry.payer, payer_code=entry.payer_code, edi=entry.edi, bank=entry.bank, branch=entry.branch)


async def seal_party(office: Office, owner: str, party: Party) -> bytes:
    """Seal who paid with the key of the deposit or, once it is known, of the contract."""
    told = {name: value for name, value in asdict(party).items() if value}
    return await office.vault.seal_json(owner, KEY_CLASS, told)


async def party_rows(session: AsyncSession, deposits: Collection[str]) -> dict[str, DepositPartyRow]:
    """Read the sealed parties of deposits."""
    rows: dict[str, DepositPartyRow] = {}
    for some in chunks(sorted(deposits)):
        found = await session.execute(select(DepositPartyRow).where(col(DepositPartyRow.deposit_id).in_(some)))
        rows |= {row.deposit_id: row for row in found.scalars()}
    return rows


async def open_parties(office: Office, rows: Mapping[str, DepositPartyRow]) -> dict[str, Party]:
    """Unseal parties; those whose key was destroyed are missing."""
    await office.vault.preload(row.party for row in rows.values())
    found = {}
    for deposit_id, row in rows.items():
        try:
            told: Any = await office.vault.unseal_json(row.party)
        except KeyGone:
            continue
        found[deposit_id] = Party(**told)
    return found


async def recognise(
    session: AsyncSession, office: Office, deposits: Sequence[DepositRow], parties: Mapping[str, Party]
) -> dict[str, Known]:
    """Find whom deposits tell, all at once: a few queries, however many there are."""
    marks = {row.deposit_id: parties[row.deposit_id].marks for row in deposits if row.deposit_id in parties}
    numbers = {key: invoice_numbers_in(text) for key, text in marks.items()}
    references = {key: [each.upper() for each in references_in(text)] for key, text in marks.items()}
    invoices = await _invoices(session, {each for found in numbers.values() for each in found})
    contracts = await _contracts(session, {each for found in references.values() for each in found})
    names = await _names(session, office, deposits, parties)
    known = {}
    for row in deposits:
        key = row.deposit_id
        mentioned = [invoices[each] for each in numbers.get(key, ()) if each in invoices]
        designated = [(one.contract_no, one.invoice_no) for one in mentioned if one.state != VOID]
        other = [one.contract_no for one in mentioned if one.state == VOID]
        told = [number for each in references.get(key, ()) for number in contracts.get(each, ())]
        known[key] = Known(
            virtual=(row.virtual_contract,) if row.virtual_contract else (),
            invoices=tuple(dict.fromkeys(designated)),
            named=tuple(dict.fromkeys([*other, *told])),
            by_name=names.get(key, ()),
        )
    gone = await _erased(session, {number for each in known.values() for number in each.contracts})
    return {key: each.without(gone) for key, each in known.items()} if gone else known


async def _erased(session: AsyncSession, contract_nos: set[str]) -> set[str]:
    """Find contracts that are erased: money for them has no party any more, and waits for a person to give it back."""
    gone: set[str] = set()
    for some in chunks(sorted(contract_nos)):
        found = await session.scalars(
            select(col(ContractRow.contract_no)).where(
                col(ContractRow.contract_no).in_(some), col(ContractRow.state) == "erased"
            )
        )
        gone |= {*found}
    return gone


async def _invoices(session: AsyncSession, numbers: set[str]) -> dict[str, InvoiceAccountRow]:
    """Find invoices by number, each with the live one that it has become; claims only."""
    table = InvoiceAccountRow
    rows: dict[str, InvoiceAccountRow] = {}
    wanted = numbers
    while wanted:
        for some in chunks(sorted(wanted)):
            found = await session.execute(
                select(table).where(col(table.invoice_no).in_(some), col(table.kind).in_(DEBT_KINDS))
            )
            rows |= {row.invoice_no: row for row in found.scalars()}
        wanted = {row.replaced_by for row in rows.values() if row.replaced_by} - {*rows}
    return {number: _latest(rows, number) for number in numbers if number in rows}


def _latest(rows: Mapping[str, InvoiceAccountRow], number: str) -> InvoiceAccountRow:
    while (after := rows[number].replaced_by) is not None and after in rows:
        number = after
    return rows[number]


async def _contracts(session: AsyncSession, references: set[str]) -> dict[str, list[str]]:
    """Find contracts by their number or the customer's own reference, in capitals, as banks write."""
    told: dict[str, list[str]] = defaultdict(list)
    number = func.upper(col(ContractRow.contract_no))
    reference = func.upper(col(ApplicationRow.external_ref))
    for some in chunks(sorted(references)):
        found = await session.execute(
            select(col(ContractRow.contract_no), reference)
            .join(ApplicationRow, col(ApplicationRow.application_no) == col(ContractRow.application_no))
            .where(or_(number.in_(some), reference.in_(some)))
            .order_by(col(ContractRow.contract_no))
        )
        for contract_no, external_ref in found.all():
            for each in {contract_no.upper(), external_ref} & {*some}:
                told[each].append(contract_no)
    return told


async def _names(
    session: AsyncSession, office: Office, deposits: Sequence[DepositRow], parties: Mapping[str, Party]
) -> dict[str, tuple[str, ...]]:
    """Find contracts by the payer's name: registered as it stands, or beginning with what the bank left of it."""
    named = [row for row in deposits if row.deposit_id in parties and normal_name(parties[row.deposit_id].payer)]
    cut = [row for row in named if _cut(parties[row.deposit_id])]
    aliases = await _aliases(session, {row.payer_hash for row in named}, {row.payer_prefix_hash for row in cut})
    by_hash: dict[str, list[PayerAliasRow]] = defaultdict(list)
    by_prefix: dict[str, list[PayerAliasRow]] = defaultdict(list)
    for alias in aliases:
        by_hash[alias.name_hash].append(alias)
        by_prefix[alias.prefix_hash].append(alias)
    await office.vault.preload(alias.name for row in cut for alias in by_prefix[row.payer_prefix_hash])
    told = {row.deposit_id: [alias.contract_no for alias in by_hash[row.payer_hash]] for row in named}
    for row in cut:
        party = parties[row.deposit_id]
        for alias in by_prefix[row.payer_prefix_hash]:
            registered = await _opened(office, alias)
            if same_payer(party.payer, registered, with_edi=bool(party.edi)):
                told[row.deposit_id].append(alias.contract_no)
    return {key: tuple(sorted({*contracts})) for key, contracts in told.items()}


def _cut(party: Party) -> bool:
    return was_cut(party.payer, with_edi=bool(party.edi))


async def _opened(office: Office, alias: PayerAliasRow) -> str:
    try:
        return await office.vault.unseal_text(alias.name)
    except KeyGone:
        return ""


async def _aliases(session: AsyncSession, names: set[str], prefixes: set[str]) -> list[PayerAliasRow]:
    rows: dict[tuple[str, str], PayerAliasRow] = {}
    for column, hashes in ((PayerAliasRow.name_hash, names), (PayerAliasRow.prefix_hash, prefixes)):
        for some in chunks(sorted(hashes)):
            found = await session.execute(select(PayerAliasRow).where(col(column).in_(some)))
            rows |= {(row.name_hash, row.contract_no): row for row in found.scalars()}
    return [*rows.values()]


async def alias_rows(
    office: Office, contract_no: str, names: Iterable[str], *, by: str, at: datetime
) -> list[PayerAliasRow]:
    """Make the rows of the names that transfers of a contract bear, each once; one that names nobody is left out."""
    rows = {}
    for name in names:
        normal = normal_name(name)
        if normal:
            rows[normal] = PayerAliasRow(
                name_hash=office.vault.hash(normal),
                contract_no=contract_no,
                prefix_hash=office.vault.hash(key_prefix(name)),
                name=await office.vault.seal_text(contract_no, "erasable", name),
                confirmed_by=by,
                at=at,
            )
    return [*rows.values()]


async def learn(session: AsyncSession, office: Office, contract_no: str, payer: str, *, by: str, at: datetime) -> None:
    """Learn a payer's name for a contract, as a person has confirmed.

    Raises:
        AliasTaken: the name is known for another contract, or names nobody.
    """
    rows = await alias_rows(office, contract_no, [payer], by=by, at=at)
    if not rows:
        raise AliasTaken
    found = await session.scalars(
        select(col(PayerAliasRow.contract_no)).where(col(PayerAliasRow.name_hash) == rows[0].name_hash)
    )
    known_for = {*found}
    if known_for - {contract_no}:
        raise AliasTaken
    if not known_for:
        session.add(rows[0])
        await session.flush()


def chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """Cut values into lists that one query takes."""
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))
