"""Types of fields that requests share, and the base classes of requests and answers.

Texts have lengths and no control characters or marks of direction, numbers have bounds, instants an offset; pydantic's
own types would also take numbers for dates and `"1"`, `true`, `1.0` for integers. Patterns are such that JSON Schema,
Python and pydantic read them alike.
"""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt
from pydantic.types import StringConstraints

ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$"
LINES = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$"
EARLIEST, LATEST = 2000, 2099  # years; beyond them no calendar is known

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+")


class Body(BaseModel):
    """What a request says; unknown fields are refused, null stands for absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(BaseModel):
    """What an answer says; what is absent is left out."""

    model_config = ConfigDict(frozen=True)


def _day_text(value: object) -> object:
    if isinstance(value, str) and not _DAY.fullmatch(value):
        message = "a day is written YYYY-MM-DD"
        raise ValueError(message)
    return _text(value)


def _instant_text(value: object) -> object:
    if isinstance(value, str) and not _INSTANT.fullmatch(value):
        message = "an instant is written YYYY-MM-DDThh:mm:ss with an offset"
        raise ValueError(message)
    return _text(value)


def _text(value: object) -> object:
    if isinstance(value, str | date):  # tests and defaults hand in dates
        return value
    message = "a date is written as text"
    raise ValueError(message)


def _known_year(value: date) -> date:
    if not EARLIEST <= value.year <= LATEST:
        message = f"the year must lie between {EARLIEST} and {LATEST}"
        raise ValueError(message)
    return value


Day = Annotated[date, BeforeValidator(_day_text, json_schema_input_type=date), AfterValidator(_known_year)]
"""A day in Japan, `YYYY-MM-DD`."""

Instant = Annotated[
    AwareDatetime, BeforeValidator(_instant_text, json_schema_input_type=datetime), AfterValidator(_known_year)
]
"""An instant with an offset."""

Yen = Annotated[StrictInt, Field(ge=0, le=10**12)]
"""A sum of money in yen."""

Count = Annotated[StrictInt, Field(ge=1, le=10**6)]
"""A quantity, at least one."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE)]
"""Text of one line."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=LINES)]
"""Text of some lines: a reason, a description."""

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
