"""Contracts: one command's whole effect in one transaction, and how a contract is shown (Art. 3-5, 9, 26, 28, 38)."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from temporalio import activity

from activities.approvals import cast_vote, close_approval
from activities.arrears import next_default_actions
from activities.closing import check_move
from activities.ladder_letters import ladder_facts
from activities.ledger import open_balances
from activities.letters import queue_letter
from activities.office import Office
from activities.parties import names_on
from activities.penalty import decided_penalty, issue_penalty
from activities.records import (
    audit,
    enqueue_signal,
    enqueue_start,
    insert_once,
    instant,
    look_again,
    open_approval,
    open_task,
    store_answer,
)
from activities.removal import ask_to_restore, next_restorations
from activities.resources import add_resources, mark_left_over, resources_left
from activities.retention import begin_deletion, next_retention_actions
from activities.succession import keep_succession, prove_successor
from activities.suspension import keep_default, prove
from models import ids
from models.messages.contract import ContractCommit
from models.messages.office import LetterOrder, Reply
from models.messages.termination import TerminationRecord
from models.tables import (
    ContractLineRow,
    ContractRow,
    IncomingLetterRow,
    TerminationRow,
)
from terms.payment import due_date
from terms.periods import day_of, month_of

INCOMING = {
    "18(1)": "cancellation_notice",
    "14(2)": "special_cancellation_notice",
    "18(2)": "special_cancellation_notice",
    "28(1)": "withdrawal_before_start",
}
"""The customer's letters by the ground of the end that they bring; the provider's own letters are no incoming ones."""


class Contracts:
    """Activities of the contract."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn
    async def commit_contract(self, c: ContractCommit) -> Reply:
        """Write one command: row, lines, resources, terminations, audit, letters, peers and the stored answer; once.

        Raises:
            Refused: a resource belongs to another contract (Art. 3), or the contract may not be closed or erased yet
                (34, 44(6)); nothing is written.
        """
        office, number = self._office, c.contract_no
        async with office.sessions() as session, session.begin():
            row = await session.get_one(ContractRow, number, with_for_update=True)
            if row.version < c.version:
                await (prove_successor(session, c) if c.must == "successor" else prove(session, office, c))
                await check_move(session, office, row, c.snapshot.phase, c.as_of)
                _take(row, c)
                for line in c.lines:
                    await session.execute(
                        update(ContractLineRow)
                        .where(col(ContractLineRow.contract_no) == number, col(ContractLineRow.line_no) == line.line_no)
                        .values(from_on=line.from_on, to_on=line.to_on, min_term_ends_on=line.min_term_ends_on)
                    )
                await add_resources(session, office, row, c.resources)
                for record in c.terminations:
                    await self._keep_termination(session, c, record)
                if c.leftovers:
                    await mark_left_over(session, number, c.snapshot.ends_on)
                await session.flush()
                await self._consequences(session, c)
                for record in c.terminations:
                    if record.state == "ended":
                        await issue_penalty(session, office, row, record.ending, c.lines, c.as_of)
                        await ask_to_restore(session, office, row, key=c.key, as_of=c.as_of)
                        await begin_deletion(session, number, record.ending.delete_from_on, as_of=c.as_of)
            reply = await self._reply(session, c, row)
            await store_answer(session, office.vault, c.scope, reply.status, reply.body, number)
        await office.wake()
        return reply

    async def _consequences(self, session: AsyncSession, c: ContractCommit) -> None:
        """Write audit rows, letters, tasks, approvals and the peers to start."""
        office, number, application_no = self._office, c.contract_no, c.application_no
        await audit(session, c.key, c.events, contract_no=number, application_no=application_no)
        for order in c.letters:
            full = await self._with_facts(session, order, c)
            await queue_letter(
                session, office, full, key=f"{c.key}:{order.slug}", as_of=c.as_of,
                application_no=application_no, contract_no=number,
            )  # fmt: skip
        for place, task in enumerate(c.tasks):
            await open_task(
                session, f"{c.key}:task:{place}", task, as_of=c.as_of,
                contract_no=number, application_no=application_no,
            )  # fmt: skip
        if any(event.action == "started" for event in c.events):
            await look_again(session, f"look:{c.key}", c.as_of)  # its first month will be billed
        for opening in c.openings:
            await enqueue_start(session, opening, contract_no=number, as_of=c.as_of)
        if c.approval is not None:
            await open_approval(
                session, office.vault, office.terms, c.key, approval_id_of(c), c.approval, as_of=c.as_of,
                owner=number, workflow_id=ids.contract(number), contract_no=number,
            )  # fmt: skip
        if c.vote is not None:
            await cast_vote(session, office, c.vote, owner=number, as_of=c.as_of, decides=c.vote_decides)
        for closing in c.closings:
            await close_approval(session, closing, as_of=c.as_of)
        for told in c.signals:
            await enqueue_signal(
                session, key=f"{c.key}:{told.workflow_id}", workflow_id=told.workflow_id, name=told.name, payload=None,
                as_of=c.as_of,
            )  # fmt: skip
        await keep_default(session, c)
        await keep_succession(session, c)

    async def _keep_termination(self, session: AsyncSession, c: ContractCommit, record: TerminationRecord) -> None:
        """Write a termination or its new state, and the customer's letter as taken."""
        row = await session.get(TerminationRow, (c.contract_no, record.n))
        if row is not None:
            row.state = record.state
            return
        ending = record.ending
        session.add(
            TerminationRow(
                contract_no=c.contract_no,
                n=record.n,
                ground=ending.ground,
                form=ending.form,
                arrived_at=ending.arrived_at,
                arrived_on=ending.arrived_on,
                runs_out_on=ending.runs_out_on,
                requested_end_on=ending.requested_end_on,
                ends_on=ending.ends_on,
                event_no=ending.event_no,
                penalty=ending.penalty,
                final_due_on=self._final_due_on(ending.ends_on),
                delete_from_on=ending.delete_from_on,
                basis={"articles": list(ending.articles), "steps": list(ending.steps), "settings": ending.settings},
                state=record.state,
            )
        )
        if ending.ground not in INCOMING:
            return
        letter = {
            "key": f"{c.contract_no}/{record.n}",
            "contract_no": c.contract_no,
            "slug": INCOMING[ending.ground],
            "form": ending.form,
            "arrived_at": ending.arrived_at,
            "state": "taken",
            "article": ending.ground,
        }
        await insert_once(session, IncomingLetterRow, letter)

    def _final_due_on(self, ends_on: date) -> date:
        """When the last month's bill falls due (Art. 27(2))."""
        return due_date(self._office.terms, self._office.calendars, usage_month=month_of(ends_on)).due_on

    async def _with_facts(self, session: AsyncSession, order: LetterOrder, c: ContractCommit) -> LetterOrder:
        """Add what only the database and the bank calendar know."""
        facts: dict[str, JsonValue] = order.facts | await ladder_facts(session, self._office, order, c)
        ends_on = c.snapshot.ends_on
        if order.slug in {"cancellation_receipt", "contract_end_notice"} and ends_on is not None:
            used = order.slug == "cancellation_receipt" or c.snapshot.billing_start_on is not None
            if used:
                facts["last_usage_month"] = month_of(ends_on)
                facts["final_due_on"] = self._final_due_on(ends_on).isoformat()
        if order.slug == "contract_end_notice":
            facts |= await self._penalty_of(session, c, facts)
            facts["left_over"] = await resources_left(session, self._office, c.contract_no, ends_on)
        return order.model_copy(update={"facts": facts})

    async def _penalty_of(
        self, session: AsyncSession, c: ContractCommit, facts: dict[str, JsonValue]
    ) -> dict[str, JsonValue]:
        """Say what penalty is asked where people have decided on another sum than the formula's (28)."""
        ground, ends_on = c.snapshot.end_ground, c.snapshot.ends_on
        decided = ground and ends_on and await decided_penalty(session, c.contract_no, ground, ends_on)
        if not decided:
            return {}
        return {"penalty": decided.amount, "steps": [*cast("list[JsonValue]", facts["steps"]), decided.step]}

    async def _reply(self, session: AsyncSession, c: ContractCommit, row: ContractRow) -> Reply:
        if c.reply == "contract":
            return Reply(status=200, body=await view_contract(self._office, session, row))
        body = dict(c.reply.body)
        if "runs_out_on" in body and isinstance(body.get("ends_on"), str):
            body["final_due_on"] = self._final_due_on(date.fromisoformat(str(body["ends_on"]))).isoformat()
        return Reply(status=c.reply.status, body=body)


