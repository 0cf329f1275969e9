"""How values and refusals travel through Temporal: pydantic, sealed with the key of the contract they are about."""

import dataclasses
from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
)
from temporalio.exceptions import ApplicationError

from models import ids
from models.vault import OFFICE, Vault
from terms.citation import Refused

ENCODING = b"binary/sealed"


class RefusalConverter(DefaultFailureConverterWithEncodedAttributes):
    """A refusal travels as an application error that carries its article and is not tried again."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """Write an exception; `terms` knows no Temporal, so refusals are translated here."""
        if isinstance(exception, Refused):
            told = {"article": exception.article, "detail": exception.detail}
            exception = ApplicationError(f"Art. {exception.article}", told, type="Refused", non_retryable=True)
        super().to_failure(exception, payload_converter, failure)


class SealingCodec(PayloadCodec, WithSerializationContext):
    """Seals payloads with the key of their workflow's owner and opens them by the key id they carry.

    A missing key raises the vault's KeyGone, which is plain on purpose: the task is tried again, no workflow fails.
    """

    def __init__(self, vault: Vault, owner: str = OFFICE) -> None:
        self._vault, self._owner = vault, owner

    def with_context(self, context: SerializationContext) -> "SealingCodec":
        """Give the codec of one workflow's payloads."""
        return SealingCodec(self._vault, ids.owner(getattr(context, "workflow_id", None)))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal payloads."""
        return [
            Payload(
                metadata={"encoding": ENCODING},
                data=await self._vault.seal(self._owner, "erasable", payload.SerializeToString()),
            )
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open payloads; what is not sealed passes."""
        return [
            Payload.FromString(await self._vault.unseal(payload.data))
            if payload.metadata.get("encoding") == ENCODING
            else payload
            for payload in payloads
        ]


def data_converter(vault: Vault | None) -> DataConverter:
    """Make the converter of every client and worker; without a vault payloads stay plain (tests of single parts)."""
    if vault is None:
        return dataclasses.replace(pydantic_data_converter, failure_converter_class=RefusalConverter)
    return dataclasses.replace(
        pydantic_data_converter, failure_converter_class=RefusalConverter, payload_codec=SealingCodec(vault)
    )
