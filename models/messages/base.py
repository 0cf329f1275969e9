"""What all messages share: they are frozen, know their fields, and never hold a table.

The types of fields are those of requests too. Patterns are such that JSON Schema, Python and pydantic read them alike;
days and instants come as text, for pydantic's own types would also take numbers for them.
"""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict
from pydantic.types import StringConstraints

_UNSEEN = r"\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
ONE_LINE = rf"^[^\u0000-\u001f{_UNSEEN}]+$"
LINES = rf"^[^\u0000-\u0008\u000b-\u001f{_UNSEEN}]+$"
"""Control characters could forge a header or a page, marks of direction turn a name round."""

EARLIEST, LATEST = 2000, 2099  # years; beyond them no calendar is known

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+")


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


def _leaves_a_year(value: date) -> date:
    if value.year >= LATEST:
        message = f"the year must lie before {LATEST}"
        raise ValueError(message)
    return value


Day = Annotated[date, BeforeValidator(_day_text, json_schema_input_type=date), AfterValidator(_known_year)]
"""A day in Japan, `YYYY-MM-DD`."""

FutureDay = Annotated[Day, AfterValidator(_leaves_a_year)]
"""A day on which something is to happen: the due dates that follow from it must lie in the known calendar too."""

Instant = Annotated[
    AwareDatetime, BeforeValidator(_instant_text, json_schema_input_type=datetime), AfterValidator(_known_year)
]
"""An instant with an offset."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE)]
"""Text of one line."""

LongText = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=LINES)]
"""Text of some lines."""

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
"""A reference or code: of an item, a zone, a resource, a form."""


class Message(BaseModel):
    """A frozen value that travels between processes; unknown fields are refused, errors do not quote values."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
