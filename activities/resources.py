"""Resources: what stands on a contract, for charges and for what is left at its end (Art. 3, 18(1), 38(2))."""

from collections.abc import Sequence
from datetime import date

from pydantic import JsonValue
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from activities.office import Office
from activities.records import insert_once
from models.messages.contract import NewResource
from models.tables import ContractRow, ResourceOwnerRow, ResourceRow
from terms.citation import Article, Refused


async def add_resources(
    session: AsyncSession, office: Office, row: ContractRow, resources: Sequence[NewResource]
) -> None:
    """Register resources on a contract; the same one twice changes nothing.

    Raises:
        Refused: Art. 3: an id belongs to another contract, or stands with other values.
    """
    if not resources:
        return
    wanted = {resource.resource_id for resource in resources}
    for resource_id in sorted(wanted):
        await insert_once(session, ResourceOwnerRow, {"resource_id": resource_id, "contract_no": row.contract_no})
    owners = await session.execute(
        select(col(ResourceOwnerRow.resource_id)).where(
            col(ResourceOwnerRow.resource_id).in_(wanted), col(ResourceOwnerRow.contract_no) != row.contract_no
        )
    )
    if (foreign := owners.scalars().first()) is not None:
        raise Refused(Article(3), f"リソース{foreign}は別の利用契約に登録されています。")
    found = await session.execute(select(ResourceRow).where(col(ResourceRow.contract_no) == row.contract_no))
    there = {(r.resource_id, r.code, r.from_on): r for r in found.scalars()}
    for resource in resources:
        from_on = resource.from_on or row.billing_start_on
        if from_on is None:
            raise Refused(Article(5, 1), "リソースの登録は、サービスの提供開始と同時か、その後に行います。")
        known = there.get((resource.resource_id, resource.code, from_on))
        if known is not None:
            if (known.quantity, known.zone) != (resource.quantity, resource.zone):
                raise Refused(Article(3), f"リソース{resource.resource_id}は異なる内容で登録されています。")
            continue
        session.add(
            ResourceRow(
                contract_no=row.contract_no,
                resource_id=resource.resource_id,
                code=resource.code,
                quantity=resource.quantity,
                zone=resource.zone,
                from_on=from_on,
                name=await office.vault.seal_text(row.contract_no, "erasable", resource.name),
            )
        )
    await session.flush()


async def mark_left_over(session: AsyncSession, contract_no: str, ends_on: date | None) -> None:
    """Mark what still stands at the end of a contract (Art. 18(1) sentence 2, 38(2))."""
    await session.execute(
        update(ResourceRow)
        .where(col(ResourceRow.contract_no) == contract_no)
        .where(or_(col(ResourceRow.to_on).is_(None), col(ResourceRow.to_on) > ends_on))
        .values(left_over=True)
    )


async def resources_left(session: AsyncSession, office: Office, contract_no: str, on: date | None) -> list[JsonValue]:
    """List what stands on a contract beyond a day, with the customer's names."""
    found = await session.execute(
        select(ResourceRow)
        .where(col(ResourceRow.contract_no) == contract_no)
        .where(or_(col(ResourceRow.to_on).is_(None), col(ResourceRow.to_on) > on))
        .order_by(col(ResourceRow.id))
    )
    return [
        {
            "resource_id": r.resource_id,
            "code": r.code,
            "name": await office.vault.unseal_text(r.name),
            "quantity": r.quantity,
            "zone": r.zone,
        }
        for r in found.scalars()
    ]


async def remove_resource(
    office: Office, session: AsyncSession, contract_no: str, resource_id: str, code: str, to_on: date
) -> dict[str, JsonValue] | None:
    """Write the last day of a resource that stands; nothing if there is none. A later day corrects an earlier one.

    Raises:
        Refused: Art. 18(1): the day lies before the resource's first.
    """
    found = await session.execute(
        select(ResourceRow)
        .where(col(ResourceRow.contract_no) == contract_no, col(ResourceRow.resource_id) == resource_id)
        .where(col(ResourceRow.code) == code)
        .order_by(col(ResourceRow.from_on).desc())
        .limit(1)
        .with_for_update()
    )
    row = found.scalar_one_or_none()
    if row is None:
        return None
    if to_on < row.from_on:
        raise Refused(Article(18, 1), "最終日は、リソースの登録日以後でなければなりません。")
    row.to_on = to_on
    await session.flush()
    return await view_resource(office, row)


async def view_resource(office: Office, row: ResourceRow) -> dict[str, JsonValue]:
    """Show a resource as the API does."""
    view: dict[str, JsonValue] = {
        "resource_id": row.resource_id,
        "code": row.code,
        "quantity": row.quantity,
        "zone": row.zone,
        "name": await office.vault.read_name(row.name),
        "from_on": row.from_on.isoformat(),
        "left_over": row.left_over,
    }
    return view if row.to_on is None else view | {"to_on": row.to_on.isoformat()}
