"""Types of fields that requests share, and the base classes of requests and answers.

Texts have lengths and no control characters or marks of direction, numbers have bounds, instants an offset; pydantic's
own types would also take `"1"`, `true`, `1.0` for integers.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt
from pydantic.types import StringConstraints

from models.messages.base import Day, FutureDay, Instant, LongText, ShortText

__all__ = [
    "Answer",
    "Body",
    "Code",
    "Count",
    "Day",
    "FutureDay",
    "Instant",
    "Line",
    "Month",
    "Number",
    "Reference",
    "Sha256",
    "Text",
    "Yen",
]


class Body(BaseModel):
    """What a request says; unknown fields are refused, null stands for absent."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Answer(BaseModel):
    """What an answer says; what is absent is left out."""

    model_config = ConfigDict(frozen=True)


Line = ShortText
"""Text of one line."""

Text = LongText
"""Text of some lines: a reason, a description."""

Yen = Annotated[StrictInt, Field(ge=0, le=10**12)]
"""A sum of money in yen."""

Count = Annotated[StrictInt, Field(ge=1, le=10**6)]
"""A quantity, at least one."""

Code = Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^[A-Za-z0-9._-]+$")]
"""An item code of the price list."""

Reference = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
"""A reference of the client's own making: external_ref, customer_ref, resource_id."""

Number = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9._-]+$")]
"""A number that this service gave out: of a contract, an application, a letter, an approval."""

Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
"""A calendar month, `YYYY-MM`."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal."""
