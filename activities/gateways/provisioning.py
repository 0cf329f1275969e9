"""The platform that carries the service: shut and opened again on order; each order once, by its key."""

from collections.abc import Sequence
from typing import Protocol


class Provisioning(Protocol):
    """What the office asks of the platform. An order that was carried out before is acknowledged again."""

    async def suspend(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> None:
        """Shut the resources named, or all of a contract if none is."""

    async def resume(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> None:
        """Open again what was shut."""


class SimulatedProvisioning:
    """Takes every order; remembers for this process what is shut, by contract."""

    def __init__(self) -> None:
        self.done: dict[str, str] = {}
        self.shut: dict[str, frozenset[str]] = {}

    async def suspend(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> None:
        """Note what is shut."""
        if self.done.setdefault(key, "suspend") == "suspend":
            self.shut[contract_no] = frozenset(resource_ids)

    async def resume(self, key: str, contract_no: str, resource_ids: Sequence[str]) -> None:
        """Note that it is open again."""
        del resource_ids
        if self.done.setdefault(key, "resume") == "resume":
            self.shut.pop(contract_no, None)
