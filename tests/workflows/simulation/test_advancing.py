"""An advance of the clock: every deadline on the way, in order, across all workflows."""

import asyncio
from datetime import datetime, timedelta

import pytest

from service.simulation import SimulatedClock
from terms.periods import JST
from tests.workflows.simulation.toys import Stage, iso, on


class TestAdvancing:
    """All workflows on one calendar."""

    async def test_deadlines_come_in_their_order(self, stage: Stage) -> None:
        """Three workflows with interleaved deadlines write one diary in order, each at its own minute."""
        await stage.start("diarist", "a", "a", iso(on(2030, 4, 3, 9), on(2030, 6, 1, 0, 5), on(2031, 1, 1)))
        await stage.start("diarist", "b", "b", iso(on(2030, 4, 2), on(2030, 6, 1), on(2030, 6, 1, 0, 10)))
        await stage.start("diarist", "c", "c", iso(on(2030, 4, 30, 23, 59), on(2032, 2, 29)))
        moved = await stage.simulation.advance(on(2032, 3, 1))
        expected = [
            "2030-04-02 00:00 b",
            "2030-04-03 09:00 a",
            "2030-04-30 23:59 c",
            "2030-06-01 00:00 b",
            "2030-06-01 00:05 a",
            "2030-06-01 00:10 b",
            "2031-01-01 00:00 a",
            "2032-02-29 00:00 c",
        ]
        assert stage.toys.diary == expected
        assert [f"{each.at.astimezone(JST):%Y-%m-%d %H:%M} {each.what[0]}" for each in moved.fired] == expected
        assert moved.fired[0].what == f"{stage.id('b')}: an entry"
        assert on(2032, 3, 1) <= moved.now < on(2032, 3, 1, 0, 1)
        assert stage.toys.clock_told == sorted(stage.toys.clock_told)
        for told, fired in zip(stage.toys.clock_told, moved.fired, strict=True):
            assert timedelta(0) <= told - fired.at < timedelta(seconds=30)

    async def test_an_advance_to_the_very_instant_includes_it(self, stage: Stage) -> None:
        """What is due at the instant that was asked for is done on return."""
        await stage.start("diarist", "a", "a", iso(on(2030, 5, 1)))
        moved = await stage.simulation.advance(on(2030, 5, 1))
        assert stage.toys.diary == ["2030-05-01 00:00 a"]
        assert [each.at for each in moved.fired] == [on(2030, 5, 1)]

    async def test_an_advance_to_just_before_leaves_it(self, stage: Stage) -> None:
        """Two minutes before a deadline nothing has happened, and the workflow's clock stands there too."""
        await stage.start("diarist", "a", "a", iso(on(2030, 5, 1)))
        await stage.start("entity", "entity")
        await stage.simulation.advance(on(2030, 4, 30, 23, 58))
        assert stage.toys.diary == []
        told = await stage.time("entity")
        assert timedelta(seconds=-1) < told - on(2030, 4, 30, 23, 58) < timedelta(minutes=1)

    async def test_the_last_seconds_of_a_day(self, stage: Stage) -> None:
        """Sent to some seconds before a deadline, the clock of the workflow that waits for it is there as well."""
        await stage.start("entity", "entity", on(2030, 5, 1).isoformat())
        late = on(2030, 5, 1) - timedelta(seconds=8)
        moved = await stage.simulation.advance(late)
        assert moved.fired == ()
        assert abs(await stage.time("entity") - late) < timedelta(seconds=5)

    async def test_two_at_one_instant_both_come(self, stage: Stage) -> None:
        """Deadlines at one instant all fire; they have no order."""
        for name in ("a", "b", "c"):
            await stage.start("diarist", name, name, iso(on(2030, 5, 1), on(2030, 5, 2)))
        moved = await stage.simulation.advance(on(2030, 5, 3))
        assert sorted(stage.toys.diary[:3]) == [f"2030-05-01 00:00 {name}" for name in "abc"]
        assert sorted(stage.toys.diary[3:]) == [f"2030-05-02 00:00 {name}" for name in "abc"]
        assert len(moved.fired) == 6

    async def test_a_peer_begins_on_the_day_it_is_opened(self, stage: Stage) -> None:
        """A workflow that an activity starts, and one that is signalled from another, are on the same day."""
        entity = await stage.start("entity", "entity")
        await stage.start("opener", "opener", on(2030, 8, 15, 9).isoformat(), entity.id)
        await stage.simulation.advance(on(2030, 9, 1))
        assert await entity.query("heard") == ["2030-08-15 09:00 a peer is there", "2030-08-25 09:00 a peer was there"]

    async def test_a_run_that_is_continued_before_time_was_ever_skipped(self, stage: Stage) -> None:
        """A new run does not know of time skipping if there was none; its clock is the server's."""
        past = on(2030, 3, 1)
        await stage.start("diarist", "a", "a", iso(past, past, on(2030, 7, 1)))
        await stage.simulation.advance(on(2030, 7, 2))
        assert stage.toys.diary[-1] == "2030-07-01 00:00 a"

    async def test_a_workflow_that_has_ended_is_noted_and_forgotten(self, stage: Stage) -> None:
        """Its row gets the moment of its end in business time."""
        await stage.start("diarist", "a", "a", iso(on(2030, 5, 1)))
        await stage.simulation.advance(on(2030, 6, 1))
        closed_at = (await stage.row("a")).closed_at
        assert closed_at is not None
        assert on(2030, 5, 1) <= closed_at < on(2030, 5, 1, 0, 1)

    async def test_an_activity_that_fails_for_a_while(self, stage: Stage) -> None:
        """Retries are deadlines too: after three failures the fourth try comes seven hours later."""
        stage.toys.weather = 3
        await stage.start("sender", "sender", (on(2030, 5, 1) + timedelta(seconds=30)).isoformat())
        moved = await stage.simulation.advance(on(2030, 5, 2))
        assert stage.toys.diary == ["2030-05-01 07:00 sent"]
        assert [each.what.partition(": ")[2] for each in moved.fired] == ["sending", *["send again"] * 3]

    async def test_others_do_not_hasten_a_retry(self, stage: Stage) -> None:
        """Deadlines of other workflows pass while an activity waits for its second try: that comes when it should."""
        stage.toys.weather = 1
        await stage.start("sender", "sender", (on(2030, 5, 1) + timedelta(seconds=30)).isoformat())
        await stage.start("diarist", "a", "a", iso(*[on(2030, 5, 1, 0, minute) for minute in (10, 20, 30)]))
        await stage.simulation.advance(on(2030, 5, 2))
        assert stage.toys.diary[-1] == "2030-05-01 01:00 sent"
        assert stage.toys.tries == 2

    async def test_ten_years_of_months(self, stage: Stage) -> None:
        """A calendar that wakes every month beside a sleeping contract: 120 entries, not one missing."""
        contract = await stage.start("entity", "contract/A")
        await stage.start("monthly", "calendar", 2030, 5, 120)
        moved = await stage.simulation.advance(on(2040, 5, 1))
        months = [(2030 + (4 + n) // 12, (4 + n) % 12 + 1) for n in range(120)]
        assert stage.toys.diary == [f"{year}-{month:02d}-01 00:05 month" for year, month in months]
        assert len(moved.fired) == 120
        assert await stage.time("contract/A") >= on(2040, 5, 1)
        history = await contract.fetch_history()
        assert len(history.events) < 20


class TestWhoComesAlong:
    """During an advance sleeping contracts stay behind, until somebody calls on them."""

    async def test_a_command_in_the_middle_of_an_advance(self, stage: Stage) -> None:
        """A client on business time brings the workflow to the clock before it delivers."""
        await stage.start("diarist", "calendar", "x", iso(on(2032, 5, 1)))
        contract = await stage.start("entity", "contract/A")
        stage.toys.may_go_on.clear()
        advance = asyncio.create_task(stage.simulation.advance(on(2032, 6, 1)))
        await stage.toys.entered.wait()
        assert await stage.time("contract/A") < on(2030, 4, 2)
        assert datetime.fromisoformat(await contract.execute_update("time")) >= on(2032, 5, 1)
        stage.toys.may_go_on.set()
        await advance
        assert on(2032, 6, 1) <= await stage.time("contract/A") < on(2032, 6, 1, 0, 5)

    async def test_a_signal_in_the_middle_of_an_advance(self, stage: Stage) -> None:
        """A signal through such a client is heard on the day it is sent."""
        await stage.start("diarist", "calendar", "x", iso(on(2032, 5, 1)))
        contract = await stage.start("entity", "contract/A")
        stage.toys.may_go_on.clear()
        advance = asyncio.create_task(stage.simulation.advance(on(2032, 6, 1)))
        await stage.toys.entered.wait()
        await contract.signal("tell", "something")
        stage.toys.may_go_on.set()
        await advance
        assert await contract.query("heard") == ["2032-05-01 00:00 something"]

    async def test_one_that_is_called_on_stays_clear_of_its_deadline(self, stage: Stage) -> None:
        """Brought to a clock that stands behind its own deadline, a workflow does not miss it."""
        contract = await stage.start("entity", "contract/A", on(2030, 5, 1).isoformat())
        await stage.clock.reach(on(2030, 8, 1))
        told = datetime.fromisoformat(await contract.execute_update("time"))
        assert timedelta(seconds=5) < on(2030, 5, 1) - told < timedelta(seconds=15)
        await stage.simulation.resume()
        assert await contract.result() is False

    async def test_workflows_of_one_contract_come_along(self, stage: Stage) -> None:
        """A signal from inside another workflow of the same contract is heard on the day it is sent."""
        contract = await stage.start("entity", "contract/A")
        await stage.start("teller", "notice/A", iso(on(2031, 2, 1), on(2032, 2, 1)), contract.id)
        await stage.simulation.advance(on(2033, 1, 1))
        assert await contract.query("heard") == ["2031-02-01 00:00 something", "2032-02-01 00:00 something"]

    async def test_a_signal_that_was_not_foreseen(self, stage: Stage) -> None:
        """Signalled from inside another contract's workflow one hears it late once; from then on all come along."""
        contract = await stage.start("entity", "contract/A")
        await stage.start("teller", "contract/B", iso(on(2031, 2, 1), on(2032, 2, 1)), contract.id)
        await stage.simulation.advance(on(2033, 1, 1))
        assert await contract.query("heard") == ["2030-04-01 09:00 something", "2032-02-01 00:00 something"]


class TestWaiting:
    """What a workflow's wait for a fact or a deadline tells."""

    @pytest.mark.parametrize(
        ("deadline", "fact"),
        [
            pytest.param(None, True, id="no deadline, the fact"),
            pytest.param(on(2030, 5, 1), True, id="the fact comes first"),
            pytest.param(on(2030, 5, 1), False, id="the deadline comes first"),
            pytest.param(on(2030, 3, 1), False, id="no time left"),
        ],
    )
    async def test_which_came_first(self, stage: Stage, deadline: datetime | None, fact: bool) -> None:  # noqa: FBT001
        """True for the fact, False for the deadline."""
        entity = await stage.start("entity", "entity", *iso(*[deadline] if deadline else []))
        if fact:
            await entity.signal("end")
        await stage.simulation.advance(on(2030, 5, 2))
        assert await entity.result() is fact


class TestBetweenAdvances:
    """The clock runs on, and survives the process."""

    async def test_a_deadline_just_ahead_comes_by_itself(self, stage: Stage) -> None:
        """After an advance a deadline half a second away is reached by the real clock."""
        await stage.simulation.advance(on(2030, 5, 1))
        soon = await stage.simulation.now() + timedelta(seconds=0.5)
        diarist = await stage.start("diarist", "a", "a", iso(soon))
        await diarist.result()
        assert len(stage.toys.diary) == 1

    async def test_a_new_process_goes_on_with_the_same_database(self, stage: Stage) -> None:
        """A simulation that has just been made finds the clock and the open workflows in the database."""
        await stage.start("diarist", "a", "a", iso(on(2030, 5, 1), on(2030, 6, 1), on(2030, 7, 1)))
        await stage.simulation.advance(on(2030, 5, 15))
        stage.clock = await SimulatedClock.open(stage.sessions)
        moved = await stage.simulate().advance(on(2030, 7, 15))
        assert stage.toys.diary == [f"2030-{month}-01 00:00 a" for month in ("05", "06", "07")]
        assert [each.at for each in moved.fired] == [on(2030, 6, 1), on(2030, 7, 1)]

    async def test_an_advance_that_is_cut_off(self, stage: Stage) -> None:
        """The clock stays between, in the database too; sent again it goes on and leaves nothing out."""
        await stage.start("diarist", "a", "a", iso(on(2030, 5, 1), on(2030, 6, 1)))
        await stage.start("diarist", "b", "b", iso(on(2030, 5, 20)))
        stage.toys.may_go_on.clear()
        advance = asyncio.create_task(stage.simulation.advance(on(2030, 7, 1)))
        await stage.toys.entered.wait()
        advance.cancel()
        with pytest.raises(asyncio.CancelledError):
            await advance
        again = await SimulatedClock.open(stage.sessions)
        assert on(2030, 5, 1) <= await again.now() < on(2030, 5, 2)
        stage.toys.may_go_on.set()
        stage.clock = again
        await stage.simulate().advance(on(2030, 7, 1))
        assert stage.toys.diary == ["2030-05-01 00:00 a", "2030-05-20 00:00 b", "2030-06-01 00:00 a"]

    async def test_what_a_kill_left_lagging_catches_up(self, stage: Stage) -> None:
        """The clock was moved, a workflow was not yet: to resume does what is due and brings it along."""
        await stage.start("diarist", "a", "a", iso(on(2030, 5, 1)))
        await stage.start("entity", "entity")
        await stage.clock.reach(on(2030, 8, 1))
        await stage.simulate().resume()
        assert stage.toys.diary == ["2030-05-01 00:00 a"]
        assert await stage.time("entity") >= on(2030, 8, 1)
