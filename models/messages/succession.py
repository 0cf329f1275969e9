"""Successions, assignments, changes of name and address: what is told, and what the process needs (Art. 11-13)."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StrictBool

from models.messages.application import Address, Applicant, Contact, Contacts, Officer
from models.messages.base import Message, ShortText
from models.messages.office import Command

Kind = Literal["absorption", "new_company", "split"]
DocumentKind = Literal["registry_certificate", "anti_social_representation"]


class Successor(Message):
    """The company that succeeds (承継した法人), or to which the contract is assigned."""

    applicant: Applicant
    contacts: Contacts
    officers: Annotated[list[Officer], Field(max_length=100)]
    remitter_names_kana: Annotated[list[ShortText], Field(max_length=20)] = Field(default_factory=list)
    anti_social_representation: StrictBool


class ContactChanges(Message):
    """The registered contacts that change (Art. 42)."""

    contract: Contact | None = None
    billing: Contact | None = None
    technical: Contact | None = None
    emergency: Contact | None = None


class PartyChanges(Message):
    """What changes of a party's name, seat and contacts (変更届); what is absent stays."""

    name: ShortText | None = None
    name_kana: ShortText | None = None
    address: Address | None = None
    contacts: ContactChanges | None = None


class SuccessionInput(Message):
    """Which succession or assignment a process follows."""

    contract_no: str
    n: int


class SuccessionOrder(SuccessionInput):
    """An act of the process: `key` names it, `as_of` is business time."""

    key: str
    as_of: AwareDatetime
    arrived_at: AwareDatetime | None = None


class SuccessionSeen(Message):
    """What a look at the rows found: the state, when to look again, and whether the letter has arrived.

    `screen`: the successor is to be screened first; `closed`: nothing is left to be done.
    """

    state: str
    screen: bool = False
    arrived_at: AwareDatetime | None = None
    next_at: AwareDatetime | None = None
    closed: bool = False


class RescindSuccessor(Command):
    """The letter has arrived: the contract with the successor ends at that instant (Art. 12(2))."""

    n: int
    arrived_at: AwareDatetime
