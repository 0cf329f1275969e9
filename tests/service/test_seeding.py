"""`yakkan up --seed`: something to look at in every state that is built."""

from collections import Counter

from service.seeding import Seeder
from tests.desk import Desk


async def test_contracts_in_every_state(desk: Desk) -> None:
    """Accepted, active, leaving and ended contracts, and applications that wait; planted once."""
    people = [{"person": f"{role}-1", "api_key": key} for role, key in desk.keys.items() if "-" not in role]
    for _ in range(2):
        await Seeder(desk.http, people).plant()
    await desk.settle()

    applications = (await desk.read("/v1/applications"))["items"]
    contracts = (await desk.read("/v1/contracts"))["items"]
    assert Counter(each["state"] for each in applications) == {"received": 3, "accepted": 4}
    assert Counter(each["state"] for each in contracts) == {"accepted": 1, "active": 2, "ended": 1}
    assert [each["ends_on"] for each in contracts if each["state"] == "active" and "ends_on" in each] == ["2026-04-30"]
