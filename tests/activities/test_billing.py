"""Prices: the list in force on a day (Art. 24(1))."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from activities.billing import price_list_on
from models.database import Sessions
from models.tables import PriceListRow
from service.seeds import ensure_price_list
from terms.citation import Refused
from terms.settings import TERMS_1_0

FIRST = TERMS_1_0.effective_on
SECOND = date(2026, 7, 1)
DAY = timedelta(days=1)


@pytest.fixture
async def session(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """Give a session on a database with the first price list and one that follows it."""
    await ensure_price_list(sessions)
    async with sessions() as session, session.begin():
        session.add(
            PriceListRow(
                price_list="PL-2026-07",
                effective_from=SECOND,
                terms_version=TERMS_1_0.version,
                recorded_at=datetime(2026, 6, 1, tzinfo=UTC),
            )
        )
        await session.flush()
        yield session


class TestArticle24Paragraph1:
    """Prices are those of the price list in force."""

    @pytest.mark.parametrize(
        ("day", "name"),
        [
            pytest.param(FIRST, "PL-2026-03", id="first-day"),
            pytest.param(SECOND - DAY, "PL-2026-03", id="last-day-of-the-first"),
            pytest.param(SECOND, "PL-2026-07", id="first-day-of-the-second"),
        ],
    )
    async def test_the_list_of_the_day(self, session: AsyncSession, day: date, name: str) -> None:
        """A list holds from its day on, until the next one begins."""
        assert (await price_list_on(session, day)).name == name

    async def test_nothing_is_older_than_the_terms(self, session: AsyncSession) -> None:
        """Supplementary provision: the day before the terms came into force nothing has a price."""
        with pytest.raises(Refused) as refused:
            await price_list_on(session, FIRST - DAY)
        assert refused.value.article == "24(1)"

    @pytest.mark.parametrize(
        ("code", "orderable"),
        [
            pytest.param("VM-S2", True, id="a server"),
            pytest.param("INIT", False, id="a fee"),
            pytest.param("OPS-DEL", False, id="work"),
            pytest.param("VM-NONE", False, id="not on the list"),
        ],
    )
    async def test_what_can_be_ordered(self, session: AsyncSession, code: str, orderable: bool) -> None:  # noqa: FBT001
        """Services on the list can be ordered; fees and works can't."""
        assert (await price_list_on(session, FIRST)).orderable(code) is orderable