def approval_id_of(c: ContractCommit) -> str:
    """Number the approval that a commit asks for."""
    return f"{c.contract_no}-{c.version}"


def _take(row: ContractRow, c: ContractCommit) -> None:
    """Bring the row to the state after the command."""
    s = c.snapshot
    row.version, row.state = c.version, s.phase
    row.service_start_on, row.billing_start_on = s.service_start_on, s.billing_start_on
    row.min_term_ends_on, row.ends_on = s.min_term_ends_on, s.ends_on
    row.ended_at, row.end_ground, row.delete_from_on = s.ended_at, s.end_ground, s.delete_from_on


def next_actions(row: ContractRow) -> list[JsonValue]:
    """Say what will happen by itself to a contract in force, with day and article."""
    if row.state in {"active", "suspended"} and row.ends_on is not None:
        return [{"on": row.ends_on.isoformat(), "action": "end", "article": row.end_ground or "18(1)"}]
    return []


async def view_contract(office: Office, session: AsyncSession, row: ContractRow) -> dict[str, JsonValue]:
    """Show a contract as the API does; what does not apply is absent."""
    return (await view_contracts(office, session, [row]))[0]


async def view_contracts(
    office: Office, session: AsyncSession, rows: Sequence[ContractRow]
) -> list[dict[str, JsonValue]]:
    """Show contracts, each with its present party: four queries, six where one has ended, and the vault's."""
    found = await session.execute(
        select(ContractLineRow)
        .where(col(ContractLineRow.contract_no).in_([row.contract_no for row in rows]))
        .order_by(col(ContractLineRow.contract_no), col(ContractLineRow.line_no))
    )
    lines: dict[str, list[JsonValue]] = {row.contract_no: [] for row in rows}
    for line in found.scalars():
        lines[line.contract_no].append(_line_view(line))
    today = day_of(await office.clock.now())
    names = await names_on(session, rows, [(row.contract_no, today) for row in rows])
    await office.vault.preload(names.values())
    balances = await open_balances(session, [*lines])
    restoring, after = await next_restorations(session, rows), await next_retention_actions(session, rows)
    dunned = await next_default_actions(session, [*balances])  # only who owes can be
    views = []
    for row in rows:
        number = row.contract_no
        name = await office.vault.read_name(names[number, today])
        view = _contract_view(row, name, lines[number], balances.get(number, 0))
        following = (each.get(number, []) for each in (restoring, after, dunned))
        view["next_actions"] = [*next_actions(row), *chain.from_iterable(following)]
        views.append(view)
    return views


