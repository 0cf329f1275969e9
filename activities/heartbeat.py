"""Signs of life of activities that may take their time, so that a killed worker is noticed soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

EVERY_SECONDS = 2.0


@asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """Tell Temporal every other second that the activity still runs; outside of an activity nobody is told."""

    async def beat() -> None:
        while activity.in_activity():
            activity.heartbeat()
            await asyncio.sleep(EVERY_SECONDS)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
