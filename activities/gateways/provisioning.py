"""The upstream platform that carries the service: shut, opened again (Art. 16), data deleted with a proof (Art. 34).

Every call carries a business key; the same key again gives the first proof and does nothing more.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionProof:
    """What the platform answers when data are gone: how, by whom, and under which reference of its own."""

    reference: str
    method: str
    department: str
    person: str
    responsible: str


class Provisioning(Protocol):
    """Whatever carries orders out on the platform."""

    async def suspend(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> None:
        """Shut the resources named, or all of a contract if none is; idempotent by `key`."""
        ...

    async def resume(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> None:
        """Open again what was shut; idempotent by `key`."""
        ...

    async def delete(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> DeletionProof:
        """Delete a contract's data area and the resources named; idempotent by `key`."""
        ...


class SimulatedProvisioning:
    """A platform that obeys at once; remembers the order of each key, so that none is carried out twice."""

    def __init__(self) -> None:
        self.deleted: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.ordered: dict[str, str] = {}
        self.shut: dict[str, frozenset[str]] = {}

    async def suspend(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> None:
        """Note what is shut."""
        if self.ordered.setdefault(key, contract_no) == contract_no:
            self.shut[contract_no] = frozenset(resource_ids)

    async def resume(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> None:
        """Note that it is open again."""
        del resource_ids
        if self.ordered.setdefault(key, contract_no) == contract_no:
            self.shut.pop(contract_no, None)

    async def delete(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> DeletionProof:
        """Delete; the reference follows from the key, so that a platform started anew gives the same proof."""
        self.deleted.setdefault(key, (contract_no, tuple(resource_ids)))
        return DeletionProof(
            reference=f"DEL-{hashlib.sha256(key.encode()).hexdigest()[:12].upper()}",
            method="暗号化消去 (Purge, NIST SP 800-88)",
            department="クラウド運用部",
            person="運用自動処理",
            responsible="クラウド運用部長",
        )
