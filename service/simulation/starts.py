"""A Temporal client on business time: what it has to do more in a simulation, unnoticed by whoever uses it.

A start carries the distance to business time. Before a signal or an update the workflow's clock is brought there: in
the middle of an advance it may stand behind. None of them may be sent inside an open write transaction.
"""

import dataclasses
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)

from models.database import Sessions
from models.tables import OpenWorkflowRow
from service.simulation.clock import SimulatedClock
from service.simulation.convoy import CLEAR, Convoy
from service.simulation.looks import SOON, STANDING, Looks
from service.simulation.register import Register
from workflows.clock import CLOCK_SHIFT

SECOND = timedelta(seconds=1)


def on_business_time(client: Client, sessions: Sessions, clock: SimulatedClock) -> Client:
    """Give a client on business time, for the API and for activities."""
    config = client.config()
    config["interceptors"] = [*config["interceptors"], _BusinessTime(client, sessions, clock)]
    return Client(**config)


class _BusinessTime(Interceptor):
    def __init__(self, plain: Client, sessions: Sessions, clock: SimulatedClock) -> None:
        self.plain, self.sessions, self.clock = plain, sessions, clock

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _Calls(next, self)


class _Calls(OutboundInterceptor):
    def __init__(self, following: OutboundInterceptor, time: _BusinessTime) -> None:
        super().__init__(following)
        self._plain, self._sessions, self._clock = time.plain, time.sessions, time.clock

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002 - the SDK's name
        """Start with the distance from the server's time to business time as a memo."""
        if input.start_signal:
            await self._catch_up(input.id)
        shift = await self._shift(input.id)
        memo = {**(input.memo or {}), CLOCK_SHIFT: shift}
        return await super().start_workflow(dataclasses.replace(input, memo=memo, time_skipping_config=STANDING))

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002 - the SDK's name
        """Signal a workflow that stands where business time does."""
        await self._catch_up(input.id)
        await super().signal_workflow(input)

    async def start_workflow_update(
        self,
        input: StartWorkflowUpdateInput,  # noqa: A002 - the SDK's name
    ) -> WorkflowUpdateHandle[Any]:
        """Send an update to a workflow that stands where business time does."""
        await self._catch_up(input.id)
        return await super().start_workflow_update(input)

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002 - the SDK's name
    ) -> WorkflowUpdateHandle[Any]:
        """Refuse: such a start would not be on business time."""
        message = "start the workflow, then send the update: in one call it can't be put on business time"
        raise NotImplementedError(message)

    async def _catch_up(self, workflow_id: str) -> None:
        shift = await Register(self._sessions).shift(workflow_id)
        if shift is None:
            return
        looks = Looks(self._plain)
        if await looks.behind(workflow_id, shift, await self._clock.now()) > CLEAR + SOON:
            await Convoy(self._clock, looks).catch_up(workflow_id, shift)

    async def _shift(self, workflow_id: str) -> float:
        """Give business time minus server time at this start, in seconds.

        It is stored before the start; a start that is tried again carries the stored one.
        """
        shift = await self._clock.ahead() / SECOND
        mine = col(OpenWorkflowRow.workflow_id) == workflow_id
        async with self._sessions() as session, session.begin():
            await session.execute(
                update(OpenWorkflowRow)
                .where(mine, col(OpenWorkflowRow.clock_shift).is_(None))
                .values(clock_shift=shift)
            )
            stored = await session.scalar(select(col(OpenWorkflowRow.clock_shift)).where(mine))
        return shift if stored is None else stored
