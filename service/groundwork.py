"""What `yakkan up` has done before anything else runs: the newest schema, and people with keys.

A process of its own, so that the parent of the tree stays small. The settings come by the environment; the people's
credentials go to a file at once, for the database keeps hashes only.
"""

import asyncio
import sys
from pathlib import Path

from service.data_folder import SECRET, write
from service.database import migrate
from service.seeds import ensure_people
from service.settings import Settings


async def lay(settings: Settings, credentials: Path | None) -> None:
    """Migrate; give people new keys and write them down, if a file is named."""
    await migrate(settings.database_url)
    if credentials:
        write(credentials, {"people": await ensure_people(settings)}, SECRET)


if __name__ == "__main__":
    asyncio.run(lay(Settings(), Path(sys.argv[1]) if len(sys.argv) > 1 else None))
