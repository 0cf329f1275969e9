"""The surcharge for charges that were avoided (35): the fee and twice as much, with tax; a second person decides.

The facts are a person's words: they stay sealed with the proposal, and only the invoice prints them.
"""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from activities.approvals import Act, Decision, propose
from activities.issuing import InvoiceOrder, NewLine, issue
from activities.office import Office
from models.tables import ContractRow
from terms.payment import claim_due_on
from terms.periods import day_of
from terms.violation import Surcharge
from terms.violation import surcharge as work_out


async def propose_surcharge(
    session: AsyncSession,
    office: Office,
    contract: ContractRow,
    *,
    avoided: int,
    facts: str,
    key: str,
    actor: str,
    as_of: datetime,
) -> str:
    """Propose a surcharge on avoided charges (yen without tax); returns the number of the approval."""
    return await propose(
        session,
        office,
        SURCHARGE,
        key=key,
        actor=actor,
        reason=facts,
        payload={"avoided": avoided},
        consequence=_consequence(office, avoided, day_of(as_of)),
        as_of=as_of,
        contract_no=contract.contract_no,
    )


def _consequence(office: Office, avoided: int, on: date) -> dict[str, JsonValue]:
    """Say what the surcharge comes to if it is issued on a day."""
    found = work_out(office.terms, avoided=avoided, supplied_on=on)
    return {
        "avoided": found.fee,
        "surcharge": found.surcharge,
        "tax": found.tax,
        "total": found.total,
        "due_on": claim_due_on(office.terms, office.calendars, issued_on=on).isoformat(),
        "steps": [*found.steps],
    }


async def _issue(session: AsyncSession, office: Office, decision: Decision) -> None:
    """Issue the invoice of an approved surcharge; its case is the approval."""
    issued_on, approval = day_of(decision.as_of), decision.approval
    found = work_out(office.terms, avoided=decision.payload["avoided"], supplied_on=issued_on)
    order = InvoiceOrder(
        kind="surcharge",
        contract_no=approval.contract_no or "",
        business_key=approval.approval_id,
        lines=lines_of(office, found),
        supplied_on=issued_on,
        due_on=claim_due_on(office.terms, office.calendars, issued_on=issued_on),
        approval_id=approval.approval_id,
        basis={
            "articles": ["35"],
            "surcharge": {"avoided": found.fee, "surcharge": found.surcharge},
            "steps": [*found.steps],
        },
        actor=decision.actor,
    )
    await issue(session, office, order, issued_on=issued_on, as_of=decision.as_of)


def lines_of(office: Office, found: Surcharge) -> list[NewLine]:
    """Write the avoided fee and the surcharge as lines; the text adds tax to both (A58)."""
    classes = office.terms.tax_class
    return [
        NewLine(
            code="AVOIDED", charge_type="avoided_fee", amount=found.fee, article="35", tax_class=classes.avoided_fee
        ),
        NewLine(
            code="SURCHARGE", charge_type="surcharge", amount=found.surcharge, article="35",
            tax_class=classes.surcharge,
        ),
    ]  # fmt: skip


SURCHARGE = Act(name="surcharge", article="35", roles=("legal",), effect=_issue, words="割増金の請求")
