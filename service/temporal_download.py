"""Run by its path: let the SDK download its server into the folder named on the command line; exit 0 if it did."""

import asyncio
import os
import sys

from temporalio.testing import WorkflowEnvironment


async def download(folder: str) -> None:
    """Download the server, start it once, stop it."""
    environment = await WorkflowEnvironment.start_local(download_dest_dir=folder)
    await environment.shutdown()


try:
    asyncio.run(download(sys.argv[1]))
except RuntimeError:
    os._exit(1)
os._exit(0)  # an ordinary exit may crash in the SDK's threads
