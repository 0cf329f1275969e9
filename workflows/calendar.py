"""The office's calendar and its sweep: wakes when something falls due, and starts the run or the sweep of the day."""

from collections.abc import Callable

from temporalio import workflow

from workflows import clock
from workflows.options import DATABASE, show

with workflow.unsafe.imports_passed_through():
    from activities.calendar import Calendar
    from models.messages.office import CalendarState, Closing, SweepInput

ROLL_OVER_AFTER = 2  # wakes of some twenty events each: a run's history stays under some forty


@workflow.defn(name="calendar")
class OfficeCalendar:
    """`office/calendar`: one for ever; sleeps to the next due instant, which the database knows."""

    @workflow.init
    def __init__(self, s: CalendarState) -> None:
        self.s = s
        self.looks = 0

    @workflow.run
    async def run(self, _: CalendarState) -> None:
        """Ask what is next, sleep until then, start what is due."""
        for _wake in range(ROLL_OVER_AFTER):
            due = await workflow.execute_activity_method(
                Calendar.next_due,
                SweepInput(as_of=clock.now(), swept_on=self.s.swept_on),
                **DATABASE,
                summary="次の予定",
            )
            show(subject="calendar", phase="running", next_at=due, words="次の点検・請求")
            came = await clock.wait_until(due, self._differs_from(self.looks), "次の点検・請求")
            if not came:
                order = SweepInput(as_of=clock.now(), swept_on=self.s.swept_on)
                self.s = await workflow.execute_activity_method(
                    Calendar.start_due, order, **DATABASE, summary="点検・請求の開始"
                )
        workflow.continue_as_new(self.s)

    def _differs_from(self, looks: int) -> Callable[[], bool]:
        return lambda: self.looks != looks

    @workflow.signal
    def look_again(self) -> None:
        """A fact brought an earlier day."""
        self.looks += 1


@workflow.defn(name="sweep")
class DailySweep:
    """`sweep/{date}`: everything that is due by now, each rule `<=`; running it again changes nothing.

    Among the rest it reminds of a change of name or address that was not told, or not proven (Art. 13(1), 13(2)), and
    lets run out what no second person decides on: interruptions (Art. 15(1)(3), 15(2)), disclosures and publications
    (Art. 40, 41, 44(5)). It has us remove what a customer did not remove by its day (Art. 38(2)).
    """

    @workflow.run
    async def run(self, s: SweepInput) -> dict[str, int]:
        """Sweep and close; returns how much of each kind was done."""
        done: dict[str, int] = await workflow.execute_activity_method(Calendar.sweep, s, **DATABASE, summary="点検")
        me = Closing(workflow_id=workflow.info().workflow_id, as_of=clock.now())
        await workflow.execute_activity_method(Calendar.close_workflow, me, **DATABASE, summary="終了の記録")
        return done
