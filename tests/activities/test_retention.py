"""Deletion and erasure on both databases, step by step, as the workflow takes them (Art. 34, 38, 44(6))."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdfium2 import PdfDocument
from sqlalchemy import select
from sqlmodel import SQLModel, col

from activities.acts import ACTS
from activities.approvals import decide
from activities.closing import check_move, leftovers
from activities.deletion import Deletions
from activities.erasure import Erasures
from activities.erasure_by_hand import propose_erasure
from activities.gateways.provisioning import SimulatedProvisioning
from activities.legal_holds import propose_hold
from activities.letters import print_letter
from activities.office import Office
from activities.retention import begin_deletion, begin_missing, view_deletion
from models.database import Sessions
from models.messages.office import ApprovalVote, Origin
from models.messages.retention import Look, Outlook, RetentionOrder
from models.tables import (
    ApplicationRow,
    CertificateRow,
    ContactRow,
    ContractRow,
    DeletionRow,
    NoticeRow,
    OutboxRow,
    ResourceRow,
)
from models.vault import KeyGone
from terms.citation import Refused
from terms.periods import at
from tests.api.books import a_contract
from tests.api.offices import open_office

ENDED_ON, GRACE_OVER, ERASABLE = date(2026, 5, 31), date(2026, 6, 30), date(2037, 4, 1)
ENDED: dict[str, Any] = {
    "state": "ended", "ends_on": ENDED_ON, "ended_at": at(date(2026, 6, 1)), "end_ground": "18(1)",
    "service_start_on": date(2026, 3, 25), "billing_start_on": None, "delete_from_on": GRACE_OVER,
}  # fmt: skip


class Still:
    """A clock that stands."""

    async def now(self) -> datetime:
        """Tell the business time."""
        return at(GRACE_OVER, 0, 10)


@pytest.fixture
async def office(sessions: Sessions, tmp_path: Path) -> AsyncIterator[Office]:
    """Open an office without a Temporal server."""
    async with open_office(sessions, tmp_path) as opened:
        yield replace(opened, clock=Still())


async def an_ended_contract(office: Office, **columns: Any) -> str:  # noqa: ANN401 - columns of the contract
    """Store a contract that has ended with a resource left over, and open its deletion."""
    number = await a_contract(office.sessions, office.vault, **ENDED | columns)
    async with office.sessions.begin() as session:
        session.add(
            ResourceRow(
                contract_no=number, resource_id="vm-1", code="VM-S2", quantity=1, zone="fukuoka-1",
                from_on=date(2026, 3, 25), left_over=True, name=await office.vault.seal_text(number, "erasable", "web"),
            )
        )  # fmt: skip
        await begin_deletion(session, number, GRACE_OVER, as_of=at(date(2026, 6, 1)))
    return number


async def look(office: Office, number: str, when: datetime) -> Outlook:
    """Look as the workflow does."""
    return await Deletions(office).look_at_deletion(Look(contract_no=number, as_of=when))


def order(number: str, when: datetime) -> RetentionOrder:
    """Order a step at an instant."""
    return RetentionOrder(contract_no=number, key=f"test/{number}", as_of=when)


async def rows(office: Office, table: type[SQLModel]) -> list[Any]:
    """Read a table."""
    async with office.readers() as session:
        return [*await session.scalars(select(table))]


async def row(office: Office, table: type[SQLModel], key: str) -> Any:  # noqa: ANN401 - a row of any table
    """Read a row."""
    async with office.readers() as session:
        return await session.get_one(table, key)


async def test_grace_then_deletion_once(office: Office) -> None:
    """Until 0:10 of the day it waits; then everything is deleted, certified and told, however often it is ordered."""
    number = await an_ended_contract(office)
    due = at(GRACE_OVER, 0, 10)
    assert await look(office, number, due - timedelta(minutes=1)) == Outlook(step="wait", phase="grace", until=due)
    with pytest.raises(Refused):
        await Deletions(office).delete_data(order(number, due - timedelta(minutes=11)))
    assert await look(office, number, due) == Outlook(step="delete", phase="ready")
    for _ in range(2):
        await Deletions(office).delete_data(order(number, due))
    (certified,) = await rows(office, CertificateRow)
    assert [item["resource_id"] for item in certified.items] == [number, "vm-1"]
    assert [each.notice_no for each in await rows(office, NoticeRow)] == [certified.notice_no]
    assert [each.to_on for each in await rows(office, ResourceRow)] == [GRACE_OVER]
    platform: Any = office.provisioning
    assert isinstance(platform, SimulatedProvisioning)
    assert platform.deleted == {f"deletion/{number}/data": (number, ("vm-1",))}


async def test_a_hold_stops_it(office: Office) -> None:
    """Proposed in time, it blocks the look and the order; the view says which hold it is."""
    number = await an_ended_contract(office)
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, number)
        hold_no, _ = await propose_hold(
            session, office, contract, case="事件", reason="証拠", review_on=date(2026, 12, 1), key="k",
            actor="legal:a", as_of=at(date(2026, 6, 29)),
        )  # fmt: skip
    due = at(GRACE_OVER, 0, 10)
    assert (await look(office, number, due)).step == "wait"
    with pytest.raises(Refused) as refused:
        await Deletions(office).delete_data(order(number, due))
    assert refused.value.article == "34(1)"
    async with office.readers() as session:
        view = await view_deletion(session, await session.get_one(ContractRow, number))
    assert (view["state"], view["blocked_by"]) == ("blocked", [{"kind": "hold", "no": hold_no}])
    assert await rows(office, CertificateRow) == []


async def test_closing_is_checked_where_it_is_written(office: Office) -> None:
    """What is not deleted yet can't be closed, whoever commands it; after the deletion it can."""
    number = await an_ended_contract(office)
    due = at(GRACE_OVER, 0, 10)
    for deleted in (False, True):
        async with office.sessions.begin() as session:
            contract = await session.get_one(ContractRow, number)
            left = await leftovers(session, office, contract, GRACE_OVER)
            assert (left.deleted, left.restored) == (deleted, deleted)
            if deleted:
                await check_move(session, office, contract, "closed", due)
            else:
                with pytest.raises(Refused):
                    await check_move(session, office, contract, "closed", due)
        await Deletions(office).delete_data(order(number, due))
    assert (await look(office, number, due)).step == "close"
    assert (await row(office, DeletionRow, number)).erasable_from_on == ERASABLE


