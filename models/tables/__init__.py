"""SQLModel rows by subject; importing this package fills the metadata."""

from models.tables.application import ApplicationRow, ContactRow
from models.tables.billing import PriceListRow, PriceRow
from models.tables.contract import (
    ContractLineRow,
    ContractRow,
    IncomingLetterRow,
    ResourceOwnerRow,
    ResourceRow,
    TerminationRow,
)
from models.tables.maintenance import MaintenanceEventRow
from models.tables.notice import DeliveryRow, DocumentRow, NoticeRow
from models.tables.office import (
    ApiKeyRow,
    ApprovalRow,
    ApprovalVoteRow,
    AuditChainRow,
    AuditEventRow,
    IdempotencyKeyRow,
    NumberSeriesRow,
    OpenWorkflowRow,
    OutboxRow,
    PersonRow,
    SimulationClockRow,
    TaskRow,
    VaultKeyRow,
)
from models.tables.types import UTCDateTime

APPEND_ONLY = ("approval_vote", "audit_event", "delivery", "incoming_letter", "price", "price_list", "resource_owner")
"""Tables that refuse UPDATE and DELETE by trigger."""

__all__ = [
    "APPEND_ONLY",
    "ApiKeyRow",
    "ApplicationRow",
    "ApprovalRow",
    "ApprovalVoteRow",
    "AuditChainRow",
    "AuditEventRow",
    "ContactRow",
    "ContractLineRow",
    "ContractRow",
    "DeliveryRow",
    "DocumentRow",
    "IdempotencyKeyRow",
    "IncomingLetterRow",
    "MaintenanceEventRow",
    "NoticeRow",
    "NumberSeriesRow",
    "OpenWorkflowRow",
    "OutboxRow",
    "PersonRow",
    "PriceListRow",
    "PriceRow",
    "ResourceOwnerRow",
    "ResourceRow",
    "SimulationClockRow",
    "TaskRow",
    "TerminationRow",
    "UTCDateTime",
    "VaultKeyRow",
]
