"""Brings the clocks of workflows to business time, each no further than just before its own next deadline.

During an advance only those come along whom the others could reach from inside a workflow; the rest is brought along
when somebody calls on it through a client, or when the advance is over. So a contract that sleeps for ten years costs
nothing at each deadline of the others, and its history stays short.
"""

import asyncio
import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from service.simulation.clock import SimulatedClock
from service.simulation.histories import Due
from service.simulation.looks import SOON, Looks, View

NOW = timedelta(0)
CLEAR = timedelta(seconds=10)  # who comes along stays this far before its own deadline: a skip may land a little late
TOGETHER = 64  # clocks moved while nobody else may
PAUSE = 0.02  # seconds between two looks at a workflow that is at work
PATIENCE = 50  # such looks


class Convoy:
    """Moves clocks; never two at a time the same one, in no process."""

    def __init__(self, clock: SimulatedClock, looks: Looks) -> None:
        self._clock, self._looks = clock, looks

    async def bring(self, shifts: Mapping[str, timedelta], stop: datetime, clear: timedelta = CLEAR) -> None:
        """Bring workflows that rest to `stop`, or to just before their own next deadline.

        One with an activity that waits for its next try stays: the server would try it at once.
        """
        items = iter(shifts.items())
        while part := dict(itertools.islice(items, TOGETHER)):
            async with self._clock.held():
                views = await self._looks.all(part)
                await self._looks.move(_moves((view for view in views if not view.retrying), stop, clear))

    async def wake(self, shifts: Mapping[str, timedelta], waking: Mapping[str, Due]) -> None:
        """Bring workflows to their deadlines, if these still stand.

        Several that wake at one instant have no order, in production either. An activity that is tried again gets there
        a little early: the server tries it at once when the clock moves, and a second time when it strikes.
        """
        async with self._clock.held():
            moves = {}
            for view in await self._looks.all({each: shifts[each] for each in waking}):
                if view.rests and view.due and view.due == waking[view.workflow_id]:
                    early = SOON if view.due.retry else NOW
                    moves[view.workflow_id] = view.due.fires_at - view.now - early
            await self._looks.move(moves)

    async def catch_up(self, workflow_id: str, shift: timedelta) -> None:
        """Bring one workflow to business time, because somebody is about to call on it."""
        for _ in range(PATIENCE):
            async with self._clock.held():
                stop = await self._clock.now()
                (view,) = await self._looks.all({workflow_id: shift})
                if view.mark is None or view.rests:
                    await self._looks.move(_moves([view], stop, CLEAR))
                    return
            await asyncio.sleep(PAUSE)


def _moves(views: Iterable[View], stop: datetime, clear: timedelta) -> dict[str, timedelta]:
    moves = {}
    for view in views:
        if not view.rests:
            continue
        goal = min(stop, view.due.fires_at - clear) if view.due else stop
        if goal - view.now > SOON:
            moves[view.workflow_id] = goal - view.now
    return moves