async def test_erasing_is_checked_where_it_is_written(office: Office) -> None:
    """The day before it is refused; a contract that has not ended has no day."""
    number = await an_ended_contract(office)
    async with office.sessions.begin() as session:
        contract = await session.get_one(ContractRow, number)
        with pytest.raises(Refused, match="2037年3月31日"):
            await check_move(session, office, contract, "erased", at(date(2037, 3, 31), 23))
        await check_move(session, office, contract, "erased", at(ERASABLE, 0, 10))
        contract.state = "active"
        with pytest.raises(Refused):
            await check_move(session, office, contract, "erased", at(ERASABLE, 0, 10))


async def test_the_erasure_is_certified_once(office: Office) -> None:
    """Keys are gone and rows cleared, also when a crash lets it run twice; the name can't be searched any more."""
    number = await an_ended_contract(office, state="erased")
    sealed = await office.vault.seal_text(number, "erasable", "担当")
    before = (await row(office, ContractRow, number)).name_hash
    for _ in range(2):
        await Erasures(office).erase_personal_data(order(number, at(ERASABLE, 0, 10)))
    with pytest.raises(KeyGone):
        await office.vault.unseal(sealed)
    contract, application = await row(office, ContractRow, number), await row(office, ApplicationRow, "A-000001")
    assert await office.vault.read_name(contract.name) == "(消去済)"
    assert before not in {contract.name_hash, application.name_hash}
    assert (application.form, application.erased_at) == (None, at(ERASABLE, 0, 10))
    assert {each.contact for each in await rows(office, ContactRow)} == {b""}
    (certified,) = await rows(office, CertificateRow)
    assert (certified.kind, certified.article) == ("personal", "44(6)")
    assert {"class": "resources", "count": 1} in certified.items
    assert (await row(office, DeletionRow, number)).state == "erased"


