"""What a Temporal server must know and be able to do before the service works on it."""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import TimeSkippingConfig, WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    RegisterNamespaceRequest,
    StartWorkflowExecutionRequest,
    TerminateWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

SEARCH_ATTRIBUTES: Mapping[str, "IndexedValueType.ValueType"] = {
    "ContractNo": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Subject": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "Phase": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "NextActionAt": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}
RETENTION = timedelta(days=30)
READY_SECONDS = 30.0


async def prepare(address: str, namespace: str = "default") -> Client:
    """Make sure of namespace and search attributes; may be repeated.

    Raises:
        RuntimeError: no server answers at the address.
        RPCError: the server refused.
    """
    client = await Client.connect(address, namespace=namespace)
    request = RegisterNamespaceRequest(
        namespace=namespace, workflow_execution_retention_period=Duration(seconds=int(RETENTION.total_seconds()))
    )
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:
            raise
    end = time.monotonic() + READY_SECONDS
    while True:  # the server's cache of namespaces comes some hundred milliseconds late
        try:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=namespace, search_attributes=SEARCH_ATTRIBUTES)
            )
            await client.count_workflows()
        except RPCError as error:
            late = error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.UNAVAILABLE}
            if not late or time.monotonic() > end:
                raise
            await asyncio.sleep(0.1)
        else:
            return client


async def accepts_time_skipping(address: str, namespace: str = "default") -> bool:
    """Find out by a workflow that nobody works on whether a server lets workflows skip time.

    Raises:
        RuntimeError: no server answers at the address.
    """
    client = await Client.connect(address, namespace=namespace)
    service, name = client.workflow_service, f"probe/{uuid4()}"
    execution = WorkflowExecution(workflow_id=name)
    try:
        await service.start_workflow_execution(
            StartWorkflowExecutionRequest(
                namespace=namespace,
                workflow_id=name,
                request_id=name,
                workflow_type=WorkflowType(name="probe"),
                task_queue=TaskQueue(name="probe"),
                time_skipping_config=TimeSkippingConfig(enabled=False, max_session_skip_count=1),
            )
        )
        told = await service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(namespace=namespace, execution=execution)
        )
        await service.terminate_workflow_execution(
            TerminateWorkflowExecutionRequest(namespace=namespace, workflow_execution=execution)
        )
    except RPCError:
        return False
    return told.workflow_extended_info.HasField("time_skipping_info")  # an old server ignores what it does not know
