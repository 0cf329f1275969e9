"""A billing desk on an office with a price list."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from models.database import Sessions
    from tests.billing.office import Desk


@pytest.fixture
async def billing(sessions: "Sessions", tmp_path: Path) -> AsyncIterator["Desk"]:
    """Open a billing desk on an empty database with one price list."""
    from tests.api.offices import open_office
    from tests.billing.office import Desk, put_prices
    from tests.billing.worlds import FIRST

    async with open_office(sessions, tmp_path) as office:
        await put_prices(office, [FIRST])
        yield Desk(office)