async def test_people_decide_on_an_erasure(office: Office) -> None:
    """Our period of 15 years can be waived once the statutes' 10 are over; the record names who agreed (44(6), A68)."""
    office = replace(office, terms=office.terms.with_overrides({"retention_years": 15}))
    number, when = await an_ended_contract(office), at(date(2037, 4, 2), 10)
    await Deletions(office).delete_data(order(number, at(GRACE_OVER, 0, 10)))

    async def proposed(as_of: datetime, key: str = "e") -> str:
        async with office.sessions.begin() as session:
            contract = await session.get_one(ContractRow, number)
            return await propose_erasure(
                session, office, contract, reason="お客さまのご希望", key=key, actor="legal:legal-1", as_of=as_of
            )

    with pytest.raises(Refused, match="完了していない"):
        await proposed(when)
    await set_state(office, number, "closed")
    with pytest.raises(Refused, match="2037年3月31日まで"):
        await proposed(at(date(2037, 3, 31), 23))
    by_itself = at(date(2042, 4, 1), 0, 10)
    assert await look(office, number, when) == Outlook(step="wait", phase="retained", until=by_itself)
    approval_id = await proposed(when)
    with pytest.raises(Refused, match="既に提案"):
        await proposed(when, "again")
    vote = ApprovalVote(
        origin=Origin(key="v", actor="admin:admin-1"), approval_id=approval_id, person="admin-1", role="admin",
        decision="approve", reason="確認済み",
    )  # fmt: skip
    async with office.sessions.begin() as session:
        assert await decide(session, office, ACTS, vote, as_of=when) == "approved"

    # the deletion is told, finds that it is decided, and the contract may be erased from then on
    told = [each.key for each in await rows(office, OutboxRow) if each.name == "look_again"]
    assert f"look:deletion/{number}:{approval_id}" in told
    assert (await look(office, number, when)).step == "erase"
    async with office.sessions.begin() as session:
        await check_move(session, office, await session.get_one(ContractRow, number), "erased", when)
    await set_state(office, number, "erased")
    await Erasures(office).erase_personal_data(order(number, when))
    certified = next(each for each in await rows(office, CertificateRow) if each.kind == "personal")
    assert certified.approval_id == approval_id
    record = await row(office, NoticeRow, certified.notice_no)
    assert (record.slug, record.channel, record.state) == ("personal_data_erasure_record", "record", "arrived")
    printed = await print_letter(office, record)
    assert printed is not None
    with PdfDocument(printed) as pdf:
        words = "".join(page.get_textpage().get_text_bounded() for page in pdf)
    for each in (approval_id, "admin:admin-1", certified.sha256, "承認による消去", "リソースの名称"):
        assert each in "".join(words.split()).replace("\u200b", "")
    with pytest.raises(Refused, match="既に消去"):
        await proposed(when, "after")


async def set_state(office: Office, number: str, state: str) -> None:
    """Bring a contract to a state."""
    async with office.sessions.begin() as session:
        (await session.get_one(ContractRow, number)).state = state


async def test_contracts_that_ended_before_there_were_deletions(office: Office) -> None:
    """The sweep opens what is missing, once; contracts in force are left alone."""
    ended = await a_contract(office.sessions, office.vault, 1, **ENDED)
    await a_contract(office.sessions, office.vault, 2)
    assert await begin_missing(office, at(date(2026, 7, 1))) == 1
    assert await begin_missing(office, at(date(2026, 7, 1))) == 0
    async with office.readers() as session:
        started = await session.scalars(select(col(OutboxRow.workflow_id)))
        assert [*started] == [f"deletion/{ended}"]
    assert (await row(office, DeletionRow, ended)).delete_from_on == GRACE_OVER