def _line_view(line: ContractLineRow) -> JsonValue:
    view: dict[str, JsonValue] = {
        "line_no": line.line_no,
        "code": line.code,
        "quantity": line.quantity,
        "zone": line.zone,
        "from_on": line.from_on.isoformat(),
    }
    return view | _there(to_on=line.to_on, min_term_ends_on=line.min_term_ends_on)


def _there(**values: date | datetime | str | None) -> dict[str, JsonValue]:
    """Keep what is there, written as JSON does."""
    return {
        name: instant(value) if isinstance(value, datetime) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _contract_view(row: ContractRow, name: str, lines: list[JsonValue], open_balance: int) -> dict[str, JsonValue]:
    view: dict[str, Any] = {
        "contract_no": row.contract_no,
        "application_no": row.application_no,
        "customer_ref": row.customer_ref,
        "customer_name": name,
        "state": row.state,
        "lines": lines,
        "terms_version": row.terms_version,
        "price_list": row.price_list,
        "formed_at": instant(row.formed_at),
        "open_balance": open_balance,
    }
    over = row.state in {"ended", "closed", "erased"}
    return view | _there(
        service_start_on=row.service_start_on,
        billing_start_on=row.billing_start_on,
        min_term_ends_on=row.min_term_ends_on,
        ends_on=row.ends_on,
        ended_at=row.ended_at,
        end_ground=row.end_ground if over else None,
    )
