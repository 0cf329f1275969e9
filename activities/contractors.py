"""The register of contractors and of the data that are entrusted to them (Art. 40, 44(4))."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.office import Office
from activities.records import audit, instant, next_number
from activities.registers import enter, entries_of, view_entries
from models.messages.office import Event
from models.tables import ContractorRow
from models.vault import OFFICE
from terms.citation import Article, Refused
from terms.disclosure import Entrusted

ARTICLE = "44(4)"


async def register_contractor(  # noqa: PLR0913 (the columns of one row)
    session: AsyncSession,
    office: Office,
    *,
    name: str,
    task: str,
    data: Sequence[str],
    contracted_on: date,
    key: str,
    actor: str,
    as_of: datetime,
) -> ContractorRow:
    """Enter a contractor under a number of its own."""
    row = ContractorRow(
        contractor_no=await next_number(session, "contractor"),
        name=await office.vault.seal_text(OFFICE, "statutory", name),
        task=await office.vault.seal_text(OFFICE, "statutory", task),
        data=[*data],
        contracted_on=contracted_on,
        recorded_by=actor,
        recorded_at=as_of,
    )
    session.add(row)
    await session.flush()
    words = f"業務委託先({row.contractor_no})を登録しました。"
    await _tell(session, key, "contractor_registered", actor, as_of, words, row, {"data": [*data]})
    return row


async def end_contractor(
    session: AsyncSession, row: ContractorRow, ends_on: date, *, key: str, actor: str, as_of: datetime
) -> None:
    """Enter the last day of the contract with a contractor; the row is locked.

    Raises:
        Refused: 44(4): its end is entered already.
    """
    if (await entries_of(session, [row.contractor_no]))[row.contractor_no]:
        raise Refused(Article(44, 4), "この業務委託先との委託契約の終了は既に登録されています。")
    await enter(session, row.contractor_no, "ended", by=actor, recorded_at=as_of, on_day=ends_on)
    words = f"業務委託先({row.contractor_no})との委託契約の終了を登録しました。"
    await _tell(session, key, "contractor_ended", actor, as_of, words, row, {"ends_on": ends_on.isoformat()})


async def _tell(
    session: AsyncSession,
    key: str,
    action: str,
    actor: str,
    as_of: datetime,
    words: str,
    row: ContractorRow,
    basis: dict[str, Any],
) -> None:
    told = Event(
        action=action, article=ARTICLE, actor=actor, at=as_of, summary=words,
        basis={"contractor_no": row.contractor_no, **basis},
    )  # fmt: skip
    await audit(session, key, [told])


async def entrusted(session: AsyncSession, contractor_no: str) -> Entrusted | None:
    """Read what an entry of the register entrusts to whom and when, for the rule."""
    row = await session.get(ContractorRow, contractor_no)
    if row is None:
        return None
    further = (await entries_of(session, [contractor_no]))[contractor_no]
    ends_on = further[-1].on_day if further else None
    return Entrusted(data=frozenset(row.data), from_on=row.contracted_on, to_on=ends_on)


async def view_contractors(
    session: AsyncSession, office: Office, rows: Sequence[ContractorRow]
) -> list[dict[str, JsonValue]]:
    """Show contractors; an end that is entered shows its day."""
    further = await entries_of(session, [row.contractor_no for row in rows])
    shown = []
    for row in rows:
        entries = further[row.contractor_no]
        view: dict[str, JsonValue] = {
            "contractor_no": row.contractor_no,
            "contractor": await office.vault.unseal_text(row.name),
            "task": await office.vault.unseal_text(row.task),
            "data": [*row.data],
            "contracted_on": row.contracted_on.isoformat(),
            "recorded_by": row.recorded_by,
            "recorded_at": instant(row.recorded_at),
            "entries": await view_entries(office, entries),
        }
        if entries and entries[-1].on_day is not None:
            view["ends_on"] = entries[-1].on_day.isoformat()
        shown.append(view)
    return shown
