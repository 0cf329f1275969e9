"""Reads Temporal's histories for people: payloads opened, events named."""

from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

MAX_RUNS = 20


async def read_history(client: Client, workflow_id: str) -> list[dict[str, Any]]:
    """Read the runs of a workflow that the server still keeps, oldest first, with their events.

    Raises:
        RPCError: NOT_FOUND if the server knows no such workflow.
    """
    runs: list[dict[str, Any]] = []
    run_id: str | None = None
    while len(runs) < MAX_RUNS:
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        events, before = [], ""
        try:
            async for event in handle.fetch_history_events():
                if event.HasField("workflow_execution_started_event_attributes"):
                    before = event.workflow_execution_started_event_attributes.continued_execution_run_id
                    run_id = event.workflow_execution_started_event_attributes.original_execution_run_id
                events.append(await _readable(client, event))
        except RPCError as gone:
            if runs and gone.status == RPCStatusCode.NOT_FOUND:
                break  # retention has taken the older runs
            raise
        runs.append({"run_id": run_id or "", "events": events})
        if not before:
            break
        run_id = before
    return runs[::-1]


async def _readable(client: Client, event: HistoryEvent) -> dict[str, Any]:
    kind = event.WhichOneof("attributes") or ""
    attributes = getattr(event, kind) if kind else None
    told: dict[str, Any] = {
        "event_id": event.event_id,
        "at": event.event_time.ToJsonString(),
        "kind": kind.removesuffix("_event_attributes"),
    }
    if attributes is not None:
        payloads = await _open(client, attributes)
        names = MessageToDict(attributes, preserving_proto_field_name=True)
        told["details"] = {
            name: value
            for name, value in names.items()
            if name
            in {"activity_type", "timer_id", "start_to_fire_timeout", "signal_name", "workflow_id", "workflow_type"}
        }
        if payloads:
            told["payloads"] = payloads
    if event.HasField("user_metadata") and event.user_metadata.HasField("summary"):
        told["summary"] = (await _decode(client, [event.user_metadata.summary]))[0]
    return told


async def _open(client: Client, message: Any) -> list[Any]:  # noqa: ANN401 - any of the attributes
    found: list[Payload] = []
    _collect(message, found)
    return await _decode(client, found)


def _collect(message: Any, found: list[Payload]) -> None:  # noqa: ANN401 - any protobuf message
    if isinstance(message, Payload):
        found.append(message)
        return
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for one in value if field.is_repeated else [value]:
            _collect(one, found)


async def _decode(client: Client, payloads: list[Payload]) -> list[Any]:
    codec = client.data_converter.payload_codec
    plain = await codec.decode(payloads) if codec and payloads else payloads
    return [client.data_converter.payload_converter.from_payload(payload) for payload in plain]
