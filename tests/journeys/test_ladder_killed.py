"""Work that dies after it was done: the result of each activity is lost once, on the way to a rescission."""

from collections import Counter
from typing import Any

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, Worker

from service import wiring
from tests.desk import OpenDesk
from tests.journeys.debtor import Debtor


class Loss(Interceptor):
    """Lets each activity of a kind and workflow do its work, and then loses what it reported, the first time."""

    def __init__(self) -> None:
        self.lost: Counter[str] = Counter()
        self.armed = False

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's name
        """Stand before the activities."""
        return _Lost(next, self)


class _Lost(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, loss: Loss) -> None:
        super().__init__(inner)
        self.loss = loss

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - Temporal's names
        """Do the work; a worker that was killed now would never report it."""
        done = await super().execute_activity(input)
        info = activity.info()
        point = f"{info.workflow_id}:{info.workflow_run_id}:{info.activity_id}"
        if not self.loss.armed:
            return done
        self.loss.lost[point] += 1
        if self.loss.lost[point] == 1:
            message = "the worker was killed before it could report"
            raise ApplicationError(message)
        return done


@pytest.mark.timeout(300)
async def test_the_ladder_ends_the_same(open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each activity is done twice, each step rebuilds its workflow from the history: every letter goes out once."""
    loss = Loss()

    def forgetful(*args: Any, **more: Any) -> Worker:  # noqa: ANN401 - Temporal's parameters
        return Worker(*args, **more, interceptors=[loss], max_cached_workflows=0)

    monkeypatch.setattr(wiring, "Worker", forgetful)
    desk = await open_desk("2026-03-25T09:00+09:00")
    debtor = await Debtor.of(desk)
    loss.armed = True
    await desk.until("2026-05-10T09:10:00+09:00")
    await debtor.decide(await debtor.proposal("suspension"), "dunning")
    await desk.until("2026-05-25T09:10:00+09:00")
    demand = await debtor.posted("formal_demand", "2026-05-25T09:05:00+09:00")
    await desk.until("2026-05-27T15:00:00+09:00")
    await debtor.delivered(demand, "2026-05-27T11:00:00+09:00")
    await desk.until("2026-06-14T09:10:00+09:00")
    proposal = await debtor.proposal("rescission")
    await debtor.decide(proposal, "dunning")
    await debtor.decide(proposal, "legal")
    await desk.until("2026-06-14T09:20:00+09:00")
    letter = await debtor.posted("rescission_notice", "2026-06-14T09:15:00+09:00")
    await desk.until("2026-06-17T09:00:00+09:00")
    await debtor.delivered(letter, "2026-06-16T10:30:00+09:00")
    await desk.until("2026-06-18T09:00:00+09:00")

    shown = await desk.read(debtor.path)
    assert (shown["state"], shown["ends_on"]) == ("ended", "2026-06-16")
    assert (await debtor.state())["state"] == "rescinded"
    slugs = Counter((each["slug"], each["channel"]) for each in await desk.letters())
    assert {times for (slug, _), times in slugs.items() if slug != "surcharge_invoice"} == {1}
    actions = Counter(await debtor.actions())
    assert {actions[name] for name in ("default_opened", "suspended", "service_shut", "rescission_approved",
                                       "rescission_arrived", "ended")} == {1}  # fmt: skip
    mails = {each["message_id"] for each in desk.mails()}
    assert len(mails) == len([each for each in await desk.letters() if each["channel"] == "email"])
    assert loss.lost.total() > 80
    assert {*loss.lost.values()} == {2}
