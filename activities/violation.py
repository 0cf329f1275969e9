"""What is on record of a party's ties to anti-social forces (43)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import ApplicationRow, ContractRow, SuccessionRow

NO_PARTY = ("proposed", "consented", "refused", "withdrawn", "overtaken")
"""States of a succession or an assignment in which whoever was screened has not become the party."""


async def has_hit(session: AsyncSession, contract_no: str) -> bool:
    """Tell whether a screening has found something about the applicant, or whoever succeeded it (43(1))."""
    applied = await session.scalar(
        select(col(ApplicationRow.findings))
        .join(ContractRow, col(ContractRow.application_no) == col(ApplicationRow.application_no))
        .where(col(ContractRow.contract_no) == contract_no)
    )
    succeeded = await session.scalars(
        select(col(SuccessionRow.findings))
        .where(col(SuccessionRow.contract_no) == contract_no)
        .where(col(SuccessionRow.state).not_in(NO_PARTY))
    )
    return any(
        found["article"] == "43(1)" and found["severity"] == "blocking"
        for findings in (applied or [], *succeeded)
        for found in findings
    )
