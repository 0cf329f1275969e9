"""What Temporal's own pages show of a workflow: numbers, phases, dates and articles, never a person."""

from temporalio.client import WorkflowExecutionDescription

from models import ids
from tests.desk import Desk, form
from workflows.options import CONTRACT_NO, NEXT_ACTION_AT, PHASE, SUBJECT


async def described(desk: Desk, workflow_id: str) -> WorkflowExecutionDescription:
    """Look at a workflow as Temporal's page does."""
    return await desk.office.client.get_workflow_handle(workflow_id).describe()


async def test_a_contract_is_found_by_number_phase_and_day(desk: Desk) -> None:
    """Search attributes say where a contract stands; its page names article and date in Japanese."""
    number = await desk.active()
    notice = {"arrived_at": "2026-03-25T09:00:00+09:00", "form": "paper"}
    told = await desk.do("intake", f"/v1/contracts/{number}/termination-notices", notice)
    await desk.settle()
    shown = await described(desk, ids.contract(number))

    attributes = shown.typed_search_attributes
    assert attributes[CONTRACT_NO] == number
    assert (attributes[SUBJECT], attributes[PHASE]) == ("contract", "active")
    assert attributes[NEXT_ACTION_AT].isoformat() == "2026-05-01T00:00:00+09:00"
    assert told["ends_on"] == "2026-04-30"
    assert await shown.static_summary() == "第4条 利用契約"
    details = await desk.office.client.get_workflow_handle(ids.contract(number)).query("__temporal_workflow_metadata")
    assert "2026年4月30日" in str(details)


async def test_an_application_shows_until_when_to_answer(desk: Desk) -> None:
    """The next action of a review is its reminder, on the business day before the answer is due."""
    filed = await desk.do("intake", "/v1/applications", form())
    await desk.settle()
    shown = await described(desk, ids.application(filed["application_no"]))

    assert shown.typed_search_attributes[SUBJECT] == "application"
    assert shown.typed_search_attributes[NEXT_ACTION_AT].isoformat() == "2026-03-31T09:00:00+09:00"
